//! Pictures from files to pixels.

use std::path::Path;

use image::imageops::FilterType;
use image::{DynamicImage, ImageReader, ImageResult, Limits};

use crate::app::effect::Role;
use crate::data::picture;
use crate::term::graphics::Picture;
use crate::ui::lang::told::Sentence;

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
pub(super) fn read(path: &Path, role: Role) -> Result<Picture, Sentence> {
    // What a decoder refuses is asked of those who check datasets: they say it so that a person understands it.
    let image = decode(path).or_else(|_| picture::open(path, &picture::Limits::default()));
    let image = image.map_err(|trouble| Sentence::from(&trouble.fault))?;
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

fn decode(path: &Path) -> ImageResult<DynamicImage> {
    let mut reader = ImageReader::open(path)?.with_guessed_format()?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_BYTES);
    reader.limits(limits);
    reader.decode()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::ui::lang::Lang;

    #[test]
    fn what_cannot_be_shown_says_why_in_words_of_a_person() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        image::RgbImage::new(8, 8).save(&path).unwrap();
        assert!(read(&path, Role::Sight).is_ok());
        let whole = std::fs::read(&path).unwrap();
        let why = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            read(&path, Role::Sight).unwrap_err().tell(Lang::En).to_owned()
        };
        let mut sum = whole.clone();
        let at = whole.windows(4).position(|four| four == b"IDAT").unwrap();
        let length = u32::from_be_bytes(whole[at - 4..at].try_into().unwrap()) as usize;
        sum[at + 4 + length] ^= 1;
        assert_eq!(why(&sum), "is damaged: the checksum of its chunk IDAT is wrong");
        let mut large = whole.clone();
        large[16..24].copy_from_slice(&[0, 1, 0x86, 0xa0, 0, 1, 0x86, 0xa0]);
        let told = why(&large);
        assert!(told.starts_with("says it has 100000 x 100000 pixels"), "{told}");
        assert_eq!(why(b""), "is empty");
    }
}
