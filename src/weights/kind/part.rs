//! Everything that is no denoiser: adapters, embeddings, VAEs, text encoders, upscalers, controls.

use super::{Kind, Marks, What};
use crate::weights::config::ldm;

/// LoRA and its relatives.
pub(super) fn adapter(marks: &Marks<'_>) -> Option<What> {
    let types = [
        ("LoHa", [".hada_w1_a", ".hada_w1_b"].as_slice()),
        ("LoKr", &[".lokr_w1", ".lokr_w1_a", ".lokr_w2", ".lokr_w2_a"]),
        ("OFT", &[".oft_blocks", ".oft_diag", ".oft_R.weight"]),
        ("BOFT", &[".boft_R"]),
        ("IA3", &[".on_input"]),
        ("GLoRA", &[".a1.weight"]),
        (
            "LoRA",
            &[
                ".lora_down.weight",
                ".lora_up.weight",
                ".lora_A.weight",
                ".lora_B.weight",
                ".lora_A.default.weight",
                "_lora.down.weight",
                "_lora.up.weight",
                ".lora.down.weight",
                ".lora.up.weight",
                ".lora_linear_layer.down.weight",
            ],
        ),
        ("full difference", &[".diff"]),
        ("norm difference", &[".w_norm"]),
    ];
    if marks.has("lora_controlnet") {
        return Some(What::unused(None, "a ControlNet in the form of a LoRA"));
    }
    if marks.starts("lllite_unet_") {
        return Some(What::unused(None, "a ControlNet (LLLite)"));
    }
    // One pass over the names; the first type of the list that any of them has.
    let of_name = |name: &str| {
        types
            .iter()
            .position(|(_, ends)| ends.iter().any(|end| name.ends_with(end)))
    };
    let found = marks.iter().filter_map(|(name, _)| of_name(name)).min()?;
    let name = types[found].0;
    let described = match name {
        "LoHa" | "LoKr" | "OFT" | "BOFT" | "IA3" | "GLoRA" => format!("a LyCORIS network ({name})"),
        _ => format!("a {name}"),
    };
    let (family, of) = adapted(marks).unzip();
    let of = of.map_or_else(String::new, |of| format!(" for {of}"));
    Some(What::new(Kind::Network, family, format!("{described}{of}")))
}

/// The family that an adapter belongs to: by the names of its modules, then by the width of the text that its cross attention reads.
fn adapted(marks: &Marks<'_>) -> Option<(&'static str, &'static str)> {
    const BY_NAME: [(&str, (&str, &str)); 14] = [
        ("lora_unet_double_blocks_", ("flux", "Flux")),
        ("lora_transformer_single_transformer_blocks_", ("flux", "Flux")),
        ("transformer.single_transformer_blocks.", ("flux", "Flux")),
        ("diffusion_model.double_blocks.", ("flux", "Flux")),
        ("lora_unet_joint_blocks_", ("sd3", "SD3")),
        ("transformer.joint_blocks.", ("sd3", "SD3")),
        ("diffusion_model.joint_blocks.", ("sd3", "SD3")),
        ("diffusion_model.blocks.0.cross_attn.", ("wan", "Wan (video)")),
        ("lora_te1_", ("sdxl", "SDXL")),
        ("lora_te2_", ("sdxl", "SDXL")),
        ("text_encoder_2.", ("sdxl", "SDXL")),
        ("lora_prior_unet_", ("cascade", "Stable Cascade")),
        ("lora_unet_layers_0_attention_", ("lumina2", "Lumina 2 or Z-Image")),
        (
            "lora_unet_transformer_blocks_0_attn_add_q_proj",
            ("qwen-image", "Qwen-Image"),
        ),
    ];
    // The factor nearest to the input has the input's width as its second side.
    const INNER: [&str; 7] = [
        ".lora_down.weight",
        ".lora_A.weight",
        ".hada_w1_b",
        "_lora.down.weight",
        ".lora.down.weight",
        ".diff",
        ".weight",
    ];
    if let Some((_, found)) = BY_NAME.iter().find(|(prefix, _)| marks.starts(prefix)) {
        return Some(*found);
    }
    let reads_text = |name: &str| name.contains("attn2") && (name.contains("to_k") || name.contains("to_v"));
    let width = marks.iter().find_map(|(name, shape)| {
        let inner = reads_text(name)
            && INNER.iter().any(|end| name.ends_with(end))
            && !name.contains("lora_up")
            && !name.contains("lora_B");
        inner.then(|| shape.get(1).copied()).flatten()
    });
    let text = || {
        marks.iter().find_map(|(name, shape)| {
            let inner = name.contains("text_model_encoder_layers_")
                && name.contains("q_proj")
                && INNER.iter().any(|end| name.ends_with(end));
            inner.then(|| shape.get(1).copied()).flatten()
        })
    };
    match width.or_else(text)? {
        768 => Some(("sd1", "SD 1")),
        1024 => Some(("sd2", "SD 2")),
        2048 => Some(("sdxl", "SDXL")),
        1280 => Some(("sdxl-refiner", "SDXL's refiner")),
        _ => None,
    }
}

/// What steers a denoiser from outside.
pub(super) fn control(marks: &Marks<'_>) -> Option<What> {
    let (has, starts) = (|name: &str| marks.has(name), |prefix: &str| marks.starts(prefix));
    let what = match () {
        () if starts("control_model.") || starts("controlnet_") || starts("input_hint_block.") => "a ControlNet",
        () if starts("ip_adapter.") || has("image_proj.proj.weight") || starts("image_proj.latents") => "an IP-Adapter",
        () if has("body.0.in_conv.weight") || starts("adapter.body.") || has("body.0.block1.weight") => "a T2I adapter",
        () if has("down_blocks.0.motion_modules.0.temporal_transformer.proj_in.weight") => {
            "a motion module (AnimateDiff)"
        }
        () if starts("position_net.") => "a GLIGEN box model",
        () => return None,
    };
    Some(What::unused(None, what))
}

/// Embeddings and hypernetworks, whose files have few tensors.
pub(super) fn small(marks: &Marks<'_>) -> Option<What> {
    const WIDTHS: [usize; 3] = [768, 1024, 1280];
    let is_embedding = marks.starts("emb_params")
        || marks.starts("string_to_param")
        || (marks.0.len() <= 4 && (marks.has("clip_l") || marks.has("clip_g")))
        || (!marks.0.is_empty()
            && marks.0.len() <= 2
            && marks.iter().all(|(name, shape)| {
                !name.contains('.') && shape.len() <= 2 && shape.last().is_some_and(|width| WIDTHS.contains(width))
            }));
    if is_embedding {
        return Some(What::new(Kind::Embedding, None, "an embedding"));
    }
    // A1111's: width of the context, which of key and value, layer.
    let is_layer = |name: &str| {
        let mut parts = name.split('.');
        let number = |part: Option<&str>| part.is_some_and(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()));
        number(parts.next()) && number(parts.next()) && parts.next() == Some("linear")
    };
    marks
        .iter()
        .any(|(name, _)| is_layer(name))
        .then(|| What::new(Kind::Hypernetwork, None, "a hypernetwork"))
}

/// Autoencoders, also those that danlu does not decode with.
pub(super) fn vae(marks: &Marks<'_>) -> Option<What> {
    let has = |name: &str| marks.has(name);
    let tiny = [
        "decoder.layers.3.conv.0.weight",
        "3.conv.0.weight",
        "taesd_decoder.3.conv.0.weight",
        "decoder.3.conv.0.weight",
    ];
    if tiny.iter().any(|name| has(name)) || has("encoder.layers.1.conv.0.weight") || has("1.conv.0.weight") {
        return Some(What::unused(None, "a tiny autoencoder (TAESD)"));
    }
    if has("conv1.weight") && has("conv8.weight") && marks.dim("conv1.weight", 1) == Some(4) {
        return Some(What::unused(None, "an approximate VAE for previews"));
    }
    if has("vquantizer.codebook.weight") {
        return Some(What::unused(Some("cascade"), "the VAE of Stable Cascade (stage A)"));
    }
    for prefix in [ldm::VAE, "vae.", ""] {
        let latent = marks.dim(&format!("{prefix}decoder.conv_in.weight"), 1);
        let rank = marks
            .0
            .get(format!("{prefix}decoder.conv_in.weight").as_str())
            .map(|shape| shape.len());
        match latent {
            Some(_) if rank == Some(5) => return Some(What::unused(None, "a VAE of a video model")),
            Some(4) => return Some(What::new(Kind::Vae, None, "a VAE")),
            Some(16) => return Some(What::unused(None, "a VAE of 16 channels (SD3, Flux and others)")),
            Some(32 | 128) => return Some(What::unused(Some("flux2"), "the VAE of Flux 2")),
            _ => {}
        }
    }
    if has("encoder.middle.0.residual.0.gamma")
        || has("decoder.middle.0.residual.0.gamma")
        || has("decoder.conv_in.conv.weight")
    {
        return Some(What::unused(None, "a VAE of a video model"));
    }
    (marks.starts("decoder.conv") || marks.starts("decoder.up") || marks.starts(ldm::VAE))
        .then(|| What::new(Kind::Vae, None, "a VAE"))
}

/// Encoders of text and pictures by themselves.
pub(super) fn encoder(marks: &Marks<'_>) -> Option<What> {
    let (has, starts) = (|name: &str| marks.has(name), |prefix: &str| marks.starts(prefix));
    let clip = |prefix: &str| marks.dim(&format!("{prefix}embeddings.token_embedding.weight"), 1);
    let what = match () {
        () if starts("vision_model.") || starts("visual.") || has("visual_projection.weight") => {
            if starts("text_model.") || starts("transformer.resblocks.") {
                "a whole CLIP, of pictures and text"
            } else {
                "a CLIP of pictures"
            }
        }
        () if starts("concept_embeds") => "a safety checker",
        () if has("encoder.block.0.layer.0.SelfAttention.q.weight") => "a T5 text encoder",
        () if starts("text_model.") || clip("").is_some() => match clip("text_model.").or(clip("")) {
            Some(768) => "a CLIP text encoder (L)",
            Some(1024) => "a CLIP text encoder (H)",
            Some(1280) => "a CLIP text encoder (G)",
            _ => "a CLIP text encoder",
        },
        () if starts("transformer.resblocks.") || starts("cond_stage_model.") || starts("conditioner.") => {
            "a text encoder"
        }
        () if has("model.layers.0.self_attn.q_proj.weight")
            || has("model.language_model.layers.0.self_attn.q_proj.weight") =>
        {
            "a language model, the text encoder of newer families"
        }
        () if has("ar_embedder.mlp.0.weight") => "a part of PixArt",
        () => return None,
    };
    Some(What::unused(None, what))
}

/// Upscalers and restorers of faces.
pub(super) fn upscaler(marks: &Marks<'_>) -> Option<What> {
    let inner = |name: &str| {
        ["", "params_ema.", "params."]
            .iter()
            .any(|prefix| marks.has(&format!("{prefix}{name}")))
    };
    let what = match () {
        () if inner("model.1.sub.0.RDB1.conv1.0.weight")
            || inner("RRDB_trunk.0.RDB1.conv1.weight")
            || inner("body.0.rdb1.conv1.weight") =>
        {
            "an upscaler (ESRGAN)"
        }
        () if inner("body.0.weight") && inner("body.1.weight") => "an upscaler (ESRGAN, compact)",
        () if inner("layers.0.residual_group.blocks.0.attn.qkv.weight") => "an upscaler (SwinIR)",
        () if inner("layers.0.residual_group.overlap_attn.qkv.weight") => "an upscaler (HAT)",
        () if inner("layers.0.blocks.0.attn.qkv.weight") => "an upscaler (DAT)",
        () if inner("m_head.0.weight") => "an upscaler (ScuNET)",
        () if inner("stylegan_decoder.constant_input.weight") => "a restorer of faces (GFPGAN)",
        () if inner("position_emb") && inner("quantize.embedding.weight") => "a restorer of faces (CodeFormer)",
        () => return None,
    };
    Some(What::unused(None, what))
}
