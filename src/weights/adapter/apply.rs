//! A module's change to a layer: A1111's `calc_updown` and `finalize_updown`, in f32 on whatever device the weight is on.
//!
//! What each type adds is computed in [`change`]; here it is scaled, decomposed (DoRA) and added. Where A1111 1.10 cannot apply what
//! LyCORIS writes, LyCORIS is followed: magnitudes of rows, GLoRA of today's layout, IA3 of convolutions.

use burn::tensor::{DType, Device, Tensor, TensorData};

use super::change;
use super::keys::MAGNITUDE;
use super::module::{Kind, Module};
use super::value::Value;

/// The weight and bias of a layer, in f32.
#[derive(Clone, Debug)]
pub struct Layer {
    /// `[out, everything else]`; `[out, 1]` of a normalisation.
    pub weight: Tensor<2>,
    /// The weight's shape as files have it: `[out, in]`, `[out, in, kernel, kernel]` or `[channels]`.
    pub shape: Vec<usize>,
    /// `[out]`.
    pub bias: Option<Tensor<1>>,
}

/// Why a module cannot change a layer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    /// The change has another shape than the weight.
    #[error("it changes a weight of shape {found:?}, and the model's has {expected:?}")]
    Shape {
        /// What the module would change.
        found: Vec<usize>,
        /// The layer's weight.
        expected: Vec<usize>,
    },
    /// The module's own tensors do not go together.
    #[error("its tensors have shapes that do not go together ({0})")]
    Inconsistent(&'static str),
    /// A tensor cannot be computed with.
    #[error("its tensor {0} holds NaN, infinity, or no numbers")]
    Unusable(&'static str),
}

impl Layer {
    /// A layer from numbers in a row. `None` when their count is not the shape's.
    pub fn from_f32(weight: Vec<f32>, shape: &[usize], bias: Option<Vec<f32>>, device: &Device) -> Option<Self> {
        let out = *shape.first()?;
        if weight.len() != shape.iter().product::<usize>() || bias.as_ref().is_some_and(|b| b.len() != out) {
            return None;
        }
        let columns = shape[1..].iter().product();
        let upload = |values: Vec<f32>| {
            let length = values.len();
            Tensor::<1>::from_data(TensorData::new(values, [length]), (device, DType::F32))
        };
        Some(Self {
            weight: upload(weight).reshape([out, columns]),
            shape: shape.to_vec(),
            bias: bias.map(upload),
        })
    }

    /// The numbers of weight and bias in a row.
    ///
    /// # Errors
    /// When the device does not give them.
    pub fn to_f32(&self) -> Result<(Vec<f32>, Option<Vec<f32>>), burn::tensor::DataError> {
        let weight = self.weight.to_data().try_to_vec::<f32>()?;
        let bias = self.bias.as_ref().map(|bias| bias.to_data().try_to_vec::<f32>());
        Ok((weight, bias.transpose()?))
    }
}

/// The axis that DoRA's magnitudes belong to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Axis {
    Rows,
    Columns,
}

impl Module {
    /// The layer after this module. `strength` is the call's, for the text encoder or the UNet; `dyn_dim` uses just so many ranks of a
    /// LoRA. Further networks are applied to what comes out, in the order of their calls.
    ///
    /// # Errors
    /// When the module was made for a layer of another shape; nothing is computed then.
    pub fn apply(&self, layer: Layer, strength: f64, dyn_dim: Option<usize>) -> Result<Layer, Misfit> {
        self.fits(&layer.shape)?;
        if let Some(part) = self.unusable() {
            return Err(Misfit::Unusable(part));
        }
        let device = layer.weight.device();
        let change = change::of(self, &layer, dyn_dim);
        let change = match self.extra() {
            Some(extra) => change.clone() + extra.to_device(&device).reshape(change.dims()),
            None => change,
        } * self.scale();
        let change = match self.magnitude(&layer.shape) {
            Some((values, axis)) => decompose(change, &layer, values, axis),
            None => change,
        } * strength;
        let bias = self.bias_change().map(|value| value.flat(&device) * strength);
        Ok(Layer {
            weight: layer.weight.clone() + widen(change, layer.weight.dims()),
            bias: match (layer.bias, bias) {
                (Some(bias), Some(change)) => Some(bias + change),
                (bias, change) => bias.or(change),
            },
            shape: layer.shape,
        })
    }

    /// Whether the module can change a weight of that shape.
    ///
    /// # Errors
    /// Why not.
    pub fn fits(&self, shape: &[usize]) -> Result<(), Misfit> {
        let wrong = |found: Vec<usize>| Misfit::Shape {
            found,
            expected: shape.to_vec(),
        };
        let out = shape.first().copied().unwrap_or(1);
        let columns: usize = shape.iter().skip(1).product();
        let found = change::shape(self, shape)?;
        let narrow = shape.len() == 4 && shape[1] == INPAINTING && found == [out, columns / INPAINTING * LATENT];
        if found != [out, columns] && !narrow {
            return Err(wrong(shape_hint(found, shape)));
        }
        if self
            .extra()
            .is_some_and(|extra| extra.count() != found[0].saturating_mul(found[1]))
        {
            return Err(Misfit::Inconsistent("bias"));
        }
        if let Some(magnitudes) = self.part(MAGNITUDE).or_else(|| self.part("dora_scale"))
            && (narrow || self.magnitude(shape).is_none())
        {
            return Err(wrong(magnitudes.shape().to_vec()));
        }
        match self.bias_change() {
            Some(bias) if bias.count() != out => Err(wrong(bias.shape().to_vec())),
            _ => Ok(()),
        }
    }

    /// What is added to the change before it is scaled: `bias`, of the weight's size, or the few values of it that old LyCORIS kept.
    fn extra(&self) -> Option<Extra<'_>> {
        if let Some(bias) = self.part("bias") {
            return Some(Extra::Dense(bias));
        }
        let [indices, values, size] = ["bias_indices", "bias_values", "bias_size"].map(|part| self.part(part));
        Some(Extra::Sparse {
            indices: indices?,
            values: values?,
            size: size?,
        })
    }

    /// What is added to the layer's bias, times the strength alone.
    fn bias_change(&self) -> Option<&Value> {
        match self.kind() {
            Kind::Full => self.part("diff_b"),
            Kind::Norm => self.part("b_norm"),
            _ => None,
        }
    }

    /// DoRA's magnitudes and what they belong to, in a layer of that shape.
    fn magnitude(&self, shape: &[usize]) -> Option<(&Value, Axis)> {
        let (rows, columns) = (*shape.first()?, shape.get(1).copied().unwrap_or(1));
        if let Some(value) = self.part(MAGNITUDE) {
            return (value.count() == rows).then_some((value, Axis::Rows));
        }
        let value = self.part("dora_scale")?;
        match value.shape() {
            [first, second, ..] if *first == 1 && *second == columns && value.count() == columns => {
                Some((value, Axis::Columns))
            }
            [first, ..] if *first == rows && value.count() == rows => Some((value, Axis::Rows)),
            _ => None,
        }
    }
}

/// A change's shape as people know it: with the kernel where the layer has one of the same size.
fn shape_hint([out, columns]: [usize; 2], of: &[usize]) -> Vec<usize> {
    let kernel: usize = of.iter().skip(2).product();
    if of.len() == 4 && kernel > 1 && columns.is_multiple_of(kernel) {
        vec![out, columns / kernel, of[2], of[3]]
    } else {
        vec![out, columns]
    }
}

/// Channels that an inpainting UNet takes, and those of them that are the latent's, which is what most networks know.
const INPAINTING: usize = 9;
const LATENT: usize = 4;

/// What old LyCORIS and extractors add to the product of the factors.
enum Extra<'a> {
    Dense(&'a Value),
    Sparse {
        indices: &'a Value,
        values: &'a Value,
        size: &'a Value,
    },
}

impl Extra<'_> {
    /// Elements of the weight; 0 where the parts do not go together.
    fn count(&self) -> usize {
        match self {
            Self::Dense(value) => value.count(),
            Self::Sparse { indices, values, size } => {
                let size = size.integers().unwrap_or_default();
                let fits = indices.shape() == [size.len(), values.count()];
                let mut sides = size.iter().map(|&side| usize::try_from(side).ok());
                let count = sides.try_fold(1_usize, |product, side| product.checked_mul(side?));
                count.filter(|_| fits && !size.is_empty()).unwrap_or(0)
            }
        }
    }

    /// In a row. Indices that lie outside are left out.
    fn to_device(&self, device: &Device) -> Tensor<1> {
        match self {
            Self::Dense(value) => value.flat(device),
            Self::Sparse { indices, values, size } => {
                let size = size.integers().unwrap_or_default();
                let (indices, values) = (
                    indices.integers().unwrap_or_default(),
                    values.to_f32().unwrap_or_default(),
                );
                let mut dense = vec![0.0; self.count()];
                for (at, value) in values.iter().enumerate() {
                    let place = size.iter().enumerate().try_fold(0_i64, |place, (axis, &side)| {
                        let index = *indices.get(axis * values.len() + at)?;
                        (0..side).contains(&index).then_some(place * side + index)
                    });
                    if let Some(cell) = place.and_then(|place| dense.get_mut(place as usize)) {
                        *cell += value;
                    }
                }
                let length = dense.len();
                Tensor::from_data(TensorData::new(dense, [length]), (device, DType::F32))
            }
        }
    }
}

/// The change that leaves the changed weight's rows or columns with the given magnitudes (Liu et al. 2024).
fn decompose(change: Tensor<2>, layer: &Layer, magnitudes: &Value, axis: Axis) -> Tensor<2> {
    let [out, columns] = layer.weight.dims();
    let inputs = layer.shape.get(1).copied().unwrap_or(1);
    let device = layer.weight.device();
    let merged = (change + layer.weight.clone()).reshape([out, inputs, columns / inputs]);
    let squares = merged.clone() * merged.clone();
    let (squares, shape) = match axis {
        Axis::Rows => (squares.sum_dim(1).sum_dim(2), [out, 1, 1]),
        Axis::Columns => (squares.sum_dim(0).sum_dim(2), [1, inputs, 1]),
    };
    // A row of zeros stays one.
    let norms = squares.sqrt().clamp_min(f32::MIN_POSITIVE);
    let factors = magnitudes.flat(&device).reshape(shape) / norms;
    (merged * factors).reshape([out, columns]) - layer.weight.clone()
}

/// Zeros for the channels that a change does not have: those of the mask and the masked picture of an inpainting model.
fn widen(change: Tensor<2>, [out, columns]: [usize; 2]) -> Tensor<2> {
    let [_, has] = change.dims();
    if has == columns {
        return change;
    }
    let zeros = Tensor::zeros([out, columns - has], (&change.device(), DType::F32));
    Tensor::cat(vec![change, zeros], 1)
}
