//! Crops: the list, the settings tried in their form, rectangles and focal points moved by keys.

use danlu::app::{Effect, Msg};
use danlu::data::buckets::hand::{Hand, Hands};
use danlu::panes::dataset::talk;
use danlu::panes::dataset::views::talk::{Ask, News};
use danlu::ui::lang::Lang;
use image::RgbImage;

use super::{Shop, in_both};

#[test]
fn the_crops_are_sorted_by_loss_with_the_kept_part_in_a_frame() {
    insta::assert_snapshot!(in_both(140, 40, |shop| shop.press("v c")));
}

#[test]
fn the_buckets_are_counted_in_a_table() {
    insta::assert_snapshot!(in_both(100, 30, |shop| shop.press("v c B")));
}

#[test]
fn the_cursor_of_the_crops_is_that_of_the_pictures() {
    let mut shop = Shop::open(140, 40, Lang::En);
    shop.press("v c g g");
    shop.desk.says("long.png");
    shop.press("home");
    shop.press("j");
    let second = shop.text();
    shop.press("k j");
    assert_eq!(shop.text(), second);
}

#[test]
fn other_buckets_are_seen_at_once() {
    let mut shop = Shop::open(140, 40, Lang::En);
    shop.press("v c");
    shop.desk.says_not("768x");
    shop.press("b");
    shop.desk.says("Longest side");
    // Width and height to 768, larger by twelve steps each than 512 less what is not a multiple.
    shop.press("right right right right down right right right right ctrl+s");
    shop.desk.says("768x");
}

/// The crops that were asked to be set.
fn set(effects: &[Effect]) -> Vec<Option<Hand>> {
    let one = |effect: &Effect| match effect {
        Effect::Dataset(talk::Ask::View(Ask::Hand { hand, .. })) => Some(*hand),
        _ => None,
    };
    effects.iter().filter_map(one).collect()
}

#[test]
fn a_focal_point_is_moved_and_kept_or_left_as_it_was() {
    let mut shop = Shop::open(140, 40, Lang::En);
    shop.press("v c");
    shop.press("g g f");
    shop.desk.says("Focal point:");
    shop.press("right right");
    let kept = set(&shop.desk.press("enter"));
    let [Some(Hand::Focus([x, y]))] = kept[..] else {
        panic!("{kept:?}")
    };
    assert!((x - 0.54).abs() < 0.01 && (y - 0.5).abs() < 0.01, "{x} {y}");
    shop.desk.says_not("Focal point:");
    assert!(set(&shop.desk.press("f right esc")).is_empty());
    shop.desk.says_not("Focal point:");
    // Nothing was written, so there is nothing to give back.
    assert!(set(&shop.desk.press("x")).is_empty());
    shop.desk.says("around its centre already");
}

#[test]
fn changes_that_are_ready_go_to_the_journal() {
    let mut shop = Shop::open(140, 40, Lang::En);
    shop.press("v c");
    let ready = News::Ready {
        what: "Crop".to_owned(),
        changes: [].into(),
    };
    shop.tell(Msg::Dataset(talk::News::View(ready)));
    let asked = shop.asked.last();
    assert!(
        matches!(asked, Some(talk::Ask::Commit { what, .. }) if what == "Crop"),
        "{asked:?}"
    );
}

#[test]
fn a_rectangle_changes_the_bucket_while_it_is_moved() {
    let mut shop = Shop::open(140, 40, Lang::En);
    shop.press("v c");
    shop.press("g g enter");
    shop.desk.says("Rectangle:");
    let before = shop.text();
    shop.press("shift+left shift+left shift+left shift+left shift+left shift+left");
    let after = shop.text();
    assert_ne!(before, after);
    shop.press("esc");
    shop.desk.says_not("Rectangle:");
}

/// The screen's words of the middle pane, from the second of its columns on.
fn middle(shop: &mut Shop) -> Vec<String> {
    let screen = shop.text();
    let title = screen.lines().find(|line| line.contains(" Crops ")).unwrap();
    let begin = title.split("╭ Crops").next().unwrap().chars().count();
    let inside = |line: &str| line.chars().skip(begin + 1).take_while(|c| *c != '│').collect();
    screen.lines().map(inside).collect()
}

#[test]
fn what_a_crop_comes_to_is_told_whole_however_narrow_the_screen_is() {
    for (width, height) in [(80, 24), (100, 30), (140, 40)] {
        let mut shop = Shop::open(width, height, Lang::En);
        let (root, path) = (shop.book.set.root.clone(), shop.path("10_fox/long.png"));
        let mut hands = Hands::default();
        assert!(hands.set(&root, &path, Some(Hand::Focus([0.2, 0.5]))));
        std::fs::create_dir_all(Hands::path(&root).parent().unwrap()).unwrap();
        std::fs::write(Hands::path(&root), hands.text()).unwrap();
        shop.press("v c g g");
        for words in [
            "→ 832x256",
            "7.6 % lost",
            "5 pictures in 5 buckets",
            "3.4 % lost on average",
        ] {
            shop.desk.says(words);
        }
        let cut: Vec<String> = middle(&mut shop)
            .into_iter()
            .filter(|line| line.contains('…'))
            .collect();
        assert!(cut.is_empty(), "{width}: {cut:?}");
        shop.press("B");
        shop.desk.says("lost, mean");
        shop.desk.says("0 of them");
        let cut: Vec<String> = middle(&mut shop)
            .into_iter()
            .filter(|line| line.contains('…'))
            .collect();
        assert!(cut.is_empty(), "{width}: {cut:?}");
    }
}

#[test]
fn pictures_that_cannot_be_placed_are_counted_apart_and_say_why() {
    let mut shop = Shop::open(140, 40, Lang::En);
    std::fs::write(shop.path("10_fox/square.png"), "no picture at all").unwrap();
    shop.press("v c g g");
    shop.desk.says("4 pictures in 4 buckets · 1 in no bucket");
    shop.desk.says("is no PNG, JPEG, WebP or BMP picture");
    let folder = shop.folder.path().to_string_lossy().into_owned();
    shop.desk.says_not(&folder);
    shop.press("B");
    shop.desk.says("4 pictures, repeated");
}

#[test]
fn a_picture_that_is_another_under_its_name_is_measured_and_shown_anew() {
    let mut shop = Shop::open(140, 40, Lang::En);
    let path = shop.path("10_fox/long.png");
    shop.press("v c g g");
    shop.desk.says("900x300 →");
    let before = shop.text();
    RgbImage::from_pixel(512, 512, image::Rgb([200, 30, 30]))
        .save(&path)
        .unwrap();
    shop.tell(Msg::Dataset(talk::News::Pictures(Some(vec![path]))));
    shop.desk.says("512x512 →");
    shop.desk.says_not("900x300 →");
    assert_ne!(shop.text(), before);
    // Other pictures are not read again for that.
    let other = shop.path("10_fox/tall.png");
    let effects = shop.desk.tell(Msg::Dataset(talk::News::Pictures(Some(vec![other]))));
    assert!(
        !effects.iter().any(|effect| matches!(effect, Effect::Load(_))),
        "{effects:?}"
    );
}
