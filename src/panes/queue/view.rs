//! The queue drawn: a row for each job, and what the running one is at.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::{State, summary};
use crate::engine::Job;
use crate::engine::queue::{Entry, Stage, State as JobState};
use crate::ui::lang::{Lang, jobs, screen};
use crate::ui::text;
use crate::ui::theme::{Role, Theme};
use crate::ui::widgets::list::{List, Rows};
use crate::ui::widgets::{gauge, line, lines};

#[expect(clippy::too_many_arguments, reason = "a view is given all that it shows")]
/// Draws the jobs, or `hint` where there are none. With `gauge` the running one tells its progress.
pub fn view(
    state: &State,
    focused: bool,
    gauge: bool,
    hint: &str,
    theme: &Theme,
    lang: Lang,
    inside: Rect,
    buffer: &mut Buffer,
) -> Rows {
    if state.entries().is_empty() {
        line::put_wrapped(hint, theme.style(Role::Dim), inside, buffer);
        return Rows::default();
    }
    let width = usize::from(inside.width.saturating_sub(1));
    let row = |index: usize| row(&state.entries()[index], theme, lang, width);
    let rows = List {
        count: state.entries().len(),
        row: &row,
        focused,
    }
    .draw(&state.list, theme, inside, buffer);
    let running = state.running().filter(|_| gauge).and_then(|running| {
        let index = state.entries().iter().position(|entry| entry.id == running.job)?;
        Some((&state.entries()[index], &running.stage, rows.place(index)?))
    });
    if let Some((entry, stage, place)) = running {
        let indent = (entry.id.0.to_string().len() as u16 + 3).min(place.width);
        let rest = Rect {
            x: place.x + indent,
            width: place.width - indent,
            ..place
        };
        gauge::draw(
            progress(entry, stage),
            &caption(entry, stage, lang),
            theme,
            rest,
            buffer,
        );
    }
    rows
}

fn row(entry: &Entry, theme: &Theme, lang: Lang, width: usize) -> Line<'static> {
    let (sign, role, state) = match &entry.state {
        JobState::Waiting => ("·", Role::Dim, &jobs::WAITING),
        JobState::Running => ("▸", Role::Accent, &jobs::RUNNING),
        JobState::Done => ("✓", Role::Ok, &jobs::DONE),
        JobState::Cancelled => ("–", Role::Dim, &jobs::CANCELLED),
        JobState::Interrupted => ("!", Role::Warning, &jobs::INTERRUPTED),
        JobState::Failed(_) => ("✗", Role::Error, &jobs::FAILED),
    };
    let state = lang.say(state);
    let tail = match (&entry.state, entry.made) {
        (JobState::Done, 1) => String::new(),
        (JobState::Done, n) => format!("×{n}"),
        (_, 0) => state.to_owned(),
        (_, n) => format!("{state} ×{n}"),
    };
    let style = theme.style(role);
    let body = if entry.state.is_ended() { Role::Dim } else { Role::Text };
    let head = format!("{sign} {}", entry.id.0);
    lines::three_parts(
        (&head, style),
        (&summary(&entry.job), theme.style(body)),
        (&tail, style),
        width,
    )
}

/// How much of a job is done, 0 to 1.
pub fn progress(entry: &Entry, stage: &Stage) -> f64 {
    let job = match (&entry.job, stage) {
        (Job::Generate(job), _) => job,
        (Job::Workbench(_) | Job::Tag(_), Stage::Step { step, of, .. }) => return *step as f64 / (*of).max(1) as f64,
        _ => return 0.0,
    };
    let recipe = &job.recipe;
    let batch = recipe.batch_size as f64;
    let pictures = match stage {
        Stage::Starting | Stage::Loading(_) => 0.0,
        // Not by what was made: a job that is tried again draws all its pictures again.
        Stage::Step { picture, step, of, .. } => *picture as f64 + batch * *step as f64 / (*of).max(1) as f64,
        Stage::Decoding => entry.made as f64 + batch,
    };
    (pictures / recipe.pictures().max(1) as f64).clamp(0.0, 1.0)
}

/// What a running job is at, in words: `3/20 · 12.4 it/s · 2 s left`.
pub fn caption(entry: &Entry, stage: &Stage, lang: Lang) -> String {
    match stage {
        Stage::Starting => lang.say(&screen::STARTING).to_owned(),
        Stage::Loading(network) => lang.fill(&jobs::LOADING, &[("name", network)]),
        Stage::Decoding => lang.say(&jobs::DECODING).to_owned(),
        Stage::Step {
            picture,
            step,
            of,
            per_second,
            left,
        } => {
            let mut parts = vec![format!("{step}/{of}")];
            parts.extend(batch(entry, *picture, lang));
            if *per_second > 0.0 {
                parts.push(rate(*per_second, lang));
                parts.push(text::left(lang, *left));
            }
            parts.join(" · ")
        }
    }
}

/// Which of several batches.
fn batch(entry: &Entry, picture: usize, lang: Lang) -> Option<String> {
    let Job::Generate(job) = &entry.job else { return None };
    let (batch, batches) = (picture / job.recipe.batch_size.max(1) + 1, job.recipe.batch_count);
    (batches > 1).then(|| lang.fill(&screen::BATCH_OF, &[("n", &batch), ("of", &batches)]))
}

/// Steps per second, or seconds per step when that is slower, as people are used to read it.
fn rate(per_second: f64, lang: Lang) -> String {
    let (sentence, number) = if per_second >= 1.0 {
        (&jobs::STEPS_PER_SECOND, per_second)
    } else {
        (&jobs::SECONDS_PER_STEP, 1.0 / per_second)
    };
    lang.fill(sentence, &[("rate", &format!("{number:.1}"))])
}
