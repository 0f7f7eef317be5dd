//! Matrix multiplication into memory that is already there.

use gemm::Parallelism;

/// A row-major matrix in a slice: rows of `columns` values, `stride` apart.
#[derive(Clone, Copy)]
pub(super) struct Rows {
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) stride: usize,
}

impl Rows {
    pub(super) fn dense(rows: usize, columns: usize) -> Self {
        Self {
            rows,
            columns,
            stride: columns,
        }
    }

    /// How many values a slice must have to hold the matrix.
    fn span(self) -> usize {
        match self.rows {
            0 => 0,
            rows => (rows - 1) * self.stride + self.columns,
        }
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
pub(super) fn add_product(out: &mut [f32], o: Rows, a: &[f32], m: Rows, b: &[f32], n: Rows) {
    assert!(
        m.columns == n.rows && o.rows == m.rows && o.columns == n.columns,
        "matrices do not fit"
    );
    assert!(
        out.len() >= o.span() && a.len() >= m.span() && b.len() >= n.span(),
        "a slice is too short for its matrix"
    );
    assert!(
        o.stride >= o.columns && m.stride >= m.columns && n.stride >= n.columns,
        "rows overlap"
    );
    // SAFETY: every element that the call touches lies within the three slices, as asserted above; `out` is borrowed mutably and so
    // overlaps neither of the others.
    unsafe {
        gemm::gemm(
            o.rows,
            o.columns,
            m.columns,
            out.as_mut_ptr(),
            1,
            o.stride.cast_signed(),
            true,
            a.as_ptr(),
            1,
            m.stride.cast_signed(),
            b.as_ptr(),
            1,
            n.stride.cast_signed(),
            1.0,
            1.0,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}
