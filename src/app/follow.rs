//! What the engine's events change, and the pictures that have to be read for it.

use std::path::{Path, PathBuf};

use super::effect::{Load, Role};
use super::msg::Complaint;
use super::view::thumbnails_in_view;
use super::{App, Effect, Grade, Link, Pane};
use crate::engine::queue::{Present, State as JobState};
use crate::engine::{Event, JobId};
use crate::keys::{Action, Scope};
use crate::panes::queue;
use crate::term::graphics::Picture;
use crate::ui::lang::screen;
use crate::ui::lang::told::Sentence;

impl App {
    /// Follows one event of the engine.
    pub(super) fn follow(&mut self, event: Event, effects: &mut Vec<Effect>) {
        self.queue.follow(&event);
        match event {
            Event::Present(present) => self.begin_with(&present),
            Event::Preview { job, preview } => {
                // One that was overtaken by the end of its job is nobody's.
                if self.queue.running().is_some_and(|running| running.job == job) {
                    self.preview.grow(&preview);
                }
            }
            Event::Saved { job, picture } => {
                self.preview.stop();
                self.history.add(job, picture, self.following);
            }
            Event::Removed { job } => self.history.forget(job),
            Event::Finished { .. } => {
                self.stop_preview();
                if self.forever && self.queue.waiting() == 0 {
                    self.generate(effects);
                }
            }
            Event::Cancelled { .. } => {
                self.stop_preview();
                self.forever = false;
            }
            Event::Failed { job, failure } => {
                self.stop_preview();
                self.forever = false;
                let message = self
                    .lang
                    .fill(&screen::JOB_FAILED, &[("job", &job.0), ("why", &failure.message)]);
                self.notice(Grade::Error, message, failure.hint);
            }
            Event::Refused { failure, .. } => {
                self.forever = false;
                self.notice(Grade::Error, failure.message, failure.hint);
            }
            Event::Warning { message, .. } => self.notice(Grade::Warning, message, None),
            Event::Stopping => self.forever = false,
            Event::Queued { .. }
            | Event::Order { .. }
            | Event::Paused { .. }
            | Event::Accepted { .. }
            | Event::Started { .. }
            | Event::Loading { .. }
            | Event::Step { .. }
            | Event::Decoding { .. } => {}
            Event::Tagged { proposal, .. } => self.dataset.hear_proposal(*proposal),
        }
    }

    /// Takes over what the engine was at before this screen came.
    fn begin_with(&mut self, present: &Present) {
        self.history.replace(&present.entries);
        self.preview.stop();
        if let Some(preview) = present.running.as_ref().and_then(|running| running.preview.as_ref()) {
            self.preview.grow(preview);
        }
        for warning in &present.warnings {
            self.notice(Grade::Warning, warning.clone(), None);
        }
        let last = present.entries.iter().find(|entry| entry.state.is_ended());
        if let Some(entry) = last.filter(|entry| entry.state == JobState::Interrupted) {
            let key = self
                .keymap
                .keys_of(Action::RetryJob, Scope::Queue.chain())
                .into_iter()
                .next()
                .unwrap_or_default();
            let sentence = self
                .lang
                .fill(&screen::JOB_INTERRUPTED, &[("job", &entry.id.0), ("key", &key)]);
            self.notice(Grade::Warning, sentence, None);
        }
    }

    /// A job has ended: the growing picture goes, unless it is another job's.
    fn stop_preview(&mut self) {
        if self.queue.running().is_none() {
            self.preview.stop();
        }
    }

    /// The line to the engine is gone.
    pub(super) fn engine_lost(&mut self, why: Complaint) {
        self.queue.lose();
        self.preview.stop();
        self.forever = false;
        self.link = Link::Lost(why.clone());
        self.complain(Grade::Error, why);
    }

    /// Why the job under the cursor, or else the last one, failed.
    pub(super) fn failure_at_hand(&self) -> Option<(JobId, Complaint)> {
        let failed = |entry: &crate::engine::queue::Entry| {
            let failure = queue::failure(entry)?;
            Some((
                entry.id,
                Complaint {
                    message: failure.message.clone(),
                    hint: failure.hint.clone(),
                },
            ))
        };
        self.queue
            .current()
            .and_then(failed)
            .or_else(|| self.queue.entries().iter().find_map(failed))
    }

    pub(super) fn inspected(&mut self, path: &Path, native: Result<[usize; 2], String>) {
        match native {
            Ok(native) => self.parameters.know_size(path, native),
            Err(message) => self.notice(Grade::Error, message, None),
        }
    }

    pub(super) fn loaded(&mut self, load: Load, picture: Result<Picture, Sentence>) {
        match load.role {
            Role::Big => self.preview.put(load.path, picture),
            Role::Small => self.thumbnails.put(load.path, picture),
            Role::Card => self.browser.cover.put(load.path, picture),
            Role::Sight => self.dataset.sight.put(load.path, picture),
            Role::Beside => self.dataset.views.beside.put(load.path, picture),
            Role::Tile(_) => self.dataset.tiles.put(load.path, picture),
        }
    }

    /// Asks for the pictures that the screen shows and that are not here yet.
    pub(super) fn want_pictures(&mut self, effects: &mut Vec<Effect>) {
        let Some(layout) = self.layout() else { return };
        if layout.area(Pane::Preview).is_some()
            && let Some(path) = self.history.current().map(|made| made.picture.path.clone())
            && self.preview.missing(&path)
        {
            effects.push(Effect::Load(Load { path, role: Role::Big }));
        }
        if layout.area(Pane::Details).is_some()
            && let Some(path) = self.browser.picture().map(Path::to_owned)
            && self.browser.cover.missing(&path)
        {
            effects.push(Effect::Load(Load { path, role: Role::Card }));
        }
        self.want_pictures_of_dataset(&layout, effects);
        let Some(area) = layout.area(Pane::History) else { return };
        let shown = thumbnails_in_view(&self.history, area);
        let paths: Vec<PathBuf> = self.history.pictures()[shown]
            .iter()
            .map(|made| made.picture.path.clone())
            .collect();
        for path in paths {
            if self.thumbnails.missing(&path) {
                effects.push(Effect::Load(Load {
                    path,
                    role: Role::Small,
                }));
            }
        }
    }
}
