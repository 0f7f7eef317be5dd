//! The set that a dataset TOML (or JSON) of kohya's scripts names: its folders, each by itself, without those below them.

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::walk::{self, Found};
use super::{Error, Options, Subset};
use crate::data::config::{self, Arguments, Config};

/// Whether a file may be a configuration, by its name.
pub(super) fn is_config(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default();
    ["toml", "json"]
        .iter()
        .any(|known| extension.eq_ignore_ascii_case(known))
}

pub(super) fn find(path: &Path, options: &Options, stop: &AtomicBool) -> Result<Found, Error> {
    let config = Config::read(path, &arguments(options))?;
    let root = path.parent().unwrap_or(Path::new(""));
    let root = if root.as_os_str().is_empty() {
        Path::new(".")
    } else {
        root
    };
    let mut found = Found {
        root: root.to_owned(),
        ..Found::default()
    };
    let mut seen = HashSet::new();
    let subsets = config.datasets.iter().flat_map(|dataset| &dataset.subsets);
    let mut subsets: Vec<_> = subsets
        .filter_map(|subset| Some((folder(root, subset.image_dir.as_deref()?), subset)))
        .collect();
    // Stable: of a folder that is named twice the first counts.
    subsets.sort_by(|(a, _), (b, _)| a.as_os_str().cmp(b.as_os_str()));
    for (folder, subset) in subsets {
        if stop.load(Ordering::Relaxed) {
            return Err(Error::Stopped);
        }
        if let Err(why) = add(&mut found, &folder, subset, &mut seen) {
            found.ignored.push((folder, why));
        }
    }
    found.ignored.sort();
    Ok(found)
}

/// What holds where the file says nothing: how captions were asked for, in place of kohya's `.caption`.
fn arguments(options: &Options) -> Arguments {
    let mut arguments = Arguments {
        // What a set is has nothing to do with it.
        has_resolution: true,
        ..Arguments::default()
    };
    arguments.subset.caption_extension.clone_from(&options.extension);
    arguments.subset.captions.separator.clone_from(&options.separator);
    arguments
}

/// A folder as the file names it. kohya takes it from where it is run, people often from where the file lies: that is tried first.
fn folder(root: &Path, named: &Path) -> PathBuf {
    let beside = root.join(named);
    if beside.is_dir() || !named.is_dir() {
        beside
    } else {
        named.to_owned()
    }
}

/// Takes one folder's pictures, or says why not.
fn add(
    found: &mut Found,
    folder: &Path,
    subset: &config::Subset,
    seen: &mut HashSet<(u64, u64)>,
) -> Result<(), String> {
    if subset.metadata_file.is_some() {
        return Err("its captions are in a metadata file, which is not edited".to_owned());
    }
    let Ok(repeats @ 1..) = u32::try_from(subset.num_repeats.min(u32::MAX.into())) else {
        return Err(format!("it has {} repeats", subset.num_repeats));
    };
    let metadata = fs::metadata(folder).map_err(|e| format!("it cannot be read: {e}"))?;
    if !seen.insert((metadata.dev(), metadata.ino())) {
        return Err("it is named twice".to_owned());
    }
    let looked = walk::look(folder, &mut Vec::new(), &mut Vec::new(), &mut found.ignored);
    let looked = looked.map_err(|e| format!("it cannot be read: {e}"))?;
    let subset = Subset {
        folder: folder.to_owned(),
        repeats,
        class_tokens: subset.class_tokens.clone(),
        is_reg: subset.is_reg,
        options: Options {
            extension: subset.caption_extension.clone(),
            separator: subset.captions.separator.clone(),
        },
    };
    found.add(subset, &looked);
    Ok(())
}
