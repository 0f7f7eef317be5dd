//! Which model a name means.

use std::path::{Path, PathBuf};

use super::{EXTENSIONS, Folder, Found, Trees, has_extension, is_model, without_extension};

/// How many near names an error gives.
const NEAR: usize = 3;

/// Why a name means no model, or more than one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FindError {
    /// No model has this name.
    #[error("there is no model named {wanted:?}")]
    NotFound {
        /// The name.
        wanted: String,
        /// The nearest names there are, best first.
        near: Vec<String>,
        /// Where was looked.
        searched: Vec<PathBuf>,
    },
    /// Several models have this name.
    #[error("{wanted:?} is the name of {} models: {}", candidates.len(), list(candidates))]
    Ambiguous {
        /// The name.
        wanted: String,
        /// All of them.
        candidates: Vec<PathBuf>,
    },
    /// The path is there but is no model.
    #[error("{} is neither a {} file nor a diffusers folder", path.display(), EXTENSIONS.join(", "))]
    NotAModel {
        /// The path.
        path: PathBuf,
    },
}

fn list(paths: &[PathBuf]) -> String {
    paths
        .iter()
        .map(|path| path.display().to_string())
        .collect::<Vec<_>>()
        .join(", ")
}

impl FindError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotFound { near, .. } if !near.is_empty() => Some(format!("did you mean {}?", near.join(", "))),
            Self::NotFound { searched, .. } if searched.is_empty() => {
                Some("name a folder to look in with --models-dir".to_owned())
            }
            Self::NotFound { searched, .. } => Some(format!(
                "looked in {}; name another folder with --models-dir",
                list(searched)
            )),
            Self::Ambiguous { .. } => Some("write one of these paths, or enough of its end".to_owned()),
            Self::NotAModel { .. } => Some("a diffusers folder is the one that holds model_index.json".to_owned()),
        }
    }
}

/// The model that `wanted` means: a path that exists, else a name among the models under `roots`, see [`Trees::find`].
///
/// # Errors
/// Nothing or too much is found, or the path is no model.
pub fn find(roots: &[PathBuf], wanted: &str, folder: Option<Folder>) -> Result<PathBuf, FindError> {
    let path = Path::new(wanted);
    if is_model(path) || (wanted.contains(['/', '\\']) && path.is_file()) {
        return Ok(path.to_owned());
    }
    let found = Trees::scan(roots).find(wanted, folder).map(|found| found.path.clone());
    found.map_err(|error| match error {
        // A bare name may by chance be some folder's here.
        FindError::NotFound { .. } if path.exists() && wanted.contains(['/', '\\', '.']) => {
            FindError::NotAModel { path: path.to_owned() }
        }
        FindError::NotFound { wanted, near, .. } => FindError::NotFound {
            wanted,
            near,
            searched: roots.to_vec(),
        },
        other => other,
    })
}

/// A1111's title `name.safetensors [0123456789]` as name and hash; any other text as name alone.
pub fn split_title(title: &str) -> (&str, Option<&str>) {
    let is_hash = |hash: &str| hash.len() >= 8 && hash.bytes().all(|b| b.is_ascii_hexdigit());
    match title.strip_suffix(']').and_then(|open| open.rsplit_once(" [")) {
        Some((name, hash)) if is_hash(hash) => (name.trim_end(), Some(hash)),
        _ => (title, None),
    }
}

impl Trees {
    /// The model of that name: with or without its extension, with or without the folders above it, as A1111's title with a hash, in
    /// other case if no model has it as written. Where `folder` is given, models of that kind and of no known kind come first. Of
    /// one model in several formats side by side the safest is taken: safetensors, diffusers, then pickles.
    ///
    /// # Errors
    /// No model has the name, or models in different places have it.
    pub fn find(&self, wanted: &str, folder: Option<Folder>) -> Result<&Found, FindError> {
        let fits = |found: &&Found| folder.is_none() || found.folder.is_none() || found.folder == folder;
        let fitting: Vec<&Found> = self.models.iter().filter(fits).collect();
        let all: Vec<&Found> = self.models.iter().collect();
        let (title, _) = split_title(wanted);
        for name in [wanted, title] {
            let name = name.trim().replace('\\', "/");
            let name = name.trim_start_matches("./");
            for pool in [&fitting, &all] {
                let matches = best_matches(pool, name);
                if !matches.is_empty() {
                    return one_of(matches, wanted);
                }
            }
        }
        let near = near(&fitting, title);
        Err(FindError::NotFound {
            wanted: wanted.to_owned(),
            near,
            searched: Vec::new(),
        })
    }
}

/// All models that match in the strictest way in which any does.
fn best_matches<'a>(pool: &[&'a Found], name: &str) -> Vec<&'a Found> {
    if name.is_empty() {
        return Vec::new();
    }
    for fold_case in [false, true] {
        let same = |a: &str, b: &str| a == b || (fold_case && a.to_lowercase() == b.to_lowercase());
        for depth in [None, Some(name.split('/').count())] {
            let matches = |found: &&&Found| {
                let path = found.path.to_string_lossy().replace('\\', "/");
                let of = match depth {
                    None => found.name.as_str(),
                    Some(depth) => last_parts(&path, depth),
                };
                same(of, name) || (!found.diffusers && same(without_extension(of), name))
            };
            let matches: Vec<&Found> = pool.iter().filter(matches).copied().collect();
            if !matches.is_empty() {
                return matches;
            }
        }
    }
    Vec::new()
}

/// The last `count` parts of a path.
fn last_parts(path: &str, count: usize) -> &str {
    path.rmatch_indices('/')
        .nth(count - 1)
        .map_or(path, |(at, _)| &path[at + 1..])
}

/// The one model among several matches, if they are one model in several formats, or links to one file.
fn one_of<'a>(mut matches: Vec<&'a Found>, wanted: &str) -> Result<&'a Found, FindError> {
    let place = |found: &Found| {
        if found.diffusers {
            found.path.clone()
        } else {
            found.path.with_extension("")
        }
    };
    let rank = |found: &Found| match found.path.extension() {
        _ if found.diffusers => 1,
        Some(extension) if extension.eq_ignore_ascii_case("safetensors") => 0,
        _ => 2,
    };
    matches.sort_by_key(|found| rank(found));
    let first = matches[0];
    let best = matches.iter().filter(|found| rank(found) == rank(first)).count();
    if matches.iter().all(|found| place(found) == place(first)) && best == 1 {
        return Ok(first);
    }
    let mut real: Vec<_> = matches
        .iter()
        .map(|found| std::fs::canonicalize(&found.path).ok())
        .collect();
    real.dedup();
    if real.len() == 1 && real[0].is_some() {
        return Ok(first);
    }
    matches.sort_by(|a, b| a.path.cmp(&b.path));
    let candidates = matches.iter().map(|found| found.path.clone()).collect();
    Err(FindError::Ambiguous {
        wanted: wanted.to_owned(),
        candidates,
    })
}

/// The names most like the wanted one.
fn near(pool: &[&Found], wanted: &str) -> Vec<String> {
    let last = wanted.rsplit(['/', '\\']).next().unwrap_or_default();
    let wanted = if has_extension(last) {
        without_extension(last)
    } else {
        last
    }
    .to_lowercase();
    let score = |found: &Found| {
        let stem = found.stem().to_lowercase();
        let inside = wanted.chars().count() > 2 && stem.contains(&wanted);
        strsim::normalized_damerau_levenshtein(&wanted, &stem).max(if inside { 0.9 } else { 0.0 })
    };
    let mut scored: Vec<(f64, &str)> = pool.iter().map(|found| (score(found), found.stem())).collect();
    scored.retain(|(score, _)| *score >= 0.5);
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut names: Vec<String> = Vec::new();
    for (_, name) in scored {
        if names.len() < NEAR && !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_split() {
        assert_eq!(
            split_title("a/b.safetensors [6ce0161689]"),
            ("a/b.safetensors", Some("6ce0161689"))
        );
        assert_eq!(split_title("fox [v2]"), ("fox [v2]", None));
        assert_eq!(split_title("[6ce0161689]"), ("[6ce0161689]", None));
    }

    #[test]
    fn paths_are_compared_from_their_end() {
        assert_eq!(last_parts("/a/b/c", 2), "b/c");
        assert_eq!(last_parts("b/c", 9), "b/c");
    }
}
