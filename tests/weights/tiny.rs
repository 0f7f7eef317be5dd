//! A whole checkpoint of few and narrow layers, to be spoilt before it is written.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use danlu::weights::Error;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use super::load;

pub(super) const UNET: &str = "model.diffusion_model.";
pub(super) const VAE: &str = "first_stage_model.";
pub(super) const TEXT: &str = "cond_stage_model.transformer.text_model.";

/// Tensors by name: type and shape. Their values are all 0.
pub(super) type Tensors = BTreeMap<String, (&'static str, Vec<usize>)>;

/// The header of a safetensors file, and the length of the data that it describes.
pub(super) fn header(tensors: &Tensors) -> (String, usize) {
    let (mut entries, mut end) = (Map::new(), 0);
    for (name, (dtype, shape)) in tensors {
        let width = match *dtype {
            "F8_E4M3" | "BOOL" => 1,
            "F16" | "BF16" => 2,
            "F64" | "I64" => 8,
            _ => 4,
        };
        let begin = end;
        end += width * shape.iter().product::<usize>();
        let entry = json!({"dtype": dtype, "shape": shape, "data_offsets": [begin, end]});
        entries.insert(name.clone(), entry);
    }
    (Value::from(entries).to_string(), end)
}

/// A safetensors file with this header and so many bytes of data.
pub(super) fn safetensors(header: impl AsRef<[u8]>, body: usize) -> Vec<u8> {
    let header = header.as_ref();
    [&(header.len() as u64).to_le_bytes(), header, &vec![0; body]].concat()
}

pub(super) fn write_tensors(path: &Path, tensors: &Tensors) {
    let (header, body) = header(tensors);
    fs::write(path, safetensors(header, body)).unwrap();
}

/// Tensors that tell the architecture: a UNet of 8 and 16 channels, text 16 wide, a VAE of four levels.
pub(super) fn telling() -> Tensors {
    const SHAPES: &str = "
        model.diffusion_model.input_blocks.0.0.weight 8 4 3 3
        model.diffusion_model.input_blocks.1.0.in_layers.2.weight 8 8 3 3
        model.diffusion_model.input_blocks.2.0.op.weight 8 8 3 3
        model.diffusion_model.input_blocks.3.0.in_layers.2.weight 16 8 3 3
        model.diffusion_model.input_blocks.3.1.transformer_blocks.0.norm1.weight 16
        model.diffusion_model.middle_block.1.transformer_blocks.0.norm1.weight 16
        model.diffusion_model.middle_block.1.transformer_blocks.0.attn2.to_k.weight 16 16
        model.diffusion_model.out.2.weight 4 8 3 3
        cond_stage_model.transformer.text_model.embeddings.token_embedding.weight 12 16
        cond_stage_model.transformer.text_model.embeddings.position_embedding.weight 77 16
        cond_stage_model.transformer.text_model.encoder.layers.0.layer_norm1.weight 16
        cond_stage_model.transformer.text_model.encoder.layers.0.mlp.fc1.weight 64 16
        cond_stage_model.transformer.text_model.final_layer_norm.weight 16
        first_stage_model.encoder.conv_in.weight 8 3 3 3
        first_stage_model.decoder.conv_in.weight 8 4 3 3
        first_stage_model.decoder.conv_out.weight 3 8 3 3";
    let mut tensors = Tensors::new();
    for line in SHAPES.lines().skip(1) {
        let (name, shape) = line.trim().split_once(' ').unwrap();
        let shape = shape.split(' ').map(|n| n.parse().unwrap()).collect();
        tensors.insert(name.to_owned(), ("F16", shape));
    }
    for level in 0..4 {
        for block in ["encoder.down.N.block.0", "decoder.up.N.block.0", "decoder.up.N.block.1"] {
            let name = format!("{VAE}{block}.conv1.weight").replace('N', &level.to_string());
            tensors.insert(name, ("F16", vec![8, 8, 3, 3]));
        }
    }
    tensors
}

pub(super) fn yaml() -> Value {
    json!({"model": {"params": {
        "linear_start": 0.00085, "linear_end": 0.012, "timesteps": 1000, "parameterization": "eps", "scale_factor": 0.5,
        "unet_config": {"params": {"model_channels": 8, "channel_mult": [1, 2], "num_heads": 2, "num_groups": 4}},
        "first_stage_config": {"params": {"ddconfig": {"num_groups": 4, "attn_resolutions": []}}},
        "cond_stage_config": {"params": {"heads": 2}},
    }}})
}

/// [`telling`], and every tensor that loading then asks for.
pub(super) static WHOLE: LazyLock<Tensors> = LazyLock::new(|| {
    let mut tiny = Tiny::of(telling());
    loop {
        match load(&tiny.write()) {
            Ok(()) => return tiny.tensors,
            Err(Error::Missing { name, expected, .. }) => {
                assert!(tiny.tensors.insert(name, ("F16", expected)).is_none());
            }
            Err(other) => panic!("{other}"),
        }
    }
});

/// The checkpoint in a folder of its own.
pub(super) struct Tiny {
    folder: TempDir,
    pub(super) tensors: Tensors,
    /// Every JSON is a YAML.
    pub(super) yaml: String,
}

impl Tiny {
    pub(super) fn new() -> Self {
        Self::of(WHOLE.clone())
    }

    fn of(tensors: Tensors) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            tensors,
            yaml: yaml().to_string(),
        }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn write(&self) -> PathBuf {
        let path = self.path("model.safetensors");
        write_tensors(&path, &self.tensors);
        fs::write(self.path("model.yaml"), &self.yaml).unwrap();
        path
    }
}
