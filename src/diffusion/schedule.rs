//! Schedules: which noise levels a picture visits on its way down, by A1111's names.
//!
//! [`SCHEDULES`] is the one table; a schedule is a row there and a function from a number of steps and the [model's levels] to sigmas. A
//! sampler that runs over the model's own timesteps (DDIM) takes none of them; see [`super::sampler`].
//!
//! [model's levels]: super::sigmas

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::sigmas::ModelSigmas;

/// How noise levels are spaced; written as its label, read as label, name or alias in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum Schedule {
    /// What suits the sampler.
    #[default]
    Automatic,
    /// Even in the model's timesteps.
    Uniform,
    /// Even in the seventh root of sigma (Karras et al. 2022, equation 5).
    Karras,
    /// Even in the model's timesteps, the last interval left out, as Stability AI's code has it.
    SgmUniform,
}

/// A row of [`SCHEDULES`].
#[derive(Debug)]
pub struct ScheduleInfo {
    /// Which one it is.
    pub schedule: Schedule,
    /// Its name in menus and in the infotext's `Schedule type`.
    pub label: &'static str,
    /// Its other names.
    pub aliases: &'static [&'static str],
    sigmas: fn(usize, &ModelSigmas) -> Vec<f32>,
}

/// Every schedule, in A1111's order.
pub static SCHEDULES: [ScheduleInfo; 4] = [
    ScheduleInfo {
        schedule: Schedule::Automatic,
        label: "Automatic",
        aliases: &[],
        sigmas: uniform,
    },
    ScheduleInfo {
        schedule: Schedule::Uniform,
        label: "Uniform",
        aliases: &[],
        sigmas: uniform,
    },
    ScheduleInfo {
        schedule: Schedule::Karras,
        label: "Karras",
        aliases: &[],
        sigmas: karras,
    },
    ScheduleInfo {
        schedule: Schedule::SgmUniform,
        label: "SGM Uniform",
        aliases: &["SGMUniform", "sgm_uniform"],
        sigmas: sgm_uniform,
    },
];

impl Schedule {
    /// Its row of the table.
    pub fn info(self) -> &'static ScheduleInfo {
        &SCHEDULES[self as usize]
    }

    /// Its name, as A1111 writes it.
    pub fn label(self) -> &'static str {
        self.info().label
    }

    /// `steps` falling noise levels and a final 0. For [`Schedule::Automatic`] the model's own, as for [`Schedule::Uniform`]; what
    /// suits a sampler only [`SamplerKind::schedule`](super::sampler::SamplerKind::schedule) knows.
    ///
    /// The arithmetic is A1111's, f32 and f64 in the same places.
    pub fn sigmas(self, steps: usize, model: &ModelSigmas) -> Vec<f32> {
        let mut sigmas = (self.info().sigmas)(steps, model);
        sigmas.push(0.0);
        sigmas
    }
}

/// k-diffusion's `DiscreteSchedule.get_sigmas`.
fn uniform(steps: usize, model: &ModelSigmas) -> Vec<f32> {
    linspace(model.last() as f32, 0.0, steps)
        .map(|t| model.t_to_sigma(t))
        .collect()
}

fn sgm_uniform(steps: usize, model: &ModelSigmas) -> Vec<f32> {
    let [start, end] = [model.sigma_max(), model.sigma_min()].map(|sigma| model.sigma_to_t(sigma));
    linspace(start, end, steps + 1)
        .take(steps)
        .map(|t| model.t_to_sigma(t))
        .collect()
}

/// k-diffusion's `get_sigmas_karras`.
fn karras(steps: usize, model: &ModelSigmas) -> Vec<f32> {
    const RHO: f64 = 7.0;
    let [min, max] = [model.sigma_min(), model.sigma_max()].map(|sigma| f64::from(sigma).powf(1.0 / RHO));
    linspace(0.0, 1.0, steps)
        .map(|ramp| (max as f32 + ramp * (min - max) as f32).powf(RHO as f32))
        .collect()
}

/// `torch.linspace` in f32, which counts from the nearer end; one step is the start.
fn linspace(start: f32, end: f32, steps: usize) -> impl Iterator<Item = f32> {
    let step = (end - start) / steps.saturating_sub(1).max(1) as f32;
    (0..steps).map(move |i| {
        if i < steps / 2 || steps == 1 {
            start + step * i as f32
        } else {
            end - step * (steps - i - 1) as f32
        }
    })
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.label())
    }
}

impl From<Schedule> for &'static str {
    fn from(schedule: Schedule) -> Self {
        schedule.label()
    }
}

impl FromStr for Schedule {
    type Err = UnknownSchedule;

    fn from_str(text: &str) -> Result<Self, UnknownSchedule> {
        let name = text.trim();
        SCHEDULES
            .iter()
            .find(|row| {
                row.label.eq_ignore_ascii_case(name) || row.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name))
            })
            .map(|row| row.schedule)
            .ok_or_else(|| UnknownSchedule { value: text.to_owned() })
    }
}

impl TryFrom<String> for Schedule {
    type Error = UnknownSchedule;

    fn try_from(text: String) -> Result<Self, UnknownSchedule> {
        text.parse()
    }
}

/// A name that is no schedule.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("unknown schedule {value:?}")]
pub struct UnknownSchedule {
    /// The name given.
    pub value: String,
}

impl UnknownSchedule {
    /// The names most like it, or all there are.
    pub fn hint(&self) -> Option<String> {
        Some(suggestion(&self.value, SCHEDULES.iter().map(|row| row.label)))
    }
}

/// `did you mean A or B?`, or all names when none is near.
pub(super) fn suggestion(value: &str, names: impl Iterator<Item = &'static str> + Clone) -> String {
    // Longer than any name by far; comparing takes time with the length.
    let value: String = value.chars().take(100).collect::<String>().to_lowercase();
    let mut near: Vec<(f64, &str)> = names
        .clone()
        .map(|name| (strsim::jaro_winkler(&value, &name.to_lowercase()), name))
        .filter(|(likeness, _)| *likeness > 0.75)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    let near: Vec<&str> = near.into_iter().take(3).map(|(_, name)| name).collect();
    if near.is_empty() {
        format!("choose one of {}", names.collect::<Vec<_>>().join(", "))
    } else {
        format!("did you mean {}?", near.join(" or "))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::float_cmp)]
    use super::*;

    #[test]
    fn the_table_is_in_order() {
        for (i, row) in SCHEDULES.iter().enumerate() {
            assert_eq!(row.schedule as usize, i);
        }
    }

    #[test]
    fn names_are_read_in_any_case() {
        for text in [
            "SGM Uniform",
            "SGMUniform",
            "sgm_uniform",
            "sgm uniform",
            " sgmuniform ",
        ] {
            assert_eq!(text.parse(), Ok(Schedule::SgmUniform), "{text}");
        }
        for row in &SCHEDULES {
            assert_eq!(
                serde_json::from_str::<Schedule>(&serde_json::to_string(&row.schedule).unwrap()).unwrap(),
                row.schedule
            );
        }
    }

    #[test]
    fn unknown_names_come_with_near_ones() {
        let error = "Kerras".parse::<Schedule>().unwrap_err();
        assert_eq!(error.to_string(), "unknown schedule \"Kerras\"");
        assert_eq!(error.hint().unwrap(), "did you mean Karras?");
        let error = "".parse::<Schedule>().unwrap_err();
        assert_eq!(
            error.hint().unwrap(),
            "choose one of Automatic, Uniform, Karras, SGM Uniform"
        );
    }

    #[test]
    fn sigmas_fall_to_zero_for_every_number_of_steps() {
        let model = ModelSigmas::scaled_linear(0.00085, 0.012, 1000);
        for row in &SCHEDULES {
            for steps in [1, 2, 3, 10, 999, 1000] {
                let sigmas = row.schedule.sigmas(steps, &model);
                assert!(
                    sigmas.len() == steps + 1 && sigmas.is_sorted_by(|a, b| a > b),
                    "{} {steps}",
                    row.label
                );
                assert_eq!(sigmas[steps], 0.0);
            }
        }
    }
}
