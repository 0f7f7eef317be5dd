//! Bytes through tmux to the terminal around it.

use std::borrow::Cow;

use super::super::probe::Mux;

/// tmux drops longer sequences (its `INPUT_BUF_DEFAULT_SIZE`), wrapped or not.
pub(super) const TMUX_MOST: usize = 1 << 20;

const BEGIN: &[u8] = b"\x1bPtmux;";
const END: &[u8] = b"\x1b\\";

/// One escape sequence so that it arrives at the terminal: in tmux with every ESC doubled and in its passthrough, else as it is.
/// Only sequences that tmux itself does not know need it; sixel and text never do.
pub(super) fn wrap(mux: Mux, sequence: &[u8]) -> Cow<'_, [u8]> {
    if mux != Mux::Tmux {
        return Cow::Borrowed(sequence);
    }
    let mut wrapped = Vec::with_capacity(sequence.len() + 16);
    wrapped.extend_from_slice(BEGIN);
    for &byte in sequence {
        if byte == 0x1b {
            wrapped.push(0x1b);
        }
        wrapped.push(byte);
    }
    wrapped.extend_from_slice(END);
    Cow::Owned(wrapped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrapped_arrives() {
        let sequence = b"\x1b_Ga=d\x1b\\";
        assert_eq!(&*wrap(Mux::None, sequence), sequence);
        let wrapped = wrap(Mux::Tmux, sequence);
        assert_eq!(&*wrapped, b"\x1bPtmux;\x1b\x1b_Ga=d\x1b\x1b\\\x1b\\");
    }
}
