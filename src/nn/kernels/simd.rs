//! Loops over slices that the compiler turns into vector instructions of whatever the processor has.
//!
//! Written as plain arithmetic without calls or branches, which is what lets them vectorise; [`multiversion`] picks the widest version
//! when the program runs.

use multiversion::multiversion;

/// `e^x` with an error below 2 units in the last place: range reduction by powers of two and Cephes' polynomial (`expf`).
#[inline]
fn exp(x: f32) -> f32 {
    // 1.5 * 2^23: adding it rounds to an integer and leaves that integer in the low bits.
    const ROUND: f32 = 12_582_912.0;
    let x = if x > 88.0 { 88.0 } else { x };
    let x = if x < -87.0 { -87.0 } else { x };
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let power = shifted - ROUND;
    let r = x - power * 0.693_359_4 + power * 2.121_944_4e-4;
    let p = 1.987_569_2e-4 * r + 1.398_2e-3;
    let p = p * r + 8.333_452e-3;
    let p = p * r + 4.166_579_6e-2;
    let p = p * r + 1.666_666_5e-1;
    let p = p * r + 0.5;
    let p = p * r * r + r + 1.0;
    p * f32::from_bits((shifted.to_bits() << 23).wrapping_add(0x3f80_0000))
}

/// `erf(x)` to 1.5e-7 (Abramowitz and Stegun 7.1.26).
#[inline]
fn erf(x: f32) -> f32 {
    let a = x.abs();
    let t = 1.0 / (1.0 + 0.327_591_1 * a);
    let p = 1.061_405_4 * t - 1.453_152;
    let p = p * t + 1.421_413_7;
    let p = p * t - 0.284_496_74;
    let p = p * t + 0.254_829_6;
    (1.0 - p * t * exp(-a * a)).copysign(x)
}

/// Writes `x * scale + shift`, through SiLU when `silu`.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2+fma", "aarch64+neon"))]
pub(super) fn scale_shift(x: &[f32], out: &mut [f32], scale: f32, shift: f32, silu: bool) {
    if silu {
        for (o, &x) in out.iter_mut().zip(x) {
            let y = x * scale + shift;
            *o = y / (1.0 + exp(-y));
        }
    } else {
        for (o, &x) in out.iter_mut().zip(x) {
            *o = x * scale + shift;
        }
    }
}

/// Writes `value * gelu(gate)`.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2+fma", "aarch64+neon"))]
pub(super) fn gated_gelu(value: &[f32], gate: &[f32], out: &mut [f32]) {
    for ((o, &v), &g) in out.iter_mut().zip(value).zip(gate) {
        *o = v * 0.5 * g * (1.0 + erf(g * std::f32::consts::FRAC_1_SQRT_2));
    }
}

/// Turns `scores`, after multiplication with `scale`, into weights that sum to one.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2+fma", "aarch64+neon"))]
pub(super) fn softmax(scores: &mut [f32], scale: f32) {
    const LANES: usize = 16;
    let mut highest = [f32::NEG_INFINITY; LANES];
    let lanes = scores.chunks_exact(LANES);
    for (top, &v) in highest.iter_mut().zip(lanes.remainder()) {
        *top = v;
    }
    for lane in lanes {
        for i in 0..LANES {
            highest[i] = if lane[i] > highest[i] { lane[i] } else { highest[i] };
        }
    }
    let highest = highest
        .iter()
        .fold(f32::NEG_INFINITY, |a, &b| if b > a { b } else { a });
    let mut sums = [0.0_f32; LANES];
    for lane in scores.chunks_mut(LANES) {
        for (v, sum) in lane.iter_mut().zip(&mut sums) {
            *v = exp((*v - highest) * scale);
            *sum += *v;
        }
    }
    let inverse = 1.0 / sums.iter().sum::<f32>();
    for v in scores {
        *v *= inverse;
    }
}

/// Mean and variance. Blocks are summed in f32 lanes and joined in f64, around the block's first value so that a large mean costs no
/// digits.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2+fma", "aarch64+neon"))]
pub(super) fn moments(x: &[f32]) -> (f64, f64) {
    const LANES: usize = 16;
    let centre = x.first().copied().unwrap_or_default();
    let (mut sum, mut squares) = (0.0, 0.0);
    for block in x.chunks(1024) {
        let (mut s, mut q) = ([0.0_f32; LANES], [0.0_f32; LANES]);
        let lanes = block.chunks_exact(LANES);
        for &v in lanes.remainder() {
            let d = v - centre;
            s[0] += d;
            q[0] += d * d;
        }
        for lane in lanes {
            for i in 0..LANES {
                let d = lane[i] - centre;
                s[i] += d;
                q[i] += d * d;
            }
        }
        sum += s.iter().map(|&v| f64::from(v)).sum::<f64>();
        squares += q.iter().map(|&v| f64::from(v)).sum::<f64>();
    }
    let n = x.len() as f64;
    let mean = sum / n;
    (mean + f64::from(centre), (squares / n - mean * mean).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_and_erf_are_close_to_the_libraries() {
        for i in -8600..8700 {
            let x = i as f32 / 100.0;
            let exact = f64::from(x).exp();
            assert!((f64::from(exp(x)) - exact).abs() <= exact * 3e-7, "exp({x})");
        }
        for (x, exact) in [
            (0.0, 0.0),
            (0.5, 0.520_499_9),
            (-1.0, -0.842_700_8),
            (2.0, 0.995_322_3),
            (9.0, 1.0),
        ] {
            assert!((erf(x) - exact).abs() < 3e-7, "erf({x})");
        }
        assert!(exp(-1000.0) < 1e-37 && exp(1000.0) > 1e38);
    }

    #[test]
    fn moments_survive_a_large_mean() {
        let x: Vec<f32> = (0..5000).map(|i| 1000.0 + (i % 2) as f32).collect();
        let (mean, variance) = moments(&x);
        assert!(
            (mean - 1000.5).abs() < 1e-6 && (variance - 0.25).abs() < 1e-6,
            "{mean} {variance}"
        );
    }
}
