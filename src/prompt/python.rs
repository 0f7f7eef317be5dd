//! White space, words and numbers as Python understands them, which is how A1111 reads prompts.
//!
//! Rust's own ideas differ in marks, separators and the digits of other scripts.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

/// Python's `\s`.
pub(super) fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\x1C'..='\x1F')
}

/// Python's `\w`: unlike Rust's it has every number and no marks.
pub(super) fn is_word(c: char) -> bool {
    static WORD: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^[\p{L}\p{N}_]").expect("the pattern is valid"));
    if c.is_ascii() {
        c.is_ascii_alphanumeric() || c == '_'
    } else {
        WORD.is_match(c.encode_utf8(&mut [0; 4]))
    }
}

/// The value of a decimal digit of any script: Python's `\d`, which its `float` reads too.
pub(super) fn decimal(c: char) -> Option<u8> {
    if c.is_ascii() {
        return c.is_ascii_digit().then(|| c as u8 - b'0');
    }
    let block = ZEROS.partition_point(|&zero| zero <= c as u32).checked_sub(1)?;
    u8::try_from(c as u32 - ZEROS[block]).ok().filter(|&digit| digit < 10)
}

/// The same number in ASCII.
pub(super) fn ascii_digits(number: &str) -> Cow<'_, str> {
    if number.is_ascii() {
        return number.into();
    }
    number
        .chars()
        .map(|c| decimal(c).map_or(c, |digit| char::from(b'0' + digit)))
        .collect()
}

/// Python's `float(text)`: space around it, but not the four separators, `_` between digits, digits of any script, `inf` and `nan`.
pub(super) fn float(text: &str) -> Option<f64> {
    number(text)?.parse().ok()
}

/// Python's `int(text)`.
pub(super) fn int(text: &str) -> Option<i64> {
    number(text)?.parse().ok()
}

/// A number's text as Rust's parsers take it: trimmed, in ASCII, without `_` between digits; any other `_` makes it none.
fn number(text: &str) -> Option<String> {
    let text = ascii_digits(text.trim_matches(char::is_whitespace));
    let digit = |at: Option<char>| at.is_some_and(|c| c.is_ascii_digit());
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        if c != '_' {
            plain.push(c);
        } else if !(digit(plain.chars().last()) && digit(rest.peek().copied())) {
            return None;
        }
    }
    Some(plain)
}

/// The zeros of Unicode 14; each script's digits follow its zero.
#[rustfmt::skip]
const ZEROS: [u32; 66] = [
    0x30, 0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xDE6, 0xE50, 0xED0,
    0xF20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50, 0xA620,
    0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10, 0x1_04A0, 0x1_0D30, 0x1_1066, 0x1_10F0, 0x1_1136,
    0x1_11D0, 0x1_12F0, 0x1_1450, 0x1_14D0, 0x1_1650, 0x1_16C0, 0x1_1730, 0x1_18E0, 0x1_1950, 0x1_1C50, 0x1_1D50,
    0x1_1DA0, 0x1_6A60, 0x1_6AC0, 0x1_6B50, 0x1_D7CE, 0x1_D7D8, 0x1_D7E2, 0x1_D7EC, 0x1_D7F6, 0x1_E140, 0x1_E2F0,
    0x1_E950, 0x1_FBF0,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_python_reads_them() {
        for (text, expected) in [
            (" 1_0.5 ", Some(10.5)),
            ("\t+.5\u{3000}", Some(0.5)),
            ("\x1c1", None),
            ("1e-1", Some(0.1)),
            ("٠٫٥", None),
            ("１.٥", Some(1.5)),
            ("Infinity", Some(f64::INFINITY)),
            ("1__0", None),
            ("_1", None),
            ("1_", None),
            ("0x10", None),
            ("", None),
        ] {
            assert_eq!(float(text), expected, "{text:?}");
        }
        assert_eq!((int(" -１_2 "), int("8.0"), int("")), (Some(-12), None, None));
    }
}
