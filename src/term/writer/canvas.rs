//! Frames of ratatui as the bytes that change the terminal from one to the next.

use std::convert::Infallible;
use std::io::{self, Write};
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Rect, Size};
use ratatui::{Frame, Terminal};

use super::wide;

/// What ratatui ends each run of cells with: foreground, background, underline, all.
const ONE_BY_ONE: &[u8] = b"\x1b[39m\x1b[49m\x1b[59m\x1b[0m";

/// The terminal as it was drawn last. It never asks the terminal anything.
#[derive(Debug)]
pub struct Canvas {
    terminal: Terminal<Recorder>,
}

impl Canvas {
    /// An empty screen with no cursor on it, as the guard leaves it.
    pub fn new(size: Size) -> Self {
        let Ok(terminal) = Terminal::new(Recorder::new(size));
        Self { terminal }
    }

    /// The size that frames have.
    pub fn size(&self) -> Size {
        self.terminal.backend().size
    }

    /// Draws a frame; gives the bytes that make it of the one before, none when they are the same.
    pub fn draw(&mut self, render: impl FnOnce(&mut Frame<'_>)) -> Vec<u8> {
        let Ok(_) = self.terminal.draw(render);
        self.terminal.backend_mut().take()
    }

    /// The terminal shows nothing, or nobody knows what: the next frame is drawn from the ground up.
    pub fn clear(&mut self) {
        self.terminal.backend_mut().cursor = Cursor::Unknown;
        let Ok(()) = self.terminal.clear();
    }

    /// The window has this size now. The next frame is drawn from the ground up.
    pub fn resize(&mut self, size: Size) {
        self.terminal.backend_mut().size = size;
        let Ok(()) = self.terminal.resize(Rect::from((Position::ORIGIN, size)));
    }
}

/// Where the terminal's cursor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cursor {
    Hidden,
    Shown(Position),
    Unknown,
}

/// A backend that keeps the bytes, and sends no more of them than it takes.
#[derive(Debug)]
struct Recorder {
    inner: CrosstermBackend<Bytes>,
    bytes: Bytes,
    size: Size,
    cursor: Cursor,
    /// Where the frame wants it.
    wanted: Option<Position>,
}

/// Bytes that the backend writes and the canvas takes.
#[derive(Clone, Debug, Default)]
struct Bytes(Arc<Mutex<Vec<u8>>>);

impl Bytes {
    fn take(&self) -> Vec<u8> {
        mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn push(&self, bytes: &[u8]) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(bytes);
    }
}

impl Bytes {
    /// Leaves out what ratatui resets one by one before it resets everything.
    fn shorten_reset(&self) {
        let mut bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = bytes.strip_suffix(ONE_BY_ONE).map(<[u8]>::len) {
            bytes.truncate(kept);
            bytes.extend_from_slice(b"\x1b[0m");
        }
    }
}

impl Write for Bytes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.push(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Recorder {
    fn new(size: Size) -> Self {
        let bytes = Bytes::default();
        Self {
            inner: CrosstermBackend::new(bytes.clone()),
            bytes,
            size,
            cursor: Cursor::Hidden,
            wanted: None,
        }
    }

    /// All bytes of the frame, with the cursor where it belongs.
    fn take(&mut self) -> Vec<u8> {
        let wanted = self.wanted.map_or(Cursor::Hidden, Cursor::Shown);
        if wanted != self.cursor {
            match wanted {
                Cursor::Shown(Position { x, y }) => {
                    let place = format!("\x1b[{};{}H", u32::from(y) + 1, u32::from(x) + 1);
                    self.bytes.push(place.as_bytes());
                    if !matches!(self.cursor, Cursor::Shown(_)) {
                        self.bytes.push(b"\x1b[?25h");
                    }
                }
                Cursor::Hidden | Cursor::Unknown => self.bytes.push(b"\x1b[?25l"),
            }
            self.cursor = wanted;
        }
        self.bytes.take()
    }
}

impl Backend for Recorder {
    type Error = Infallible;

    fn draw<'a, I>(&mut self, content: I) -> Result<(), Infallible>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut content = content.peekable();
        if content.peek().is_none() {
            return Ok(());
        }
        // It would be seen to jump about on a terminal without synchronised updates.
        if self.cursor != Cursor::Hidden {
            self.bytes.push(b"\x1b[?25l");
            self.cursor = Cursor::Hidden;
        }
        for run in wide::runs(content) {
            // Writing to memory does not fail.
            let _ = self.inner.draw(run.into_iter());
            self.bytes.shorten_reset();
        }
        Ok(())
    }

    fn hide_cursor(&mut self) -> Result<(), Infallible> {
        self.wanted = None;
        Ok(())
    }

    fn show_cursor(&mut self) -> Result<(), Infallible> {
        self.wanted.get_or_insert(Position::ORIGIN);
        Ok(())
    }

    fn get_cursor_position(&mut self) -> Result<Position, Infallible> {
        Ok(self.wanted.unwrap_or_default())
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> Result<(), Infallible> {
        if let Some(wanted) = &mut self.wanted {
            *wanted = position.into();
        }
        Ok(())
    }

    fn clear(&mut self) -> Result<(), Infallible> {
        self.clear_region(ClearType::All)
    }

    fn clear_region(&mut self, region: ClearType) -> Result<(), Infallible> {
        // A background colour that was left over would fill the screen.
        self.bytes.push(b"\x1b[0m");
        let _ = self.inner.clear_region(region);
        Ok(())
    }

    fn size(&self) -> Result<Size, Infallible> {
        Ok(self.size)
    }

    fn window_size(&mut self) -> Result<WindowSize, Infallible> {
        Ok(WindowSize {
            columns_rows: self.size,
            pixels: Size::ZERO,
        })
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}
