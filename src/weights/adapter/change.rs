//! What each type of network adds to a weight, before scale and strength.
//!
//! A weight is a matrix `[out, in * kernel * kernel]` here; a convolution's kernel lies innermost. [`shape`] checks by shapes alone
//! that [`of`] can compute. Rotations are in [`super::rotation`].

use burn::tensor::Tensor;

use super::apply::{Layer, Misfit};
use super::keys::{DOWN, UP};
use super::module::{Kind, Module};
use super::rotation;
use super::value::{Value, product};

/// Two factors, and the core between them where there is one.
struct Factors<'a> {
    /// `[out, rank]`, or `[rank, out]` beside a core that LyCORIS calls Tucker's.
    up: &'a Value,
    /// `[rank, in …]`.
    down: &'a Value,
    core: Option<&'a Value>,
    /// Whether `up` lies the other way round.
    turned: bool,
}

impl<'a> Factors<'a> {
    /// The factors of a product that may have Tucker's core, whose way up then lies the other way round.
    fn tucker(module: &'a Module, up: &str, down: &str, core: &str) -> Option<Self> {
        let core = module.part(core);
        Some(Self {
            up: module.part(up)?,
            down: module.part(down)?,
            turned: core.is_some(),
            core,
        })
    }

    /// Kernel elements of the core.
    fn kernel(&self) -> usize {
        self.core
            .map_or(1, |core| product(core.shape().get(2..).unwrap_or_default()))
    }

    fn shape(&self, what: &'static str) -> Result<[usize; 2], Misfit> {
        let (out, rank) = if self.turned {
            (self.up.columns(), self.up.rows())
        } else {
            (self.up.rows(), self.up.columns())
        };
        let fits = match self.core {
            None => rank == self.down.rows(),
            Some(core) => core.shape().len() >= 2 && core.shape()[..2] == [rank, self.down.rows()],
        };
        if fits && rank > 0 && self.down.rows() > 0 {
            Ok([out, self.down.columns().saturating_mul(self.kernel())])
        } else {
            Err(Misfit::Inconsistent(what))
        }
    }

    /// `up @ down`, or through the core: `sum over n, m of up[o, n] core[n, m, k] down[m, i]`.
    fn product(&self, like: &Tensor<2>, dyn_dim: Option<usize>) -> Tensor<2> {
        let device = like.device();
        let up = self.up.matrix(&device);
        let up = if self.turned { up.transpose() } else { up };
        let down = self.down.matrix(&device);
        let Some(core) = self.core else {
            let [out, rank] = up.dims();
            return match dyn_dim.filter(|&kept| kept < rank) {
                Some(0) => Tensor::zeros([out, down.dims()[1]], (&device, like.dtype())),
                Some(kept) => up.narrow(1, 0, kept).matmul(down.narrow(0, 0, kept)),
                None => up.matmul(down),
            };
        };
        let kernel = self.kernel();
        let ([out, _], [middle, inputs]) = (up.dims(), down.dims());
        up.matmul(core.matrix(&device))
            .reshape([out, middle, kernel])
            .swap_dims(1, 2)
            .reshape([out * kernel, middle])
            .matmul(down)
            .reshape([out, kernel, inputs])
            .swap_dims(1, 2)
            .reshape([out, inputs * kernel])
    }
}

/// The shape of the matrix that a module adds to a weight of shape `layer`.
///
/// # Errors
/// When the module's tensors do not go together.
pub(super) fn shape(module: &Module, layer: &[usize]) -> Result<[usize; 2], Misfit> {
    let own = [
        layer.first().copied().unwrap_or(1),
        layer.iter().skip(1).product::<usize>(),
    ];
    let inconsistent = Misfit::Inconsistent(module.kind().name());
    let missing = || inconsistent.clone();
    match module.kind() {
        Kind::Lora => lora(module).ok_or_else(missing)?.shape("lora_up, lora_down"),
        Kind::Loha => {
            let [one, two] = loha(module).ok_or_else(missing)?;
            let (one, two) = (one.shape("hada_w1")?, two.shape("hada_w2")?);
            if one == two { Ok(one) } else { Err(inconsistent) }
        }
        Kind::Lokr => {
            let ([a, b], [c, d]) = (lokr_shape(module, ONE)?, lokr_shape(module, TWO)?);
            Ok([a.saturating_mul(c), b.saturating_mul(d)])
        }
        Kind::Full => module
            .part("diff")
            .map(|diff| [diff.rows(), diff.columns()])
            .ok_or_else(missing),
        Kind::Norm => module.part("w_norm").map(|norm| [norm.count(), 1]).ok_or_else(missing),
        Kind::Ia3 => {
            let (count, on_input) = ia3(module).ok_or_else(missing)?;
            let wanted = if on_input {
                layer.get(1).copied().unwrap_or(1)
            } else {
                own[0]
            };
            match (count.count() == wanted, on_input) {
                (true, _) => Ok(own),
                (false, true) => Ok([own[0], count.count()]),
                (false, false) => Ok([count.count(), own[1]]),
            }
        }
        Kind::Glora => glora_shape(module, layer),
        Kind::Oft | Kind::Boft => rotation::shape(module, own),
    }
}

/// The matrix that a module adds to the layer's weight. The shapes were checked.
pub(super) fn of(module: &Module, layer: &Layer, dyn_dim: Option<usize>) -> Tensor<2> {
    let weight = &layer.weight;
    let nothing = || weight.zeros_like();
    match module.kind() {
        Kind::Lora => lora(module).map_or_else(nothing, |factors| factors.product(weight, dyn_dim)),
        Kind::Loha => loha(module).map_or_else(nothing, |[one, two]| {
            one.product(weight, None) * two.product(weight, None)
        }),
        Kind::Lokr => {
            let halves = lokr_half(module, ONE, weight).zip(lokr_half(module, TWO, weight));
            halves.map_or_else(nothing, |(one, two)| kronecker(one, two))
        }
        Kind::Full => module
            .part("diff")
            .map_or_else(nothing, |diff| diff.matrix(&weight.device())),
        Kind::Norm => module
            .part("w_norm")
            .map_or_else(nothing, |norm| norm.flat(&weight.device()).reshape([norm.count(), 1])),
        Kind::Ia3 => ia3(module).map_or_else(nothing, |(factors, on_input)| {
            let [out, columns] = weight.dims();
            let count = factors.count();
            let factors = factors.flat(&weight.device());
            if on_input {
                let by_input = weight.clone().reshape([out, count, columns / count]);
                (by_input * factors.reshape([1, count, 1])).reshape([out, columns])
            } else {
                weight.clone() * factors.reshape([out, 1])
            }
        }),
        Kind::Glora => glora(module, layer).unwrap_or_else(nothing),
        Kind::Oft | Kind::Boft => rotation::turned(module, weight) - weight.clone(),
    }
}

fn lora(module: &Module) -> Option<Factors<'_>> {
    Some(Factors {
        up: module.part(UP)?,
        down: module.part(DOWN)?,
        core: module.part("lora_mid.weight"),
        turned: false,
    })
}

fn loha(module: &Module) -> Option<[Factors<'_>; 2]> {
    Some([
        Factors::tucker(module, "hada_w1_a", "hada_w1_b", "hada_t1")?,
        Factors::tucker(module, "hada_w2_a", "hada_w2_b", "hada_t2")?,
    ])
}

/// The names of one half of a Kronecker product: whole, its two factors, and their core.
type Half = [&'static str; 4];
const ONE: Half = ["lokr_w1", "lokr_w1_a", "lokr_w1_b", "lokr_t1"];
const TWO: Half = ["lokr_w2", "lokr_w2_a", "lokr_w2_b", "lokr_t2"];

fn lokr_shape(module: &Module, [whole, up, down, core]: Half) -> Result<[usize; 2], Misfit> {
    if let Some(whole) = module.part(whole) {
        return Ok([whole.rows(), whole.columns()]);
    }
    Factors::tucker(module, up, down, core)
        .ok_or(Misfit::Inconsistent(whole))?
        .shape(whole)
}

fn lokr_half(module: &Module, [whole, up, down, core]: Half, like: &Tensor<2>) -> Option<Tensor<2>> {
    if let Some(whole) = module.part(whole) {
        return Some(whole.matrix(&like.device()));
    }
    Some(Factors::tucker(module, up, down, core)?.product(like, None))
}

/// A kernel lies innermost in the second factor's columns, so the product of matrices is that of convolutions too.
fn kronecker(one: Tensor<2>, two: Tensor<2>) -> Tensor<2> {
    let ([a, b], [c, d]) = (one.dims(), two.dims());
    (one.reshape([a, 1, b, 1]) * two.reshape([1, c, 1, d])).reshape([a * c, b * d])
}

/// IA3's factors, and whether they are of inputs.
fn ia3(module: &Module) -> Option<(&Value, bool)> {
    let on_input = module.part("on_input")?.scalar()? != 0.0;
    Some((module.part("weight")?, on_input))
}

/// The four matrices of GLoRA in the order in which they are multiplied: `W a b + up down`.
struct Glora<'a> {
    a: &'a Value,
    b: &'a Value,
    added: Factors<'a>,
}

/// LyCORIS once kept the way down in `a1` and `b1` (A1111 knows just this), and keeps it in `a2` and `b2` today.
fn glora_parts(module: &Module) -> Option<Glora<'_>> {
    let [a1, a2, b1, b2] = ["a1.weight", "a2.weight", "b1.weight", "b2.weight"].map(|part| module.part(part));
    let (a1, a2, b1, b2) = (a1?, a2?, b1?, b2?);
    let core = module.part("bm.weight");
    let factors = |up, down| Factors {
        up,
        down,
        core,
        turned: false,
    };
    let old = is_old_glora(module);
    Some(if old {
        Glora {
            a: a2,
            b: a1,
            added: factors(b2, b1),
        }
    } else {
        Glora {
            a: a1,
            b: a2,
            added: factors(b1, b2),
        }
    })
}

/// Whether a GLoRA module has the older layout. In a square layer the shapes go together either way, and the rank is the smaller side.
pub(super) fn is_old_glora(module: &Module) -> bool {
    let side = |part: &str, axis: usize| module.part(part).and_then(|value| value.shape().get(axis).copied());
    let same = |sides: [Option<usize>; 4]| sides.iter().all(|side| side.is_some() && *side == sides[0]);
    let older = same([
        side("a1.weight", 0),
        side("a2.weight", 1),
        side("b1.weight", 0),
        side("b2.weight", 1),
    ]);
    let newer = same([
        side("a1.weight", 1),
        side("a2.weight", 0),
        side("b1.weight", 1),
        side("b2.weight", 0),
    ]);
    older && (!newer || side("a1.weight", 0) < side("a1.weight", 1))
}

fn glora_shape(module: &Module, layer: &[usize]) -> Result<[usize; 2], Misfit> {
    let Some(Glora { a, b, added }) = glora_parts(module) else {
        return Err(Misfit::Inconsistent("glora"));
    };
    let shape = added.shape("b1, b2")?;
    let inputs = layer.get(1).copied().unwrap_or(1);
    if a.columns() != b.rows() || b.rows() == 0 {
        return Err(Misfit::Inconsistent("a1, a2"));
    }
    if a.rows() != inputs || b.columns() != inputs {
        return Ok([shape[0], a.rows()]);
    }
    Ok(shape)
}

fn glora(module: &Module, layer: &Layer) -> Option<Tensor<2>> {
    let Glora { a, b, added } = glora_parts(module)?;
    let device = layer.weight.device();
    let [out, columns] = layer.weight.dims();
    let inputs = layer.shape.get(1).copied()?;
    let kernel = columns / inputs;
    let through = layer
        .weight
        .clone()
        .reshape([out, inputs, kernel])
        .swap_dims(1, 2)
        .reshape([out * kernel, inputs])
        .matmul(a.matrix(&device))
        .matmul(b.matrix(&device))
        .reshape([out, kernel, inputs])
        .swap_dims(1, 2)
        .reshape([out, columns]);
    Some(through + added.product(&layer.weight, None))
}
