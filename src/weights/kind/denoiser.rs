//! Families, told by the network that denoises.

use super::{Kind, Marks, What};
use crate::weights::config::ldm;

/// What other families' networks are called, and a tensor or two that only theirs have.
struct Other {
    family: &'static str,
    name: &'static str,
    all: &'static [&'static str],
}

const fn other(family: &'static str, name: &'static str, all: &'static [&'static str]) -> Other {
    Other { family, name, all }
}

/// In this order: a network before those whose marks it has as well.
const OTHERS: [Other; 41] = [
    other(
        "sd3",
        "SD3 (Stable Diffusion 3)",
        &["joint_blocks.0.context_block.attn.qkv.weight"],
    ),
    other(
        "sd3",
        "SD3 (Stable Diffusion 3)",
        &["joint_blocks.0.x_block.attn.qkv.weight"],
    ),
    other(
        "cascade",
        "Stable Cascade (stage C)",
        &["clf.1.weight", "clip_txt_mapper.weight"],
    ),
    other(
        "cascade",
        "Stable Cascade (stage B)",
        &["clf.1.weight", "clip_mapper.weight"],
    ),
    other("cascade", "Stable Cascade", &["clf.1.weight"]),
    other("auraflow", "AuraFlow", &["double_layers.0.attn.w1q.weight"]),
    other(
        "auraflow",
        "AuraFlow",
        &["joint_transformer_blocks.0.attn.add_k_proj.weight"],
    ),
    other("hunyuan-dit", "Hunyuan-DiT", &["mlp_t5.0.weight"]),
    other(
        "hunyuan-video",
        "Hunyuan Video or Image",
        &["txt_in.individual_token_refiner.blocks.0.norm1.weight"],
    ),
    other(
        "hunyuan-video",
        "Hunyuan Video",
        &["context_embedder.token_refiner.refiner_blocks.0.norm1.weight"],
    ),
    other("flux2", "Flux 2", &["double_stream_modulation_img.lin.weight"]),
    other("flux2", "Flux 2", &["double_stream_modulation_img.linear.weight"]),
    other("chroma", "Chroma", &["distilled_guidance_layer.norms.0.scale"]),
    other("chroma", "Chroma", &["distilled_guidance_layer.norms.0.weight"]),
    other("chroma", "Chroma", &["distilled_guidance_layer.0.norms.0.scale"]),
    other("flux", "Flux", &["double_blocks.0.img_attn.norm.key_norm.scale"]),
    other("flux", "Flux", &["double_blocks.0.img_attn.norm.key_norm.weight"]),
    other("flux", "Flux", &["double_blocks.0.img_attn.proj.weight"]),
    other(
        "flux",
        "Flux",
        &[
            "transformer_blocks.0.attn.add_q_proj.weight",
            "single_transformer_blocks.0.attn.to_q.weight",
        ],
    ),
    other("flux", "Flux", &["double_blocks.0.img_attn.qkv.weight"]),
    other("mochi", "Mochi (video)", &["t5_yproj.weight"]),
    other(
        "pixart",
        "PixArt",
        &[
            "adaln_single.emb.timestep_embedder.linear_1.bias",
            "pos_embed.proj.bias",
        ],
    ),
    other(
        "ltxv",
        "LTX (video)",
        &["adaln_single.emb.timestep_embedder.linear_1.bias"],
    ),
    other("pixart", "PixArt", &["t_block.1.weight"]),
    other(
        "cosmos",
        "Cosmos (video)",
        &["blocks.block0.blocks.0.block.attn.to_q.0.weight"],
    ),
    other(
        "lumina2",
        "Lumina 2 or Z-Image",
        &["cap_embedder.1.weight", "noise_refiner.0.attention.k_norm.weight"],
    ),
    other(
        "lumina2",
        "Lumina 2 or Z-Image",
        &["cap_embedder.1.weight", "noise_refiner.0.attention.norm_k.weight"],
    ),
    other("lumina2", "Lumina 2", &["time_caption_embed.caption_embedder.1.weight"]),
    other("cogvideo", "CogVideo (video)", &["patch_embed.text_proj.weight"]),
    other("wan", "Wan (video)", &["head.modulation"]),
    other(
        "wan",
        "Wan (video)",
        &["condition_embedder.time_embedder.linear_1.weight"],
    ),
    other("hunyuan-3d", "Hunyuan 3D", &["latent_in.weight", "cond_in.weight"]),
    other("hidream", "HiDream", &["caption_projection.0.linear.weight"]),
    other("anima", "Anima", &["llm_adapter.blocks.0.cross_attn.q_proj.weight"]),
    other("cosmos", "Cosmos (Predict 2)", &["blocks.0.mlp.layer1.weight"]),
    other("qwen-image", "Qwen-Image", &["txt_norm.weight"]),
    other(
        "sd3",
        "SD3 (Stable Diffusion 3)",
        &["transformer_blocks.0.attn.add_q_proj.weight", "pos_embed.proj.weight"],
    ),
    other("ace-step", "ACE-Step (sound)", &["genre_embedder.weight"]),
    other(
        "stable-audio",
        "Stable Audio (sound)",
        &["transformer.rotary_pos_emb.inv_freq"],
    ),
    other("kandinsky", "Kandinsky", &["encoder_hid_proj.image_embeds.weight"]),
    other(
        "dit",
        "a diffusion transformer",
        &["blocks.0.adaLN_modulation.1.weight", "x_embedder.proj.weight"],
    ),
];

/// Where a file may keep its denoiser.
const PREFIXES: [&str; 7] = [
    ldm::UNET,
    "",
    "model.",
    "transformer.",
    "diffusion_model.",
    "net.",
    "unet.",
];

/// The family of the denoiser in a file, if there is one.
pub(super) fn told(marks: &Marks<'_>) -> Option<What> {
    let at = |prefix: &str, name: &str| marks.has(&format!("{prefix}{name}"));
    for prefix in PREFIXES {
        if at(prefix, "input_blocks.0.0.weight") {
            return Some(of_stable_diffusion(marks, &Unet::original(marks, prefix)));
        }
        if at(prefix, "conv_in.weight")
            && marks.starts(&format!("{prefix}down_blocks."))
            && at(prefix, "time_embedding.linear_1.weight")
        {
            return Some(of_stable_diffusion(marks, &Unet::diffusers(marks, prefix)));
        }
        if let Some(other) = OTHERS
            .iter()
            .find(|other| other.all.iter().all(|name| at(prefix, name)))
        {
            return Some(What::unused(Some(other.family), described(marks, other.name)));
        }
    }
    // A damaged or odd UNet should still be called one.
    if marks.starts(ldm::UNET) {
        return Some(if marks.has_text() && marks.has_vae() {
            What::new(Kind::Checkpoint, None, "a checkpoint")
        } else {
            What::new(Kind::Unet, None, "a UNet without VAE or text encoder")
        });
    }
    let is_diffusers = marks.starts("down_blocks.") && (marks.starts("mid_block.") || marks.has("conv_in.weight"));
    let is_unet = is_diffusers || marks.starts("input_blocks.");
    is_unet.then(|| What::new(Kind::Unet, None, "a UNet by itself"))
}

/// `a checkpoint of X`, `a model of X without text encoder …`.
fn described(marks: &Marks<'_>, name: &str) -> String {
    match (marks.has_text(), marks.has_vae()) {
        (true, true) => format!("a checkpoint of {name}"),
        _ => format!("the denoiser of {name}"),
    }
}

/// What tells the families of Stable Diffusion apart.
struct Unet {
    channels: Option<usize>,
    context: Option<usize>,
    y: Option<usize>,
    is_video: bool,
    is_pruned: bool,
    is_kolors: bool,
}

impl Unet {
    fn original(marks: &Marks<'_>, prefix: &str) -> Self {
        let dim = |name: &str, axis| marks.dim(&format!("{prefix}{name}"), axis);
        let has = |name: &str| marks.has(&format!("{prefix}{name}"));
        let middle = "middle_block.1.transformer_blocks.0.attn2.to_k.weight";
        let below = (1..12).find_map(|i| dim(&format!("input_blocks.{i}.1.transformer_blocks.0.attn2.to_k.weight"), 1));
        Self {
            channels: dim("input_blocks.0.0.weight", 1),
            context: dim(middle, 1).or(below),
            y: dim("label_emb.0.0.weight", 1),
            is_video: has("input_blocks.1.0.time_stack.in_layers.0.weight")
                || has("input_blocks.1.1.time_stack.0.attn1.to_q.weight"),
            is_pruned: dim(middle, 1).is_none(),
            is_kolors: has("encoder_hid_proj.weight"),
        }
    }

    fn diffusers(marks: &Marks<'_>, prefix: &str) -> Self {
        let dim = |name: &str, axis| marks.dim(&format!("{prefix}{name}"), axis);
        let has = |name: &str| marks.has(&format!("{prefix}{name}"));
        let middle = "mid_block.attentions.0.transformer_blocks.0.attn2.to_k.weight";
        let below = (0..4).find_map(|i| {
            dim(
                &format!("down_blocks.{i}.attentions.0.transformer_blocks.0.attn2.to_k.weight"),
                1,
            )
        });
        Self {
            channels: dim("conv_in.weight", 1),
            context: dim(middle, 1).or(below),
            y: dim("add_embedding.linear_1.weight", 1).or(dim("class_embedding.linear_1.weight", 1)),
            is_video: has("down_blocks.0.resnets.0.temporal_res_block.norm1.weight"),
            is_pruned: dim(middle, 1).is_none(),
            is_kolors: has("encoder_hid_proj.weight"),
        }
    }
}

fn of_stable_diffusion(marks: &Marks<'_>, unet: &Unet) -> What {
    let unused = |family, name: &str| What::unused(Some(family), described(marks, name));
    if unet.is_video {
        return unused("svd", "Stable Video Diffusion");
    }
    if unet.is_kolors {
        return unused("kolors", "Kolors");
    }
    if marks.has("edm_mean") || marks.has("edm_vpred.sigma_max") {
        return unused("sdxl-edm", "SDXL in EDM's formulation (Playground 2.5, CosXL)");
    }
    if marks.starts("cond_stage_model.roberta.") {
        return unused("altdiffusion", "AltDiffusion");
    }
    if unet.y.is_some() && unet.is_pruned {
        return unused("sdxl-pruned", "SDXL with its middle left out (SSD-1B, Segmind Vega)");
    }
    let (family, name) = family(marks, unet);
    if marks.has_text() && marks.has_vae() {
        return What::new(Kind::Checkpoint, family, format!("a checkpoint of {name}"));
    }
    let lacks = match (marks.has_text(), marks.has_vae()) {
        (true, false) => "without VAE",
        (false, true) => "without text encoder",
        _ => "without VAE or text encoder",
    };
    What::new(Kind::Unet, family, format!("a UNet of {name} {lacks}"))
}

/// The family by the widths that differ between them, and what to call it.
fn family(marks: &Marks<'_>, unet: &Unet) -> (Option<&'static str>, &'static str) {
    let is_unclip = marks.has("embedder.model.ln_final.weight")
        || marks.starts("noise_augmentor.")
        || marks.starts("embedder.model.visual.");
    let is_sd2 = unet.context == Some(1024) || marks.starts("cond_stage_model.model.");
    let is_refiner = marks.starts("conditioner.embedders.0.model.") || unet.context == Some(1280);
    match (unet.y, unet.channels) {
        (Some(_), _) if is_unclip || (is_sd2 && !marks.starts("conditioner.")) => (Some("sd2-unclip"), "SD 2 unCLIP"),
        (Some(_), _) if is_refiner => (Some("sdxl-refiner"), "SDXL's refiner"),
        (Some(_), Some(9)) => (Some("sdxl-inpaint"), "SDXL for inpainting"),
        (Some(_), Some(8)) => (Some("sdxl-ip2p"), "SDXL InstructPix2Pix"),
        (Some(_), _) => (Some("sdxl"), "SDXL"),
        (None, Some(9)) if is_sd2 => (Some("sd2-inpaint"), "SD 2 for inpainting"),
        (None, Some(5)) if is_sd2 => (Some("sd2-depth"), "SD 2 with depth"),
        (None, _) if is_sd2 => (Some("sd2"), "SD 2"),
        (None, Some(9)) => (Some("sd1-inpaint"), "SD 1 for inpainting"),
        (None, Some(8)) => (Some("sd1-ip2p"), "SD 1 InstructPix2Pix"),
        (None, Some(7)) => (Some("sd-upscaler"), "the SD upscaler"),
        (None, _) => (Some("sd1"), "SD 1"),
    }
}
