//! Hypernetworks: small networks that change what attention reads, as A1111 trains and keeps them.
//!
//! Owns the file: which widths of context it is for, and which layers, under which numbers, each of its stacks has. The numbers
//! follow from the settings in the file exactly as `HypernetworkModule` of A1111 1.10.1's `hypernetwork.py` counts them; layers
//! that do nothing when drawing (dropout) count as well. [`crate::nn::hypernetwork`] runs them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::error::{plain, shown};
use super::{TensorFile, element};

/// The widest context that a stack may be for, and the most times wider that a layer in it may be.
const WIDEST: usize = 1 << 14;
const MOST_LAYERS: usize = 64;

/// Why a file is no hypernetwork that can be used.
#[derive(Debug, Error)]
pub enum Error {
    /// The file of tensors cannot be read.
    #[error(transparent)]
    Weights(#[from] super::Error),
    /// Its settings or tensors are not a hypernetwork's.
    #[error("{} is no hypernetwork that can be used: {}", shown(path), plain(why))]
    Unusable {
        /// The file.
        path: PathBuf,
        /// The setting or tensor at fault.
        why: String,
    },
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Weights(error) => error.hint(),
            Self::Unusable { .. } => Some("a hypernetwork is a .pt file that A1111 has trained".to_owned()),
        }
    }
}

/// An open hypernetwork.
#[derive(Debug)]
pub struct Hypernetwork {
    file: TensorFile,
    name: Option<String>,
    layers: Vec<Layer>,
    widths: Vec<usize>,
}

/// Which of attention's inputs a stack changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    /// What the keys are made of.
    Key,
    /// What the values are made of.
    Value,
}

/// One layer of every stack, without those that do nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Layer {
    /// A linear layer, from and to a multiple of the stack's width.
    Linear {
        /// Its number in the stack.
        at: usize,
        /// Inputs, in widths.
        from: f64,
        /// Outputs, in widths.
        to: f64,
    },
    /// An activation.
    Activation(Activation),
    /// A parametric rectifier: its slope is the one number of the layer's `weight`.
    Prelu {
        /// Its number in the stack.
        at: usize,
    },
    /// A layer norm over a multiple of the stack's width.
    Norm {
        /// Its number in the stack.
        at: usize,
        /// Its size, in widths.
        of: f64,
    },
}

/// `PyTorch`'s activations that keep the shape and need no weights, by their defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are known by their names")]
pub enum Activation {
    Relu,
    LeakyRelu,
    /// A leaky rectifier with a random slope, which is the mean of its range when drawing.
    Rrelu,
    Relu6,
    Elu,
    Selu,
    Hardswish,
    Hardsigmoid,
    Hardtanh,
    Hardshrink,
    Softshrink,
    Softplus,
    Softsign,
    Tanh,
    Tanhshrink,
    Sigmoid,
    LogSigmoid,
    Silu,
    Gelu,
    Mish,
}

impl Activation {
    /// The activation of a name in A1111's table: `swish` is its name for Hardswish, the others are `PyTorch`'s in lower case.
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "relu" => Self::Relu,
            "leakyrelu" => Self::LeakyRelu,
            "rrelu" => Self::Rrelu,
            "relu6" => Self::Relu6,
            // The two agree at their default alpha of 1.
            "elu" | "celu" => Self::Elu,
            "selu" => Self::Selu,
            "swish" | "hardswish" => Self::Hardswish,
            "hardsigmoid" => Self::Hardsigmoid,
            "hardtanh" => Self::Hardtanh,
            "hardshrink" => Self::Hardshrink,
            "softshrink" => Self::Softshrink,
            "softplus" => Self::Softplus,
            "softsign" => Self::Softsign,
            "tanh" => Self::Tanh,
            "tanhshrink" => Self::Tanhshrink,
            "sigmoid" => Self::Sigmoid,
            "logsigmoid" => Self::LogSigmoid,
            "silu" => Self::Silu,
            "gelu" => Self::Gelu,
            "mish" => Self::Mish,
            _ => return None,
        })
    }
}

impl Hypernetwork {
    /// Opens the file and checks every tensor's name and shape against the settings in it.
    ///
    /// # Errors
    /// When it cannot be read or is no hypernetwork.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let file = TensorFile::open(path)?;
        let read = || {
            let layers = layers(file.metadata())?;
            let widths = widths(&file)?;
            check(&file, &layers, &widths)?;
            Ok((layers, widths))
        };
        let (layers, widths) = read().map_err(|why| Error::Unusable {
            path: path.to_owned(),
            why,
        })?;
        Ok(Self {
            name: file.metadata().get("name").filter(|name| !name.is_empty()).cloned(),
            layers,
            widths,
            file,
        })
    }

    /// The name that it was trained under, which may differ from the file's.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The widths of context that it changes; all others it leaves alone.
    pub fn widths(&self) -> &[usize] {
        &self.widths
    }

    /// The layers of every stack, in order.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// The numbers of a layer's `weight` or `bias`, row-major: a linear's weight is `[out, in]`.
    ///
    /// # Errors
    /// When the file has none that can be read; [`Hypernetwork::open`] has checked names and shapes.
    pub fn values(&self, width: usize, half: Half, at: usize, part: &str) -> Result<Vec<f32>, Error> {
        let unusable = |why| Error::Unusable {
            path: self.file.path().to_owned(),
            why,
        };
        let name = name(&self.file, width, half, at, part);
        let view = self
            .file
            .view(&name)
            .ok_or_else(|| unusable(format!("it has no tensor {name}")))?;
        let values = element::to_f32(view.dtype, &view.bytes);
        values.ok_or_else(|| unusable(format!("its tensor {name} has type {:?}", view.dtype)))
    }
}

/// How wide so many widths are: Python's `int(dim * times)`.
pub fn times(width: usize, times: f64) -> usize {
    (width as f64 * times) as usize
}

/// The layers that the settings ask for.
fn layers(settings: &BTreeMap<String, String>) -> Result<Vec<Layer>, String> {
    let structure = numbers(settings, "layer_structure")?.unwrap_or_else(|| vec![1.0, 2.0, 1.0]);
    let is_sound = |&times: &f64| times > 0.0 && times <= 64.0;
    if !(2..=MOST_LAYERS).contains(&structure.len()) || !structure.iter().all(is_sound) {
        return Err(format!("its layer_structure is {structure:?}"));
    }
    if structure.first() != Some(&1.0) || structure.last() != Some(&1.0) {
        return Err(format!("its layer_structure is {structure:?}, expected 1 at both ends"));
    }
    let activation = text(settings, "activation_func").filter(|name| *name != "linear");
    let norm = flag(settings, "is_layer_norm", false)?;
    let activate_output = flag(settings, "activate_output", true)?;
    let dropout = match numbers(settings, "dropout_structure")? {
        Some(dropout) => dropout,
        None if flag(settings, "use_dropout", false)? => {
            dropouts(structure.len(), flag(settings, "last_layer_dropout", false)?)
        }
        None => vec![0.0; structure.len()],
    };
    let mut layers = Vec::new();
    let mut at = 0;
    for (i, pair) in structure.windows(2).enumerate() {
        let (from, to) = (pair[0], pair[1]);
        layers.push(Layer::Linear { at, from, to });
        at += 1;
        let last = i + 2 >= structure.len();
        if let Some(name) = activation.filter(|_| !last || activate_output) {
            layers.push(match Activation::named(name) {
                _ if name == "prelu" => Layer::Prelu { at },
                Some(activation) => Layer::Activation(activation),
                None => return Err(format!("its activation_func is {name:?}, which is not known")),
            });
            at += 1;
        }
        if norm {
            layers.push(Layer::Norm { at, of: to });
            at += 1;
        }
        let dropped = dropout.get(i + 1).ok_or_else(|| {
            format!("its dropout_structure {dropout:?} is shorter than its layer_structure {structure:?}")
        })?;
        at += usize::from(*dropped > 0.0);
    }
    Ok(layers)
}

/// Where files from before `dropout_structure` have dropouts.
fn dropouts(length: usize, last: bool) -> Vec<f64> {
    let mut dropouts = vec![0.0];
    dropouts.extend(vec![0.3; length.saturating_sub(3)]);
    dropouts.extend([if last { 0.3 } else { 0.0 }, 0.0]);
    dropouts
}

fn text<'a>(settings: &'a BTreeMap<String, String>, key: &str) -> Option<&'a str> {
    let text = settings.get(key)?.as_str();
    (!matches!(text, "" | "null" | "None")).then_some(text)
}

fn flag(settings: &BTreeMap<String, String>, key: &str, default: bool) -> Result<bool, String> {
    match text(settings, key) {
        None => Ok(default),
        Some("true" | "True" | "1") => Ok(true),
        Some("false" | "False" | "0") => Ok(false),
        Some(other) => Err(format!("its {key} is {other:?}")),
    }
}

fn numbers(settings: &BTreeMap<String, String>, key: &str) -> Result<Option<Vec<f64>>, String> {
    let list = |text: &str| serde_json::from_str(text).map_err(|_| format!("its {key} is {text:?}, expected numbers"));
    text(settings, key).map(list).transpose()
}

/// The widths that the file has stacks for, by its tensors' names: `768.0.linear.0.weight`.
fn widths(file: &TensorFile) -> Result<Vec<usize>, String> {
    let mut widths = BTreeSet::new();
    for name in file.tensors().keys() {
        let width = name.split('.').next().and_then(|width| width.parse().ok());
        match width.filter(|width| (1..=WIDEST).contains(width)) {
            Some(width) => widths.insert(width),
            None => return Err(format!("it has a tensor {name:?}")),
        };
    }
    if widths.is_empty() {
        return Err("it has no tensors".to_owned());
    }
    Ok(widths.into_iter().collect())
}

/// Holds the file to its settings, as `load_state_dict` does: every tensor is there in its shape, and no other.
fn check(file: &TensorFile, layers: &[Layer], widths: &[usize]) -> Result<(), String> {
    let mut expected = BTreeMap::new();
    for &width in widths {
        for half in [Half::Key, Half::Value] {
            for layer in layers {
                let mut part = |at, part, shape| expected.insert(name(file, width, half, at, part), shape);
                match *layer {
                    Layer::Linear { at, from, to } => {
                        part(at, "weight", vec![times(width, to), times(width, from)]);
                        part(at, "bias", vec![times(width, to)]);
                    }
                    Layer::Norm { at, of } => {
                        part(at, "weight", vec![times(width, of)]);
                        part(at, "bias", vec![times(width, of)]);
                    }
                    Layer::Prelu { at } => {
                        part(at, "weight", vec![1]);
                    }
                    Layer::Activation(_) => {}
                }
            }
        }
    }
    for (name, shape) in &expected {
        match file.tensors().get(name) {
            None => return Err(format!("it has no tensor {name}, which its layers {layers:?} need")),
            Some(info) if info.shape != *shape => {
                return Err(format!(
                    "its tensor {name} has shape {:?}, expected {shape:?}",
                    info.shape
                ));
            }
            Some(_) => {}
        }
    }
    match file.tensors().keys().find(|name| !expected.contains_key(*name)) {
        Some(name) => Err(format!(
            "it has a tensor {name:?}, for which its settings have no layer"
        )),
        None => Ok(()),
    }
}

/// A tensor's name in this file; the oldest ones call their two layers `linear1` and `linear2`.
fn name(file: &TensorFile, width: usize, half: Half, at: usize, part: &str) -> String {
    let stack = format!("{width}.{}", u8::from(half == Half::Value));
    let old = format!("{stack}.linear{}.{part}", at + 1);
    if at < 2 && file.tensors().contains_key(&old) {
        old
    } else {
        format!("{stack}.linear.{at}.{part}")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn of(settings: &[(&str, &str)]) -> Result<Vec<usize>, String> {
        let settings = settings
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        let weighted = |layer: &Layer| match *layer {
            Layer::Linear { at, .. } | Layer::Norm { at, .. } | Layer::Prelu { at } => Some(at),
            Layer::Activation(_) => None,
        };
        Ok(layers(&settings)?.iter().filter_map(weighted).collect())
    }

    #[test]
    fn layers_are_numbered_as_a1111_numbers_them() {
        assert_eq!(of(&[]).unwrap(), [0, 1]);
        assert_eq!(
            of(&[("activation_func", "linear"), ("use_dropout", "true")]).unwrap(),
            [0, 1]
        );
        assert_eq!(of(&[("activation_func", "relu")]).unwrap(), [0, 2]);
        let deep = [("layer_structure", "[1, 2, 2, 1]"), ("activation_func", "swish")];
        assert_eq!(of(&deep).unwrap(), [0, 2, 4]);
        let dropped = [deep[0], deep[1], ("use_dropout", "True"), ("activate_output", "False")];
        assert_eq!(of(&dropped).unwrap(), [0, 3, 5]);
        let last = [&dropped[..], &[("last_layer_dropout", "true")]].concat();
        assert_eq!(of(&last).unwrap(), [0, 3, 6]);
        let norm = [&last[..], &[("is_layer_norm", "true")]].concat();
        assert_eq!(of(&norm).unwrap(), [0, 2, 4, 6, 8, 9]);
        let given = [
            deep[0],
            ("dropout_structure", "[0, 0, 0.1, 0]"),
            ("use_dropout", "true"),
        ];
        assert_eq!(of(&given).unwrap(), [0, 1, 3]);
        let prelu = [("activation_func", "prelu"), ("activate_output", "false")];
        assert_eq!(of(&prelu).unwrap(), [0, 1, 2]);
    }

    #[test]
    fn settings_that_make_no_network_are_refused() {
        for (key, value) in [
            ("layer_structure", "[2, 1]"),
            ("layer_structure", "[1]"),
            ("layer_structure", "[1, 1e9, 1]"),
            ("layer_structure", "[1, -2, 1]"),
            ("layer_structure", "wide"),
            ("activation_func", "softmax"),
            ("is_layer_norm", "maybe"),
            ("dropout_structure", "[0]"),
        ] {
            let why = of(&[(key, value)]).unwrap_err();
            assert!(why.contains(key), "{why}");
        }
    }
}
