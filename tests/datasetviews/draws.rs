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
    shop.press(&"down ".repeat(18));
    shop.press("enter");
    shop.desk.paste(&file.to_string_lossy());
    shop.press("enter ctrl+s");
    shop.desk.says("With the options of set.toml");
    // The folder of regularization pictures is not in it.
    shop.press("space g d");
    shop.desk.press("tab G");
}
