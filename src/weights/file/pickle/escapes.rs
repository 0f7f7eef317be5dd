//! Texts as protocol 0 writes them: between quotes, or with escapes for all that is not Latin-1.

/// The bytes of a Python 2 string literal, without its quotes.
pub(super) fn literal(text: &str) -> Option<Vec<u8>> {
    let mut bytes = text.bytes();
    let mut out = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        out.push(match bytes.next()? {
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'0' => 0,
            b'x' => {
                let digits = [bytes.next()?, bytes.next()?];
                u8::from_str_radix(str::from_utf8(&digits).ok()?, 16).ok()?
            }
            same @ (b'\\' | b'\'' | b'"') => same,
            _ => return None,
        });
    }
    Some(out)
}

/// Latin-1 in which `\uXXXX` and `\UXXXXXXXX` stand for all other characters.
pub(super) fn raw_unicode(line: &[u8]) -> Option<String> {
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let [first, after @ ..] = rest {
        let digits = match after {
            [b'u', ..] if *first == b'\\' => 4,
            [b'U', ..] if *first == b'\\' => 8,
            _ => {
                text.push(char::from(*first));
                rest = after;
                continue;
            }
        };
        let code = str::from_utf8(after.get(1..=digits)?).ok()?;
        let code = u32::from_str_radix(code, 16).ok()?;
        text.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
        rest = &after[1 + digits..];
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_read_as_python_writes_them() {
        assert_eq!(literal(r"a\\b\'c\n\x00\xff").as_deref(), Some(&b"a\\b'c\n\0\xff"[..]));
        assert_eq!((literal(r"\"), literal(r"\x4"), literal(r"\q")), (None, None, None));
    }

    #[test]
    fn escaped_characters_are_read() {
        assert_eq!(
            raw_unicode(b"\\u72d0 \xe9 \\U0001f98a \\n").as_deref(),
            Some("狐 é 🦊 \\n")
        );
        assert_eq!(raw_unicode(b"\\u72"), None);
        assert_eq!(raw_unicode(b"\\ud800").as_deref(), Some("\u{fffd}"));
    }
}
