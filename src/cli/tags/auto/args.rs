//! The options of `danlu tags auto`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use danlu::vision::words::{NoReplacement, replacements};
use danlu::vision::{Captioning, Conflict, Settings, Tagging, Use};

#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools)]
pub(in crate::cli) struct Options {
    /// The dataset: a folder or a dataset TOML
    pub(super) dir: PathBuf,
    /// A tagger or captioner by name, as in <models>/taggers/NAME, or its folder or ONNX file
    #[arg(long, value_name = "NAME|PATH", required_unless_present = "take")]
    pub(super) model: Option<String>,
    /// What becomes of a caption that is there [default: ignore]
    #[arg(long, value_enum)]
    pub(super) on_conflict: Option<OnConflict>,
    /// Only pictures that this query chooses
    #[arg(long = "where", value_name = "QUERY")]
    pub(super) query: Option<String>,
    /// What caption files end in
    #[arg(long, value_name = "EXT")]
    pub(super) extension: Option<String>,
    /// What stands between tags
    #[arg(long, value_name = "TEXT")]
    pub(super) separator: Option<String>,
    /// Write the captions; without it they are only shown
    #[arg(long)]
    pub(super) write: bool,
    /// Leave the work to the engine; see what it found with --take
    #[arg(long, conflicts_with = "take")]
    pub(super) queue: bool,
    /// Show or write what a queued job has found for this dataset
    #[arg(long)]
    pub(super) take: bool,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    tagger: TaggerOptions,
    #[command(flatten)]
    captioner: CaptionerOptions,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Taggers")]
#[allow(clippy::struct_excessive_bools)]
struct TaggerOptions {
    /// The least confidence of a tag
    #[arg(long, value_name = "0..1", default_value_t = 0.35)]
    threshold: f32,
    /// That of characters [default: as --threshold]
    #[arg(long, value_name = "0..1")]
    character_threshold: Option<f32>,
    /// That of series
    #[arg(long, value_name = "0..1")]
    copyright_threshold: Option<f32>,
    /// That of artists
    #[arg(long, value_name = "0..1")]
    artist_threshold: Option<f32>,
    /// That of tags about the file
    #[arg(long, value_name = "0..1")]
    meta_threshold: Option<f32>,
    /// That of models that draw
    #[arg(long, value_name = "0..1")]
    model_threshold: Option<f32>,
    /// Write the likeliest rating
    #[arg(long, value_enum, default_value_t = Place::No)]
    rating: Place,
    /// The least confidence of a rating that is written
    #[arg(long, value_name = "0..1", default_value_t = 0.0)]
    rating_threshold: f32,
    /// Write the likeliest quality, where the model knows of it
    #[arg(long, value_enum, default_value_t = Place::No)]
    quality: Place,
    /// Characters before all other tags
    #[arg(long)]
    characters_first: bool,
    /// Make two tags of name_(series)
    #[arg(long)]
    expand_characters: bool,
    /// Sort tags by confidence instead of by the model's list
    #[arg(long)]
    by_confidence: bool,
    /// At most so many tags, the surest; 0 for any number
    #[arg(long, value_name = "N", default_value_t = 0)]
    most: usize,
    /// A tag that is never proposed; may be repeated, or named with commas between
    #[arg(long, value_name = "TAG", value_delimiter = ',')]
    exclude: Vec<String>,
    /// A tag that stands first where it is found
    #[arg(long, value_name = "TAG", value_delimiter = ',')]
    first: Vec<String>,
    /// A tag that is added in front whatever the picture shows
    #[arg(long, value_name = "TAG", value_delimiter = ',')]
    add: Vec<String>,
    /// Tags that get another name: FROM,TO;FROM,TO
    #[arg(long, value_name = "LIST", default_value = "")]
    replace: String,
    /// Keep underscores; else they become spaces, but in emoticons
    #[arg(long)]
    underscores: bool,
    /// Put a backslash before brackets, as prompts want it
    #[arg(long)]
    escape: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Captioners")]
struct CaptionerOptions {
    /// What the sentence begins with; it is left out of the caption
    #[arg(long, value_name = "TEXT", default_value = "")]
    prompt: String,
    /// Sentences followed at once
    #[arg(long, value_name = "N", default_value_t = 1)]
    beams: usize,
    /// The least number of tokens
    #[arg(long, value_name = "N", default_value_t = 24)]
    shortest: usize,
    /// The largest number of tokens
    #[arg(long, value_name = "N", default_value_t = 48)]
    longest: usize,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum OnConflict {
    /// It stays; the picture is not looked at
    Ignore,
    /// What is new is put before it
    Prepend,
    /// What is new is put behind it
    Append,
    /// It gives way
    Overwrite,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Place {
    No,
    First,
    Last,
}

impl From<OnConflict> for Conflict {
    fn from(wanted: OnConflict) -> Self {
        match wanted {
            OnConflict::Ignore => Self::Ignore,
            OnConflict::Prepend => Self::Prepend,
            OnConflict::Append => Self::Append,
            OnConflict::Overwrite => Self::Overwrite,
        }
    }
}

impl From<Place> for Use {
    fn from(place: Place) -> Self {
        match place {
            Place::No => Self::Leave,
            Place::First => Self::First,
            Place::Last => Self::Last,
        }
    }
}

impl Options {
    /// What the model's numbers become.
    pub(super) fn settings(&self) -> Result<Settings, NoReplacement> {
        let (tagger, captioner) = (&self.tagger, &self.captioner);
        Ok(Settings {
            tagging: Tagging {
                threshold: tagger.threshold,
                character: tagger.character_threshold,
                copyright: tagger.copyright_threshold,
                artist: tagger.artist_threshold,
                meta: tagger.meta_threshold,
                model: tagger.model_threshold,
                rating: tagger.rating.into(),
                rating_threshold: tagger.rating_threshold,
                quality: tagger.quality.into(),
                characters_first: tagger.characters_first,
                expand_characters: tagger.expand_characters,
                by_confidence: tagger.by_confidence,
                most: tagger.most,
                exclude: tagger.exclude.clone(),
                first: tagger.first.clone(),
                add: tagger.add.clone(),
                replace: replacements(&tagger.replace)?,
                underscores: tagger.underscores,
                escape: tagger.escape,
            },
            captioning: Captioning {
                prompt: captioner.prompt.clone(),
                beams: captioner.beams,
                shortest: captioner.shortest,
                longest: captioner.longest,
            },
        })
    }
}
