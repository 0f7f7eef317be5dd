//! How everything looks: a style for every [`Role`], from a TOML file, fitted to what the terminal can show.
//!
//! [`Themes`] finds a theme by its name among the user's and the built-in ones; `file` reads one, `depth` fits its colours to a
//! terminal with fewer of them. A theme never decides what is shown, only how. docs/THEMES.md tells people how to write one.

mod apart;
mod builtin;
mod colour;
mod depth;
pub mod docs;
mod error;
mod file;
mod role;
mod themes;

use ratatui::style::{Color, Style};

pub use builtin::BUILTIN;
pub use colour::contrast;
pub use depth::Depth;
pub use error::ThemeError;
pub use role::Role;
pub use themes::Themes;

/// A style for every role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    name: String,
    dark: bool,
    lines: Lines,
    depth: Depth,
    styles: Vec<Style>,
}

/// What borders, gauges and scroll bars are drawn with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lines {
    /// Thin lines with round corners, blocks in eighths.
    #[default]
    Rounded,
    /// Thin lines with square corners, blocks in eighths.
    Plain,
    /// `+-|` and `#`, for fonts that have nothing else.
    Ascii,
}

impl Theme {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is made for a dark background.
    pub fn is_dark(&self) -> bool {
        self.dark
    }

    /// What borders and gauges are drawn with.
    pub fn lines(&self) -> Lines {
        self.lines
    }

    /// How many colours it uses.
    pub fn depth(&self) -> Depth {
        self.depth
    }

    /// The style of a role.
    pub fn style(&self, role: Role) -> Style {
        self.styles.get(role as usize).copied().unwrap_or_default()
    }

    /// Whether the terminal's own background shows through.
    pub fn is_transparent(&self) -> bool {
        matches!(self.style(Role::Background).bg, None | Some(Color::Reset))
    }

    /// The same theme in the colours that a terminal has. States that differ in the theme still differ: where colours become equal,
    /// bold, reverse and underline tell them apart. A theme that was already fitted to fewer colours stays as it is.
    #[must_use]
    pub fn at(&self, depth: Depth) -> Self {
        if depth >= self.depth {
            return self.clone();
        }
        let mut styles = depth::fit(&self.styles, depth, self.dark);
        apart::keep_apart(&mut styles);
        Self {
            depth,
            styles,
            ..self.clone()
        }
    }
}

impl Default for Theme {
    /// `danlu-dark`.
    fn default() -> Self {
        Themes::builtin().load("danlu-dark").unwrap_or_else(|_| Self {
            name: "plain".to_owned(),
            dark: true,
            lines: Lines::Ascii,
            depth: Depth::True,
            styles: Vec::new(),
        })
    }
}
