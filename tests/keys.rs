//! The keymap: its defaults, the user's file, and what is read from it.
#![allow(missing_docs, clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use danlu::keys::{ACTIONS, Action, Chord, Group, Hit, KeyError, Keymap, Meaning, Scope, docs};
use danlu::ui::lang::Lang;
use danlu::ui::text::width;

fn chords(text: &str) -> Vec<Chord> {
    Chord::sequence(text).unwrap()
}

fn press(keymap: &Keymap, scope: Scope, keys: &str) -> Hit {
    let sequence = chords(keys);
    let (last, pending) = sequence.split_last().unwrap();
    keymap.resolve(scope.chain(), pending, *last)
}

fn runs(keymap: &Keymap, scope: Scope, keys: &str) -> Option<Action> {
    match press(keymap, scope, keys) {
        Hit::Action(action) => Some(action),
        _ => None,
    }
}

fn user(text: &str) -> Result<Keymap, Vec<KeyError>> {
    Keymap::with_user(Path::new("keys.toml"), text.as_bytes())
}

#[test]
fn names_are_unique_and_rows_complete() {
    let names: BTreeSet<_> = ACTIONS.iter().map(|info| info.name).collect();
    assert_eq!(names.len(), ACTIONS.len());
    for (i, info) in ACTIONS.iter().enumerate() {
        assert_eq!(info.action as usize, i);
        assert_eq!(Action::named(info.name), Some(info.action));
        let kebab = info.name.chars().all(|c| c.is_ascii_lowercase() || c == '-');
        assert!(kebab && !info.scopes.is_empty(), "{}", info.name);
        assert!(
            width(info.title.en) <= 16 && width(info.title.zh) <= 16,
            "{}",
            info.name
        );
        for (scope, keys) in info.keys {
            assert!(Chord::sequence(keys).is_ok(), "{}: {keys}", info.name);
            let reaches = info.action.is_for(scope.chain()) || info.action.is_for(&[*scope]);
            assert!(reaches, "{} is bound in {scope:?}, where it is not for", info.name);
        }
    }
    for group in Group::ALL {
        assert!(ACTIONS.iter().any(|info| info.group == group), "{group:?}");
    }
    assert_eq!(Action::named("nonesuch"), None);
}

#[test]
fn no_default_hides_another_in_any_chain() {
    for focus in Scope::ALL {
        let mut bound: Vec<(Vec<Chord>, Action, Scope)> = Vec::new();
        for info in ACTIONS {
            for (scope, keys) in info.keys.iter().filter(|(scope, _)| focus.chain().contains(scope)) {
                bound.push((chords(keys), info.action, *scope));
            }
        }
        for (i, (a, action, scope)) in bound.iter().enumerate() {
            for (b, other, other_scope) in &bound[..i] {
                let common = a.len().min(b.len());
                assert!(
                    a[..common] != b[..common],
                    "{action:?} in {scope:?} and {other:?} in {other_scope:?} share {a:?} where {focus:?} has the keys"
                );
            }
        }
    }
}

#[test]
fn plain_characters_type_where_they_should() {
    for info in ACTIONS {
        for (scope, keys) in info.keys {
            let types = chords(keys)[0].typed().is_some();
            let reaches_text = scope.types() || *scope == Scope::Global;
            assert!(!(types && reaches_text), "{} binds {keys} in {scope:?}", info.name);
        }
    }
}

#[test]
fn every_default_can_be_typed_in_a_plain_xterm_or_has_another_key_there() {
    for info in ACTIONS {
        for (scope, keys) in info.keys {
            let plain = |keys: &str| chords(keys).iter().all(|chord| chord.is_plain());
            let another = info
                .keys
                .iter()
                .any(|(other, keys)| scope.chain().contains(other) && plain(keys));
            assert!(another, "{} has only {keys} in {scope:?}", info.name);
        }
    }
}

#[test]
fn the_keys_that_people_expect_do_what_they_expect() {
    let keymap = Keymap::default();
    for (scope, keys, action) in [
        (Scope::Editor, "enter", Action::Generate),
        (Scope::Queue, "ctrl+g", Action::Generate),
        (Scope::Editor, "f5", Action::Generate),
        (Scope::Form, "ctrl+enter", Action::Generate),
        (Scope::Editor, "alt+enter", Action::Newline),
        (Scope::Editor, "ctrl+j", Action::Newline),
        (Scope::Editor, "shift+enter", Action::Newline),
        (Scope::Editor, "ctrl+up", Action::WeightUp),
        (Scope::Editor, "ctrl+z", Action::Undo),
        (Scope::Queue, "ctrl+z", Action::Suspend),
        (Scope::Editor, "alt+z", Action::Suspend),
        (Scope::Editor, "tab", Action::NextPane),
        (Scope::Queue, "shift+tab", Action::PreviousPane),
        (Scope::Queue, ":", Action::Palette),
        (Scope::Editor, "ctrl+p", Action::Palette),
        (Scope::History, "g g", Action::Top),
        (Scope::History, "G", Action::Bottom),
        (Scope::History, "enter", Action::UseParameters),
        (Scope::History, "s", Action::UseSeed),
        (Scope::Queue, "x", Action::CancelJob),
        (Scope::Preview, "X", Action::CancelCurrent),
        (Scope::Queue, "K", Action::JobUp),
        (Scope::Queue, "k", Action::SelectUp),
        (Scope::Preview, "]", Action::NextPicture),
        (Scope::Form, "L", Action::IncreaseMuch),
        (Scope::Form, "space g q", Action::FocusQueue),
        (Scope::Palette, "enter", Action::Accept),
        (Scope::Help, "q", Action::Dismiss),
        (Scope::Queue, "q", Action::Quit),
        (Scope::Editor, "ctrl+q", Action::Quit),
    ] {
        assert_eq!(runs(&keymap, scope, keys), Some(action), "{keys} in {scope:?}");
    }
    for (scope, keys) in [
        (Scope::Editor, "q"),
        (Scope::Palette, "j"),
        (Scope::Help, "space"),
        (Scope::Queue, "g x"),
    ] {
        assert_eq!(press(&keymap, scope, keys), Hit::Miss, "{keys} in {scope:?}");
    }
}

#[test]
fn what_may_follow_is_told_with_its_title() {
    let keymap = Keymap::default();
    let Hit::Prefix(next) = press(&keymap, Scope::Queue, "space") else {
        panic!("space opens nothing");
    };
    let told: Vec<_> = next
        .iter()
        .map(|next| format!("{} {}", next.chord, next.meaning.title().en))
        .collect();
    assert_eq!(
        told,
        [
            "f Generate forever",
            "q queue",
            "v Live preview",
            "o Open dataset",
            "c choose",
            "g go to",
            "w workstation"
        ]
    );
    let next = keymap.continuations(Scope::Form.chain(), &chords("space g"));
    assert!(
        next.iter()
            .any(|next| next.meaning == Meaning::Action(Action::FocusPrompt))
    );
    assert_eq!(next.len(), 9);
}

#[test]
fn a_users_binding_comes_before_every_default() {
    let keymap = user("[[keys]]\non = \"enter\"\nrun = \"newline\"\nwhen = \"editor\"\n[[keys]]\non = [\"g\", \"p\"]\nrun = \"focus-prompt\"\n[[keys]]\non = \"x\"\nrun = \"zoom-pane\"\n[[keys]]\non = \"ctrl+z\"\nrun = \"redo\"\n").unwrap();
    assert_eq!(runs(&keymap, Scope::Editor, "enter"), Some(Action::Newline));
    assert_eq!(runs(&keymap, Scope::Form, "enter"), Some(Action::EditValue));
    assert_eq!(runs(&keymap, Scope::Queue, "g p"), Some(Action::FocusPrompt));
    assert_eq!(
        runs(&keymap, Scope::Queue, "g g"),
        Some(Action::Top),
        "both sequences stand"
    );
    assert_eq!(
        runs(&keymap, Scope::Queue, "x"),
        Some(Action::ZoomPane),
        "also against an inner default"
    );
    assert_eq!(runs(&keymap, Scope::Editor, "ctrl+z"), Some(Action::Redo));
    assert_eq!(runs(&keymap, Scope::Queue, "ctrl+z"), Some(Action::Redo));
    assert_eq!(
        keymap.keys_of(Action::Newline, Scope::Editor.chain()),
        ["enter", "alt+enter", "ctrl+j", "shift+enter"]
    );
    let keymap = user("[[keys]]\non = \"x z\"\nrun = \"zoom-pane\"").unwrap();
    assert_eq!(
        runs(&keymap, Scope::Queue, "x z"),
        Some(Action::ZoomPane),
        "also where x alone meant something"
    );
    let keymap = user("[[keys]]\non = \"g\"\nrun = \"generate\"\nwhen = \"list\"").unwrap();
    assert_eq!(runs(&keymap, Scope::Queue, "g"), Some(Action::Generate));
    assert_eq!(runs(&keymap, Scope::Queue, "g g"), None);
}

#[test]
fn none_unbinds() {
    let keymap = user("[[keys]]\non = \"z\"\nrun = \"none\"\nwhen = \"preview\"\n[[keys]]\non = \"space\"\nrun = \"none\"\n[[keys]]\non = \"f5\"\nrun = \"none\"").unwrap();
    assert_eq!(press(&keymap, Scope::Preview, "z"), Hit::Miss);
    assert_eq!(runs(&keymap, Scope::Queue, "z"), Some(Action::ZoomPane));
    assert_eq!(press(&keymap, Scope::Queue, "space"), Hit::Miss);
    assert_eq!(press(&keymap, Scope::Editor, "f5"), Hit::Miss);
    assert_eq!(
        keymap.keys_of(Action::Generate, Scope::Editor.chain()),
        ["enter", "ctrl+g", "ctrl+enter"]
    );
    assert!(keymap.keys_of(Action::ZoomPane, Scope::Preview.chain()) == ["f9"]);
}

#[test]
fn everything_wrong_in_a_users_file_is_told_at_once() {
    let text = "keyz = 1\n[[keys]]\non = \"ctl+a\"\nrun = \"genrate\"\n[[keys]]\nrun = \"quit\"\n[[keys]]\non = 5\nrun = \"quit\"\nwhen = \"quue\"\nwhy = 1\n[[keys]]\non = \"a\"\nrun = \"quit\"\nwhen = \"editor\"\n[[keys]]\non = \"b\"\nrun = \"quit\"\n[[keys]]\non = [\"b\", \"c\"]\nrun = \"help\"\n[[keys]]\non = \"a b c d e\"\nrun = \"help\"\n";
    let errors = user(text).unwrap_err();
    let told: Vec<_> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            r#"line 1 of keys.toml sets "keyz", which is nothing here; did you mean "keys"?"#,
            r#"line 3 of keys.toml sets on to no key: "ctl" in "ctl+a" is no modifier"#,
            r#"line 4 of keys.toml runs "genrate", which is no action; did you mean "generate"?"#,
            r#"line 5 of keys.toml has a binding without "on""#,
            "line 8 of keys.toml sets on to 5, which is not a key or a list of up to four keys",
            r#"line 10 of keys.toml sets when to "quue", which is no place; did you mean "queue"?"#,
            r#"line 11 of keys.toml sets "why", which is nothing here; did you mean "when"?"#,
            r#"line 13 of keys.toml binds "a" where it is text, in "editor""#,
            r#"line 23 of keys.toml sets on to "a b c d e", which is not a key or a list of up to four keys"#,
            r#"line 20 of keys.toml binds "b c", which line 17 binds already as "b""#,
        ]
    );
    assert!(errors.iter().filter(|error| error.hint().is_some()).count() >= 8);
}

#[test]
fn hostile_files_are_refused() {
    for text in [
        "keys = 1",
        "[keys]\non = 1",
        "keys = [1]",
        "keys = [[]]",
        "[[keys]]",
        "[[keys]]\non = []\nrun = []",
    ] {
        assert!(user(text).is_err(), "{text}");
    }
    for bytes in [
        &b"\xff"[..],
        b"\0",
        b"[[keys",
        "[[keys]]\non = \"\u{202e}\u{1b}\"\nrun = \"quit\"".as_bytes(),
    ] {
        let errors = Keymap::with_user(Path::new("keys.toml"), bytes).unwrap_err();
        let text = errors[0].to_string();
        assert!(!text.chars().any(char::is_control), "{text:?}");
    }
    let many = "[[keys]]\non = \"x\"\nrun = \"quit\"\n".repeat(2000);
    assert_eq!(user(&many).unwrap_err().len(), 1999);
}

#[test]
fn hints_fit_and_the_most_deserving_come_first() {
    let keymap = Keymap::default();
    for (scope, lang) in [
        (Scope::Editor, Lang::En),
        (Scope::Queue, Lang::Zh),
        (Scope::Form, Lang::En),
    ] {
        for columns in 0..200 {
            let hints = keymap.hints(scope.chain(), lang, columns, |_| true);
            let used: usize = hints.iter().map(|hint| width(&hint.keys) + 1 + width(hint.title)).sum();
            let gaps = 2 * hints.len().saturating_sub(1);
            assert!(used + gaps <= columns, "{scope:?} {columns}");
        }
    }
    let hints = keymap.hints(Scope::Editor.chain(), Lang::En, 80, |_| true);
    assert_eq!((hints[0].keys.as_str(), hints[0].title), ("enter", "Generate"));
    let hints = keymap.hints(Scope::Queue.chain(), Lang::Zh, 60, |action| action != Action::Generate);
    assert_eq!((hints[0].keys.as_str(), hints[0].title), ("enter", "使用参数"));
}

#[test]
fn the_page_about_keys_is_what_the_tables_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/KEYS.md");
    let page = docs::markdown(Lang::En);
    if std::env::var_os("DANLU_BLESS").is_some_and(|value| value == "1") {
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/KEYS.md is not what keys::docs writes; DANLU_BLESS=1 cargo test --release --test keys writes it anew"
    );
    for info in ACTIONS {
        assert!(page.contains(&format!("`{}`", info.name)));
    }
    assert!(docs::markdown(Lang::Zh).contains("出图"));
}
