//! What is wrong with a set, or will surprise in training.
//!
//! [`check`] looks at pictures ([`pictures`]), names ([`names`]), captions ([`captions`], and [`unread`] those that are not read), metadata
//! files ([`metadata`]) and at the set as a whole ([`balance`]), and tells each thing once, with all the files it is about; [`what`] has the
//! sentences. What kohya's trainers do about it is said where they do something unexpected. Nothing
//! is changed here.

mod balance;
mod captions;
mod metadata;
mod names;
mod pictures;
mod unread;
mod what;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

pub use self::what::What;

use std::path::PathBuf;

use super::buckets::{Buckets, Settings};
use super::config::folders::{Use, uses};
use super::config::{Arguments, Config};
use super::draws::seen::Limit;
use super::picture::work::{Stopped, Watch};
use super::set::Set;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Training stops, or files are lost to it.
    Error,
    /// Training learns something else than was meant.
    Warning,
    /// Worth knowing.
    Note,
}

/// One thing, with everything it is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// A short name that scripts can rely on.
    pub kind: &'static str,
    /// Files or folders, from the set's folder on; sorted as the set is.
    pub files: Vec<String>,
    /// What it is.
    pub what: What,
}

impl Finding {
    /// Something of these files, or of the set as a whole.
    pub fn new(what: What, files: Vec<String>) -> Self {
        let (level, kind) = what.kind();
        Self {
            level,
            kind,
            files,
            what,
        }
    }
}

impl Serialize for Finding {
    /// With its sentence and its hint in place of what they are made of.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let hint = self.hint();
        let mut fields = serializer.serialize_struct("Finding", 4 + usize::from(hint.is_some()))?;
        fields.serialize_field("level", &self.level)?;
        fields.serialize_field("kind", self.kind)?;
        fields.serialize_field("files", &self.files)?;
        fields.serialize_field("sentence", &self.to_string())?;
        if let Some(hint) = hint {
            fields.serialize_field("hint", &hint)?;
        }
        fields.end()
    }
}

/// A folder of the set, in numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Folder {
    /// The folder, from the set's on.
    pub folder: String,
    /// What stands in for missing captions.
    pub class: Option<String>,
    /// Whether it is of regularization pictures.
    pub is_reg: bool,
    /// How often each picture is shown in an epoch.
    pub repeats: u32,
    /// How many pictures it has.
    pub pictures: usize,
}

/// Everything that was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// How many pictures there are.
    pub pictures: usize,
    /// How many have a caption.
    pub captions: usize,
    /// The folders.
    pub folders: Vec<Folder>,
    /// The worst first.
    pub findings: Vec<Finding>,
}

/// What is looked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The buckets that training will use, where no configuration says it.
    pub buckets: Settings,
    /// The dataset TOML by which the set was opened, and what it says: each folder is then looked at with its own options.
    pub config: Option<(PathBuf, Config)>,
    /// How many tokens of a caption it takes.
    pub tokens: Limit,
    /// Whether every picture is decoded, which finds those that are broken behind their header, and alpha that is used.
    pub decode: bool,
    /// Enlarging by more than this is told.
    pub enlarged: f64,
    /// Losing more of a picture's area than this to the crop is told, 0 to 1.
    pub cropped: f64,
}

impl Default for Options {
    /// 512 x 512, one chunk of tokens, everything decoded.
    fn default() -> Self {
        Self {
            buckets: Settings::default(),
            config: None,
            tokens: Limit::default(),
            decode: true,
            enlarged: 1.5,
            cropped: 0.2,
        }
    }
}

/// Looks at a set, on all processors.
///
/// # Errors
/// It was stopped.
pub fn check(set: &Set, options: &Options, watch: Watch<'_>) -> Result<Report, Stopped> {
    let mut found = Found {
        set,
        findings: Vec::new(),
    };
    let config = config(&mut found, options);
    let uses = uses(set, &config);
    pictures::check(&mut found, options, &uses, watch)?;
    names::check(&mut found);
    unread::check(&mut found, options);
    captions::check(&mut found, options, &uses);
    metadata::check(&mut found);
    balance::check(&mut found, &uses, watch)?;
    let mut findings = found.findings;
    findings.sort_by_key(|finding| finding.level);
    Ok(Report {
        pictures: set.pictures.len(),
        captions: set.pictures.iter().filter(|picture| picture.caption.is_some()).count(),
        folders: folders(set),
        findings,
    })
}

/// How training uses the set. Where its buckets are none, that is told, and nothing is used.
fn config(found: &mut Found<'_>, options: &Options) -> Config {
    if let Some((_, config)) = &options.config {
        return config.clone();
    }
    let mut arguments = Arguments {
        has_resolution: true,
        ..Arguments::default()
    };
    arguments.dataset.buckets = options.buckets;
    if let Err(error) = Buckets::new(&options.buckets) {
        found.say(What::Buckets(error));
        return Config::default();
    }
    Config::of_folders(found.set, &arguments).unwrap_or_default()
}

fn folders(set: &Set) -> Vec<Folder> {
    let mut counts = vec![0; set.subsets.len()];
    for picture in &set.pictures {
        if let Some(count) = counts.get_mut(picture.subset as usize) {
            *count += 1;
        }
    }
    let each = set.subsets.iter().zip(counts);
    each.map(|(subset, pictures)| Folder {
        folder: set.relative(&subset.folder).into_owned(),
        class: subset.class_tokens.clone(),
        is_reg: subset.is_reg,
        repeats: subset.repeats,
        pictures,
    })
    .collect()
}

/// Findings as they come.
struct Found<'a> {
    set: &'a Set,
    findings: Vec<Finding>,
}

impl Found<'_> {
    /// Tells something of pictures, if there are any.
    fn of_pictures(&mut self, what: What, pictures: &[usize]) {
        let set = self.set;
        let files = pictures
            .iter()
            .map(|&picture| set.relative(&set.pictures[picture].path).into_owned());
        self.add(what, files.collect());
    }

    /// Tells something of files, if there are any.
    fn add(&mut self, what: What, files: Vec<String>) {
        if !files.is_empty() {
            self.findings.push(Finding::new(what, files));
        }
    }

    /// Tells something of the set as a whole.
    fn say(&mut self, what: What) {
        self.findings.push(Finding::new(what, Vec::new()));
    }
}
