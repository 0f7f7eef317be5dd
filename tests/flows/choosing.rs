//! Choosing from lists, and taking parameters that were pasted.

use danlu::app::msg::Models;
use danlu::app::{Effect, Msg};
use danlu::diffusion::noise::NoiseSource;
use danlu::diffusion::sampler::SamplerKind;
use danlu::diffusion::schedule::Schedule;

use super::desk::{Desk, busy, model, sends_nothing, submitted, theme};

fn with_models() -> Desk {
    let mut desk = Desk::new(140, 45);
    desk.tell(Msg::Models(Models {
        checkpoints: vec![model("danlu-emoji"), model("sd-v1-5"), model("animagine-xl")],
        vaes: vec![model("vae-ft-mse")],
    }));
    desk
}

fn native(desk: &mut Desk, name: &str, side: usize) {
    desk.tell(Msg::Inspected {
        path: model(name).path,
        native: Ok([side, side]),
    });
}

fn size(desk: &mut Desk) -> [usize; 2] {
    let recipe = submitted(&desk.press("ctrl+g"));
    [recipe.width, recipe.height]
}

#[test]
fn a_chosen_model_brings_its_native_size() {
    let mut desk = with_models();
    native(&mut desk, "danlu-emoji", 256);
    assert_eq!(size(&mut desk), [256, 256]);
    desk.press("ctrl+o");
    desk.write("anim");
    let effects = desk.press("enter");
    assert!(effects.contains(&Effect::Inspect(model("animagine-xl").path)));
    native(&mut desk, "sd-v1-5", 512);
    assert_eq!(size(&mut desk), [256, 256], "that is another model's");
    native(&mut desk, "animagine-xl", 1024);
    assert_eq!(size(&mut desk), [1024, 1024]);
    assert_eq!(submitted(&desk.press("ctrl+g")).model, model("animagine-xl").path);
}

#[test]
fn a_size_that_the_user_has_set_stays_with_another_model() {
    let mut desk = with_models();
    native(&mut desk, "danlu-emoji", 256);
    desk.press("f4 down down down down down down");
    desk.write("640");
    desk.press("enter ctrl+o");
    desk.write("anim");
    desk.press("enter");
    native(&mut desk, "animagine-xl", 1024);
    assert_eq!(size(&mut desk), [640, 256]);
}

#[test]
fn a_model_that_cannot_be_read_says_so() {
    let mut desk = with_models();
    desk.tell(Msg::Inspected {
        path: model("sd-v1-5").path,
        native: Err("/models/sd-v1-5.safetensors is cut off".to_owned()),
    });
    desk.says("is cut off");
}

#[test]
fn samplers_schedules_and_vaes_are_chosen_from_the_form_too() {
    let mut desk = with_models();
    desk.press("f4 down enter");
    desk.write("mse");
    desk.press("enter down enter");
    desk.write("Euler");
    desk.press("enter down enter");
    desk.write("Karras");
    desk.press("enter");
    let recipe = submitted(&desk.press("ctrl+g"));
    assert_eq!(recipe.vae, Some(model("vae-ft-mse").path));
    assert_eq!(recipe.sampler.name(), "Euler");
    assert_eq!(recipe.schedule, Schedule::Karras);
    desk.press("space c v home up up up up");
    desk.press("ctrl+home enter");
    assert_eq!(
        submitted(&desk.press("ctrl+g")).vae,
        None,
        "the first row is the checkpoint's own"
    );
}

#[test]
fn a_click_on_a_row_chooses_it() {
    let mut desk = with_models();
    desk.press("ctrl+o");
    let screen = desk.screen();
    let row = screen.lines().position(|line| line.contains("sd-v1-5")).unwrap();
    desk.click(70, row as u16);
    assert_eq!(
        submitted(&desk.press("ctrl+g")).model,
        model("sd-v1-5").path,
        "{screen}"
    );
}

#[test]
fn esc_leaves_a_list_without_a_choice() {
    let mut desk = with_models();
    desk.press("ctrl+o down down esc");
    assert_eq!(submitted(&desk.press("ctrl+g")).model, model("danlu-emoji").path);
    desk.press("ctrl+o");
    desk.write("no such model");
    desk.says("Nothing matches no such model");
    desk.press("enter");
    desk.says("Nothing matches");
    desk.press("esc");
    assert_eq!(submitted(&desk.press("ctrl+g")).model, model("danlu-emoji").path);
}

/// Answers as the workstation does.
fn themed(desk: &mut Desk, effects: &[Effect]) -> Vec<(String, bool)> {
    let asked = effects.iter().filter_map(|effect| match effect {
        Effect::Theme { name, keep } => Some((name.clone(), *keep)),
        _ => None,
    });
    let asked: Vec<_> = asked.collect();
    for (name, _) in &asked {
        desk.tell(Msg::Theme(Ok(Box::new(theme(name)))));
    }
    asked
}

#[test]
fn the_theme_under_the_cursor_is_tried_on_and_esc_goes_back() {
    let mut desk = Desk::new(140, 45);
    desk.press("f7 space c t");
    for _ in 0..2 {
        let effects = desk.press("down");
        let asked = themed(&mut desk, &effects);
        assert!(matches!(&asked[..], [(_, false)]), "{asked:?}");
    }
    assert_ne!(desk.app.theme().name(), "danlu-dark");
    let effects = desk.press("esc");
    assert_eq!(themed(&mut desk, &effects), [("danlu-dark".to_owned(), false)]);
    assert_eq!(desk.app.theme().name(), "danlu-dark");
}

#[test]
fn a_chosen_theme_is_kept() {
    let mut desk = Desk::new(140, 45);
    desk.press("f7 space c t");
    let effects = desk.write("nord");
    themed(&mut desk, &effects);
    assert_eq!(desk.app.theme().name(), "nord");
    let effects = desk.press("enter");
    assert_eq!(themed(&mut desk, &effects), [("nord".to_owned(), true)]);
}

#[test]
fn the_language_changes_at_once_and_is_kept() {
    let mut desk = Desk::new(140, 45);
    desk.press("f7 space c l");
    desk.write("中文");
    let effects = desk.press("enter");
    let value = "zh".to_owned();
    assert!(effects.contains(&Effect::Set { key: "lang", value }));
    desk.says("反向提示词");
    desk.says_not("Negative prompt");
}

#[test]
fn a_picture_of_the_history_is_found_by_its_prompt() {
    let mut desk = busy(140, 45);
    desk.press("f8 /");
    desk.write("number 2");
    desk.press("enter");
    desk.says("1/3");
}

const INFOTEXT: &str = "a castle, (night:1.2)\nNegative prompt: people\nSteps: 28, Sampler: Euler a, CFG scale: 5.5, \
    Seed: 99, Size: 640x384, Clip skip: 2, RNG: CPU";

#[test]
fn pasted_parameters_fill_the_form_and_can_be_undone() {
    for text in [
        INFOTEXT.to_owned(),
        INFOTEXT.replace('\n', "\r\n"),
        format!("{INFOTEXT}\n"),
    ] {
        let mut desk = Desk::new(140, 45);
        desk.paste(&text);
        desk.says("The pasted parameters are in the form now");
        let recipe = submitted(&desk.press("enter"));
        assert_eq!(
            (recipe.prompt.as_str(), recipe.negative_prompt.as_str()),
            ("a castle, (night:1.2)", "people")
        );
        assert_eq!((recipe.steps, recipe.seed, recipe.clip_skip), (28, 99, 2));
        assert_eq!([recipe.width, recipe.height], [640, 384]);
        assert!((recipe.cfg_scale - 5.5).abs() < 1e-9);
        assert_eq!((recipe.sampler.name(), recipe.rng), ("Euler a", NoiseSource::Cpu));
        assert_ne!(recipe.sampler, SamplerKind::default());
        desk.press("ctrl+z");
        assert_eq!(submitted(&desk.press("enter")).prompt, "fox, noto, blue background");
    }
}

#[test]
fn a_pasted_text_that_is_no_parameters_is_text() {
    let mut desk = Desk::new(140, 45);
    desk.press("ctrl+a");
    desk.paste("a fox\nin the snow, Steps: lead to it");
    let recipe = submitted(&desk.press("enter"));
    assert_eq!(recipe.prompt, "a fox\nin the snow, Steps: lead to it");
    desk.press("ctrl+a");
    desk.paste("a fox\nSteps: 0, Size: 7x7, Seed: x");
    let recipe = submitted(&desk.press("enter"));
    assert!(recipe.prompt.contains("Steps: 0"), "{recipe:?}");
    assert_eq!(recipe.steps, 20);
}

#[test]
fn a_key_that_follows_no_chord_is_dropped_and_the_next_one_counts() {
    let mut desk = busy(140, 45);
    desk.press("f7 space");
    assert!(sends_nothing(&desk.press("y")));
    assert!(!sends_nothing(&desk.press("p")), "pauses the queue");
}
