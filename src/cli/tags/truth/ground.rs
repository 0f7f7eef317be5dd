//! The set that a command is about, and how it is used: by a configuration, or by its folders.

use std::path::{Path, PathBuf};

use danlu::data::buckets::Size;
use danlu::data::config::folders::Folders;
use danlu::data::config::{Arguments, Config, Dataset, Problem};
use danlu::data::picture;
use danlu::data::set::{self, Set};
use danlu::ui::text::safe;
use rayon::prelude::*;

use crate::cli::failure::Failure;

/// A set and how training uses it.
#[derive(Debug)]
pub(super) struct Ground {
    pub(super) set: Set,
    pub(super) config: Config,
    /// What files are named from.
    dir: PathBuf,
    real_dir: Option<PathBuf>,
}

impl Ground {
    /// Opens a folder, a dataset TOML, or those pictures of a configuration that lie below a folder.
    pub(super) fn open(
        dir: &Path,
        config: Option<&Path>,
        options: &set::Options,
        arguments: impl FnOnce(bool) -> Arguments,
    ) -> Result<Self, Failure> {
        let config_file = config.or_else(|| dir.is_file().then_some(dir));
        let set = Set::open(config_file.unwrap_or(dir), options);
        let set = set.map_err(|error| Failure::failed(error.to_string()).maybe_hint(error.hint()))?;
        let arguments = arguments(config_file.is_some());
        let used = match config_file {
            Some(path) => Config::read(path, &arguments)
                .map_err(|error| Failure::failed(error.to_string()).maybe_hint(error.hint()))?,
            None => Config::of_folders(&set, &arguments).map_err(refused)?,
        };
        let dir = if dir.is_file() {
            set.root.clone()
        } else {
            dir.to_owned()
        };
        let ground = Self {
            set,
            config: used,
            real_dir: dir.canonicalize().ok(),
            dir,
        };
        ground.check_pictures(config_file)?;
        Ok(ground)
    }

    /// That there is a picture at all, and below the folder that was named.
    fn check_pictures(&self, config: Option<&Path>) -> Result<(), Failure> {
        if self.used().any(|(_, _, pictures)| !pictures.is_empty()) {
            return Ok(());
        }
        let ignored = self.set.ignored.first();
        let hint = ignored.map(|(path, why)| format!("{}: {why}", safe(&path.to_string_lossy())));
        let dir = safe(&self.dir.to_string_lossy()).into_owned();
        let sentence = match config {
            Some(config) => format!("{} names no pictures below {dir}", safe(&config.to_string_lossy())),
            None => format!("there are no pictures in {dir}"),
        };
        Err(Failure::failed(sentence).maybe_hint(hint))
    }

    /// The datasets with each of their subsets and the pictures that these have below the folder that was named.
    pub(super) fn used(&self) -> impl Iterator<Item = (&Dataset, &danlu::data::config::Subset, Vec<usize>)> {
        let folders = Folders::of(&self.set);
        let subsets = self
            .config
            .datasets
            .iter()
            .flat_map(|dataset| dataset.subsets.iter().map(move |subset| (dataset, subset)));
        subsets.map(move |(dataset, subset)| {
            let pictures = subset
                .image_dir
                .as_deref()
                .and_then(|folder| folders.get(folder))
                .unwrap_or_default();
            let below = pictures
                .iter()
                .copied()
                .filter(|&picture| self.is_below(&self.set.pictures[picture].path));
            (dataset, subset, below.collect())
        })
    }

    fn is_below(&self, path: &Path) -> bool {
        let real = || Some(path.canonicalize().ok()?.starts_with(self.real_dir.as_deref()?));
        path.starts_with(&self.dir) || real() == Some(true)
    }

    /// A file as it is named from the folder.
    pub(super) fn name(&self, picture: usize) -> String {
        let path = &self.set.pictures[picture].path;
        let real = || {
            Some(
                path.canonicalize()
                    .ok()?
                    .strip_prefix(self.real_dir.as_deref()?)
                    .ok()?
                    .to_owned(),
            )
        };
        let below = path.strip_prefix(&self.dir).map(Path::to_owned).ok().or_else(real);
        below.as_deref().unwrap_or(path).to_string_lossy().into_owned()
    }

    /// For each picture its size as stored, or why it has none. Headers only, on all processors.
    pub(super) fn sizes(&self) -> Vec<Result<Size, String>> {
        let size = |picture: &set::Picture| match picture::facts(&picture.path) {
            Ok(facts) => Ok([facts.width, facts.height]),
            Err(trouble) => Err(trouble.to_string()),
        };
        self.set.pictures.par_iter().map(size).collect()
    }
}

/// What options of the command line come to.
fn refused(problems: Vec<Problem>) -> Failure {
    let hint = problems.first().and_then(|problem| problem.hint.clone());
    let sentences: Vec<_> = problems.iter().map(ToString::to_string).collect();
    Failure::usage(sentences.join("; ")).maybe_hint(hint)
}
