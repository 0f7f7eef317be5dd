//! Where themes come from: the user's folder, then the binary.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::file::Draft;
use super::{BUILTIN, Theme, ThemeError};
use crate::ui::document::{LARGEST, did_you_mean};

/// How many themes one may inherit through.
const DEEPEST: usize = 16;

/// The themes there are. A user's theme hides the built-in one of its name, and may inherit from it.
#[derive(Clone, Debug, Default)]
pub struct Themes {
    folder: Option<PathBuf>,
}

/// Where a theme's text lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shelf {
    User,
    Builtin,
}

impl Themes {
    /// Only those in the binary.
    pub const fn builtin() -> Self {
        Self { folder: None }
    }

    /// Those of `folder`, which need not exist, and those in the binary.
    pub fn with_folder(folder: PathBuf) -> Self {
        Self { folder: Some(folder) }
    }

    /// Every name: the built-in ones in their order, then the user's own by the alphabet.
    pub fn names(&self) -> Vec<String> {
        let builtin = BUILTIN.iter().map(|(name, _)| (*name).to_owned());
        let files = self.folder.iter().filter_map(|folder| fs::read_dir(folder).ok());
        let own: BTreeSet<String> = files
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.file_name().to_str()?.strip_suffix(".toml")?.to_owned()))
            .filter(|name| is_name(name) && !BUILTIN.iter().any(|(builtin, _)| builtin == name))
            .collect();
        builtin.chain(own).collect()
    }

    /// The theme that a setting asks for. `auto` takes danlu's own for a dark or a light terminal, and the dark one where that is
    /// not known.
    ///
    /// # Errors
    /// As [`Themes::load`].
    pub fn choose(&self, setting: &str, dark: Option<bool>) -> Result<Theme, ThemeError> {
        match (setting, dark) {
            ("auto", Some(false)) => self.load("danlu-light"),
            ("auto", _) => self.load("danlu-dark"),
            (name, _) => self.load(name),
        }
    }

    /// The theme of that name.
    ///
    /// # Errors
    /// There is none, it or one that it inherits from cannot be read, or something in it is wrong.
    pub fn load(&self, name: &str) -> Result<Theme, ThemeError> {
        let mut chain: Vec<(String, Shelf)> = Vec::new();
        let mut drafts = Vec::new();
        let mut wanted = name.to_owned();
        loop {
            let found = self.find(&wanted, &chain);
            let (shelf, draft) = match found {
                Err(ThemeError::NotFound { name, near }) => return Err(lost_parent(drafts.last(), name, near)),
                other => other?,
            };
            chain.push((wanted, shelf));
            if chain.len() > DEEPEST {
                let name = name.to_owned();
                return Err(ThemeError::Deep { name, most: DEEPEST });
            }
            let next = draft.inherits.as_ref().map(|(name, _)| name.clone());
            drafts.push(draft);
            match next {
                Some(next) => wanted = next,
                None => break,
            }
        }
        let merged = drafts.into_iter().reduce(Draft::over).unwrap_or_default();
        merged.theme(name)
    }

    /// The draft of a theme that is not in the chain yet.
    fn find(&self, name: &str, chain: &[(String, Shelf)]) -> Result<(Shelf, Draft), ThemeError> {
        if !is_name(name) {
            let name = crate::ui::text::truncate(name, 40).into_owned();
            return Err(ThemeError::Name { name });
        }
        let fresh = |shelf: Shelf| !chain.iter().any(|(known, on)| known == name && *on == shelf);
        let file = self.folder.as_ref().map(|folder| folder.join(format!("{name}.toml")));
        if let Some(path) = file.filter(|_| fresh(Shelf::User))
            && let Some(bytes) = read(&path)?
        {
            return Ok((Shelf::User, Draft::read(&path, &bytes)?));
        }
        let builtin = BUILTIN.iter().find(|(known, _)| *known == name);
        if let Some((_, text)) = builtin.filter(|_| fresh(Shelf::Builtin)) {
            let path = format!("themes/{name}.toml");
            return Ok((Shelf::Builtin, Draft::read(Path::new(&path), text.as_bytes())?));
        }
        let mut names: Vec<String> = chain.iter().map(|(known, _)| known.clone()).collect();
        if let Some(first) = names.iter().position(|known| known == name) {
            names.drain(..first);
            names.push(name.to_owned());
            return Err(ThemeError::Cycle { chain: names });
        }
        Err(ThemeError::NotFound {
            name: name.to_owned(),
            near: did_you_mean(name, self.names().iter().map(String::as_str)),
        })
    }
}

/// Says which line asks for a theme that is not there.
fn lost_parent(child: Option<&Draft>, name: String, near: String) -> ThemeError {
    match child.and_then(|child| child.inherits.clone()) {
        Some((_, place)) => ThemeError::NoParent { place, name, near },
        None => ThemeError::NotFound { name, near },
    }
}

/// Whether a text is a name and no path.
fn is_name(text: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || ['-', '_'].contains(&c);
    !text.is_empty() && text.len() <= 100 && text.chars().all(plain)
}

/// The bytes of a theme's file; `None` if there is none.
fn read(path: &Path) -> Result<Option<Vec<u8>>, ThemeError> {
    let unreadable = |reason: String| ThemeError::Unreadable {
        path: path.to_owned(),
        reason,
    };
    match fs::metadata(path) {
        // A pipe would be waited for, a device never end.
        Ok(facts) if !facts.is_file() => return Err(unreadable("it is no regular file".to_owned())),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error.to_string())),
    }
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LARGEST as u64 + 1).read_to_end(&mut bytes));
    read.map(|_| Some(bytes)).map_err(|error| unreadable(error.to_string()))
}
