//! Shapes, strides and offsets: whether a tensor lies within its storage, and its elements in row-major order.

use safetensors::Dtype;

use super::Refused;

/// What a tensor may unpack to although its storage is smaller: expanded tensors share their elements.
const EXPANDED: usize = 1 << 20;

/// Bytes of so many elements.
pub(super) fn bytes(elements: usize, dtype: Dtype) -> Result<usize, Refused> {
    let bytes = elements.checked_mul(dtype.bitsize() / 8);
    bytes.ok_or_else(|| Refused::Damaged(format!("its pickle claims {elements} elements of type {dtype:?}")))
}

/// Checks a view of a storage of so many bytes; gives the strides when the elements are not in one row-major piece.
///
/// # Errors
/// [`Refused::Damaged`] when an element lies outside, or when the tensor would unpack to far more than the storage has.
pub(super) fn check(
    shape: &[usize],
    strides: Vec<usize>,
    offset: usize,
    dtype: Dtype,
    storage: usize,
) -> Result<Option<Vec<usize>>, Refused> {
    let wrong = |strides: &[usize], what: &str| {
        Refused::Damaged(format!(
            "its pickle has a tensor of shape {shape:?}, strides {strides:?} and offset {offset} that {what} a storage of {storage} bytes"
        ))
    };
    if shape.len() > 64 {
        return Err(Refused::Damaged(format!(
            "its pickle has a tensor of {} dimensions",
            shape.len()
        )));
    }
    if shape.len() != strides.len() {
        return Err(wrong(&strides, "is no view of"));
    }
    let elements = shape.iter().try_fold(1_usize, |n, &side| n.checked_mul(side));
    let unpacked = elements.and_then(|n| n.checked_mul(dtype.bitsize() / 8));
    let Some(unpacked) = unpacked.filter(|&n| n <= storage.max(EXPANDED)) else {
        return Err(wrong(&strides, "unpacks to far more than"));
    };
    if unpacked == 0 {
        return Ok(None);
    }
    let reach =
        |reached: usize, (side, stride): (&usize, &usize)| reached.checked_add((side - 1).checked_mul(*stride)?);
    let last = shape.iter().zip(&strides).try_fold(offset, reach);
    let end = last.and_then(|last| last.checked_add(1)?.checked_mul(dtype.bitsize() / 8));
    if end.is_none_or(|end| end > storage) {
        return Err(wrong(&strides, "leaves"));
    }
    Ok((!is_one_piece(shape, &strides)).then_some(strides))
}

fn is_one_piece(shape: &[usize], strides: &[usize]) -> bool {
    let mut expected = 1;
    shape.iter().zip(strides).rev().all(|(&side, &stride)| {
        let fits = side == 1 || stride == expected;
        expected *= side;
        fits
    })
}

/// The elements of a strided tensor, `width` bytes each, row-major. `bytes` begins with its first element.
pub(in super::super) fn gather(bytes: &[u8], width: usize, shape: &[usize], strides: &[usize]) -> Vec<u8> {
    let elements: usize = shape.iter().product();
    let mut out = Vec::with_capacity(elements * width);
    let mut at = vec![0; shape.len()];
    for _ in 0..elements {
        let from: usize = at.iter().zip(strides).map(|(i, stride)| i * stride).sum::<usize>() * width;
        out.extend_from_slice(&bytes[from..from + width]);
        for axis in (0..shape.len()).rev() {
            at[axis] += 1;
            if at[axis] < shape[axis] {
                break;
            }
            at[axis] = 0;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transposed_view_is_put_in_order() {
        let strides = check(&[3, 2], vec![1, 3], 0, Dtype::U8, 6);
        assert!(matches!(&strides, Ok(Some(strides)) if strides == &[1, 3]));
        assert_eq!(gather(&[0, 1, 2, 3, 4, 5], 1, &[3, 2], &[1, 3]), [0, 3, 1, 4, 2, 5]);
    }

    #[test]
    fn views_in_one_piece_are_told() {
        let none =
            |shape: &[usize], strides: &[usize]| matches!(check(shape, strides.into(), 0, Dtype::F16, 64), Ok(None));
        assert!(none(&[4, 8], &[8, 1]) && none(&[1, 8], &[99, 1]) && none(&[0, 9], &[1, 1]) && none(&[], &[]));
        assert!(!none(&[4, 4], &[8, 1]) && !none(&[2], &[0]));
    }

    #[test]
    fn views_that_leave_their_storage_are_refused() {
        let refused =
            |shape: &[usize], strides: &[usize], offset| check(shape, strides.into(), offset, Dtype::F32, 64).is_err();
        assert!(refused(&[17], &[1], 0) && refused(&[16], &[1], 1) && refused(&[2], &[16], 0));
        assert!(
            refused(&[1 << 40], &[0], 0) && refused(&[1 << 32, 1 << 32], &[0, 0], 0) && refused(&[2], &[usize::MAX], 0)
        );
        assert!(refused(&[1], &[1], usize::MAX) && refused(&[2], &[1, 1], 0) && !refused(&[16], &[1], 0));
        assert!(!refused(&[1 << 18], &[0], 0) && refused(&[1 << 19], &[0], 0));
    }
}
