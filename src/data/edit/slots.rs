//! A caption's bytes as tags and what stands between them, so that tags can be taken out, put in and moved while all else stays; or those
//! of one of its lines.

use crate::data::document::{Document, until_delimiter};

/// A caption taken apart: a gap, a tag, a gap, a tag, … and a gap.
#[derive(Clone, Debug)]
pub(super) struct Slots<'a> {
    /// The byte order mark, or nothing.
    mark: &'a [u8],
    /// One more than tags. Inner ones hold at least one separator or line end.
    gaps: Vec<&'a [u8]>,
    tags: Vec<&'a [u8]>,
    separator: &'a [u8],
    /// What is put between two tags.
    glue: &'a [u8],
}

impl<'a> Slots<'a> {
    /// Takes a caption apart. `glue` is put between tags where the file itself shows no way to write a separator.
    pub(super) fn new(document: &'a Document, separator: &'a str, glue: &'a str) -> Self {
        let bytes = &document.bytes;
        let mut at = document.body_at();
        let (mut gaps, mut tags) = (Vec::with_capacity(40), Vec::with_capacity(40));
        for range in document.tags(separator).map(|tag| tag.range) {
            gaps.push(&bytes[at..range.start]);
            at = range.end;
            tags.push(&bytes[range]);
        }
        gaps.push(&bytes[at..]);
        let separator = separator.as_bytes();
        let own = gaps[..tags.len()]
            .iter()
            .skip(1)
            .find(|gap| weight(gap, separator) == (0, 1));
        Self {
            mark: &bytes[..document.body_at()],
            glue: own.copied().unwrap_or(glue.as_bytes()),
            gaps,
            tags,
            separator,
        }
    }

    /// The lines that have tags, as captions of their own, each with the line ends behind it. Put together again they are the caption.
    /// Where line ends are what parts tags, or nothing else is, all is one.
    pub(super) fn into_lines(self) -> Vec<(Self, &'a [u8])> {
        let has_end = |text: &[u8]| text.iter().any(|&b| is_end(b));
        let inner = self.gaps.get(1..self.tags.len()).unwrap_or_default();
        if self.separator.is_empty() || has_end(self.separator) || !inner.iter().any(|gap| has_end(gap)) {
            return vec![(self, b"")];
        }
        let line = |mark| Self {
            mark,
            gaps: Vec::new(),
            tags: Vec::new(),
            ..self
        };
        let (mut lines, mut own) = (Vec::new(), line(self.mark));
        for (place, &gap) in self.gaps.iter().enumerate() {
            let is_inner = place > 0 && place < self.tags.len();
            let ends = is_inner.then(|| gap.iter().position(|&b| is_end(b)));
            match (ends.flatten(), gap.iter().rposition(|&b| is_end(b))) {
                (Some(first), Some(last)) => {
                    own.gaps.push(&gap[..first]);
                    lines.push((std::mem::replace(&mut own, line(b"")), &gap[first..=last]));
                    own.gaps.push(&gap[last + 1..]);
                }
                _ => own.gaps.push(gap),
            }
            own.tags.extend(self.tags.get(place));
        }
        lines.push((own, b""));
        lines
    }

    /// Whether separators stand in one of kohya's choices `{a|b}`, so that its parts are tags here. `{{` and `}}` are plain braces.
    pub(super) fn parts_choices(&self) -> bool {
        let mut is_open = false;
        for tag in &self.tags {
            let is_parted = is_open;
            let mut at = 0;
            while at < tag.len() {
                let is_double = tag.get(at + 1) == Some(&tag[at]);
                match tag[at] {
                    b'{' | b'}' if is_double => at += 1,
                    b'{' => is_open = true,
                    b'}' if is_parted => return true,
                    b'}' => is_open = false,
                    _ => {}
                }
                at += 1;
            }
        }
        false
    }

    /// The tags' bytes in their order.
    pub(super) fn tags(&self) -> &[&'a [u8]] {
        &self.tags
    }

    /// How many tags there are.
    pub(super) fn len(&self) -> usize {
        self.tags.len()
    }

    /// Takes out the tags that are not kept, each with one separator and its white space. Of the gaps on both sides the one stays that
    /// has more line ends or separators; at the ends of the caption, the outer one.
    pub(super) fn retain(&mut self, keep: impl Fn(usize) -> bool) {
        let all = self.tags.len();
        let kept: Vec<_> = (0..all).filter(|&i| keep(i)).collect();
        if kept.len() == all {
            return;
        }
        if kept.is_empty() {
            return self.empty();
        }
        let mut gaps = Vec::with_capacity(kept.len() + 1);
        gaps.push(self.gaps[0]);
        for pair in kept.windows(2) {
            let between = &self.gaps[pair[0] + 1..=pair[1]];
            let mut heaviest = between[0];
            for gap in &between[1..] {
                if weight(gap, self.separator) > weight(heaviest, self.separator) {
                    heaviest = gap;
                }
            }
            gaps.push(heaviest);
        }
        gaps.push(self.gaps[all]);
        self.gaps = gaps;
        self.tags = kept.into_iter().map(|i| self.tags[i]).collect();
    }

    /// Takes out all tags. Only the line end at the end stays.
    fn empty(&mut self) {
        self.gaps = vec![last_end(self.gaps[self.tags.len()])];
        self.tags.clear();
    }

    /// Gives a place another tag.
    pub(super) fn set(&mut self, place: usize, tag: &'a str) {
        self.tags[place] = tag.as_bytes();
    }

    /// Puts the tags into another order: `order[i]` is the place where the tag came from that is `i`th now. Gaps stay.
    pub(super) fn permute(&mut self, order: &[usize]) {
        self.tags = order.iter().map(|&from| self.tags[from]).collect();
    }

    /// Puts tags in before the tag at `place`, or behind all others.
    pub(super) fn insert(&mut self, place: usize, tags: impl IntoIterator<Item = &'a str>) {
        for (place, tag) in (place..).zip(tags) {
            if self.tags.is_empty() {
                // What was no tag is white space and separators, too.
                self.empty();
                self.gaps.insert(0, b"");
            } else if place == self.tags.len() {
                self.gaps.insert(place, self.glue);
            } else {
                self.gaps.insert(place + 1, self.glue);
            }
            self.tags.insert(place, tag.as_bytes());
        }
    }

    /// The caption's bytes.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let length = |parts: &[&[u8]]| parts.iter().map(|part| part.len()).sum::<usize>();
        let mut bytes = Vec::with_capacity(self.mark.len() + length(&self.gaps) + length(&self.tags));
        bytes.extend_from_slice(self.mark);
        for (gap, tag) in self.gaps.iter().zip(&self.tags) {
            bytes.extend_from_slice(gap);
            bytes.extend_from_slice(tag);
        }
        bytes.extend_from_slice(self.gaps[self.tags.len()]);
        bytes
    }
}

fn is_end(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

/// The last line end of a gap, or nothing.
fn last_end(gap: &[u8]) -> &[u8] {
    match gap.iter().rposition(|&b| is_end(b)) {
        None => b"",
        Some(at) if at > 0 && gap[at - 1..=at] == *b"\r\n" => &gap[at - 1..=at],
        Some(at) => &gap[at..=at],
    }
}

/// Line ends and separators of a gap.
fn weight(gap: &[u8], separator: &[u8]) -> (usize, usize) {
    let (mut ends, mut separators, mut at) = (0, 0, 0);
    while at < gap.len() {
        let (length, delimiter) = until_delimiter(&gap[at..], separator);
        let found = &gap[at + length..at + length + delimiter];
        if !found.is_empty() && found == separator {
            separators += 1;
        } else if !found.is_empty() {
            ends += 1;
        }
        at += length + delimiter;
    }
    (ends, separators)
}

/// How a separator is written where a file has none: with a space, unless it has white space of its own.
pub(super) fn glue(separator: &str) -> String {
    match separator {
        "" => "\n".to_owned(),
        _ if separator.ends_with(char::is_whitespace) => separator.to_owned(),
        _ => format!("{separator} "),
    }
}
