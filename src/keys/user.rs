//! The user's `keys.toml`: a list of bindings that come before the defaults.
//!
//! ```toml
//! [[keys]]
//! on = "ctrl+t"          # or ["g", "p"], or "g p"
//! run = "choose-theme"   # or "none"
//! when = "queue"         # or a list; left out: wherever the key is no text
//! ```
//!
//! All mistakes are found at once; with one, none of the file counts.

use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::chord::written;
use super::{ACTIONS, Action, Chord, ChordError, Keymap, Scope};
use crate::ui::document::{self, Document, DocumentError, Place, did_you_mean};

/// Chords that a sequence may have.
const LONGEST: usize = 4;
const FIELDS: [&str; 3] = ["on", "run", "when"];

/// What is wrong in `keys.toml`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The file is no TOML.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// Something that no binding has.
    #[error("{place} sets {key:?}, which is nothing here{near}")]
    Unknown {
        /// Where.
        place: Place,
        /// The key.
        key: String,
        /// `; did you mean …`
        near: String,
    },
    /// A binding without its key or its action.
    #[error("{place} has a binding without {field:?}")]
    Missing {
        /// Where.
        place: Place,
        /// What is missing.
        field: &'static str,
    },
    /// A value that its field does not take.
    #[error("{place} sets {field} to {value}, which is not {expected}")]
    Value {
        /// Where.
        place: Place,
        /// The field.
        field: &'static str,
        /// As written.
        value: String,
        /// What the field takes.
        expected: &'static str,
    },
    /// No chord.
    #[error("{place} sets on to no key: {error}")]
    Chord {
        /// Where.
        place: Place,
        /// Why.
        error: ChordError,
    },
    /// No action.
    #[error("{place} runs {name:?}, which is no action{near}")]
    Action {
        /// Where.
        place: Place,
        /// The name.
        name: String,
        /// `; did you mean …`
        near: String,
    },
    /// No scope.
    #[error("{place} sets when to {name:?}, which is no place{near}")]
    Scope {
        /// Where.
        place: Place,
        /// The name.
        name: String,
        /// `; did you mean …`
        near: String,
    },
    /// A character bound where it is text.
    #[error("{place} binds {keys:?} where it is text, in {scope:?}")]
    Text {
        /// Where.
        place: Place,
        /// The keys.
        keys: String,
        /// The scope's name.
        scope: &'static str,
    },
    /// Two bindings that cannot both be.
    #[error("{place} binds {keys:?}, which line {line} binds already{longer}")]
    Twice {
        /// Where.
        place: Place,
        /// The keys.
        keys: String,
        /// The line of the other.
        line: usize,
        /// ` as …` where one begins the other.
        longer: String,
    },
}

impl KeyError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Document(_) | Self::Missing { .. } | Self::Unknown { .. } => {
                Some("a binding is written as: [[keys]] on = \"ctrl+t\" run = \"choose-theme\"".to_owned())
            }
            Self::Value { .. } => None,
            Self::Chord { error, .. } => error.hint(),
            Self::Action { .. } => Some("every action's name stands in docs/KEYS.md; none unbinds".to_owned()),
            Self::Scope { .. } => Some(format!("the places are {}", Scope::ALL.map(Scope::name).join(", "))),
            Self::Text { .. } => Some("add ctrl or alt, or name a place without typing, such as normal".to_owned()),
            Self::Twice { .. } => Some("remove one of the two".to_owned()),
        }
    }
}

/// One binding of the file.
#[derive(Debug)]
pub(super) struct Binding {
    sequence: Vec<Chord>,
    /// `None` unbinds.
    run: Option<Action>,
    /// `None` where the file leaves it open.
    when: Option<Vec<Scope>>,
    line: usize,
}

impl Binding {
    /// Changes the keymap so that the binding holds.
    pub(super) fn apply(&self, keymap: &mut Keymap) {
        let Some(scopes) = &self.when else {
            self.apply_everywhere(keymap);
            return;
        };
        for scope in scopes {
            match self.run {
                Some(action) => keymap.bind(*scope, &self.sequence, action),
                None => keymap.silence(*scope, &self.sequence),
            }
        }
    }

    /// Without a place of its own a binding holds wherever the key is no text, also against an inner scope's default.
    fn apply_everywhere(&self, keymap: &mut Keymap) {
        let types = self.sequence.first().is_some_and(|chord| chord.typed().is_some());
        for scope in Scope::ALL.into_iter().filter(|scope| !(types && scope.types())) {
            keymap.unbind(scope, &self.sequence);
            // An inner scope's shorter keys would otherwise hide the longer ones.
            let beginnings = (1..self.sequence.len()).map(|length| &self.sequence[..length]);
            for beginning in beginnings.filter(|_| self.run.is_some()) {
                if keymap.is_bound(scope, beginning) {
                    keymap.unbind(scope, beginning);
                }
            }
        }
        if let Some(action) = self.run {
            keymap.bind(self.outermost(), &self.sequence, action);
        }
    }

    fn outermost(&self) -> Scope {
        let types = self.sequence.first().is_some_and(|chord| chord.typed().is_some());
        if types { Scope::Normal } else { Scope::Global }
    }

    fn scopes(&self) -> Vec<Scope> {
        self.when.clone().unwrap_or_else(|| vec![self.outermost()])
    }
}

/// The bindings of a file.
pub(super) fn read(file: &Path, bytes: &[u8]) -> Result<Vec<Binding>, Vec<KeyError>> {
    let one = |error: DocumentError| vec![KeyError::from(error)];
    let text = document::decode(file, bytes).map_err(one)?;
    let document = Document::parse(file, text).map_err(one)?;
    let mut reader = Reader {
        document: &document,
        errors: Vec::new(),
    };
    let bindings = reader.file();
    reader.find_conflicts(&bindings);
    if reader.errors.is_empty() {
        Ok(bindings)
    } else {
        Err(reader.errors)
    }
}

struct Reader<'d, 'a> {
    document: &'d Document<'a>,
    errors: Vec<KeyError>,
}

impl<'a> Reader<'_, 'a> {
    fn file(&mut self) -> Vec<Binding> {
        let mut bindings = Vec::new();
        for (key, value) in self.document.entries() {
            if key.get_ref() != "keys" {
                self.unknown(key, ["keys"]);
                continue;
            }
            let DeValue::Array(list) = value.get_ref() else {
                self.bad("keys", value, "a list of bindings, each begun with [[keys]]");
                continue;
            };
            for item in list {
                match item.get_ref() {
                    DeValue::Table(table) => bindings.extend(self.binding(item, table)),
                    _ => self.bad("keys", item, "a binding with on and run"),
                }
            }
        }
        bindings
    }

    fn binding(&mut self, item: &Spanned<DeValue<'a>>, table: &DeTable<'a>) -> Option<Binding> {
        let place = self.document.place(item.span());
        let found = self.errors.len();
        let (mut on, mut run, mut when) = (None, None, None);
        for (key, value) in document::in_order(table) {
            match key.get_ref().as_ref() {
                "on" => on = Some((self.on(value), value)),
                "run" => run = Some(self.run(value)),
                "when" => when = Some(self.when(value)),
                _ => self.unknown(key, FIELDS),
            }
        }
        for (field, missing) in [("on", on.is_none()), ("run", run.is_none())] {
            if missing {
                let place = place.clone();
                self.errors.push(KeyError::Missing { place, field });
            }
        }
        let (sequence, written_as) = on?;
        let binding = Binding {
            sequence,
            run: run?,
            when: when.filter(|scopes| scopes[..] != [Scope::Global]),
            line: self.document.place(written_as.span()).line,
        };
        self.refuse_text(&binding, written_as);
        (self.errors.len() == found).then_some(binding)
    }

    fn on(&mut self, value: &Spanned<DeValue<'a>>) -> Vec<Chord> {
        const EXPECTED: &str = "a key or a list of up to four keys";
        let Some(texts) = strings(value).filter(|texts| !texts.is_empty()) else {
            self.bad("on", value, EXPECTED);
            return Vec::new();
        };
        let mut sequence = Vec::new();
        for text in texts {
            match Chord::sequence(text.get_ref()) {
                Ok(chords) => sequence.extend(chords),
                Err(error) => {
                    let place = self.document.place(text.span());
                    self.errors.push(KeyError::Chord { place, error });
                    return Vec::new();
                }
            }
        }
        if sequence.len() > LONGEST {
            self.bad("on", value, EXPECTED);
        }
        sequence
    }

    fn run(&mut self, value: &Spanned<DeValue<'a>>) -> Option<Action> {
        let Some(name) = value.get_ref().as_str() else {
            self.bad("run", value, "the name of an action, or \"none\"");
            return None;
        };
        let action = Action::named(name);
        if action.is_none() && name != "none" {
            let names = ACTIONS.iter().map(|info| info.name).chain(["none"]);
            self.errors.push(KeyError::Action {
                place: self.document.place(value.span()),
                name: shown(name),
                near: did_you_mean(name, names),
            });
        }
        action
    }

    fn when(&mut self, value: &Spanned<DeValue<'a>>) -> Vec<Scope> {
        let Some(names) = strings(value).filter(|names| !names.is_empty()) else {
            self.bad("when", value, "the name of a place, or a list of names");
            return Vec::new();
        };
        let mut scopes = Vec::new();
        for name in names {
            match Scope::named(name.get_ref()) {
                Some(scope) => scopes.push(scope),
                None => self.errors.push(KeyError::Scope {
                    place: self.document.place(name.span()),
                    name: shown(name.get_ref()),
                    near: did_you_mean(name.get_ref(), Scope::ALL.map(Scope::name)),
                }),
            }
        }
        scopes
    }

    /// A plain character may not be bound where it is typed, and `global` reaches there.
    fn refuse_text(&mut self, binding: &Binding, on: &Spanned<DeValue<'a>>) {
        let types = binding.sequence.first().is_some_and(|chord| chord.typed().is_some());
        let text = |scope: &&Scope| scope.types() || (**scope == Scope::Global && binding.run.is_some());
        if let Some(scope) = binding.when.iter().flatten().find(text).filter(|_| types) {
            self.errors.push(KeyError::Text {
                place: self.document.place(on.span()),
                keys: written(&binding.sequence),
                scope: scope.name(),
            });
        }
    }

    /// Two bindings in one scope must not be equal, nor one begin the other.
    fn find_conflicts(&mut self, bindings: &[Binding]) {
        for (i, late) in bindings.iter().enumerate() {
            let scopes = late.scopes();
            let early = bindings[..i].iter().find(|early| {
                let common = early.sequence.len().min(late.sequence.len());
                early.sequence[..common] == late.sequence[..common]
                    && early.scopes().iter().any(|scope| scopes.contains(scope))
            });
            let Some(early) = early else {
                continue;
            };
            let same = early.sequence == late.sequence;
            let mut place = self.document.place(0..0);
            place.line = late.line;
            self.errors.push(KeyError::Twice {
                place,
                keys: written(&late.sequence),
                line: early.line,
                longer: if same {
                    String::new()
                } else {
                    format!(" as {:?}", written(&early.sequence))
                },
            });
        }
    }

    fn unknown<'k>(&mut self, key: &Spanned<std::borrow::Cow<'a, str>>, known: impl IntoIterator<Item = &'k str>) {
        self.errors.push(KeyError::Unknown {
            place: self.document.place(key.span()),
            key: shown(key.get_ref()),
            near: did_you_mean(key.get_ref(), known),
        });
    }

    fn bad(&mut self, field: &'static str, value: &Spanned<DeValue<'a>>, expected: &'static str) {
        self.errors.push(KeyError::Value {
            place: self.document.place(value.span()),
            field,
            value: self.document.written(value),
            expected,
        });
    }
}

/// A name of the user's as a message shows it.
fn shown(name: &str) -> String {
    crate::ui::text::truncate(name, 40).into_owned()
}

/// The strings of a string or of a list of strings, with their places.
fn strings<'v>(value: &'v Spanned<DeValue<'_>>) -> Option<Vec<Spanned<&'v str>>> {
    let one = |value: &'v Spanned<DeValue<'_>>| Some(Spanned::new(value.span(), value.get_ref().as_str()?));
    match value.get_ref() {
        DeValue::Array(list) => list.iter().map(one).collect(),
        _ => Some(vec![one(value)?]),
    }
}
