//! The denoising UNet of Stable Diffusion 1.x, 2.x and XL (Rombach et al. 2022, Podell et al. 2023).
//!
//! [`Unet`] is built from [`architecture::Unet`](crate::weights::architecture::Unet) alone. [`stage`] holds its levels; read it
//! next.

mod feed_forward;
mod resample;
mod resnet;
mod stage;
mod transformer;

use burn::module::Module;
use burn::tensor::{Tensor, activation};

use self::stage::{Down, Middle, Up};
use super::conv::Conv2d;
use super::hypernetwork::Hypernetwork;
use super::linear::Linear;
use super::norm::GroupNorm;
use super::timestep;
use crate::weights::{Error, Scope, architecture};

/// The denoiser.
#[derive(Module, Debug)]
pub struct Unet {
    conv_in: Conv2d,
    time_linear_1: Linear,
    time_linear_2: Linear,
    y_linears: Option<(Linear, Linear)>,
    down: Vec<Down>,
    middle: Middle,
    up: Vec<Up>,
    conv_norm_out: GroupNorm,
    conv_out: Conv2d,
    #[module(skip)]
    hypernetworks: Vec<Hypernetwork>,
}

/// What the levels attend to.
#[derive(Clone, Copy)]
struct Context<'a> {
    /// `[batch, tokens, width]`.
    states: &'a Tensor<3>,
    /// What changes the inputs of every attention, this one's and a level's own.
    hypernetworks: &'a [Hypernetwork],
}

impl Unet {
    /// Loads the network.
    ///
    /// # Errors
    /// When a tensor is missing or misshapen.
    pub fn load(scope: &Scope<'_>, config: &architecture::Unet) -> Result<Self, Error> {
        let first = config.channels[0];
        let embedding = 4 * first;
        let time = scope.at("time_embedding");
        let add = scope.at("add_embedding");
        Ok(Self {
            conv_in: Conv2d::load(&scope.at("conv_in"), config.in_channels, first, 3)?,
            time_linear_1: Linear::load(&time.at("linear_1"), first, embedding)?,
            time_linear_2: Linear::load(&time.at("linear_2"), embedding, embedding)?,
            y_linears: match config.y {
                Some(width) => Some((
                    Linear::load(&add.at("linear_1"), width, embedding)?,
                    Linear::load(&add.at("linear_2"), embedding, embedding)?,
                )),
                None => None,
            },
            down: (0..config.channels.len())
                .map(|i| Down::load(scope, config, i))
                .collect::<Result<_, _>>()?,
            middle: Middle::load(scope, config)?,
            up: (0..config.channels.len())
                .rev()
                .map(|i| Up::load(scope, config, i))
                .collect::<Result<_, _>>()?,
            conv_norm_out: GroupNorm::load(&scope.at("conv_norm_out"), config.groups, first, 1e-5)?,
            conv_out: Conv2d::load(&scope.at("conv_out"), first, config.out_channels, 3)?,
            hypernetworks: Vec::new(),
        })
    }

    /// Has every attention read through these networks, in order, from now on; none by default.
    pub fn set_hypernetworks(&mut self, networks: Vec<Hypernetwork>) {
        self.hypernetworks = networks;
    }

    /// Predicts noise (or velocity) in `x` `[batch, in_channels, height, width]`.
    ///
    /// `timesteps` has one, maybe fractional, entry a row; `context` is `[batch, tokens, width]`; `y` `[batch, width]` is given
    /// just to networks that have it. The result is `[batch, out_channels, height, width]`.
    pub fn forward(&self, x: Tensor<4>, timesteps: &[f32], context: &Tensor<3>, y: Option<Tensor<2>>) -> Tensor<4> {
        let embedding = self.embed_time(&x, timesteps, y);
        let context = Context {
            states: context,
            hypernetworks: &self.hypernetworks,
        };
        let mut x = self.conv_in.forward(x);
        let mut skips = vec![x.clone()];
        for stage in &self.down {
            x = stage.forward(x, &embedding, context, &mut skips);
        }
        x = self.middle.forward(x, &embedding, context);
        for stage in &self.up {
            x = stage.forward(x, &embedding, context, &mut skips);
        }
        self.conv_out.forward(self.conv_norm_out.forward_silu(x))
    }

    /// `[batch, embedding]`, with the activation that every resnet applies to it already applied.
    fn embed_time(&self, x: &Tensor<4>, timesteps: &[f32], y: Option<Tensor<2>>) -> Tensor<2> {
        let width = self.time_linear_1.weight.dims()[0];
        let sines = timestep::embed(timesteps, width, &x.device(), x.dtype());
        let mut embedding = mlp(&self.time_linear_1, &self.time_linear_2, sines);
        if let (Some((first, second)), Some(y)) = (&self.y_linears, y) {
            embedding = embedding + mlp(first, second, y);
        }
        activation::silu(embedding)
    }
}

fn mlp(first: &Linear, second: &Linear, x: Tensor<2>) -> Tensor<2> {
    second.forward(activation::silu(first.forward(x)))
}
