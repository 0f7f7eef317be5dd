//! How alike two pictures are when one may be a crop of the other.

use std::sync::LazyLock;

use image::GrayImage;

use super::{Hash, SIDE, hash, mirrored};

/// Points of a side that are compared.
const GRID: usize = 12;
/// What may be cut off at each edge, in shares of the side.
const CUTS: [f32; 4] = [0.0, 0.03, 0.06, 0.1];
/// Below this spread of levels a picture is a plain ground.
const FLAT: f32 = 2.0;
/// How far colours may be apart on average, in levels; recoloured pictures are no copies.
const COLOUR: f32 = 40.0;
/// The same for plain grounds, which have nothing else.
const FLAT_COLOUR: f32 = 6.0;

type Samples = [f32; GRID * GRID];

/// A picture reduced to what is needed to find copies of it: 32 by 32 pixels, and the hash of them as they are and mirrored.
#[derive(Clone, Debug, PartialEq)]
pub struct Print {
    levels: Vec<[u8; 3]>,
    gray: GrayImage,
    /// Its hash.
    pub hash: Hash,
    /// The hash of its mirror image.
    pub mirrored: Hash,
}

impl Print {
    pub(super) fn new(mut levels: Vec<[u8; 3]>) -> Self {
        levels.resize((SIDE * SIDE) as usize, [0; 3]);
        let luma = |&[r, g, b]: &[u8; 3]| ((u32::from(r) * 299 + u32::from(g) * 587 + u32::from(b) * 114) / 1000) as u8;
        let gray = GrayImage::from_raw(SIDE, SIDE, levels.iter().map(luma).collect()).unwrap_or_default();
        Self {
            hash: hash(&gray),
            mirrored: hash(&mirrored(&gray)),
            levels,
            gray,
        }
    }

    pub(super) fn levels(&self) -> &[[u8; 3]] {
        &self.levels
    }

    /// All windows of the picture, ready to compare.
    pub(super) fn windows(&self, is_mirrored: bool) -> Windows {
        let gray = if is_mirrored { &mirrored(&self.gray) } else { &self.gray };
        let soft = soften(gray);
        let windows = WINDOWS.iter().map(|window| normalised(&soft, window));
        Windows {
            spread: spread(&soft),
            windows: windows.collect(),
        }
    }

    /// How far the colours of two are apart, in levels.
    fn colour_apart(&self, other: &Self, is_mirrored: bool) -> f32 {
        let side = SIDE as usize;
        let mut sum = 0_u32;
        for (place, own) in self.levels.iter().enumerate() {
            let across = if is_mirrored {
                side - 1 - place % side
            } else {
                place % side
            };
            let other = &other.levels[place / side * side + across];
            sum += own
                .iter()
                .zip(other)
                .map(|(a, b)| u32::from(a.abs_diff(*b)))
                .sum::<u32>();
        }
        sum as f32 / (self.levels.len() * 3) as f32
    }

    /// How alike two are, 0 to 1: the correlation of brightness in the windows that fit best; 0 where colours are others.
    pub(super) fn likeness(&self, own: &Windows, other: &Self, others: &Windows, is_mirrored: bool) -> f32 {
        let apart = self.colour_apart(other, is_mirrored);
        match (own.spread < FLAT, others.spread < FLAT) {
            (true, true) if apart <= FLAT_COLOUR => 1.0,
            (false, false) if apart <= COLOUR => own.best(others).max(others.best(own)).clamp(0.0, 1.0),
            _ => 0.0,
        }
    }
}

/// A picture's windows, each with mean 0 and length 1; the first is the whole.
pub(super) struct Windows {
    windows: Vec<Samples>,
    spread: f32,
}

impl Windows {
    /// The correlation of the other's whole with the window that fits it best.
    fn best(&self, other: &Self) -> f32 {
        let Some(whole) = other.windows.first() else { return 0.0 };
        let product = |window: &Samples| window.iter().zip(whole).map(|(a, b)| a * b).sum::<f32>();
        self.windows.iter().map(product).fold(0.0, f32::max)
    }
}

/// What is cut off left, right, above and below; the first cuts nothing.
static WINDOWS: LazyLock<Vec<[f32; 4]>> = LazyLock::new(|| {
    let pairs = || CUTS.iter().flat_map(|&a| CUTS.iter().map(move |&b| (a, b)));
    pairs()
        .flat_map(|(l, r)| pairs().map(move |(t, b)| [l, r, t, b]))
        .collect()
});

/// Each pixel the mean of the nine around it: a window between pixels then changes little.
fn soften(gray: &GrayImage) -> Vec<f32> {
    let side = SIDE as usize;
    let levels = gray.as_raw();
    let near = |place: usize| place.saturating_sub(1)..(place + 2).min(side);
    let mean = |place: usize| {
        let (rows, columns) = (near(place / side), near(place % side));
        let count = (rows.len() * columns.len()) as f32;
        let sum: u32 = rows
            .flat_map(|y| columns.clone().map(move |x| u32::from(levels[y * side + x])))
            .sum();
        sum as f32 / count
    };
    (0..side * side).map(mean).collect()
}

fn spread(levels: &[f32]) -> f32 {
    let mean = levels.iter().sum::<f32>() / levels.len() as f32;
    (levels.iter().map(|level| (level - mean) * (level - mean)).sum::<f32>() / levels.len() as f32).sqrt()
}

/// The window's samples, moved to mean 0 and scaled to length 1.
fn normalised(levels: &[f32], [left, right, above, below]: &[f32; 4]) -> Samples {
    let side = SIDE as usize;
    let places = |begin: f32, end: f32| {
        std::array::from_fn::<_, GRID, _>(|i| {
            let place = (begin + (1.0 - begin - end) * (i as f32 + 0.5) / GRID as f32) * SIDE as f32 - 0.5;
            let first = (place.max(0.0) as usize).min(side - 2);
            (first, place - first as f32)
        })
    };
    let (columns, rows) = (places(*left, *right), places(*above, *below));
    let mut samples: Samples = std::array::from_fn(|i| {
        let ((x, across), (y, down)) = (columns[i % GRID], rows[i / GRID]);
        let row = |y: usize| levels[y * side + x] * (1.0 - across) + levels[y * side + x + 1] * across;
        row(y) * (1.0 - down) + row(y + 1) * down
    });
    let mean = samples.iter().sum::<f32>() / samples.len() as f32;
    for sample in &mut samples {
        *sample -= mean;
    }
    let length = samples
        .iter()
        .map(|sample| sample * sample)
        .sum::<f32>()
        .sqrt()
        .max(1e-6);
    for sample in &mut samples {
        *sample /= length;
    }
    samples
}
