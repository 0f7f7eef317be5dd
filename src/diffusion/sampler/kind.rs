//! The samplers by A1111's names: [`SAMPLERS`] is the one table.
//!
//! A sampler is a row there and a type that implements [`Sampler`]. Since A1111 1.9 a schedule is chosen apart from it; names of before,
//! such as `DPM++ 2M Karras`, are read by [`parse_sampler`].

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::ddim::Ddim;
use super::dpmpp_2m::Dpmpp2M;
use super::euler::Euler;
use super::euler_ancestral::EulerAncestral;
use super::{Levels, Sampler};
use crate::diffusion::schedule::{Schedule, suggestion};

/// A method of sampling; written as its name, read as name or alias in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum SamplerKind {
    /// [`Dpmpp2M`].
    #[default]
    Dpmpp2M,
    /// [`EulerAncestral`].
    EulerAncestral,
    /// [`Euler`].
    Euler,
    /// [`Ddim`].
    Ddim,
}

/// A row of [`SAMPLERS`].
#[derive(Debug)]
pub struct SamplerInfo {
    /// Which one it is.
    pub kind: SamplerKind,
    /// Its name in menus and in the infotext's `Sampler`.
    pub name: &'static str,
    /// Its other names.
    pub aliases: &'static [&'static str],
    /// Where its noise levels come from.
    pub levels: Levels,
    /// Whether it calls the denoiser twice a step, so that prompts change after half as many steps.
    pub second_order: bool,
    /// Whether it adds noise between steps, so that ENSD changes the picture and belongs into the infotext.
    pub uses_ensd: bool,
    sampler: fn() -> Box<dyn Sampler>,
}

/// Every sampler, in A1111's order.
pub static SAMPLERS: [SamplerInfo; 4] = [
    SamplerInfo {
        kind: SamplerKind::Dpmpp2M,
        name: "DPM++ 2M",
        aliases: &["k_dpmpp_2m"],
        levels: Levels::Schedule {
            automatic: Some(Schedule::Karras),
            discard_next_to_last_sigma: false,
        },
        second_order: false,
        uses_ensd: false,
        sampler: || Box::new(Dpmpp2M),
    },
    SamplerInfo {
        kind: SamplerKind::EulerAncestral,
        name: "Euler a",
        aliases: &["k_euler_a", "k_euler_ancestral"],
        levels: Levels::Schedule {
            automatic: None,
            discard_next_to_last_sigma: false,
        },
        second_order: false,
        uses_ensd: true,
        sampler: || Box::new(EulerAncestral::default()),
    },
    SamplerInfo {
        kind: SamplerKind::Euler,
        name: "Euler",
        aliases: &["k_euler"],
        levels: Levels::Schedule {
            automatic: None,
            discard_next_to_last_sigma: false,
        },
        second_order: false,
        uses_ensd: false,
        sampler: || Box::new(Euler),
    },
    SamplerInfo {
        kind: SamplerKind::Ddim,
        name: "DDIM",
        aliases: &[],
        levels: Levels::Timesteps,
        second_order: false,
        uses_ensd: false,
        sampler: || Box::new(Ddim::default()),
    },
];

impl SamplerKind {
    /// Its row of the table.
    pub fn info(self) -> &'static SamplerInfo {
        &SAMPLERS[self as usize]
    }

    /// Its name, as A1111 writes it.
    pub fn name(self) -> &'static str {
        self.info().name
    }

    /// The method, with A1111's default options.
    pub fn sampler(self) -> Box<dyn Sampler> {
        (self.info().sampler)()
    }

    /// The schedule that a choice comes to, which is also the infotext's `Schedule type`: none where the sampler takes none, and none
    /// where Automatic means the model's own levels.
    pub fn schedule(self, chosen: Schedule) -> Option<Schedule> {
        self.info().levels.schedule(chosen)
    }

    /// The choice that A1111 records for a schedule: Automatic if it comes to the same.
    pub fn recorded(self, schedule: Schedule) -> Schedule {
        match self.info().levels {
            Levels::Schedule { automatic, .. } if automatic == Some(schedule) => Schedule::Automatic,
            _ => schedule,
        }
    }
}

/// Reads a sampler's name, and the schedule where one stands behind it as A1111 had it before 1.9: `DPM++ 2M Karras`.
///
/// A schedule that is the sampler's automatic one is read as [`Schedule::Automatic`].
///
/// # Errors
/// When no sampler has that name.
pub fn parse_sampler(text: &str) -> Result<(SamplerKind, Option<Schedule>), UnknownSampler> {
    let name = text.trim();
    for row in &SAMPLERS {
        for known in [row.name].iter().chain(row.aliases) {
            let Some((head, tail)) = name.split_at_checked(known.len()) else {
                continue;
            };
            if !head.eq_ignore_ascii_case(known) {
                continue;
            }
            if tail.is_empty() {
                return Ok((row.kind, None));
            }
            if let Some(Ok(schedule)) = tail.strip_prefix(' ').map(str::parse) {
                return Ok((row.kind, Some(row.kind.recorded(schedule))));
            }
        }
    }
    Err(UnknownSampler { value: text.to_owned() })
}

impl fmt::Display for SamplerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl From<SamplerKind> for &'static str {
    fn from(kind: SamplerKind) -> Self {
        kind.name()
    }
}

impl FromStr for SamplerKind {
    type Err = UnknownSampler;

    /// Reads a name or alias without a schedule.
    fn from_str(text: &str) -> Result<Self, UnknownSampler> {
        match parse_sampler(text)? {
            (kind, None) => Ok(kind),
            _ => Err(UnknownSampler { value: text.to_owned() }),
        }
    }
}

impl TryFrom<String> for SamplerKind {
    type Error = UnknownSampler;

    fn try_from(text: String) -> Result<Self, UnknownSampler> {
        text.parse()
    }
}

/// A name that is no sampler.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("unknown sampler {value:?}")]
pub struct UnknownSampler {
    /// The name given.
    pub value: String,
}

impl UnknownSampler {
    /// The names most like it, or all there are.
    pub fn hint(&self) -> Option<String> {
        Some(suggestion(&self.value, SAMPLERS.iter().map(|row| row.name)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_table_is_in_order() {
        for (i, row) in SAMPLERS.iter().enumerate() {
            assert_eq!(row.kind as usize, i);
            assert_eq!(serde_json::to_value(row.kind).unwrap(), row.name);
            assert_eq!(
                serde_json::from_value::<SamplerKind>(row.name.into()).unwrap(),
                row.kind
            );
        }
    }

    #[test]
    fn names_are_read_with_and_without_a_schedule() {
        for (text, kind, schedule) in [
            ("Euler", SamplerKind::Euler, None),
            ("euler a", SamplerKind::EulerAncestral, None),
            ("k_euler_ancestral", SamplerKind::EulerAncestral, None),
            ("ddim", SamplerKind::Ddim, None),
            ("K_DPMPP_2M", SamplerKind::Dpmpp2M, None),
            ("DPM++ 2M Karras", SamplerKind::Dpmpp2M, Some(Schedule::Automatic)),
            ("DPM++ 2M SGM Uniform", SamplerKind::Dpmpp2M, Some(Schedule::SgmUniform)),
            ("Euler Karras", SamplerKind::Euler, Some(Schedule::Karras)),
            (
                "Euler a SGMUniform",
                SamplerKind::EulerAncestral,
                Some(Schedule::SgmUniform),
            ),
            ("Euler Automatic", SamplerKind::Euler, Some(Schedule::Automatic)),
        ] {
            assert_eq!(parse_sampler(text), Ok((kind, schedule)), "{text}");
        }
    }

    #[test]
    fn unknown_names_come_with_near_ones() {
        for (text, hint) in [
            ("Eular", "did you mean Euler or Euler a?"),
            ("DPM++ SDE Karras", "did you mean DPM++ 2M?"),
            ("EulerKarras", "did you mean Euler or Euler a?"),
            ("丹炉", "choose one of DPM++ 2M, Euler a, Euler, DDIM"),
            ("", "choose one of DPM++ 2M, Euler a, Euler, DDIM"),
        ] {
            let error = parse_sampler(text).unwrap_err();
            assert_eq!(error.to_string(), format!("unknown sampler {text:?}"));
            assert_eq!(error.hint().unwrap(), hint, "{text}");
        }
        assert!("DPM++ 2M Karras".parse::<SamplerKind>().is_err());
    }

    #[test]
    fn automatic_is_the_samplers_own() {
        assert_eq!(
            SamplerKind::Dpmpp2M.schedule(Schedule::Automatic),
            Some(Schedule::Karras)
        );
        assert_eq!(SamplerKind::Euler.schedule(Schedule::Automatic), None);
        assert_eq!(SamplerKind::Euler.schedule(Schedule::Uniform), Some(Schedule::Uniform));
        assert_eq!(SamplerKind::Ddim.schedule(Schedule::Karras), None);
    }
}
