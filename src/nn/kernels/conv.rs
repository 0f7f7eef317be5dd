//! Convolution in f32 on the CPU.
//!
//! The pixels that each weight meets are laid side by side (im2col) and matrices multiplied. A large picture is cut into tiles whose
//! copy stays in a core's cache, and the cores share the tiles; for a small one, where the weights are the larger matrix, the cores
//! share the output channels.

use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;
use rayon::prelude::*;

use super::cpu::{dims, tensor};
use super::gemm::{Matrix, add_product};

/// Values of an im2col tile: three quarters of a megabyte, a core's second-level cache.
const TILE: usize = 192 << 10;
/// Up to so many output pixels of a batch, cores share output channels.
const FEW_PIXELS: usize = 512;

pub(super) fn conv2d(
    x: &FlexTensor,
    weight: &FlexTensor,
    bias: &FlexTensor,
    stride: usize,
    padding: usize,
) -> Tensor<4> {
    let [batch, inputs, height, width] = dims(x);
    let [outputs, _, kernel, _] = dims(weight);
    let out_side = |side: usize| (side + 2 * padding - kernel) / stride + 1;
    let job = Job {
        pixels: x.storage(),
        weights: weight.storage(),
        bias: bias.storage(),
        batch,
        inputs,
        outputs,
        walk: Walk {
            height,
            width,
            kernel,
            stride,
            padding,
            out_height: out_side(height),
            out_width: out_side(width),
        },
    };
    let out = if batch * job.walk.area() <= FEW_PIXELS {
        job.share_outputs()
    } else {
        job.share_tiles()
    };
    tensor(out, [batch, outputs, job.walk.out_height, job.walk.out_width])
}

/// The operands of one convolution.
struct Job<'a> {
    pixels: &'a [f32],
    weights: &'a [f32],
    bias: &'a [f32],
    batch: usize,
    inputs: usize,
    outputs: usize,
    walk: Walk,
}

impl Job<'_> {
    fn picture(&self, i: usize) -> &[f32] {
        let values = self.inputs * self.walk.height * self.walk.width;
        &self.pixels[i * values..(i + 1) * values]
    }

    /// Rows of the im2col matrix.
    fn depth(&self) -> usize {
        self.inputs * self.walk.taps()
    }

    /// One im2col matrix for the whole batch, its pictures side by side; each thread multiplies some rows of weights with it.
    fn share_outputs(&self) -> Vec<f32> {
        let (area, depth) = (self.walk.area(), self.depth());
        let pixels = self.batch * area;
        let mut columns = vec![0.0; depth * pixels];
        columns
            .par_chunks_mut(self.walk.taps() * pixels)
            .enumerate()
            .for_each(|(channel, columns)| {
                for (tap, row) in columns.chunks_mut(pixels).enumerate() {
                    for (i, segment) in row.chunks_mut(area).enumerate() {
                        let plane = self.walk.plane(self.picture(i), channel);
                        self.walk.shift(plane, segment, tap, 0);
                    }
                }
            });
        let share = self.outputs.div_ceil(rayon::current_num_threads());
        let mut product = vec![0.0; self.outputs * pixels];
        product
            .par_chunks_mut(share * pixels)
            .zip(self.weights.par_chunks(share * depth))
            .for_each(|(out, weights)| {
                let rows = weights.len() / depth;
                let right = Matrix::dense(depth, pixels);
                add_product(
                    out,
                    Matrix::dense(rows, pixels),
                    weights,
                    Matrix::dense(rows, depth),
                    &columns,
                    right,
                );
            });
        let mut out = Vec::with_capacity(product.len());
        for i in 0..self.batch {
            for (row, bias) in product.chunks(pixels).zip(self.bias) {
                out.extend(row[i * area..(i + 1) * area].iter().map(|v| v + bias));
            }
        }
        out
    }

    /// An im2col matrix and a product for each tile of some rows of one picture.
    fn share_tiles(&self) -> Vec<f32> {
        let Walk {
            out_height, out_width, ..
        } = self.walk;
        let threads = rayon::current_num_threads().div_ceil(self.batch);
        let rows = (TILE / (self.depth() * out_width)).clamp(1, out_height.div_ceil(threads));
        let per_picture = out_height.div_ceil(rows);
        let tiles: Vec<Vec<f32>> = (0..self.batch * per_picture)
            .into_par_iter()
            .map_init(Vec::new, |columns, i| {
                let top = i % per_picture * rows;
                self.tile(self.picture(i / per_picture), columns, top, rows.min(out_height - top))
            })
            .collect();
        let area = self.walk.area();
        let mut out = vec![0.0; self.batch * self.outputs * area];
        out.par_chunks_mut(area).enumerate().for_each(|(i, plane)| {
            let (picture, channel) = (i / self.outputs, i % self.outputs);
            let tiles = &tiles[picture * per_picture..][..per_picture];
            for (line, tile) in plane.chunks_mut(rows * out_width).zip(tiles) {
                let values = &tile[channel * line.len()..][..line.len()];
                for (to, from) in line.iter_mut().zip(values) {
                    *to = from + self.bias[channel];
                }
            }
        });
        out
    }

    /// `[outputs, rows * out_width]`: the output rows from `top`, without bias.
    fn tile(&self, picture: &[f32], columns: &mut Vec<f32>, top: usize, rows: usize) -> Vec<f32> {
        let (n, depth) = (rows * self.walk.out_width, self.depth());
        let mut tile = vec![0.0; self.outputs * n];
        let (o, left) = (Matrix::dense(self.outputs, n), Matrix::dense(self.outputs, depth));
        if self.walk.is_pointwise() {
            let right = Matrix {
                row_stride: self.walk.area(),
                ..Matrix::dense(depth, n)
            };
            add_product(
                &mut tile,
                o,
                self.weights,
                left,
                &picture[top * self.walk.width..],
                right,
            );
        } else {
            columns.resize(depth * n, 0.0);
            for (row, segment) in columns.chunks_mut(n).enumerate() {
                let plane = self.walk.plane(picture, row / self.walk.taps());
                self.walk.shift(plane, segment, row % self.walk.taps(), top);
            }
            add_product(&mut tile, o, self.weights, left, columns, Matrix::dense(depth, n));
        }
        tile
    }
}

/// How a kernel walks over a plane.
struct Walk {
    height: usize,
    width: usize,
    kernel: usize,
    stride: usize,
    padding: usize,
    out_height: usize,
    out_width: usize,
}

impl Walk {
    fn area(&self) -> usize {
        self.out_height * self.out_width
    }

    /// Weights of one kernel.
    fn taps(&self) -> usize {
        self.kernel * self.kernel
    }

    fn is_pointwise(&self) -> bool {
        self.kernel == 1 && self.stride == 1 && self.padding == 0
    }

    fn plane<'a>(&self, picture: &'a [f32], channel: usize) -> &'a [f32] {
        let values = self.height * self.width;
        &picture[channel * values..(channel + 1) * values]
    }

    /// Fills `out`, whole output rows from `top`, with the pixels that the kernel's weight `tap` meets; zeros beyond the edges.
    fn shift(&self, plane: &[f32], out: &mut [f32], tap: usize, top: usize) {
        let (ky, kx) = (tap / self.kernel, tap % self.kernel);
        if self.stride == 1 && self.out_width == self.width {
            return self.shift_whole(plane, out, ky, kx, top);
        }
        for (oy, line) in (top..).zip(out.chunks_mut(self.out_width)) {
            let y = (oy * self.stride + ky).wrapping_sub(self.padding);
            match plane
                .get(y.saturating_mul(self.width)..)
                .and_then(|rest| rest.get(..self.width))
            {
                Some(row) => self.shift_line(row, line, kx),
                None => line.fill(0.0),
            }
        }
    }

    /// Lines as wide as they were: one copy at another offset, then zeros where it ran over the left or right edge.
    fn shift_whole(&self, plane: &[f32], out: &mut [f32], ky: usize, kx: usize, top: usize) {
        // `start` may lie before the plane; both ends are cut to it.
        let start =
            ((top + ky) * self.width + kx).cast_signed() - (self.padding * self.width + self.padding).cast_signed();
        let lead = start.min(0).unsigned_abs().min(out.len());
        let from = start.max(0).cast_unsigned().min(plane.len());
        let n = (out.len() - lead).min(plane.len() - from);
        out[..lead].fill(0.0);
        out[lead..lead + n].copy_from_slice(&plane[from..from + n]);
        out[lead + n..].fill(0.0);
        for x in
            (0..self.padding.saturating_sub(kx)).chain((self.width + self.padding - kx).min(self.width)..self.width)
        {
            out.iter_mut().skip(x).step_by(self.width).for_each(|v| *v = 0.0);
        }
    }

    /// One line, shifted by `kx` and strided.
    fn shift_line(&self, row: &[f32], line: &mut [f32], kx: usize) {
        let first = self.padding.saturating_sub(kx).div_ceil(self.stride).min(line.len());
        let after = (self.width + self.padding)
            .saturating_sub(kx)
            .div_ceil(self.stride)
            .clamp(first, line.len());
        line[..first].fill(0.0);
        line[after..].fill(0.0);
        let start = first * self.stride + kx - self.padding;
        for (to, from) in line[first..after]
            .iter_mut()
            .zip(row[start..].iter().step_by(self.stride))
        {
            *to = *from;
        }
    }
}
