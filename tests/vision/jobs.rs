//! Taggers as jobs of the engine: proposals, what is kept of them, what is written, and how a job ends early.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use danlu::data::edit::propose::Proposal;
use danlu::data::journal::Journal;
use danlu::engine::{DeviceChoice, Engine, Event, Job};
use danlu::vision::job::Name;
use danlu::vision::{Conflict, TagJob, places, results};

use crate::support::{fixture, tagger_folder, unpacked};

const PATIENCE: Duration = Duration::from_mins(1);

/// A set of three pictures of which the first has a caption.
fn set() -> tempfile::TempDir {
    let set = tempfile::tempdir().unwrap();
    for (from, to) in [("wide.png", "a.png"), ("small.png", "b.png"), ("gray.png", "c.png")] {
        std::fs::copy(fixture("pictures").join(from), set.path().join(to)).unwrap();
    }
    std::fs::write(set.path().join("a.txt"), "mine, tag 4\n").unwrap();
    set
}

fn model() -> tempfile::TempDir {
    tagger_folder(&unpacked("taggers/v3_convnext.onnx.gz"), 12)
}

fn job(set: &Path, model: &Path) -> TagJob {
    let mut job = TagJob::new(set, model);
    job.settings.tagging.threshold = 0.0;
    job
}

struct Told {
    proposals: Vec<Proposal>,
    warnings: Vec<String>,
    end: Event,
    steps: Option<(usize, usize)>,
}

fn run(engine: &Engine, job: &TagJob) -> Told {
    engine.submit(Job::Tag(Box::new(job.clone())));
    let (mut proposals, mut warnings, mut steps) = (Vec::new(), Vec::new(), None);
    loop {
        match engine.next_event(PATIENCE).expect("an event") {
            Event::Tagged { proposal, .. } => proposals.push(*proposal),
            Event::Warning { message, .. } => warnings.push(message),
            Event::Step { step, of, .. } => steps = Some((step, of)),
            end if end.ends_job() => {
                return Told {
                    proposals,
                    warnings,
                    end,
                    steps,
                };
            }
            _ => {}
        }
    }
}

fn names(proposals: &[Proposal]) -> Vec<String> {
    let name = |proposal: &Proposal| proposal.picture.file_name().unwrap().to_string_lossy().into_owned();
    proposals.iter().map(name).collect()
}

#[test]
fn pictures_without_captions_get_proposals_and_nothing_is_written() {
    let (set, model) = (set(), model());
    let engine = Engine::start(DeviceChoice::Cpu).unwrap();
    let told = run(&engine, &job(set.path(), model.path()));
    assert!(matches!(told.end, Event::Finished { .. }), "{:?}", told.end);
    assert_eq!(names(&told.proposals), ["b.png", "c.png"]);
    assert_eq!(told.steps, Some((2, 2)));
    let tags: Vec<&str> = told.proposals[0].tags.iter().map(|label| label.text.as_str()).collect();
    assert_eq!(
        tags,
        ["tag 4", "tag 5", "tag 6", "tag 7", "tag 8", "tag 9", "tag 10", "tag 11"]
    );
    assert!(told.proposals[0].rating.is_some());
    assert!(!set.path().join("b.txt").exists() && !set.path().join(".danlu").exists());
    // The model stays for the next job, and a list of pictures is heeded.
    let mut chosen = job(set.path(), model.path());
    chosen.conflict = Conflict::Append;
    chosen.pictures = Some(vec![Name(PathBuf::from("a.png"))]);
    let told = run(&engine, &chosen);
    assert_eq!(names(&told.proposals), ["a.png"]);
    chosen.pictures = Some(vec![Name(PathBuf::from("x.png"))]);
    let Event::Failed { failure, .. } = run(&engine, &chosen).end else {
        panic!("a picture that is not there")
    };
    assert!(failure.message.contains("x.png"), "{failure:?}");
}

#[test]
fn captions_are_written_through_the_journal_and_can_be_taken_back() {
    let (set, model) = (set(), model());
    let engine = Engine::start(DeviceChoice::Cpu).unwrap();
    let mut job = job(set.path(), model.path());
    job.conflict = Conflict::Append;
    job.write = true;
    job.settings.tagging.exclude = (5..11).map(|i| format!("tag_{i}")).collect();
    let told = run(&engine, &job);
    assert!(matches!(told.end, Event::Finished { .. }), "{:?}", told.end);
    let caption = |name: &str| std::fs::read_to_string(set.path().join(name)).ok();
    assert_eq!(caption("a.txt").as_deref(), Some("mine, tag 4, tag 11\n"));
    assert_eq!(caption("b.txt").as_deref(), Some("tag 4, tag 11"));
    Journal::at(set.path()).undo(1, &mut |_| Ok(())).unwrap();
    assert_eq!(caption("a.txt").as_deref(), Some("mine, tag 4\n"));
    assert_eq!(caption("b.txt"), None);
}

#[test]
fn proposals_outlive_the_job_and_a_job_begun_again_goes_on() {
    let (set, model) = (set(), model());
    let data = tempfile::tempdir().unwrap();
    let mut job = job(set.path(), model.path());
    job.results = Some(results::place(data.path(), set.path()));
    let place = job.results.clone().unwrap();
    let engine = Engine::start(DeviceChoice::Cpu).unwrap();
    let told = run(&engine, &job);
    let left = results::read(&place).unwrap();
    assert!(
        left.is_done && left.job == job && left.proposals == told.proposals,
        "{left:?}"
    );
    // As if it had been killed behind the first picture.
    let text = std::fs::read_to_string(&place).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    std::fs::write(&place, format!("{}\n{}\n{}", lines[0], lines[1], &lines[2][..9])).unwrap();
    let again = run(&engine, &job);
    assert_eq!(again.steps, Some((1, 1)));
    assert_eq!(again.proposals, told.proposals[1..]);
    assert_eq!(results::read(&place).unwrap().proposals, told.proposals);
}

#[test]
fn a_damaged_picture_is_told_and_the_others_are_looked_at() {
    let (set, model) = (set(), model());
    std::fs::write(set.path().join("b.png"), b"\x89PNG\r\n\x1a\nnonsense").unwrap();
    let engine = Engine::start(DeviceChoice::Cpu).unwrap();
    let told = run(&engine, &job(set.path(), model.path()));
    assert!(matches!(told.end, Event::Finished { .. }), "{:?}", told.end);
    assert_eq!(names(&told.proposals), ["c.png"]);
    assert!(
        told.warnings.len() == 1 && told.warnings[0].contains("b.png"),
        "{:?}",
        told.warnings
    );
}

#[test]
fn a_model_that_cannot_be_used_fails_the_job_in_one_sentence() {
    let (set, model) = (set(), model());
    std::fs::write(
        model.path().join("model.onnx"),
        "version https://git-lfs.github.com/spec/v1\n",
    )
    .unwrap();
    let engine = Engine::start(DeviceChoice::Cpu).unwrap();
    let Event::Failed { failure, .. } = run(&engine, &job(set.path(), model.path())).end else {
        panic!("a pointer is no model")
    };
    assert!(
        failure.message.contains("model.onnx") && failure.hint.is_some(),
        "{failure:?}"
    );
}

/// A captioner of many words, cancelled while it speaks of the first picture.
#[test]
fn a_cancelled_job_ends_within_its_picture() {
    let set = tempfile::tempdir().unwrap();
    for i in 0..40 {
        std::fs::copy(fixture("pictures/square.jpg"), set.path().join(format!("{i}.jpg"))).unwrap();
    }
    let engine = Engine::start(DeviceChoice::Cpu).unwrap();
    let mut job = TagJob::new(set.path(), fixture("blip/base"));
    job.settings.captioning.beams = 16;
    job.settings.captioning.shortest = 40;
    let id = engine.submit(Job::Tag(Box::new(job)));
    let begun = loop {
        if let Some(Event::Tagged { .. }) = engine.next_event(PATIENCE) {
            engine.cancel(id);
            break Instant::now();
        }
    };
    let end = std::iter::from_fn(|| engine.next_event(PATIENCE)).find(Event::ends_job);
    assert!(matches!(end, Some(Event::Cancelled { .. })), "{end:?}");
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_missing_model_is_said_with_the_files_to_put_and_their_place() {
    let trees = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let roots: Vec<PathBuf> = trees.iter().map(|tree| tree.path().to_owned()).collect();
    let error = places::find(&roots, "SmilingWolf/wd-vit-tagger-v3").unwrap_err();
    let place = roots[0].join("taggers/wd-vit-tagger-v3");
    let said = error.to_string();
    assert!(
        said.contains("model.onnx and selected_tags.csv") && said.contains(&place.display().to_string()),
        "{said}"
    );
    std::fs::create_dir_all(roots[1].join("taggers/WD-vit-tagger-v3")).unwrap();
    std::fs::write(roots[1].join("taggers/WD-vit-tagger-v3/model.onnx"), "").unwrap();
    let found = places::find(&roots, "SmilingWolf/wd-vit-tagger-v3").unwrap();
    assert_eq!(found, roots[1].join("taggers/WD-vit-tagger-v3"));
    assert_eq!(places::all(&roots).len(), 1);
    assert_eq!(
        places::faces(&roots),
        Err(roots[0].join("opencv/face_detection_yunet_2023mar.onnx"))
    );
}
