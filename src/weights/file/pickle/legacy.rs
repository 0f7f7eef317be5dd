//! The files that torch wrote before 1.6: five pickles in a row, then each storage after its length.

use super::flatten::Storages;
use super::machine;
use super::value::{Heap, Node, Value};
use super::{Refused, geometry};

/// The number that these files begin with, a pickle by itself.
const MAGIC: i128 = 0x1950_a86a_20f9_469c_fc6c;
const VERSION: i64 = 1001;

/// Runs the pickles. A file that does not begin with the magic number is one bare pickle without storages. Gives the value that was
/// saved, the storages, and how long the pickles are.
///
/// # Errors
/// [`Refused`], as the pickles are.
pub(super) fn run(heap: &mut Heap<'_>) -> Result<(Value, Storages, usize), Refused> {
    let end = heap.file.len();
    let (first, mut at) = machine::run(heap, 0, end)?;
    if !matches!(heap.node(first), Some(Node::Big(Some(MAGIC)))) {
        return Ok((first, Storages::new(), at));
    }
    let mut next = |heap: &mut Heap<'_>| {
        let (value, end) = machine::run(heap, at, end)?;
        at = end;
        Ok::<_, Refused>(value)
    };
    let version = next(heap)?;
    if version != Value::Int(VERSION) {
        return Err(Refused::damaged(
            "it is of another version than 1001, the only one of its kind",
        ));
    }
    let _system = next(heap)?;
    let saved = next(heap)?;
    let keys = next(heap)?;
    let keys = keys_of(heap, keys)?;
    let storages = storages(heap, &keys, at)?;
    Ok((saved, storages, at))
}

fn keys_of(heap: &Heap<'_>, keys: Value) -> Result<Vec<String>, Refused> {
    let wrong = || Refused::damaged("it has no list of its storages");
    let keys = heap.items(keys).ok_or_else(wrong)?;
    let text = |key: &Value| match key {
        Value::Int(number) => Some(number.to_string()),
        _ => heap.str(*key).filter(|key| key.len() <= 256).map(str::to_owned),
    };
    keys.iter().map(text).collect::<Option<_>>().ok_or_else(wrong)
}

/// Walks the storages, each a count of elements and those, in the order of the list.
fn storages(heap: &Heap<'_>, keys: &[String], mut at: usize) -> Result<Storages, Refused> {
    let types = heap.storages();
    let mut storages = Storages::with_capacity(keys.len());
    for key in keys {
        let Some(&dtype) = types.get(key.as_str()) else {
            return Err(Refused::Damaged(format!("no tensor has the storage {key:?}")));
        };
        let short = || {
            Refused::Damaged(format!(
                "it ends before the storage {key:?} does; it has {} bytes",
                heap.file.len()
            ))
        };
        let count = heap
            .file
            .get(at..)
            .and_then(|rest| rest.first_chunk())
            .ok_or_else(short)?;
        let count = usize::try_from(u64::from_le_bytes(*count)).map_err(|_| short())?;
        let begin = at + 8;
        let end = begin.checked_add(geometry::bytes(count, dtype)?);
        at = end.filter(|&end| end <= heap.file.len()).ok_or_else(short)?;
        if storages.insert(key.clone(), begin..at).is_some() {
            return Err(Refused::Damaged(format!("it has the storage {key:?} twice")));
        }
    }
    Ok(storages)
}
