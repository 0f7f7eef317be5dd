//! From a caption file to a caption: which lines of it; and what a picture's name says.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The text of a caption file as kohya reads it: the first line, or with wildcards all that are not blank, each without the white space
/// around it. Lines end at `\n`, `\r\n` and `\r`; a byte order mark is part of the text.
///
/// An empty file, at which kohya stops, is an empty caption.
pub fn caption(text: &str, wildcard: bool) -> String {
    let mut lines = lines(text).map(strip);
    if wildcard {
        let lines: Vec<_> = lines.filter(|line| !line.is_empty()).collect();
        lines.join("\n")
    } else {
        lines.next().unwrap_or_default().to_owned()
    }
}

/// The face in a picture's name, `name_x_y_w_h.png`: its centre and its size in pixels. `None` where the name has fewer than five parts,
/// or where a part is no number, at which kohya stops.
pub fn face(picture: &Path) -> Option<[i64; 4]> {
    let stem = picture.file_stem()?.as_bytes();
    let parts: Vec<_> = stem.split(|&byte| byte == b'_').collect();
    let numbers = parts.last_chunk::<4>().filter(|_| parts.len() >= 5)?;
    let mut face = [0; 4];
    for (number, part) in face.iter_mut().zip(numbers) {
        *number = std::str::from_utf8(part).ok()?.trim().parse().ok()?;
    }
    Some(face)
}

/// Python's `str.strip()`: unlike Rust's white space it has the four separators U+001C to U+001F.
pub(crate) fn strip(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\x1C'..='\x1F'))
}

/// The lines of a text file as Python opens it.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = rest.find(['\n', '\r']).unwrap_or(rest.len());
        let line = &rest[..end];
        let after = &rest[end..];
        rest = after
            .strip_prefix("\r\n")
            .or_else(|| after.get(1..))
            .unwrap_or_default();
        Some(line)
    })
}
