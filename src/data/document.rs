//! One caption file, to the byte: encoding, byte order mark, line ends, and where its tags stand.
//!
//! A document that is not edited keeps its bytes; an edited one keeps all that the edit does not touch. How tags are taken out, put in
//! and moved is [`crate::data::edit`]'s; here they are only found.

use std::borrow::Cow;
use std::ops::Range;

const BOM: &[u8] = b"\xef\xbb\xbf";

/// The bytes of a caption file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// As in the file.
    pub bytes: Box<[u8]>,
}

/// A tag where it stands in a caption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag<'a> {
    /// Without the white space around it; what is not UTF-8 in it is shown as `�`.
    pub text: Cow<'a, str>,
    /// Its place in [`Document::bytes`], without the white space around it.
    pub range: Range<usize>,
}

impl Document {
    /// A caption of these bytes.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self {
            bytes: bytes.into_boxed_slice(),
        }
    }

    /// Whether it begins with UTF-8's byte order mark.
    pub fn has_bom(&self) -> bool {
        self.bytes.starts_with(BOM)
    }

    /// The bytes behind the byte order mark.
    pub fn body(&self) -> &[u8] {
        &self.bytes[self.body_at()..]
    }

    /// Where [`body`](Self::body) begins: 0 or 3.
    pub fn body_at(&self) -> usize {
        if self.has_bom() { BOM.len() } else { 0 }
    }

    /// The text behind the byte order mark; what is not UTF-8 in it is shown as `�`.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.body())
    }

    /// Whether all of it is UTF-8.
    pub fn is_utf8(&self) -> bool {
        str::from_utf8(&self.bytes).is_ok()
    }

    /// Whether it begins with a byte order mark of UTF-16, which Windows' editors call "Unicode".
    pub fn is_utf16(&self) -> bool {
        self.bytes.starts_with(b"\xff\xfe") || self.bytes.starts_with(b"\xfe\xff")
    }

    /// The tags in their order. The whole text is cut at the separator and at line ends (`\n`, `\r\n`, `\r`), as Python's text files
    /// know them; white space around tags does not count and what is then empty is no tag. A backslash means nothing here.
    pub fn tags<'a>(&'a self, separator: &'a str) -> Tags<'a> {
        Tags {
            bytes: &self.bytes,
            text: str::from_utf8(&self.bytes).ok(),
            at: self.body_at(),
            separator: separator.as_bytes(),
        }
    }
}

/// The tags of a caption in their order; see [`Document::tags`].
#[derive(Clone, Debug)]
pub struct Tags<'a> {
    bytes: &'a [u8],
    /// The same where all of it is UTF-8. Nothing is checked twice then.
    text: Option<&'a str>,
    at: usize,
    separator: &'a [u8],
}

impl<'a> Iterator for Tags<'a> {
    type Item = Tag<'a>;

    fn next(&mut self) -> Option<Tag<'a>> {
        while self.at < self.bytes.len() {
            let begin = self.at;
            let (length, delimiter) = until_delimiter(&self.bytes[begin..], self.separator);
            self.at = begin + length + delimiter;
            let part = begin..begin + length;
            let whole = self.text.and_then(|text| text.get(part.clone()));
            let whole = whole.or_else(|| str::from_utf8(&self.bytes[part.clone()]).ok());
            let (text, range) = if let Some(part) = whole {
                let (skipped, tag) = trim(part);
                (Cow::Borrowed(tag), begin + skipped..begin + skipped + tag.len())
            } else {
                let part = &self.bytes[part];
                let rest = part.trim_ascii_start();
                let (skipped, tag) = (part.len() - rest.len(), rest.trim_ascii_end());
                (
                    String::from_utf8_lossy(tag),
                    begin + skipped..begin + skipped + tag.len(),
                )
            };
            if !range.is_empty() {
                return Some(Tag { text, range });
            }
        }
        None
    }
}

/// How many bytes come before the next separator or line end, and how many that has; none at the end of the text.
pub(super) fn until_delimiter(bytes: &[u8], separator: &[u8]) -> (usize, usize) {
    let is_end = |b: u8| b == b'\n' || b == b'\r';
    let found = match *separator {
        [] => bytes.iter().position(|&b| is_end(b)),
        [only] => bytes.iter().position(|&b| b == only || is_end(b)),
        [first, ..] => (0..bytes.len()).find(|&i| {
            let b = bytes[i];
            is_end(b) || (b == first && bytes[i..].starts_with(separator))
        }),
    };
    match found {
        None => (bytes.len(), 0),
        Some(at) if !separator.is_empty() && bytes[at..].starts_with(separator) => (at, separator.len()),
        Some(at) => (at, if bytes[at..].starts_with(b"\r\n") { 2 } else { 1 }),
    }
}

/// How much white space stands before a part's text, and the text without that and what stands behind.
fn trim(part: &str) -> (usize, &str) {
    let rest = part.trim_start();
    (part.len() - rest.len(), rest.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(bytes: &[u8], separator: &str) -> Vec<(String, String)> {
        let document = Document::new(bytes.to_vec());
        let own = |tag: Tag<'_>| {
            let bytes = String::from_utf8_lossy(&document.bytes[tag.range]).into_owned();
            (tag.text.into_owned(), bytes)
        };
        document.tags(separator).map(own).collect()
    }

    fn texts(bytes: &[u8], separator: &str) -> Vec<String> {
        tags(bytes, separator)
            .into_iter()
            .map(|(text, place)| {
                assert_eq!(text, place, "the range is the tag's");
                text
            })
            .collect()
    }

    #[test]
    fn tags_are_found_however_a_caption_is_written() {
        assert_eq!(texts(b"a, b,c", ","), ["a", "b", "c"]);
        assert_eq!(texts(b"\xef\xbb\xbf a\t,, ,b ,\r\nc\r\n\n", ","), ["a", "b", "c"]);
        assert_eq!(texts("\u{3000}猫，狗, 鸟\u{a0}".as_bytes(), ","), ["猫，狗", "鸟"]);
        assert_eq!(texts("猫，狗, 鸟".as_bytes(), "，"), ["猫", "狗, 鸟"]);
        assert_eq!(texts(br"fox \(animal\), a.", ","), [r"fox \(animal\)", "a."]);
        assert_eq!(texts(b"a|||b||c||||d", "|||"), ["a", "b||c", "|d"]);
        assert_eq!(texts(b"a, b\nc", ""), ["a, b", "c"]);
        assert_eq!(texts(b"a b\tc", " "), ["a", "b\tc"]);
        for nothing in [&b""[..], b"\xef\xbb\xbf", b" ,\n, \r", b",,,"] {
            assert!(texts(nothing, ",").is_empty(), "{nothing:?}");
        }
    }

    #[test]
    fn what_is_not_utf8_is_shown_and_said() {
        let found = tags(b"caf\xe9 , b\xff", ",");
        assert_eq!(found[0].0, "caf\u{fffd}");
        assert_eq!(found[1].0, "b\u{fffd}");
        assert!(!Document::new(b"\xe9".to_vec()).is_utf8());
        assert!(Document::new(b"\xff\xfea\0".to_vec()).is_utf16());
        let marked = Document::new("\u{feff}é".as_bytes().to_vec());
        assert!(marked.has_bom() && marked.is_utf8() && marked.text() == "é");
    }

    #[test]
    fn ten_megabytes_are_read_in_a_moment() {
        let begun = std::time::Instant::now();
        assert_eq!(texts(&b"a,".repeat(2 << 20), ",").len(), 2 << 20);
        assert_eq!(texts(&vec![b'|'; 10 << 20], "|||").len(), 1, "the odd one is left");
        assert_eq!(texts(&vec![b'x'; 10 << 20], ",").len(), 1);
        assert!(begun.elapsed().as_secs() < 10);
    }
}
