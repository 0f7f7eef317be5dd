//! Prompts: from what the user wrote to what a text encoder takes.
//!
//! Three steps, one module each, none of which can fail on any text:
//!
//! - [`attention`]: A1111's brackets become runs of text and weight
//! - [`tokenizer`]: a run's text becomes CLIP token ids
//! - [`chunks`]: ids and weights become chunks of 77
//!
//! [`borders`] says where in the text the chunks begin, for the screen.
//!
//! [`reading`] puts them together for the shell and the engine; begin there. Nothing here knows a tensor: what a weight
//! does to the encoder's output belongs to the layers above.

pub mod attention;
pub mod borders;
pub mod chunks;
pub mod reading;
pub mod tokenizer;

pub use reading::{NetworkCall, Reading, Scheduled, Subprompt, read};
pub use tokenizer::Tokenizer;
