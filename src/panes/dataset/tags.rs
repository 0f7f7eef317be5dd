//! The tags of the whole set: which are shown, in which order, and which are marked.
//!
//! The keeper counts and sorts; here is only what is seen of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use regex::RegexBuilder;

use super::book::Book;
use crate::data::edit::{self, Which};
use crate::data::tags::{Category, Order, Surprise, TagId};
use crate::ui::lang::{Text, dataset as words};
use crate::ui::widgets::input::{Edit, InputState};
use crate::ui::widgets::list::{Go, ListState};

/// A tag as it is listed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// Its number.
    pub tag: TagId,
    /// How often it stands in the captions that are counted.
    pub count: u32,
    /// How many of them have it.
    pub captions: u32,
    /// Where the order is by surprise: how many were found somewhere, and how many were to be expected there.
    pub surprise: Option<Surprise>,
}

/// The list of tags.
#[derive(Debug, Default)]
pub struct Tags {
    rows: Arc<[Row]>,
    /// The rows that the search lets through, where one is typed.
    found: Option<Vec<usize>>,
    /// How many captions the rows are counted in.
    of: usize,
    list: ListState,
    search: InputState,
    is_wrong: bool,
    searching: bool,
    /// By name: numbers change when a set is read again.
    marked: BTreeSet<Arc<str>>,
    order: Order,
    reversed: bool,
}

impl Tags {
    /// Takes rows that were counted and sorted. The cursor stays with its tag.
    pub fn put(&mut self, rows: Arc<[Row]>, of: usize, book: &Book) {
        // A cursor that was never moved stays at the top.
        let moved = self.list.selected(self.count()).is_some_and(|row| row > 0);
        let under = self.current().filter(|_| moved).map(|row| row.tag);
        if rows.iter().any(|row| row.tag.0 as usize >= book.index.len()) {
            return;
        }
        self.rows = rows;
        self.of = of;
        self.search(book);
        let at = under.and_then(|tag| (0..self.count()).find(|at| self.row(*at).is_some_and(|row| row.tag == tag)));
        if let Some(at) = at {
            self.list.select(at);
        }
    }

    /// Forgets the rows, since their tags have other numbers now.
    pub fn forget_rows(&mut self) {
        self.rows = Arc::default();
        self.found = None;
    }

    /// Forgets everything that belonged to another set.
    pub fn clear(&mut self) {
        *self = Self {
            order: self.order,
            reversed: self.reversed,
            ..Self::default()
        };
    }

    /// How many are shown.
    pub fn count(&self) -> usize {
        self.found.as_ref().map_or(self.rows.len(), Vec::len)
    }

    /// How many captions they are counted in.
    pub fn of(&self) -> usize {
        self.of
    }

    /// A row by its place in the list.
    pub fn row(&self, at: usize) -> Option<&Row> {
        let count = self.count();
        let at = if self.reversed { count.checked_sub(at + 1)? } else { at };
        match &self.found {
            Some(found) => self.rows.get(*found.get(at)?),
            None => self.rows.get(at),
        }
    }

    /// The tag under the cursor.
    pub fn current(&self) -> Option<&Row> {
        self.row(self.list.selected(self.count())?)
    }

    /// Where the list is.
    pub fn list(&self) -> &ListState {
        &self.list
    }

    /// Moves the cursor.
    pub fn go(&mut self, go: Go, height: usize) {
        self.list.go(go, self.count(), height);
    }

    /// The order.
    pub fn order(&self) -> Order {
        self.order
    }

    /// Whether the order is turned around.
    pub fn is_reversed(&self) -> bool {
        self.reversed
    }

    /// Takes the next order. The keeper has to be asked for it.
    pub fn next_order(&mut self) {
        self.order = match self.order {
            Order::Count => Order::Name,
            Order::Name => Order::Length,
            Order::Length => Order::Surprise,
            Order::Surprise => Order::Count,
        };
        self.list = ListState::default();
    }

    /// Turns the order around.
    pub fn reverse(&mut self) {
        self.reversed = !self.reversed;
        self.list = ListState::default();
    }

    /// What was typed to search for.
    pub fn query(&self) -> &InputState {
        &self.search
    }

    /// Whether that is a regular expression that is none, or none yet.
    pub fn is_wrong(&self) -> bool {
        self.is_wrong
    }

    /// Whether it is being typed.
    pub fn is_searching(&self) -> bool {
        self.searching
    }

    /// Begins or ends to type.
    pub fn type_search(&mut self, typing: bool) {
        self.searching = typing;
    }

    /// Changes what is searched for.
    pub fn edit(&mut self, edit: Edit, book: &Book) {
        if self.search.apply(edit) {
            self.search(book);
            self.list = ListState::default();
        }
    }

    /// Finds the rows that hold what is typed, in any case; between slashes it is a regular expression.
    fn search(&mut self, book: &Book) {
        self.is_wrong = false;
        let typed = self.search.text().trim();
        if typed.is_empty() {
            self.found = None;
            return;
        }
        let regex = typed
            .strip_prefix('/')
            .map(|rest| rest.strip_suffix('/').unwrap_or(rest));
        let pattern = regex.map_or_else(|| regex::escape(typed), str::to_owned);
        let Ok(pattern) = RegexBuilder::new(&pattern)
            .case_insensitive(true)
            .size_limit(1 << 20)
            .build()
        else {
            self.found = Some(Vec::new());
            self.is_wrong = true;
            return;
        };
        let holds = |row: &Row| pattern.is_match(book.index.name(row.tag));
        self.found = Some((0..self.rows.len()).filter(|at| holds(&self.rows[*at])).collect());
    }

    /// Whether a tag is marked.
    pub fn is_marked(&self, name: &str) -> bool {
        self.marked.contains(name)
    }

    /// The marked tags.
    pub fn marked(&self) -> &BTreeSet<Arc<str>> {
        &self.marked
    }

    /// Marks the tag under the cursor, or takes its mark away.
    pub fn mark(&mut self, book: &Book) {
        let Some(tag) = self.current().map(|row| row.tag) else {
            return;
        };
        let name: Arc<str> = book.index.name(tag).into();
        if !self.marked.remove(&name) {
            self.marked.insert(name);
        }
    }

    /// Marks all that are shown; takes these marks away where all have one.
    pub fn mark_shown(&mut self, book: &Book) {
        let shown: Vec<Arc<str>> = (0..self.count())
            .filter_map(|at| self.row(at))
            .map(|row| book.index.name(row.tag).into())
            .collect();
        if shown.iter().all(|name| self.marked.contains(name)) {
            self.marked.retain(|name| !shown.contains(name));
        } else {
            self.marked.extend(shown);
        }
    }

    /// Marks the tags that a choice chooses, of all that are counted. Gives how many got a mark.
    ///
    /// # Errors
    /// The choice makes no sense.
    pub fn mark_by(&mut self, book: &Book, pictures: &[usize], which: &Which) -> Result<usize, edit::Error> {
        let chosen = which.chosen(&book.index, pictures, &book.set.options.separator)?;
        let before = self.marked.len();
        let fits = self
            .rows
            .iter()
            .filter(|row| chosen.get(row.tag.0 as usize) == Some(&true));
        self.marked.extend(fits.map(|row| Arc::from(book.index.name(row.tag))));
        Ok(self.marked.len() - before)
    }

    /// Takes all marks away.
    pub fn unmark(&mut self) {
        self.marked.clear();
    }

    /// The marked tags by falling count, else the one under the cursor.
    pub fn at_hand(&self, book: &Book) -> Vec<String> {
        if self.marked.is_empty() {
            return self
                .current()
                .map(|row| book.index.name(row.tag).to_owned())
                .into_iter()
                .collect();
        }
        let mut names: Vec<&Arc<str>> = self.marked.iter().collect();
        let count = |name: &str| book.index.id(name).map_or(0, |tag| book.index.count(tag));
        names.sort_by_key(|name| std::cmp::Reverse(count(name)));
        names.into_iter().map(ToString::to_string).collect()
    }

    /// All rows, in the order of the keeper.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }
}

/// What a person calls an order.
pub const fn order_title(order: Order) -> Text {
    match order {
        Order::Count => words::COUNT,
        Order::Name => words::NAME,
        Order::Length => words::LENGTH,
        Order::Surprise => words::SURPRISE,
    }
}

/// What a person calls a category.
pub const fn title(category: Category) -> Text {
    match category {
        Category::Quality => words::QUALITY,
        Category::People => words::PEOPLE,
        Category::Hair => words::HAIR,
        Category::Eyes => words::EYES,
        Category::Face => words::FACE,
        Category::Body => words::BODY,
        Category::Clothes => words::CLOTHES,
        Category::Pose => words::POSE,
        Category::View => words::VIEW,
        Category::Background => words::BACKGROUND,
        Category::Style => words::STYLE,
        Category::Meta => words::META,
        Category::Other => words::OTHER,
    }
}

/// All categories, as they are offered.
pub const CATEGORIES: [Category; 13] = [
    Category::Quality,
    Category::People,
    Category::Hair,
    Category::Eyes,
    Category::Face,
    Category::Body,
    Category::Clothes,
    Category::Pose,
    Category::View,
    Category::Background,
    Category::Style,
    Category::Meta,
    Category::Other,
];
