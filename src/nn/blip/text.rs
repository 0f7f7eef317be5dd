//! BLIP's decoder: BERT (Devlin et al. 2018) that sees only earlier tokens, and the picture.
//!
//! Sentences grow by one token at a time; keys and values of what stands there already are kept in a [`Memory`].

use burn::module::{Module, Param};
use burn::tensor::{Int, Tensor, TensorData, activation, module};

use super::config::Text;
use crate::nn::kernels;
use crate::nn::linear::Linear;
use crate::nn::norm::LayerNorm;
use crate::weights::{Error, Scope};

/// Gives each next token's logits.
#[derive(Module, Debug)]
pub struct Decoder {
    words: Param<Tensor<2>>,
    positions: Param<Tensor<2>>,
    norm: LayerNorm,
    layers: Vec<Layer>,
    transform: Linear,
    transform_norm: LayerNorm,
    bias: Param<Tensor<1>>,
}

#[derive(Module, Debug)]
struct Attention {
    query: Linear,
    key: Linear,
    value: Linear,
    dense: Linear,
    norm: LayerNorm,
    heads: usize,
}

#[derive(Module, Debug)]
struct Layer {
    own: Attention,
    cross: Attention,
    intermediate: Linear,
    output: Linear,
    norm: LayerNorm,
}

/// What is known of sentences that are being made: keys and values, layer by layer.
#[derive(Clone, Debug)]
pub struct Memory {
    /// Of the tokens so far, `[sentences, tokens, width]`; none before the first.
    own: Vec<Option<(Tensor<3>, Tensor<3>)>>,
    /// Of the picture, the same for all sentences.
    seen: Vec<(Tensor<3>, Tensor<3>)>,
    tokens: usize,
}

impl Memory {
    /// How many tokens each sentence has.
    pub fn tokens(&self) -> usize {
        self.tokens
    }
}

impl Decoder {
    /// Loads the decoder; `seen` is the width of the picture's states. The last layer is the word embedding, as transformers ties
    /// them.
    ///
    /// # Errors
    /// When a tensor is missing or misshapen.
    pub fn load(scope: &Scope<'_>, config: &Text, seen: usize) -> Result<Self, Error> {
        let (width, epsilon) = (config.width, config.epsilon);
        let embeddings = scope.at("bert.embeddings");
        let head = scope.at("cls.predictions");
        let words = embeddings.at("word_embeddings");
        let positions = embeddings.at("position_embeddings");
        Ok(Self {
            words: Param::from_tensor(words.tensor("weight", [config.vocabulary, width])?),
            positions: Param::from_tensor(positions.tensor("weight", [config.positions, width])?),
            norm: LayerNorm::load_with(&embeddings.at("LayerNorm"), width, epsilon)?,
            layers: (0..config.layers)
                .map(|i| Layer::load(&scope.at("bert.encoder").nth("layer", i), config, seen))
                .collect::<Result<_, _>>()?,
            transform: Linear::load(&head.at("transform.dense"), width, width)?,
            transform_norm: LayerNorm::load_with(&head.at("transform.LayerNorm"), width, epsilon)?,
            bias: Param::from_tensor(head.tensor("bias", [config.vocabulary])?),
        })
    }

    /// What is remembered before the first token: the picture's keys and values, once for each sentence.
    pub fn remember(&self, seen: &Tensor<3>, sentences: usize) -> Memory {
        let once = |linear: &Linear| linear.forward(seen.clone()).repeat_dim(0, sentences);
        Memory {
            own: vec![None; self.layers.len()],
            seen: self
                .layers
                .iter()
                .map(|layer| (once(&layer.cross.key), once(&layer.cross.value)))
                .collect(),
            tokens: 0,
        }
    }

    /// Takes one token of each sentence, which goes on the sentence `parents` says, and gives the logits of the next, row-major.
    pub fn next(&self, memory: &mut Memory, parents: &[usize], tokens: &[u32]) -> Vec<f32> {
        let sentences = tokens.len();
        let device = self.words.val().device();
        let numbers =
            |values: Vec<i32>, shape: [usize; 2]| Tensor::<2, Int>::from_data(TensorData::new(values, shape), &device);
        let ids = numbers(tokens.iter().map(|&id| id as i32).collect(), [sentences, 1]);
        let place = numbers(vec![memory.tokens as i32], [1, 1]);
        let x = module::embedding(self.words.val(), ids) + module::embedding(self.positions.val(), place);
        let mut x = self.norm.forward(x);
        let moved = parents.iter().enumerate().any(|(i, parent)| i != *parent);
        let parents = moved.then(|| {
            let values: Vec<i32> = parents.iter().map(|&parent| parent as i32).collect();
            Tensor::<1, Int>::from_data(TensorData::new(values, [sentences]), &device)
        });
        for ((layer, own), seen) in self.layers.iter().zip(&mut memory.own).zip(&memory.seen) {
            x = layer.forward(x, own, parents.as_ref(), seen);
        }
        memory.tokens += 1;
        let x = self.transform_norm.forward(activation::gelu(self.transform.forward(x)));
        let x: Tensor<2> = x.squeeze_dim(1);
        let logits = x.matmul(self.words.val().transpose()) + self.bias.val().unsqueeze();
        logits.into_data().iter::<f32>().collect()
    }
}

impl Attention {
    fn load(scope: &Scope<'_>, config: &Text, context: usize) -> Result<Self, Error> {
        let width = config.width;
        let (own, output) = (scope.at("self"), scope.at("output"));
        Ok(Self {
            query: Linear::load(&own.at("query"), width, width)?,
            key: Linear::load(&own.at("key"), context, width)?,
            value: Linear::load(&own.at("value"), context, width)?,
            dense: Linear::load(&output.at("dense"), width, width)?,
            norm: LayerNorm::load_with(&output.at("LayerNorm"), width, config.epsilon)?,
            heads: config.heads,
        })
    }

    fn forward(&self, x: Tensor<3>, key: Tensor<3>, value: Tensor<3>) -> Tensor<3> {
        let y = kernels::attention(self.query.forward(x.clone()), key, value, self.heads, false);
        self.norm.forward(self.dense.forward(y) + x)
    }
}

impl Layer {
    fn load(scope: &Scope<'_>, config: &Text, seen: usize) -> Result<Self, Error> {
        let (width, inner) = (config.width, config.inner);
        let output = scope.at("output");
        Ok(Self {
            own: Attention::load(&scope.at("attention"), config, width)?,
            cross: Attention::load(&scope.at("crossattention"), config, seen)?,
            intermediate: Linear::load(&scope.at("intermediate.dense"), width, inner)?,
            output: Linear::load(&output.at("dense"), inner, width)?,
            norm: LayerNorm::load_with(&output.at("LayerNorm"), width, config.epsilon)?,
        })
    }

    fn forward(
        &self,
        x: Tensor<3>,
        own: &mut Option<(Tensor<3>, Tensor<3>)>,
        parents: Option<&Tensor<1, Int>>,
        (seen_key, seen_value): &(Tensor<3>, Tensor<3>),
    ) -> Tensor<3> {
        let (mut key, mut value) = (self.own.key.forward(x.clone()), self.own.value.forward(x.clone()));
        if let Some((keys, values)) = own.take() {
            let follow = |kept: Tensor<3>| match parents {
                Some(parents) => kept.select(0, parents.clone()),
                None => kept,
            };
            key = Tensor::cat(vec![follow(keys), key], 1);
            value = Tensor::cat(vec![follow(values), value], 1);
        }
        *own = Some((key.clone(), value.clone()));
        let x = self.own.forward(x, key, value);
        let x = self.cross.forward(x, seen_key.clone(), seen_value.clone());
        let y = activation::gelu(self.intermediate.forward(x.clone()));
        self.norm.forward(self.output.forward(y) + x)
    }
}
