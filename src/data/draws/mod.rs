//! What the text encoder sees of a caption, draw by draw: kohya's caption pipeline.
//!
//! [`Rules::apply`] is the pipeline: a caption and a moment of training to the caption of that moment, with the same draws from Python's
//! `random`. [`read`] is how a caption file becomes a caption before that. [`seen`] says which of it the encoder takes: the tokens, where
//! each chunk of 75 begins, and the tail that is lost; [`weighted`] the same of captions whose brackets weigh.

mod wildcard;

pub mod preview;
pub mod read;
pub mod seen;
pub mod weighted;

use super::config::Subset;
use super::random::Python;
use super::set::Set;
use read::strip;

/// The caption options of a subset, by their names in kohya's configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// `caption_prefix`: put before the caption with a space.
    pub prefix: Option<String>,
    /// `caption_suffix`: put behind it with a space.
    pub suffix: Option<String>,
    /// `caption_separator`: what stands between tags. Never empty.
    pub separator: String,
    /// `secondary_separator`: becomes the separator at the very end, so that what it joins stays together.
    pub secondary_separator: Option<String>,
    /// `keep_tokens`: how many tags at the front stay in place.
    pub keep_tokens: i64,
    /// `keep_tokens_separator`: marks by itself what stays in place; a second one begins a tail that stays too. Goes before `keep_tokens`.
    pub keep_tokens_separator: Option<String>,
    /// `shuffle_caption`.
    pub shuffle: bool,
    /// `enable_wildcard`: a line is drawn of a caption of several, and one of `{a|b}`.
    pub wildcard: bool,
    /// `caption_dropout_rate`: how often the caption is empty, 0 to 1.
    pub dropout_rate: f64,
    /// `caption_dropout_every_n_epochs`: the caption is empty in each epoch that this divides; 0 is never.
    pub dropout_every_n_epochs: i64,
    /// `caption_tag_dropout_rate`: how often a tag that may move is left out, 0 to 1.
    pub tag_dropout_rate: f64,
    /// `token_warmup_min`: how many tags that may move there are at the first step.
    pub warmup_min: i64,
    /// `token_warmup_step`: the step from which on all are there; below 1 a share of all steps, 0 turns it off.
    pub warmup_step: f64,
    /// What textual inversion puts in place of a text, in order. No key of the configuration sets it.
    pub replacements: Vec<(String, Replacement)>,
}

/// What stands in place of a text in captions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replacement {
    /// Always this. In place of an empty text it is the whole caption.
    One(String),
    /// One of these is drawn for every caption; only ever in place of the whole caption.
    Any(Vec<String>),
}

impl Default for Rules {
    /// kohya's defaults: the first line as it is.
    fn default() -> Self {
        Self {
            prefix: None,
            suffix: None,
            separator: ",".into(),
            secondary_separator: None,
            keep_tokens: 0,
            keep_tokens_separator: None,
            shuffle: false,
            wildcard: false,
            dropout_rate: 0.0,
            dropout_every_n_epochs: 0,
            tag_dropout_rate: 0.0,
            warmup_min: 1,
            warmup_step: 0.0,
            replacements: Vec::new(),
        }
    }
}

/// When in a training run a caption is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// The epoch, from 1; before the first it is 0.
    pub epoch: i64,
    /// How many steps are done.
    pub step: i64,
    /// How many there will be.
    pub max_train_steps: i64,
}

/// Where a caption comes from before anything is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The picture's caption file.
    File,
    /// The picture's entry in a metadata file.
    Metadata,
    /// There is no file; the class words of its folder or subset stand in.
    ClassTokens,
    /// There is neither; the caption is empty.
    Nothing,
}

/// A caption before anything is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Before {
    /// The lines that count.
    pub text: String,
    /// Where they come from.
    pub source: Source,
}

/// The caption of a picture of the set as its subset's options have it read. What is not UTF-8, at which kohya stops, becomes U+FFFD.
pub fn before(set: &Set, picture: usize, subset: &Subset) -> Before {
    if let Some(entry) = set.pictures.get(picture).and_then(|picture| picture.entry.as_ref()) {
        let text = entry.text(&subset.captions.separator, subset.captions.wildcard);
        let source = if text.is_empty() {
            Source::Nothing
        } else {
            Source::Metadata
        };
        return Before { text, source };
    }
    let caption = set.pictures.get(picture).and_then(|picture| picture.caption.as_ref());
    let (text, source) = match (caption, &subset.class_tokens) {
        (Some(caption), _) => {
            let text = String::from_utf8_lossy(&caption.document.bytes);
            (read::caption(&text, subset.captions.wildcard), Source::File)
        }
        (None, Some(tokens)) => (tokens.clone(), Source::ClassTokens),
        (None, None) => (String::new(), Source::Nothing),
    };
    Before { text, source }
}

impl Rules {
    /// kohya's `process_caption`: the caption as it is at this moment.
    ///
    /// A `warmup_step` that comes to no whole step is no warm-up at all; kohya would still rewrite the separators of each worker's
    /// first caption then.
    pub fn apply(&self, caption: &str, moment: Moment, random: &mut Python) -> String {
        let mut caption = self.enclose(caption);
        if self.drops(moment, random) {
            return String::new();
        }
        caption = if self.wildcard {
            wildcard::draw(&caption, random)
        } else {
            caption.split('\n').next().unwrap_or_default().to_owned()
        };
        let warmup = self.warmup(moment);
        if self.shuffle || warmup > 0.0 || self.tag_dropout_rate > 0.0 {
            caption = self.rearrange(&caption, warmup, moment, random);
        }
        if let Some(second) = self.secondary_separator.as_deref().filter(|second| !second.is_empty()) {
            caption = caption.replace(second, &self.separator);
        }
        self.replace(caption, random)
    }

    /// Whether two draws of a caption can differ, or differ in time.
    pub fn vary(&self) -> bool {
        self.shuffle
            || self.wildcard
            || self.dropout_rate > 0.0
            || self.dropout_every_n_epochs > 0
            || self.tag_dropout_rate > 0.0
            || self.warmup_step > 0.0
            || self
                .replacements
                .iter()
                .any(|(_, with)| matches!(with, Replacement::Any(_)))
    }

    fn enclose(&self, caption: &str) -> String {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let mut caption = caption.to_owned();
        if let Some(prefix) = given(&self.prefix) {
            caption = format!("{prefix} {caption}");
        }
        if let Some(suffix) = given(&self.suffix) {
            caption = format!("{caption} {suffix}");
        }
        caption
    }

    fn drops(&self, moment: Moment, random: &mut Python) -> bool {
        self.dropout_rate > 0.0 && random.random() < self.dropout_rate
            || self.dropout_every_n_epochs > 0 && moment.epoch % self.dropout_every_n_epochs == 0
    }

    /// The step at which all tags are there.
    fn warmup(&self, moment: Moment) -> f64 {
        if self.warmup_step < 1.0 {
            (self.warmup_step * moment.max_train_steps as f64).floor()
        } else {
            self.warmup_step
        }
    }

    /// Fixed tags, those that may move and may be missing, fixed tail; joined by a comma and a space whatever the separator is.
    fn rearrange(&self, caption: &str, warmup: f64, moment: Moment, random: &mut Python) -> String {
        let (fixed, mut flexible, tail) = self.parts(caption);
        if warmup != 0.0 && (moment.step as f64) < warmup {
            let grown = moment.step as f64 * ((flexible.len() as i64 - self.warmup_min) as f64 / warmup);
            let kept = (grown.floor() as i64).saturating_add(self.warmup_min);
            flexible.truncate(slice_end(kept, flexible.len()));
        }
        if self.shuffle {
            random.shuffle(&mut flexible);
        }
        if self.tag_dropout_rate > 0.0 {
            flexible.retain(|_| random.random() >= self.tag_dropout_rate);
        }
        [fixed, flexible, tail].concat().join(", ")
    }

    /// What stays in front, what may move, what stays behind.
    fn parts<'a>(&'a self, caption: &'a str) -> (Vec<&'a str>, Vec<&'a str>, Vec<&'a str>) {
        let separator = self.separator.as_str();
        let tags = |text: &'a str| split(text, separator).map(strip);
        let given = |text: &'a str| tags(text).filter(|tag| !tag.is_empty()).collect();
        let marker = self
            .keep_tokens_separator
            .as_deref()
            .filter(|marker| !marker.is_empty());
        if let Some((fixed, rest)) = marker.and_then(|marker| caption.split_once(marker)) {
            let (flexible, tail) = marker.and_then(|marker| rest.split_once(marker)).unwrap_or((rest, ""));
            return (given(fixed), given(flexible), given(tail));
        }
        let mut fixed: Vec<_> = tags(strip(caption)).collect();
        let kept = usize::try_from(self.keep_tokens).unwrap_or(0).min(fixed.len());
        let flexible = fixed.split_off(kept);
        (fixed, flexible, Vec::new())
    }

    fn replace(&self, mut caption: String, random: &mut Python) -> String {
        for (from, with) in &self.replacements {
            let with = match with {
                Replacement::One(text) => text,
                Replacement::Any(texts) => match random.choice(texts) {
                    Some(text) => text,
                    None => continue,
                },
            };
            caption = if from.is_empty() {
                with.clone()
            } else {
                caption.replace(from, with)
            };
        }
        caption
    }
}

/// Python's `text.split(separator)`; an empty separator, which Python refuses, splits nothing.
fn split<'a>(text: &'a str, separator: &'a str) -> impl Iterator<Item = &'a str> {
    let limit = if separator.is_empty() { 1 } else { usize::MAX };
    text.splitn(limit, separator)
}

/// Where Python's `[:end]` cuts a list: a negative end counts from behind.
fn slice_end(end: i64, len: usize) -> usize {
    let end = if end < 0 { end.saturating_add(len as i64) } else { end };
    usize::try_from(end).unwrap_or(0).min(len)
}
