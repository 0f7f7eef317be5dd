//! The two ways in which A1111 edits a prompt by key: Ctrl+Up and Ctrl+Down change weights, Alt+Left and Alt+Right move items.
//!
//! The rules are those of `edit-attention.js` and `edit-order.js` of A1111 1.10.1 with its default options, key for key, except where
//! they damage the prompt:
//!
//! - A bracket behind a backslash is text, as it is to the reader: `\(vocaloid\)` keeps both its brackets.
//! - What stands in the place of a weight and is no number, or is more than one, stays: `(a:0.9, b)` is not cut to `a`.
//! - Numbers are written without an exponent, which the reader does not know.
//!
//! Pure functions from a text and a selection to a [`Change`]; [`super::buffer`] applies it.

use std::ops::Range;

/// How far one key moves the weight of `(text:1.1)`.
const STEP: f64 = 0.1;
/// How far one key moves the strength of `<lora:name:1>`.
const EXTRA_STEP: f64 = 0.05;
/// What ends a word for Ctrl+Up and Ctrl+Down.
const DELIMITERS: &str = ".,\\/!?%^*;:{}=`~() \t\r\n";

/// What a key does to a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The bytes that are replaced; empty together with `text` when only the selection changes.
    pub range: Range<usize>,
    /// What they are replaced by.
    pub text: String,
    /// What is selected afterwards.
    pub selection: Range<usize>,
}

impl Change {
    fn select(selection: Range<usize>) -> Self {
        Self {
            range: selection.end..selection.end,
            text: String::new(),
            selection,
        }
    }
}

/// Whether a weight grows or shrinks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Ctrl+Up.
    Up,
    /// Ctrl+Down.
    Down,
}

/// Changes the weight of the selection, or of the block or word around the cursor.
pub fn change_weight(text: &str, selection: Range<usize>, direction: Direction) -> Change {
    let chosen = if selection.is_empty() {
        let at = selection.start;
        [('<', '>'), ('(', ')'), ('[', ']')]
            .into_iter()
            .find_map(|(open, close)| block(text, at, open, close))
            .unwrap_or_else(|| word(text, at))
    } else {
        selection
    };
    let opening = text[..chosen.start].char_indices().next_back();
    let opening = opening.filter(|&(at, _)| is_bare(text, at)).map(|(_, c)| c);
    let closing = text[chosen.end..].chars().next();
    let closing = closing.filter(|_| is_bare(text, chosen.end));
    let change = match (opening, closing) {
        (Some('<'), _) => reweigh(text, &chosen, '>', EXTRA_STEP, direction),
        (Some('('), Some(')')) => convert(text, &chosen, ('(', ')'), 1.1, direction),
        (Some('['), Some(']')) => convert(text, &chosen, ('[', ']'), 1.0 / 1.1, direction),
        (Some('('), _) => reweigh(text, &chosen, ')', STEP, direction),
        _ => wrap(text, &chosen, direction),
    };
    change.unwrap_or_else(|| Change::select(chosen))
}

/// The text between the innermost brackets around a place, without its weight. Brackets of the same kind between the place and
/// either of them mean that there is none.
fn block(text: &str, at: usize, open: char, close: char) -> Option<Range<usize>> {
    let start = last_bare(&text[..at], open)?;
    if last_bare(&text[..at], close).is_some_and(|close| close > start) {
        return None;
    }
    let end = first_bare(text, at, close)?;
    if first_bare(text, at, open).is_some_and(|open| open < end) {
        return None;
    }
    let inner = start + open.len_utf8()..end;
    let content = &text[inner.clone()];
    let weighs = content.match_indices(':').any(|(colon, _)| {
        let number = &content[colon + 1..];
        let number = number.strip_prefix('-').unwrap_or(number);
        number.starts_with(|c: char| c == '.' || c.is_ascii_digit())
    });
    let length = content.rfind(':').filter(|_| weighs).unwrap_or(content.len());
    Some(inner.start..inner.start + length)
}

fn word(text: &str, at: usize) -> Range<usize> {
    let is_delimiter = |c| DELIMITERS.contains(c);
    let start = text[..at].rfind(is_delimiter).map_or(0, |i| i + 1);
    let end = text[at..].find(is_delimiter).map_or(text.len(), |i| at + i);
    start..end
}

/// Gives a stretch without brackets its first weight.
fn wrap(text: &str, chosen: &Range<usize>, direction: Direction) -> Option<Change> {
    let inner = text[chosen.clone()].trim_end_matches(' ');
    if inner.is_empty() {
        return None;
    }
    weighed(inner, chosen.start..chosen.start + inner.len(), 1.0, direction)
}

/// Turns `((text))` into `(text:1.2)` and takes the step.
fn convert(
    text: &str,
    chosen: &Range<usize>,
    (open, close): (char, char),
    factor: f64,
    direction: Direction,
) -> Option<Change> {
    let before = text[..chosen.start].bytes().rev();
    let after = text[chosen.end..].bytes();
    let mut depth = before
        .zip(after)
        .take_while(|&(a, b)| char::from(a) == open && char::from(b) == close)
        .count();
    if !is_bare(text, chosen.start - depth) {
        depth -= 1;
    }
    let weight = (factor.powf(depth as f64) / STEP).round() * STEP;
    let range = chosen.start - depth..chosen.end + depth;
    weighed(&text[chosen.clone()], range, weight, direction)
}

/// The text under the weight that follows from `weight`, in place of `range`.
fn weighed(inner: &str, range: Range<usize>, weight: f64, direction: Direction) -> Option<Change> {
    let (weight, number) = stepped(weight, STEP, direction)?;
    if is_one(weight) {
        return Some(Change {
            selection: range.start..range.start + inner.len(),
            text: inner.to_owned(),
            range,
        });
    }
    Some(Change {
        selection: range.start + 1..range.start + 1 + inner.len(),
        text: format!("({inner}:{number})"),
        range,
    })
}

/// Takes the step from the number that stands behind the chosen text.
fn reweigh(text: &str, chosen: &Range<usize>, close: char, step: f64, direction: Direction) -> Option<Change> {
    let behind = text[chosen.end..].strip_prefix(':')?;
    let written = &behind[..behind.find(close)?];
    let (weight, number) = stepped(parse(written)?, step, direction)?;
    let start = chosen.end + 1;
    let end = start + written.len();
    if close == ')' && is_one(weight) {
        return Some(Change {
            range: chosen.start - 1..end + 1,
            text: text[chosen.clone()].to_owned(),
            selection: chosen.start - 1..chosen.end - 1,
        });
    }
    Some(Change {
        range: start..end,
        text: number,
        selection: chosen.clone(),
    })
}

fn stepped(weight: f64, step: f64, direction: Direction) -> Option<(f64, String)> {
    let weight = match direction {
        Direction::Up => weight + step,
        Direction::Down => weight - step,
    };
    // Twelve digits, as A1111: what 0.1 lacks in binary is not shown.
    let weight: f64 = format!("{weight:.11e}").parse().ok()?;
    let number = if weight.fract() == 0.0 {
        format!("{weight:.1}")
    } else {
        weight.to_string()
    };
    weight.is_finite().then_some((weight, number))
}

/// Exactly: twelve digits have been rounded to.
#[expect(
    clippy::float_cmp,
    reason = "the weight that brackets are not needed for is exactly 1"
)]
fn is_one(weight: f64) -> bool {
    weight == 1.0
}

/// A number and nothing else but white space.
fn parse(written: &str) -> Option<f64> {
    let number = written.trim();
    let digits = number
        .bytes()
        .all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E'));
    number.parse().ok().filter(|_| digits)
}

/// Whether the character at a place is not made literal by a backslash.
fn is_bare(text: &str, at: usize) -> bool {
    if text[at..].starts_with(['<', '>']) {
        return true;
    }
    text[..at].bytes().rev().take_while(|&b| b == b'\\').count() % 2 == 0
}

fn last_bare(text: &str, bracket: char) -> Option<usize> {
    let mut found = text.rmatch_indices(bracket).map(|(at, _)| at);
    found.find(|&at| is_bare(text, at))
}

fn first_bare(text: &str, from: usize, bracket: char) -> Option<usize> {
    let mut found = text[from..].match_indices(bracket).map(|(at, _)| from + at);
    found.find(|&at| is_bare(text, at))
}

/// Moves the items between commas that the selection touches past their left neighbour.
pub fn move_left(text: &str, selection: Range<usize>) -> Change {
    let chosen = items(text, &selection);
    let Some(comma) = chosen.start.checked_sub(1) else {
        return Change::select(selection);
    };
    let start = text[..comma].rfind(',').map_or(0, |i| i + 1);
    let items = &text[chosen.clone()];
    Change {
        range: start..chosen.end,
        text: format!("{items},{}", &text[start..comma]),
        selection: start..start + items.len(),
    }
}

/// Moves the items between commas that the selection touches past their right neighbour.
pub fn move_right(text: &str, selection: Range<usize>) -> Change {
    let chosen = items(text, &selection);
    if chosen.end == text.len() {
        return Change::select(selection);
    }
    let next = chosen.end + 1;
    let end = text[next..].find(',').map_or(text.len(), |i| next + i);
    Change {
        range: chosen.start..end,
        text: format!("{},{}", &text[next..end], &text[chosen.clone()]),
        selection: end - chosen.len()..end,
    }
}

fn items(text: &str, selection: &Range<usize>) -> Range<usize> {
    let start = text[..selection.start].rfind(',').map_or(0, |i| i + 1);
    let end = text[selection.end..]
        .find(',')
        .map_or(text.len(), |i| selection.end + i);
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both texts have their selection between `|`; one `|` is a cursor.
    #[track_caller]
    fn check(change: impl Fn(&str, Range<usize>) -> Change, before: &str, after: &str) {
        let text = before.replace('|', "");
        let start = before.find('|').unwrap_or_default();
        let end = before.rfind('|').map_or(0, |end| end.max(start + 1) - 1);
        let Change {
            range,
            text: new,
            selection,
        } = change(&text, start..end.max(start));
        let mut result = text;
        result.replace_range(range, &new);
        result.insert(selection.end, '|');
        result.insert(selection.start, '|');
        assert_eq!(result, after, "{before}");
    }

    fn up(text: &str, selection: Range<usize>) -> Change {
        change_weight(text, selection, Direction::Up)
    }

    #[test]
    fn escaped_brackets_are_text() {
        check(up, r"miku \(voca|loid\)", r"miku \((|vocaloid|:1.1)\)");
        check(up, r"(mi|ku \(vocaloid\):1.1)", r"(|miku \(vocaloid\)|:1.2)");
        check(up, r"((a\\|))", r"(|a\\|:1.3)");
        check(up, r"\((a|))", r"\((|a|:1.2))");
        check(up, r"\((|a|)\)", r"\((|a|:1.2)\)");
    }

    #[test]
    fn what_is_no_weight_is_not_replaced() {
        for text in [
            "(|a|:0.9, b)",
            "(|a|:1.1.3)",
            "<|lora:a|:0.8x>",
            "(|a|:inf)",
            "(|a|:nan)",
            "(|a|:)",
            "(|a|:1",
        ] {
            check(up, text, text);
        }
    }

    #[test]
    fn numbers_have_no_exponent() {
        check(up, "(a|:1e21)", "(|a|:1000000000000000000000.0)");
        let deep = "(".repeat(9000) + "a|" + &")".repeat(9000);
        check(up, &deep, &deep.replace("a|", "|a|"));
    }
}
