//! Where each tensor of a network lies in a file.
//!
//! The networks of [`crate::nn`] name their tensors as diffusers and transformers do. This module knows what the same tensor is
//! called in the original (LDM) layout, and where two layouts cut tensors differently ([`Place`]). It reads no file.

use super::architecture::Unet;

/// A tensor's place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The name in the file.
    pub name: String,
    /// Take the `part`th of so many equal blocks of rows: `OpenCLIP` stacks the q, k and v projections.
    pub rows: Option<(usize, usize)>,
    /// The file holds the transpose.
    pub transposed: bool,
}

impl Place {
    /// All of a tensor, as it is.
    pub fn whole(name: String) -> Self {
        Self {
            name,
            rows: None,
            transposed: false,
        }
    }
}

/// The name of a UNet tensor in the original layout, without `model.diffusion_model.`.
///
/// `None` when the name has no place there.
pub fn ldm_unet(name: &str, unet: &Unet) -> Option<String> {
    const ENDS: [(&str, &str); 7] = [
        ("conv_in.", "input_blocks.0.0."),
        ("time_embedding.linear_1.", "time_embed.0."),
        ("time_embedding.linear_2.", "time_embed.2."),
        ("add_embedding.linear_1.", "label_emb.0.0."),
        ("add_embedding.linear_2.", "label_emb.0.2."),
        ("conv_norm_out.", "out.0."),
        ("conv_out.", "out.2."),
    ];
    for (ours, theirs) in ENDS {
        if let Some(rest) = name.strip_prefix(ours) {
            return Some(format!("{theirs}{rest}"));
        }
    }
    let per_level = unet.resnets + 1;
    let (side, rest) = name.split_once('.')?;
    if side == "mid_block" {
        let (kind, j, rest) = split_layer(rest)?;
        return Some(match kind {
            "attentions" => format!("middle_block.1.{rest}"),
            _ => format!("middle_block.{}.{}", 2 * j, ldm_resnet(rest)),
        });
    }
    let (level, rest) = rest.split_once('.')?;
    let level: usize = level.parse().ok()?;
    let (kind, j, rest) = split_layer(rest)?;
    let block = match (side, kind) {
        ("down_blocks", "downsamplers") => {
            return Some(format!(
                "input_blocks.{}.0.op.{}",
                (level + 1) * per_level,
                rest.strip_prefix("conv.")?
            ));
        }
        ("up_blocks", "upsamplers") => {
            let attends = *unet.depth.iter().rev().nth(level)? > 0;
            return Some(format!(
                "output_blocks.{}.{}.{rest}",
                level * per_level + unet.resnets,
                1 + usize::from(attends)
            ));
        }
        ("down_blocks", _) => format!("input_blocks.{}", 1 + level * per_level + j),
        ("up_blocks", _) => format!("output_blocks.{}", level * per_level + j),
        _ => return None,
    };
    Some(match kind {
        "attentions" => format!("{block}.1.{rest}"),
        _ => format!("{block}.0.{}", ldm_resnet(rest)),
    })
}

/// Splits `resnets.0.conv1.weight` into kind, number and rest.
fn split_layer(name: &str) -> Option<(&str, usize, &str)> {
    let (kind, rest) = name.split_once('.')?;
    let (number, rest) = rest.split_once('.')?;
    Some((kind, number.parse().ok()?, rest))
}

fn ldm_resnet(rest: &str) -> String {
    const PARTS: [(&str, &str); 6] = [
        ("norm1.", "in_layers.0."),
        ("conv1.", "in_layers.2."),
        ("time_emb_proj.", "emb_layers.1."),
        ("norm2.", "out_layers.0."),
        ("conv2.", "out_layers.3."),
        ("conv_shortcut.", "skip_connection."),
    ];
    PARTS
        .iter()
        .find_map(|(ours, theirs)| rest.strip_prefix(ours).map(|tail| format!("{theirs}{tail}")))
        .unwrap_or_else(|| rest.to_owned())
}

/// The name of a VAE tensor in the original layout, without `first_stage_model.`; `levels` as in the architecture.
pub fn ldm_vae(name: &str, levels: usize) -> Option<String> {
    let Some((side @ ("encoder" | "decoder"), rest)) = name.split_once('.') else {
        return Some(name.to_owned());
    };
    let rest = if let Some(rest) = rest.strip_prefix("mid_block.") {
        let (kind, j, rest) = split_layer(rest)?;
        match kind {
            "attentions" => format!("mid.attn_1.{}", ldm_vae_attention(rest)),
            _ => format!("mid.block_{}.{}", j + 1, rest.replace("conv_shortcut", "nin_shortcut")),
        }
    } else if let Some((down @ ("down_blocks" | "up_blocks"), rest)) = rest.split_once('.') {
        let (level, rest) = rest.split_once('.')?;
        let level: usize = level.parse().ok()?;
        let (kind, j, rest) = split_layer(rest)?;
        // The decoder's levels are counted from the full picture in the original, from the latent in diffusers.
        let (direction, level) = if down == "down_blocks" {
            ("down", level)
        } else {
            ("up", levels.checked_sub(1 + level)?)
        };
        match kind {
            "downsamplers" => format!("{direction}.{level}.downsample.{rest}"),
            "upsamplers" => format!("{direction}.{level}.upsample.{rest}"),
            _ => format!(
                "{direction}.{level}.block.{j}.{}",
                rest.replace("conv_shortcut", "nin_shortcut")
            ),
        }
    } else {
        rest.replace("conv_norm_out", "norm_out")
    };
    Some(format!("{side}.{rest}"))
}

fn ldm_vae_attention(rest: &str) -> String {
    const PARTS: [(&str, &str); 5] = [
        ("group_norm.", "norm."),
        ("to_q.", "q."),
        ("to_k.", "k."),
        ("to_v.", "v."),
        ("to_out.0.", "proj_out."),
    ];
    PARTS
        .iter()
        .find_map(|(ours, theirs)| rest.strip_prefix(ours).map(|tail| format!("{theirs}{tail}")))
        .unwrap_or_else(|| rest.to_owned())
}

/// The names a VAE tensor may have in a diffusers folder: today's, and the attention's before diffusers 0.18.
pub fn diffusers_vae(name: &str) -> Vec<String> {
    let old = name
        .replace(".to_q.", ".query.")
        .replace(".to_k.", ".key.")
        .replace(".to_v.", ".value.")
        .replace(".to_out.0.", ".proj_attn.");
    if old == name {
        vec![old]
    } else {
        vec![name.to_owned(), old]
    }
}

/// The places of a text encoder's tensor under transformers' naming; some files leave `text_model.` out.
pub fn transformers_text(name: &str) -> Vec<Place> {
    let mut places = vec![
        Place::whole(format!("text_model.{name}")),
        Place::whole(name.to_owned()),
    ];
    if name == "text_projection.weight" {
        // Original SDXL files of some trainers keep OpenCLIP's bare matrix, which multiplies from the other side.
        places.push(Place {
            transposed: true,
            ..Place::whole("text_projection".to_owned())
        });
    }
    places
}

/// The place of a text encoder's tensor under `OpenCLIP`'s naming.
pub fn open_clip_text(name: &str) -> Option<Place> {
    const PARTS: [(&str, &str); 5] = [
        ("self_attn.out_proj.", "attn.out_proj."),
        ("layer_norm1.", "ln_1."),
        ("layer_norm2.", "ln_2."),
        ("mlp.fc1.", "mlp.c_fc."),
        ("mlp.fc2.", "mlp.c_proj."),
    ];
    const WHOLE: [(&str, &str); 4] = [
        ("embeddings.token_embedding.weight", "token_embedding.weight"),
        ("embeddings.position_embedding.weight", "positional_embedding"),
        ("final_layer_norm.weight", "ln_final.weight"),
        ("final_layer_norm.bias", "ln_final.bias"),
    ];
    if let Some((_, theirs)) = WHOLE.iter().find(|(ours, _)| *ours == name) {
        return Some(Place::whole((*theirs).to_owned()));
    }
    if name == "text_projection.weight" {
        return Some(Place {
            transposed: true,
            ..Place::whole("text_projection".to_owned())
        });
    }
    let rest = name.strip_prefix("encoder.layers.")?;
    let (layer, rest) = rest.split_once('.')?;
    let block = format!("transformer.resblocks.{layer}");
    for (part, projection) in ["q_proj", "k_proj", "v_proj"].into_iter().enumerate() {
        if let Some(kind) = rest.strip_prefix("self_attn.").and_then(|r| r.strip_prefix(projection)) {
            let name = format!("{block}.attn.in_proj_{}", kind.strip_prefix('.')?);
            return Some(Place {
                name,
                rows: Some((part, 3)),
                transposed: false,
            });
        }
    }
    PARTS.iter().find_map(|(ours, theirs)| {
        rest.strip_prefix(ours)
            .map(|tail| Place::whole(format!("{block}.{theirs}{tail}")))
    })
}
