//! Queries that were given names: `@name` stands for one within another.
//!
//! They lie in a TOML file of the user's, so that every set has them.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::{Error, Query, Wrong};
use crate::data::unread::Unread;
use crate::store::atomic::{self, WriteError};

/// How many names may stand for names.
const DEPTH: usize = 16;

/// Named queries, as the file has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Saved {
    path: PathBuf,
    queries: BTreeMap<String, String>,
}

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SavedError {
    /// It cannot be read.
    #[error("the saved queries in {} cannot be read: {why}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        why: Unread,
    },
    /// The name would not be found again.
    #[error("{0:?} cannot be a query's name; it takes letters, digits, - and _")]
    Name(String),
    /// It cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl Saved {
    /// What the file holds; nothing where there is none.
    ///
    /// # Errors
    /// The file is there and cannot be read, or is no table of texts.
    pub fn open(path: &Path) -> Result<Self, SavedError> {
        let unreadable = |error: io::Error| SavedError::Unreadable {
            path: path.to_owned(),
            why: error.into(),
        };
        let queries = match fs::read_to_string(path) {
            Ok(text) => {
                toml::from_str(&text).map_err(|error| unreadable(io::Error::other(error.message().to_owned())))?
            }
            Err(error) if error.kind() == ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(unreadable(error)),
        };
        Ok(Self {
            path: path.to_owned(),
            queries,
        })
    }

    /// Names and queries, by name.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.queries.iter().map(|(name, query)| (name.as_str(), query.as_str()))
    }

    /// Keeps a query under a name, in place of the one that had it; an empty query forgets the name.
    ///
    /// # Errors
    /// The name has other characters than letters, digits, `-` and `_`, or the file cannot be written.
    pub fn keep(&mut self, name: &str, query: &str) -> Result<(), SavedError> {
        if !is_name(name) {
            return Err(SavedError::Name(name.to_owned()));
        }
        let mut queries = self.queries.clone();
        if query.trim().is_empty() {
            queries.remove(name);
        } else {
            queries.insert(name.to_owned(), query.trim().to_owned());
        }
        if let Some(folder) = self.path.parent() {
            atomic::create_folder(folder)?;
        }
        atomic::write_atomic(&self.path, |file| {
            let text = toml::to_string(&queries).map_err(io::Error::other)?;
            file.write_all(text.as_bytes())
        })?;
        self.queries = queries;
        Ok(())
    }

    /// Reads a query in which `@name` may stand for a saved one.
    ///
    /// # Errors
    /// As [`Query::parse`]; there is no query of a name, or it stands for itself.
    pub fn parse(&self, text: &str) -> Result<Query, Error> {
        Query::parse(&self.expand(text, DEPTH)?)
    }

    fn expand(&self, text: &str, depth: usize) -> Result<String, Error> {
        let mut expanded = String::new();
        let (mut quote, mut before) = (None, ' ');
        let mut chars = text.char_indices();
        while let Some((at, c)) = chars.next() {
            let begins = before.is_whitespace() || matches!(before, '(' | '-' | '!');
            match quote {
                Some(mark) if c == mark && before != '\\' => quote = None,
                None if matches!(c, '"' | '/') && (begins || before == ':') => quote = Some(c),
                None if c == '@' && begins => {
                    let name: String = chars.clone().map(|(_, c)| c).take_while(|&c| is_of_name(c)).collect();
                    let query = self.queries.get(&name).ok_or_else(|| self.unknown(at, &name))?;
                    if depth == 0 {
                        return Err(Error::new(at, Wrong::Circle(name)));
                    }
                    expanded.push_str(&format!("({})", self.expand(query, depth - 1)?));
                    before = chars.by_ref().take(name.chars().count()).last().map_or(c, |(_, c)| c);
                    continue;
                }
                _ => {}
            }
            expanded.push(c);
            before = c;
        }
        Ok(expanded)
    }

    fn unknown(&self, at: usize, name: &str) -> Error {
        let names: Vec<String> = self.queries.keys().map(|name| format!("@{name}")).collect();
        let wrong = Wrong::NotSaved {
            name: name.to_owned(),
            known: names.join(" "),
        };
        Error::new(at, wrong)
    }
}

/// Whether a query can have this name.
pub fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(is_of_name)
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '_')
}

#[cfg(test)]
mod tests {
    use super::Saved;

    fn saved(queries: &[(&str, &str)]) -> Saved {
        Saved {
            queries: queries
                .iter()
                .map(|(n, q)| ((*n).to_owned(), (*q).to_owned()))
                .collect(),
            ..Saved::default()
        }
    }

    #[test]
    fn a_name_stands_for_its_query_in_parentheses() {
        let saved = saved(&[("small", "w:<512 OR h:<512"), ("bad", "-@small dup:")]);
        let expand = |text| saved.expand(text, 4).unwrap();
        assert_eq!(expand("tag:fox -@small"), "tag:fox -(w:<512 OR h:<512)");
        assert_eq!(expand("(@bad)"), "((-(w:<512 OR h:<512) dup:))");
        assert_eq!(
            expand(r#""a @small" tag:a@b /@small/"#),
            r#""a @small" tag:a@b /@small/"#
        );
    }

    #[test]
    fn a_name_that_stands_for_itself_or_for_nothing_is_refused() {
        let saved = saved(&[("a", "@b"), ("b", "@a")]);
        assert!(saved.parse("@a").unwrap_err().to_string().contains("stands for itself"));
        let error = saved.parse("fox @c").unwrap_err();
        assert_eq!(
            (error.at, error.to_string().as_str()),
            (4, "there is no saved query @c")
        );
    }

    #[test]
    fn what_is_kept_is_there_the_next_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x/queries.toml");
        let mut saved = Saved::open(&path).unwrap();
        saved.keep("零", "tag:\"two words\"").unwrap();
        saved.keep("gone", "dup:").unwrap();
        saved.keep("gone", " ").unwrap();
        assert!(saved.keep("no name", "dup:").is_err());
        let again = Saved::open(&path).unwrap();
        assert_eq!(again.all().collect::<Vec<_>>(), [("零", "tag:\"two words\"")]);
    }
}
