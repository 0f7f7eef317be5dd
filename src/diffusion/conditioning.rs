//! Text to what the UNet is conditioned on.

use burn::tensor::{DType, Tensor, TensorData};

use super::inversions::Embeddings;
use super::recipe::Recipe;
use crate::nn::clip::Clip;
use crate::nn::timestep;
use crate::prompt::chunks::{self, Chunked};
use crate::prompt::{Tokenizer, attention};
use crate::weights::Architecture;
use crate::weights::architecture::{NUMBER_WIDTH, TextEncoder};

/// The conditioning of one text.
#[derive(Clone, Debug)]
pub struct Conditioning {
    /// `[1, 77 * chunks, width]`.
    pub context: Tensor<3>,
    /// `[1, pooled + numbers]`, for networks that take `y`.
    pub y: Option<Tensor<2>>,
}

/// Reads a text and encodes it.
///
/// The text has no network calls any more; the embeddings are those that it may name. `skip` is the clip skip; `numbers` stand
/// behind the pooled text in `y`, where the UNet takes it.
pub fn encode(
    encoders: &[Clip],
    configs: &[TextEncoder],
    text: &str,
    skip: usize,
    comma_backtrack: usize,
    numbers: Option<&[f32]>,
    embeddings: &Embeddings,
) -> Conditioning {
    let runs = attention::parse(text);
    let read = chunks::chunk(&runs, Tokenizer::clip(), comma_backtrack, embeddings.names());
    let mut contexts = Vec::new();
    let mut pooled = None;
    for (i, (clip, config)) in encoders.iter().zip(configs).enumerate() {
        let ids: Vec<_> = read.chunks.iter().map(|chunk| chunk.ids(config.padding)).collect();
        let inserts = embeddings.inserts(&read, i, &clip.device());
        let encoded = clip.forward_with(&ids, &inserts, skip);
        contexts.push(emphasise(encoded.states, &read));
        // The pooled state is the first chunk's.
        pooled = encoded.pooled.map(|p| p.narrow(0, 0, 1)).or(pooled);
    }
    let context = Tensor::cat(contexts, 2);
    let [chunks, tokens, width] = context.dims();
    let y = numbers
        .zip(pooled)
        .map(|(numbers, pooled)| with_numbers(pooled, numbers));
    Conditioning {
        context: context.reshape([1, chunks * tokens, width]),
        y,
    }
}

/// A1111's "Original" emphasis: each token's state times its weight, then the chunk rescaled to the mean it had.
///
/// `states` is `[chunks, tokens, width]`.
fn emphasise(states: Tensor<3>, read: &Chunked) -> Tensor<3> {
    let rows = read.chunks.iter().enumerate().map(|(i, chunk)| {
        let z = states.clone().narrow(0, i, 1);
        if chunk.weights.iter().all(|&w| (w - 1.0).abs() < f32::EPSILON) {
            return z;
        }
        let weights = Tensor::<3>::from_data(
            TensorData::new(chunk.weights.clone(), [1, chunk.weights.len(), 1]),
            (&z.device(), DType::F32),
        );
        let mean = z.clone().mean();
        let weighted = z.clone() * weights.cast(z.dtype());
        let scale = mean / weighted.clone().mean();
        weighted * scale.unsqueeze()
    });
    Tensor::cat(rows.collect(), 0)
}

/// What stands behind the pooled text in SDXL's `y`, as A1111 has it: original size, crop corner and target size, height before
/// width; for the refiner original size, crop corner and an aesthetic score, which is lower for what is to be avoided.
pub fn numbers(architecture: &Architecture, recipe: &Recipe, is_negative: bool) -> Option<Vec<f32>> {
    const CROP: [f32; 2] = [0.0; 2];
    const HIGH_SCORE: f32 = 6.0;
    const LOW_SCORE: f32 = 2.5;
    let size = [recipe.height as f32, recipe.width as f32];
    let score = if is_negative { LOW_SCORE } else { HIGH_SCORE };
    match architecture.numbers()? {
        5 => Some([&size[..], &CROP, &[score]].concat()),
        _ => Some([size, CROP, size].concat()),
    }
}

/// `y`: the pooled text and some numbers, each embedded 256 wide.
fn with_numbers(pooled: Tensor<2>, numbers: &[f32]) -> Tensor<2> {
    let width = numbers.len() * NUMBER_WIDTH;
    let embedded = timestep::embed(numbers, NUMBER_WIDTH, &pooled.device(), pooled.dtype()).reshape([1, width]);
    Tensor::cat(vec![pooled, embedded], 1)
}

/// What SDXL was trained with for an empty negative prompt: states and pooled text zero, the last `numbers` of `y` as they are.
pub fn without_text(of: &Conditioning, numbers: usize) -> Conditioning {
    let kept = numbers * NUMBER_WIDTH;
    let y = of.y.as_ref().map(|y| {
        let [_, width] = y.dims();
        let pooled = y.clone().narrow(1, 0, width - kept);
        Tensor::cat(vec![pooled.zeros_like(), y.clone().narrow(1, width - kept, kept)], 1)
    });
    Conditioning {
        context: of.context.zeros_like(),
        y,
    }
}
