//! Patterns for text: globs, regular expressions between slashes, and plain words.
//!
//! A pattern without a capital letter matches capitals too.

use regex::{Regex, RegexBuilder};

/// How much of a text a pattern must match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// All of it: tags and names.
    Whole,
    /// Any part: captions and paths.
    Part,
}

/// A pattern's value as it stood in the query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// A glob: `*` and `?` stand for any characters, `\` takes the meaning from what follows.
    Glob(String),
    /// What stood between two slashes.
    Regex(String),
}

impl Value {
    /// The pattern as an expression.
    pub(super) fn compile(&self, reach: Reach) -> Result<Regex, regex::Error> {
        let (pattern, capitals) = match self {
            Self::Regex(pattern) => (pattern.clone(), has_capitals(pattern)),
            Self::Glob(glob) => {
                let pattern = translate(glob);
                let pattern = match reach {
                    Reach::Whole => format!(r"\A(?:{pattern})\z"),
                    Reach::Part => pattern,
                };
                (pattern, glob.chars().any(char::is_uppercase))
            }
        };
        RegexBuilder::new(&pattern)
            .case_insensitive(!capitals)
            .dot_matches_new_line(matches!(self, Self::Glob(_)))
            .size_limit(1 << 22)
            .build()
    }
}

/// Whether an expression asks for a capital letter itself; classes such as `\W` do not.
fn has_capitals(pattern: &str) -> bool {
    let mut escaped = false;
    pattern.chars().any(|c| {
        let counts = !escaped && c.is_uppercase();
        escaped = c == '\\' && !escaped;
        counts
    })
}

fn translate(glob: &str) -> String {
    let mut pattern = String::with_capacity(glob.len() + 8);
    let mut chars = glob.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '*' => pattern.push_str(".*"),
            '?' => pattern.push('.'),
            '\\' if matches!(chars.peek(), Some('*' | '?' | '\\')) => {
                pattern.push_str(&regex::escape(&chars.next().unwrap_or(c).to_string()));
            }
            _ => pattern.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::{Reach, Value};

    fn glob(pattern: &str, text: &str) -> bool {
        Value::Glob(pattern.into())
            .compile(Reach::Whole)
            .unwrap()
            .is_match(text)
    }

    #[test]
    fn a_glob_must_match_all_of_a_tag() {
        assert!(glob("red *", "red theme") && glob("?ox", "fox") && glob("f*", "fox"));
        assert!(!glob("fox", "foxes") && !glob("ox", "fox"));
    }

    #[test]
    fn a_backslash_is_itself_unless_it_guards_a_star() {
        assert!(glob(r"smile \(meme\)", r"smile \(meme\)"));
        assert!(glob(r"a\*b", "a*b") && !glob(r"a\*b", "axb"));
        assert!(glob(r"^_^", "^_^") && glob("a.b", "a.b") && !glob("a.b", "axb"));
    }

    #[test]
    fn a_pattern_without_capitals_matches_capitals() {
        assert!(glob("fox", "Fox") && glob("Fox", "Fox") && !glob("Fox", "fox"));
        let regex = |p: &str, t: &str| Value::Regex(p.into()).compile(Reach::Part).unwrap().is_match(t);
        assert!(regex(r"^\W?f", "Fox") && !regex("^F", "fox"));
    }
}
