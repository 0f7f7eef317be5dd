//! What an edit does, for people and for scripts.

use std::collections::HashSet;
use std::path::Path;

use danlu::data::edit::{Edit, Plan};
use danlu::data::journal::Done;
use danlu::data::set::Set;
use danlu::data::tags::{Index, Order};
use danlu::ui::text::safe;
use serde_json::{Value, json};

use super::super::history::show::{change, conflict_json, files, name, text};

/// How many files a dry run shows.
const SHOWN: usize = 20;
/// Tags are proposed that are at least so similar (Jaro-Winkler).
const SIMILAR: f64 = 0.85;

/// A plan and what is told of it.
pub(super) struct Told<'a> {
    set: &'a Set,
    plan: &'a Plan,
    pictures: usize,
    /// Tags that were named and are in no caption, each with the most similar one.
    unknown: Vec<(String, Option<String>)>,
}

impl<'a> Told<'a> {
    pub(super) fn new(set: &'a Set, index: &Index, edit: &Edit, plan: &'a Plan, pictures: usize) -> Self {
        let named = edit.looked_for(&set.options.separator).into_iter();
        let unknown = named.filter(|tag| index.id(tag).is_none_or(|id| index.count(id) == 0));
        let unknown = unknown.map(|tag| {
            let nearest = nearest(index, &tag);
            (tag, nearest)
        });
        Self {
            set,
            plan,
            pictures,
            unknown: unknown.collect(),
        }
    }

    /// The first files with the lines that differ, and what it comes to.
    pub(super) fn text(&self, is_all: bool) -> String {
        let changes = &self.plan.changes;
        let most = if is_all { usize::MAX } else { SHOWN };
        let shown = changes.iter().take(most).map(|planned| {
            let file = name(&self.set.root, &planned.path);
            let separator = self.set.separator(planned.picture);
            change(&file, planned.before.as_deref(), planned.after.as_deref(), separator)
        });
        let mut parts: Vec<String> = shown.map(|text| text.trim_end().to_owned()).collect();
        if changes.len() > most {
            parts.push(format!(
                "… and {} more; add --all to see them",
                files(changes.len() - most)
            ));
        }
        let notes = self.notes();
        if !notes.is_empty() {
            parts.push(notes);
        }
        let new = match self.plan.new_files() {
            0 => String::new(),
            new => format!(" ({new} new)"),
        };
        let write = if changes.is_empty() {
            ""
        } else {
            "; add --write to do it"
        };
        parts.push(format!(
            "{}{new} of {} would change{write}",
            files(changes.len()),
            pictures(self.pictures)
        ));
        parts.join("\n")
    }

    /// What somebody should know before or after: files left alone, captions without a word, tags that are not there.
    pub(super) fn notes(&self) -> String {
        let mut notes = Vec::new();
        for (path, why) in self.plan.refused.iter().take(SHOWN) {
            notes.push(format!("{}: left alone: {why}", safe(&name(&self.set.root, path))));
        }
        if self.plan.refused.len() > SHOWN {
            notes.push(format!(
                "… and {} more left alone",
                files(self.plan.refused.len() - SHOWN)
            ));
        }
        for (tag, nearest) in &self.unknown {
            let nearest = nearest
                .as_ref()
                .map(|tag| format!("; the most similar is `{}`", safe(tag)));
            notes.push(format!(
                "no caption has the tag `{}`{}",
                safe(tag),
                nearest.unwrap_or_default()
            ));
        }
        match self.plan.emptied() {
            0 => {}
            emptied => notes.push(format!(
                "{} left without a word; kohya's scripts stop at an empty caption file",
                files(emptied)
            )),
        }
        notes.join("\n")
    }

    /// The same for scripts; after writing, only the files that were written.
    pub(super) fn json(&self, done: Option<&Done>) -> Value {
        let written: Option<HashSet<&Path>> =
            done.map(|done| done.changed.iter().map(std::path::PathBuf::as_path).collect());
        let root = &self.set.root;
        let is_told = |path: &Path| written.as_ref().is_none_or(|written| written.contains(path));
        let changes = self.plan.changes.iter().filter(|planned| is_told(&planned.path));
        let changes = changes.map(|planned| {
            json!({
                "file": name(root, &planned.path),
                "before": text(planned.before.as_deref()),
                "after": text(planned.after.as_deref()),
            })
        });
        let refused = self.plan.refused.iter();
        let refused = refused.map(|(path, why)| json!({"file": name(root, path), "why": why.to_string()}));
        let mut value = json!({
            "written": done.is_some(),
            "edit": self.plan.edit,
            "images": self.pictures,
            "files": changes.collect::<Vec<_>>(),
            "refused": refused.collect::<Vec<_>>(),
            "unknown": self.unknown.iter().map(|(tag, _)| tag.as_str()).collect::<Vec<_>>(),
            "emptied": self.plan.emptied(),
        });
        if let Some(done) = done {
            let separator = &self.set.options.separator;
            let conflicts = done.conflicts.iter();
            let conflicts = conflicts.map(|conflict| conflict_json(root, conflict, separator));
            value["batch"] = done.batch.into();
            value["conflicts"] = conflicts.collect();
            value["left"] = done.left.into();
        }
        value
    }
}

fn pictures(count: usize) -> String {
    match count {
        1 => "1 picture".to_owned(),
        count => format!("{count} pictures"),
    }
}

/// The tag that is most like a misspelt one; of equal ones the most frequent.
fn nearest(index: &Index, tag: &str) -> Option<String> {
    let mut best: Option<(f64, &str)> = None;
    for known in index.sorted(Order::Count, None) {
        let name = index.name(known);
        let similar = strsim::jaro_winkler(&tag.to_lowercase(), &name.to_lowercase());
        if similar >= SIMILAR && best.is_none_or(|(most, _)| similar > most) {
            best = Some((similar, name));
        }
    }
    best.map(|(_, name)| name.to_owned())
}
