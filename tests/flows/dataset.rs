//! The dataset: what is asked of its keeper, what becomes of a caption that is being changed, and that nothing typed is lost.

use std::path::PathBuf;
use std::sync::Arc;

use danlu::app::{Effect, Msg};
use danlu::data::edit::{Edit, Strike};
use danlu::data::journal;
use danlu::data::set::Set;
use danlu::data::tags::Index;
use danlu::panes::dataset::book::Book;
use danlu::panes::dataset::talk::{Ask, Deed, Done, News};
use danlu::ui::lang::told::Sentence;
use ratatui::layout::Size;

use super::desk::sets::{asks, book, shipped};
use super::desk::{Desk, start};

fn opened() -> Desk {
    let mut desk = Desk::new(140, 45);
    desk.open_shipped();
    desk
}

fn caption(name: &str) -> PathBuf {
    shipped().join("10_fluent").join(name).with_extension("txt")
}

fn text(bytes: Option<&Vec<u8>>) -> &str {
    std::str::from_utf8(bytes.unwrap()).unwrap()
}

/// The captions that were asked to be written: file, before, after.
fn written(asks: &[Ask]) -> Vec<(PathBuf, String, String)> {
    let one = |ask: &Ask| match ask {
        Ask::Caption { path, before, after } => Some((
            path.clone(),
            text(before.as_ref()).to_owned(),
            text(after.as_ref()).to_owned(),
        )),
        _ => None,
    };
    asks.iter().filter_map(one).collect()
}

/// The book with another text in one caption.
fn with_caption(name: &str, bytes: &[u8]) -> (Arc<Book>, usize) {
    let shipped = book(&shipped());
    let mut set: Set = shipped.set.clone();
    let picture = (0..set.pictures.len())
        .find(|at| set.caption_path(*at) == caption(name))
        .unwrap();
    set.pictures[picture].caption.as_mut().unwrap().document.bytes = bytes.into();
    let index = Index::of(&set);
    (Arc::new(Book { set, index }), picture)
}

#[test]
fn a_path_is_completed_and_opened_and_remembered() {
    let mut desk = Desk::new(140, 45);
    desk.press("f12");
    desk.says("No dataset is open");
    desk.press("o");
    let asked = asks(&desk.write("/da"));
    assert_eq!(
        asked.last(),
        Some(&Ask::Paths {
            typed: "/da".to_owned()
        })
    );
    let found = vec!["/data/".to_owned(), "/dark/".to_owned()];
    desk.tell(Msg::Dataset(News::Paths {
        typed: "/da".to_owned(),
        found,
    }));
    desk.says("/dark/");
    let asked = asks(&desk.press("down down tab"));
    assert_eq!(
        asked.last(),
        Some(&Ask::Paths {
            typed: "/dark/".to_owned()
        })
    );
    let asked = asks(&desk.press("enter"));
    assert!(
        matches!(&asked[..], [Ask::Open { path, .. }] if path.as_os_str() == "/dark/"),
        "{asked:?}"
    );
    desk.open_shipped();
    desk.says("10_fluent/airplane.png");
    desk.press("o");
    desk.says("Open before");
    desk.says("datasets/fluent");
}

#[test]
fn a_changed_caption_is_written_when_its_picture_is_left() {
    let mut desk = opened();
    desk.work("l l x");
    desk.says("not written yet");
    let asked = desk.work("]");
    let was = std::fs::read_to_string(caption("airplane")).unwrap();
    let tags: Vec<&str> = was.split(", ").collect();
    let expected = was.replacen(&format!(", {}", tags[1]), "", 1);
    assert_eq!(written(&asked), [(caption("airplane"), was, expected)]);
}

#[test]
fn undo_takes_back_what_is_not_written_before_it_asks_the_journal() {
    let mut desk = opened();
    let was = std::fs::read_to_string(caption("airplane")).unwrap();
    let asked = desk.work("l x x u u");
    assert!(asked.is_empty(), "{asked:?}");
    desk.says_not("not written yet");
    let asked = desk.work("u");
    assert_eq!(asked, [Ask::Perform(journal::Action::Undo(1))]);
    let asked = desk.work("U");
    assert_eq!(asked, [Ask::Perform(journal::Action::UndoFile(caption("airplane")))]);
    let asked = desk.work("ctrl+r");
    assert_eq!(asked, [Ask::Perform(journal::Action::Redo(1))]);
    let asked = desk.work("> w");
    let tags: Vec<&str> = was.split(", ").collect();
    let swapped = was.replacen(
        &format!("{}, {}", tags[0], tags[1]),
        &format!("{}, {}", tags[1], tags[0]),
        1,
    );
    assert_eq!(written(&asked), [(caption("airplane"), was, swapped)]);
}

#[test]
fn tags_are_typed_one_after_the_other_with_the_sets_own_words() {
    let mut desk = opened();
    desk.work("l a");
    desk.type_in("anim");
    desk.says("animal");
    desk.work("down enter");
    desk.type_in("two words");
    let asked = desk.work("enter enter ctrl+s");
    let (_, was, now) = written(&asked).remove(0);
    let tags: Vec<&str> = was.split(", ").collect();
    let begin = format!("{}, animal, two words, ", tags[0]);
    assert!(now.starts_with(&begin), "{now}");
}

#[test]
fn the_caption_is_edited_as_a_text_and_pasted_into() {
    let mut desk = opened();
    desk.work("E ctrl+a");
    desk.paste("a plane\r\nin the sky");
    let asked = desk.work("ctrl+s");
    assert_eq!(written(&asked)[0].2, "a plane\nin the sky");
    let mut desk = opened();
    desk.work("E");
    desk.type_in("x");
    desk.work("esc");
    desk.says("not written yet");
    desk.work("u");
    desk.says_not("not written yet");
}

#[test]
fn only_the_answer_to_the_newest_filter_counts() {
    let mut desk = opened();
    desk.press("/");
    let effects = desk.write("tag:animal");
    let asked = asks(&effects);
    let tickets: Vec<u64> = asked
        .iter()
        .filter_map(|ask| match ask {
            Ask::Filter { ticket, .. } => Some(*ticket),
            _ => None,
        })
        .collect();
    assert_eq!(tickets.len(), 10);
    let found = |ticket, numbers: &[usize]| {
        Msg::Dataset(News::Filtered {
            ticket,
            found: Ok(Some(numbers.into())),
        })
    };
    desk.tell(found(tickets[9], &[3, 4]));
    desk.tell(found(tickets[8], &[0]));
    desk.says("2 of 59");
    desk.work("esc");
    desk.says_not("2 of 59");
}

#[test]
fn a_caption_changed_here_and_outside_is_a_conflict_and_nothing_is_lost() {
    let mut desk = opened();
    desk.work("l x");
    let was = std::fs::read(caption("airplane")).unwrap();
    let theirs = [was.as_slice(), b", theirs"].concat();
    let (book, picture) = with_caption("airplane", &theirs);
    let captions = Some(vec![picture]);
    let effects = desk.tell(Msg::Dataset(News::Changed {
        book,
        captions,
        outside: true,
    }));
    assert!(written(&asks(&effects)).is_empty(), "nothing is written over");
    desk.says("changed outside as well");
    desk.press("esc C");
    desk.says("as it was");
    desk.says("+theirs");
    let asked = asks(&desk.press("b"));
    let (path, before, after) = written(&asked).remove(0);
    assert_eq!(
        (path, before),
        (caption("airplane"), String::from_utf8(theirs).unwrap())
    );
    let was = String::from_utf8(was).unwrap();
    let kept = was.split_once(", ").unwrap().1;
    assert_eq!(after, format!("{kept}, theirs"));
}

#[test]
fn a_caption_changed_outside_only_is_shown_as_it_is() {
    let mut desk = opened();
    desk.work("l");
    let (book, picture) = with_caption("airplane", b"quite another");
    desk.tell(Msg::Dataset(News::Changed {
        book,
        captions: Some(vec![picture]),
        outside: true,
    }));
    desk.says("quite another");
    desk.says("changed outside, read again: 1");
}

#[test]
fn what_could_not_be_written_is_still_there() {
    let mut desk = opened();
    let asked = desk.work("l x w");
    let (path, ..) = written(&asked).remove(0);
    let done = Done {
        deed: Deed::Caption(path),
        changed: 0,
        left: 1,
        failed: Some(Sentence::plain("the disk is full")),
        conflicts: Vec::new(),
    };
    desk.tell(Msg::Dataset(News::Done(done)));
    desk.says("the disk is full");
    desk.press("k");
    desk.says("not written yet");
}

#[test]
fn a_lost_terminal_keeps_the_caption_and_the_next_start_takes_it_up() {
    let mut desk = opened();
    desk.work("l x");
    let effects = desk.wait(2000);
    let draft = effects.iter().find_map(|effect| match effect {
        Effect::Keep(draft) => Some(draft.as_ref().clone()),
        _ => None,
    });
    let draft = draft.unwrap();
    let json = serde_json::to_string(&draft).unwrap();
    let draft = serde_json::from_str(&json).unwrap();
    let size = Size::new(140, 45);
    let mut next = Desk::of(danlu::app::Start { draft, ..start(size) });
    let effects = next.press("f12");
    let asked = next.keep(effects);
    assert!(
        matches!(&asked[0], Ask::Open { path, .. } if *path == shipped()),
        "{asked:?}"
    );
    next.says("is here again");
    let asked = next.work("l ctrl+s");
    assert_eq!(written(&asked).len(), 1);
}

#[test]
fn leaving_in_any_way_writes_what_is_not_written() {
    let mut desk = opened();
    desk.work("l x");
    let asked = asks(&desk.app.leave());
    assert_eq!(written(&asked).len(), 1);
    let mut desk = opened();
    let asked = desk.work("l x f10");
    assert_eq!(written(&asked).len(), 1);
    let mut desk = opened();
    desk.work("l x");
    let effects = desk.press("q");
    let place = |wanted: fn(&Effect) -> bool| effects.iter().position(wanted).unwrap();
    assert!(place(|e| matches!(e, Effect::Dataset(_))) < place(|e| matches!(e, Effect::Quit)));
}

#[test]
fn an_edit_is_looked_at_and_one_key_writes_what_was_not_left_out() {
    let mut desk = opened();
    desk.work("m m m e a");
    desk.type_in("smith");
    let asked = desk.work("enter ctrl+s");
    let [
        Ask::Plan {
            edit,
            pictures,
            by_hand,
            ..
        },
    ] = &asked[..]
    else {
        panic!("{asked:?}")
    };
    assert!(matches!(edit, Edit::Add { tags, .. } if *tags == ["smith"]));
    assert_eq!((&pictures[..], *by_hand), (&[0, 1, 2][..], true));
    desk.says("3 files");
    desk.says("+smith");
    desk.says("danlu tags add --tag smith");
    let effects = desk.press("down x w");
    let asked = asks(&effects);
    let [Ask::Write(sheet)] = &asked[..] else {
        panic!("{asked:?}")
    };
    assert_eq!(sheet.count(), 2);
    let effects = desk.press("y");
    assert!(asks(&effects).is_empty(), "the diff is closed");
}

#[test]
fn the_trigger_word_strikes_what_belongs_to_the_subject() {
    let mut desk = opened();
    desk.work("e t");
    desk.type_in("fluentzk");
    desk.says("hardly knows");
    let asked = desk.work("enter enter enter ctrl+s");
    let [
        Ask::Plan {
            edit: Edit::Trigger { trigger, strike },
            ..
        },
    ] = &asked[..]
    else {
        panic!("{asked:?}")
    };
    assert_eq!(trigger, "fluentzk");
    let Strike::These(which) = strike else {
        panic!("{strike:?}")
    };
    assert_eq!(which.tags.len(), 1, "{which:?}");
    let mut desk = opened();
    let asked = desk.work("e t ctrl+s");
    assert!(asked.is_empty());
    desk.says("needs a word first");
}

#[test]
fn pictures_that_go_take_their_marks_along_and_the_cursor_stays() {
    let mut desk = opened();
    desk.work("j m m j");
    let before = book(&shipped());
    let name = |book: &Book, at: usize| book.name(at).into_owned();
    let under = name(&before, 4);
    let mut set = before.set.clone();
    set.pictures.remove(0);
    set.pictures.remove(0);
    let index = Index::of(&set);
    let book = Arc::new(Book { set, index });
    desk.tell(Msg::Dataset(News::Changed {
        book,
        captions: None,
        outside: true,
    }));
    desk.says("✓1 · 57");
    desk.work("l");
    desk.says(&under);
}

#[test]
fn the_cursor_comes_back_to_a_picture_that_a_filter_hid() {
    let mut desk = opened();
    let (book, picture) = with_caption("cat-face", b"");
    let before = book.name(picture).into_owned();
    for _ in 0..picture {
        desk.work("j");
    }
    let effects = desk.wait(500);
    desk.keep(effects);
    desk.says(&format!("{}/59", picture + 1));
    desk.work("/");
    for (typed, there) in [("tag:zzz", false), ("", true)] {
        desk.work("ctrl+u");
        desk.type_in(typed);
        let effects = desk.wait(500);
        desk.keep(effects);
        assert_eq!(
            desk.screen().contains(&format!("{}/59", picture + 1)),
            there,
            "{before} after {typed:?}"
        );
    }
    desk.work("esc");
    let effects = desk.wait(500);
    desk.keep(effects);
    desk.says(&format!("{}/59", picture + 1));
}

#[test]
fn a_wrong_expression_shows_no_tags_and_so_marks_none() {
    let mut desk = opened();
    desk.work("l tab /");
    desk.type_in("/(/");
    desk.says("is no regular expression yet");
    desk.work("enter M");
    desk.says_not("marked");
}

#[test]
fn a_command_is_offered_only_where_it_does_the_same() {
    let mut desk = opened();
    desk.work("e a");
    desk.type_in("smith");
    desk.work("enter ctrl+s");
    desk.says("$ danlu tags add");
    desk.work("x");
    desk.says_not("$ danlu tags add");
    desk.work("y");
    desk.says("No command line does the same");
}

#[test]
fn a_caption_that_is_again_what_it_was_has_no_sign() {
    let mut desk = opened();
    let changed = |book, captions: &[usize]| {
        Msg::Dataset(News::Changed {
            book,
            captions: Some(captions.to_vec()),
            outside: false,
        })
    };
    let (book, picture) = with_caption("cat-face", b"cat");
    for text in [b"cat".as_slice(), b"a cat", b"cat"] {
        let (book, _) = with_caption("cat-face", text);
        desk.tell(changed(book, &[picture]));
        desk.says("~10_fluent/cat-face.png");
    }
    let back = book.bytes(picture).map(<[u8]>::to_vec);
    assert_eq!(back.as_deref(), Some(b"cat".as_slice()));
    desk.tell(changed(super::desk::sets::shipped_book(), &[picture]));
    desk.says(" 10_fluent/cat-face.png");
    desk.says_not("~10_fluent");
}

#[test]
fn snapshots_and_saved_queries_are_deleted_after_a_question() {
    let mut desk = opened();
    let snapshot = |name: &str| journal::Snapshot {
        name: name.to_owned(),
        time: 1_700_000_000_000,
        files: 59,
    };
    desk.tell(Msg::Dataset(News::Snapshots {
        snapshots: vec![snapshot("before"), snapshot("after")],
        now: 1_700_000_100,
    }));
    // The row that makes a new one cannot be deleted.
    assert!(asks(&desk.press("ctrl+x")).is_empty());
    desk.says_not("are you sure");
    desk.press("down down ctrl+x");
    desk.says("are you sure");
    desk.press("n");
    assert_eq!(asks(&desk.press("ctrl+x y")), [Ask::Forget("before".to_owned())]);
    desk.says_not("are you sure");
    desk.tell(Msg::Dataset(News::Forgotten("before".to_owned())));
    desk.says("Snapshot before is deleted");

    let queries = ["long", "short"].map(|name| (name.to_owned(), format!("tokens:>{}", name.len())));
    desk.tell(Msg::Dataset(News::Queries(queries.to_vec())));
    desk.press("' down ctrl+x");
    let forgotten = Ask::KeepQuery {
        name: "short".to_owned(),
        query: String::new(),
    };
    assert_eq!(asks(&desk.press("enter")), [forgotten]);
    desk.says("@short is deleted");
}

#[test]
fn pictures_are_asked_for_only_where_they_are_seen() {
    let mut desk = opened();
    let effects = desk.press("t");
    let loads = super::desk::loads(&effects);
    assert!((8..=40).contains(&loads.len()), "{}", loads.len());
    desk.load(&effects);
    assert!(super::desk::loads(&desk.press("l")).is_empty(), "they are here already");
}

#[test]
fn a_key_in_the_list_costs_few_cells() {
    let mut desk = opened();
    desk.work("j j");
    let effects = desk.wait(500);
    desk.keep(effects);
    let (before, _) = desk.draw();
    desk.press("j");
    let (after, _) = desk.draw();
    let rows: std::collections::BTreeSet<u16> = before.diff(&after).iter().map(|(_, y, _)| *y).collect();
    assert!(rows.len() <= 2, "{rows:?}");
}

#[test]
fn conflicts_wait_over_a_restart_for_somebody_to_settle_them() {
    let mut desk = opened();
    desk.work("l x");
    let (book, picture) = with_caption("airplane", b"theirs");
    desk.tell(Msg::Dataset(News::Changed {
        book,
        captions: Some(vec![picture]),
        outside: true,
    }));
    let effects = desk.app.leave();
    let draft = effects.iter().find_map(|effect| match effect {
        Effect::Keep(draft) => Some(draft.as_ref().clone()),
        _ => None,
    });
    let size = Size::new(140, 45);
    let mut next = Desk::of(danlu::app::Start {
        draft: draft.unwrap(),
        ..start(size)
    });
    let effects = next.press("f12");
    next.keep(effects);
    next.says("changed outside as well");
    next.press("C");
    next.says("-airplane");
}
