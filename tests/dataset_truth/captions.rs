//! Captions as the encoder gets them, against kohya's pipeline and tokenizing.

use std::collections::BTreeMap;
use std::path::Path;

use danlu::data::draws::read;
use danlu::data::draws::seen::{Limit, Padding, ids, seen, seen_by};
use danlu::data::draws::{Moment, Replacement, Rules};
use danlu::data::random::Python;
use serde::Deserialize;
use serde_json::Value;

use super::{Exact, fixture};

/// kohya's options of a subset, as the fixtures have them.
#[derive(Deserialize)]
pub(crate) struct Options {
    caption_prefix: Option<String>,
    caption_suffix: Option<String>,
    caption_separator: String,
    secondary_separator: Option<String>,
    keep_tokens: i64,
    keep_tokens_separator: Option<String>,
    shuffle_caption: bool,
    enable_wildcard: bool,
    caption_dropout_rate: Exact,
    caption_dropout_every_n_epochs: i64,
    caption_tag_dropout_rate: Exact,
    token_warmup_min: i64,
    token_warmup_step: Exact,
}

impl From<Options> for Rules {
    fn from(options: Options) -> Self {
        Self {
            prefix: options.caption_prefix,
            suffix: options.caption_suffix,
            separator: options.caption_separator,
            secondary_separator: options.secondary_separator,
            keep_tokens: options.keep_tokens,
            keep_tokens_separator: options.keep_tokens_separator,
            shuffle: options.shuffle_caption,
            wildcard: options.enable_wildcard,
            dropout_rate: options.caption_dropout_rate.0,
            dropout_every_n_epochs: options.caption_dropout_every_n_epochs,
            tag_dropout_rate: options.caption_tag_dropout_rate.0,
            warmup_min: options.token_warmup_min,
            warmup_step: options.token_warmup_step.0,
            replacements: Vec::new(),
        }
    }
}

type Case = (Options, BTreeMap<String, Value>, String, [i64; 3], Vec<String>, Exact);

#[test]
fn captions_are_drawn_as_kohya_draws_them() {
    let mut empty = 0;
    let mut drawn = 0;
    for (seed, (options, replacements, text, moment, expected, next)) in
        fixture::<Vec<Case>>("captions.json.gz").into_iter().enumerate()
    {
        let mut rules = Rules::from(options);
        rules.replacements = replacements
            .into_iter()
            .map(|(from, with)| {
                (
                    from,
                    match with {
                        Value::String(text) => Replacement::One(text),
                        list => Replacement::Any(serde_json::from_value(list).unwrap()),
                    },
                )
            })
            .collect();
        let [epoch, step, max_train_steps] = moment;
        let moment = Moment {
            epoch,
            step,
            max_train_steps,
        };
        let mut random = Python::new(seed as i64);
        for (number, expected) in expected.into_iter().enumerate() {
            assert_eq!(
                rules.apply(&text, moment, &mut random),
                expected,
                "{seed}, draw {number} of {text:?} by {rules:?} at {moment:?}"
            );
            empty += usize::from(expected.is_empty());
            drawn += 1;
        }
        assert_eq!(Exact(random.random()), next, "{seed}: as many numbers are drawn");
    }
    assert!(drawn >= 3000 && empty < drawn / 2);
}

#[test]
fn caption_files_are_read_as_kohya_reads_them() {
    for (text, wildcard, expected) in fixture::<Vec<(String, bool, String)>>("caption_files.json.gz") {
        assert_eq!(
            read::caption(&text, wildcard),
            expected,
            "{text:?}, wildcard {wildcard}"
        );
    }
    assert_eq!(read::caption("", true), "");
}

#[test]
fn ids_are_those_that_kohya_gives_the_encoder() {
    for (text, padding, limit, expected) in fixture::<Vec<(String, String, usize, Vec<Vec<u32>>)>>("tokens.json.gz") {
        let padding = if padding == "end" { Padding::End } else { Padding::Zero };
        let ours = ids(&text, Limit::of_tokens(limit).unwrap(), padding);
        assert_eq!(ours.len(), expected.len());
        for (chunk, (ours, expected)) in ours.iter().zip(&expected).enumerate() {
            assert_eq!(
                ours[..],
                expected[..],
                "chunk {chunk} of {text:?} at {limit}, {padding:?}"
            );
        }
    }
}

#[test]
fn a_tail_that_no_encoder_sees_is_marked_where_it_begins() {
    let text = vec!["word"; 80].join(" ");
    let cut = seen(&text, Limit::One);
    assert_eq!((cut.tokens, &cut.chunks[..], cut.lost), (80, &[0][..], Some(75 * 5)));
    let parts: Vec<_> = cut.parts(&text).collect();
    assert_eq!(parts, [(Some(0), &text[..375]), (None, &text[375..])]);
    let all = seen(&text, Limit::Two);
    assert_eq!((&all.chunks[..], all.lost), (&[0, 375][..], None));
    assert_eq!(
        all.parts(&text)
            .map(|(chunk, part)| (chunk, part.len()))
            .collect::<Vec<_>>(),
        [(Some(0), 375), (Some(1), 24)]
    );
    assert_eq!(seen("", Limit::Three).parts("").collect::<Vec<_>>(), [(Some(0), "")]);
    // Letters of several tokens: a chunk can begin within one, and no part is cut within it.
    let emoji = "🧑‍🚀".repeat(40);
    let parts: String = seen(&emoji, Limit::One).parts(&emoji).map(|(_, part)| part).collect();
    assert_eq!(parts, emoji);
}

#[test]
fn exclamation_marks_are_padding_where_the_padding_is_zero() {
    let by = |padding| seen_by("wow!! b!", Limit::One, padding).tokens;
    assert_eq!((by(Padding::End), by(Padding::Zero)), (4, 5));
    let long = "!".repeat(80);
    assert_eq!(seen_by(&long, Limit::One, Padding::Zero).lost, Some(75));
}

#[test]
fn faces_are_read_from_names() {
    assert_eq!(read::face(Path::new("x/a_b_10_20_30_40.png")), Some([10, 20, 30, 40]));
    assert_eq!(read::face(Path::new("x/a_10_20_30_4x.png")), None);
    assert_eq!(read::face(Path::new("10_20_30_40.png")), None);
}

#[test]
fn hostile_captions_take_no_time() {
    let mut random = Python::new(0);
    let rules = Rules {
        wildcard: true,
        shuffle: true,
        ..Rules::default()
    };
    for text in [
        "⦅".repeat(1 << 20),
        "{".repeat(1 << 20),
        "{a|".repeat(1 << 18),
        "\n".repeat(1 << 20),
        ",".repeat(1 << 20),
    ] {
        rules.apply(&text, Moment::default(), &mut random);
    }
    let long = [
        "word, ".repeat(1 << 18),
        "a".repeat(2 << 20),
        "!".repeat(1 << 20),
        "猫".repeat(1 << 18),
    ];
    for text in &long {
        let cut = seen_by(text, Limit::Three, Padding::Zero);
        assert!(cut.tokens > 225 && cut.lost.is_some());
        assert_eq!(ids(text, Limit::Three, Padding::End).len(), 3);
    }
    let empty = Rules {
        separator: String::new(),
        ..rules
    };
    assert_eq!(empty.apply("a, b", Moment::default(), &mut random), "a, b");
}
