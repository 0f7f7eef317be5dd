//! A list that is narrowed by typing: the palette, the help and every picker.
//!
//! Ten thousand items are matched in a few milliseconds and only the visible rows are drawn. An item is found by what its row says and
//! by words that it does not show, such as an action's stable name or its title in the other language.

use crossterm::event::KeyEvent;

use super::{Answer, Purpose};
use crate::keys::Action;
use crate::ui::filter::Filter;
use crate::ui::widgets::input::{Edit, InputState};
use crate::ui::widgets::list::{Go, ListState};

/// A row of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Item {
    /// What is chosen; what the query is matched with first.
    pub name: String,
    /// More about it, shown behind the name.
    pub detail: String,
    /// What stands at the right: keys, a mark.
    pub tail: String,
    /// Words it is found by without showing them.
    pub words: String,
    /// Whether it is a heading, which cannot be chosen and goes when something is typed.
    pub heading: bool,
}

/// An item that matches, and which graphemes of its name did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Match {
    /// The item's index.
    pub index: usize,
    /// In rising order; told of the best few hundred only.
    pub positions: Vec<usize>,
}

/// Of how many of the best it is told what matched. Whoever would scroll further types another letter.
const MARKED: usize = 256;

/// The list, what was typed and what matches.
#[derive(Debug)]
pub struct Chooser {
    /// What for.
    pub purpose: Purpose,
    /// The title.
    pub title: String,
    /// What was typed.
    pub query: InputState,
    items: Vec<Item>,
    matches: Vec<Match>,
    /// The row under the cursor.
    pub list: ListState,
    /// How many rows were seen last.
    height: usize,
}

impl Chooser {
    /// A list with the item of index `current` under the cursor.
    pub fn new(purpose: Purpose, title: String, items: Vec<Item>, current: usize) -> Self {
        let mut chooser = Self {
            purpose,
            title,
            query: InputState::default(),
            items,
            matches: Vec::new(),
            list: ListState::default(),
            height: 1,
        };
        chooser.narrow();
        let current = chooser
            .matches
            .iter()
            .position(|found| found.index == current)
            .unwrap_or_default();
        chooser.select(current);
        chooser
    }

    /// All items.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// The items that match, the best first; with nothing typed all of them in their order.
    pub fn matches(&self) -> &[Match] {
        &self.matches
    }

    /// The index of the item under the cursor.
    pub fn current(&self) -> Option<usize> {
        let index = self.matches.get(self.list.selected(self.matches.len())?)?.index;
        (!self.items[index].heading).then_some(index)
    }

    /// Adds to the query.
    pub fn insert(&mut self, text: &str) -> Answer {
        self.edit(Edit::Insert(text.to_owned()))
    }

    /// A key for the query.
    pub fn key(&mut self, key: &KeyEvent) -> Answer {
        Edit::of(key).map_or(Answer::Open, |edit| self.edit(edit))
    }

    /// Puts the cursor on a row.
    pub fn select(&mut self, row: usize) {
        self.list.go(Go::To(row), self.matches.len(), self.height);
        self.leave_heading(1);
    }

    /// Does an action of a list of which `height` rows are seen; `None` for another action.
    pub fn act(&mut self, action: Action, height: usize) -> Option<Answer> {
        self.height = height;
        let (go, direction) = match action {
            Action::Dismiss => return Some(Answer::Dismissed),
            Action::Accept => return Some(self.current().map_or(Answer::Open, Answer::Chosen)),
            Action::Clear => return Some(self.edit(Edit::Clear)),
            Action::SelectUp => (Go::Up, -1),
            Action::SelectDown => (Go::Down, 1),
            Action::PageUp => (Go::PageUp, -1),
            Action::PageDown => (Go::PageDown, 1),
            Action::Top => (Go::Top, 1),
            Action::Bottom => (Go::Bottom, -1),
            _ => return None,
        };
        let before = self.current();
        self.list.go(go, self.matches.len(), height);
        self.leave_heading(direction);
        Some(if self.current() == before {
            Answer::Open
        } else {
            Answer::Moved
        })
    }

    fn edit(&mut self, edit: Edit) -> Answer {
        if !self.query.apply(edit) {
            return Answer::Open;
        }
        self.narrow();
        Answer::Moved
    }

    /// Goes on from a heading to the nearest item in a direction, or in the other one at an end.
    fn leave_heading(&mut self, direction: isize) {
        let count = self.matches.len();
        let Some(selected) = self.list.selected(count) else {
            return;
        };
        let is_item = |row: &usize| !self.items[self.matches[*row].index].heading;
        let (above, below) = ((0..=selected).rev().find(is_item), (selected..count).find(is_item));
        let row = if direction < 0 {
            above.or(below)
        } else {
            below.or(above)
        };
        if let Some(row) = row.filter(|row| *row != selected) {
            self.list.go(Go::To(row), count, self.height);
        }
    }

    fn narrow(&mut self) {
        let query = self.query.text().trim();
        self.matches = if query.is_empty() {
            let plain = |index| Match {
                index,
                positions: Vec::new(),
            };
            (0..self.items.len()).map(plain).collect()
        } else {
            found(&self.items, query)
        };
        self.list = ListState::default();
        self.leave_heading(1);
    }
}

/// The items that match, those by their names before those by their other words.
fn found(items: &[Item], query: &str) -> Vec<Match> {
    let mut filter = Filter::new(query);
    let mut order = filter.rank(items.iter().map(|item| item.name.as_str()));
    let by_words = filter.rank(items.iter().map(|item| item.words.as_str()));
    let mut known = vec![false; items.len()];
    order.extend(by_words);
    order.retain(|index| !items[*index].heading && !std::mem::replace(&mut known[*index], true));
    // Whoever types a whole name means it, not a longer one that begins with it.
    let whole = query.to_lowercase();
    if let Some(at) = order
        .iter()
        .position(|index| items[*index].name.to_lowercase() == whole)
    {
        order[..=at].rotate_right(1);
    }
    let with_positions = |(rank, index): (usize, usize)| {
        let positions = if rank < MARKED {
            filter.positions(&items[index].name)
        } else {
            Vec::new()
        };
        Match { index, positions }
    };
    order.into_iter().enumerate().map(with_positions).collect()
}
