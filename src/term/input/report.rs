//! What terminals answer.

use std::str;

/// An answer of the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// DA1: the terminal's class and extensions. 4 is sixel.
    PrimaryDeviceAttributes(Vec<u16>),
    /// DA2: kind, version and keyboard.
    SecondaryDeviceAttributes(Vec<u16>),
    /// XTVERSION: name and version in the terminal's own words.
    Version(String),
    /// A cell in pixels.
    #[allow(missing_docs)]
    CellSize { width: u16, height: u16 },
    /// All cells in pixels.
    #[allow(missing_docs)]
    TextArea { width: u16, height: u16 },
    /// All cells, counted.
    #[allow(missing_docs)]
    TextSize { columns: u16, rows: u16 },
    /// About a kitty graphics command.
    Kitty {
        /// The picture; 0 when none was named.
        id: u32,
        /// It worked.
        ok: bool,
        /// `OK`, or what went wrong.
        message: String,
    },
    /// The colour of text.
    #[allow(missing_docs)]
    Foreground { r: u8, g: u8, b: u8 },
    /// The colour behind text.
    #[allow(missing_docs)]
    Background { r: u8, g: u8, b: u8 },
    /// A colour of the palette.
    #[allow(missing_docs)]
    Palette { index: u16, r: u8, g: u8, b: u8 },
    /// Flags of the kitty keyboard protocol; that there is an answer means that it is known.
    KeyboardFlags(u8),
    /// DECRPM: 0 the mode is unknown, 1 set, 2 reset, 3 and 4 the same for ever.
    #[allow(missing_docs)]
    Mode { mode: u16, value: u8 },
    /// The user prefers dark or light programs.
    #[allow(missing_docs)]
    ColourScheme { dark: bool },
    /// Where the cursor is; from 0.
    #[allow(missing_docs)]
    Cursor { column: u16, row: u16 },
    /// Anything else that is formed like an answer: all of it, without the end mark of strings.
    Other(Vec<u8>),
}

/// The control strings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Dcs,
    Osc,
    Apc,
    Pm,
    Sos,
}

impl Kind {
    /// By the byte that follows ESC.
    pub(super) fn of(introducer: u8) -> Option<Self> {
        match introducer {
            b'P' => Some(Self::Dcs),
            b']' => Some(Self::Osc),
            b'_' => Some(Self::Apc),
            b'^' => Some(Self::Pm),
            b'X' => Some(Self::Sos),
            _ => None,
        }
    }

    /// The byte that follows ESC.
    pub(super) fn introducer(self) -> u8 {
        match self {
            Self::Dcs => b'P',
            Self::Osc => b']',
            Self::Apc => b'_',
            Self::Pm => b'^',
            Self::Sos => b'X',
        }
    }
}

/// What a control string of this content says.
pub(super) fn of_string(kind: Kind, content: &[u8]) -> Report {
    let known = match kind {
        Kind::Dcs => content.strip_prefix(b">|").map(|text| Report::Version(plain(text))),
        Kind::Osc => colour(content),
        Kind::Apc => kitty(content),
        Kind::Pm | Kind::Sos => None,
    };
    known.unwrap_or_else(|| Report::Other([&[0x1b, kind.introducer()], content].concat()))
}

/// `10;rgb:…`, `11;rgb:…` or `4;n;rgb:…`.
fn colour(content: &[u8]) -> Option<Report> {
    let text = str::from_utf8(content).ok()?;
    let (command, rest) = text.split_once(';')?;
    if command == "4" {
        let (index, rest) = rest.split_once(';')?;
        let (r, g, b) = rgb(rest)?;
        let index = index.parse().ok()?;
        return Some(Report::Palette { index, r, g, b });
    }
    let (r, g, b) = rgb(rest)?;
    match command {
        "10" => Some(Report::Foreground { r, g, b }),
        "11" => Some(Report::Background { r, g, b }),
        _ => None,
    }
}

/// A colour as X11 writes it: `rgb:` or `rgba:` with one to four hexadecimal digits each, or `#` with as many for all.
fn rgb(text: &str) -> Option<(u8, u8, u8)> {
    let parts: Vec<&str> = if let Some(digits) = text.strip_prefix('#') {
        let each = digits.len() / 3;
        if !digits.is_ascii() || each == 0 || digits.len() != 3 * each {
            return None;
        }
        (0..3).map(|i| &digits[i * each..(i + 1) * each]).collect()
    } else {
        let list = text.strip_prefix("rgb:").or_else(|| text.strip_prefix("rgba:"))?;
        list.split('/').collect()
    };
    let channel = |part: Option<&&str>| {
        let part = part.filter(|part| (1..=4).contains(&part.len()) && !part.starts_with('+'))?;
        let value = u32::from_str_radix(part, 16).ok()?;
        let highest = (1_u32 << (4 * part.len())) - 1;
        u8::try_from((value * 255 + highest / 2) / highest).ok()
    };
    let colour = (channel(parts.first())?, channel(parts.get(1))?, channel(parts.get(2))?);
    (parts.len() <= 4).then_some(colour)
}

/// `Gi=31;OK`.
fn kitty(content: &[u8]) -> Option<Report> {
    let content = plain(content.strip_prefix(b"G")?);
    let (keys, message) = content.split_once(';')?;
    let id = keys.split(',').find_map(|key| key.strip_prefix("i="));
    Some(Report::Kitty {
        id: id.and_then(|id| id.parse().ok()).unwrap_or(0),
        ok: message == "OK",
        message: message.to_owned(),
    })
}

/// Text that may be shown to people.
fn plain(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars().filter(|c| !c.is_control()).collect()
}
