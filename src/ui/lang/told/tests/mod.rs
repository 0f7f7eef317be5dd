//! Everything that a layer below may say of a dataset, said in both languages.

mod written;

use std::io::{Error as Io, ErrorKind};
use std::path::PathBuf;

use super::{Tell, Trouble};
use crate::data::buckets::{self, hand};
use crate::data::config;
use crate::data::edit::Refusal;
use crate::data::health::{Finding, What};
use crate::data::journal::{self, Why};
use crate::data::picture::twins::choice::Because;
use crate::data::picture::work::{Kept, MakeError, Stopped};
use crate::data::picture::{self, Damage, Fault, Foreign, Part};
use crate::data::set::{self, Anchored, Ignored, metadata};
use crate::data::unread::Unread;
use crate::store::atomic::{Reason, WriteError};
use crate::ui::lang::Lang;
use crate::vision::onnx;

/// One of every variant. Each stands in a pattern as well, and a match of all patterns has to be complete.
macro_rules! one_of_each {
    ($type:ty: $($pattern:pat => $one:expr),* $(,)?) => {{
        #[allow(dead_code, reason = "it only has to compile")]
        fn complete(one: &$type) {
            match one { $($pattern)|* => {} }
        }
        let all: Vec<$type> = vec![$($one),*];
        all
    }};
}

use one_of_each;

/// English words that stand in Chinese sentences: names, formats, options, commands and units.
const NAMES: &[&str] = &[
    "danlu",
    "dataset",
    "tags",
    "rotate",
    "convert",
    "to",
    "png",
    "rename",
    "dedup",
    "auto",
    "clean",
    "add",
    "front",
    "first",
    "buckets",
    "background",
    "white",
    "kohya",
    "Windows",
    "macOS",
    "Pillow",
    "EXIF",
    "RGB",
    "CMYK",
    "BOM",
    "UTF",
    "token",
    "max_token_length",
    "enable_wildcard",
    "keep_tokens",
    "alpha_mask",
    "caption_extension",
    "full_path",
    "image_size",
    "extension",
    "txt",
    "bucket_no_upscale",
    "no_upscale",
    "SDXL",
    "PNG",
    "JPEG",
    "WebP",
    "BMP",
    "GIF",
    "TIFF",
    "JPEG",
    "XL",
    "AVIF",
    "HEIF",
    "Photoshop",
    "Git",
    "LFS",
    "git",
    "lfs",
    "pull",
    "IHDR",
    "VP8",
    "key",
    "chmod",
    "mkdir",
    "TOML",
    "toml",
    "json",
    "MiB",
    "ONNX",
    "AND",
    "OR",
    "NOT",
    "tag",
    "name",
    "fox",
    "cat",
    "crop",
    "ar",
    "tokens",
    "bucket",
    "untagged",
    "dup",
    "focus",
    "rectangle",
    "general",
    "datasets",
    "subsets",
    "image_dir",
    "metadata_file",
    "conditioning_data_dir",
    "resolution",
    "true",
    "false",
    "lanczos",
    "nearest",
    "bilinear",
    "linear",
    "bicubic",
    "cubic",
    "area",
    "box",
];

/// The parts of a text that are in English letters.
fn words(text: &str) -> Vec<&str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .filter(|word| word.len() > 1 && word.starts_with(|c: char| c.is_ascii_alphabetic()))
        .collect()
}

/// Checks one thing in both languages. What stands in it by itself begins with `z`, as no English word of a sentence does.
fn look(told: &impl Tell) {
    let trouble = Trouble::from(told);
    let english = trouble.tell(Lang::En);
    let chinese = trouble.tell(Lang::Zh);
    let is_chinese = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    assert!(!english.contains(is_chinese), "{english}");
    assert!(told.tell(Lang::Zh).contains(is_chinese), "{english}: {chinese}");
    assert!(
        told.advise(Lang::Zh)
            .is_none_or(|hint| hint.contains(is_chinese) || hint.starts_with('`')),
        "{english}: {chinese}"
    );
    assert_eq!(
        told.advise(Lang::En).is_some(),
        told.advise(Lang::Zh).is_some(),
        "{english}: {chinese}"
    );
    let strange: Vec<&str> = words(&chinese)
        .into_iter()
        .filter(|word| !NAMES.contains(word) && !word.starts_with('z'))
        .collect();
    assert!(strange.is_empty(), "{strange:?} in {chinese}");
    for c in ['，', '：', '；', '（', '）'] {
        assert!(!chinese.contains(c), "{chinese}");
    }
    // What is known of it is told in both languages.
    for name in words(&english).into_iter().filter(|word| word.starts_with("zz")) {
        assert!(chinese.contains(name), "{name} of {english} is not in {chinese}");
    }
}

fn z() -> String {
    "zz1".to_owned()
}

fn path() -> PathBuf {
    PathBuf::from("/zz2/zz3")
}

fn denied() -> Io {
    Io::from(ErrorKind::PermissionDenied)
}

fn unread() -> Vec<Unread> {
    one_of_each!(Unread:
        Unread::System { .. } => denied().into(),
        Unread::NoFile => Unread::NoFile,
        Unread::DeadLink => Unread::DeadLink,
        Unread::TooLarge(_) => Unread::TooLarge(5 << 30),
        Unread::Metadata(_) => Unread::Metadata(z()),
        Unread::NoEntry => Unread::NoEntry,
    )
}

fn ignored() -> Vec<Ignored> {
    one_of_each!(Ignored:
        Ignored::DeadLink => Ignored::DeadLink,
        Ignored::KnownLink => Ignored::KnownLink,
        Ignored::Unnumbered { .. } => Ignored::Unnumbered { several: true },
        Ignored::Format(_) => Ignored::Format(z()),
        Ignored::Unreadable(_) => Ignored::Unreadable(denied().into()),
        Ignored::Repeats(_) => Ignored::Repeats(-3),
        Ignored::Twice => Ignored::Twice,
        Ignored::NoEntries => Ignored::NoEntries,
    )
}

fn buckets() -> Vec<buckets::Error> {
    use buckets::Error;
    let size = [7, 9];
    one_of_each!(Error:
        Error::Resolution(_) => Error::Resolution(size),
        Error::Step(_) => Error::Step(0),
        Error::MinBelowStep { .. } => Error::MinBelowStep { min: 1, step: 64 },
        Error::MinAboveResolution { .. } => Error::MinAboveResolution { min: 900, side: 512 },
        Error::MaxBelowResolution { .. } => Error::MaxBelowResolution { max: 64, side: 512 },
        Error::MaxTooLarge(_) => Error::MaxTooLarge(u32::MAX),
        Error::Empty(_) => Error::Empty(size),
        Error::TooSmall { .. } => Error::TooSmall { size, step: 64 },
        Error::TooLong(_) => Error::TooLong(size),
        Error::Outside { .. } => Error::Outside { rectangle: [1, 2, 3, 4], size },
    )
}

fn faults() -> Vec<Fault> {
    let mut all = one_of_each!(Fault:
        Fault::Unreadable(_) => denied().into(),
        Fault::NotAFile => Fault::NotAFile,
        Fault::Empty => Fault::Empty,
        Fault::Foreign(_) => Fault::Foreign(Foreign::Gif),
        Fault::Unknown => Fault::Unknown,
        Fault::Truncated(_) => Fault::Truncated(Part::Header),
        Fault::Damaged(_) => Damage::NoStart.into(),
        Fault::TooLarge { .. } => Fault::TooLarge { width: 9, height: 8, most: 178_956_970 },
        Fault::TooLong { .. } => Fault::TooLong { bytes: 9, most: 8 },
    );
    all.push(Fault::Unreadable(Io::from(ErrorKind::NotFound).into()));
    all.push(Fault::Unreadable(Io::from(ErrorKind::TimedOut).into()));
    all.push(Fault::Truncated(Part::Pixels));
    let foreign = one_of_each!(Foreign:
        Foreign::Gif => Foreign::Gif,
        Foreign::Tiff => Foreign::Tiff,
        Foreign::JpegXl => Foreign::JpegXl,
        Foreign::Avif => Foreign::Avif,
        Foreign::Heif => Foreign::Heif,
        Foreign::Video => Foreign::Video,
        Foreign::Photoshop => Foreign::Photoshop,
        Foreign::LfsPointer => Foreign::LfsPointer,
        Foreign::WebPage => Foreign::WebPage,
    );
    all.extend(foreign.into_iter().map(Fault::Foreign));
    let damage = one_of_each!(Damage:
        Damage::Size(..) => Damage::Size(0, 1),
        Damage::Width(_) => Damage::Width(-1),
        Damage::NoPixels(..) => Damage::NoPixels(4096, "chunks"),
        Damage::NoStart => Damage::NoStart,
        Damage::ColourType(_) => Damage::ColourType(9),
        Damage::FirstChunk(_) => Damage::FirstChunk(z()),
        Damage::Frame(_) => Damage::Frame("VP8 key"),
        Damage::NoFrame => Damage::NoFrame,
        Damage::Segment { .. } => Damage::Segment { marker: 9, length: 1 },
        Damage::Channels(_) => Damage::Channels(2),
        Damage::NoMarker(_) => Damage::NoMarker(65_536),
        Damage::InfoHeader(_) => Damage::InfoHeader(3),
        Damage::Bits(_) => Damage::Bits(7),
        Damage::Checksum(_) => Damage::Checksum(z()),
        Damage::Chunk(_) => Damage::Chunk(z()),
        Damage::Pixels(_) => Damage::Pixels(z()),
    );
    all.extend(damage.into_iter().map(Fault::Damaged));
    all
}

#[test]
fn every_finding_is_told() {
    let at = [512, 768];
    let mut all = one_of_each!(What:
        What::Broken(_) => What::Broken(Fault::Empty),
        What::MoreBroken => What::MoreBroken,
        What::Exif => What::Exif,
        What::Alpha { .. } => What::Alpha { used: true },
        What::Gray16 => What::Gray16,
        What::Depth16 => What::Depth16,
        What::Cmyk => What::Cmyk,
        What::Animated => What::Animated,
        What::Format => What::Format,
        What::Buckets(_) => What::Buckets(buckets::Error::Step(0)),
        What::Size(_) => What::Size(buckets::Error::Empty(at)),
        What::Small { .. } => What::Small { enlarged: 1.5, at },
        What::Enlarged { .. } => What::Enlarged { at },
        What::Cropped { .. } => What::Cropped { share: 0.2, at },
        What::Ending => What::Ending,
        What::Case => What::Case,
        What::Stem => What::Stem,
        What::Stray => What::Stray,
        What::Ignored(_) => What::Ignored(Ignored::Twice),
        What::Unreadable => What::Unreadable,
        What::Uncaptioned { .. } => What::Uncaptioned { all: true },
        What::Encoding => What::Encoding,
        What::Bom => What::Bom,
        What::Void => What::Void,
        What::Empty => What::Empty,
        What::Extension { .. } => What::Extension { config: z() },
        What::Capitals => What::Capitals,
        What::Second => What::Second,
        What::Lines => What::Lines,
        What::Tokens { .. } => What::Tokens { most: 75 },
        What::MetadataRepeated => What::MetadataRepeated,
        What::MetadataMissing => What::MetadataMissing,
        What::MetadataTags => What::MetadataTags,
        What::MetadataSize => What::MetadataSize,
        What::NoTrigger { .. } => What::NoTrigger { tag: z(), share: 0.5 },
        What::TriggerPlace { .. } => What::TriggerPlace { tag: z(), share: 1.0, first: 0.5 },
        What::TriggerMissing { .. } => What::TriggerMissing { tag: z(), without: 2 },
        What::Nothing => What::Nothing,
        What::Few(_) => What::Few(3),
        What::Many(_) => What::Many(90_000),
        What::RegMany { .. } => What::RegMany { reg: 9, train: 3 },
        What::Balance { .. } => What::Balance { most: (z(), 9), least: ("zz4".to_owned(), 1) },
        What::Repeats => What::Repeats,
        What::RegSame => What::RegSame,
        What::Identical => What::Identical,
    );
    all.push(What::Alpha { used: false });
    all.push(What::Uncaptioned { all: false });
    all.push(What::Tokens { most: 225 });
    all.extend(ignored().into_iter().map(What::Ignored));
    all.extend(faults().into_iter().map(What::Broken));
    all.extend(buckets().into_iter().map(What::Size));
    for what in all {
        look(&Finding::new(what, vec!["zz5/zz6".to_owned()]));
    }
}

#[test]
fn numbers_of_a_finding_are_in_both_languages() {
    let files = ["zza", "zzb", "zzc"].map(str::to_owned).to_vec();
    for what in [
        What::Exif,
        What::Cropped {
            share: 0.25,
            at: [640, 320],
        },
        What::Stray,
    ] {
        let finding = Finding::new(what, files.clone());
        let numbers = |text: String| -> Vec<String> {
            let parts = text
                .split(|c: char| !c.is_ascii_digit())
                .filter(|part| !part.is_empty());
            let mut parts: Vec<_> = parts.map(str::to_owned).collect();
            parts.sort();
            parts
        };
        assert_eq!(numbers(finding.tell(Lang::En)), numbers(finding.tell(Lang::Zh)));
    }
}

#[test]
fn why_a_file_is_left_alone_is_told() {
    unread().iter().for_each(look);
    ignored().iter().for_each(look);
    let refusals = one_of_each!(Refusal:
        Refusal::Unreadable(_) => Refusal::Unreadable(Unread::NoFile),
        Refusal::Stale => Refusal::Stale,
        Refusal::Metadata(_) => Refusal::Metadata(z()),
        Refusal::Folder => Refusal::Folder,
        Refusal::Torn => Refusal::Torn,
        Refusal::Utf16 => Refusal::Utf16,
        Refusal::NotUtf8 { .. } => Refusal::NotUtf8 { byte: 9, at: 6 },
    );
    refusals.iter().for_each(look);
    let reasons = one_of_each!(Why:
        Why::Changed => Why::Changed,
        Why::Missing => Why::Missing,
        Why::Taken => Why::Taken,
        Why::TrashEmptied => Why::TrashEmptied,
        Why::Outside => Why::Outside,
        Why::Unreadable(_) => Why::Unreadable(Unread::DeadLink),
    );
    reasons.iter().for_each(look);
    let kept = one_of_each!(Kept:
        Kept::Size => Kept::Size,
        Kept::Beside => Kept::Beside,
        Kept::NoSize => Kept::NoSize,
        Kept::Small => Kept::Small,
        Kept::Anchored(_) => Kept::Anchored(Anchored(z())),
        Kept::Short => Kept::Short,
        Kept::Upright => Kept::Upright,
        Kept::Kind => Kept::Kind,
        Kept::There(_) => Kept::There(z()),
        Kept::Shared => Kept::Shared,
        Kept::Taken => Kept::Taken,
    );
    kept.iter().for_each(look);
    let grounds = one_of_each!(Because:
        Because::Training => Because::Training,
        Because::Pixels(..) => Because::Pixels(9_000_000, 4_000_000),
        Because::Caption => Because::Caption,
        Because::Lossless => Because::Lossless,
        Because::Bytes(..) => Because::Bytes(9, 8),
        Because::LongerCaption => Because::LongerCaption,
        Because::Equal => Because::Equal,
    );
    grounds.iter().for_each(look);
}

#[test]
fn why_nothing_was_written_is_told() {
    use journal::Error;
    let reasons = one_of_each!(Reason:
        Reason::NotAllowed(_) => Reason::NotAllowed(path()),
        Reason::DiskFull => Reason::DiskFull,
        Reason::NoFolder(_) => Reason::NoFolder(path()),
        Reason::FolderIsFile(_) => Reason::FolderIsFile(path()),
        Reason::IsFolder => Reason::IsFolder,
        Reason::Exists => Reason::Exists,
        Reason::NameTooLong => Reason::NameTooLong,
        Reason::Other(_) => Reason::Other(Io::from(ErrorKind::TimedOut)),
    );
    for reason in reasons {
        look(&WriteError { path: path(), reason });
    }
    let disk_full = || WriteError {
        path: path(),
        reason: Reason::DiskFull,
    };
    let known = || vec!["zz7".to_owned(), "zz8".to_owned()];
    let mut all = one_of_each!(Error:
        Error::Write(_) => Error::Write(disk_full()),
        Error::Busy(_) => Error::Busy(path()),
        Error::Stopped => Error::Stopped,
        Error::NothingToUndo(_) => Error::NothingToUndo(path()),
        Error::NothingToRedo(_) => Error::NothingToRedo(path()),
        Error::Conflicts { .. } => Error::Conflicts { count: 2, of: 3, first: path() },
        Error::Outside { .. } => Error::Outside { path: path(), root: path() },
        Error::Contradiction { .. } => Error::Contradiction { path: path(), why: "" },
        Error::NoSnapshot { .. } => Error::NoSnapshot { name: z(), known: known() },
        Error::SnapshotExists(_) => Error::SnapshotExists(z()),
        Error::Newer { .. } => Error::Newer { path: path(), found: 9, known: 1 },
        Error::Damaged { .. } => Error::Damaged { path: path(), why: z() },
        Error::Database { .. } => Error::Database { path: path(), why: z() },
    );
    all.push(Error::NoSnapshot {
        name: z(),
        known: Vec::new(),
    });
    all.iter().for_each(look);
    look(&MakeError::Stopped(Stopped));
    look(&MakeError::Write(disk_full()));
}

#[test]
fn why_something_cannot_be_read_is_told() {
    use set::Error;
    let all = one_of_each!(Error:
        Error::NotThere(_) => Error::NotThere(path()),
        Error::Unreadable { .. } => Error::Unreadable { path: path(), reason: denied() },
        Error::NotASet(_) => Error::NotASet(path()),
        Error::Config(_) => Error::Config(config::Error::Read { path: path(), source: Unread::NoFile }),
        Error::Metadata(_) => Error::Metadata(metadata::Error::Content { path: path(), sentence: z(), hint: "say it" }),
        Error::Stopped => Error::Stopped,
    );
    all.iter().for_each(look);
    for fault in faults() {
        look(&picture::Trouble { path: path(), fault });
    }
    buckets().iter().for_each(look);
    let whys = one_of_each!(hand::Why:
        hand::Why::Unread(_) => hand::Why::Unread(denied().into()),
        hand::Why::TooLarge => hand::Why::TooLarge,
        hand::Why::Toml(_) => hand::Why::Toml(z()),
        hand::Why::Focus(_) => hand::Why::Focus(z()),
        hand::Why::Rectangle(_) => hand::Why::Rectangle(z()),
        hand::Why::Entry(_) => hand::Why::Entry(z()),
    );
    for why in whys {
        look(&hand::Error { path: path(), why });
    }
    let models = one_of_each!(onnx::Error:
        onnx::Error::Read { .. } => onnx::Error::Read { path: path(), reason: denied() },
        onnx::Error::Load { .. } => onnx::Error::Load { path: path(), reason: z() },
        onnx::Error::Form { .. } => onnx::Error::Form { path: path(), what: z() },
        onnx::Error::Run { .. } => onnx::Error::Run { path: path(), reason: z() },
    );
    models.iter().for_each(look);
}
