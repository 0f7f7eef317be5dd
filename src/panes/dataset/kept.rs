//! What of the dataset screen is there again at the next start, also after a terminal that was lost.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::data::journal::Conflict;
use crate::data::set::Options;

/// How many datasets are remembered.
const RECENT: usize = 12;
/// How many conflicts are; those of a batch are in the journal as well.
const UNSETTLED: usize = 100;

/// A part of the draft.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Kept {
    /// What is open.
    pub open: Option<PathBuf>,
    /// What caption files end in, where it is not the default.
    pub extension: Option<String>,
    /// What stands between tags, where it is not the default.
    pub separator: Option<String>,
    /// What was open, the last one first.
    pub recent: Vec<PathBuf>,
    /// Whether pictures are shown as thumbnails.
    pub grid: bool,
    /// A caption that was changed and not written.
    pub unwritten: Option<Unwritten>,
    /// Captions that were changed by somebody else as well, and nobody has decided yet.
    pub unsettled: Vec<Unsettled>,
}

/// A caption that two have changed, as far as it is not in its file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsettled {
    /// The caption's file.
    pub path: PathBuf,
    /// What it was; none where there was none.
    pub base: Option<String>,
    /// What it was to become; none where it was to go.
    pub ours: Option<String>,
}

/// A caption that is not written yet. It is UTF-8, since others are not changed one by one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unwritten {
    /// Its picture.
    pub picture: PathBuf,
    /// The file as it was read; none where there was none.
    pub base: Option<String>,
    /// What it was to become.
    pub text: String,
}

impl Kept {
    /// Remembers conflicts that nobody has settled. Those of texts that are no UTF-8 are in the journal only.
    pub fn remember_conflicts(&mut self, conflicts: &[Conflict]) {
        let text = |bytes: &Option<Vec<u8>>| match bytes {
            Some(bytes) => String::from_utf8(bytes.clone()).ok().map(Some),
            None => Some(None),
        };
        let one = |conflict: &Conflict| {
            let texts = conflict.texts.as_ref()?;
            Some(Unsettled {
                path: conflict.path.clone(),
                base: text(&texts.base)?,
                ours: text(&texts.ours)?,
            })
        };
        self.unsettled.extend(conflicts.iter().filter_map(one).take(UNSETTLED));
    }

    /// How captions are found and split.
    pub fn options(&self) -> Options {
        let usual = Options::default();
        Options {
            extension: self.extension.clone().unwrap_or(usual.extension),
            separator: self.separator.clone().unwrap_or(usual.separator),
        }
    }

    /// Remembers what is open now.
    pub fn remember(&mut self, path: &Path) {
        self.open = Some(path.to_owned());
        self.recent.retain(|known| known != path);
        self.recent.insert(0, path.to_owned());
        self.recent.truncate(RECENT);
    }
}
