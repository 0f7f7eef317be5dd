//! The tree that a pickle holds as two flat lists: tensors by name, and the plain values beside them as text.
//!
//! Containers are joined by dots; an outermost `state_dict` is left out. Lists without tensors become JSON.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use serde_json::Value as Json;

use super::super::header::Header;
use super::super::{Info, Place};
use super::value::{Blob, Elements, Heap, Node, Storage, Tensor, Value};
use super::{Refused, build, geometry};

/// Where the storages lie in the file, by their keys.
pub(super) type Storages = HashMap<String, Range<usize>>;

/// Deeper than any checkpoint nests its containers.
const DEEPEST: usize = 64;

struct Flattening<'h, 'a> {
    heap: &'h Heap<'a>,
    storages: &'h Storages,
    /// What the result may still grow by, in bytes: shared containers would else be written out without end.
    budget: usize,
    found: Header,
}

/// Flattens what a pickle of so many bytes left in the heap.
///
/// # Errors
/// [`Refused::Damaged`] when a tensor's storage is not in the file, and when the tree is far larger than the pickle.
pub(super) fn flatten(heap: &Heap<'_>, root: Value, storages: &Storages, pickle: usize) -> Result<Header, Refused> {
    let mut flattening = Flattening {
        heap,
        storages,
        budget: pickle.saturating_mul(32).saturating_add(1 << 20),
        found: (BTreeMap::new(), BTreeMap::new()),
    };
    flattening.root(root)?;
    Ok(flattening.found)
}

impl Flattening<'_, '_> {
    fn root(&mut self, root: Value) -> Result<(), Refused> {
        if let Some(Node::Tensor(_)) = self.heap.node(root) {
            return self.walk("tensor", root, 0);
        }
        let state = self.entries(root)?.and_then(|entries| {
            let found = entries.into_iter().find(|(key, _)| key == "state_dict")?;
            self.is_container(found.1).then_some(found.1)
        });
        if let Some(state) = state {
            self.container("", state, 0)?;
        }
        let Some(entries) = self.entries(root)? else {
            return self.walk("", root, 0);
        };
        for (key, value) in entries {
            if Some(value) != state {
                self.walk(&key, value, 1)?;
            }
        }
        Ok(())
    }

    fn is_container(&self, value: Value) -> bool {
        matches!(self.heap.node(value), Some(Node::Dict(_) | Node::Module(_)))
    }

    /// The entries of a dictionary or module by the text of their keys; of equal keys the last counts, as in Python.
    fn entries(&mut self, value: Value) -> Result<Option<Vec<(String, Value)>>, Refused> {
        let pairs = match self.heap.node(value) {
            Some(Node::Dict(pairs)) => pairs,
            Some(Node::Module(state)) => return self.parameters(*state).map(Some),
            _ => return Ok(None),
        };
        self.spend(pairs.len().saturating_mul(16))?;
        let mut entries: Vec<(String, Value)> = Vec::with_capacity(pairs.len());
        let mut places = HashMap::with_capacity(pairs.len());
        for &(key, value) in pairs {
            // A tuple is no name: nothing that danlu looks for lies there.
            let Some(key) = build::key_text(self.heap, key) else {
                continue;
            };
            self.spend(2 * key.len())?;
            if let Some(&place) = places.get(key.as_ref()) {
                let entry: &mut (String, Value) = &mut entries[place];
                entry.1 = value;
            } else {
                places.insert(key.clone().into_owned(), entries.len());
                entries.push((key.into_owned(), value));
            }
        }
        Ok(Some(entries))
    }

    /// What a module's attributes say its parameters are.
    fn parameters(&mut self, state: Value) -> Result<Vec<(String, Value)>, Refused> {
        let Some(Node::Dict(attributes)) = self.heap.node(state) else {
            return Ok(Vec::new());
        };
        let held = attributes
            .iter()
            .rev()
            .find(|(key, _)| self.heap.str(*key) == Some("_parameters"));
        let held = held.map(|&(_, held)| held);
        match held.and_then(|held| self.heap.node(held).map(|node| (held, node))) {
            Some((held, Node::Dict(_))) => Ok(self.entries(held)?.unwrap_or_default()),
            _ => Ok(Vec::new()),
        }
    }

    fn spend(&mut self, bytes: usize) -> Result<(), Refused> {
        let left = self.budget.checked_sub(bytes);
        self.budget = left.ok_or_else(|| Refused::damaged("its pickle repeats the same containers without end"))?;
        Ok(())
    }

    fn walk(&mut self, name: &str, value: Value, depth: usize) -> Result<(), Refused> {
        if depth > DEEPEST {
            return Err(Refused::damaged("its pickle nests more than 64 containers"));
        }
        self.spend(48 + name.len())?;
        if self.is_container(value) {
            return self.container(name, value, depth);
        }
        if let Some(items) = self.heap.items(value) {
            if let Some(json) = self.json(value, depth)? {
                self.found.1.insert(name.to_owned(), json.to_string());
                return Ok(());
            }
            for (index, &item) in items.iter().enumerate() {
                self.walk(&joined(name, &index.to_string()), item, depth + 1)?;
            }
            return Ok(());
        }
        if let Some(Node::Tensor(tensor)) = self.heap.node(value) {
            return self.tensor(name, tensor);
        }
        let text = match self.plain(value)? {
            None | Some(Json::Null) => return Ok(()),
            Some(Json::String(text)) => text,
            Some(json) => json.to_string(),
        };
        self.found.1.insert(name.to_owned(), text);
        Ok(())
    }

    fn container(&mut self, name: &str, value: Value, depth: usize) -> Result<(), Refused> {
        for (key, value) in self.entries(value)?.unwrap_or_default() {
            self.walk(&joined(name, &key), value, depth + 1)?;
        }
        Ok(())
    }

    fn tensor(&mut self, name: &str, tensor: &Tensor) -> Result<(), Refused> {
        self.spend(128 + 16 * tensor.shape.len())?;
        let info = Info {
            dtype: tensor.dtype,
            shape: tensor.shape.clone(),
            place: self.place(name, tensor)?,
        };
        if self.found.0.insert(name.to_owned(), info).is_some() {
            return Err(Refused::Damaged(format!("it has two tensors of the name {name}")));
        }
        Ok(())
    }

    fn place(&self, name: &str, tensor: &Tensor) -> Result<Place, Refused> {
        let (storage, offset, strides) = match &tensor.elements {
            Elements::Blob(Blob::File(range)) => return Ok(Place::File(range.clone())),
            Elements::Blob(Blob::Decoded(range)) => return Ok(Place::Decoded(range.clone())),
            Elements::Stored {
                storage,
                offset,
                strides,
            } => (*storage, *offset, strides),
        };
        let Some(Node::Storage(storage)) = self.heap.node(Value::Node(storage)) else {
            return Err(Refused::Damaged(format!("tensor {name} has no storage")));
        };
        let range = self.located(name, storage)?;
        let begin = range.start + offset;
        Ok(if let Some(strides) = strides {
            Place::Strided {
                range: begin..range.end,
                strides: strides.clone(),
            }
        } else {
            // Checked against the claimed length, which is the true one.
            let elements: usize = tensor.shape.iter().product();
            Place::File(begin..begin + elements * (tensor.dtype.bitsize() / 8))
        })
    }

    /// Where a storage lies, if it is there and as long as the pickle says.
    fn located(&self, name: &str, storage: &Storage) -> Result<Range<usize>, Refused> {
        let Storage {
            key,
            dtype,
            elements,
            part,
        } = storage;
        let Some(range) = self.storages.get(key) else {
            return Err(Refused::Damaged(format!(
                "the storage {key:?} of tensor {name} is not in it"
            )));
        };
        let claimed = geometry::bytes(*elements, *dtype)?;
        if claimed != range.len() {
            return Err(Refused::Damaged(format!(
                "the storage {key:?} of tensor {name} is to have {claimed} bytes and has {}",
                range.len()
            )));
        }
        let width = dtype.bitsize() / 8;
        Ok(match part {
            None => range.clone(),
            Some(part) => range.start + part.start * width..range.start + part.end * width,
        })
    }

    /// A list as JSON when it and the lists in it hold plain values alone.
    fn json(&mut self, value: Value, depth: usize) -> Result<Option<Json>, Refused> {
        if depth > DEEPEST {
            return Err(Refused::damaged("its pickle nests more than 64 containers"));
        }
        let Some(items) = self.heap.items(value) else {
            return self.plain(value);
        };
        self.spend(items.len().saturating_mul(48))?;
        let mut list = Vec::new();
        for &item in items {
            match self.json(item, depth + 1)? {
                Some(json) => list.push(json),
                None => return Ok(None),
            }
        }
        Ok(Some(Json::Array(list)))
    }

    /// A plain value; `None` for containers, tensors, and what is not built.
    fn plain(&mut self, value: Value) -> Result<Option<Json>, Refused> {
        Ok(Some(match value {
            Value::None => Json::Null,
            Value::Bool(value) => value.into(),
            Value::Int(number) => number.into(),
            // JSON has no word for numbers that are not finite.
            Value::Float(number) if number.is_finite() => number.into(),
            Value::Float(number) => number.to_string().into(),
            Value::Global(_) => return Ok(None),
            Value::Node(_) => match self.heap.node(value) {
                Some(Node::Big(Some(number))) => number.to_string().into(),
                Some(Node::Text(_) | Node::Bytes(_)) => {
                    let Some(text) = self.heap.str(value) else {
                        return Ok(None);
                    };
                    self.spend(text.len())?;
                    text.into()
                }
                _ => return Ok(None),
            },
        }))
    }
}

fn joined(name: &str, key: &str) -> String {
    if name.is_empty() {
        key.to_owned()
    } else {
        format!("{name}.{key}")
    }
}
