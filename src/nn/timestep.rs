//! Sinusoidal embedding of timesteps and other numbers.

use burn::tensor::{DType, Device, Tensor, TensorData};

/// Embeds each number in `width` cosines and sines, `[values.len(), width]`.
///
/// The frequencies fall geometrically from 1 to 1/10000 (Vaswani et al. 2017), cosines first: LDM's `timestep_embedding`. Computed in
/// f32 in that function's order of operations, since at timestep 999 another rounding moves the angle by 1e-4.
pub fn embed(values: &[f32], width: usize, device: &Device, dtype: DType) -> Tensor<2> {
    let half = width / 2;
    let frequencies: Vec<f32> = (0..half)
        .map(|i| (-(10_000f32.ln()) * i as f32 / half as f32).exp())
        .collect();
    let mut rows = Vec::with_capacity(values.len() * width);
    for value in values {
        rows.extend(frequencies.iter().map(|f| (value * f).cos()));
        rows.extend(frequencies.iter().map(|f| (value * f).sin()));
        rows.resize(rows.len() + width % 2, 0.0);
    }
    Tensor::<2>::from_data(TensorData::new(rows, [values.len(), width]), (device, DType::F32)).cast(dtype)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_all_cosine() {
        let row = embed(&[0.0], 6, &Device::flex(), DType::F32).into_data();
        assert_eq!(row.as_slice::<f32>().unwrap(), [1.0, 1.0, 1.0, 0.0, 0.0, 0.0]);
    }
}
