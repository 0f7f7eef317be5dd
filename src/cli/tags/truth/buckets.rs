//! `danlu tags buckets`: where each picture goes, and what is cut away.

use std::path::PathBuf;

use clap::Args;
use danlu::data::buckets::hand::Hands;
use danlu::data::buckets::overview::{Row, fillings, sort_by_loss};
use danlu::data::buckets::{Buckets, Size};
use danlu::data::config::Dataset;
use danlu::data::set;
use danlu::ui::text::{pad, pad_start, safe};
use serde::Serialize;

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
    /// Print JSON: `[{"file":…,"size":[w,h],"bucket":[w,h],"resized":[w,h],"crop":[x,y,w,h]},…]`
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
}

/// One dataset with its pictures.
struct Part<'a> {
    dataset: &'a Dataset,
    rows: Vec<Row>,
}

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    let arguments = |has_config| options.buckets.arguments(has_config);
    let ground = Ground::open(
        &options.dir,
        options.config.as_deref(),
        &set::Options::default(),
        arguments,
    )?;
    let parts = parts(&ground)?;
    if options.json {
        return json(&ground, &parts);
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
fn parts(ground: &Ground) -> Result<Vec<Part<'_>>, Failure> {
    let hands = Hands::read(&ground.set.root);
    let hands = hands.map_err(|error| Failure::failed(error.to_string()).maybe_hint(error.hint()))?;
    let sizes = ground.sizes();
    let mut parts: Vec<Part<'_>> = Vec::new();
    let mut told = vec![false; sizes.len()];
    for (dataset, _, pictures) in ground.used() {
        if parts.last().is_none_or(|part| !std::ptr::eq(part.dataset, dataset)) {
            let rows = Vec::new();
            parts.push(Part { dataset, rows });
        }
        let buckets = Buckets::new(&dataset.buckets);
        let buckets = buckets.map_err(|error| Failure::usage(error.to_string()).maybe_hint(error.hint()))?;
        for picture in pictures {
            match &sizes[picture] {
                Ok(size) => {
                    let hand = hands.of(&ground.set.root, &ground.set.pictures[picture].path);
                    let placement = buckets.place(*size, hand);
                    if let (Some(part), row) = (parts.last_mut(), Row { picture, placement }) {
                        part.rows.push(row);
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
    }
    Ok(parts)
}

fn json(ground: &Ground, parts: &[Part<'_>]) -> Result<(), Failure> {
    let mut placed = Vec::new();
    for row in parts.iter().flat_map(|part| &part.rows) {
        match &row.placement {
            Ok(placement) => placed.push((ground.name(row.picture), placement)),
            Err(error) => warn(&format!("{}: {error}", ground.name(row.picture))),
        }
    }
    let lines = placed.iter().map(|(file, placement)| Line {
        file,
        size: placement.size,
        bucket: placement.bucket,
        resized: placement.resized,
        crop: placement.crop,
    });
    print_json(&lines.collect::<Vec<_>>())
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
