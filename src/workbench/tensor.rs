//! A tensor of the result: known by type and shape at once, computed when its turn comes.
//!
//! A task builds a map of these over the mapped inputs; the writer asks for each one's bytes once and lets them go. Nothing here
//! knows a model.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use half::{bf16, f16};
use safetensors::Dtype;

use super::Error;
use super::task::Precision;
use crate::weights::{TensorFile, element};

/// Tensors by name.
pub(super) type Map<'a> = BTreeMap<String, Tensor<'a>>;

type Read<'a> = dyn Fn() -> Result<Cow<'a, [u8]>, Error> + Send + Sync + 'a;

/// A tensor that is computed when its bytes are asked for.
#[derive(Clone)]
pub(super) struct Tensor<'a> {
    pub(super) dtype: Dtype,
    pub(super) shape: Vec<usize>,
    read: Arc<Read<'a>>,
}

impl<'a> Tensor<'a> {
    /// A tensor whose little-endian bytes `read` gives.
    pub(super) fn new(
        dtype: Dtype,
        shape: Vec<usize>,
        read: impl Fn() -> Result<Cow<'a, [u8]>, Error> + Send + Sync + 'a,
    ) -> Self {
        let read = Arc::new(read);
        Self { dtype, shape, read }
    }

    /// A tensor as it lies in a file.
    pub(super) fn of_file(file: &'a TensorFile, name: &str) -> Option<Self> {
        let info = file.tensors().get(name)?;
        let (shape, dtype, name) = (info.shape.clone(), info.dtype, name.to_owned());
        Some(Self::new(dtype, shape, move || {
            // It was there when the file was opened, and the map does not change.
            Ok(file.view(&name).map(|view| view.bytes).unwrap_or_default())
        }))
    }

    /// Numbers that are there already.
    pub(super) fn of_values(dtype: Dtype, shape: Vec<usize>, values: &[f32]) -> Self {
        let bytes: Arc<[u8]> = encode(dtype, values, &Losses::default()).into();
        Self::new(dtype, shape, move || Ok(Cow::Owned(bytes.to_vec())))
    }

    /// Its bytes, computed anew at each call.
    pub(super) fn read(&self) -> Result<Cow<'a, [u8]>, Error> {
        (self.read)()
    }

    /// Its elements; of a tensor of whole numbers their values, of booleans 0 and 1.
    pub(super) fn to_f32(&self) -> Result<Vec<f32>, Error> {
        let bytes = self.read()?;
        Ok(element::to_f32(self.dtype, &bytes).unwrap_or_else(|| integers(self.dtype, &bytes)))
    }

    /// The length of its bytes.
    pub(super) fn len(&self) -> usize {
        self.elements() * self.dtype.bitsize() / 8
    }

    /// How many elements it has.
    pub(super) fn elements(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether its elements are floating-point numbers that can be computed with.
    pub(super) fn is_float(&self) -> bool {
        element::float_type(self.dtype).is_some()
    }

    /// The same numbers in another type; what that type cannot hold is counted in `losses`.
    pub(super) fn cast(self, precision: Precision, losses: &Arc<Losses>) -> Self {
        let Some(dtype) = dtype_of(precision).filter(|&to| to != self.dtype && self.is_float()) else {
            return self;
        };
        let losses = Arc::clone(losses);
        Self::new(dtype, self.shape.clone(), move || {
            Ok(Cow::Owned(encode(dtype, &self.to_f32()?, &losses)))
        })
    }

    /// The same bytes under another shape of as many elements.
    pub(super) fn reshaped(self, shape: Vec<usize>) -> Self {
        Self { shape, ..self }
    }

    /// The `part`th of `of` equal blocks of rows.
    pub(super) fn rows(self, part: usize, of: usize) -> Self {
        let mut shape = self.shape.clone();
        if let Some(rows) = shape.first_mut() {
            *rows /= of;
        }
        let length = self.len() / of;
        Self::new(self.dtype, shape, move || {
            let range = part * length..(part + 1) * length;
            Ok(match self.read()? {
                Cow::Borrowed(bytes) => Cow::Borrowed(&bytes[range]),
                Cow::Owned(bytes) => Cow::Owned(bytes[range].to_vec()),
            })
        })
    }

    /// Tensors of one shape and type, one below the other.
    pub(super) fn joined(parts: Vec<Self>) -> Option<Self> {
        let first = parts.first()?;
        if parts.iter().any(|p| p.shape != first.shape || p.dtype != first.dtype) {
            return None;
        }
        let (dtype, mut shape) = (first.dtype, first.shape.clone());
        *shape.first_mut()? *= parts.len();
        Some(Self::new(dtype, shape, move || {
            let mut bytes = Vec::new();
            for part in &parts {
                bytes.extend_from_slice(&part.read()?);
            }
            Ok(Cow::Owned(bytes))
        }))
    }

    /// The transpose of a matrix; anything else as it is.
    pub(super) fn transposed(self) -> Self {
        let [rows, columns] = self.shape[..] else { return self };
        let size = self.dtype.bitsize() / 8;
        Self::new(self.dtype, vec![columns, rows], move || {
            let bytes = self.read()?;
            let mut turned = Vec::with_capacity(bytes.len());
            for column in 0..columns {
                for row in 0..rows {
                    let at = (row * columns + column) * size;
                    turned.extend_from_slice(&bytes[at..at + size]);
                }
            }
            Ok(Cow::Owned(turned))
        })
    }
}

/// How many numbers a narrower type could not hold.
#[derive(Debug, Default)]
pub(super) struct Losses {
    infinite: AtomicUsize,
    cut: AtomicUsize,
}

impl Losses {
    /// What is to be said of them.
    pub(super) fn notes(&self) -> Vec<String> {
        let (infinite, cut) = (self.infinite.load(Ordering::Relaxed), self.cut.load(Ordering::Relaxed));
        let mut notes = Vec::new();
        if infinite > 0 {
            notes.push(format!(
                "{infinite} numbers beyond 65504 became infinite in f16; bf16 holds them"
            ));
        }
        if cut > 0 {
            notes.push(format!(
                "{cut} numbers beyond 448 were cut to it in f8; f16 or bf16 holds them"
            ));
        }
        notes
    }
}

/// The type that a precision stands for; none where the input's is kept.
pub(super) fn dtype_of(precision: Precision) -> Option<Dtype> {
    Some(match precision {
        Precision::Keep => return None,
        Precision::F32 => Dtype::F32,
        Precision::F16 => Dtype::F16,
        Precision::Bf16 => Dtype::BF16,
        Precision::F8 => Dtype::F8_E4M3,
    })
}

/// The type of what two types are computed to, as torch has it; eight bits count as f16.
pub(super) fn promote(a: Dtype, b: Dtype) -> Dtype {
    let wide = |dtype| match dtype {
        Dtype::F8_E4M3 | Dtype::F8_E5M2 => Dtype::F16,
        dtype => dtype,
    };
    match (wide(a), wide(b)) {
        (a, b) if a == b => a,
        (Dtype::F64, _) | (_, Dtype::F64) => Dtype::F64,
        _ => Dtype::F32,
    }
}

/// Little-endian elements of `dtype`, rounded to nearest, ties to even.
pub(super) fn encode(dtype: Dtype, values: &[f32], losses: &Losses) -> Vec<u8> {
    match dtype {
        Dtype::F16 => {
            let lost = values
                .iter()
                .filter(|v| v.is_finite() && f16::from_f32(**v).is_infinite());
            losses.infinite.fetch_add(lost.count(), Ordering::Relaxed);
            values.iter().flat_map(|&v| f16::from_f32(v).to_le_bytes()).collect()
        }
        Dtype::BF16 => values.iter().flat_map(|&v| bf16::from_f32(v).to_le_bytes()).collect(),
        Dtype::F64 => values.iter().flat_map(|&v| f64::from(v).to_le_bytes()).collect(),
        Dtype::F8_E4M3 => {
            // Half way to the next step, numbers still round to 448.
            let lost = values.iter().filter(|v| v.abs() > 464.0);
            losses.cut.fetch_add(lost.count(), Ordering::Relaxed);
            values.iter().map(|&v| e4m3(v)).collect()
        }
        Dtype::F8_E5M2 => values.iter().map(|&v| e5m2(v)).collect(),
        _ => values.iter().flat_map(|&v| v.to_le_bytes()).collect(),
    }
}

/// `e4m3fn` (Micikevicius et al. 2022): steps of an eighth of the power of two, subnormal below `2^-6`, cut at 448.
fn e4m3(value: f32) -> u8 {
    let sign = if value.is_sign_negative() { 0x80 } else { 0 };
    let size = value.abs();
    if size.is_nan() {
        return sign | 0x7f;
    }
    if size >= 448.0 {
        return sign | 0x7e;
    }
    let exponent = ((size.to_bits() >> 23) as i32 - 127).max(-6);
    let steps = (size / 2_f32.powi(exponent - 3)).round_ties_even() as u8;
    // Eight steps begin the next power of two, which is what a carry into the exponent's bits says.
    let carried = (exponent + 6) as u8 * 8 + steps;
    sign | carried
}

/// The upper half of an f16, rounded.
fn e5m2(value: f32) -> u8 {
    let bits = f16::from_f32(value).to_bits();
    if value.is_nan() {
        return (bits >> 8) as u8 | 2;
    }
    let odd = bits >> 8 & 1;
    ((u32::from(bits) + 0x7f + u32::from(odd)) >> 8) as u8
}

fn integers(dtype: Dtype, bytes: &[u8]) -> Vec<f32> {
    fn each<const N: usize>(bytes: &[u8], read: impl Fn([u8; N]) -> f32) -> Vec<f32> {
        bytes.as_chunks().0.iter().map(|&element| read(element)).collect()
    }
    match dtype {
        Dtype::I64 => each(bytes, |b| i64::from_le_bytes(b) as f32),
        Dtype::U64 => each(bytes, |b| u64::from_le_bytes(b) as f32),
        Dtype::I32 => each(bytes, |b| i32::from_le_bytes(b) as f32),
        Dtype::U32 => each(bytes, |b| u32::from_le_bytes(b) as f32),
        Dtype::I16 => each(bytes, |b| f32::from(i16::from_le_bytes(b))),
        Dtype::U16 => each(bytes, |b| f32::from(u16::from_le_bytes(b))),
        Dtype::I8 => each(bytes, |b| f32::from(i8::from_le_bytes(b))),
        _ => bytes.iter().map(|&b| f32::from(b)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_bits_are_written_as_they_are_read() {
        for dtype in [Dtype::F8_E4M3, Dtype::F8_E5M2] {
            let all: Vec<u8> = (0..=255).collect();
            let values = element::to_f32(dtype, &all).unwrap();
            let again = encode(dtype, &values, &Losses::default());
            for ((byte, back), value) in all.iter().zip(&again).zip(values) {
                assert!(byte == back || value.is_nan(), "{dtype:?} {byte:02x} became {back:02x}");
            }
        }
    }

    #[test]
    fn numbers_between_two_of_eight_bits_go_to_the_nearer_or_the_even_one() {
        let read = |bytes: Vec<u8>| element::to_f32(Dtype::F8_E4M3, &bytes).unwrap();
        let losses = Losses::default();
        let values = [1.06, 1.0625, 1.1875, 0.98, 0.001, 0.000_976, 460.0, -1e9];
        let stored = read(encode(Dtype::F8_E4M3, &values, &losses));
        assert_eq!(stored, [1.0, 1.0, 1.25, 1.0, 0.001_953_125, 0.0, 448.0, -448.0]);
        assert_eq!(losses.notes().len(), 1);
    }

    #[test]
    fn what_f16_cannot_hold_is_counted() {
        let losses = Losses::default();
        encode(Dtype::F16, &[65504.0, 70000.0, f32::INFINITY, -1e5], &losses);
        assert!(losses.notes()[0].starts_with("2 numbers"), "{:?}", losses.notes());
    }
}
