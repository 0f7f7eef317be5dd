//! The safetensors format, streamed: the header first, then one tensor after the other. Also kohya's hashes of such a file.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::json;
use sha2::{Digest, Sha256};

use super::{Plan, Sink, stream};
use crate::store::atomic::WriteError;
use crate::workbench::Error;
use crate::workbench::pace::Watch;
use crate::workbench::tensor::{Map, Tensor};

/// The header's length, the header, and the tensors in the order that the format's own library gives them: the widest type first, then
/// by name. The header is filled up with spaces, so that the tensors begin at a multiple of eight.
pub(super) fn header<'t, 'a>(
    tensors: &'t Map<'a>,
    metadata: Option<&BTreeMap<String, String>>,
) -> (Vec<u8>, Vec<(&'t String, &'t Tensor<'a>)>) {
    let mut order: Vec<_> = tensors.iter().collect();
    // The map is sorted by name, and sorting keeps that order among equals.
    order.sort_by_key(|(_, tensor)| std::cmp::Reverse(tensor.dtype));
    let mut entries = serde_json::Map::new();
    if let Some(metadata) = metadata {
        entries.insert("__metadata__".to_owned(), json!(metadata));
    }
    let mut at = 0;
    for (name, tensor) in &order {
        let end = at + tensor.len();
        let entry = json!({ "dtype": tensor.dtype.to_string(), "shape": tensor.shape, "data_offsets": [at, end] });
        entries.insert((*name).clone(), entry);
        at = end;
    }
    (framed(&serde_json::Value::Object(entries)), order)
}

/// A header with its length before it and spaces behind it.
pub(in crate::workbench) fn framed(header: &serde_json::Value) -> Vec<u8> {
    let mut text = header.to_string().into_bytes();
    text.resize(text.len().next_multiple_of(8), b' ');
    let mut framed = (text.len() as u64).to_le_bytes().to_vec();
    framed.append(&mut text);
    framed
}

/// Writes a file whose header and order [`header`] gave.
pub(super) fn write(
    file: &mut dyn Sink,
    header: &[u8],
    order: &[(&String, &Tensor<'_>)],
    path: &Path,
    watch: &mut Watch<'_>,
) -> Result<(), Error> {
    let fail = |error| Error::Write(WriteError::of(path, error));
    file.write_all(header).map_err(fail)?;
    stream(order, watch, |_, bytes| file.write_all(bytes).map_err(fail))
}

/// Puts kohya's hashes into the metadata: `sshs_model_hash`, of the tensors' bytes, and `sshs_legacy_hash`, of 64 KiB at 1 MiB of the
/// file as it is with the `ss_*` texts alone.
pub(in crate::workbench) fn add_hashes(plan: &mut Plan<'_>) -> Result<(), Error> {
    const WINDOW: std::ops::Range<usize> = 0x10_0000..0x11_0000;
    let ss = plan.metadata.iter().filter(|(key, _)| key.starts_with("ss_"));
    let ss: BTreeMap<_, _> = ss.map(|(key, value)| (key.clone(), value.clone())).collect();
    let (header, order) = header(&plan.tensors, Some(&ss));
    let (mut body, mut window) = (Sha256::new(), Vec::new());
    let mut at = 0;
    let mut pass = |bytes: &[u8]| {
        let start = WINDOW.start.clamp(at, at + bytes.len()) - at;
        let end = WINDOW.end.clamp(at, at + bytes.len()) - at;
        window.extend_from_slice(&bytes[start..end]);
        at += bytes.len();
    };
    pass(&header);
    for (_, tensor) in order {
        let bytes = tensor.read()?;
        body.update(&bytes);
        pass(&bytes);
    }
    let legacy = hex(&Sha256::digest(&window))[..8].to_owned();
    plan.metadata
        .insert("sshs_model_hash".to_owned(), hex(&body.finalize()));
    plan.metadata.insert("sshs_legacy_hash".to_owned(), legacy);
    Ok(())
}

fn hex(digest: &[u8]) -> String {
    use std::fmt::Write;
    digest.iter().fold(String::new(), |mut text, byte| {
        // Writing into memory cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
