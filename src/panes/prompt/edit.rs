//! What keys and mouse can do to an editor. Which key does it is the keymap's.

/// A place of the pane, in cells from its upper left corner. While dragging it may lie outside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Point {
    /// Columns to the right.
    pub x: i32,
    /// Rows down.
    pub y: i32,
}

/// A way for the cursor to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Motion {
    /// A grapheme back; to the beginning of a selection that is given up.
    Left,
    /// A grapheme on; to the end of a selection that is given up.
    Right,
    /// To the beginning of this or the last word.
    WordLeft,
    /// To the end of this or the next word.
    WordRight,
    /// A row up; from the first one to the beginning.
    Up,
    /// A row down; from the last one to the end.
    Down,
    /// As many rows up as are seen.
    PageUp,
    /// As many rows down as are seen.
    PageDown,
    /// To the beginning of the row; from there to that of the line.
    Home,
    /// To the end of the row; from there to that of the line.
    End,
    /// To the beginning of the text.
    Top,
    /// To the end of the text.
    Bottom,
}

/// One thing done to an editor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// A character is typed.
    Insert(char),
    /// A text is pasted; one step of undo.
    Paste(String),
    /// A line break is typed.
    Newline,
    /// Takes away the selection or the grapheme before the cursor.
    Backspace,
    /// Takes away the selection or the grapheme behind the cursor.
    Delete,
    /// Takes away the selection or what [`Motion::WordLeft`] passes.
    DeleteWordLeft,
    /// Takes away the selection or what [`Motion::WordRight`] passes.
    DeleteWordRight,
    /// Takes away the line up to the cursor, or the line break before it.
    KillToStart,
    /// Takes away the line from the cursor on, or the line break behind it.
    KillToEnd,
    /// Takes away everything.
    Clear,
    /// Moves the cursor.
    Move {
        /// Where to.
        motion: Motion,
        /// Whether what is passed is selected.
        select: bool,
    },
    /// Selects everything.
    SelectAll,
    /// Puts the cursor to a cell.
    Click {
        /// The cell.
        at: Point,
        /// Whether what lies between is selected.
        select: bool,
    },
    /// Selects from where the button went down to a cell.
    Drag(Point),
    /// Selects the word at a cell.
    SelectWord(Point),
    /// Selects the line at a cell.
    SelectLine(Point),
    /// Shows what stands so many rows further down, or up if negative; the cursor stays where it is, seen or not.
    Scroll(i32),
    /// Takes back the last step.
    Undo,
    /// Takes the last undone step again.
    Redo,
    /// Gives out what is selected.
    Copy,
    /// Gives out what is selected, and takes it away.
    Cut,
    /// Gives the selection, block or word more weight, as A1111's Ctrl+Up.
    WeightUp,
    /// Gives it less, as A1111's Ctrl+Down.
    WeightDown,
    /// Moves an item between commas, as A1111's Alt+Left.
    ItemLeft,
    /// Moves an item between commas, as A1111's Alt+Right.
    ItemRight,
}

/// What came of an edit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Whether the text is another now.
    pub changed: bool,
    /// What is to go to the clipboard.
    pub copied: Option<String>,
}
