//! Which block of a model a network's module changes, by its name in kohya's, diffusers' or the original spelling.
//!
//! The blocks are those that people merge by: `IN00` to `IN11`, `MID`, `OUT00` to `OUT11`, and the text encoders before them.

/// Blocks of a level: two residual blocks and one that changes the size.
const PER_LEVEL: usize = 3;

/// A block, in the order of a model.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place {
    side: Side,
    number: usize,
    label: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Side {
    Text,
    In,
    Mid,
    Out,
    Rest,
}

impl Place {
    fn new(side: Side, number: usize, label: impl Into<String>) -> Self {
        Self {
            side,
            number,
            label: label.into(),
        }
    }

    /// What the block is called.
    pub(super) fn label(&self) -> &str {
        &self.label
    }

    /// Whether it belongs to a text encoder.
    pub(super) fn is_text(&self) -> bool {
        self.side == Side::Text
    }
}

/// The block of a module.
pub(super) fn place(module: &str) -> Place {
    if let Some((number, label)) = text(module) {
        return Place::new(Side::Text, number, label);
    }
    let words: Vec<&str> = module.split(['.', '_']).filter(|word| !word.is_empty()).collect();
    let after = |first: &str, second: &str| {
        let at = words.windows(2).position(|pair| pair == [first, second])?;
        let mut numbers = words[at + 2..].iter();
        let level: usize = numbers.next()?.parse().ok()?;
        Some((level, &words[at + 3..]))
    };
    // The place of a layer within its level, by diffusers' names.
    let within = |rest: &[&str]| -> Option<(bool, usize)> {
        let sampler = rest.first().is_some_and(|word| word.ends_with("samplers"));
        let number = rest.get(1)?.parse().ok()?;
        Some((sampler, number))
    };
    let inside = |number: usize| Place::new(Side::In, number, format!("IN{number:02}"));
    let outside = |number: usize| Place::new(Side::Out, number, format!("OUT{number:02}"));
    if let Some((number, _)) = after("input", "blocks") {
        return inside(number);
    }
    if let Some((number, _)) = after("output", "blocks") {
        return outside(number);
    }
    let level_of = |level: usize| level.saturating_mul(PER_LEVEL);
    if let Some((level, rest)) = after("down", "blocks") {
        return match within(rest) {
            Some((true, _)) => inside(level_of(level.saturating_add(1))),
            Some((false, number)) => inside(level_of(level).saturating_add(1).saturating_add(number)),
            None => inside(level_of(level)),
        };
    }
    if let Some((level, rest)) = after("up", "blocks") {
        return match within(rest) {
            Some((true, _)) => outside(level_of(level).saturating_add(PER_LEVEL - 1)),
            Some((false, number)) => outside(level_of(level).saturating_add(number)),
            None => outside(level_of(level)),
        };
    }
    let holds = |first: &str, second: &str| words.windows(2).any(|pair| pair == [first, second]);
    if holds("mid", "block") || holds("middle", "block") {
        return Place::new(Side::Mid, 0, "MID");
    }
    if holds("conv", "in") {
        return inside(0);
    }
    Place::new(Side::Rest, number_of(&words), rest(&words))
}

/// A text encoder and what it is called.
fn text(module: &str) -> Option<(usize, &'static str)> {
    const TEXTS: [(&str, usize, &str); 11] = [
        ("lora_te1_", 1, "te1"),
        ("lora_te2_", 2, "te2"),
        ("lora_te3_", 3, "te3"),
        ("lora_te_", 0, "te"),
        ("lycoris_text_", 0, "te"),
        ("text_encoder_2", 2, "te2"),
        ("text_encoder_3", 3, "te3"),
        ("text_encoder", 0, "te"),
        ("lora_prior_te_", 0, "te"),
        ("cond_stage_model", 0, "te"),
        ("conditioner.embedders.1", 2, "te2"),
    ];
    let module = module.strip_prefix("base_model.model.").unwrap_or(module);
    let found = TEXTS.iter().find(|(begin, ..)| module.starts_with(begin));
    if let Some((_, number, label)) = found {
        return Some((*number, label));
    }
    if module.starts_with("conditioner.embedders.0") {
        return Some((1, "te1"));
    }
    ["text_model", "transformer_text_model"]
        .iter()
        .any(|part| module.contains(part))
        .then_some((0, "te"))
}

/// The first number in a name.
fn number_of(words: &[&str]) -> usize {
    words.iter().find_map(|word| word.parse().ok()).unwrap_or_default()
}

/// A name up to its first number, that included, without what only says who wrote it.
fn rest(words: &[&str]) -> String {
    const WRITERS: [&str; 7] = ["lora", "unet", "lycoris", "transformer", "diffusion", "model", "base"];
    let skipped = words.iter().take_while(|word| WRITERS.contains(word)).count();
    let words = &words[skipped..];
    let end = words
        .iter()
        .position(|word| word.bytes().all(|byte| byte.is_ascii_digit()))
        .map_or(words.len(), |at| at + 1);
    match words[..end].join("_") {
        name if name.is_empty() => "rest".to_owned(),
        name => name,
    }
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn blocks_are_those_that_people_merge_by() {
        for (module, label) in [
            ("lora_te_text_model_encoder_layers_0_mlp_fc1", "te"),
            ("lora_te1_text_model_encoder_layers_0_mlp_fc1", "te1"),
            ("lora_te2_text_model_encoder_layers_31_mlp_fc1", "te2"),
            ("text_encoder_2.text_model.encoder.layers.0.self_attn.q_proj", "te2"),
            ("text_encoder.text_model.encoder.layers.0.self_attn.q_proj", "te"),
            ("lora_unet_conv_in", "IN00"),
            ("lora_unet_down_blocks_0_attentions_1_proj_in", "IN02"),
            ("lora_unet_down_blocks_0_downsamplers_0_conv", "IN03"),
            ("lora_unet_down_blocks_3_resnets_1_conv2", "IN11"),
            (
                "unet.down_blocks.2.attentions.0.transformer_blocks.0.attn1.to_q",
                "IN07",
            ),
            ("lora_unet_mid_block_attentions_0_proj_out", "MID"),
            ("lora_unet_middle_block_1_proj_out", "MID"),
            ("lora_unet_up_blocks_0_resnets_2_conv1", "OUT02"),
            ("lora_unet_up_blocks_0_upsamplers_0_conv", "OUT02"),
            ("lora_unet_up_blocks_3_attentions_2_proj_in", "OUT11"),
            ("lora_unet_input_blocks_8_1_proj_in", "IN08"),
            ("lora_unet_output_blocks_0_1_proj_in", "OUT00"),
            ("diffusion_model.output_blocks.5.1.proj_in", "OUT05"),
            ("lora_unet_double_blocks_7_img_attn_proj", "double_blocks_7"),
            ("lora_unet_time_embed_0", "time_embed_0"),
            ("", "rest"),
        ] {
            assert_eq!(place(module).label(), label, "{module}");
        }
    }

    #[test]
    fn blocks_stand_in_the_order_of_a_model() {
        let names = [
            "lora_unet_up_blocks_3_x",
            "lora_unet_down_blocks_0_x",
            "lora_te_x",
            "lora_unet_mid_block_x",
        ];
        let mut places: Vec<_> = names.map(place).to_vec();
        places.sort();
        let labels: Vec<_> = places.iter().map(|place| place.label().to_owned()).collect();
        assert_eq!(labels, ["te", "IN00", "MID", "OUT09"]);
    }
}
