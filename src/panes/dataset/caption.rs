//! The caption of one picture while it is looked at and changed: its tags one by one, and what has not been written yet.
//!
//! The text is changed as sparingly as a batch edit would: kept tags keep their bytes, and so do separators, line ends and what stands
//! before and behind. Undo here goes back to the caption as it was read; what is written is taken back by the journal.

use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::panes::prompt;

/// Bytes up to which a caption is shown tag by tag; beyond it people have no use for that.
pub const LARGEST: usize = 256 << 10;
/// Steps that can be taken back before the caption is written.
const STEPS: usize = 500;
const BOM: &[u8] = b"\xef\xbb\xbf";

/// Why a caption cannot be changed here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// Its bytes are no UTF-8.
    Encoding,
    /// It is larger than [`LARGEST`].
    Size,
    /// The file is there and cannot be read.
    Unreadable,
    /// It stands in a metadata file.
    Metadata,
}

/// A caption that is looked at.
#[derive(Debug)]
pub struct Caption {
    /// The number of its picture.
    pub picture: usize,
    /// The caption's file.
    pub path: PathBuf,
    /// The file as it was read; none where there is none.
    base: Option<Vec<u8>>,
    /// Where tags end.
    separator: String,
    /// What it would be, without a byte order mark.
    text: String,
    tags: Vec<Range<usize>>,
    cursor: usize,
    past: Vec<String>,
    future: Vec<String>,
    closed: Option<Closed>,
    /// The text while it is edited as one.
    editor: Option<prompt::State>,
    /// Whether something was typed there.
    typing: bool,
}

/// Where a tag goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// Before the one under the cursor.
    Before,
    /// Behind the one under the cursor.
    Behind,
    /// Behind all.
    End,
}

impl Caption {
    /// The caption of a picture as it was read. `text` is the file's text without a byte order mark.
    pub fn new(picture: usize, path: PathBuf, base: Option<Vec<u8>>, text: &str, separator: &str) -> Self {
        let closed = match &base {
            Some(bytes) if bytes.len() > LARGEST => Some(Closed::Size),
            Some(bytes) if std::str::from_utf8(bytes).is_err() => Some(Closed::Encoding),
            _ => None,
        };
        let mut end = text.len().min(LARGEST);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let mut caption = Self {
            picture,
            path,
            base,
            separator: separator.to_owned(),
            text: text[..end].to_owned(),
            tags: Vec::new(),
            cursor: 0,
            past: Vec::new(),
            future: Vec::new(),
            closed,
            editor: None,
            typing: false,
        };
        caption.split();
        caption
    }

    /// The text as it would be.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How many tags it has.
    pub fn count(&self) -> usize {
        self.tags.len()
    }

    /// A tag by its place.
    pub fn tag(&self, place: usize) -> &str {
        self.tags.get(place).map_or("", |range| &self.text[range.clone()])
    }

    /// The place of the tag under the cursor; none in an empty caption.
    pub fn cursor(&self) -> Option<usize> {
        (!self.tags.is_empty()).then(|| self.cursor.min(self.tags.len() - 1))
    }

    /// The tag under the cursor.
    pub fn current(&self) -> Option<&str> {
        self.cursor().map(|place| self.tag(place))
    }

    /// Puts the cursor on a tag.
    pub fn go(&mut self, place: usize) {
        self.cursor = place.min(self.tags.len().saturating_sub(1));
    }

    /// Moves the cursor by so many tags.
    pub fn step(&mut self, by: isize) {
        let now = self.cursor().unwrap_or_default();
        self.go(now.saturating_add_signed(by));
    }

    /// Lets nobody change it here.
    pub fn close(&mut self, why: Closed) {
        self.closed = Some(why);
    }

    /// Why it cannot be changed here.
    pub fn closed(&self) -> Option<Closed> {
        self.closed
    }

    /// The file as it was read.
    pub fn base(&self) -> Option<&[u8]> {
        self.base.as_deref()
    }

    /// What the file would be; none where nothing is to be written.
    pub fn unwritten(&self) -> Option<Vec<u8>> {
        if self.closed.is_some() {
            return None;
        }
        let bom = self.base.as_deref().is_some_and(|base| base.starts_with(BOM));
        let mut bytes = if bom { BOM.to_vec() } else { Vec::new() };
        bytes.extend_from_slice(self.text.as_bytes());
        let same = match &self.base {
            Some(base) => *base == bytes,
            None => self.text.is_empty(),
        };
        (!same).then_some(bytes)
    }

    /// Whether something is not written yet.
    pub fn is_changed(&self) -> bool {
        self.unwritten().is_some()
    }

    /// The file is this now, as was asked for or by somebody else. What is not written is kept where `keep` says so.
    pub fn reread(&mut self, base: Option<Vec<u8>>, text: &str, keep: bool) {
        self.base = base;
        if !keep {
            self.put(text.to_owned());
            self.past.clear();
            self.future.clear();
        }
    }

    /// The file gets what was asked for: from here on there is nothing to take back but by the journal.
    pub fn seal(&mut self) -> Option<Vec<u8>> {
        let after = self.unwritten()?;
        self.base = Some(after.clone());
        self.past.clear();
        self.future.clear();
        Some(after)
    }

    /// Takes the tag under the cursor out. Gives it.
    pub fn remove(&mut self) -> Option<String> {
        let place = self.cursor().filter(|_| self.closed.is_none())?;
        let (own, removed) = (self.tags[place].clone(), self.tag(place).to_owned());
        let before = place.checked_sub(1).map(|before| self.tags[before].end);
        let behind = self.tags.get(place + 1).map(|tag| tag.start);
        let broken = |range: Range<usize>| self.text[range].contains('\n');
        let range = match (before, behind) {
            (_, Some(next)) if !broken(own.end..next) => own.start..next,
            (Some(last), _) if !broken(last..own.start) => last..own.end,
            (_, Some(next)) => own.start..next,
            (Some(last), None) => last..own.end,
            (None, None) => own,
        };
        self.splice(range, "");
        self.go(place);
        Some(removed)
    }

    /// Puts another tag in the place of the one under the cursor; an empty one takes it out.
    pub fn replace(&mut self, tag: &str) {
        let tag = tag.trim();
        if tag.is_empty() {
            self.remove();
        } else if let Some(place) = self.cursor().filter(|_| self.closed.is_none()) {
            self.splice(self.tags[place].clone(), tag);
            self.go(place);
        }
    }

    /// Puts a tag in; the cursor goes there.
    pub fn insert(&mut self, tag: &str, at: At) {
        let tag = tag.trim();
        if tag.is_empty() || self.closed.is_some() {
            return;
        }
        let joint = self.joint();
        let place = match at {
            At::End => self.tags.len().checked_sub(1),
            At::Before | At::Behind => self.cursor(),
        };
        let Some(place) = place else {
            // What is not empty holds separators or line ends only, and stays behind.
            self.splice(0..0, tag);
            return self.go(0);
        };
        let own = self.tags[place].clone();
        if at == At::Before {
            self.splice(own.start..own.start, &format!("{tag}{joint}"));
            self.go(place);
        } else {
            self.splice(own.end..own.end, &format!("{joint}{tag}"));
            self.go(place + 1);
        }
    }

    /// Moves the tag under the cursor a place towards the front or the end of its line. The cursor goes with it.
    pub fn shift(&mut self, towards_end: bool) {
        let Some(place) = self.cursor().filter(|_| self.closed.is_none()) else {
            return;
        };
        let first = if towards_end { Some(place) } else { place.checked_sub(1) };
        let Some(first) = first.filter(|first| first + 1 < self.tags.len()) else {
            return;
        };
        let (a, b) = (self.tags[first].clone(), self.tags[first + 1].clone());
        let [left, between, right] = [a.clone(), a.end..b.start, b.clone()].map(|range| self.text[range].to_owned());
        // Each line is a caption of its own: moving one tag would bring the other into another caption.
        if between.contains(['\n', '\r']) {
            return;
        }
        self.splice(a.start..b.end, &format!("{right}{between}{left}"));
        self.go(if towards_end { first + 1 } else { first });
    }

    /// Takes the last change back that is not written. Whether there was one.
    pub fn undo(&mut self) -> bool {
        let Some(before) = self.past.pop() else { return false };
        let now = std::mem::replace(&mut self.text, before);
        self.future.push(now);
        self.split();
        true
    }

    /// Does again what was taken back last. Whether there was anything.
    pub fn redo(&mut self) -> bool {
        let Some(again) = self.future.pop() else { return false };
        let now = std::mem::replace(&mut self.text, again);
        self.past.push(now);
        self.split();
        true
    }

    /// Ends doing again what was taken back here.
    pub fn forget_undone(&mut self) {
        self.future.clear();
    }

    /// Puts another text in the place of this one, as a change that can be taken back.
    pub fn set_text(&mut self, text: &str) {
        if self.closed.is_none() && self.text != text {
            self.splice(0..self.text.len(), text);
        }
    }

    /// The text field that the caption is edited in.
    pub fn editor(&self) -> Option<&prompt::State> {
        self.editor.as_ref()
    }

    /// The same, to write in.
    pub fn editor_mut(&mut self) -> Option<&mut prompt::State> {
        self.editor.as_mut()
    }

    /// Begins to edit the text as one. Whether that can be done: a text field holds no signs that a terminal would obey.
    pub fn open_editor(&mut self) -> bool {
        if self.closed.is_some() {
            return false;
        }
        let plain = self.text.replace("\r\n", "\n");
        let editor = prompt::State::plain(&plain);
        if editor.text() != plain {
            return false;
        }
        self.editor = Some(editor);
        self.typing = false;
        true
    }

    /// The text field was changed: its text is the caption's from now on, in one step with what was typed there before.
    pub fn follow_editor(&mut self) {
        let before = self.past.len();
        let opened = std::mem::replace(&mut self.typing, true);
        self.take_editor();
        if opened && self.past.len() > before {
            self.past.pop();
        } else if self.past.len() == before {
            self.typing = opened;
        }
    }

    /// Takes what stands in the text field; it stays open.
    pub fn take_editor(&mut self) {
        let Some(editor) = &self.editor else { return };
        let crlf = self.text.contains("\r\n");
        let text = editor.text();
        let text = if crlf {
            text.replace('\n', "\r\n")
        } else {
            text.to_owned()
        };
        self.set_text(&text);
    }

    /// Ends editing the text as one, with what stands there.
    pub fn close_editor(&mut self) {
        self.take_editor();
        self.editor = None;
    }

    /// The first separator of the text with the space behind it, else the usual one.
    fn joint(&self) -> String {
        let pairs = self.tags.windows(2).map(|pair| &self.text[pair[0].end..pair[1].start]);
        let mut own = pairs.filter(|between| between.contains(&self.separator) && !between.contains(['\n', '\r']));
        own.next().map_or_else(|| format!("{} ", self.separator), str::to_owned)
    }

    fn splice(&mut self, range: Range<usize>, with: &str) {
        let mut text = self.text.clone();
        text.replace_range(range, with);
        self.past.push(std::mem::replace(&mut self.text, text));
        if self.past.len() > STEPS {
            self.past.remove(0);
        }
        self.future.clear();
        self.split();
    }

    fn put(&mut self, text: String) {
        self.text = text;
        self.split();
    }

    fn split(&mut self) {
        self.tags = split(&self.text, &self.separator);
        self.go(self.cursor);
    }
}

/// Where the tags of a text stand: between separators and line ends, without the space around them, empty ones left out.
fn split(text: &str, separator: &str) -> Vec<Range<usize>> {
    let begin = text.as_ptr() as usize;
    let lines = text.split('\n');
    let parts = lines.flat_map(|line| {
        if separator.is_empty() {
            vec![line]
        } else {
            line.split(separator).collect()
        }
    });
    let trimmed = parts.map(str::trim).filter(|part| !part.is_empty());
    trimmed
        .map(|part| {
            let start = part.as_ptr() as usize - begin;
            start..start + part.len()
        })
        .collect()
}

/// The name of a file as people read it.
pub fn name_of(path: &Path) -> String {
    path.file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Caption {
        Caption::new(
            0,
            "a.txt".into(),
            Some(text.as_bytes().to_vec()),
            text.trim_start_matches('\u{feff}'),
            ",",
        )
    }

    #[test]
    fn a_removed_tag_takes_one_separator_with_it() {
        for (text, place, expected) in [
            ("a, b,c\n", 0, "b,c\n"),
            ("a, b,c\n", 1, "a, c\n"),
            ("a, b,c\n", 2, "a, b\n"),
            ("a,\r\nb\r\n", 1, "a\r\n"),
            ("a, b\nc, d", 1, "a\nc, d"),
            ("a\n", 0, "\n"),
            (" a ,, b ", 0, " b "),
        ] {
            let mut caption = of(text);
            caption.go(place);
            caption.remove();
            assert_eq!(caption.text(), expected, "{text:?} without {place}");
            assert!(caption.undo() && caption.text() == text && !caption.is_changed());
        }
    }

    #[test]
    fn tags_are_joined_as_the_file_does_it_and_moved_between_their_separators() {
        let mut caption = of("a,b,  c\n");
        caption.insert("x", At::End);
        assert_eq!((caption.text(), caption.current()), ("a,b,  c,x\n", Some("x")));
        caption.go(0);
        caption.insert("y z", At::Before);
        assert_eq!(caption.text(), "y z,a,b,  c,x\n");
        caption.go(2);
        caption.shift(true);
        assert_eq!((caption.text(), caption.current()), ("y z,a,c,  b,x\n", Some("b")));
        caption.shift(true);
        caption.shift(true);
        caption.replace(" w ");
        assert_eq!(caption.text(), "y z,a,c,  x,w\n");
        let mut lines = of("a, b\nc\n");
        lines.go(1);
        lines.shift(true);
        lines.go(2);
        lines.shift(false);
        assert!(!lines.is_changed(), "a tag stays in its line, and so do the others");
        let mut empty = of("\u{feff}\n");
        empty.insert("a", At::Behind);
        assert_eq!(empty.unwritten().as_deref(), Some("\u{feff}a\n".as_bytes()));
    }

    #[test]
    fn the_text_field_keeps_line_ends_and_refuses_what_it_could_not_give_back() {
        let mut caption = of("a, b\r\nc\r\n");
        assert!(caption.open_editor());
        caption.close_editor();
        assert!(!caption.is_changed());
        assert!(!of("a\0b").open_editor());
        let closed = Caption::new(0, "a.txt".into(), Some(b"\xff, b".to_vec()), "\u{fffd}, b", ",");
        assert_eq!(
            (closed.closed(), closed.count(), closed.is_changed()),
            (Some(Closed::Encoding), 2, false)
        );
    }
}
