//! Pickles written as torch writes them, to be spoilt: a program, the two containers, and a whole checkpoint in either.

use std::io::{Cursor, Write as _};

use zip::write::{SimpleFileOptions, ZipWriter};
use zip::{CompressionMethod, DateTime};

use super::tiny::Tensors;

/// The bytes of each storage, by its key.
pub(super) type Storages = Vec<(String, Vec<u8>)>;

fn text(text: &str) -> Vec<u8> {
    [&b"X"[..], &(text.len() as u32).to_le_bytes(), text.as_bytes()].concat()
}

fn number(number: usize) -> Vec<u8> {
    [&b"J"[..], &(number as i32).to_le_bytes()].concat()
}

fn numbers(numbers: &[usize]) -> Vec<u8> {
    let inner: Vec<u8> = numbers.iter().flat_map(|&n| number(n)).collect();
    [&b"("[..], &inner, b"t"].concat()
}

/// The instructions for a storage of so many elements.
pub(super) fn storage(class: &str, key: &str, elements: usize) -> Vec<u8> {
    let class = format!("ctorch\n{class}\n");
    [
        b"(",
        &text("storage")[..],
        class.as_bytes(),
        &text(key),
        &text("cpu"),
        &number(elements),
        b"tQ",
    ]
    .concat()
}

/// The instructions for a view of a storage.
pub(super) fn tensor(storage: &[u8], offset: usize, shape: &[usize], strides: &[usize]) -> Vec<u8> {
    let [shape, strides] = [shape, strides].map(numbers);
    let hooks = b"\x89ccollections\nOrderedDict\n)R";
    let function = b"ctorch._utils\n_rebuild_tensor_v2\n(";
    [function, storage, &number(offset), &shape, &strides, hooks, b"tR"].concat()
}

/// The instructions for a dictionary.
pub(super) fn dict(entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let inner: Vec<u8> = entries
        .iter()
        .flat_map(|(key, value)| [text(key), value.clone()].concat())
        .collect();
    [&b"}("[..], &inner, b"u"].concat()
}

/// A whole pickle.
pub(super) fn program(instructions: &[u8]) -> Vec<u8> {
    [b"\x80\x02", instructions, b"."].concat()
}

/// Row-major strides.
fn in_one_piece(shape: &[usize]) -> Vec<usize> {
    (0..shape.len()).map(|i| shape[i + 1..].iter().product()).collect()
}

/// A checkpoint of these tensors, all 0: the pickle and its storages.
pub(super) fn checkpoint(tensors: &Tensors) -> (Vec<u8>, Storages) {
    let (mut entries, mut storages) = (Vec::new(), Vec::new());
    for (i, (name, (dtype, shape))) in tensors.iter().enumerate() {
        let (class, width) = match *dtype {
            "F16" => ("HalfStorage", 2),
            "BF16" => ("BFloat16Storage", 2),
            "F32" => ("FloatStorage", 4),
            "I64" => ("LongStorage", 8),
            other => panic!("{other}"),
        };
        let elements = shape.iter().product();
        let key = i.to_string();
        let tensor = tensor(&storage(class, &key, elements), 0, shape, &in_one_piece(shape));
        storages.push((key, vec![0; elements * width]));
        entries.push((name.as_str(), tensor));
    }
    let state = dict(&entries);
    (
        program(&dict(&[("global_step", number(7)), ("state_dict", state)])),
        storages,
    )
}

/// A zip archive of these members.
pub(super) fn archive<'a>(members: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default());
    for (name, bytes) in members {
        zip.start_file(name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// The container of since 1.6.
pub(super) fn zipped(pickle: &[u8], storages: &Storages) -> Vec<u8> {
    let data: Vec<_> = storages
        .iter()
        .map(|(key, bytes)| (format!("archive/data/{key}"), bytes))
        .collect();
    let first = [("archive/data.pkl", pickle), ("archive/byteorder", b"little")];
    let data = data.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
    archive(first.into_iter().chain(data).chain([("archive/version", &b"3\n"[..])]))
}

/// The container of before 1.6, whose storages have elements of so many bytes.
pub(super) fn old(pickle: &[u8], storages: &Storages, width: usize) -> Vec<u8> {
    let magic = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}.";
    let keys: Vec<u8> = storages.iter().flat_map(|(key, _)| text(key)).collect();
    let keys = program(&[&b"]("[..], &keys, b"e"].concat());
    let mut file = [&magic[..], pickle, &keys].concat();
    for (_, bytes) in storages {
        file.extend(((bytes.len() / width) as u64).to_le_bytes());
        file.extend(bytes);
    }
    file
}
