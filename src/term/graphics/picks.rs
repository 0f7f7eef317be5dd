//! What the user chose for each terminal, as TOML: read and written here, kept elsewhere.

use std::collections::BTreeMap;

use super::super::probe::{Caps, Mux};
use super::Protocol;

/// The table of the file.
const TABLE: &str = "graphics";

/// Protocols by the terminal's own words for itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picks(BTreeMap<String, Protocol>);

impl Picks {
    /// Reads them.
    ///
    /// # Errors
    /// Where the text is no TOML, and for the first protocol that is none.
    pub fn read(text: &str) -> Result<Self, PicksError> {
        let table: toml::Table = text.parse().map_err(|e: toml::de::Error| PicksError::Syntax {
            message: e.message().to_owned(),
        })?;
        let Some(entries) = table.get(TABLE) else {
            return Ok(Self::default());
        };
        let entries = entries.as_table().ok_or_else(|| PicksError::Syntax {
            message: format!("{TABLE} is no table"),
        })?;
        let entry = |(terminal, value): (&String, &toml::Value)| {
            let parsed = value.as_str().and_then(|name| name.parse().ok());
            let wrong = || PicksError::Protocol {
                terminal: terminal.clone(),
                value: value.to_string(),
            };
            Ok((terminal.clone(), parsed.ok_or_else(wrong)?))
        };
        entries.iter().map(entry).collect::<Result<_, _>>().map(Self)
    }

    /// Writes them, to be read again.
    pub fn to_toml(&self) -> String {
        let entries = self
            .0
            .iter()
            .map(|(terminal, protocol)| (terminal.clone(), protocol.to_string().into()));
        let entries: toml::Table = entries.collect();
        toml::Table::from_iter([(TABLE.to_owned(), entries.into())]).to_string()
    }

    /// What was chosen for this terminal.
    pub fn get(&self, caps: &Caps) -> Option<Protocol> {
        self.0.get(&name(caps)?).copied()
    }

    /// Chooses for this terminal; false where it does not say what it is, so that nothing could be found again.
    pub fn set(&mut self, caps: &Caps, protocol: Protocol) -> bool {
        let name = name(caps);
        let is_named = name.is_some();
        self.0.extend(name.map(|name| (name, protocol)));
        is_named
    }
}

/// The terminal that draws, and what it is seen through: the same one shows less in tmux.
fn name(caps: &Caps) -> Option<String> {
    let text: String = caps.outermost_version().chars().filter(|c| !c.is_control()).collect();
    let text = text.trim();
    let through = match caps.mux {
        Mux::None => "",
        Mux::Tmux => " in tmux",
        Mux::Zellij => " in Zellij",
        Mux::Screen => " in screen",
    };
    (!text.is_empty()).then(|| format!("{text}{through}"))
}

/// A file of choices that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PicksError {
    /// It is no TOML, or another one.
    #[error("the choices of picture protocols cannot be read: {message}")]
    Syntax {
        /// Why.
        message: String,
    },
    /// A protocol that is none.
    #[error("{value} for the terminal {terminal:?} is no way to show pictures")]
    Protocol {
        /// Whose.
        terminal: String,
        /// What stands there.
        value: String,
    },
}

impl PicksError {
    /// What helps.
    pub fn hint(&self) -> Option<String> {
        Some("run danlu doctor --graphics to choose again".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terminal(text: &str, mux: Mux) -> Caps {
        Caps {
            version_text: text.to_owned(),
            mux,
            ..Caps::default()
        }
    }

    #[test]
    fn choices_are_read_as_they_were_written() {
        let mut picks = Picks::default();
        let hostile = terminal("a \"b\" = [c]\n\u{1b}[31m", Mux::None);
        for (caps, protocol) in [
            (terminal("WezTerm 20240203", Mux::None), Protocol::Sixel),
            (terminal("WezTerm 20240203", Mux::Tmux), Protocol::HalfBlocks),
            (hostile.clone(), Protocol::Kitty),
        ] {
            assert!(picks.set(&caps, protocol));
        }
        let read = Picks::read(&picks.to_toml()).unwrap();
        assert_eq!(read, picks);
        assert_eq!(
            read.get(&terminal("WezTerm 20240203", Mux::Tmux)),
            Some(Protocol::HalfBlocks)
        );
        assert_eq!(read.get(&hostile), Some(Protocol::Kitty));
        assert_eq!(read.get(&terminal("WezTerm 20240203", Mux::Zellij)), None);
        assert!(!picks.set(&Caps::default(), Protocol::Kitty));
    }

    #[test]
    fn a_file_that_is_none_is_refused_with_its_fault() {
        assert_eq!(Picks::read(""), Ok(Picks::default()));
        assert!(
            Picks::read("[graphics")
                .unwrap_err()
                .to_string()
                .contains("cannot be read")
        );
        assert!(Picks::read("graphics = 1").is_err());
        let error = Picks::read("[graphics]\nfoot = \"vga\"").unwrap_err();
        assert_eq!(
            error.to_string(),
            "\"vga\" for the terminal \"foot\" is no way to show pictures"
        );
        assert!(error.hint().is_some());
    }
}
