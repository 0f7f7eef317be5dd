//! Extra network calls, `<lora:name:0.8>`: taken out of a prompt as A1111 1.10.1 takes them.
//!
//! [`find`] is `modules/extra_networks.py`; what the arguments mean to each kind is that of its own class:
//! `extra_networks_lora.py`, `extra_networks_hypernet.py`. What has the form of a call leaves the text, whatever its kind; where a
//! file for it comes from is not known here. A1111 drops every network of a kind when one call's number cannot be read; here that
//! one call is skipped and said.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};

use super::python;

/// A call of an extra network, `<kind:name:te:unet>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NetworkCall {
    /// As written: `lora`, `hypernet` …; [`NetworkCall::family`] says what it means.
    pub kind: String,
    /// The network's name or alias, as written.
    pub name: String,
    /// Its strength in the text encoder; finite.
    pub te: f64,
    /// Its strength in the `UNet`; finite. A hypernetwork's only strength is given as both.
    pub unet: f64,
    /// How many of a LoRA's ranks are used (`dyn=`); all of them where it is not given.
    #[serde(rename = "dyn", default, skip_serializing_if = "Option::is_none")]
    pub dyn_dim: Option<usize>,
}

/// What a call's kind stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// `lora`, and `lyco` from the time when `LyCORIS` was an extension: a network of the LoRA family.
    Lora,
    /// `hypernet`: a hypernetwork.
    Hypernetwork,
    /// Anything else: taken out of the text and skipped.
    Unknown,
}

impl NetworkCall {
    /// What the kind means; A1111 tells `lora` from `LoRA`, and so does this.
    pub fn family(&self) -> Family {
        family(&self.kind)
    }
}

/// A prompt without its calls.
#[derive(Clone, Debug, PartialEq)]
pub struct Extracted<'a> {
    /// The text that is left; the space around a call stays.
    pub text: Cow<'a, str>,
    /// The calls in order, those of unknown kinds too.
    pub calls: Vec<NetworkCall>,
    /// One sentence for each call that is skipped: its kind is unknown, or a number in it is none.
    pub faults: Vec<String>,
    /// Where the calls stood, in bytes of the text as written.
    gaps: Vec<Range<usize>>,
    /// Where each call stood in the text without them.
    seams: Vec<usize>,
}

impl Extracted<'_> {
    /// Where a byte of [`text`](Self::text) stands in the text as written; a byte behind a call is not before it.
    pub fn written(&self, at: usize) -> usize {
        let before = self.seams.partition_point(|&seam| seam <= at);
        match before.checked_sub(1) {
            Some(last) => at - self.seams[last] + self.gaps[last].end,
            None => at,
        }
    }

    /// A stretch of [`text`](Self::text) in the text as written: in pieces where calls stand within it.
    pub fn pieces(&self, range: Range<usize>) -> Vec<Range<usize>> {
        let mut pieces = Vec::new();
        let (mut from, mut left) = (self.written(range.start), range.len());
        while left > 0 {
            let after = self.gaps.partition_point(|gap| gap.start < from);
            let room = self.gaps.get(after).map_or(usize::MAX, |gap| gap.start - from);
            let length = left.min(room);
            if length > 0 {
                pieces.push(from..from + length);
            }
            left -= length;
            from += length;
            if left > 0 {
                from = self.gaps.get(after).map_or(from, |gap| gap.end);
            }
        }
        pieces
    }

    /// Where the calls stand in the text as written.
    pub fn gaps(&self) -> &[Range<usize>] {
        &self.gaps
    }
}

/// A call as it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Found<'a> {
    /// Where it stands, brackets included, in bytes.
    pub range: Range<usize>,
    /// The word before the first colon.
    pub kind: &'a str,
    /// What follows, cut at every colon; at least one.
    pub items: Vec<&'a str>,
}

impl<'a> Found<'a> {
    /// The items without exactly one `=`, in order.
    fn positional(&self, at: usize) -> Option<&'a str> {
        let mut positional = self.items.iter().filter(|item| named(item).is_none());
        positional.nth(at).copied()
    }

    /// The value of the last `name=value`.
    fn named(&self, name: &str) -> Option<&'a str> {
        let mut values = self.items.iter().rev().filter_map(|item| named(item));
        values.find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    fn read(&self) -> Result<NetworkCall, String> {
        let call = |name: &str, te, unet, dyn_dim| NetworkCall {
            kind: self.kind.to_owned(),
            name: name.to_owned(),
            te,
            unet,
            dyn_dim,
        };
        match family(self.kind) {
            Family::Lora => {
                let name = self.positional(0).ok_or("it has no name")?;
                let te = self.number("te", self.positional(1), 1.0)?;
                let unet = self.number("unet", self.positional(2), te)?;
                let dyn_dim = [self.positional(3), self.named("dyn")].into_iter().flatten();
                let dyn_dim = dyn_dim.map(dimension).collect::<Result<Vec<_>, _>>()?.pop();
                Ok(call(name, te, unet, dyn_dim))
            }
            Family::Hypernetwork => {
                let strength = self.items.get(1).map_or(Ok(1.0), |text| strength(text))?;
                Ok(call(self.items[0], strength, strength, None))
            }
            Family::Unknown => {
                let number = |at, default| {
                    self.positional(at)
                        .and_then(|text| strength(text).ok())
                        .unwrap_or(default)
                };
                let te = number(1, 1.0);
                Ok(call(self.items[0], te, number(2, te), None))
            }
        }
    }

    /// The named number, else the one by place, else the default; one that is not used is read all the same, as A1111 does.
    fn number(&self, name: &str, by_place: Option<&str>, default: f64) -> Result<f64, String> {
        let by_place = by_place.map_or(Ok(default), strength)?;
        self.named(name).map_or(Ok(by_place), strength)
    }
}

/// The calls of a text as they are written, in order.
pub fn find(text: &str) -> impl Iterator<Item = Found<'_>> {
    static CALL: LazyLock<Regex> = LazyLock::new(|| {
        let pattern = r"<([\p{L}\p{N}_]+):([^>]+)>";
        Regex::new(pattern).unwrap_or_else(|error| unreachable!("the pattern is valid: {error}"))
    });
    CALL.captures_iter(text).map(|found| {
        let (whole, [kind, arguments]) = found.extract();
        let start = found.get_match().start();
        Found {
            range: start..start + whole.len(),
            kind,
            items: arguments.split(':').collect(),
        }
    })
}

/// Takes the calls out of a prompt. In A1111 only the positive prompt's are calls; those in a negative prompt stay text.
pub fn extract(text: &str) -> Extracted<'_> {
    let mut extracted = Extracted {
        text: Cow::Borrowed(text),
        calls: Vec::new(),
        faults: Vec::new(),
        gaps: Vec::new(),
        seams: Vec::new(),
    };
    let mut left = String::new();
    let mut at = 0;
    for found in find(text) {
        left.push_str(&text[at..found.range.start]);
        at = found.range.end;
        extracted.seams.push(left.len());
        match found.read() {
            Ok(call) => {
                if call.family() == Family::Unknown {
                    let whole = &text[found.range.clone()];
                    let kind = &call.kind;
                    extracted.faults.push(format!(
                        "{whole} in the prompt is skipped: {kind} is no kind of network, expected lora or hypernet"
                    ));
                }
                extracted.calls.push(call);
            }
            Err(why) => {
                let whole = &text[found.range.clone()];
                extracted
                    .faults
                    .push(format!("{whole} in the prompt is skipped: {why}"));
            }
        }
        extracted.gaps.push(found.range);
    }
    if at > 0 {
        left.push_str(&text[at..]);
        extracted.text = Cow::Owned(left);
    }
    extracted
}

fn family(kind: &str) -> Family {
    match kind {
        "lora" | "lyco" => Family::Lora,
        "hypernet" => Family::Hypernetwork,
        _ => Family::Unknown,
    }
}

/// `name=value`; with two or more `=` it is neither.
fn named(item: &str) -> Option<(&str, &str)> {
    let (name, value) = item.split_once('=')?;
    (!value.contains('=')).then_some((name, value))
}

fn strength(text: &str) -> Result<f64, String> {
    let number = python::float(text).filter(|number| number.is_finite());
    number.ok_or_else(|| format!("its strength {text:?} is no number"))
}

fn dimension(text: &str) -> Result<usize, String> {
    let number = python::int(text).and_then(|number| usize::try_from(number).ok());
    number.ok_or_else(|| format!("its dyn {text:?} is no count of ranks, expected a whole number from 0 on"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(kind: &str, name: &str, te: f64, unet: f64, dyn_dim: Option<usize>) -> NetworkCall {
        NetworkCall {
            kind: kind.into(),
            name: name.into(),
            te,
            unet,
            dyn_dim,
        }
    }

    #[track_caller]
    fn check(text: &str, left: &str, calls: &[NetworkCall], faults: usize) {
        let read = extract(text);
        assert_eq!((read.text.as_ref(), read.calls.as_slice()), (left, calls), "{text:?}");
        assert_eq!(read.faults.len(), faults, "{text:?} {:?}", read.faults);
    }

    #[test]
    fn strengths_are_by_place_or_by_name() {
        let lora = |te, unet, dyn_dim| [call("lora", "a", te, unet, dyn_dim)];
        check("x <lora:a> y", "x  y", &lora(1.0, 1.0, None), 0);
        check("<lora:a:0.5>", "", &lora(0.5, 0.5, None), 0);
        check("<lora:a:1:0.5:dyn=8>", "", &lora(1.0, 0.5, Some(8)), 0);
        check("<lora:a:1:0.5:8>", "", &lora(1.0, 0.5, Some(8)), 0);
        check("<lora:unet=0:a:te=-.3>", "", &lora(-0.3, 0.0, None), 0);
        check("<lora:a: 1 :te=2:te=3:other=x>", "", &lora(3.0, 3.0, None), 0);
        check("<hypernet:b:0.3>", "", &[call("hypernet", "b", 0.3, 0.3, None)], 0);
        check("<hypernet:b=c>", "", &[call("hypernet", "b=c", 1.0, 1.0, None)], 0);
        check(
            "<lyco:水墨 画:１.５>",
            "",
            &[call("lyco", "水墨 画", 1.5, 1.5, None)],
            0,
        );
        check("<lora:a=b=c:2>", "", &[call("lora", "a=b=c", 2.0, 2.0, None)], 0);
    }

    #[test]
    fn what_has_no_form_of_a_call_stays() {
        for text in [
            "<lora:>",
            "<lora:a",
            "lora:a>",
            "<lo ra:a>",
            "<:a>",
            "< lora:a>",
            "<lora>",
            "a < b > c",
            "",
        ] {
            check(text, text, &[], 0);
        }
        check("<<lora:a>>", "<>", &[call("lora", "a", 1.0, 1.0, None)], 0);
        check("<lora:a<lora:b>>", ">", &[], 1);
        check("<lora::1>", "", &[call("lora", "", 1.0, 1.0, None)], 0);
    }

    #[test]
    fn a_call_that_cannot_be_read_is_skipped_and_said() {
        check(
            "a <lora:b:x> c<lora:d:2>",
            "a  c",
            &[call("lora", "d", 2.0, 2.0, None)],
            1,
        );
        for text in [
            "<lora:b:>",
            "<lora:b:1:inf>",
            "<lora:b:x:te=1>",
            "<lora:b:1:1:-1>",
            "<lora:te=1>",
            "<hypernet:b:1,5>",
        ] {
            check(text, "", &[], 1);
        }
        check("<style:b:3>", "", &[call("style", "b", 3.0, 3.0, None)], 1);
        assert_eq!(
            extract("<lora:b:x>").faults,
            [r#"<lora:b:x> in the prompt is skipped: its strength "x" is no number"#]
        );
    }

    #[test]
    fn places_lead_back_to_the_text_as_written() {
        let text = "<lora:a>ab<lora:b><lora:c>cd<lora:d>";
        let read = extract(text);
        assert_eq!(read.text, "abcd");
        let written: String = (0..4).map(|at| &text[read.written(at)..=read.written(at)]).collect();
        assert_eq!(written, "abcd");
        assert_eq!(read.pieces(0..4), [8..10, 26..28]);
        assert_eq!(read.pieces(1..2), [Range { start: 9, end: 10 }]);
        assert_eq!(read.pieces(2..4), [Range { start: 26, end: 28 }]);
        assert!(read.pieces(2..2).is_empty());
    }
}
