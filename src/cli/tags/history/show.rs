//! Changes and conflicts, for people and for scripts.

use std::borrow::Cow;
use std::path::Path;

use danlu::data::edit::diff::{self, Fate, Line};
use danlu::data::journal::{Conflict, Merged, Texts, merge};
use danlu::ui::text::safe;
use serde_json::{Value, json};

/// Characters of a line that is shown as it is; captions that training sees whole have fewer.
const LONGEST: usize = 2000;
/// Characters of a piece of a longer line that are shown at its beginning and at its end.
const AROUND: usize = 100;

/// How a file is named: from the dataset's folder on.
pub(in crate::cli::tags) fn name(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned()
}

/// A caption for JSON; what is not UTF-8 in it is shown as `�`.
pub(in crate::cli::tags) fn text(bytes: Option<&[u8]>) -> Option<String> {
    bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned())
}

/// A file and the lines of it that differ.
pub(in crate::cli::tags) fn change(file: &str, before: Option<&[u8]>, after: Option<&[u8]>, separator: &str) -> String {
    let fate = match (before, after) {
        (None, _) => " (new)",
        (_, None) => " (goes)",
        _ => "",
    };
    let mut shown = format!("{}{fate}\n", safe(file));
    for line in diff::lines(before, after, separator) {
        shown += &sides(&line);
    }
    shown
}

/// A line as it was and as it becomes. Of one that is very long, what changes and a little around it.
pub(in crate::cli::tags) fn sides(line: &Line) -> String {
    let mut shown = String::new();
    for (sign, other) in [('-', Fate::Added), ('+', Fate::Removed)] {
        let pieces: Vec<_> = line.pieces.iter().filter(|piece| piece.fate != other).collect();
        if pieces.is_empty() {
            continue;
        }
        let length: usize = pieces.iter().map(|piece| piece.text.chars().count()).sum();
        let parts = pieces.iter().map(|piece| match length {
            ..=LONGEST => Cow::Borrowed(&*piece.text),
            _ => around(&piece.text),
        });
        let mut text: String = parts.collect();
        if length > LONGEST {
            if let Some((end, _)) = text.char_indices().nth(LONGEST) {
                text.truncate(end);
                text.push('…');
            }
            text += &format!("  ({length} characters)");
        }
        shown += &format!("  {sign} {}\n", safe(&text));
    }
    shown
}

/// The beginning and the end of a long text.
fn around(text: &str) -> Cow<'_, str> {
    let at = |place: usize| text.char_indices().nth(place).map(|(at, _)| at);
    let end = text.char_indices().rev().nth(AROUND - 1).map(|(at, _)| at);
    match (at(AROUND), end, at(2 * AROUND)) {
        (Some(begin), Some(end), Some(_)) => format!("{}…{}", &text[..begin], &text[end..]).into(),
        _ => text.into(),
    }
}

/// A file that is left alone: why, its three texts, and what they would be joined.
pub(in crate::cli::tags) fn conflict(root: &Path, conflict: &Conflict, separator: &str) -> String {
    let mut shown = format!("{}: left alone: {}\n", safe(&name(root, &conflict.path)), conflict.why);
    let Some(texts) = &conflict.texts else { return shown };
    let mut line = |title: &str, text: &Option<Vec<u8>>| {
        let text = text.as_ref().map(|text| String::from_utf8_lossy(text));
        let text = text
            .as_deref()
            .map_or("(no file)".into(), |text| safe(&short(text.trim_end())).into_owned());
        shown += &format!("  {title:<8} {text}\n");
    };
    line("was", &texts.base);
    line("wanted", &texts.ours);
    line("is", &texts.theirs);
    if let Some(joined) = joined(texts, separator) {
        line("joined", &joined);
    }
    shown
}

/// A text, or of a very long one its beginning and end.
fn short(text: &str) -> Cow<'_, str> {
    match text.chars().count() {
        ..=LONGEST => text.into(),
        length => format!("{}  ({length} characters)", around(text)).into(),
    }
}

#[expect(clippy::option_option, reason = "that the file goes is an answer too")]
fn joined(texts: &Texts, separator: &str) -> Option<Option<Vec<u8>>> {
    match merge(
        texts.base.as_deref(),
        texts.ours.as_deref(),
        texts.theirs.as_deref(),
        separator,
    ) {
        Merged::Clean(text) => Some(text),
        Merged::Conflict(_) => None,
    }
}

/// The same for scripts. `merged` is null where the texts contradict each other.
pub(in crate::cli::tags) fn conflict_json(root: &Path, conflict: &Conflict, separator: &str) -> Value {
    let mut value = json!({"file": name(root, &conflict.path), "why": conflict.why.to_string()});
    if let Some(texts) = &conflict.texts {
        value["base"] = text(texts.base.as_deref()).into();
        value["ours"] = text(texts.ours.as_deref()).into();
        value["theirs"] = text(texts.theirs.as_deref()).into();
        value["merged"] = joined(texts, separator)
            .and_then(|joined| text(joined.as_deref()))
            .into();
    }
    value
}

/// `1 file`, `2 files`.
pub(in crate::cli::tags) fn files(count: usize) -> String {
    match count {
        1 => "1 file".to_owned(),
        count => format!("{count} files"),
    }
}
