//! A LoRA's file as pairs of factors, under the three ways in which such pairs are named.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::pace::{Pace, Watch};
use super::source::Source;
use super::svd::{self, Svd};
use super::tensor::{Map, Tensor};
use super::{Error, Phase};

/// The names of the two factors: kohya's, peft's, and those of `ControlLoRA`.
const NAMINGS: [(&str, &str); 3] = [("lora_down", "lora_up"), ("lora_A", "lora_B"), ("down", "up")];

/// An open LoRA.
pub(super) struct Lora<'a> {
    pub(super) path: PathBuf,
    pub(super) metadata: BTreeMap<String, String>,
    /// The pairs by module.
    pub(super) pairs: BTreeMap<String, Pair<'a>>,
    /// Tensors that belong to no pair.
    pub(super) others: Map<'a>,
}

/// The two factors of a module's change.
#[derive(Clone)]
pub(super) struct Pair<'a> {
    /// Which of [`NAMINGS`].
    naming: usize,
    /// What stands behind the factor's name: `.weight` or nothing.
    tail: &'static str,
    /// `[rank, in]` or `[rank, in, kh, kw]`.
    pub(super) down: Tensor<'a>,
    /// `[out, rank]` or `[out, rank, 1, 1]`.
    pub(super) up: Tensor<'a>,
    /// The core of a convolution in Tucker's form: `[rank, rank, kh, kw]`.
    pub(super) mid: Option<Tensor<'a>>,
    /// Scales the product by `alpha / rank`.
    pub(super) alpha: Option<f32>,
}

impl<'a> Lora<'a> {
    /// Reads the pairs of a file.
    ///
    /// # Errors
    /// [`Error::Input`] when it has none, or one whose shapes contradict each other.
    pub(super) fn of(source: &'a Source) -> Result<Self, Error> {
        let path = source.path.clone();
        let not = |why: String| Error::Input {
            path: path.clone(),
            why,
            hint: "`danlu models show` says what a file is; this works on LoRA files alone",
        };
        let mut others = source.tensors();
        let downs: Vec<_> = others
            .keys()
            .filter_map(|name| Some((name.clone(), parse(name)?)))
            .collect();
        let mut pairs = BTreeMap::new();
        for (name, (module, naming, tail)) in downs {
            let (_, up) = NAMINGS[naming];
            let up_name = format!("{module}.{up}{tail}");
            if !others.contains_key(&up_name) {
                continue;
            }
            let (Some(down), Some(up)) = (others.remove(&name), others.remove(&up_name)) else {
                continue;
            };
            let alpha = others.remove(&format!("{module}.alpha"));
            let alpha = alpha.map(|alpha| alpha.to_f32()).transpose()?;
            let pair = Pair {
                naming,
                tail,
                down,
                up,
                mid: others.remove(&format!("{module}.lora_mid.weight")),
                alpha: alpha.and_then(|alpha| alpha.first().copied()),
            };
            pair.check()
                .map_err(|why| not(format!("has a module {module} {why}")))?;
            pairs.insert(module, pair);
        }
        if pairs.is_empty() {
            return Err(not("has no pairs of LoRA factors".to_owned()));
        }
        Ok(Self {
            path,
            metadata: source.metadata(),
            pairs,
            others,
        })
    }

    /// Refuses what adding factors up would make nonsense of.
    ///
    /// # Errors
    /// [`Error::Input`] when there are tensors beside the pairs.
    pub(super) fn only_pairs(&self) -> Result<(), Error> {
        let Some(other) = self.others.keys().next() else {
            return Ok(());
        };
        Err(Error::Input {
            path: self.path.clone(),
            why: format!("has tensor {other}, which belongs to no LoRA pair"),
            hint: "only plain LoRAs can be combined; bake other networks into a checkpoint and extract a LoRA from it",
        })
    }
}

/// A factor's module, naming and tail, when the name is that of a down factor.
fn parse(name: &str) -> Option<(String, usize, &'static str)> {
    NAMINGS.iter().enumerate().find_map(|(naming, (down, _))| {
        ["", ".weight"].into_iter().find_map(|tail| {
            let module = name.strip_suffix(tail)?.strip_suffix(down)?.strip_suffix('.')?;
            Some((module.to_owned(), naming, tail))
        })
    })
}

impl Pair<'_> {
    fn check(&self) -> Result<(), String> {
        let (down, up) = (&self.down.shape, &self.up.shape);
        let is_bad = |shape: &[usize]| !matches!(shape.len(), 2 | 4) || shape.contains(&0);
        let mid_fits = self.mid.as_ref().is_none_or(|mid| {
            let rank = down.first().copied().unwrap_or_default();
            down.len() == 4
                && down[2..] == [1, 1]
                && mid.shape.len() == 4
                && mid.shape[1] == rank
                && !mid.shape.contains(&0)
                && up.get(1) == mid.shape.first()
        });
        let fits = !is_bad(down)
            && !is_bad(up)
            && (self.mid.is_some() || up[1] == down[0])
            && mid_fits
            && up[2..].iter().all(|&side| side == 1);
        if !fits {
            return Err(format!(
                "whose factors of shapes {up:?} and {down:?} do not fit each other"
            ));
        }
        if [&self.down, &self.up].iter().all(|tensor| tensor.is_float()) {
            Ok(())
        } else {
            Err(format!(
                "of type {:?}, which are no floating-point numbers",
                self.down.dtype
            ))
        }
    }

    /// Its rank.
    pub(super) fn rank(&self) -> usize {
        self.down.shape[0]
    }

    /// What the product is multiplied with.
    pub(super) fn scale(&self) -> f32 {
        self.alpha.map_or(1.0, |alpha| alpha / self.rank() as f32)
    }

    /// Whether it is of a convolution.
    pub(super) fn is_conv(&self) -> bool {
        self.down.shape.len() == 4
    }

    /// The changed weight's shape: `[out, in]` or `[out, in, kh, kw]`.
    pub(super) fn shape(&self) -> Vec<usize> {
        let mut shape = self.down.shape.clone();
        shape[0] = self.up.shape[0];
        if let Some(mid) = &self.mid {
            shape[2..].copy_from_slice(&mid.shape[2..]);
        }
        shape
    }

    /// The factors as matrices, row-major: `[out, rank]` and `[rank, in * kh * kw]`. A core is multiplied into the second.
    pub(super) fn matrices(&self) -> Result<(Vec<f32>, Vec<f32>, usize), Error> {
        let (up, down) = (self.up.to_f32()?, self.down.to_f32()?);
        let Some(mid) = &self.mid else {
            return Ok((up, down, self.rank()));
        };
        let [outer, inner, height, width] = mid.shape[..] else {
            return Ok((up, down, self.rank()));
        };
        // down'[p, i, h, w] = sum over q of mid[p, q, h, w] * down[q, i]
        let (core, area, channels) = (mid.to_f32()?, height * width, self.down.shape[1]);
        let mut thick = vec![0.0; outer * channels * area];
        for p in 0..outer {
            for q in 0..inner {
                let taps = &core[(p * inner + q) * area..][..area];
                for (i, &value) in down[q * channels..][..channels].iter().enumerate() {
                    let out = &mut thick[(p * channels + i) * area..][..area];
                    out.iter_mut().zip(taps).for_each(|(out, tap)| *out += tap * value);
                }
            }
        }
        Ok((up, thick, outer))
    }

    /// The singular values of the product, without the scale; `None` when it is not finite.
    pub(super) fn svd(&self) -> Result<Option<Svd>, Error> {
        let (up, down, rank) = self.matrices()?;
        let shape = self.shape();
        Ok(Svd::of_product(&up, &down, rank, shape[0], shape[1..].iter().product()))
    }

    /// The names that its factors have in a file.
    pub(super) fn names(&self, module: &str) -> [String; 2] {
        let (down, up) = NAMINGS[self.naming];
        [down, up].map(|factor| format!("{module}.{factor}{}", self.tail))
    }

    /// Which way of naming it has.
    pub(super) fn naming(&self) -> usize {
        self.naming
    }
}

/// Names of kohya's form for a module's factors.
pub(super) fn kohya_names(module: &str) -> [String; 2] {
    ["lora_down", "lora_up"].map(|factor| format!("{module}.{factor}.weight"))
}

/// The two factors as tensors of a module whose weight has this shape.
pub(super) fn tensors<'a>(
    factors: &svd::Factors,
    shape: &[usize],
    rank: usize,
    dtype: safetensors::Dtype,
) -> [Tensor<'a>; 2] {
    let mut down = shape.to_vec();
    down[0] = rank;
    let mut up = vec![shape[0], rank];
    up.resize(shape.len(), 1);
    [
        Tensor::of_values(dtype, down, &factors.down),
        Tensor::of_values(dtype, up, &factors.up),
    ]
}

/// A number by itself.
pub(super) fn number<'a>(dtype: safetensors::Dtype, value: f64) -> Tensor<'a> {
    Tensor::of_values(dtype, Vec::new(), &[value as f32])
}

/// Works on all modules, as many at once as there are cores; tells the pace by what each weighs.
pub(super) fn each<T: Sync, R: Send>(
    modules: &[T],
    weight: impl Fn(&T) -> f64,
    watch: &mut Watch<'_>,
    work: impl Fn(&T) -> Result<R, Error> + Sync,
) -> Result<Vec<R>, Error> {
    let total = modules.iter().map(&weight).sum();
    let mut pace = Pace::begin(watch, Phase::Computing, modules.len(), total);
    let (mut done, mut weighed) = (Vec::with_capacity(modules.len()), 0.0);
    for together in modules.chunks(rayon::current_num_threads().max(1)) {
        pace.tell(done.len(), weighed)?;
        done.extend(together.par_iter().map(&work).collect::<Result<Vec<R>, Error>>()?);
        weighed += together.iter().map(&weight).sum::<f64>();
    }
    pace.tell(done.len(), weighed)?;
    Ok(done)
}

/// Says of a module that its numbers are not finite.
pub(super) fn not_finite(path: &Path, module: &str) -> Error {
    Error::Input {
        path: path.to_owned(),
        why: format!("has numbers in {module} that are not finite"),
        hint: "the file is damaged or its training failed",
    }
}
