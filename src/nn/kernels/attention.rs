//! Attention in f32 on the CPU.
//!
//! Heads are read where they lie in the rows of `[batch, tokens, width]`, so nothing is split or put together by copying. A block of
//! queries meets all keys at once; the cores share the blocks.

use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;
use rayon::prelude::*;

use super::cpu::{dims, tensor};
use super::gemm::{Matrix, add_product};
use super::simd;

/// Scores of a block of queries: three quarters of a megabyte.
const SCORES: usize = 192 << 10;
/// Queries that a block has at least: every block packs all keys and values anew, which fewer queries would not repay.
const QUERIES: usize = 128;

/// `query` `[batch, tokens, width]`, `key` and `value` `[batch, context, width]`, all with `heads` heads side by side.
pub(super) fn attention(
    query: &FlexTensor,
    key: &FlexTensor,
    value: &FlexTensor,
    heads: usize,
    causal: bool,
) -> Tensor<3> {
    let [batch, tokens, width] = dims(query);
    let [_, context, _] = dims(key);
    let head = width / heads;
    let (q, k, v) = (query.storage::<f32>(), key.storage::<f32>(), value.storage::<f32>());
    let threads = rayon::current_num_threads().div_ceil(batch);
    let block = (SCORES / context).max(QUERIES).clamp(1, tokens.div_ceil(threads));
    let scale = (head as f32).sqrt().recip();

    let mut out = vec![0.0; q.len()];
    // A block never spans two pictures, so blocks are counted within each.
    let blocks = out.par_chunks_mut(tokens * width).enumerate().flat_map(|(b, out)| {
        out.par_chunks_mut(block * width)
            .enumerate()
            .map(move |(i, out)| (b, i * block, out))
    });
    blocks.for_each_init(Vec::new, |scores, (b, first, out)| {
        let rows = out.len() / width;
        let q = &q[(b * tokens + first) * width..][..rows * width];
        let (k, v) = (
            &k[b * context * width..][..context * width],
            &v[b * context * width..][..context * width],
        );
        scores.resize(rows * context, 0.0);
        for h in 0..heads {
            let column = h * head;
            let queries = Matrix {
                rows,
                columns: head,
                row_stride: width,
                column_stride: 1,
            };
            let keys = Matrix {
                rows: head,
                columns: context,
                row_stride: 1,
                column_stride: width,
            };
            let values = Matrix {
                rows: context,
                columns: head,
                row_stride: width,
                column_stride: 1,
            };
            scores.fill(0.0);
            add_product(
                scores,
                Matrix::dense(rows, context),
                &q[column..],
                queries,
                &k[column..],
                keys,
            );
            for (i, row) in scores.chunks_mut(context).enumerate() {
                let (seen, hidden) = row.split_at_mut(if causal { (first + i + 1).min(context) } else { context });
                simd::softmax(seen, scale);
                hidden.fill(0.0);
            }
            add_product(
                &mut out[column..],
                queries,
                scores,
                Matrix::dense(rows, context),
                &v[column..],
                values,
            );
        }
    });
    tensor(out, [batch, tokens, width])
}
