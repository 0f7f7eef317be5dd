//! Spares the cursor's moves behind Chinese, Japanese and Korean text.
//!
//! ratatui's backend moves the cursor before every cell that is not one column behind the last, so before each that follows a wide
//! character. It is told columns that follow each other instead. Only for characters that all terminals agree are two columns wide; a
//! move behind an emoji mends what a terminal that thinks otherwise would shift.

use ratatui::buffer::Cell;

/// A cell and its place.
pub(super) type Placed<'a> = (u16, u16, &'a Cell);

/// Cuts cells into runs, each to be drawn by itself, with columns that follow each other wherever the cursor is right without a move.
pub(super) fn runs<'a>(content: impl Iterator<Item = Placed<'a>>) -> Vec<Vec<Placed<'a>>> {
    let mut runs: Vec<Vec<Placed<'a>>> = vec![Vec::new()];
    // Of the last cell: where it is, where it is said to be, and how wide it is.
    let mut last: Option<(u16, u16, u16, u16)> = None;
    for (x, y, cell) in content {
        let follows = last.filter(|&(last_x, last_y, _, width)| last_y == y && last_x + width == x);
        let said = follows.map_or(x, |(_, _, said, _)| said + 1);
        // The second column of a wide character, which looks as if it followed by itself.
        let misread =
            follows.is_none() && last.is_some_and(|(_, last_y, last_said, _)| last_y == y && last_said + 1 == x);
        if misread {
            runs.push(Vec::new());
        }
        if let Some(run) = runs.last_mut() {
            run.push((said, y, cell));
        }
        last = Some((x, y, said, if is_wide(cell.symbol()) { 2 } else { 1 }));
    }
    runs
}

/// Two columns wide, beyond doubt.
fn is_wide(symbol: &str) -> bool {
    let mut characters = symbol.chars();
    let first = characters.next();
    characters.next().is_none()
        && matches!(
            first,
            Some(
                '\u{3000}'..='\u{3029}'
                | '\u{3030}'..='\u{303e}'
                | '\u{3041}'..='\u{3096}'
                | '\u{309b}'..='\u{30ff}'
                | '\u{3400}'..='\u{4dbf}'
                | '\u{4e00}'..='\u{9fff}'
                | '\u{ac00}'..='\u{d7a3}'
                | '\u{f900}'..='\u{faff}'
                | '\u{ff01}'..='\u{ff60}'
                | '\u{20000}'..='\u{3fffd}',
            )
        )
}
