//! Text to what the UNet is conditioned on.

use burn::tensor::{DType, Tensor, TensorData};

use crate::nn::clip::Clip;
use crate::nn::timestep;
use crate::prompt::chunks::{self, Chunked};
use crate::prompt::{Tokenizer, attention};
use crate::weights::architecture::{SIZES_WIDTH, TextEncoder};

/// The conditioning of one text.
#[derive(Clone, Debug)]
pub struct Conditioning {
    /// `[1, 77 * chunks, width]`.
    pub context: Tensor<3>,
    /// `[1, pooled + sizes]`, for networks that take `y`.
    pub y: Option<Tensor<2>>,
}

/// Reads a text and encodes it.
///
/// `skip` is the clip skip; `size` (width, height) goes into `y` where the UNet takes it (`wants_y`).
pub fn encode(
    encoders: &[Clip],
    configs: &[TextEncoder],
    text: &str,
    skip: usize,
    comma_backtrack: usize,
    wants_y: Option<[usize; 2]>,
) -> Conditioning {
    let read = chunks::chunk(&attention::parse(text), Tokenizer::clip(), comma_backtrack);
    let mut contexts = Vec::new();
    let mut pooled = None;
    for (clip, config) in encoders.iter().zip(configs) {
        let ids: Vec<_> = read.chunks.iter().map(|chunk| chunk.ids(config.padding)).collect();
        let encoded = clip.forward(&ids, skip);
        contexts.push(emphasise(encoded.states, &read));
        // The pooled state is the first chunk's.
        pooled = encoded.pooled.map(|p| p.narrow(0, 0, 1)).or(pooled);
    }
    let context = Tensor::cat(contexts, 2);
    let [chunks, tokens, width] = context.dims();
    let y = wants_y.zip(pooled).map(|(size, pooled)| with_sizes(pooled, size));
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

/// SDXL's `y`: the pooled text and six sizes, each embedded 256 wide: original, crop corner, target, height before width.
fn with_sizes(pooled: Tensor<2>, [width, height]: [usize; 2]) -> Tensor<2> {
    let (w, h) = (width as f32, height as f32);
    let sizes =
        timestep::embed(&[h, w, 0.0, 0.0, h, w], 256, &pooled.device(), pooled.dtype()).reshape([1, SIZES_WIDTH]);
    Tensor::cat(vec![pooled, sizes], 1)
}

/// What SDXL was trained with for an empty negative prompt: states and pooled text zero, the sizes as they are.
pub fn without_text(of: &Conditioning) -> Conditioning {
    let y = of.y.as_ref().map(|y| {
        let [_, width] = y.dims();
        let pooled = y.clone().narrow(1, 0, width - SIZES_WIDTH);
        Tensor::cat(
            vec![
                pooled.zeros_like(),
                y.clone().narrow(1, width - SIZES_WIDTH, SIZES_WIDTH),
            ],
            1,
        )
    });
    Conditioning {
        context: of.context.zeros_like(),
        y,
    }
}
