//! Proposals for people and for scripts.

use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use danlu::data::document::Document;
use danlu::data::edit::diff;
use danlu::data::edit::{Plan, Planned};
use danlu::data::set::Set;
use danlu::ui::text::safe;
use danlu::vision::{Label, Proposal, TagJob};
use serde_json::{Value, json};

use crate::cli::tags::history::show::sides;

/// A file's name for people.
pub(super) fn name(set: &Set, path: &Path) -> String {
    safe(&set.relative(path)).into_owned()
}

/// A number of captions in words.
pub(super) fn captions(count: usize) -> String {
    match count {
        1 => "1 caption".to_owned(),
        count => format!("{count} captions"),
    }
}

/// A line for people, on standard error.
pub(super) fn remark(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{}", safe(text));
}

/// Each picture with what was found in it, and how its caption would change.
pub(super) fn text(set: &Set, proposals: &[Proposal], plan: &Plan) -> String {
    let changes = by_picture(set, plan);
    let mut text = String::new();
    for proposal in proposals {
        text += &name(set, &proposal.picture);
        if let Some(rating) = &proposal.rating {
            text += &format!("  [{}]", labelled(rating));
        }
        text.push('\n');
        let tags: Vec<String> = proposal.tags.iter().map(labelled).collect();
        if !tags.is_empty() {
            text += &format!("  found: {}\n", tags.join(", "));
        }
        if let Some(caption) = &proposal.caption {
            text += &format!("  found: {}\n", safe(caption));
        }
        match changes.get(proposal.picture.as_path()) {
            None => text += "  the caption stays\n",
            Some(change) => {
                for line in diff::lines(
                    change.before.as_deref(),
                    change.after.as_deref(),
                    set.separator(change.picture),
                ) {
                    text += &sides(&line);
                }
            }
        }
    }
    if proposals.is_empty() {
        text += "there are no proposals: every picture that was meant has a caption, or there is none\n";
    }
    text
}

/// One object; what does not apply is null.
///
/// `write` is an older name of `written`.
pub(super) fn json(
    set: &Set,
    job: &TagJob,
    proposals: &[Proposal],
    plan: &Plan,
    unseen: &[PathBuf],
    written: bool,
) -> Value {
    let changes = by_picture(set, plan);
    let label =
        |label: &Label| json!({ "tag": label.text, "confidence": rounded(label.confidence), "kind": label.kind });
    let caption = |bytes: Option<&Vec<u8>>| bytes.map(|bytes| Document::new(bytes.clone()).text().into_owned());
    let one = |proposal: &Proposal| {
        let change = changes.get(proposal.picture.as_path());
        json!({
            "file": set.relative(&proposal.picture),
            "tags": proposal.tags.iter().map(label).collect::<Vec<_>>(),
            "caption": proposal.caption,
            "rating": proposal.rating.as_ref().map(label),
            "changes": change.is_some(),
            "before": change.and_then(|change| caption(change.before.as_ref())),
            "after": change.and_then(|change| caption(change.after.as_ref())),
        })
    };
    let refused = |path: &Path, why: &str| json!({ "file": set.relative(path), "why": why });
    let alone = plan.refused.iter().map(|(path, why)| refused(path, &why.to_string()));
    let unseen = unseen
        .iter()
        .map(|path| refused(path, "the picture cannot be looked at"));
    json!({
        "model": job.name(),
        "proposals": proposals.iter().map(one).collect::<Vec<_>>(),
        "refused": alone.chain(unseen).collect::<Vec<_>>(),
        "write": written,
        "written": written,
    })
}

/// Six places are all that a number of 32 bits has.
fn rounded(confidence: f32) -> f64 {
    (f64::from(confidence) * 1e6).round() / 1e6
}

fn labelled(label: &Label) -> String {
    format!("{} {:.2}", safe(&label.text), label.confidence)
}

fn by_picture<'a>(set: &'a Set, plan: &'a Plan) -> HashMap<&'a Path, &'a Planned> {
    let path = |change: &'a Planned| set.pictures[change.picture].path.as_path();
    plan.changes.iter().map(|change| (path(change), change)).collect()
}
