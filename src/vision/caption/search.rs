//! The likeliest sentence: greedily, or by beams as transformers' `generate` searches.
//!
//! Works on numbers alone; whoever calls it gives the logits of each next token. The rules of finished beams and of stopping are
//! those
//! of `GenerationMixin._beam_search` with `length_penalty` 1 and `early_stopping` off.

use super::super::job::Captioning;

/// Stands for "never": adding it keeps scores in order, as minus infinity would not.
const NEVER: f32 = -1e9;

/// Gives the logits `[sentences, vocabulary]` of what follows, where sentence `i` goes on the former sentence `parents[i]` by
/// `tokens[i]`.
pub type Next<'a, E> = dyn FnMut(&[usize], &[u32]) -> Result<Vec<f32>, E> + 'a;

struct Beam {
    tokens: Vec<u32>,
    score: f32,
}

/// The whole sentence of tokens, the beginning included, without the end.
///
/// # Errors
/// What `next` gives.
pub fn search<E>(begin: &[u32], end: u32, rules: &Captioning, next: &mut Next<'_, E>) -> Result<Vec<u32>, E> {
    let longest = rules.longest.max(begin.len() + 1);
    let beams = rules.beams.max(1);
    let Some((&last, before)) = begin.split_last() else {
        return Ok(Vec::new());
    };
    let same: Vec<usize> = (0..beams).collect();
    for &token in before {
        next(&same, &vec![token; beams])?;
    }
    if beams == 1 {
        greedy(begin, last, end, rules.shortest, longest, next)
    } else {
        by_beams(begin, last, end, rules.shortest, longest, beams, next)
    }
}

fn greedy<E>(
    begin: &[u32],
    last: u32,
    end: u32,
    shortest: usize,
    longest: usize,
    next: &mut Next<'_, E>,
) -> Result<Vec<u32>, E> {
    let mut sentence = begin.to_vec();
    let mut last = last;
    while sentence.len() < longest {
        let mut logits = next(&[0], &[last])?;
        forbid_end(&mut logits, end, sentence.len() < shortest);
        last = argmax(&logits);
        if last == end {
            break;
        }
        sentence.push(last);
    }
    Ok(sentence)
}

fn by_beams<E>(
    begin: &[u32],
    last: u32,
    end: u32,
    shortest: usize,
    longest: usize,
    beams: usize,
    next: &mut Next<'_, E>,
) -> Result<Vec<u32>, E> {
    let mut running: Vec<Beam> = (0..beams)
        .map(|i| Beam {
            tokens: begin.to_vec(),
            // All begin alike: only the first one's words count.
            score: if i == 0 { 0.0 } else { NEVER },
        })
        .collect();
    let mut finished: Vec<Beam> = Vec::new();
    let mut parents: Vec<usize> = (0..beams).collect();
    let mut tokens = vec![last; beams];
    for length in begin.len()..longest {
        let mut logits = next(&parents, &tokens)?;
        let vocabulary = logits.len() / beams;
        for (row, beam) in logits.chunks_mut(vocabulary.max(1)).zip(&running) {
            log_softmax(row);
            forbid_end(row, end, length < shortest);
            for score in row {
                *score += beam.score;
            }
        }
        let made = (length + 1 - begin.len()) as f32;
        let is_last = length + 1 >= longest;
        let mut going = Vec::with_capacity(2 * beams);
        for (rank, &at) in best(&logits, 2 * beams).iter().enumerate() {
            let (parent, token) = (at / vocabulary, (at % vocabulary) as u32);
            let ends = is_last || token == end;
            if ends && rank < beams {
                let mut tokens = running[parent].tokens.clone();
                if token != end {
                    tokens.push(token);
                }
                let score = logits[at] / made;
                finished.push(Beam { tokens, score });
            }
            going.push((parent, token, if ends { logits[at] + NEVER } else { logits[at] }));
        }
        // Both sorts keep the order of equals, as the ranks do.
        finished.sort_by(|a, b| b.score.total_cmp(&a.score));
        finished.truncate(beams);
        going.sort_by(|a, b| b.2.total_cmp(&a.2));
        going.truncate(beams);
        running = going
            .iter()
            .map(|&(parent, token, score)| Beam {
                tokens: running[parent].tokens.iter().copied().chain([token]).collect(),
                score,
            })
            .collect();
        parents = going.iter().map(|&(parent, _, _)| parent).collect();
        tokens = going.iter().map(|&(_, token, _)| token).collect();
        let possible = running.first().map_or(NEVER, |beam| beam.score / made);
        let worst = finished.last().map_or(NEVER, |beam| beam.score);
        if finished.len() == beams && possible <= worst {
            break;
        }
    }
    Ok(finished
        .into_iter()
        .next()
        .map_or_else(|| begin.to_vec(), |beam| beam.tokens))
}

fn forbid_end(scores: &mut [f32], end: u32, is_short: bool) {
    if let Some(score) = scores.get_mut(end as usize).filter(|_| is_short) {
        *score = f32::NEG_INFINITY;
    }
}

/// The first of the largest.
fn argmax(scores: &[f32]) -> u32 {
    let largest = (1..scores.len()).fold(0, |best, i| if scores[i] > scores[best] { i } else { best });
    largest as u32
}

fn log_softmax(row: &mut [f32]) {
    let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = row.iter().map(|&x| f64::from(x - largest).exp()).sum();
    let shift = largest + sum.ln() as f32;
    for x in row {
        *x -= shift;
    }
}

/// The places of the `count` largest, the largest first.
fn best(scores: &[f32], count: usize) -> Vec<usize> {
    let mut places: Vec<usize> = (0..scores.len()).collect();
    let falling = |a: &usize, b: &usize| scores[*b].total_cmp(&scores[*a]).then(a.cmp(b));
    if places.len() > count {
        places.select_nth_unstable_by(count, falling);
        places.truncate(count);
    }
    places.sort_unstable_by(falling);
    places
}
