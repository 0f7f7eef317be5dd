//! The workstation's files: themes, the keymap, the draft, the settings that the screen itself changes.

use std::path::{Path, PathBuf};

use super::{Options, picks};
use crate::app::Workshop;
use crate::app::draft::Draft;
use crate::app::msg::{Complaint, Models};
use crate::diffusion::recipe::random_seed;
use crate::engine::Output;
use crate::keys::Keymap;
use crate::library::{Folder, Places, Trees};
use crate::panes::parameters::Model;
use crate::prompt::Tokenizer;
use crate::prompt::inversions::Inversions;
use crate::store::settings::Settings;
use crate::store::{WriteError, atomic, shipped};
use crate::term::graphics::{Picks, Protocol};
use crate::ui::theme::{Depth, Theme, ThemeError, Themes};
use crate::weights::Checkpoint;
use crate::weights::embedding::Embedding;

/// The folder of the settings file, where themes and keymap lie too.
pub(super) fn config_folder(options: &Options) -> PathBuf {
    match options.config_file.parent() {
        Some(folder) if folder != Path::new("") => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// The settings file, as the watch names it.
pub(super) fn settings_file(options: &Options) -> PathBuf {
    let name = options.config_file.file_name().unwrap_or_default();
    config_folder(options).join(name)
}

/// The folder of the user's themes.
pub(super) fn theme_folder(options: &Options) -> PathBuf {
    config_folder(options).join("themes")
}

/// The user's keymap.
pub(super) fn keymap_file(options: &Options) -> PathBuf {
    config_folder(options).join("keys.toml")
}

/// The theme of that name at that depth; `auto` suits the terminal's background.
pub(super) fn theme(options: &Options, name: &str, dark: Option<bool>, depth: Depth) -> Result<Theme, ThemeError> {
    Ok(Themes::with_folder(theme_folder(options)).choose(name, dark)?.at(depth))
}

/// The names of all themes.
pub(super) fn themes(options: &Options) -> Vec<String> {
    Themes::with_folder(theme_folder(options)).names()
}

/// The keymap: the defaults, and the user's changes to them.
pub(super) fn keymap(options: &Options) -> Result<Keymap, Complaint> {
    let file = keymap_file(options);
    let bytes = match std::fs::read(&file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Keymap::default()),
        Err(error) => return Err(complaint(format!("cannot read {}: {error}", file.display()))),
    };
    Keymap::with_user(&file, &bytes).map_err(|errors| {
        let more = match errors.len() {
            0 | 1 => String::new(),
            n => format!(" (and {} more)", n - 1),
        };
        let first = errors.first().map(ToString::to_string).unwrap_or_default();
        let hint = errors.first().and_then(crate::keys::KeyError::hint);
        Complaint {
            message: format!("{first}{more}"),
            hint,
        }
    })
}

/// What was worked on last time. A draft that cannot be read is no draft.
pub(super) fn draft(options: &Options) -> Draft {
    let text = std::fs::read_to_string(draft_file(options)).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

/// Keeps what is being worked on.
pub(super) fn keep(options: &Options, draft: &Draft) -> Result<(), WriteError> {
    let file = draft_file(options);
    atomic::create_folder(&options.environment.paths.data_dir)?;
    atomic::write_atomic(&file, |out| {
        serde_json::to_writer_pretty(out, draft).map_err(Into::into)
    })
}

fn draft_file(options: &Options) -> PathBuf {
    options.environment.paths.data_dir.join("draft.json")
}

/// Writes a setting into the settings file, whose other lines and comments stay.
pub(super) fn set(options: &Options, key: &str, value: &str) -> Result<(), Complaint> {
    let file = &options.config_file;
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(complaint(format!("cannot read {}: {error}", file.display()))),
    };
    let mut document: toml_edit::DocumentMut = text
        .parse()
        .map_err(|error| complaint(format!("{} is not changed: {error}", file.display())))?;
    document[key] = toml_edit::value(value);
    let written = atomic::create_folder(&config_folder(options))
        .and_then(|()| atomic::write_atomic(file, |out| out.write_all(document.to_string().as_bytes())));
    written.map_err(|error| Complaint {
        message: error.to_string(),
        hint: error.hint(),
    })
}

/// What every job is given.
pub(super) fn workshop(options: &Options) -> Workshop {
    let Settings {
        directory_pattern,
        filename_pattern,
        comma_padding_backtrack,
        ..
    } = options.settings.clone();
    let paths = &options.environment.paths;
    let output = Output::Numbered {
        folder: options.settings.txt2img_dir(paths),
        directory_pattern,
        filename_pattern,
    };
    Workshop {
        output,
        hash_cache: Some(Places::of(paths).index),
        comma_backtrack: comma_padding_backtrack as usize,
        rng: options.settings.rng.parse().unwrap_or_default(),
        seed: random_seed,
    }
}

/// The shipped checkpoint, whether it is unpacked yet or not.
pub(super) fn shipped(options: &Options) -> Model {
    let folder = shipped::folder(&options.environment.paths.cache_dir);
    Model {
        name: shipped::NAME.to_owned(),
        path: folder.join(format!("{}.safetensors", shipped::NAME)),
    }
}

/// Unpacks the shipped checkpoint, if that has not been done yet.
pub(super) fn unpack(options: &Options) -> Result<(), Complaint> {
    let unpacked = shipped::unpack(&options.environment.paths.cache_dir);
    unpacked.map(drop).map_err(|error| Complaint {
        message: error.to_string(),
        hint: error.hint(),
    })
}

/// The embeddings below some roots by name, with how many tokens each takes, whatever family it is of. What cannot be read is none.
pub(super) fn inversions(roots: &[PathBuf]) -> Inversions {
    let trees = Trees::scan(roots);
    let files = trees
        .models
        .iter()
        .filter(|found| found.folder == Some(Folder::Embedding));
    let mut inversions = Inversions::default();
    for path in files.chain(&trees.pictures).map(|found| &found.path) {
        if let Ok(Some(named)) = Embedding::open(path) {
            inversions.add(&named.name, named.embedding.count(), Tokenizer::clip());
        }
    }
    inversions
}

/// Every checkpoint and VAE below the user's trees, and the shipped checkpoint behind them.
pub(super) fn models(options: &Options) -> Models {
    let library = Trees::scan(&options.roots);
    let of = |folders: &[Option<Folder>]| {
        let found = library.models.iter().filter(|found| folders.contains(&found.folder));
        found
            .map(|found| Model {
                name: found.name.clone(),
                path: found.path.clone(),
            })
            .collect::<Vec<_>>()
    };
    let mut checkpoints = of(&[Some(Folder::Checkpoint), None]);
    checkpoints.push(shipped(options));
    Models {
        checkpoints,
        vaes: of(&[Some(Folder::Vae)]),
    }
}

/// The size that a checkpoint was trained for.
pub(super) fn native_size(options: &Options, path: &Path) -> Result<[usize; 2], String> {
    Checkpoint::open_among(path, || Trees::scan(&options.roots).checkpoints())
        .map(|(checkpoint, _)| checkpoint.architecture().native_size)
        .map_err(|error| error.to_string())
}

/// What was picked for each terminal. Picks that cannot be read are none, and a complaint.
pub(super) fn picks(options: &Options) -> (Picks, Option<Complaint>) {
    match picks::load(&options.environment.paths) {
        Ok(picks) => (picks, None),
        Err(error) => {
            let hint = error.hint();
            let message = error.to_string();
            (Picks::default(), Some(Complaint { message, hint }))
        }
    }
}

/// The way of showing pictures that the settings ask for.
pub(super) fn forced_graphics(settings: &Settings) -> Option<Protocol> {
    Protocol::of_setting(&settings.graphics).unwrap_or_default()
}

fn complaint(message: String) -> Complaint {
    Complaint { message, hint: None }
}
