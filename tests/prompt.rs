//! Prompts against transformers and A1111; `tests/reference/prompts.py` made the fixtures.

use danlu::prompt::attention::{self, Kind, Run, Span};
use danlu::prompt::inversions::Inversions;
use danlu::prompt::{Tokenizer, borders, chunks};
use serde::Deserialize;

/// A fixture of `tests/fixtures`.
fn fixture<T: for<'de> Deserialize<'de>>(name: &str) -> T {
    let path = format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
    let json = std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_slice(&json).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[derive(Deserialize)]
struct Cases<T> {
    cases: Vec<T>,
}

#[derive(Deserialize)]
struct Tokens {
    text: String,
    ids: Vec<u32>,
}

#[test]
fn ids_are_those_of_transformers() {
    let fixture: Cases<Tokens> = fixture("tokens.json");
    assert!(fixture.cases.len() >= 200);
    for case in fixture.cases {
        assert_eq!(Tokenizer::clip().encode(&case.text), case.ids, "{:?}", case.text);
        assert_eq!(
            Tokenizer::clip().places(&case.text).len(),
            case.ids.len(),
            "{:?}",
            case.text
        );
    }
}

#[derive(Deserialize)]
struct Attention {
    cases: Vec<Weighed>,
    fuzz: Fuzz,
}

#[derive(Deserialize)]
struct Weighed {
    text: String,
    /// Text and weight; a string, so that the reader does not round it.
    runs: Vec<(String, String)>,
}

#[derive(Deserialize)]
struct Fuzz {
    seed: u64,
    alphabet: Vec<String>,
    hashes: Vec<u32>,
}

#[test]
fn runs_are_those_of_a1111() {
    let fixture: Attention = fixture("attention.json");
    assert!(fixture.cases.len() >= 120);
    for case in fixture.cases {
        let expected = case.runs.iter().map(|(text, weight)| Run {
            text: text.clone(),
            weight: number(weight),
        });
        // Compared as text, where NaN equals itself and -0 is not 0.
        let expected = format!("{:?}", expected.collect::<Vec<_>>());
        assert_eq!(
            format!("{:?}", attention::parse(&case.text)),
            expected,
            "{:?}",
            case.text
        );
    }
}

fn number(weight: &str) -> f64 {
    weight.parse().unwrap_or_else(|error| panic!("{weight}: {error}"))
}

/// Knuth's MMIX generator, as in prompts.py.
struct Lcg(u64);

impl Lcg {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }

    fn text<T: AsRef<str>>(&mut self, alphabet: &[T], most: usize) -> String {
        let length = self.below(most);
        (0..length)
            .map(|_| alphabet[self.below(alphabet.len())].as_ref())
            .collect()
    }
}

/// FNV-1a over each run's text, a byte 255 and the weight's bits, as in prompts.py.
fn hash(runs: &[Run]) -> u32 {
    let bytes = runs
        .iter()
        .flat_map(|run| run.text.bytes().chain([255]).chain(run.weight.to_le_bytes()));
    bytes.fold(0x811C_9DC5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

#[test]
fn runs_of_random_prompts_are_those_of_a1111() {
    let Fuzz { seed, alphabet, hashes } = fixture::<Attention>("attention.json").fuzz;
    assert!(hashes.len() >= 2000);
    let mut lcg = Lcg(seed);
    for expected in hashes {
        let text = lcg.text(&alphabet, 48);
        let runs = attention::parse(&text);
        assert_eq!(hash(&runs), expected, "{text:?} became {runs:?}");
    }
}

#[test]
#[expect(clippy::float_cmp, reason = "neighbours differ, by however little")]
fn no_text_is_lost_or_made_up() {
    let alphabet = [
        "(", ")", "[", "]", ":", "\\", "1.3)", ".", "9", " ", "\u{1C}", "a", "BREAK", "火", "e\u{301}", "🦊",
    ];
    let mut lcg = Lcg(3);
    for _ in 0..2000 {
        let text = lcg.text(&alphabet, 200);
        let runs = attention::parse(&text);
        assert!(!runs.is_empty());
        assert!(
            runs.windows(2).all(|pair| pair[0].weight != pair[1].weight),
            "{text:?} left equal neighbours in {runs:?}"
        );
        let count = |c| {
            runs.iter()
                .flat_map(|run| run.text.chars())
                .filter(|&found| found == c)
                .count()
        };
        for c in ['a', '火', '🦊', '\u{301}', 'B'] {
            assert_eq!(count(c), text.matches(c).count(), "{c:?} in {text:?} and {runs:?}");
        }
    }
}

#[test]
fn hostile_brackets_take_linear_time() {
    const N: usize = 100_000;
    for (text, letters) in [
        ("(".repeat(N), 0),
        ("(a".repeat(N), N),
        ("[a".repeat(N), N),
        ("(a[a".repeat(N), 2 * N),
        ("(a".repeat(N) + &")".repeat(N), N),
        ("[a".repeat(N) + &"]".repeat(N), N),
        ("(a".repeat(N) + &":1.0001)".repeat(N), N),
        (format!("{}{}", "(".repeat(N), "a:.9)".repeat(N)), N),
        (":".repeat(N) + &" ".repeat(N), 0),
        (": 1".repeat(N), 0),
        ("\\".repeat(N) + "(a", 1),
        ("a BREAK ".repeat(N), N),
        (" ".repeat(N) + "BREAK", 0),
    ] {
        let runs = attention::parse(&text);
        assert_eq!(
            runs.iter().map(|run| run.text.matches('a').count()).sum::<usize>(),
            letters
        );
    }
}

#[derive(Deserialize)]
struct Chunking {
    text: String,
    backtrack: usize,
    count: usize,
    chunks: Vec<Chunk>,
}

#[derive(Deserialize)]
struct Chunk {
    tokens: Vec<u32>,
    weights: Vec<(String, usize)>,
}

#[test]
fn chunks_are_those_of_a1111() {
    let fixture: Cases<Chunking> = fixture("chunks.json");
    assert!(fixture.cases.len() >= 40);
    for case in fixture.cases {
        let chunked = chunks::chunk(
            &attention::parse(&case.text),
            Tokenizer::clip(),
            case.backtrack,
            &Inversions::default(),
        );
        let expected = case.chunks.into_iter().map(|chunk| chunks::Chunk {
            tokens: chunk.tokens,
            weights: chunk
                .weights
                .iter()
                .flat_map(|(weight, count)| vec![number(weight) as f32; *count])
                .collect(),
            fixes: Vec::new(),
        });
        assert_eq!(chunked.chunks, expected.collect::<Vec<_>>(), "{:?}", case.text);
        assert_eq!(chunked.tokens, case.count, "{:?}", case.text);
    }
}

/// What the spans of a text say is read, in the form of runs; empty runs stand in no text.
fn runs_of_spans(text: &str) -> Vec<Run> {
    let mut end = 0;
    let mut runs: Vec<Run> = Vec::new();
    for Span { range, kind } in attention::spans(text) {
        assert!(range.start == end && !range.is_empty(), "{text:?} at {range:?}");
        end = range.end;
        let weight = match kind {
            Kind::Text(weight) | Kind::Stray(weight) => weight,
            Kind::Break => -1.0,
            Kind::Unclosed | Kind::Escape | Kind::Syntax => continue,
        };
        join(&mut runs, &text[range], weight);
    }
    assert_eq!(end, text.len(), "{text:?}");
    runs
}

#[expect(clippy::float_cmp, reason = "runs are joined where they are exactly equal")]
fn join(runs: &mut Vec<Run>, text: &str, weight: f64) {
    match runs.last_mut() {
        Some(last) if last.weight == weight => last.text.push_str(text),
        _ => runs.push(Run {
            text: text.to_owned(),
            weight,
        }),
    }
}

#[test]
fn spans_say_by_place_what_runs_say() {
    let Attention { cases, fuzz } = fixture("attention.json");
    let mut random = Lcg(fuzz.seed ^ 1);
    let texts = (0..20_000).map(|_| random.text(&fuzz.alphabet, 24));
    let texts: Vec<_> = cases.into_iter().map(|case| case.text).chain(texts).collect();
    for text in texts {
        let mut runs = Vec::new();
        for run in attention::parse(&text).iter().filter(|run| !run.text.is_empty()) {
            join(&mut runs, &run.text, run.weight);
        }
        assert_eq!(format!("{:?}", runs_of_spans(&text)), format!("{runs:?}"), "{text:?}");
    }
}

#[test]
fn chunks_begin_at_places_of_the_text() {
    let tokenizer = Tokenizer::clip();
    let Attention { fuzz, .. } = fixture("attention.json");
    let texts: Vec<Chunking> = fixture::<Cases<Chunking>>("chunks.json").cases;
    let mut random = Lcg(fuzz.seed ^ 2);
    let random = (0..200).map(|_| (random.text(&fuzz.alphabet, 400), chunks::COMMA_BACKTRACK));
    for (text, backtrack) in texts.into_iter().map(|case| (case.text, case.backtrack)).chain(random) {
        let borders = borders::of(&text, tokenizer, backtrack, &Inversions::default());
        let chunked = chunks::chunk(&attention::parse(&text), tokenizer, backtrack, &Inversions::default());
        assert_eq!(chunked.lengths.len(), chunked.chunks.len());
        assert!(borders.is_sorted() && borders.iter().all(|&at| at < text.len() && text.is_char_boundary(at)));
        let filled = chunked.lengths.iter().filter(|&&length| length > 0).count();
        assert!(borders.len() < filled.max(1), "{text:?}: {borders:?} of {filled}");
        assert_eq!(borders.is_empty(), filled < 2, "{text:?}: {borders:?} of {filled}");
    }
}
