//! Weighted captions against kohya's `TokenizeStrategy`.

use danlu::data::draws::seen::{Limit, Padding, seen_by};
use danlu::data::draws::weighted::{ids, seen};

use super::{Exact, fixture};

type Case = (
    String,
    String,
    usize,
    Option<Vec<(String, Exact)>>,
    Option<Vec<Vec<u32>>>,
    Option<Vec<Vec<Exact>>>,
);

#[test]
fn ids_and_weights_are_those_that_kohya_gives_the_encoder() {
    let cases: Vec<Case> = fixture("weighted.json.gz");
    let (mut read, mut stopped, mut cut) = (0, 0, 0);
    for (text, padding, limit, runs, expected, weights) in cases {
        let padding = if padding == "end" { Padding::End } else { Padding::Zero };
        let at = format!("{text:?} at {limit}, {padding:?}");
        let limit = Limit::of_tokens(limit).unwrap();
        let told = seen(&text, limit, padding);
        let (Some(runs), Some(expected), Some(weights)) = (runs, expected, weights) else {
            let fault = told.fault.unwrap_or_else(|| panic!("{at}: kohya stops"));
            assert!(
                text[fault.clone()].starts_with(':') && text[fault].ends_with(')'),
                "{at}"
            );
            stopped += 1;
            continue;
        };
        assert_eq!(told.fault, None, "{at}");
        let ours: Vec<_> = told
            .runs
            .iter()
            .map(|run| (run.text.clone(), Exact(run.weight)))
            .collect();
        assert_eq!(ours, runs, "{at}");
        let chunks = ids(&text, limit, padding);
        assert_eq!(chunks.len(), expected.len(), "{at}");
        for ((ours, expected), weights) in chunks.iter().zip(&expected).zip(&weights) {
            assert_eq!(ours.ids[..], expected[..], "{at}");
            let ours: Vec<_> = ours.weights.iter().map(|&weight| Exact(weight.into())).collect();
            assert_eq!(ours, *weights, "{at}");
        }
        // The tokens that are told are those that are given.
        let given: usize = told.runs.iter().map(|run| run.tokens).sum();
        assert_eq!(given, told.seen.tokens.min(limit.tokens()), "{at}");
        assert_eq!(told.places.len(), told.seen.tokens.min(limit.tokens() + 1), "{at}");
        assert_eq!(told.seen.lost, told.places.get(limit.tokens()).copied(), "{at}");
        assert!(told.places.is_sorted(), "{at}");
        let parts: String = told.seen.parts(&text).map(|(_, part)| part).collect();
        assert_eq!(parts, text);
        cut += usize::from(told.seen.lost.is_some());
        read += 1;
    }
    assert!(
        read > 500 && stopped > 10 && cut > 100,
        "{read} read, {stopped} stopped, {cut} cut"
    );
}

#[test]
fn a_caption_without_brackets_is_seen_as_a_plain_one() {
    for text in ["", "a fox, red hat", "猫 and dog!! ", &"word, ".repeat(120)] {
        let told = seen(text, Limit::Two, Padding::End);
        assert_eq!(told.seen, seen_by(text, Limit::Two, Padding::End), "{text:?}");
        assert!(told.runs.len() == 1 && told.runs[0].text == *text);
    }
}

#[test]
fn cuts_stand_where_they_are_written() {
    let text = format!("({}:1.2) \\(tail\\)", vec!["word"; 75].join(" "));
    let told = seen(&text, Limit::One, Padding::End);
    let lost = told.seen.lost.unwrap();
    assert_eq!((told.seen.tokens, &text[lost..]), (78, "(tail\\)"));
    assert_eq!((told.runs[0].tokens, told.runs[1].tokens), (75, 0));
}

#[test]
fn hostile_brackets_take_no_time() {
    for text in [
        "(".repeat(1 << 18),
        "(a)".repeat(1 << 16),
        "(a:1.1)[b]".repeat(1 << 15),
        ":1.2.3)".repeat(1 << 17),
    ] {
        let told = seen(&text, Limit::Three, Padding::Zero);
        assert!(!told.runs.is_empty());
        assert_eq!(ids(&text, Limit::Three, Padding::End).len(), 3);
    }
}
