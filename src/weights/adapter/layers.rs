//! The layers of a model that networks can change, and every name that trainers give them.
//!
//! A layer's own name is diffusers', as [`crate::nn`] asks for it. Network files know it by that name with underscores (kohya), by the
//! original one (SGM, LDM), by transformers' or `OpenCLIP`'s. Only the UNet and the text encoders have layers here.

use std::collections::HashMap;

use crate::weights::Architecture;
use crate::weights::architecture::{TextEncoder, Unet};
use crate::weights::checkpoint::Network;
use crate::weights::names;

/// A layer: a linear one, a convolution or a normalisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Whose it is.
    pub network: Network,
    /// Its name in that network, without `.weight`: `down_blocks.0.resnets.0.conv1`, `encoder.layers.0.mlp.fc1`.
    pub name: String,
    /// Its weight's shape: `[out, in]`, `[out, in, kernel, kernel]`, or `[channels]` of a normalisation.
    pub shape: Vec<usize>,
}

/// All layers of a model that networks can change.
pub fn all(architecture: &Architecture) -> Vec<Target> {
    let mut layers = Collector {
        network: Network::Unet,
        found: Vec::new(),
    };
    layers.unet(&architecture.unet);
    for (index, encoder) in architecture.text.iter().enumerate() {
        layers.network = Network::Text(index);
        layers.text(encoder);
    }
    layers.found
}

struct Collector {
    network: Network,
    found: Vec<Target>,
}

impl Collector {
    fn add(&mut self, name: impl Into<String>, shape: &[usize]) {
        self.found.push(Target {
            network: self.network,
            name: name.into(),
            shape: shape.to_vec(),
        });
    }

    fn unet(&mut self, unet: &Unet) {
        let channels = &unet.channels;
        let (Some(&first), Some(&last)) = (channels.first(), channels.last()) else {
            return;
        };
        let embedding = 4 * first;
        self.add("conv_in", &[first, unet.in_channels, 3, 3]);
        self.add("time_embedding.linear_1", &[embedding, first]);
        self.add("time_embedding.linear_2", &[embedding, embedding]);
        if let Some(y) = unet.y {
            self.add("add_embedding.linear_1", &[embedding, y]);
            self.add("add_embedding.linear_2", &[embedding, embedding]);
        }
        for (level, &width) in channels.iter().enumerate() {
            let block = format!("down_blocks.{level}");
            for j in 0..unet.resnets {
                let inputs = if j == 0 {
                    channels[level.saturating_sub(1)]
                } else {
                    width
                };
                self.resnet(&format!("{block}.resnets.{j}"), inputs, width, embedding);
                self.transformer(
                    &format!("{block}.attentions.{j}"),
                    width,
                    unet.context,
                    unet.depth[level],
                );
            }
            if level + 1 < channels.len() {
                self.add(format!("{block}.downsamplers.0.conv"), &[width, width, 3, 3]);
            }
        }
        self.resnet("mid_block.resnets.0", last, last, embedding);
        self.transformer("mid_block.attentions.0", last, unet.context, unet.mid_depth);
        self.resnet("mid_block.resnets.1", last, last, embedding);
        for (level, &width) in channels.iter().enumerate().rev() {
            let block = format!("up_blocks.{}", channels.len() - 1 - level);
            let below = channels[(level + 1).min(channels.len() - 1)];
            for j in 0..=unet.resnets {
                let x = if j == 0 { below } else { width };
                let skip = if j == unet.resnets {
                    channels[level.saturating_sub(1)]
                } else {
                    width
                };
                self.resnet(&format!("{block}.resnets.{j}"), x + skip, width, embedding);
                self.transformer(
                    &format!("{block}.attentions.{j}"),
                    width,
                    unet.context,
                    unet.depth[level],
                );
            }
            if level > 0 {
                self.add(format!("{block}.upsamplers.0.conv"), &[width, width, 3, 3]);
            }
        }
        self.add("conv_norm_out", &[first]);
        self.add("conv_out", &[unet.out_channels, first, 3, 3]);
    }

    fn resnet(&mut self, at: &str, inputs: usize, outputs: usize, embedding: usize) {
        self.add(format!("{at}.norm1"), &[inputs]);
        self.add(format!("{at}.conv1"), &[outputs, inputs, 3, 3]);
        self.add(format!("{at}.time_emb_proj"), &[outputs, embedding]);
        self.add(format!("{at}.norm2"), &[outputs]);
        self.add(format!("{at}.conv2"), &[outputs, outputs, 3, 3]);
        if inputs != outputs {
            self.add(format!("{at}.conv_shortcut"), &[outputs, inputs, 1, 1]);
        }
    }

    /// Nothing where there are no blocks, as in the levels of a UNet that do not attend.
    fn transformer(&mut self, at: &str, width: usize, context: usize, blocks: usize) {
        if blocks == 0 {
            return;
        }
        self.add(format!("{at}.norm"), &[width]);
        self.add(format!("{at}.proj_in"), &[width, width]);
        for block in 0..blocks {
            let at = format!("{at}.transformer_blocks.{block}");
            for (attention, inputs) in [("attn1", width), ("attn2", context)] {
                self.add(format!("{at}.{attention}.to_q"), &[width, width]);
                self.add(format!("{at}.{attention}.to_k"), &[width, inputs]);
                self.add(format!("{at}.{attention}.to_v"), &[width, inputs]);
                self.add(format!("{at}.{attention}.to_out.0"), &[width, width]);
            }
            for norm in ["norm1", "norm2", "norm3"] {
                self.add(format!("{at}.{norm}"), &[width]);
            }
            self.add(format!("{at}.ff.net.0.proj"), &[8 * width, width]);
            self.add(format!("{at}.ff.net.2"), &[width, 4 * width]);
        }
        self.add(format!("{at}.proj_out"), &[width, width]);
    }

    fn text(&mut self, encoder: &TextEncoder) {
        let (width, inner) = (encoder.width, encoder.feed_forward);
        for layer in 0..encoder.layers {
            let at = format!("encoder.layers.{layer}");
            self.add(format!("{at}.layer_norm1"), &[width]);
            for projection in ["q_proj", "k_proj", "v_proj", "out_proj"] {
                self.add(format!("{at}.self_attn.{projection}"), &[width, width]);
            }
            self.add(format!("{at}.layer_norm2"), &[width]);
            self.add(format!("{at}.mlp.fc1"), &[inner, width]);
            self.add(format!("{at}.mlp.fc2"), &[width, inner]);
        }
        self.add("final_layer_norm", &[width]);
        if let Some(outputs) = encoder.projection {
            self.add("text_projection", &[outputs, width]);
        }
    }
}

/// The part of a model that a name's beginning tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Unet,
    /// The only text encoder, of models that have one.
    OnlyText,
    FirstText,
    SecondText,
    /// Not told.
    Any,
}

/// Beginnings of names, with underscores for dots; the longer before the shorter.
const BEGINNINGS: [(&str, Side); 26] = [
    ("lora_unet_", Side::Unet),
    ("lycoris_unet_", Side::Unet),
    ("oft_unet_", Side::Unet),
    ("unet_", Side::Unet),
    ("model_diffusion_model_", Side::Unet),
    ("lora_diffusion_model_", Side::Unet),
    ("diffusion_model_", Side::Unet),
    ("lora_te1_", Side::FirstText),
    ("lora_te2_", Side::SecondText),
    ("lora_te_", Side::OnlyText),
    ("lycoris_te1_", Side::FirstText),
    ("lycoris_te2_", Side::SecondText),
    ("lycoris_te_", Side::OnlyText),
    ("oft_te_", Side::OnlyText),
    ("te1_", Side::FirstText),
    ("te2_", Side::SecondText),
    ("te_", Side::OnlyText),
    ("text_encoder_2_", Side::SecondText),
    ("text_encoder_", Side::FirstText),
    ("text_encoders_clip_g_", Side::SecondText),
    ("text_encoders_clip_l_", Side::FirstText),
    ("cond_stage_model_", Side::OnlyText),
    ("conditioner_embedders_0_", Side::FirstText),
    ("conditioner_embedders_1_", Side::SecondText),
    ("lycoris_", Side::Any),
    ("lora_", Side::Any),
];
/// What PEFT's wrapper puts before a name, or behind the network's.
const WRAPPER: &str = "base_model_model_";

/// Every name of every layer of one model.
#[derive(Debug)]
pub struct Names {
    targets: Vec<Target>,
    places: HashMap<(Network, String), usize>,
    /// Text encoders that networks know: a refiner's is of no network's kind.
    texts: usize,
}

impl Names {
    /// The names of a model's layers.
    pub fn of(architecture: &Architecture) -> Self {
        let targets = all(architecture);
        let mut places = HashMap::new();
        for (index, target) in targets.iter().enumerate() {
            for name in spellings(target, &architecture.unet) {
                places.insert((target.network, name.replace('.', "_")), index);
            }
        }
        let is_refiner = architecture.text.len() == 1 && architecture.unet.y.is_some();
        Self {
            targets,
            places,
            texts: if is_refiner { 0 } else { architecture.text.len() },
        }
    }

    /// The layer that a network's module is meant for.
    pub fn find(&self, module: &str) -> Option<&Target> {
        let name = module.replace('.', "_");
        let name = name.strip_prefix(WRAPPER).unwrap_or(&name);
        let beginnings = BEGINNINGS.iter().filter_map(|(beginning, side)| {
            let rest = name.strip_prefix(beginning)?;
            Some((rest.strip_prefix(WRAPPER).unwrap_or(rest), *side))
        });
        beginnings
            .chain([(name, Side::Any)])
            .find_map(|(rest, side)| self.within(side, rest))
    }

    fn within(&self, side: Side, name: &str) -> Option<&Target> {
        // Attention processors of early diffusers.
        let name = name.replace("_processor_to_", "_to_");
        let networks = match side {
            Side::Unet => vec![Network::Unet],
            Side::OnlyText if self.texts == 1 => vec![Network::Text(0)],
            Side::FirstText if self.texts > 0 => vec![Network::Text(0)],
            Side::SecondText if self.texts > 1 => vec![Network::Text(1)],
            Side::Any => (0..self.texts.min(1))
                .map(Network::Text)
                .chain([Network::Unet])
                .collect(),
            _ => Vec::new(),
        };
        networks.into_iter().find_map(|network| {
            let index = self.places.get(&(network, name.clone()))?;
            self.targets.get(*index)
        })
    }
}

/// All names of one layer within its network.
fn spellings(target: &Target, unet: &Unet) -> Vec<String> {
    let own = &target.name;
    let without_weight = |name: String| name.strip_suffix(".weight").map(str::to_owned);
    let mut names = vec![own.clone()];
    if target.network == Network::Unet {
        names.extend(names::ldm_unet(&format!("{own}.weight"), unet).and_then(without_weight));
        let outputs: Vec<_> = names.iter().filter_map(|name| name.strip_suffix(".to_out.0")).collect();
        names.extend(
            outputs
                .into_iter()
                .map(|start| format!("{start}.to_out"))
                .collect::<Vec<_>>(),
        );
        return names;
    }
    // Diffusers named a text encoder's layers like a UNet's for a while.
    if let Some(old) = own.strip_suffix("_proj").and_then(|start| start.rsplit_once('.')) {
        names.push(format!("{}.to_{}", old.0, old.1));
    }
    names.extend(names.clone().iter().map(|name| format!("text_model.{name}")));
    let projection = own.split_once(".self_attn.").filter(|(_, part)| *part != "out_proj");
    let open_clip = match projection {
        // Networks have a matrix each for what OpenCLIP stacks.
        Some((layer, part)) => layer
            .strip_prefix("encoder.layers.")
            .map(|layer| format!("transformer.resblocks.{layer}.attn.{part}")),
        None => names::open_clip_text(&format!("{own}.weight")).and_then(|place| without_weight(place.name)),
    };
    names.extend(open_clip);
    let wrapped: Vec<_> = ["transformer", "model"]
        .iter()
        .flat_map(|wrapper| names.iter().map(move |name| format!("{wrapper}.{name}")))
        .collect();
    names.extend(wrapped);
    names
}
