//! The terminal, and the only code that touches it.

pub mod graphics;
pub mod guard;
pub mod input;
pub mod probe;
pub mod writer;
