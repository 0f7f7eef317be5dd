//! A tagger's job: opens the set and the model, looks at one picture after the other, says what it proposes.
//!
//! The model runs on a thread of its own. A cancelled job ends at once: the thread finishes its picture, finds nobody waiting, and
//! ends.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::error::Error;
use super::event::{Event, JobId};
use super::pace::Pace;
use super::{CancelToken, Outlet};
use crate::data::edit::Choices;
use crate::data::edit::propose::{self, Conflict, Proposal};
use crate::data::journal::{Halt, Journal, Stop};
use crate::data::picture::{Limits, open};
use crate::data::set::Set;
use crate::vision::results::Writer;
use crate::vision::{Looker, Settings, TagJob, looker};

/// How long a cancelled job may take to notice.
const PATIENCE: Duration = Duration::from_millis(50);
/// Warnings about single pictures that are said; of the rest the number.
const SAID: usize = 20;

/// A model that stays for the next job.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    path: PathBuf,
    changed: Option<SystemTime>,
    looker: Arc<Mutex<Looker>>,
}

/// What became of one picture, and which it is.
type Outcome = (PathBuf, Result<Proposal, Fault>);

enum Fault {
    /// The picture cannot be read; the others can.
    Picture(String),
    /// The model fails, and would fail on the next.
    Model(looker::Error),
}

/// One job on its way.
pub(super) struct Tagging<'a> {
    pub(super) id: JobId,
    pub(super) job: &'a TagJob,
    pub(super) cancel: &'a CancelToken,
    pub(super) outlet: &'a Outlet,
}

impl Tagging<'_> {
    /// Does the job. `kept` is the last job's model, which stays if it is this one's, too.
    pub(super) fn run(&self, kept: &mut Option<Kept>, device: &burn::tensor::Device, name: &str) -> Result<(), Error> {
        self.outlet.post(Event::Started {
            job: self.id,
            pictures: 0,
            device: name.to_owned(),
        });
        let set = self.set()?;
        let wanted = self.wanted(&set)?;
        let (mut writer, done) = match &self.job.results {
            Some(path) => {
                let (writer, done) = Writer::begin(path, self.job).map_err(|e| Error::results(path, &e))?;
                (Some(writer), done)
            }
            None => (None, Vec::new()),
        };
        let mut proposals = done;
        let known: std::collections::HashSet<_> = proposals.iter().map(|p| p.picture.clone()).collect();
        let left: Vec<PathBuf> = wanted.into_iter().filter(|path| !known.contains(path)).collect();
        if !left.is_empty() {
            let looker = self.looker(kept, device)?;
            let of = left.len();
            let outcomes = look_at(looker, left, self.job.settings.clone(), self.cancel.clone())?;
            self.follow(&outcomes, of, |proposal| {
                if let Some(writer) = &mut writer {
                    writer.put(&proposal).map_err(|e| Error::results(writer.path(), &e))?;
                }
                self.tell(&proposal);
                proposals.push(proposal);
                Ok(())
            })?;
        }
        if let Some(writer) = &mut writer {
            writer.finish().map_err(|e| Error::results(writer.path(), &e))?;
        }
        if self.job.write {
            self.write(&set, &proposals)
        } else {
            Ok(())
        }
    }

    fn tell(&self, proposal: &Proposal) {
        let proposal = Box::new(proposal.clone());
        self.outlet.post(Event::Tagged { job: self.id, proposal });
    }

    fn warn(&self, message: String) {
        self.outlet.post(Event::Warning {
            job: Some(self.id),
            message,
        });
    }

    fn set(&self) -> Result<Set, Error> {
        let opened = Set::open_with(&self.job.set, &self.job.options(), &mut |_| {}, &self.cancel.0);
        opened.map_err(|e| {
            if self.cancel.is_cancelled() {
                Error::Cancelled
            } else {
                Error::Set(e)
            }
        })
    }

    /// The pictures to look at, as the set has their paths.
    fn wanted(&self, set: &Set) -> Result<Vec<PathBuf>, Error> {
        let known: std::collections::HashMap<_, _> = set.pictures.iter().zip(0..).map(|(p, i)| (&p.path, i)).collect();
        let chosen: Vec<usize> = match &self.job.pictures {
            None => (0..set.pictures.len()).collect(),
            Some(names) => {
                let find = |name: &crate::vision::job::Name| {
                    let path = set.root.join(&name.0);
                    known.get(&path).copied().ok_or(Error::NoPicture(path))
                };
                names.iter().map(find).collect::<Result<_, _>>()?
            }
        };
        let asks = |picture: &usize| self.job.conflict != Conflict::Ignore || propose::is_blank(set, *picture);
        Ok(chosen
            .into_iter()
            .filter(asks)
            .map(|i| set.pictures[i].path.clone())
            .collect())
    }

    fn looker(&self, kept: &mut Option<Kept>, device: &burn::tensor::Device) -> Result<Arc<Mutex<Looker>>, Error> {
        let path = &self.job.model;
        let changed = std::fs::metadata(path).and_then(|about| about.modified()).ok();
        if let Some(kept) = kept
            .as_ref()
            .filter(|kept| kept.path == *path && kept.changed == changed)
        {
            return Ok(Arc::clone(&kept.looker));
        }
        *kept = None;
        self.outlet.post(Event::Loading {
            job: self.id,
            network: self.job.name(),
        });
        let looker = Looker::open(path, device, &|| self.cancel.is_cancelled())?;
        let looker = Arc::new(Mutex::new(looker));
        *kept = Some(Kept {
            path: path.clone(),
            changed,
            looker: Arc::clone(&looker),
        });
        Ok(looker)
    }

    /// Takes what comes until all pictures are looked at.
    fn follow(
        &self,
        outcomes: &Receiver<Outcome>,
        of: usize,
        mut take: impl FnMut(Proposal) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut pace = Pace::begin();
        let mut failed = 0;
        let mut step = 0;
        while step < of {
            if self.cancel.is_cancelled() {
                return Err(Error::Cancelled);
            }
            let (path, outcome) = match outcomes.recv_timeout(PATIENCE) {
                Ok(outcome) => outcome,
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => return Err(Error::Panic("the model's thread ended".to_owned())),
            };
            match outcome {
                Ok(proposal) => take(Proposal {
                    picture: path,
                    ..proposal
                })?,
                Err(Fault::Model(e)) => return Err(e.into()),
                Err(Fault::Picture(why)) => {
                    failed += 1;
                    if failed <= SAID {
                        self.warn(why);
                    }
                }
            }
            step += 1;
            pace.step();
            self.outlet.post(Event::Step {
                job: self.id,
                picture: 0,
                step,
                of,
                per_second: pace.per_second(),
                left: pace.left(of - step, of, 0),
            });
        }
        if failed > SAID {
            self.warn(format!("{} more pictures cannot be read", failed - SAID));
        }
        Ok(())
    }

    /// Writes the captions, as one batch of the set's journal.
    fn write(&self, set: &Set, proposals: &[Proposal]) -> Result<(), Error> {
        let plan = propose::plan(set, proposals, self.job.conflict, &Choices::default());
        for (path, why) in &plan.refused {
            self.warn(format!("{} is left alone: {why}", set.relative(path).escape_debug()));
        }
        if plan.changes.is_empty() {
            return Ok(());
        }
        let folders = set.subsets.iter().map(|subset| subset.folder.clone());
        let journal = Journal::at(&set.root).with_folders(folders);
        let what = format!("auto --model {}", self.job.name());
        let mut watch = |_| if self.cancel.is_cancelled() { Err(Stop) } else { Ok(()) };
        let done = journal.commit(&what, plan.into_changes(), &mut watch)?;
        for conflict in &done.conflicts {
            let path = set.relative(&conflict.path).escape_debug().to_string();
            self.warn(format!(
                "{path} was changed by somebody else meanwhile and is left alone"
            ));
        }
        match done.halted {
            None => Ok(()),
            Some(Halt::Stopped) => Err(Error::Cancelled),
            Some(Halt::Failed(e)) => Err(e.into()),
        }
    }
}

/// Begins a thread that looks at the pictures in turn, at most two ahead of whoever takes what it finds.
fn look_at(
    looker: Arc<Mutex<Looker>>,
    pictures: Vec<PathBuf>,
    settings: Settings,
    cancel: CancelToken,
) -> Result<Receiver<Outcome>, Error> {
    let (found, outcomes): (SyncSender<Outcome>, _) = sync_channel(2);
    let run = move || {
        let looker = looker.lock().unwrap_or_else(PoisonError::into_inner);
        for path in pictures {
            if cancel.is_cancelled() {
                return;
            }
            let outcome = match open(&path, &Limits::default()) {
                Err(e) => Err(Fault::Picture(e.to_string())),
                Ok(picture) => looker
                    .look(&picture, &settings, &|| cancel.is_cancelled())
                    .map_err(Fault::Model),
            };
            if found.send((path, outcome)).is_err() {
                return;
            }
        }
    };
    let thread = std::thread::Builder::new().name("tagger".to_owned()).spawn(run);
    thread
        .map(|_| outcomes)
        .map_err(|e| Error::Panic(format!("the system refuses a thread: {e}")))
}
