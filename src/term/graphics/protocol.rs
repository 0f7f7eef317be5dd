//! The names of the ways to show a picture.

use std::fmt;
use std::str::FromStr;

/// A way to show a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// kitty's graphics on Unicode placeholders: the picture is text to everybody but the terminal, so that it scrolls, is
    /// covered and survives tmux as text does.
    Kitty,
    /// kitty's graphics placed by position, for terminals without placeholders.
    KittyDirect,
    /// iTerm2's inline files.
    Iterm2,
    /// Sixel.
    Sixel,
    /// Coloured half blocks, or what the terminal has instead of colours.
    HalfBlocks,
    /// No pictures.
    None,
}

/// Every one with the name that settings and options use.
const NAMES: [(&str, Protocol); 6] = [
    ("kitty", Protocol::Kitty),
    ("kitty-direct", Protocol::KittyDirect),
    ("iterm2", Protocol::Iterm2),
    ("sixel", Protocol::Sixel),
    ("halfblocks", Protocol::HalfBlocks),
    ("none", Protocol::None),
];

impl Protocol {
    /// All of them, the best first.
    pub fn all() -> impl Iterator<Item = Self> {
        NAMES.into_iter().map(|(_, protocol)| protocol)
    }

    /// What a setting asks for: `auto` (or nothing) leaves it to [`super::choose()`].
    ///
    /// # Errors
    /// For a name that no protocol has.
    pub fn of_setting(text: &str) -> Result<Option<Self>, UnknownProtocol> {
        match text.trim() {
            "" | "auto" => Ok(None),
            name => name.parse().map(Some),
        }
    }

    /// Whether the picture lies above the cells as pixels that know nothing of the text.
    pub fn is_pixels(self) -> bool {
        matches!(self, Self::KittyDirect | Self::Iterm2 | Self::Sixel)
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = NAMES.iter().find(|(_, protocol)| protocol == self);
        f.pad(name.map_or("none", |(name, _)| name))
    }
}

impl FromStr for Protocol {
    type Err = UnknownProtocol;

    fn from_str(text: &str) -> Result<Self, UnknownProtocol> {
        let wanted = text.trim().to_ascii_lowercase();
        // The short name is what people type.
        let wanted = if wanted == "half" { "halfblocks" } else { &wanted };
        let found = NAMES.iter().find(|(name, _)| *name == wanted);
        found
            .map(|&(_, protocol)| protocol)
            .ok_or_else(|| UnknownProtocol { value: text.to_owned() })
    }
}

/// A name that no protocol has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{value:?} is no way to show pictures")]
pub struct UnknownProtocol {
    /// What was asked for.
    pub value: String,
}

impl UnknownProtocol {
    /// The names that there are.
    pub fn hint(&self) -> Option<String> {
        let names: Vec<_> = NAMES.iter().map(|(name, _)| *name).collect();
        Some(format!("use auto, {}", names.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for protocol in Protocol::all() {
            assert_eq!(protocol.to_string().parse(), Ok(protocol));
            assert_eq!(Protocol::of_setting(&protocol.to_string()), Ok(Some(protocol)));
        }
        assert_eq!("Half".parse(), Ok(Protocol::HalfBlocks));
        assert_eq!(Protocol::of_setting("auto"), Ok(None));
        let error = Protocol::of_setting("vga").unwrap_err();
        assert_eq!(error.to_string(), "\"vga\" is no way to show pictures");
        assert!(error.hint().unwrap().ends_with("sixel, halfblocks, none"));
    }
}
