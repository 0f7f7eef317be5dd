//! The preview drawn: the words around the picture, and where the picture goes.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Finished, Numbered, State};
use crate::panes::history::Made;
use crate::ui::lang::{Lang, screen};
use crate::ui::text;
use crate::ui::theme::{Role, Theme};
use crate::ui::widgets::{gauge, line, lines};

/// The picture to be drawn, and whether it still grows.
#[derive(Clone, Debug)]
pub struct Shown<'a> {
    /// The picture.
    pub picture: &'a Numbered,
    /// Whether it still grows.
    pub growing: bool,
    /// Its place.
    pub area: Rect,
}

#[expect(clippy::too_many_arguments, reason = "a view is given all that it shows")]
/// Draws the line below the picture, or the words in its place, and says what picture goes where.
pub fn view<'a>(
    state: &'a State,
    looked_at: Option<&Made>,
    progress: Option<(f64, &str)>,
    hint: &str,
    theme: &Theme,
    lang: Lang,
    inside: Rect,
    buffer: &mut Buffer,
) -> Option<Shown<'a>> {
    if inside.is_empty() {
        return None;
    }
    let caption = Rect {
        y: inside.bottom() - 1,
        height: 1,
        ..inside
    };
    let area = Rect {
        height: inside.height - 1,
        ..inside
    };
    if let (Some(picture), Some((done, words))) = (state.growing(), progress) {
        gauge::draw(done, words, theme, caption, buffer);
        return Some(Shown {
            picture,
            growing: true,
            area,
        });
    }
    let Some(made) = looked_at else {
        lines::centred(hint, theme.style(Role::Dim), inside, buffer);
        return None;
    };
    let picture = &made.picture;
    let seconds = text::duration(lang, picture.seconds);
    let size = format!("{}×{}  {seconds}", picture.width, picture.height);
    let seed = lang.fill(&screen::SEED_OF, &[("seed", &picture.seed)]);
    let dim = theme.style(Role::Dim);
    let words = lines::three_parts(
        (&seed, theme.style(Role::Text)),
        ("", dim),
        (&size, dim),
        usize::from(caption.width),
    );
    line::put_line(&words, theme.style(Role::Text), caption, buffer);
    match state.finished(&picture.path) {
        Some(Finished::Here(numbered)) => Some(Shown {
            picture: numbered,
            growing: false,
            area,
        }),
        Some(Finished::Unreadable(why)) => {
            let path = picture.path.display().to_string();
            let words = lang.fill(
                &screen::UNREADABLE,
                &[("path", &text::safe(&path)), ("why", &why.tell(lang))],
            );
            lines::centred(&words, theme.style(Role::Warning), area, buffer);
            None
        }
        Some(Finished::Loading) | None => None,
    }
}
