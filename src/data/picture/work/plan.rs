//! What becomes of each picture: cuts from headers on all processors, then names one after the other.

use std::path::{Path, PathBuf};
use std::sync::PoisonError;
use std::sync::atomic::AtomicUsize;

use rayon::prelude::*;

use super::names::{Taken, beside, mirrored};
use super::{Detector, Kept, Mirror, Operation, Piece, Place, Planned, Stopped, Task, Watch, turn};
use crate::data::picture::cut::{By, Cut, Size, around, cover, hand, ratio};
use crate::data::picture::facts::{Colour, Facts, Format, facts};
use crate::data::picture::focus::{self, Focus, Weights};
use crate::data::picture::reading::{Limits, open};
use crate::data::picture::resample::Window;
use crate::data::picture::trouble::{Damage, Fault, Trouble};
use crate::data::set::Set;

/// Says what would become of these pictures of the set, in their order. Writes nothing.
///
/// `faces` finds faces for the focal point; without it entropy and edges decide.
///
/// # Errors
/// It was stopped. What is wrong with a picture stands in its [`Planned`].
pub fn plan(
    set: &Set,
    pictures: &[usize],
    task: &Task,
    faces: Option<&Detector<'_>>,
    watch: Watch<'_>,
) -> Result<Vec<Planned>, Stopped> {
    let done = AtomicUsize::new(0);
    let looked = pictures.par_iter().map(|&picture| {
        watch.stopped()?;
        let mut looked = look(&set.pictures[picture].path, task, faces);
        if let (Ok(looked), Some(why)) = (&mut looked, set.anchor(picture)) {
            looked.cuts.clear();
            looked.kept = Some(why.into());
        }
        watch.count(&done, pictures.len());
        Ok((picture, looked))
    });
    let looked: Vec<_> = looked.collect::<Result<_, Stopped>>()?;
    let shared = set.by_caption();
    let mut taken = Taken::default();
    Ok(looked
        .into_iter()
        .map(|(picture, looked)| match looked {
            Ok(looked) => {
                let is_shared = shared.get(&set.caption_path(picture)).is_some_and(|of| of.len() > 1);
                name(set, picture, looked, task, is_shared, &mut taken)
            }
            Err(trouble) => Planned {
                picture,
                size: (0, 0),
                pieces: Vec::new(),
                focus: None,
                kept: None,
                trouble: Some(trouble),
            },
        })
        .collect())
}

/// A picture with its cuts, not yet named.
struct Looked {
    facts: Facts,
    cuts: Vec<Cut>,
    focus: Option<Focus>,
    kept: Option<Kept>,
}

fn look(path: &Path, task: &Task, faces: Option<&Detector<'_>>) -> Result<Looked, Trouble> {
    let facts = facts(path)?;
    let limits = Limits::upright();
    if facts.pixels() > limits.pixels {
        let fault = Fault::TooLarge {
            width: facts.width,
            height: facts.height,
            most: limits.pixels,
        };
        return Err(fault.at(path));
    }
    let mut focus = None;
    let cuts = match &task.operation {
        Operation::Focus { size, weights } => {
            let (cut, found) = focused(path, &facts, *size, weights, faces)?;
            focus = Some(found);
            Ok(vec![cut])
        }
        operation => cuts(operation, task, &facts),
    };
    let (cuts, kept) = match cuts {
        Ok(cuts) => (cuts, None),
        Err(kept) => (Vec::new(), Some(kept)),
    };
    Ok(Looked {
        facts,
        cuts,
        focus,
        kept,
    })
}

/// The cuts that need no pixel; else why the picture stays as it is.
fn cuts(operation: &Operation, task: &Task, facts: &Facts) -> Result<Vec<Cut>, Kept> {
    let size = facts.upright();
    let all = || {
        let whole = Cut {
            from: Window::whole(size.0, size.1),
            to: size,
            by: By::Fit,
            keep: [0, 0, size.0, size.1],
        };
        Ok(vec![whole])
    };
    let changed = |cut: Cut| {
        if cut.size() == size && cut.to == size {
            Err(Kept::Size)
        } else {
            Ok(vec![cut])
        }
    };
    match operation {
        Operation::Rectangle(rectangle) => changed(hand(size, *rectangle).ok_or(Kept::Beside)?),
        Operation::Ratio { ratio: wanted, anchor } => changed(ratio(size, *wanted, *anchor)),
        Operation::AutoSize(auto) => changed(auto.cut(size).ok_or(Kept::NoSize)?),
        Operation::Resize(resize) => Ok(vec![resize.cut(size).ok_or(Kept::Small)?]),
        Operation::Split(split) => match split.cuts(size) {
            pieces if pieces.is_empty() => Err(Kept::Short),
            pieces => Ok(pieces),
        },
        Operation::Upright if facts.orientation == 1 => Err(Kept::Upright),
        Operation::Convert if is_plain(facts, task) => Err(Kept::Kind),
        // Of a focal point the pixels decide, which `look` has.
        Operation::Mirror(_) | Operation::Upright | Operation::Convert | Operation::Focus { .. } => all(),
    }
}

/// Whether conversion would change nothing that training sees.
fn is_plain(facts: &Facts, task: &Task) -> bool {
    let is_flat = task.background.is_none() || !facts.alpha;
    let is_kind = task.format.is_none_or(|format| format == facts.format) && facts.format != Format::Bmp;
    is_kind && is_flat && facts.depth == 8 && facts.orientation == 1 && facts.colour != Colour::Cmyk && !facts.animated
}

fn focused(
    path: &Path,
    facts: &Facts,
    size: Size,
    weights: &Weights,
    faces: Option<&Detector<'_>>,
) -> Result<(Cut, Focus), Trouble> {
    let _turn = turn(facts.pixels());
    let picture = open(path, &Limits::upright())?;
    let from = (picture.width(), picture.height());
    let scaled = cover(from, size);
    let whole = Cut {
        keep: [0, 0, scaled.0, scaled.1],
        ..around(from, size, (0, 0))
    };
    let picture = whole.make(&picture).to_rgb8();
    let mut detector = faces.map(|faces| faces.lock().unwrap_or_else(PoisonError::into_inner));
    let found = match &mut detector {
        Some(detector) => focus::find(&picture, size, weights, Some(&mut ***detector)),
        None => focus::find(&picture, size, weights, None),
    };
    let focus = found.map_err(|reason| Fault::from(Damage::Pixels(reason)).at(path))?;
    Ok((around(from, size, focus.point), focus))
}

/// Gives the pieces names. Where one is taken, the picture stays as it is: running the same twice does nothing twice.
fn name(set: &Set, picture: usize, looked: Looked, task: &Task, is_shared: bool, taken: &mut Taken) -> Planned {
    let path = &set.pictures[picture].path;
    let Looked {
        facts,
        cuts,
        focus,
        mut kept,
    } = looked;
    let format = match task.format.unwrap_or(facts.format) {
        Format::Bmp => Format::Png,
        format => format,
    };
    if task.place == Place::Instead {
        taken.free(path);
    }
    let caption = set.caption_path(picture);
    let caption_ending = set.pictures[picture].caption.as_ref().and_then(|_| caption.extension());
    let count = cuts.len();
    let mut pieces = Vec::with_capacity(count);
    for (number, cut) in cuts.into_iter().enumerate() {
        let suffix = suffix(task, (count > 1).then_some(number + 1));
        let mut target = beside(path, &suffix, &ending(path, format));
        if let Place::Into(folder) = &task.place {
            target = mirrored(set, &target, folder);
        }
        let stays = suffix.is_empty() && task.place == Place::Instead;
        let caption = caption_ending
            .filter(|_| !stays)
            .map(|ending| target.with_extension(ending));
        let blocked = [Some(&target), caption.as_ref()]
            .into_iter()
            .flatten()
            .find(|name| taken.holds(name));
        // Two new pictures of one stem would share a caption.
        if let Some(name) = blocked {
            kept = Some(Kept::There(set.relative(name).into_owned()));
            pieces.clear();
            break;
        }
        pieces.push(Piece {
            cut,
            path: target,
            caption,
            format,
        });
    }
    if is_shared && task.place == Place::Instead && pieces.len() > 1 {
        kept = Some(Kept::Shared);
        pieces.clear();
    }
    for piece in &pieces {
        taken.give(&piece.path);
        piece.caption.iter().for_each(|caption| taken.give(caption));
    }
    Planned {
        picture,
        size: facts.upright(),
        pieces,
        focus,
        kept,
        trouble: None,
    }
}

/// What a new picture's name has behind the old one's.
fn suffix(task: &Task, number: Option<usize>) -> String {
    match (&task.operation, &task.place, number) {
        // No underscore: kohya takes `a_1_2_3_4` for a face's place.
        (_, _, Some(number)) => format!("-{number}"),
        (Operation::Mirror(Mirror::Across), ..) => "-mirror".to_owned(),
        (Operation::Mirror(Mirror::Down), ..) => "-flip".to_owned(),
        (Operation::Mirror(Mirror::Both), ..) => "-turned".to_owned(),
        (operation, Place::Beside, None) => format!("-{}", operation.name()),
        _ => String::new(),
    }
}

/// The extension of a new file: the old one's own spelling where it fits the format.
fn ending(path: &Path, format: Format) -> String {
    let own = path.extension().and_then(|ending| ending.to_str());
    match own {
        Some(own) if Format::of_name(&PathBuf::from(format!("x.{own}"))) == Some(format) => own.to_owned(),
        _ => format.extensions()[0].to_owned(),
    }
}
