//! The queue as lines for a terminal: cut to its width, and safe to print whatever a prompt holds.

use std::borrow::Cow;

use danlu::engine::{Entry, Job, Present, Stage, State};
use danlu::ui::text::{safe, truncate};

/// Columns of the state and of the progress.
const STATE: usize = 11;
const PROGRESS: usize = 24;
/// The least that is left for a prompt, however narrow the terminal is.
const PROMPT: usize = 12;

/// The terminal's width; none where standard output is no terminal.
pub(super) fn width() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
    (size.ws_col > 0).then_some(usize::from(size.ws_col))
}

/// The whole queue, lines no wider than `width`.
pub(super) fn queue(present: &Present, width: Option<usize>) -> String {
    let digits = present.entries.iter().map(|entry| entry.id.to_string().len()).max();
    let digits = digits.unwrap_or_default().max(3);
    let indent = digits + 2 + STATE + 2 + PROGRESS + 2;
    let room = width.map(|width| width.saturating_sub(indent).max(PROMPT));
    let line = |id: &str, state: &str, progress: &str, prompt: &str| {
        let prompt = cut(prompt, room);
        let text = format!(
            "{id:>digits$}  {}  {}  {prompt}",
            pad(state, STATE),
            pad(progress, PROGRESS)
        );
        text.trim_end().to_owned() + "\n"
    };
    let mut text = line("JOB", "STATE", "PROGRESS", "PROMPT");
    let mut place = 0;
    for entry in &present.entries {
        if entry.state == State::Waiting {
            place += 1;
        }
        let progress = progress(present, entry, place);
        text += &line(&entry.id.to_string(), entry.state.name(), &progress, &title(&entry.job));
        let below = |text: &str| {
            format!(
                "{:digits$}  {}\n",
                "",
                cut(text, width.map(|width| width.saturating_sub(digits + 2)))
            )
        };
        if let State::Failed(failure) = &entry.state {
            text += &below(&format!("! {}", failure.message));
            if let Some(hint) = &failure.hint {
                text += &below(&format!("  {hint}"));
            }
        }
        for warning in &entry.warnings {
            text += &below(&format!("! {warning}"));
        }
    }
    text
}

fn title(job: &Job) -> Cow<'_, str> {
    match job {
        Job::Generate(_) | Job::Workbench(_) | Job::Tag(_) => job.title(),
        Job::Unreadable(_) => Cow::Borrowed("(of another version of danlu)"),
    }
}

/// How far a job is, in a few words.
fn progress(present: &Present, entry: &Entry, place: usize) -> String {
    let pictures = |made: usize| match made {
        1 => "1 picture".to_owned(),
        made => format!("{made} pictures"),
    };
    match &entry.state {
        State::Running => match &present.running {
            Some(running) if running.job == entry.id => stage(&running.stage),
            _ => String::new(),
        },
        State::Waiting => format!("{place}."),
        _ if entry.made == 0 => String::new(),
        _ => pictures(entry.made),
    }
}

/// What a running job does, in a few words.
pub(super) fn stage(stage: &Stage) -> String {
    match stage {
        Stage::Starting => "starting".to_owned(),
        Stage::Loading(network) => format!("loading {network}"),
        Stage::Step {
            step,
            of,
            per_second,
            left,
            ..
        } => format!("{step}/{of} {per_second:.1}/s, {} left", time(*left)),
        Stage::Decoding => "decoding".to_owned(),
    }
}

/// Seconds as `1:02` or `1:02:03`.
fn time(seconds: f64) -> String {
    let seconds = seconds.max(0.0).round() as u64;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{minutes}:{seconds:02}"),
        hours => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

/// A text on one line, cut to so many columns.
fn cut(text: &str, columns: Option<usize>) -> String {
    let text = safe(text);
    match columns {
        Some(columns) => truncate(&text, columns).into_owned(),
        None => text.into_owned(),
    }
}

fn pad(text: &str, columns: usize) -> String {
    danlu::ui::text::pad(&safe(text), columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_by_columns_and_hold_no_control_characters() {
        assert_eq!(cut("狐狸在雪里", Some(7)), "狐狸在…");
        assert_eq!(cut("a\n\x1b[31mb\u{9b}", None), "a␊␛[31mb\u{fffd}");
        assert_eq!(cut("\x1b\x1b\x1b", Some(2)), "␛…");
        assert_eq!(pad("狐", 4), "狐  ");
    }

    #[test]
    fn times_are_read_at_a_glance() {
        let told = [0.2, 61.6, 3723.0, -1.0, f64::MAX].map(time);
        assert_eq!(&told[..4], ["0:00", "1:02", "1:02:03", "0:00"]);
    }
}
