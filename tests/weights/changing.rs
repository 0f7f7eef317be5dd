//! Files that change while they are read, that cannot be, or whose weights are no numbers.

use std::ffi::OsStr;
use std::fs::{self, OpenOptions};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use burn::tensor::{DType, Device};
use danlu::nn::clip::Clip;
use danlu::weights::checkpoint::{Checkpoint, Network};
use danlu::weights::scope::Loader;
use danlu::weights::{Error, TensorFile};

use super::pickled::{checkpoint, zipped};
use super::tiny::{TEXT, Tiny, header, safetensors};
use super::{load, says};

/// Reading what was cut off would end the process.
#[test]
fn a_file_that_shrinks_is_refused() {
    let tiny = Tiny::new();
    let path = tiny.write();
    let opened = Checkpoint::open(&path).unwrap();
    let file = TensorFile::open(&path).unwrap();
    let name = file.tensors().keys().last().unwrap().clone();
    assert!(file.view(&name).is_some());
    OpenOptions::new()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(8192)
        .unwrap();
    assert!(file.view(&name).is_none());
    assert!(matches!(file.unchanged(), Err(Error::Changed { .. })));
    let device = Device::flex();
    let loader = Loader::new(&opened, Network::Text(0), &device, DType::F32);
    let error = Clip::load(&loader.root(), &opened.architecture().text[0])
        .map(drop)
        .unwrap_err();
    assert!(matches!(error, Error::Changed { .. }), "{error:?}");
    says(&error, &path, &["changed while it was read"]);
}

/// A file that takes its place leaves the open one as it was.
#[test]
fn a_file_that_is_replaced_stays_open() {
    let tiny = Tiny::new();
    let path = tiny.write();
    let file = TensorFile::open(&path).unwrap();
    let other = tiny.path("other");
    fs::write(&other, "short").unwrap();
    fs::rename(&other, &path).unwrap();
    file.unchanged().unwrap();
    assert!(file.tensors().keys().all(|name| file.view(name).is_some()));
}

#[test]
fn what_is_no_file_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("loop.safetensors");
    symlink(&path, &path).unwrap();
    refused!(&path, Error::Unreadable { .. }, &["symbolic link"]);
    let pipe = folder.path().join("pipe.ckpt");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RWXU).unwrap();
    refused!(&pipe, Error::Unreadable { .. }, &["pipe"]);
    let locked = folder.path().join("locked.pt");
    fs::write(&locked, "x").unwrap();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
    // The superuser may read it.
    if fs::read(&locked).is_err() {
        refused!(&locked, Error::Unreadable { .. }, &["ermission"]);
    }
}

#[test]
fn names_in_any_script_are_opened() {
    let tiny = Tiny::new();
    let bytes = fs::read(tiny.write()).unwrap();
    for name in [
        "狐狸 🦊.safetensors".as_bytes(),
        "ведьма\u{202e}".as_bytes(),
        b"\xff\xfe.ckpt",
        b"-rf *\n",
    ] {
        let path = tiny.path("").join(OsStr::from_bytes(name));
        fs::write(&path, &bytes).unwrap();
        assert_eq!(TensorFile::open(&path).unwrap().tensors().len(), tiny.tensors.len());
        fs::write(&path, &bytes[..9]).unwrap();
        let text = TensorFile::open(&path).unwrap_err().to_string();
        assert!(!text.contains(char::is_control), "{text:?}");
    }
}

/// They load like others, since looking at every value would cost time each time; asked for, they are named.
#[test]
fn weights_that_are_no_numbers_are_named() {
    let tiny = Tiny::new();
    let path = tiny.write();
    let opened = Checkpoint::open(&path).unwrap();
    opened.check_finite().unwrap();

    let (header, body) = header(&tiny.tensors);
    let mut bytes = safetensors(&header, body);
    let name = format!("{TEXT}final_layer_norm.weight");
    let file = TensorFile::open(&path).unwrap();
    let before: usize = file
        .tensors()
        .iter()
        .take_while(|(n, _)| **n != name)
        .map(|(_, info)| info.bytes())
        .sum();
    let at = 8 + header.len() + before;
    // Of f16, all bits of the exponent: infinity, and NaN.
    bytes[at..at + 4].copy_from_slice(&[0, 0x7c, 1, 0xfc]);
    fs::write(&path, &bytes).unwrap();
    load(&path).unwrap();
    let error = Checkpoint::open(&path).unwrap().check_finite().unwrap_err();
    assert!(
        matches!(
            error,
            Error::NotFinite {
                count: 2,
                of: 16,
                more: 0,
                ..
            }
        ),
        "{error:?}"
    );
    says(&error, &path, &[&name, "2 of 16"]);

    let (pickle, mut storages) = checkpoint(&tiny.tensors);
    storages[3].1[..2].copy_from_slice(&[0, 0x7e]);
    let pickled = tiny.path("model.ckpt");
    fs::write(&pickled, zipped(&pickle, &storages)).unwrap();
    let error = TensorFile::open(&pickled).unwrap().check_finite().unwrap_err();
    says(&error, &pickled, &[tiny.tensors.keys().nth(3).unwrap()]);
}
