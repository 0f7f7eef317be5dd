use danlu::prompt::inversions::Inversions;
use danlu::prompt::{Tokenizer, attention, borders, chunks};
use serde::Deserialize;

#[derive(Deserialize)]
struct Cases {
    names: Vec<(String, usize)>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    text: String,
    count: usize,
    chunks: Vec<Chunk>,
}

#[derive(Deserialize)]
struct Chunk {
    tokens: Vec<u32>,
    weights: Vec<(String, usize)>,
    fixes: Vec<(usize, usize)>,
}

#[test]
fn inversions_stand_where_a1111_puts_them() {
    let Cases { names, cases } = super::json("placements.json");
    let mut inversions = Inversions::default();
    for (number, (name, vectors)) in names.iter().enumerate() {
        assert_eq!(inversions.add(name, *vectors, Tokenizer::clip()), Some(number));
    }
    assert!(cases.len() > 40);
    for Case { text, count, chunks } in cases {
        let runs = attention::parse(&text);
        let found = chunks::chunk(&runs, Tokenizer::clip(), chunks::COMMA_BACKTRACK, &inversions);
        assert_eq!((found.tokens, found.chunks.len()), (count, chunks.len()), "{text:?}");
        for (found, expected) in found.chunks.iter().zip(chunks) {
            assert_eq!(found.tokens, expected.tokens, "{text:?}");
            let weights = expected
                .weights
                .iter()
                .flat_map(|(weight, times)| vec![weight.parse().unwrap(); *times]);
            assert_eq!(found.weights, weights.collect::<Vec<f32>>(), "{text:?}");
            // A1111 counts from the first token of the prompt, here it is from BOS.
            let fixes: Vec<_> = found.fixes.iter().map(|fix| (fix.at - 1, fix.inversion)).collect();
            assert_eq!(fixes, expected.fixes, "{text:?}");
            for fix in &found.fixes {
                assert_eq!(fix.vectors, names[fix.inversion].1);
                assert!(fix.at >= 1 && fix.at + fix.vectors <= chunks::LENGTH + 1, "{text:?}");
            }
        }
        let begun = borders::of(&text, Tokenizer::clip(), chunks::COMMA_BACKTRACK, &inversions);
        assert!(
            begun.is_sorted() && begun.len() < found.chunks.len(),
            "{text:?}: {begun:?}"
        );
    }
}
