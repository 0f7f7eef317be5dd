//! A paste while it arrives.

const END: &[u8; 6] = b"\x1b[201~";
/// What a paste may hold; the rest of a larger one is dropped.
pub(super) const LARGEST: usize = 4 << 20;

/// What has arrived of a paste.
#[derive(Debug, Default)]
pub(super) struct Paste {
    bytes: Vec<u8>,
    /// All bytes that came, those above [`LARGEST`] too.
    count: usize,
    last: [u8; END.len()],
}

impl Paste {
    /// Takes a byte; true when it completes the end mark.
    pub(super) fn push(&mut self, byte: u8) -> bool {
        if self.bytes.len() < LARGEST {
            self.bytes.push(byte);
        }
        self.count += 1;
        self.last.rotate_left(1);
        self.last[END.len() - 1] = byte;
        self.last == *END
    }

    /// The text, and nothing is left.
    pub(super) fn take(&mut self) -> String {
        let mut bytes = std::mem::take(&mut self.bytes);
        if self.last == *END {
            bytes.truncate(self.count - END.len());
        }
        *self = Self::default();
        clean(&bytes)
    }
}

/// Whether these bytes look like more of a paste that had been given up.
pub(super) fn goes_on(bytes: &[u8]) -> bool {
    bytes.len() >= 32 || bytes.windows(END.len()).any(|window| window == END)
}

/// Text with `\n` for all ends of lines, without bytes that are no UTF-8 and without control characters but tab.
fn clean(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    let mut after_return = false;
    for c in bytes.utf8_chunks().flat_map(|chunk| chunk.valid().chars()) {
        match c {
            '\n' if after_return => {}
            '\r' | '\n' => text.push('\n'),
            '\t' => text.push(c),
            c if c.is_control() => {}
            c => text.push(c),
        }
        after_return = c == '\r';
    }
    text
}
