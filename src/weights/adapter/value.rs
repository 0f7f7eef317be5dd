//! One tensor of a network file, in memory, as it was stored.

use burn::tensor::{DType, Device, Tensor, TensorData};
use safetensors::Dtype;

use crate::weights::element;
use crate::weights::file::View;

/// The number of elements of a shape; shapes of files may claim more than there are numbers for.
pub(super) fn product(shape: &[usize]) -> usize {
    shape.iter().fold(1, |product, &side| product.saturating_mul(side))
}

/// A tensor in memory: the file may change while a network is in use.
#[derive(Clone, Debug)]
pub struct Value {
    shape: Vec<usize>,
    dtype: Dtype,
    bytes: Vec<u8>,
}

impl Value {
    pub(super) fn of(view: View<'_>) -> Self {
        Self {
            shape: view.shape.to_vec(),
            dtype: view.dtype,
            bytes: view.bytes.into_owned(),
        }
    }

    /// Row-major.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The type of its elements.
    pub fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// Its elements as they were stored, little-endian.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The elements as f32; `None` when they are no floating-point numbers.
    pub fn to_f32(&self) -> Option<Vec<f32>> {
        element::to_f32(self.dtype, &self.bytes)
    }

    /// The first element, whole numbers and truth values too.
    pub fn scalar(&self) -> Option<f64> {
        if let Some(values) = self.to_f32() {
            return values.first().copied().map(f64::from);
        }
        self.integers()
            .and_then(|values| values.first().map(|&value| value as f64))
    }

    /// The elements as whole numbers; `None` when they are none.
    pub(super) fn integers(&self) -> Option<Vec<i64>> {
        fn each<const N: usize>(bytes: &[u8], read: impl Fn([u8; N]) -> i64) -> Vec<i64> {
            bytes.as_chunks().0.iter().map(|&element| read(element)).collect()
        }
        let bytes = &self.bytes;
        Some(match self.dtype {
            Dtype::BOOL | Dtype::U8 => each(bytes, |[byte]| i64::from(byte)),
            Dtype::I8 => each(bytes, |b| i64::from(i8::from_le_bytes(b))),
            Dtype::I16 => each(bytes, |b| i64::from(i16::from_le_bytes(b))),
            Dtype::I32 => each(bytes, |b| i64::from(i32::from_le_bytes(b))),
            Dtype::I64 => each(bytes, i64::from_le_bytes),
            _ => return None,
        })
    }

    /// The first dimension; 1 of a scalar.
    pub(super) fn rows(&self) -> usize {
        self.shape.first().copied().unwrap_or(1)
    }

    /// The product of all dimensions but the first.
    pub(super) fn columns(&self) -> usize {
        product(self.shape.get(1..).unwrap_or_default())
    }

    /// The number of elements.
    pub(super) fn count(&self) -> usize {
        product(&self.shape)
    }

    /// Whether all elements are finite numbers; of other types, whether there are any to compute with.
    pub(super) fn is_finite(&self) -> bool {
        self.to_f32()
            .is_none_or(|values| values.iter().all(|value| value.is_finite()))
    }

    /// All elements in a row, f32, on a device. Empty when they are no numbers to compute with.
    pub(super) fn flat(&self, device: &Device) -> Tensor<1> {
        let values = self.to_f32().unwrap_or_default();
        let length = values.len();
        Tensor::from_data(TensorData::new(values, [length]), (device, DType::F32))
    }

    /// The first dimension against all others, f32, on a device.
    pub(super) fn matrix(&self, device: &Device) -> Tensor<2> {
        self.flat(device).reshape([self.rows(), self.columns()])
    }
}
