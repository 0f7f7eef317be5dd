//! Hypernetworks at work: before attention makes keys and values, what it makes them of is changed, `x + stack(x) * strength`.
//!
//! The layers are [`crate::weights::hypernetwork`]'s. They run in f32 whatever the UNet computes in, as A1111's do.

use std::collections::BTreeMap;

use burn::tensor::{DType, Device, Tensor, TensorData, activation as act, module};

use crate::weights::hypernetwork::{Activation, Error, Half, Hypernetwork as File, Layer, times};

/// Softplus is the line itself beyond this, as in `PyTorch`.
const SOFTPLUS_THRESHOLD: f64 = 20.0;

/// A hypernetwork on a device.
#[derive(Clone, Debug)]
pub struct Hypernetwork {
    /// By width of context: the stacks for keys and for values.
    stacks: BTreeMap<usize, [Stack; 2]>,
    strength: f64,
}

type Stack = Vec<Step>;

#[derive(Clone, Debug)]
enum Step {
    /// `[in, out]` and `[out]`.
    Linear(Tensor<2>, Tensor<1>),
    Norm(Tensor<1>, Tensor<1>),
    /// The slope below 0, of one element.
    Prelu(Tensor<1>),
    Activation(Activation),
}

impl Hypernetwork {
    /// Puts a file's stacks onto a device.
    ///
    /// # Errors
    /// When a tensor has no floating-point type.
    pub fn load(file: &File, strength: f64, device: &Device) -> Result<Self, Error> {
        let stack = |width, half| {
            let steps = file
                .layers()
                .iter()
                .map(|layer| step(file, *layer, width, half, device));
            steps.collect::<Result<Stack, _>>()
        };
        let both = |&width: &usize| Ok((width, [stack(width, Half::Key)?, stack(width, Half::Value)?]));
        Ok(Self {
            stacks: file.widths().iter().map(both).collect::<Result<_, Error>>()?,
            strength,
        })
    }

    /// The same network at another strength.
    #[must_use]
    pub fn with_strength(&self, strength: f64) -> Self {
        Self {
            strength,
            ..self.clone()
        }
    }

    /// The context for keys and that for values, each `[batch, tokens, width]`, after this network; unchanged where it has no stack
    /// of their width.
    fn apply(&self, [k, v]: [Tensor<3>; 2]) -> [Tensor<3>; 2] {
        let [.., width] = k.dims();
        match self.stacks.get(&width) {
            None => [k, v],
            Some([for_k, for_v]) => [self.change(for_k, k), self.change(for_v, v)],
        }
    }

    fn change(&self, stack: &Stack, x: Tensor<3>) -> Tensor<3> {
        let dtype = x.dtype();
        let x = x.cast(DType::F32);
        let y = stack.iter().fold(x.clone(), |x, step| step.forward(x));
        (x + y * self.strength).cast(dtype)
    }
}

/// What keys and what values are made of, after each of some networks in order.
pub fn apply(networks: &[Hypernetwork], context: Tensor<3>) -> [Tensor<3>; 2] {
    let both = [context.clone(), context];
    networks.iter().fold(both, |both, network| network.apply(both))
}

fn step(file: &File, layer: Layer, width: usize, half: Half, device: &Device) -> Result<Step, Error> {
    let options = || (device, DType::F32);
    let vector = |at, part, length| -> Result<Tensor<1>, Error> {
        let values = file.values(width, half, at, part)?;
        Ok(Tensor::<1>::from_data(TensorData::new(values, [length]), options()))
    };
    Ok(match layer {
        Layer::Linear { at, from, to } => {
            let (inputs, outputs) = (times(width, from), times(width, to));
            let weight = TensorData::new(file.values(width, half, at, "weight")?, [outputs, inputs]);
            let weight = Tensor::<2>::from_data(weight, options()).transpose();
            Step::Linear(weight, vector(at, "bias", outputs)?)
        }
        Layer::Norm { at, of } => {
            let size = times(width, of);
            Step::Norm(vector(at, "weight", size)?, vector(at, "bias", size)?)
        }
        Layer::Prelu { at } => Step::Prelu(vector(at, "weight", 1)?),
        Layer::Activation(activation) => Step::Activation(activation),
    })
}

impl Step {
    fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        match self {
            Self::Linear(weight, bias) => module::linear(x, weight.clone(), Some(bias.clone())),
            Self::Norm(weight, bias) => module::layer_norm(x, weight.clone(), Some(bias.clone()), 1e-5),
            Self::Prelu(slope) => act::relu(x.clone()) - act::relu(-x) * slope.clone().unsqueeze(),
            Self::Activation(activation) => activate(*activation, x),
        }
    }
}

/// `PyTorch`'s activations by their defaults.
fn activate(activation: Activation, x: Tensor<3>) -> Tensor<3> {
    let leaky = |x: Tensor<3>, slope: f64| act::relu(x.clone()) - act::relu(-x) * slope;
    let elu = |x: Tensor<3>| act::relu(x.clone()) + (x.clamp_max(0.0).exp() - 1.0);
    let sixth = |x: Tensor<3>| (x + 3.0).clamp(0.0, 6.0) / 6.0;
    match activation {
        Activation::Relu => act::relu(x),
        Activation::LeakyRelu => leaky(x, 0.01),
        Activation::Rrelu => leaky(x, f64::midpoint(1.0 / 8.0, 1.0 / 3.0)),
        Activation::Relu6 => x.clamp(0.0, 6.0),
        Activation::Elu => elu(x),
        Activation::Selu => {
            const SCALE: f64 = 1.050_700_987_355_480_5;
            const ALPHA: f64 = 1.673_263_242_354_377_2;
            (act::relu(x.clone()) + (x.clamp_max(0.0).exp() - 1.0) * ALPHA) * SCALE
        }
        Activation::Hardswish => x.clone() * sixth(x),
        Activation::Hardsigmoid => sixth(x),
        Activation::Hardtanh => x.clamp(-1.0, 1.0),
        Activation::Hardshrink => {
            let small = x.clone().abs().lower_equal_elem(0.5);
            x.mask_fill(small, 0.0)
        }
        Activation::Softshrink => act::relu(x.clone() - 0.5) - act::relu(-x - 0.5),
        Activation::Softplus => softplus(x),
        Activation::Softsign => x.clone() / (x.abs() + 1.0),
        Activation::Tanh => x.tanh(),
        Activation::Tanhshrink => x.clone() - x.tanh(),
        Activation::Sigmoid => act::sigmoid(x),
        Activation::LogSigmoid => x.clone().clamp_max(0.0) - (-x.abs()).exp().log1p(),
        Activation::Silu => act::silu(x),
        Activation::Gelu => act::gelu(x),
        Activation::Mish => x.clone() * softplus(x).tanh(),
    }
}

fn softplus(x: Tensor<3>) -> Tensor<3> {
    let straight = x.clone().greater_elem(SOFTPLUS_THRESHOLD);
    let curved = act::relu(x.clone()) + (-x.clone().abs()).exp().log1p();
    curved.mask_where(straight, x)
}
