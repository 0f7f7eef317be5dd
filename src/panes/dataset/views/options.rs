//! What training would do with each folder of a dataset: the options of a dataset TOML where there is one, else those that a folder's
//! name gives.
//!
//! [`Options`] is the common ground of the views of captions and of crops; each lays over it what was set in its form.

use std::path::{Path, PathBuf};

use crate::data::buckets::Settings;
use crate::data::config::{self, Config};
use crate::data::draws::Rules;
use crate::data::set::Set;

/// The options of all folders of a set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// The file they come from; none where folder names are all there is.
    pub file: Option<PathBuf>,
    /// The buckets of each dataset.
    pub buckets: Vec<Settings>,
    /// Of each of the set's subsets; none for a folder that the file does not name.
    pub folders: Vec<Option<Folder>>,
}

/// The options of one folder.
#[derive(Clone, Debug, PartialEq)]
pub struct Folder {
    /// The number of its dataset.
    pub dataset: usize,
    /// Pictures in a batch.
    pub batch_size: u32,
    /// How often each picture is shown in an epoch.
    pub repeats: u32,
    /// What stands in for a missing caption.
    pub class_tokens: Option<String>,
    /// Everything that happens to captions.
    pub rules: Rules,
}

impl Options {
    /// Those of folder names, and kohya's defaults with buckets.
    pub fn of_folders(set: &Set) -> Self {
        let folder = |subset: &crate::data::set::Subset| {
            Some(Folder {
                dataset: 0,
                batch_size: 1,
                repeats: subset.repeats,
                class_tokens: subset.class_tokens.clone(),
                rules: Rules {
                    separator: subset.options.separator.clone(),
                    ..Rules::default()
                },
            })
        };
        Self {
            file: None,
            buckets: vec![Settings::default()],
            folders: set.subsets.iter().map(folder).collect(),
        }
    }

    /// Those of a dataset TOML. A folder is found by what `real` makes of its path: the file's folders are taken from where the file
    /// lies, or as they are written.
    pub fn of_config(set: &Set, file: &Path, config: &Config, real: impl Fn(&Path) -> PathBuf) -> Self {
        let root = file.parent().unwrap_or(Path::new(""));
        let places = |named: &Path| [root.join(named), named.to_owned()];
        let mut named = Vec::new();
        for (number, dataset) in config.datasets.iter().enumerate() {
            for subset in &dataset.subsets {
                let options = of_subset(number, dataset, subset);
                let files: Vec<Option<PathBuf>> = match &subset.metadata_file {
                    Some(file) => places(file).map(Some).to_vec(),
                    None => vec![None],
                };
                for file in files {
                    let beside = file.as_deref().and_then(Path::parent).map(Path::to_owned);
                    let folders = match &subset.image_dir {
                        Some(folder) => places(folder).to_vec(),
                        None => beside.into_iter().collect(),
                    };
                    let file = file.as_deref().map(&real);
                    let found = folders
                        .into_iter()
                        .map(|folder| (file.clone(), real(&folder), options.clone()));
                    named.extend(found);
                }
            }
        }
        let find = |subset: &crate::data::set::Subset| {
            let file = subset.metadata.as_ref().map(|metadata| real(&metadata.path));
            let folder = real(&subset.folder);
            let found = named.iter().find(|(of, at, _)| *of == file && *at == folder);
            found.map(|(_, _, options)| options.clone())
        };
        Self {
            file: Some(file.to_owned()),
            buckets: config.datasets.iter().map(|dataset| dataset.buckets).collect(),
            folders: set.subsets.iter().map(find).collect(),
        }
    }

    /// The options of a picture's folder.
    pub fn of(&self, set: &Set, picture: usize) -> Option<&Folder> {
        let subset = set.pictures.get(picture)?.subset;
        self.folders.get(subset as usize)?.as_ref()
    }

    /// How many steps an epoch has, each folder batched for itself.
    pub fn steps(&self, set: &Set) -> u64 {
        let mut shown = vec![0_u64; self.folders.len()];
        for picture in &set.pictures {
            if let Some(count) = shown.get_mut(picture.subset as usize) {
                *count += 1;
            }
        }
        let steps = self.folders.iter().zip(shown).filter_map(|(folder, pictures)| {
            let folder = folder.as_ref()?;
            Some((pictures * u64::from(folder.repeats)).div_ceil(u64::from(folder.batch_size.max(1))))
        });
        steps.sum::<u64>().max(1)
    }
}

fn of_subset(dataset: usize, of: &config::Dataset, subset: &config::Subset) -> Folder {
    Folder {
        dataset,
        batch_size: of.batch_size,
        repeats: u32::try_from(subset.num_repeats.max(0)).unwrap_or(u32::MAX),
        class_tokens: subset.class_tokens.clone(),
        rules: subset.captions.clone(),
    }
}
