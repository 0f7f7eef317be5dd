//! Pictures from files to pixels.

use std::path::Path;

use image::imageops::FilterType;
use image::{ImageReader, Limits};

use crate::app::effect::Role;
use crate::term::graphics::Picture;

/// The longest side of a picture that is kept for the big view; more than any terminal shows.
const BIG: u32 = 2048;
/// The longest side of a thumbnail.
const SMALL: u32 = 128;
/// The longest side of the picture beside a model.
const CARD: u32 = 512;
/// The longest side of the picture of a dataset that is looked at.
const SIGHT: u32 = 1024;
/// What a decoder may allocate.
const MOST_BYTES: u64 = 1 << 30;

/// The picture in a file, no larger than its role needs. A sentence where there is none.
pub(super) fn read(path: &Path, role: Role) -> Result<Picture, String> {
    let reader = ImageReader::open(path).and_then(ImageReader::with_guessed_format);
    let mut reader = reader.map_err(|error| error.to_string())?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_BYTES);
    reader.limits(limits);
    let image = reader.decode().map_err(|error| error.to_string())?;
    let side = match role {
        Role::Big => BIG,
        Role::Small | Role::Tile(_) => SMALL,
        Role::Card => CARD,
        Role::Sight | Role::Beside => SIGHT,
    };
    let image = if image.width().max(image.height()) > side {
        image.resize(side, side, FilterType::Triangle)
    } else {
        image
    };
    let image = image.into_rgb8();
    Ok(Picture {
        width: image.width(),
        height: image.height(),
        rgb: image.into_raw().into(),
    })
}
