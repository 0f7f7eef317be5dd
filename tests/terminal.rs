//! The terminal layer from outside: what bytes mean, whole and torn, what is concluded from answers, what frames cost, and what a real
//! pseudo terminal sees.
#![allow(missing_docs, clippy::unwrap_used)]

#[path = "terminal/frames.rs"]
mod frames;
#[path = "terminal/keys.rs"]
mod keys;
#[path = "terminal/screen.rs"]
mod screen;
#[path = "terminal/torn.rs"]
mod torn;
#[path = "terminal/transcripts.rs"]
mod transcripts;
