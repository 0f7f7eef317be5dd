//! The yaml beside a checkpoint, which says what its tensors cannot: it goes with what is made of the checkpoint.

use std::path::{Path, PathBuf};

use super::task::{Container, Target};
use super::{Done, Error, write};
use crate::store::atomic::write_atomic;

/// The yaml beside a file.
pub(super) fn yaml_of(path: &Path) -> Option<PathBuf> {
    let yaml = path.with_extension("yaml");
    (path.is_file() && yaml.is_file()).then_some(yaml)
}

/// A yaml that is to be copied.
#[derive(Debug)]
pub(super) struct Yaml(Option<(PathBuf, PathBuf)>);

impl Yaml {
    /// Plans the copy; a folder needs none, for it says all in its own configurations.
    ///
    /// # Errors
    /// When something is in its place that may not be replaced.
    pub(super) fn planned(from: Option<PathBuf>, target: &Target) -> Result<Self, Error> {
        let Some(from) = from.filter(|_| target.container() != Container::Folder) else {
            return Ok(Self(None));
        };
        let to = target.path.with_extension("yaml");
        if to == from {
            return Ok(Self(None));
        }
        write::free(&to, &[&from], target.overwrite)?;
        Ok(Self(Some((from, to))))
    }

    /// Copies it beside the result.
    ///
    /// # Errors
    /// When it cannot be read or written; the result stands by then.
    pub(super) fn copy(self, done: &mut Done) -> Result<(), Error> {
        let Some((from, to)) = self.0 else { return Ok(()) };
        let text = std::fs::read(&from).map_err(|source| crate::weights::Error::Unreadable { path: from, source })?;
        write_atomic(&to, |file| file.write_all(&text))?;
        done.notes
            .push(format!("its configuration goes with it: {}", to.display()));
        Ok(())
    }
}
