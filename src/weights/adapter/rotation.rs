//! OFT and BOFT: a weight's rows turned in blocks (Qiu et al. 2023, Liu et al. 2023).
//!
//! The blocks of a file are `Q` of the Cayley transform `(I + Q)(I - Q)^-1`, or of the oldest files the rotations themselves. They are
//! small, so they are inverted on the host, in f64.

use burn::tensor::{DType, Tensor, TensorData};
use faer::Mat;
use faer::linalg::solvers::DenseSolveCore;

use super::apply::Misfit;
use super::module::{Kind, Module};
use super::value::Value;

/// Widest block that is inverted: no trainer makes one near it, and its cost grows with the third power.
const WIDEST: usize = 8192;

/// How the blocks of a module lie.
struct Blocks<'a> {
    values: &'a Value,
    /// How often the rows are spread and turned; 1 for OFT.
    stages: usize,
    count: usize,
    side: usize,
    /// Whether they are rotations already.
    ready: bool,
}

fn blocks(module: &Module) -> Option<Blocks<'_>> {
    let (values, ready) = match module.part("oft_blocks") {
        Some(values) => (values, false),
        None => (module.part("oft_diag")?, true),
    };
    let (stages, count, side) = match (module.kind(), values.shape()) {
        (Kind::Boft, &[stages, count, side, across]) if side == across => (stages, count, side),
        (Kind::Oft, &[count, side, across]) if side == across => (1, count, side),
        _ => return None,
    };
    Some(Blocks {
        values,
        stages,
        count,
        side,
        ready,
    })
}

/// The shape of the weight that a module turns.
///
/// # Errors
/// When the blocks are no squares, or a weight of `[out, columns]` cannot be cut as they want.
pub(super) fn shape(module: &Module, [out, columns]: [usize; 2]) -> Result<[usize; 2], Misfit> {
    let blocks = blocks(module).ok_or(Misfit::Inconsistent("oft_blocks"))?;
    let rows = blocks.count.saturating_mul(blocks.side);
    if !(1..=WIDEST).contains(&blocks.side) || blocks.stages > 64 {
        return Err(Misfit::Inconsistent("oft_blocks"));
    }
    if let Some(rescale) = module.part("rescale")
        && rescale.count() != rows
    {
        return Err(Misfit::Inconsistent("rescale"));
    }
    let spreads = |stage: u32| {
        let span = 2_usize.checked_pow(stage).and_then(|n| n.checked_mul(blocks.side));
        span.is_some_and(|span| out.is_multiple_of(span))
    };
    if module.kind() == Kind::Boft
        && rows == out
        && !(blocks.side.is_multiple_of(2) && (0..blocks.stages as u32).all(spreads))
    {
        return Err(Misfit::Inconsistent("oft_blocks"));
    }
    Ok([rows, columns])
}

/// The weight `[out, columns]` turned. The shapes were checked.
pub(super) fn turned(module: &Module, weight: &Tensor<2>) -> Tensor<2> {
    let Some(blocks) = blocks(module) else {
        return weight.clone();
    };
    let [out, columns] = weight.dims();
    let device = weight.device();
    let Blocks {
        stages, count, side, ..
    } = blocks;
    let values = rotations(module, &blocks, out);
    let shape = [stages, count, side, side];
    let rotations = Tensor::<4>::from_data(TensorData::new(values, shape), (&device, DType::F32));
    let mut rows = weight.clone();
    for stage in 0..stages {
        let rotation = rotations.clone().narrow(0, stage, 1).reshape([count, side, side]);
        if module.kind() == Kind::Boft {
            // Neighbours are brought together from further and further apart, turned, and put back.
            let half = (1 << stage) * (side / 2);
            let groups = out / (2 * half);
            let gathered = rows
                .reshape([groups, 2, half, columns])
                .swap_dims(1, 2)
                .reshape([count, side, columns]);
            rows = rotation
                .matmul(gathered)
                .reshape([groups, half, 2, columns])
                .swap_dims(1, 2)
                .reshape([out, columns]);
        } else {
            let cut = rows.reshape([count, side, columns]);
            rows = rotation.swap_dims(1, 2).matmul(cut).reshape([out, columns]);
        }
    }
    match module.part("rescale") {
        Some(rescale) => rows * rescale.flat(&device).reshape([out, 1]),
        None => rows,
    }
}

/// All rotations, block by block, row-major.
fn rotations(module: &Module, blocks: &Blocks<'_>, out: usize) -> Vec<f32> {
    let values = blocks.values.to_f32().unwrap_or_default();
    if blocks.ready {
        return values;
    }
    let side = blocks.side;
    let skews: Vec<Mat<f64>> = values
        .chunks_exact(side * side)
        .map(|block| {
            Mat::from_fn(side, side, |i, j| {
                f64::from(block[i * side + j]) - f64::from(block[j * side + i])
            })
        })
        .collect();
    let norm = skews.iter().map(Mat::squared_norm_l2).sum::<f64>().sqrt();
    // The bound is what these files call alpha, times the rows.
    let shrink = match module.alpha() {
        Some(bound) if bound != 0.0 => (norm.min(bound * out as f64) + 1e-8) / (norm + 1e-8),
        _ => 1.0,
    };
    let turn = |skew: &Mat<f64>| {
        let q = skew * faer::Scale(shrink);
        let identity = Mat::<f64>::identity(side, side);
        (&identity + &q) * (&identity - &q).partial_piv_lu().inverse()
    };
    skews
        .iter()
        .map(turn)
        .flat_map(|r| {
            (0..side * side)
                .map(|at| r[(at / side, at % side)] as f32)
                .collect::<Vec<_>>()
        })
        .collect()
}
