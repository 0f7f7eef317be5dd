//! The forms of what can be done to pictures.

use super::super::fields::{choice, number, picked, stepped, toggle, whole, written};
use super::{Errand, Kind};
use crate::data::picture::Format;
use crate::data::picture::cut::{self, Aim, AutoSize, Resize, Split};
use crate::data::picture::focus::Weights;
use crate::data::picture::work::order::{By, Pattern};
use crate::data::picture::work::{Mirror, Operation, Place, Task};
use crate::keys::Action;
use crate::ui::lang::told::Tell;
use crate::ui::lang::{Lang, Text, actions, work as words};
use crate::ui::widgets::form::{Field, Form};

const FORMATS: [Option<Format>; 4] = [None, Some(Format::Png), Some(Format::Jpeg), Some(Format::WebP)];

impl Kind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Crop,
        Self::Resize,
        Self::Mirror,
        Self::Split,
        Self::Convert,
        Self::Upright,
        Self::Rename,
        Self::Cull,
    ];

    /// The action that begins it.
    pub const fn action(self) -> Action {
        match self {
            Self::Crop => Action::CropPictures,
            Self::Resize => Action::ResizePictures,
            Self::Mirror => Action::MirrorPictures,
            Self::Split => Action::SplitPictures,
            Self::Convert => Action::ConvertPictures,
            Self::Upright => Action::TurnPictures,
            Self::Rename => Action::RenamePictures,
            Self::Cull => Action::CullPictures,
        }
    }

    /// What a person calls it.
    pub const fn title(self) -> Text {
        match self {
            Self::Crop => actions::CROP_PICTURES,
            Self::Resize => actions::RESIZE_PICTURES,
            Self::Mirror => actions::MIRROR_PICTURES,
            Self::Split => actions::SPLIT_PICTURES,
            Self::Convert => actions::CONVERT_PICTURES,
            Self::Upright => actions::TURN_PICTURES,
            Self::Rename => actions::RENAME_PICTURES,
            Self::Cull => actions::CULL_PICTURES,
        }
    }
}

fn side(id: &'static str, label: Text, value: u32) -> Field {
    stepped(id, label, words::PIXELS_HELP, value.into(), [1, 16_384], 64)
}

fn told(texts: &[Text], lang: Lang) -> Vec<String> {
    texts.iter().map(|text| lang.say(text).to_owned()).collect()
}

/// The fields of one, behind the one that says which pictures. `size` is what the buckets are made for.
pub fn open(kind: Kind, size: [u32; 2], lang: Lang) -> Vec<Field> {
    let choice = |id, label, help, texts: &[Text]| choice(id, label, help, told(texts, lang), 0);
    let [width, height] = size;
    let mut fields = match kind {
        Kind::Crop => {
            let auto = AutoSize::default();
            vec![
                choice(
                    "how",
                    words::HOW,
                    words::HOW_HELP,
                    &[words::BY_RATIO, words::BY_FOCUS, words::BY_AUTO, words::BY_HAND],
                ),
                side("width", words::WIDTH, width),
                side("height", words::HEIGHT, height),
                whole("across", words::ACROSS, words::ACROSS_HELP, 50, [0, 100]),
                whole("down", words::DOWN, words::DOWN_HELP, 50, [0, 100]),
                side("min", words::LEAST, auto.min_side),
                side("max", words::MOST, auto.max_side),
                number(
                    "threshold",
                    words::THRESHOLD,
                    words::THRESHOLD_HELP,
                    auto.threshold,
                    [0.0, 1.0],
                ),
                written("rectangle", words::RECTANGLE, words::RECTANGLE_HELP, ""),
            ]
        }
        Kind::Resize => vec![
            choice(
                "how",
                words::HOW,
                words::RESIZE_HELP,
                &[words::LONGEST, words::SHORTEST, words::AREA, words::COVER],
            ),
            side("width", words::WIDTH, width),
            side("height", words::HEIGHT, height),
            toggle("enlarge", words::ENLARGE, words::ENLARGE_HELP, false),
            whole("multiple", words::MULTIPLE, words::MULTIPLE_HELP, 1, [1, 128]),
        ],
        Kind::Mirror => vec![choice(
            "how",
            words::HOW,
            words::MIRROR_HELP,
            &[words::ACROSS_MIRROR, words::DOWN_MIRROR, words::BOTH],
        )],
        Kind::Split => vec![
            side("width", words::WIDTH, width),
            side("height", words::HEIGHT, height),
            number("threshold", words::SPLIT_AT, words::SPLIT_AT_HELP, 0.5, [0.0, 1.0]),
            number("overlap", words::OVERLAP, words::OVERLAP_HELP, 0.2, [0.0, 0.9]),
        ],
        Kind::Convert | Kind::Upright => Vec::new(),
        Kind::Rename => vec![
            written("pattern", words::PATTERN, words::PATTERN_HELP, "{n:04}"),
            whole("first", words::FIRST, words::FIRST_HELP, 1, [0, 1_000_000_000]),
            choice(
                "by",
                words::BY,
                words::BY_HELP,
                &[words::BY_NAME, words::BY_TIME, words::BY_BYTES],
            ),
        ],
        Kind::Cull => vec![written("folder", words::FOLDER, words::CULL_HELP, "")],
    };
    if !matches!(kind, Kind::Rename | Kind::Cull) {
        let mut places = [words::INSTEAD, words::BESIDE, words::INTO];
        if kind == Kind::Mirror {
            places.swap(0, 1);
        }
        fields.push(choice("target", words::TARGET, words::TARGET_HELP, &places));
        fields.push(written("folder", words::FOLDER, words::FOLDER_HELP, ""));
        let formats = [words::AS_IT_IS, words::PNG, words::JPEG, words::WEBP];
        fields.push(choice("format", words::FORMAT, words::FORMAT_HELP, &formats));
        fields.push(whole("quality", words::QUALITY, words::QUALITY_HELP, 95, [1, 100]));
    }
    fields
}

/// What a form comes to. A folder that is no whole path lies beside the set's folder.
///
/// # Errors
/// A sentence that says what is missing.
pub fn take(kind: Kind, form: &Form, beside: &std::path::Path, lang: Lang) -> Result<Errand, String> {
    let whole = |id| form.integer(id).unwrap_or_default();
    let side = |id| u32::try_from(whole(id)).unwrap_or(1).max(1);
    let folder = || match form.text("folder").unwrap_or_default().trim() {
        "" => Err(lang.say(&words::NEEDS_FOLDER).to_owned()),
        folder => Ok(beside.join(folder)),
    };
    let size = (side("width"), side("height"));
    let how = picked(form, "how");
    let operation = match kind {
        Kind::Rename => {
            let pattern =
                Pattern::parse(form.text("pattern").unwrap_or_default().trim()).map_err(|error| error.tell(lang))?;
            let by = [By::Name, By::Time, By::Bytes][picked(form, "by").min(2)];
            return Ok(Errand::Rename {
                pattern,
                first: u64::try_from(whole("first")).unwrap_or_default(),
                by,
            });
        }
        Kind::Cull => return folder().map(Errand::Cull),
        Kind::Crop => match how {
            0 => Operation::Ratio {
                ratio: (f64::from(size.0), f64::from(size.1)),
                anchor: (whole("across") as f64 / 100.0, whole("down") as f64 / 100.0),
            },
            1 => Operation::Focus {
                size,
                weights: Weights::default(),
            },
            3 => match cut::rectangle(form.text("rectangle").unwrap_or_default()) {
                Some(rectangle) => Operation::Rectangle(rectangle),
                None => return Err(lang.say(&words::NEEDS_RECTANGLE).to_owned()),
            },
            _ => Operation::AutoSize(AutoSize {
                min_side: side("min"),
                max_side: side("max"),
                threshold: form.number("threshold").unwrap_or_default(),
                max_area: u64::from(side("max")).pow(2),
                ..AutoSize::default()
            }),
        },
        Kind::Resize => Operation::Resize(Resize {
            aim: match how {
                0 => Aim::Longest(size.0),
                1 => Aim::Shortest(size.0),
                2 => Aim::Area(size),
                _ => Aim::Cover(size),
            },
            enlarge: form.toggle("enlarge").unwrap_or_default(),
            multiple: side("multiple"),
        }),
        Kind::Mirror => Operation::Mirror([Mirror::Across, Mirror::Down, Mirror::Both][how.min(2)]),
        Kind::Split => Operation::Split(Split {
            to: size,
            threshold: form.number("threshold").unwrap_or_default(),
            overlap: form.number("overlap").unwrap_or_default(),
        }),
        Kind::Convert => Operation::Convert,
        Kind::Upright => Operation::Upright,
    };
    // A mirrored picture stands beside its original first of all.
    let place = match (picked(form, "target"), kind == Kind::Mirror) {
        (0, false) | (1, true) => Place::Instead,
        (0, true) | (1, false) => Place::Beside,
        _ => Place::Into(folder()?),
    };
    Ok(Errand::Make(Task {
        operation,
        place,
        format: FORMATS.get(picked(form, "format")).copied().flatten(),
        quality: u8::try_from(whole("quality")).unwrap_or(95),
        background: None,
    }))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::ui::widgets::form::Value;

    fn taken(kind: Kind, changes: &[(&str, usize)]) -> Result<Errand, String> {
        let mut form = Form::new(open(kind, [512, 640], Lang::En));
        for (id, at) in changes {
            form.change(id, |value| {
                if let Value::Choice { selected, .. } = value {
                    *selected = *at;
                }
            });
        }
        take(kind, &form, Path::new("/sets"), Lang::En)
    }

    #[test]
    fn a_mirrored_picture_is_a_copy_and_others_take_their_picture_s_place_until_told_otherwise() {
        let place = |kind, changes: &[(&str, usize)]| match taken(kind, changes) {
            Ok(Errand::Make(task)) => task.place,
            other => panic!("{other:?}"),
        };
        assert_eq!(place(Kind::Mirror, &[]), Place::Beside);
        assert_eq!(place(Kind::Mirror, &[("target", 1)]), Place::Instead);
        assert_eq!(place(Kind::Crop, &[]), Place::Instead);
        assert_eq!(place(Kind::Crop, &[("target", 1)]), Place::Beside);
        assert!(taken(Kind::Convert, &[("target", 2)]).is_err(), "it needs a folder");
    }

    #[test]
    fn a_crop_by_hand_needs_a_rectangle() {
        let mut form = Form::new(open(Kind::Crop, [512, 640], Lang::En));
        form.change("how", |value| {
            if let Value::Choice { selected, .. } = value {
                *selected = 3;
            }
        });
        let mut operation = |text: &str| {
            form.change("rectangle", |value| *value = Value::Text(text.to_owned()));
            match take(Kind::Crop, &form, Path::new("/sets"), Lang::En) {
                Ok(Errand::Make(task)) => Some(task.operation),
                _ => None,
            }
        };
        assert_eq!(
            operation(" 8, 0,512 ,640"),
            Some(Operation::Rectangle([8, 0, 512, 640]))
        );
        for wrong in [
            "",
            "1,2,3",
            "1,2,3,4,5",
            "0,0,0,9",
            "-1,0,9,9",
            "a,b,c,d",
            "0,0,4294967296,1",
        ] {
            assert_eq!(operation(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn every_form_comes_to_something_but_those_that_need_a_folder() {
        for kind in Kind::ALL {
            assert_eq!(taken(kind, &[]).is_ok(), kind != Kind::Cull, "{kind:?}");
        }
        let Ok(Errand::Make(task)) = taken(Kind::Resize, &[("how", 2)]) else {
            panic!("it is made")
        };
        let Operation::Resize(resize) = task.operation else {
            panic!("it is resized")
        };
        assert_eq!(resize.aim, Aim::Area((512, 640)));
    }
}
