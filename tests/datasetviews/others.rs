//! Health, near-duplicates, proposals of taggers, work on pictures.

use danlu::app::Msg;
use danlu::data::edit::propose::{Kind, Label};
use danlu::data::journal::Change;
use danlu::data::picture::work::{Kept, Operation, Place};
use danlu::engine::{Event, Job, JobId, Request};
use danlu::panes::dataset::talk::{Ask, News};
use danlu::panes::dataset::views::talk;
use danlu::panes::dataset::views::work::{Errand, Plan, Row};
use danlu::ui::lang::Lang;
use danlu::ui::lang::told::Sentence;
use danlu::vision::Proposal;

use super::{Shop, in_both};

#[test]
fn near_duplicates_stand_side_by_side() {
    insta::assert_snapshot!(in_both(120, 34, |shop| shop.press("v d n ctrl+s")));
}

#[test]
fn the_worse_of_two_goes_to_the_trash_with_its_caption() {
    let mut shop = Shop::open(120, 34, Lang::En);
    shop.press("v d");
    shop.desk.says("looks for pictures");
    shop.press("n ctrl+s");
    shop.press("enter");
    let gone = shop.book.path(1).to_owned();
    let trashed = match shop.asked.last() {
        Some(Ask::Commit { changes, .. }) => changes.to_vec(),
        other => panic!("{other:?}"),
    };
    let caption = gone.with_extension("txt");
    assert_eq!(trashed, [Change::Trash { path: gone }, Change::Trash { path: caption }]);
    shop.press("K");
    shop.desk.says("What would be done");
}

#[test]
fn findings_are_told_in_the_language_of_the_screen() {
    insta::assert_snapshot!(in_both(120, 34, |shop| shop.press("v h")));
}

#[test]
fn a_finding_shows_its_pictures() {
    let mut shop = Shop::open(120, 34, Lang::En);
    shop.press("v h");
    shop.desk.says("findings");
    shop.press("enter");
    let asked = shop
        .asked
        .iter()
        .any(|ask| matches!(ask, Ask::Filter { query, .. } if query == "marked:"));
    assert!(asked, "{:?}", shop.asked);
}

/// What a tagger proposes for the picture under the cursor.
fn propose(shop: &mut Shop) {
    let label = |(text, confidence): (&str, f32)| Label {
        text: text.to_owned(),
        confidence,
        kind: Kind::General,
    };
    let proposal = Proposal {
        picture: shop.book.path(0).to_owned(),
        tags: [("fox", 0.99), ("solo", 0.91), ("outdoors", 0.52), ("cat", 0.36)]
            .map(label)
            .to_vec(),
        ..Proposal::default()
    };
    shop.tell(Msg::Engine(Event::Tagged {
        job: JobId(1),
        proposal: Box::new(proposal),
    }));
}

#[test]
fn proposals_are_shown_against_the_caption() {
    insta::assert_snapshot!(in_both(120, 34, |shop| {
        shop.press("v p");
        propose(shop);
        shop.press("G x");
    }));
}

#[test]
fn a_taken_proposal_is_written_without_what_was_left_out() {
    let mut shop = Shop::open(120, 34, Lang::En);
    shop.press("v p");
    shop.desk.says("model.onnx and selected_tags.csv into");
    propose(&mut shop);
    shop.press("G x enter");
    let Some(Ask::Write(sheet)) = shop.asked.last() else {
        panic!("{:?}", shop.asked)
    };
    let after = sheet.leaves[0].after.clone().unwrap();
    assert_eq!(
        String::from_utf8(after).unwrap(),
        "fox, snow, wide view, solo, outdoors"
    );
}

#[test]
fn a_tagger_is_asked_by_a_form_and_missed_with_its_place() {
    let mut shop = Shop::open(120, 34, Lang::En);
    shop.press("v p");
    shop.press("n");
    shop.desk.says("/models/taggers/NAME");
    shop.press("ctrl+s");
    shop.desk.says("/models/taggers/NAME");
    let mut shop = Shop::open(120, 34, Lang::En);
    shop.taggers.found = vec![("wd-vit".to_owned(), "/models/taggers/wd-vit".into())];
    shop.press("v p");
    shop.press("n ctrl+s");
    let Some(Request::Submit { job: Job::Tag(job), .. }) = shop.sent.last() else {
        panic!("{:?}", shop.sent)
    };
    assert_eq!(
        (job.name(), job.pictures.is_none(), job.write),
        ("wd-vit".to_owned(), true, false)
    );
}

#[test]
fn work_on_pictures_is_planned_looked_at_and_done() {
    let mut shop = Shop::open(120, 34, Lang::En);
    shop.press("P m ctrl+s");
    let planned = shop.unanswered.borrow_mut().pop();
    let Some(talk::Ask::Plan {
        errand: Errand::Make(task),
        pictures,
        what,
        ..
    }) = planned
    else {
        panic!("{planned:?}")
    };
    assert!(matches!(task.operation, Operation::Mirror(_)) && task.place == Place::Beside && pictures.len() == 5);
    let row = |picture| Row {
        picture,
        name: format!("{picture}.png"),
        told: Sentence::plain("10x20 → 10x20"),
        changes: Vec::new(),
        left_out: false,
    };
    let plan = Plan {
        what,
        rows: vec![row(0), row(1)],
        kept: vec![("2.png".to_owned(), Sentence::from(&Kept::Upright))],
        makes: true,
        note: None,
    };
    shop.tell(Msg::Dataset(News::View(talk::News::Planned(plan))));
    shop.desk.says("stay as they are");
    shop.press("x w");
    let made = shop.unanswered.borrow_mut().pop();
    assert!(
        matches!(&made, Some(talk::Ask::Make { without, .. }) if without == &[0]),
        "{made:?}"
    );
}

#[test]
fn near_duplicates_come_back_with_their_pictures() {
    let mut shop = Shop::open(120, 34, Lang::En);
    shop.press("v d n ctrl+s");
    shop.desk.says("1 pair among 5 pictures");
    let path = shop.path("10_fox/small.png");
    let bytes = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    shop.follow();
    shop.desk.says("None of 5 pictures");
    std::fs::write(&path, &bytes).unwrap();
    shop.follow();
    shop.desk.says("1 pair among 5 pictures");
    shop.desk.says_not("since they were");
    // Nobody has compared this one.
    std::fs::write(shop.path("10_fox/zebra.png"), &bytes).unwrap();
    shop.follow();
    shop.desk.says("1 pair among 5 pictures");
    shop.desk.says("since they were");
    shop.press("n ctrl+s");
    shop.desk.says_not("since they were");
    // Nor this, as it is now.
    shop.tell(Msg::Dataset(News::Pictures(Some(vec![path]))));
    shop.desk.says("since they were");
}
