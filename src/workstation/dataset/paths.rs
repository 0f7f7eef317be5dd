//! What a path that is being typed may be completed to: folders, and TOML files.

use std::path::{Path, PathBuf};

/// The most that are offered.
const MOST: usize = 200;

/// The paths that begin as typed, folders with a `/` behind; `~` is `home`.
pub(super) fn complete(typed: &str, home: &Path) -> Vec<String> {
    let (folder, begin) = match typed.rfind('/') {
        Some(at) => typed.split_at(at + 1),
        None if typed == "~" => return vec!["~/".to_owned()],
        None => ("", typed),
    };
    let place = match folder.strip_prefix("~/") {
        Some(rest) => home.join(rest),
        None if folder.is_empty() => PathBuf::from("."),
        None => PathBuf::from(folder),
    };
    let Ok(entries) = std::fs::read_dir(place) else {
        return Vec::new();
    };
    let mut found: Vec<String> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let hidden = name.starts_with('.') && !begin.starts_with('.');
            if hidden || !name.starts_with(begin) {
                return None;
            }
            let path = entry.path();
            if path.is_dir() {
                return Some(format!("{folder}{name}/"));
            }
            let is_toml = path
                .extension()
                .is_some_and(|extension| extension.eq_ignore_ascii_case("toml"));
            is_toml.then(|| format!("{folder}{name}"))
        })
        .take(MOST)
        .collect();
    found.sort();
    found
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn folders_and_tomls_that_begin_so_are_offered() {
        let home = tempfile::tempdir().unwrap();
        for folder in ["sets/10_fox", "sets/10_owl", "sets/.danlu"] {
            std::fs::create_dir_all(home.path().join(folder)).unwrap();
        }
        for file in ["sets/1.toml", "sets/1.txt"] {
            std::fs::write(home.path().join(file), "").unwrap();
        }
        let offered = |typed: &str| complete(typed, home.path());
        assert_eq!(
            offered("~/sets/1"),
            ["~/sets/1.toml", "~/sets/10_fox/", "~/sets/10_owl/"]
        );
        assert_eq!(offered("~/sets/10_f"), ["~/sets/10_fox/"]);
        assert_eq!(offered("~/sets/."), ["~/sets/.danlu/"]);
        assert_eq!(offered("~"), ["~/"]);
        assert!(offered("~/none/x").is_empty());
    }
}
