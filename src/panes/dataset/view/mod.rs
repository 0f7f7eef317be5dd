//! The dataset drawn: pictures at the left, one of them with its caption in the middle, all tags at the right.
//!
//! Changes nothing; what the mouse and the next key have to know is returned. Only rows that are seen are made.

mod caption;
mod pictures;
mod tags;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line as Row, Span};

pub use caption::{caption, why_closed};
pub use pictures::{Grid, grid, pictures};
pub use tags::{tags, tail as tags_tail};

use super::chips::Chips;
use super::line::Line;
use crate::panes::preview::Numbered;
use crate::ui::text;
use crate::ui::theme::{Role, Theme};
use crate::ui::widgets::list::{Go, List, ListState, Rows};
use crate::ui::widgets::popup;

/// The most completions that are seen at once.
const CHOICES: u16 = 8;

/// The keys that the dataset names, as written.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// Opens a dataset.
    pub open: String,
    /// Begins to filter.
    pub filter: String,
    /// Takes back what hides pictures.
    pub back: String,
    /// Writes a caption.
    pub write: String,
    /// Takes back.
    pub undo: String,
    /// Adds a tag.
    pub add: String,
    /// Opens the form of the view.
    pub form: String,
    /// Begins the search for near-duplicates.
    pub search: String,
    /// Keeps the better of two.
    pub keep: String,
    /// Those that ask a tagger, take what it proposes for a picture, go to the next.
    pub proposals: [String; 3],
    /// Those that read every picture, and that show the pictures of a finding.
    pub health: [String; 2],
    /// Those that move a crop.
    pub crops: super::views::crops::Keys,
}

/// What was drawn where.
#[derive(Clone, Debug, Default)]
pub struct Drawn {
    /// The pictures.
    pub pictures: PicturesDrawn,
    /// The caption.
    pub caption: CaptionDrawn,
    /// The tags.
    pub tags: TagsDrawn,
}

/// The pictures as they were drawn.
#[derive(Clone, Debug, Default)]
pub struct PicturesDrawn {
    /// The rows of the list; none where it is a grid.
    pub rows: Rows,
    /// The grid.
    pub grid: Option<Grid>,
    /// Thumbnails with their places; the number of each place.
    pub tiles: Vec<(u8, Numbered, Rect)>,
    /// The line of the filter.
    pub filter: Rect,
    /// Where the cursor stands, while a filter is typed.
    pub cursor: Option<Position>,
    /// What covers pictures.
    pub cover: Option<Rect>,
}

/// The caption as it was drawn.
#[derive(Clone, Debug, Default)]
pub struct CaptionDrawn {
    /// The tags in their rows, and where these begin.
    pub chips: Chips,
    /// Their place.
    pub area: Rect,
    /// The first row that is seen.
    pub first: usize,
    /// The text field.
    pub editor: Rect,
    /// The picture and its place.
    pub sight: Option<(Numbered, Rect)>,
    /// Where the cursor stands, while something is typed.
    pub cursor: Option<Position>,
    /// What covers pictures.
    pub cover: Option<Rect>,
    /// The rows of a view's list.
    pub rows: Rows,
    /// A second picture beside the first, and its place.
    pub beside: Option<(Numbered, Rect)>,
}

/// The tags as they were drawn.
#[derive(Clone, Debug, Default)]
pub struct TagsDrawn {
    /// Their rows.
    pub rows: Rows,
    /// The line of the search.
    pub search: Rect,
    /// Where the cursor stands, while it is typed.
    pub cursor: Option<Position>,
}

/// Cuts rows of these heights from the top; the last part is what is left.
fn cut<const N: usize, const M: usize>(area: Rect, heights: [u16; N]) -> [Rect; M] {
    let mut y = area.y;
    std::array::from_fn(|index| {
        let left = area.bottom().saturating_sub(y);
        let height = heights.get(index).copied().unwrap_or(left).min(left);
        let part = Rect { y, height, ..area };
        y += height;
        part
    })
}

/// What a line can be completed to, in a box below it, or above where there is no room below.
fn draw_choices(typed: &Line, at: Rect, within: Rect, theme: &Theme, buffer: &mut Buffer) -> Option<Rect> {
    let choices = typed.choices();
    if choices.is_empty() {
        return None;
    }
    let rows = (choices.len() as u16).min(CHOICES);
    let below = within.bottom().saturating_sub(at.bottom());
    let above = at.y.saturating_sub(within.y);
    let (y, height) = if below >= rows + 2 || below >= above {
        (at.bottom(), (rows + 2).min(below))
    } else {
        let height = (rows + 2).min(above);
        (at.y - height, height)
    };
    let wide = choices
        .iter()
        .map(|choice| text::width(&choice.text) + text::width(&choice.note) + 5)
        .max();
    let width = (wide.unwrap_or_default() as u16)
        .clamp(16, 48)
        .min(within.right().saturating_sub(at.x));
    let area = Rect {
        x: at.x,
        y,
        width,
        height,
    };
    if area.height < 3 || area.width < 8 {
        return None;
    }
    let inside = popup::open("", "", theme, area, buffer);
    let scrolls = choices.len() > usize::from(inside.height);
    let columns = usize::from(inside.width) - usize::from(scrolls);
    let row = |row: usize| {
        let choice = &choices[row];
        let note = text::width(&choice.note);
        let name = text::pad(&text::safe(&choice.text), columns.saturating_sub(note + 1));
        Row::from(vec![
            Span::styled(name, theme.style(Role::Popup)),
            Span::styled(format!(" {}", choice.note), theme.style(Role::Dim)),
        ])
    };
    let mut list = ListState::default();
    list.go(
        Go::To(typed.picked().unwrap_or_default()),
        choices.len(),
        usize::from(inside.height),
    );
    let shown = List {
        count: choices.len(),
        row: &row,
        focused: typed.picked().is_some(),
    };
    shown.draw(&list, theme, inside, buffer);
    Some(area)
}
