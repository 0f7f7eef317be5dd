//! Watches the files that are read again when they change: themes, the keymap, the settings.
//!
//! Editors write a file in many ways (in place, or a new one renamed over it), so the folders are watched and names compared, and
//! nothing is said before the writing has paused. Of a folder that is not there yet the nearest one above it is watched until it is.
//! A link to a file elsewhere is not followed; the `reload` action finds what was written there.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::{Changed, Happening, Inbox, Options, files};

/// A file that was not written to for so long is whole.
const QUIET: Duration = Duration::from_millis(100);
/// Writing that never pauses is looked at after so long.
const LONGEST: Duration = Duration::from_secs(1);

/// Watches as long as it lives.
#[derive(Debug)]
pub(super) struct Watch(Sender<Option<PathBuf>>);

impl Watch {
    /// Begins to watch. `None` where the system cannot: then files are read again on demand only.
    pub(super) fn start(options: &Options, inbox: Inbox) -> Option<Self> {
        let (sender, paths) = channel();
        let tell = sender.clone();
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            let Ok(event) = event else { return };
            if matches!(event.kind, EventKind::Access(_)) {
                return;
            }
            for path in event.paths {
                // The thread may have ended already.
                let _ = tell.send(Some(path));
            }
        })
        .ok()?;
        let mut attention = Attention {
            watcher,
            ours: Ours::of(options),
            watched: BTreeSet::new(),
        };
        attention.turn();
        let run = move || attention.run(&paths, &inbox);
        thread::Builder::new().name("watch".to_owned()).spawn(run).ok()?;
        Some(Self(sender))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.0.send(None);
    }
}

/// What is looked for.
struct Ours {
    settings: PathBuf,
    keymap: PathBuf,
    config: PathBuf,
    themes: PathBuf,
}

impl Ours {
    fn of(options: &Options) -> Self {
        Self {
            settings: files::settings_file(options),
            keymap: files::keymap_file(options),
            config: files::config_folder(options),
            themes: files::theme_folder(options),
        }
    }

    fn what(&self, path: &Path) -> Option<Changed> {
        let is_theme = || {
            path == self.themes
                || (path.parent() == Some(&self.themes)
                    && path.extension().is_some_and(|extension| extension == "toml"))
        };
        match path {
            _ if path == self.settings => Some(Changed::Settings),
            _ if path == self.keymap => Some(Changed::Keymap),
            _ => is_theme().then_some(Changed::Themes),
        }
    }
}

struct Attention {
    watcher: RecommendedWatcher,
    ours: Ours,
    /// The folders that are watched now.
    watched: BTreeSet<PathBuf>,
}

impl Attention {
    /// Watches the folders that there are now. What lies in one that was not watched before may be new.
    fn turn(&mut self) -> BTreeSet<Changed> {
        let mut new = BTreeSet::new();
        let mut watched = BTreeSet::new();
        for folder in [&self.ours.config, &self.ours.themes] {
            let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.clone());
            // The folder itself keeps its name as it is in the settings' path; those above it are only looked at.
            let nearest = if folder.is_dir() {
                Some(folder.clone())
            } else {
                absolute.ancestors().find(|above| above.is_dir()).map(Path::to_owned)
            };
            let Some(nearest) = nearest else { continue };
            if watched.contains(&nearest) {
                continue;
            }
            let known = self.watched.contains(&nearest);
            // Once more does no harm, and helps where the folder was made anew meanwhile.
            if self.watcher.watch(&nearest, RecursiveMode::NonRecursive).is_err() {
                continue;
            }
            if !known && nearest == *folder {
                new.extend(self.lying_in(folder));
            }
            watched.insert(nearest);
        }
        for gone in self.watched.difference(&watched) {
            // It may be gone from the disk too.
            let _ = self.watcher.unwatch(gone);
        }
        self.watched = watched;
        new
    }

    fn lying_in(&self, folder: &Path) -> Vec<Changed> {
        if folder == self.ours.themes {
            return vec![Changed::Themes];
        }
        let files = [
            (&self.ours.settings, Changed::Settings),
            (&self.ours.keymap, Changed::Keymap),
        ];
        let there = files.into_iter().filter(|(file, _)| file.exists());
        there.map(|(_, changed)| changed).collect()
    }

    fn run(mut self, paths: &Receiver<Option<PathBuf>>, inbox: &Inbox) {
        while let Ok(Some(first)) = paths.recv() {
            let mut changed: BTreeSet<_> = self.ours.what(&first).into_iter().collect();
            let latest = Instant::now() + LONGEST;
            loop {
                let patience = QUIET.min(latest.saturating_duration_since(Instant::now()));
                match paths.recv_timeout(patience) {
                    Ok(Some(path)) => changed.extend(self.ours.what(&path)),
                    Ok(None) => return,
                    Err(_) => break,
                }
            }
            changed.extend(self.turn());
            for changed in changed {
                inbox.send(Happening::Changed(changed));
            }
        }
    }
}
