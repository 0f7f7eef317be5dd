//! Faces found by `YuNet` (Wu et al. 2023), as `OpenCV`'s `FaceDetectorYN` runs it.
//!
//! The file of March 2023 takes pictures of 640x640 only, the one of May 2026 any size. A picture that is larger than the graph or
//! [`LARGEST`] is shrunk first; a smaller one stands in the upper left corner over black, as `OpenCV` pads it. The graph sees blue
//! first,
//! which it learned from; the web UI hands it red first by a slip.

use std::path::Path;

use image::RgbImage;

use super::onnx::{Error, Graph};
use crate::data::picture::focus::{Face, Faces};
use crate::data::picture::resample::area;

/// What the web UI and `OpenCV`'s own samples ask for.
const SURE: f32 = 0.9;
/// How much of two boxes' union may be common to both before they are one face.
const OVERLAP: f64 = 0.3;
/// Boxes that are looked at, the surest.
const MOST: usize = 5000;
/// Pixels between the places that each of the three outputs looks from.
const STRIDES: [usize; 3] = [8, 16, 32];
/// What a side must be a multiple of.
const DIVISOR: usize = 32;
/// The largest side that is looked at.
const LARGEST: usize = 1920;

/// A loaded `YuNet`; finds faces.
#[derive(Debug)]
pub struct YuNet {
    graph: Graph,
    /// Width and height that it takes, where it takes no others.
    fixed: Option<(usize, usize)>,
}

impl YuNet {
    /// Reads the graph.
    ///
    /// # Errors
    /// When the file cannot be read or is another model.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let graph = Graph::open(path)?;
        let fits = |side: usize| side > 0 && side <= LARGEST && side.is_multiple_of(DIVISOR);
        let fixed = match *graph.shape() {
            [Some(1) | None, Some(3), None, None] => None,
            [Some(1) | None, Some(3), Some(h), Some(w)] if fits(w) && fits(h) => Some((w, h)),
            _ => return Err(graph.misfit("is no YuNet: it takes another form of picture")),
        };
        for name in names().iter().flatten() {
            if !graph.outputs().any(|output| output == name) {
                return Err(graph.misfit(format!("is no YuNet: it has no output {name}")));
            }
        }
        Ok(Self { graph, fixed })
    }

    /// The faces that it is sure of to `score`, from 0 to 1, the surest first.
    ///
    /// # Errors
    /// When the graph fails.
    pub fn detect(&self, picture: &RgbImage, score: f32) -> Result<Vec<Face>, Error> {
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        if width == 0 || height == 0 {
            return Ok(Vec::new());
        }
        let (room_w, room_h) = self.fixed.unwrap_or((LARGEST, LARGEST));
        let scale = (room_w as f64 / width as f64)
            .min(room_h as f64 / height as f64)
            .min(1.0);
        let shrunk;
        let seen = if scale < 1.0 {
            let side = |side: usize, room: usize| ((side as f64 * scale).round() as usize).clamp(1, room) as u32;
            let (w, h) = (side(width, room_w), side(height, room_h));
            shrunk = area(&picture.clone().into(), w, h).into_rgb8();
            &shrunk
        } else {
            picture
        };
        let padded = |side: u32| (side as usize).div_ceil(DIVISOR) * DIVISOR;
        let (w, h) = self
            .fixed
            .unwrap_or_else(|| (padded(seen.width()), padded(seen.height())));
        let mut faces = self.boxes(seen, w, h, score)?;
        if faces.len() > 1 {
            faces = apart(faces, score);
        }
        let (across, down) = (width as f32 / seen.width() as f32, height as f32 / seen.height() as f32);
        for face in &mut faces {
            face.x *= across;
            face.width *= across;
            face.y *= down;
            face.height *= down;
        }
        Ok(faces)
    }

    /// All boxes above the score, place by place, in the pixels of a `width` x `height` input.
    fn boxes(&self, picture: &RgbImage, width: usize, height: usize, score: f32) -> Result<Vec<Face>, Error> {
        let mut input = vec![0.0; 3 * width * height];
        for (x, y, pixel) in picture.enumerate_pixels() {
            for channel in 0..3 {
                input[(channel * height + y as usize) * width + x as usize] = f32::from(pixel.0[2 - channel]);
            }
        }
        let names = names();
        let wanted: Vec<&str> = names.iter().flatten().map(String::as_str).collect();
        let outputs = self.graph.run([1, 3, height, width], &input, &wanted)?;
        let mut faces = Vec::new();
        for (stride, output) in STRIDES.into_iter().zip(outputs.chunks(3)) {
            let (columns, rows) = (width / stride, height / stride);
            let [class, object, boxes] = output else { continue };
            let places = columns * rows;
            if class.values.len() != places || object.values.len() != places || boxes.values.len() != 4 * places {
                return Err(self.graph.misfit("is no YuNet: its outputs have other sizes"));
            }
            for place in 0..places {
                let sure = (class.values[place].clamp(0.0, 1.0) * object.values[place].clamp(0.0, 1.0)).sqrt();
                let &[dx, dy, dw, dh] = &boxes.values[4 * place..][..4] else {
                    continue;
                };
                let size = stride as f32;
                let (w, h) = (dw.exp() * size, dh.exp() * size);
                let x = ((place % columns) as f32 + dx) * size - w / 2.0;
                let y = ((place / columns) as f32 + dy) * size - h / 2.0;
                let sound = [x, y, w, h].iter().all(|edge| edge.is_finite() && edge.abs() < 1e6);
                if sure >= score && sound {
                    faces.push(Face {
                        x,
                        y,
                        width: w,
                        height: h,
                        score: sure,
                    });
                }
            }
        }
        Ok(faces)
    }
}

impl Faces for YuNet {
    fn find(&mut self, picture: &RgbImage) -> Result<Vec<Face>, String> {
        self.detect(picture, SURE).map_err(|e| e.to_string())
    }
}

/// The outputs that are used: how sure it is of the class and of an object, and the box.
fn names() -> [[String; 3]; 3] {
    STRIDES.map(|stride| ["cls", "obj", "bbox"].map(|kind| format!("{kind}_{stride}")))
}

/// Of boxes that overlap the surest one (`NMSBoxes`, on whole pixels as `OpenCV` calls it).
fn apart(mut faces: Vec<Face>, score: f32) -> Vec<Face> {
    faces.retain(|face| face.score > score);
    faces.sort_by(|a, b| b.score.total_cmp(&a.score));
    faces.truncate(MOST);
    let mut kept: Vec<Face> = Vec::new();
    for face in faces {
        if kept.iter().all(|other| overlap(&face, other) <= OVERLAP) {
            kept.push(face);
        }
    }
    kept
}

fn overlap(a: &Face, b: &Face) -> f64 {
    let whole = |face: &Face| [face.x, face.y, face.width, face.height].map(|edge| i64::from(edge as i32));
    let ([ax, ay, aw, ah], [bx, by, bw, bh]) = (whole(a), whole(b));
    let (areas, common) = (aw * ah + bw * bh, {
        let w = (ax + aw).min(bx + bw) - ax.max(bx);
        let h = (ay + ah).min(by + bh) - ay.max(by);
        w.max(0) * h.max(0)
    });
    if areas <= 0 {
        return 1.0;
    }
    common as f64 / (areas - common) as f64
}
