//! The set that a command is about, and how it is used: by a configuration, or by its folders.

use std::path::{Path, PathBuf};

use danlu::data::batches::group::{self, Group};
use danlu::data::buckets::Size;
use danlu::data::buckets::hand::Hands;
use danlu::data::config::folders::Folders;
use danlu::data::config::{Arguments, Config, Dataset, Problem, Subset};
use danlu::data::picture;
use danlu::data::set::{self, Set};
use danlu::ui::text::{safe, safe_lines};
use rayon::prelude::*;

use crate::cli::failure::Failure;
use crate::cli::tags::edits::{self, open_any};

/// A set and how training uses it.
#[derive(Debug)]
pub(super) struct Ground {
    pub(super) set: Set,
    pub(super) config: Config,
    /// What files are named from.
    dir: PathBuf,
    /// Whether only pictures below it are meant: not where a configuration itself was named, whose pictures may lie anywhere.
    only_below: bool,
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
        let set = open_any(config_file.unwrap_or(dir), options)?;
        let arguments = arguments(config_file.is_some());
        let used = match config_file {
            Some(path) => Config::read(path, &arguments)
                .map_err(|error| Failure::failed(safe_lines(&error.to_string())).maybe_hint(error.hint()))?,
            None => Config::of_folders(&set, &arguments).map_err(refused)?,
        };
        let only_below = !dir.is_file();
        let dir = if only_below { dir.to_owned() } else { set.root.clone() };
        let ground = Self {
            set,
            config: used,
            real_dir: dir.canonicalize().ok(),
            dir,
            only_below,
        };
        ground.check_pictures(config_file)?;
        if let Some(file) = config_file {
            edits::warn_of_unread(&ground.set, file);
        }
        Ok(ground)
    }

    /// That there is a picture at all, and below the folder that was named.
    fn check_pictures(&self, config: Option<&Path>) -> Result<(), Failure> {
        if self.used().any(|(.., pictures)| !pictures.is_empty()) {
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

    /// The datasets with each of their subsets, both with their numbers, and the pictures that these have below the folder that was named.
    pub(super) fn used(&self) -> impl Iterator<Item = ([usize; 2], &Dataset, &Subset, Vec<usize>)> {
        let folders = Folders::of(&self.set);
        let subsets = self.config.datasets.iter().enumerate().flat_map(|(of, dataset)| {
            let subsets = dataset.subsets.iter().enumerate();
            subsets.map(move |(number, subset)| ([of, number], dataset, subset))
        });
        subsets.map(move |(numbers, dataset, subset)| {
            let pictures = folders.of_subset(subset).unwrap_or_default();
            let below = pictures
                .iter()
                .copied()
                .filter(|&picture| !self.only_below || self.is_below(&self.set.pictures[picture].path));
            (numbers, dataset, subset, below.collect())
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

    /// Its pictures dealt into batches as training deals them.
    pub(super) fn deal(&self, sizes: &[Result<Size, String>], hands: &Hands, seed: i64) -> Result<Group, group::Error> {
        let sizes: Vec<_> = sizes.iter().map(|size| size.as_ref().ok().copied()).collect();
        let ground = group::Ground {
            set: &self.set,
            sizes: &sizes,
            hands,
            seed,
        };
        Group::new(&self.config, &ground)
    }

    /// What was cut by hand.
    pub(super) fn hands(&self) -> Result<Hands, Failure> {
        let hands = Hands::read(&self.set.root);
        hands.map_err(|error| Failure::failed(error.to_string()).maybe_hint(error.hint()))
    }

    /// For each picture its size as buckets go by it, or why it has none. Headers only, on all processors.
    pub(super) fn sizes(&self) -> Vec<Result<Size, String>> {
        let size = |(number, picture): (usize, &set::Picture)| match self.set.said_size(number) {
            Some(size) => Ok(size),
            None => match picture::facts(&picture.path) {
                Ok(facts) => Ok([facts.width, facts.height]),
                Err(trouble) => Err(trouble.to_string()),
            },
        };
        self.set.pictures.par_iter().enumerate().map(size).collect()
    }
}

/// What options of the command line come to.
fn refused(problems: Vec<Problem>) -> Failure {
    let hint = problems.first().and_then(|problem| problem.wrong.hint());
    let sentences: Vec<_> = problems.iter().map(ToString::to_string).collect();
    Failure::usage(sentences.join("; ")).maybe_hint(hint)
}
