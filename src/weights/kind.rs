//! What a file of weights is, told by the names and shapes of its tensors.
//!
//! Owns the kinds of files and the families of models, those that danlu draws with and those that it only knows by name. [`denoiser`]
//! tells families by the network that denoises, [`part`] tells everything that is no denoiser. Nothing here reads a tensor's values.

mod denoiser;
mod part;

use std::collections::BTreeMap;
use std::ops::Bound;

use serde::{Deserialize, Serialize};

use super::config::ldm;
use super::file::Info;

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
    /// Something else, or of a family that cannot be drawn with.
    Unknown,
}

/// What a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct What {
    /// Its kind; [`Kind::Unknown`] also for whole models of families that cannot be drawn with.
    pub kind: Kind,
    /// The family of the model that it is or belongs to, where its tensors tell: `sd1`, `sdxl-inpaint`, `flux` …
    pub family: Option<&'static str>,
    /// What to call it, a noun phrase: `a LoRA for SDXL`.
    pub what: String,
}

impl What {
    fn new(kind: Kind, family: Option<&'static str>, what: impl Into<String>) -> Self {
        let what = what.into();
        Self { kind, family, what }
    }

    /// Something that danlu knows and does not use.
    fn unused(family: Option<&'static str>, what: impl Into<String>) -> Self {
        Self::new(Kind::Unknown, family, what)
    }

    /// Whether it is known what the file is, though it may be nothing that danlu uses.
    pub fn is_recognised(&self) -> bool {
        self.kind != Kind::Unknown || self.what != NOTHING
    }
}

/// What a file is called that nothing is known of.
const NOTHING: &str = "no Stable Diffusion weights";

/// What the file with these tensors is.
pub fn of(tensors: &BTreeMap<String, Info>) -> What {
    told(&Marks::new(
        tensors
            .iter()
            .map(|(name, info)| (name.as_str(), info.shape.as_slice())),
    ))
}

fn told(marks: &Marks<'_>) -> What {
    let adapter = part::adapter(marks);
    let control = || part::control(marks);
    // Adapters first: they are named after the networks that they change.
    adapter
        .or_else(control)
        .or_else(|| denoiser::told(marks))
        .or_else(|| part::small(marks))
        .or_else(|| part::vae(marks))
        .or_else(|| part::encoder(marks))
        .or_else(|| part::upscaler(marks))
        .unwrap_or_else(|| What::unused(None, NOTHING))
}

/// Names and shapes of a file's tensors, quick to ask.
struct Marks<'a>(BTreeMap<&'a str, &'a [usize]>);

impl<'a> Marks<'a> {
    fn new(tensors: impl Iterator<Item = (&'a str, &'a [usize])>) -> Self {
        Self(tensors.collect())
    }

    fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// One side of a tensor.
    fn dim(&self, name: &str, axis: usize) -> Option<usize> {
        self.0.get(name)?.get(axis).copied()
    }

    /// Whether a name begins so.
    fn starts(&self, prefix: &str) -> bool {
        self.below(prefix).next().is_some()
    }

    /// All names that begin so, with their shapes.
    fn below(&self, prefix: &str) -> impl Iterator<Item = (&'a str, &'a [usize])> {
        let range = self.0.range::<str, _>((Bound::Included(prefix), Bound::Unbounded));
        range
            .map(|(name, shape)| (*name, *shape))
            .take_while(move |(name, _)| name.starts_with(prefix))
    }

    fn iter(&self) -> impl Iterator<Item = (&'a str, &'a [usize])> {
        self.0.iter().map(|(name, shape)| (*name, *shape))
    }

    /// Whether the file has a text encoder of a whole model.
    fn has_text(&self) -> bool {
        ["cond_stage_model.", "conditioner.", "text_encoders."]
            .iter()
            .any(|prefix| self.starts(prefix))
    }

    fn has_vae(&self) -> bool {
        self.starts(ldm::VAE) || self.starts("vae.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a file of these tensors is; shapes stand behind the names.
    fn what(tensors: &[(&str, &[usize])]) -> What {
        told(&Marks::new(tensors.iter().copied()))
    }

    const UNET: &str = "model.diffusion_model.";

    /// The tensors of a UNet that tell its family.
    fn unet(prefix: &str, channels: usize, context: usize, y: Option<usize>) -> Vec<(String, Vec<usize>)> {
        let mut tensors = vec![
            (format!("{prefix}input_blocks.0.0.weight"), vec![320, channels, 3, 3]),
            (format!("{prefix}out.2.weight"), vec![4, 320, 3, 3]),
            (
                format!("{prefix}middle_block.1.transformer_blocks.0.attn2.to_k.weight"),
                vec![1280, context],
            ),
            (
                format!("{prefix}middle_block.1.transformer_blocks.0.attn1.to_q.weight"),
                vec![1280, 1280],
            ),
        ];
        tensors.extend(y.map(|y| (format!("{prefix}label_emb.0.0.weight"), vec![1280, y])));
        tensors
    }

    fn of_unet(unet: &[(String, Vec<usize>)], more: &[&str]) -> What {
        let more = more.iter().map(|name| (*name, [1].as_slice()));
        told(&Marks::new(
            unet.iter().map(|(n, s)| (n.as_str(), s.as_slice())).chain(more),
        ))
    }

    #[test]
    fn families_of_stable_diffusion_are_told_apart() {
        let vae = "first_stage_model.decoder.conv_in.weight";
        let (one, two) = ("cond_stage_model.transformer.x", "cond_stage_model.model.x");
        let (first, second) = (
            "conditioner.embedders.0.transformer.x",
            "conditioner.embedders.1.model.x",
        );
        let refined = "conditioner.embedders.0.model.x";
        for (channels, context, y, text, family) in [
            (4, 768, None, &[one][..], "sd1"),
            (9, 768, None, &[one], "sd1-inpaint"),
            (8, 768, None, &[one], "sd1-ip2p"),
            (4, 1024, None, &[two], "sd2"),
            (9, 1024, None, &[two], "sd2-inpaint"),
            (5, 1024, None, &[two], "sd2-depth"),
            (4, 2048, Some(2816), &[first, second], "sdxl"),
            (9, 2048, Some(2816), &[first, second], "sdxl-inpaint"),
            (4, 1280, Some(2560), &[refined], "sdxl-refiner"),
        ] {
            let tensors = unet(UNET, channels, context, y);
            let whole = of_unet(&tensors, &[text, &[vae]].concat());
            assert_eq!(
                (whole.kind, whole.family),
                (Kind::Checkpoint, Some(family)),
                "{whole:?}"
            );
            let alone = of_unet(&unet("", channels, context, y), &[]);
            assert_eq!((alone.kind, alone.family), (Kind::Unet, Some(family)), "{alone:?}");
        }
        let unclip = of_unet(
            &unet(UNET, 4, 1024, Some(2048)),
            &[two, vae, "embedder.model.ln_final.weight"],
        );
        assert_eq!((unclip.kind, unclip.family), (Kind::Checkpoint, Some("sd2-unclip")));
    }

    #[test]
    fn other_families_are_named() {
        for (names, family) in [
            (
                &["double_blocks.0.img_attn.norm.key_norm.scale", "img_in.weight"][..],
                "flux",
            ),
            (
                &[
                    "model.diffusion_model.double_blocks.0.img_attn.norm.key_norm.scale",
                    "model.diffusion_model.img_in.weight",
                ],
                "flux",
            ),
            (
                &["model.diffusion_model.joint_blocks.0.context_block.attn.qkv.weight"],
                "sd3",
            ),
            (&["clf.1.weight", "clip_txt_mapper.weight"], "cascade"),
            (&["t_block.1.weight", "blocks.0.attn.qkv.weight"], "pixart"),
            (&["mlp_t5.0.weight"], "hunyuan-dit"),
            (&["model.double_layers.0.attn.w1q.weight"], "auraflow"),
            (&["head.modulation", "blocks.0.ffn.0.weight"], "wan"),
            (
                &["txt_norm.weight", "transformer_blocks.0.attn.add_q_proj.weight"],
                "qwen-image",
            ),
            (
                &["transformer_blocks.0.attn.add_q_proj.weight", "pos_embed.proj.weight"],
                "sd3",
            ),
        ] {
            let tensors: Vec<_> = names.iter().map(|name| (*name, [8, 8].as_slice())).collect();
            let found = what(&tensors);
            assert_eq!((found.kind, found.family), (Kind::Unknown, Some(family)), "{found:?}");
        }
    }

    #[test]
    fn everything_else_is_told() {
        let square: &[usize] = &[8, 8];
        for (name, shape, kind, what_it_is) in [
            (
                "lora_unet_mid_block_attentions_0_proj_in.lora_down.weight",
                square,
                Kind::Network,
                "a LoRA",
            ),
            (
                "unet.up_blocks.0.attentions.0.to_q.lora_A.weight",
                square,
                Kind::Network,
                "a LoRA",
            ),
            (
                "lora_te_text_model_encoder_layers_0_mlp_fc1.hada_w1_a",
                square,
                Kind::Network,
                "a LyCORIS network (LoHa)",
            ),
            (
                "lora_unet_down_blocks_0_attentions_0_attn2_to_k.lora_down.weight",
                &[4, 2048],
                Kind::Network,
                "a LoRA for SDXL",
            ),
            (
                "lora_unet_double_blocks_0_img_attn_proj.lora_down.weight",
                square,
                Kind::Network,
                "a LoRA for Flux",
            ),
            ("decoder.conv_in.weight", &[512, 4, 3, 3], Kind::Vae, "a VAE"),
            (
                "decoder.conv_in.weight",
                &[512, 16, 3, 3],
                Kind::Unknown,
                "a VAE of 16 channels (SD3, Flux and others)",
            ),
            ("emb_params", &[4, 768], Kind::Embedding, "an embedding"),
            ("<fox>", &[768], Kind::Embedding, "an embedding"),
            ("768.0.linear.0.weight", square, Kind::Hypernetwork, "a hypernetwork"),
            (
                "control_model.input_hint_block.0.weight",
                square,
                Kind::Unknown,
                "a ControlNet",
            ),
            ("ip_adapter.1.to_k_ip.weight", square, Kind::Unknown, "an IP-Adapter"),
            (
                "model.1.sub.0.RDB1.conv1.0.weight",
                square,
                Kind::Unknown,
                "an upscaler (ESRGAN)",
            ),
            (
                "encoder.block.0.layer.0.SelfAttention.q.weight",
                square,
                Kind::Unknown,
                "a T5 text encoder",
            ),
            (
                "decoder.layers.3.conv.0.weight",
                square,
                Kind::Unknown,
                "a tiny autoencoder (TAESD)",
            ),
        ] {
            let found = what(&[(name, shape)]);
            assert_eq!((found.kind, found.what.as_str()), (kind, what_it_is), "{name}");
            assert!(found.is_recognised());
        }
        assert!(!what(&[]).is_recognised());
        assert!(!what(&[("layer.0.weight", &[3, 3])]).is_recognised());
    }
}
