//! The levels of the UNet: down, middle, up.
//!
//! A level is a row of resnets, each followed by a transformer where the level attends to the text, and a change of size at its end.
//! Every output on the way down is kept and joined to the level of its size on the way up.

use burn::module::Module;
use burn::tensor::Tensor;

use super::Context;
use super::resample::{Downsample, Upsample, resize_nearest};
use super::resnet::Resnet;
use super::transformer::Transformer;
use crate::weights::{Error, Scope, architecture};

#[derive(Module, Debug)]
pub(super) struct Down {
    resnets: Vec<Resnet>,
    attentions: Vec<Transformer>,
    downsample: Option<Downsample>,
}

#[derive(Module, Debug)]
pub(super) struct Middle {
    first: Resnet,
    attention: Transformer,
    second: Resnet,
}

#[derive(Module, Debug)]
pub(super) struct Up {
    resnets: Vec<Resnet>,
    attentions: Vec<Transformer>,
    upsample: Option<Upsample>,
}

impl Down {
    pub(super) fn load(scope: &Scope<'_>, config: &architecture::Unet, level: usize) -> Result<Self, Error> {
        let scope = scope.nth("down_blocks", level);
        let channels = &config.channels;
        let embedding = 4 * channels[0];
        let inputs = |j| {
            if j == 0 {
                channels[level.saturating_sub(1)]
            } else {
                channels[level]
            }
        };
        Ok(Self {
            resnets: (0..config.resnets)
                .map(|j| {
                    Resnet::load(
                        &scope.nth("resnets", j),
                        inputs(j),
                        channels[level],
                        embedding,
                        config.groups,
                    )
                })
                .collect::<Result<_, _>>()?,
            attentions: load_attentions(&scope, config, level, config.resnets)?,
            downsample: if level + 1 < channels.len() {
                Some(Downsample::load(&scope.nth("downsamplers", 0), channels[level])?)
            } else {
                None
            },
        })
    }

    pub(super) fn forward(
        &self,
        mut x: Tensor<4>,
        embedding: &Tensor<2>,
        context: Context<'_>,
        skips: &mut Vec<Tensor<4>>,
    ) -> Tensor<4> {
        for (i, resnet) in self.resnets.iter().enumerate() {
            x = attend(&self.attentions, i, resnet.forward(x, embedding), context);
            skips.push(x.clone());
        }
        if let Some(downsample) = &self.downsample {
            x = downsample.forward(x);
            skips.push(x.clone());
        }
        x
    }
}

impl Middle {
    pub(super) fn load(scope: &Scope<'_>, config: &architecture::Unet) -> Result<Self, Error> {
        let scope = scope.at("mid_block");
        let last = config.channels.len() - 1;
        let (channels, embedding) = (config.channels[last], 4 * config.channels[0]);
        let resnet = |j| Resnet::load(&scope.nth("resnets", j), channels, channels, embedding, config.groups);
        Ok(Self {
            first: resnet(0)?,
            attention: Transformer::load(&scope.nth("attentions", 0), config, last, config.mid_depth)?,
            second: resnet(1)?,
        })
    }

    pub(super) fn forward(&self, x: Tensor<4>, embedding: &Tensor<2>, context: Context<'_>) -> Tensor<4> {
        let x = self.attention.forward(self.first.forward(x, embedding), context);
        self.second.forward(x, embedding)
    }
}

impl Up {
    /// Loads the stage that works at `level`, counted from the full latent; files count from the lowest.
    pub(super) fn load(scope: &Scope<'_>, config: &architecture::Unet, level: usize) -> Result<Self, Error> {
        let channels = &config.channels;
        let scope = scope.nth("up_blocks", channels.len() - 1 - level);
        let embedding = 4 * channels[0];
        let below = channels[(level + 1).min(channels.len() - 1)];
        let inputs = |j| {
            let x = if j == 0 { below } else { channels[level] };
            let skip = if j == config.resnets {
                channels[level.saturating_sub(1)]
            } else {
                channels[level]
            };
            x + skip
        };
        Ok(Self {
            resnets: (0..=config.resnets)
                .map(|j| {
                    Resnet::load(
                        &scope.nth("resnets", j),
                        inputs(j),
                        channels[level],
                        embedding,
                        config.groups,
                    )
                })
                .collect::<Result<_, _>>()?,
            attentions: load_attentions(&scope, config, level, config.resnets + 1)?,
            upsample: if level > 0 {
                Some(Upsample::load(&scope.nth("upsamplers", 0), channels[level])?)
            } else {
                None
            },
        })
    }

    pub(super) fn forward(
        &self,
        mut x: Tensor<4>,
        embedding: &Tensor<2>,
        context: Context<'_>,
        skips: &mut Vec<Tensor<4>>,
    ) -> Tensor<4> {
        for (i, resnet) in self.resnets.iter().enumerate() {
            if let Some(skip) = skips.pop() {
                x = join(x, skip);
            }
            x = attend(&self.attentions, i, resnet.forward(x, embedding), context);
        }
        match &self.upsample {
            Some(upsample) => upsample.forward(x),
            None => x,
        }
    }
}

fn load_attentions(
    scope: &Scope<'_>,
    config: &architecture::Unet,
    level: usize,
    count: usize,
) -> Result<Vec<Transformer>, Error> {
    let count = if config.depth[level] == 0 { 0 } else { count };
    (0..count)
        .map(|j| Transformer::load(&scope.nth("attentions", j), config, level, config.depth[level]))
        .collect()
}

fn attend(attentions: &[Transformer], i: usize, x: Tensor<4>, context: Context<'_>) -> Tensor<4> {
    match attentions.get(i) {
        Some(attention) => attention.forward(x, context),
        None => x,
    }
}

/// Joins channels. A latent side that does not halve evenly comes back one larger; A1111 then resizes to the skip's size.
fn join(x: Tensor<4>, skip: Tensor<4>) -> Tensor<4> {
    let [_, _, height, width] = skip.dims();
    Tensor::cat(vec![resize_nearest(x, [height, width]), skip], 1)
}
