//! A whole configuration with its pictures, dealt into batches as kohya's dataset group is.
//!
//! [`Group::new`] is what kohya does before the first step: which pictures, how often, which captions, which buckets, in the order in which
//! its random numbers are drawn. [`Dealt::draw`] is what it does for a batch: mirror, cut, colours, caption, drawn in that order.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::{Batch, Batches, regularization, split};
use crate::data::buckets::crop::{self, Cut, Fixed};
use crate::data::buckets::hand::{Hand, Hands};
use crate::data::buckets::{self, Buckets, Placement, Size};
use crate::data::config::folders::Folders;
use crate::data::config::{Config, Dataset, Kind};
use crate::data::draws::{self, Moment, read};
use crate::data::random::Python;
use crate::data::set::Set;

/// More pictures than this in an epoch, repeats counted, are a mistyped number of repeats.
const MOST: u64 = 100_000_000;

/// Everything that is learned from.
#[derive(Clone, Debug)]
pub struct Group {
    /// For training, one for each dataset of the configuration.
    pub training: Vec<Dealt>,
    /// For validation, of those datasets that keep pictures for it.
    pub validation: Vec<Dealt>,
    /// What was left out, in English sentences.
    pub notes: Vec<String>,
}

/// A dataset with its pictures.
#[derive(Clone, Debug)]
pub struct Dealt {
    /// Its options.
    pub dataset: Dataset,
    /// Training pictures, then regularization pictures.
    pub items: Vec<Item>,
    /// Which items meet.
    pub batches: Batches,
    /// Training pictures with their repeats.
    pub train_images: u64,
    /// Regularization pictures as their folders repeat them, also those that are not used.
    pub reg_images: u64,
}

/// A picture of a dataset.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Its number in the set.
    pub picture: usize,
    /// Its subset's number in the dataset's configuration.
    pub subset: usize,
    /// How often it is shown in an epoch.
    pub repeats: u32,
    /// Its caption as read, before anything is drawn.
    pub caption: String,
    /// Whether it is a regularization picture.
    pub is_reg: bool,
    /// Where it goes.
    pub placement: Placement,
    /// What was set for it by hand.
    pub hand: Option<Hand>,
    /// The face in its name: centre and size.
    pub face: Option<[i64; 4]>,
}

/// What a step sees of a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The item's number in [`Dealt::items`].
    pub item: u32,
    /// Whether it is mirrored, after the cut.
    pub flipped: bool,
    /// How it is scaled and cut.
    pub cut: Cut,
    /// What happens to its colours.
    pub colour: Option<Colour>,
    /// What the text encoder gets.
    pub caption: String,
    /// How much it counts.
    pub loss_weight: f64,
    /// Width and height that SDXL is told.
    pub original_size: Size,
    /// Top and left of the cut that SDXL is told.
    pub crop_top_left: [i64; 2],
    /// Width and height that training sees.
    pub target_size: Size,
}

/// `color_aug`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Colour {
    /// Every hue moves by so much, of 180.
    Hue(f64),
    /// Every value of 0 to 255 is raised to this power.
    Gamma(f64),
}

/// How pictures come to the trainer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loading {
    /// `cache_latents`: each was scaled and cut once, beforehand.
    Cached,
    /// Anew each time. Without buckets they are not scaled then.
    Each,
}

/// Why there are no batches.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[allow(missing_docs, reason = "the sentences say what the fields are")]
pub enum Error {
    #[error(transparent)]
    Buckets(#[from] buckets::Error),
    #[error("{} of the configuration is not part of the set", .0.display())]
    Folder(PathBuf),
    #[error("an epoch would have {0} pictures")]
    TooMany(u64),
    #[error("there is no picture to learn from")]
    Nothing,
    #[error("{} cannot be cut: {source}", picture.display())]
    Cut { picture: PathBuf, source: crop::Error },
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Buckets(error) => error.hint(),
            Self::Folder(_) => Some("open the set by its configuration".into()),
            Self::TooMany(_) => Some("lower num_repeats".into()),
            Self::Nothing => Some("check image_dir and the pictures' formats".into()),
            Self::Cut { source, .. } => source.hint(),
        }
    }
}

/// What [`Group::new`] is told beside the configuration.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    /// The pictures.
    pub set: &'a Set,
    /// For each picture of the set its size as stored; `None` where it cannot be read.
    pub sizes: &'a [Option<Size>],
    /// Crops set by hand.
    pub hands: &'a Hands,
    /// kohya's `--seed`.
    pub seed: i64,
}

impl Group {
    /// Deals all datasets of a configuration.
    ///
    /// # Errors
    /// Settings without buckets, folders that the set does not have, and where nothing is left.
    pub fn new(config: &Config, ground: &Ground<'_>) -> Result<Self, Error> {
        let mut random = Python::new(ground.seed);
        let mut group = Self {
            training: Vec::new(),
            validation: Vec::new(),
            notes: Vec::new(),
        };
        let folders = Folders::of(ground.set);
        for (training, datasets) in [(true, &mut group.training), (false, &mut group.validation)] {
            for dataset in &config.datasets {
                if training || dataset.validation_split > 0.0 {
                    let mut choice = Choice {
                        dataset,
                        ground,
                        folders: &folders,
                        training,
                        random: &mut random,
                        notes: &mut group.notes,
                    };
                    datasets.push(choice.deal()?);
                }
            }
        }
        let mut told = HashSet::new();
        group.notes.retain(|note| told.insert(note.clone()));
        if group.training.iter().all(|dealt| dealt.items.is_empty()) {
            return Err(Error::Nothing);
        }
        let seed = random.randint(0, 1 << 31);
        for dealt in group.training.iter_mut().chain(&mut group.validation) {
            dealt.batches.set_seed(seed);
        }
        Ok(group)
    }

    /// Goes to an epoch in all training datasets. Comes back with Python's `random` as the last of them leaves it, unless the epoch was
    /// there already.
    pub fn set_epoch(&mut self, epoch: i64) -> Option<Python> {
        let left = self.training.iter_mut().map(|dealt| dealt.batches.set_epoch(epoch));
        left.last().flatten()
    }

    /// Batches in an epoch of training.
    pub fn len(&self) -> usize {
        self.training.iter().map(|dealt| dealt.batches.len()).sum()
    }

    /// Whether an epoch has no batch.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A batch of the epoch by its place in all datasets one after the other, with the dataset it is of.
    pub fn get(&self, mut place: usize) -> Option<(&Dealt, Batch<'_>)> {
        for dealt in &self.training {
            if let Some(batch) = dealt.batches.get(place) {
                return Some((dealt, batch));
            }
            place -= dealt.batches.len();
        }
        None
    }
}

/// The making of one dataset.
struct Choice<'a, 'b> {
    dataset: &'a Dataset,
    ground: &'a Ground<'a>,
    folders: &'a Folders<'a>,
    training: bool,
    random: &'b mut Python,
    notes: &'b mut Vec<String>,
}

impl Choice<'_, '_> {
    fn deal(&mut self) -> Result<Dealt, Error> {
        let (mut train, mut reg) = (Vec::new(), Vec::new());
        let mut counts = [0_u64; 2];
        let mut seen = HashSet::new();
        for (number, subset) in self.dataset.subsets.iter().enumerate() {
            let is_described = subset.metadata_file.is_some();
            let folder = subset.metadata_file.as_deref().or(subset.image_dir.as_deref());
            let folder = folder.unwrap_or(Path::new(""));
            // kohya keeps no part of a metadata file's pictures for validation: all are in both.
            let repeats = if self.training || is_described {
                subset.num_repeats
            } else {
                1
            };
            if repeats < 1 {
                self.notes.push(format!(
                    "{}: left out, it is repeated {repeats} times",
                    folder.display()
                ));
                continue;
            }
            if !seen.insert(folder) {
                self.notes
                    .push(format!("{}: left out, the dataset has it already", folder.display()));
                continue;
            }
            let items = self.items(number, u32::try_from(repeats).unwrap_or(u32::MAX))?;
            let is_reg = subset.is_reg;
            counts[usize::from(is_reg)] += repeats.unsigned_abs().saturating_mul(items.len() as u64);
            if is_described {
                self.describe(&mut train, items);
            } else {
                if is_reg { &mut reg } else { &mut train }.extend(items);
            }
        }
        if counts.iter().any(|&count| count > MOST) {
            return Err(Error::TooMany(counts[0].max(counts[1])));
        }
        let repeats: Vec<u32> = reg.iter().map(|item: &Item| item.repeats).collect();
        for (mut item, repeats) in reg.into_iter().zip(regularization(counts[0], &repeats)) {
            let Some(repeats) = repeats else { continue };
            item.repeats = repeats;
            train.push(item);
        }
        let sizes: Vec<_> = train.iter().map(|item| (item.placement.bucket, item.repeats)).collect();
        Ok(Dealt {
            dataset: self.dataset.clone(),
            batches: Batches::new(self.dataset.batch_size as usize, &sizes),
            items: train,
            train_images: counts[0],
            reg_images: counts[1],
        })
    }

    /// Takes the pictures of a metadata file. kohya knows them by their keys alone: an equal one of a later file takes the place of the
    /// first.
    fn describe(&mut self, train: &mut Vec<Item>, items: Vec<Item>) {
        let key = |item: &Item| {
            self.ground.set.pictures[item.picture]
                .entry
                .as_ref()
                .map(|entry| &entry.key)
        };
        let mut places: HashMap<_, _> = train.iter().map(key).zip(0..).collect();
        for item in items {
            match places.entry(key(&item)) {
                Entry::Occupied(place) => {
                    let path = self.ground.set.pictures[item.picture].path.display();
                    self.notes
                        .push(format!("{path}: takes the place of another picture of this key"));
                    train[*place.get()] = item;
                }
                Entry::Vacant(place) => {
                    place.insert(train.len());
                    train.push(item);
                }
            }
        }
    }

    /// The pictures of a subset that are used, with captions and buckets.
    fn items(&mut self, number: usize, repeats: u32) -> Result<Vec<Item>, Error> {
        let subset = &self.dataset.subsets[number];
        let pictures = self.folders.of_subset(subset).ok_or_else(|| {
            let named = subset.image_dir.as_ref().or(subset.metadata_file.as_ref());
            Error::Folder(named.cloned().unwrap_or_default())
        })?;
        let mut pictures = pictures.to_vec();
        if subset.metadata_file.is_some() {
            let rank = |picture: &usize| {
                self.ground.set.pictures[*picture]
                    .entry
                    .as_ref()
                    .map(|entry| entry.rank)
            };
            pictures.sort_by_key(rank);
        } else if self.dataset.validation_split > 0.0 {
            if !subset.is_reg {
                let (share, seed) = (self.dataset.validation_split, self.dataset.validation_seed);
                pictures = split(pictures, share, seed, self.training, self.random);
            } else if !self.training {
                pictures.clear();
            }
        }
        let buckets = Buckets::new(&self.dataset.buckets)?;
        Ok(pictures
            .into_iter()
            .filter_map(|picture| self.item(number, repeats, picture, &buckets))
            .collect())
    }

    fn item(&mut self, subset: usize, repeats: u32, picture: usize, buckets: &Buckets) -> Option<Item> {
        let options = &self.dataset.subsets[subset];
        let set = self.ground.set;
        let path = &set.pictures.get(picture)?.path;
        let stored = self.ground.sizes.get(picture).copied().flatten();
        let set_by_hand = self.ground.hands.of(&set.root, path);
        let hand = set_by_hand.filter(|hand| stored.is_none_or(|size| hand.fits(size)));
        if hand != set_by_hand {
            self.notes.push(format!(
                "{}: its rectangle lies beside it, so that it is cut as usual",
                path.display()
            ));
        }
        let said = set.said_size(picture);
        let placement = match said.or(stored).map(|size| buckets.place(size, hand)) {
            Some(Ok(placement)) => match stored.filter(|size| *size != placement.size && hand.is_none()) {
                // The bucket goes by what the metadata say; what is cut and told goes by the picture.
                Some(size) => Placement {
                    size,
                    part: [0, 0, size[0], size[1]],
                    ..placement
                },
                None => placement,
            },
            Some(Err(error)) => {
                self.notes.push(format!("{}: left out, {error}", path.display()));
                return None;
            }
            None => {
                self.notes
                    .push(format!("{}: left out, its size cannot be read", path.display()));
                return None;
            }
        };
        let caption = draws::before(set, picture, options);
        Some(Item {
            picture,
            subset,
            repeats,
            caption: caption.text,
            is_reg: options.is_reg && self.dataset.kind == Kind::DreamBooth,
            placement,
            hand,
            face: read::face(path),
        })
    }
}

impl Dealt {
    /// Draws what a step sees of a batch, with Python's `random` as the step finds it.
    ///
    /// # Errors
    /// [`Error::Cut`], which can only be where pictures are loaded each time and there are no buckets.
    pub fn draw(
        &self,
        set: &Set,
        batch: &Batch<'_>,
        moment: Moment,
        loading: Loading,
        random: &mut Python,
    ) -> Result<Vec<Sample>, Error> {
        let sample = |&number: &u32| self.sample(set, number, moment, loading, random);
        batch.items.iter().map(sample).collect()
    }

    fn sample(
        &self,
        set: &Set,
        number: u32,
        moment: Moment,
        loading: Loading,
        random: &mut Python,
    ) -> Result<Sample, Error> {
        let item = &self.items[number as usize];
        let subset = &self.dataset.subsets[item.subset];
        let placement = &item.placement;
        let flipped = subset.flip_aug && random.random() < 0.5;
        let mut cut = Cut {
            resized: placement.resized,
            crop: placement.crop,
        };
        // What was set by hand counts everywhere, and kohya's way without buckets has no place for it.
        let fixed = loading == Loading::Each && !self.dataset.buckets.enable && item.hand.is_none();
        if fixed {
            let fixed = Fixed {
                resolution: self.dataset.buckets.resolution,
                face: item.face,
                face_range: subset.face_crop_aug_range,
                random_crop: subset.random_crop,
            };
            cut = fixed.cut(placement.size, random).map_err(|source| Error::Cut {
                picture: set.pictures[item.picture].path.clone(),
                source,
            })?;
        } else if loading == Loading::Each && subset.random_crop && item.hand.is_none() {
            cut.crop = crop::bucketed(placement, random);
        }
        let colour = (loading == Loading::Each && subset.color_aug)
            .then(|| colour(random))
            .flatten();
        let caption = subset.captions.apply(&item.caption, moment, random);
        let target = [cut.crop[2], cut.crop[3]];
        Ok(Sample {
            item: number,
            flipped,
            cut,
            colour,
            caption,
            loss_weight: if item.is_reg {
                self.dataset.prior_loss_weight
            } else {
                1.0
            },
            original_size: if fixed {
                target
            } else {
                [placement.part[2], placement.part[3]]
            },
            crop_top_left: match (fixed, flipped) {
                (false, _) => placement.crop_top_left(flipped),
                // Without a bucket there is no crop to tell, and mirrored it is the whole width.
                (true, false) => [0, 0],
                (true, true) => [0, target[0].into()],
            },
            target_size: target,
        })
    }
}

/// kohya's `AugHelper.color_aug`.
fn colour(random: &mut Python) -> Option<Colour> {
    if random.random() > 0.33 {
        return None;
    }
    Some(if random.random() > 0.5 {
        Colour::Hue(random.uniform(-8.0, 8.0))
    } else {
        Colour::Gamma(random.uniform(0.95, 1.05))
    })
}
