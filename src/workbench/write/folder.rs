//! A diffusers folder: one sub-folder a network with its configuration, made under a temporary name and renamed when it is whole.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::Builder;

use super::{bytes, cast, configs, folder_of, room, safetensors};
use crate::store::atomic::WriteError;
use crate::weights::Architecture;
use crate::workbench::pace::Watch;
use crate::workbench::source::networks;
use crate::workbench::task::Target;
use crate::workbench::tensor::{Losses, Map};
use crate::workbench::{Done, Error};

/// Writes a checkpoint with the original names as a folder.
///
/// # Errors
/// Any [`Error`]; the target is as it was then.
pub(in crate::workbench) fn write(
    tensors: Map<'_>,
    architecture: &Architecture,
    target: &Target,
    inputs: &[&Path],
    watch: &mut Watch<'_>,
) -> Result<Done, Error> {
    let path = &target.path;
    free(path, inputs, target.overwrite)?;
    let linear = configs::projects_linearly(&tensors);
    let losses = Arc::new(Losses::default());
    let networks = networks(tensors, architecture);
    let mut done = Done {
        path: path.clone(),
        ..Done::default()
    };
    if let Some(first) = networks.left_out.first() {
        done.notes.push(format!(
            "{} tensors have no place in a diffusers folder and are left out: {first} and its like",
            networks.left_out.len()
        ));
    }
    let folders: Vec<_> = networks
        .folders
        .into_iter()
        .map(|(folder, tensors)| (folder, cast(tensors, target.precision, &losses)))
        .collect();
    done.bytes = folders.iter().map(|(_, tensors)| bytes(tensors)).sum();
    room(path, done.bytes)?;

    let fail = |error| Error::Write(WriteError::of(path, error));
    let parent = folder_of(path);
    let temporary = Builder::new()
        .prefix(".danlu-")
        .suffix(".tmp")
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777))
        .tempdir_in(&parent)
        .map_err(fail)?;
    for (name, text) in configs::files(architecture, linear) {
        let file = temporary.path().join(name);
        fs::create_dir_all(folder_of(&file)).map_err(fail)?;
        fs::write(file, text).map_err(fail)?;
    }
    for (folder, tensors) in &folders {
        let stem = if folder.starts_with("text_encoder") {
            "model"
        } else {
            "diffusion_pytorch_model"
        };
        let file = temporary.path().join(folder).join(format!("{stem}.safetensors"));
        write_network(&file, tensors, path, watch)?;
        done.tensors += tensors.len();
    }
    into_place(temporary.keep(), path, target.overwrite)?;
    done.notes.extend(losses.notes());
    Ok(done)
}

fn write_network(file: &Path, tensors: &Map<'_>, path: &Path, watch: &mut Watch<'_>) -> Result<(), Error> {
    let fail = |error| Error::Write(WriteError::of(path, error));
    let metadata = [("format".to_owned(), "pt".to_owned())].into();
    let (header, order) = safetensors::header(tensors, Some(&metadata));
    let mut out = BufWriter::with_capacity(1 << 20, File::create_new(file).map_err(fail)?);
    safetensors::write(&mut out, &header, &order, path, watch)?;
    out.flush().map_err(fail)?;
    out.get_ref().sync_all().map_err(fail)
}

/// Whether the folder may be written: nothing is there, or a diffusers folder that may be replaced.
///
/// # Errors
/// What is in the way.
pub(super) fn free(path: &Path, inputs: &[&Path], overwrite: bool) -> Result<(), Error> {
    let Ok(found) = fs::symlink_metadata(path) else {
        return Ok(());
    };
    if !found.is_dir() {
        // A link, a file or an input is refused with the same words as for a file.
        super::free(path, inputs, false)?;
    }
    if let Ok(real) = fs::canonicalize(path)
        && inputs
            .iter()
            .any(|input| fs::canonicalize(input).is_ok_and(|input| input.starts_with(&real)))
    {
        return Err(Error::SameFile(path.to_owned()));
    }
    if !path.join("model_index.json").is_file() {
        let what = "a folder that is no diffusers model";
        return Err(Error::InTheWay {
            path: path.to_owned(),
            what,
        });
    }
    if overwrite {
        Ok(())
    } else {
        Err(Error::Exists(path.to_owned()))
    }
}

/// Gives the whole folder its name. What it replaces is taken away first and brought back if that fails.
fn into_place(temporary: PathBuf, path: &Path, overwrite: bool) -> Result<(), Error> {
    let place = || {
        if overwrite && path.is_dir() {
            let aside = Builder::new()
                .prefix(".danlu-")
                .suffix(".tmp")
                .tempdir_in(folder_of(path))?;
            let old = aside.path().join("old");
            fs::rename(path, &old)?;
            if let Err(error) = fs::rename(&temporary, path) {
                fs::rename(&old, path)?;
                return Err(error);
            }
            return Ok(());
        }
        fs::rename(&temporary, path)
    };
    place().map_err(|error| {
        // It is ours and half of nothing; that it may stay is no news beside the failure.
        let _ = fs::remove_dir_all(&temporary);
        Error::Write(WriteError::of(path, error))
    })
}
