//! Where taggers, captioners and the face detector lie, and what to say where they do not.

use std::path::{Path, PathBuf};

use super::caption;
use super::tagger;
use super::vocabulary;

/// Folders below a model tree that taggers and captioners are looked for in: danlu's own, then those of kohya's script and of
/// A1111.
const FOLDERS: [&str; 4] = ["taggers", "wd14_tagger_model", "tagger_models", "BLIP"];
/// Where the face detector lies below a model tree, the likeliest first: `OpenCV`'s own name, then A1111's.
const FACES: [&str; 3] = [
    "opencv/face_detection_yunet_2023mar.onnx",
    "opencv/face_detection_yunet.onnx",
    "opencv/face_detection_yunet_2026may.onnx",
];

/// No model of that name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no tagger \"{wanted}\": put {} and {} into {}", tagger::GRAPHS[0], vocabulary::CSV, place.display())]
pub struct Missing {
    /// What was asked for.
    pub wanted: String,
    /// The folder that would do.
    pub place: PathBuf,
    /// Those that are there.
    pub others: Vec<String>,
}

impl Missing {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        if self.others.is_empty() {
            let files = format!(
                "{}, {} and {}",
                caption::CONFIG,
                caption::WEIGHTS[0],
                caption::wordpiece::LIST
            );
            Some(format!("for BLIP, put {files} there"))
        } else {
            Some(format!("there are: {}", self.others.join(", ")))
        }
    }
}

/// A tagger or captioner that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What it is called by.
    pub name: String,
    /// Its folder.
    pub path: PathBuf,
}

/// All taggers and captioners in these trees, by name; of equal names the first tree's.
pub fn all(roots: &[PathBuf]) -> Vec<Found> {
    let folders = roots.iter().flat_map(|root| FOLDERS.map(|folder| root.join(folder)));
    let inner = folders.flat_map(|folder| {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut paths: Vec<_> = entries
            .map(|entry| entry.path())
            .filter(|path| is_model(path))
            .collect();
        paths.sort();
        paths
    });
    let mut found: Vec<Found> = Vec::new();
    for path in inner {
        let Some(name) = path.file_name().and_then(|name| name.to_str()).map(str::to_owned) else {
            continue;
        };
        if !found.iter().any(|other| other.name == name) {
            found.push(Found { name, path });
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// The model that is meant: a path, or a name in the trees. `SmilingWolf/wd-vit-tagger-v3` is found as `wd-vit-tagger-v3` and as
/// `SmilingWolf_wd-vit-tagger-v3`.
///
/// # Errors
/// When there is none, with the folder to put it into.
pub fn find(roots: &[PathBuf], wanted: &str) -> Result<PathBuf, Missing> {
    let path = Path::new(wanted);
    if is_model(path) || is_graph(path) {
        return Ok(path.to_owned());
    }
    let all = all(roots);
    let short = wanted.trim_end_matches('/').rsplit('/').next().unwrap_or(wanted);
    let names = [wanted.to_owned(), wanted.replace('/', "_"), short.to_owned()];
    let found = names
        .iter()
        .find_map(|name| all.iter().find(|found| found.name.eq_ignore_ascii_case(name)));
    if let Some(found) = found {
        return Ok(found.path.clone());
    }
    let root = roots.first().cloned().unwrap_or_else(|| PathBuf::from("models"));
    let place = if let Some(folder) = path
        .parent()
        .filter(|_| has_graphs_name(path) && path.components().nth(1).is_some())
    {
        folder.to_owned()
    } else if path.is_dir() || path.is_absolute() {
        path.to_owned()
    } else {
        root.join(FOLDERS[0]).join(short)
    };
    Err(Missing {
        wanted: wanted.to_owned(),
        place,
        others: all.into_iter().map(|found| found.name).collect(),
    })
}

/// The face detector's file in these trees, or where to put it.
///
/// # Errors
/// With the path that it is missed at.
pub fn faces(roots: &[PathBuf]) -> Result<PathBuf, PathBuf> {
    let mut places = roots.iter().flat_map(|root| FACES.map(|file| root.join(file)));
    let root = roots.first().cloned().unwrap_or_else(|| PathBuf::from("models"));
    places.find(|path| path.is_file()).ok_or_else(|| root.join(FACES[0]))
}

fn is_model(path: &Path) -> bool {
    path.is_dir() && (tagger::graph_in(path).is_some() || caption::is_captioner(path))
}

/// Whether the path is a graph itself, under whatever name.
pub fn is_graph(path: &Path) -> bool {
    path.is_file() && has_graphs_name(path)
}

fn has_graphs_name(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("onnx"))
}
