//! Real processes, killed while they write.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use danlu::data::journal::{Action, Change, Error, Journal};

use super::{Ground, calm};

const FOLDER: &str = "DANLU_TEST_JOURNAL_FOLDER";
const SEED: &str = "DANLU_TEST_JOURNAL_SEED";
const CAPTIONS: usize = 30;
const PICTURES: usize = 6;
const KILLS: u64 = 300;
/// What the child does, again and again, until it is killed.
const STEPS: [Step; 12] = [
    Step::Tag,
    Step::Tag,
    Step::Undo,
    Step::Redo,
    Step::Rename,
    Step::Undo,
    Step::Tag,
    Step::Replace,
    Step::Undo,
    Step::Redo,
    Step::Undo,
    Step::Clear,
];

#[derive(Clone, Copy, Debug)]
enum Step {
    /// Every caption gets a tag.
    Tag,
    /// Pictures change names in a circle.
    Rename,
    /// A picture goes into the trash and a new one takes its name.
    Replace,
    /// Captions go and come.
    Clear,
    Undo,
    Redo,
}

fn caption(number: usize) -> String {
    format!("10_x/{number:02}.txt")
}

fn picture(number: usize) -> String {
    format!("10_x/{number:02}.png")
}

/// The child: works until it is killed.
fn work(root: &Path, seed: u64) {
    let journal = Journal::at(root);
    journal.recover().unwrap();
    let mut out = std::io::stdout();
    writeln!(out, "\nat work").unwrap();
    out.flush().unwrap();
    for count in 0.. {
        let step = STEPS[(count as usize + seed as usize) % STEPS.len()];
        let done = match step {
            Step::Undo => journal.undo(1, &mut calm),
            Step::Redo => journal.redo(1, &mut calm),
            step => journal.commit(
                &format!("{step:?}"),
                changes(root, step, seed * 1000 + count),
                &mut calm,
            ),
        };
        match done {
            Ok(done) => assert!(done.conflicts.is_empty() && done.halted.is_none(), "{step:?}: {done:?}"),
            Err(Error::NothingToUndo(_) | Error::NothingToRedo(_)) => {}
            Err(error) => panic!("{step:?}: {error}"),
        }
    }
}

fn changes(root: &Path, step: Step, number: u64) -> Vec<Change> {
    let text = |name: &str| fs::read(root.join(name)).ok();
    let captions = (0..CAPTIONS).map(|n| (caption(n), text(&caption(n))));
    match step {
        Step::Tag => captions
            .map(|(name, before)| {
                let mut after = before.clone().unwrap_or_default();
                after.extend(format!(", tag {number}").into_bytes());
                Change::Write {
                    path: root.join(name),
                    before,
                    after: Some(after),
                }
            })
            .collect(),
        Step::Clear => captions
            .map(|(name, before)| Change::Write {
                path: root.join(name),
                after: before.is_none().then(|| b"back".to_vec()),
                before,
            })
            .collect(),
        Step::Rename => (0..PICTURES)
            .map(|n| Change::Move {
                from: root.join(picture(n)),
                to: root.join(picture((n + 1) % PICTURES)),
            })
            .collect(),
        Step::Replace => {
            let temporary = root.join("10_x/.made.tmp");
            fs::write(&temporary, format!("picture {number}")).unwrap();
            let path = root.join(picture(0));
            vec![Change::Trash { path: path.clone() }, Change::Create { temporary, path }]
        }
        Step::Undo | Step::Redo => Vec::new(),
    }
}

/// The process of this same test that works in a folder, as soon as it does.
fn child(root: &Path, seed: u64) -> Child {
    // The name of this test, without the crate's.
    let module = module_path!().split_once("::").map_or("", |(_, module)| module);
    let name = format!("{module}::killed_at_any_moment_every_file_is_whole_and_everything_can_be_taken_back");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &name, "--nocapture"])
        .env(FOLDER, root)
        .env(SEED, seed.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let said = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok);
    assert!(
        said.into_iter().any(|line| line == "at work"),
        "the child did not come to work"
    );
    child
}

/// Whether what the journal says of each caption is what is in it: the text of its last change that is done.
fn agrees(journal: &Journal, root: &Path, first: &BTreeMap<PathBuf, Option<Vec<u8>>>) {
    let redone = journal.redoable().unwrap().map_or(0, |batch| batch.id);
    for number in 0..CAPTIONS {
        let path = root.join(caption(number));
        let mut expected = first[Path::new(&caption(number))].clone();
        let mut is_behind = false;
        for entry in journal.history(&path).unwrap() {
            let Change::Write { before, after, .. } = entry.change else {
                continue;
            };
            assert!(!(is_behind && entry.is_done), "a change is done behind one that is not");
            if entry.is_done {
                assert_eq!(before, expected, "{} has a gap in its history", path.display());
                expected = after;
            } else if entry.batch == redone {
                is_behind = true;
            }
        }
        assert_eq!(fs::read(&path).ok(), expected, "{}", path.display());
    }
}

#[test]
fn killed_at_any_moment_every_file_is_whole_and_everything_can_be_taken_back() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return work(Path::new(&folder), std::env::var(SEED).unwrap().parse().unwrap());
    }
    let (mut interrupted, mut partly, mut undoing) = (0, 0, 0);
    let mut ground = Ground::new();
    let mut first = BTreeMap::new();
    for round in 0..KILLS {
        if round % 5 == 0 {
            ground = Ground::in_memory();
            (0..CAPTIONS).for_each(|n| ground.put(&caption(n), format!("a, b, {n}\r\n").as_bytes()));
            (0..PICTURES).for_each(|n| ground.put(&picture(n), format!("picture {n}").as_bytes()));
            first = ground.all();
        }
        let mut child = child(ground.root(), round);
        // A child's whole round of steps takes some 40 ms here; what counts is that every moment may be the last.
        std::thread::sleep(Duration::from_micros(round * 7919 % 60_000));
        child.kill().unwrap();
        child.wait().unwrap();

        let journal = ground.journal();
        let found = journal.recover().unwrap();
        // A picture that was made and not handed over is still its maker's.
        let _ = fs::remove_file(ground.path("10_x/.made.tmp"));
        if let Some(found) = &found {
            assert_eq!(found.conflicts, [], "round {round}");
            interrupted += 1;
            undoing += usize::from(found.undoing);
            partly += usize::from(found.batch.done > 0 && found.batch.undone > 0);
        }
        assert!(journal.log(99).unwrap().iter().all(|batch| !batch.interrupted));
        agrees(&journal, ground.root(), &first);
        let hidden = ground.all().into_keys().find(|path| {
            path.file_name().unwrap().to_string_lossy().starts_with(".danlu-")
                && !path.to_string_lossy().contains("aside")
        });
        assert_eq!(hidden, None, "round {round}");
        if round % 3 == 0 && journal.redoable().unwrap().is_some() {
            let done = ground.perform(&Action::Redo(usize::MAX));
            assert!(
                done.conflicts.is_empty() && done.halted.is_none(),
                "round {round}: {done:?}"
            );
            agrees(&journal, ground.root(), &first);
        }
        if journal.undoable().unwrap().is_some() {
            let done = ground.perform(&Action::Undo(usize::MAX));
            assert!(
                done.conflicts.is_empty() && done.halted.is_none(),
                "round {round}: {done:?}"
            );
        }
        assert_eq!(ground.all(), first, "round {round}");
    }
    assert!(
        interrupted > 50 && partly > 20 && undoing > 10,
        "the kills miss the work"
    );
}
