//! What is kept, and what passes: drafts, notices, deadlines, files that were changed by hand.

use danlu::app::msg::Complaint;
use danlu::app::{Effect, Msg};
use danlu::engine::{Event, JobId};

use super::desk::{Desk, failure, submitted, theme};

fn kept(effects: &[Effect]) -> Vec<&str> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Keep(draft) => draft.recipe.as_ref().map(|recipe| recipe.prompt.as_str()),
            _ => None,
        })
        .collect()
}

#[test]
fn an_idle_app_wants_to_hear_of_no_time() {
    let mut desk = Desk::new(140, 45);
    assert_eq!(desk.wakes_in(), None);
    desk.press("tab tab up down tab f9 esc f2");
    assert_eq!(desk.wakes_in(), None);
}

#[test]
fn a_draft_is_kept_800_milliseconds_after_typing_and_not_before() {
    let mut desk = Desk::new(140, 45);
    assert!(kept(&desk.write("!")).is_empty());
    assert_eq!(desk.wakes_in(), Some(800));
    assert!(kept(&desk.wait(799)).is_empty());
    assert_eq!(kept(&desk.wait(1)), ["fox, noto, blue background!"]);
    assert_eq!(desk.wakes_in(), None);
    assert!(kept(&desk.wait(10_000)).is_empty());
}

#[test]
fn nothing_is_kept_when_nothing_changed() {
    let mut desk = Desk::new(140, 45);
    desk.write("!");
    desk.press("backspace");
    assert!(kept(&desk.wait(800)).is_empty());
    assert_eq!(desk.wakes_in(), None);
    assert!(kept(&desk.press("ctrl+q")).is_empty());
}

#[test]
fn leaving_keeps_what_was_just_typed() {
    let mut desk = Desk::new(140, 45);
    desk.write("!");
    let effects = desk.press("ctrl+q");
    assert_eq!(kept(&effects), ["fox, noto, blue background!"]);
    assert_eq!(effects.last(), Some(&Effect::Quit), "{effects:?}");
}

#[test]
fn a_moved_border_and_a_changed_value_are_kept_too() {
    let mut desk = Desk::new(140, 45);
    desk.press("f4 ctrl+alt+right");
    assert_eq!(kept(&desk.wait(800)).len(), 1);
    desk.press("down down down down right");
    assert_eq!(kept(&desk.wait(800)).len(), 1);
}

#[test]
fn notices_pass_by_themselves_and_errors_stay_longest() {
    let mut desk = Desk::new(140, 45);
    desk.press("alt+x");
    desk.says("Nothing is running");
    assert_eq!(desk.wakes_in(), Some(4000));
    desk.wait(3999);
    desk.says("Nothing is running");
    desk.wait(1);
    desk.says_not("Nothing is running");
    assert_eq!(desk.wakes_in(), None);
    desk.engine(Event::Failed {
        job: JobId(1),
        failure: failure(),
    });
    desk.wait(14_999);
    desk.says("Job 1 failed");
    desk.wait(1);
    desk.says_not("Job 1 failed");
}

#[test]
fn a_newer_notice_hides_an_older_one_until_it_passes() {
    let mut desk = Desk::new(140, 45);
    desk.engine(Event::Failed {
        job: JobId(1),
        failure: failure(),
    });
    desk.press("alt+x");
    desk.says_not("Job 1 failed");
    desk.wait(4000);
    desk.says("Job 1 failed");
    desk.press("esc");
    desk.says_not("Job 1 failed");
}

fn complaint() -> Complaint {
    Complaint {
        message: "themes/mine.toml, line 3, sets \"tab\" to \"#12\", which is no colour".to_owned(),
        hint: Some("write #rrggbb".to_owned()),
    }
}

#[test]
fn a_broken_theme_leaves_the_old_one_and_says_so() {
    let mut desk = Desk::new(140, 45);
    desk.tell(Msg::Theme(Ok(Box::new(theme("nord")))));
    desk.tell(Msg::Theme(Err(complaint())));
    assert_eq!(desk.app.theme().name(), "nord");
    desk.says("which is no colour");
    desk.says("write #rrggbb");
}

#[test]
fn a_broken_keymap_leaves_the_old_one_and_a_good_one_counts_at_once() {
    let mut desk = Desk::new(140, 45);
    desk.tell(Msg::Keymap(Err(complaint())));
    desk.says("which is no colour");
    submitted(&desk.press("enter"));
    let keys = b"[[keys]]\non = \"f12\"\nrun = \"generate\"\n";
    let keymap = danlu::keys::Keymap::with_user("keys.toml".as_ref(), keys).unwrap();
    desk.tell(Msg::Keymap(Ok(Box::new(keymap))));
    submitted(&desk.press("f12"));
}

#[test]
fn tokens_are_counted_for_the_text_that_stands_and_shown_in_the_title() {
    use danlu::app::Side;
    use danlu::panes::prompt::tokens::Tokens;
    let mut desk = Desk::new(140, 45);
    let effects = desk.write("!");
    // One count at a time: that of the first text is still under way.
    assert!(
        !effects
            .iter()
            .any(|effect| matches!(effect, Effect::Count { side: Side::Prompt, .. }))
    );
    let tokens = Tokens {
        count: 6,
        limit: 75,
        borders: Vec::new(),
    };
    let mut first = danlu::panes::prompt::State::default();
    first.set_text("fox, noto, blue background");
    let (revision, _) = first.ask_count().unwrap();
    let effects = desk.tell(Msg::Counted {
        side: Side::Prompt,
        revision,
        tokens,
    });
    desk.says("6/75");
    let asked = effects.iter().any(|effect| match effect {
        Effect::Count { side, text, .. } => *side == Side::Prompt && text.ends_with('!'),
        _ => false,
    });
    assert!(asked, "{effects:?}");
}
