//! A rectangle or a focal point that is being moved by keys.

use crate::data::buckets::hand::Hand;
use crate::data::buckets::{Placement, Size};

/// A rectangle moves by this part of the picture's shorter side.
const PART: u32 = 40;
/// A focal point by this part of each side.
const STEP: f64 = 0.02;
/// No rectangle is smaller, in pixels.
const LEAST: u32 = 16;

/// What is being moved.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moving {
    /// The picture's number.
    pub picture: usize,
    /// The picture's size.
    pub size: Size,
    /// What it is now.
    pub hand: Hand,
    /// Whether it moves pixel by pixel.
    pub fine: bool,
}

impl Moving {
    /// Begins with what was set before, else with what is kept of the picture anyway.
    pub fn new(picture: usize, placement: &Placement, set: Option<Hand>, focus: bool) -> Self {
        let [x, y, width, height] = placement.kept();
        let size = placement.size;
        let hand = match set {
            Some(Hand::Focus(parts)) if focus => Hand::Focus(parts),
            Some(Hand::Rectangle(rectangle)) if !focus => Hand::Rectangle(rectangle),
            _ if focus => Hand::Focus([
                ((x + width / 2.0) / f64::from(size[0].max(1))).clamp(0.0, 1.0),
                ((y + height / 2.0) / f64::from(size[1].max(1))).clamp(0.0, 1.0),
            ]),
            _ => Hand::Rectangle([x, y, width, height].map(|side| side.round() as u32)),
        };
        let mut moving = Self {
            picture,
            size,
            hand,
            fine: false,
        };
        moving.bound();
        moving
    }

    /// Moves it by so many steps to the right and down.
    pub fn go(&mut self, right: i32, down: i32) {
        let step = self.step();
        match &mut self.hand {
            Hand::Focus(parts) => {
                for ((part, by), side) in parts.iter_mut().zip([right, down]).zip(self.size) {
                    let step = if self.fine { 1.0 / f64::from(side.max(1)) } else { STEP };
                    // Rounded, so that the file has short numbers.
                    *part = ((*part + f64::from(by) * step) * 1e4).round() / 1e4;
                }
            }
            Hand::Rectangle([x, y, ..]) => {
                for (at, by) in [x, y].into_iter().zip([right, down]) {
                    *at = at.saturating_add_signed(by.saturating_mul(step as i32));
                }
            }
        }
        self.bound();
    }

    /// Makes a rectangle wider and higher by so many steps, on both sides alike.
    pub fn grow(&mut self, wider: i32, higher: i32) {
        let step = self.step() as i32;
        let size = self.size;
        if let Hand::Rectangle([x, y, width, height]) = &mut self.hand {
            for ((at, side), (by, whole)) in [(x, width), (y, height)]
                .into_iter()
                .zip([wider, higher].into_iter().zip(size))
            {
                let before = i64::from(*side);
                let after = (before + 2 * i64::from(by.saturating_mul(step)))
                    .clamp(i64::from(LEAST.min(whole)), i64::from(whole));
                *side = after as u32;
                *at = (i64::from(*at) - (after - before) / 2).max(0) as u32;
            }
        }
        self.bound();
    }

    /// Pixels by which a rectangle moves.
    fn step(&self) -> u32 {
        if self.fine {
            1
        } else {
            (self.size[0].min(self.size[1]) / PART).max(1)
        }
    }

    /// Keeps it inside of the picture.
    fn bound(&mut self) {
        let size = self.size;
        match &mut self.hand {
            Hand::Focus(parts) => {
                for part in parts {
                    *part = part.clamp(0.0, 1.0);
                }
            }
            Hand::Rectangle([x, y, width, height]) => {
                for ((at, side), whole) in [(x, width), (y, height)].into_iter().zip(size) {
                    *side = (*side).clamp(LEAST.min(whole), whole);
                    *at = (*at).min(whole - *side);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::buckets::{Buckets, Settings};

    fn moving(focus: bool) -> Moving {
        let placement = Buckets::new(&Settings::default()).and_then(|buckets| buckets.select([800, 400]));
        Moving::new(3, &placement.expect("it has a bucket"), None, focus)
    }

    #[test]
    fn a_rectangle_stays_inside_of_its_picture_however_it_is_moved_and_grown() {
        let mut rectangle = moving(false);
        rectangle.go(-1000, 1000);
        let Hand::Rectangle([x, y, width, height]) = rectangle.hand else {
            panic!("it is a rectangle")
        };
        assert_eq!((x, y + height), (0, 400));
        assert!(width <= 800);
        rectangle.grow(i32::MAX, i32::MAX);
        assert_eq!(rectangle.hand, Hand::Rectangle([0, 0, 800, 400]));
        rectangle.grow(-1000, 0);
        assert_eq!(rectangle.hand, Hand::Rectangle([392, 0, 16, 400]));
        rectangle.fine = true;
        rectangle.go(1, 0);
        assert_eq!(rectangle.hand, Hand::Rectangle([393, 0, 16, 400]));
    }

    #[test]
    fn a_focal_point_begins_in_the_middle_of_what_is_kept() {
        let mut focus = moving(true);
        let Hand::Focus(parts) = focus.hand else {
            panic!("it is a point")
        };
        assert!(parts.iter().all(|part| (part - 0.5).abs() < 0.01), "{parts:?}");
        focus.go(1, -1000);
        let Hand::Focus(parts) = focus.hand else {
            panic!("it is a point")
        };
        assert!((parts[0] - 0.52).abs() < 0.01 && parts[1] == 0.0, "{parts:?}");
    }
}
