//! The JSON of a metadata file, read without building a tree of it: what no key takes is passed over, however large it is.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{Entry, Fault, quoted};
use crate::data::buckets::Size;

/// More pictures than this are not meant.
const MOST: usize = 2_000_000;

/// The entries in the order of the file.
pub(super) struct Parsed {
    pub(super) entries: Vec<Entry>,
    pub(super) repeated: Vec<String>,
}

/// The entries of a JSON object of objects.
pub(super) fn table(text: &str) -> Result<Parsed, Fault> {
    let Table(rows) = serde_json::from_str(text).map_err(|error| no_json(&error, None))?;
    collected(rows.into_iter().map(Ok))
}

/// The entries of JSON lines, each an object with its `image_path`.
pub(super) fn lines(text: &str) -> Result<Parsed, Fault> {
    // Python's text files know these three ends of lines.
    let text = if text.contains('\r') {
        Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        Cow::Borrowed(text)
    };
    let rows = text.split_terminator('\n').zip(1..).map(|(line, number)| {
        if line.trim().is_empty() {
            let sentence = format!("line {number} is empty, at which kohya's trainers stop");
            return Err((sentence, "take empty lines out"));
        }
        let row: Row = serde_json::from_str(line).map_err(|error| no_json(&error, Some(number)))?;
        match &row.path {
            Value::Text(key) => Ok((key.clone(), row)),
            Value::Nothing => Err((
                format!("line {number} has no image_path"),
                "name the picture in each line",
            )),
            other => {
                let sentence = format!("line {number}: image_path is {}, not a text", other.described());
                Err((sentence, "name the picture in each line"))
            }
        }
    });
    collected(rows)
}

/// As in a Python dictionary, the last of equal keys counts, in the place of the first.
fn collected(rows: impl Iterator<Item = Result<(String, Row), Fault>>) -> Result<Parsed, Fault> {
    let mut places: HashMap<Box<str>, usize> = HashMap::new();
    let mut entries: Vec<Entry> = Vec::new();
    let mut repeated = Vec::new();
    for row in rows {
        let (key, row) = row?;
        if entries.len() == MOST {
            return Err((
                format!("there are more than {MOST} pictures"),
                "make several files of it",
            ));
        }
        let entry = row.entry(&key)?;
        if let Some(&place) = places.get(key.as_str()) {
            entries[place] = entry;
            repeated.push(key);
        } else {
            places.insert(entry.key.clone(), entries.len());
            entries.push(entry);
        }
    }
    Ok(Parsed { entries, repeated })
}

fn no_json(error: &serde_json::Error, line: Option<usize>) -> Fault {
    let told = error.to_string();
    // Of one line, only the column says something.
    let what = told.split(" at line ").next().unwrap_or_default();
    let line = line.unwrap_or(error.line());
    let sentence = format!("line {line}, column {}: {what}", error.column());
    let hint = "a metadata file is JSON: a table with a table for each picture, or a line for each in .jsonl";
    (sentence, hint)
}

struct Table(Vec<(String, Row)>);

impl<'de> Deserialize<'de> for Table {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Rows;
        impl<'de> Visitor<'de> for Rows {
            type Value = Table;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table of pictures")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Table, A::Error> {
                let mut rows = Vec::new();
                while let Some(row) = map.next_entry()? {
                    if rows.len() == MOST {
                        return Err(A::Error::custom(format_args!("there are more than {MOST} pictures")));
                    }
                    rows.push(row);
                }
                Ok(Table(rows))
            }
        }
        deserializer.deserialize_any(Rows)
    }
}

/// What stands for a picture, as it was written.
#[derive(Default)]
struct Row {
    path: Value,
    caption: Value,
    tags: Value,
    size: Value,
    /// What it is where it is no table.
    instead: Option<Value>,
}

impl Row {
    fn entry(self, key: &str) -> Result<Entry, Fault> {
        let of = |what: &str, value: &Value, wanted: &str| {
            format!("{}: {what} is {}, not {wanted}", quoted(key), value.described())
        };
        if let Some(other) = self.instead {
            let sentence = format!("{} is {}, not a table", quoted(key), other.described());
            return Err((sentence, "write {\"caption\": …, \"tags\": …}"));
        }
        let text = |what, value| match value {
            Value::Nothing => Ok(None),
            Value::Text(text) => Ok(Some(text.into_boxed_str())),
            other => {
                let hint = "write it in quotes, tags with commas between them";
                Err((of(what, &other, "a text"), hint))
            }
        };
        let size = match self.size {
            Value::Nothing => None,
            Value::Size(size) if !size.contains(&0) => Some(size),
            other => {
                let sentence = of("image_size", &other, "a width and a height");
                return Err((
                    sentence,
                    "write whole numbers of pixels such as [768, 512], or leave it out",
                ));
            }
        };
        Ok(Entry {
            key: key.into(),
            rank: 0,
            caption: text("caption", self.caption)?,
            tags: text("tags", self.tags)?,
            size,
        })
    }
}

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any).map(|(row, value)| Self {
            instead: row.is_none().then_some(value),
            ..row.unwrap_or_default()
        })
    }
}

/// A value of JSON, as far as it is of use.
#[derive(Default)]
enum Value {
    /// Not there, or null, which is the same to kohya.
    #[default]
    Nothing,
    Text(String),
    Whole(u64),
    Size(Size),
    /// What no key takes, as it is told.
    Other(String),
}

impl Value {
    fn described(&self) -> String {
        match self {
            Self::Nothing => "null".to_owned(),
            Self::Text(text) => quoted(text),
            Self::Whole(number) => number.to_string(),
            Self::Size([width, height]) => format!("[{width}, {height}]"),
            Self::Other(told) => told.clone(),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any).map(|(_, value)| value)
    }
}

/// Reads any value, a table as a row.
struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = (Option<Row>, Value);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok((None, Value::Nothing))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok((None, Value::Other(value.to_string())))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok((None, Value::Other(value.to_string())))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok((None, Value::Whole(value)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok((None, Value::Other(format!("{value:?}"))))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok((None, Value::Text(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut first = Vec::new();
        let mut count = 0_usize;
        while count < 2 {
            let Some(item) = list.next_element::<Value>()? else {
                break;
            };
            first.push(item);
            count += 1;
        }
        while list.next_element::<IgnoredAny>()?.is_some() {
            count += 1;
        }
        let side = |value: &Value| match value {
            Value::Whole(side) => u32::try_from(*side).ok(),
            _ => None,
        };
        let value = match first.as_slice() {
            [width, height] if count == 2 => match (side(width), side(height)) {
                (Some(width), Some(height)) => Value::Size([width, height]),
                _ => match [width, height].map(Value::described) {
                    told if told.iter().all(|told| told.len() < 20) => Value::Other(format!("[{}]", told.join(", "))),
                    _ => Value::Other("a list of 2".to_owned()),
                },
            },
            _ => Value::Other(format!("a list of {count}")),
        };
        Ok((None, value))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut row = Row::default();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "image_path" => row.path = map.next_value()?,
                "caption" => row.caption = map.next_value()?,
                "tags" => row.tags = map.next_value()?,
                "image_size" => row.size = map.next_value()?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok((Some(row), Value::Other("a table".to_owned())))
    }
}
