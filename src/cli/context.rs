//! What commands share: settings, paths, model folders.

use std::path::PathBuf;

use danlu::engine::DeviceChoice;
use danlu::store::settings::Loaded;
use danlu::store::{Environment, FindError, Folder, Overrides, Paths, Settings, library, shipped};

use super::args::Global;
use super::failure::Failure;

/// The settings in force and the folders they lead to.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) paths: Paths,
    pub(super) settings: Settings,
    pub(super) device: DeviceChoice,
}

pub(super) fn overrides(global: Global) -> Overrides {
    Overrides {
        config: global.config,
        models_dir: global.models_dir,
        output_dir: global.output_dir,
        device: global.device,
        lang: global.lang,
        theme: global.theme,
    }
}

impl Context {
    pub(super) fn load(global: Global) -> Result<Self, Failure> {
        let environment = Environment::of_process()?;
        let Loaded { settings, .. } = Settings::load(&environment, &overrides(global))?;
        Ok(Self {
            device: settings.device.parse()?,
            paths: environment.paths,
            settings,
        })
    }

    /// Every tree that models are looked for in: the configured ones, the data directory's, and the shipped checkpoint's.
    pub(super) fn model_roots(&self) -> Vec<PathBuf> {
        let mut roots = self.own_roots();
        roots.push(shipped::folder(&self.paths.cache_dir));
        roots.retain(|root| root.exists());
        roots
    }

    /// The trees that are the user's.
    fn own_roots(&self) -> Vec<PathBuf> {
        let mut roots = self.settings.model_roots();
        roots.push(self.paths.data_dir.join("models"));
        roots.retain(|root| root.exists());
        roots
    }

    /// The model of this name or path. The user's come before the shipped one, which a copy of it is often named like.
    pub(super) fn find(&self, wanted: &str, folder: Option<Folder>) -> Result<PathBuf, FindError> {
        match library::find(&self.own_roots(), wanted, folder) {
            Err(FindError::NotFound { .. }) => library::find(&self.model_roots(), wanted, folder),
            found => found,
        }
    }

    /// The checkpoint of this name or path, or the shipped one.
    pub(super) fn checkpoint(&self, wanted: Option<&str>) -> Result<PathBuf, Failure> {
        let shipped = shipped::unpack(&self.paths.cache_dir);
        match wanted {
            None => Ok(shipped?),
            Some(wanted) => Ok(self.find(wanted, Some(Folder::Checkpoint))?),
        }
    }

    /// Where file hashes are remembered.
    pub(super) fn hash_cache(&self) -> PathBuf {
        self.paths.cache_dir.join("hashes.json")
    }
}
