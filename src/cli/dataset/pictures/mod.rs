//! Commands that make new pictures of a dataset's, rename them, and take them out.
//!
//! [`make`] shows and runs what makes pictures, [`dedup`] near-duplicates.

mod dedup;
mod make;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use danlu::data::journal::Change;
use danlu::data::picture::Format;
use danlu::data::picture::cut::{Aim, AutoSize, Resize, Split};
use danlu::data::picture::focus::Weights;
use danlu::data::picture::work::order::{By, Pattern, rename};
use danlu::data::picture::work::{Mirror, Operation, Place, cull::cull};
use danlu::data::set::Set;
use danlu::ui::text::safe;
use serde_json::json;

use super::work::{Common, Work, absolute, count, lines};
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::{print, print_json};

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    /// Crop: a rectangle, a ratio, a size chosen automatically, or around the focal point
    Crop(Crop),
    /// Change the size, averaging when shrinking and by Lanczos when enlarging
    Resize(Size),
    /// Make mirrored copies, captions along; words for left and right in them stay
    Flip {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        output: Output,
        /// Upside down instead
        #[arg(long)]
        vertical: bool,
        /// Half a turn instead
        #[arg(long, conflicts_with = "vertical")]
        both: bool,
    },
    /// Split pictures that are far longer than what is trained into pieces that overlap
    Split {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        output: Output,
        /// The size of the pieces
        #[arg(long, value_name = "SIZE", value_parser = size, default_value = "512", allow_hyphen_values = true)]
        size: (u32, u32),
        /// Split pictures whose ratio is at most this, against that of the pieces
        #[arg(long, value_name = "SHARE", default_value_t = 0.5, value_parser = share, allow_negative_numbers = true)]
        threshold: f64,
        /// How much of a piece is on the next as well
        #[arg(long, value_name = "SHARE", default_value_t = 0.2, value_parser = overlap, allow_negative_numbers = true)]
        overlap: f64,
    },
    /// Save as another kind of file: 8 bits, RGB or grey, upright
    Convert {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        output: Output,
    },
    /// Turn pictures as their EXIF says, which trainers do not do
    Rotate {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        output: Output,
    },
    /// Number pictures in order, captions along
    Rename {
        #[command(flatten)]
        common: Common,
        /// The name, with the number in braces
        #[arg(long, default_value = "{n:04}")]
        pattern: String,
        /// The first number in each folder
        #[arg(long, default_value_t = 1, value_name = "N", allow_negative_numbers = true)]
        start: u64,
        /// In which order
        #[arg(long, value_enum, default_value_t = Order::Name)]
        by: Order,
    },
    /// Move pictures and captions out of the dataset into a folder; best with `--where`
    Cull {
        #[command(flatten)]
        common: Common,
        /// The folder [default: `.danlu/culled` of the dataset]
        #[arg(long, value_name = "DIR")]
        into: Option<PathBuf>,
    },
    /// Find near-duplicates and move the worse ones to the trash
    Dedup(dedup::Options),
}

/// Where new pictures go and what they are.
#[derive(Debug, Args)]
pub(in crate::cli) struct Output {
    /// Put new pictures and copies of captions into this folder and leave the dataset as it is
    #[arg(long, value_name = "DIR")]
    pub(super) into: Option<PathBuf>,
    /// Put new pictures beside the old ones instead of in their place; else originals are kept in `.danlu/originals`
    #[arg(long, conflicts_with = "into")]
    pub(super) beside: bool,
    /// The kind of file [default: as it is; PNG for BMP]
    #[arg(long, visible_alias = "format", value_enum)]
    pub(super) to: Option<Kind>,
    /// JPEG's quality
    #[arg(long, default_value_t = 95, value_name = "1-100", value_parser = clap::value_parser!(u8).range(1..=100), allow_negative_numbers = true)]
    pub(super) quality: u8,
    /// Lay transparent pictures on this colour: `white`, `black`, `gray`, `#rrggbb`
    #[arg(long, value_name = "COLOUR", value_parser = colour)]
    pub(super) background: Option<Colour>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Kind {
    Png,
    #[value(alias = "jpeg")]
    Jpg,
    /// Without loss
    Webp,
}

impl Kind {
    pub(super) fn format(self) -> Format {
        match self {
            Self::Png => Format::Png,
            Self::Jpg => Format::Jpeg,
            Self::Webp => Format::WebP,
        }
    }
}

/// Red, green, blue.
#[derive(Clone, Copy, Debug)]
pub(super) struct Colour(pub(super) [u8; 3]);

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(in crate::cli) enum Order {
    /// By name, numbers in it by value
    Name,
    /// The oldest first
    Time,
    /// The largest file first
    Bytes,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Crop {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    how: How,
    /// With `--ratio`, how much of what is cut off lies before the rest, across and down: `0.5,0` keeps the top
    #[arg(long, value_name = "X,Y", value_parser = point, default_value = "0.5,0.5", requires = "ratio", allow_hyphen_values = true)]
    at: (f64, f64),
    /// With `--auto`, the shortest side
    #[arg(
        long,
        value_name = "PIXELS",
        default_value_t = 384,
        requires = "auto",
        allow_negative_numbers = true
    )]
    min_side: u32,
    /// With `--auto`, the longest side
    #[arg(long, value_name = "PIXELS", default_value_t = 768, requires = "auto", value_parser = clap::value_parser!(u32).range(1..=16384), allow_negative_numbers = true)]
    max_side: u32,
    /// With `--auto`, the fewest pixels, as a size
    #[arg(long, value_name = "SIZE", default_value = "64", value_parser = size, requires = "auto", allow_hyphen_values = true)]
    min_area: (u32, u32),
    /// With `--auto`, the most pixels, as a size
    #[arg(long, value_name = "SIZE", default_value = "640", value_parser = size, requires = "auto", allow_hyphen_values = true)]
    max_area: (u32, u32),
    /// With `--auto`, how far the ratio may be off
    #[arg(long, value_name = "SHARE", default_value_t = 0.1, value_parser = share, requires = "auto", allow_negative_numbers = true)]
    threshold: f64,
    /// With `--auto`, prefer the nearest ratio to the largest area
    #[arg(long, requires = "auto")]
    by_error: bool,
    /// With `--focus`, how much faces count
    #[arg(long, value_name = "SHARE", default_value_t = 0.9, value_parser = share, requires = "focus", allow_negative_numbers = true)]
    face_weight: f64,
    /// With `--focus`, how much entropy counts
    #[arg(long, value_name = "SHARE", default_value_t = 0.15, value_parser = share, requires = "focus", allow_negative_numbers = true)]
    entropy_weight: f64,
    /// With `--focus`, how much edges count
    #[arg(long, value_name = "SHARE", default_value_t = 0.5, value_parser = share, requires = "focus", allow_negative_numbers = true)]
    edges_weight: f64,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct How {
    /// This rectangle of each: left, upper edge, width, height in pixels of the upright picture
    #[arg(long, value_name = "X,Y,W,H", value_parser = rectangle, allow_hyphen_values = true)]
    rect: Option<Rectangle>,
    /// The largest part of this ratio, such as `2:3`
    #[arg(long, value_name = "W:H", value_parser = ratio, allow_hyphen_values = true)]
    ratio: Option<(f64, f64)>,
    /// A1111's auto-sized crop: the size in steps of 64 that fits best
    #[arg(long)]
    auto: bool,
    /// A1111's crop around faces, entropy and edges, scaled to this size
    #[arg(long, value_name = "SIZE", value_parser = size, allow_hyphen_values = true)]
    focus: Option<(u32, u32)>,
}

#[derive(Clone, Copy, Debug)]
struct Rectangle([u32; 4]);

impl Crop {
    fn operation(&self) -> Operation {
        let area = |(width, height): (u32, u32)| u64::from(width) * u64::from(height);
        if let Some(Rectangle(rectangle)) = self.how.rect {
            Operation::Rectangle(rectangle)
        } else if let Some(ratio) = self.how.ratio {
            Operation::Ratio { ratio, anchor: self.at }
        } else if let Some(size) = self.how.focus {
            let weights = Weights {
                face: self.face_weight,
                entropy: self.entropy_weight,
                edges: self.edges_weight,
            };
            Operation::Focus { size, weights }
        } else {
            Operation::AutoSize(AutoSize {
                min_side: self.min_side,
                max_side: self.max_side,
                min_area: area(self.min_area),
                max_area: area(self.max_area),
                by_error: self.by_error,
                threshold: self.threshold,
            })
        }
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Size {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    aim: To,
    /// Also enlarge pictures that are smaller
    #[arg(long)]
    enlarge: bool,
    /// Cut sides down to a multiple of this
    #[arg(long, value_name = "PIXELS", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..), allow_negative_numbers = true)]
    multiple: u32,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct To {
    /// The longer side
    #[arg(long, value_name = "PIXELS", value_parser = clap::value_parser!(u32).range(1..=65535), allow_negative_numbers = true)]
    longest: Option<u32>,
    /// The shorter side
    #[arg(long, value_name = "PIXELS", value_parser = clap::value_parser!(u32).range(1..=65535), allow_negative_numbers = true)]
    shortest: Option<u32>,
    /// As many pixels as this size has
    #[arg(long, value_name = "SIZE", value_parser = size, allow_hyphen_values = true)]
    area: Option<(u32, u32)>,
    /// Exactly this size; what sticks out is cut off
    #[arg(long, value_name = "SIZE", value_parser = size, allow_hyphen_values = true)]
    size: Option<(u32, u32)>,
    /// Both sides times this
    #[arg(long, value_name = "FACTOR", value_parser = factor, allow_negative_numbers = true)]
    scale: Option<f64>,
}

impl Size {
    fn operation(&self) -> Operation {
        let To {
            longest,
            shortest,
            area,
            size,
            scale,
        } = self.aim;
        let aim = longest
            .map(Aim::Longest)
            .or(shortest.map(Aim::Shortest))
            .or(area.map(Aim::Area));
        let aim = aim.or(size.map(Aim::Cover)).unwrap_or(Aim::Scale(scale.unwrap_or(1.0)));
        Operation::Resize(Resize {
            aim,
            enlarge: self.enlarge,
            multiple: self.multiple,
        })
    }
}

pub(in crate::cli) fn run(context: &Context, command: Command) -> Result<(), Failure> {
    match command {
        Command::Crop(crop) => make::run(context, &crop.common, &crop.output, crop.operation(), Place::Instead),
        Command::Resize(size) => make::run(context, &size.common, &size.output, size.operation(), Place::Instead),
        Command::Flip {
            common,
            output,
            vertical,
            both,
        } => {
            let mirror = match (vertical, both) {
                (_, true) => Mirror::Both,
                (true, _) => Mirror::Down,
                _ => Mirror::Across,
            };
            make::run(context, &common, &output, Operation::Mirror(mirror), Place::Beside)
        }
        Command::Split {
            common,
            output,
            size,
            threshold,
            overlap,
        } => {
            let split = Split {
                to: size,
                threshold,
                overlap,
            };
            make::run(context, &common, &output, Operation::Split(split), Place::Instead)
        }
        Command::Convert { common, output } => make::run(context, &common, &output, Operation::Convert, Place::Instead),
        Command::Rotate { common, output } => make::run(context, &common, &output, Operation::Upright, Place::Instead),
        Command::Rename {
            common,
            pattern,
            start,
            by,
        } => {
            let pattern = Pattern::parse(&pattern).map_err(|error| Failure::usage(safe(&error.to_string())))?;
            let by = match by {
                Order::Name => By::Name,
                Order::Time => By::Time,
                Order::Bytes => By::Bytes,
            };
            let (set, pictures) = common.open_to_move(context)?;
            let renaming = rename(&set, &pictures, &pattern, start, by);
            for name in renaming.taken.iter().filter(|_| !common.json) {
                print(format!("{} is taken by a file that stays", safe(&set.relative(name))))?;
            }
            moves(&common, &set, "dataset rename", renaming.changes)
        }
        Command::Cull { common, into } => {
            let (set, pictures) = common.open_to_move(context)?;
            let usual = set.root.join(danlu::data::journal::FOLDER).join("culled");
            let folder = into.as_deref().map(absolute);
            if let Some(folder) = &folder {
                aim(&common, &set, folder)?;
            }
            let changes = cull(&set, &pictures, folder.as_deref().unwrap_or(&usual));
            moves(&common, &set, "dataset cull", changes)
        }
        Command::Dedup(options) => dedup::run(context, &options),
    }
}

/// Refuses a folder for pictures that are taken out where undo could not find them again, and says where they would stay in the set.
fn aim(common: &Common, set: &Set, folder: &Path) -> Result<(), Failure> {
    let named = folder.to_string_lossy();
    if !make::is_inside(set, folder) {
        let sentence = format!(
            "{} lies outside of the dataset, where undo could not take pictures back from",
            safe(&named)
        );
        let hint = "name a folder in the dataset, best one whose name begins with a dot, or leave --into out";
        return Err(Failure::usage(sentence).hint(hint));
    }
    let root = absolute(&set.root);
    let below = folder.strip_prefix(&root).unwrap_or(folder);
    let is_hidden = below.iter().any(|part| part.as_encoded_bytes().starts_with(b"."));
    if !is_hidden && !common.json {
        print(format!(
            "pictures in {} may still belong to the dataset; folders whose names begin with a dot, such as .culled, are not looked into",
            safe(&named)
        ))?;
    }
    Ok(())
}

/// Shows moves, or makes them.
fn moves(common: &Common, set: &Set, what: &str, changes: Vec<Change>) -> Result<(), Failure> {
    if common.write {
        return Work::begin()?.commit(set, what, changes, None, common.json);
    }
    let pairs: Vec<_> = changes
        .iter()
        .map(|change| match change {
            Change::Move { from, to } => (set.relative(from), set.relative(to)),
            Change::Write { path, .. } | Change::Create { path, .. } | Change::Trash { path } => {
                ("".into(), set.relative(path))
            }
        })
        .collect();
    if common.json {
        let moves: Vec<_> = pairs.iter().map(|(from, to)| json!({"from": from, "to": to})).collect();
        return print_json(&json!({"written": false, "moves": moves}));
    }
    let told = pairs.iter().map(|(from, to)| match &**from {
        "" => format!("{} (a copy)", safe(to)),
        from => format!("{} -> {}", safe(from), safe(to)),
    });
    print(lines(common.all, told.collect()))?;
    print(format!("{} would move; --write does it", count(pairs.len(), "file")))
}

/// `512`, `768x512`.
pub(super) fn size(text: &str) -> Result<(u32, u32), String> {
    let (width, height) = text.split_once(['x', 'X', ',']).unwrap_or((text, text));
    let side = |side: &str| side.trim().parse().ok().filter(|side| (1..=65535).contains(side));
    side(width)
        .zip(side(height))
        .ok_or_else(|| format!("{text:?} is no size; write 512 or 768x512"))
}

fn numbers<const N: usize>(text: &str, separator: char) -> Option<[f64; N]> {
    let numbers: Option<Vec<f64>> = text.split(separator).map(|part| part.trim().parse().ok()).collect();
    numbers?
        .try_into()
        .ok()
        .filter(|numbers: &[f64; N]| numbers.iter().all(|number| number.is_finite()))
}

fn rectangle(text: &str) -> Result<Rectangle, String> {
    danlu::data::picture::cut::rectangle(text)
        .filter(|[.., width, height]| *width > 0 && *height > 0)
        .map(Rectangle)
        .ok_or_else(|| format!("{text:?} is no rectangle; write left,top,width,height in pixels"))
}

fn ratio(text: &str) -> Result<(f64, f64), String> {
    let numbers = numbers::<2>(text, ':').filter(|[w, h]| *w > 0.0 && *h > 0.0 && (1e-3..=1e3).contains(&(w / h)));
    numbers
        .map(|[w, h]| (w, h))
        .ok_or_else(|| format!("{text:?} is no ratio; write 2:3"))
}

fn point(text: &str) -> Result<(f64, f64), String> {
    let numbers = numbers::<2>(text, ',').filter(|point| point.iter().all(|share| (0.0..=1.0).contains(share)));
    numbers
        .map(|[x, y]| (x, y))
        .ok_or_else(|| format!("{text:?} is no place; write 0.5,0.5 for the middle"))
}

pub(super) fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| format!("{text:?} is not between 0 and 1"))
}

fn overlap(text: &str) -> Result<f64, String> {
    share(text)
        .ok()
        .filter(|share| *share <= 0.9)
        .ok_or_else(|| format!("{text:?} is not between 0 and 0.9"))
}

fn factor(text: &str) -> Result<f64, String> {
    let factor = text.parse().ok().filter(|factor| (0.001..=16.0).contains(factor));
    factor.ok_or_else(|| format!("{text:?} is not between 0.001 and 16"))
}

fn colour(text: &str) -> Result<Colour, String> {
    let hex = |text: &str| {
        let digits = text
            .strip_prefix('#')
            .filter(|digits| digits.len() == 6 && digits.is_ascii())?;
        u32::from_str_radix(digits, 16).ok()
    };
    let colour = match text.to_ascii_lowercase().as_str() {
        "white" => Some(0x00ff_ffff),
        "black" => Some(0),
        "gray" | "grey" => Some(0x0080_8080),
        other => hex(other),
    };
    let colour = colour.ok_or_else(|| format!("{text:?} is no colour; write white, black, gray or #rrggbb"))?;
    let [_, r, g, b] = colour.to_be_bytes();
    Ok(Colour([r, g, b]))
}
