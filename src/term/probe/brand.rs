//! The makes of terminals, by their own words.

/// The make of a terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Brand {
    Kitty,
    Ghostty,
    WezTerm,
    Iterm2,
    Foot,
    Konsole,
    Xterm,
    /// GNOME Terminal and the others that use libvte.
    Vte,
    WindowsTerminal,
    /// VS Code and everything else that uses xterm.js (Tabby, Hyper).
    XtermJs,
    Alacritty,
    Warp,
    Mintty,
    Rio,
    Contour,
    Mlterm,
    Bobcat,
    /// The terminal of libvterm: that of neovim and of emacs.
    LibVterm,
    AppleTerminal,
    /// The console of the Linux kernel.
    LinuxConsole,
    Tmux,
    Zellij,
    Screen,
    #[default]
    Unknown,
}

/// What XTVERSION answers begin with, in lower case; longer ones before their own beginnings.
const WORDS: [(&str, Brand); 20] = [
    ("kitty", Brand::Kitty),
    ("ghostty", Brand::Ghostty),
    ("wezterm", Brand::WezTerm),
    ("iterm2", Brand::Iterm2),
    ("foot", Brand::Foot),
    ("konsole", Brand::Konsole),
    ("xterm.js", Brand::XtermJs),
    ("xterm", Brand::Xterm),
    ("vte", Brand::Vte),
    ("windows terminal", Brand::WindowsTerminal),
    ("alacritty", Brand::Alacritty),
    ("warp", Brand::Warp),
    ("mintty", Brand::Mintty),
    ("rio", Brand::Rio),
    ("contour", Brand::Contour),
    ("mlterm", Brand::Mlterm),
    ("bobcat", Brand::Bobcat),
    ("libvterm", Brand::LibVterm),
    ("tmux", Brand::Tmux),
    ("zellij", Brand::Zellij),
];

/// What terminfo names begin with that only one make uses.
const NAMES: [(&str, Brand); 16] = [
    ("xterm-kitty", Brand::Kitty),
    ("xterm-ghostty", Brand::Ghostty),
    ("ghostty", Brand::Ghostty),
    ("wezterm", Brand::WezTerm),
    ("foot", Brand::Foot),
    ("konsole", Brand::Konsole),
    ("vte", Brand::Vte),
    ("gnome", Brand::Vte),
    ("alacritty", Brand::Alacritty),
    ("mintty", Brand::Mintty),
    ("rio", Brand::Rio),
    ("contour", Brand::Contour),
    ("mlterm", Brand::Mlterm),
    ("nsterm", Brand::AppleTerminal),
    ("linux", Brand::LinuxConsole),
    ("tmux", Brand::Tmux),
];

impl Brand {
    /// The make that calls itself so in an XTVERSION answer or in tmux's `client_termtype`.
    pub fn of_version(text: &str) -> Self {
        let text = text.trim_start().to_lowercase();
        let found = WORDS.iter().find(|(word, _)| is_word(&text, word));
        found.map_or(Self::Unknown, |&(_, brand)| brand)
    }

    /// The make that a terminfo name (`$TERM`) stands for. `screen` is also what old tmux and ssh from within it say, and
    /// `xterm` what everybody says, so that neither says anything.
    pub fn of_term(term: &str) -> Self {
        let found = NAMES.iter().find(|(name, _)| is_word(term, name));
        found.map_or(Self::Unknown, |&(_, brand)| brand)
    }

    /// All versions from the last ten years show 24-bit colours.
    pub fn has_truecolour(self) -> bool {
        !matches!(
            self,
            Self::Tmux | Self::Screen | Self::AppleTerminal | Self::LinuxConsole | Self::LibVterm | Self::Unknown
        )
    }
}

/// `text` begins with `word`, and no letter or digit of the same word follows.
fn is_word(text: &str, word: &str) -> bool {
    let rest = text.strip_prefix(word);
    rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()))
}
