//! What lies on disk around a picture: where things are, the user's settings, safe writing, file names, the queue.
//!
//! Owns paths, settings, atomic writes and A1111's naming of pictures. It never opens a model, never
//! makes a picture, and reads the process's environment in one function only, [`paths::Environment::of_process`].
//!
//! Read next: [`settings`] for the table of all settings, [`atomic`] for how a file is written.

pub mod atomic;
pub mod names;
pub mod paths;
pub mod queue;
pub mod settings;
pub mod shipped;

pub use atomic::{WriteError, create_new_atomic, write_atomic};
pub use paths::{Environment, Paths};
pub use queue::{QueueError, QueueFile};
pub use settings::{Overrides, Settings, SettingsError};
