//! Underscores and spaces, as taggers and boorus write tags.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

/// Faces whose underscores are eyes' and mouths' places: the list that the WD14 taggers' scripts share.
pub const KAOMOJI: [&str; 22] = [
    "0_0", "(o)_(o)", "+_+", "+_-", "._.", "<o>_<o>", "<|>_<|>", "=_=", ">_<", "3_3", "6_9", ">_o", "@_@", "^_^",
    "o_o", "u_u", "x_x", "|_|", "||_||", "o_O", "O_O", ">_@",
];

/// A tag with spaces in place of underscores; faces and the quality words of Pony's captions (`score_9_up`) stay, as they are tags by
/// this very spelling.
pub fn spaced(tag: &str) -> Cow<'_, str> {
    /// Tags that models were trained on with underscores.
    static KEPT: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"^(score_\d+(_up)?|source_[a-z]+|rating_[a-z]+)$").ok());
    let is_kept = |tag: &str| KAOMOJI.contains(&tag) || KEPT.as_ref().is_some_and(|kept| kept.is_match(tag));
    if !tag.contains('_') || is_kept(tag) || is_kept(&tag.replace(r"\(", "(").replace(r"\)", ")")) {
        return Cow::Borrowed(tag);
    }
    Cow::Owned(tag.replace('_', " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn underscores_become_spaces_but_in_faces() {
        assert_eq!(spaced("long_hair"), "long hair");
        assert_eq!(spaced(r"saber_\(fate\)"), r"saber \(fate\)");
        assert_eq!(spaced("_a__b"), " a  b");
        for kept in [
            "^_^",
            "o_o",
            "(o)_(o)",
            r"\(o\)_\(o\)",
            "score_8_up",
            "source_anime",
            "rating_safe",
            "plain",
        ] {
            assert_eq!(spaced(kept), kept);
        }
        assert_eq!(spaced("score_board"), "score board");
        assert_eq!(spaced("source_code_x"), "source code x");
    }
}
