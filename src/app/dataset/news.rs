//! What the keeper of the dataset tells, told on.

use super::super::{App, Grade};
use crate::keys::{Action, Scope};
use crate::panes::dataset::hear::Told;
use crate::panes::dataset::talk::News;
use crate::ui::lang::dataset as words;
use crate::ui::lang::told::Trouble;
use crate::ui::text;

impl App {
    /// Takes news, and tells of them what a person should know.
    pub(in crate::app) fn hear_of_dataset(&mut self, news: News) {
        for told in self.dataset.hear(news) {
            self.tell_of_dataset(told);
        }
    }

    fn tell_of_dataset(&mut self, told: Told) {
        let lang = self.lang;
        let key = |action: Action| {
            let keys = self.keymap.keys_of(action, Scope::Dataset.chain());
            keys.into_iter().next().unwrap_or_default()
        };
        let number = |n: usize| text::number(n as u64);
        let (grade, sentence) = match told {
            Told::NothingChanges => (Grade::Info, lang.say(&words::NOTHING_CHANGES).to_owned()),
            Told::Wrote(n) => {
                let values: [(&str, &dyn std::fmt::Display); 2] = [("n", &number(n)), ("key", &key(Action::UndoSet))];
                (Grade::Info, lang.fill(&words::WROTE, &values))
            }
            Told::Did(what) => {
                let values: [(&str, &dyn std::fmt::Display); 2] =
                    [("what", &text::safe(&what)), ("key", &key(Action::UndoSet))];
                (Grade::Info, lang.fill(&crate::ui::lang::truth::DID, &values))
            }
            Told::Undone(n, what) => {
                let told = lang.fill(
                    &words::UNDONE,
                    &[
                        ("n", &number(n)),
                        ("what", &text::safe(&what)),
                        ("key", &key(Action::RedoSet)),
                    ],
                );
                (Grade::Info, told)
            }
            Told::Redone(n, what) => (
                Grade::Info,
                lang.fill(&words::REDONE, &[("n", &number(n)), ("what", &text::safe(&what))]),
            ),
            Told::Stopped(n, left, why) => {
                let undo = key(Action::UndoSet);
                let sentence = if why.is_some() { words::HALTED } else { words::STOPPED };
                let why = why.unwrap_or_default();
                let told = lang.fill(
                    &sentence,
                    &[
                        ("why", &why.tell(lang)),
                        ("n", &number(n)),
                        ("left", &number(left)),
                        ("key", &undo),
                    ],
                );
                (Grade::Error, told)
            }
            Told::Conflicts(n) => {
                let values: [(&str, &dyn std::fmt::Display); 2] =
                    [("n", &number(n)), ("key", &key(Action::ShowConflicts))];
                (Grade::Warning, lang.fill(&words::CONFLICTS_NOW, &values))
            }
            Told::Outside(n) => (Grade::Info, lang.fill(&words::CHANGED_OUTSIDE, &[("n", &number(n))])),
            Told::PicturesOutside => (Grade::Info, lang.say(&words::PICTURES_OUTSIDE).to_owned()),
            Told::TakenUp(name) => (
                Grade::Info,
                lang.fill(&words::TAKEN_UP, &[("name", &text::safe(&name))]),
            ),
            Told::NotTakenUp(name) => {
                let values: [(&str, &dyn std::fmt::Display); 2] =
                    [("name", &text::safe(&name)), ("key", &key(Action::ShowConflicts))];
                (Grade::Warning, lang.fill(&words::NOT_TAKEN_UP, &values))
            }
            Told::Kept(snapshot) => {
                let values: [(&str, &dyn std::fmt::Display); 2] =
                    [("name", &text::safe(&snapshot.name)), ("n", &number(snapshot.files))];
                (Grade::Info, lang.fill(&words::SNAPSHOT_KEPT, &values))
            }
            Told::Forgotten(name) => (
                Grade::Info,
                lang.fill(&words::SNAPSHOT_FORGOTTEN, &[("name", &text::safe(&name))]),
            ),
            Told::Failed(Trouble { message, hint }) => {
                let hint = hint.map(|hint| hint.tell(lang).to_owned());
                return self.notice(Grade::Error, message.tell(lang).to_owned(), hint);
            }
            Told::Interrupted(sentence) => (Grade::Warning, sentence.tell(lang).to_owned()),
            Told::Log(batches, now) => return self.open_log(&batches, now),
            Told::Snapshots(snapshots, now) => return self.open_snapshots(&snapshots, now),
            Told::Review => {
                if let Some(above) = self.dataset.above.take() {
                    self.put_above(above);
                }
                return;
            }
            Told::Paths => return,
        };
        self.notice(grade, sentence, None);
    }
}
