//! The words of a tagger's outputs: `selected_tags.csv`, or `tag_mapping.json` of the taggers that came after.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::data::edit::propose::Kind;

/// The csv's name, beside the model.
pub const CSV: &str = "selected_tags.csv";
/// The JSON's name, beside the model.
pub const JSON: &str = "tag_mapping.json";
/// The largest list that is read; published ones have about a megabyte.
const LARGEST: u64 = 64 << 20;
/// No published tagger has more outputs.
const MOST: usize = 1 << 20;

/// Why there are no words.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("{} cannot be read: {reason}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: std::io::Error,
    },
    /// It is another file.
    #[error("{} is no list of tags: {what}", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Read { .. } => None,
            Self::Form { .. } => Some(format!(
                "take the {CSV} (tag_id,name,category,count) that was published with the model"
            )),
        }
    }
}

/// One output's word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// As the board spells it.
    pub name: String,
    /// What kind of tag.
    pub kind: Kind,
}

/// The words of all outputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vocabulary {
    /// By the output's number; `None` is an output without a word.
    pub words: Vec<Option<Word>>,
    /// Whether the model gives logits, which a sigmoid makes confidences of. So do those with a JSON.
    pub logits: bool,
}

impl Vocabulary {
    /// Reads the list beside a model.
    ///
    /// # Errors
    /// When there is none that can be read.
    pub fn beside(folder: &Path) -> Result<Self, Error> {
        let json = folder.join(JSON);
        let csv = folder.join(CSV);
        if json.is_file() && !csv.is_file() {
            read(&json).and_then(|text| Self::of_json(&json, &text))
        } else {
            read(&csv).and_then(|text| Self::of_csv(&csv, &text))
        }
    }

    /// Reads a csv with `tag_id,name,category` in front of whatever else there is; rows go by the outputs.
    ///
    /// # Errors
    /// When it is no such csv.
    pub fn of_csv(path: &Path, text: &[u8]) -> Result<Self, Error> {
        let form = |what: String| Error::Form {
            path: path.to_owned(),
            what,
        };
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text);
        let header = reader.headers().map_err(|e| form(e.to_string()))?;
        if header.iter().take(3).ne(["tag_id", "name", "category"]) {
            let first: Vec<_> = header
                .iter()
                .take(4)
                .map(|name| name.chars().take(40).collect::<String>())
                .collect();
            return Err(form(format!("it begins with {first:?}")));
        }
        let mut words = Vec::new();
        for (row, line) in reader.records().zip(2_u64..) {
            let row = row.map_err(|e| form(e.to_string()))?;
            let (Some(name), Some(category)) = (row.get(1), row.get(2)) else {
                return Err(form(format!("line {line} has no name and category")));
            };
            let kind = match category.trim() {
                "0" => Kind::General,
                "1" => Kind::Artist,
                "3" => Kind::Copyright,
                "4" => Kind::Character,
                "5" => Kind::Meta,
                "9" => Kind::Rating,
                other => {
                    let other: String = other.chars().take(40).collect();
                    return Err(form(format!("line {line} has the category {other:?}")));
                }
            };
            let name = name.to_owned();
            words.push(Some(Word { name, kind }));
        }
        if words.is_empty() {
            return Err(form("it has no tag".to_owned()));
        }
        Ok(Self { words, logits: false })
    }

    /// Reads a JSON of `{"0": {"tag": …, "category": …}, …}`.
    ///
    /// # Errors
    /// When it is no such JSON.
    pub fn of_json(path: &Path, text: &[u8]) -> Result<Self, Error> {
        #[derive(Deserialize)]
        struct Entry {
            tag: String,
            category: Category,
        }
        #[derive(Deserialize)]
        enum Category {
            Rating,
            General,
            Character,
            Copyright,
            Meta,
            Model,
            Quality,
            Artist,
        }
        let form = |what: String| Error::Form {
            path: path.to_owned(),
            what,
        };
        let entries: std::collections::BTreeMap<usize, Entry> =
            serde_json::from_slice(text).map_err(|e| form(e.to_string()))?;
        let last = entries.keys().next_back().copied();
        let Some(last) = last.filter(|last| *last < MOST) else {
            return Err(form(match last {
                Some(last) => format!("it names the output {last}"),
                None => "it has no tag".to_owned(),
            }));
        };
        let mut words = vec![None; last + 1];
        for (index, Entry { tag: name, category }) in entries {
            let kind = match category {
                Category::Rating => Kind::Rating,
                Category::General => Kind::General,
                Category::Character => Kind::Character,
                Category::Copyright => Kind::Copyright,
                Category::Meta => Kind::Meta,
                Category::Model => Kind::Model,
                Category::Quality => Kind::Quality,
                Category::Artist => Kind::Artist,
            };
            words[index] = Some(Word { name, kind });
        }
        Ok(Self { words, logits: true })
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    use std::io::Read;
    let failed = |reason| Error::Read {
        path: path.to_owned(),
        reason,
    };
    let mut text = Vec::new();
    let file = std::fs::File::open(path).map_err(failed)?;
    file.take(LARGEST + 1).read_to_end(&mut text).map_err(failed)?;
    if text.len() as u64 > LARGEST {
        return Err(Error::Form {
            path: path.to_owned(),
            what: format!("it is larger than {} MiB", LARGEST >> 20),
        });
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn csv(text: &str) -> Result<Vocabulary, Error> {
        Vocabulary::of_csv(Path::new("list.csv"), text.as_bytes())
    }

    #[test]
    fn rows_of_a_csv_are_outputs_in_order() {
        let read =
            csv("tag_id,name,category,count\n9,general,9,0\n1,\"don't_say_\"\"lazy\"\"\",0,5\n2,saber,4,1\n").unwrap();
        let words: Vec<_> = read
            .words
            .iter()
            .flatten()
            .map(|word| (word.name.as_str(), word.kind))
            .collect();
        let expected = [
            ("general", Kind::Rating),
            ("don't_say_\"lazy\"", Kind::General),
            ("saber", Kind::Character),
        ];
        assert_eq!(words, expected);
        assert!(!read.logits);
        assert!(csv("\u{feff}tag_id,name,category\r\n1,a,0\r\n").is_ok());
    }

    #[test]
    fn another_file_is_refused_in_one_sentence() {
        for text in [
            "",
            "tag_id,name,category,count\n",
            "name,tag_id,category\n1,a,0\n",
            "tag_id,name,category\n1,a\n",
            "tag_id,name,category\n1,a,7\n",
            "tag_id,name,category\n1,\u{0},x\n",
            "version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
        ] {
            let said = csv(text).unwrap_err().to_string();
            assert!(
                said.starts_with("list.csv is no list of tags: ") && !said.contains('\n'),
                "{said}"
            );
        }
        assert!(Vocabulary::of_csv(Path::new("x"), b"tag_id,name,category\n1,\xff\xfe,0\n").is_err());
    }

    #[test]
    fn a_json_names_outputs_by_number() {
        let of = |text: &str| Vocabulary::of_json(Path::new("x"), text.as_bytes());
        let read =
            of(r#"{"2": {"tag": "b", "category": "Quality"}, "0": {"tag": "a", "category": "General"}}"#).unwrap();
        let word = |name: &str, kind| {
            Some(Word {
                name: name.to_owned(),
                kind,
            })
        };
        assert_eq!(read.words, [word("a", Kind::General), None, word("b", Kind::Quality)]);
        assert!(read.logits);
        for wrong in [
            "{}",
            "[]",
            r#"{"a": {}}"#,
            r#"{"99999999999": {"tag": "a", "category": "General"}}"#,
        ] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }
}
