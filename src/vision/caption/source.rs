//! A captioner's tensors, from one file.

use burn::tensor::{DType, Device, Tensor, TensorData};

use crate::weights::Error;
use crate::weights::file::TensorFile;
use crate::weights::scope::Source;

/// Where the modules take their tensors from.
pub(super) struct Files<'a> {
    file: &'a TensorFile,
    device: Device,
    stop: &'a dyn Fn() -> bool,
}

impl<'a> Files<'a> {
    pub(super) fn new(file: &'a TensorFile, device: &Device, stop: &'a dyn Fn() -> bool) -> Self {
        Self {
            file,
            device: device.clone(),
            stop,
        }
    }
}

/// Other names of tied tensors; files leave out the one or the other.
fn twin(name: &str) -> Option<&'static str> {
    Some(match name {
        "text_decoder.bert.embeddings.word_embeddings.weight" => "text_decoder.cls.predictions.decoder.weight",
        "text_decoder.cls.predictions.bias" => "text_decoder.cls.predictions.decoder.bias",
        _ => return None,
    })
}

impl Source for Files<'_> {
    fn tensor(&self, name: &str, shape: &[usize]) -> Result<Tensor<1>, Error> {
        if (self.stop)() {
            return Err(Error::Stopped);
        }
        let path = || self.file.path().to_owned();
        let found = self.file.view(name).or_else(|| self.file.view(twin(name)?));
        let Some(view) = found else {
            self.file.unchanged()?;
            return Err(Error::Missing {
                path: path(),
                name: name.to_owned(),
                expected: shape.to_vec(),
            });
        };
        if view.shape != shape {
            return Err(Error::Misshapen {
                path: path(),
                name: name.to_owned(),
                found: view.shape.to_vec(),
                expected: shape.to_vec(),
            });
        }
        let values = view.to_f32().ok_or_else(|| Error::Type {
            path: path(),
            name: name.to_owned(),
            dtype: format!("{:?}", view.dtype),
        })?;
        let length = values.len();
        Ok(Tensor::from_data(
            TensorData::new(values, [length]),
            (&self.device, DType::F32),
        ))
    }

    fn device(&self) -> &Device {
        &self.device
    }
}
