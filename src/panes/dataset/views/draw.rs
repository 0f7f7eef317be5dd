//! The view that is shown, drawn.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::crops::Scene;
use super::{Shown, View, proposals, twins};
use crate::panes::dataset::State;
use crate::panes::dataset::caption::Closed;
use crate::panes::dataset::view::Keys;
use crate::ui::lang::{Lang, truth as words};
use crate::ui::theme::{Role, Theme};
use crate::ui::widgets::lines;

impl State {
    /// Draws the view beside the caption that is shown.
    pub fn draw_view(
        &self,
        keys: &Keys,
        focused: bool,
        theme: &Theme,
        lang: Lang,
        inside: Rect,
        buffer: &mut Buffer,
    ) -> Shown {
        let views = &self.views;
        let Some(book) = self.book() else {
            return Shown::default();
        };
        let picture = self.picture().unwrap_or_default();
        let none = Arc::default();
        let options = views.options().unwrap_or(&none);
        match self.view {
            View::Truth
                if self
                    .caption()
                    .is_some_and(|caption| caption.closed() == Some(Closed::Size)) =>
            {
                lines::centred(lang.say(&words::TOO_LARGE), theme.style(Role::Warning), inside, buffer);
                Shown::default()
            }
            View::Truth => {
                let file = options.file.as_deref().map(crate::panes::dataset::caption::name_of);
                Shown {
                    rows: views
                        .truth
                        .draw(file.as_deref(), &keys.form, theme, lang, inside, buffer),
                    ..Shown::default()
                }
            }
            View::Crops => {
                let scene = Scene {
                    book,
                    options,
                    picture,
                    sight: self.sight.finished(book.path(picture)),
                    keys: &keys.crops,
                    focused,
                };
                views.crops.draw(&scene, theme, lang, inside, buffer)
            }
            View::Proposals => {
                let [begin, accept, next] = &keys.proposals;
                let scene = proposals::Scene {
                    book,
                    picture,
                    sight: self.sight.finished(book.path(picture)),
                    keys: [begin, accept, next],
                    focused,
                };
                views.proposals.draw(&scene, theme, lang, inside, buffer)
            }
            View::Health => {
                let [look, show] = &keys.health;
                views.health.draw([look, show], focused, theme, lang, inside, buffer)
            }
            View::Twins => {
                let [first, second] = self.sights();
                let scene = twins::Scene {
                    book,
                    sights: [
                        first.and_then(|picture| self.sight.finished(book.path(picture))),
                        second.and_then(|picture| views.beside.finished(book.path(picture))),
                    ],
                    search: &keys.search,
                    keep: &keys.keep,
                    focused,
                };
                views.twins.draw(&scene, theme, lang, inside, buffer)
            }
            View::Caption | View::History => Shown::default(),
        }
    }
}
