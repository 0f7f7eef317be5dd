//! What a person does at the workstation and what comes of it, told by the messages that go in and the effects that come out.
//!
//! No terminal, no engine, no clock: the desk of `support/app.rs` has made-up ones. `storm` throws everything at the app at once.
#![allow(missing_docs, clippy::unwrap_used)]

#[path = "flows/browsing.rs"]
mod browsing;
#[path = "flows/choosing.rs"]
mod choosing;
#[path = "flows/dataset.rs"]
mod dataset;
#[path = "support/app.rs"]
mod desk;
#[path = "flows/engine.rs"]
mod engine;
#[path = "flows/keeping.rs"]
mod keeping;
#[path = "flows/storm.rs"]
mod storm;

use danlu::app::{Effect, Msg};
use danlu::engine::{Event, JobId, Request, State};
use danlu::ui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Size;

use desk::{DRAWN, Desk, busy, recipe, request, sends_nothing, start, submitted};

/// The titles of the panes in the order of the tab key.
const PANES: [&str; 6] = ["Prompt", "Negative prompt", "Parameters", "Preview", "History", "Queue"];

/// The title of the pane whose border says that it has the keys.
fn focused(desk: &mut Desk) -> String {
    let (buffer, _) = desk.draw();
    let colour = desk.app.theme().style(Role::BorderFocus).fg.unwrap();
    let corner = |x: u16, y: u16| buffer[(x, y)].symbol() == "╭" && buffer[(x, y)].fg == colour;
    let found = buffer.area.positions().find(|at| corner(at.x, at.y)).unwrap();
    titled(&buffer, found.x, found.y)
}

fn titled(buffer: &Buffer, x: u16, y: u16) -> String {
    let behind = x + 1..buffer.area.right();
    let row: String = behind.map(|x| buffer[(x, y)].symbol()).collect();
    row.split(['─', '╮']).next().unwrap().trim().to_owned()
}

#[test]
fn enter_in_the_prompt_submits_the_form_with_a_seed_drawn_for_it() {
    let mut desk = Desk::new(140, 45);
    let effects = desk.press("enter");
    let mut expected = recipe("fox, noto, blue background");
    expected.seed = DRAWN;
    assert_eq!(submitted(&effects), expected);
    let Request::Submit { ticket, .. } = request(&effects) else {
        panic!()
    };
    assert_ne!(ticket, 0);
    let Request::Submit { ticket: next, .. } = request(&desk.press("enter")) else {
        panic!()
    };
    assert_ne!(ticket, next, "each request has a ticket of its own");
}

#[test]
fn a_seed_in_the_form_is_used_until_it_is_random_again() {
    let mut desk = Desk::new(140, 45);
    desk.press("f4 down down down down down down down down");
    desk.write("123");
    desk.press("enter");
    assert_eq!(submitted(&desk.press("ctrl+g")).seed, 123);
    desk.press("alt+r");
    assert_eq!(submitted(&desk.press("ctrl+g")).seed, DRAWN);
}

#[test]
fn what_is_typed_into_the_form_counts_when_generating_without_pressing_enter() {
    let mut desk = Desk::new(140, 45);
    desk.press("f4 down down down down");
    desk.write("33");
    assert_eq!(submitted(&desk.press("f5")).steps, 33);
    desk.write("0");
    assert!(sends_nothing(&desk.press("f5")), "0 steps are refused");
    desk.says("1000");
    desk.press("esc");
    assert_eq!(submitted(&desk.press("f5")).steps, 33, "the old value stood");
}

#[test]
fn a_size_that_no_latent_has_is_refused_with_its_value() {
    let mut desk = Desk::new(140, 45);
    desk.press("f4 down down down down down down");
    desk.write("513");
    let effects = desk.press("enter ctrl+g");
    let said = desk.screen();
    let sent = effects.iter().any(|effect| matches!(effect, Effect::Send(_)));
    assert!(!sent, "a job of 513 pixels was sent\n{said}");
    assert!(said.contains("513"), "{said}");
}

#[test]
fn words_are_typed_weighted_and_undone() {
    let mut desk = Desk::new(140, 45);
    desk.press("alt+k");
    desk.write("a red fox");
    desk.press("ctrl+up ctrl+up");
    assert_eq!(submitted(&desk.press("enter")).prompt, "a red (fox:1.2)");
    desk.press("ctrl+down ctrl+down ctrl+down");
    assert_eq!(submitted(&desk.press("enter")).prompt, "a red (fox:0.9)");
    desk.press("ctrl+z ctrl+z ctrl+z ctrl+z ctrl+z");
    assert_eq!(submitted(&desk.press("enter")).prompt, "a red fox");
    desk.press("f3");
    desk.write("blurry");
    let recipe = submitted(&desk.press("enter"));
    assert_eq!(
        (recipe.prompt.as_str(), recipe.negative_prompt.as_str()),
        ("a red fox", "blurry")
    );
}

#[test]
fn what_was_cut_is_pasted_and_goes_to_the_clipboard() {
    let mut desk = Desk::new(140, 45);
    let effects = desk.press("ctrl+a ctrl+x");
    assert!(effects.contains(&Effect::Copy("fox, noto, blue background".to_owned())));
    desk.press("f3 ctrl+v ctrl+v");
    let recipe = submitted(&desk.press("enter"));
    assert_eq!(recipe.prompt, "");
    assert_eq!(recipe.negative_prompt, "fox, noto, blue background".repeat(2));
}

#[test]
fn tab_goes_through_all_panes_and_back() {
    for (width, height) in [(140, 45), (60, 20), (40, 12)] {
        let mut desk = busy(width, height);
        for pane in PANES.iter().chain(&PANES[..1]) {
            assert_eq!(focused(&mut desk), *pane, "{width}x{height}");
            desk.press("tab");
        }
        for pane in ["Prompt", "Queue", "History"] {
            desk.press("shift+tab");
            assert_eq!(focused(&mut desk), pane, "{width}x{height}");
        }
    }
}

#[test]
fn each_pane_has_keys_that_go_to_it() {
    let mut desk = busy(140, 45);
    let keys = [
        ("f2 alt+1", "Prompt"),
        ("f3 alt+2", "Negative prompt"),
        ("f4 alt+3", "Parameters"),
        ("f6 alt+4", "Preview"),
        ("f8 alt+6", "History"),
        ("f7 alt+5", "Queue"),
    ];
    for (both, pane) in keys {
        for key in both.split(' ') {
            desk.press(key);
            assert_eq!(focused(&mut desk), pane, "{key}");
            desk.press("tab");
        }
    }
    desk.press("f7 space g n");
    assert_eq!(focused(&mut desk), "Negative prompt");
}

#[test]
fn a_click_goes_to_a_pane_and_puts_the_cursor_there() {
    let mut desk = Desk::new(140, 45);
    desk.click(6, 2);
    desk.write("X");
    assert_eq!(submitted(&desk.press("enter")).prompt, "fox, nXoto, blue background");
    desk.click(100, 40);
    assert_eq!(focused(&mut desk), "Queue");
}

#[test]
fn a_click_gives_up_a_chord_that_was_begun() {
    let mut desk = busy(140, 45);
    desk.press("f7 space");
    desk.says("Generate forever");
    desk.click(2, 2);
    desk.says_not("Generate forever");
    desk.press("ctrl+a");
    desk.write("y");
    assert_eq!(submitted(&desk.press("enter")).prompt, "y");
}

#[test]
fn zooming_gives_a_pane_the_screen_until_esc() {
    let mut desk = busy(140, 45);
    desk.press("f9");
    desk.says_not("Parameters");
    desk.press("esc");
    desk.says("Parameters");
}

#[test]
fn the_border_between_the_sides_is_pulled_by_the_mouse_and_by_keys() {
    use crossterm::event::{MouseButton, MouseEventKind};
    let mut desk = Desk::new(140, 45);
    let width = |desk: &mut Desk| desk.screen().lines().nth(1).unwrap().find('╮').unwrap();
    let before = width(&mut desk);
    desk.mouse(MouseEventKind::Down(MouseButton::Left), 55, 10);
    desk.mouse(MouseEventKind::Drag(MouseButton::Left), 69, 10);
    desk.mouse(MouseEventKind::Up(MouseButton::Left), 69, 10);
    assert!(width(&mut desk) > before + 10, "{}", desk.screen());
    desk.press("f4");
    let before = width(&mut desk);
    desk.press("ctrl+alt+right");
    assert!(width(&mut desk) > before);
}

#[test]
fn the_queue_is_paused_and_its_jobs_are_moved_cancelled_tried_again_and_forgotten() {
    let mut desk = busy(140, 45);
    assert_eq!(request(&desk.press("alt+p")), Request::Pause);
    desk.engine(Event::Paused { paused: true });
    desk.says("paused");
    assert_eq!(request(&desk.press("alt+p")), Request::Resume);
    let job = JobId;
    desk.press("f7 down");
    assert_eq!(request(&desk.press("J")), Request::Move { job: job(8), to: 1 });
    desk.engine(Event::Order {
        waiting: vec![job(9), job(8)],
    });
    assert_eq!(
        request(&desk.press("K")),
        Request::Move { job: job(8), to: 0 },
        "the cursor stays on its job"
    );
    assert!(sends_nothing(&desk.press("J")), "it is the last");
    assert_eq!(request(&desk.press("x")), Request::Cancel { job: job(8) });
    assert!(sends_nothing(&desk.press("r")), "a waiting job is not tried again");
    assert!(sends_nothing(&desk.press("d")), "a waiting job is not forgotten");
    desk.press("down down");
    assert_eq!(request(&desk.press("r")), Request::Retry { job: job(5) });
    assert_eq!(request(&desk.press("d")), Request::Remove { job: job(5) });
    assert_eq!(
        request(&desk.press("alt+x")),
        Request::Cancel { job: job(7) },
        "the running one"
    );
}

#[test]
fn a_key_for_a_job_on_an_empty_queue_asks_nothing_and_says_so() {
    let mut desk = Desk::new(140, 45);
    desk.press("f7");
    for key in ["x", "r", "d", "alt+x", "e", "K", "J", "enter", "u"] {
        assert!(sends_nothing(&desk.press(key)), "{key}");
    }
    desk.says("No job has failed");
}

#[test]
fn a_palette_runs_an_action_by_its_name_in_either_language() {
    for words in ["swap-size", "交换宽高"] {
        let mut desk = Desk::new(140, 45);
        desk.press("f4 down down down down down down");
        desk.write("640");
        desk.press("enter ctrl+p");
        desk.paste(words);
        desk.press("enter");
        let recipe = submitted(&desk.press("ctrl+g"));
        assert_eq!((recipe.width, recipe.height), (512, 640), "{words}");
    }
}

#[test]
fn what_ends_the_engine_asks_first() {
    let mut desk = busy(140, 45);
    assert!(sends_nothing(&desk.press("f7 space w x")));
    desk.says("are you sure?");
    assert!(sends_nothing(&desk.press("n")));
    desk.says_not("are you sure?");
    desk.press("space w x");
    assert_eq!(request(&desk.press("enter")), Request::Stop);
    desk.press("space w x");
    assert!(sends_nothing(&desk.click(1, 1)), "a click beside it says no");
    desk.says_not("are you sure?");
}

#[test]
fn the_workstation_is_left_suspended_and_drawn_anew_from_everywhere() {
    for pane in ["f2", "f4", "f7", "f1", "ctrl+p"] {
        let mut desk = busy(140, 45);
        desk.press(pane);
        assert!(desk.press("ctrl+l").contains(&Effect::Redraw), "{pane}");
        assert!(desk.press("alt+z").contains(&Effect::Suspend), "{pane}");
        assert!(desk.press("ctrl+q").contains(&Effect::Quit), "{pane}");
    }
}

#[test]
fn a_screen_that_is_too_small_says_so_and_comes_back() {
    let mut desk = busy(140, 45);
    desk.tell(Msg::Resize(Size::new(20, 6)));
    desk.says("20×6");
    desk.write("!");
    desk.tell(Msg::Resize(Size::new(140, 45)));
    desk.says("fox, noto, blue background!");
}

#[test]
fn a_draft_is_taken_up_where_it_was_left() {
    let mut before = start(Size::new(140, 45));
    before.draft.recipe = Some(danlu::diffusion::Recipe {
        steps: 31,
        negative_prompt: "rain".to_owned(),
        ..recipe("an owl")
    });
    before.draft.seed = Some(9);
    let recipe = submitted(&Desk::of(before).press("enter"));
    assert_eq!((recipe.steps, recipe.seed), (31, 9));
    assert_eq!(
        (recipe.prompt.as_str(), recipe.negative_prompt.as_str()),
        ("an owl", "rain")
    );
}

#[test]
fn a_draft_that_no_picture_can_be_made_of_is_no_draft() {
    let mut before = start(Size::new(140, 45));
    before.draft.recipe = Some(danlu::diffusion::Recipe {
        steps: 0,
        ..recipe("an owl")
    });
    let recipe = submitted(&Desk::of(before).press("enter"));
    assert_eq!(
        (recipe.steps, recipe.prompt.as_str()),
        (20, "fox, noto, blue background")
    );
}

#[test]
fn the_parameters_of_a_job_are_put_back_from_the_queue() {
    let mut desk = busy(140, 45);
    desk.engine(desk::queued(12, State::Waiting, "a boat"));
    desk.press("f7 down down down");
    desk.press("enter");
    assert_eq!(submitted(&desk.press("ctrl+g")).prompt, "a boat");
}
