//! JSON as trainers write it: by Python, which also writes `NaN` and `Infinity`.

use std::borrow::Cow;

use serde_json::{Map, Value};

/// A value that is an object.
pub(super) fn object(text: &str) -> Option<Map<String, Value>> {
    match value(text)? {
        Value::Object(object) => Some(object),
        _ => None,
    }
}

/// Any value.
pub(super) fn value(text: &str) -> Option<Value> {
    serde_json::from_str(text)
        .ok()
        .or_else(|| serde_json::from_str(&without_nan(text)).ok())
}

/// A whole number that counts something, written as a number or as a text.
pub(super) fn count(value: &Value) -> Option<u64> {
    value
        .as_u64()
        .or_else(|| value.as_f64().filter(|n| (0.0..1e15).contains(n)).map(|n| n as u64))
        .or_else(|| value.as_str()?.trim().parse().ok())
}

/// The same with `null` for numbers that JSON does not know.
fn without_nan(text: &str) -> Cow<'_, str> {
    const UNKNOWN: [&str; 3] = ["-Infinity", "Infinity", "NaN"];
    if !UNKNOWN.iter().any(|word| text.contains(word)) {
        return Cow::Borrowed(text);
    }
    let (mut plain, mut rest, mut quoted) = (String::with_capacity(text.len()), text, false);
    while let Some(sign) = rest.chars().next() {
        let unknown = UNKNOWN.iter().find(|word| !quoted && rest.starts_with(**word));
        let step = match (sign, unknown) {
            (_, Some(word)) => {
                plain.push_str("null");
                rest = &rest[word.len()..];
                continue;
            }
            ('\\', None) if quoted => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            _ => sign.len_utf8(),
        };
        quoted ^= sign == '"';
        plain.push_str(&rest[..step]);
        rest = &rest[step..];
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn pythons_numbers_are_read_and_texts_stay() {
        let text = r#"{"a": NaN, "b": [-Infinity, 1], "c": "NaN \" NaN", "d": Infinity}"#;
        let found = Value::from(object(text).unwrap());
        assert_eq!(
            found,
            serde_json::json!({"a": null, "b": [null, 1], "c": "NaN \" NaN", "d": null})
        );
        assert_eq!(value("{\"a\": NaN"), None);
        assert_eq!(object("[1]"), None);
    }
}
