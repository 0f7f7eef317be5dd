//! Edit: other text in a safetensors header. The tensors' bytes are copied as they lie.

use std::io::Write;

use serde_json::{Map, Value};

use super::pace::{Pace, Watch};
use super::source::Source;
use super::task::Edit;
use super::write::{self, Plan, safetensors};
use super::{Done, Error, Phase};
use crate::store::atomic::WriteError;
use crate::weights::file::Format;

/// Bytes that are copied between two looks at whether to stop.
const BLOCK: usize = 16 << 20;

/// Does the task.
pub(super) fn run(task: &Edit, watch: &mut Watch<'_>) -> Result<Done, Error> {
    // The input may be replaced by itself: it is mapped, and its bytes stay until the map is gone.
    let others = if task.overwrite {
        &[][..]
    } else {
        &[task.input.as_path()]
    };
    write::free(&task.output, others, task.overwrite)?;
    let source = Source::open(&task.input)?;
    let file = source.file().filter(|file| file.format() == Format::Safetensors);
    let input = |why: &str, hint| Error::Input {
        path: task.input.clone(),
        why: why.to_owned(),
        hint,
    };
    let Some(file) = file else {
        return Err(input(
            "is no safetensors file, and only those have metadata that can be edited",
            "convert it to safetensors first",
        ));
    };
    let (mut header, body) = header_of(file.bytes()).ok_or_else(|| input("has no header", "the file is damaged"))?;
    let mut metadata = file.metadata().clone();
    for key in &task.unset {
        metadata.remove(key);
    }
    metadata.extend(task.set.clone());
    if task.rehash {
        let mut plan = Plan {
            tensors: source.tensors(),
            metadata,
            is_checkpoint: false,
        };
        safetensors::add_hashes(&mut plan)?;
        metadata = plan.metadata;
    }
    header.remove("__metadata__");
    let mut first = Map::new();
    if !metadata.is_empty() {
        first.insert("__metadata__".to_owned(), serde_json::json!(metadata));
    }
    first.append(&mut header);
    let tensors = first.len() - usize::from(!metadata.is_empty());
    let framed = safetensors::framed(&Value::Object(first));
    let bytes = (framed.len() + body.len()) as u64;
    write::room(&task.output, bytes)?;
    write::into_place(&task.output, task.overwrite, |out| {
        let fail = |error| Error::Write(WriteError::of(&task.output, error));
        out.write_all(&framed).map_err(fail)?;
        let blocks = body.len().div_ceil(BLOCK);
        let mut pace = Pace::begin(watch, Phase::Writing, blocks, blocks as f64);
        for (i, block) in body.chunks(BLOCK).enumerate() {
            pace.tell(i, i as f64)?;
            out.write_all(block).map_err(fail)?;
        }
        pace.tell(blocks, blocks as f64)
    })?;
    Ok(Done {
        path: task.output.clone(),
        bytes,
        tensors,
        ..Done::default()
    })
}

/// The header of a file and the bytes behind it.
fn header_of(file: &[u8]) -> Option<(Map<String, Value>, &[u8])> {
    let (length, rest) = file.split_first_chunk::<8>()?;
    let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
    let header = serde_json::from_slice(rest.get(..length)?).ok()?;
    Some((header, &rest[length..]))
}
