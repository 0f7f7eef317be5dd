//! What trainers wrote about their work: kohya's `ss_*` keys and the `modelspec.*` standard.
//!
//! Nothing in a header is trusted: what is no number, no JSON or not what the key promises is left out, and the rest still stands.
//! [`pictures`] reads what is written about the pictures, [`tags`] which words they had.

mod lenient;
mod pictures;
mod tags;

use serde::{Deserialize, Serialize};

use base64::Engine as _;
use jiff::Timestamp;

use super::Metadata;
use super::network::spoken;

/// What a header says about how the file came to be.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Training {
    /// `modelspec.title`.
    pub title: Option<String>,
    /// `modelspec.author`.
    pub author: Option<String>,
    /// `modelspec.license`.
    pub license: Option<String>,
    /// `modelspec.description`.
    pub description: Option<String>,
    /// `modelspec.date`, or when the training ended (`ss_training_finished_at`), as RFC 3339.
    pub date: Option<String>,
    /// What the trainer called the file (`ss_output_name`).
    pub output_name: Option<String>,
    /// Words that call up what was trained: `modelspec.trigger_phrase`, else the tags that nearly every picture has.
    pub words: Vec<String>,
    /// How often each tag was met, over all folders, most frequent first.
    pub tags: Vec<(String, u64)>,
    /// The folders of pictures.
    pub folders: Vec<PictureFolder>,
    /// Pictures trained on, repeats not counted.
    pub pictures: Option<u64>,
    /// Regularisation pictures.
    pub regularisation: Option<u64>,
    /// Width and height trained at.
    pub resolution: Option<(u32, u32)>,
    /// Sizes of buckets and how many pictures each had, largest count first.
    pub buckets: Vec<Bucket>,
    /// Epochs, those done first.
    pub epochs: Option<(u64, Option<u64>)>,
    /// Steps, those done first.
    pub steps: Option<(u64, Option<u64>)>,
    /// Pictures a step.
    pub batch: Option<u64>,
    /// How long it took, in seconds.
    pub seconds: Option<f64>,
    /// The checkpoint trained on.
    pub base: Option<Base>,
    /// The optimizer and its arguments.
    pub optimizer: Option<String>,
    /// Learning rates as `(what, rate)`: `all`, `unet`, `text encoder`.
    pub rates: Vec<(String, String)>,
    /// The scheduler of the learning rate.
    pub scheduler: Option<String>,
    /// The network's module, such as `networks.lora`.
    pub module: Option<String>,
    /// The module's arguments, by name.
    pub arguments: Vec<(String, String)>,
    /// Clip skip.
    pub clip_skip: Option<u32>,
    /// The seed.
    pub seed: Option<String>,
    /// `ss_training_comment`.
    pub comment: Option<String>,
    /// A picture as a `data:` URI (`modelspec.thumbnail`): the preview of last resort.
    pub thumbnail: Option<String>,
}

/// A folder of pictures trained on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PictureFolder {
    /// Its name, such as `10_fox`.
    pub name: String,
    /// Pictures in it.
    pub pictures: u64,
    /// How often each was taken in an epoch.
    pub repeats: u64,
    /// Whether they are regularisation pictures.
    pub regularisation: bool,
}

/// A size that pictures were brought to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Pictures of this size.
    pub pictures: u64,
}

/// A checkpoint as a trainer names it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    /// `ss_sd_model_name`: a file name, a path or a repository.
    pub name: Option<String>,
    /// `ss_new_sd_model_hash`: SHA-256 of the whole file.
    pub sha256: Option<String>,
    /// `ss_sd_model_hash`: the eight digits of before 2023.
    pub legacy: Option<String>,
    /// `ss_base_model_version`, such as `sdxl_base_v1-0`, or `ss_v2`.
    pub version: Option<String>,
}

impl Training {
    /// What the metadata says, or `None` when it says nothing about a training or an author.
    pub fn of(metadata: &Metadata) -> Option<Self> {
        let said = |key: &str| spoken(metadata, key);
        let spec = |key: &str| said(&format!("modelspec.{key}"));
        let pictures = pictures::of(metadata);
        let frequency = tags::Frequency::of(metadata);
        let output_name = said("ss_output_name");
        let words = match spec("trigger_phrase") {
            Some(phrase) => vec![phrase],
            None => frequency.shared(&pictures.folders, output_name.as_deref()),
        };
        let training = Self {
            title: spec("title").or_else(|| said("ss_title")),
            author: spec("author"),
            license: spec("license"),
            description: spec("description"),
            date: said("ss_training_finished_at")
                .and_then(|at| date(&at))
                .or_else(|| spec("date")),
            words,
            tags: frequency.tags(),
            pictures: pictures.count,
            regularisation: pictures.regularisation,
            resolution: pictures
                .resolution
                .or_else(|| pictures::resolution(&spec("resolution")?)),
            folders: pictures.folders,
            buckets: pictures.buckets,
            epochs: done(metadata, "ss_epoch", "ss_num_epochs"),
            steps: done(metadata, "ss_steps", "ss_max_train_steps"),
            batch: count(metadata, "ss_total_batch_size").or(pictures.batch),
            seconds: seconds(metadata),
            base: base(metadata),
            optimizer: said("ss_optimizer"),
            rates: rates(metadata),
            scheduler: said("ss_lr_scheduler"),
            module: said("ss_network_module"),
            arguments: arguments(metadata),
            clip_skip: said("ss_clip_skip").and_then(|skip| skip.parse().ok()),
            seed: said("ss_seed"),
            comment: said("ss_training_comment"),
            thumbnail: spec("thumbnail").filter(|uri| uri.starts_with("data:")),
            output_name,
        };
        (training != Self::default()).then_some(training)
    }
}

/// The picture that lies in a header: `modelspec.thumbnail`, a `data:` URI, or the first of `ssmd_cover_images`, Base64 in JSON.
pub fn thumbnail(metadata: &Metadata) -> Option<Vec<u8>> {
    let decode = |text: &str| {
        let bytes = base64::engine::general_purpose::STANDARD.decode(text.trim()).ok()?;
        (!bytes.is_empty()).then_some(bytes)
    };
    let of_uri = |uri: &str| {
        let (head, body) = uri.strip_prefix("data:")?.split_once(',')?;
        head.ends_with(";base64").then(|| decode(body))?
    };
    let of_list = |list: &str| {
        let images: Vec<Option<String>> = serde_json::from_str(list).ok()?;
        images.into_iter().flatten().find_map(|image| decode(&image))
    };
    metadata
        .get("modelspec.thumbnail")
        .and_then(|uri| of_uri(uri))
        .or_else(|| of_list(metadata.get("ssmd_cover_images")?))
}

/// A whole number; kohya's are texts, and some trainers write them with a point.
fn count(metadata: &Metadata, key: &str) -> Option<u64> {
    let number: f64 = metadata.get(key)?.trim().parse().ok()?;
    (0.0..1e15).contains(&number).then_some(number as u64)
}

/// How much is done, and of how much.
fn done(metadata: &Metadata, done: &str, planned: &str) -> Option<(u64, Option<u64>)> {
    let planned = count(metadata, planned);
    count(metadata, done)
        .map(|done| (done, planned))
        .or(planned.map(|planned| (planned, Some(planned))))
}

/// Seconds since 1970 as RFC 3339.
fn date(seconds: &str) -> Option<String> {
    let seconds: f64 = seconds.parse().ok()?;
    let at = Timestamp::from_second((0.0..1e11).contains(&seconds).then_some(seconds as i64)?).ok()?;
    Some(at.to_string())
}

fn seconds(metadata: &Metadata) -> Option<f64> {
    let at = |key: &str| metadata.get(key)?.trim().parse::<f64>().ok();
    let took = at("ss_training_finished_at")? - at("ss_training_started_at")?;
    (0.0..1e9).contains(&took).then_some(took)
}

fn base(metadata: &Metadata) -> Option<Base> {
    let hash = |key: &str, digits: usize| {
        // kohya writes a word where there was no file, such as `NOFILE`.
        let hash = spoken(metadata, key)?.to_lowercase();
        (hash.len() == digits && hash.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(hash)
    };
    let version = || {
        let is_v2 = spoken(metadata, "ss_v2")? == "True";
        is_v2.then(|| "sd_v2".to_owned())
    };
    let base = Base {
        name: spoken(metadata, "ss_sd_model_name"),
        sha256: hash("ss_new_sd_model_hash", 64),
        legacy: hash("ss_sd_model_hash", 8),
        version: spoken(metadata, "ss_base_model_version").or_else(version),
    };
    (base != Base::default()).then_some(base)
}

fn rates(metadata: &Metadata) -> Vec<(String, String)> {
    [
        ("all", "ss_learning_rate"),
        ("unet", "ss_unet_lr"),
        ("text encoder", "ss_text_encoder_lr"),
    ]
    .into_iter()
    .filter_map(|(what, key)| Some((what.to_owned(), spoken(metadata, key)?)))
    .collect()
}

fn arguments(metadata: &Metadata) -> Vec<(String, String)> {
    let arguments = metadata.get("ss_network_args").and_then(|text| lenient::object(text));
    let plain = |value: serde_json::Value| match value {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    };
    arguments
        .into_iter()
        .flatten()
        .map(|(name, value)| (name, plain(value)))
        .collect()
}
