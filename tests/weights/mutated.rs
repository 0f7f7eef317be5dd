//! Two thousand spoilt files of each format, made by one seed: each is refused in one sentence or read, at once and in little memory.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use danlu::weights::{Checkpoint, Error, TensorFile};
use serde_json::json;

use super::allocated::most_held;
use super::configurations::Folder;
use super::pickled::{archive, checkpoint, old, zipped};
use super::spoilt::Random;
use super::support::fixtures;
use super::tiny::{Tiny, header, safetensors};

const ROUNDS: usize = 2_000;

/// Instructions of pickles, and lengths that no file has.
const PIECES: [&[u8]; 14] = [
    b"(",
    b"t",
    b"R",
    b"\x81",
    b"b",
    b"Q",
    b"h\x01",
    b"cos\nsystem\n",
    b"\xff\xff\xff\xff",
    b"\xff\xff\xff\x7f",
    b"\0\0\0\0\0\0\0\x80",
    b"]",
    b"PK\x05\x06",
    b"PK\x01\x02",
];

/// Spoils bytes in one to four places.
fn spoil(random: &mut Random, bytes: &mut Vec<u8>) {
    for _ in 0..=random.below(4) {
        if bytes.is_empty() {
            return;
        }
        let at = random.below(bytes.len());
        let end = (at + 1 + random.below(16)).min(bytes.len());
        let piece = PIECES[random.below(PIECES.len())];
        match random.below(7) {
            0 => bytes[at] = random.below(256) as u8,
            1 => bytes[at] ^= 1 << random.below(8),
            2 => drop(bytes.drain(at..end)),
            3 => {
                let (copied, to) = (bytes[at..end].to_vec(), random.below(bytes.len()));
                drop(bytes.splice(to..to, copied));
            }
            4 => drop(bytes.splice(at..at, piece.iter().copied())),
            5 => drop(bytes.splice(at..(at + piece.len()).min(bytes.len()), piece.iter().copied())),
            _ if random.one_in(8) => bytes.truncate(at),
            _ => bytes[at] = bytes[at].wrapping_add(1),
        }
    }
}

/// Opens a file and reads all that is in it.
fn read(path: &Path) -> Result<(), Error> {
    let file = TensorFile::open(path)?;
    for (name, info) in file.tensors() {
        let view = file.view(name).unwrap();
        assert_eq!(view.bytes.len(), info.bytes(), "{name}");
        drop(view.to_f32());
    }
    file.check_finite()
}

/// What is wrong with how a spoilt file is read; whether it was refused.
fn fault(path: &Path, size: usize, read: impl Fn(&Path) -> Result<(), Error>) -> Result<bool, String> {
    let begun = Instant::now();
    let (done, most) = most_held(|| catch_unwind(AssertUnwindSafe(|| read(path))).map_err(|_| "panicked".to_owned()));
    let (took, done) = (begun.elapsed(), done?);
    if took > Duration::from_secs(10) || most > (4 << 20) + 64 * size {
        return Err(format!("took {took:?} and {most} bytes"));
    }
    let Err(error) = done else { return Ok(false) };
    let (text, hint) = (error.to_string(), error.hint().unwrap_or_default());
    let named = text.contains(&path.display().to_string());
    if !named || text.contains(char::is_control) || text.ends_with('.') || text.len() > 900 || hint.is_empty() {
        return Err(format!("said {text:?}, {hint:?}"));
    }
    Ok(true)
}

/// Reads so many spoilt files that `make` gives; most must be refused.
fn try_all(what: &str, path: &Path, mut make: impl FnMut(usize, &mut Random) -> Vec<u8>) {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let mut refused = 0;
    for round in 0..ROUNDS {
        let bytes = make(round, &mut random);
        fs::write(path, &bytes).unwrap();
        match fault(path, bytes.len(), read) {
            Ok(was_refused) => refused += usize::from(was_refused),
            Err(fault) => {
                let kept = std::env::temp_dir().join(format!("danlu-{what}-{round}"));
                fs::write(&kept, &bytes).unwrap();
                panic!("{what}, round {round}, {}: {fault}", kept.display());
            }
        }
    }
    assert!((ROUNDS / 5..ROUNDS).contains(&refused), "{refused} of {what} refused");
}

#[test]
fn spoilt_files_of_each_format() {
    let tiny = Tiny::new();
    let fixture = |name: &str| fs::read(fixtures().join("formats").join(name)).unwrap();

    let (text, body) = header(&tiny.tensors);
    let whole = safetensors(&text, body);
    let path = tiny.path("spoilt.safetensors");
    try_all("safetensors", &path, |_, random| {
        let mut bytes = whole.clone();
        if random.one_in(2) {
            spoil(random, &mut bytes);
        } else {
            let mut header = text.clone().into_bytes();
            random.spoil(&mut header);
            bytes = safetensors(header, body);
        }
        bytes
    });

    let (pickle, storages) = checkpoint(&tiny.tensors);
    let zips = [2, 3, 4, 5].map(|protocol| fixture(&format!("numbers-zip-{protocol}.pt")));
    let path = tiny.path("spoilt.ckpt");
    try_all("zip", &path, |round, random| {
        // Programs in a whole archive, and archives.
        if random.one_in(2) {
            let mut pickle = pickle.clone();
            spoil(random, &mut pickle);
            return zipped(&pickle, &storages);
        }
        let mut bytes = zips[round % zips.len()].clone();
        spoil(random, &mut bytes);
        bytes
    });

    let olds = [
        "numbers-old-2.pt",
        "numbers-old-4.pt",
        "lightning-old-2.pt",
        "embedding-old-3.pt",
    ]
    .map(fixture);
    try_all("old", &path, |round, random| {
        let mut bytes = match round % 5 {
            4 => old(&pickle, &storages, 2),
            i => olds[i].clone(),
        };
        spoil(random, &mut bytes);
        bytes
    });

    let pickles = ["lightning-zip-2.pt", "lightning-zip-4.pt"].map(|name| {
        let file = fixture(name);
        let mut zip = zip::ZipArchive::new(std::io::Cursor::new(file)).unwrap();
        let mut pickle = Vec::new();
        let name = zip
            .file_names()
            .map(|name| name.unwrap().into_owned())
            .find(|name| name.ends_with("data.pkl"))
            .unwrap();
        std::io::copy(&mut zip.by_name(&name).unwrap(), &mut pickle).unwrap();
        pickle
    });
    try_all("programs", &path, |round, random| {
        let mut bytes = pickles[round % pickles.len()].clone();
        spoil(random, &mut bytes);
        if random.one_in(2) {
            bytes
        } else {
            archive([("a/data.pkl", bytes.as_slice())])
        }
    });
}

/// The texts of a folder: its index, its configurations, and the list of its shards.
#[test]
fn spoilt_texts_of_a_folder() {
    let folder = Folder::new();
    let root = folder.path();
    let weights = root.join("unet/diffusion_pytorch_model.safetensors");
    fs::rename(&weights, root.join("unet/shard.safetensors")).unwrap();
    let list = root.join("unet/diffusion_pytorch_model.safetensors.index.json");
    fs::write(
        &list,
        json!({"metadata": {"total_size": 8}, "weight_map": {"a": "shard.safetensors"}}).to_string(),
    )
    .unwrap();
    Checkpoint::open(&root).unwrap();
    let texts = [
        "model_index.json",
        "unet/config.json",
        "vae/config.json",
        "text_encoder/config.json",
    ];
    let texts: Vec<_> = texts.map(|name| root.join(name)).into_iter().chain([list]).collect();
    let mut random = Random(11);
    let mut refused = 0;
    for round in 0..ROUNDS {
        let text = &texts[round % texts.len()];
        let whole = fs::read(text).unwrap();
        let mut bytes = whole.clone();
        if random.one_in(2) {
            random.spoil(&mut bytes);
        } else {
            spoil(&mut random, &mut bytes);
        }
        fs::write(text, &bytes).unwrap();
        // A folder is named by itself or by a file in it.
        let done = fault(&root, bytes.len(), |root| Checkpoint::open(root).map(drop));
        match done {
            Ok(was_refused) => refused += usize::from(was_refused),
            Err(fault) => panic!(
                "round {round} of {}: {fault}: {}",
                text.display(),
                String::from_utf8_lossy(&bytes)
            ),
        }
        fs::write(text, whole).unwrap();
    }
    assert!((ROUNDS / 5..ROUNDS).contains(&refused), "{refused} refused");
}
