//! What the known functions of a pickle would have made: tensors, numbers and containers, checked and never run.
//!
//! The argument lists are those of `torch/_utils.py` and of numpy's `__reduce__`.

use std::borrow::Cow;

use safetensors::Dtype;

use super::globals::Global;
use super::value::{Blob, Elements, Heap, Node, Number, Storage, Tensor, Value};
use super::{Refused, geometry};

/// What a call of a function or class gives.
///
/// # Errors
/// [`Refused::Damaged`] when the arguments are not that function's.
pub(super) fn make(heap: &mut Heap<'_>, global: Global, arguments: &[Value]) -> Result<Value, Refused> {
    match (global, arguments) {
        (Global::Dict, _) => dict(heap, arguments),
        (Global::Sequence, []) => Ok(heap.add(Node::List(Vec::new()))),
        // A set of a list is told from the list by nobody here: it is not copied.
        (Global::Sequence, [items, ..]) if heap.items(*items).is_some() => Ok(*items),
        (Global::Module, _) => Ok(heap.add(Node::Module(Value::None))),
        (Global::Tensor, [storage, offset, shape, strides, rest @ ..]) => {
            let metadata = rest.get(2).copied();
            tensor(heap, [*storage, *offset, *shape, *strides], None, metadata)
        }
        (
            Global::TypedTensor,
            [
                storage,
                offset,
                shape,
                strides,
                _,
                _,
                Value::Global(Global::Type(dtype)),
                rest @ ..,
            ],
        ) => tensor(
            heap,
            [*storage, *offset, *shape, *strides],
            Some(*dtype),
            rest.first().copied(),
        ),
        (Global::Through | Global::TensorClass, [value, ..]) if is_tensor(heap, *value) => Ok(*value),
        (Global::FromType, [Value::Global(inner), Value::Global(Global::TensorClass), arguments, ..]) => {
            let known = matches!(inner, Global::Tensor | Global::TypedTensor | Global::Through);
            let arguments = heap.items(*arguments).filter(|items| known && items.len() <= 16);
            let arguments = arguments.ok_or_else(|| unfit(global))?.to_vec();
            make(heap, *inner, &arguments)
        }
        (Global::Encode, [text, ..]) => encode(heap, *text),
        (Global::NumberType, [letter, ..]) => {
            let number = heap.str(*letter).and_then(number_type);
            Ok(heap.add(Node::Number(number)))
        }
        (Global::Scalar, [number, bytes]) => scalar(heap, *number, *bytes),
        (Global::EmptyArray, _) => Ok(heap.add(Node::Number(None))),
        (Global::Array, [bytes, number, shape, order]) => {
            let columns_first = heap.str(*order).is_some_and(|order| order == "F");
            let array = array(heap, *shape, *number, columns_first, *bytes)?;
            Ok(heap.add(array))
        }
        (Global::Maker, [Value::Global(class), ..]) => match class {
            Global::Dict | Global::Sequence | Global::Module | Global::Opaque(_) => make(heap, *class, &[]),
            _ => Err(unfit(global)),
        },
        (Global::Opaque(class), _) => Ok(heap.add(Node::Opaque(class))),
        _ => Err(unfit(global)),
    }
}

fn unfit(global: Global) -> Refused {
    Refused::Damaged(format!(
        "its pickle calls {global:?} with arguments that it does not take"
    ))
}

fn is_tensor(heap: &Heap<'_>, value: Value) -> bool {
    matches!(heap.node(value), Some(Node::Tensor(_)))
}

fn dict(heap: &mut Heap<'_>, arguments: &[Value]) -> Result<Value, Refused> {
    let pairs = match arguments {
        // `defaultdict` begins with what makes its defaults.
        [] | [Value::Global(_) | Value::None] => Vec::new(),
        [from] | [Value::Global(_) | Value::None, from] => match heap.node(*from) {
            Some(Node::Dict(_)) => return Ok(*from),
            Some(Node::List(pairs) | Node::Tuple(pairs)) => {
                let pair = |value: &Value| match heap.items(*value) {
                    Some(&[key, value]) => Some((key, value)),
                    _ => None,
                };
                pairs
                    .iter()
                    .map(pair)
                    .collect::<Option<Vec<_>>>()
                    .ok_or_else(|| unfit(Global::Dict))?
            }
            _ => return Err(unfit(Global::Dict)),
        },
        _ => return Err(unfit(Global::Dict)),
    };
    heap.step(pairs.len())?;
    Ok(heap.add(Node::Dict(pairs)))
}

/// What a persistent id names: a storage, `("storage", type, key, place, elements)`, in old files with a part of it at the end; or a
/// class.
///
/// # Errors
/// [`Refused::Damaged`] for what is neither.
pub(super) fn persistent(heap: &mut Heap<'_>, id: Value) -> Result<Value, Refused> {
    let wrong = || Refused::damaged("its pickle has a storage without type, key and length");
    let items = heap.items(id).ok_or_else(wrong)?;
    let kind = items.first().and_then(|&kind| heap.str(kind)).unwrap_or_default();
    // Old files keep the source of a module beside its class, to warn when it has changed.
    if let (&[_, class @ Value::Global(_), ..], "module") = (items, kind) {
        return Ok(class);
    }
    let (&[_, Value::Global(Global::Storage(dtype)), key, _, elements], rest) = items
        .split_first_chunk::<5>()
        .filter(|_| kind == "storage")
        .ok_or_else(wrong)?
    else {
        return Err(wrong());
    };
    let key = match key {
        Value::Int(number) => number.to_string(),
        _ => heap
            .str(key)
            .filter(|key| key.len() <= 256)
            .ok_or_else(wrong)?
            .to_owned(),
    };
    let elements = Heap::count(elements).ok_or_else(wrong)?;
    let part = match rest {
        [] | [Value::None] => None,
        [part] => {
            let &[_, begin, length] = heap.items(*part).ok_or_else(wrong)? else {
                return Err(wrong());
            };
            let (begin, length) = Heap::count(begin).zip(Heap::count(length)).ok_or_else(wrong)?;
            let end = begin
                .checked_add(length)
                .filter(|&end| end <= elements)
                .ok_or_else(wrong)?;
            Some(begin..end)
        }
        _ => return Err(wrong()),
    };
    let storage = Storage {
        key,
        dtype,
        elements,
        part,
    };
    Ok(heap.add(Node::Storage(Box::new(storage))))
}

/// A view of a storage.
fn tensor(
    heap: &mut Heap<'_>,
    [storage, offset, shape, strides]: [Value; 4],
    dtype: Option<Dtype>,
    metadata: Option<Value>,
) -> Result<Value, Refused> {
    let wrong = || Refused::damaged("its pickle has a tensor without storage, offset, shape and strides");
    let Value::Node(index) = storage else {
        return Err(wrong());
    };
    let Some(Node::Storage(held)) = heap.node(storage) else {
        return Err(wrong());
    };
    if metadata.is_some_and(|m| matches!(heap.node(m), Some(Node::Dict(marks)) if !marks.is_empty())) {
        return Err(Refused::damaged(
            "a tensor in it is marked as negated or conjugated, which is not read",
        ));
    }
    let offset = Heap::count(offset).ok_or_else(wrong)?;
    let shape = heap.counts(shape).ok_or_else(wrong)?;
    let strides = heap.counts(strides).ok_or_else(wrong)?;
    let bytes = geometry::bytes(held.visible(), held.dtype)?;
    let dtype = dtype.unwrap_or(held.dtype);
    let strides = geometry::check(&shape, strides, offset, dtype, bytes)?;
    // The dimensions may be shared by many tensors; here each has its own.
    heap.step(2 * shape.len())?;
    let tensor = Tensor {
        dtype,
        shape,
        elements: Elements::Stored {
            storage: index,
            // Where nothing lies, the offset may be any.
            offset: offset.saturating_mul(dtype.bitsize() / 8).min(bytes),
            strides,
        },
    };
    Ok(heap.add(Node::Tensor(Box::new(tensor))))
}

/// `_codecs.encode(text, "latin1")`: how Python 3 writes bytes below protocol 3.
fn encode(heap: &mut Heap<'_>, text: Value) -> Result<Value, Refused> {
    if let Some(Node::Bytes(_)) = heap.node(text) {
        return Ok(text);
    }
    let Some(Node::Text(text)) = heap.node(text) else {
        return Err(unfit(Global::Encode));
    };
    let length = text.len();
    let latin = |c: char| u8::try_from(u32::from(c)).ok();
    let bytes: Option<Vec<u8>> = text.chars().map(latin).collect();
    let bytes = bytes.ok_or_else(|| unfit(Global::Encode))?;
    heap.copy(length)?;
    let begin = heap.decoded.len();
    heap.decoded.extend(bytes);
    let blob = Blob::Decoded(begin..heap.decoded.len());
    Ok(heap.add(Node::Bytes(blob)))
}

/// A numpy type by its letters: `f4`, `<i8`, `b1`.
fn number_type(letters: &str) -> Option<Number> {
    let name = letters.trim_start_matches(['<', '>', '=', '|']);
    let dtype = match name {
        "f8" => Dtype::F64,
        "f4" => Dtype::F32,
        "f2" => Dtype::F16,
        "i8" => Dtype::I64,
        "i4" => Dtype::I32,
        "i2" => Dtype::I16,
        "i1" => Dtype::I8,
        "u8" => Dtype::U64,
        "u4" => Dtype::U32,
        "u2" => Dtype::U16,
        "u1" => Dtype::U8,
        "b1" => Dtype::BOOL,
        _ => return None,
    };
    Some(Number {
        dtype,
        big_endian: letters.starts_with('>'),
    })
}

fn number(heap: &Heap<'_>, value: Value) -> Option<Number> {
    match heap.node(value)? {
        Node::Number(number) => *number,
        _ => None,
    }
}

/// One numpy number. Those of other types (texts, dates) are passed over.
fn scalar(heap: &mut Heap<'_>, kind: Value, bytes: Value) -> Result<Value, Refused> {
    let Some(number) = number(heap, kind) else {
        return Ok(Value::None);
    };
    let bytes = match heap.node(bytes) {
        Some(Node::Bytes(blob)) => heap.blob(blob),
        // Python 2's bytes may be text as well.
        Some(Node::Text(text)) => text.as_bytes(),
        _ => return Err(unfit(Global::Scalar)),
    };
    let width = number.dtype.bitsize() / 8;
    if bytes.len() != width {
        return Err(unfit(Global::Scalar));
    }
    let mut little = [0; 8];
    little[..width].copy_from_slice(bytes);
    if number.big_endian {
        little[..width].reverse();
    }
    let word = u64::from_le_bytes(little);
    let shift = 64 - number.dtype.bitsize() as u32;
    let signed = (word << shift) as i64 >> shift;
    Ok(match number.dtype {
        Dtype::F64 => Value::Float(f64::from_bits(word)),
        Dtype::F32 => Value::Float(f32::from_bits(word as u32).into()),
        Dtype::F16 => Value::Float(half::f16::from_bits(word as u16).into()),
        Dtype::BOOL => Value::Bool(word != 0),
        Dtype::U64 => match i64::try_from(word) {
            Ok(number) => Value::Int(number),
            Err(_) => heap.add(Node::Big(Some(word.into()))),
        },
        Dtype::U8 | Dtype::U16 | Dtype::U32 => Value::Int(word as i64),
        _ => Value::Int(signed),
    })
}

/// A numpy array, which is a tensor like others.
fn array<'a>(
    heap: &Heap<'a>,
    shape: Value,
    kind: Value,
    columns_first: bool,
    bytes: Value,
) -> Result<Node<'a>, Refused> {
    let wrong = || Refused::damaged("its pickle has a numpy array that is no array of plain little-endian numbers");
    let number = number(heap, kind)
        .filter(|number| !number.big_endian)
        .ok_or_else(wrong)?;
    let shape = heap.counts(shape).ok_or_else(wrong)?;
    let blob = match heap.node(bytes) {
        Some(Node::Bytes(blob)) => blob.clone(),
        _ => return Err(wrong()),
    };
    if columns_first && shape.iter().filter(|&&side| side > 1).count() > 1 {
        return Err(Refused::damaged(
            "its pickle has a numpy array written column by column, which is not read",
        ));
    }
    let elements = shape.iter().try_fold(1_usize, |n, &side| n.checked_mul(side));
    if elements.and_then(|n| n.checked_mul(number.dtype.bitsize() / 8)) != Some(blob.len()) {
        return Err(Refused::Damaged(format!(
            "its pickle has a numpy array of shape {shape:?} with {} bytes",
            blob.len()
        )));
    }
    Ok(Node::Tensor(Box::new(Tensor {
        dtype: number.dtype,
        shape,
        elements: Elements::Blob(blob),
    })))
}

/// Gives an object the state that a pickle has for it.
///
/// # Errors
/// [`Refused::Damaged`] for objects that have none.
pub(super) fn fill(heap: &mut Heap<'_>, target: Value, state: Value) -> Result<(), Refused> {
    let parts = heap.items(state).filter(|parts| parts.len() <= 16).map(<[_]>::to_vec);
    let Some(node) = heap.node(target) else {
        return Err(Refused::damaged("its pickle gives a state to what has none"));
    };
    match (node, parts.as_deref()) {
        (Node::Module(_), _) => {
            if let Some(Node::Module(held)) = heap.node_mut(target) {
                *held = state;
            }
        }
        // Of numpy's types the state says the order of bytes, of its arrays everything.
        (Node::Number(Some(number)), Some(&[_, order, ..])) => {
            let big_endian = heap.str(order).is_some_and(|order| order == ">");
            let number = Number { big_endian, ..*number };
            if let Some(Node::Number(held)) = heap.node_mut(target) {
                *held = Some(number);
            }
        }
        (Node::Number(None), Some(&[_, shape, kind, columns_first, bytes])) => {
            let array = array(heap, shape, kind, columns_first == Value::Bool(true), bytes)?;
            if let Some(node) = heap.node_mut(target) {
                *node = array;
            }
        }
        // A dictionary's attributes (`_metadata` of torch's), a parameter's, and those of what is not built.
        (Node::Dict(_) | Node::List(_) | Node::Tensor(_) | Node::Opaque(_) | Node::Number(None), _) => {}
        _ => return Err(Refused::damaged("its pickle gives a state to what has none")),
    }
    Ok(())
}

/// A key of a dictionary as part of a name.
pub(super) fn key_text<'h>(heap: &'h Heap<'_>, key: Value) -> Option<Cow<'h, str>> {
    Some(match key {
        Value::None => "None".into(),
        Value::Bool(true) => "True".into(),
        Value::Bool(false) => "False".into(),
        Value::Int(number) => number.to_string().into(),
        Value::Float(number) => number.to_string().into(),
        Value::Global(Global::Opaque(class)) => super::globals::LEFTOVERS[usize::from(class)].into(),
        Value::Global(_) => return None,
        Value::Node(_) => match heap.node(key)? {
            Node::Opaque(class) => super::globals::LEFTOVERS[usize::from(*class)].into(),
            _ => heap.str(key)?.into(),
        },
    })
}
