//! Writes infotext: which fields, in which order, with which quoting.
//!
//! The order and the spelling of numbers are those of A1111 1.10.1's web UI. Nothing here reads a text; see [`super::parse`].

use std::fmt;

use super::Infotext;
use super::parse::strip;

/// What danlu writes as `Version` unless told otherwise.
///
/// A1111 and Forge read this field as a Python package version and switch old behaviours on for anything before 1.6 to 1.8;
/// danlu's own number would be taken for such an old one. The public part therefore names the A1111 whose pictures these are,
/// and danlu stands behind the `+`, where a local build is named and which no comparison looks at.
pub const VERSION: &str = concat!("v1.10.1+danlu.", env!("CARGO_PKG_VERSION"));

/// What a picture was made with, before it becomes text.
#[derive(Clone, Debug, PartialEq)]
pub struct GenerationFields {
    /// Sampling steps.
    pub steps: u32,
    /// The sampler's label, such as `DPM++ 2M`.
    pub sampler: String,
    /// The chosen schedule's label. A1111 writes it for every sampler, also for those that ignore it (DDIM, PLMS, UniPC), and
    /// writes `Automatic` where that was chosen.
    pub schedule: String,
    /// CFG scale.
    pub cfg_scale: f64,
    /// The seed of this one image.
    pub seed: u64,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// First ten hex digits of the checkpoint's SHA-256.
    pub model_hash: Option<String>,
    /// The checkpoint's file name without extension.
    pub model: Option<String>,
    /// First ten hex digits of the VAE's SHA-256, where a VAE of its own was used.
    pub vae_hash: Option<String>,
    /// That VAE's file name with extension.
    pub vae: Option<String>,
    /// 1 is the last layer and is not written.
    pub clip_skip: u32,
    /// Eta noise seed delta; 0 is not written.
    pub ensd: i64,
    /// Whether this sampler draws noise that `ensd` moves: in A1111 the ancestral ones, DPM fast and DPM adaptive, and DDIM only
    /// with an eta above 0. Otherwise `ENSD` is not written.
    pub sampler_uses_ensd: bool,
    /// The random number source: `NV`, `CPU`, or `GPU`, which is A1111's default and not written.
    pub rng: String,
    /// Whatever else was used (`Lora hashes`, `Emphasis`, `Hires upscale`, …), in the order it was.
    pub extra: Vec<(String, String)>,
    /// Usually [`VERSION`].
    pub version: String,
}

/// The fields in A1111's order. An `extra` field that has a place of its own there is put into it.
pub fn fields(made: &GenerationFields) -> Vec<(String, String)> {
    let uses_ensd = made.sampler_uses_ensd && made.ensd != 0;
    let fixed = [
        ("Steps", Some(made.steps.to_string())),
        ("Sampler", Some(made.sampler.clone())),
        ("Schedule type", Some(made.schedule.clone())),
        ("CFG scale", Some(number(made.cfg_scale))),
        ("Image CFG scale", None),
        ("Seed", Some(made.seed.to_string())),
        ("Face restoration", None),
        ("Size", Some(format!("{}x{}", made.width, made.height))),
        ("Model hash", made.model_hash.clone()),
        ("Model", made.model.clone()),
        ("FP8 weight", None),
        ("Cache FP16 weight for LoRA", None),
        ("VAE hash", made.vae_hash.clone()),
        ("VAE", made.vae.clone()),
        ("Variation seed", None),
        ("Variation seed strength", None),
        ("Seed resize from", None),
        ("Denoising strength", None),
        ("Conditional mask weight", None),
        ("Clip skip", (made.clip_skip > 1).then(|| made.clip_skip.to_string())),
        ("ENSD", uses_ensd.then(|| made.ensd.to_string())),
        ("Token merging ratio", None),
        ("Token merging ratio hr", None),
        ("Init image hash", None),
        ("RNG", (made.rng != "GPU").then(|| made.rng.clone())),
        ("Tiling", None),
    ];
    let mut fields: Vec<(String, Option<String>)> = fixed.map(|(key, value)| (key.to_owned(), value)).into();
    for (key, value) in &made.extra {
        match fields.iter_mut().find(|(name, _)| name == key) {
            Some((_, place)) => *place = Some(value.clone()),
            None => fields.push((key.clone(), Some(value.clone()))),
        }
    }
    fields.push(("Version".to_owned(), Some(made.version.clone())));
    fields
        .into_iter()
        .filter_map(|(key, value)| Some((key, value?)))
        .collect()
}

/// A number as the web UI writes it: its sliders hand over `7` for a whole number and `7.5` otherwise (A1111's API, which knows
/// floats only, would write `7.0`).
pub fn number(value: f64) -> String {
    // Negative zero is the one value whose text would not be the slider's.
    if value == 0.0 {
        "0".to_owned()
    } else {
        value.to_string()
    }
}

/// A value as it stands in the text: in JSON's quotes where a comma, a colon or a line break would cut it short.
fn quote(value: &str) -> String {
    if value.contains([',', '\n', ':']) {
        serde_json::Value::from(value).to_string()
    } else {
        value.to_owned()
    }
}

impl fmt::Display for Infotext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = self.prompt.clone();
        if !self.negative_prompt.is_empty() {
            text.push_str("\nNegative prompt: ");
            text.push_str(&self.negative_prompt);
        }
        text.push('\n');
        for (n, (key, value)) in self.fields.iter().enumerate() {
            if n > 0 {
                text.push_str(", ");
            }
            text.push_str(key);
            if key != value {
                text.push_str(": ");
                text.push_str(&quote(value));
            }
        }
        f.write_str(strip(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made() -> GenerationFields {
        GenerationFields {
            steps: 20,
            sampler: "Euler a".into(),
            schedule: "Automatic".into(),
            cfg_scale: 7.0,
            seed: 1234,
            width: 512,
            height: 768,
            model_hash: Some("6ce0161689".into()),
            model: Some("v1-5-pruned-emaonly".into()),
            vae_hash: None,
            vae: None,
            clip_skip: 1,
            ensd: 0,
            sampler_uses_ensd: true,
            rng: "GPU".into(),
            extra: vec![],
            version: "v1.10.1".into(),
        }
    }

    #[test]
    fn defaults_are_left_out() {
        let info = Infotext {
            prompt: "a fox".into(),
            negative_prompt: String::new(),
            fields: fields(&made()),
        };
        assert_eq!(
            info.to_string(),
            "a fox\nSteps: 20, Sampler: Euler a, Schedule type: Automatic, CFG scale: 7, Seed: 1234, Size: 512x768, \
             Model hash: 6ce0161689, Model: v1-5-pruned-emaonly, Version: v1.10.1"
        );
    }

    #[test]
    fn extra_fields_go_to_their_place() {
        let extra = vec![
            ("Lora hashes".into(), "a: 12".into()),
            ("Denoising strength".into(), "0.7".into()),
        ];
        let keys: Vec<String> = fields(&GenerationFields {
            clip_skip: 2,
            ensd: 31337,
            rng: "NV".into(),
            extra,
            ..made()
        })
        .into_iter()
        .skip(8)
        .map(|(key, _)| key)
        .collect();
        assert_eq!(
            keys,
            [
                "Denoising strength",
                "Clip skip",
                "ENSD",
                "RNG",
                "Lora hashes",
                "Version"
            ]
        );
    }

    #[test]
    fn ensd_is_written_only_where_it_acts() {
        let written = |made: &GenerationFields| fields(made).iter().any(|(key, _)| key == "ENSD");
        assert!(written(&GenerationFields { ensd: -5, ..made() }));
        assert!(!written(&GenerationFields {
            ensd: 5,
            sampler_uses_ensd: false,
            ..made()
        }));
    }

    #[test]
    fn values_are_quoted_as_json_without_escaping_unicode() {
        assert_eq!(quote("plain \"x\""), "plain \"x\"");
        assert_eq!(quote("狐狸: a, \"b\"\n\u{1}\\"), "\"狐狸: a, \\\"b\\\"\\n\\u0001\\\\\"");
    }

    #[test]
    fn numbers_are_the_sliders() {
        assert_eq!([7.0, 7.5, 1.1, -0.0, 30.0].map(number), ["7", "7.5", "1.1", "0", "30"]);
    }

    #[test]
    fn a_bare_key_stands_for_itself() {
        let info = Infotext {
            fields: vec![("Tiling".into(), "Tiling".into())],
            ..Infotext::default()
        };
        assert_eq!(info.to_string(), "Tiling");
    }
}
