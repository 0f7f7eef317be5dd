//! BLIP's vision transformer (Dosovitskiy et al. 2020): patches of the picture, and a class token before them.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData, activation, s};

use super::config::Vision;
use crate::nn::kernels;
use crate::nn::linear::Linear;
use crate::nn::norm::LayerNorm;
use crate::weights::{Error, Scope};

/// Makes states of a picture.
#[derive(Module, Debug)]
pub struct Encoder {
    class: Param<Tensor<3>>,
    /// `[3 * patch * patch, width]`: the convolution that reads each patch once.
    patch_weight: Param<Tensor<2>>,
    patch_bias: Param<Tensor<1>>,
    positions: Param<Tensor<3>>,
    layers: Vec<Layer>,
    post_layernorm: LayerNorm,
    side: usize,
    patch: usize,
}

#[derive(Module, Debug)]
struct Layer {
    layer_norm1: LayerNorm,
    qkv: Linear,
    projection: Linear,
    layer_norm2: LayerNorm,
    fc1: Linear,
    fc2: Linear,
    heads: usize,
}

impl Encoder {
    /// Loads the encoder.
    ///
    /// # Errors
    /// When a tensor is missing or misshapen.
    pub fn load(scope: &Scope<'_>, config: &Vision) -> Result<Self, Error> {
        let (width, patch) = (config.width, config.patch);
        let patches = (config.side / patch).pow(2);
        let embeddings = scope.at("embeddings");
        let patch_embedding = embeddings.at("patch_embedding");
        let weight: Tensor<4> = patch_embedding.tensor("weight", [width, 3, patch, patch])?;
        let weight: Tensor<2> = weight.reshape([width, 3 * patch * patch]);
        Ok(Self {
            class: Param::from_tensor(embeddings.tensor("class_embedding", [1, 1, width])?),
            patch_weight: Param::from_tensor(weight.transpose()),
            patch_bias: Param::from_tensor(patch_embedding.tensor("bias", [width])?),
            positions: Param::from_tensor(embeddings.tensor("position_embedding", [1, patches + 1, width])?),
            layers: (0..config.layers)
                .map(|i| Layer::load(&scope.at("encoder").nth("layers", i), config))
                .collect::<Result<_, _>>()?,
            post_layernorm: LayerNorm::load_with(&scope.at("post_layernorm"), width, config.epsilon)?,
            side: config.side,
            patch,
        })
    }

    /// `[3, side, side]` in a row to `[1, patches + 1, width]`.
    pub fn forward(&self, pixels: &[f32]) -> Tensor<3> {
        let device = self.class.val().device();
        let patches = self.patches(pixels, &device).matmul(self.patch_weight.val());
        let patches = patches + self.patch_bias.val().unsqueeze();
        let x = Tensor::cat(vec![self.class.val(), patches.unsqueeze()], 1) + self.positions.val();
        let x = self.layers.iter().fold(x, |x, layer| layer.forward(x));
        self.post_layernorm.forward(x)
    }

    /// `[patches, 3 * patch * patch]`, each in the order of the convolution's weights.
    fn patches(&self, pixels: &[f32], device: &Device) -> Tensor<2> {
        let (side, patch) = (self.side, self.patch);
        let across = side / patch;
        let mut rows = Vec::with_capacity(pixels.len());
        for place in 0..across * across {
            let (top, left) = (place / across * patch, place % across * patch);
            for channel in pixels.chunks_exact(side * side) {
                for row in channel.chunks_exact(side).skip(top).take(patch) {
                    rows.extend_from_slice(&row[left..left + patch]);
                }
            }
        }
        let data = TensorData::new(rows, [across * across, 3 * patch * patch]);
        Tensor::from_data(data, (device, self.class.val().dtype()))
    }
}

impl Layer {
    fn load(scope: &Scope<'_>, config: &Vision) -> Result<Self, Error> {
        let (width, epsilon) = (config.width, config.epsilon);
        let attention = scope.at("self_attn");
        Ok(Self {
            layer_norm1: LayerNorm::load_with(&scope.at("layer_norm1"), width, epsilon)?,
            qkv: Linear::load(&attention.at("qkv"), width, 3 * width)?,
            projection: Linear::load(&attention.at("projection"), width, width)?,
            layer_norm2: LayerNorm::load_with(&scope.at("layer_norm2"), width, epsilon)?,
            fc1: Linear::load(&scope.at("mlp.fc1"), width, config.inner)?,
            fc2: Linear::load(&scope.at("mlp.fc2"), config.inner, width)?,
            heads: config.heads,
        })
    }

    fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let y = self.qkv.forward(self.layer_norm1.forward(x.clone()));
        let width = y.dims()[2] / 3;
        let part = |i: usize| y.clone().slice(s![.., .., i * width..(i + 1) * width]);
        let y = kernels::attention(part(0), part(1), part(2), self.heads, false);
        let x = x + self.projection.forward(y);
        let y = self.fc1.forward(self.layer_norm2.forward(x.clone()));
        x + self.fc2.forward(activation::gelu(y))
    }
}
