//! What a tagger or captioner can be asked to do: plain data that crosses the socket and stands in the queue.
//!
//! A job is complete: it names pictures, model and every choice. Nothing here touches a file; the engine runs it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::data::edit::propose::{Conflict, path};
use crate::data::set::Options;

/// Proposals for the captions of a set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TagJob {
    /// The folder or dataset TOML.
    #[serde(with = "path")]
    pub set: PathBuf,
    /// As [`Options::extension`].
    pub extension: String,
    /// As [`Options::separator`].
    pub separator: String,
    /// The pictures to look at, as the set has their paths or relative to its folder; `None` is all of them.
    pub pictures: Option<Vec<Name>>,
    /// The model: a folder with `model.onnx` and its list of tags, or one in Hugging Face's layout.
    #[serde(with = "path")]
    pub model: PathBuf,
    /// What its numbers become.
    pub settings: Settings,
    /// What becomes of captions that are there. With [`Conflict::Ignore`] their pictures are not looked at.
    pub conflict: Conflict,
    /// Where proposals are kept ([`super::results`]), so that they outlive whoever watches.
    pub results: Option<PathBuf>,
    /// Whether the captions are written at the end, through the set's journal; else they stay proposals.
    #[serde(default)]
    pub write: bool,
}

impl TagJob {
    /// All pictures of a set, with nothing chosen otherwise.
    pub fn new(set: impl Into<PathBuf>, model: impl Into<PathBuf>) -> Self {
        let Options { extension, separator } = Options::default();
        Self {
            set: set.into(),
            extension,
            separator,
            pictures: None,
            model: model.into(),
            settings: Settings::default(),
            conflict: Conflict::default(),
            results: None,
            write: false,
        }
    }

    /// How the set is read.
    pub fn options(&self) -> Options {
        Options {
            extension: self.extension.clone(),
            separator: self.separator.clone(),
        }
    }

    /// The model's name for people: its folder, or its file.
    pub fn name(&self) -> String {
        let name = self.model.file_name().unwrap_or(self.model.as_os_str());
        name.to_string_lossy().into_owned()
    }
}

/// A path that may hold bytes that are no text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Name(#[serde(with = "path")] pub PathBuf);

/// What a model's numbers become.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// For taggers.
    pub tagging: Tagging,
    /// For captioners.
    pub captioning: Captioning,
}

/// Whether something that is said of every picture goes into the caption.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Use {
    /// It is only shown.
    #[default]
    Leave,
    /// As the first tag.
    First,
    /// As the last tag.
    Last,
}

/// What a tagger's confidences become. Names and defaults are those of kohya's `tag_images_by_wd14_tagger.py` unless it says
/// otherwise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[allow(clippy::struct_excessive_bools)]
pub struct Tagging {
    /// The least confidence of a tag.
    pub threshold: f32,
    /// That of characters; as `threshold` where nothing is said. Above 1 there are none.
    pub character: Option<f32>,
    /// That of series.
    pub copyright: Option<f32>,
    /// That of artists.
    pub artist: Option<f32>,
    /// That of tags about the file.
    pub meta: Option<f32>,
    /// That of models that draw.
    pub model: Option<f32>,
    /// Whether the likeliest rating is written.
    pub rating: Use,
    /// The least confidence of a rating that is written.
    pub rating_threshold: f32,
    /// Whether the likeliest quality is written, where the model knows of it.
    pub quality: Use,
    /// Whether characters stand before all other tags.
    pub characters_first: bool,
    /// Whether `name_(series)` becomes two tags.
    pub expand_characters: bool,
    /// Whether tags go by confidence instead of by the model's list.
    pub by_confidence: bool,
    /// At most so many tags beside rating and quality, the surest; 0 for any number.
    pub most: usize,
    /// Tags that are never proposed. `long hair` means `long_hair` as well.
    pub exclude: Vec<String>,
    /// Tags that stand first, in this order, where they are found.
    pub first: Vec<String>,
    /// Tags that are added in front whatever the picture shows, such as a trigger word.
    pub add: Vec<String>,
    /// Tags that get another name.
    pub replace: Vec<(String, String)>,
    /// Whether underscores stay. Else they become spaces, but in emoticons such as `^_^`. kohya's script keeps them unless told.
    pub underscores: bool,
    /// Whether `(`, `)` and `\` get a backslash, as prompts want it and captions do not.
    pub escape: bool,
}

impl Default for Tagging {
    fn default() -> Self {
        Self {
            threshold: 0.35,
            character: None,
            copyright: None,
            artist: None,
            meta: None,
            model: None,
            rating: Use::Leave,
            rating_threshold: 0.0,
            quality: Use::Leave,
            characters_first: false,
            expand_characters: false,
            by_confidence: false,
            most: 0,
            exclude: Vec::new(),
            first: Vec::new(),
            add: Vec::new(),
            replace: Vec::new(),
            underscores: false,
            escape: false,
        }
    }
}

/// How a captioner words its sentence. The defaults are A1111's for BLIP: one beam, 24 to 48 tokens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Captioning {
    /// What the sentence begins with; empty for nothing.
    pub prompt: String,
    /// Sentences followed at once; 1 takes the likeliest word each time.
    pub beams: usize,
    /// The least number of tokens, with those of the beginning.
    pub shortest: usize,
    /// The largest number of tokens, with those of the beginning.
    pub longest: usize,
}

impl Default for Captioning {
    fn default() -> Self {
        Self {
            prompt: String::new(),
            beams: 1,
            shortest: 24,
            longest: 48,
        }
    }
}
