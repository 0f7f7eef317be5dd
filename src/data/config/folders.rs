//! Which pictures of a set a configuration's folders are.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::data::set::Set;

/// The pictures of a set by folder.
#[derive(Debug)]
pub struct Folders<'a> {
    root: &'a Path,
    of: HashMap<&'a Path, Vec<usize>>,
    /// By where the folders really are.
    real: HashMap<PathBuf, &'a Path>,
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
        let folders = || set.subsets.iter().map(|subset| subset.folder.as_path());
        Self {
            root: &set.root,
            real: folders()
                .filter_map(|folder| Some((folder.canonicalize().ok()?, folder)))
                .collect(),
            of: folders().zip(pictures).collect(),
        }
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
