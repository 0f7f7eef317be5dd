//! Pickles that want code, that contradict themselves, or that would unpack to more than there is.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use danlu::weights::{Error, TensorFile};

use super::allocated::most_held;
use super::pickled::{archive, checkpoint, dict, old, program, storage, tensor, zipped};
use super::tiny::Tiny;
use super::{load, says};

/// Opens a file of these bytes: it must not take long nor much memory, and what it is refused with is a sentence about it.
#[track_caller]
fn open(bytes: &[u8]) -> Result<Vec<String>, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.ckpt");
    fs::write(&path, bytes).unwrap();
    let begun = Instant::now();
    let (opened, most) = most_held(|| {
        let file = TensorFile::open(&path)?;
        Ok(file.tensors().keys().cloned().collect())
    });
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    assert!(
        most < (4 << 20) + 200 * bytes.len(),
        "{most} bytes for a file of {}",
        bytes.len()
    );
    if let Err(error) = &opened {
        says(error, &path, &[]);
    }
    opened
}

/// Programs of protocols 0 to 5, by the class that each wants.
const WANTED: &[(&str, &[u8])] = &[
    ("os.system", b"cos\nsystem\n(S'touch /tmp/danlu'\ntR."),
    ("posix.system", b"\x80\x02cposix\nsystem\nX\x02\0\0\0id\x85R."),
    ("__builtin__.eval", b"(c__builtin__\neval\nS'1'\no."),
    ("builtins.exec", b"(S'1'\nibuiltins\nexec\n."),
    ("builtins.getattr", b"\x80\x04\x8c\x08builtins\x8c\x07getattr\x93."),
    (
        "subprocess.Popen",
        b"\x80\x05\x95\x20\0\0\0\0\0\0\0\x8c\x0asubprocess\x8c\x05Popen\x93)\x81.",
    ),
    ("__main__.Fox", b"\x80\x02c__main__\nFox\n)\x81}b."),
    (
        "torch.storage._load_from_bytes",
        b"\x80\x02ctorch.storage\n_load_from_bytes\nC\x01x\x85R.",
    ),
    ("torch.load", b"\x80\x02}X\x0a\0\0\0state_dictctorch\nload\n)Rs."),
    ("numpy.load", b"]cnumpy\nload\na."),
    ("collections.namedtuple", b"\x80\x02ccollections\nnamedtuple\n."),
    ("extension 7", b"\x80\x02\x82\x07."),
    ("extension 1234", b"\x80\x02\x83\xd2\x04."),
    ("extension 99", b"\x80\x02\x84\x63\0\0\0."),
    ("persistent object", b"Pfox\n."),
    ("a.b\\u{1b}[2J", b"\x80\x02ca\nb\x1b[2J\n."),
];

#[test]
fn pickles_that_want_code_are_refused_by_what_they_want() {
    for (class, bytes) in WANTED {
        let hidden = dict(&[("state_dict", bytes.strip_suffix(b".").unwrap().to_vec())]);
        let inside = [&program(b"}")[..], bytes].concat();
        for file in [
            bytes.to_vec(),
            archive([("archive/data.pkl", *bytes)]),
            zipped(&program(&hidden), &Vec::new()),
            old(bytes, &Vec::new(), 1),
        ] {
            let error = open(&file).unwrap_err();
            assert!(matches!(error, Error::Pickle { .. }), "{class}: {error:?}");
            assert!(error.to_string().contains(class), "no {class} in: {error}");
        }
        // What follows a whole pickle is not looked at, by torch neither.
        assert_eq!(open(&inside).unwrap(), [""; 0]);
    }
    assert!(!Path::new("/tmp/danlu").exists());
}

/// Programs that no Python wrote, and what is said of them.
const BROKEN: &[(&str, &[u8])] = &[
    ("nothing to work on", b"\x80\x02."),
    ("nothing to work on", b"\x80\x02R."),
    ("nothing to work on", b"\x80\x02(a."),
    ("nothing to work on", b"\x80\x02(0."),
    ("no mark", b"\x80\x02t."),
    ("before it is complete", b"\x80\x02]"),
    ("before it is complete", b"\x80\x02X\xff\xff\xff\xffab."),
    (
        "before it is complete",
        b"\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\xffab.",
    ),
    (
        "before it is complete",
        b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7fab.",
    ),
    ("before it is complete", b"\x80\x05\x96\0\0\0\0\0\x01\0\0ab."),
    ("before it is complete", b"\x80\x02\x8b\xff\xff\xff\x7fab."),
    ("before it is complete", b"\x80\x02cos"),
    ("instruction 0xff", b"\x80\x02\xff."),
    ("instruction 0x97", b"\x80\x05\x97."),
    ("protocol 6", b"}\x80\x06."),
    ("no value 3", b"\x80\x02h\x03."),
    ("no value 4294967295", b"\x80\x02j\xff\xff\xff\xff."),
    ("no number", b"(Ifox\n."),
    ("no number", b"(L--7L\n."),
    ("no number", b"(F1.2.3\n."),
    ("quotes", b"(Sfox\n."),
    ("a key without a value", b"\x80\x02}(Nu."),
    ("a key in what is no dictionary", b"\x80\x02]NNs."),
    ("what is no list", b"\x80\x02}Na."),
    ("what is no function", b"\x80\x02])R."),
    ("arguments", b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n)R."),
    ("arguments", b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n]NR."),
    ("arguments", b"\x80\x02ctorch._utils\n_rebuild_parameter\n}\x89}\x87R."),
    (
        "without storage",
        b"\x80\x02ctorch._utils\n_rebuild_tensor\n(K\x01K\x02K\x03K\x04tR.",
    ),
    ("a state", b"\x80\x02NNb."),
    ("without type, key and length", b"\x80\x02)Q."),
    ("without type, key and length", b"\x80\x02(X\x07\0\0\0storageNNNNtQ."),
    (
        "numpy array",
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\n)R(K\x01)NNNtb.",
    ),
];

#[test]
fn pickles_that_no_python_wrote_are_refused() {
    for (part, bytes) in BROKEN {
        for file in [bytes.to_vec(), archive([("archive/data.pkl", *bytes)])] {
            let error = open(&file).expect_err(part);
            assert!(matches!(error, Error::Damaged { .. }), "{error:?}");
            assert!(error.to_string().contains(part), "no {part:?} in: {error}");
            assert!(error.to_string().contains("PyTorch pickle"), "{error}");
        }
    }
}

/// Each is short and would be endless if it were written out.
#[test]
fn pickles_that_grow_are_refused() {
    let deep = |open: &[u8], close: &[u8]| program(&[open.repeat(200_000), close.repeat(199_999)].concat());
    // Ten times the list before, forty times over.
    let mut laughs = b"](NNNNNNNNNNe".to_vec();
    for i in 0..40_u8 {
        laughs.extend([&[b'q', i][..], b"0](", &[b'h', i].repeat(10), b"e"].concat());
    }
    let mut tensors = tensor(&storage("ByteStorage", "0", 4), 0, &[4], &[1]);
    tensors.extend(b"]");
    for i in 0..40_u8 {
        tensors.extend([&[b'q', i][..], b"0](", &[b'h', i].repeat(10), b"e"].concat());
    }
    // A key of a million letters in front of each of a hundred thousand names.
    let key = "k".repeat(1 << 20);
    let name = [b"X\x04\0\0\0".to_vec(), b"name".to_vec()].concat();
    let many = [&b"}("[..], &name, b"NK\x01]u"].concat();
    let keys = dict(&[(
        &key,
        [
            &b"]("[..],
            &[&many[..], b"q\x01"].concat(),
            &b"h\x01".repeat(100_000),
            b"e",
        ]
        .concat(),
    )]);
    for (what, part, bytes) in [
        ("lists", "nests", deep(b"]", b"a")),
        (
            "tuples",
            "nests",
            program(&[b")".to_vec(), b"\x85".repeat(200_000)].concat()),
        ),
        (
            "dictionaries",
            "nests",
            program(&[b"}N".repeat(200_000), b"}".to_vec(), b"s".repeat(200_000)].concat()),
        ),
        ("a list in itself", "nests", program(b"]q\0h\0a")),
        ("a dictionary in itself", "nests", program(b"}q\0Nh\0s")),
        ("laughs", "without end", program(&laughs)),
        ("laughing tensors", "without end", program(&tensors)),
        ("keys", "without end", program(&keys)),
        ("steps", "instructions", program(&b"N0".repeat(3 << 20))),
    ] {
        let error = open(&bytes).expect_err(what);
        assert!(error.to_string().contains(part), "{what}: no {part:?} in: {error}");
    }
    // Numbers of any length are passed over.
    let long = [&b"\x8b"[..], &(1_u32 << 20).to_le_bytes(), &vec![7; 1 << 20]].concat();
    assert_eq!(open(&program(&dict(&[("n", long)]))).unwrap(), [""; 0]);
}

/// The largest number that the pickles here can hold.
const LARGE: usize = i32::MAX as usize;

/// A pickle of one tensor over a storage of 64 bytes.
fn one(class: &str, elements: usize, offset: usize, shape: &[usize], strides: &[usize]) -> Vec<u8> {
    program(&dict(&[(
        "fox",
        tensor(&storage(class, "0", elements), offset, shape, strides),
    )]))
}

#[test]
fn tensors_stay_within_their_storage() {
    let storages = vec![("0".to_owned(), vec![0; 64])];
    let both = |pickle: &[u8]| [zipped(pickle, &storages), old(pickle, &storages, 4)];
    for file in both(&one("FloatStorage", 16, 4, &[3, 4], &[1, 3])) {
        assert_eq!(open(&file).unwrap(), ["fox"]);
    }
    for (pickle, part) in [
        (one("FloatStorage", 16, 0, &[17], &[1]), "leaves"),
        (one("FloatStorage", 16, 13, &[4], &[1]), "leaves"),
        (one("FloatStorage", 16, 0, &[2, 4], &[13, 1]), "leaves"),
        (one("FloatStorage", 16, 0, &[2], &[LARGE]), "leaves"),
        (one("FloatStorage", 16, LARGE, &[1], &[1]), "leaves"),
        (
            one("FloatStorage", 16, 0, &[1_000_000, 1_000_000], &[0, 0]),
            "unpacks to far more",
        ),
        (one("FloatStorage", 16, 0, &[LARGE; 9], &[0; 9]), "unpacks to far more"),
        (one("FloatStorage", 16, 0, &[4], &[1, 1]), "is no view"),
        (one("FloatStorage", 16, 0, &[1; 65], &[1; 65]), "65 dimensions"),
        (
            one("FloatStorage", 16, 0, &[-4_isize as usize], &[1]),
            "without storage, offset, shape and strides",
        ),
        (
            one("FloatStorage", 16, 0, &[4], &[-1_isize as usize]),
            "without storage, offset, shape and strides",
        ),
        (
            one("FloatStorage", -16_isize as usize, 0, &[4], &[1]),
            "without type, key and length",
        ),
        (one("FloatStorage", LARGE, 0, &[4], &[1]), "8589934588 and has 64"),
        (one("FloatStorage", 15, 0, &[4], &[1]), "60 and has 64"),
        (one("DoubleStorage", 16, 0, &[4], &[1]), ""),
    ] {
        for file in both(&pickle) {
            let error = open(&file).expect_err(part);
            assert!(matches!(error, Error::Damaged { .. }), "{error:?}");
            let text = error.to_string().replace(" bytes", "");
            assert!(text.contains(part), "no {part:?} in: {text}");
        }
    }
    // Not even an empty tensor's offset is followed.
    for file in both(&one("FloatStorage", 16, LARGE, &[0], &[1])) {
        assert_eq!(open(&file).unwrap(), ["fox"]);
    }
}

#[test]
fn storages_that_are_not_there() {
    let pickle = one("FloatStorage", 16, 0, &[16], &[1]);
    let storages = vec![("0".to_owned(), vec![0; 64])];
    let said = |bytes: &[u8]| open(bytes).expect_err("").to_string();
    let text = said(&zipped(&pickle, &vec![("1".to_owned(), vec![0; 64])]));
    assert!(text.contains("storage \"0\" of tensor fox is not in it"), "{text}");
    let text = said(&old(&pickle, &vec![("1".to_owned(), vec![0; 64])], 4));
    assert!(text.contains("no tensor has the storage \"1\""), "{text}");
    let twice = vec![storages[0].clone(), storages[0].clone()];
    assert!(said(&old(&pickle, &twice, 4)).contains("twice"));
    assert!(said(&pickle).contains("is not in it"));
    let whole = old(&pickle, &storages, 4);
    assert!(said(&whole[..whole.len() - 1]).contains("it ends before the storage \"0\" does"));
    let claims = |count: u64| [&whole[..whole.len() - 72], &count.to_le_bytes(), &[0; 64]].concat();
    assert!(open(&claims(16)).is_ok());
    for count in [17, 1 << 40, 1 << 61, u64::MAX] {
        said(&claims(count));
    }
}

#[test]
fn archives_that_are_not_torchs() {
    let pickle = program(b"}");
    for (members, part) in [
        (vec![("archive/code/x.py", &b"x"[..])], "without a PyTorch pickle"),
        (vec![("data.pkl", &pickle)], "without a PyTorch pickle"),
        (
            vec![("a/data.pkl", &pickle), ("b/data.pkl", &pickle)],
            "several pickles",
        ),
        (
            vec![("a/data.pkl", &pickle), ("a/constants.pkl", &pickle)],
            "TorchScript",
        ),
        (vec![("a/data.pkl", &pickle), ("a/byteorder", b"big")], "big-endian"),
        (vec![], "empty"),
    ] {
        let error = open(&archive(members)).expect_err(part);
        assert!(error.to_string().contains(part), "no {part:?} in: {error}");
    }
    let whole = archive([("a/data.pkl", &pickle[..]), ("a/data/0", &[7; 64])]);
    assert!(open(&whole).is_ok());
    let at = |what: &[u8]| whole.windows(what.len()).position(|window| window == what).unwrap();
    let directory = at(b"PK\x01\x02");
    // Method 8 instead of 0, in the central directory and in the member's own header.
    let mut packed = whole.clone();
    (packed[directory + 10], packed[8]) = (8, 8);
    let text = open(&packed).unwrap_err().to_string();
    assert!(text.contains("packed members"), "{text}");
    // The second member's bytes are the first's, and more.
    let second = directory
        + whole[directory + 4..]
            .windows(4)
            .position(|w| w == b"PK\x01\x02")
            .unwrap()
        + 4;
    let mut overlapping = whole.clone();
    overlapping[second + 42..second + 46].fill(0);
    let text = open(&overlapping).unwrap_err().to_string();
    assert!(text.contains("overlap"), "{text}");
    // A member longer than the file.
    let mut longer = whole.clone();
    for at in [second + 20, second + 24] {
        longer[at..at + 4].copy_from_slice(&0x7fff_ffff_u32.to_le_bytes());
    }
    let text = open(&longer).unwrap_err().to_string();
    assert!(text.contains("leaves the file"), "{text}");
    for cut in [whole.len() - 1, whole.len() / 2, 40, 4] {
        assert!(open(&whole[..cut]).is_err(), "{cut}");
    }
}

/// A whole checkpoint is the same in every format.
#[test]
fn checkpoints_are_loaded_from_pickles() {
    let tiny = Tiny::new();
    let (pickle, storages) = checkpoint(&tiny.tensors);
    fs::write(tiny.path("model.yaml"), &tiny.yaml).unwrap();
    for (name, bytes) in [
        ("model.ckpt", zipped(&pickle, &storages)),
        ("model.pt", old(&pickle, &storages, 2)),
    ] {
        let path = tiny.path(name);
        fs::write(&path, bytes).unwrap();
        let file = TensorFile::open(&path).unwrap();
        assert_eq!(file.tensors().len(), tiny.tensors.len());
        assert_eq!(file.metadata()["global_step"], "7");
        load(&path).unwrap();
    }
}
