//! The keeper of the dataset: a thread that owns its files, its index and its journal, and does what the screen asks for.
//!
//! The screen gets the whole as it is at one moment ([`Book`]) and a newer one after every change; it never waits. Asks are done in their
//! order; of filters, lists of tags and completions only the newest that waits. Read [`keeper`] next; [`write`] is all that changes files,
//! [`answers`] what only looks, [`facts`] what is found out of pictures beside it.

mod answers;
mod facts;
mod keeper;
mod paths;
mod planned;
mod reports;
mod views;
mod write;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::Inbox;
use crate::data::query::Sizes;
use crate::panes::dataset::talk::Ask;

use keeper::Keeper;
use views::Views;

/// How long the end of the screen waits for what is being written; then it is stopped, which the journal knows how to go on from.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often that is looked at.
const LOOK: Duration = Duration::from_millis(5);

/// The keeper's thread. Dropping it ends it.
#[derive(Debug)]
pub(super) struct Dataset {
    orders: Option<Sender<Order>>,
    flags: Arc<Flags>,
    thread: Option<JoinHandle<()>>,
    views: Views,
}

/// What the thread looks at while it is at something long.
#[derive(Debug, Default)]
struct Flags {
    /// No more is to be written.
    stop: AtomicBool,
    /// No more is to be read.
    enough: AtomicBool,
    /// The screen is being left: only what changes files is still done.
    closing: AtomicBool,
    /// No more is to be found out beside everything else.
    apart: AtomicBool,
}

/// What the thread is told.
#[derive(Debug)]
enum Order {
    /// The screen asks.
    Ask(Ask),
    /// These paths are others now; none to look at everything.
    Changed(Vec<PathBuf>),
    /// Something that was found out beside everything else, of that reading of the dataset.
    Learned { reading: u64, learned: Learned },
}

/// What is found out of pictures' files.
#[derive(Debug)]
enum Learned {
    /// The headers of all pictures.
    Sizes(Sizes),
    /// The pictures that have a near-duplicate; none where the search was stopped.
    Duplicates(Option<Vec<usize>>),
}

/// Where the keeper finds the user's files.
#[derive(Clone, Debug)]
pub(super) struct Home {
    /// For `~/`.
    pub(super) home: PathBuf,
    /// The saved queries.
    pub(super) queries: PathBuf,
    /// The model trees.
    pub(super) roots: Vec<PathBuf>,
    /// danlu's data, for proposals.
    pub(super) data: PathBuf,
    /// Below which prints of pictures are remembered.
    pub(super) cache: PathBuf,
}

impl Dataset {
    /// Starts the thread, which does nothing until it is asked.
    pub(super) fn start(home: Home, inbox: Inbox) -> io::Result<Self> {
        let (orders, waiting) = mpsc::channel();
        let views = Views::start(home.clone(), inbox.clone())?;
        let flags = Arc::new(Flags::default());
        let (tell, theirs) = (orders.clone(), Arc::clone(&flags));
        let work = move || Keeper::new(home, inbox, tell, theirs).run(&waiting);
        let thread = thread::Builder::new().name("dataset".to_owned()).spawn(work)?;
        Ok(Self {
            orders: Some(orders),
            flags,
            thread: Some(thread),
            views,
        })
    }

    /// Has it do what the screen asks for.
    pub(super) fn ask(&self, ask: Ask) {
        if let Ask::View(ask) = ask {
            self.views.ask(ask);
        } else if ask == Ask::Stop {
            self.flags.stop.store(true, Ordering::Relaxed);
            self.flags.enough.store(true, Ordering::Relaxed);
            self.flags.apart.store(true, Ordering::Relaxed);
            self.views.ask(crate::panes::dataset::views::talk::Ask::Stop);
        } else if let Some(orders) = &self.orders {
            // The thread has ended only when the screen is being left.
            let _ = orders.send(Order::Ask(ask));
        }
    }

    /// Ends the thread after what it was asked to write. What takes too long is stopped between two files.
    pub(super) fn finish(&mut self) {
        let Some(orders) = self.orders.take() else { return };
        let _ = orders.send(Order::Ask(Ask::End));
        self.flags.closing.store(true, Ordering::Relaxed);
        self.flags.enough.store(true, Ordering::Relaxed);
        self.flags.apart.store(true, Ordering::Relaxed);
        drop(orders);
        let Some(thread) = self.thread.take() else { return };
        let until = Instant::now() + PATIENCE;
        while !thread.is_finished() && Instant::now() < until {
            thread::sleep(LOOK);
        }
        self.flags.stop.store(true, Ordering::Relaxed);
        let until = Instant::now() + PATIENCE;
        while !thread.is_finished() && Instant::now() < until {
            thread::sleep(LOOK);
        }
    }
}
