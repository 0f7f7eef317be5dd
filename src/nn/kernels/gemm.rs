//! Matrix multiplication into memory that is already there.

use gemm::Parallelism;

/// A matrix in a slice, its rows and columns so many values apart.
#[derive(Clone, Copy)]
pub(super) struct Matrix {
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) row_stride: usize,
    pub(super) column_stride: usize,
}

impl Matrix {
    /// Row after row, without gaps.
    pub(super) fn dense(rows: usize, columns: usize) -> Self {
        Self {
            rows,
            columns,
            row_stride: columns,
            column_stride: 1,
        }
    }

    /// How many values a slice must have to hold the matrix.
    fn span(self) -> usize {
        if self.rows == 0 || self.columns == 0 {
            return 0;
        }
        (self.rows - 1) * self.row_stride + (self.columns - 1) * self.column_stride + 1
    }
}

/// `out += a b`, on this thread.
///
/// # Panics
/// When a slice is too short for its matrix, or the matrices do not fit each other.
#[expect(
    unsafe_code,
    reason = "the gemm crate, which all of burn's CPU kernels stand on, takes pointers and strides"
)]
pub(super) fn add_product(out: &mut [f32], o: Matrix, a: &[f32], m: Matrix, b: &[f32], n: Matrix) {
    assert!(
        m.columns == n.rows && o.rows == m.rows && o.columns == n.columns,
        "matrices do not fit"
    );
    assert!(
        out.len() >= o.span() && a.len() >= m.span() && b.len() >= n.span(),
        "a slice is too short for its matrix"
    );
    assert!(o.column_stride == 1 && o.row_stride >= o.columns, "rows overlap");
    // SAFETY: every element that the call touches lies within the three slices, as asserted above; no two elements of the result are
    // one; `out` is borrowed mutably and so overlaps neither of the others.
    unsafe {
        gemm::gemm(
            o.rows,
            o.columns,
            m.columns,
            out.as_mut_ptr(),
            1,
            o.row_stride.cast_signed(),
            true,
            a.as_ptr(),
            m.column_stride.cast_signed(),
            m.row_stride.cast_signed(),
            b.as_ptr(),
            n.column_stride.cast_signed(),
            n.row_stride.cast_signed(),
            1.0,
            1.0,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}
