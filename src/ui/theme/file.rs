//! Reads one theme file, and makes a theme of a file and those it inherits from.
//!
//! Colours keep their names until all files are laid on each other, so that a child's `[palette]` recolours its parent's styles.

use std::collections::BTreeMap;
use std::path::Path;

use ratatui::style::{Color, Modifier, Style};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::colour::{ANSI, literal};
use super::role::Role;
use super::{Depth, Lines, Theme, ThemeError, apart};
use crate::ui::document::{self, Document, Place, did_you_mean, in_order};

const KEYS: [&str; 5] = ["inherits", "dark", "lines", "palette", "styles"];
const MODIFIERS: [(&str, Modifier); 6] = [
    ("bold", Modifier::BOLD),
    ("dim", Modifier::DIM),
    ("italic", Modifier::ITALIC),
    ("underlined", Modifier::UNDERLINED),
    ("reversed", Modifier::REVERSED),
    ("crossed-out", Modifier::CROSSED_OUT),
];
const COLOUR: &str = "a colour in quotes or a number up to 255";
const STYLE: &str = "a colour, or a table of fg, bg and modifiers";

/// What a file says, or several laid on each other.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) inherits: Option<(String, Place)>,
    dark: Option<bool>,
    lines: Option<Lines>,
    palette: BTreeMap<String, Color>,
    styles: BTreeMap<String, Look>,
}

/// A style whose colours are still names.
#[derive(Debug, Default)]
struct Look {
    fg: Option<(String, Place)>,
    bg: Option<(String, Place)>,
    modifiers: Modifier,
}

impl Draft {
    pub(super) fn read(file: &Path, bytes: &[u8]) -> Result<Self, ThemeError> {
        let text = document::decode(file, bytes)?;
        let reader = Reader(Document::parse(file, text)?);
        let mut draft = Self::default();
        for (key, value) in reader.0.entries() {
            match (key.get_ref().as_ref(), value.get_ref()) {
                ("inherits", DeValue::String(name)) => {
                    draft.inherits = Some((name.to_string(), reader.0.place(value.span())));
                }
                ("inherits", _) => return Err(reader.bad("inherits", value, "a theme's name")),
                ("dark", DeValue::Boolean(dark)) => draft.dark = Some(*dark),
                ("dark", _) => return Err(reader.bad("dark", value, "true or false")),
                ("lines", _) => draft.lines = Some(reader.lines(value)?),
                ("palette", DeValue::Table(table)) => draft.palette = reader.palette(table)?,
                ("styles", DeValue::Table(table)) => draft.styles = reader.styles(table)?,
                ("palette", _) => return Err(reader.bad("palette", value, "a table of colours")),
                ("styles", _) => return Err(reader.bad("styles", value, "a table of styles")),
                _ => return Err(reader.unknown(key, "a theme", KEYS)),
            }
        }
        Ok(draft)
    }

    /// Lays this draft on the one that it inherits from.
    pub(super) fn over(mut self, below: Self) -> Self {
        for (name, colour) in below.palette {
            self.palette.entry(name).or_insert(colour);
        }
        for (scope, look) in below.styles {
            self.styles.entry(scope).or_insert(look);
        }
        Self {
            dark: self.dark.or(below.dark),
            lines: self.lines.or(below.lines),
            ..self
        }
    }

    /// The theme that this comes to. What it does not name is told without colour.
    pub(super) fn theme(&self, name: &str) -> Result<Theme, ThemeError> {
        let mut named: BTreeMap<&str, Style> = BTreeMap::new();
        for (scope, look) in &self.styles {
            let mut style = Style::new().add_modifier(look.modifiers);
            style.fg = self.colour(scope, look.fg.as_ref())?;
            style.bg = self.colour(scope, look.bg.as_ref())?;
            named.insert(scope, style);
        }
        let style = |role: &Role| {
            let own = role.scopes().find_map(|scope| named.get(scope).copied());
            own.unwrap_or_else(|| Style::new().add_modifier(apart::modifiers(*role)))
        };
        let mut styles: Vec<Style> = Role::ALL.iter().map(style).collect();
        apart::keep_apart(&mut styles);
        Ok(Theme {
            name: name.to_owned(),
            dark: self.dark.unwrap_or(true),
            lines: self.lines.unwrap_or_default(),
            depth: Depth::True,
            styles,
        })
    }

    fn colour(&self, scope: &str, written: Option<&(String, Place)>) -> Result<Option<Color>, ThemeError> {
        let Some((value, place)) = written else {
            return Ok(None);
        };
        let colour = self.palette.get(value).copied().or_else(|| literal(value));
        colour.map(Some).ok_or_else(|| {
            let names = self.palette.keys().map(String::as_str);
            ThemeError::Colour {
                place: place.clone(),
                key: scope.to_owned(),
                value: shown(value),
                near: did_you_mean(value, names.chain(ANSI.iter().map(|(name, ..)| *name))),
            }
        })
    }
}

/// Every scope that a theme may name: those of the roles and their parents.
fn scopes() -> Vec<&'static str> {
    let mut scopes: Vec<_> = Role::ALL.iter().flat_map(|role| role.scopes()).collect();
    scopes.sort_unstable();
    scopes.dedup();
    scopes
}

struct Reader<'a>(Document<'a>);

impl<'a> Reader<'a> {
    fn lines(&self, value: &Spanned<DeValue<'a>>) -> Result<Lines, ThemeError> {
        match value.get_ref().as_str() {
            Some("rounded") => Ok(Lines::Rounded),
            Some("plain") => Ok(Lines::Plain),
            Some("ascii") => Ok(Lines::Ascii),
            _ => Err(self.bad("lines", value, "one of rounded, plain, ascii")),
        }
    }

    fn palette(&self, table: &DeTable<'a>) -> Result<BTreeMap<String, Color>, ThemeError> {
        let mut palette = BTreeMap::new();
        for (key, value) in in_order(table) {
            let (text, place) = self.colour(key.get_ref(), value)?;
            let colour = literal(&text).ok_or_else(|| ThemeError::Colour {
                place,
                key: shown(key.get_ref()),
                near: did_you_mean(&text, ANSI.iter().map(|(name, ..)| *name)),
                value: shown(&text),
            })?;
            palette.insert(key.get_ref().to_string(), colour);
        }
        Ok(palette)
    }

    fn styles(&self, table: &DeTable<'a>) -> Result<BTreeMap<String, Look>, ThemeError> {
        let known = scopes();
        let mut styles = BTreeMap::new();
        for (key, value) in in_order(table) {
            let scope = key.get_ref().as_ref();
            if !known.contains(&scope) {
                return Err(self.unknown(key, "[styles]", known));
            }
            let look = match value.get_ref() {
                DeValue::Table(table) => self.look(scope, table)?,
                DeValue::String(_) | DeValue::Integer(_) => Look {
                    fg: Some(self.colour(scope, value)?),
                    ..Look::default()
                },
                _ => return Err(self.bad(scope, value, STYLE)),
            };
            styles.insert(scope.to_owned(), look);
        }
        Ok(styles)
    }

    fn look(&self, scope: &str, table: &DeTable<'a>) -> Result<Look, ThemeError> {
        let mut look = Look::default();
        for (key, value) in in_order(table) {
            match key.get_ref().as_ref() {
                "fg" => look.fg = Some(self.colour(scope, value)?),
                "bg" => look.bg = Some(self.colour(scope, value)?),
                "modifiers" => look.modifiers = self.modifiers(scope, value)?,
                _ => return Err(self.unknown(key, "a style", ["fg", "bg", "modifiers"])),
            }
        }
        Ok(look)
    }

    fn modifiers(&self, scope: &str, value: &Spanned<DeValue<'a>>) -> Result<Modifier, ThemeError> {
        const EXPECTED: &str = "a list of bold, dim, italic, underlined, reversed, crossed-out";
        let DeValue::Array(names) = value.get_ref() else {
            return Err(self.bad(scope, value, EXPECTED));
        };
        names.iter().try_fold(Modifier::empty(), |all, name| {
            let text = name.get_ref().as_str().unwrap_or_default();
            let known = MODIFIERS.iter().find(|(known, _)| *known == text);
            known
                .map(|(_, modifier)| all | *modifier)
                .ok_or_else(|| self.bad(scope, name, EXPECTED))
        })
    }

    fn colour(&self, key: &str, value: &Spanned<DeValue<'a>>) -> Result<(String, Place), ThemeError> {
        let place = self.0.place(value.span());
        match value.get_ref() {
            DeValue::String(text) => Ok((text.to_string(), place)),
            DeValue::Integer(number) if number.radix() == 10 => Ok((number.as_str().to_owned(), place)),
            _ => Err(self.bad(key, value, COLOUR)),
        }
    }

    fn bad(&self, key: &str, value: &Spanned<DeValue<'a>>, expected: &'static str) -> ThemeError {
        ThemeError::Value {
            place: self.0.place(value.span()),
            key: shown(key),
            value: self.0.written(value),
            expected,
        }
    }

    fn unknown<'k>(
        &self,
        key: &Spanned<std::borrow::Cow<'a, str>>,
        table: &'static str,
        known: impl IntoIterator<Item = &'k str>,
    ) -> ThemeError {
        ThemeError::Unknown {
            place: self.0.place(key.span()),
            key: shown(key.get_ref()),
            table,
            near: did_you_mean(key.get_ref(), known),
        }
    }
}

fn shown(text: &str) -> String {
    crate::ui::text::truncate(text, 40).into_owned()
}
