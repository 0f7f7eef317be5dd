//! The form that says how near is near.

use super::super::fields::{number, toggle, whole};
use crate::data::picture::twins::pairs::Nearness;
use crate::ui::lang::twins as words;
use crate::ui::widgets::form::{Field, Form};

/// What is looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Settings {
    /// How near is near.
    pub nearness: Nearness,
    /// Whether mirrored copies count, which may be there on purpose.
    pub mirrored: bool,
}

/// The fields, behind the one that says which pictures.
pub fn open(settings: &Settings) -> Vec<Field> {
    let Nearness { distance, likeness } = settings.nearness;
    vec![
        number(
            "likeness",
            words::LIKENESS,
            words::LIKENESS_HELP,
            f64::from(likeness),
            [0.5, 1.0],
        ),
        whole(
            "distance",
            words::DISTANCE,
            words::DISTANCE_HELP,
            distance.into(),
            [0, 64],
        ),
        toggle("mirrored", words::MIRRORED_TOO, words::MIRRORED_HELP, settings.mirrored),
    ]
}

/// What the form comes to.
pub fn take(form: &Form) -> Settings {
    let usual = Nearness::default();
    Settings {
        nearness: Nearness {
            likeness: form
                .number("likeness")
                .map_or(usual.likeness, |likeness| likeness as f32),
            distance: form
                .integer("distance")
                .and_then(|bits| u32::try_from(bits).ok())
                .unwrap_or(usual.distance),
        },
        mirrored: form.toggle("mirrored").unwrap_or_default(),
    }
}
