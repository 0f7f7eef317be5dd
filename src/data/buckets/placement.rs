//! Where one picture goes: scaled, cut, into which bucket, and what of it is lost.

use super::{Size, ratio};

/// What training makes of a picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placement {
    /// The picture's size as stored in its file.
    pub size: Size,
    /// The part of the picture that training uses, as x, y, width, height in its own pixels: all of it, unless a rectangle was set by hand.
    pub part: [u32; 4],
    /// The size that training sees.
    pub bucket: Size,
    /// The part's size after scaling to cover the bucket.
    pub resized: Size,
    /// The rectangle kept of that, as x, y, width, height; its size is the bucket's.
    pub crop: [u32; 4],
}

impl Placement {
    /// A whole picture, cut around its centre: the odd pixel goes to the right and the bottom.
    pub(super) fn centred(size: Size, bucket: Size, resized: Size) -> Self {
        let [x, y] = [0, 1].map(|axis| resized[axis].saturating_sub(bucket[axis]) / 2);
        Self {
            size,
            part: [0, 0, size[0], size[1]],
            bucket,
            resized,
            crop: [x, y, bucket[0].min(resized[0]), bucket[1].min(resized[1])],
        }
    }

    /// How many times the picture is enlarged along the side that decides; below 1 it is shrunk.
    pub fn scale(&self) -> f64 {
        let by = |axis: usize| f64::from(self.resized[axis]) / f64::from(self.part[axis + 2].max(1));
        by(0).max(by(1))
    }

    /// How much of the picture's area is not seen, 0 to 1.
    pub fn lost(&self) -> f64 {
        let kept = self.kept();
        let area = f64::from(self.size[0]) * f64::from(self.size[1]);
        (1.0 - kept[2] * kept[3] / area).max(0.0)
    }

    /// What is seen, as x, y, width, height in the picture's own pixels.
    pub fn kept(&self) -> [f64; 4] {
        let [px, py, width, height] = self.part.map(f64::from);
        let [across, down] = [width / f64::from(self.resized[0]), height / f64::from(self.resized[1])];
        let [x, y, w, h] = self.crop.map(f64::from);
        [px + x * across, py + y * down, w * across, h * down]
    }

    /// kohya's `get_crop_ltrb`, in pixels of the bucket: what SDXL is told about the crop. It follows from the two ratios alone,
    /// also where the crop was drawn at random.
    pub fn crop_ltrb(&self) -> [f64; 4] {
        let [width, height] = self.bucket.map(f64::from);
        let aspect = ratio([self.part[2], self.part[3]]);
        let resized = if ratio(self.bucket) > aspect {
            [height * aspect, height]
        } else {
            [width, width / aspect]
        };
        let [left, top] = [
            ((width - resized[0]) / 2.0).floor(),
            ((height - resized[1]) / 2.0).floor(),
        ];
        [left, top, left + resized[0], top + resized[1]]
    }

    /// The top and left that SDXL is conditioned on, for the picture as it is or mirrored.
    pub fn crop_top_left(&self, flipped: bool) -> [i64; 2] {
        let [left, top, right, _] = self.crop_ltrb();
        let left = if flipped {
            f64::from(self.bucket[0]) - right
        } else {
            left
        };
        [top as i64, left as i64]
    }

    /// What the loader resizes with where nothing else is set: by area where no side grows, else Lanczos.
    pub fn shrinks(&self) -> bool {
        self.part[2] >= self.resized[0] && self.part[3] >= self.resized[1]
    }
}
