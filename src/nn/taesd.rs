//! TAESD, the tiny autoencoder for Stable Diffusion (Ollin Boer Bohan, 2023): its decoder, for fast pictures and previews.
//!
//! Its file is no checkpoint and has names of its own, so it is read here and not through [`crate::weights::scope`].

use std::path::Path;

use burn::module::{Module, Param};
use burn::tensor::module::interpolate;
use burn::tensor::ops::{InterpolateMode, InterpolateOptions};
use burn::tensor::{DType, Device, Tensor, TensorData, activation};

use super::kernels;
use crate::weights::{Error, TensorFile};

/// Channels inside.
const WIDTH: usize = 64;
/// Where the blocks lie in the original's list of layers: three for each level but the last, which has one.
const LEVELS: [&[usize]; 4] = [&[3, 4, 5], &[8, 9, 10], &[13, 14, 15], &[18]];
/// Names before the layer's number, and how far below the original's the number is.
const NAMINGS: [(&str, usize); 4] = [("", 0), ("taesd_decoder.", 0), ("decoder.", 0), ("decoder.layers.", 1)];

/// The decoder.
#[derive(Module, Debug)]
pub struct Taesd {
    conv_in: Conv,
    levels: Vec<Level>,
    conv_out: Conv,
}

#[derive(Module, Debug)]
struct Level {
    blocks: Vec<Block>,
    /// Behind the upsampling; without a bias.
    conv: Option<Conv>,
}

#[derive(Module, Debug)]
struct Block {
    convs: Vec<Conv>,
}

#[derive(Module, Debug)]
struct Conv {
    weight: Param<Tensor<4>>,
    bias: Param<Tensor<1>>,
}

/// The file and how it names its layers.
struct Source<'a> {
    file: &'a TensorFile,
    prefix: &'static str,
    below: usize,
    device: &'a Device,
    dtype: DType,
}

impl Taesd {
    /// Reads `taesd_decoder`, `taesdxl_decoder` or diffusers' `AutoencoderTiny` from a file.
    ///
    /// # Errors
    /// Any [`Error`]; [`Error::NotVae`] when the file holds no such decoder.
    pub fn load(path: &Path, device: &Device, dtype: DType) -> Result<Self, Error> {
        let file = TensorFile::open(path)?;
        let first = |(prefix, below): (&str, usize)| format!("{prefix}{}.conv.0.weight", LEVELS[0][0] - below);
        let naming = NAMINGS
            .into_iter()
            .find(|naming| file.tensors().contains_key(&first(*naming)));
        let Some((prefix, below)) = naming else {
            return Err(Error::NotVae {
                path: path.to_owned(),
                why: "it has no decoder of a tiny autoencoder (TAESD)".to_owned(),
            });
        };
        let source = Source {
            file: &file,
            prefix,
            below,
            device,
            dtype,
        };
        let levels = LEVELS
            .iter()
            .enumerate()
            .map(|(i, blocks)| source.level(blocks, i + 1 < LEVELS.len()));
        Ok(Self {
            conv_in: source.conv("1", 4, WIDTH, true)?,
            levels: levels.collect::<Result<_, _>>()?,
            conv_out: source.conv("19", WIDTH, 3, true)?,
        })
    }

    /// Decodes latents as samplers see them, `[batch, 4, height/8, width/8]`, to `[batch, 3, height, width]` in about -1..1.
    pub fn forward(&self, latents: Tensor<4>) -> Tensor<4> {
        let x = (latents.cast(self.conv_in.weight.val().dtype()) / 3.0).tanh() * 3.0;
        let mut x = activation::relu(self.conv_in.forward(x));
        for level in &self.levels {
            for block in &level.blocks {
                x = block.forward(x);
            }
            if let Some(conv) = &level.conv {
                let [_, _, height, width] = x.dims();
                let options =
                    InterpolateOptions::new(InterpolateMode::Nearest).with_output_size([2 * height, 2 * width]);
                x = conv.forward(interpolate(x, options));
            }
        }
        self.conv_out.forward(x) * 2.0 - 1.0
    }
}

impl Block {
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let mut y = x.clone();
        for (i, conv) in self.convs.iter().enumerate() {
            y = conv.forward(y);
            if i + 1 < self.convs.len() {
                y = activation::relu(y);
            }
        }
        activation::relu(x + y)
    }
}

impl Conv {
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        kernels::conv2d(x, self.weight.val(), self.bias.val(), 1, 1)
    }
}

impl Source<'_> {
    fn level(&self, blocks: &[usize], grows: bool) -> Result<Level, Error> {
        let last = blocks[blocks.len() - 1];
        let block = |layer: &usize| -> Result<Block, Error> {
            let conv = |i: usize| self.conv(&format!("{layer}.conv.{i}"), WIDTH, WIDTH, true);
            Ok(Block {
                convs: [0, 2, 4].into_iter().map(conv).collect::<Result<_, _>>()?,
            })
        };
        Ok(Level {
            blocks: blocks.iter().map(block).collect::<Result<_, _>>()?,
            conv: if grows {
                Some(self.conv(&(last + 2).to_string(), WIDTH, WIDTH, false)?)
            } else {
                None
            },
        })
    }

    /// A convolution of 3x3 by the original's name of its layer.
    fn conv(&self, layer: &str, inputs: usize, outputs: usize, biased: bool) -> Result<Conv, Error> {
        let (number, rest) = layer
            .split_once('.')
            .map_or((layer, String::new()), |(n, rest)| (n, format!(".{rest}")));
        let number = number.parse::<usize>().unwrap_or_default() - self.below;
        let name = format!("{}{number}{rest}", self.prefix);
        let weight = self.tensor(&format!("{name}.weight"), [outputs, inputs, 3, 3])?;
        let bias = if biased {
            self.tensor(&format!("{name}.bias"), [outputs])?
        } else {
            Tensor::zeros([outputs], (self.device, self.dtype))
        };
        Ok(Conv {
            weight: Param::from_tensor(weight),
            bias: Param::from_tensor(bias),
        })
    }

    fn tensor<const D: usize>(&self, name: &str, shape: [usize; D]) -> Result<Tensor<D>, Error> {
        let path = || self.file.path().to_owned();
        let view = self.file.view(name).ok_or_else(|| Error::Missing {
            path: path(),
            name: name.to_owned(),
            expected: shape.to_vec(),
        })?;
        if view.shape != shape {
            return Err(Error::Misshapen {
                path: path(),
                name: name.to_owned(),
                found: view.shape.to_vec(),
                expected: shape.to_vec(),
            });
        }
        let values = view.to_f32().ok_or_else(|| Error::Type {
            path: path(),
            name: name.to_owned(),
            dtype: format!("{:?}", view.dtype),
        })?;
        Ok(Tensor::<D>::from_data(TensorData::new(values, shape), (self.device, DType::F32)).cast(self.dtype))
    }
}
