//! What model files there are: found, described, remembered, hashed, watched.
//!
//! Owns the walk over the user's folders ([`walk`]), the index of what their files are ([`index`]), their hashes ([`hashes`]), what
//! lies beside them ([`sidecar`]) and what the user says of them: favourites, tags, notes. It never loads weights and never changes a
//! model. Read [`index`] next.

pub mod card;
pub mod hashes;
pub mod index;
mod marks;
pub mod naming;
pub mod sidecar;
pub mod walk;
pub mod watch;

pub use card::{Card, Hashes, Stamp};
pub use hashes::HashCache;
pub use index::{Details, Library, LibraryError, Places, Progress, Refreshed};
pub use sidecar::Sidecar;
pub use walk::{FindError, Folder, Found, Trees};
