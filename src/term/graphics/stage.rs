//! What pictures are on the terminal now, and what has to be sent to change that.
//!
//! Placeholders and half blocks are cells: a frame's own comparison takes care of them, and a popup above them is nothing special.
//! The others are pixels that no cell knows of. Their cells are left out of the comparison (`CellDiffOption::Skip`) while the
//! picture stands, and become cells again when it goes, which writes them and so erases it. A picture is never drawn in part: under
//! a popup, it is away.
//!
//! What [`Stage::compose`] returns has to be sent whole, with the frame, or the stage no longer knows the truth: then
//! [`Stage::forget`]. Read [`super::encode()`] for what is shown here.

use std::collections::BTreeMap;
use std::num::NonZeroU16;
use std::sync::Arc;

use ratatui::buffer::{Buffer, Cell, CellDiffOption};
use ratatui::layout::{Position, Rect};
use ratatui::style::Color;

use super::super::probe::Mux;
use super::encode::{Body, Encoded};
use super::kitty::{self, Placement};
use super::{Protocol, inline};

/// A picture of so many bytes of base64 is there at once, on a slow link too.
const BRIEF: usize = 16 << 10;

/// A place for one picture at a time. A picture that follows another in the same slot replaces it without a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(pub u8);

/// A picture that should be on the screen.
#[derive(Clone, Debug)]
pub struct Scene {
    /// Whose place it is.
    pub slot: Slot,
    /// Where. The picture stands in its middle, also when it was encoded for another size.
    pub area: Rect,
    /// The picture. The same `Arc` is the same picture, and costs nothing again.
    pub encoded: Arc<Encoded>,
}

/// Bytes around the text of a frame.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StageBytes {
    /// To be sent before the text: what its cells refer to.
    pub before: Vec<u8>,
    /// To be sent after the text: what lies above it.
    pub after: Vec<u8>,
}

impl StageBytes {
    /// How much there is to send.
    pub fn len(&self) -> usize {
        self.before.len() + self.after.len()
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The pictures on a terminal.
#[derive(Debug)]
pub struct Stage {
    protocol: Protocol,
    mux: Mux,
    seed: u32,
    truecolour: bool,
    shown: BTreeMap<Slot, Shown>,
    /// Images of kitty's that the terminal may still have although nothing shows them.
    doomed: Vec<u32>,
}

#[derive(Clone, Debug)]
struct Shown {
    encoded: Arc<Encoded>,
    /// The cells that it takes.
    rect: Rect,
    /// kitty's number for it; 0 where the protocol has none.
    id: u32,
    /// It is above its cells now.
    visible: bool,
}

impl Shown {
    fn is(&self, encoded: &Arc<Encoded>) -> bool {
        Arc::ptr_eq(&self.encoded, encoded)
    }
}

/// What no scene of the frame may draw on.
struct Taken<'a> {
    covers: &'a [Rect],
    pictures: Vec<Rect>,
}

impl Taken<'_> {
    fn touches(&self, rect: Rect) -> bool {
        self.all().any(|taken| taken.intersects(rect))
    }

    fn has(&self, x: u16, y: u16) -> bool {
        self.all().any(|taken| taken.contains(Position { x, y }))
    }

    fn all(&self) -> impl Iterator<Item = Rect> {
        self.covers
            .iter()
            .chain(&self.pictures)
            .copied()
            .filter(|rect| !rect.is_empty())
    }
}

impl Stage {
    /// An empty one.
    pub fn new(protocol: Protocol, mux: Mux) -> Self {
        let shown = BTreeMap::new();
        Self {
            protocol,
            mux,
            seed: 0,
            truecolour: true,
            shown,
            doomed: Vec::new(),
        }
    }

    /// Keeps this danlu's images apart from those of another one on the same terminal, as in two panes of tmux: the process's number
    /// does.
    #[must_use]
    pub fn seeded(mut self, seed: u32) -> Self {
        self.seed = seed;
        self
    }

    /// Whether 24-bit colours reach the terminal as they are. Placeholders name their image by colour; without, there are 240 names
    /// instead of 16 million.
    #[must_use]
    pub fn with_truecolour(mut self, truecolour: bool) -> Self {
        self.truecolour = truecolour;
        self
    }

    /// In what way it shows pictures. Others are not shown, but half blocks always are.
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Puts the scenes' cells into the buffer, which has everything else in it, and says what to send. `covers` are the places of
    /// popups; of two scenes in one place or slot, the first has it.
    pub fn compose(&mut self, buffer: &mut Buffer, scenes: &[Scene], covers: &[Rect]) -> StageBytes {
        let mut bytes = StageBytes::default();
        let mut taken = Taken {
            covers,
            pictures: Vec::new(),
        };
        let mut shown = BTreeMap::new();
        for scene in scenes {
            if shown.contains_key(&scene.slot) {
                continue;
            }
            let now = match &scene.encoded.body {
                Body::Cells(cells) => Some(cellwise(buffer, scene, cells, &taken)),
                Body::Kitty(payload) if self.protocol == Protocol::Kitty => {
                    Some(self.virtually(buffer, scene, payload, &taken, &shown, &mut bytes))
                }
                _ if self.protocol.is_pixels() && self.protocol == scene.encoded.protocol => {
                    self.pixels(buffer, scene, &taken, &shown, &mut bytes)
                }
                _ => None,
            };
            if let Some(now) = now {
                taken.pictures.push(now.rect);
                shown.insert(scene.slot, now);
            }
        }
        let kept: Vec<u32> = shown.values().map(|shown| shown.id).collect();
        let ids = std::mem::replace(&mut self.shown, shown)
            .into_values()
            .map(|old| old.id);
        // After the text: what replaces them is there by now.
        for id in ids
            .chain(self.doomed.drain(..))
            .filter(|id| *id != 0 && !kept.contains(id))
        {
            bytes.after.extend(kitty::delete(id, self.mux));
        }
        bytes
    }

    /// To be called when the terminal was cleared or resized, or a frame was lost: everything is sent again.
    pub fn forget(&mut self) {
        let ids = std::mem::take(&mut self.shown).into_values().map(|old| old.id);
        self.doomed.extend(ids.filter(|&id| id != 0));
    }

    /// What takes the last picture off the terminal and out of its memory, for leaving the screen. Pixels of the other protocols go
    /// with the alternate screen that they are on.
    pub fn erase(&mut self) -> Vec<u8> {
        self.forget();
        let mux = self.mux;
        self.doomed.drain(..).flat_map(|id| kitty::delete(id, mux)).collect()
    }

    /// Shows pictures in another way from now on; what is returned erases the old ones, together with the next frame.
    #[must_use]
    pub fn switch(&mut self, protocol: Protocol, mux: Mux) -> Vec<u8> {
        let erased = self.erase();
        (self.protocol, self.mux) = (protocol, mux);
        erased
    }

    /// A picture on placeholders.
    fn virtually(
        &self,
        buffer: &mut Buffer,
        scene: &Scene,
        payload: &str,
        taken: &Taken<'_>,
        now: &BTreeMap<Slot, Shown>,
        bytes: &mut StageBytes,
    ) -> Shown {
        let rect = place(scene);
        let taking = rect.intersection(scene.area);
        let cells = scene.encoded.cells.as_size();
        let before = self.shown.get(&scene.slot).filter(|before| before.id != 0);
        let same = before.is_some_and(|before| before.is(&scene.encoded));
        // A preview takes the name of the one before: a new name would be written into every cell again, which costs more than
        // the preview. The gap while it arrives is short.
        let heir = |before: &&Shown| {
            payload.len() <= BRIEF && before.rect == taking && before.encoded.cells.as_size() == cells
        };
        let id = before.filter(|before| same || heir(before));
        let id = id.map_or_else(|| self.new_id(now), |before| before.id);
        if !same {
            bytes
                .before
                .extend(kitty::transmit(payload, id, cells, Placement::Virtual, self.mux));
        }
        let colour = self.colour(id);
        each_cell(buffer, scene, rect, taken, |cell, row, column| {
            let Some(symbol) = kitty::placeholder(row, column) else {
                return;
            };
            cell.reset();
            cell.set_symbol(&symbol).set_fg(colour);
            // unicode-width would be asked for the width of each mark in every frame.
            cell.set_diff_option(CellDiffOption::ForcedWidth(NonZeroU16::MIN));
        });
        Shown {
            encoded: Arc::clone(&scene.encoded),
            rect: taking,
            id,
            visible: true,
        }
    }

    /// A picture above its cells.
    fn pixels(
        &self,
        buffer: &mut Buffer,
        scene: &Scene,
        taken: &Taken<'_>,
        now: &BTreeMap<Slot, Shown>,
        bytes: &mut StageBytes,
    ) -> Option<Shown> {
        let mut rect = place(scene);
        let fits = scene.area.intersection(buffer.area).intersection(rect) == rect;
        // Whatever moves the cursor below itself would scroll the screen from there.
        if self.protocol != Protocol::KittyDirect && rect.bottom() >= buffer.area.bottom() {
            rect.height = rect.height.saturating_sub(1);
        }
        let visible = fits && !rect.is_empty() && !taken.touches(rect);
        let before = self.shown.get(&scene.slot);
        let known = before.filter(|before| before.is(&scene.encoded));
        let stands = before.filter(|before| before.visible && before.rect == rect);
        let mut next = Shown {
            encoded: Arc::clone(&scene.encoded),
            rect,
            id: known.map_or(0, |known| known.id),
            visible,
        };
        // kitty's pictures are not erased by text.
        if let Some(old) = before.filter(|old| old.id != 0 && old.visible && (!visible || old.rect != rect)) {
            bytes.before.extend(kitty::lift(old.id, self.mux));
        }
        if !visible {
            // A picture that was never sent is none.
            return (next.id != 0 || !scene.encoded.is_empty()).then(|| Shown {
                rect: Rect::ZERO,
                ..next
            });
        }
        // One of the same extent paints over every pixel of the old one.
        let stands = stands.filter(|old| old.encoded.extent == scene.encoded.extent);
        under(buffer, rect, stands.is_some());
        if stands.is_none() || known.is_none() {
            let drawn = match &scene.encoded.body {
                Body::Kitty(_) if next.id != 0 => kitty::place(next.id, rect.as_size(), self.mux),
                body => {
                    if self.protocol == Protocol::KittyDirect {
                        next.id = self.new_id(now);
                    }
                    inline::drawn(body, rect.as_size(), next.id, Placement::Direct, self.mux)
                }
            };
            bytes.after.extend(inline::at(rect, &drawn));
        }
        Some(next)
    }

    /// The first number that no picture on the screen has: of two that follow each other in a slot, the new one is there before the
    /// old one goes, so they take turns.
    fn new_id(&self, now: &BTreeMap<Slot, Shown>) -> u32 {
        let used = |id: &u32| {
            let mut shown = self.shown.values().chain(now.values());
            self.doomed.contains(id) || shown.any(|shown| shown.id == *id)
        };
        let (base, most) = self.ids();
        // There are more numbers than slots.
        (0..most)
            .map(|n| self.number(base, n))
            .find(|id| !used(id))
            .unwrap_or(base)
    }

    fn ids(&self) -> (u32, u32) {
        if self.truecolour {
            ((1 + self.seed % 0x3fff) << 10, 1 << 10)
        } else {
            (self.seed.wrapping_mul(16) % 240, 240)
        }
    }

    fn number(&self, base: u32, n: u32) -> u32 {
        // The first 16 of the 256 colours are what terminals and multiplexers rename.
        if self.truecolour {
            base | n
        } else {
            16 + (base + n) % 240
        }
    }

    fn colour(&self, id: u32) -> Color {
        let [_, r, g, b] = id.to_be_bytes();
        if self.truecolour {
            Color::Rgb(r, g, b)
        } else {
            Color::Indexed(b)
        }
    }
}

/// The picture's cells on the screen: in the middle of its area.
fn place(scene: &Scene) -> Rect {
    let (area, cells) = (scene.area, scene.encoded.cells);
    if scene.encoded.area == area.as_size() {
        return Rect {
            x: area.x.saturating_add(cells.x),
            y: area.y.saturating_add(cells.y),
            ..cells
        };
    }
    Rect {
        x: area.x.saturating_add(area.width.saturating_sub(cells.width) / 2),
        y: area.y.saturating_add(area.height.saturating_sub(cells.height) / 2),
        ..cells
    }
}

/// A picture that is cells.
fn cellwise(buffer: &mut Buffer, scene: &Scene, cells: &[Cell], taken: &Taken<'_>) -> Shown {
    let rect = place(scene);
    each_cell(buffer, scene, rect, taken, |cell, row, column| {
        let index = usize::from(row) * usize::from(rect.width) + usize::from(column);
        if let Some(painted) = cells.get(index) {
            cell.clone_from(painted);
        }
    });
    Shown {
        encoded: Arc::clone(&scene.encoded),
        rect: rect.intersection(scene.area),
        id: 0,
        visible: false,
    }
}

/// The picture's cells that are there and free, with their row and column in the picture.
fn each_cell(
    buffer: &mut Buffer,
    scene: &Scene,
    rect: Rect,
    taken: &Taken<'_>,
    mut paint: impl FnMut(&mut Cell, u16, u16),
) {
    let visible = rect.intersection(scene.area).intersection(buffer.area);
    for position in visible.positions().filter(|p| !taken.has(p.x, p.y)) {
        if let Some(cell) = buffer.cell_mut(position) {
            paint(cell, position.y - rect.y, position.x - rect.x);
        }
    }
}

/// The cells under a picture: blank when it comes, so that nothing shows at its edges, then out of the comparison. Either way they differ
/// from whatever comes after the picture, which is therefore written and takes the pixels away.
fn under(buffer: &mut Buffer, rect: Rect, stands: bool) {
    for position in rect.positions() {
        if let Some(cell) = buffer.cell_mut(position) {
            let background = cell.bg;
            cell.reset();
            cell.set_bg(background);
            cell.set_diff_option(if stands {
                CellDiffOption::Skip
            } else {
                CellDiffOption::AlwaysUpdate
            });
        }
    }
}
