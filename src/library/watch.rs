//! Which paths change below the model folders.
//!
//! The system tells of changes on its own disks; what another machine writes to a network file system it does not hear of, so that is
//! looked through now and then, as are folders that the system cannot watch (too many of them).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use notify::{Config, Event, EventKind, PollWatcher, RecommendedWatcher, RecursiveMode, Watcher};

/// Writing that paused for so long is told.
const QUIET: Duration = Duration::from_millis(300);
/// Writing that never pauses, such as a download, is told after so long.
const LONGEST: Duration = Duration::from_secs(5);
/// How often what cannot be watched is looked through.
const POLL: Duration = Duration::from_secs(30);

/// Watches folders until it is dropped.
#[derive(Debug)]
pub struct Watch {
    /// They end the thread behind them when they are dropped.
    _watchers: Watchers,
}

#[derive(Debug)]
struct Watchers {
    _system: Option<RecommendedWatcher>,
    _poll: Option<PollWatcher>,
}

impl Watch {
    /// Begins to watch the roots and what is below them. Each message is the paths that changed, after 300 ms without another change.
    pub fn begin(roots: &[PathBuf], changes: Sender<Vec<PathBuf>>) -> Self {
        Self::begin_with(roots, changes, POLL, &is_remote)
    }

    /// The same with another pace, and another word on which folders must be looked through.
    pub fn begin_with(
        roots: &[PathBuf],
        changes: Sender<Vec<PathBuf>>,
        poll: Duration,
        must_poll: &dyn Fn(&Path) -> bool,
    ) -> Self {
        let (tell, heard) = channel();
        let folders: Vec<PathBuf> = roots.iter().flat_map(|root| super::walk::parts(root)).collect();
        let mut system = notify::recommended_watcher(teller(tell.clone())).ok();
        let mut polled = Vec::new();
        for folder in folders.into_iter().filter(|folder| folder.exists()) {
            let watched = !must_poll(&folder)
                && system
                    .as_mut()
                    .is_some_and(|system| system.watch(&folder, RecursiveMode::Recursive).is_ok());
            if !watched {
                polled.push(folder);
            }
        }
        let mut poller = None;
        if !polled.is_empty() {
            poller = PollWatcher::new(teller(tell), Config::default().with_poll_interval(poll)).ok();
            for folder in &polled {
                // What even this cannot see is found by the next refresh.
                let _ = poller
                    .as_mut()
                    .map(|poller| poller.watch(folder, RecursiveMode::Recursive));
            }
        }
        // Where no thread can be had nothing is told; lists are refreshed on demand then.
        let _ = thread::Builder::new()
            .name("models".to_owned())
            .spawn(move || gather(&heard, &changes));
        Self {
            _watchers: Watchers {
                _system: system,
                _poll: poller,
            },
        }
    }
}

fn teller(tell: Sender<PathBuf>) -> impl Fn(notify::Result<Event>) {
    move |event| {
        let Ok(event) = event else { return };
        if !matches!(event.kind, EventKind::Access(_)) {
            for path in event.paths {
                // The thread may have ended already.
                let _ = tell.send(path);
            }
        }
    }
}

/// Puts paths together until there is a pause.
fn gather(heard: &Receiver<PathBuf>, changes: &Sender<Vec<PathBuf>>) {
    while let Ok(first) = heard.recv() {
        let mut changed = BTreeSet::from([first]);
        let latest = Instant::now() + LONGEST;
        loop {
            match heard.recv_timeout(QUIET.min(latest.saturating_duration_since(Instant::now()))) {
                Ok(path) => {
                    changed.insert(path);
                }
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
        if changes.send(changed.into_iter().collect()).is_err() {
            return;
        }
    }
}

/// Whether other machines may write to the file system that a folder lies on.
#[cfg(target_os = "linux")]
fn is_remote(folder: &Path) -> bool {
    /// NFS, SMB, CIFS, SMB 2, FUSE (sshfs and the like), 9P, Ceph, AFS, Lustre, GPFS, from `linux/magic.h` and their own sources.
    const REMOTE: [u64; 10] = [
        0x6969,
        0x517b,
        0xff53_4d42,
        0xfe53_4d42,
        0x6573_5546,
        0x0102_1997,
        0x00c3_6400,
        0x6b41_4653,
        0x0bd0_0bd0,
        0x4750_4653,
    ];
    rustix::fs::statfs(folder).is_ok_and(|found| REMOTE.contains(&(found.f_type as u64 & 0xffff_ffff)))
}

#[cfg(not(target_os = "linux"))]
fn is_remote(_folder: &Path) -> bool {
    false
}
