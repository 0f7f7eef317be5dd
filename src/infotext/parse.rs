//! Reads infotext by A1111 1.10.1's rules.
//!
//! The last line is the line of fields if at least three are found in it, else it is prompt; a line that begins with
//! `Negative prompt:` opens the negative prompt; every line loses the space around it. Fields stay as they were written: no
//! defaults are filled in, nothing is translated for old versions. Time grows with the length of the text, not with its square.

use std::sync::LazyLock;

use regex::Regex;

use super::Infotext;

/// How many fields the last line must hold to be the line of fields.
const FEWEST_FIELDS: usize = 3;

/// A1111's pattern of one `key: value,` with Python's idea of letters and space spelled out.
static FIELD: LazyLock<Regex> = LazyLock::new(|| {
    let space = r"[\s\x1c-\x1f]*";
    let key = r"[\p{L}\p{N}_][\p{L}\p{N}_ \-/]+";
    let value = r#""(?:\\.|[^\\"])+"|[^,]*"#;
    Regex::new(&format!("{space}({key}):{space}({value})(?:,|$)")).expect("the pattern is constant")
});

/// Reads an infotext; see [`Infotext::parse`].
pub(super) fn parse(text: &str) -> Infotext {
    // Windows' Notepad puts a byte order mark first, its clipboard a NUL last.
    let text = strip(text.trim_start_matches('\u{feff}').trim_end_matches('\0'));
    let (above, last) = text
        .rsplit_once('\n')
        .map_or((None, text), |(above, last)| (Some(above), last));
    let is_fields = FIELD.find_iter(last).take(FEWEST_FIELDS).count() == FEWEST_FIELDS;

    let mut read = Infotext::default();
    let mut part = &mut read.prompt;
    let prompt_lines = above
        .into_iter()
        .flat_map(|above| above.split('\n'))
        .chain((!is_fields).then_some(last));
    for line in prompt_lines {
        let mut line = strip(line);
        if let Some(rest) = line.strip_prefix("Negative prompt:") {
            part = &mut read.negative_prompt;
            line = strip(rest);
        }
        if !part.is_empty() {
            part.push('\n');
        }
        part.push_str(line);
    }
    if is_fields {
        read.fields = fields(last);
    }
    read
}

/// The fields of one line. An empty value is dropped and a repeated key overwrites the first in its place, both as in A1111.
fn fields(line: &str) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for found in FIELD.captures_iter(line) {
        let (_, [key, value]) = found.extract();
        if value.is_empty() {
            continue;
        }
        let value = unquote(value);
        if let Some(&place) = places.get(key) {
            fields[place] = (key.to_owned(), value);
        } else {
            places.insert(key, fields.len());
            fields.push((key.to_owned(), value));
        }
    }
    fields
}

/// Takes JSON's quotes off; a value that only looks quoted stays as it is.
fn unquote(value: &str) -> String {
    if value.starts_with('"')
        && value.ends_with('"')
        && let Ok(text) = serde_json::from_str(value)
    {
        return text;
    }
    value.to_owned()
}

/// Python's `str.strip`, which also takes the four separators U+001C to U+001F for space.
pub(super) fn strip(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c))
}

/// Text from a file or a pipe: UTF-8, or UTF-16 where a byte order mark says so (Windows' "Unicode"). `None` for anything else.
pub fn decode(bytes: &[u8]) -> Option<String> {
    let utf16 = |unit: fn([u8; 2]) -> u16, bytes: &[u8]| {
        let (pairs, rest) = bytes.as_chunks::<2>();
        let units: Vec<u16> = pairs.iter().map(|&pair| unit(pair)).collect();
        rest.is_empty().then(|| String::from_utf16(&units).ok()).flatten()
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(u16::from_le_bytes, rest),
        [0xfe, 0xff, rest @ ..] => utf16(u16::from_be_bytes, rest),
        [0xef, 0xbb, 0xbf, rest @ ..] => std::str::from_utf8(rest).ok().map(str::to_owned),
        _ => std::str::from_utf8(bytes).ok().map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: &str = "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1";

    #[test]
    fn a_prompt_may_mention_steps() {
        let read = parse(&format!(
            "a poster, Steps: 20, Seed: 3\nNegative prompt: Steps: 1\nSampler: x\n{FIELDS}"
        ));
        assert_eq!(read.prompt, "a poster, Steps: 20, Seed: 3");
        assert_eq!(read.negative_prompt, "Steps: 1\nSampler: x");
        assert_eq!(read.steps().ok().flatten(), Some(20));
    }

    #[test]
    fn fewer_than_three_fields_are_prompt() {
        let read = parse("a fox\nSteps: 20, Seed: 1");
        assert_eq!(read.prompt, "a fox\nSteps: 20, Seed: 1");
        assert!(read.fields.is_empty());
        assert_eq!(parse(""), Infotext::default());
    }

    #[test]
    fn pasted_from_windows() {
        let read = parse(&format!(
            "\u{feff}a fox  \r\nred\r\nNegative prompt: text\r\n{FIELDS}\r\n\0"
        ));
        assert_eq!(
            (read.prompt.as_str(), read.negative_prompt.as_str()),
            ("a fox\nred", "text")
        );
        assert_eq!(read.get("Seed"), Some("1"));
    }

    #[test]
    fn quoted_values_are_unquoted_and_broken_ones_stay() {
        let read = parse(
            r#"x
Lora hashes: "a: 12, b: 34", Odd: "x" y, Bad: "\q,", Empty: , Void: "", Odd: 2"#,
        );
        let fields: Vec<(&str, &str)> = read.fields.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(
            fields,
            [
                ("Lora hashes", "a: 12, b: 34"),
                ("Odd", "2"),
                ("Bad", r#""\q,""#),
                ("Void", "")
            ]
        );
    }

    #[test]
    fn bytes_become_text() {
        assert_eq!(decode("狐".as_bytes()).as_deref(), Some("狐"));
        assert_eq!(decode(b"\xef\xbb\xbfa").as_deref(), Some("a"));
        assert_eq!(decode(b"\xff\xfe\xd0\x72").as_deref(), Some("狐"));
        assert_eq!(decode(b"\xfe\xff\x72\xd0").as_deref(), Some("狐"));
        assert_eq!(decode(b"\xff\xfea"), None);
        assert_eq!(decode(b"\xff\xd8\xff"), None);
    }
}
