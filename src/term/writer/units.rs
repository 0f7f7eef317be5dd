//! Where pictures may be interrupted.
//!
//! A kitty picture comes in several sequences, and no other may come between them. Between two such pictures a newer frame may pass,
//! since they are not drawn over text: placeholders are text. The other protocols draw where they are written, and what passed them
//! would be drawn over; all their pictures of a frame are one unit.

/// Cuts the pictures of a frame into units that must not be interrupted. Gives one unit unless all is kitty's.
pub(super) fn cut(pictures: Vec<u8>) -> Vec<Vec<u8>> {
    if pictures.is_empty() {
        return Vec::new();
    }
    let Some(ends) = ends(&pictures) else {
        return vec![pictures];
    };
    let starts = [0].into_iter().chain(ends.clone());
    let units = starts.zip(ends).map(|(start, end)| pictures[start..end].to_vec());
    units.collect()
}

/// Whether a unit consists of kitty's commands only.
pub(super) fn is_interruptible(pictures: &[u8]) -> bool {
    pictures.is_empty() || ends(pictures).is_some()
}

/// Where each picture ends; `None` when anything but complete kitty commands is there.
fn ends(pictures: &[u8]) -> Option<Vec<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    let mut complete = true;
    while at < pictures.len() {
        let (length, more) = command(&pictures[at..])?;
        at += length;
        complete = !more;
        if complete {
            found.push(at);
        }
    }
    complete.then_some(found)
}

/// The length of the kitty command that stands first, perhaps in tmux's wrapper, and whether more of the same picture follows.
fn command(bytes: &[u8]) -> Option<(usize, bool)> {
    const WRAPPED: &[u8] = b"\x1bPtmux;\x1b\x1b_G";
    let plain = bytes.strip_prefix(b"\x1b_G");
    let (content, end): (&[u8], &[u8]) = match plain {
        Some(content) => (content, b"\x1b\\"),
        None => (bytes.strip_prefix(WRAPPED)?, b"\x1b\x1b\\\x1b\\"),
    };
    let length = content.windows(end.len()).position(|window| window == end)?;
    let keys = content[..length].split(|&byte| byte == b';').next()?;
    let more = keys.split(|&byte| byte == b',').any(|key| key == b"m=1");
    Some((bytes.len() - content.len() + length + end.len(), more))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KITTY: [&str; 4] = [
        "\x1b_Ga=d,d=I,i=7\x1b\\",
        "\x1b_Ga=T,i=7,m=1;AAAA\x1b\\\x1b_Gm=1;BBBB\x1b\\\x1b_Gm=0;CC\x1b\\",
        "\x1b_Ga=T,i=8;AA==\x1b\\",
        "\x1bPtmux;\x1b\x1b_Ga=T,i=9,m=1;AAAA\x1b\x1b\\\x1b\\\x1bPtmux;\x1b\x1b_Gm=0;B\x1b\x1b\\\x1b\\",
    ];

    #[test]
    fn kitty_pictures_are_cut_between_pictures_only() {
        let units = cut(KITTY.concat().into_bytes());
        assert_eq!(units, KITTY.map(|unit| unit.as_bytes().to_vec()));
        assert!(is_interruptible(KITTY.concat().as_bytes()));
    }

    #[test]
    fn what_is_not_kitty_or_not_complete_is_one_unit() {
        for pictures in [
            "\x1b[5;5H\x1bP9;1;0q#0~\x1b\\",
            "\x1b_Ga=T;AAAA\x1b\\\x1b[H\x1b]1337;File=inline=1:AAAA\x07",
            "\x1b_Ga=T,m=1;AAAA\x1b\\",
            "\x1b_Ga=T;AAAA",
            "x",
        ] {
            assert_eq!(cut(pictures.into()), [pictures.as_bytes()], "{pictures:?}");
            assert!(!is_interruptible(pictures.as_bytes()));
        }
        assert!(cut(Vec::new()).is_empty());
    }
}
