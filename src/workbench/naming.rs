//! The original (LDM) names of a checkpoint's tensors to those of diffusers and transformers.
//!
//! The way back is [`crate::weights::names`]'s. Where the two layouts cut tensors differently, a name goes to several places
//! ([`Piece`]). No tensor is touched here.

/// The name of a UNet tensor in diffusers, from the original one without `model.diffusion_model.`; `resnets` of a level on the way
/// down. `None` when the name has no place there.
pub(super) fn unet(name: &str, resnets: usize) -> Option<String> {
    const STARTS: [(&str, &str); 7] = [
        ("input_blocks.0.0.", "conv_in."),
        ("time_embed.0.", "time_embedding.linear_1."),
        ("time_embed.2.", "time_embedding.linear_2."),
        ("label_emb.0.0.", "add_embedding.linear_1."),
        ("label_emb.0.2.", "add_embedding.linear_2."),
        ("out.0.", "conv_norm_out."),
        ("out.2.", "conv_out."),
    ];
    if let Some(name) = STARTS
        .iter()
        .find_map(|(theirs, ours)| Some(format!("{ours}{}", name.strip_prefix(theirs)?)))
    {
        return Some(name);
    }
    let (side, rest) = name.split_once('.')?;
    let (block, rest) = number(rest)?;
    if side == "middle_block" {
        return Some(match block {
            1 => format!("mid_block.attentions.0.{rest}"),
            _ => format!("mid_block.resnets.{}.{}", block / 2, resnet(rest)),
        });
    }
    let (part, rest) = number(rest)?;
    let per_level = resnets + 1;
    match side {
        "input_blocks" => {
            let (level, place) = (block.checked_sub(1)? / per_level, (block - 1) % per_level);
            Some(match (place == resnets, part) {
                (true, _) => format!("down_blocks.{level}.downsamplers.0.conv.{}", rest.strip_prefix("op.")?),
                (false, 0) => format!("down_blocks.{level}.resnets.{place}.{}", resnet(rest)),
                (false, _) => format!("down_blocks.{level}.attentions.{place}.{rest}"),
            })
        }
        "output_blocks" => {
            let (level, place) = (block / per_level, block % per_level);
            Some(match part {
                0 => format!("up_blocks.{level}.resnets.{place}.{}", resnet(rest)),
                // Behind the attention or, where a level has none, in its place.
                _ if rest.starts_with("conv.") => format!("up_blocks.{level}.upsamplers.0.{rest}"),
                _ => format!("up_blocks.{level}.attentions.{place}.{rest}"),
            })
        }
        _ => None,
    }
}

fn number(name: &str) -> Option<(usize, &str)> {
    let (number, rest) = name.split_once('.')?;
    Some((number.parse().ok()?, rest))
}

fn resnet(rest: &str) -> String {
    renamed(
        rest,
        &[
            ("in_layers.0.", "norm1."),
            ("in_layers.2.", "conv1."),
            ("emb_layers.1.", "time_emb_proj."),
            ("out_layers.0.", "norm2."),
            ("out_layers.3.", "conv2."),
            ("skip_connection.", "conv_shortcut."),
        ],
    )
}

fn renamed(name: &str, starts: &[(&str, &str)]) -> String {
    starts
        .iter()
        .find_map(|(from, to)| Some(format!("{to}{}", name.strip_prefix(from)?)))
        .unwrap_or_else(|| name.to_owned())
}

/// The name of a VAE tensor in diffusers, from the original one without `first_stage_model.`; `levels` as in the architecture.
pub(super) fn vae(name: &str, levels: usize) -> Option<String> {
    let Some((side @ ("encoder" | "decoder"), rest)) = name.split_once('.') else {
        return Some(name.to_owned());
    };
    let shortcut = |rest: &str| rest.replace("nin_shortcut", "conv_shortcut");
    let rest = if let Some(rest) = rest.strip_prefix("mid.") {
        let (kind, rest) = rest.split_once('.')?;
        match kind {
            "attn_1" => format!("mid_block.attentions.0.{}", vae_attention(rest)),
            "block_1" => format!("mid_block.resnets.0.{}", shortcut(rest)),
            "block_2" => format!("mid_block.resnets.1.{}", shortcut(rest)),
            _ => return None,
        }
    } else if let Some((direction @ ("down" | "up"), rest)) = rest.split_once('.') {
        let (level, rest) = number(rest)?;
        // The decoder's levels are counted from the full picture in the original, from the latent in diffusers.
        let (blocks, level) = if direction == "down" {
            ("down_blocks", level)
        } else {
            ("up_blocks", levels.checked_sub(1 + level)?)
        };
        let (kind, rest) = rest.split_once('.')?;
        match kind {
            "downsample" => format!("{blocks}.{level}.downsamplers.0.{rest}"),
            "upsample" => format!("{blocks}.{level}.upsamplers.0.{rest}"),
            "block" => format!("{blocks}.{level}.resnets.{}", shortcut(rest)),
            _ => return None,
        }
    } else {
        rest.replace("norm_out", "conv_norm_out")
    };
    Some(format!("{side}.{rest}"))
}

fn vae_attention(rest: &str) -> String {
    renamed(
        rest,
        &[
            ("norm.", "group_norm."),
            ("q.", "to_q."),
            ("k.", "to_k."),
            ("v.", "to_v."),
            ("proj_out.", "to_out.0."),
        ],
    )
}

/// Today's name of a VAE tensor in diffusers: before 0.18 its attention had other ones.
pub(super) fn vae_today(name: &str) -> String {
    name.replace(".query.", ".to_q.")
        .replace(".key.", ".to_k.")
        .replace(".value.", ".to_v.")
        .replace(".proj_attn.", ".to_out.0.")
}

/// What becomes of a tensor under another naming.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// Its name there.
    pub(super) name: String,
    /// It is this third of the rows.
    pub(super) third: Option<usize>,
    /// It is the transpose.
    pub(super) transposed: bool,
}

impl Piece {
    fn whole(name: String) -> Self {
        Self {
            name,
            third: None,
            transposed: false,
        }
    }
}

/// The places in transformers' CLIP of a text encoder's tensor under `OpenCLIP`'s name; none for what transformers has not.
pub(super) fn open_clip(name: &str) -> Vec<Piece> {
    let whole = |name: &str| vec![Piece::whole(format!("text_model.{name}"))];
    match name {
        "token_embedding.weight" => return whole("embeddings.token_embedding.weight"),
        "positional_embedding" => return whole("embeddings.position_embedding.weight"),
        "ln_final.weight" => return whole("final_layer_norm.weight"),
        "ln_final.bias" => return whole("final_layer_norm.bias"),
        "text_projection" => {
            return vec![Piece {
                transposed: true,
                ..Piece::whole("text_projection.weight".to_owned())
            }];
        }
        // Some trainers keep it as a layer.
        "text_projection.weight" => return vec![Piece::whole(name.to_owned())],
        _ => {}
    }
    let Some((layer, rest)) = name.strip_prefix("transformer.resblocks.").and_then(number) else {
        return Vec::new();
    };
    let layer = format!("text_model.encoder.layers.{layer}");
    if let Some(kind) = rest.strip_prefix("attn.in_proj_") {
        let piece = |(third, projection)| Piece {
            third: Some(third),
            ..Piece::whole(format!("{layer}.self_attn.{projection}.{kind}"))
        };
        return ["q_proj", "k_proj", "v_proj"]
            .into_iter()
            .enumerate()
            .map(piece)
            .collect();
    }
    let rest = renamed(
        rest,
        &[
            ("attn.out_proj.", "self_attn.out_proj."),
            ("ln_1.", "layer_norm1."),
            ("ln_2.", "layer_norm2."),
            ("mlp.c_fc.", "mlp.fc1."),
            ("mlp.c_proj.", "mlp.fc2."),
        ],
    );
    vec![Piece::whole(format!("{layer}.{rest}"))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::architecture::Unet;
    use crate::weights::names;

    #[test]
    fn a_unets_names_come_back() {
        let unet_of = |depth: Vec<usize>, levels: usize| Unet {
            in_channels: 4,
            out_channels: 4,
            channels: vec![32; levels],
            resnets: 2,
            depth,
            mid_depth: 1,
            heads: vec![1; levels],
            context: 8,
            groups: 32,
            y: None,
        };
        let sd1 = unet_of(vec![1, 1, 1, 0], 4);
        let xl = unet_of(vec![0, 2, 10], 3);
        for (name, model) in [
            ("input_blocks.0.0.weight", &sd1),
            ("input_blocks.3.0.op.weight", &sd1),
            ("input_blocks.5.1.transformer_blocks.0.attn1.to_q.weight", &sd1),
            ("input_blocks.11.0.in_layers.2.bias", &sd1),
            ("middle_block.2.out_layers.3.weight", &sd1),
            ("output_blocks.2.1.conv.weight", &sd1),
            ("output_blocks.5.2.conv.weight", &sd1),
            ("output_blocks.9.0.skip_connection.weight", &sd1),
            ("output_blocks.2.2.conv.weight", &xl),
            ("output_blocks.1.1.proj_in.weight", &xl),
            ("label_emb.0.2.bias", &xl),
            ("out.2.bias", &xl),
        ] {
            let there = unet(name, 2).unwrap();
            assert_eq!(names::ldm_unet(&there, model).as_deref(), Some(name), "by {there}");
        }
    }

    #[test]
    fn a_vaes_names_come_back() {
        for name in [
            "quant_conv.weight",
            "encoder.down.0.downsample.conv.weight",
            "encoder.down.3.block.1.nin_shortcut.weight",
            "encoder.norm_out.bias",
            "decoder.mid.attn_1.proj_out.weight",
            "decoder.mid.block_2.conv1.weight",
            "decoder.up.1.upsample.conv.bias",
        ] {
            let there = vae(name, 4).unwrap();
            assert_eq!(names::ldm_vae(&there, 4).as_deref(), Some(name), "by {there}");
        }
    }
}
