//! torch's CPU generator: the [`Twister`] and both of torch's roads from its words to normal numbers.
//!
//! A draw of fewer than 16 values makes them one by one in f64, two from every pair of uniform numbers; the second waits in the generator
//! for the next short draw, however many long ones come between. A longer draw is made in f32 in blocks of 16, and if the length is no
//! multiple of 16 its last 16 values are drawn once more.
//!
//! torch evaluates the long form with AVX2 (also where AVX-512 is there), with Cephes' polynomials for logarithm, sine and cosine and
//! fused multiplications where GCC finds them. That order of operations is kept here, so that the values are the same to the last bit,
//! on any processor. On a processor without AVX2 torch itself differs from this by up to 5e-7.

use std::array;
use std::f32::consts::{FRAC_1_SQRT_2, TAU};

use crate::data::random::twister::Twister;

const BLOCK: usize = 16;

/// The generator's state.
#[derive(Clone, Debug)]
pub(super) struct Mersenne {
    twister: Twister,
    /// The second normal number of a pair.
    spare: Option<f64>,
}

impl Mersenne {
    /// Only the lower 32 bits of the seed count.
    pub(super) fn new(seed: u64) -> Self {
        Self {
            twister: Twister::new(seed as u32),
            spare: None,
        }
    }

    pub(super) fn normal(&mut self, len: usize) -> Vec<f32> {
        if len < BLOCK {
            return (0..len).map(|_| self.single() as f32).collect();
        }
        let mut values: Vec<f32> = (0..len).map(|_| self.unit()).collect();
        let (blocks, rest) = values.as_chunks_mut::<BLOCK>();
        blocks.iter_mut().for_each(box_muller);
        if !rest.is_empty()
            && let Some(last) = values.last_chunk_mut::<BLOCK>()
        {
            *last = array::from_fn(|_| self.unit());
            box_muller(last);
        }
        values
    }

    /// One normal number in f64.
    fn single(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        let (turn, height) = (self.unit_f64(), self.unit_f64());
        let radius = (-2.0 * (-height).ln_1p()).sqrt();
        let (sin, cos) = (std::f64::consts::TAU * turn).sin_cos();
        self.spare = Some(radius * sin);
        radius * cos
    }

    /// Uniform in 0..1, 24 bits.
    fn unit(&mut self) -> f32 {
        (self.twister.word() & 0x00FF_FFFF) as f32 / 16_777_216.0
    }

    /// Uniform in 0..1, 53 bits.
    fn unit_f64(&mut self) -> f64 {
        let (high, low) = (self.twister.word(), self.twister.word());
        let bits = u64::from(high) << 32 | u64::from(low);
        (bits & ((1 << 53) - 1)) as f64 / (1_u64 << 53) as f64
    }
}

/// Makes eight pairs of uniform numbers, firsts before seconds, into sixteen normal ones.
fn box_muller(block: &mut [f32; BLOCK]) {
    let (heights, turns) = block.split_at_mut(BLOCK / 2);
    for (a, b) in heights.iter_mut().zip(turns) {
        let radius = (-2.0 * ln(1.0 - *a)).sqrt();
        let (sin, cos) = sin_cos(TAU * *b);
        (*a, *b) = (radius * cos, radius * sin);
    }
}

/// Cephes' `logf` for positive normal numbers.
fn ln(x: f32) -> f32 {
    const P: [f32; 9] = [
        7.037_683_6e-2,
        -1.151_461e-1,
        1.167_699_84e-1,
        -1.242_014_1e-1,
        1.424_932_3e-1,
        -1.666_805_7e-1,
        2.000_071_4e-1,
        -2.499_999_4e-1,
        3.333_333e-1,
    ];
    // ln 2 in two parts, the first (0.693359375) exact in few bits.
    const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];

    let bits = x.to_bits();
    let mut exponent = ((bits >> 23) as i32 - 126) as f32;
    let mut m = f32::from_bits(bits & 0x007F_FFFF | 0x3F00_0000);
    if m < FRAC_1_SQRT_2 {
        exponent -= 1.0;
        m += m - 1.0;
    } else {
        m -= 1.0;
    }
    let square = m * m;
    let cubic = P.into_iter().reduce(|y, p| y.mul_add(m, p)).unwrap_or_default() * m;
    let tail = cubic.mul_add(square, exponent * LN_2[1]) - square * 0.5;
    exponent.mul_add(LN_2[0], m + tail)
}

/// Cephes' `sinf` and `cosf` for 0 to 2 pi.
fn sin_cos(x: f32) -> (f32, f32) {
    // -pi/4 in three parts, the first two exact in few bits.
    const EIGHTH: [f32; 3] = [-0.785_156_25, -2.418_756_5e-4, -3.774_895e-8];
    const FOUR_BY_PI: f32 = 1.273_239_5;

    let octant = ((x * FOUR_BY_PI) as i32 + 1) & !1;
    let x = EIGHTH.into_iter().fold(x, |x, part| (octant as f32).mul_add(part, x));
    let z = x * x;
    let cos = 2.443_315_7e-5_f32
        .mul_add(z, -1.388_731_6e-3)
        .mul_add(z, 4.166_664_6e-2)
        * z;
    let cos = cos.mul_add(z, -0.5 * z) + 1.0;
    let sin = (-1.951_529_6e-4_f32)
        .mul_add(z, 8.332_161e-3)
        .mul_add(z, -1.666_665_5e-1)
        * z;
    let sin = sin.mul_add(x, x);
    match octant & 6 {
        0 => (sin, cos),
        2 => (cos, -sin),
        4 => (-sin, -cos),
        _ => (-cos, sin),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polynomials_are_the_functions() {
        for i in 1..=1000 {
            let x = i as f32 / 1000.0;
            assert!((ln(x) - x.ln()).abs() <= 2.5e-7 * x.ln().abs(), "ln {x}");
            let (sin, cos) = sin_cos(TAU * x);
            assert!(
                (sin - (TAU * x).sin()).abs() < 1.2e-7 && (cos - (TAU * x).cos()).abs() < 1.2e-7,
                "sin and cos {x}"
            );
        }
    }

    #[test]
    fn the_spare_number_waits_behind_a_long_draw() {
        let whole = Mersenne::new(3).normal(2);
        let mut generator = Mersenne::new(3);
        assert_eq!(generator.normal(1), whole[..1]);
        let mut twin = generator.twister.clone();
        generator.normal(32);
        assert_eq!(generator.normal(1), whole[1..]);
        let past = (0..33).map(|_| twin.word()).last();
        assert_eq!(past, Some(generator.twister.word()));
    }
}
