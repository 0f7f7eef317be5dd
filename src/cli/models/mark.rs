//! `danlu models favourite|tag|note`: what the user says of models.

use std::path::PathBuf;

use clap::Args;
use danlu::library::sidecar::Edit;
use danlu::library::{Library, Places};
use danlu::ui::text::safe_lines;

use super::{find, open, warn};
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::print;

#[derive(Debug, Args)]
pub(in crate::cli) struct Note {
    /// Name or path
    #[arg(value_name = "NAME|PATH")]
    model: String,
    /// The notes; an empty text takes them away
    text: Option<String>,
    /// What the model is
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// What goes into the prompt with it
    #[arg(long, value_name = "TEXT")]
    activation: Option<String>,
    /// The weight that a prompt calls it with; 0 for the default
    #[arg(long, allow_negative_numbers = true)]
    weight: Option<f64>,
    /// What goes into the negative prompt with it
    #[arg(long, value_name = "TEXT")]
    negative: Option<String>,
}

/// The library, read when it never was; marks need no more than paths.
fn library(context: &Context) -> Result<Library, Failure> {
    let library = open(context)?;
    if library.models().is_empty() {
        return super::refreshed(context);
    }
    Ok(library)
}

pub(super) fn favourite(context: &Context, models: &[String], favourite: bool) -> Result<(), Failure> {
    let library = library(context)?;
    // All are found before any is changed.
    let paths: Vec<PathBuf> = models
        .iter()
        .map(|wanted| find(context, &library, wanted).map(|card| card.path))
        .collect::<Result<_, _>>()?;
    for path in paths {
        library.set_favourite(&path, favourite)?;
    }
    Ok(())
}

pub(super) fn tag(context: &Context, model: &str, tags: &[String], remove: bool) -> Result<(), Failure> {
    let library = library(context)?;
    let card = find(context, &library, model)?;
    if tags.is_empty() && !remove {
        return match card.tags.as_slice() {
            [] => crate::cli::print_bytes(b""),
            tags => print(safe_lines(&tags.join("\n"))),
        };
    }
    let mut kept = card.tags;
    if remove {
        kept.retain(|tag| !tags.is_empty() && !tags.contains(tag));
    } else {
        kept.extend_from_slice(tags);
    }
    Ok(library.set_tags(&card.path, &kept)?)
}

pub(super) fn note(context: &Context, options: &Note) -> Result<(), Failure> {
    let library = library(context)?;
    let card = find(context, &library, &options.model)?;
    if let Some(weight) = options.weight.filter(|weight| !weight.is_finite()) {
        return Err(
            Failure::usage(format!("--weight is {weight}, which is no weight")).hint("use a number such as 0.8")
        );
    }
    let edit = Edit {
        description: options.description.clone(),
        sd_version: None,
        activation: options.activation.clone(),
        preferred_weight: options.weight,
        negative: options.negative.clone(),
        notes: options.text.clone(),
    };
    if edit == Edit::default() {
        let details = library.details(&card);
        return match details.note.or(details.sidecar.notes) {
            None => crate::cli::print_bytes(b""),
            Some(notes) => print(safe_lines(&notes)),
        };
    }
    let written = library.edit(&card.path, &edit)?;
    if written == Places::of(&context.paths).user {
        warn([format!(
            "nothing can be written beside {}, so danlu keeps the note in {}",
            card.path.display(),
            written.display()
        )]);
        return Ok(());
    }
    print(written.display().to_string())
}
