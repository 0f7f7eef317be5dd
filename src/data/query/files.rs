//! What a query asks of pictures' files: sizes, buckets, near-duplicates, found out at once for the whole set.

use std::collections::HashSet;
use std::path::PathBuf;

use rayon::prelude::*;

use super::select::{Facts, Placed};
use super::term::{Number, Property, Term};
use super::{Node, Query};
use crate::data::buckets::hand::{Hand, Hands};
use crate::data::buckets::{Buckets, Placement};
use crate::data::picture;
use crate::data::set::Set;

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

/// Facts of a set's files.
#[derive(Clone, Debug, Default)]
pub struct Files {
    /// Of each picture where training puts it; none where its header cannot be read or no bucket takes it.
    placements: Vec<Option<Placement>>,
    sizes: Vec<Option<(u32, u32)>>,
    duplicates: Option<Vec<bool>>,
    changed: Vec<bool>,
}

impl Files {
    /// Reads every picture's header, on all processors.
    #[must_use]
    pub fn with_sizes(mut self, set: &Set, buckets: &Buckets, hands: &Hands) -> Self {
        let measured: Vec<_> = set
            .pictures
            .par_iter()
            .map(|picture| {
                let size = picture::facts(&picture.path).ok()?.size();
                let hand: Option<Hand> = hands.of(&set.root, &picture.path);
                Some((size, buckets.place([size.0, size.1], hand).ok()))
            })
            .collect();
        self.sizes = measured
            .iter()
            .map(|known| known.as_ref().map(|(size, _)| *size))
            .collect();
        self.placements = measured
            .into_iter()
            .map(|known| known.and_then(|(_, placement)| placement))
            .collect();
        self
    }

    /// Which pictures have one that looks nearly the same.
    #[must_use]
    pub fn with_duplicates(mut self, set: &Set, duplicates: impl IntoIterator<Item = usize>) -> Self {
        let mut flags = vec![false; set.pictures.len()];
        for picture in duplicates {
            flags[picture] = true;
        }
        self.duplicates = Some(flags);
        self
    }

    /// Which captions were changed, by path.
    #[must_use]
    pub fn with_changes(mut self, set: &Set, changed: &HashSet<PathBuf>) -> Self {
        let is_changed = |picture| changed.contains(&set.caption_path(picture));
        self.changed = (0..set.pictures.len()).map(is_changed).collect();
        self
    }
}

impl Facts for Files {
    fn size(&self, picture: usize) -> Option<(u32, u32)> {
        *self.sizes.get(picture)?
    }

    fn placed(&self, picture: usize) -> Option<Placed> {
        let placement = self.placements.get(picture)?.as_ref()?;
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
