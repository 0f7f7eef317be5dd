//! When each picture's turn is: the steps at which training takes it, epoch by epoch.

use std::collections::{HashMap, HashSet};

use super::group::Group;
use super::permutation;

/// A picture as a configuration has it: the numbers of dataset, of subset in the dataset, and of picture in the set.
pub type Place = [usize; 3];

/// When each picture is shown.
#[derive(Clone, Debug, Default)]
pub struct Shown(HashMap<Place, Vec<(i64, i64)>>);

impl Shown {
    /// Deals epochs from `first` (from 1) on until every picture was shown `count` times. Seed is kohya's `--seed`.
    ///
    /// A step is a batch. How many are done before it is what captions depend on.
    pub fn new(group: &mut Group, seed: i64, first: i64, count: usize) -> Self {
        let steps = group.len() as i64;
        let owners: Vec<usize> = group.training.iter().enumerate().flat_map(owned).collect();
        let mut shown = Self(group.places().map(|place| (place, Vec::new())).collect());
        let mut missing = if count == 0 { 0 } else { shown.0.len() };
        let mut epoch = first.max(1);
        while missing > 0 {
            group.set_epoch(epoch);
            for (at, place) in (0_i64..).zip(group.order(seed)) {
                let step = (epoch - 1) * steps + at;
                let Some((dealt, batch)) = group.get(place as usize) else {
                    continue;
                };
                for &item in batch.items {
                    let item = &dealt.items[item as usize];
                    let times = shown.0.entry([owners[place as usize], item.subset, item.picture]);
                    let times = times.or_default();
                    if times.len() < count {
                        times.push((epoch, step));
                        missing -= usize::from(times.len() == count);
                    }
                }
            }
            epoch += 1;
        }
        shown
    }

    /// When a picture is shown, each time with its epoch and step, in the order of time; `None` for one that training does not have.
    pub fn times(&self, place: Place) -> Option<&[(i64, i64)]> {
        self.0.get(&place).map(Vec::as_slice)
    }
}

/// The number of a dataset for each of its batches.
fn owned((number, dealt): (usize, &super::group::Dealt)) -> impl Iterator<Item = usize> + use<> {
    std::iter::repeat_n(number, dealt.batches.len())
}

impl Group {
    /// The order of this epoch's batches as a shuffling loader asks for them, by their places for [`get`](Self::get).
    ///
    /// kohya's loader shuffles by a number that torch draws after whatever the making of the model has drawn; here it is seed plus epoch.
    pub fn order(&self, seed: i64) -> Vec<u32> {
        let epoch = self.training.first().map_or(0, |dealt| dealt.batches.epoch());
        permutation(self.len() as u32, seed.wrapping_add(epoch).cast_unsigned())
    }

    /// The pictures that are learned from.
    pub fn places(&self) -> impl Iterator<Item = Place> {
        let each = self.training.iter().enumerate();
        each.flat_map(|(dataset, dealt)| dealt.items.iter().map(move |item| [dataset, item.subset, item.picture]))
    }

    /// The pictures that are learned from or kept for validation. Others, such as regularization pictures of which there are enough, are
    /// never looked at.
    pub fn used(&self) -> HashSet<Place> {
        let datasets = self.training.iter().enumerate();
        let validated = datasets.filter(|(_, dealt)| dealt.dataset.validation_split > 0.0);
        let kept = validated.zip(&self.validation).flat_map(|((dataset, _), dealt)| {
            let items = dealt.items.iter();
            items.map(move |item| [dataset, item.subset, item.picture])
        });
        self.places().chain(kept).collect()
    }
}
