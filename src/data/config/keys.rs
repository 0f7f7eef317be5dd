//! The keys of the configuration: what each takes and where it may stand.

use super::Kind;

/// What a key takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the words say what they are")]
pub enum Takes {
    #[error("true or false")]
    Bool,
    /// As in Python, true and false are 1 and 0.
    #[error("a whole number")]
    Int,
    /// kohya refuses `1` for `1.0`.
    #[error("a number with a point, such as 1.0")]
    Float,
    #[error("a number")]
    Number,
    #[error("a text in quotes")]
    Text,
    #[error("two numbers with a point, such as [1.0, 2.0]")]
    Floats,
    #[error("a whole number, or two such as [768, 512]")]
    Size,
    #[error("a table")]
    Table,
}

/// Where a key that may not stand somewhere belongs, or which one may be meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// It is nearly this one.
    Near(&'static str),
    /// Into subsets of these kinds alone.
    Kinds(&'static [Kind]),
    /// Into subsets.
    Subsets,
    /// Into datasets, or the table for all of them.
    Datasets,
    /// Elsewhere, since captions come from a metadata file or class words mean nothing.
    NotHere,
}

/// A table of the file that has keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    General,
    Dataset(Kind),
    Subset(Kind),
}

impl Level {
    /// As in the file.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::General => "[general]",
            Self::Dataset(_) => "[[datasets]]",
            Self::Subset(_) => "[[datasets.subsets]]",
        }
    }
}

/// Where a key may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Places {
    /// General and datasets.
    Datasets,
    /// Everywhere.
    All,
    /// Everywhere but where captions come from a metadata file.
    Captions,
    /// General, and where captions are files or class words.
    Classes,
    /// Subsets of some kinds only.
    Subsets(&'static [Kind]),
}

use Kind::{ControlNet, DreamBooth, FineTuning};

/// A key, what it takes, where it may stand.
type Key = (&'static str, Takes, Places);

const KEYS: [Key; 38] = [
    (
        "image_dir",
        Takes::Text,
        Places::Subsets(&[DreamBooth, FineTuning, ControlNet]),
    ),
    ("metadata_file", Takes::Text, Places::Subsets(&[FineTuning])),
    ("conditioning_data_dir", Takes::Text, Places::Subsets(&[ControlNet])),
    ("is_reg", Takes::Bool, Places::Subsets(&[DreamBooth])),
    ("alpha_mask", Takes::Bool, Places::Subsets(&[DreamBooth, FineTuning])),
    ("class_tokens", Takes::Text, Places::Classes),
    ("caption_extension", Takes::Text, Places::Captions),
    ("cache_info", Takes::Bool, Places::Captions),
    ("num_repeats", Takes::Int, Places::All),
    ("shuffle_caption", Takes::Bool, Places::All),
    ("caption_separator", Takes::Text, Places::All),
    ("keep_tokens", Takes::Int, Places::All),
    ("keep_tokens_separator", Takes::Text, Places::All),
    ("secondary_separator", Takes::Text, Places::All),
    ("enable_wildcard", Takes::Bool, Places::All),
    ("caption_prefix", Takes::Text, Places::All),
    ("caption_suffix", Takes::Text, Places::All),
    ("caption_dropout_rate", Takes::Number, Places::All),
    ("caption_dropout_every_n_epochs", Takes::Int, Places::All),
    ("caption_tag_dropout_rate", Takes::Number, Places::All),
    ("token_warmup_min", Takes::Int, Places::All),
    ("token_warmup_step", Takes::Number, Places::All),
    ("color_aug", Takes::Bool, Places::All),
    ("flip_aug", Takes::Bool, Places::All),
    ("face_crop_aug_range", Takes::Floats, Places::All),
    ("random_crop", Takes::Bool, Places::All),
    ("custom_attributes", Takes::Table, Places::All),
    ("resize_interpolation", Takes::Text, Places::All),
    ("resolution", Takes::Size, Places::Datasets),
    ("batch_size", Takes::Int, Places::Datasets),
    ("enable_bucket", Takes::Bool, Places::Datasets),
    ("min_bucket_reso", Takes::Int, Places::Datasets),
    ("max_bucket_reso", Takes::Int, Places::Datasets),
    ("bucket_reso_steps", Takes::Int, Places::Datasets),
    ("bucket_no_upscale", Takes::Bool, Places::Datasets),
    ("network_multiplier", Takes::Float, Places::Datasets),
    ("validation_seed", Takes::Int, Places::Datasets),
    ("validation_split", Takes::Float, Places::Datasets),
];

/// What a key takes at this level; `None` where it may not stand.
pub(super) fn takes(key: &str, level: Level) -> Option<Takes> {
    let (_, takes, places) = KEYS.iter().find(|(name, ..)| *name == key)?;
    allowed(*places, level).then_some(*takes)
}

fn allowed(places: Places, level: Level) -> bool {
    match (places, level) {
        (Places::All, _)
        | (Places::Captions | Places::Classes | Places::Datasets, Level::General)
        | (Places::Datasets, Level::Dataset(_)) => true,
        (Places::Captions, Level::Dataset(kind) | Level::Subset(kind)) => kind != FineTuning,
        (Places::Classes, Level::Dataset(kind) | Level::Subset(kind)) => kind == DreamBooth,
        (Places::Subsets(kinds), Level::Subset(kind)) => kinds.contains(&kind),
        _ => false,
    }
}

/// Where a key that may not stand there belongs.
pub(super) fn place(key: &str, level: Level) -> Option<Place> {
    let Some((_, _, places)) = KEYS.iter().find(|(name, ..)| *name == key) else {
        let near = KEYS.iter().map(|(name, ..)| (*name, strsim::osa_distance(key, name)));
        let (name, distance) = near.min_by_key(|&(_, distance)| distance)?;
        return (distance <= 1 + key.len() / 6).then_some(Place::Near(name));
    };
    Some(match places {
        Places::Subsets(kinds) if matches!(level, Level::Subset(_)) => Place::Kinds(kinds),
        Places::Subsets(_) => Place::Subsets,
        Places::Datasets => Place::Datasets,
        Places::Captions | Places::Classes | Places::All => Place::NotHere,
    })
}
