//! Python's `random` and torch's `randperm`.

use danlu::data::batches::permutation;
use danlu::data::random::Python;

use super::{Exact, fixture};

type Wholes = (u64, u64, String, i64, i64, String, u64, u64);
type Step = (Vec<u32>, [Exact; 2], Wholes, [Vec<usize>; 3]);

#[test]
fn every_draw_is_pythons() {
    for (seed, steps) in fixture::<Vec<(String, Vec<Step>)>>("random.json.gz") {
        let mut random = Python::new(seed.parse().unwrap());
        for (number, step) in steps.into_iter().enumerate() {
            let mut shuffled: Vec<u32> = (0..13).collect();
            random.shuffle(&mut shuffled);
            let floats = [random.random(), random.uniform(-8.0, 8.0)].map(Exact);
            let wholes: Wholes = (
                random.bits(1),
                random.bits(32),
                random.bits(45).to_string(),
                random.randint(-5, 5),
                random.randint(0, 1 << 31),
                random.randint(0, 1 << 40).to_string(),
                random.below(1),
                *random.choice(&[0, 1, 2, 3, 4, 5, 6]).unwrap(),
            );
            let samples = [random.sample(10, 4), random.sample(1000, 10), random.sample(60, 20)];
            assert_eq!((shuffled, floats, wholes, samples), step, "seed {seed}, step {number}");
        }
    }
}

#[test]
fn permutations_are_torchs() {
    for (seed, len, order) in fixture::<Vec<(u64, u32, Vec<u32>)>>("permutations.json.gz") {
        assert_eq!(permutation(len, seed), order, "{len} by seed {seed}");
    }
}

#[test]
fn nothing_to_draw_from_ends_nothing() {
    let mut random = Python::new(1);
    assert_eq!((random.below(0), random.bits(0), random.randint(3, 2)), (0, 0, 3));
    assert_eq!(random.choice::<u8>(&[]), None);
    assert_eq!(random.sample(3, 9).len(), 3);
    random.shuffle::<u8>(&mut []);
    random.randint(i64::MIN, i64::MAX);
}
