//! From chords to actions, and back.
//!
//! One trie a scope, filled from [`ACTIONS`] and then changed by the user's `keys.toml`. The same tries answer what a chord does
//! ([`Keymap::resolve`]), what may follow one ([`Keymap::continuations`], for which-key), which keys an action has
//! ([`Keymap::keys_of`]) and what the hint bar shows ([`Keymap::hints`]), so none of these can be wrong alone.

use std::collections::HashMap;
use std::path::Path;

use super::chord::written;
use super::{ACTIONS, Action, Chord, KeyError, Scope, user};
use crate::ui::lang::{Lang, Text, groups};
use crate::ui::widgets::hintbar;

/// Which keys do what.
#[derive(Clone, Debug)]
pub struct Keymap {
    tries: HashMap<Scope, Node>,
}

/// A place in a trie. One with a leaf has nothing behind it.
#[derive(Clone, Debug, Default)]
struct Node {
    leaf: Option<Leaf>,
    next: Vec<(Chord, Node)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leaf {
    Run(Action),
    /// Unbound here by the user, also from outer scopes.
    Nothing,
}

/// What a chord did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hit {
    /// It completes the keys of this action.
    Action(Action),
    /// It begins or continues a sequence; these may follow.
    Prefix(Vec<Continuation>),
    /// It means nothing here.
    Miss,
}

/// A chord that may follow, and what it would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Continuation {
    /// The chord.
    pub chord: Chord,
    /// What it would do.
    pub meaning: Meaning,
}

/// What stands behind a chord.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// An action.
    Action(Action),
    /// More chords, by this name.
    More(Text),
}

impl Meaning {
    /// What a person calls it.
    pub fn title(self) -> Text {
        match self {
            Self::Action(action) => action.info().title,
            Self::More(text) => text,
        }
    }
}

/// An entry of the hint bar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The action.
    pub action: Action,
    /// Its keys as written.
    pub keys: String,
    /// Its title in the language asked for.
    pub title: &'static str,
}

/// What the default prefixes open.
const PREFIXES: [(&str, Text); 8] = [
    ("space", groups::LEADER),
    ("space g", groups::GO_TO),
    ("space c", groups::CHOOSE),
    ("space q", groups::OF_QUEUE),
    ("space w", groups::OF_WORKSTATION),
    ("g", groups::OF_TOP),
    ("w", groups::WORKBENCH),
    ("e", groups::OF_EDITS),
];

impl Default for Keymap {
    fn default() -> Self {
        let mut keymap = Self { tries: HashMap::new() };
        for info in ACTIONS {
            for (scope, keys) in info.keys {
                // Every default parses: tests/keys.rs.
                if let Ok(sequence) = Chord::sequence(keys) {
                    keymap.bind(*scope, &sequence, info.action);
                }
            }
        }
        keymap
    }
}

impl Keymap {
    /// The default keys changed by the text of the user's `keys.toml`, found at `file`.
    ///
    /// # Errors
    /// Everything that is wrong in the text, in its order.
    pub fn with_user(file: &Path, bytes: &[u8]) -> Result<Self, Vec<KeyError>> {
        let mut keymap = Self::default();
        for binding in user::read(file, bytes)? {
            binding.apply(&mut keymap);
        }
        Ok(keymap)
    }

    /// What `chord` does behind the chords of `pending`, where `scopes` count, innermost first.
    pub fn resolve(&self, scopes: &[Scope], pending: &[Chord], chord: Chord) -> Hit {
        let sequence = [pending, &[chord]].concat();
        match self.leaf(scopes, &sequence) {
            Some(Leaf::Run(action)) => Hit::Action(action),
            Some(Leaf::Nothing) => Hit::Miss,
            None => match self.continuations(scopes, &sequence) {
                none if none.is_empty() => Hit::Miss,
                some => Hit::Prefix(some),
            },
        }
    }

    /// What may follow `pending`, each chord once, by the innermost scope that knows it.
    pub fn continuations(&self, scopes: &[Scope], pending: &[Chord]) -> Vec<Continuation> {
        let mut found: Vec<Continuation> = Vec::new();
        let mut hidden = Vec::new();
        for (chord, node) in scopes
            .iter()
            .filter_map(|scope| self.tries.get(scope)?.walk(pending))
            .flat_map(|node| &node.next)
        {
            if hidden.contains(chord) || found.iter().any(|known| known.chord == *chord) {
                continue;
            }
            let meaning = match node.leaf {
                Some(Leaf::Run(action)) => Meaning::Action(action),
                Some(Leaf::Nothing) => {
                    hidden.push(*chord);
                    continue;
                }
                None => Meaning::More(prefix_title(&[pending, &[*chord]].concat())),
            };
            found.push(Continuation { chord: *chord, meaning });
        }
        found
    }

    /// The keys of an action where `scopes` count, as written; those that every terminal can send come first.
    pub fn keys_of(&self, action: Action, scopes: &[Scope]) -> Vec<String> {
        let mut found: Vec<_> = self
            .bindings(scopes)
            .into_iter()
            .filter(|(_, bound)| *bound == action)
            .map(|(sequence, _)| sequence)
            .collect();
        found.sort_by_key(|sequence| !sequence.iter().all(|chord| chord.is_plain()));
        found.iter().map(|sequence| written(sequence)).collect()
    }

    /// Every sequence that leads to an action where `scopes` count, innermost scope first.
    pub fn bindings(&self, scopes: &[Scope]) -> Vec<(Vec<Chord>, Action)> {
        let mut found = Vec::new();
        for trie in scopes.iter().filter_map(|scope| self.tries.get(scope)) {
            trie.collect(&mut Vec::new(), &mut found);
        }
        found.retain(|(sequence, action)| self.leaf(scopes, sequence) == Some(Leaf::Run(*action)));
        found
    }

    /// The hints that deserve their place most and fit side by side into `width` columns, most deserving first. Only actions that
    /// `offered` lets through.
    pub fn hints(&self, scopes: &[Scope], lang: Lang, width: usize, offered: impl Fn(Action) -> bool) -> Vec<Hint> {
        let bindings = self.bindings(scopes);
        let mut wanted: Vec<_> = ACTIONS
            .iter()
            .filter(|info| info.priority > 0 && info.action.is_for(scopes) && offered(info.action))
            .collect();
        wanted.sort_by_key(|info| std::cmp::Reverse(info.priority));
        let mut hints = Vec::new();
        let mut used = 0;
        for info in wanted {
            let own = bindings.iter().filter(|(_, action)| *action == info.action);
            let Some((sequence, _)) = own.min_by_key(|(sequence, _)| !sequence.iter().all(|chord| chord.is_plain()))
            else {
                continue;
            };
            let hint = Hint {
                action: info.action,
                keys: written(sequence),
                title: lang.say(&info.title),
            };
            let columns = hintbar::columns(&hint.keys, hint.title);
            let gap = if hints.is_empty() { 0 } else { hintbar::GAP };
            if used + gap + columns <= width {
                used += gap + columns;
                hints.push(hint);
            }
        }
        hints
    }

    /// Binds a sequence in a scope. What it begins with, and what begins with it, is unbound there.
    pub(super) fn bind(&mut self, scope: Scope, sequence: &[Chord], action: Action) {
        self.put(scope, sequence, Leaf::Run(action));
    }

    /// Makes a sequence do nothing where `scope` is the innermost that knows it.
    pub(super) fn silence(&mut self, scope: Scope, sequence: &[Chord]) {
        self.put(scope, sequence, Leaf::Nothing);
    }

    /// Whether a scope itself gives exactly this sequence a meaning.
    pub(super) fn is_bound(&self, scope: Scope, sequence: &[Chord]) -> bool {
        self.leaf(&[scope], sequence).is_some()
    }

    /// Takes a sequence, and all that begin with it, out of a scope.
    pub(super) fn unbind(&mut self, scope: Scope, sequence: &[Chord]) {
        if let Some(trie) = self.tries.get_mut(&scope) {
            trie.remove(sequence);
        }
    }

    fn put(&mut self, scope: Scope, sequence: &[Chord], leaf: Leaf) {
        let mut node = self.tries.entry(scope).or_default();
        for chord in sequence {
            node.leaf = None;
            let at = node.next.iter().position(|(known, _)| known == chord);
            let at = at.unwrap_or_else(|| {
                node.next.push((*chord, Node::default()));
                node.next.len() - 1
            });
            node = &mut node.next[at].1;
        }
        *node = Node {
            leaf: Some(leaf),
            next: Vec::new(),
        };
    }

    /// The leaf at a sequence in the innermost scope that has anything there.
    fn leaf(&self, scopes: &[Scope], sequence: &[Chord]) -> Option<Leaf> {
        let mut nodes = scopes.iter().filter_map(|scope| self.tries.get(scope)?.walk(sequence));
        nodes.next()?.leaf
    }
}

impl Node {
    fn walk(&self, sequence: &[Chord]) -> Option<&Self> {
        sequence.iter().try_fold(self, |node, chord| {
            node.next.iter().find(|(known, _)| known == chord).map(|(_, node)| node)
        })
    }

    /// Removes the node at a sequence and every node that then leads nowhere.
    fn remove(&mut self, sequence: &[Chord]) {
        let Some((first, rest)) = sequence.split_first() else {
            return;
        };
        let Some(at) = self.next.iter().position(|(known, _)| known == first) else {
            return;
        };
        let child = &mut self.next[at].1;
        child.remove(rest);
        if rest.is_empty() || (child.next.is_empty() && child.leaf.is_none()) {
            self.next.remove(at);
        }
    }

    fn collect(&self, path: &mut Vec<Chord>, found: &mut Vec<(Vec<Chord>, Action)>) {
        if let Some(Leaf::Run(action)) = self.leaf {
            found.push((path.clone(), action));
        }
        for (chord, node) in &self.next {
            path.push(*chord);
            node.collect(path, found);
            path.pop();
        }
    }
}

fn prefix_title(sequence: &[Chord]) -> Text {
    let text = written(sequence);
    let known = PREFIXES.iter().find(|(prefix, _)| *prefix == text);
    known.map_or(groups::MORE_KEYS, |(_, title)| *title)
}
