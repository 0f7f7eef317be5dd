//! The classes and functions that a pickle may name. Naming any other refuses the file: nothing is ever called.

use safetensors::Dtype;

use super::Refused;

/// What a pickle named.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Global {
    /// A dictionary of any kind.
    Dict,
    /// A list, tuple, set or `torch.Size`.
    Sequence,
    /// A module that is nothing but its parameters.
    Module,
    /// `_rebuild_tensor` and `_rebuild_tensor_v2`: storage, offset, size, strides, …
    Tensor,
    /// `_rebuild_tensor_v3`, whose number type is its own.
    TypedTensor,
    /// What takes a tensor and gives it back.
    Through,
    /// `_rebuild_from_type_v2`: a function, a class, the function's arguments.
    FromType,
    /// `torch.Tensor` and `Parameter`.
    TensorClass,
    /// Elements of this type.
    Storage(Dtype),
    /// A number type of torch.
    Type(Dtype),
    /// Text to bytes.
    Encode,
    /// A numpy number.
    Scalar,
    /// A numpy array, to be filled.
    EmptyArray,
    /// A numpy array: bytes, type, shape, order.
    Array,
    ArrayClass,
    NumberType,
    /// `copyreg`'s makers of objects: a class, …
    Maker,
    /// Python's own class of objects and numbers.
    Plain,
    /// Harmless, and not built; an index into [`LEFTOVERS`].
    Opaque(u8),
}

/// What trainers leave in checkpoints beside the tensors, none of which is built.
pub(super) const LEFTOVERS: [&str; 39] = [
    "pytorch_lightning.callbacks.model_checkpoint",
    "pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint",
    "pytorch_lightning.callbacks.early_stopping.EarlyStopping",
    "pytorch_lightning.callbacks.lr_monitor.LearningRateMonitor",
    "pytorch_lightning.callbacks.timer.Timer",
    "pytorch_lightning.callbacks.progress.ProgressBar",
    "pytorch_lightning.callbacks.progress.tqdm_progress.TQDMProgressBar",
    "pytorch_lightning.utilities.parsing.AttributeDict",
    "pytorch_lightning.utilities.enums._FaultTolerantMode",
    "lightning.pytorch.callbacks.model_checkpoint.ModelCheckpoint",
    "lightning.pytorch.callbacks.early_stopping.EarlyStopping",
    "lightning.pytorch.utilities.parsing.AttributeDict",
    "lightning_fabric.utilities.data.AttributeDict",
    "lightning.fabric.utilities.data.AttributeDict",
    "argparse.Namespace",
    "omegaconf.dictconfig.DictConfig",
    "omegaconf.listconfig.ListConfig",
    "omegaconf.base.ContainerMetadata",
    "omegaconf.base.Metadata",
    "omegaconf.nodes.AnyNode",
    "omegaconf.nodes.StringNode",
    "omegaconf.nodes.IntegerNode",
    "omegaconf.nodes.FloatNode",
    "omegaconf.nodes.BooleanNode",
    "easydict.EasyDict",
    "typing.Any",
    "types.SimpleNamespace",
    "pathlib.Path",
    "pathlib.PosixPath",
    "pathlib.WindowsPath",
    "pathlib.PurePosixPath",
    "pathlib.PureWindowsPath",
    "datetime.datetime",
    "datetime.date",
    "datetime.timedelta",
    "datetime.timezone",
    "uuid.UUID",
    "torch.device",
    "torch.torch_version.TorchVersion",
];

/// Finds a class or function by its module and name.
///
/// # Errors
/// [`Refused::Class`] for all that is not known.
pub(super) fn find(module: &str, name: &str) -> Result<Global, Refused> {
    let found = match module {
        "torch" => torch(name),
        "torch.storage" => storage(name),
        "torch._utils" => match name {
            "_rebuild_tensor" | "_rebuild_tensor_v2" => Some(Global::Tensor),
            "_rebuild_tensor_v3" => Some(Global::TypedTensor),
            "_rebuild_parameter"
            | "_rebuild_parameter_with_state"
            | "_rebuild_device_tensor_from_numpy"
            | "_rebuild_device_tensor_from_cpu_tensor"
            | "_rebuild_xla_tensor" => Some(Global::Through),
            _ => None,
        },
        "torch._tensor" if name == "_rebuild_from_type_v2" => Some(Global::FromType),
        "torch._tensor" if name == "Tensor" => Some(Global::TensorClass),
        "torch.nn.parameter" if ["Parameter", "Buffer"].contains(&name) => Some(Global::TensorClass),
        "torch.nn.modules.container" if ["ParameterDict", "ParameterList"].contains(&name) => Some(Global::Module),
        "collections" if ["OrderedDict", "defaultdict", "Counter"].contains(&name) => Some(Global::Dict),
        "collections" if name == "deque" => Some(Global::Sequence),
        "_codecs" if name == "encode" => Some(Global::Encode),
        "builtins" | "__builtin__" => builtin(name),
        "copyreg" | "copy_reg" if ["_reconstructor", "__newobj__"].contains(&name) => Some(Global::Maker),
        _ => numpy(module, name),
    };
    let leftover = || {
        let place = LEFTOVERS.iter().position(|known| {
            known
                .strip_prefix(module)
                .and_then(|rest| rest.strip_prefix('.'))
                .is_some_and(|rest| rest == name)
        });
        Some(Global::Opaque(place? as u8))
    };
    found
        .or_else(leftover)
        .ok_or_else(|| Refused::Class(format!("{module}.{name}")))
}

fn torch(name: &str) -> Option<Global> {
    if let Some(storage) = storage(name) {
        return Some(storage);
    }
    Some(match name {
        "Size" => Global::Sequence,
        "Tensor" => Global::TensorClass,
        _ => Global::Type(match name {
            "float64" | "double" => Dtype::F64,
            "float32" | "float" => Dtype::F32,
            "float16" | "half" => Dtype::F16,
            "bfloat16" => Dtype::BF16,
            "float8_e4m3fn" => Dtype::F8_E4M3,
            "float8_e5m2" => Dtype::F8_E5M2,
            "float8_e4m3fnuz" => Dtype::F8_E4M3FNUZ,
            "float8_e5m2fnuz" => Dtype::F8_E5M2FNUZ,
            "float8_e8m0fnu" => Dtype::F8_E8M0,
            "int64" | "long" => Dtype::I64,
            "int32" | "int" => Dtype::I32,
            "int16" | "short" => Dtype::I16,
            "int8" => Dtype::I8,
            "uint64" => Dtype::U64,
            "uint32" => Dtype::U32,
            "uint16" => Dtype::U16,
            "uint8" => Dtype::U8,
            "bool" => Dtype::BOOL,
            "complex64" => Dtype::C64,
            _ => return None,
        }),
    })
}

fn storage(name: &str) -> Option<Global> {
    Some(Global::Storage(match name.strip_suffix("Storage")? {
        "Double" => Dtype::F64,
        "Float" => Dtype::F32,
        "Half" => Dtype::F16,
        "BFloat16" => Dtype::BF16,
        "Long" => Dtype::I64,
        "Int" => Dtype::I32,
        "Short" => Dtype::I16,
        "Char" => Dtype::I8,
        "Byte" | "Untyped" | "_Untyped" | "Typed" | "_Typed" => Dtype::U8,
        "Bool" => Dtype::BOOL,
        "ComplexFloat" => Dtype::C64,
        _ => return None,
    }))
}

fn builtin(name: &str) -> Option<Global> {
    Some(match name {
        "dict" => Global::Dict,
        "list" | "tuple" | "set" | "frozenset" => Global::Sequence,
        "object" | "int" | "long" | "float" | "bool" | "str" | "unicode" | "bytes" | "complex" => Global::Plain,
        _ => return None,
    })
}

fn numpy(module: &str, name: &str) -> Option<Global> {
    let inner = module.strip_prefix("numpy")?;
    Some(match (inner, name) {
        ("", "dtype") => Global::NumberType,
        ("", "ndarray") => Global::ArrayClass,
        (".core.multiarray" | "._core.multiarray", "scalar") => Global::Scalar,
        (".core.multiarray" | "._core.multiarray", "_reconstruct") => Global::EmptyArray,
        (".core.numeric" | "._core.numeric", "_frombuffer") => Global::Array,
        _ => return None,
    })
}
