//! What a saved picture is called: A1111's rules for its `outputs/txt2img-images`.
//!
//! `00012-1234.png` in a folder of the day: a running number of at least five digits, then a pattern such as `[seed]`. Patterns and
//! their cleaning are A1111 1.10.1's `FilenameGenerator`; beyond it, no name is ever replaced and none is longer than file systems
//! take. Nothing here knows what is in the file; [`super::atomic`] writes it.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::{Zoned, tz::TimeZone};
use sha2::{Digest, Sha256};

use super::atomic::{self, WriteError};

/// The most characters that one part of a name keeps, A1111's default of `--filenames-max-length`.
const LONGEST_PART: usize = 128;

/// The most bytes that file systems take for one name.
const LONGEST_NAME: usize = 255;

/// How many words `[prompt_words]` takes, A1111's default.
const PROMPT_WORDS: usize = 8;

/// How many taken names are tried before giving up, as in A1111.
const ATTEMPTS: u64 = 500;

/// Numbers from here on are no picture's; a date with a time of day still is taken for one, as in A1111.
const LARGEST_NUMBER: u64 = 1 << 60;

/// What patterns can name about a picture.
#[derive(Clone, Debug)]
pub struct NameFields<'a> {
    /// The positive prompt, extra networks taken out.
    pub prompt: &'a str,
    /// The negative prompt.
    pub negative_prompt: &'a str,
    /// This picture's seed.
    pub seed: u64,
    /// The batch's first and last seed.
    pub batch_seeds: (u64, u64),
    /// Sampling steps.
    pub steps: u32,
    /// CFG scale.
    pub cfg_scale: f64,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// The sampler's label.
    pub sampler: &'a str,
    /// The schedule's label; where Automatic was chosen, the sampler's own, or `Automatic` if it has none.
    pub schedule: &'a str,
    /// The checkpoint's file name without extension.
    pub model_name: &'a str,
    /// First ten hex digits of the checkpoint's SHA-256, where known.
    pub model_hash: Option<&'a str>,
    /// Clip skip.
    pub clip_skip: u32,
    /// Pictures in a batch.
    pub batch_size: u32,
    /// This picture's place in its batch, from 0.
    pub batch_index: u32,
    /// Batches in the job.
    pub batch_count: u32,
    /// This batch's place in the job, from 0.
    pub iteration: u32,
    /// Now, in the user's time zone.
    pub now: Zoned,
}

/// Writes a new picture `<root>/<directory>/<number>-<filename>.png` and returns its path. Both patterns are A1111's; an empty
/// `directory` means no folder below `root`, an empty `filename` means `[seed]`, and `[seed]-[prompt_spaces]` without a folder.
///
/// # Errors
/// The folder or the disk does not allow it, or `write` failed.
pub fn save_picture(
    root: &Path,
    directory: &str,
    filename: &str,
    fields: &NameFields<'_>,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<PathBuf, WriteError> {
    let filename = match (filename, directory) {
        ("", "") => "[seed]-[prompt_spaces]",
        ("", _) => "[seed]",
        (filename, _) => filename,
    };
    let name = expand(filename, fields);
    // A1111 fails on a slash in the file's pattern; here it makes a folder.
    let (below, decoration) = name.rsplit_once('/').unwrap_or(("", &name));
    let folder = root.join(folders(&expand(directory, fields))).join(folders(below));
    atomic::create_folder(&folder)?;
    let first = next_number(&folder).unwrap_or(0);
    let paths = (first..first + ATTEMPTS).map(|number| folder.join(file_name(number, decoration, "png")));
    atomic::create_first_free(paths, write)
}

/// One more than the largest number that a name in `folder` begins with, 0 where none does.
///
/// # Errors
/// The folder cannot be read.
pub fn next_number(folder: &Path) -> io::Result<u64> {
    let mut next = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        // A folder of a day is no picture, though A1111 counts it as number 2024.
        if entry.file_type()?.is_dir() {
            continue;
        }
        let name = entry.file_name();
        let stem = Path::new(&name).file_stem().unwrap_or_default().to_string_lossy();
        let first = stem.split('-').next().unwrap_or_default().trim();
        if let Some(number) = first.parse::<u64>().ok().filter(|&number| number < LARGEST_NUMBER) {
            next = next.max(number + 1);
        }
    }
    Ok(next)
}

/// `00012-decoration.png`, the decoration cut so that the whole fits into a file system's limit.
fn file_name(number: u64, decoration: &str, extension: &str) -> String {
    let mut name = format!("{number:05}");
    if !decoration.is_empty() {
        name = format!("{name}-{decoration}");
    }
    name.truncate(name.floor_char_boundary(LONGEST_NAME - 1 - extension.len()));
    format!("{name}.{extension}")
}

/// The folders that an expanded pattern names; nothing leads out of the one it starts in.
fn folders(expanded: &str) -> PathBuf {
    let names = expanded
        .trim_start_matches(' ')
        .trim_end_matches(['\\', '/', ' '])
        .split('/');
    let names = names.filter(|name| !name.is_empty() && *name != "." && *name != "..");
    names
        .map(|name| &name[..name.floor_char_boundary(LONGEST_NAME)])
        .collect()
}

/// Replaces every `[name]` and `[name<argument>]` of a pattern. What is no name stays as it stands.
pub fn expand(pattern: &str, fields: &NameFields<'_>) -> String {
    let mut expanded = String::new();
    let mut rest = pattern;
    while let Some((text, inside, behind)) = next_bracket(rest) {
        let (name, arguments) = arguments(inside);
        match replacement(&name.to_lowercase(), &arguments, fields) {
            Replacement::Text(value) => {
                expanded.push_str(text);
                expanded.push_str(&value);
            }
            Replacement::SkipWithTextBefore => {}
            Replacement::Unknown => {
                expanded.push_str(text);
                expanded.push('[');
                expanded.push_str(name);
                expanded.push(']');
            }
        }
        rest = behind;
    }
    expanded.push_str(rest);
    expanded
}

/// The next `[…]` without brackets inside: what stands before it, in it and behind it.
fn next_bracket(text: &str) -> Option<(&str, &str, &str)> {
    let mut open = None;
    for (at, bracket) in text.match_indices(['[', ']']) {
        match (bracket, open) {
            ("[", _) => open = Some(at),
            (_, Some(open)) if open + 1 < at => return Some((&text[..open], &text[open + 1..at], &text[at + 1..])),
            _ => open = None,
        }
    }
    None
}

/// Splits `name<a><b>` into the name and its arguments.
fn arguments(inside: &str) -> (&str, Vec<&str>) {
    let mut name = inside;
    let mut arguments = Vec::new();
    while let Some((before, argument)) = name.strip_suffix('>').and_then(|open| open.rsplit_once('<')) {
        if argument.contains('>') {
            break;
        }
        arguments.insert(0, argument);
        name = before;
    }
    (name, arguments)
}

enum Replacement {
    Text(String),
    /// Neither this nor the text in front of it is written.
    SkipWithTextBefore,
    Unknown,
}

fn replacement(name: &str, arguments: &[&str], fields: &NameFields<'_>) -> Replacement {
    let whole = |text: &str| sanitize(text, false);
    let single = fields.batch_size == 1;
    let schedule = || capitalized(fields.schedule);
    let text = match name {
        "seed" => fields.seed.to_string(),
        "seed_first" if single => fields.seed.to_string(),
        "seed_first" => fields.batch_seeds.0.to_string(),
        "seed_last" if !single => fields.batch_seeds.1.to_string(),
        "steps" => fields.steps.to_string(),
        "cfg" => fields.cfg_scale.to_string(),
        "width" => fields.width.to_string(),
        "height" => fields.height.to_string(),
        "sampler" => whole(fields.sampler),
        "scheduler" => whole(&schedule()),
        "sampler_scheduler" => whole(&format!("{} {}", fields.sampler, schedule())),
        "model_name" => whole(fields.model_name),
        "model_hash" => match fields.model_hash {
            Some(hash) => hash.to_owned(),
            None => return Replacement::Unknown,
        },
        "date" => fields.now.strftime("%Y-%m-%d").to_string(),
        "datetime" => whole(&datetime(arguments, &fields.now)),
        "prompt" => sanitize(fields.prompt, true),
        "prompt_spaces" | "prompt_no_styles" => whole(fields.prompt),
        "prompt_words" => whole(&words(fields.prompt)),
        "prompt_hash" => return hash(fields.prompt, arguments),
        "negative_prompt_hash" => return hash(fields.negative_prompt, arguments),
        "full_prompt_hash" => return hash(&format!("{} {}", fields.prompt, fields.negative_prompt), arguments),
        "styles" => "None".to_owned(),
        "clip_skip" => fields.clip_skip.to_string(),
        "batch_size" => fields.batch_size.to_string(),
        "batch_number" if !single => (fields.batch_index + 1).to_string(),
        "generation_number" if !single || fields.batch_count != 1 => {
            (u64::from(fields.iteration) * u64::from(fields.batch_size) + u64::from(fields.batch_index) + 1).to_string()
        }
        "none" => String::new(),
        "seed_last" | "batch_number" | "generation_number" | "denoising" => return Replacement::SkipWithTextBefore,
        _ => return Replacement::Unknown,
    };
    Replacement::Text(text)
}

/// Makes a text fit for a file's name: what some system forbids becomes `_`, and at most 128 characters stay.
pub fn sanitize(text: &str, replace_spaces: bool) -> String {
    let clean = text.chars().map(|c| match c {
        ' ' if replace_spaces => '_',
        '#' | '<' | '>' | ':' | '"' | '/' | '\\' | '|' | '?' | '*' => '_',
        // A1111 names only line breaks and tabs; the others would let a prompt write to a terminal.
        c if c.is_control() => '_',
        c => c,
    });
    let part: String = clean.skip_while(|&c| c == ' ').take(LONGEST_PART).collect();
    part.trim_end_matches([' ', '.']).to_owned()
}

/// The first eight words of a prompt, `empty` where it has none.
fn words(prompt: &str) -> String {
    // In A1111's pattern the backslash escapes the bracket behind it and is itself no separator.
    let separates = |c: char| c.is_whitespace() || (c.is_ascii_punctuation() && c != '\\');
    let words: Vec<&str> = prompt
        .split(separates)
        .filter(|word| !word.is_empty())
        .take(PROMPT_WORDS)
        .collect();
    if words.is_empty() {
        "empty".to_owned()
    } else {
        words.join(" ")
    }
}

/// The first eight hex digits of a text's SHA-256, or as many as asked for.
fn hash(text: &str, arguments: &[&str]) -> Replacement {
    let length = match arguments.first() {
        None | Some(&"") => 8,
        Some(length) => match length.trim().parse::<usize>() {
            Ok(length) => length,
            Err(_) => return Replacement::Unknown,
        },
    };
    let digits = Sha256::digest(text).into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
    Replacement::Text(
        digits
            .filter_map(|digit| char::from_digit(digit.into(), 16))
            .take(length)
            .collect(),
    )
}

/// `[datetime<format><time zone>]` with Python's format letters, `20240131235959` where the format is missing or not understood.
fn datetime(arguments: &[&str], now: &Zoned) -> String {
    let zone = arguments.get(1).and_then(|name| TimeZone::get(name).ok());
    let now = zone.map_or_else(|| now.clone(), |zone| now.with_time_zone(zone));
    // Python's %f has always six digits.
    let format = arguments
        .first()
        .map(|format| format.replace("%f", "%6f"))
        .filter(|format| !format.is_empty());
    format
        .and_then(|format| jiff::fmt::strtime::format(format, &now).ok())
        .unwrap_or_else(|| now.strftime("%Y%m%d%H%M%S").to_string())
}

/// Python's `str.capitalize`, which A1111 sends schedules through: `SGM Uniform` becomes `Sgm uniform`.
fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars.flat_map(char::to_lowercase)).collect()
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_name_fits_into_255_bytes() {
        assert_eq!(file_name(7, "", "png"), "00007.png");
        assert_eq!(file_name(123_456, "1", "png"), "123456-1.png");
        let name = file_name(7, &"狐".repeat(128), "png");
        assert!(
            name.len() <= 255 && name.starts_with("00007-狐狐") && name.ends_with("狐.png"),
            "{name}"
        );
    }

    #[test]
    fn no_pattern_leads_out_of_its_folder() {
        assert_eq!(
            folders("/../a/./b//..\\ "),
            Path::new("a/b/..").components().take(2).collect::<PathBuf>()
        );
        assert_eq!(folders(""), Path::new(""));
        assert_eq!(sanitize("a\0b\u{1b}[31m/../c", true), "a_b_[31m_.._c");
    }

    #[test]
    fn brackets_are_found_as_by_a1111s_pattern() {
        assert_eq!(next_bracket("a[[b]c"), Some(("a[", "b", "c")));
        assert_eq!(next_bracket("a[]b]c[d]"), Some(("a[]b]c", "d", "")));
        assert_eq!(next_bracket("a]b["), None);
        assert_eq!(
            arguments("datetime<%H><Asia/Tokyo>"),
            ("datetime", vec!["%H", "Asia/Tokyo"])
        );
        assert_eq!(arguments("a<b>c>"), ("a<b>c>", vec![]));
    }
}
