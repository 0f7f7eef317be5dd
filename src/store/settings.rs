//! The user's settings: one table of keys, and four layers of values.
//!
//! Defaults, then the settings file (TOML, flat), then `DANLU_…` variables, then the command line; a later layer replaces an
//! earlier one, only `models_dir` collects from all of them. Everything about a setting is in [`KEYS`]: its name, and with that its
//! variable, its type, its default and what it does. Nothing here touches the environment (see [`super::paths`]) or checks whether
//! a folder, theme or device exists.

mod error;
mod keys;
mod layers;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub use error::SettingsError;
pub use keys::{KEYS, Key, Kind};
use layers::Layers;

use super::paths::{Environment, Paths};

/// The settings in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Trees to look for models in: A1111, Forge, ComfyUI or plain folders; first come first.
    pub models_dir: Vec<PathBuf>,
    /// An A1111 or Forge folder to read models from and to put pictures into.
    pub webui_dir: Option<PathBuf>,
    /// The folder that holds `txt2img-images`.
    pub output_dir: Option<PathBuf>,
    /// A1111's pattern for picture names; empty for `[seed]`.
    pub filename_pattern: String,
    /// A1111's pattern for folders under `txt2img-images`; empty for none.
    pub directory_pattern: String,
    /// `auto`, `cpu`, `cuda` or `cuda:N`.
    pub device: String,
    /// `auto`, `en` or `zh`.
    pub lang: String,
    /// A theme's name.
    pub theme: String,
    /// How pictures are shown in the terminal.
    pub graphics: String,
    /// `on` or `off`.
    pub mouse: String,
    /// `nv` or `cpu`.
    pub rng: String,
    /// How many tokens a chunk looks back for a comma to break at; 0 never does.
    pub comma_padding_backtrack: u32,
    /// How many GiB of models stay loaded; 0 takes what suits the device.
    pub model_cache: u32,
    /// Seconds after which an engine process without work and without a client ends; 0 never.
    pub engine_idle: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            models_dir: Vec::new(),
            webui_dir: None,
            output_dir: None,
            filename_pattern: String::new(),
            directory_pattern: "[date]".to_owned(),
            device: "auto".to_owned(),
            lang: "auto".to_owned(),
            theme: "auto".to_owned(),
            graphics: "auto".to_owned(),
            mouse: "on".to_owned(),
            rng: "nv".to_owned(),
            comma_padding_backtrack: 20,
            model_cache: 0,
            engine_idle: 60,
        }
    }
}

/// What the command line says about settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `--config`
    pub config: Option<PathBuf>,
    /// `--models-dir`, repeatable
    pub models_dir: Vec<PathBuf>,
    /// `--output-dir`
    pub output_dir: Option<PathBuf>,
    /// `--device`
    pub device: Option<String>,
    /// `--lang`
    pub lang: Option<String>,
    /// `--theme`
    pub theme: Option<String>,
    /// `--graphics`
    pub graphics: Option<String>,
}

/// Which layer a value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// Nobody said otherwise.
    Default,
    /// This line of the settings file.
    File(usize),
    /// Its `DANLU_…` variable.
    Variable,
    /// The command line.
    CommandLine,
}

/// Settings and where each came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// The settings file that was read or looked for.
    pub config_file: PathBuf,
    /// The highest layer that set each key; a key that none set is missing.
    pub origins: BTreeMap<&'static str, Origin>,
    /// `DANLU_…` variables that are no setting.
    pub unknown_variables: Vec<String>,
}

impl Settings {
    /// Reads all layers.
    ///
    /// # Errors
    /// The file is unreadable or no TOML, or a layer holds a value or key that is none; the first such one.
    pub fn load(environment: &Environment, overrides: &Overrides) -> Result<Loaded, SettingsError> {
        let variable = environment
            .var("DANLU_CONFIG")
            .map(|path| environment.paths.expand_home(Path::new(path)));
        let named = overrides.config.clone().or(variable);
        let config_file = named.clone().unwrap_or_else(|| environment.paths.config_file.clone());
        let mut layers = Layers::new(&environment.paths);
        match fs::read(&config_file) {
            Ok(bytes) => layers.file(&config_file, &bytes)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound && named.is_none() => {}
            Err(source) => {
                return Err(SettingsError::Unreadable {
                    path: config_file,
                    source,
                });
            }
        }
        layers.variables(environment)?;
        layers.command_line(overrides)?;

        let known = |name: &String| name == "DANLU_CONFIG" || KEYS.iter().any(|key| key.variable() == *name);
        let unknown_variables = environment.names().filter(|name| !known(name)).collect();
        Ok(Loaded {
            settings: layers.settings,
            config_file,
            origins: layers.origins,
            unknown_variables,
        })
    }

    /// The trees to look for models in: `models_dir`, then `webui_dir`.
    pub fn model_roots(&self) -> Vec<PathBuf> {
        self.models_dir.iter().chain(&self.webui_dir).cloned().collect()
    }

    /// Those trees and the data folder's own, as far as they are there.
    pub fn existing_roots(&self, paths: &Paths) -> Vec<PathBuf> {
        let mut roots = self.model_roots();
        roots.push(paths.data_dir.join("models"));
        roots.retain(|root| root.exists());
        roots
    }

    /// The folder under which pictures made from text are filed.
    pub fn txt2img_dir(&self, paths: &Paths) -> PathBuf {
        let outputs = match (&self.output_dir, &self.webui_dir) {
            (Some(folder), _) => folder.clone(),
            (None, Some(webui)) => webui.join("outputs"),
            (None, None) => paths.data_dir.join("outputs"),
        };
        outputs.join("txt2img-images")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        Environment::new(Paths::under(Path::new("/home/fox")), variables.iter().copied())
    }

    #[test]
    fn later_layers_win_and_model_folders_add_up() {
        let variables = [
            ("DANLU_MODELS_DIR", "/b::/c:~/d"),
            ("DANLU_LANG", "zh"),
            ("DANLU_DEVICE", "CUDA:1"),
        ];
        let variables = [&variables[..], &[("DANLU_MODEL", "x")]].concat();
        let overrides = Overrides {
            models_dir: vec!["/a".into(), "/c".into()],
            lang: Some("en".into()),
            ..Overrides::default()
        };
        let loaded = Settings::load(&environment(&variables), &overrides).unwrap();
        assert_eq!(
            loaded.settings.models_dir,
            ["/a", "/c", "/b", "/home/fox/d"].map(PathBuf::from)
        );
        assert_eq!(
            (loaded.settings.lang.as_str(), loaded.settings.device.as_str()),
            ("en", "cuda:1")
        );
        assert_eq!(loaded.origins["lang"], Origin::CommandLine);
        assert_eq!(loaded.origins["device"], Origin::Variable);
        assert_eq!(loaded.unknown_variables, ["DANLU_MODEL"]);
        let error = Settings::load(&environment(&[("DANLU_DEVICE", "gpu")]), &overrides).unwrap_err();
        assert_eq!(
            error.to_string(),
            "DANLU_DEVICE sets device to \"gpu\", which is not auto, cpu, cuda or cuda:N"
        );
        assert!(error.hint().unwrap().starts_with("device: "));
    }

    #[test]
    fn pictures_go_to_the_nearest_folder_named() {
        let paths = Paths::under(Path::new("/x"));
        let mut settings = Settings::default();
        assert_eq!(
            settings.txt2img_dir(&paths),
            Path::new("/x/data/outputs/txt2img-images")
        );
        settings.webui_dir = Some("/sd".into());
        assert_eq!(settings.txt2img_dir(&paths), Path::new("/sd/outputs/txt2img-images"));
        settings.output_dir = Some("/out".into());
        assert_eq!(settings.txt2img_dir(&paths), Path::new("/out/txt2img-images"));
    }
}
