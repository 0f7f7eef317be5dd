//! The `modelspec.*` and the least `ss_*` metadata that kohya's scripts give a network that they make
//! (<https://github.com/Stability-AI/ModelSpec>).

use std::collections::BTreeMap;
use std::path::Path;

use super::python;

/// What a network was made for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Base {
    pub(super) v2: bool,
    pub(super) v_prediction: bool,
    pub(super) xl: bool,
}

/// The `modelspec.*` of a LoRA; `merged_from` are the titles of what it was made of.
pub(super) fn lora(base: Base, output: &Path, merged_from: Option<String>) -> BTreeMap<String, String> {
    let architecture = match (base.xl, base.v2, base.v_prediction) {
        (true, ..) => "stable-diffusion-xl-v1-base",
        (_, true, true) => "stable-diffusion-v2-768-v",
        (_, true, false) => "stable-diffusion-v2-512",
        _ => "stable-diffusion-v1",
    };
    let implementation = if base.xl {
        "https://github.com/Stability-AI/generative-models"
    } else {
        "diffusers"
    };
    let resolution = match (base.xl, base.v2 && base.v_prediction) {
        (true, _) => "1024x1024",
        (_, true) => "768x768",
        _ => "512x512",
    };
    let title = output.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let date = jiff::Zoned::now().strftime("%Y-%m-%dT%H:%M:%S").to_string();
    let mut metadata: BTreeMap<_, _> = [
        ("sai_model_spec", "1.0.1".to_owned()),
        ("architecture", format!("{architecture}/lora")),
        ("implementation", implementation.to_owned()),
        ("title", title),
        ("resolution", resolution.to_owned()),
        ("date", date),
        (
            "prediction_type",
            if base.v_prediction { "v" } else { "epsilon" }.to_owned(),
        ),
    ]
    .into_iter()
    .map(|(key, value)| (format!("modelspec.{key}"), value))
    .collect();
    if let Some(from) = merged_from {
        metadata.insert("modelspec.merged_from".to_owned(), from);
    }
    metadata
}

/// A file's title in a list of what something was made of.
pub(super) fn title(path: &Path, metadata: &BTreeMap<String, String>) -> String {
    let stem = || path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    metadata.get("modelspec.title").cloned().unwrap_or_else(stem)
}

/// The value if all are the same, else `Dynamic`.
pub(super) fn common<T: PartialEq + Copy>(values: impl IntoIterator<Item = T>, say: impl Fn(T) -> String) -> String {
    let mut values = values.into_iter();
    match values.next() {
        Some(first) if values.all(|value| value == first) => say(first),
        _ => "Dynamic".to_owned(),
    }
}

/// The `ss_*` keys that say what a network is.
pub(super) fn network(
    dim: String,
    alpha: String,
    conv: Option<usize>,
    v2: Option<&String>,
    base: Option<&String>,
) -> BTreeMap<String, String> {
    let mut metadata: BTreeMap<_, _> = [
        ("ss_network_module".to_owned(), "networks.lora".to_owned()),
        ("ss_network_dim".to_owned(), dim),
        ("ss_network_alpha".to_owned(), alpha),
    ]
    .into();
    let mut put = |key: &str, value: Option<String>| {
        if let Some(value) = value {
            metadata.insert(key.to_owned(), value);
        }
    };
    put("ss_v2", v2.cloned());
    put("ss_base_model_version", base.cloned());
    let arguments = |rank| serde_json::json!({ "conv_dim": rank, "conv_alpha": rank });
    put("ss_network_args", conv.map(|rank| python::json(&arguments(rank))));
    metadata
}
