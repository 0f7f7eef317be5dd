//! What a query asks of pictures' files: sizes, buckets, near-duplicates, found out at once for the whole set.

use std::collections::HashSet;
use std::path::PathBuf;

use rayon::prelude::*;

use super::select::{Facts, Placed};
use super::term::{Number, Property, Term};
use super::{Node, Query};
use crate::data::buckets::hand::{Hand, Hands};
use crate::data::buckets::{self, Buckets, Placement, Settings};
use crate::data::config::Config;
use crate::data::config::folders::uses;
use crate::data::picture;
use crate::data::set::{Picture, Set};

/// What of the files a query depends on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Headers: sizes, and the buckets that follow from them.
    pub sizes: bool,
    /// Pixels: which pictures look nearly the same.
    pub duplicates: bool,
    /// The journal: which captions were changed.
    pub changes: bool,
}

impl Query {
    /// What must be known beside the captions.
    pub fn needs(&self) -> Needs {
        let mut needs = Needs::default();
        if let Some(root) = &self.root {
            gather(root, &mut needs);
        }
        needs
    }
}

fn gather(node: &Node, needs: &mut Needs) {
    match node {
        Node::All(nodes) | Node::Any(nodes) => nodes.iter().for_each(|node| gather(node, needs)),
        Node::Not(node) => gather(node, needs),
        Node::Term(Term::Bucket(..)) => needs.sizes = true,
        Node::Term(Term::Number(number, _)) => {
            let captions = matches!(number, Number::Tags | Number::Chars | Number::Tokens | Number::Repeats);
            needs.sizes |= !captions;
        }
        Node::Term(Term::Is(Property::Duplicate)) => needs.duplicates = true,
        Node::Term(Term::Is(Property::Changed)) => needs.changes = true,
        Node::Term(Term::Is(_) | Term::Text(..)) => {}
    }
}

/// The sizes of a set's pictures and what training does with them.
#[derive(Clone, Debug, Default)]
pub struct Sizes(Vec<Option<Measured>>);

/// Of a picture its width and height, and where training puts it; no place where no bucket takes it.
type Measured = ((u32, u32), Option<Placement>);

impl Sizes {
    /// Reads every picture's header, on all processors.
    pub fn read(set: &Set, buckets: &Buckets, hands: &Hands) -> Self {
        Self::measure(set, hands, |_| Some(buckets))
    }

    /// The same, each picture placed by the dataset of a configuration that it is of: the first, if it is of several. What the configuration
    /// does not use has no place.
    ///
    /// # Errors
    /// A dataset's settings that make no buckets.
    pub fn of_config(set: &Set, config: &Config, hands: &Hands) -> Result<Self, buckets::Error> {
        let datasets = config.datasets.iter().map(|dataset| Buckets::new(&dataset.buckets));
        let datasets = datasets.collect::<Result<Vec<Buckets>, _>>()?;
        let mut of = vec![None; set.pictures.len()];
        for one in uses(set, config) {
            for picture in one.pictures {
                of[picture].get_or_insert(one.number);
            }
        }
        Ok(Self::measure(set, hands, |picture| datasets.get(of[picture]?)))
    }

    /// The same, each picture placed by the settings of its folder. What has none has no place.
    ///
    /// # Errors
    /// Settings that make no buckets.
    pub fn of_folders(set: &Set, folders: &[Option<Settings>], hands: &Hands) -> Result<Self, buckets::Error> {
        let made = folders
            .iter()
            .map(|settings| settings.as_ref().map(Buckets::new).transpose());
        let made = made.collect::<Result<Vec<Option<Buckets>>, _>>()?;
        let of = |picture: usize| made.get(set.pictures[picture].subset as usize)?.as_ref();
        Ok(Self::measure(set, hands, of))
    }

    fn measure<'a>(set: &Set, hands: &Hands, buckets: impl Fn(usize) -> Option<&'a Buckets> + Sync) -> Self {
        let measure = |(number, picture): (usize, &Picture)| {
            let said = set.said_size(number);
            let stored = picture::facts(&picture.path).map(|facts| facts.size()).ok();
            let size = stored.or_else(|| said.map(|[width, height]| (width, height)))?;
            let hand: Option<Hand> = hands.of(&set.root, &picture.path);
            let hand = hand.filter(|hand| hand.fits([size.0, size.1]));
            let place = |buckets: &Buckets| buckets.place(said.unwrap_or([size.0, size.1]), hand).ok();
            Some((size, buckets(number).and_then(place)))
        };
        Self(set.pictures.par_iter().enumerate().map(measure).collect())
    }
}

/// Facts of a set's files, as far as they were found out.
#[derive(Clone, Debug, Default)]
pub struct Files {
    sizes: Sizes,
    duplicates: Option<Vec<bool>>,
    changed: Vec<bool>,
}

impl Files {
    /// Takes what the headers say.
    pub fn put_sizes(&mut self, sizes: Sizes) {
        self.sizes = sizes;
    }

    /// Takes which pictures have one that looks nearly the same.
    pub fn put_duplicates(&mut self, set: &Set, duplicates: impl IntoIterator<Item = usize>) {
        let mut flags = vec![false; set.pictures.len()];
        for picture in duplicates {
            flags[picture] = true;
        }
        self.duplicates = Some(flags);
    }

    /// Takes which captions were changed, by path.
    pub fn put_changes(&mut self, set: &Set, changed: &HashSet<PathBuf>) {
        let is_changed = |picture| changed.contains(&set.caption_path(picture));
        self.changed = (0..set.pictures.len()).map(is_changed).collect();
    }

    fn measured(&self, picture: usize) -> Option<&Measured> {
        self.sizes.0.get(picture)?.as_ref()
    }
}

impl Facts for Files {
    fn size(&self, picture: usize) -> Option<(u32, u32)> {
        self.measured(picture).map(|(size, _)| *size)
    }

    fn placed(&self, picture: usize) -> Option<Placed> {
        let placement = self.measured(picture)?.1.as_ref()?;
        Some(Placed {
            bucket: (placement.bucket[0], placement.bucket[1]),
            lost: placement.lost(),
            scale: placement.scale(),
        })
    }

    fn duplicate(&self, picture: usize) -> Option<bool> {
        self.duplicates.as_ref()?.get(picture).copied()
    }

    fn changed(&self, picture: usize) -> bool {
        self.changed.get(picture).copied().unwrap_or(false)
    }
}
