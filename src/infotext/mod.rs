//! Infotext: the text in which A1111 writes down how a picture was made.
//!
//! Owns the text itself ([`Infotext`]: its three parts, written and read as A1111 1.10.1 does) and the places it travels in
//! ([`carrier`]: PNG, JPEG, WebP). It never decides what a value means for a picture: that a missing `Clip skip` is 1, which file
//! a `Model hash` is, or whether a sampler exists is the caller's to say.
//!
//! Read next: [`mod@write`] for the order of the fields, [`parse`] for the rules of reading, [`carrier`] for the files.

pub mod carrier;
pub mod parse;
pub mod write;

use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use write::GenerationFields;

/// A generation's parameters: `prompt`, `Negative prompt: …` and the line of `key: value` pairs.
///
/// `Display` writes A1111's text, [`Infotext::parse`] reads it. In JSON the fields are an object in the order of the text:
/// `{"prompt":"…","negative_prompt":"…","fields":{"Steps":"20",…}}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Infotext {
    /// The positive prompt, lines joined by `\n`.
    pub prompt: String,
    /// The negative prompt; empty where there is none.
    pub negative_prompt: String,
    /// The fields as written, unquoted, in order; a key stands once.
    #[serde(serialize_with = "fields_to_map", deserialize_with = "fields_from_map")]
    pub fields: Vec<(String, String)>,
}

/// A field whose value is not what its key promises.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key} is {value:?} in the parameters, which is not {expected}")]
pub struct FieldError {
    /// The field, as A1111 names it.
    pub key: String,
    /// Its value as written.
    pub value: String,
    /// What it should have been, with an article.
    pub expected: &'static str,
}

impl FieldError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        Some(format!(
            "correct {0} in the parameters text, or take it out to use the default",
            self.key
        ))
    }
}

impl Infotext {
    /// Reads an infotext. Every text is one: where no line of fields is found the whole is prompt, as in A1111.
    pub fn parse(text: &str) -> Self {
        parse::parse(text)
    }

    /// The value of a field, or `None` where it is not written.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    }

    /// `Steps`.
    ///
    /// # Errors
    /// The value is no whole number.
    pub fn steps(&self) -> Result<Option<u32>, FieldError> {
        self.whole("Steps")
    }

    /// `Sampler`, as written: from A1111 before 1.9 with the schedule in it (`DPM++ 2M Karras`).
    pub fn sampler(&self) -> Option<&str> {
        self.text("Sampler")
    }

    /// `Schedule type`.
    pub fn schedule(&self) -> Option<&str> {
        self.text("Schedule type")
    }

    /// `CFG scale`.
    ///
    /// # Errors
    /// The value is no finite number.
    pub fn cfg_scale(&self) -> Result<Option<f64>, FieldError> {
        self.read("CFG scale", "a number", |value| {
            value.parse::<f64>().ok().filter(|n| n.is_finite())
        })
    }

    /// `Seed`, 0 to 2^64 - 1; `None` also for -1, which asks for any.
    ///
    /// # Errors
    /// The value is no such number.
    pub fn seed(&self) -> Result<Option<u64>, FieldError> {
        match self.whole::<i128>("Seed")? {
            None | Some(-1) => Ok(None),
            Some(seed) => u64::try_from(seed).map(Some).map_err(|_| FieldError {
                key: "Seed".to_owned(),
                value: seed.to_string(),
                expected: "a number from -1 to 18446744073709551615",
            }),
        }
    }

    /// `Size`, as width and height in pixels.
    ///
    /// # Errors
    /// The value is not of the form `512x512`.
    pub fn size(&self) -> Result<Option<(u32, u32)>, FieldError> {
        self.read("Size", "a size such as 512x512", |value| {
            let (width, height) = value.split_once('x')?;
            Some((width.parse().ok()?, height.parse().ok()?))
        })
    }

    /// `Clip skip`; a missing one means 1.
    ///
    /// # Errors
    /// The value is no whole number.
    pub fn clip_skip(&self) -> Result<Option<u32>, FieldError> {
        self.whole("Clip skip")
    }

    /// `ENSD`, the eta noise seed delta; a missing one means 0.
    ///
    /// # Errors
    /// The value is no whole number.
    pub fn ensd(&self) -> Result<Option<i64>, FieldError> {
        self.whole("ENSD")
    }

    /// `RNG`, the random number source; a missing one means `GPU`.
    pub fn rng(&self) -> Option<&str> {
        self.text("RNG")
    }

    /// `Model`, the checkpoint's name without its extension.
    pub fn model(&self) -> Option<&str> {
        self.text("Model")
    }

    /// `Model hash`: ten hex digits of the checkpoint's SHA-256, eight in pictures of 2022.
    pub fn model_hash(&self) -> Option<&str> {
        self.text("Model hash")
    }

    /// `VAE`, the file name of a VAE of its own.
    pub fn vae(&self) -> Option<&str> {
        self.text("VAE")
    }

    /// `VAE hash`: ten hex digits of its SHA-256.
    pub fn vae_hash(&self) -> Option<&str> {
        self.text("VAE hash")
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.get(key).map(str::trim).filter(|value| !value.is_empty())
    }

    /// A whole number, also where a tool wrote it as `20.0`, which A1111 takes too.
    fn whole<T: std::str::FromStr>(&self, key: &str) -> Result<Option<T>, FieldError> {
        self.read(key, "a whole number", |value| {
            let digits =
                value.split_once('.').map_or(
                    value,
                    |(whole, zeros)| {
                        if zeros.bytes().all(|b| b == b'0') { whole } else { value }
                    },
                );
            digits.parse().ok()
        })
    }

    fn read<T>(
        &self,
        key: &str,
        expected: &'static str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, FieldError> {
        let Some(value) = self.text(key) else { return Ok(None) };
        match read(value) {
            Some(read) => Ok(Some(read)),
            None => Err(FieldError {
                key: key.to_owned(),
                value: value.to_owned(),
                expected,
            }),
        }
    }
}

fn fields_to_map<S: Serializer>(fields: &[(String, String)], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(fields.len()))?;
    for (key, value) in fields {
        map.serialize_entry(key, value)?;
    }
    map.end()
}

fn fields_from_map<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(String, String)>, D::Error> {
    struct Fields;
    impl<'de> Visitor<'de> for Fields {
        type Value = Vec<(String, String)>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object of strings")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut fields = Vec::new();
            while let Some(field) = map.next_entry()? {
                fields.push(field);
            }
            Ok(fields)
        }
    }
    deserializer.deserialize_map(Fields)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn with(key: &str, value: &str) -> Infotext {
        Infotext {
            fields: vec![(key.to_owned(), value.to_owned())],
            ..Infotext::default()
        }
    }

    #[test]
    fn json_keeps_the_order_of_the_fields() {
        let text = "a fox\nNegative prompt: text\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 128x64";
        let json = r#"{"prompt":"a fox","negative_prompt":"text","fields":{"Steps":"20","Sampler":"Euler a","CFG scale":"7","Seed":"1","Size":"128x64"}}"#;
        let read = Infotext::parse(text);
        assert_eq!(serde_json::to_string(&read).unwrap(), json);
        assert_eq!(serde_json::from_str::<Infotext>(json).unwrap(), read);
        assert_eq!(read.size().unwrap(), Some((128, 64)));
    }

    #[test]
    fn numbers_are_taken_as_a1111_takes_them() {
        assert_eq!(with("Steps", "20.0").steps().unwrap(), Some(20));
        assert_eq!(with("Steps", "20 ").steps().unwrap(), Some(20));
        assert_eq!(with("Seed", "-1").seed().unwrap(), None);
        assert_eq!(with("Seed", "18446744073709551615").seed().unwrap(), Some(u64::MAX));
        assert!(with("Seed", "-2").seed().is_err());
        assert_eq!(with("CFG scale", "7.5").cfg_scale().unwrap(), Some(7.5));
        assert_eq!(Infotext::default().clip_skip().unwrap(), None);
    }

    #[test]
    fn a_bad_value_is_named() {
        let error = with("Steps", "20.5").steps().unwrap_err();
        assert_eq!(
            error.to_string(),
            r#"Steps is "20.5" in the parameters, which is not a whole number"#
        );
        assert!(error.hint().unwrap().contains("Steps"));
        assert!(with("CFG scale", "NaN").cfg_scale().is_err());
        assert!(with("CFG scale", "1e999").cfg_scale().is_err());
        assert!(with("Size", "512").size().is_err());
        assert!(with("Size", "512x-1").size().is_err());
        assert!(with("Seed", "99999999999999999999999").seed().is_err());
    }
}
