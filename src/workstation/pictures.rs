//! Pictures on their way from the app to the terminal: what is encoded, what is being encoded, and how often a growing one is.
//!
//! Encoding happens on a thread of its own; until a new picture is ready its slot goes on showing the old one. A growing picture is sent
//! as often as a quarter of the link bears, so that keystrokes always come first.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ratatui::layout::Size;

use super::latest::Latest;
use super::{Happening, Inbox};
use crate::app::view::Spot;
use crate::term::graphics::{self, Depth, Encoded, Order, Protocol, Scene};
use crate::term::probe::Mux;

/// What a picture may cost: a growing one and a finished one, on a slow link and on a fast one. A growing one leaves something of its 16
/// and 64 KiB for the cells beneath it.
const GROWING: [usize; 2] = [14 << 10, 60 << 10];
const FINISHED: [usize; 2] = [64 << 10, 512 << 10];
const THUMBNAIL: [usize; 2] = [4 << 10, 16 << 10];
/// The least time between two looks of a growing picture.
const OFTEN: Duration = Duration::from_millis(150);
const SELDOM: Duration = Duration::from_millis(500);
/// The part of the link that growing pictures may take.
const SHARE: f64 = 0.25;

/// What was encoded for which picture and place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) slot: u8,
    number: u64,
    area: Size,
}

/// How the terminal takes pictures, as far as encoding needs to know.
#[derive(Clone, Debug)]
pub struct Manner {
    /// In what way.
    pub protocol: Protocol,
    /// Width and height of a cell in pixels; zeros where that is not known.
    pub cell: (u16, u16),
    /// Colours of cells.
    pub colours: Depth,
    /// What is in between.
    pub mux: Mux,
    /// Whether the link is slow.
    pub slow: bool,
    /// What the link was seen to carry.
    pub bytes_per_second: Option<f64>,
}

impl Manner {
    /// What is encoded for a place: the more bytes, the longer the picture will be looked at.
    pub fn order(&self, spot: &Spot) -> Order {
        let fast = usize::from(!self.slow);
        let budget = match (spot.growing, spot.lasting) {
            (true, _) => GROWING[fast],
            (false, true) => FINISHED[fast],
            (false, false) => THUMBNAIL[fast],
        };
        Order {
            picture: spot.picture.clone(),
            area: spot.area.as_size(),
            cell: self.cell,
            protocol: self.protocol,
            budget,
            colours: self.colours,
            mux: self.mux,
        }
    }
}

/// The encoded pictures of the screen.
#[derive(Debug)]
pub(super) struct Pictures {
    encoder: Latest<u8, (Key, Order)>,
    ready: HashMap<u8, (Key, Arc<Encoded>)>,
    asked: HashMap<u8, Key>,
    next_look: Option<Instant>,
}

impl Pictures {
    pub(super) fn start(inbox: Inbox) -> io::Result<Self> {
        let encoder = Latest::start("encoder", move |(key, order): (Key, Order)| {
            let encoded = graphics::encode(&order);
            inbox.send(Happening::Encoded { key, encoded });
        })?;
        Ok(Self {
            encoder,
            ready: HashMap::new(),
            asked: HashMap::new(),
            next_look: None,
        })
    }

    /// What is to be shown now. Asks for the encoding of what is not ready.
    pub(super) fn scenes(&mut self, spots: &[Spot], manner: &Manner, now: Instant) -> Vec<Scene> {
        if manner.protocol == Protocol::None {
            return Vec::new();
        }
        self.ready.retain(|slot, _| spots.iter().any(|spot| spot.slot == *slot));
        self.asked.retain(|slot, _| spots.iter().any(|spot| spot.slot == *slot));
        spots.iter().filter_map(|spot| self.scene(spot, manner, now)).collect()
    }

    fn scene(&mut self, spot: &Spot, manner: &Manner, now: Instant) -> Option<Scene> {
        let key = Key {
            slot: spot.slot,
            number: spot.number,
            area: spot.area.as_size(),
        };
        let ready = self.ready.get(&spot.slot);
        if ready.is_none_or(|(other, _)| *other != key) && self.asked.get(&spot.slot) != Some(&key) {
            if spot.growing && self.next_look.is_some_and(|next| next > now) {
                // Its turn comes when the link has had time for what it was sent.
            } else {
                self.ask(key, spot, manner, now);
            }
        }
        let (known, encoded) = self.ready.get(&spot.slot)?;
        let fits = known.area == key.area && (spot.lasting || known.number == key.number);
        fits.then(|| Scene {
            slot: graphics::Slot(spot.slot),
            area: spot.area,
            encoded: Arc::clone(encoded),
        })
    }

    fn ask(&mut self, key: Key, spot: &Spot, manner: &Manner, now: Instant) {
        let order = manner.order(spot);
        if spot.growing {
            let least = if manner.slow { SELDOM } else { OFTEN };
            let cost = manner.bytes_per_second.map_or(Duration::ZERO, |rate| {
                Duration::try_from_secs_f64(order.budget as f64 / (rate * SHARE)).unwrap_or(Duration::from_secs(10))
            });
            self.next_look = Some(now + least.max(cost.min(Duration::from_secs(10))));
        }
        self.asked.insert(key.slot, key);
        self.encoder.order(key.slot, (key, order));
    }

    /// A picture is ready, if it is still wanted.
    pub(super) fn put(&mut self, key: Key, encoded: Encoded) {
        if self.asked.get(&key.slot) == Some(&key) {
            self.ready.insert(key.slot, (key, Arc::new(encoded)));
        }
    }

    /// When a growing picture that waits may be sent.
    pub(super) fn deadline(&self, now: Instant) -> Option<Instant> {
        self.next_look.filter(|next| *next > now)
    }

    /// The terminal takes pictures in another way from now on.
    pub(super) fn forget(&mut self) {
        self.ready.clear();
        self.asked.clear();
        self.next_look = None;
    }
}
