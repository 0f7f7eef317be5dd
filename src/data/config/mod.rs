//! The dataset TOML of kohya's scripts, and the folder conventions that stand in for one.
//!
//! [`Config`] is what training learns from: datasets, each with its subsets, every option filled in. What the file does not say is taken
//! from the level above it (subset, dataset, general) and last from [`Arguments`], which stand for kohya's command line. All that is wrong
//! with a file is said at once, as [`Problem`]s. [`keys`] has the keys and where they may stand, [`tree`] the file with its lines,
//! [`folders`] the pictures that a configuration's folders are.

mod check;
pub mod folders;
mod keys;
mod resolve;
mod tree;
mod wrong;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use thiserror::Error;

pub use self::keys::{Place, Takes};
pub use self::resolve::INTERPOLATIONS;
pub use self::wrong::{Found, Wrong};

use super::buckets::Settings;
use super::draws::Rules;
use super::set::Set;
use super::unread::Unread;

/// No configuration is larger; whatever is was meant to be something else.
const LARGEST: u64 = 16 << 20;

/// What is learned from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// In the order of the file.
    pub datasets: Vec<Dataset>,
}

/// How a dataset's captions are found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// A caption file beside each picture.
    #[default]
    DreamBooth,
    /// A metadata file with the captions of all pictures.
    FineTuning,
    /// As `DreamBooth`, with a second picture for each.
    ControlNet,
}

/// Pictures that share resolution, buckets and batch size.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// How captions are found; it follows from the subsets' keys.
    pub kind: Kind,
    /// `resolution` and everything about buckets.
    pub buckets: Settings,
    /// `batch_size`, 1 or more.
    pub batch_size: u32,
    /// `network_multiplier`: how strongly the network is on for these pictures.
    pub network_multiplier: f64,
    /// `validation_seed`: what validation pictures are chosen by; none is the training's own.
    pub validation_seed: Option<i64>,
    /// `validation_split`: the share of pictures kept for validation, 0 to 1.
    pub validation_split: f64,
    /// `resize_interpolation`; none is by area when shrinking and Lanczos when enlarging.
    pub resize_interpolation: Option<String>,
    /// `prior_loss_weight` of the command line: how much a regularization picture counts.
    pub prior_loss_weight: f64,
    /// In the order of the file.
    pub subsets: Vec<Subset>,
}

/// A folder of pictures and how they are used.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::struct_excessive_bools, reason = "kohya's options are what they are")]
pub struct Subset {
    /// `image_dir`, as written. Only a subset with a metadata file can do without.
    pub image_dir: Option<PathBuf>,
    /// `metadata_file`, as written.
    pub metadata_file: Option<PathBuf>,
    /// `conditioning_data_dir`, as written.
    pub conditioning_data_dir: Option<PathBuf>,
    /// `num_repeats`; a subset with less than 1 is left out.
    pub num_repeats: i64,
    /// `is_reg`: regularization pictures.
    pub is_reg: bool,
    /// `class_tokens`: what stands in for a missing caption.
    pub class_tokens: Option<String>,
    /// `caption_extension`, with its dot.
    pub caption_extension: String,
    /// Everything that happens to captions.
    pub captions: Rules,
    /// `color_aug`.
    pub color_aug: bool,
    /// `flip_aug`.
    pub flip_aug: bool,
    /// `face_crop_aug_range`: how many times the face's size the crop is, least and most.
    pub face_crop_aug_range: Option<[f64; 2]>,
    /// `random_crop`.
    pub random_crop: bool,
    /// `alpha_mask`: the alpha channel says where the picture counts.
    pub alpha_mask: bool,
    /// `cache_info`.
    pub cache_info: bool,
    /// `resize_interpolation`, before the dataset's.
    pub resize_interpolation: Option<String>,
    /// `custom_attributes`, for whatever reads them.
    pub custom_attributes: Option<serde_json::Map<String, serde_json::Value>>,
}

/// What holds where a file says nothing: kohya's command line, its defaults until changed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arguments {
    /// Whether `dataset.buckets.resolution` was given. kohya has no default: where no file has one either, that is a problem.
    pub has_resolution: bool,
    /// The options of datasets; its `kind` and `subsets` are not looked at.
    pub dataset: Dataset,
    /// The options of subsets; folders, files, `is_reg`, `class_tokens` and `custom_attributes`, which are no command line options, are not
    /// looked at.
    pub subset: Subset,
}

impl Default for Dataset {
    /// kohya's command line: without buckets.
    fn default() -> Self {
        Self {
            kind: Kind::DreamBooth,
            buckets: Settings {
                enable: false,
                ..Settings::default()
            },
            batch_size: 1,
            network_multiplier: 1.0,
            validation_seed: None,
            validation_split: 0.0,
            resize_interpolation: None,
            prior_loss_weight: 1.0,
            subsets: Vec::new(),
        }
    }
}

impl Default for Subset {
    /// kohya's command line.
    fn default() -> Self {
        Self {
            image_dir: None,
            metadata_file: None,
            conditioning_data_dir: None,
            num_repeats: 1,
            is_reg: false,
            class_tokens: None,
            caption_extension: ".caption".into(),
            captions: Rules::default(),
            color_aug: false,
            flip_aug: false,
            face_crop_aug_range: None,
            random_crop: false,
            alpha_mask: false,
            cache_info: false,
            resize_interpolation: None,
            custom_attributes: None,
        }
    }
}

/// One thing that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Error)]
#[error("{}{at}: {wrong}", line.map(|line| format!("line {line}, ")).unwrap_or_default())]
pub struct Problem {
    /// The key, such as `datasets[0].subsets[1].num_repeats`; empty for the whole file.
    pub at: String,
    /// The line, from 1; JSON files have none.
    pub line: Option<usize>,
    /// What is wrong, with the value.
    pub wrong: Wrong,
}

/// Why there is no configuration.
#[derive(Debug, Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Unread,
    },
    /// It says something that cannot be used; everything at once.
    #[error("{} has {}:{}", path.display(), count(problems.len()), list(problems))]
    Problems {
        /// The file.
        path: PathBuf,
        /// In the order of the file.
        problems: Vec<Problem>,
    },
}

impl Error {
    /// What to do about it, where every problem asks for the same.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Read { .. } => Some("give a .toml or .json file of kohya's dataset configuration".into()),
            Self::Problems { problems, .. } => {
                let first = problems.first()?.wrong.hint()?;
                let same = |problem: &Problem| problem.wrong.hint().as_ref() == Some(&first);
                problems.iter().all(same).then_some(first)
            }
        }
    }
}

fn count(problems: usize) -> String {
    if problems == 1 {
        "a problem".into()
    } else {
        format!("{problems} problems")
    }
}

fn list(problems: &[Problem]) -> String {
    problems
        .iter()
        .map(|problem| match problem.wrong.hint() {
            Some(hint) => format!("\n  {problem} ({hint})"),
            None => format!("\n  {problem}"),
        })
        .collect()
}

/// The text of a file of at most [`LARGEST`] bytes.
fn read_text(path: &Path) -> Result<String, Unread> {
    if !path.metadata()?.is_file() {
        return Err(Unread::NoFile);
    }
    let mut text = String::new();
    let read = File::open(path)?.take(LARGEST + 1).read_to_string(&mut text)?;
    if read as u64 > LARGEST {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it has more than 16 MiB").into());
    }
    Ok(text)
}

impl Config {
    /// Reads a `.toml` or `.json` file. Folders in it stay as written: kohya takes them from where it is run.
    ///
    /// # Errors
    /// [`Error::Read`], or everything that is wrong with it.
    pub fn read(path: &Path, arguments: &Arguments) -> Result<Self, Error> {
        let text = read_text(path).map_err(|source| Error::Read {
            path: path.to_owned(),
            source,
        })?;
        let is_json = path
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
        let parsed = if is_json {
            Self::of_json(&text, arguments)
        } else {
            Self::of_toml(&text, arguments)
        };
        parsed.map_err(|problems| Error::Problems {
            path: path.to_owned(),
            problems,
        })
    }

    /// Reads the text of a TOML file.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of the file.
    pub fn of_toml(text: &str, arguments: &Arguments) -> Result<Self, Vec<Problem>> {
        resolve::config(&tree::of_toml(text)?, arguments)
    }

    /// Reads the text of a JSON file.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn of_json(text: &str, arguments: &Arguments) -> Result<Self, Vec<Problem>> {
        resolve::config(&tree::of_json(text)?, arguments)
    }

    /// One dataset of a set's folders, as kohya makes it of `train_data_dir` and `reg_data_dir`: training folders first.
    ///
    /// # Errors
    /// What is wrong with the arguments.
    pub fn of_folders(set: &Set, arguments: &Arguments) -> Result<Self, Vec<Problem>> {
        let subset = |of_set: &super::set::Subset| Subset {
            image_dir: Some(of_set.folder.clone()),
            metadata_file: of_set.metadata.as_ref().map(|metadata| metadata.path.clone()),
            num_repeats: of_set.repeats.into(),
            is_reg: of_set.is_reg,
            class_tokens: of_set.class_tokens.clone(),
            ..arguments.subset.clone()
        };
        let of_kind = |is_reg| {
            set.subsets
                .iter()
                .filter(move |subset| subset.is_reg == is_reg)
                .map(subset)
        };
        resolve::of_arguments(of_kind(false).chain(of_kind(true)).collect(), arguments)
    }
}
