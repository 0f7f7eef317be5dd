//! Aspect ratio buckets: the sizes, the choice, the crop, to the pixel as kohya has them.
//!
//! [`Buckets`] says for a picture's size where training puts it: a [`Placement`]. Everything is arithmetic on sizes; nothing here opens a
//! picture. [`hand`] is what a person set against the centre crop, [`crop`] the crops that are drawn at random while
//! training, [`overview`] what a table or a screen shows of a whole set.

pub mod crop;
pub mod hand;
pub mod overview;
mod placement;

use std::collections::HashSet;

use thiserror::Error;

pub use placement::Placement;

/// Width and height in pixels. Sizes sort as kohya's tuples do.
pub type Size = [u32; 2];

/// No side of a bucket may be longer. Far above what any model learns on; it keeps a list of sizes short.
pub const LONGEST: u32 = 65_536;

/// The options that decide where pictures go, by their names in kohya's configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `resolution`: the area of all buckets, and the only size without buckets.
    pub resolution: Size,
    /// `enable_bucket`. Without it every picture is scaled to cover `resolution` and cut.
    pub enable: bool,
    /// `min_bucket_reso`: the shortest side, rounded down to the step.
    pub min: u32,
    /// `max_bucket_reso`: the longest side, rounded up to the step.
    pub max: u32,
    /// `bucket_reso_steps`: what every side is a multiple of.
    pub step: u32,
    /// `bucket_no_upscale`: no picture is enlarged; `min` and `max` do not count then.
    pub no_upscale: bool,
}

impl Default for Settings {
    /// 512 x 512 and kohya's defaults, with buckets.
    fn default() -> Self {
        Self {
            resolution: [512, 512],
            enable: true,
            min: 256,
            max: 1024,
            step: 64,
            no_upscale: false,
        }
    }
}

/// Why there are no buckets, or none for a picture.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[allow(missing_docs, reason = "the sentences say what the fields are")]
pub enum Error {
    #[error("the resolution {}x{} has a side of 0 or above {LONGEST} pixels", .0[0], .0[1])]
    Resolution(Size),
    #[error("the bucket step is {0}; it must be 1 to {LONGEST}")]
    Step(u32),
    #[error("the smallest bucket side {min} is less than the step {step}")]
    MinBelowStep { min: u32, step: u32 },
    #[error("the smallest bucket side {min} is more than the resolution's shorter side {side}")]
    MinAboveResolution { min: u32, side: u32 },
    #[error("the largest bucket side {max} is less than the resolution's longer side {side}")]
    MaxBelowResolution { max: u32, side: u32 },
    #[error("the largest bucket side is {0}; it may be {LONGEST} at most")]
    MaxTooLarge(u32),
    #[error("a picture of {}x{} pixels has no area", .0[0], .0[1])]
    Empty(Size),
    #[error("a picture of {}x{} pixels is too small or too narrow for a bucket of steps of {step}", .size[0], .size[1])]
    TooSmall { size: Size, step: u32 },
    #[error("a picture of {}x{} pixels is too long: it would be scaled to more pixels than fit", .0[0], .0[1])]
    TooLong(Size),
    #[error("the rectangle at {},{} of {}x{} pixels lies outside of the picture's {}x{}", .rectangle[0], .rectangle[1], .rectangle[2], .rectangle[3], .size[0], .size[1])]
    Outside { rectangle: [u32; 4], size: Size },
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Resolution(_) => "use a size such as 512 or 768x512".into(),
            Self::Step(_) => "64 is usual; SDXL may take 32".into(),
            Self::MinBelowStep { step, .. } => format!("use {step} or more"),
            Self::MinAboveResolution { side, .. } => format!("use {side} or less, or a larger resolution"),
            Self::MaxBelowResolution { side, .. } => format!("use {side} or more, or a smaller resolution"),
            Self::MaxTooLarge(_) => "1024 or 2048 are usual".into(),
            Self::Empty(_) => "the file is broken or lies about its size".into(),
            Self::TooSmall { .. } => "leave the picture out, or let it be enlarged (without no_upscale)".into(),
            Self::TooLong(_) => "crop it first".into(),
            Self::Outside { .. } => "the picture has changed since; set its rectangle again".into(),
        })
    }
}

impl Settings {
    /// The shortest and the longest side as multiples of the step.
    fn limits(&self) -> (u32, u32) {
        let step = self.step.max(1);
        (
            self.min - self.min % step,
            self.max.saturating_add((step - self.max % step) % step),
        )
    }

    /// Everything that kohya refuses about these settings, and what would end in no bucket at all.
    pub fn faults(&self) -> Vec<Error> {
        let (short, long) = (
            self.resolution[0].min(self.resolution[1]),
            self.resolution[0].max(self.resolution[1]),
        );
        let mut faults = Vec::new();
        if short == 0 || long > LONGEST {
            faults.push(Error::Resolution(self.resolution));
        }
        if !self.enable {
            return faults;
        }
        if self.step == 0 || self.step > LONGEST {
            faults.push(Error::Step(self.step));
            return faults;
        }
        let (min, max) = self.limits();
        if min == 0 && !self.no_upscale {
            faults.push(Error::MinBelowStep {
                min: self.min,
                step: self.step,
            });
        }
        if min > short {
            faults.push(Error::MinAboveResolution { min, side: short });
        }
        if max < long {
            faults.push(Error::MaxBelowResolution { max, side: long });
        }
        if max > LONGEST {
            faults.push(Error::MaxTooLarge(self.max));
        }
        faults
    }
}

/// The buckets of one dataset.
#[derive(Clone, Debug)]
pub struct Buckets {
    settings: Settings,
    /// Sorted; empty where sizes follow from the pictures.
    sizes: Vec<Size>,
    known: HashSet<Size>,
    ratios: Vec<f64>,
}

impl Buckets {
    /// The buckets of these settings.
    ///
    /// # Errors
    /// The first of [`Settings::faults`].
    pub fn new(settings: &Settings) -> Result<Self, Error> {
        if let Some(fault) = settings.faults().into_iter().next() {
            return Err(fault);
        }
        let (min, max) = settings.limits();
        let sizes = if !settings.enable {
            vec![settings.resolution]
        } else if settings.no_upscale {
            Vec::new()
        } else {
            sizes(settings.resolution, min, max, settings.step)
        };
        Ok(Self {
            settings: *settings,
            known: sizes.iter().copied().collect(),
            ratios: sizes.iter().map(|&size| ratio(size)).collect(),
            sizes,
        })
    }

    /// The settings these were made of.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The sizes to choose from; none where pictures are not enlarged, as each then makes its own.
    pub fn sizes(&self) -> &[Size] {
        &self.sizes
    }

    /// Where a picture of this size goes, cut around its centre.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::TooSmall`] and [`Error::TooLong`]: kohya ends with a division by zero or learns from nothing there.
    pub fn select(&self, size: Size) -> Result<Placement, Error> {
        if size.contains(&0) {
            return Err(Error::Empty(size));
        }
        let (bucket, resized) = if self.settings.enable && self.settings.no_upscale {
            self.shrink(size)?
        } else {
            self.cover(size)?
        };
        Ok(Placement::centred(size, bucket, resized))
    }

    /// The bucket of nearest ratio, and the size that covers it.
    fn cover(&self, size: Size) -> Result<(Size, Size), Error> {
        let aspect = ratio(size);
        let bucket = if self.known.contains(&size) {
            size
        } else {
            let mut best = (f64::INFINITY, self.settings.resolution);
            for (&bucket, of_bucket) in self.sizes.iter().zip(&self.ratios) {
                let error = (of_bucket - aspect).abs();
                if error < best.0 {
                    best = (error, bucket);
                }
            }
            best.1
        };
        let scale = if aspect > ratio(bucket) {
            f64::from(bucket[1]) / f64::from(size[1])
        } else {
            f64::from(bucket[0]) / f64::from(size[0])
        };
        let scaled = size.map(|side| f64::from(side) * scale + 0.5);
        if scaled.iter().any(|&side| side >= f64::from(u32::MAX)) {
            return Err(Error::TooLong(size));
        }
        Ok((bucket, scaled.map(|side| side as u32)))
    }

    /// The bucket that a picture makes for itself without being enlarged, and the size it is shrunk to.
    fn shrink(&self, size: Size) -> Result<(Size, Size), Error> {
        let step = self.settings.step;
        let too_small = Error::TooSmall { size, step };
        let round = |side: f64| (side + 0.5) as u32 / step * step;
        let [max_area, area] = [self.settings.resolution, size].map(|[w, h]| u64::from(w) * u64::from(h));
        let mut resized = size;
        if area > max_area {
            let aspect = ratio(size);
            let width = (max_area as f64 * aspect).sqrt();
            let height = max_area as f64 / width;

            let by_width = round(width);
            let height_then = round(f64::from(by_width) / aspect);
            let by_height = round(height);
            let width_then = round(f64::from(by_height) * aspect);
            if height_then == 0 || by_height == 0 {
                return Err(too_small);
            }
            let errors = [[by_width, height_then], [width_then, by_height]].map(|size| (ratio(size) - aspect).abs());
            resized = if errors[0] < errors[1] {
                [by_width, (f64::from(by_width) / aspect + 0.5) as u32]
            } else {
                [(f64::from(by_height) * aspect + 0.5) as u32, by_height]
            };
        }
        let bucket = resized.map(|side| side - side % step);
        if bucket.contains(&0) {
            return Err(too_small);
        }
        Ok((bucket, resized))
    }
}

/// Width by height.
fn ratio([width, height]: Size) -> f64 {
    f64::from(width) / f64::from(height)
}

/// kohya's `make_bucket_resolutions`: the square, and for every width the largest height within the area, both ways round; sorted.
///
/// `min` and `step` of 0 count as 1.
pub fn sizes(resolution: Size, min: u32, max: u32, step: u32) -> Vec<Size> {
    let (min, step) = (min.max(1), step.max(1));
    let area = u64::from(resolution[0]) * u64::from(resolution[1]);
    let square = (floor_divide((area as f64).sqrt(), f64::from(step)) as u32).saturating_mul(step);
    let mut sizes = vec![[square, square]];
    for width in (min..=max).step_by(step as usize) {
        let height = (area / u64::from(width)) / u64::from(step) * u64::from(step);
        let height = height.min(u64::from(max)) as u32;
        if height >= min {
            sizes.extend([[width, height], [height, width]]);
        }
    }
    sizes.sort_unstable();
    sizes.dedup();
    sizes
}

/// Python's `//` of floats, which can differ from the rounded quotient's floor.
fn floor_divide(a: f64, b: f64) -> f64 {
    let quotient = (a - a % b) / b;
    let floor = quotient.floor();
    if quotient - floor > 0.5 { floor + 1.0 } else { floor }
}
