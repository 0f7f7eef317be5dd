//! Lays one layer of settings on another.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::keys::{KEYS, Key, Place, number_up_to, word};
use super::{Environment, Origin, Overrides, Paths, Settings, SettingsError};
use crate::store::paths::split_folders;

/// The settings while layer after layer is laid on them.
pub(super) struct Layers<'a> {
    pub(super) settings: Settings,
    /// Who set what.
    pub(super) origins: BTreeMap<&'static str, Origin>,
    paths: &'a Paths,
}

impl<'a> Layers<'a> {
    /// The defaults.
    pub(super) fn new(paths: &'a Paths) -> Self {
        Self {
            settings: Settings::default(),
            origins: BTreeMap::new(),
            paths,
        }
    }

    /// Lays the settings file, found at `path`, on top.
    pub(super) fn file(&mut self, path: &Path, bytes: &[u8]) -> Result<(), SettingsError> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let syntax = |text: &str, at: usize, reason: &str| {
            let (line, column) = position(text, at);
            SettingsError::Syntax {
                path: path.to_owned(),
                line,
                column,
                reason: reason.replace('\n', ", "),
            }
        };
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let valid = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
            syntax(&valid, valid.len(), "it is not UTF-8")
        })?;
        let table = DeTable::parse(text).map_err(|error| {
            syntax(
                text,
                error.span().map_or(text.len(), |span| span.start),
                error.message(),
            )
        })?;
        let mut entries: Vec<_> = table.get_ref().iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        for (name, value) in entries {
            let (line, _) = position(text, name.span().start);
            let Some(key) = Key::named(name.get_ref()) else {
                let key = name.get_ref().clone().into_owned();
                return Err(SettingsError::UnknownKey {
                    path: path.to_owned(),
                    line,
                    key,
                });
            };
            self.toml(key, value.get_ref(), path).ok_or_else(|| {
                let written = match value.get_ref() {
                    DeValue::Table(_) => "a table".to_owned(),
                    _ => shortened(text.get(value.span()).unwrap_or_default()),
                };
                bad_value(format!("line {line} of {}", path.display()), key, written)
            })?;
            self.origins.insert(key.name, Origin::File(line));
        }
        Ok(())
    }

    /// Sets a key to a TOML value; `None` if it is not what the key takes. Folders stand relative to the file.
    fn toml(&mut self, key: &Key, value: &DeValue<'_>, file: &Path) -> Option<()> {
        let folder = |text: &str| {
            let folder = self.paths.expand_home(Path::new(text));
            file.parent().map_or(folder.clone(), |beside| beside.join(folder))
        };
        match ((key.place)(&mut self.settings), value) {
            (Place::Text(place), DeValue::String(text)) => *place = word(key.kind, text)?,
            (Place::Number(place), DeValue::Integer(number)) => {
                *place = number_up_to(key.kind, u32::from_str_radix(number.as_str(), number.radix()).ok()?)?;
            }
            (Place::Folder(place), DeValue::String(text)) => *place = (!text.is_empty()).then(|| folder(text)),
            (Place::Folders(place), DeValue::String(text)) => *place = vec![folder(text)],
            (Place::Folders(place), DeValue::Array(texts)) => {
                *place = texts
                    .iter()
                    .map(|text| Some(folder(text.get_ref().as_str()?)))
                    .collect::<Option<_>>()?;
            }
            _ => return None,
        }
        Some(())
    }

    /// Lays the `DANLU_…` variables on top.
    pub(super) fn variables(&mut self, environment: &Environment) -> Result<(), SettingsError> {
        for key in &KEYS {
            let variable = key.variable();
            let Some(value) = environment.var(&variable) else {
                continue;
            };
            self.text(key, value)
                .ok_or_else(|| bad_value(variable, key, format!("{:?}", value.to_string_lossy())))?;
            self.origins.insert(key.name, Origin::Variable);
        }
        Ok(())
    }

    /// Sets a key to a variable's value; `None` if it is not what the key takes.
    fn text(&mut self, key: &Key, value: &OsStr) -> Option<()> {
        let folder = |path: PathBuf| self.paths.expand_home(&path);
        match (key.place)(&mut self.settings) {
            Place::Text(place) => *place = word(key.kind, value.to_str()?)?,
            Place::Number(place) => *place = number_up_to(key.kind, value.to_str()?.trim().parse().ok()?)?,
            Place::Folder(place) => *place = Some(folder(value.into())),
            Place::Folders(place) => {
                let folders = split_folders(value);
                add_in_front(place, folders.map(folder).collect());
            }
        }
        Some(())
    }

    /// Lays the command line on top.
    pub(super) fn command_line(&mut self, overrides: &Overrides) -> Result<(), SettingsError> {
        let Overrides {
            config: _,
            models_dir,
            output_dir,
            device,
            lang,
            theme,
            graphics,
        } = overrides;
        for (name, option, value) in [
            ("device", "--device", device),
            ("lang", "--lang", lang),
            ("theme", "--theme", theme),
            ("graphics", "--graphics", graphics),
        ] {
            let (Some(value), Some(key)) = (value, Key::named(name)) else {
                continue;
            };
            self.text(key, OsStr::new(value))
                .ok_or_else(|| bad_value(option.to_owned(), key, format!("{value:?}")))?;
            self.origins.insert(key.name, Origin::CommandLine);
        }
        if !models_dir.is_empty() {
            add_in_front(&mut self.settings.models_dir, models_dir.clone());
            self.origins.insert("models_dir", Origin::CommandLine);
        }
        if output_dir.is_some() {
            self.settings.output_dir.clone_from(output_dir);
            self.origins.insert("output_dir", Origin::CommandLine);
        }
        Ok(())
    }
}

/// Puts the folders of a higher layer before those of the lower ones.
fn add_in_front(folders: &mut Vec<PathBuf>, mut first: Vec<PathBuf>) {
    first.append(folders);
    let mut seen = std::collections::HashSet::new();
    first.retain(|folder| seen.insert(folder.clone()));
    *folders = first;
}

fn bad_value(place: String, key: &Key, value: String) -> SettingsError {
    SettingsError::BadValue {
        place,
        key: key.name,
        value,
        expected: key.kind.expected(),
    }
}

/// A value on one line and not longer than one.
fn shortened(value: &str) -> String {
    let line = value.replace('\n', " ");
    if line.len() <= 80 {
        line
    } else {
        format!("{} …", &line[..line.floor_char_boundary(76)])
    }
}

/// Line and column, both from 1, of a byte of a text.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.rsplit('\n').next().unwrap_or_default();
    (before.matches('\n').count() + 1, line.chars().count() + 1)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn from_file(text: &str) -> Result<Settings, String> {
        let paths = Paths::under(Path::new("/home/fox"));
        let mut layers = Layers::new(&paths);
        let read = layers.file(Path::new("/etc/danlu/c.toml"), text.as_bytes());
        read.map(|()| layers.settings).map_err(|error| error.to_string())
    }

    #[test]
    fn a_file_is_read() {
        let text =
            "\u{feff}models_dir = ['~/sd', \"b\", '/c']\nrng = \"CPU\"\ncomma_padding_backtrack = 0\nwebui_dir = ''\n";
        let settings = from_file(text).unwrap();
        assert_eq!(
            settings.models_dir,
            ["/home/fox/sd", "/etc/danlu/b", "/c"].map(PathBuf::from)
        );
        assert_eq!(
            (
                settings.rng.as_str(),
                settings.comma_padding_backtrack,
                settings.webui_dir
            ),
            ("cpu", 0, None)
        );
    }

    #[test]
    fn what_is_wrong_in_a_file_is_one_sentence() {
        let cases = [
            ("a = 1", r#"line 1 of /etc/danlu/c.toml sets "a", which is no setting"#),
            (
                "# x\n\nmodel-dir = 'x'",
                r#"line 3 of /etc/danlu/c.toml sets "model-dir", which is no setting; did you mean "models_dir"?"#,
            ),
            (
                "device = 7",
                "line 1 of /etc/danlu/c.toml sets device to 7, which is not auto, cpu, cuda or cuda:N",
            ),
            (
                "device.x = 7",
                "line 1 of /etc/danlu/c.toml sets device to a table, which is not auto, cpu, cuda or cuda:N",
            ),
            (
                "models_dir = ['a', 1]",
                "line 1 of /etc/danlu/c.toml sets models_dir to ['a', 1], which is not a list of folders",
            ),
            (
                "comma_padding_backtrack = 75",
                "line 1 of /etc/danlu/c.toml sets comma_padding_backtrack to 75, which is not a whole number from 0 to 74",
            ),
            (
                "lang = 'de'",
                "line 1 of /etc/danlu/c.toml sets lang to 'de', which is not one of auto, en, zh",
            ),
        ];
        for (text, sentence) in cases {
            assert_eq!(from_file(text).unwrap_err(), sentence);
        }
        for (text, place) in [
            ("lang = 'en'\nrng = ", "line 2, column 7 of"),
            ("狐 = 1", "line 1, column 1 of"),
        ] {
            let sentence = from_file(text).unwrap_err();
            assert!(sentence.starts_with(place) && !sentence.contains('\n'), "{sentence}");
        }
        assert!(
            from_file("lang='en'\nlang='zh'")
                .unwrap_err()
                .starts_with("line 2, column 1 of")
        );
    }
}
