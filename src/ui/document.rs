//! TOML that people write, kept together with its lines.
//!
//! Themes and the user's keys are read through this, so that every complaint can name the file, the line and the key. It holds no
//! opinion on what stands in the file.

use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What a file may measure; more is no theme and no keymap.
pub const LARGEST: usize = 1 << 20;

/// A parsed file.
#[derive(Debug)]
pub struct Document<'a> {
    file: &'a Path,
    text: &'a str,
    root: Spanned<DeTable<'a>>,
}

/// Where in a file something stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: PathBuf,
    /// Counted from 1.
    pub line: usize,
}

impl std::fmt::Display for Place {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "line {} of {}", self.line, self.file.display())
    }
}

/// Why a text is no TOML document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// Not UTF-8.
    #[error("{} is not UTF-8 from byte {at} on", file.display())]
    Utf8 {
        /// The file.
        file: PathBuf,
        /// How many bytes are.
        at: usize,
    },
    /// Larger than anything a person would write.
    #[error("{} has {bytes} bytes; at most {LARGEST} are read", file.display())]
    Large {
        /// The file.
        file: PathBuf,
        /// Its size.
        bytes: usize,
    },
    /// The parser's complaint.
    #[error("{place} is not valid TOML: {reason}")]
    Syntax {
        /// Where it gave up.
        place: Place,
        /// What it says.
        reason: String,
    },
}

/// The text in a file's bytes, without a byte order mark.
///
/// # Errors
/// The bytes are no UTF-8 or too many.
pub fn decode<'a>(file: &Path, bytes: &'a [u8]) -> Result<&'a str, DocumentError> {
    if bytes.len() > LARGEST {
        return Err(DocumentError::Large {
            file: file.to_owned(),
            bytes: bytes.len(),
        });
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| DocumentError::Utf8 {
        file: file.to_owned(),
        at: error.valid_up_to(),
    })
}

impl<'a> Document<'a> {
    /// Parses the text of `file`.
    ///
    /// # Errors
    /// The text is no TOML.
    pub fn parse(file: &'a Path, text: &'a str) -> Result<Self, DocumentError> {
        let root = DeTable::parse(text).map_err(|error| DocumentError::Syntax {
            place: Place {
                file: file.to_owned(),
                line: line(text, error.span().map_or(text.len(), |span| span.start)),
            },
            reason: error.message().replace('\n', ", "),
        })?;
        Ok(Self { file, text, root })
    }

    /// The entries of the file, in the order they stand in.
    pub fn entries(&self) -> Vec<(&Spanned<std::borrow::Cow<'a, str>>, &Spanned<DeValue<'a>>)> {
        in_order(self.root.get_ref())
    }

    /// Where a span begins.
    pub fn place(&self, span: Range<usize>) -> Place {
        Place {
            file: self.file.to_owned(),
            line: line(self.text, span.start),
        }
    }

    /// A value as it is written, on one line and not longer than one.
    pub fn written(&self, value: &Spanned<DeValue<'_>>) -> String {
        if matches!(value.get_ref(), DeValue::Table(_)) {
            return "a table".to_owned();
        }
        let written = self.text.get(value.span()).unwrap_or_default();
        let clean = super::text::safe(written);
        super::text::truncate(&clean, 60).into_owned()
    }
}

/// The entries of a table in the order they stand in the file.
pub fn in_order<'t, 'a>(
    table: &'t DeTable<'a>,
) -> Vec<(&'t Spanned<std::borrow::Cow<'a, str>>, &'t Spanned<DeValue<'a>>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

/// `; did you mean "…"?` for the known name nearest to `name`, where one is near.
pub fn did_you_mean<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    let name: String = name.chars().take(64).collect::<String>().to_lowercase();
    let scored = known
        .into_iter()
        .map(|known| (strsim::normalized_damerau_levenshtein(&name, known), known));
    scored
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .filter(|(score, _)| *score >= 0.5)
        .map(|(_, known)| format!("; did you mean {known:?}?"))
        .unwrap_or_default()
}

fn line(text: &str, at: usize) -> usize {
    text.get(..at).unwrap_or(text).matches('\n').count() + 1
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_toml_is_told_with_its_line() {
        let file = Path::new("/c/keys.toml");
        let error = Document::parse(file, "a = 1\nb = ").unwrap_err().to_string();
        assert!(
            error.starts_with("line 2 of /c/keys.toml is not valid TOML: "),
            "{error}"
        );
        let error = decode(file, b"ab\xff").unwrap_err().to_string();
        assert_eq!(error, "/c/keys.toml is not UTF-8 from byte 2 on");
        assert!(decode(file, &vec![b' '; LARGEST + 1]).is_err());
        let deep = format!("a = {}", "[".repeat(100_000));
        assert!(Document::parse(file, &deep).is_err());
    }

    #[test]
    fn near_names_are_offered_and_far_ones_not() {
        assert_eq!(
            did_you_mean("genrate", ["quit", "generate"]),
            "; did you mean \"generate\"?"
        );
        assert_eq!(did_you_mean("xyzzy", ["quit", "generate"]), "");
    }
}
