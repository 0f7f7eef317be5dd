//! The zip archives that torch writes since 1.6: a pickle, and a member for each storage, none of them packed.

use std::io::Cursor;
use std::ops::Range;

use zip::{CompressionMethod, ZipArchive};

use super::Refused;
use super::flatten::Storages;

/// An archive's parts.
#[derive(Debug)]
pub(super) struct Archive {
    /// The program.
    pub(super) pickle: Range<usize>,
    pub(super) storages: Storages,
}

/// Finds the pickle and the storages.
///
/// # Errors
/// [`Refused`] when it is no archive, none of torch's, packed, or when members share bytes.
pub(super) fn open(file: &[u8]) -> Result<Archive, Refused> {
    let broken = |error: zip::result::ZipError| Refused::Damaged(format!("it is no whole zip archive: {error}"));
    let mut zip = ZipArchive::new(Cursor::new(file)).map_err(broken)?;
    if zip.has_duplicate_names() {
        return Err(Refused::damaged("its zip archive has two members of one name"));
    }
    let mut members = Vec::with_capacity(zip.len());
    for index in 0..zip.len() {
        let member = zip.by_index_raw(index).map_err(broken)?;
        let name = String::from_utf8_lossy(member.name_raw()).into_owned();
        let begin = member.data_start().and_then(|begin| usize::try_from(begin).ok());
        let length = usize::try_from(member.size()).ok();
        let range = begin
            .zip(length)
            .and_then(|(begin, length)| Some(begin..begin.checked_add(length)?));
        let stored = member.compression() == CompressionMethod::Stored && !member.encrypted();
        if !stored || member.size() != member.compressed_size() {
            return Err(Refused::unsupported("zip archive with packed members"));
        }
        let range = range.filter(|range| range.end <= file.len());
        let range =
            range.ok_or_else(|| Refused::Damaged(format!("the member {name} of its zip archive leaves the file")))?;
        members.push((name, range));
    }
    apart(&members)?;
    sorted(file, members)
}

/// Members that share bytes are how a small archive pretends to be a large one.
fn apart(members: &[(String, Range<usize>)]) -> Result<(), Refused> {
    let mut order: Vec<_> = members.iter().filter(|(_, range)| !range.is_empty()).collect();
    order.sort_by_key(|(_, range)| range.start);
    match order.windows(2).find(|pair| pair[1].1.start < pair[0].1.end) {
        Some(pair) => Err(Refused::Damaged(format!(
            "the members {} and {} of its zip archive overlap",
            pair[0].0, pair[1].0
        ))),
        None => Ok(()),
    }
}

/// Tells the members by their names, which all lie in one folder.
fn sorted(file: &[u8], members: Vec<(String, Range<usize>)>) -> Result<Archive, Refused> {
    let mut pickles = members.iter().filter_map(|(name, range)| {
        let folder = name.strip_suffix("/data.pkl")?;
        (!folder.contains('/')).then(|| (folder.to_owned(), range.clone()))
    });
    let Some((folder, pickle)) = pickles.next() else {
        return Err(Refused::unsupported("zip archive without a PyTorch pickle"));
    };
    if pickles.next().is_some() {
        return Err(Refused::damaged("its zip archive has several pickles"));
    }
    let within = |name: &str| name.strip_prefix(&folder)?.strip_prefix('/').map(str::to_owned);
    let mut storages = Storages::new();
    for (name, range) in members {
        let Some(name) = within(&name) else { continue };
        match name.as_str() {
            "constants.pkl" => return Err(Refused::unsupported("TorchScript program")),
            "byteorder" if file[range.clone()].trim_ascii() == b"big" => {
                return Err(Refused::unsupported("PyTorch pickle of big-endian numbers"));
            }
            _ => {}
        }
        if let Some(key) = name.strip_prefix("data/") {
            storages.insert(key.to_owned(), range);
        }
    }
    Ok(Archive { pickle, storages })
}
