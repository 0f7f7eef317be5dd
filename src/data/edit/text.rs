//! Edits of a caption's text as a whole: text replaced, set, made regular.

use std::borrow::Cow;

use regex::bytes::{NoExpand, Regex};

use super::{Error, which};
use crate::data::document::{Document, until_delimiter};
use crate::data::tags::spaced;

/// What is looked for. Bytes that are not UTF-8 are no obstacle: a pattern fits only what is.
pub(super) fn pattern(find: &str, is_regex: bool) -> Result<Regex, Error> {
    if find.is_empty() {
        return Err(Error::NoText);
    }
    let escaped = if is_regex {
        Cow::Borrowed(find)
    } else {
        Cow::Owned(regex::escape(find))
    };
    Regex::new(&escaped).map_err(|e| Error::Regex {
        pattern: find.to_owned(),
        reason: which::reason(&e),
    })
}

/// The first group that is named in a replacement and not in the pattern, as `1x` in `$1x`.
pub(super) fn unknown_group(find: &Regex, with: &str) -> Option<String> {
    let mut rest = with;
    while let Some(at) = rest.find('$') {
        rest = &rest[at + 1..];
        if let Some(behind) = rest.strip_prefix('$') {
            rest = behind;
            continue;
        }
        // As the crate reads it: what is in braces, else as many word signs as there are.
        let name = match rest.strip_prefix('{').map(|inner| inner.split_once('}')) {
            Some(Some((name, _))) => name,
            Some(None) => continue,
            None => {
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                &rest[..end.unwrap_or(rest.len())]
            }
        };
        let is_known = match name.parse::<usize>() {
            Ok(number) => number < find.captures_len(),
            Err(_) => find.capture_names().flatten().any(|known| known == name),
        };
        if !name.is_empty() && !is_known {
            return Some(name.to_owned());
        }
    }
    None
}

pub(super) fn replaced(document: &Document, find: &Regex, with: &str, is_plain: bool) -> Vec<u8> {
    let body = document.body();
    let after = if is_plain {
        find.replace_all(body, NoExpand(with.as_bytes()))
    } else {
        find.replace_all(body, with.as_bytes())
    };
    [&document.bytes[..document.body_at()], &after].concat()
}

/// A whole new text. Where all of the file's lines end in CRLF, so do the new ones.
pub(super) fn set(document: &Document, text: &str) -> Vec<u8> {
    let body = document.body();
    let ends = body.split(|&b| b == b'\n').count() - 1;
    let is_crlf = ends > 0 && body.windows(2).filter(|pair| pair == b"\r\n").count() == ends;
    let text = if is_crlf {
        Cow::Owned(text.replace("\r\n", "\n").replace('\n', "\r\n"))
    } else {
        Cow::Borrowed(text)
    };
    [&document.bytes[..document.body_at()], text.as_bytes()].concat()
}

/// The caption with regular white space and separators, line by line. Lines without tags go; each other keeps its end.
pub(super) fn clean(document: &Document, separator: &str, glue: &str, underscores: bool) -> Vec<u8> {
    let bytes = &document.bytes;
    let mut at = document.body_at();
    let mut after = Vec::with_capacity(bytes.len());
    after.extend_from_slice(&bytes[..at]);
    let mut last_end = 0..0;
    let mut tags = document.tags(separator).map(|tag| tag.range).peekable();
    while at < bytes.len() {
        let (length, delimiter) = until_delimiter(&bytes[at..], b"");
        let end = at + length;
        let begin = after.len();
        while let Some(range) = tags.next_if(|range| range.start < end) {
            let tag = cleaned(&bytes[range], underscores);
            if !tag.is_empty() {
                after.extend_from_slice(if after.len() > begin { glue.as_bytes() } else { b"" });
                after.extend_from_slice(&tag);
            }
        }
        at = end + delimiter;
        if delimiter > 0 {
            last_end = end..at;
        }
        if after.len() > begin {
            after.extend_from_slice(&bytes[end..at]);
        }
    }
    if after.len() == document.body_at() {
        after.extend_from_slice(&bytes[last_end]);
    }
    after
}

/// A tag with single spaces. One that is not UTF-8 stays as it is.
fn cleaned(tag: &[u8], underscores: bool) -> Cow<'_, [u8]> {
    let is_plain = |pair: &[u8]| pair[1] > b' ' || (pair[1] == b' ' && pair[0] != b' ');
    if tag.is_ascii() && tag.windows(2).all(is_plain) && !(underscores && tag.contains(&b'_')) {
        return Cow::Borrowed(tag);
    }
    let Ok(text) = str::from_utf8(tag) else {
        return Cow::Borrowed(tag);
    };
    let text = if underscores { spaced(text) } else { Cow::Borrowed(text) };
    let words: Vec<_> = text.split_whitespace().collect();
    Cow::Owned(words.join(" ").into_bytes())
}
