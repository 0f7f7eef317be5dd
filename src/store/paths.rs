//! Where danlu keeps what: the settings file, data, cache and logs, by the platform's conventions.
//!
//! Nothing here is created or written. [`super::settings`] reads the file, [`super::atomic`] makes folders.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use directories::{BaseDirs, ProjectDirs};

/// What the names of danlu's environment variables begin with.
pub const PREFIX: &str = "DANLU_";

/// danlu's files and folders. On Linux: `~/.config/danlu/config.toml`, `~/.local/share/danlu`, `~/.cache/danlu` and
/// `~/.local/state/danlu/log`, each moved by its `XDG_…_HOME`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// The user's home, for `~/`.
    pub home: PathBuf,
    /// The settings.
    pub config_file: PathBuf,
    /// Pictures and what else must not be lost.
    pub data_dir: PathBuf,
    /// What can be made again, such as the unpacked embedded checkpoint.
    pub cache_dir: PathBuf,
    /// Logs.
    pub log_dir: PathBuf,
    /// Sockets, for this user alone: `$XDG_RUNTIME_DIR/danlu`, or `run` in the cache where there is none.
    pub runtime_dir: PathBuf,
}

/// There is no home folder, so nothing has a place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this user has no home folder, so there is no place for settings and pictures")]
pub struct NoHome;

impl NoHome {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        Some("set HOME to a folder".to_owned())
    }
}

impl Paths {
    /// Everything under one folder, for tests and portable installations.
    pub fn under(folder: &Path) -> Self {
        Self {
            home: folder.to_owned(),
            config_file: folder.join("config/config.toml"),
            data_dir: folder.join("data"),
            cache_dir: folder.join("cache"),
            log_dir: folder.join("log"),
            runtime_dir: folder.join("run"),
        }
    }

    /// The engine's socket.
    pub fn engine_socket(&self) -> PathBuf {
        self.runtime_dir.join("engine.sock")
    }

    /// The engine's log.
    pub fn engine_log(&self) -> PathBuf {
        self.log_dir.join("engine.log")
    }

    /// `~` and `~/…` in a path the user wrote where no shell has replaced it.
    pub fn expand_home(&self, path: &Path) -> PathBuf {
        path.strip_prefix("~")
            .map_or_else(|_| path.to_owned(), |rest| self.home.join(rest))
    }
}

/// What the process was started with: its folders and its `DANLU_…` variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// Where danlu's files are.
    pub paths: Paths,
    variables: BTreeMap<OsString, OsString>,
}

impl Environment {
    /// Reads the environment. This is the only function of the store that does; everything else is given its result.
    ///
    /// # Errors
    /// The user has no home folder.
    pub fn of_process() -> Result<Self, NoHome> {
        let base = BaseDirs::new().ok_or(NoHome)?;
        let danlu = ProjectDirs::from("", "", "danlu").ok_or(NoHome)?;
        let paths = Paths {
            home: base.home_dir().to_owned(),
            config_file: danlu.config_dir().join("config.toml"),
            data_dir: danlu.data_dir().to_owned(),
            cache_dir: danlu.cache_dir().to_owned(),
            log_dir: danlu.state_dir().unwrap_or_else(|| danlu.data_dir()).join("log"),
            runtime_dir: danlu
                .runtime_dir()
                .map_or_else(|| danlu.cache_dir().join("run"), Path::to_owned),
        };
        Ok(Self::new(paths, std::env::vars_os()))
    }

    /// An environment made by hand. Only variables that begin with [`PREFIX`] and are not empty are kept.
    pub fn new<K, V>(paths: Paths, variables: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: Into<OsString>,
        V: Into<OsString>,
    {
        let variables = variables
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()))
            .filter(|(name, value)| name.to_string_lossy().starts_with(PREFIX) && !value.is_empty())
            .collect();
        Self { paths, variables }
    }

    /// A variable's value; an empty one counts as not set.
    pub fn var(&self, name: &str) -> Option<&OsStr> {
        self.variables.get(OsStr::new(name)).map(OsString::as_os_str)
    }

    /// The names of all `DANLU_…` variables.
    pub fn names(&self) -> impl Iterator<Item = String> {
        self.variables.keys().map(|name| name.to_string_lossy().into_owned())
    }
}

/// The folders in a variable such as `PATH`, with the platform's separator; empty ones are left out.
pub(super) fn split_folders(value: &OsStr) -> impl Iterator<Item = PathBuf> {
    std::env::split_paths(value).filter(|path| !path.as_os_str().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_variables_are_kept() {
        let paths = Paths::under(Path::new("/x"));
        let environment = Environment::new(paths, [("DANLU_LANG", "en"), ("DANLU_THEME", ""), ("LANG", "C")]);
        assert_eq!(environment.names().collect::<Vec<_>>(), ["DANLU_LANG"]);
        assert_eq!(environment.var("DANLU_LANG"), Some(OsStr::new("en")));
        assert_eq!(environment.var("DANLU_THEME"), None);
    }

    #[test]
    fn home_is_expanded_only_at_the_front() {
        let paths = Paths::under(Path::new("/home/fox"));
        assert_eq!(paths.expand_home(Path::new("~/sd")), Path::new("/home/fox/sd"));
        assert_eq!(paths.expand_home(Path::new("/a/~/b")), Path::new("/a/~/b"));
        assert_eq!(paths.expand_home(Path::new("~other/b")), Path::new("~other/b"));
    }
}
