//! What is wrong with a set, or will surprise in training.
//!
//! [`check`] looks at pictures ([`pictures`]), names ([`names`]), captions ([`captions`]) and at the set as a whole ([`balance`]), and tells
//! each thing once, with all the files it is about. What kohya's trainers do about it is said where they do something unexpected. Nothing
//! is changed here.

mod balance;
mod captions;
mod names;
mod pictures;

use serde::Serialize;

use super::buckets::Settings;
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// A short name that scripts can rely on.
    pub kind: &'static str,
    /// Files or folders, from the set's folder on; sorted as the set is.
    pub files: Vec<String>,
    /// What it is.
    pub sentence: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
    /// The buckets that training will use.
    pub buckets: Settings,
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
    pictures::check(&mut found, options, watch)?;
    names::check(&mut found);
    captions::check(&mut found, options);
    balance::check(&mut found, watch)?;
    let mut findings = found.findings;
    findings.sort_by_key(|finding| finding.level);
    Ok(Report {
        pictures: set.pictures.len(),
        captions: set.pictures.iter().filter(|picture| picture.caption.is_some()).count(),
        folders: folders(set),
        findings,
    })
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
    /// Tells something of pictures, if there are any. `what` gets their number in words.
    fn of_pictures(
        &mut self,
        level: Level,
        kind: &'static str,
        pictures: &[usize],
        what: impl Fn(&str) -> String,
        hint: &str,
    ) {
        let set = self.set;
        let files = pictures
            .iter()
            .map(|&picture| set.relative(&set.pictures[picture].path).into_owned());
        self.add(
            level,
            kind,
            files.collect(),
            |files| what(&count(files, "picture")),
            hint,
        );
    }

    /// Tells something of files, if there are any.
    fn add(
        &mut self,
        level: Level,
        kind: &'static str,
        files: Vec<String>,
        what: impl Fn(usize) -> String,
        hint: &str,
    ) {
        if !files.is_empty() {
            self.say(level, kind, what(files.len()), hint);
            if let Some(finding) = self.findings.last_mut() {
                finding.files = files;
            }
        }
    }

    /// Tells something of the set as a whole.
    fn say(&mut self, level: Level, kind: &'static str, sentence: String, hint: &str) {
        self.findings.push(Finding {
            level,
            kind,
            files: Vec::new(),
            sentence,
            hint: (!hint.is_empty()).then(|| hint.to_owned()),
        });
    }
}

/// `1 picture`, `3 pictures`.
fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
