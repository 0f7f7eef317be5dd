//! Where the panes stand: by the screen's size, the pane in focus, and how the user has moved the borders.
//!
//! Three shapes: wide (writing on the left, looking on the right), narrow (the same with what is not in focus folded away), and one
//! pane alone (zoomed, or on a screen too small for two). Pure arithmetic; [`super::view`] draws into it, the mouse is looked up in it.

use ratatui::layout::{Margin, Position, Rect, Size};

use super::{Pane, Tab};

/// The smallest screen on which anything can be done.
pub const LEAST: Size = Size::new(24, 8);
/// The smallest screen that shows several panes at once.
const SEVERAL: Size = Size::new(60, 20);
/// From this size on no pane is folded away.
const WIDE: Size = Size::new(92, 28);
/// The smallest screen that shows the list of models beside what is told of one.
const BESIDE: Size = Size::new(80, 12);

/// The least columns in which a dataset shows pictures, caption and tags side by side.
const THREE: u16 = 104;

/// How far the user has moved the borders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shift {
    /// Columns more for the left side.
    pub wider: i16,
    /// Rows more for the pane in focus on its side.
    pub taller: i16,
    /// Columns more for the list of models.
    pub list: i16,
    /// Columns more for the pictures of a dataset.
    pub pictures: i16,
}

/// The inside of a pane: what its frame leaves.
pub fn inner(area: Rect) -> Rect {
    area.inner(Margin::new(1, 1))
}

/// The places of everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// The line at the top.
    pub bar: Rect,
    /// The line at the bottom.
    pub hints: Rect,
    /// The panes that are to be seen, in the order of the tab key.
    pub panes: Vec<(Pane, Rect)>,
}

impl Layout {
    /// Lays out a screen; `None` when it is too small for anything.
    pub fn of(screen: Size, focus: Pane, zoomed: bool, shift: Shift) -> Option<Self> {
        if screen.width < LEAST.width || screen.height < LEAST.height {
            return None;
        }
        let bar = Rect::new(0, 0, screen.width, 1);
        let hints = Rect::new(0, screen.height - 1, screen.width, 1);
        let body = Rect::new(0, 1, screen.width, screen.height - 2);
        let least = match focus.tab() {
            Tab::Generate => SEVERAL,
            Tab::Models | Tab::Dataset => BESIDE,
        };
        let panes = if zoomed || !fits(least, screen) {
            vec![(focus, body)]
        } else {
            match focus.tab() {
                Tab::Generate if fits(WIDE, screen) => wide(body, shift),
                Tab::Generate => narrow(body, focus, shift),
                Tab::Models => models(body, shift),
                Tab::Dataset => dataset(body, focus, shift),
            }
        };
        Some(Self { bar, hints, panes })
    }

    /// The place of a pane, where it is to be seen.
    pub fn area(&self, pane: Pane) -> Option<Rect> {
        self.panes
            .iter()
            .find(|(other, _)| *other == pane)
            .map(|(_, area)| *area)
    }

    /// The pane at a place.
    pub fn at(&self, position: Position) -> Option<Pane> {
        self.panes
            .iter()
            .find(|(_, area)| area.contains(position))
            .map(|(pane, _)| *pane)
    }
}

fn fits(least: Size, screen: Size) -> bool {
    screen.width >= least.width && screen.height >= least.height
}

/// The list takes four sevenths, and what the user gave it.
fn models(body: Rect, shift: Shift) -> Vec<(Pane, Rect)> {
    let width = moved(
        (body.width * 4 / 7).min(110),
        shift.list,
        30,
        body.width.saturating_sub(28),
    );
    let list = Rect { width, ..body };
    let details = Rect {
        x: width,
        width: body.width - width,
        ..body
    };
    vec![(Pane::Models, list), (Pane::Details, details)]
}

/// Pictures, caption, tags. Where three have no room, the caption gives way to the tags while these have the focus.
fn dataset(body: Rect, focus: Pane, shift: Shift) -> Vec<(Pane, Rect)> {
    let three = body.width >= THREE;
    let share = if three { body.width * 3 / 10 } else { body.width * 2 / 5 };
    let rest = if three { 60 } else { 30 };
    let left = moved(share.min(70), shift.pictures, 24, body.width.saturating_sub(rest));
    let tags = if three {
        ((body.width - left) * 2 / 5).clamp(26, 56)
    } else {
        0
    };
    let [pictures, middle, right] = [
        (body.x, left),
        (body.x + left, body.width - left - tags),
        (body.x + body.width - tags, tags),
    ]
    .map(|(x, width)| Rect { x, width, ..body });
    match (three, focus) {
        (true, _) => vec![(Pane::Pictures, pictures), (Pane::Caption, middle), (Pane::Tags, right)],
        (false, Pane::Tags) => vec![(Pane::Pictures, pictures), (Pane::Tags, middle)],
        (false, _) => vec![(Pane::Pictures, pictures), (Pane::Caption, middle)],
    }
}

fn wide(body: Rect, shift: Shift) -> Vec<(Pane, Rect)> {
    let (left, right) = columns(body, shift.wider);
    let prompt = moved(left.height * 3 / 10, shift.taller, 4, left.height.saturating_sub(13));
    let negative = (left.height / 6).clamp(3, 7);
    let [prompt, negative, parameters] = rows(left, [prompt, negative]);
    let history = if right.height >= 36 { 8 } else { 3 };
    let queue = (right.height / 5).clamp(5, 10);
    let [preview, history, queue] = rows(right, [right.height - history - queue, history]);
    vec![
        (Pane::Prompt, prompt),
        (Pane::Negative, negative),
        (Pane::Parameters, parameters),
        (Pane::Preview, preview),
        (Pane::History, history),
        (Pane::Queue, queue),
    ]
}

/// The prompts share a place and so do history and queue: the one in focus has it.
fn narrow(body: Rect, focus: Pane, shift: Shift) -> Vec<(Pane, Rect)> {
    let (left, right) = columns(body, shift.wider);
    let written = if focus == Pane::Negative {
        Pane::Negative
    } else {
        Pane::Prompt
    };
    let below = if focus == Pane::History {
        Pane::History
    } else {
        Pane::Queue
    };
    let prompt = moved(left.height * 2 / 5, shift.taller, 3, left.height.saturating_sub(5));
    let [prompt, parameters] = rows(left, [prompt]);
    let [preview, lower] = rows(right, [right.height - (right.height / 4).clamp(4, 8)]);
    vec![
        (written, prompt),
        (Pane::Parameters, parameters),
        (Pane::Preview, preview),
        (below, lower),
    ]
}

/// The left side takes two fifths, and what the user gave it.
fn columns(body: Rect, wider: i16) -> (Rect, Rect) {
    let left = moved((body.width * 2 / 5).min(76), wider, 24, body.width.saturating_sub(24));
    let sides = Rect { width: left, ..body };
    (
        sides,
        Rect {
            x: left,
            width: body.width - left,
            ..body
        },
    )
}

/// A measure moved by the user, within what makes sense.
fn moved(measure: u16, by: i16, least: u16, most: u16) -> u16 {
    measure.saturating_add_signed(by).min(most).max(least)
}

/// Cuts an area into rows of these heights; the last gets the rest.
fn rows<const N: usize, const M: usize>(area: Rect, heights: [u16; N]) -> [Rect; M] {
    let mut parts = [Rect::ZERO; M];
    let mut y = area.y;
    for (index, part) in parts.iter_mut().enumerate() {
        let left = area.bottom().saturating_sub(y);
        let height = heights.get(index).copied().unwrap_or(left).min(left);
        *part = Rect { y, height, ..area };
        y += height;
    }
    parts
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const PANES: [Pane; 11] = [
        Pane::Prompt,
        Pane::Negative,
        Pane::Parameters,
        Pane::Preview,
        Pane::History,
        Pane::Queue,
        Pane::Models,
        Pane::Details,
        Pane::Pictures,
        Pane::Caption,
        Pane::Tags,
    ];

    #[test]
    fn panes_tile_the_body_whatever_the_size_and_the_borders() {
        for width in 24..220 {
            for height in (8..70).step_by(3) {
                for (focus, by) in PANES.into_iter().zip([-300, -20, -3, 0, 9, 500, -50, 60, -70, 20, 300]) {
                    let shift = Shift {
                        wider: by,
                        taller: -by,
                        list: by,
                        pictures: by,
                    };
                    let layout = Layout::of(Size::new(width, height), focus, false, shift).unwrap();
                    let covered: u32 = layout.panes.iter().map(|(_, area)| area.area()).sum();
                    assert_eq!(
                        covered,
                        u32::from(width) * u32::from(height - 2),
                        "{width}x{height} {shift:?}"
                    );
                    let body = Rect::new(0, 1, width, height - 2);
                    assert!(layout.panes.iter().all(|(_, area)| body.union(*area) == body));
                    assert!(
                        layout.area(focus).is_some_and(|area| area.height >= 3),
                        "{width}x{height} {focus:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_small_screen_shows_the_pane_in_focus_and_a_tiny_one_none() {
        let of = |width, height| Layout::of(Size::new(width, height), Pane::Queue, false, Shift::default());
        assert_eq!(of(59, 20).unwrap().panes.len(), 1);
        assert_eq!(of(60, 20).unwrap().panes.len(), 4);
        assert_eq!(of(92, 28).unwrap().panes.len(), 6);
        assert_eq!(of(23, 20), None);
        let of = |width| Layout::of(Size::new(width, 24), Pane::Details, false, Shift::default());
        assert_eq!((of(79).unwrap().panes.len(), of(80).unwrap().panes.len()), (1, 2));
    }
}
