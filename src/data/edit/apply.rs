//! What each edit does to one caption.
//!
//! An edit is read once for all captions of a separator ([`Way`]): its tags become numbers, so that most captions are passed over without
//! a look at their text. What is no matter of tags is in [`super::text`].

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use regex::bytes::Regex;

use super::slots::{Slots, glue};
use super::{At, By, Choices, Edit, Error, Named, Planned, Refusal, Strike, Which, text};
use crate::data::document::Document;
use crate::data::set::Set;
use crate::data::tags::{Index, TagId};

/// An edit, read for the separators of a set's folders.
pub(super) struct Prepared<'a> {
    set: &'a Set,
    index: &'a Index,
    /// Of each folder, its number in `ways`.
    way_of: Vec<usize>,
    ways: Vec<Way>,
}

/// An edit as it is done to captions of one separator.
struct Way {
    separator: String,
    /// The separator as it is written where a caption shows no way.
    glue: String,
    job: Job,
}

/// An edit whose words are tags.
enum Job {
    /// The tags that stay, by their numbers; then those that come first.
    Filter {
        stays: Vec<bool>,
        front: Vec<Word>,
    },
    Add {
        tags: Vec<Word>,
        at: At,
    },
    Merge {
        from: Vec<Word>,
        to: Vec<Word>,
        any: bool,
    },
    First(Vec<Word>),
    /// By these places, of each tag by its number, but for so many at the beginning.
    Sort {
        places: Vec<u32>,
        keep: usize,
    },
    Reverse {
        keep: usize,
    },
    Dedup,
    Text {
        find: Regex,
        with: String,
        is_plain: bool,
    },
    Set(String),
    Clean {
        underscores: bool,
    },
}

/// A tag that an edit names.
#[derive(Clone, Debug)]
struct Word {
    text: String,
    /// Its number; none where no caption has it.
    id: Option<TagId>,
}

impl Word {
    fn is_in(&self, tags: &[TagId]) -> bool {
        self.id.is_some_and(|id| tags.contains(&id))
    }

    fn is(&self, tag: TagId) -> bool {
        self.id == Some(tag)
    }
}

/// What becomes of a picture's caption, or its path and why nothing does.
pub(super) type Outcome = Result<Planned, (PathBuf, Refusal)>;

/// The tags of a text that stands for tags; `what` says where it stood. Repeated ones are named once.
pub(super) fn read_tags(text: &str, separator: &str, what: Named) -> Result<Vec<String>, Error> {
    let document = Document::new(text.as_bytes().to_vec());
    let mut tags: Vec<String> = Vec::new();
    for tag in document.tags(separator) {
        if !tags.iter().any(|known| *known == tag.text) {
            tags.push(tag.text.into_owned());
        }
    }
    if tags.is_empty() {
        Err(Error::NoTag(what))
    } else {
        Ok(tags)
    }
}

impl<'a> Prepared<'a> {
    pub(super) fn new(set: &'a Set, index: &'a Index, edit: &Edit, pictures: &[usize]) -> Result<Self, Error> {
        let mut by_separator: HashMap<&str, usize> = HashMap::new();
        let (mut ways, mut way_of) = (Vec::new(), Vec::new());
        for subset in &set.subsets {
            let separator = subset.options.separator.as_str();
            let number = by_separator.get(separator).copied().unwrap_or(ways.len());
            if number == ways.len() {
                ways.push(Way::new(index, edit, pictures, separator)?);
                by_separator.insert(separator, number);
            }
            way_of.push(number);
        }
        if ways.is_empty() {
            // What is wrong with the edit is said even where there is nothing to edit.
            Way::new(index, edit, pictures, &set.options.separator)?;
        }
        Ok(Self {
            set,
            index,
            way_of,
            ways,
        })
    }

    /// What becomes of a picture's caption; none where it stays as it is.
    pub(super) fn outcome(&self, picture: usize, choices: Choices) -> Option<Outcome> {
        let own = &self.set.pictures[picture];
        let way = &self.ways[self.way_of[own.subset as usize]];
        let refused = |why: Refusal| Some(Err((self.set.caption_path(picture), why)));
        let done = |before, after| {
            let path = self.set.caption_path(picture);
            let after = Some(after);
            Some(Ok(Planned {
                picture,
                path,
                before,
                after,
            }))
        };
        if let Some(why) = self.set.unreadable.get(&picture) {
            return refused(Refusal::Unreadable(why.clone()));
        }
        let Some(caption) = &own.caption else {
            let made = way.made()?;
            return match self
                .set
                .refusal(picture)
                .map(Refusal::from)
                .or_else(|| in_the_way(&self.set.caption_path(picture)))
            {
                Some(why) => refused(why),
                None => done(None, made),
            };
        };
        let document = &caption.document;
        let tags = self.index.of_picture(picture);
        if !way.job.concerns(tags) {
            return None;
        }
        let Some(after) = way.edited(document, tags) else {
            return refused(Refusal::Stale);
        };
        if *after == *document.bytes {
            return None;
        }
        if way.tears(document) {
            return refused(Refusal::Torn);
        }
        match self
            .set
            .refusal(picture)
            .map(Refusal::from)
            .or_else(|| encoding(document, choices))
        {
            Some(why) => refused(why),
            None => done(Some(document.bytes.to_vec()), after),
        }
    }
}

/// Why a caption cannot be made: what has its name is no file.
pub(super) fn in_the_way(path: &Path) -> Option<Refusal> {
    path.is_dir().then_some(Refusal::Folder)
}

/// Why a caption's encoding forbids to edit it.
pub(super) fn encoding(document: &Document, choices: Choices) -> Option<Refusal> {
    let fault = str::from_utf8(&document.bytes).err()?;
    if document.is_utf16() {
        return Some(Refusal::Utf16);
    }
    let at = fault.valid_up_to();
    let byte = document.bytes[at];
    (!choices.force_encoding).then_some(Refusal::NotUtf8 { byte, at })
}

impl Job {
    fn new(index: &Index, edit: &Edit, pictures: &[usize], separator: &str) -> Result<Self, Error> {
        let words = |text: &str, what| -> Result<Vec<Word>, Error> {
            let word = |text: String| Word {
                id: index.id(&text),
                text,
            };
            Ok(read_tags(text, separator, what)?.into_iter().map(word).collect())
        };
        let all = |texts: &[String], what| {
            let end = if separator.is_empty() { "\n" } else { separator };
            words(&texts.join(end), what)
        };
        let filter = |which: &Which, front: Vec<Word>, is_removal: bool| {
            let mut stays = which.chosen(index, pictures, separator)?;
            for stays in &mut stays {
                *stays ^= is_removal;
            }
            for id in front.iter().filter_map(|word| word.id) {
                stays[id.0 as usize] = true;
            }
            Ok(Self::Filter { stays, front })
        };
        Ok(match edit {
            Edit::Remove { tags } => return filter(tags, Vec::new(), true),
            Edit::Keep { tags } => return filter(tags, Vec::new(), false),
            Edit::Add { tags, at } => Self::Add {
                tags: all(tags, Named::Added)?,
                at: *at,
            },
            Edit::Replace { from, to } => Self::Merge {
                from: words(from, Named::OldName)?,
                to: words(to, Named::NewName)?,
                any: false,
            },
            Edit::Merge { from, to, any } => Self::Merge {
                from: all(from, Named::Merged)?,
                to: words(to, Named::NewName)?,
                any: *any,
            },
            Edit::First { tags } => Self::First(all(tags, Named::First)?),
            Edit::Sort { by: By::Reverse, keep } => Self::Reverse { keep: *keep },
            Edit::Sort { by, keep } => Self::Sort {
                places: places(index, *by),
                keep: *keep,
            },
            Edit::Dedup => Self::Dedup,
            Edit::ReplaceText { find, regex, with } => {
                let find = text::pattern(find, *regex)?;
                if let Some(group) = text::unknown_group(&find, with).filter(|_| *regex) {
                    return Err(Error::Group(group));
                }
                Self::Text {
                    find,
                    with: with.clone(),
                    is_plain: !regex,
                }
            }
            Edit::SetText { text } => Self::Set(text.clone()),
            Edit::Clean { underscores } => Self::Clean {
                underscores: *underscores,
            },
            Edit::Trigger { trigger, strike } => {
                let front = words(trigger, Named::Trigger)?;
                match strike {
                    Strike::Nothing => Self::Add {
                        tags: front,
                        at: At::Front,
                    },
                    Strike::These(which) => return filter(which, front, true),
                    Strike::AllBut(kept) => {
                        let tags = kept.iter().chain([trigger]).cloned().collect();
                        let which = Which {
                            tags,
                            ..Which::default()
                        };
                        return filter(&which, front, false);
                    }
                }
            }
        })
    }

    /// Whether it may change a caption with these tags, told without looking at its text.
    fn concerns(&self, tags: &[TagId]) -> bool {
        let has = |word: &Word| word.is_in(tags);
        match self {
            // What the index did not know when the edit was read stays.
            Self::Filter { stays, front } => {
                !front.is_empty() || tags.iter().any(|tag| stays.get(tag.0 as usize) == Some(&false))
            }
            Self::Merge { from, any: true, .. } => from.iter().any(has),
            Self::Merge { from, any: false, .. } => from.iter().all(has),
            Self::First(wanted) => wanted.iter().any(has),
            Self::Dedup => {
                let mut sorted = tags.to_vec();
                sorted.sort_unstable();
                sorted.windows(2).any(|pair| pair[0] == pair[1])
            }
            _ => true,
        }
    }
}

impl Way {
    fn new(index: &Index, edit: &Edit, pictures: &[usize], separator: &str) -> Result<Self, Error> {
        Ok(Self {
            separator: separator.to_owned(),
            glue: glue(separator),
            job: Job::new(index, edit, pictures, separator)?,
        })
    }

    /// What becomes of a caption that is not there.
    fn made(&self) -> Option<Vec<u8>> {
        let tags = match &self.job {
            Job::Add { tags, .. } => tags,
            Job::Filter { front, .. } if !front.is_empty() => front,
            Job::Set(text) => return (!text.is_empty()).then(|| text.clone().into_bytes()),
            _ => return None,
        };
        let texts: Vec<_> = tags.iter().map(|word| word.text.as_str()).collect();
        Some(texts.join(&self.glue).into_bytes())
    }

    /// The caption's bytes after the edit; none where these are not its tags.
    fn edited(&self, document: &Document, tags: &[TagId]) -> Option<Vec<u8>> {
        match &self.job {
            Job::Text { find, with, is_plain } => return Some(text::replaced(document, find, with, *is_plain)),
            Job::Set(text) => return Some(text::set(document, text)),
            Job::Clean { underscores } => {
                return Some(text::clean(document, &self.separator, &self.glue, *underscores));
            }
            _ => {}
        }
        let mut slots = Slots::new(document, &self.separator, &self.glue);
        if slots.len() != tags.len() {
            return None;
        }
        if !self.job.is_by_line() {
            self.job.apply(&mut slots, tags);
            return Some(slots.bytes());
        }
        let (mut bytes, mut left) = (Vec::with_capacity(document.bytes.len()), tags);
        for (mut line, end) in slots.into_lines() {
            let (own, rest) = left.split_at(line.len());
            left = rest;
            self.job.apply(&mut line, own);
            bytes.extend(line.bytes());
            bytes.extend_from_slice(end);
        }
        Some(bytes)
    }

    /// Whether the edit would tear one of kohya's choices apart.
    fn tears(&self, document: &Document) -> bool {
        let moves = matches!(
            self.job,
            Job::First(_) | Job::Sort { .. } | Job::Reverse { .. } | Job::Dedup
        );
        moves
            && Slots::new(document, &self.separator, &self.glue)
                .into_lines()
                .iter()
                .any(|(line, _)| line.parts_choices())
    }
}

impl Job {
    /// Whether each line is a caption of its own to it, as kohya's scripts draw one of them. Tags are taken out of all lines at once.
    fn is_by_line(&self) -> bool {
        !matches!(self, Self::Filter { front, .. } if front.is_empty())
    }

    /// Changes a caption, or one of its lines, that has these tags.
    fn apply<'a>(&'a self, slots: &mut Slots<'a>, tags: &[TagId]) {
        match self {
            Self::Filter { stays, front } => {
                let stays = |tag: TagId| stays.get(tag.0 as usize) != Some(&false);
                slots.retain(|i| stays(tags[i]));
                if !front.is_empty() {
                    let left: Vec<_> = tags.iter().copied().filter(|&tag| stays(tag)).collect();
                    to_front(slots, &left, front, true);
                }
            }
            Self::Add { tags: new, at: At::End } => {
                let missing = new.iter().filter(|word| !word.is_in(tags));
                slots.insert(tags.len(), missing.map(|word| word.text.as_str()));
            }
            Self::Add {
                tags: new,
                at: At::Front,
            } => to_front(slots, tags, new, true),
            Self::First(wanted) => to_front(slots, tags, wanted, false),
            Self::Merge { from, to, any } => {
                if *any || from.iter().all(|word| word.is_in(tags)) {
                    merge(slots, tags, from, to);
                }
            }
            Self::Sort { places, keep } => {
                let place = |tag: TagId| places.get(tag.0 as usize).copied().unwrap_or(u32::MAX);
                arrange(slots, *keep, |order| order.sort_by_key(|&i| place(tags[i])));
            }
            Self::Reverse { keep } => arrange(slots, *keep, <[_]>::reverse),
            Self::Dedup => {
                let mut seen = HashSet::new();
                let is_first: Vec<_> = tags.iter().map(|tag| seen.insert(tag)).collect();
                slots.retain(|i| is_first[i]);
            }
            // These are no matter of tags.
            Self::Text { .. } | Self::Set(_) | Self::Clean { .. } => {}
        }
    }
}

/// Puts the tags from `keep` on into another order.
fn arrange(slots: &mut Slots<'_>, keep: usize, sort: impl Fn(&mut [usize])) {
    let mut order: Vec<_> = (0..slots.len()).collect();
    sort(&mut order[keep.min(slots.len())..]);
    slots.permute(&order);
}

/// Moves tags to the front, in their order; those that are missing are put in where that is wanted.
fn to_front<'a>(slots: &mut Slots<'a>, tags: &[TagId], wanted: &'a [Word], puts_in: bool) {
    let missing: Vec<_> = wanted.iter().filter(|word| puts_in && !word.is_in(tags)).collect();
    slots.insert(0, missing.iter().map(|word| word.text.as_str()));
    let mut order = Vec::with_capacity(slots.len());
    let mut new = 0..missing.len();
    for word in wanted {
        if word.is_in(tags) {
            let places = (missing.len()..).zip(tags).filter(|(_, tag)| word.is(**tag));
            order.extend(places.map(|(place, _)| place));
        } else {
            order.extend(new.next());
        }
    }
    let rest = (missing.len()..)
        .zip(tags)
        .filter(|(_, tag)| !wanted.iter().any(|word| word.is(**tag)));
    order.extend(rest.map(|(place, _)| place));
    slots.permute(&order);
}

/// Makes several tags one (or some). What is to come and stands there before the first of them stays there.
fn merge<'a>(slots: &mut Slots<'a>, tags: &[TagId], from: &[Word], to: &'a [Word]) {
    let is_one_of = |words: &[Word], tag: TagId| words.iter().any(|word| word.is(tag));
    let Some(place) = tags.iter().position(|&tag| is_one_of(from, tag)) else {
        return;
    };
    let mut new = to
        .iter()
        .filter(|word| !word.is_in(&tags[..place]))
        .map(|word| word.text.as_str());
    let here = new.next();
    if let Some(tag) = here {
        slots.set(place, tag);
    }
    let stays = |i: usize| {
        (i == place && here.is_some()) || !(is_one_of(from, tags[i]) || (i > place && is_one_of(to, tags[i])))
    };
    let behind = (0..place).filter(|&i| stays(i)).count() + 1;
    slots.retain(stays);
    slots.insert(behind, new);
}

/// Of each tag, by its number, its place in an order. Equal ones have one place.
fn places(index: &Index, by: By) -> Vec<u32> {
    let length = |name: &str| u32::MAX - name.chars().count() as u32;
    match by {
        By::Name => {
            let mut all: Vec<_> = index.iter().collect();
            all.sort_by_key(|(_, name)| *name);
            let mut places = vec![0; index.len()];
            for (place, (tag, _)) in (0..).zip(all) {
                places[tag.0 as usize] = place;
            }
            places
        }
        By::Count => index.iter().map(|(tag, _)| u32::MAX - index.count(tag)).collect(),
        By::Length | By::Reverse => index.iter().map(|(_, name)| length(name)).collect(),
    }
}
