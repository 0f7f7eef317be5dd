//! Text in columns: how wide it is, how it is cut, wrapped and made safe, and how amounts are written.
//!
//! Everything counts terminal columns and cuts between graphemes, so a Chinese sign is never halved. [`safe`] is the one door for
//! text that others wrote (prompts, file names, error messages): behind it stands no control character.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::lang::{Lang, Text, time};

/// Code points that a grapheme may have; the longest emoji in use have fewer.
const LONGEST_GRAPHEME: usize = 16;

/// Graphemes, each with the columns it takes.
pub fn graphemes(text: &str) -> impl DoubleEndedIterator<Item = (&str, usize)> {
    text.graphemes(true).map(|grapheme| (grapheme, grapheme.width()))
}

/// Columns that a text takes.
pub fn width(text: &str) -> usize {
    graphemes(text).map(|(_, columns)| columns).sum()
}

/// The longest beginning of at most `columns`.
pub fn head(text: &str, columns: usize) -> &str {
    let mut used = 0;
    let mut end = 0;
    for (grapheme, wide) in graphemes(text) {
        used += wide;
        if used > columns {
            break;
        }
        end += grapheme.len();
    }
    &text[..end]
}

/// The longest end of at most `columns`.
pub fn tail(text: &str, columns: usize) -> &str {
    let mut used = 0;
    let mut begin = text.len();
    for (grapheme, wide) in graphemes(text).rev() {
        used += wide;
        if used > columns {
            break;
        }
        begin -= grapheme.len();
    }
    &text[begin..]
}

/// A text of at most `columns`; what does not fit is told by a `…` at the end.
pub fn truncate(text: &str, columns: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    match columns {
        0 => Cow::Borrowed(""),
        _ => Cow::Owned(format!("{}…", head(text, columns - 1))),
    }
}

/// A text of exactly `columns`: cut with `…`, or filled with spaces behind.
pub fn pad(text: &str, columns: usize) -> String {
    let mut padded = truncate(text, columns).into_owned();
    let missing = columns.saturating_sub(width(&padded));
    padded.extend(std::iter::repeat_n(' ', missing));
    padded
}

/// As [`pad`], with the spaces in front.
pub fn pad_start(text: &str, columns: usize) -> String {
    let cut = truncate(text, columns);
    let missing = columns.saturating_sub(width(&cut));
    format!("{}{cut}", " ".repeat(missing))
}

/// A text that a terminal takes literally, on one line.
///
/// Control characters become the pictures of themselves (`␛`). What would turn the direction of writing, stand for a picture's cell
/// or pile up marks without end becomes `�` or is dropped.
pub fn safe(text: &str) -> Cow<'_, str> {
    cleaned(text, false)
}

/// As [`safe`], but line breaks stay, for [`wrap`].
pub fn safe_lines(text: &str) -> Cow<'_, str> {
    cleaned(text, true)
}

fn cleaned(text: &str, lines: bool) -> Cow<'_, str> {
    let harmless = |c: char| (c == '\n' && lines) || replacement(c).is_none();
    let short = |text: &str| text.is_ascii() || text.graphemes(true).all(|g| g.chars().count() <= LONGEST_GRAPHEME);
    if text.chars().all(harmless) && short(text) {
        return Cow::Borrowed(text);
    }
    let joined = if lines {
        text.replace("\r\n", "\n")
    } else {
        text.to_owned()
    };
    let kept = joined
        .graphemes(true)
        .flat_map(|grapheme| grapheme.chars().take(LONGEST_GRAPHEME))
        .map(|c| {
            if c == '\n' && lines {
                c
            } else {
                replacement(c).unwrap_or(c)
            }
        });
    Cow::Owned(kept.collect())
}

/// What stands for a character that must not reach the terminal.
fn replacement(c: char) -> Option<char> {
    match c {
        '\0'..='\u{1F}' => char::from_u32(0x2400 + u32::from(c)),
        '\u{7F}' => Some('\u{2421}'),
        '\u{80}'..='\u{9F}'
        | '\u{61C}'
        | '\u{200E}'
        | '\u{200F}'
        | '\u{2028}'..='\u{202E}'
        | '\u{2066}'..='\u{2069}'
        | '\u{FEFF}'
        | '\u{FFF9}'..='\u{FFFB}'
        | '\u{10EEEE}' => Some('\u{FFFD}'),
        _ => None,
    }
}

/// Lines of at most `columns`. Breaks at line breaks, at spaces, and anywhere between Chinese signs, but leaves no closing
/// punctuation at a line's beginning. A word longer than a line is cut.
pub fn wrap(text: &str, columns: usize) -> Vec<&str> {
    let columns = columns.max(1);
    text.split('\n')
        .flat_map(|paragraph| wrap_paragraph(paragraph, columns))
        .collect()
}

fn wrap_paragraph(text: &str, columns: usize) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut begin = 0;
    let mut used = 0;
    // Where the line may end, and where the next then begins.
    let mut stop: Option<(usize, usize)> = None;
    let mut at = 0;
    let mut before = "";
    for (grapheme, wide) in graphemes(text) {
        if grapheme == " " {
            if before != " " {
                stop = Some((at, at + 1));
            } else if let Some(stop) = &mut stop {
                stop.1 = at + 1;
            }
        } else if at > begin && before != " " && may_break(before, grapheme) {
            stop = Some((at, at));
        }
        if used + wide > columns && at > begin && grapheme != " " {
            let (end, next) = stop.filter(|stop| stop.0 > begin).unwrap_or((at, at));
            lines.push(&text[begin..end]);
            begin = next.min(at);
            used = width(&text[begin..at]);
            stop = None;
        }
        used += wide;
        at += grapheme.len();
        before = grapheme;
    }
    lines.push(text[begin..].trim_end_matches(' '));
    lines
}

/// Whether a line may end between two graphemes that no space parts.
fn may_break(before: &str, after: &str) -> bool {
    let wide = before.width() == 2 || after.width() == 2;
    let first = |text: &str| text.chars().next().unwrap_or(' ');
    let closing = ",。、;:?!)】》〉」』”’…—~%,.;:?!)]}";
    let opening = "(【《〈「『“‘([{";
    wide && !closing.contains(first(after)) && !opening.contains(first(before))
}

/// A whole number with its thousands set apart: `10,000`.
pub fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// An amount in words, where English has a word of its own for one. Both texts have the place `{n}`.
pub fn count(lang: Lang, value: u64, one: &Text, many: &Text) -> String {
    lang.fill(if value == 1 { one } else { many }, &[("n", &number(value))])
}

/// How long something took: `3.2 s`, `2 min 5 s`, `1 h 4 min`.
pub fn duration(lang: Lang, seconds: f64) -> String {
    let seconds = if seconds.is_finite() {
        seconds.clamp(0.0, 1e9)
    } else {
        0.0
    };
    let tenths = (seconds * 10.0).round() as u64;
    let whole = seconds.round() as u64;
    if tenths < 100 {
        return lang.fill(&time::SECONDS, &[("s", &format!("{}.{}", tenths / 10, tenths % 10))]);
    }
    match whole {
        0..60 => lang.fill(&time::SECONDS, &[("s", &whole)]),
        60..3600 => lang.fill(&time::MINUTES, &[("m", &(whole / 60)), ("s", &(whole % 60))]),
        _ => lang.fill(&time::HOURS, &[("h", &number(whole / 3600)), ("m", &(whole / 60 % 60))]),
    }
}

/// How long something still takes, rounded so that it does not flicker: `12 s left`, `about 3 min left`.
pub fn left(lang: Lang, seconds: f64) -> String {
    let seconds = if seconds.is_finite() {
        seconds.clamp(0.0, 1e9)
    } else {
        0.0
    };
    let whole = seconds.ceil() as u64;
    match whole {
        0..=99 => lang.fill(&time::SECONDS_LEFT, &[("s", &whole)]),
        100..5400 => lang.fill(&time::MINUTES_LEFT, &[("m", &whole.div_ceil(60))]),
        _ => lang.fill(&time::HOURS_LEFT, &[("h", &number(whole.div_ceil(3600)))]),
    }
}

/// How long ago `then` was; both are Unix seconds. What lies in the future was just now: clocks differ.
pub fn ago(lang: Lang, now: i64, then: i64) -> String {
    let seconds = u64::try_from(now.saturating_sub(then)).unwrap_or(0);
    let say = |one: &Text, many: &Text, value: u64| count(lang, value, one, many);
    match seconds {
        0..60 => lang.say(&time::JUST_NOW).to_owned(),
        60..3600 => say(&time::MINUTE_AGO, &time::MINUTES_AGO, seconds / 60),
        3600..86400 => say(&time::HOUR_AGO, &time::HOURS_AGO, seconds / 3600),
        _ => say(&time::DAY_AGO, &time::DAYS_AGO, seconds / 86400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_sign_is_never_halved() {
        assert_eq!(width("狐狸 fox"), 8);
        assert_eq!(truncate("狐狸在雪里", 6), "狐狸…");
        assert_eq!(truncate("狐狸在雪里", 5), "狐狸…");
        assert_eq!(truncate("狐狸在雪里", 1), "…");
        assert_eq!(truncate("狐狸在雪里", 0), "");
        assert_eq!(truncate("狐狸", 4), "狐狸");
        assert_eq!((pad("狐狸", 3), pad("狐", 3)), ("狐…".to_owned(), "狐 ".to_owned()));
        assert_eq!(pad_start("7", 3), "  7");
        for columns in 0..12 {
            assert_eq!(width(&pad("a狐b👩‍👩‍👧c狸é", columns)), columns);
        }
    }

    #[test]
    fn nothing_that_a_terminal_obeys_comes_through() {
        assert_eq!(safe("a\u{1b}[31mb\r\n\u{7f}\u{9b}"), "a␛[31mb␍␊␡\u{FFFD}");
        assert_eq!(safe("x\u{202e}gnp.exe\u{2066}"), "x\u{FFFD}gnp.exe\u{FFFD}");
        assert_eq!(safe("\u{10EEEE}"), "\u{FFFD}");
        assert_eq!(safe_lines("a\r\nb\tc"), "a\nb␉c");
        assert!(matches!(safe("plain 狐狸 👩‍👩‍👧"), Cow::Borrowed(_)));
        let pile = format!("a{}b", "\u{301}".repeat(5000));
        assert!(safe(&pile).chars().count() <= LONGEST_GRAPHEME + 1);
    }

    #[test]
    fn lines_break_at_spaces_and_between_chinese_signs() {
        assert_eq!(wrap("a red fox in snow", 8), ["a red", "fox in", "snow"]);
        assert_eq!(wrap("一只红狐狸,坐在雪里", 10), ["一只红狐", "狸,坐在雪", "里"]);
        assert_eq!(wrap("fox狐狸snow", 5), ["fox狐", "狸", "snow"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("a\n\nb  ", 3), ["a", "", "b"]);
        assert_eq!(wrap("", 3), [""]);
        assert_eq!(wrap("狐", 0), ["狐"]);
    }

    #[test]
    fn wrapped_lines_fit_and_lose_nothing_but_spaces() {
        let text = "masterpiece, (red fox:1.2) 坐在雪里,looking up。 supercalifragilistic 雪 x";
        for columns in 2..40 {
            let lines = wrap(text, columns);
            assert!(lines.iter().all(|line| width(line) <= columns), "{columns}: {lines:?}");
            let without = |text: &str| text.replace(' ', "");
            assert_eq!(without(&lines.concat()), without(text), "{columns}");
        }
    }

    #[test]
    fn amounts_are_told_in_both_languages() {
        assert_eq!(number(1_234_567), "1,234,567");
        assert_eq!(duration(Lang::En, 3.24), "3.2 s");
        assert_eq!(duration(Lang::En, 9.96), "10 s");
        assert_eq!(duration(Lang::En, 125.0), "2 min 5 s");
        assert_eq!(duration(Lang::Zh, 125.0), "2 分 5 秒");
        assert_eq!(duration(Lang::En, 3840.0), "1 h 4 min");
        assert_eq!(duration(Lang::En, f64::NAN), "0.0 s");
        assert_eq!(left(Lang::En, 11.2), "12 s left");
        assert_eq!(left(Lang::Zh, 150.0), "约剩 3 分钟");
        assert_eq!(ago(Lang::En, 100, 500), "just now");
        assert_eq!(ago(Lang::En, 3600, 0), "1 hour ago");
        assert_eq!(ago(Lang::Zh, 86400 * 3, 0), "3 天前");
        assert_eq!(ago(Lang::En, i64::MAX, i64::MIN), "106,751,991,167,300 days ago");
    }
}
