//! Which pictures a query chooses.

use std::borrow::Cow;
use std::path::Path;

use rayon::prelude::*;

use super::term::{Number, Property, Term, Text};
use super::{Node, Query};
use crate::data::set::{Picture, Set};
use crate::data::tags::Index;
use crate::data::tokens::Counter;

/// What is known of pictures beside their captions. What is not known yet makes a term neither true nor its opposite true.
pub trait Facts: Sync {
    /// Width and height in pixels, as training sees them.
    fn size(&self, _picture: usize) -> Option<(u32, u32)> {
        None
    }

    /// What training would do with it.
    fn placed(&self, _picture: usize) -> Option<Placed> {
        None
    }

    /// Whether another picture looks nearly the same.
    fn duplicate(&self, _picture: usize) -> Option<bool> {
        None
    }

    /// Whether its caption was changed by an edit that can be taken back, or from outside.
    fn changed(&self, _picture: usize) -> bool {
        false
    }

    /// Whether it is marked.
    fn marked(&self, _picture: usize) -> bool {
        false
    }
}

/// A picture's place in training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placed {
    /// Its bucket, width and height.
    pub bucket: (u32, u32),
    /// The share of it that is cropped away, 0 to 1.
    pub lost: f64,
    /// By how much it is scaled; above 1 it is enlarged.
    pub scale: f64,
}

/// No facts but the captions.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nothing;

impl Facts for Nothing {}

/// What a query is asked of.
#[derive(Clone, Copy)]
pub struct Ground<'a> {
    /// The pictures.
    pub set: &'a Set,
    /// Their tags.
    pub index: &'a Index,
    /// Counts tokens.
    pub tokens: &'a Counter,
    /// What else is known.
    pub facts: &'a dyn Facts,
}

impl Query {
    /// The numbers of the pictures that it chooses, in the set's order.
    pub fn select(&self, ground: &Ground<'_>) -> Vec<usize> {
        let Some(root) = &self.root else {
            return (0..ground.set.pictures.len()).collect();
        };
        let root = Prepared::of(root, ground);
        (0..ground.set.pictures.len())
            .into_par_iter()
            .with_min_len(256)
            .filter(|&picture| root.holds(picture, ground) == Some(true))
            .collect()
    }
}

/// A node with what can be found out once for all pictures.
enum Prepared<'a> {
    All(Vec<Prepared<'a>>),
    Any(Vec<Prepared<'a>>),
    Not(Box<Prepared<'a>>),
    /// Which tags match, by number.
    Tags(Vec<bool>),
    /// Which subsets' folders match.
    Folders(Vec<bool>),
    Term(&'a Term),
}

impl<'a> Prepared<'a> {
    fn of(node: &'a Node, ground: &Ground<'_>) -> Self {
        let all = |nodes: &'a [Node]| nodes.iter().map(|node| Self::of(node, ground)).collect();
        match node {
            Node::All(nodes) => Self::All(all(nodes)),
            Node::Any(nodes) => Self::Any(all(nodes)),
            Node::Not(node) => Self::Not(Box::new(Self::of(node, ground))),
            Node::Term(Term::Text(Text::Tag, pattern)) => {
                Self::Tags(ground.index.iter().map(|(_, name)| pattern.is_match(name)).collect())
            }
            Node::Term(Term::Text(Text::Folder, pattern)) => Self::Folders(
                ground
                    .set
                    .subsets
                    .iter()
                    .map(|subset| name_of(&subset.folder).is_some_and(|name| pattern.is_match(&name)))
                    .collect(),
            ),
            Node::Term(term) => Self::Term(term),
        }
    }

    /// Whether it holds; none where that is not known.
    fn holds(&self, picture: usize, ground: &Ground<'_>) -> Option<bool> {
        match self {
            Self::All(nodes) => decide(nodes, false, picture, ground),
            Self::Any(nodes) => decide(nodes, true, picture, ground),
            Self::Not(node) => node.holds(picture, ground).map(|holds| !holds),
            Self::Tags(matching) => {
                let tags = ground.index.of_picture(picture);
                Some(
                    tags.iter()
                        .any(|tag| matching.get(tag.0 as usize).copied().unwrap_or(false)),
                )
            }
            Self::Folders(matching) => Some(matching[ground.set.pictures[picture].subset as usize]),
            Self::Term(term) => term_holds(term, picture, ground),
        }
    }
}

/// What several nodes say together: the first that is `decisive` decides, and what is not known leaves it open.
fn decide(nodes: &[Prepared<'_>], decisive: bool, picture: usize, ground: &Ground<'_>) -> Option<bool> {
    let mut known = true;
    for node in nodes {
        match node.holds(picture, ground) {
            Some(holds) if holds == decisive => return Some(decisive),
            Some(_) => {}
            None => known = false,
        }
    }
    known.then_some(!decisive)
}

fn term_holds(term: &Term, number: usize, ground: &Ground<'_>) -> Option<bool> {
    let picture = &ground.set.pictures[number];
    match term {
        Term::Text(Text::Caption, pattern) => Some(pattern.is_match(&caption(picture))),
        Term::Text(Text::Name, pattern) => {
            let stem = picture.path.file_stem().unwrap_or_default().to_string_lossy();
            Some(pattern.is_match(&stem) || name_of(&picture.path).is_some_and(|name| pattern.is_match(&name)))
        }
        Term::Text(Text::Path, pattern) => {
            let path = picture.path.strip_prefix(&ground.set.root).unwrap_or(&picture.path);
            Some(pattern.is_match(&path.to_string_lossy()))
        }
        // Made into lists of numbers before.
        Term::Text(Text::Tag | Text::Folder, _) => None,
        Term::Number(what, range) => number_of(*what, number, ground).map(|value| range.holds(value)),
        Term::Bucket(w, h) => ground.facts.placed(number).map(|placed| placed.bucket == (*w, *h)),
        Term::Is(property) => match property {
            Property::Duplicate => ground.facts.duplicate(number),
            Property::Untagged => Some(ground.index.of_picture(number).is_empty()),
            Property::Changed => Some(ground.facts.changed(number)),
            Property::Marked => Some(ground.facts.marked(number)),
            Property::Regularization => Some(ground.set.subsets[picture.subset as usize].is_reg),
            Property::Repeated => {
                let tags = ground.index.of_picture(number);
                Some(tags.iter().enumerate().any(|(i, tag)| tags[..i].contains(tag)))
            }
        },
    }
}

fn number_of(what: Number, number: usize, ground: &Ground<'_>) -> Option<f64> {
    let picture = &ground.set.pictures[number];
    let size = || ground.facts.size(number).map(|(w, h)| (f64::from(w), f64::from(h)));
    let placed = || ground.facts.placed(number);
    match what {
        Number::Tags => Some(ground.index.of_picture(number).len() as f64),
        Number::Chars => Some(caption(picture).trim_end().chars().count() as f64),
        Number::Tokens => Some(ground.tokens.count(&caption(picture)) as f64),
        Number::Repeats => Some(f64::from(ground.set.subsets[picture.subset as usize].repeats)),
        Number::Width => size().map(|(w, _)| w),
        Number::Height => size().map(|(_, h)| h),
        Number::Ratio => size().filter(|&(_, h)| h > 0.0).map(|(w, h)| w / h),
        Number::Megapixels => size().map(|(w, h)| w * h / 1e6),
        Number::Crop => placed().map(|placed| placed.lost * 100.0),
        Number::Scale => placed().map(|placed| placed.scale),
    }
}

fn caption(picture: &Picture) -> Cow<'_, str> {
    picture
        .caption
        .as_ref()
        .map_or(Cow::Borrowed(""), |caption| caption.document.text())
}

fn name_of(path: &Path) -> Option<Cow<'_, str>> {
    path.file_name().map(std::ffi::OsStr::to_string_lossy)
}
