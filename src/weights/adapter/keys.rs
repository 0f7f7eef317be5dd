//! The keys of a network file: which module a tensor belongs to, and which part of it it is.
//!
//! kohya and LyCORIS write `lora_unet_mid_block_….lora_up.weight`, one dot between module and part; diffusers and PEFT write the
//! module's own dots and parts of many spellings. Both are read from the end, so that a module's name may hold anything.

/// Endings of keys, each with the name of the part that it is: kohya's and LyCORIS's own, and the spellings of others for them.
///
/// Where one ending is the end of another, the longer comes first.
const ENDINGS: [(&str, &str); 55] = [
    // diffusers before PEFT: attention processors, and layers with a LoRA inside.
    ("_lora.up.weight", UP),
    ("_lora.down.weight", DOWN),
    (".lora_linear_layer.up.weight", UP),
    (".lora_linear_layer.down.weight", DOWN),
    (".lora.up.weight", UP),
    (".lora.down.weight", DOWN),
    // PEFT.
    (".lora_B.default.weight", UP),
    (".lora_A.default.weight", DOWN),
    (".lora_B.default_0.weight", UP),
    (".lora_A.default_0.weight", DOWN),
    (".lora_B.weight", UP),
    (".lora_A.weight", DOWN),
    (".lora_magnitude_vector.default.weight", MAGNITUDE),
    (".lora_magnitude_vector.default", MAGNITUDE),
    (".lora_magnitude_vector.weight", MAGNITUDE),
    (".lora_magnitude_vector", MAGNITUDE),
    (".hada_w1_a.default", "hada_w1_a"),
    (".hada_w1_b.default", "hada_w1_b"),
    (".hada_w2_a.default", "hada_w2_a"),
    (".hada_w2_b.default", "hada_w2_b"),
    // kohya and LyCORIS.
    (".lora_up.weight", UP),
    (".lora_down.weight", DOWN),
    (".lora_mid.weight", "lora_mid.weight"),
    (".alpha", "alpha"),
    (".scale", "scale"),
    (".dora_scale", "dora_scale"),
    (".hada_w1_a", "hada_w1_a"),
    (".hada_w1_b", "hada_w1_b"),
    (".hada_w2_a", "hada_w2_a"),
    (".hada_w2_b", "hada_w2_b"),
    (".hada_t1", "hada_t1"),
    (".hada_t2", "hada_t2"),
    (".lokr_w1", "lokr_w1"),
    (".lokr_w1_a", "lokr_w1_a"),
    (".lokr_w1_b", "lokr_w1_b"),
    (".lokr_w2", "lokr_w2"),
    (".lokr_w2_a", "lokr_w2_a"),
    (".lokr_w2_b", "lokr_w2_b"),
    (".lokr_t2", "lokr_t2"),
    (".oft_blocks", "oft_blocks"),
    (".oft_diag", "oft_diag"),
    (".rescale", "rescale"),
    (".on_input", "on_input"),
    (".diff", "diff"),
    (".diff_b", "diff_b"),
    (".w_norm", "w_norm"),
    (".b_norm", "b_norm"),
    (".a1.weight", "a1.weight"),
    (".a2.weight", "a2.weight"),
    (".b1.weight", "b1.weight"),
    (".b2.weight", "b2.weight"),
    (".bm.weight", "bm.weight"),
    (".bias_indices", "bias_indices"),
    (".bias_values", "bias_values"),
    (".bias_size", "bias_size"),
];
/// Parts that are also the names of a whole model's tensors, and so count just beside others.
const PLAIN: [(&str, &str); 2] = [(".weight", "weight"), (".bias", "bias")];

/// The part that holds a LoRA's way up.
pub(super) const UP: &str = "lora_up.weight";
/// The part that holds a LoRA's way down.
pub(super) const DOWN: &str = "lora_down.weight";

/// The part that holds PEFT's magnitudes of rows (DoRA). LyCORIS's `dora_scale` may be of rows or of columns.
pub(super) const MAGNITUDE: &str = "lora_magnitude_vector";

/// A key in two: the module as it is written, and the part by kohya's or LyCORIS's name.
pub(super) fn split(key: &str) -> Option<(&str, &'static str)> {
    let cut = |(ending, part): &(&str, &'static str)| Some((key.strip_suffix(ending)?, *part));
    ENDINGS
        .iter()
        .find_map(cut)
        .or_else(|| PLAIN.iter().find_map(cut))
        .filter(|(module, _)| !module.is_empty())
}

/// Name and inner key of a tensor of an embedding that lies in the file, `bundle_emb.<name>.<key>`.
pub(super) fn bundled(key: &str) -> Option<(&str, &str)> {
    key.strip_prefix("bundle_emb.")?.split_once('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_cut_whoever_wrote_them() {
        for (key, module, part) in [
            (
                "lora_te_text_model_encoder_layers_0_mlp_fc1.alpha",
                "lora_te_text_model_encoder_layers_0_mlp_fc1",
                "alpha",
            ),
            (
                "unet.mid_block.attentions.0.proj_in.lora_A.weight",
                "unet.mid_block.attentions.0.proj_in",
                DOWN,
            ),
            (
                "unet.mid_block.attentions.0.transformer_blocks.0.attn1.processor.to_out_lora.up.weight",
                "unet.mid_block.attentions.0.transformer_blocks.0.attn1.processor.to_out",
                UP,
            ),
            (
                "text_encoder.text_model.encoder.layers.0.self_attn.q_proj.lora_linear_layer.down.weight",
                "text_encoder.text_model.encoder.layers.0.self_attn.q_proj",
                DOWN,
            ),
            (
                "base_model.model.conv_in.lora_magnitude_vector.default.weight",
                "base_model.model.conv_in",
                MAGNITUDE,
            ),
            (
                "lora_unet_mid_block_resnets_0_conv1.lokr_w2_a",
                "lora_unet_mid_block_resnets_0_conv1",
                "lokr_w2_a",
            ),
            ("lora_unet_conv_in.weight", "lora_unet_conv_in", "weight"),
        ] {
            assert_eq!(split(key), Some((module, part)), "{key}");
        }
        assert_eq!(split("lora_unet_conv_in.strange"), None);
        assert_eq!(split(".alpha"), None);
        assert_eq!(
            bundled("bundle_emb.狐.string_to_param.*"),
            Some(("狐", "string_to_param.*"))
        );
    }
}
