//! Which pictures meet in a batch, and in which order: kohya's rules.
//!
//! [`Batches`] is one dataset's order through the epochs. [`regularization`] and [`split`] decide beforehand which pictures there are and
//! how often; [`group`] puts a whole configuration together, and [`shown`] says when each picture's turn is.

pub mod group;
pub mod shown;

use super::buckets::Size;
use super::random::Python;
use super::random::twister::Twister;

/// One dataset, dealt into batches anew every epoch.
#[derive(Clone, Debug)]
pub struct Batches {
    batch_size: usize,
    /// Sorted by size; the members of each in this epoch's order.
    buckets: Vec<(Size, Vec<u32>)>,
    /// This epoch's order: bucket, and which of its batches.
    order: Vec<(u32, u32)>,
    seed: i64,
    epoch: i64,
}

/// Pictures that are learned from in one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch<'a> {
    /// The size of all of them.
    pub bucket: Size,
    /// The numbers of the items, by their order in [`Batches::new`]; a repeated one can be there twice.
    pub items: &'a [u32],
}

impl Batches {
    /// Deals items, each of a bucket and so many repeats, into batches of `batch_size` (0 counts as 1). The last batch of a bucket
    /// may be short.
    ///
    /// The order is that of epoch 0 before a seed is set: kohya shuffles once with seed 0 when it makes the buckets.
    pub fn new(batch_size: usize, items: &[(Size, u32)]) -> Self {
        let batch_size = batch_size.max(1);
        let mut sizes: Vec<Size> = items.iter().map(|&(size, _)| size).collect();
        sizes.sort_unstable();
        sizes.dedup();
        let mut buckets: Vec<(Size, Vec<u32>)> = sizes.into_iter().map(|size| (size, Vec::new())).collect();
        for (number, &(size, repeats)) in (0..).zip(items) {
            if let Ok(bucket) = buckets.binary_search_by_key(&size, |bucket| bucket.0) {
                buckets[bucket].1.extend(std::iter::repeat_n(number, repeats as usize));
            }
        }
        let batches = |members: &Vec<u32>| members.len().div_ceil(batch_size) as u32;
        let order = (0..).zip(&buckets);
        let order = order.flat_map(|(bucket, (_, members))| (0..batches(members)).map(move |batch| (bucket, batch)));
        let mut dealt = Self {
            batch_size,
            order: order.collect(),
            buckets,
            seed: 0,
            epoch: 0,
        };
        dealt.shuffle();
        dealt
    }

    /// The seed of all epochs that come.
    pub fn set_seed(&mut self, seed: i64) {
        self.seed = seed;
    }

    /// Goes to an epoch, shuffling once for each one on the way. Going back changes no order, as in kohya.
    ///
    /// Where something was shuffled, Python's `random` comes back as that leaves it: crops and captions are drawn with it next.
    pub fn set_epoch(&mut self, epoch: i64) -> Option<Python> {
        let mut left = None;
        while self.epoch < epoch {
            self.epoch += 1;
            left = Some(self.shuffle());
        }
        self.epoch = epoch;
        left
    }

    fn shuffle(&mut self) -> Python {
        let mut random = Python::new(self.seed.saturating_add(self.epoch));
        random.shuffle(&mut self.order);
        for (_, members) in &mut self.buckets {
            random.shuffle(members);
        }
        random
    }

    /// The epoch.
    pub fn epoch(&self) -> i64 {
        self.epoch
    }

    /// Batches in an epoch.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether there is no picture.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// A batch of this epoch, by its place in the epoch's order.
    pub fn get(&self, place: usize) -> Option<Batch<'_>> {
        let &(bucket, batch) = self.order.get(place)?;
        let (size, members) = self.buckets.get(bucket as usize)?;
        let from = batch as usize * self.batch_size;
        Some(Batch {
            bucket: *size,
            items: &members[from..members.len().min(from + self.batch_size)],
        })
    }

    /// The batches of this epoch in order.
    pub fn iter(&self) -> impl Iterator<Item = Batch<'_>> {
        (0..self.len()).filter_map(|place| self.get(place))
    }

    /// The sizes and how many pictures each has, repeats counted; sorted by size.
    pub fn counts(&self) -> impl Iterator<Item = (Size, usize)> {
        self.buckets.iter().map(|(size, members)| (*size, members.len()))
    }
}

/// torch's `randperm` from a generator of this seed, of which the lower 32 bits count: the order in which a shuffling loader asks for
/// batches.
pub fn permutation(len: u32, seed: u64) -> Vec<u32> {
    let mut twister = Twister::new(seed as u32);
    let mut order: Vec<u32> = (0..len).collect();
    for at in 0..len.saturating_sub(1) {
        let other = at + twister.word() % (len - at);
        order.swap(at as usize, other as usize);
    }
    order
}

/// How often each regularization picture is shown: pictures are taken in order until as many are there as training pictures, and if that
/// is not enough each gets another turn, again and again. `None` for those that are not needed.
///
/// `train` counts the training pictures with their repeats, `repeats` is what each regularization picture would be shown by itself.
pub fn regularization(train: u64, repeats: &[u32]) -> Vec<Option<u32>> {
    let mut shown = vec![None; repeats.len()];
    let mut count = 0;
    for (shown, &repeats) in shown.iter_mut().zip(repeats) {
        if count >= train {
            break;
        }
        *shown = Some(repeats);
        count += u64::from(repeats);
    }
    let missing = train.saturating_sub(count);
    let (turns, rest) = match repeats.len() as u64 {
        0 => (0, 0),
        len => (missing / len, missing % len),
    };
    for (place, shown) in (0..).zip(shown.iter_mut().flatten()) {
        *shown = u32::try_from(u64::from(*shown) + turns + u64::from(place < rest)).unwrap_or(u32::MAX);
    }
    shown
}

/// kohya's `split_train_val`: the items shuffled, then those of training or those of validation.
///
/// With a seed the same shuffle serves both; without, each call shuffles with `random` as it stands, so that kohya's two parts may
/// overlap. `share` is the part of validation, 0 to 1.
pub fn split<T>(mut items: Vec<T>, share: f64, seed: Option<i64>, training: bool, random: &mut Python) -> Vec<T> {
    match seed {
        Some(seed) => Python::new(seed).shuffle(&mut items),
        None => random.shuffle(&mut items),
    }
    let all = items.len() as f64;
    if training {
        items.truncate((all * (1.0 - share)).ceil() as usize);
        return items;
    }
    let validation = (all * share).round_ties_even() as usize;
    items.split_off(items.len().saturating_sub(validation))
}
