//! The JSON in which A1111 keeps an embedding inside a picture: the dictionary of its `.pt` files, tensors as
//! `{"TORCHTENSOR": [[…], …]}`.
//!
//! Reads from a stream and keeps nothing but the tensors and the name, so that what a hostile text can make it hold is bounded by
//! [`MOST_NUMBERS`] and [`MOST_TENSORS`].

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Numbers of all tensors together: a whole chunk of vectors is a tenth of it.
const MOST_NUMBERS: usize = 1 << 21;
const MOST_TENSORS: usize = 64;
const TENSOR: &str = "TORCHTENSOR";

/// What the text holds.
#[derive(Default)]
pub(super) struct Decoded {
    /// Its `name`, where that is a text.
    pub(super) name: Option<String>,
    /// Its tensors by their keys, joined by dots.
    pub(super) tensors: BTreeMap<String, Nested>,
    numbers: usize,
}

/// A tensor written as lists in lists.
#[derive(Default)]
pub(super) struct Nested {
    pub(super) shape: Vec<usize>,
    pub(super) values: Vec<f32>,
}

pub(super) fn read(text: impl Read) -> Result<Decoded, String> {
    let mut decoded = Decoded::default();
    let mut reader = serde_json::Deserializer::from_reader(text);
    let walk = Walk {
        path: String::new(),
        decoded: &mut decoded,
    };
    let read = walk.deserialize(&mut reader).and_then(|()| reader.end());
    read.map_err(|error| format!("its text is no dictionary of tensors: {error}"))?;
    Ok(decoded)
}

/// A value somewhere in the dictionary.
struct Walk<'a> {
    path: String,
    decoded: &'a mut Decoded,
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a dictionary")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if key == TENSOR {
                let mut nested = Nested::default();
                map.next_value_seed(List {
                    depth: 0,
                    nested: &mut nested,
                    left: MOST_NUMBERS - self.decoded.numbers,
                })?;
                self.decoded.numbers += nested.values.len();
                self.decoded.tensors.insert(self.path.clone(), nested);
                if self.decoded.tensors.len() > MOST_TENSORS {
                    return Err(A::Error::custom(format!("it has more than {MOST_TENSORS} tensors")));
                }
                continue;
            }
            let path = if self.path.is_empty() {
                key
            } else {
                format!("{}.{key}", self.path)
            };
            map.next_value_seed(Walk {
                path,
                decoded: self.decoded,
            })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        if self.path == "name" {
            self.decoded.name = Some(text.to_owned());
        }
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }
}

/// A list of a tensor, or a number in one.
struct List<'a> {
    depth: usize,
    nested: &'a mut Nested,
    left: usize,
}

impl<'de> DeserializeSeed<'de> for List<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for List<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("lists of numbers")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let Self { depth, nested, left } = self;
        // The first list of a depth says how long those are.
        let known = nested.shape.get(depth).copied();
        if known.is_none() {
            if !nested.values.is_empty() {
                return Err(A::Error::custom("its lists are of different depths"));
            }
            nested.shape.push(0);
        }
        let mut length = 0;
        while seq
            .next_element_seed(List {
                depth: depth + 1,
                nested: &mut *nested,
                left,
            })?
            .is_some()
        {
            length += 1;
        }
        match known {
            None => nested.shape[depth] = length,
            Some(known) if known != length => {
                return Err(A::Error::custom(format!("its lists have {known} and {length} items")));
            }
            Some(_) => {}
        }
        Ok(())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        if self.depth != self.nested.shape.len() {
            return Err(E::custom("its lists are of different depths"));
        }
        if self.nested.values.len() == self.left {
            return Err(E::custom(format!("it has more than {MOST_NUMBERS} numbers")));
        }
        self.nested.values.push(number as f32);
        Ok(())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.visit_f64(number as f64)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        self.visit_f64(number as f64)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn tensors_are_found_by_their_keys() {
        let text = r#"{"string_to_token": {"*": 265}, "string_to_param": {"*": {"TORCHTENSOR": [[1, -2.5], [3e0, 0]]}},
            "name": "x", "step": null, "list": [1, {"TORCHTENSOR": [1]}]}"#;
        let decoded = read(text.as_bytes()).unwrap();
        assert_eq!(decoded.name.as_deref(), Some("x"));
        assert_eq!(decoded.tensors.keys().collect::<Vec<_>>(), ["string_to_param.*"]);
        let tensor = &decoded.tensors["string_to_param.*"];
        assert_eq!(
            (&tensor.shape[..], &tensor.values[..]),
            (&[2, 2][..], &[1.0, -2.5, 3.0, 0.0][..])
        );
    }

    #[test]
    fn lists_that_are_no_tensor_are_refused() {
        for list in [
            "[[1],[1,2]]",
            "[1,[2]]",
            "[[1],2]",
            "[\"a\"]",
            "[null]",
            "[1",
            "[NaN]",
            "{}",
            "1e999",
        ] {
            let text = format!(r#"{{"a":{{"TORCHTENSOR":{list}}}}}"#);
            assert!(read(text.as_bytes()).is_err(), "{list}");
        }
        assert!(read(&b"[1]"[..]).is_ok_and(|decoded| decoded.tensors.is_empty()));
        assert!(read(&b"{} x"[..]).is_err());
    }

    #[test]
    fn a_text_that_wants_too_much_is_refused() {
        let many = format!(r#"{{"a":{{"TORCHTENSOR":[{}1]}}}}"#, "1,".repeat(MOST_NUMBERS));
        assert!(read(many.as_bytes()).err().unwrap().contains("numbers"));
        let deep = format!("{}1{}", r#"{"a":"#.repeat(200), "}".repeat(200));
        assert!(read(deep.as_bytes()).is_err());
        let each = |i| format!(r#""{i}":{{"TORCHTENSOR":[]}},"#);
        let tensors = format!("{{{}\"z\":1}}", (0..70).map(each).collect::<String>());
        assert!(read(tensors.as_bytes()).is_err());
    }
}
