//! The header of a safetensors file: read in one pass, checked against the file's length, and explained when it is wrong.
//!
//! danlu reads it itself: the format's own crate takes the last of two tensors of one name, and does not say which entry is at fault.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use safetensors::Dtype;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};

use super::{Info, Place};

/// What a header holds: the tensors, and the free-form text pairs.
pub(super) type Header = (BTreeMap<String, Info>, BTreeMap<String, String>);

/// The longest header that the format allows.
const LONGEST: u64 = 100_000_000;

/// Reads the header of a whole file.
///
/// # Errors
/// The contradiction found.
pub(super) fn read(file: &[u8]) -> Result<Header, String> {
    let len = file.len();
    let Some(length) = file.first_chunk().map(|first| u64::from_le_bytes(*first)) else {
        return Err(format!("it is {len} bytes long, shorter than a header's length field"));
    };
    if length > LONGEST {
        return Err(format!("its header claims {length} bytes, more than any has"));
    }
    let body = 8 + length as usize;
    let Some(header) = file.get(8..body) else {
        return Err(format!("its header claims {length} bytes of the file's {len}"));
    };
    let header = str::from_utf8(header).map_err(|error| format!("its header is not UTF-8: {error}"))?;
    let Entries { tensors, metadata } =
        serde_json::from_str(header).map_err(|error| format!("its header is not the JSON of one: {error}"))?;
    check(&tensors, body, len)?;
    let tensors = tensors.into_iter().map(|(name, entry)| {
        let (from, to) = entry.data_offsets;
        let info = Info {
            dtype: entry.dtype,
            shape: entry.shape,
            place: Place::File(body + from..body + to),
        };
        (name, info)
    });
    Ok((tensors.collect(), metadata))
}

/// Checks that every tensor has the bytes that its type and shape need, and that they fill the file without gap or overlap.
fn check(tensors: &BTreeMap<String, Tensor>, body: usize, len: usize) -> Result<(), String> {
    for (name, tensor) in tensors {
        let (from, to) = tensor.data_offsets;
        if to.checked_sub(from).is_none_or(|bytes| tensor.bytes() != Some(bytes)) {
            let Tensor { dtype, shape, .. } = tensor;
            return Err(format!(
                "tensor {name} of type {dtype:?} and shape {shape:?} cannot lie at bytes {from} to {to}"
            ));
        }
    }
    let mut order: Vec<_> = tensors
        .iter()
        .map(|(name, tensor)| (tensor.data_offsets, name))
        .collect();
    order.sort_unstable();
    let mut end = 0;
    for ((from, to), name) in order {
        if from != end {
            let what = if from < end {
                "overlaps the one before it"
            } else {
                "leaves a gap before it"
            };
            return Err(format!(
                "tensor {name} at bytes {from} to {to} {what}, which ends at {end}"
            ));
        }
        end = to;
    }
    if body.checked_add(end) != Some(len) {
        let all = body.saturating_add(end);
        return Err(format!(
            "its header describes {all} bytes, {end} of them tensors, the file has {len}"
        ));
    }
    Ok(())
}

/// A tensor as a header that is not to be trusted describes it.
#[derive(Deserialize)]
struct Tensor {
    dtype: Dtype,
    shape: Vec<usize>,
    data_offsets: (usize, usize),
}

impl Tensor {
    /// The bytes that type and shape need, if that is a whole number.
    fn bytes(&self) -> Option<usize> {
        let bits = self
            .shape
            .iter()
            .try_fold(self.dtype.bitsize(), |n, &side| n.checked_mul(side));
        bits.filter(|bits| bits % 8 == 0).map(|bits| bits / 8)
    }
}

struct Entries {
    tensors: BTreeMap<String, Tensor>,
    metadata: BTreeMap<String, String>,
}

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Reading)
    }
}

struct Reading;

impl<'de> Visitor<'de> for Reading {
    type Value = Entries;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tensors by name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
        let (mut tensors, mut metadata) = (BTreeMap::new(), None);
        while let Some(name) = map.next_key::<String>()? {
            if name == "__metadata__" {
                if metadata.replace(map.next_value::<Option<_>>()?).is_some() {
                    return Err(A::Error::custom("__metadata__ is there twice"));
                }
                continue;
            }
            match tensors.entry(name) {
                Entry::Vacant(place) => {
                    place.insert(map.next_value()?);
                }
                Entry::Occupied(place) => {
                    return Err(A::Error::custom(format!("two tensors of the name {}", place.key())));
                }
            }
        }
        let metadata = metadata.flatten().unwrap_or_default();
        Ok(Entries { tensors, metadata })
    }
}
