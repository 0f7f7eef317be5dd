//! CLIP's text encoder (Radford et al. 2021), OpenAI's and OpenCLIP's: one transformer, two activations.

mod layer;

use burn::module::{Module, Param};
use burn::tensor::{Device, Int, Tensor, TensorData, module};

use self::layer::Layer;
use super::linear::Linear;
use super::norm::LayerNorm;
use crate::weights::architecture::TextEncoder;
use crate::weights::{Error, Scope};

/// A text encoder.
#[derive(Module, Debug)]
pub struct Clip {
    token_embedding: Param<Tensor<2>>,
    position_embedding: Param<Tensor<2>>,
    layers: Vec<Layer>,
    final_layer_norm: LayerNorm,
    text_projection: Option<Linear>,
    default_layer: usize,
    skips: bool,
    normalise: bool,
}

/// Vectors that stand in the place of tokens' embeddings.
#[derive(Clone, Debug)]
pub struct Insert {
    /// The row of the batch.
    pub chunk: usize,
    /// The first token of it that gives way.
    pub at: usize,
    /// `[vectors, width]`.
    pub vectors: Tensor<2>,
}

/// What a text encoder says of a batch of chunks.
#[derive(Debug)]
pub struct TextStates {
    /// `[batch, tokens, width]`, the states that cross attention reads.
    pub states: Tensor<3>,
    /// `[batch, projection]`, the projected last state at the end token, for encoders that have a projection.
    pub pooled: Option<Tensor<2>>,
}

impl Clip {
    /// Loads the encoder.
    ///
    /// # Errors
    /// When a tensor is missing or misshapen.
    pub fn load(scope: &Scope<'_>, config: &TextEncoder) -> Result<Self, Error> {
        let embeddings = scope.at("embeddings");
        let width = config.width;
        Ok(Self {
            token_embedding: Param::from_tensor(
                embeddings
                    .at("token_embedding")
                    .tensor("weight", [config.vocabulary, width])?,
            ),
            position_embedding: Param::from_tensor(
                embeddings
                    .at("position_embedding")
                    .tensor("weight", [config.positions, width])?,
            ),
            layers: (0..config.layers)
                .map(|i| Layer::load(&scope.at("encoder").nth("layers", i), config))
                .collect::<Result<_, _>>()?,
            final_layer_norm: LayerNorm::load(&scope.at("final_layer_norm"), width)?,
            text_projection: match config.projection {
                Some(outputs) => Some(Linear::load_unbiased(&scope.at("text_projection"), width, outputs)?),
                None => None,
            },
            default_layer: config.layer,
            skips: config.skips,
            normalise: config.final_norm,
        })
    }

    /// Where the encoder's weights are.
    pub fn device(&self) -> Device {
        self.token_embedding.val().device()
    }

    /// Encodes `chunks`, token rows of equal length (77).
    ///
    /// `skip` is A1111's clip skip, the states of the `skip`th layer from the end; 1 means "as the model was trained". Encoders
    /// that A1111 does not let it move ignore it.
    pub fn forward(&self, chunks: &[Vec<u32>], skip: usize) -> TextStates {
        self.forward_with(chunks, &[], skip)
    }

    /// As [`forward`](Self::forward), with vectors in place of some tokens' embeddings; positions are added to them all the same.
    /// Vectors beyond a chunk's end are cut off.
    pub fn forward_with(&self, chunks: &[Vec<u32>], inserts: &[Insert], skip: usize) -> TextStates {
        let asked = if self.skips { skip } else { 1 };
        let back = asked.max(self.default_layer).min(self.layers.len());
        let mut x = self.embed(chunks, inserts);
        let mut states = None;
        for (i, layer) in self.layers.iter().enumerate() {
            x = layer.forward(x);
            if i + back == self.layers.len() {
                states = Some(x.clone());
                if self.text_projection.is_none() {
                    break;
                }
            }
        }
        let states = states.unwrap_or_else(|| x.clone());
        let states = if self.normalise {
            self.final_layer_norm.forward(states)
        } else {
            states
        };
        TextStates {
            states,
            pooled: self
                .text_projection
                .as_ref()
                .map(|p| p.forward(self.end_states(x, chunks))),
        }
    }

    /// `[batch, tokens, width]`: token and position embeddings, added.
    fn embed(&self, chunks: &[Vec<u32>], inserts: &[Insert]) -> Tensor<3> {
        let tokens = chunks.first().map_or(0, Vec::len);
        let ids: Vec<i32> = chunks
            .iter()
            .flatten()
            .map(|&id| i32::try_from(id).unwrap_or(i32::MAX))
            .collect();
        let weight = self.token_embedding.val();
        let ids = Tensor::<2, Int>::from_data(TensorData::new(ids, [chunks.len(), tokens]), &weight.device());
        let positions = self.position_embedding.val().narrow(0, 0, tokens);
        let mut x = module::embedding(weight, ids);
        for insert in inserts {
            let [vectors, width] = insert.vectors.dims();
            let count = vectors.min(tokens.saturating_sub(insert.at));
            if count == 0 {
                continue;
            }
            let vectors = insert.vectors.clone().narrow(0, 0, count).cast(x.dtype());
            let place = [insert.chunk..insert.chunk + 1, insert.at..insert.at + count, 0..width];
            x = x.slice_assign(place, vectors.unsqueeze());
        }
        x + positions.unsqueeze()
    }

    /// `[batch, width]`: the normalised last states at the first end token, which has the highest id of CLIP's vocabulary.
    fn end_states(&self, x: Tensor<3>, chunks: &[Vec<u32>]) -> Tensor<2> {
        let x = self.final_layer_norm.forward(x);
        let rows = chunks.iter().enumerate().map(|(i, chunk)| {
            let highest = chunk.iter().max();
            let end = chunk.iter().position(|id| Some(id) == highest).unwrap_or_default();
            x.clone().slice([i..i + 1, end..end + 1]).squeeze_dim::<2>(1)
        });
        Tensor::cat(rows.collect(), 0)
    }
}
