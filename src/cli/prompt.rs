//! `danlu prompt`: how a prompt is read.

use std::fmt::Write;
use std::io::Read;

use danlu::prompt::inversions::Inversions;
use danlu::prompt::{Reading, Tokenizer, read};

use super::args::Prompt;
use super::context::Context;
use super::failure::Failure;

pub(super) fn run(context: &Context, options: &Prompt) -> Result<(), Failure> {
    if options.steps == 0 || options.hires_steps == Some(0) {
        return Err(Failure::usage("steps is 0, expected 1 or more"));
    }
    let mut text = options.text.join(" ");
    if text == "-" {
        text.clear();
        std::io::stdin()
            .lock()
            .read_to_string(&mut text)
            .map_err(|e| Failure::failed(format!("cannot read standard input: {e}")))?;
        text.truncate(text.trim_end_matches(['\r', '\n']).len());
    }
    let reading = read(
        &text,
        options.steps,
        options.hires_steps,
        context.settings.comma_padding_backtrack as usize,
        Tokenizer::clip(),
        &Inversions::default(),
    );
    if options.json {
        super::print_json(&reading)
    } else {
        super::print(describe(&reading))
    }
}

/// The reading for people: each run with its weight.
fn describe(reading: &Reading) -> String {
    let mut text = String::new();
    for part in &reading.subprompts {
        for stage in &part.schedule {
            let chunks = if stage.chunks == 1 {
                "1 chunk".to_owned()
            } else {
                format!("{} chunks", stage.chunks)
            };
            let _ = writeln!(text, "up to step {}: {} tokens, {chunks}", stage.until, stage.tokens);
            for run in &stage.attention {
                let weight = if run.is_break() {
                    "BREAK".to_owned()
                } else {
                    format!("{:.3}", run.weight)
                };
                let shown = if run.is_break() { "" } else { &run.text };
                let _ = writeln!(text, "{weight:>9}  {shown}");
            }
        }
    }
    text
}
