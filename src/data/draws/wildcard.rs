//! Wildcards in captions: a line drawn of several, and one of the choices in `{a|b}`.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::data::random::Python;

/// A drawn line with its choices drawn. `{{` and `}}` stand for braces.
pub(super) fn draw(caption: &str, random: &mut Python) -> String {
    static CHOICE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\{([^}]+)\}").expect("the pattern is valid"));
    let lines: Vec<&str> = caption.split('\n').collect();
    let line = if lines.len() > 1 {
        random.choice(&lines).copied()
    } else {
        Some(caption)
    };
    let line = line.unwrap_or_default();
    // Braces are hidden behind brackets that the caption itself does not have in that number.
    let width = longest_run(line, '⦅').max(longest_run(line, '⦆')) + 1;
    let (open, close) = ("⦅".repeat(width), "⦆".repeat(width));
    let hidden = line.replace("{{", &open).replace("}}", &close);
    let drawn = CHOICE.replace_all(&hidden, |found: &Captures<'_>| {
        let choices: Vec<&str> = found[1].split('|').collect();
        random.choice(&choices).copied().unwrap_or_default().to_owned()
    });
    drawn.replace(&open, "{").replace(&close, "}")
}

/// How often the letter stands in a row at most.
fn longest_run(text: &str, letter: char) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == letter { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}
