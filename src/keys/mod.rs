//! Chords, the table of actions, and the keymap between them.
//!
//! [`ACTIONS`] is the one table: the keymap, the hint bar, which-key, help, the palette and docs/KEYS.md are all read from it and from
//! the user's `keys.toml`. Nothing here carries an action out; that is the app's. Read [`chord`] for what a key press is,
//! [`action`] for what there is to do and [`keymap`] for how one becomes the other.

pub mod action;
pub mod chord;
pub mod docs;
pub mod keymap;
mod plain;
pub mod scope;
mod table;
mod user;

pub use action::{ACTIONS, Action, Group, Info};
pub use chord::{Chord, ChordError};
pub use keymap::{Continuation, Hint, Hit, Keymap, Meaning};
pub use scope::Scope;
pub use user::KeyError;
