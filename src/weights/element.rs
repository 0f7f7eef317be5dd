//! Elements of tensors: the number types that weights are stored in, to and from f32.

use burn::tensor::DType;
use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};
use rayon::prelude::*;
use safetensors::Dtype;

/// The burn type that a stored type is loaded as, when weights may have it; eight bits become f16, which holds all of their values.
pub fn float_type(dtype: Dtype) -> Option<DType> {
    Some(match dtype {
        Dtype::F64 => DType::F64,
        Dtype::F32 => DType::F32,
        Dtype::F16 | Dtype::F8_E4M3 | Dtype::F8_E5M2 => DType::F16,
        Dtype::BF16 => DType::BF16,
        _ => return None,
    })
}

/// Elements that are converted at a time: both sides fit into the processor's nearest cache.
const BLOCK: usize = 1 << 12;

/// Little-endian elements as f32, or `None` when they are no floating-point numbers.
pub fn to_f32(dtype: Dtype, bytes: &[u8]) -> Option<Vec<f32>> {
    Some(match dtype {
        Dtype::F64 => each(bytes, |b| f64::from_le_bytes(b) as f32),
        Dtype::F32 => each(bytes, f32::from_le_bytes),
        Dtype::F16 => in_blocks::<2>(bytes, |bytes, out| {
            let mut halves = [f16::ZERO; BLOCK];
            for (half, &bytes) in halves.iter_mut().zip(bytes) {
                *half = f16::from_le_bytes(bytes);
            }
            halves[..out.len()].convert_to_f32_slice(out);
        }),
        Dtype::BF16 => each(bytes, |b| bf16::from_le_bytes(b).to_f32()),
        Dtype::F8_E4M3 | Dtype::F8_E5M2 => {
            let table = table_of_f8(dtype).map(f16::to_f32);
            each(bytes, |[b]| table[usize::from(b)])
        }
        _ => return None,
    })
}

fn each<const N: usize>(bytes: &[u8], read: impl Fn([u8; N]) -> f32 + Sync) -> Vec<f32> {
    in_blocks(bytes, |bytes, out| {
        for (value, &bytes) in out.iter_mut().zip(bytes) {
            *value = read(bytes);
        }
    })
}

/// Has `convert` fill a block of values from the elements of `N` bytes each, on all cores: a checkpoint has a billion of them.
fn in_blocks<const N: usize>(bytes: &[u8], convert: impl Fn(&[[u8; N]], &mut [f32]) + Sync) -> Vec<f32> {
    let elements = bytes.as_chunks().0;
    let mut values = vec![0.0; elements.len()];
    let blocks = values.par_chunks_mut(BLOCK).zip(elements.par_chunks(BLOCK));
    blocks
        .with_min_len(16)
        .for_each(|(out, elements)| convert(elements, out));
    values
}

/// How many elements are NaN or infinite; 0 of types that have no such numbers.
pub fn not_finite(dtype: Dtype, bytes: &[u8]) -> usize {
    /// A number is not finite when all bits of its exponent are set.
    fn count<const N: usize>(bytes: &[u8], is: impl Fn([u8; N]) -> bool) -> usize {
        let blocks = bytes.as_chunks().0.chunks(1 << 15);
        blocks
            .map(|block| block.iter().map(|&b| u32::from(is(b))).sum::<u32>() as usize)
            .sum()
    }
    match dtype {
        Dtype::F64 => count(bytes, |b| !f64::from_le_bytes(b).is_finite()),
        Dtype::F32 => count(bytes, |b| u32::from_le_bytes(b) & 0x7f80_0000 == 0x7f80_0000),
        Dtype::F16 => count(bytes, |b| u16::from_le_bytes(b) & 0x7c00 == 0x7c00),
        Dtype::BF16 => count(bytes, |b| u16::from_le_bytes(b) & 0x7f80 == 0x7f80),
        Dtype::F8_E5M2 => count(bytes, |[b]| b & 0x7c == 0x7c),
        // No infinity, and one NaN of each sign.
        Dtype::F8_E4M3 => count(bytes, |[b]| b & 0x7f == 0x7f),
        _ => 0,
    }
}

/// Eight-bit floating-point numbers as little-endian f16: exact, since f16 has more of everything.
pub fn f8_to_f16(dtype: Dtype, bytes: &[u8]) -> Vec<u8> {
    let table = table_of_f8(dtype);
    bytes
        .iter()
        .flat_map(|&b| table[usize::from(b)].to_le_bytes())
        .collect()
}

/// The values of all 256 numbers of eight bits: `e5m2` is the upper half of an f16; `e4m3fn` (Micikevicius et al. 2022) has no
/// infinity and one NaN of each sign.
fn table_of_f8(dtype: Dtype) -> [f16; 256] {
    std::array::from_fn(|bits| {
        let bits = bits as u8;
        if dtype == Dtype::F8_E5M2 {
            return f16::from_bits(u16::from(bits) << 8);
        }
        let (exponent, mantissa) = (i32::from(bits >> 3 & 15), f32::from(bits & 7));
        let size = match (exponent, bits & 7) {
            (15, 7) => f32::NAN,
            (0, _) => mantissa / 8.0 * 2_f32.powi(-6),
            _ => (1.0 + mantissa / 8.0) * 2_f32.powi(exponent - 7),
        };
        f16::from_f32(if bits & 0x80 == 0 { size } else { -size })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_bits_are_read_as_their_papers_say() {
        let e4m3 = to_f32(Dtype::F8_E4M3, &[0x00, 0x01, 0x08, 0x38, 0x7e, 0xb8]).unwrap_or_default();
        assert_eq!(e4m3, [0.0, 0.001_953_125, 0.015_625, 1.0, 448.0, -1.0]);
        let e5m2 = to_f32(Dtype::F8_E5M2, &[0x00, 0x01, 0x3c, 0x7b, 0xbc]).unwrap_or_default();
        assert_eq!(e5m2, [0.0, 1.525_878_9e-5, 1.0, 57344.0, -1.0]);
        assert!(to_f32(Dtype::F8_E4M3, &[0x7f]).is_some_and(|v| v[0].is_nan()));
        assert!(to_f32(Dtype::F8_E5M2, &[0x7c]).is_some_and(|v| v[0].is_infinite()));
    }

    #[test]
    fn numbers_that_are_not_finite_are_counted() {
        for dtype in [
            Dtype::F64,
            Dtype::F32,
            Dtype::F16,
            Dtype::BF16,
            Dtype::F8_E4M3,
            Dtype::F8_E5M2,
            Dtype::I8,
        ] {
            // Every bit pattern of sixteen bits, as the upper half of wider numbers.
            let width = (dtype.bitsize() / 8).max(2);
            let bytes: Vec<u8> = (0..=u16::MAX)
                .flat_map(|bits| [vec![0; width - 2], bits.to_le_bytes().to_vec()].concat())
                .collect();
            let expected = to_f32(dtype, &bytes).map_or(0, |values| values.iter().filter(|v| !v.is_finite()).count());
            // Doubles that f32 cannot hold are finite all the same.
            let found = not_finite(dtype, &bytes);
            assert!(
                if dtype == Dtype::F64 {
                    found == 32
                } else {
                    found == expected
                },
                "{dtype:?}: {found}"
            );
            assert_eq!(found > 0, dtype != Dtype::I8);
        }
    }

    #[test]
    fn halves_and_doubles_are_read() {
        let halves: Vec<u8> = [1.5_f32, -2.0]
            .iter()
            .flat_map(|&v| f16::from_f32(v).to_le_bytes())
            .collect();
        assert_eq!(to_f32(Dtype::F16, &halves), Some(vec![1.5, -2.0]));
        assert_eq!(to_f32(Dtype::F64, &0.25_f64.to_le_bytes()), Some(vec![0.25]));
        assert_eq!(to_f32(Dtype::I64, &[0; 8]), None);
    }
}
