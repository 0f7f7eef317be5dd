//! Captions as training draws them.

use danlu::ui::lang::Lang;

use super::{Shop, in_both};

#[test]
fn captions_are_drawn_with_the_options_of_a_form() {
    insta::assert_snapshot!(in_both(120, 34, |shop| {
        shop.press("] v t enter down down right down right ctrl+s");
    }));
}

#[test]
fn the_form_names_kohyas_options() {
    insta::assert_snapshot!(in_both(100, 34, |shop| shop.press("v t enter")));
}

#[test]
fn a_caption_is_drawn_as_it_is_changed_and_its_tail_is_told_to_be_lost() {
    let mut shop = Shop::open(120, 34, Lang::En);
    shop.press("E ctrl+a");
    shop.desk.paste(&"snow, ".repeat(60));
    shop.press("esc v t");
    shop.desk.says("lost");
    shop.desk.says("step 0");
}

#[test]
fn a_dataset_toml_gives_the_options() {
    let mut shop = Shop::open(120, 34, Lang::En);
    let file = shop.book.set.root.join("set.toml");
    let text = "[general]\nshuffle_caption = true\nkeep_tokens = 1\n[[datasets]]\nresolution = 640\n[[datasets.subsets]]\nimage_dir = \"10_fox\"\n";
    std::fs::write(&file, text).unwrap();
    shop.press("v t enter");
    shop.press(&"down ".repeat(19));
    shop.press("enter");
    shop.desk.paste(&file.to_string_lossy());
    shop.press("enter ctrl+s");
    shop.desk.says("With the options of set.toml");
    // The folder of regularization pictures is not in it.
    shop.press("space g d");
    shop.desk.press("tab G");
}

#[test]
fn all_of_a_long_caption_can_be_seen() {
    let mut shop = Shop::open(100, 30, Lang::En);
    shop.press("E ctrl+a");
    let tags: Vec<String> = (0..160).map(|n| format!("tag number {n}")).collect();
    shop.desk.paste(&tags.join(", "));
    shop.press("esc v t");
    let mut seen = shop.text();
    for _ in 0..60 {
        shop.press("j");
        seen.push_str(&shop.text());
    }
    for n in [1, 17, 18, 60, 120, 158] {
        // A line may end in a tag.
        let parts = [format!("number {n},"), format!("{n}, tag"), format!(" {n},")];
        assert!(parts.iter().any(|part| seen.contains(part)), "{n}");
    }
    assert!(
        !seen.lines().any(|line| line.contains("tag") && line.contains('…')),
        "{seen}"
    );
    shop.press("G");
    shop.desk.says("159");
}
