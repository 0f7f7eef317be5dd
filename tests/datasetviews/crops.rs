//! Crops: the list, the settings tried in their form, rectangles and focal points moved by keys.

use danlu::app::{Effect, Msg};
use danlu::data::buckets::hand::Hand;
use danlu::panes::dataset::talk;
use danlu::panes::dataset::views::talk::{Ask, News};
use danlu::ui::lang::Lang;

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
