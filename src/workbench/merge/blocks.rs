//! Block weights: a multiplier for each block of the UNet, as the field's "MBW" has them.
//!
//! What stands before the first block (the time embedding, SDXL's size embedding) goes with IN00, what stands behind the last one with
//! the last OUT, and all that is not the UNet with BASE.

use crate::weights::config::ldm;
use crate::workbench::Error;
use crate::workbench::task::{Merge, Method};

/// The multipliers of a merge.
pub(super) struct Multipliers {
    base: f64,
    /// IN, middle, OUT; empty when all is BASE.
    blocks: Vec<f64>,
}

impl Multipliers {
    /// Those of a task.
    ///
    /// # Errors
    /// [`Error::Task`] when their number is no model's.
    pub(super) fn of(task: &Merge) -> Result<Self, Error> {
        let wrong = |what: String, hint| Err(Error::Task { what, hint });
        let Some((&base, blocks)) = task.blocks.split_first() else {
            return Ok(Self {
                base: task.multiplier,
                blocks: Vec::new(),
            });
        };
        if task.method == Method::Nothing {
            return wrong("block weights without a second model".to_owned(), "leave them out");
        }
        if !matches!(task.blocks.len(), 20 | 26) {
            return wrong(
                format!("there are {} block weights", task.blocks.len()),
                "give 26 (BASE, IN00-IN11, M00, OUT00-OUT11), or for SDXL 20 (BASE, IN00-IN08, M00, OUT00-OUT08)",
            );
        }
        if let Some(bad) = task.blocks.iter().find(|weight| !weight.is_finite()) {
            return wrong(format!("a block weight is {bad}"), "give finite numbers");
        }
        Ok(Self {
            base,
            blocks: blocks.to_vec(),
        })
    }

    /// The multiplier of a tensor.
    pub(super) fn of_tensor(&self, name: &str) -> f64 {
        let block = name.strip_prefix(ldm::UNET).and_then(|rest| self.place(rest));
        block
            .and_then(|block| self.blocks.get(block))
            .copied()
            .unwrap_or(self.base)
    }

    fn place(&self, name: &str) -> Option<usize> {
        let side = self.blocks.len() / 2;
        let mut parts = name.split('.');
        let (kind, number) = (parts.next()?, parts.next().and_then(|n| n.parse::<usize>().ok()));
        match (kind, number) {
            ("time_embed" | "label_emb", _) => Some(0),
            ("input_blocks", Some(n)) if n < side => Some(n),
            ("middle_block", _) => Some(side),
            ("output_blocks", Some(n)) if n < side => Some(side + 1 + n),
            ("out", _) => self.blocks.len().checked_sub(1),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_has_its_blocks_weight() {
        let multipliers = |count: usize| Multipliers {
            base: -1.0,
            blocks: (0..count).map(|i| i as f64).collect(),
        };
        let (sd1, xl) = (multipliers(25), multipliers(19));
        for (name, in_sd1, in_xl) in [
            ("model.diffusion_model.time_embed.0.weight", 0.0, 0.0),
            ("model.diffusion_model.input_blocks.0.0.weight", 0.0, 0.0),
            ("model.diffusion_model.input_blocks.8.1.norm.weight", 8.0, 8.0),
            ("model.diffusion_model.middle_block.1.norm.weight", 12.0, 9.0),
            ("model.diffusion_model.output_blocks.0.0.in_layers.0.weight", 13.0, 10.0),
            ("model.diffusion_model.output_blocks.8.0.in_layers.0.weight", 21.0, 18.0),
            ("model.diffusion_model.out.2.weight", 24.0, 18.0),
            ("first_stage_model.decoder.conv_in.weight", -1.0, -1.0),
            (
                "cond_stage_model.transformer.text_model.embeddings.token_embedding.weight",
                -1.0,
                -1.0,
            ),
        ] {
            assert_eq!((sd1.of_tensor(name), xl.of_tensor(name)), (in_sd1, in_xl), "{name}");
        }
    }
}
