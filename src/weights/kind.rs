//! What a file of weights is, told by the names of its tensors.

use serde::{Deserialize, Serialize};

use super::config::ldm;

/// The kinds of files that the field trades in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A whole model.
    Checkpoint,
    /// An autoencoder by itself.
    Vae,
    /// A LoRA or one of its relatives.
    Network,
    /// Textual inversion.
    Embedding,
    /// A hypernetwork.
    Hypernetwork,
    /// A denoiser by itself.
    Unet,
    /// Something else.
    Unknown,
}

/// The kind, and what to call the file when it is not the kind that was wanted.
pub fn of(names: &[&str]) -> (Kind, &'static str) {
    let starts = |prefix: &str| names.iter().any(|n| n.starts_with(prefix));
    let has = |part: &str| names.iter().any(|n| n.contains(part));
    let is_checkpoint =
        starts(ldm::UNET) && starts(ldm::VAE) && (starts("cond_stage_model.") || starts("conditioner."));
    match () {
        () if has("double_blocks.") || has("joint_blocks.") => (Kind::Unknown, "a transformer model (Flux or SD3)"),
        () if is_checkpoint => (Kind::Checkpoint, "a checkpoint"),
        () if has("lora_down") || has("lora_up") || has("lora_A") => (Kind::Network, "a LoRA"),
        () if has("hada_w1") || has("lokr_w") || has("oft_blocks") || has("oft_diag") || has(".on_input") => {
            (Kind::Network, "a LyCORIS network")
        }
        () if starts("control_model.") || starts("controlnet_") || has("input_hint_block") => {
            (Kind::Unknown, "a ControlNet")
        }
        () if starts(ldm::UNET) => (Kind::Unet, "a UNet without VAE or text encoder"),
        () if starts("down_blocks.") || starts("input_blocks.") => (Kind::Unet, "a UNet by itself"),
        () if starts("decoder.") || starts(ldm::VAE) => (Kind::Vae, "a VAE"),
        () if starts("emb_params") || starts("string_to_param") || starts("clip_l") || starts("clip_g") => {
            (Kind::Embedding, "an embedding")
        }
        () => (Kind::Unknown, "no Stable Diffusion weights"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_tensors() {
        let unet = "model.diffusion_model.out.2.weight";
        for (names, kind) in [
            (
                &[
                    unet,
                    "first_stage_model.decoder.conv_in.weight",
                    "cond_stage_model.logit_scale",
                ][..],
                Kind::Checkpoint,
            ),
            (
                &["lora_unet_mid_block_attentions_0_proj_in.lora_down.weight"],
                Kind::Network,
            ),
            (&["unet.up_blocks.0.attentions.0.to_q.lora_A.weight"], Kind::Network),
            (
                &["lora_te_text_model_encoder_layers_0_mlp_fc1.hada_w1_a"],
                Kind::Network,
            ),
            (&[unet], Kind::Unet),
            (&["decoder.conv_in.weight", "encoder.conv_in.weight"], Kind::Vae),
            (&["emb_params"], Kind::Embedding),
            (&["double_blocks.0.img_attn.proj.weight"], Kind::Unknown),
            (&[], Kind::Unknown),
        ] {
            assert_eq!(of(names).0, kind, "{names:?}");
        }
    }
}
