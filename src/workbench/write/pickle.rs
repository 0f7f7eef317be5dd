//! `PyTorch`'s zip archive: a pickle that names the tensors, and one member for each one's bytes.
//!
//! A checkpoint is a dict with `state_dict`, anything else a dict of bare tensors, as the field's tools expect. The pickle has the few
//! opcodes of protocol 2 that `torch.load(weights_only=True)` takes. Members are stored and begin at multiples of 64, so that they can
//! be mapped.

use std::io::Write;
use std::path::Path;

use safetensors::Dtype;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::{Plan, Sink, stream};
use crate::store::atomic::WriteError;
use crate::workbench::Error;
use crate::workbench::pace::Watch;
use crate::workbench::tensor::Tensor;

/// Members' names begin with this, as in what `torch.save` writes to a buffer.
const ROOT: &str = "archive";
const ALIGNMENT: u16 = 64;
/// What a member costs beside its bytes: its header, its entry in the directory, the gap before it, its description in the pickle.
const PER_MEMBER: u64 = 512;

/// An archive to be written.
pub(super) struct Archive<'p, 'a> {
    tensors: Vec<(&'p String, &'p Tensor<'a>)>,
    pickle: Vec<u8>,
}

impl<'p, 'a> Archive<'p, 'a> {
    /// The archive of a plan.
    ///
    /// # Errors
    /// [`Error::Input`] when a tensor has a type that pickles have no storage for.
    pub(super) fn of(plan: &'p Plan<'a>, path: &Path) -> Result<Self, Error> {
        let mut out = Opcodes::new();
        out.begin_dict();
        if plan.is_checkpoint {
            out.text("state_dict");
            out.begin_dict();
        }
        for (i, (name, tensor)) in plan.tensors.iter().enumerate() {
            let storage = storage(tensor.dtype).ok_or_else(|| Error::Input {
                path: path.to_owned(),
                why: format!("cannot hold tensor {name} of type {:?}", tensor.dtype),
                hint: "PyTorch's pickles have no such storage; write safetensors, or choose another precision",
            })?;
            out.text(name);
            out.tensor(i, storage, &tensor.shape);
        }
        if plan.is_checkpoint {
            out.end_dict();
            for (key, value) in plan.metadata.iter().filter(|(key, _)| *key != "state_dict") {
                out.text(key);
                out.text(value);
            }
        }
        out.end_dict();
        Ok(Self {
            tensors: plan.tensors.iter().collect(),
            pickle: out.finish(),
        })
    }

    /// Bytes that the file will not exceed by much.
    pub(super) fn bytes(&self) -> u64 {
        let tensors: u64 = self
            .tensors
            .iter()
            .map(|(_, tensor)| tensor.len() as u64 + PER_MEMBER)
            .sum();
        tensors + self.pickle.len() as u64
    }

    /// Writes the archive.
    pub(super) fn write(&self, file: &mut dyn Sink, path: &Path, watch: &mut Watch<'_>) -> Result<(), Error> {
        let fail = |error: zip::result::ZipError| Error::Write(WriteError::of(path, error.into()));
        let fail_io = |error| Error::Write(WriteError::of(path, error));
        let options = |length: usize| {
            SimpleFileOptions::default()
                .compression_method(CompressionMethod::Stored)
                .with_alignment(ALIGNMENT)
                .large_file(u32::try_from(length).is_err())
        };
        let mut zip = ZipWriter::new(file);
        let texts: [(&str, &[u8]); 3] = [
            ("data.pkl", &self.pickle),
            ("byteorder", b"little"),
            ("version", b"3\n"),
        ];
        for (name, content) in &texts[..2] {
            zip.start_file(format!("{ROOT}/{name}"), options(content.len()))
                .map_err(fail)?;
            zip.write_all(content).map_err(fail_io)?;
        }
        stream(&self.tensors, watch, |i, bytes| {
            zip.start_file(format!("{ROOT}/data/{i}"), options(bytes.len()))
                .map_err(fail)?;
            zip.write_all(bytes).map_err(fail_io)
        })?;
        let (name, content) = texts[2];
        zip.start_file(format!("{ROOT}/{name}"), options(content.len()))
            .map_err(fail)?;
        zip.write_all(content).map_err(fail_io)?;
        zip.finish().map_err(fail)?;
        Ok(())
    }
}

/// The class of a storage of such elements.
fn storage(dtype: Dtype) -> Option<&'static str> {
    Some(match dtype {
        Dtype::F64 => "DoubleStorage",
        Dtype::F32 => "FloatStorage",
        Dtype::F16 => "HalfStorage",
        Dtype::BF16 => "BFloat16Storage",
        Dtype::I64 => "LongStorage",
        Dtype::I32 => "IntStorage",
        Dtype::I16 => "ShortStorage",
        Dtype::I8 => "CharStorage",
        Dtype::U8 => "ByteStorage",
        Dtype::BOOL => "BoolStorage",
        _ => return None,
    })
}

/// A pickle of protocol 2 in the making.
struct Opcodes(Vec<u8>);

impl Opcodes {
    fn new() -> Self {
        Self(vec![0x80, 2])
    }

    fn begin_dict(&mut self) {
        self.0.extend(b"}(");
    }

    fn end_dict(&mut self) {
        self.0.push(b'u');
    }

    /// `BINUNICODE`.
    fn text(&mut self, text: &str) {
        self.0.push(b'X');
        self.0.extend((text.len() as u32).to_le_bytes());
        self.0.extend(text.as_bytes());
    }

    /// `BININT` where it fits, else `LONG1`.
    fn number(&mut self, number: usize) {
        if let Ok(small) = i32::try_from(number) {
            self.0.push(b'J');
            self.0.extend(small.to_le_bytes());
        } else {
            self.0.extend([0x8a, 9]);
            self.0.extend((number as u64).to_le_bytes());
            // Without this the highest bit would be a sign.
            self.0.push(0);
        }
    }

    fn numbers(&mut self, numbers: &[usize]) {
        self.0.push(b'(');
        for &number in numbers {
            self.number(number);
        }
        self.0.push(b't');
    }

    fn global(&mut self, module: &str, name: &str) {
        self.0.extend(format!("c{module}\n{name}\n").into_bytes());
    }

    /// `torch._utils._rebuild_tensor_v2(storage, 0, shape, strides, False, OrderedDict())` over the storage named `key`.
    fn tensor(&mut self, key: usize, storage: &str, shape: &[usize]) {
        let mut strides = vec![1; shape.len()];
        for axis in (1..shape.len()).rev() {
            strides[axis - 1] = strides[axis] * shape[axis].max(1);
        }
        self.global("torch._utils", "_rebuild_tensor_v2");
        self.0.extend(b"((");
        self.text("storage");
        self.global("torch", storage);
        self.text(&key.to_string());
        self.text("cpu");
        self.number(shape.iter().product());
        self.0.extend(b"tQ");
        self.number(0);
        self.numbers(shape);
        self.numbers(&strides);
        self.0.push(0x89);
        self.global("collections", "OrderedDict");
        self.0.extend(b")RtR");
    }

    fn finish(mut self) -> Vec<u8> {
        self.0.push(b'.');
        self.0
    }
}
