//! A frame of the workstation: the app drawn, its pictures put in, and the bytes that change the terminal into that.

use crate::app::App;
use crate::app::view::{Seen, Spot, view};
use crate::term::graphics::{Scene, Stage, StageBytes};
use crate::term::writer::{Canvas, Frame};

/// Draws the app. `scenes` says which of the places for pictures have one that is ready.
pub fn compose(
    app: &App,
    canvas: &mut Canvas,
    stage: &mut Stage,
    scenes: impl FnOnce(&[Spot]) -> Vec<Scene>,
) -> (Frame, Seen) {
    let mut seen = Seen::default();
    let mut around = StageBytes::default();
    let text = canvas.draw(|frame| {
        seen = view(app, frame.buffer_mut());
        around = stage.compose(frame.buffer_mut(), &scenes(&seen.spots), &seen.covers);
        if let Some(cursor) = seen.cursor {
            frame.set_cursor_position(cursor);
        }
    });
    // Text first: a picture that its cells refer to may come a moment after them.
    let pictures = [around.before, around.after].concat();
    (Frame { text, pictures }, seen)
}
