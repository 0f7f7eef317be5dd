//! The options of `danlu tags auto`.

use std::path::PathBuf;

use clap::builder::RangedI64ValueParser;
use clap::{Args, ValueEnum};
use danlu::vision::narrow::Narrowing;
use danlu::vision::words::{NoReplacement, replacements};
use danlu::vision::{Captioning, Conflict, Settings, TagJob, Tagging, Use};

use crate::cli::tags::edits::args::separator;

/// Sentences that may be followed at once.
const BEAMS: i64 = 64;
/// Tokens that BLIP's sentences can have.
const TOKENS: i64 = 512;

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
    #[arg(long = "where", value_name = "QUERY", allow_hyphen_values = true)]
    pub(super) query: Option<String>,
    /// What caption files end in
    #[arg(long, value_name = "EXT")]
    pub(super) extension: Option<String>,
    /// What stands between tags
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, value_parser = separator)]
    pub(super) separator: Option<String>,
    /// Write the captions; without it they are only shown
    #[arg(long)]
    pub(super) write: bool,
    /// Leave the work to the engine; see what it found with --take
    #[arg(long, conflicts_with = "take")]
    pub(super) queue: bool,
    /// Show or write what a queued job has found for this dataset; `--where`, thresholds, `--most`, `--exclude` and `--first` narrow it
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
    /// The least confidence of a tag [default: 0.35]
    #[arg(long, value_name = "0..1", value_parser = share, allow_negative_numbers = true)]
    threshold: Option<f32>,
    /// That of characters [default: as --threshold]
    #[arg(long, value_name = "0..1", value_parser = share, allow_negative_numbers = true)]
    character_threshold: Option<f32>,
    /// That of series
    #[arg(long, value_name = "0..1", value_parser = share, allow_negative_numbers = true)]
    copyright_threshold: Option<f32>,
    /// That of artists
    #[arg(long, value_name = "0..1", value_parser = share, allow_negative_numbers = true)]
    artist_threshold: Option<f32>,
    /// That of tags about the file
    #[arg(long, value_name = "0..1", value_parser = share, allow_negative_numbers = true)]
    meta_threshold: Option<f32>,
    /// That of models that draw
    #[arg(long, value_name = "0..1", value_parser = share, allow_negative_numbers = true)]
    model_threshold: Option<f32>,
    /// Write the likeliest rating [default: no]
    #[arg(long, value_enum)]
    rating: Option<Place>,
    /// The least confidence of a rating that is written [default: 0]
    #[arg(long, value_name = "0..1", value_parser = share, allow_negative_numbers = true)]
    rating_threshold: Option<f32>,
    /// Write the likeliest quality, where the model knows of it [default: no]
    #[arg(long, value_enum)]
    quality: Option<Place>,
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
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true)]
    most: usize,
    /// A tag that is never proposed; may be repeated, or named with commas between
    #[arg(long, value_name = "TAG", value_delimiter = ',', allow_hyphen_values = true)]
    exclude: Vec<String>,
    /// A tag that stands first where it is found
    #[arg(long, value_name = "TAG", value_delimiter = ',', allow_hyphen_values = true)]
    first: Vec<String>,
    /// A tag that is added in front whatever the picture shows
    #[arg(long, value_name = "TAG", value_delimiter = ',', allow_hyphen_values = true)]
    add: Vec<String>,
    /// Tags that get another name: FROM,TO;FROM,TO
    #[arg(long, value_name = "LIST", allow_hyphen_values = true)]
    replace: Option<String>,
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
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    prompt: Option<String>,
    /// Sentences followed at once [default: 1]
    #[arg(long, value_name = "N", value_parser = count(BEAMS), allow_negative_numbers = true)]
    beams: Option<u16>,
    /// The least number of tokens [default: 24]
    #[arg(long, value_name = "N", value_parser = count(TOKENS), allow_negative_numbers = true)]
    shortest: Option<u16>,
    /// The largest number of tokens [default: 48]
    #[arg(long, value_name = "N", value_parser = count(TOKENS), allow_negative_numbers = true)]
    longest: Option<u16>,
}

/// A confidence.
fn share(text: &str) -> Result<f32, String> {
    let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "use a number from 0 to 1".to_owned())
}

/// A number from 1 to `most`.
fn count(most: i64) -> RangedI64ValueParser<u16> {
    clap::value_parser!(u16).range(1..=most)
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
        let (tagger, captioner, usual) = (&self.tagger, &self.captioner, Settings::default());
        let number = |given: Option<u16>, usual| given.map_or(usual, usize::from);
        Ok(Settings {
            tagging: Tagging {
                threshold: tagger.threshold.unwrap_or(usual.tagging.threshold),
                character: tagger.character_threshold,
                copyright: tagger.copyright_threshold,
                artist: tagger.artist_threshold,
                meta: tagger.meta_threshold,
                model: tagger.model_threshold,
                rating: tagger.rating.map(Use::from).unwrap_or_default(),
                rating_threshold: tagger.rating_threshold.unwrap_or(usual.tagging.rating_threshold),
                quality: tagger.quality.map(Use::from).unwrap_or_default(),
                characters_first: tagger.characters_first,
                expand_characters: tagger.expand_characters,
                by_confidence: tagger.by_confidence,
                most: tagger.most,
                exclude: tagger.exclude.clone(),
                first: tagger.first.clone(),
                add: tagger.add.clone(),
                replace: replacements(tagger.replace.as_deref().unwrap_or_default())?,
                underscores: tagger.underscores,
                escape: tagger.escape,
            },
            captioning: Captioning {
                prompt: captioner.prompt.clone().unwrap_or_default(),
                beams: number(captioner.beams, usual.captioning.beams),
                shortest: number(captioner.shortest, usual.captioning.shortest),
                longest: number(captioner.longest, usual.captioning.longest),
            },
        })
    }

    /// Lets a job read captions as was asked for.
    pub(super) fn reads(&self, job: &mut TagJob) {
        if let Some(extension) = &self.extension {
            job.extension.clone_from(extension);
        }
        if let Some(separator) = &self.separator {
            job.separator.clone_from(separator);
        }
    }

    /// What is asked of proposals that are there already.
    pub(super) fn narrowing(&self) -> Narrowing {
        let tagger = &self.tagger;
        Narrowing {
            threshold: tagger.threshold,
            character: tagger.character_threshold,
            copyright: tagger.copyright_threshold,
            artist: tagger.artist_threshold,
            meta: tagger.meta_threshold,
            model: tagger.model_threshold,
            rating: tagger.rating_threshold,
            most: tagger.most,
            exclude: tagger.exclude.clone(),
            first: tagger.first.clone(),
        }
    }

    /// The first option that was given and that only a model can heed, not its finished proposals.
    pub(super) fn too_late(&self) -> Option<&'static str> {
        let (tagger, captioner) = (&self.tagger, &self.captioner);
        let given = [
            ("--rating", tagger.rating.is_some()),
            ("--quality", tagger.quality.is_some()),
            ("--characters-first", tagger.characters_first),
            ("--expand-characters", tagger.expand_characters),
            ("--by-confidence", tagger.by_confidence),
            ("--add", !tagger.add.is_empty()),
            ("--replace", tagger.replace.is_some()),
            ("--underscores", tagger.underscores),
            ("--escape", tagger.escape),
            ("--prompt", captioner.prompt.is_some()),
            ("--beams", captioner.beams.is_some()),
            ("--shortest", captioner.shortest.is_some()),
            ("--longest", captioner.longest.is_some()),
        ];
        given.into_iter().find_map(|(name, is_given)| is_given.then_some(name))
    }
}
