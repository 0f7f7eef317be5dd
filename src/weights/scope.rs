//! A network's tensors, asked for by the names that its modules have.
//!
//! A [`Scope`] is a place in the tree of names (`down_blocks.0.resnets.1`). A module takes its tensors from it and passes parts of it
//! to its children, so the code that builds a network reads like the network. Where they come from is a [`Source`]: a [`Loader`] reads
//! them from a checkpoint's files. Owns the checks: what is missing, misshapen or left over is an error that names the tensor as the
//! file does.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use burn::tensor::{DType, Device, Tensor, TensorData};
use safetensors::Dtype;

use super::Error;
use super::architecture::TextNaming;
use super::checkpoint::{Checkpoint, Layout, Network};
use super::element::{f8_to_f16, float_type, to_f32};
use super::file::View;
use super::names::{self, Place};

/// A network's tensors in memory, by the network's own names, each in a row.
pub type Kept = HashMap<String, Tensor<1>>;

/// Where a network's tensors come from.
pub trait Source {
    /// The tensor of that name in a row, row-major in the file's orientation (`[out, in, …]`); `shape` is what it should have.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::Misshapen`] or [`Error::Type`].
    fn tensor(&self, name: &str, shape: &[usize]) -> Result<Tensor<1>, Error>;

    /// A tensor that no file has a place for, such as a bias that a network of the LoRA family brings.
    fn added(&self, _name: &str) -> Option<Tensor<1>> {
        None
    }

    /// The device that they are on.
    fn device(&self) -> &Device;
}

/// A place in the tree of a network's tensor names.
#[derive(Clone)]
pub struct Scope<'a> {
    source: &'a dyn Source,
    path: String,
}

/// Loads one network's tensors onto a device and remembers which it was asked for.
pub struct Loader<'a> {
    checkpoint: &'a Checkpoint,
    network: Network,
    device: Device,
    dtype: DType,
    stop: Option<&'a dyn Fn() -> bool>,
    used: RefCell<HashSet<String>>,
    kept: RefCell<Kept>,
}

impl<'a> Loader<'a> {
    /// A loader of `network`, whose tensors become `dtype` on `device`.
    pub fn new(checkpoint: &'a Checkpoint, network: Network, device: &Device, dtype: DType) -> Self {
        Self {
            checkpoint,
            network,
            device: device.clone(),
            dtype,
            stop: None,
            used: RefCell::default(),
            kept: RefCell::default(),
        }
    }

    /// Asks `stop` before each tensor whether to go on.
    #[must_use]
    pub fn stopping(self, stop: &'a dyn Fn() -> bool) -> Self {
        Self {
            stop: Some(stop),
            ..self
        }
    }

    /// The root of the network's names.
    pub fn root(&'a self) -> Scope<'a> {
        Scope::of(self)
    }

    /// All tensors that were asked for. They are the network's own: nothing is held twice.
    pub fn into_kept(self) -> Kept {
        self.kept.into_inner()
    }

    /// Checks, once the network is built, that it used every tensor that the file has for it.
    ///
    /// Of a text encoder just the layers count: files carry parts of CLIP (the projection, `logit_scale`, the vision tower) that no
    /// picture needs.
    ///
    /// # Errors
    /// [`Error::Surplus`] with the first tensor left over.
    pub fn finish(&self) -> Result<(), Error> {
        self.finish_without(&[])
    }

    /// [`finish`](Self::finish), where parts of the network, by the beginnings of their names, were not built.
    ///
    /// # Errors
    /// [`Error::Surplus`] with the first tensor left over.
    pub fn finish_without(&self, parts: &[&str]) -> Result<(), Error> {
        const LAYERS: [&str; 3] = [
            "text_model.encoder.layers.",
            "encoder.layers.",
            "transformer.resblocks.",
        ];
        let used = self.used.borrow();
        let prefix = self.checkpoint.prefix(self.network);
        let is_text = matches!(self.network, Network::Text(_));
        let counts = |name: &String| {
            let inner = &name[prefix.len()..];
            !used.contains(name)
                && !ignorable(name)
                && !parts.iter().any(|part| inner.starts_with(part))
                && (!is_text || LAYERS.iter().any(|layers| inner.starts_with(layers)))
        };
        let names = self
            .checkpoint
            .tensor_names(self.network)
            .into_iter()
            .map(|(name, _)| name);
        let mut left: Vec<_> = names.filter(counts).collect();
        left.sort_unstable();
        match left.first() {
            None => Ok(()),
            Some(name) => Err(Error::Surplus {
                path: self.checkpoint.path_of(self.network).to_owned(),
                name: name.clone(),
                found: self
                    .checkpoint
                    .view(self.network, name)
                    .map(|v| v.shape.to_vec())
                    .unwrap_or_default(),
                more: left.len() - 1,
            }),
        }
    }

    /// Where a tensor may lie in the file, the likeliest first.
    fn places(&self, name: &str) -> Vec<Place> {
        let architecture = self.checkpoint.architecture();
        let places = match (self.network, self.checkpoint.naming(self.network)) {
            (Network::Unet, Layout::SingleFile) => names::ldm_unet(name, &architecture.unet)
                .map(Place::whole)
                .into_iter()
                .collect(),
            (Network::Unet, Layout::Diffusers) => vec![Place::whole(name.to_owned())],
            (Network::Vae, Layout::SingleFile) => names::ldm_vae(name, architecture.vae.channels.len())
                .map(Place::whole)
                .into_iter()
                .collect(),
            (Network::Vae, Layout::Diffusers) => names::diffusers_vae(name).into_iter().map(Place::whole).collect(),
            (Network::Text(i), _) => match self.checkpoint.text_naming(i) {
                TextNaming::Transformers => names::transformers_text(name),
                TextNaming::OpenClip => names::open_clip_text(name).into_iter().collect(),
            },
        };
        let prefix = self.checkpoint.prefix(self.network);
        places
            .into_iter()
            .map(|place| Place {
                name: format!("{prefix}{}", place.name),
                ..place
            })
            .collect()
    }

    fn load(&self, name: &str, shape: &[usize]) -> Result<Tensor<1>, Error> {
        if self.stop.is_some_and(|stop| stop()) {
            return Err(Error::Stopped);
        }
        let places = self.places(name);
        let found = places
            .iter()
            .find_map(|place| Some((place, self.checkpoint.view(self.network, &place.name)?)));
        let Some((place, view)) = found else {
            self.checkpoint.unchanged(self.network)?;
            let name = places
                .into_iter()
                .next()
                .map_or_else(|| name.to_owned(), |place| place.name);
            return Err(Error::Missing {
                path: self.checkpoint.path_of(self.network).to_owned(),
                name,
                expected: shape.to_vec(),
            });
        };
        self.used.borrow_mut().insert(place.name.clone());
        let on_disk = shape_on_disk(place, shape);
        if !same_shape(view.shape, &on_disk) {
            return Err(Error::Misshapen {
                path: self.checkpoint.path_of(self.network).to_owned(),
                name: place.name.clone(),
                found: view.shape.to_vec(),
                expected: on_disk,
            });
        }
        let dtype = float_type(view.dtype).ok_or_else(|| Error::Type {
            path: self.checkpoint.path_of(self.network).to_owned(),
            name: place.name.clone(),
            dtype: format!("{:?}", view.dtype),
        })?;
        let tensor = self.upload(&view, rows_of(&view, place), shape.iter().product(), dtype);
        if place.transposed
            && let &[rows, columns] = shape
        {
            let turned: Tensor<2> = tensor.reshape([columns, rows]);
            return Ok(turned.transpose().reshape([rows * columns]));
        }
        Ok(tensor)
    }

    /// The one copy in host memory: out of the map, into the tensor (or the device's staging buffer). What is computed in f32 is widened on
    /// the way.
    fn upload(&self, view: &View<'_>, bytes: &[u8], length: usize, dtype: DType) -> Tensor<1> {
        if self.dtype == DType::F32
            && let Some(values) = to_f32(view.dtype, bytes)
        {
            return Tensor::from_data(TensorData::new(values, [length]), (&self.device, DType::F32));
        }
        let bytes = match view.dtype {
            Dtype::F8_E4M3 | Dtype::F8_E5M2 => f8_to_f16(view.dtype, bytes),
            _ => bytes.to_vec(),
        };
        let data = TensorData::from_bytes_vec(bytes, [length], dtype);
        Tensor::<1>::from_data(data, (&self.device, dtype)).cast(self.dtype)
    }
}

impl Source for Loader<'_> {
    fn tensor(&self, name: &str, shape: &[usize]) -> Result<Tensor<1>, Error> {
        let tensor = self.load(name, shape)?;
        self.kept.borrow_mut().insert(name.to_owned(), tensor.clone());
        Ok(tensor)
    }

    fn device(&self) -> &Device {
        &self.device
    }
}

impl<'a> Scope<'a> {
    /// The root of the names of a source.
    pub fn of(source: &'a dyn Source) -> Self {
        Self {
            source,
            path: String::new(),
        }
    }
}

impl Scope<'_> {
    /// The scope of a child.
    #[must_use]
    pub fn at(&self, child: &str) -> Self {
        let path = if self.path.is_empty() {
            child.to_owned()
        } else {
            format!("{}.{child}", self.path)
        };
        Self {
            source: self.source,
            path,
        }
    }

    /// The scope of the `index`th child of a list.
    #[must_use]
    pub fn nth(&self, list: &str, index: usize) -> Self {
        self.at(&format!("{list}.{index}"))
    }

    /// Loads the tensor `name` of this scope.
    ///
    /// Dimensions of one at the end of the shape are not compared, so that a 1x1 convolution may stand for a linear layer.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::Misshapen`] or [`Error::Type`].
    pub fn tensor<const D: usize>(&self, name: &str, shape: [usize; D]) -> Result<Tensor<D>, Error> {
        let tensor = self.source.tensor(&format!("{}.{name}", self.path), &shape)?;
        Ok(tensor.reshape(shape))
    }

    /// The tensor `name` of this scope that somebody brought along, though no file has a place for it; of another shape it is none.
    pub fn added<const D: usize>(&self, name: &str, shape: [usize; D]) -> Option<Tensor<D>> {
        let tensor = self.source.added(&format!("{}.{name}", self.path))?;
        (tensor.dims() == [shape.iter().product::<usize>()]).then(|| tensor.reshape(shape))
    }

    /// The device that tensors are loaded to.
    pub fn device(&self) -> &Device {
        self.source.device()
    }
}

/// Buffers that some exporters leave among the weights.
fn ignorable(name: &str) -> bool {
    name.ends_with("position_ids")
        || name.starts_with("first_stage_model.loss.")
        // A1111 leaves these out of VAE files, too.
        || name.starts_with("loss")
        || name.starts_with("model_ema.")
        || name.ends_with(".num_batches_tracked")
}

/// The shape that a tensor of `shape` has in the file at `place`.
fn shape_on_disk(place: &Place, shape: &[usize]) -> Vec<usize> {
    let mut on_disk = shape.to_vec();
    if place.transposed {
        on_disk.reverse();
    }
    if let (Some((_, parts)), Some(first)) = (place.rows, on_disk.first_mut()) {
        *first *= parts;
    }
    on_disk
}

fn same_shape(found: &[usize], expected: &[usize]) -> bool {
    fn trimmed(shape: &[usize]) -> &[usize] {
        let kept = shape.iter().rposition(|&n| n != 1).map_or(0, |last| last + 1);
        &shape[..kept]
    }
    trimmed(found) == trimmed(expected)
}

fn rows_of<'a>(view: &'a View<'_>, place: &Place) -> &'a [u8] {
    match place.rows {
        None => &view.bytes,
        Some((part, parts)) => {
            let block = view.bytes.len() / parts;
            &view.bytes[part * block..(part + 1) * block]
        }
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    #[test]
    fn shapes_compare_without_ones_at_the_end() {
        assert!(same_shape(&[8, 8, 1, 1], &[8, 8]));
        assert!(same_shape(&[1], &[1, 1, 1, 1]));
        assert!(!same_shape(&[8, 8, 3, 3], &[8, 8]));
        assert!(!same_shape(&[8, 1], &[8, 8]));
    }

    #[test]
    fn open_clip_cuts_its_stacked_projection_into_rows() {
        let bytes: Vec<u8> = (0..12).collect();
        let view = View {
            shape: &[3, 2],
            dtype: Dtype::F16,
            bytes: Cow::Borrowed(&bytes),
        };
        let place = Place {
            name: String::new(),
            rows: Some((1, 3)),
            transposed: false,
        };
        assert_eq!(rows_of(&view, &place), &[4, 5, 6, 7]);
        assert_eq!(shape_on_disk(&place, &[1, 2]), [3, 2]);
    }
}
