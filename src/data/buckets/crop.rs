//! Crops that are drawn at random each time a picture is shown: `random_crop` and `face_crop_aug_range`.
//!
//! kohya draws them only where latents are not cached; without buckets it does not even scale the picture then.

use thiserror::Error;

use super::{Placement, Size};
use crate::data::random::Python;

/// A picture scaled and cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The size after scaling.
    pub resized: Size,
    /// What is kept of that: x, y, width, height.
    pub crop: [u32; 4],
}

/// Why a picture cannot be cut to the one size that there is without buckets.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Error {
    /// A side is longer and nothing says how to cut it.
    #[error("the picture's {}x{} pixels are more than {}x{}, and neither buckets nor random_crop say what to do", .0[0], .0[1], .1[0], .1[1])]
    TooLarge(Size, Size),
    /// A side is shorter.
    #[error("the picture's {}x{} pixels are fewer than {}x{}", .0[0], .0[1], .1[0], .1[1])]
    TooSmall(Size, Size),
    /// The face in the file's name has no size.
    #[error("the face in the picture's name has no size")]
    Face,
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::TooLarge(..) => "turn on enable_bucket, or cache_latents, which scales the picture".into(),
            Self::TooSmall(..) => "turn on enable_bucket, or leave the picture out".into(),
            Self::Face => "name it name_x_y_width_height with the face's centre and size".into(),
        })
    }
}

/// The cut of a picture in a bucket: `random_crop` moves it anywhere, first along the width.
pub fn bucketed(placement: &Placement, random: &mut Python) -> [u32; 4] {
    let mut crop = placement.crop;
    for ((from, resized), bucket) in crop.iter_mut().zip(placement.resized).zip(placement.bucket) {
        if resized > bucket {
            *from = random.randint(0, (resized - bucket).into()) as u32;
        }
    }
    crop
}

/// How a picture is cut to one size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fixed {
    /// The size that every picture gets.
    pub resolution: Size,
    /// The face in the picture's name, centre and size; looked at with `face_crop_aug_range` only.
    pub face: Option<[i64; 4]>,
    /// `face_crop_aug_range`.
    pub face_range: Option<[f64; 2]>,
    /// `random_crop`.
    pub random_crop: bool,
}

impl Fixed {
    /// The cut of a picture of this size, as kohya draws it without buckets from a picture that is not cached.
    ///
    /// # Errors
    /// Where kohya would stop: see [`Error`].
    pub fn cut(&self, size: Size, random: &mut Python) -> Result<Cut, Error> {
        let cut = match (self.face, self.face_range) {
            (Some(face), Some(range)) if face[0] > 0 => self.around_face(size, face, range, random)?,
            _ => self.anywhere(size, random)?,
        };
        if [cut.crop[2], cut.crop[3]] == self.resolution {
            Ok(cut)
        } else {
            Err(Error::TooSmall(size, self.resolution))
        }
    }

    /// Not scaled; first along the height.
    fn anywhere(&self, size: Size, random: &mut Python) -> Result<Cut, Error> {
        let mut crop = [0, 0, size[0], size[1]];
        let larger = (0..2).any(|axis| size[axis] > self.resolution[axis]);
        if larger && !self.random_crop {
            return Err(Error::TooLarge(size, self.resolution));
        }
        for axis in [1, 0] {
            if size[axis] > self.resolution[axis] {
                let spare = size[axis] - self.resolution[axis];
                crop[axis] = random.randint(0, spare.into()) as u32;
                crop[axis + 2] = self.resolution[axis];
            }
        }
        Ok(Cut { resized: size, crop })
    }

    /// Shrunk so that the face is as large as the range lets it be, and cut around it (kohya's `crop_target`).
    fn around_face(&self, size: Size, face: [i64; 4], range: [f64; 2], random: &mut Python) -> Result<Cut, Error> {
        if size == self.resolution {
            let crop = [0, 0, size[0], size[1]];
            return Ok(Cut { resized: size, crop });
        }
        let face_size = face[2].max(face[3]);
        if face_size == 0 {
            return Err(Error::Face);
        }
        let short = self.resolution[0].min(self.resolution[1]);
        let fitting = |axis: usize| f64::from(self.resolution[axis]) / f64::from(size[axis]);
        let least = fitting(1).max(fitting(0));
        let of_face = |times: f64| f64::from(short) / (face_size as f64 * times);
        let least = least.max(of_face(range[1])).min(1.0);
        let most = least.max(of_face(range[0])).min(1.0);
        let scale = if least >= most {
            least
        } else {
            random.uniform(least, most)
        };

        let scaled = size.map(|side| (f64::from(side) * scale + 0.5) as u32);
        if (0..2).any(|axis| scaled[axis] < self.resolution[axis]) {
            return Err(Error::TooSmall(size, self.resolution));
        }
        let mut crop = [0, 0, self.resolution[0], self.resolution[1]];
        for axis in [1, 0] {
            let centre = (face[axis] as f64 * scale + 0.5) as i64;
            let (side, target) = (i64::from(scaled[axis]), i64::from(self.resolution[axis]));
            let mut from = centre - target / 2;
            if self.random_crop {
                let reach = (side - centre).max(centre);
                from += random.randint(0, reach) + random.randint(0, reach) - reach;
            } else if range[0].to_bits() != range[1].to_bits() && face_size > i64::from(short / 10) && face_size >= 40 {
                from += random.randint((-face_size).div_euclid(20), face_size / 20);
            }
            crop[axis] = from.min(side - target).max(0) as u32;
        }
        Ok(Cut { resized: scaled, crop })
    }
}
