//! A caption as training will show it, one time after the other.

use super::seen::{Limit, Padding, Seen, seen};
use super::weighted::{self, Weighted};
use super::{Moment, Rules};
use crate::data::random::Python;

/// How a run goes, as far as captions depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Course {
    /// What the draws of each picture begin with.
    pub seed: i64,
    /// The epoch of the first draw, from 1.
    pub epoch: i64,
    /// Steps in an epoch.
    pub steps: i64,
    /// Steps of the whole run.
    pub max_train_steps: i64,
    /// What the encoder takes.
    pub limit: Limit,
    /// kohya's `weighted_captions`: brackets weigh.
    pub weighted: bool,
}

/// One time that a picture is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Draw {
    /// When.
    pub moment: Moment,
    /// What the encoder gets.
    pub caption: String,
    /// What it sees of that.
    pub seen: Seen,
    /// The same with weights, where brackets weigh.
    pub weighted: Option<Weighted>,
}

/// The next `count` times that a picture of this caption, shown `repeats` times an epoch, is shown. The step is the epoch's first: where
/// batches are dealt, [`at`] says it as it is.
pub fn draws(rules: &Rules, caption: &str, repeats: u32, course: &Course, count: usize) -> Vec<Draw> {
    let time = |number: usize| {
        let epoch = course.epoch.saturating_add((number / repeats.max(1) as usize) as i64);
        (epoch, epoch.saturating_sub(1).max(0).saturating_mul(course.steps))
    };
    at(rules, caption, (0..count).map(time), course)
}

/// The times that a picture of this caption is shown, each an epoch and a step.
pub fn at(rules: &Rules, caption: &str, times: impl Iterator<Item = (i64, i64)>, course: &Course) -> Vec<Draw> {
    let mut random = Python::new(course.seed);
    let draw = |(epoch, step)| {
        let moment = Moment {
            epoch,
            step,
            max_train_steps: course.max_train_steps,
        };
        let caption = rules.apply(caption, moment, &mut random);
        let weighted = course
            .weighted
            .then(|| weighted::seen(&caption, course.limit, Padding::End));
        let seen = match &weighted {
            Some(weighted) => weighted.seen.clone(),
            None => seen(&caption, course.limit),
        };
        Draw {
            moment,
            caption,
            seen,
            weighted,
        }
    };
    times.map(draw).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_fill_an_epoch_and_every_epoch_has_its_step() {
        let rules = Rules {
            warmup_step: 20.0,
            dropout_every_n_epochs: 3,
            ..Rules::default()
        };
        let course = Course {
            seed: 1,
            epoch: 1,
            steps: 10,
            max_train_steps: 100,
            limit: Limit::One,
            weighted: false,
        };
        let draws = draws(&rules, "a, b, c", 2, &course, 7);
        let told: Vec<_> = draws
            .iter()
            .map(|draw| (draw.moment.epoch, draw.moment.step, draw.caption.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                (1, 0, "a"),
                (1, 0, "a"),
                (2, 10, "a, b"),
                (2, 10, "a, b"),
                (3, 20, ""),
                (3, 20, ""),
                (4, 30, "a, b, c")
            ]
        );
    }
}
