//! What a file's tensor shapes say about its networks.
//!
//! Shapes tell widths and depths. They cannot tell how an attention layer divides its width into heads, what the UNet predicts or how
//! many groups a norm has; there the convention of the family decides, unless a configuration file says it.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::weights::Layout;
use crate::weights::architecture::{Activation, TextEncoder, TextNaming, Unet, Vae};
use crate::weights::file::Info;

/// The shapes of a file's tensors below a prefix.
pub(super) struct Shapes<'a> {
    missing: RefCell<Option<String>>,
    tensors: &'a BTreeMap<String, Info>,
    prefix: &'a str,
}

impl<'a> Shapes<'a> {
    pub(super) fn new(tensors: &'a BTreeMap<String, Info>, prefix: &'a str) -> Self {
        Self {
            missing: RefCell::default(),
            tensors,
            prefix,
        }
    }

    /// A tensor's shape, or `None` where there is no such tensor.
    pub(super) fn of(&self, name: &str) -> Option<&'a [usize]> {
        self.tensors
            .get(&format!("{}{name}", self.prefix))
            .map(|info| info.shape.as_slice())
    }

    /// One dimension of a tensor.
    pub(super) fn dim(&self, name: &str, axis: usize) -> Option<usize> {
        self.of(name)?.get(axis).copied()
    }

    /// One dimension of a tensor that must be there; the first that is not is remembered.
    fn need(&self, name: &str, axis: usize) -> Option<usize> {
        let dim = self.dim(name, axis);
        if dim.is_none() {
            self.missing
                .borrow_mut()
                .get_or_insert_with(|| format!("{}{name}", self.prefix));
        }
        dim
    }

    /// The first tensor that was needed and is not there.
    pub(super) fn missing(&self) -> String {
        self.missing
            .borrow()
            .clone()
            .unwrap_or_else(|| format!("{}…", self.prefix))
    }

    /// How many of `pattern` with `{}` replaced by 0, 1, 2 … there are.
    pub(super) fn count(&self, pattern: &str) -> usize {
        (0..4096)
            .take_while(|i| self.of(&pattern.replace("{}", &i.to_string())).is_some())
            .count()
    }
}

/// The UNet of an LDM file, or `None` when its tensors are not a UNet's.
pub(super) fn unet(shapes: &Shapes<'_>) -> Option<Unet> {
    let model_channels = shapes.need("input_blocks.0.0.weight", 0)?;
    let mut unet = Unet {
        in_channels: shapes.need("input_blocks.0.0.weight", 1)?,
        out_channels: shapes.need("out.2.weight", 0)?,
        channels: Vec::new(),
        resnets: 0,
        depth: Vec::new(),
        mid_depth: shapes.count("middle_block.1.transformer_blocks.{}.norm1.weight"),
        heads: Vec::new(),
        context: shapes.need("middle_block.1.transformer_blocks.0.attn2.to_k.weight", 1)?,
        groups: 32,
        y: shapes.dim("label_emb.0.0.weight", 1),
    };
    let (mut block, mut in_level, mut depth) = (1, 0, 0);
    let mut channels = model_channels;
    loop {
        if let Some(width) = shapes.dim(&format!("input_blocks.{block}.0.in_layers.2.weight"), 0) {
            channels = width;
            in_level += 1;
            depth = depth.max(shapes.count(&format!("input_blocks.{block}.1.transformer_blocks.{{}}.norm1.weight")));
        } else {
            unet.channels.push(channels);
            unet.depth.push(depth);
            unet.resnets = unet.resnets.max(in_level);
            (in_level, depth) = (0, 0);
            if shapes.of(&format!("input_blocks.{block}.0.op.weight")).is_none() {
                break;
            }
        }
        block += 1;
    }
    // SD 1.x projects with 1x1 convolutions and has eight heads; the models that project linearly have heads 64 wide.
    let linear = shapes
        .of("middle_block.1.proj_in.weight")
        .is_some_and(|shape| shape.len() == 2);
    unet.heads = unet
        .channels
        .iter()
        .map(|&c| if linear { (c / 64).max(1) } else { 8 })
        .collect();
    Some(unet)
}

/// The VAE of a file in the given naming, by its decoder: some files have no more.
pub(super) fn vae(shapes: &Shapes<'_>, naming: Layout) -> Option<Vae> {
    let resnet = match naming {
        Layout::SingleFile => "decoder.up.LEVEL.block.RESNET.conv1.weight",
        Layout::Diffusers => "decoder.up_blocks.LEVEL.resnets.RESNET.conv1.weight",
    };
    let first_resnets = resnet.replace("RESNET", "0").replace("LEVEL", "{}");
    let levels = 0..shapes.count(&first_resnets);
    let mut channels = levels
        .map(|i| shapes.need(&first_resnets.replace("{}", &i.to_string()), 0))
        .collect::<Option<Vec<_>>>()?;
    if naming == Layout::Diffusers {
        channels.reverse();
    }
    Some(Vae {
        in_channels: shapes.need("decoder.conv_out.weight", 0)?,
        latent_channels: shapes.need("decoder.conv_in.weight", 1)?,
        resnets: shapes
            .count(&resnet.replace("LEVEL", "0").replace("RESNET", "{}"))
            .saturating_sub(1),
        channels,
        groups: 32,
        scale_factor: 0.18215,
    })
}

/// A text encoder of an LDM file, named as `naming` says.
pub(super) fn text(shapes: &Shapes<'_>, naming: TextNaming) -> Option<TextEncoder> {
    match naming {
        TextNaming::Transformers => {
            let at = if shapes.of("text_model.final_layer_norm.weight").is_some() {
                "text_model."
            } else {
                ""
            };
            let embedding = &format!("{at}embeddings.token_embedding.weight");
            let (vocabulary, width) = (shapes.need(embedding, 0)?, shapes.need(embedding, 1)?);
            Some(TextEncoder {
                naming,
                vocabulary,
                width,
                positions: shapes.need(&format!("{at}embeddings.position_embedding.weight"), 0)?,
                feed_forward: shapes.need(&format!("{at}encoder.layers.0.mlp.fc1.weight"), 0)?,
                layers: shapes.count(&format!("{at}encoder.layers.{{}}.layer_norm1.weight")),
                heads: (width / 64).max(1),
                activation: Activation::QuickGelu,
                projection: None,
                layer: 1,
                skips: true,
                final_norm: true,
                padding: crate::weights::config::ldm::END_OF_TEXT,
            })
        }
        TextNaming::OpenClip => {
            let embedding = "token_embedding.weight";
            let (vocabulary, width) = (shapes.need(embedding, 0)?, shapes.need(embedding, 1)?);
            Some(TextEncoder {
                naming,
                vocabulary,
                width,
                positions: shapes.need("positional_embedding", 0)?,
                feed_forward: shapes.need("transformer.resblocks.0.mlp.c_fc.weight", 0)?,
                layers: shapes.count("transformer.resblocks.{}.ln_1.weight"),
                heads: (width / 64).max(1),
                activation: Activation::Gelu,
                projection: shapes.dim("text_projection", 1),
                layer: 2,
                skips: false,
                final_norm: true,
                padding: 0,
            })
        }
    }
}
