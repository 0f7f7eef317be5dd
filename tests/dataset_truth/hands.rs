//! Crops set by hand.

use std::path::Path;

use danlu::data::buckets::hand::{Hand, Hands};
use danlu::data::buckets::{Buckets, Error, Settings};

fn buckets() -> Buckets {
    Buckets::new(&Settings::default()).unwrap()
}

#[test]
fn a_focus_moves_the_cut_as_far_as_the_picture_lets_it() {
    let at = |x, y| buckets().place([2000, 1000], Some(Hand::Focus([x, y]))).unwrap();
    assert_eq!(at(0.5, 0.5), buckets().select([2000, 1000]).unwrap());
    assert_eq!(
        (at(0.0, 0.0).crop, at(1.0, 1.0).crop),
        ([0, 0, 704, 320], [0, 32, 704, 320])
    );
    assert_eq!(at(0.5, 0.5).bucket, at(0.1, 0.9).bucket);
}

#[test]
fn a_rectangle_goes_where_a_picture_of_its_size_would() {
    let placed = buckets()
        .place([2000, 1000], Some(Hand::Rectangle([500, 100, 800, 800])))
        .unwrap();
    assert_eq!(
        (placed.bucket, placed.resized, placed.part),
        ([512, 512], [512, 512], [500, 100, 800, 800])
    );
    assert_eq!(placed.kept(), [500.0, 100.0, 800.0, 800.0]);
    assert!((placed.lost() - (1.0 - 0.32)).abs() < 1e-12);
    let beyond = buckets()
        .place([2000, 1000], Some(Hand::Rectangle([1900, 0, u32::MAX, 100])))
        .unwrap();
    assert_eq!(beyond.part, [1900, 0, 100, 100]);
    let outside = buckets().place([100, 100], Some(Hand::Rectangle([100, 0, 9, 9])));
    assert!(matches!(outside, Err(Error::Outside { .. })));
}

#[test]
fn what_is_set_is_read_again_and_comments_stay() {
    let root = tempfile::tempdir().unwrap();
    let path = Hands::path(root.path());
    std::fs::create_dir(path.parent().unwrap()).unwrap();
    std::fs::write(&path, "# mine\n[\"a/b.png\"] # kept\nfocus = [0.25, 1.0]\n").unwrap();
    let mut hands = Hands::read(root.path()).unwrap();
    let picture = |name: &str| root.path().join(name);
    assert_eq!(
        hands.of(root.path(), &picture("a/b.png")),
        Some(Hand::Focus([0.25, 1.0]))
    );
    assert!(hands.set(
        root.path(),
        &picture("a/ü \"x\".png"),
        Some(Hand::Rectangle([1, 2, 3, 4]))
    ));
    assert!(hands.set(root.path(), &picture("a/b.png"), Some(Hand::Focus([0.5, 0.5]))));
    std::fs::write(&path, hands.text()).unwrap();
    let again = Hands::read(root.path()).unwrap();
    assert!(again.text().contains("# mine") && again.text().contains("# kept"));
    assert_eq!(again.len(), 2);
    assert_eq!(
        again.of(root.path(), &picture("a/ü \"x\".png")),
        Some(Hand::Rectangle([1, 2, 3, 4]))
    );
    assert!(hands.set(root.path(), &picture("a/b.png"), None));
    assert_eq!(hands.of(root.path(), &picture("a/b.png")), None);
    assert!(!hands.text().contains("b.png"));
    assert!(!hands.set(
        root.path(),
        Path::new("/elsewhere/x.png"),
        Some(Hand::Focus([0.5, 0.5]))
    ));
}

#[test]
fn a_file_of_crops_that_says_something_else_is_refused_with_the_reason() {
    let root = tempfile::tempdir().unwrap();
    assert!(Hands::read(root.path()).unwrap().is_empty());
    std::fs::create_dir(root.path().join(".danlu")).unwrap();
    for (text, reason) in [
        ("[\"a\"]\nfocus = [2.0, 0.0]", "from 0 to 1"),
        ("[\"a\"]\nrectangle = [0, 0, 0, 5]", "above 0"),
        ("[\"a\"]\n", "either"),
        ("[\"a\"]\nfokus = [0.5, 0.5]", "fokus"),
        ("a = 3", "expected"),
        ("[", ""),
    ] {
        std::fs::write(Hands::path(root.path()), text).unwrap();
        let error = Hands::read(root.path()).unwrap_err();
        assert!(
            error.to_string().contains(reason) && error.hint().is_some(),
            "{text:?}: {error}"
        );
    }
}
