//! `danlu tags buckets`: where each picture goes, and what is cut away.

use std::path::PathBuf;

use clap::Args;
use danlu::data::buckets::hand::{Hand, Hands};
use danlu::data::buckets::overview::{Row, fillings, sort_by_loss};
use danlu::data::buckets::{Buckets, Size};
use danlu::data::config::Dataset;
use danlu::data::set;
use danlu::ui::text::{pad, pad_start, safe};
use serde::Serialize;
use serde_json::{Value, json};

use super::ground::Ground;
use super::{options, warn};
use crate::cli::failure::Failure;
use crate::cli::{print, print_json};

/// How many pictures the table names when not all are asked for.
const NAMED: usize = 20;

#[derive(Debug, Args)]
pub(in crate::cli) struct Options {
    /// The folder with the pictures, or a dataset TOML
    dir: PathBuf,
    /// A dataset TOML or JSON of kohya's scripts, whose options go before those here
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    buckets: options::Buckets,
    /// Name every picture in the table, not only those that lose most
    #[arg(long, conflicts_with = "json")]
    all: bool,
    /// Print JSON: `[{"file":…,"size":[w,h],"bucket":[w,h],"resized":[w,h],"crop":[x,y,w,h]},…]`; with `"hand":{"rectangle":[x,y,w,h]}` or
    /// `"hand":{"focus":[x,y]}` where that was set, and `"used":false` where training does not take the picture
    #[arg(long)]
    json: bool,
}

/// A picture as `--json` has it.
#[derive(Serialize)]
struct Line<'a> {
    file: &'a str,
    size: Size,
    bucket: Size,
    resized: Size,
    crop: [u32; 4],
    #[serde(skip_serializing_if = "Option::is_none")]
    hand: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    used: Option<bool>,
}

/// One dataset with its pictures.
struct Part<'a> {
    dataset: &'a Dataset,
    rows: Vec<Row>,
    /// Those that training does not take, such as regularization pictures of which there are enough.
    unused: Vec<Row>,
}

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    let arguments = |has_config| options.buckets.arguments(has_config);
    let ground = Ground::open(
        &options.dir,
        options.config.as_deref(),
        &set::Options::default(),
        arguments,
    )?;
    let hands = ground.hands()?;
    let parts = parts(&ground, &hands)?;
    if options.json {
        return lines(&ground, &hands, &parts);
    }
    let several = parts.len() > 1;
    let tables = parts.iter().enumerate().map(|(number, part)| {
        let heading = if several {
            format!("Dataset {}\n", number + 1)
        } else {
            String::new()
        };
        heading + &table(&ground, part, options.all)
    });
    print(tables.collect::<Vec<_>>().join("\n"))
}

/// Where all pictures go. Those whose size cannot be read are told on standard error and left out.
fn parts<'a>(ground: &'a Ground, hands: &Hands) -> Result<Vec<Part<'a>>, Failure> {
    let sizes = ground.sizes();
    // Where nothing can be dealt each picture says itself why.
    let taken = ground.deal(&sizes, hands, 0).map(|group| group.used()).ok();
    let mut parts: Vec<Part<'_>> = Vec::new();
    let mut told = vec![false; sizes.len()];
    for ([of, subset], dataset, _, pictures) in ground.used() {
        if parts.last().is_none_or(|part| !std::ptr::eq(part.dataset, dataset)) {
            let (rows, unused) = (Vec::new(), Vec::new());
            parts.push(Part { dataset, rows, unused });
        }
        let buckets = Buckets::new(&dataset.buckets);
        let buckets = buckets.map_err(|error| Failure::usage(error.to_string()).maybe_hint(error.hint()))?;
        for picture in pictures {
            match &sizes[picture] {
                Ok(size) => {
                    let hand = hands.of(&ground.set.root, &ground.set.pictures[picture].path);
                    let fitting = hand.filter(|hand| hand.fits(*size));
                    if fitting != hand && !std::mem::replace(&mut told[picture], true) {
                        warn(&format!(
                            "{}: its rectangle in .danlu/crops.toml lies beside it, so that it is cut as usual",
                            ground.name(picture)
                        ));
                    }
                    let placement = buckets.place(*size, fitting);
                    let is_taken = taken
                        .as_ref()
                        .is_none_or(|taken| taken.contains(&[of, subset, picture]));
                    let is_used = is_taken || placement.is_err();
                    let row = Row { picture, placement };
                    if let Some(part) = parts.last_mut() {
                        if is_used { &mut part.rows } else { &mut part.unused }.push(row);
                    }
                }
                Err(why) if !std::mem::replace(&mut told[picture], true) => {
                    warn(&format!("{}: {why}", ground.name(picture)));
                }
                Err(_) => {}
            }
        }
    }
    for part in &mut parts {
        part.rows.sort_by_key(|row| row.picture);
        part.unused.sort_by_key(|row| row.picture);
    }
    Ok(parts)
}

fn lines(ground: &Ground, hands: &Hands, parts: &[Part<'_>]) -> Result<(), Failure> {
    let mut placed = Vec::new();
    for part in parts {
        let unused = part.unused.iter().map(|row| (row, Some(false)));
        let mut rows: Vec<_> = part.rows.iter().map(|row| (row, None)).chain(unused).collect();
        rows.sort_by_key(|(row, _)| row.picture);
        for (row, used) in rows {
            match &row.placement {
                Ok(placement) => placed.push((ground.name(row.picture), row.picture, placement, used)),
                Err(error) => warn(&format!("{}: {error}", ground.name(row.picture))),
            }
        }
    }
    let hand = |picture: usize| match hands.of(&ground.set.root, &ground.set.pictures[picture].path)? {
        Hand::Rectangle(rectangle) => Some(json!({ "rectangle": rectangle })),
        Hand::Focus(focus) => Some(json!({ "focus": focus })),
    };
    let told = placed.iter().map(|(file, picture, placement, used)| Line {
        file,
        size: placement.size,
        bucket: placement.bucket,
        resized: placement.resized,
        crop: placement.crop,
        hand: hand(*picture),
        used: *used,
    });
    print_json(&told.collect::<Vec<_>>())
}

fn table(ground: &Ground, part: &Part<'_>, all: bool) -> String {
    let share = |part: f64| format!("{:.1}%", part * 100.0);
    let size = |[width, height]: Size| format!("{width}x{height}");
    let mut text = line(&["BUCKET", "PICTURES", "ENLARGED", "LOST", "AT MOST"], "");
    for filling in fillings(&part.rows) {
        let [bucket, pictures, enlarged] = [
            size(filling.bucket),
            filling.pictures.to_string(),
            filling.enlarged.to_string(),
        ];
        text += &line(
            &[
                &bucket,
                &pictures,
                &enlarged,
                &share(filling.lost),
                &share(filling.most),
            ],
            "",
        );
    }
    let mut rows = part.rows.clone();
    sort_by_loss(&mut rows);
    let named = if all { rows.len() } else { NAMED };
    let failed = rows.iter().filter(|row| row.placement.is_err());
    let changed = |row: &&Row| {
        row.placement
            .as_ref()
            .is_ok_and(|placed| all || placed.lost() > 0.0 || placed.scale() > 1.0)
    };
    let losing: Vec<&Row> = rows.iter().filter(changed).collect();
    if !losing.is_empty() {
        text += "\n";
        text += &line(&["SIZE", "BUCKET", "SCALED BY", "LOST", "KEPT"], "FILE");
    }
    for row in losing.iter().take(named) {
        let Ok(placement) = &row.placement else { continue };
        let [x, y, width, height] = placement.kept().map(f64::round);
        let kept = format!("{width}x{height}+{x}+{y}");
        let [picture, bucket, scale] = [
            size(placement.size),
            size(placement.bucket),
            format!("{:.3}", placement.scale()),
        ];
        text += &line(
            &[&picture, &bucket, &scale, &share(placement.lost()), &kept],
            &safe(&ground.name(row.picture)),
        );
    }
    if losing.len() > named {
        text += &format!("… and {} more; --all names them\n", losing.len() - named);
    }
    for row in &part.unused {
        let name = ground.name(row.picture);
        text += &format!("- {}: not used, training does not take it\n", safe(&name));
    }
    for row in failed {
        if let Err(error) = &row.placement {
            text += &format!("! {}: {error}\n", safe(&ground.name(row.picture)));
        }
    }
    text
}

/// The first cell to the left, numbers to the right, the file's name as it is.
fn line(cells: &[&str; 5], name: &str) -> String {
    let mut text = pad(cells[0], 12);
    for cell in &cells[1..] {
        text += &format!("{}  ", pad_start(cell, 12));
    }
    format!("{text}{name}").trim_end().to_owned() + "\n"
}
