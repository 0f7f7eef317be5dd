//! One module of a network: the tensors that change one layer, and of which type of network they are.

use std::collections::BTreeMap;

use super::change;
use super::keys::{DOWN, UP};
use super::value::Value;
use crate::weights::element::float_type;

/// The types of networks, in the order in which A1111 tries them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Low rank: `up @ down`, of a convolution through a core in the middle too (LoRA, LoCon).
    Lora,
    /// The product, element by element, of two of low rank (LoHa).
    Loha,
    /// One factor a row or a column (IA3).
    Ia3,
    /// A Kronecker product (LoKr).
    Lokr,
    /// The difference itself.
    Full,
    /// The difference of a normalisation's weight and bias.
    Norm,
    /// Low rank, one part of it multiplied by the weight (GLoRA).
    Glora,
    /// Rotations of blocks of rows (OFT).
    Oft,
    /// Rotations of ever wider spread rows, one after another (BOFT).
    Boft,
}

impl Kind {
    /// The name that people know it by, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lora => "lora",
            Self::Loha => "loha",
            Self::Ia3 => "ia3",
            Self::Lokr => "lokr",
            Self::Full => "full",
            Self::Norm => "norm",
            Self::Glora => "glora",
            Self::Oft => "oft",
            Self::Boft => "boft",
        }
    }
}

/// The parts of a plain LoRA module.
#[derive(Clone, Copy, Debug)]
pub struct LoraParts<'a> {
    /// `[out, rank]` or `[out, rank, 1, 1]`.
    pub up: &'a Value,
    /// `[rank, in]` or `[rank, in, kernel, kernel]`; `[rank, in, 1, 1]` where there is a middle.
    pub down: &'a Value,
    /// `[rank, rank, kernel, kernel]`, the core of a CP decomposition.
    pub mid: Option<&'a Value>,
    /// What the product is multiplied with, times the rank; the rank where it is missing.
    pub alpha: Option<f64>,
}

/// What a module is by the names and shapes of its tensors alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Outline {
    /// The module as the file names it, such as `lora_unet_mid_block_attentions_0_proj_in`.
    pub name: String,
    /// Its type.
    pub kind: Kind,
    /// Whether it brings a magnitude for the changed weight (DoRA).
    pub dora: bool,
    /// Its rank, or for OFT what files call so.
    pub dim: Option<usize>,
    /// The name in the file of each part.
    pub(super) parts: BTreeMap<&'static str, String>,
}

/// The type of a module with these parts, by A1111's order; `shape` tells a part's.
pub(super) fn kind_of(has: &dyn Fn(&str) -> bool, oft_rank: Option<usize>) -> Option<Kind> {
    let all = |parts: &[&str]| parts.iter().all(|part| has(part));
    let either = |whole: &str, a: &str, b: &str| has(whole) || all(&[a, b]);
    match () {
        () if all(&[UP, DOWN]) => Some(Kind::Lora),
        () if all(&["hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b"]) => Some(Kind::Loha),
        () if all(&["weight", "on_input"]) => Some(Kind::Ia3),
        () if either("lokr_w1", "lokr_w1_a", "lokr_w1_b") && either("lokr_w2", "lokr_w2_a", "lokr_w2_b") => {
            Some(Kind::Lokr)
        }
        () if has("diff") => Some(Kind::Full),
        () if all(&["w_norm", "b_norm"]) => Some(Kind::Norm),
        () if all(&["a1.weight", "a2.weight", "b1.weight", "b2.weight"]) => Some(Kind::Glora),
        () if has("oft_blocks") && oft_rank == Some(4) => Some(Kind::Boft),
        () if has("oft_blocks") || has("oft_diag") => Some(Kind::Oft),
        () => None,
    }
}

/// The rank of a module, from the shapes of its parts; `None` where its type has none.
pub(super) fn dim_of<'a>(kind: Kind, shape: &dyn Fn(&str) -> Option<&'a [usize]>) -> Option<usize> {
    let rows = |part: &str| shape(part)?.first().copied();
    match kind {
        Kind::Lora => rows(DOWN),
        Kind::Loha => rows("hada_w1_b"),
        // As A1111: the second product's rank goes before the first's, and without any there is none.
        Kind::Lokr => rows("lokr_w2_b").or_else(|| rows("lokr_w1_b")),
        Kind::Glora => {
            let (a1, a2) = (shape("a1.weight")?, shape("a2.weight")?);
            // The newer LyCORIS keeps the way down in a2, the older one in a1; the rank is the smaller side of both.
            a1.iter().chain(a2).take(2).min().copied()
        }
        Kind::Oft => rows("oft_blocks").or_else(|| shape("oft_diag")?.get(1).copied()),
        Kind::Boft => rows("oft_blocks"),
        Kind::Ia3 | Kind::Full | Kind::Norm => None,
    }
}

/// A module with its tensors.
#[derive(Clone, Debug)]
pub struct Module {
    outline: Outline,
    alpha: Option<f64>,
    scale: Option<f64>,
    unusable: Option<&'static str>,
    values: BTreeMap<&'static str, Value>,
}

impl Module {
    pub(super) fn new(outline: Outline, values: BTreeMap<&'static str, Value>) -> Self {
        let scalar = |part: &str| values.get(part).and_then(Value::scalar);
        Self {
            alpha: scalar("alpha"),
            scale: scalar("scale"),
            unusable: unusable(&values),
            outline,
            values,
        }
    }

    /// The module as the file names it.
    pub fn name(&self) -> &str {
        &self.outline.name
    }

    /// Its type.
    pub fn kind(&self) -> Kind {
        self.outline.kind
    }

    /// Whether it brings a magnitude for the changed weight (DoRA).
    pub fn is_dora(&self) -> bool {
        self.outline.dora
    }

    /// Its rank, or for OFT what files call so.
    pub fn dim(&self) -> Option<usize> {
        self.outline.dim
    }

    /// `alpha` as stored.
    pub fn alpha(&self) -> Option<f64> {
        self.alpha
    }

    /// The tensors of a plain LoRA, LoCon or CP module; `None` of other types.
    pub fn lora(&self) -> Option<LoraParts<'_>> {
        if self.kind() != Kind::Lora {
            return None;
        }
        Some(LoraParts {
            up: self.part(UP)?,
            down: self.part(DOWN)?,
            mid: self.part("lora_mid.weight"),
            alpha: self.alpha,
        })
    }

    /// A part by LyCORIS's name for it, such as `lora_mid.weight`, `hada_t1` or `diff_b`.
    pub fn part(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    /// All parts with their names.
    pub fn parts(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        self.values.iter().map(|(name, value)| (*name, value))
    }

    /// What the difference is multiplied with besides the strength: A1111's `calc_scale`.
    pub fn scale(&self) -> f64 {
        match self.kind() {
            // Their alpha is a bound on the rotation.
            Kind::Oft | Kind::Boft => return 1.0,
            // A1111, which knows the older layout alone, leaves its alpha aside.
            Kind::Glora if change::is_old_glora(self) => return self.scale.unwrap_or(1.0),
            _ => {}
        }
        match (self.scale, self.alpha, self.dim()) {
            (Some(scale), ..) => scale,
            (None, Some(alpha), Some(dim)) if dim > 0 => alpha / dim as f64,
            _ => 1.0,
        }
    }

    /// A part that cannot be computed with, if there is one: it holds NaN or infinity, or no numbers at all.
    pub fn unusable(&self) -> Option<&'static str> {
        self.unusable
    }
}

fn unusable(values: &BTreeMap<&'static str, Value>) -> Option<&'static str> {
    const MAY_BE_WHOLE: [&str; 5] = ["on_input", "bias_indices", "bias_size", "alpha", "scale"];
    let bad = |(name, value): &(&&'static str, &Value)| match float_type(value.dtype()) {
        Some(_) => !value.is_finite(),
        None => !MAY_BE_WHOLE.contains(*name),
    };
    values.iter().find(bad).map(|(name, _)| *name)
}
