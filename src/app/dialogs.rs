//! The forms above the panes: opened for the models at hand, and taken when they are done.

use std::sync::Arc;

use super::effect::Ask;
use super::{App, Effect, Grade};
use crate::engine::Job;
use crate::engine::wire::Request;
use crate::keys::Action;
use crate::overlay::{Dialog, Overlay};
use crate::panes::browser::entry::Entry;
use crate::panes::browser::forms::{self, Work};
use crate::ui::lang::workbench;
use crate::ui::text;

/// The form that an action opens.
pub(super) fn work_of(action: Action) -> Option<Work> {
    Some(match action {
        Action::EditModel => Work::Card,
        Action::ConvertModel => Work::Convert,
        Action::MergeModels => Work::Merge,
        Action::BakeNetworks => Work::Bake,
        Action::CombineNetworks => Work::Combine,
        Action::ResizeNetwork => Work::Resize,
        Action::ExtractNetwork => Work::Extract,
        Action::EditMetadata => Work::Metadata,
        _ => return None,
    })
}

impl App {
    /// Opens a form for the models at hand.
    pub(super) fn open_dialog(&mut self, work: Work) {
        let only_one = matches!(work, Work::Card | Work::Metadata);
        let entries: Vec<Entry> = if only_one {
            self.browser.current().cloned().into_iter().collect()
        } else {
            self.browser.at_hand().into_iter().cloned().collect()
        };
        let details = entries.first().and_then(|entry| self.browser.details_of(entry.path()));
        let entries: Vec<&Entry> = entries.iter().collect();
        let current = self.parameters.model().path.clone();
        match forms::open(work, &entries, details, &current, self.lang) {
            Ok((matter, title, form)) => {
                self.matter = Some(matter);
                self.deed = None;
                let title = text::safe(&title).into_owned();
                self.overlays.push(Overlay::Dialog(Dialog::new(title, form, self.lang)));
            }
            Err(sentence) => self.notice(Grade::Info, self.lang.say(&sentence).to_owned(), None),
        }
    }

    /// Takes the form that is open. It stays open where it is refused.
    pub(super) fn take_dialog(&mut self, effects: &mut Vec<Effect>) {
        if self.take_deed() {
            return;
        }
        let (Some(Overlay::Dialog(dialog)), Some(matter)) = (self.overlays.last_mut(), &self.matter) else {
            return;
        };
        if matter.work == Work::Card {
            if let Some(entry) = self.browser.at(&matter.models[0]) {
                let details = self.browser.details_of(entry.path());
                let (edit, tags) = matter.edit(&dialog.form, entry, details);
                effects.push(Effect::Library(Ask::Edit {
                    card: Arc::clone(&entry.card),
                    edit: Box::new(edit),
                    tags,
                }));
            }
        } else {
            match matter.task(&dialog.form, self.lang) {
                Ok(task) => {
                    let title = text::safe(&task.title()).into_owned();
                    self.queue_up(Job::Workbench(Box::new(task)), effects);
                    self.browser.unmark();
                    let told = self.lang.fill(&workbench::QUEUED, &[("title", &title)]);
                    self.notice(Grade::Info, told, None);
                }
                Err(complaint) => {
                    dialog.complaint = Some(complaint);
                    return;
                }
            }
        }
        self.overlays.pop();
        self.matter = None;
    }

    /// Asks the engine for a job.
    pub(super) fn queue_up(&mut self, job: Job, effects: &mut Vec<Effect>) {
        self.reconnect(effects);
        self.tickets += 1;
        effects.push(Effect::Send(Request::Submit {
            ticket: self.tickets,
            job,
        }));
    }
}
