//! What is wrong with a set is found, each thing with its files.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use danlu::data::config::{Arguments, Config};
use danlu::data::health::{Level, Options, Report, check};
use danlu::data::picture::work::Watch;
use danlu::data::picture::{Limits, facts, open, thumbnail};
use danlu::data::set::{self, Set};
use image::RgbImage;
use tempfile::TempDir;

use crate::fixture;

fn report(root: &Path, options: &Options) -> Report {
    let set = Set::open(root, &set::Options::default()).unwrap();
    let stop = AtomicBool::new(false);
    check(
        &set,
        options,
        Watch {
            tell: &|_, _| {},
            stop: &stop,
        },
    )
    .unwrap()
}

fn files<'a>(report: &'a Report, kind: &str) -> Vec<&'a str> {
    let found = report.findings.iter().filter(|finding| finding.kind == kind);
    found
        .flat_map(|finding| finding.files.iter().map(String::as_str))
        .collect()
}

fn kinds(report: &Report) -> Vec<&str> {
    report.findings.iter().map(|finding| finding.kind).collect()
}

/// A PNG whose header says so many pixels; a chunk's sum is right, the pixels are a few bytes.
fn lying_png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut chunk = |name: &[u8; 4], data: &[u8]| {
        bytes.extend((data.len() as u32).to_be_bytes());
        let body = [name, data].concat();
        let mut crc = flate2::Crc::new();
        crc.update(&body);
        bytes.extend(body);
        bytes.extend(crc.sum().to_be_bytes());
    };
    chunk(
        b"IHDR",
        &[&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat(),
    );
    chunk(b"IDAT", &[0x78, 0x9c, 0x03, 0, 0, 0, 0, 1]);
    chunk(b"IEND", &[]);
    bytes
}

#[test]
fn the_shipped_set_is_well() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("datasets/fluent");
    let options = Options {
        buckets: danlu::data::buckets::Settings {
            resolution: [128, 128],
            min: 64,
            ..Default::default()
        },
        ..Options::default()
    };
    let report = report(&folder, &options);
    assert!(
        report.findings.iter().all(|finding| finding.level == Level::Note),
        "{:#?}",
        report.findings
    );
    assert_eq!((report.pictures, report.captions), (59, 59));
}

#[test]
fn pictures_that_trainers_read_otherwise_are_told() {
    let root = TempDir::new().unwrap();
    let folder = root.path().join("4_fox");
    std::fs::create_dir(&folder).unwrap();
    for name in [
        "png-rgba.png",
        "png-gray16.png",
        "png-rgb16.png",
        "jpeg-cmyk.jpg",
        "jpeg-exif6.jpg",
        "png-animated.png",
    ] {
        std::fs::copy(fixture("headers").join(name), folder.join(name)).unwrap();
    }
    std::fs::copy(fixture("headers/webp-lossy.webp"), folder.join("lies.png")).unwrap();
    let report = report(root.path(), &Options::default());
    for (kind, file) in [
        ("alpha", "png-rgba.png"),
        ("gray16", "png-gray16.png"),
        ("depth16", "png-rgb16.png"),
        ("cmyk", "jpeg-cmyk.jpg"),
        ("exif", "jpeg-exif6.jpg"),
        ("animated", "png-animated.png"),
        ("format", "lies.png"),
    ] {
        assert_eq!(files(&report, kind), [format!("4_fox/{file}")], "{kind}");
    }
    assert_eq!(files(&report, "small").len(), 7);
}

#[test]
fn broken_and_lying_files_are_told_and_never_believed() {
    let root = TempDir::new().unwrap();
    let jpeg = std::fs::read(fixture("headers/jpeg-exif1.jpg")).unwrap();
    let png = std::fs::read(fixture("headers/png-rgb.png")).unwrap();
    let webp = std::fs::read(fixture("headers/webp-lossy.webp")).unwrap();
    let cases: [(&str, Vec<u8>, &str); 9] = [
        ("cut.jpg", jpeg[..jpeg.len() - 20].to_vec(), "is cut off"),
        ("cut.png", png[..png.len() / 2].to_vec(), ""),
        ("cut.webp", webp[..webp.len() / 2].to_vec(), ""),
        ("empty.png", Vec::new(), "is empty"),
        ("huge.png", lying_png(100_000, 100_000), "100000 x 100000 pixels"),
        ("liar.png", lying_png(9_000, 9_000), ""),
        ("none.png", lying_png(0, 7), "0 x 7"),
        (
            "page.jpg",
            b"<!DOCTYPE html><html><body>404</body></html>".to_vec(),
            "is a web page",
        ),
        (
            "pointer.png",
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0".to_vec(),
            "Git LFS pointer",
        ),
    ];
    for (name, bytes, _) in &cases {
        std::fs::write(root.path().join(name), bytes).unwrap();
    }
    rustix::fs::mkfifoat(rustix::fs::CWD, root.path().join("pipe.png"), rustix::fs::Mode::RUSR).unwrap();
    let report = report(root.path(), &Options::default());
    for (name, _, what) in &cases {
        let told = report
            .findings
            .iter()
            .find(|finding| finding.kind == "broken" && finding.files == [*name]);
        let told = told.unwrap_or_else(|| panic!("{name} is not told: {:#?}", report.findings));
        assert!(
            told.to_string().contains(what) && told.level == Level::Error,
            "{told:?}"
        );
    }
    let huge = root.path().join("huge.png");
    assert_eq!(facts(&huge).unwrap().size(), (100_000, 100_000));
    for path in [huge, root.path().join("pipe.png"), root.path().to_owned()] {
        assert!(open(&path, &Limits::default()).is_err() && thumbnail(&path, 64).is_err());
    }
}

/// Every file cut at every byte and with every byte changed: an answer, never a panic.
#[test]
fn hostile_bytes_get_an_answer() {
    let root = TempDir::new().unwrap();
    let path = root.path().join("x");
    for name in [
        "png-exif.png",
        "jpeg-exif6.jpg",
        "webp-exif.webp",
        "webp-alpha-lossless.webp",
        "bmp-rgba.bmp",
        "png-animated.png",
    ] {
        let bytes = std::fs::read(fixture("headers").join(name)).unwrap();
        for place in 0..bytes.len() {
            let mut spoilt = bytes.clone();
            spoilt[place] ^= 0xff;
            for bytes in [&bytes[..place], &spoilt] {
                std::fs::write(&path, bytes).unwrap();
                let facts = facts(&path);
                if place % 7 == 0 {
                    let limits = Limits {
                        pixels: 1 << 16,
                        ..Limits::upright()
                    };
                    let opened = open(&path, &limits);
                    assert!(facts.is_ok() || opened.is_err(), "{name} {place}");
                }
            }
        }
    }
}

#[test]
fn names_captions_and_balance_are_looked_at() {
    let root = TempDir::new().unwrap();
    let draw = |path: &str, shade: u8| {
        let path = root.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        RgbImage::from_pixel(512, 512, image::Rgb([shade, 1, 2]))
            .save_with_format(&path, image::ImageFormat::Png)
            .unwrap();
    };
    let write = |path: &str, bytes: &[u8]| std::fs::write(root.path().join(path), bytes).unwrap();
    for (number, name) in ["a.png", "A.PNG", "b.jpg", "b.png", "c.Png", "d.png", "e.png", "f.png"]
        .iter()
        .enumerate()
    {
        draw(&format!("20_fox/{name}"), number as u8);
    }
    draw("1_cat/g.png", 50);
    draw("reg/9_animal/h.png", 0);
    for number in 0..30 {
        draw(&format!("reg/9_animal/{number}.png"), 100 + number);
    }
    write("20_fox/a.txt", b"fox, red");
    write("20_fox/b.txt", "fox, 狐".as_bytes());
    write("20_fox/c.txt", b"  \n");
    write("20_fox/d.txt", b"\xef\xbb\xbffox, snow");
    write("20_fox/e.txt", b"fox\nsnow");
    write("20_fox/f.txt", b"fox, \xff\xfe");
    write("1_cat/g.txt", "word ".repeat(90).as_bytes());
    write("1_cat/lonely.txt", b"fox");
    let report = report(root.path(), &Options::default());
    assert_eq!(files(&report, "case"), ["20_fox/A.PNG", "20_fox/a.png"]);
    assert_eq!(files(&report, "stem"), ["20_fox/b.jpg", "20_fox/b.png"]);
    assert_eq!(files(&report, "ending"), ["20_fox/c.Png"]);
    assert_eq!(files(&report, "stray"), ["1_cat/lonely.txt"]);
    assert_eq!(files(&report, "empty"), ["20_fox/c.Png"]);
    assert_eq!(files(&report, "bom"), ["20_fox/d.png"]);
    assert_eq!(files(&report, "lines"), ["20_fox/e.png"]);
    assert_eq!(files(&report, "encoding"), ["20_fox/f.png"]);
    assert_eq!(files(&report, "tokens"), ["1_cat/g.png"]);
    assert_eq!(files(&report, "reg-same"), ["20_fox/a.png", "reg/9_animal/h.png"]);
    assert!(files(&report, "uncaptioned").contains(&"20_fox/A.PNG"));
    for kind in ["reg-many", "balance", "few", "trigger"] {
        assert!(kinds(&report).contains(&kind), "{kind}: {:?}", kinds(&report));
    }
    assert!(report.findings.is_sorted_by_key(|finding| finding.level));
}

/// The report of a dataset TOML, read as training reads it.
fn report_of(file: &Path) -> Report {
    let arguments = Arguments {
        has_resolution: true,
        ..Arguments::default()
    };
    let config = Config::read(file, &arguments).unwrap();
    let options = Options {
        config: Some((file.to_owned(), config)),
        ..Options::default()
    };
    report(file, &options)
}

fn sentence(report: &Report, kind: &str) -> String {
    let found = report.findings.iter().find(|finding| finding.kind == kind);
    found.unwrap_or_else(|| panic!("{kind} of {report:#?}")).to_string()
}

#[test]
fn each_folder_of_a_configuration_is_checked_by_its_own_options() {
    let root = TempDir::new().unwrap();
    let small = |name: &str| {
        let path = root.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        RgbImage::new(300, 300).save(&path).unwrap();
        std::fs::write(path.with_extension("txt"), "one\ntwo").unwrap();
    };
    for name in [
        "as_is/a.png",
        "large/b.png",
        "plain/c.png",
        "reg/1.png",
        "reg/2.png",
        "reg/3.png",
    ] {
        small(name);
    }
    let text = "
        general = { caption_extension = '.txt' }
        [[datasets]]
        resolution = 512
        enable_bucket = true
        bucket_no_upscale = true
        [[datasets.subsets]]
        image_dir = 'as_is'
        enable_wildcard = true
        [[datasets.subsets]]
        image_dir = 'reg'
        is_reg = true
        enable_wildcard = true
        [[datasets]]
        resolution = [512, 768]
        [[datasets.subsets]]
        image_dir = 'large'
        num_repeats = 50
        [[datasets]]
        resolution = 256
        [[datasets.subsets]]
        image_dir = 'plain'
    ";
    let file = root.path().join("set.toml");
    std::fs::write(&file, text).unwrap();
    let report = report_of(&file);
    assert_eq!(files(&report, "small"), ["large/b.png"]);
    assert!(sentence(&report, "small").contains("512x768"), "{report:#?}");
    assert_eq!(files(&report, "lines"), ["large/b.png", "plain/c.png"]);
    // The pictures of other datasets need no regularization.
    assert_eq!(files(&report, "reg-many"), ["reg/2.png", "reg/3.png"]);
    assert_eq!(files(&report, "caption-extension"), Vec::<&str>::new());

    std::fs::write(&file, text.replace("'.txt'", "'.caption'")).unwrap();
    assert_eq!(files(&report_of(&file), "caption-extension"), Vec::<&str>::new());
    std::fs::write(&file, text.replace("general = { caption_extension = '.txt' }", "")).unwrap();
    let silent = report_of(&file);
    assert_eq!(files(&silent, "caption-extension").len(), 6);
    assert_eq!(
        sentence(&silent, "caption-extension"),
        "6 pictures with a .txt file that training would not read, because set.toml sets no caption_extension"
    );
}

#[test]
fn tags_that_stay_in_front_by_the_configuration_are_in_front() {
    let root = TempDir::new().unwrap();
    std::fs::create_dir(root.path().join("f")).unwrap();
    for number in 0..6 {
        let path = root.path().join(format!("f/{number}.png"));
        RgbImage::new(64, 64).save(&path).unwrap();
        std::fs::write(path.with_extension("txt"), format!("only {number}, fox")).unwrap();
    }
    let file = root.path().join("set.toml");
    let with = |options: &str| {
        let text =
            format!("[[datasets]]\n[[datasets.subsets]]\nimage_dir = 'f'\ncaption_extension = '.txt'\n{options}");
        std::fs::write(&file, text).unwrap();
        kinds(&report_of(&file)).contains(&"trigger-place")
    };
    assert!(with("shuffle_caption = true"));
    assert!(!with("shuffle_caption = true\nkeep_tokens = 2"));
    assert!(!with("shuffle_caption = false"));
}

#[test]
fn caption_files_that_nobody_reads_are_told() {
    let root = TempDir::new().unwrap();
    let folder = root.path().join("2_fox");
    std::fs::create_dir(&folder).unwrap();
    for name in ["a", "b", "e", "v", "w"] {
        RgbImage::new(64, 64)
            .save(folder.join(name).with_extension("png"))
            .unwrap();
    }
    for (name, text) in [
        ("a.txt", "fox"),
        ("a.caption", "another"),
        ("b.txt", "fox"),
        ("b.Txt", "fox"),
        ("e.TXT", "fox"),
        ("v.txt", ""),
        ("w.txt", " \n"),
    ] {
        std::fs::write(folder.join(name), text).unwrap();
    }
    let report = report(root.path(), &Options::default());
    assert_eq!(files(&report, "caption-case"), ["2_fox/b.Txt", "2_fox/e.TXT"]);
    assert_eq!(files(&report, "caption-second"), ["2_fox/a.caption"]);
    assert_eq!(files(&report, "caption-void"), ["2_fox/v.png"]);
    assert!(sentence(&report, "caption-void").contains("stop"));
    assert_eq!(files(&report, "empty"), ["2_fox/w.png"]);
}
