//! Which files belong to a set, and how captions are read.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant, SystemTime};

use danlu::data::set::{Error, Ignored, Options, Set};

use crate::support::{folder, names, open, write};

/// Each subset as `folder repeats class reg: pictures`.
fn told(set: &Set) -> Vec<String> {
    let tell = |(number, subset): (u32, &danlu::data::set::Subset)| {
        let own = set.pictures.iter().filter(|picture| picture.subset == number);
        let pictures: Vec<_> = own
            .map(|picture| picture.path.file_name().unwrap().to_str().unwrap())
            .collect();
        let class = subset.class_tokens.as_deref().unwrap_or("-");
        let reg = if subset.is_reg { " reg" } else { "" };
        let folder = subset
            .folder
            .strip_prefix(&set.root)
            .unwrap_or(&subset.folder)
            .display();
        format!("{folder} {}x '{class}'{reg}: {}", subset.repeats, pictures.join(" "))
    };
    (0..).zip(&set.subsets).map(tell).collect()
}

fn ignored(set: &Set) -> Vec<String> {
    let tell = |(path, why): &(std::path::PathBuf, Ignored)| format!("{}: {why}", set.relative(path));
    set.ignored.iter().map(tell).collect()
}

#[test]
fn a_tree_of_kohyas_has_repeats_classes_and_what_it_ignores() {
    let folder = folder(&[
        ("train/10_sls 1girl/b.png", b""),
        ("train/10_sls 1girl/b.txt", b"b"),
        ("train/10_sls 1girl/a.JPG", b""),
        ("train/10_sls 1girl/a.caption", b"a"),
        ("train/10_sls 1girl/deeper/c.png", b""),
        ("train/5/x.webp", b""),
        ("train/0_off/y.png", b""),
        ("train/loose.bmp", b""),
        ("train/.hidden/z.png", b""),
        ("train/10_sls 1girl/.z.png", b""),
        ("train/10_sls 1girl/d.avif", b""),
        ("train/10_sls 1girl/left.txt", b"nobody"),
        ("train/10_sls 1girl/notes.md", b""),
        ("REG/1_1girl/r.jpeg", b""),
        ("reg_more/2_x/r.png", b""),
        ("regal/2_x/r.png", b""),
    ]);
    let set = open(folder.path());
    assert_eq!(
        told(&set),
        [
            "REG/1_1girl 1x '1girl' reg: r.jpeg",
            "reg_more/2_x 2x 'x' reg: r.png",
            "regal/2_x 2x 'x': r.png",
            "train/10_sls 1girl 10x 'sls 1girl': a.JPG b.png",
            "train/5 5x '': x.webp",
        ]
    );
    let expected = [
        "train: a picture not in a folder whose name begins with a number of repeats",
        "train/0_off: a picture not in a folder whose name begins with a number of repeats",
        "train/10_sls 1girl/d.avif: avif pictures are not read",
        "train/10_sls 1girl/deeper: a picture not in a folder whose name begins with a number of repeats",
    ];
    assert_eq!(ignored(&set), expected);
    assert_eq!(names(folder.path(), &set.strays), ["train/10_sls 1girl/left.txt"]);
    let caption = |i: usize| {
        set.pictures[i]
            .caption
            .as_ref()
            .map(|caption| caption.document.text().into_owned())
    };
    assert_eq!(
        (caption(3).as_deref(), caption(4).as_deref(), caption(5)),
        (Some("a"), Some("b"), None)
    );
    assert!(set.caption_path(3).ends_with("a.caption") && set.caption_path(5).ends_with("x.txt"));
}

#[test]
fn the_folder_itself_may_be_the_tree_and_any_folder_may_be_a_set() {
    let tree = folder(&[
        ("reg/3_cat/a.png", b""),
        ("reg/3_cat/sub/b.png", b""),
        ("one/c.png", b""),
        ("d.png", b""),
    ]);
    let below = |name: &str| told(&open(&tree.path().join(name)));
    assert_eq!(below("reg/3_cat"), [" 3x 'cat' reg: a.png"]);
    assert_eq!(below("one"), [" 1x '-': c.png"]);
    let plain = folder(&[
        ("b/x.png", b""),
        ("a/y.png", b""),
        ("a/z/w.png", b""),
        ("v.png", b""),
        ("3_empty/t.txt", b""),
    ]);
    assert_eq!(
        told(&open(plain.path())),
        [
            " 1x '-': v.png",
            "a 1x '-': y.png",
            "a/z 1x '-': w.png",
            "b 1x '-': x.png"
        ]
    );
}

#[test]
fn extensions_are_tried_in_their_order() {
    let folder = folder(&[
        ("a.png", b""),
        ("a.txt", b"text"),
        ("a.caption", b"caption"),
        ("b.png", b""),
        ("b.caption", b"other"),
        ("c.tags.txt", b"stray"),
    ]);
    let read = |extension: &str| {
        let options = Options {
            extension: extension.to_owned(),
            ..Options::default()
        };
        let set = Set::open(folder.path(), &options).unwrap();
        let texts = set.pictures.iter().map(|picture| {
            picture
                .caption
                .as_ref()
                .map_or("-".into(), |c| c.document.text().into_owned())
        });
        (texts.collect::<Vec<_>>().join(" "), names(folder.path(), &set.strays))
    };
    assert_eq!(
        read(".txt,.caption"),
        ("text other".to_owned(), vec!["c.tags.txt".to_owned()])
    );
    assert_eq!(
        read(" caption , .txt"),
        ("caption other".to_owned(), vec!["c.tags.txt".to_owned()])
    );
    assert_eq!(read(".txt"), ("text -".to_owned(), vec!["c.tags.txt".to_owned()]));
    assert_eq!(read(".tags"), ("- -".to_owned(), vec![]));
}

#[test]
fn links_are_followed_once_and_loops_end() {
    let tree = folder(&[("x/a.png", b""), ("x/a.txt", b"a"), ("y/b.png", b"")]);
    let elsewhere = folder(&[("c.png", b""), ("deep/d.png", b"")]);
    symlink(tree.path(), tree.path().join("x/loop")).unwrap();
    symlink("y", tree.path().join("aliased")).unwrap();
    symlink(elsewhere.path(), tree.path().join("z")).unwrap();
    symlink("nowhere.png", tree.path().join("x/broken.png")).unwrap();
    symlink("a.png", tree.path().join("x/same.png")).unwrap();
    let set = open(tree.path());
    assert_eq!(
        told(&set),
        [
            "x 1x '-': a.png same.png",
            "y 1x '-': b.png",
            "z 1x '-': c.png",
            "z/deep 1x '-': d.png"
        ]
    );
    let expected = [
        "aliased: a link to a folder that is looked into already",
        "x/broken.png: a link that leads nowhere",
        "x/loop: a link to a folder that is looked into already",
    ];
    assert_eq!(ignored(&set), expected);
}

#[test]
fn a_toml_names_folders_with_their_own_ways() {
    let text = br#"
        [general]
        caption_extension = ".caption"
        [[datasets]]
        resolution = 512
        [[datasets.subsets]]
        image_dir = "b"
        num_repeats = 3
        class_tokens = "cat"
        caption_separator = ";"
        [[datasets.subsets]]
        image_dir = "a"
        is_reg = true
        caption_extension = ".txt"
        [[datasets.subsets]]
        image_dir = "a"
        [[datasets.subsets]]
        image_dir = "gone"
    "#;
    let folder = folder(&[
        ("set.toml", text),
        ("a/x.png", b""),
        ("a/x.txt", b"1, 2"),
        ("a/below/z.png", b""),
        ("b/y.png", b""),
        ("b/y.caption", b"1; 2, 3"),
        ("b/y.txt", b"no"),
        ("c/w.png", b""),
    ]);
    let set = open(&folder.path().join("set.toml"));
    assert_eq!(told(&set), ["a 1x '-' reg: x.png", "b 3x 'cat': y.png"]);
    let tags = |i: usize| -> Vec<_> {
        let document = &set.pictures[i].caption.as_ref().unwrap().document;
        document
            .tags(set.separator(i))
            .map(|tag| tag.text.into_owned())
            .collect()
    };
    assert_eq!(
        (tags(0), tags(1)),
        (vec!["1".to_owned(), "2".into()], vec!["1".to_owned(), "2, 3".into()])
    );
    let found = ignored(&set);
    assert!(
        found[0].starts_with("a: it is named twice") && found[1].starts_with("gone: it cannot be read"),
        "{found:?}"
    );
    assert_eq!(set.root, folder.path());

    write(folder.path(), "set.toml", b"[[datasets]]\nresolutoin = 512");
    let error = Set::open(&folder.path().join("set.toml"), &Options::default()).unwrap_err();
    assert!(error.to_string().contains("resolutoin"), "{error}");
}

#[test]
fn what_cannot_be_a_caption_is_said_and_never_waited_for() {
    let folder = folder(&[
        ("a.png", b""),
        ("b.png", b""),
        ("c.png", b""),
        ("d.png", b""),
        ("e.png", b""),
        ("e.txt", b"ok"),
    ]);
    let at = |name: &str| folder.path().join(name);
    assert!(Command::new("mkfifo").arg(at("a.txt")).status().unwrap().success());
    fs::create_dir(at("b.txt")).unwrap();
    symlink("/dev/zero", at("c.txt")).unwrap();
    fs::File::create(at("d.txt")).unwrap().set_len(5 << 30).unwrap();
    let begun = Instant::now();
    let set = open(folder.path());
    assert!(begun.elapsed() < Duration::from_secs(10));
    let told: Vec<_> = set.unreadable.values().map(ToString::to_string).collect();
    let expected = ["it is no file", "it is no file", "a caption of 5120 MiB is none"];
    assert_eq!(told, expected, "a folder of a caption's name is no caption at all");
    assert!(set.pictures[4].caption.is_some());
}

#[test]
fn names_of_any_bytes_are_kept() {
    let folder = folder(&[]);
    for name in [&b"a\nb"[..], b"\xff\xfe", "丹 炉".as_bytes(), b"-x", b"'q\""] {
        for end in [".png", ".txt"] {
            let file = folder
                .path()
                .join(std::ffi::OsStr::from_bytes(&[name, end.as_bytes()].concat()));
            fs::write(file, "tag").unwrap();
        }
    }
    let set = open(folder.path());
    assert_eq!(set.pictures.len(), 5);
    assert!(set.pictures.iter().all(|picture| picture.caption.is_some()) && set.strays.is_empty());
}

#[test]
fn what_is_no_set_is_refused_in_a_sentence() {
    let folder = folder(&[("file.png", b"")]);
    let refused = |path: &Path| {
        let error = Set::open(path, &Options::default()).unwrap_err();
        assert!(error.hint().is_some());
        error.to_string().replace(folder.path().to_str().unwrap(), "F")
    };
    assert_eq!(refused(&folder.path().join("gone")), "there is no folder F/gone");
    assert_eq!(
        refused(&folder.path().join("file.png")),
        "F/file.png is neither a folder nor a dataset TOML"
    );
    let stop = AtomicBool::new(true);
    let stopped = Set::open_with(folder.path(), &Options::default(), &mut |_| {}, &stop);
    assert!(matches!(stopped, Err(Error::Stopped)));
}

#[test]
fn folders_that_may_not_be_read_are_left_out() {
    let folder = folder(&[("a/x.png", b""), ("b/y.png", b"")]);
    let locked = folder.path().join("b");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
    let set = open(folder.path());
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o755)).unwrap();
    // Root may read everything.
    if set.pictures.len() == 1 {
        assert!(ignored(&set)[0].starts_with("b: it cannot be read"));
    }
}

#[test]
fn changes_from_outside_are_noticed_and_read() {
    let folder = folder(&[
        ("a.png", b""),
        ("a.txt", b"one"),
        ("b.png", b""),
        ("b.txt", b"two"),
        ("c.png", b""),
        ("d_1_2_3_4.png", b""),
        ("d.txt", b"face"),
        ("e.png", b""),
        ("e.txt", b"same"),
    ]);
    let mut set = open(folder.path());
    assert_eq!((set.changed_outside(), set.reread(&[])), (vec![], vec![]));
    write(folder.path(), "a.txt", b"changed");
    fs::remove_file(folder.path().join("b.txt")).unwrap();
    write(folder.path(), "c.caption", b"new");
    write(folder.path(), "d.txt", b"another face");
    fs::File::open(folder.path().join("e.txt"))
        .unwrap()
        .set_modified(SystemTime::UNIX_EPOCH)
        .unwrap();
    let changed = names(folder.path(), &set.changed_outside());
    assert_eq!(changed, ["a.png", "b.png", "c.png", "d_1_2_3_4.png", "e.png"]);
    let told = ["a.txt", "b.png", "c.caption", "d.txt", "e.txt", "nobody.txt"].map(|name| folder.path().join(name));
    assert_eq!(set.reread(&told), [0, 1, 2, 3], "e has the same bytes");
    let text = |i: usize| {
        set.pictures[i]
            .caption
            .as_ref()
            .map(|caption| caption.document.text().into_owned())
    };
    assert_eq!(
        [text(0), text(1), text(2), text(3)].map(|text| text.unwrap_or("-".into())),
        ["changed", "-", "new", "another face"]
    );
    assert!(set.caption_path(2).ends_with("c.caption"));
    assert!(set.changed_outside().is_empty(), "all stamps are new");
}
