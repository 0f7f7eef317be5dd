//! Writing a plan of tensors: a safetensors file, a pickle, or a diffusers folder.
//!
//! Owns what all three share: the target is looked at before anything is computed, the disk's free space too, everything goes to a
//! temporary name beside the target and is renamed when it is whole. [`safetensors`], [`pickle`] and [`folder`] know the formats.

pub(super) mod configs;
pub(super) mod folder;
pub(super) mod pickle;
pub(super) mod safetensors;

use std::collections::BTreeMap;
use std::fs::{self, File, Permissions};
use std::io::{self, BufWriter, Seek, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;
use tempfile::Builder;

use super::pace::{Pace, Watch};
use super::task::{Container, Precision, Target};
use super::tensor::{Losses, Map, Tensor};
use super::{Done, Error, Phase};
use crate::store::atomic::WriteError;

/// Bytes that are computed at once before they are written: enough for all cores, and a cancelled task waits for no more.
const AT_ONCE: usize = 32 << 20;

/// A file of tensors to be written.
pub(super) struct Plan<'a> {
    /// The tensors.
    pub(super) tensors: Map<'a>,
    /// The text that goes with them.
    pub(super) metadata: BTreeMap<String, String>,
    /// Whether they are a checkpoint's: a pickle then holds them under `state_dict`, where there is room for the text too.
    pub(super) is_checkpoint: bool,
}

/// Writes a file; [`Container::Folder`] is not for this.
///
/// # Errors
/// Any [`Error`]; the target is as it was then.
pub(super) fn file(
    mut plan: Plan<'_>,
    target: &Target,
    inputs: &[&Path],
    watch: &mut Watch<'_>,
) -> Result<Done, Error> {
    let container = target.container();
    let losses = Arc::new(Losses::default());
    plan.tensors = cast(plan.tensors, target.precision, &losses);
    free(&target.path, inputs, target.overwrite)?;
    let mut done = Done {
        path: target.path.clone(),
        tensors: plan.tensors.len(),
        ..Done::default()
    };
    match container {
        Container::Safetensors => {
            let (header, order) =
                safetensors::header(&plan.tensors, Some(&plan.metadata).filter(|texts| !texts.is_empty()));
            done.bytes = header.len() as u64 + bytes(&plan.tensors);
            room(&target.path, done.bytes)?;
            replace(target, |file| {
                safetensors::write(file, &header, &order, &target.path, watch)
            })?;
        }
        Container::Pickle => {
            let pickle = pickle::Archive::of(&plan, &target.path)?;
            room(&target.path, pickle.bytes())?;
            if !plan.is_checkpoint && plan.metadata.keys().any(|key| key != "format") {
                done.notes.push(format!(
                    "{} texts of metadata are left out: a pickle of bare tensors has no place for them",
                    plan.metadata.len()
                ));
            }
            replace(target, |file| pickle.write(file, &target.path, watch))?;
            done.bytes = fs::metadata(&target.path).map_or(pickle.bytes(), |m| m.len());
        }
        Container::Folder => {
            return Err(Error::Task {
                what: format!("{} does not say in which format to write it", target.path.display()),
                hint: "end the name in .safetensors or .ckpt; only a whole checkpoint can be a folder",
            });
        }
    }
    done.notes.extend(losses.notes());
    Ok(done)
}

/// All tensors in another precision.
pub(super) fn cast<'a>(tensors: Map<'a>, precision: Precision, losses: &Arc<Losses>) -> Map<'a> {
    let each = |(name, tensor): (String, Tensor<'a>)| (name, tensor.cast(precision, losses));
    tensors.into_iter().map(each).collect()
}

/// Bytes of all tensors.
pub(super) fn bytes(tensors: &Map<'_>) -> u64 {
    tensors.values().map(|tensor| tensor.len() as u64).sum()
}

/// Whether a checkpoint's target may be written, be it a file or a folder.
///
/// # Errors
/// What is in the way.
pub(super) fn target_is_free(target: &Target, inputs: &[&Path]) -> Result<(), Error> {
    match target.container() {
        Container::Folder => folder::free(&target.path, inputs, target.overwrite),
        _ => free(&target.path, inputs, target.overwrite),
    }
}

/// Whether the target may be written: nothing is there, or it may be replaced and is no input, no link and nothing else than a file.
///
/// # Errors
/// What is in the way.
pub(super) fn free(path: &Path, inputs: &[&Path], overwrite: bool) -> Result<(), Error> {
    let Ok(found) = fs::symlink_metadata(path) else {
        return Ok(());
    };
    let owned = || path.to_owned();
    if let Ok(real) = fs::canonicalize(path)
        && inputs
            .iter()
            .any(|input| fs::canonicalize(input).is_ok_and(|input| input == real))
    {
        return Err(Error::SameFile(owned()));
    }
    if found.is_symlink() {
        return Err(Error::Link {
            path: owned(),
            to: fs::read_link(path).unwrap_or_default(),
        });
    }
    if found.is_dir() {
        let what = "a folder";
        return Err(Error::InTheWay { path: owned(), what });
    }
    if !found.is_file() {
        let what = "no file, but a device or a pipe";
        return Err(Error::InTheWay { path: owned(), what });
    }
    if overwrite { Ok(()) } else { Err(Error::Exists(owned())) }
}

/// Whether the disk of the target has room for so many bytes. A file that is replaced stands until the new one is whole.
///
/// # Errors
/// [`Error::NoRoom`], or [`Error::Write`] when there is no such folder.
pub(super) fn room(path: &Path, needed: u64) -> Result<(), Error> {
    let folder = folder_of(path);
    let stat = rustix::fs::statvfs(&folder).map_err(|error| WriteError::of(path, error.into()))?;
    let free = stat.f_bavail.saturating_mul(stat.f_frsize);
    if needed <= free {
        return Ok(());
    }
    Err(Error::NoRoom {
        path: path.to_owned(),
        folder,
        needed,
        free,
    })
}

/// Fills a temporary file beside the target and gives it the target's name.
fn replace(target: &Target, write: impl FnOnce(&mut BufWriter<File>) -> Result<(), Error>) -> Result<(), Error> {
    into_place(&target.path, target.overwrite, write)
}

/// Fills a temporary file beside `path` and gives it that name; over what is there only with `overwrite`.
///
/// # Errors
/// What `write` gives, or the folder's or the disk's refusal. Nothing is left then.
pub(super) fn into_place(
    path: &Path,
    overwrite: bool,
    write: impl FnOnce(&mut BufWriter<File>) -> Result<(), Error>,
) -> Result<(), Error> {
    let fail = |error: io::Error| Error::Write(WriteError::of(path, error));
    let temporary = Builder::new()
        .prefix(".danlu-")
        .suffix(".tmp")
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(folder_of(path))
        .map_err(fail)?;
    let file = temporary.as_file().try_clone().map_err(fail)?;
    let mut file = BufWriter::with_capacity(1 << 20, file);
    write(&mut file)?;
    file.flush().map_err(fail)?;
    if let Some(old) = fs::metadata(path).ok().filter(|_| overwrite) {
        file.get_ref().set_permissions(old.permissions()).map_err(fail)?;
    }
    file.get_ref().sync_all().map_err(fail)?;
    drop(file);
    let placed = if overwrite {
        temporary.persist(path)
    } else {
        temporary.persist_noclobber(path)
    };
    placed.map_err(|failed| match failed.error.kind() {
        io::ErrorKind::AlreadyExists => Error::Exists(path.to_owned()),
        _ => fail(failed.error),
    })?;
    Ok(())
}

/// Computes the tensors in their order, several at once on all cores, and hands each one's bytes to `sink`.
pub(super) fn stream(
    tensors: &[(&String, &Tensor<'_>)],
    watch: &mut Watch<'_>,
    mut sink: impl FnMut(usize, &[u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    let weight: usize = tensors.iter().map(|(_, tensor)| tensor.len()).sum();
    let mut pace = Pace::begin(watch, Phase::Writing, tensors.len(), weight as f64);
    let (mut first, mut done) = (0, 0);
    while first < tensors.len() {
        pace.tell(first, done as f64)?;
        let (mut last, mut together) = (first, 0);
        while last < tensors.len() && (last == first || together + tensors[last].1.len() <= AT_ONCE) {
            together += tensors[last].1.len();
            last += 1;
        }
        let computed: Vec<_> = tensors[first..last]
            .par_iter()
            .map(|(_, tensor)| tensor.read())
            .collect::<Result<_, _>>()?;
        for (i, bytes) in computed.iter().enumerate() {
            sink(first + i, bytes)?;
        }
        first = last;
        done += together;
    }
    pace.tell(first, done as f64)
}

/// The folder that a path lies in.
pub(super) fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => PathBuf::from("."),
        Some(folder) => folder.to_owned(),
        None => path.to_owned(),
    }
}

/// What a file that is being written must be able to do.
pub(super) trait Sink: Write + Seek {}

impl<T: Write + Seek> Sink for T {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_said_with_what_is_needed_and_what_is_free() {
        let folder = tempfile::tempdir().unwrap();
        let error = room(&folder.path().join("big.safetensors"), u64::MAX).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("big.safetensors needs 16777216.0 TiB, "), "{text}");
        assert!(text.contains(" are free in "), "{text}");
        assert!(error.hint().is_some());
    }
}
