//! Which pictures of a set a configuration's folders and metadata files are.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::{Config, Dataset, Subset};
use crate::data::set::Set;

/// A subset of a configuration with its pictures.
#[derive(Clone, Debug)]
pub struct Use<'a> {
    /// Its dataset's number.
    pub number: usize,
    /// Its dataset.
    pub dataset: &'a Dataset,
    /// Its options.
    pub subset: &'a Subset,
    /// Its pictures' numbers in the set, in the set's order.
    pub pictures: Vec<usize>,
}

/// All subsets of a configuration, in its order. Of a folder that a dataset has twice the first counts, as in kohya; one without repeats
/// is left out.
pub fn uses<'a>(set: &Set, config: &'a Config) -> Vec<Use<'a>> {
    let folders = Folders::of(set);
    let mut uses: Vec<Use<'a>> = Vec::new();
    for (number, dataset) in config.datasets.iter().enumerate() {
        for subset in dataset.subsets.iter().filter(|subset| subset.num_repeats >= 1) {
            let named = |subset: &Subset| (subset.image_dir.clone(), subset.metadata_file.clone());
            let is_again = |other: &Use<'_>| other.number == number && named(other.subset) == named(subset);
            let pictures = folders.of_subset(subset);
            if let Some(pictures) = pictures
                && !uses.iter().any(is_again)
            {
                uses.push(Use {
                    number,
                    dataset,
                    subset,
                    pictures: pictures.to_vec(),
                });
            }
        }
    }
    uses
}

/// The pictures of a set by folder.
#[derive(Debug)]
pub struct Folders<'a> {
    root: &'a Path,
    of: HashMap<&'a Path, Vec<usize>>,
    /// By where the folders really are.
    real: HashMap<PathBuf, &'a Path>,
    /// By where metadata files and the folders of their pictures really are.
    described: HashMap<(PathBuf, PathBuf), Vec<usize>>,
}

impl<'a> Folders<'a> {
    /// The folders of a set.
    pub fn of(set: &'a Set) -> Self {
        let mut pictures = vec![Vec::new(); set.subsets.len()];
        for (number, picture) in set.pictures.iter().enumerate() {
            if let Some(folder) = pictures.get_mut(picture.subset as usize) {
                folder.push(number);
            }
        }
        let mut found = Self {
            root: &set.root,
            of: HashMap::new(),
            real: HashMap::new(),
            described: HashMap::new(),
        };
        for (subset, pictures) in set.subsets.iter().zip(pictures) {
            if let Some(metadata) = &subset.metadata {
                found
                    .described
                    .insert((real(&metadata.path), real(&subset.folder)), pictures);
            } else {
                found.of.insert(&subset.folder, pictures);
                found.real.extend(
                    subset
                        .folder
                        .canonicalize()
                        .ok()
                        .map(|real| (real, subset.folder.as_path())),
                );
            }
        }
        found
    }

    /// The pictures of a configuration's subset, in the set's order.
    pub fn of_subset(&self, subset: &Subset) -> Option<&[usize]> {
        let Some(file) = &subset.metadata_file else {
            return self.get(subset.image_dir.as_deref()?);
        };
        let places = |named: &Path| [self.root.join(named), named.to_owned()];
        places(file).into_iter().find_map(|file| {
            let folders = match &subset.image_dir {
                Some(folder) => places(folder).to_vec(),
                None => vec![file.parent()?.to_owned()],
            };
            let file = real(&file);
            let pictures = |folder: PathBuf| self.described.get(&(file.clone(), real(&folder)));
            folders.into_iter().find_map(pictures).map(Vec::as_slice)
        })
    }

    /// The pictures of a folder as a configuration names it: below the set's root, or from where danlu runs, or another way to the same
    /// place. In the set's order.
    pub fn get(&self, folder: &Path) -> Option<&[usize]> {
        let below = self.root.join(folder);
        let real = |path: &Path| self.real.get(&path.canonicalize().ok()?).copied();
        let known = [&below, folder].into_iter().find(|path| self.of.contains_key(path));
        let known = known.or_else(|| real(&below)).or_else(|| real(folder))?;
        self.of.get(known).map(Vec::as_slice)
    }
}

fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}
