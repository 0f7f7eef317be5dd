//! Singular values, and the two factors that a LoRA keeps of a matrix.
//!
//! A matrix that is the product of thin factors is never factored whole: the small matrix between the factors' orthogonal bases has
//! the same singular values, and the rest are zero. The vectors' signs, which no definition gives, are chosen so that the greatest
//! entry of each left vector is positive.

use faer::{Mat, MatRef};

/// The thin singular value decomposition `U diag(S) V^T` of a matrix of `rows` by `columns`; values that are zero because of its rank
/// are left out.
pub(super) struct Svd {
    rows: usize,
    columns: usize,
    /// The singular values, greatest first.
    pub(super) values: Vec<f32>,
    /// Left vectors, one behind the other.
    left: Vec<Vec<f32>>,
    /// Right vectors, one behind the other.
    right: Vec<Vec<f32>>,
}

/// Two factors of a matrix, row-major: `up` is `rows` by `rank`, `down` is `rank` by `columns`.
pub(super) struct Factors {
    pub(super) up: Vec<f32>,
    pub(super) down: Vec<f32>,
}

impl Svd {
    /// Of a matrix, row-major. `None` when it has numbers that are not finite.
    pub(super) fn of_matrix(matrix: &[f32], rows: usize, columns: usize) -> Option<Self> {
        if matrix.iter().any(|v| !v.is_finite()) {
            return None;
        }
        let svd = MatRef::from_row_major_slice(matrix, rows, columns).thin_svd().ok()?;
        let values = svd.S().column_vector();
        let count = rows.min(columns);
        let column = |of: MatRef<'_, f32>, i: usize| of.col(i).iter().copied().collect();
        Some(Self::new(
            rows,
            columns,
            (0..count).map(|i| values[i]).collect(),
            (0..count).map(|i| column(svd.U(), i)).collect(),
            (0..count).map(|i| column(svd.V(), i)).collect(),
        ))
    }

    /// Of `up * down`, where `up` is `rows` by `rank` and `down` `rank` by `columns`, both row-major.
    pub(super) fn of_product(up: &[f32], down: &[f32], rank: usize, rows: usize, columns: usize) -> Option<Self> {
        if up.iter().chain(down).any(|v| !v.is_finite()) {
            return None;
        }
        if rank >= rows.min(columns) {
            return Self::of_matrix(&product(up, down, rank, rows, columns), rows, columns);
        }
        let up = Mat::from_fn(rows, rank, |i, j| f64::from(up[i * rank + j]));
        let down = Mat::from_fn(columns, rank, |i, j| f64::from(down[j * columns + i]));
        let (up, down) = (up.qr(), down.qr());
        let core = up.thin_R() * down.thin_R().transpose();
        let svd = core.thin_svd().ok()?;
        let (left, right) = (up.compute_thin_Q() * svd.U(), down.compute_thin_Q() * svd.V());
        let values = svd.S().column_vector();
        let column = |of: &Mat<f64>, i: usize| of.col(i).iter().map(|&v| v as f32).collect();
        Some(Self::new(
            rows,
            columns,
            (0..rank).map(|i| values[i] as f32).collect(),
            (0..rank).map(|i| column(&left, i)).collect(),
            (0..rank).map(|i| column(&right, i)).collect(),
        ))
    }

    fn new(rows: usize, columns: usize, values: Vec<f32>, left: Vec<Vec<f32>>, right: Vec<Vec<f32>>) -> Self {
        let mut svd = Self {
            rows,
            columns,
            values,
            left,
            right,
        };
        for (left, right) in svd.left.iter_mut().zip(&mut svd.right) {
            let greatest = left
                .iter()
                .copied()
                .fold(0.0_f32, |m, v| if v.abs() > m.abs() { v } else { m });
            if greatest < 0.0 {
                left.iter_mut().chain(right).for_each(|v| *v = -*v);
            }
        }
        svd
    }

    /// How many singular values the matrix has, the zeros among them.
    pub(super) fn count(&self) -> usize {
        self.rows.min(self.columns)
    }

    /// `U diag(S)` and `V^T` cut to `rank`; what is beyond the matrix's own rank is zero.
    pub(super) fn factors(&self, rank: usize) -> Factors {
        let kept = rank.min(self.values.len());
        let mut up = vec![0.0; self.rows * rank];
        let mut down = vec![0.0; rank * self.columns];
        for k in 0..kept {
            for (row, value) in self.left[k].iter().enumerate() {
                up[row * rank + k] = value * self.values[k];
            }
            down[k * self.columns..(k + 1) * self.columns].copy_from_slice(&self.right[k]);
        }
        Factors { up, down }
    }

    /// The same with values beyond the quantile of both factors' values cut to it, as kohya does against outliers. Zeros that stand
    /// for a rank that the matrix has not are not counted.
    pub(super) fn clamped_factors(&self, rank: usize, quantile: f64) -> Factors {
        let kept = rank.min(self.values.len());
        let whole = self.factors(kept);
        let mut all = whole.up;
        all.extend(whole.down);
        let mut factors = self.factors(rank);
        if let Some(bound) = at_quantile(&mut all, quantile) {
            for value in factors.up.iter_mut().chain(&mut factors.down) {
                // Not `clamp`, which panics where the bound is negative; this is what torch's does.
                *value = value.max(-bound).min(bound);
            }
        }
        factors
    }
}

/// The value below which the given part of all lies, with the two nearest mixed as `torch.quantile` does.
fn at_quantile(values: &mut [f32], quantile: f64) -> Option<f32> {
    let last = values.len().checked_sub(1)?;
    let place = quantile.clamp(0.0, 1.0) * last as f64;
    let below = place.floor() as usize;
    let (_, &mut low, above) = values.select_nth_unstable_by(below, f32::total_cmp);
    let high = above.iter().copied().min_by(f32::total_cmp).unwrap_or(low);
    Some(low + (high - low) * (place - below as f64) as f32)
}

/// `up * down`, row-major.
pub(super) fn product(up: &[f32], down: &[f32], rank: usize, rows: usize, columns: usize) -> Vec<f32> {
    let up = MatRef::from_row_major_slice(up, rows, rank);
    let down = MatRef::from_row_major_slice(down, rank, columns);
    let product = up * down;
    let mut out = Vec::with_capacity(rows * columns);
    for row in 0..rows {
        out.extend((0..columns).map(|column| product[(row, column)]));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(count: usize, seed: u32) -> Vec<f32> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 24) as f32 - 0.5
        };
        (0..count).map(|_| next()).collect()
    }

    #[test]
    fn thin_factors_give_what_the_whole_matrix_gives() {
        let (rows, columns, rank) = (20, 12, 5);
        let (up, down) = (numbers(rows * rank, 1), numbers(rank * columns, 2));
        let whole = product(&up, &down, rank, rows, columns);
        let by_factors = Svd::of_product(&up, &down, rank, rows, columns).unwrap();
        let by_matrix = Svd::of_matrix(&whole, rows, columns).unwrap();
        for (a, b) in by_factors.values.iter().zip(&by_matrix.values) {
            assert!((a - b).abs() < 1e-5, "{a} {b}");
        }
        let (a, b) = (by_factors.factors(3), by_matrix.factors(3));
        for (a, b) in a.up.iter().chain(&a.down).zip(b.up.iter().chain(&b.down)) {
            assert!((a - b).abs() < 1e-5, "{a} {b}");
        }
        let all = by_factors.factors(8);
        for (a, b) in product(&all.up, &all.down, 8, rows, columns).iter().zip(&whole) {
            assert!((a - b).abs() < 1e-5, "{a} {b}");
        }
    }

    #[test]
    fn a_quantile_lies_between_its_neighbours() {
        assert_eq!(at_quantile(&mut [4.0, 1.0, 3.0, 2.0], 0.5), Some(2.5));
        assert_eq!(at_quantile(&mut [4.0, 1.0, 3.0, 2.0], 1.0), Some(4.0));
        assert_eq!(at_quantile(&mut [], 0.5), None);
    }

    #[test]
    fn what_is_not_finite_is_not_factored() {
        assert!(Svd::of_matrix(&[1.0, f32::NAN, 0.0, 1.0], 2, 2).is_none());
        assert!(Svd::of_product(&[f32::INFINITY, 1.0], &[1.0, 1.0], 1, 2, 2).is_none());
    }
}
