//! From the checked tree to options: for each key the nearest level that has it.

use std::path::PathBuf;

use super::tree::{Node, Table, Value, get};
use super::{Arguments, Config, Dataset, Kind, Problem, Subset, Wrong, check};
use crate::data::buckets::{Error as Fault, Settings, Size};
use crate::data::draws::Rules;

/// What `resize_interpolation` may be.
pub const INTERPOLATIONS: [&str; 8] = [
    "lanczos", "nearest", "bilinear", "linear", "bicubic", "cubic", "area", "box",
];

/// The configuration of a file, or everything that is wrong with it: keys and types first, then what the values come to.
pub(super) fn config(file: &Table, arguments: &Arguments) -> Result<Config, Vec<Problem>> {
    let mut problems = check::file(file);
    let empty = Table::new();
    let general = table(get(file, "general")).unwrap_or(&empty);
    let mut datasets = Vec::new();
    for (number, node) in list(get(file, "datasets")).iter().enumerate() {
        let (Some(of_dataset), at) = (table(Some(node)), format!("datasets[{number}]")) else {
            continue;
        };
        let mut levels = Levels::new(vec![(at.clone(), of_dataset), ("general".into(), general)], node.line);
        let mut dataset = dataset(&mut levels, arguments);
        dataset.kind = check::kind(of_dataset).unwrap_or_default();
        for (number, node) in list(get(of_dataset, "subsets")).iter().enumerate() {
            let Some(of_subset) = table(Some(node)) else { continue };
            levels.tables.insert(0, (format!("{at}.subsets[{number}]"), of_subset));
            levels.line = node.line;
            dataset.subsets.push(subset(&mut levels, arguments));
            levels.tables.remove(0);
        }
        problems.append(&mut levels.problems);
        datasets.push(dataset);
    }
    if problems.is_empty() && datasets.iter().all(|dataset| dataset.subsets.is_empty()) {
        problems.push(Problem {
            at: "datasets".into(),
            line: None,
            wrong: Wrong::NoSubset,
        });
    }
    finished(problems, datasets)
}

/// The configuration of one dataset whose options come from the arguments alone.
pub(super) fn of_arguments(subsets: Vec<Subset>, arguments: &Arguments) -> Result<Config, Vec<Problem>> {
    let mut levels = Levels::new(Vec::new(), None);
    let mut dataset = dataset(&mut levels, arguments);
    dataset.kind = Kind::DreamBooth;
    dataset.subsets = subsets;
    for subset in &dataset.subsets {
        captions_work(&mut levels, &subset.captions);
    }
    finished(levels.problems, vec![dataset])
}

fn finished(mut problems: Vec<Problem>, datasets: Vec<Dataset>) -> Result<Config, Vec<Problem>> {
    if problems.is_empty() {
        return Ok(Config { datasets });
    }
    // A value of [general] that every subset takes is one problem.
    let mut seen = std::collections::HashSet::new();
    problems.retain(|problem| seen.insert((problem.at.clone(), problem.wrong.to_string())));
    problems.sort_by_key(|problem| problem.line);
    Err(problems)
}

fn table(node: Option<&Node>) -> Option<&Table> {
    match node.map(|node| &node.value) {
        Some(Value::Table(table)) => Some(table),
        _ => None,
    }
}

fn list(node: Option<&Node>) -> &[Node] {
    match node.map(|node| &node.value) {
        Some(Value::List(list)) => list,
        _ => &[],
    }
}

fn dataset(levels: &mut Levels<'_>, arguments: &Arguments) -> Dataset {
    let default = &arguments.dataset;
    let dataset = Dataset {
        kind: Kind::DreamBooth,
        buckets: buckets(levels, arguments),
        batch_size: levels.unsigned("batch_size", default.batch_size),
        network_multiplier: levels.float("network_multiplier", default.network_multiplier),
        validation_seed: levels.int("validation_seed").or(default.validation_seed),
        validation_split: levels.float("validation_split", default.validation_split),
        resize_interpolation: interpolation(levels, default.resize_interpolation.as_ref()),
        prior_loss_weight: default.prior_loss_weight,
        subsets: Vec::new(),
    };
    if dataset.batch_size == 0 {
        levels.say("batch_size", Wrong::NoBatch);
    }
    if !(0.0..=1.0).contains(&dataset.validation_split) {
        levels.say("validation_split", Wrong::NoShare(dataset.validation_split));
    }
    dataset
}

fn buckets(levels: &mut Levels<'_>, arguments: &Arguments) -> Settings {
    let default = &arguments.dataset.buckets;
    let settings = Settings {
        resolution: levels.size("resolution").unwrap_or(default.resolution),
        enable: levels.bool("enable_bucket", default.enable),
        min: levels.unsigned("min_bucket_reso", default.min),
        max: levels.unsigned("max_bucket_reso", default.max),
        step: levels.unsigned("bucket_reso_steps", default.step),
        no_upscale: levels.bool("bucket_no_upscale", default.no_upscale),
    };
    if levels.find("resolution").is_none() && !arguments.has_resolution {
        levels.say("resolution", Wrong::NoResolution);
        return settings;
    }
    for fault in settings.faults() {
        let key = match fault {
            Fault::Step(_) => "bucket_reso_steps",
            Fault::MinBelowStep { .. } | Fault::MinAboveResolution { .. } => "min_bucket_reso",
            Fault::MaxBelowResolution { .. } | Fault::MaxTooLarge(_) => "max_bucket_reso",
            _ => "resolution",
        };
        levels.say(key, fault.into());
    }
    settings
}

fn subset(levels: &mut Levels<'_>, arguments: &Arguments) -> Subset {
    let default = &arguments.subset;
    let mut extension = levels
        .text("caption_extension")
        .unwrap_or_else(|| default.caption_extension.clone());
    if !extension.is_empty() && !extension.starts_with('.') {
        extension.insert(0, '.');
    }
    let subset = Subset {
        image_dir: levels.text("image_dir").map(PathBuf::from),
        metadata_file: levels.text("metadata_file").map(PathBuf::from),
        conditioning_data_dir: levels.text("conditioning_data_dir").map(PathBuf::from),
        num_repeats: levels.int("num_repeats").unwrap_or(default.num_repeats),
        is_reg: levels.bool("is_reg", false),
        class_tokens: levels.text("class_tokens"),
        caption_extension: extension,
        captions: captions(levels, &default.captions),
        color_aug: levels.bool("color_aug", default.color_aug),
        flip_aug: levels.bool("flip_aug", default.flip_aug),
        face_crop_aug_range: levels.floats("face_crop_aug_range").or(default.face_crop_aug_range),
        random_crop: levels.bool("random_crop", default.random_crop),
        alpha_mask: levels.bool("alpha_mask", default.alpha_mask),
        cache_info: levels.bool("cache_info", default.cache_info),
        resize_interpolation: interpolation(levels, default.resize_interpolation.as_ref()),
        custom_attributes: levels
            .find("custom_attributes")
            .and_then(|(node, _)| match node.value.json() {
                serde_json::Value::Object(table) => Some(table),
                _ => None,
            }),
    };
    match subset.face_crop_aug_range {
        Some([least, most]) if !(least > 0.0 && most > 0.0) => {
            levels.say("face_crop_aug_range", Wrong::FaceRange(least, most));
        }
        _ => {}
    }
    captions_work(levels, &subset.captions);
    subset
}

fn captions(levels: &mut Levels<'_>, default: &Rules) -> Rules {
    Rules {
        prefix: levels.text("caption_prefix").or_else(|| default.prefix.clone()),
        suffix: levels.text("caption_suffix").or_else(|| default.suffix.clone()),
        separator: levels
            .text("caption_separator")
            .unwrap_or_else(|| default.separator.clone()),
        secondary_separator: levels
            .text("secondary_separator")
            .or_else(|| default.secondary_separator.clone()),
        keep_tokens: levels.int("keep_tokens").unwrap_or(default.keep_tokens),
        keep_tokens_separator: levels
            .text("keep_tokens_separator")
            .or_else(|| default.keep_tokens_separator.clone()),
        shuffle: levels.bool("shuffle_caption", default.shuffle),
        wildcard: levels.bool("enable_wildcard", default.wildcard),
        dropout_rate: levels.float("caption_dropout_rate", default.dropout_rate),
        dropout_every_n_epochs: levels
            .int("caption_dropout_every_n_epochs")
            .unwrap_or(default.dropout_every_n_epochs),
        tag_dropout_rate: levels.float("caption_tag_dropout_rate", default.tag_dropout_rate),
        warmup_min: levels.int("token_warmup_min").unwrap_or(default.warmup_min),
        warmup_step: levels.float("token_warmup_step", default.warmup_step),
        replacements: default.replacements.clone(),
    }
}

fn captions_work(levels: &mut Levels<'_>, rules: &Rules) {
    if rules.separator.is_empty() && (rules.shuffle || rules.warmup_step > 0.0 || rules.tag_dropout_rate > 0.0) {
        levels.say("caption_separator", Wrong::NoSeparator);
    }
}

fn interpolation(levels: &mut Levels<'_>, default: Option<&String>) -> Option<String> {
    let chosen = levels.text("resize_interpolation").or_else(|| default.cloned())?;
    if !INTERPOLATIONS.contains(&chosen.as_str()) {
        levels.say("resize_interpolation", Wrong::Interpolation(chosen.clone()));
    }
    Some(chosen)
}

/// The tables that a key is looked for in, nearest first. Values that do not fit were told before and count as not there.
struct Levels<'a> {
    tables: Vec<(String, &'a Table)>,
    /// Where the nearest table begins.
    line: Option<usize>,
    problems: Vec<Problem>,
}

impl<'a> Levels<'a> {
    fn new(tables: Vec<(String, &'a Table)>, line: Option<usize>) -> Self {
        Self {
            tables,
            line,
            problems: Vec::new(),
        }
    }

    fn find(&self, key: &str) -> Option<(&'a Node, &str)> {
        let mut found = self
            .tables
            .iter()
            .filter_map(|(at, table)| Some((get(table, key)?, at.as_str())));
        found.next()
    }

    /// Says it where the value stands, or where it is missing.
    fn say(&mut self, key: &str, wrong: Wrong) {
        let (at, line) = match self.find(key) {
            Some((node, at)) => (at.to_owned(), node.line),
            None => (
                self.tables.first().map(|(at, _)| at.clone()).unwrap_or_default(),
                self.line,
            ),
        };
        self.problems.push(Problem {
            at: if at.is_empty() {
                key.into()
            } else {
                format!("{at}.{key}")
            },
            line,
            wrong,
        });
    }

    fn bool(&self, key: &str, default: bool) -> bool {
        match self.find(key) {
            Some((
                Node {
                    value: Value::Bool(value),
                    ..
                },
                _,
            )) => *value,
            _ => default,
        }
    }

    fn text(&self, key: &str) -> Option<String> {
        match &self.find(key)?.0.value {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        }
    }

    fn int(&mut self, key: &str) -> Option<i64> {
        let whole = whole(&self.find(key)?.0.value)?;
        let fitting = i64::try_from(whole).ok();
        if fitting.is_none() {
            self.say(key, Wrong::TooLong(whole));
        }
        fitting
    }

    fn unsigned(&mut self, key: &str, default: u32) -> u32 {
        let Some(whole) = self.find(key).and_then(|(node, _)| whole(&node.value)) else {
            return default;
        };
        u32::try_from(whole).unwrap_or_else(|_| {
            self.say(key, Wrong::TooLarge(whole));
            default
        })
    }

    fn float(&self, key: &str, default: f64) -> f64 {
        self.find(key)
            .and_then(|(node, _)| number(&node.value))
            .unwrap_or(default)
    }

    fn floats(&self, key: &str) -> Option<[f64; 2]> {
        match list(Some(self.find(key)?.0)) {
            [a, b] => Some([number(&a.value)?, number(&b.value)?]),
            _ => None,
        }
    }

    fn size(&mut self, key: &str) -> Option<Size> {
        let value = &self.find(key)?.0.value;
        let sides = match value {
            Value::List(list) => match list.as_slice() {
                [width, height] => [whole(&width.value)?, whole(&height.value)?],
                _ => return None,
            },
            side => [whole(side)?; 2],
        };
        let size = match sides.map(u32::try_from) {
            [Ok(width), Ok(height)] => Some([width, height]),
            _ => None,
        };
        if size.is_none() {
            self.say(key, Wrong::NoSize(sides[0], sides[1]));
        }
        size
    }
}

fn whole(value: &Value) -> Option<i128> {
    match value {
        Value::Int(whole) => Some(*whole),
        Value::Bool(value) => Some((*value).into()),
        _ => None,
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Float(number) => Some(*number),
        value => whole(value).map(|whole| whole as f64),
    }
}
