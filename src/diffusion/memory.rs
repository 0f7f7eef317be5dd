//! How much memory drawing takes, known before it begins.

use burn::tensor::DType;

use super::Recipe;
use crate::weights::Architecture;
use crate::weights::architecture::{Unet, Vae};

/// The bytes that drawing one batch of `recipe` takes at its peak, above the weights, on the CPU.
///
/// Counted from shapes: the decoder at its widest level, or the UNet with its kept skips, whichever is more. Measured peaks lie within
/// a fifth below the figure; see docs/PERFORMANCE.md.
pub fn peak(architecture: &Architecture, recipe: &Recipe, dtype: DType) -> u64 {
    let element = dtype.size() as u64;
    let pixels = (recipe.width * recipe.height) as u64;
    let side = architecture.vae.downscale() as u64;
    let guided = if (recipe.cfg_scale - 1.0).abs() < f64::EPSILON {
        1
    } else {
        2
    };
    let rows = recipe.batch_size as u64 * guided;
    let decode = decode_values(&architecture.vae, pixels);
    let denoise = rows * denoise_values(&architecture.unet, pixels / (side * side));
    // The pictures of a batch are kept as bytes and as latents until the last is decoded.
    element * decode.max(denoise) + 4 * pixels * recipe.batch_size as u64
}

/// Values alive at the decoder's widest moment: a resnet's input, its normalised copy, the product's tiles, the result, and what the
/// allocator has not yet given back.
fn decode_values(vae: &Vae, pixels: u64) -> u64 {
    let level = |i: usize| {
        let wider = vae.channels[(i + 1).min(vae.channels.len() - 1)];
        let area = pixels >> (2 * i);
        5 * area * vae.channels[i].max(wider) as u64
    };
    (0..vae.channels.len()).map(level).max().unwrap_or_default()
}

/// Values alive in the UNet for one row: all skips, and a transformer block of the widest level (its feed-forward is 8 widths wide).
fn denoise_values(unet: &Unet, latent: u64) -> u64 {
    let level = |i: usize| (latent >> (2 * i)) * unet.channels[i] as u64;
    let skips: u64 = (0..unet.channels.len())
        .map(|i| (unet.resnets as u64 + 1) * level(i))
        .sum();
    let block = (0..unet.channels.len())
        .map(|i| {
            if unet.depth[i] > 0 {
                20 * level(i)
            } else {
                10 * level(i)
            }
        })
        .max();
    skips + block.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::architecture::{Activation, Diffusion, TextEncoder, TextNaming};

    /// Stable Diffusion 1.5.
    fn sd15() -> Architecture {
        Architecture {
            unet: Unet {
                in_channels: 4,
                out_channels: 4,
                channels: vec![320, 640, 1280, 1280],
                resnets: 2,
                depth: vec![1, 1, 1, 0],
                mid_depth: 1,
                heads: vec![8; 4],
                context: 768,
                groups: 32,
                y: None,
            },
            vae: Vae {
                in_channels: 3,
                latent_channels: 4,
                channels: vec![128, 256, 512, 512],
                resnets: 2,
                groups: 32,
                scale_factor: 0.18215,
            },
            text: vec![TextEncoder {
                naming: TextNaming::Transformers,
                vocabulary: 49408,
                positions: 77,
                width: 768,
                feed_forward: 3072,
                layers: 12,
                heads: 12,
                activation: Activation::QuickGelu,
                projection: None,
                layer: 1,
                skips: true,
                final_norm: true,
                padding: 49407,
            }],
            diffusion: Diffusion::default(),
            native_size: [512; 2],
        }
    }

    #[test]
    fn decoding_decides_and_grows_with_the_area() {
        let recipe = |side| Recipe::new("m".into(), [side; 2]);
        let at = |side| peak(&sd15(), &recipe(side), DType::F32);
        // 256 channels of a full picture, five times over, in f32.
        assert_eq!(at(512), 4 * 5 * 256 * 512 * 512 + 4 * 512 * 512);
        assert_eq!(at(1024), 4 * at(512));
    }

    #[test]
    fn a_large_batch_is_decided_by_the_unet() {
        let mut recipe = Recipe::new("m".into(), [512; 2]);
        recipe.batch_size = 64;
        assert!(peak(&sd15(), &recipe, DType::F32) > 3 * peak(&sd15(), &Recipe::new("m".into(), [512; 2]), DType::F32));
    }
}
