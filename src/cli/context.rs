//! What commands share: settings, paths, model folders.

use std::ffi::OsString;
use std::path::PathBuf;

use danlu::engine::DeviceChoice;
use danlu::engine::client::Launch;
use danlu::library::{FindError, Folder, Places, walk};
use danlu::store::settings::Loaded;
use danlu::store::{Environment, Overrides, Paths, Settings, shipped};

use super::args::Global;
use super::failure::Failure;

/// The settings in force and the folders they lead to.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) paths: Paths,
    pub(super) settings: Settings,
    pub(super) device: DeviceChoice,
    /// The options as given, for an engine process that is started from here.
    pub(super) global: Global,
}

pub(super) fn overrides(global: Global) -> Overrides {
    Overrides {
        config: global.config,
        models_dir: global.models_dir,
        output_dir: global.output_dir,
        device: global.device,
        lang: global.lang,
        theme: global.theme,
        graphics: global.graphics.flatten(),
    }
}

impl Context {
    pub(super) fn load(global: Global) -> Result<Self, Failure> {
        let environment = Environment::of_process()?;
        let Loaded { settings, .. } = Settings::load(&environment, &overrides(global.clone()))?;
        Ok(Self {
            device: settings.device.parse()?,
            paths: environment.paths,
            settings,
            global,
        })
    }

    /// How the engine process is started when it is needed.
    pub(super) fn launch(&self) -> Result<Launch, Failure> {
        let program = std::env::current_exe()
            .map_err(|e| Failure::failed(format!("cannot tell where danlu's own program is: {e}")))?;
        // Linux says so of a program that was replaced while it ran; the new one will say whether it understands this one.
        let program = match program.to_str().and_then(|name| name.strip_suffix(" (deleted)")) {
            Some(name) if !program.exists() => PathBuf::from(name),
            _ => program,
        };
        let mut arguments: Vec<OsString> = vec!["engine".into(), "--detached".into()];
        let Global {
            models_dir,
            output_dir,
            config,
            device,
            lang,
            theme,
            // The engine shows nothing.
            graphics: _,
        } = &self.global;
        let paths = models_dir.iter().map(|dir| ("--models-dir", dir.as_os_str()));
        let paths = paths.chain(output_dir.iter().map(|dir| ("--output-dir", dir.as_os_str())));
        let paths = paths.chain(config.iter().map(|file| ("--config", file.as_os_str())));
        let texts = [("--device", device), ("--lang", lang), ("--theme", theme)];
        let texts = texts
            .iter()
            .filter_map(|(name, value)| Some((*name, value.as_ref()?.as_ref())));
        for (name, value) in paths.chain(texts) {
            // In one word, so that a value may begin with a dash.
            let mut word = OsString::from(name);
            word.push("=");
            word.push(value);
            arguments.push(word);
        }
        Ok(Launch {
            socket: self.paths.engine_socket(),
            program,
            arguments,
            log: self.paths.engine_log(),
        })
    }

    /// Every tree that models are looked for in: the configured ones, the data directory's, and the shipped checkpoint's.
    pub(super) fn model_roots(&self) -> Vec<PathBuf> {
        let mut roots = self.own_roots();
        roots.push(shipped::folder(&self.paths.cache_dir));
        roots.retain(|root| root.exists());
        roots
    }

    /// The trees that taggers and detectors are looked for in. The last is the data directory's own, there or not: where to put one.
    pub(super) fn tagger_roots(&self) -> Vec<PathBuf> {
        let mut roots = self.own_roots();
        let own = self.paths.data_dir.join("models");
        if !roots.contains(&own) {
            roots.push(own);
        }
        roots
    }

    /// The trees that are the user's.
    pub(super) fn own_roots(&self) -> Vec<PathBuf> {
        self.settings.existing_roots(&self.paths)
    }

    /// The model of this name or path. The user's come before the shipped one, which a copy of it is often named like.
    pub(super) fn find(&self, wanted: &str, folder: Option<Folder>) -> Result<PathBuf, FindError> {
        match walk::find(&self.own_roots(), wanted, folder) {
            Err(FindError::NotFound { .. }) => walk::find(&self.model_roots(), wanted, folder),
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

    /// Bytes of models that stay loaded; none where the device decides.
    pub(super) fn model_cache(&self) -> Option<u64> {
        let gibibytes = self.settings.model_cache;
        (gibibytes > 0).then(|| u64::from(gibibytes) << 30)
    }

    /// Where file hashes are remembered.
    pub(super) fn hash_cache(&self) -> PathBuf {
        Places::of(&self.paths).index
    }
}
