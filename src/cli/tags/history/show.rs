//! Changes and conflicts, for people and for scripts.

use std::path::Path;

use danlu::data::edit::diff;
use danlu::data::journal::{Conflict, Merged, Texts, merge};
use danlu::ui::text::safe;
use serde_json::{Value, json};

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
        for (sign, side) in [('-', line.before()), ('+', line.after())] {
            if let Some(side) = side {
                shown += &format!("  {sign} {}\n", safe(&side));
            }
        }
    }
    shown
}

/// A file that is left alone: why, its three texts, and what they would be joined.
pub(in crate::cli::tags) fn conflict(root: &Path, conflict: &Conflict, separator: &str) -> String {
    let mut shown = format!(
        "{}: left alone: {}\n",
        safe(&name(root, &conflict.path)),
        conflict.why.sentence()
    );
    let Some(texts) = &conflict.texts else { return shown };
    let mut line = |title: &str, text: &Option<Vec<u8>>| {
        let text = text.as_ref().map(|text| String::from_utf8_lossy(text));
        let text = text
            .as_deref()
            .map_or("(no file)".into(), |text| safe(text.trim_end()).into_owned());
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
    let mut value = json!({"file": name(root, &conflict.path), "why": conflict.why.sentence()});
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
