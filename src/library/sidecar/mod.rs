//! What lies beside a model: a preview picture, A1111's user metadata, what Civitai says, a text.
//!
//! Reading never fails: what cannot be understood is said in [`Sidecar::trouble`]. Writing keeps every key that is not ours. [`html`] makes
//! Civitai's descriptions plain.

mod html;
mod write;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub(super) use write::write;

/// Extensions of preview pictures, in the order in which they are looked for.
const PICTURES: [&str; 5] = ["png", "jpg", "jpeg", "webp", "gif"];
/// Longest file that is read.
const LONGEST: u64 = 4 << 20;

/// What the files beside a model say of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sidecar {
    /// A picture of what it makes.
    pub preview: Option<PathBuf>,
    /// The model's name at Civitai.
    pub title: Option<String>,
    /// A text about it, HTML made plain; lines stand as they were.
    pub description: Option<String>,
    /// What it was made for, in the words of whoever wrote it, such as `SDXL` or `SD 1.5`.
    pub base_model: Option<String>,
    /// Words that call up what was trained (Civitai's `trainedWords`).
    pub words: Vec<String>,
    /// What A1111 puts into the prompt behind the network's call.
    pub activation: Option<String>,
    /// The weight that A1111 calls the network with; none when it is 0, which stands for the default.
    pub preferred_weight: Option<f64>,
    /// What A1111 puts into the negative prompt.
    pub negative: Option<String>,
    /// The user's notes.
    pub notes: Option<String>,
    /// What lies there and cannot be read, a sentence each.
    pub trouble: Vec<String>,
}

/// What the user may change; `None` leaves a value as it is, an empty text or 0 takes it away.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Edit {
    /// A text about the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The family that it is for, in A1111's words: `Unknown`, `SD1`, `SD2`, `SDXL`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sd_version: Option<String>,
    /// What goes into the prompt behind the network's call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activation: Option<String>,
    /// The weight to call it with; 0 for the default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred_weight: Option<f64>,
    /// What goes into the negative prompt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub negative: Option<String>,
    /// Notes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
}

impl Edit {
    /// Takes over what another edit says.
    pub(super) fn overlay(&mut self, newer: &Self) {
        let newer = newer.clone();
        *self = Self {
            description: newer.description.or(self.description.take()),
            sd_version: newer.sd_version.or(self.sd_version.take()),
            activation: newer.activation.or(self.activation.take()),
            preferred_weight: newer.preferred_weight.or(self.preferred_weight),
            negative: newer.negative.or(self.negative.take()),
            notes: newer.notes.or(self.notes.take()),
        };
    }

    /// Leaves out what another edit says, since that stands elsewhere now.
    pub(super) fn forget(&mut self, written: &Self) {
        let text = |own: &mut Option<String>, is_written: bool| own.take().filter(|_| !is_written);
        *self = Self {
            description: text(&mut self.description, written.description.is_some()),
            sd_version: text(&mut self.sd_version, written.sd_version.is_some()),
            activation: text(&mut self.activation, written.activation.is_some()),
            preferred_weight: self.preferred_weight.filter(|_| written.preferred_weight.is_none()),
            negative: text(&mut self.negative, written.negative.is_some()),
            notes: text(&mut self.notes, written.notes.is_some()),
        };
    }
}

impl Sidecar {
    /// Reads what lies beside a model, or inside its folder. A1111's own file goes before Civitai's, a text after both.
    pub fn of(model: &Path) -> Self {
        let mut found = Self {
            preview: preview(model),
            ..Self::default()
        };
        if let Some(said) = found.object(&user_file(model)) {
            found.read_user(&said);
        }
        if let Some(said) = found.object(&beside(model, "civitai.info")) {
            found.read_civitai(&said);
        }
        for suffix in ["txt", "description.txt"] {
            if found.description.is_none() {
                found.description = found.text(&beside(model, suffix)).and_then(filled);
            }
        }
        found
    }

    /// Takes over what the user said elsewhere.
    pub(super) fn apply(&mut self, edit: &Edit) {
        let texts = [
            (&mut self.description, &edit.description),
            (&mut self.base_model, &edit.sd_version),
            (&mut self.activation, &edit.activation),
            (&mut self.negative, &edit.negative),
            (&mut self.notes, &edit.notes),
        ];
        for (old, new) in texts {
            if let Some(new) = new {
                *old = filled(new.clone());
            }
        }
        if let Some(weight) = edit.preferred_weight {
            self.preferred_weight = Some(weight).filter(|weight| *weight != 0.0);
        }
    }

    /// `name.json`: A1111's user metadata, by some tools with Civitai's keys among them.
    fn read_user(&mut self, said: &Map<String, Value>) {
        let text = |key: &str| {
            said.get(key)
                .and_then(Value::as_str)
                .map(str::to_owned)
                .and_then(filled)
        };
        self.description = text("description").map(|text| html::plain(&text));
        self.base_model = text("sd version").filter(|version| version != "Unknown");
        self.activation = text("activation text");
        self.negative = text("negative text");
        self.notes = text("notes");
        self.preferred_weight = said
            .get("preferred weight")
            .and_then(number)
            .filter(|weight| *weight != 0.0);
        self.read_civitai(said);
    }

    /// `name.civitai.info`: a version of a model as Civitai's interface describes it. What is known already stays.
    fn read_civitai(&mut self, said: &Map<String, Value>) {
        let model = said.get("model").and_then(Value::as_object);
        let text =
            |of: Option<&Map<String, Value>>, key: &str| of?.get(key)?.as_str().map(str::to_owned).and_then(filled);
        let description = || text(Some(said), "description").or_else(|| text(model, "description"));
        let plain = |text: String| filled(html::plain(&text));
        self.title = self.title.take().or_else(|| text(model, "name"));
        self.description = self.description.take().or_else(|| description().and_then(plain));
        self.base_model = self.base_model.take().or_else(|| text(Some(said), "baseModel"));
        if self.words.is_empty() {
            let words = said.get("trainedWords").and_then(Value::as_array);
            let words = words
                .into_iter()
                .flatten()
                .filter_map(|word| filled(word.as_str()?.trim().to_owned()));
            self.words = words.collect();
        }
    }

    fn object(&mut self, file: &Path) -> Option<Map<String, Value>> {
        let text = self.text(file)?;
        match serde_json::from_str(text.trim_start_matches('\u{feff}')) {
            Ok(Value::Object(object)) => Some(object),
            Ok(_) => {
                self.trouble.push(format!("{} holds no JSON object", file.display()));
                None
            }
            Err(error) => {
                self.trouble.push(format!("{} is no JSON: {error}", file.display()));
                None
            }
        }
    }

    /// A text that is there; bytes that are no UTF-8 are replaced.
    fn text(&mut self, file: &Path) -> Option<String> {
        // Neither a folder nor a pipe, which would never end.
        if !file.is_file() {
            return None;
        }
        match read(file) {
            Ok(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
            Err(error) => {
                self.trouble.push(format!("cannot read {}: {error}", file.display()));
                None
            }
        }
    }
}

fn read(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(file)?.take(LONGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST {
        return Err(std::io::Error::other(format!(
            "it is longer than {} MiB",
            LONGEST >> 20
        )));
    }
    Ok(bytes)
}

/// A number that some tools write as a text.
fn number(value: &Value) -> Option<f64> {
    let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())?;
    number.is_finite().then_some(number)
}

fn filled(text: String) -> Option<String> {
    (!text.trim().is_empty()).then_some(text)
}

/// The file in which A1111 keeps what its user says of a model.
fn user_file(model: &Path) -> PathBuf {
    beside(model, "json")
}

/// `fox.safetensors` and `txt` as `fox.txt`; a folder `fox` likewise, since what lies inside it is its own.
fn beside(model: &Path, suffix: &str) -> PathBuf {
    let mut stem = stem(model);
    stem.push(".");
    stem.push(suffix);
    PathBuf::from(stem)
}

/// A model's path without its extension; of a folder all of it.
fn stem(model: &Path) -> std::ffi::OsString {
    if model.is_dir() {
        model.as_os_str().to_owned()
    } else {
        model.with_extension("").into_os_string()
    }
}

/// The preview: `name.png` or `name.preview.png` beside the model, and inside a folder also `preview.png`. An embedding in a picture
/// is its own.
fn preview(model: &Path) -> Option<PathBuf> {
    let own = model
        .extension()
        .is_some_and(|extension| PICTURES.iter().any(|known| extension.eq_ignore_ascii_case(known)));
    if own && !model.is_dir() {
        return Some(model.to_owned());
    }
    let mut stems = vec![stem(model)];
    if model.is_dir() {
        stems.push(model.join("preview").into_os_string());
        stems.extend(model.file_name().map(|name| model.join(name).into_os_string()));
    }
    stems.into_iter().find_map(|stem| {
        let names = PICTURES
            .iter()
            .flat_map(|extension| [format!(".{extension}"), format!(".preview.{extension}")]);
        names
            .map(|suffix| {
                let mut name = stem.clone();
                name.push(suffix);
                PathBuf::from(name)
            })
            .find(|path| path.is_file())
    })
}
