//! What a pickle's program leaves behind: values in one arena, so that lists may hold themselves and nothing is dropped recursively.
//!
//! Owns the arena and the budget of copies. Texts and bytes stay where they lie in the file, unless the pickle wrote them escaped.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use safetensors::Dtype;

use super::Refused;
use super::globals::Global;

/// A value: small ones themselves, others by their place in the [`Heap`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Global(Global),
    Node(u32),
}

/// A value that does not fit into a word.
#[derive(Clone, Debug)]
pub(super) enum Node<'a> {
    /// A whole number beyond 64 bits; `None` beyond 128.
    Big(Option<i128>),
    Text(Cow<'a, str>),
    Bytes(Blob),
    List(Vec<Value>),
    Tuple(Vec<Value>),
    Set(Vec<Value>),
    /// In the order of writing; of equal keys the last counts.
    Dict(Vec<(Value, Value)>),
    /// `ParameterDict` and its like, with the dictionary of attributes.
    Module(Value),
    Storage(Box<Storage>),
    Tensor(Box<Tensor>),
    /// A numpy number type; `None` is one that is no plain number.
    Number(Option<Number>),
    /// What is known to be harmless and is not built; the index of its class in [`super::globals::LEFTOVERS`].
    Opaque(u8),
}

/// Bytes, by where they lie.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) enum Blob {
    /// In the file.
    File(Range<usize>),
    /// Among [`Heap::decoded`].
    Decoded(Range<usize>),
}

impl Blob {
    pub(in super::super) fn len(&self) -> usize {
        match self {
            Self::File(range) | Self::Decoded(range) => range.len(),
        }
    }
}

/// A numpy number type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Number {
    pub(super) dtype: Dtype,
    pub(super) big_endian: bool,
}

/// Elements that tensors share, as the pickle names them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Storage {
    /// The member of the zip archive, or the name in the list behind an old pickle.
    pub(super) key: String,
    /// Bytes.
    pub(super) dtype: Dtype,
    /// Its length, in elements.
    pub(super) elements: usize,
    /// The part of the stored elements that it is; old files only.
    pub(super) part: Option<Range<usize>>,
}

impl Storage {
    /// The length that tensors see, in elements.
    pub(super) fn visible(&self) -> usize {
        self.part.as_ref().map_or(self.elements, ExactSizeIterator::len)
    }
}

/// A tensor as the pickle describes it, already checked against its storage's claimed length.
#[derive(Clone, Debug)]
pub(super) struct Tensor {
    pub(super) dtype: Dtype,
    pub(super) shape: Vec<usize>,
    pub(super) elements: Elements,
}

/// Where a tensor's elements lie.
#[derive(Clone, Debug)]
pub(super) enum Elements {
    /// In a storage, from a byte on; strides in elements where they are not in one row-major piece.
    Stored {
        storage: u32,
        offset: usize,
        strides: Option<Vec<usize>>,
    },
    /// Row-major in one piece.
    Blob(Blob),
}

/// All nodes of a file, and what may still be copied for it.
#[derive(Debug)]
pub(super) struct Heap<'a> {
    /// The whole file.
    pub(super) file: &'a [u8],
    nodes: Vec<Node<'a>>,
    /// Bytes that the pickle wrote as escaped text.
    pub(super) decoded: Vec<u8>,
    copies: usize,
    steps: usize,
}

/// More instructions than any checkpoint has: a bound on what a large hostile file makes us hold.
const STEPS: usize = 1 << 22;

impl<'a> Heap<'a> {
    pub(super) fn new(file: &'a [u8]) -> Self {
        Self {
            file,
            nodes: Vec::new(),
            decoded: Vec::new(),
            copies: file.len().saturating_add(4096),
            steps: STEPS,
        }
    }

    /// Adds a node.
    pub(super) fn add(&mut self, node: Node<'a>) -> Value {
        // There are no more nodes than steps, and those are few.
        let index = self.nodes.len() as u32;
        self.nodes.push(node);
        Value::Node(index)
    }

    /// The node of a value that has one.
    pub(super) fn node(&self, value: Value) -> Option<&Node<'a>> {
        match value {
            Value::Node(index) => self.nodes.get(index as usize),
            _ => None,
        }
    }

    pub(super) fn node_mut(&mut self, value: Value) -> Option<&mut Node<'a>> {
        match value {
            Value::Node(index) => self.nodes.get_mut(index as usize),
            _ => None,
        }
    }

    /// The members of a list, a tuple or a set.
    pub(super) fn items(&self, value: Value) -> Option<&[Value]> {
        match self.node(value)? {
            Node::List(items) | Node::Tuple(items) | Node::Set(items) => Some(items),
            _ => None,
        }
    }

    /// A text; old Pythons wrote it as bytes.
    pub(super) fn str(&self, value: Value) -> Option<&str> {
        match self.node(value)? {
            Node::Text(text) => Some(text),
            Node::Bytes(blob) => str::from_utf8(self.blob(blob)).ok(),
            _ => None,
        }
    }

    /// A number of things.
    pub(super) fn count(value: Value) -> Option<usize> {
        match value {
            Value::Int(n) => usize::try_from(n).ok(),
            _ => None,
        }
    }

    /// Numbers of things.
    pub(super) fn counts(&self, value: Value) -> Option<Vec<usize>> {
        self.items(value)?.iter().map(|&n| Self::count(n)).collect()
    }

    pub(super) fn blob(&self, blob: &Blob) -> &[u8] {
        let (from, range) = match blob {
            Blob::File(range) => (self.file, range),
            Blob::Decoded(range) => (self.decoded.as_slice(), range),
        };
        from.get(range.clone()).unwrap_or_default()
    }

    /// The types of all storages by their keys.
    pub(super) fn storages(&self) -> HashMap<&str, Dtype> {
        let held = self.nodes.iter().filter_map(|node| match node {
            Node::Storage(storage) => Some((storage.key.as_str(), storage.dtype)),
            _ => None,
        });
        // The first that names a storage decides, as in torch.
        let mut types = HashMap::new();
        for (key, dtype) in held {
            types.entry(key).or_insert(dtype);
        }
        types
    }

    /// Counts one instruction, or one value copied by it.
    pub(super) fn step(&mut self, count: usize) -> Result<(), Refused> {
        let left = self.steps.checked_sub(count);
        self.steps = left.ok_or_else(|| Refused::damaged("its pickle has more than 4194304 instructions"))?;
        Ok(())
    }

    /// Counts bytes that are copied out of the file.
    pub(super) fn copy(&mut self, bytes: usize) -> Result<(), Refused> {
        let left = self.copies.checked_sub(bytes);
        self.copies = left.ok_or_else(|| Refused::damaged("its pickle unpacks to more bytes than the file has"))?;
        Ok(())
    }
}
