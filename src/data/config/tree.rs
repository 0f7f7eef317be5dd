//! A configuration file as a tree that knows its lines, from TOML or from JSON.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Found, Problem, Wrong};

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) value: Value,
    /// From 1.
    pub(super) line: Option<usize>,
}

#[derive(Clone, Debug)]
pub(super) enum Value {
    Bool(bool),
    /// Whole numbers of JSON can be larger than TOML's.
    Int(i128),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Table(Table),
    /// What no key takes: TOML's dates, JSON's null.
    Other(String),
}

/// Keys in the order of the file.
pub(super) type Table = Vec<(String, Node)>;

/// The value of a key.
pub(super) fn get<'a>(table: &'a Table, key: &str) -> Option<&'a Node> {
    table.iter().find(|(name, _)| name == key).map(|(_, node)| node)
}

impl Value {
    /// What it is, the value itself where it is short.
    pub(super) fn found(&self) -> Found {
        Found::Written(match self {
            Self::Bool(value) => value.to_string(),
            Self::Int(value) => value.to_string(),
            Self::Float(value) => format!("{value:?}"),
            Self::Text(text) if text.chars().count() <= 40 => format!("{text:?}"),
            Self::Text(text) => return Found::Text(text.chars().count()),
            Self::List(list) => return Found::List(list.len()),
            Self::Table(_) => return Found::Table,
            Self::Other(written) => written.clone(),
        })
    }

    /// As JSON, for what is only handed on.
    pub(super) fn json(&self) -> serde_json::Value {
        match self {
            Self::Bool(value) => (*value).into(),
            Self::Int(value) => i64::try_from(*value).map_or_else(|_| (*value as f64).into(), Into::into),
            Self::Float(value) => (*value).into(),
            Self::Text(text) | Self::Other(text) => text.clone().into(),
            Self::List(list) => list.iter().map(|node| node.value.json()).collect(),
            Self::Table(table) => table
                .iter()
                .map(|(key, node)| (key.clone(), node.value.json()))
                .collect(),
        }
    }
}

/// The tree of a TOML text, or everything that makes it none.
pub(super) fn of_toml(text: &str) -> Result<Table, Vec<Problem>> {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let lines = Lines::of(text);
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return Ok(lines.table(table.get_ref()));
    }
    let problem = |error: toml::de::Error| Problem {
        at: "TOML".into(),
        line: error.span().map(|span| lines.at(span.start)),
        wrong: Wrong::Syntax(error.message().to_owned()),
    };
    let mut problems: Vec<_> = errors.into_iter().map(problem).collect();
    problems.sort_by_key(|problem| problem.line);
    Err(problems)
}

/// The tree of a JSON text.
pub(super) fn of_json(text: &str) -> Result<Table, Vec<Problem>> {
    let problem = |line, wrong| {
        let at = "JSON".into();
        vec![Problem { at, line, wrong }]
    };
    match serde_json::from_str(text) {
        Ok(serde_json::Value::Object(table)) => Ok(json_table(table)),
        Ok(other) => Err(problem(None, Wrong::NoFile(json_value(other).found()))),
        Err(error) => Err(problem(Some(error.line()), Wrong::Syntax(error.to_string()))),
    }
}

fn json_table(table: serde_json::Map<String, serde_json::Value>) -> Table {
    let node = |value| Node {
        value: json_value(value),
        line: None,
    };
    table.into_iter().map(|(key, value)| (key, node(value))).collect()
}

fn json_value(value: serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null => Value::Other("null".into()),
        serde_json::Value::Bool(value) => Value::Bool(value),
        serde_json::Value::Number(number) => match number.as_i128() {
            Some(whole) => Value::Int(whole),
            None => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        serde_json::Value::String(text) => Value::Text(text),
        serde_json::Value::Array(list) => Value::List(
            list.into_iter()
                .map(|value| Node {
                    value: json_value(value),
                    line: None,
                })
                .collect(),
        ),
        serde_json::Value::Object(table) => Value::Table(json_table(table)),
    }
}

/// Where the lines of a text begin.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(text.match_indices('\n').map(|(at, _)| at + 1).collect())
    }

    fn at(&self, byte: usize) -> usize {
        1 + self.0.partition_point(|&begin| begin <= byte)
    }

    fn table(&self, table: &DeTable<'_>) -> Table {
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        entries
            .into_iter()
            .map(|(key, value)| (key.get_ref().to_string(), self.node(value, key.span().start)))
            .collect()
    }

    /// A value; a table that is only implied by its parts stands where its key does.
    fn node(&self, value: &Spanned<DeValue<'_>>, key: usize) -> Node {
        let start = if value.span().is_empty() {
            key
        } else {
            value.span().start
        };
        let read = match value.get_ref() {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Integer(whole) => match i64::from_str_radix(whole.as_str(), whole.radix()) {
                Ok(number) => Value::Int(number.into()),
                Err(_) => Value::Other(whole.to_string()),
            },
            DeValue::Float(number) => match number.as_str().parse() {
                Ok(number) => Value::Float(number),
                Err(_) => Value::Other(number.to_string()),
            },
            DeValue::Boolean(value) => Value::Bool(*value),
            DeValue::Datetime(date) => Value::Other(date.to_string()),
            DeValue::Array(list) => Value::List(list.iter().map(|item| self.node(item, start)).collect()),
            DeValue::Table(table) => Value::Table(self.table(table)),
        };
        Node {
            value: read,
            line: Some(self.at(start)),
        }
    }
}
