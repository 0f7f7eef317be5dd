//! Plans: the noise levels of a run, and where a sampler gets them from.

use crate::diffusion::schedule::Schedule;
use crate::diffusion::sigmas::ModelSigmas;

/// The noise levels that a sampler visits, falling; it calls the denoiser at each but the last.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    sigmas: Vec<f32>,
}

impl Plan {
    /// The noise levels. Where they come from a [`Schedule`] the last is 0, where they are timesteps the last still has noise.
    pub fn sigmas(&self) -> &[f32] {
        &self.sigmas
    }

    /// The highest level, at which sampling starts.
    pub fn first(&self) -> f32 {
        self.sigmas.first().copied().unwrap_or_default()
    }

    /// The level at which it ends.
    pub fn last(&self) -> f32 {
        self.sigmas.last().copied().unwrap_or_default()
    }

    /// The steps: each a level and the next.
    pub fn intervals(&self) -> impl ExactSizeIterator<Item = (f32, f32)> {
        self.sigmas.windows(2).map(|pair| (pair[0], pair[1]))
    }
}

/// Where a sampler's noise levels come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Levels {
    /// A schedule.
    Schedule {
        /// What [`Schedule::Automatic`] means: a schedule, or the model's own levels, which have no name.
        automatic: Option<Schedule>,
        /// Whether the lowest level but 0 is left out, one more being asked for.
        discard_next_to_last_sigma: bool,
    },
    /// The model's timesteps, evenly; the schedule is ignored.
    Timesteps,
}

impl Levels {
    /// The schedule that a choice comes to; none where schedules are ignored, and none where Automatic means the model's own levels.
    pub(super) fn schedule(self, chosen: Schedule) -> Option<Schedule> {
        match (self, chosen) {
            (Self::Timesteps, _) => None,
            (Self::Schedule { automatic, .. }, Schedule::Automatic) => automatic,
            (Self::Schedule { .. }, _) => Some(chosen),
        }
    }

    /// The noise levels for a number of steps, 1 to 1000.
    pub(super) fn plan(self, chosen: Schedule, steps: usize, model: &ModelSigmas) -> Plan {
        let steps = steps.max(1);
        let schedule = self.schedule(chosen).unwrap_or_default();
        let sigmas = match self {
            Self::Timesteps => by_timesteps(steps, model),
            Self::Schedule {
                discard_next_to_last_sigma: false,
                ..
            } => schedule.sigmas(steps, model),
            Self::Schedule { .. } => {
                let mut sigmas = schedule.sigmas(steps + 1, model);
                sigmas.remove(steps);
                sigmas
            }
        };
        Plan { sigmas }
    }
}

/// A1111's timesteps: from 1, every `timesteps / steps` rounded down.
///
/// There may be more of them than steps (31 for 30 steps), and one call fewer is made than there are: 19 for 20 steps, none for one.
fn by_timesteps(steps: usize, model: &ModelSigmas) -> Vec<f32> {
    let all = model.sigmas();
    let stride = (all.len() / steps).max(1);
    (0..all.len())
        .step_by(stride)
        .rev()
        .map(|t| all[(t + 1).min(model.last())])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEVELS: Levels = Levels::Schedule {
        automatic: Some(Schedule::Karras),
        discard_next_to_last_sigma: false,
    };

    fn model() -> ModelSigmas {
        ModelSigmas::scaled_linear(0.00085, 0.012, 1000)
    }

    #[test]
    fn the_lowest_level_can_be_left_out() {
        let short = Levels::Schedule {
            automatic: None,
            discard_next_to_last_sigma: true,
        };
        let mut one_more = Schedule::Uniform.sigmas(6, &model());
        one_more.remove(5);
        assert_eq!(short.plan(Schedule::Automatic, 5, &model()).sigmas(), one_more);
        assert_eq!(
            LEVELS.plan(Schedule::Automatic, 5, &model()).sigmas(),
            Schedule::Karras.sigmas(5, &model())
        );
    }

    #[test]
    fn any_number_of_steps_has_a_plan() {
        for levels in [LEVELS, Levels::Timesteps] {
            for steps in [0, 1, 7, 1000, 1001] {
                assert!(!levels.plan(Schedule::Automatic, steps, &model()).sigmas().is_empty());
            }
        }
    }
}
