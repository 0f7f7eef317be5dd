//! `danlu params`: what an image or an infotext says about its making.

use std::io::{Cursor, Read};
use std::path::Path;

use danlu::infotext::{Infotext, carrier, parse};

use super::args::Params;
use super::failure::Failure;

pub(super) fn run(options: &Params) -> Result<(), Failure> {
    let source = options.source.as_str();
    let infotext = if source != "-" && !Path::new(source).exists() && looks_like_text(source) {
        Infotext::parse(source)
    } else {
        read(source)?
    };
    if options.json {
        super::print_json(&infotext)
    } else {
        super::print(describe(&infotext))
    }
}

/// The parameters in an image, in a text file, or in either on standard input (`-`).
pub(super) fn read(source: &str) -> Result<Infotext, Failure> {
    let name = if source == "-" { "standard input" } else { source };
    let cannot = |e: std::io::Error| {
        Failure::failed(format!("cannot read {name}: {e}")).hint("give an image, a text file, or - for standard input")
    };
    let mut bytes = Vec::new();
    if source == "-" {
        std::io::stdin().lock().read_to_end(&mut bytes).map_err(cannot)?;
    } else {
        bytes = std::fs::read(source).map_err(cannot)?;
    }
    let text = if carrier::is_image(&bytes) {
        carrier::read_from(Cursor::new(bytes), Path::new(name))?
    } else {
        let neither = || Failure::failed(format!("{name} is neither an image nor a text"));
        Some(parse::decode(&bytes).ok_or_else(neither)?)
    };
    match text.filter(|text| !text.trim().is_empty()) {
        Some(text) => Ok(Infotext::parse(&text)),
        None => Err(Failure::failed(format!("{name} has no generation parameters"))
            .hint("danlu, A1111 and Forge write them; other programs and most web sites strip them")),
    }
}

/// Whether an argument that is no file is meant as an infotext rather than as a mistyped path.
fn looks_like_text(source: &str) -> bool {
    source.contains('\n') || source.contains(": ") || source.contains(", ")
}

fn describe(infotext: &Infotext) -> String {
    let mut lines = vec![infotext.prompt.clone()];
    if !infotext.negative_prompt.is_empty() {
        lines.push(format!("Negative prompt: {}", infotext.negative_prompt));
    }
    let widest = infotext
        .fields
        .iter()
        .map(|(key, _)| key.chars().count())
        .max()
        .unwrap_or_default();
    lines.extend(
        infotext
            .fields
            .iter()
            .map(|(key, value)| format!("{key:<widest$}  {value}")),
    );
    lines.join("\n")
}
