//! Where a picture's subject is: the focal point of AUTOMATIC1111's web UI (`modules/textual_inversion/autocrop.py`, 1.10.1).
//!
//! Three votes are averaged by weight: faces, the window with the highest entropy, corners. Faces are found by who calls, through [`Faces`];
//! without a detector the other two decide, and [`Focus::faces`] stays empty. `corners` and `entropy` do the rest.

mod corners;
mod entropy;

use image::RgbImage;
use serde::Serialize;

/// A face in a picture, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Face {
    /// The left edge.
    pub x: f32,
    /// The upper edge.
    pub y: f32,
    /// How wide it is.
    pub width: f32,
    /// How high it is.
    pub height: f32,
    /// How sure the detector is, 0 to 1.
    pub score: f32,
}

/// A detector of faces.
pub trait Faces {
    /// The faces in a picture, those only that the detector is sure of (the web UI asks for a score of 0.9).
    ///
    /// # Errors
    /// The model failed, in one sentence.
    fn find(&mut self, picture: &RgbImage) -> Result<Vec<Face>, String>;
}

/// How much each vote counts; 0 leaves it out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weights {
    /// Of faces.
    pub face: f64,
    /// Of the window with the highest entropy.
    pub entropy: f64,
    /// Of corners.
    pub edges: f64,
}

impl Default for Weights {
    /// The web UI's.
    fn default() -> Self {
        Self {
            face: 0.9,
            entropy: 0.15,
            edges: 0.5,
        }
    }
}

/// What was found, in the picture's pixels.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Focus {
    /// The weighed mean of the votes.
    pub point: (i64, i64),
    /// The strongest corners, at most 100.
    pub corners: Vec<(u32, u32)>,
    /// The middle of the window with the highest entropy; none in a square picture.
    pub busiest: Option<(i64, i64)>,
    /// Between the eyes of each face, about.
    pub faces: Vec<(i64, i64)>,
}

/// Finds the focal point for a crop of that size. `picture` has its final scale already: the crop is as wide or as high as it.
///
/// # Errors
/// The detector's.
pub fn find(
    picture: &RgbImage,
    crop: (u32, u32),
    weights: &Weights,
    faces: Option<&mut dyn Faces>,
) -> Result<Focus, String> {
    let corners = if weights.edges > 0.0 {
        corners::strongest(picture)
    } else {
        Vec::new()
    };
    let busiest = (weights.entropy > 0.0)
        .then(|| entropy::busiest(picture, crop))
        .flatten();
    let faces = match faces {
        Some(detector) if weights.face > 0.0 => detector.find(picture)?,
        _ => Vec::new(),
    };
    // Across at the middle of a face, down at a third.
    let faces: Vec<_> = faces
        .iter()
        .map(|face| ((face.x + face.width * 0.5) as i64, (face.y + face.height * 0.33) as i64))
        .collect();
    let votes = [
        (
            mean(corners.iter().map(|&(x, y)| (f64::from(x), f64::from(y)))),
            weights.edges,
        ),
        (busiest.map(|(x, y)| (x as f64, y as f64)), weights.entropy),
        (mean(faces.iter().map(|&(x, y)| (x as f64, y as f64))), weights.face),
    ];
    let cast = || votes.iter().filter_map(|(vote, weight)| Some((vote.as_ref()?, weight)));
    let total: f64 = cast().map(|(_, weight)| weight).sum();
    // Nothing to vote for: the web UI takes the upper left corner, which is as good as any.
    let average = |of: fn(&(f64, f64)) -> f64| {
        let sum: f64 = cast().map(|(vote, weight)| of(vote) * (weight / total)).sum();
        let shares: f64 = cast().map(|(_, weight)| weight / total).sum();
        if shares > 0.0 {
            (sum / shares).round_ties_even() as i64
        } else {
            0
        }
    };
    Ok(Focus {
        point: (average(|vote| vote.0), average(|vote| vote.1)),
        corners,
        busiest,
        faces,
    })
}

fn mean(points: impl ExactSizeIterator<Item = (f64, f64)>) -> Option<(f64, f64)> {
    let count = points.len();
    let (x, y) = points.fold((0.0, 0.0), |sum, point| (sum.0 + point.0, sum.1 + point.1));
    (count > 0).then(|| (x / count as f64, y / count as f64))
}
