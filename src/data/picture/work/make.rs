//! New files under temporary names, and the changes that give them their own.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use rayon::prelude::*;
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

use super::names::{Taken, original};
use super::{Change, Mirror, Operation, Piece, Place, Planned, Stopped, Task, Watch, turn};
use crate::data::picture::encode::Coding;
use crate::data::picture::reading::{Limits, open};
use crate::data::picture::trouble::Trouble;
use crate::data::set::Set;
use crate::store::{WriteError, atomic};

/// What temporary pictures are called, around their maker's process and a number.
const PREFIX: &str = ".danlu-picture-";
const SUFFIX: &str = ".tmp";
static NUMBER: AtomicU64 = AtomicU64::new(0);

/// New files that wait for their names. Dropping it removes those that did not get one.
#[derive(Debug, Default)]
pub struct Made {
    /// For the journal.
    pub changes: Vec<Change>,
    /// Pictures that could not be read to their end.
    pub troubles: Vec<Trouble>,
    temporaries: Vec<PathBuf>,
}

impl Drop for Made {
    fn drop(&mut self) {
        for temporary in &self.temporaries {
            // Those that the journal named are gone from here.
            let _ = fs::remove_file(temporary);
        }
    }
}

/// Why nothing was made.
#[derive(Debug, thiserror::Error)]
pub enum MakeError {
    /// It was stopped.
    #[error(transparent)]
    Stopped(#[from] Stopped),
    /// A new file cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl MakeError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Stopped(_) => None,
            Self::Write(error) => error.hint(),
        }
    }
}

impl Made {
    /// Gives the new files their names without any journal, for a folder that is no part of the set: nothing is written over, and where
    /// one file cannot get its name, or it is stopped, those that have theirs go again. Returns what was made.
    ///
    /// # Errors
    /// It was stopped, or a file cannot be written; then no new file is left behind.
    pub fn settle(mut self, watch: Watch<'_>) -> Result<Vec<PathBuf>, MakeError> {
        let changes = std::mem::take(&mut self.changes);
        let mut settled = Self::default();
        let done = AtomicUsize::new(0);
        for change in &changes {
            watch.stopped()?;
            let path = change.path();
            match change {
                Change::Create { temporary, .. } => atomic::rename_new(temporary, path)?,
                Change::Write { after: Some(text), .. } => {
                    atomic::create_new_atomic(path, |out| out.write_all(text))?;
                }
                // What is made elsewhere takes nothing away.
                Change::Write { after: None, .. } | Change::Move { .. } | Change::Trash { .. } => continue,
            }
            settled.temporaries.push(path.to_owned());
            watch.count(&done, changes.len());
        }
        Ok(std::mem::take(&mut settled.temporaries))
    }
}

/// Makes what was planned. Of a picture all pieces are made or none; one that cannot be read is left out and told.
///
/// # Errors
/// It was stopped, or a file cannot be written; then no new file is left behind.
pub fn make(set: &Set, planned: &[Planned], task: &Task, watch: Watch<'_>) -> Result<Made, MakeError> {
    let wanted: Vec<_> = planned.iter().filter(|planned| !planned.pieces.is_empty()).collect();
    let done = AtomicUsize::new(0);
    let each = wanted.par_iter().map(|planned| {
        watch.stopped()?;
        let rendered = render(&set.pictures[planned.picture].path, planned, task);
        watch.count(&done, wanted.len());
        rendered
    });
    // Every guard is held before the first error ends it, so that all temporary files go.
    let each: Vec<Result<Rendered, MakeError>> = each.collect();
    let mut made = Made::default();
    let mut failed = None;
    let mut taken = Taken::default();
    for (planned, rendered) in wanted.iter().zip(each) {
        match rendered {
            Ok(Ok(temporaries)) => {
                made.temporaries.extend(temporaries.iter().cloned());
                changes(set, planned, task, temporaries, &mut taken, &mut made.changes);
            }
            Ok(Err(trouble)) => made.troubles.push(trouble),
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    failed.map_or(Ok(made), Err)
}

type Rendered = Result<Vec<PathBuf>, Trouble>;

fn render(path: &Path, planned: &Planned, task: &Task) -> Result<Rendered, MakeError> {
    let (width, height) = planned.size;
    let _turn = turn(u64::from(width) * u64::from(height));
    let picture = match open(path, &Limits::upright()) {
        Ok(picture) => picture,
        Err(trouble) => return Ok(Err(trouble)),
    };
    let mut made = Made::default();
    for piece in &planned.pieces {
        let mut new = piece.cut.make(&picture);
        if let Operation::Mirror(mirror) = task.operation {
            new = match mirror {
                Mirror::Across => new.fliph(),
                Mirror::Down => new.flipv(),
                Mirror::Both => new.rotate180(),
            };
        }
        let coding = Coding {
            format: piece.format,
            quality: task.quality,
            background: task.background,
        };
        let folder = piece.path.parent().unwrap_or(Path::new("."));
        atomic::create_folder(folder)?;
        let temporary = temporary(folder);
        made.temporaries.push(temporary.clone());
        let fail = |error| WriteError::of(&piece.path, error);
        let file = File::create_new(&temporary).map_err(fail)?;
        let mut out = BufWriter::new(file);
        coding.write(&new, &mut out).map_err(fail)?;
        let file = out.into_inner().map_err(|error| fail(error.into_error()))?;
        // An edited picture is as readable as its original.
        if let Ok(original) = fs::metadata(path) {
            let _ = file.set_permissions(original.permissions());
        }
    }
    Ok(Ok(std::mem::take(&mut made.temporaries)))
}

/// The original out of the way, the new files in, captions along.
fn changes(
    set: &Set,
    planned: &Planned,
    task: &Task,
    temporaries: Vec<PathBuf>,
    taken: &mut Taken,
    changes: &mut Vec<Change>,
) {
    let picture = &set.pictures[planned.picture];
    let caption = picture.caption.as_ref().map(|caption| &caption.document.bytes);
    if task.place == Place::Instead {
        let mut keep = |from: PathBuf| {
            let to = original(set, &from, |path| taken.holds(path));
            taken.give(&to);
            changes.push(Change::Move { from, to });
        };
        keep(picture.path.clone());
        let leaves = planned.pieces.iter().all(|piece| piece.caption.is_some());
        if caption.is_some() && leaves {
            keep(set.caption_path(planned.picture));
        }
    }
    for (piece, temporary) in planned.pieces.iter().zip(temporaries) {
        let Piece { path, caption: to, .. } = piece;
        changes.push(Change::Create {
            temporary,
            path: path.clone(),
        });
        if let (Some(bytes), Some(to)) = (caption, to) {
            changes.push(Change::Write {
                path: to.clone(),
                before: None,
                after: Some(bytes.to_vec()),
            });
        }
    }
}

/// A hidden name that nobody has.
fn temporary(folder: &Path) -> PathBuf {
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    folder.join(format!("{PREFIX}{}-{number}{SUFFIX}", std::process::id()))
}

/// Removes temporary pictures that a killed danlu left in the set's folders and in those that are planned for. Returns how many.
pub fn sweep(set: &Set, planned: &[Planned]) -> usize {
    let kept = set.subsets.iter().map(|subset| subset.folder.as_path());
    let pieces = planned.iter().flat_map(|planned| &planned.pieces);
    let folders: HashSet<&Path> = kept.chain(pieces.filter_map(|piece| piece.path.parent())).collect();
    let files = folders.into_iter().filter_map(|folder| fs::read_dir(folder).ok());
    let left = files.flatten().flatten().filter(|entry| is_left(&entry.file_name()));
    left.filter(|entry| fs::remove_file(entry.path()).is_ok()).count()
}

/// Whether a name is that of a temporary picture whose maker is no more.
fn is_left(name: &OsStr) -> bool {
    let maker = || {
        let name = name.to_str()?.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
        let (maker, number) = name.split_once('-')?;
        number.parse::<u64>().ok()?;
        Pid::from_raw(maker.parse().ok()?)
    };
    // A signal that is none asks whether the process is there; one that may not be asked is.
    maker().is_some_and(|maker| test_kill_process(maker) == Err(Errno::SRCH))
}
