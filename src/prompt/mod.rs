//! Prompts: from what the user wrote to what a text encoder takes.
//!
//! Four steps, one module each, none of which can fail on any text:
//!
//! - [`networks`]: calls such as `<lora:name:0.8>` are taken out
//! - [`attention`]: A1111's brackets become runs of text and weight
//! - [`tokenizer`]: a run's text becomes CLIP token ids
//! - [`chunks`]: ids and weights become chunks of 77, in which [`inversions`] have slots
//!
//! [`borders`] says where in the text the chunks begin, for the screen.
//!
//! [`reading`] puts them together for the shell and the engine; begin there. Nothing here knows a tensor: what a weight
//! does to the encoder's output belongs to the layers above.

pub mod attention;
pub mod borders;
pub mod chunks;
pub mod inversions;
pub mod networks;
mod python;
pub mod reading;
pub mod tokenizer;

pub use networks::NetworkCall;
pub use reading::{Reading, Scheduled, Subprompt, read};
pub use tokenizer::Tokenizer;
