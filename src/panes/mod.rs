//! What stands on the screen: each pane with its state, its update and its view.

pub mod browser;
pub mod dataset;
pub mod history;
pub mod parameters;
pub mod preview;
pub mod prompt;
pub mod queue;
