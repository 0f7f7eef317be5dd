//! From all models to the rows of the list: what is wanted, found, sorted, and put into folders or beside its equals.
//!
//! Pure; made anew when a wish or the models have changed, never while drawing.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::class::Class;
use super::entry::Entry;
use crate::ui::filter::Filter;
use crate::ui::lang::{Text, browser};

/// By what models are sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// A to Z, numbers by their value.
    #[default]
    Name,
    /// The newest first.
    Date,
    /// The largest first.
    Size,
    /// By family, then by name.
    Family,
}

impl Sort {
    const ALL: [Self; 4] = [Self::Name, Self::Date, Self::Size, Self::Family];

    /// The one after it, round and round.
    #[must_use]
    pub fn next(self) -> Self {
        Self::ALL[(self as usize + 1) % Self::ALL.len()]
    }

    /// What a person calls it.
    pub const fn title(self) -> Text {
        match self {
            Self::Name => browser::NAME,
            Self::Date => browser::DATE,
            Self::Size => browser::SIZE,
            Self::Family => browser::FAMILY,
        }
    }

    fn compare(self, a: &Entry, b: &Entry) -> Ordering {
        let own = match self {
            Self::Name => Ordering::Equal,
            Self::Date => b.modified().cmp(&a.modified()),
            Self::Size => b.bytes().cmp(&a.bytes()),
            // What has no family comes last.
            Self::Family => (a.family().is_empty(), a.family()).cmp(&(b.family().is_empty(), b.family())),
        };
        own.then_with(|| a.key.cmp(&b.key)).then_with(|| a.path().cmp(b.path()))
    }
}

/// What the list is to show, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Wish {
    /// Only this kind.
    pub class: Option<Class>,
    /// Only favourites.
    pub favourites: bool,
    /// Only files of which there is another with the same content.
    pub duplicates: bool,
    /// In folders.
    pub tree: bool,
    /// The order.
    pub sort: Sort,
    /// The order turned around.
    pub reversed: bool,
    /// What was typed. Behind a `@` it is looked for in all words of a model, else in its name, letter by letter.
    pub query: String,
}

impl Wish {
    /// The words to look for in all that a model says, where the query asks for that.
    pub fn words(&self) -> Option<&str> {
        self.query.trim().strip_prefix('@').map(str::trim)
    }
}

/// A row of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// A folder.
    Folder {
        /// It.
        path: PathBuf,
        /// What is shown of its path: below the folder that it stands in.
        name: String,
        /// How many folders it lies in.
        depth: usize,
        /// The models in it and below.
        count: usize,
        /// Whether its content is shown.
        open: bool,
    },
    /// The head of files with the same content.
    Equal {
        /// The first characters of their hash.
        hash: String,
        /// How many.
        count: usize,
        /// What all but one of them take.
        spare: u64,
    },
    /// A model.
    Model {
        /// Its place among the entries.
        index: usize,
        /// How many folders it lies in, as shown.
        depth: usize,
        /// Which graphemes of its name were found.
        found: Vec<usize>,
    },
}

/// Of how many of the best it is told what matched.
const MARKED: usize = 100;

/// The rows for a wish. `closed` are folders whose content is not shown, `held` numbers of the models whose metadata holds the words
/// behind a `@`. `within` are all that can still fit, in their order, where that is known.
pub(super) fn rows(
    entries: &[Entry],
    wish: &Wish,
    closed: &BTreeSet<PathBuf>,
    held: &HashSet<i64>,
    within: Option<Vec<usize>>,
) -> Vec<Row> {
    let fits =
        |entry: &Entry| wish.class.is_none_or(|class| class == entry.class) && (!wish.favourites || entry.favourite());
    let all = || (0..entries.len()).filter(|index| fits(&entries[*index])).collect();
    let wanted: Vec<usize> = within.unwrap_or_else(all);
    let query = wish.query.trim();
    match wish.words() {
        Some(words) if !words.is_empty() => {
            let words = words.to_lowercase();
            let says = |entry: &Entry| entry.says(&words) || held.contains(&entry.card.id);
            let found = wanted.into_iter().filter(|index| says(&entries[*index]));
            plain(entries, sorted(entries, found.collect(), wish), wish, closed)
        }
        None if !query.is_empty() => {
            // The best match comes first, whatever the order is otherwise.
            let mut filter = Filter::new(query);
            let ranked = filter.rank_ready(wanted.iter().map(|index| &entries[*index].ready));
            let row = |(place, at): (usize, usize)| {
                let index = wanted[at];
                let found = if place < MARKED {
                    filter.positions(entries[index].name())
                } else {
                    Vec::new()
                };
                Row::Model { index, depth: 0, found }
            };
            let ranked: Vec<Row> = ranked.into_iter().enumerate().map(row).collect();
            if wish.duplicates {
                let found = ranked.iter().filter_map(Row::index).collect();
                return equals(entries, found);
            }
            ranked
        }
        _ => plain(entries, sorted(entries, wanted, wish), wish, closed),
    }
}

/// Whether everything that a query finds was found by the one before, so that nothing else has to be compared.
pub fn narrows(before: &str, query: &str) -> bool {
    let plain = |query: &str| !query.contains(['!', '^', '$', '\'', '\\', '@']);
    !before.trim().is_empty() && query.starts_with(before) && plain(query)
}

impl Row {
    /// The place of its model among the entries.
    pub fn index(&self) -> Option<usize> {
        match self {
            Self::Model { index, .. } => Some(*index),
            _ => None,
        }
    }
}

fn sorted(entries: &[Entry], mut wanted: Vec<usize>, wish: &Wish) -> Vec<usize> {
    wanted.sort_by(|a, b| wish.sort.compare(&entries[*a], &entries[*b]));
    if wish.reversed {
        wanted.reverse();
    }
    wanted
}

fn plain(entries: &[Entry], wanted: Vec<usize>, wish: &Wish, closed: &BTreeSet<PathBuf>) -> Vec<Row> {
    if wish.duplicates {
        return equals(entries, wanted);
    }
    if wish.tree {
        return Tree::of(entries, &wanted).rows(closed);
    }
    let row = |index| Row::Model {
        index,
        depth: 0,
        found: Vec::new(),
    };
    wanted.into_iter().map(row).collect()
}

/// Files with the same content beside each other; those that stand alone are left out.
fn equals(entries: &[Entry], wanted: Vec<usize>) -> Vec<Row> {
    let mut by_hash: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut order: Vec<&str> = Vec::new();
    for index in wanted {
        let Some(hash) = entries[index].sha256() else { continue };
        let group = by_hash.entry(hash).or_default();
        if group.is_empty() {
            order.push(hash);
        }
        group.push(index);
    }
    let mut rows = Vec::new();
    for hash in order {
        let group = &by_hash[hash];
        if group.len() < 2 {
            continue;
        }
        rows.push(Row::Equal {
            hash: hash.chars().take(10).collect(),
            count: group.len(),
            spare: entries[group[0]].bytes().saturating_mul(group.len() as u64 - 1),
        });
        rows.extend(group.iter().map(|index| Row::Model {
            index: *index,
            depth: 1,
            found: Vec::new(),
        }));
    }
    rows
}

/// Folders with what lies in them.
#[derive(Default)]
struct Tree<'a>(BTreeMap<&'a Path, Node<'a>>);

#[derive(Default)]
struct Node<'a> {
    folders: BTreeSet<&'a Path>,
    /// In the order of the list.
    models: Vec<usize>,
    /// In it and below.
    count: usize,
}

impl<'a> Tree<'a> {
    fn of(entries: &'a [Entry], wanted: &[usize]) -> Self {
        let mut tree = Self::default();
        for index in wanted {
            let mut folder = entries[*index].path().parent().unwrap_or(Path::new(""));
            tree.0.entry(folder).or_default().models.push(*index);
            loop {
                tree.0.entry(folder).or_default().count += 1;
                let Some(above) = folder.parent() else { break };
                tree.0.entry(above).or_default().folders.insert(folder);
                folder = above;
            }
        }
        tree
    }

    fn rows(&self, closed: &BTreeSet<PathBuf>) -> Vec<Row> {
        let mut rows = Vec::new();
        if let Some(top) = self.0.keys().next() {
            self.add(top, Path::new(""), 0, closed, &mut rows);
        }
        rows
    }

    /// A folder and what is in it. One that holds nothing but another folder is shown as part of that one's name.
    fn add(&self, folder: &'a Path, above: &Path, depth: usize, closed: &BTreeSet<PathBuf>, rows: &mut Vec<Row>) {
        let Some(node) = self.0.get(folder) else { return };
        if let (true, 1, Some(only)) = (node.models.is_empty(), node.folders.len(), node.folders.first()) {
            return self.add(only, above, depth, closed, rows);
        }
        let open = !closed.contains(folder);
        rows.push(Row::Folder {
            path: folder.to_owned(),
            name: folder.strip_prefix(above).unwrap_or(folder).display().to_string(),
            depth,
            count: node.count,
            open,
        });
        if !open {
            return;
        }
        for inner in &node.folders {
            self.add(inner, folder, depth + 1, closed, rows);
        }
        rows.extend(node.models.iter().map(|index| Row::Model {
            index: *index,
            depth: depth + 1,
            found: Vec::new(),
        }));
    }
}

/// A name as it is sorted: without regard to case, numbers by their value.
pub fn natural(name: &str) -> String {
    let mut key = String::with_capacity(name.len() + 4);
    let mut digits = String::new();
    let flush = |digits: &mut String, key: &mut String| {
        if digits.is_empty() {
            return;
        }
        let value = digits.trim_start_matches('0');
        // A longer number is a greater one.
        key.push(char::from_u32('0' as u32 + value.len().min(70) as u32).unwrap_or('0'));
        key.push_str(value);
        digits.clear();
    };
    for c in name.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_digit() {
            digits.push(c);
        } else {
            flush(&mut digits, &mut key);
            key.push(c);
        }
    }
    flush(&mut digits, &mut key);
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_longer_query_finds_no_more_unless_it_says_otherwise() {
        assert!(narrows("fo", "fox") && narrows("fox", "fox s"));
        for (before, query) in [
            ("", "f"),
            (" ", " f"),
            ("fox", "fo"),
            ("a", "a !b"),
            ("!a", "!ab"),
            ("a$", "a$b"),
        ] {
            assert!(!narrows(before, query), "{before} {query}");
        }
    }

    #[test]
    fn numbers_in_names_are_sorted_by_their_value() {
        let mut names = ["lora-10", "LoRA-9", "lora-010b", "lora-1", "lora", "狐狸2", "狐狸10"];
        names.sort_by_key(|name| natural(name));
        assert_eq!(
            names,
            ["lora", "lora-1", "LoRA-9", "lora-10", "lora-010b", "狐狸2", "狐狸10"]
        );
    }
}
