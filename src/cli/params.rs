//! `danlu params`: what an image or an infotext says about its making.

use std::io::Read;
use std::path::Path;

use danlu::infotext::Infotext;

use super::args::Params;
use super::failure::Failure;
use super::generate::parameters;

pub(super) fn run(options: &Params) -> Result<(), Failure> {
    let source = &options.source;
    let path = Path::new(source);
    let text = if source == "-" {
        let mut bytes = Vec::new();
        std::io::stdin()
            .lock()
            .read_to_end(&mut bytes)
            .map_err(|e| Failure::failed(format!("cannot read standard input: {e}")))?;
        parameters(bytes, Path::new("standard input"))?
    } else if path.exists() || !looks_like_text(source) {
        let bytes = std::fs::read(path).map_err(|e| {
            Failure::failed(format!("cannot read {source}: {e}"))
                .hint("give an image, a text file, an infotext, or - for standard input")
        })?;
        parameters(bytes, path)?
    } else {
        Some(source.clone())
    };
    let Some(text) = text else {
        return Err(Failure::failed(format!("{source} has no generation parameters"))
            .hint("danlu, A1111 and Forge write them; other programs and most web sites strip them"));
    };
    let infotext = Infotext::parse(&text);
    if options.json {
        super::print_json(&infotext)
    } else {
        super::print(describe(&infotext))
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
