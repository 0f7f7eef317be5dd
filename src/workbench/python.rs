//! Numbers and JSON as Python writes them: what A1111 and kohya's scripts put into metadata, character by character.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{Formatter, Serializer};

/// `str(float)`.
pub(super) fn float(number: f64) -> String {
    let text = format!("{number:?}");
    match text.split_once('e') {
        None => text,
        Some((digits, exponent)) => {
            let (sign, exponent) = exponent.strip_prefix('-').map_or(("+", exponent), |e| ("-", e));
            format!("{}e{sign}{exponent:0>2}", digits.trim_end_matches(".0"))
        }
    }
}

/// `json.dumps(value)`: spaces behind `,` and `:`, and nothing but ASCII.
pub(super) fn json(value: &Value) -> String {
    let mut out = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut out, Python);
    // Writing a value into memory cannot fail.
    let _ = value.serialize(&mut serializer);
    String::from_utf8(out).unwrap_or_default()
}

struct Python;

impl Formatter for Python {
    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        writer.write_all(float(value).as_bytes())
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        for c in fragment.chars() {
            if c.is_ascii() {
                writer.write_all(&[c as u8])?;
            } else {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_json_are_pythons() {
        for (number, text) in [
            (1.0, "1.0"),
            (0.3, "0.3"),
            (1e-5, "1e-05"),
            (1.5e16, "1.5e+16"),
            (5e-7, "5e-07"),
        ] {
            assert_eq!(float(number), text);
        }
        let value = serde_json::json!({ "a": [1, 0.5], "丹": null, "t": true, "q": "\"\n" });
        assert_eq!(
            json(&value),
            r#"{"a": [1, 0.5], "\u4e39": null, "t": true, "q": "\"\n"}"#
        );
    }
}
