//! The queue's file: damaged, of another version, on a full disk, or where nothing may be written.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use danlu::engine::client;
use danlu::engine::queue::durable::{ENDED_KEPT, Queue};
use danlu::engine::seat::Lock;
use danlu::engine::{Event, Job, Request, State};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::home::{Home, Screen, job, until};
use crate::shell::Ran;

#[test]
fn a_damaged_file_is_put_aside_and_said() {
    let home = Home::new();
    let mut screen = home.screen();
    for _ in 0..40 {
        screen.ask(Request::Pause);
        screen.submit(home.fox(1));
    }
    drop(screen);
    home.signal("-TERM");
    home.wait_for_the_end();
    let whole = fs::read(home.file()).unwrap();
    let mut holed = whole.clone();
    holed[4096..].fill(0xa5);
    let cut = whole[..whole.len() / 2 + 100].to_vec();
    for (n, damaged) in [b"no database at all".to_vec(), holed, cut].into_iter().enumerate() {
        fs::write(home.file(), &damaged).unwrap();
        let list = home.shell.run("queue list");
        assert!(list.failed(1).0.contains("is damaged"), "{list:?}");
        let mut screen = home.screen();
        let aside = home.paths().data_dir.join(format!("queue.damaged-{}.sqlite3", n + 1));
        let [warning] = &screen.present.warnings[..] else {
            panic!("{:?}", screen.present.warnings);
        };
        assert!(warning.contains(aside.to_str().unwrap()), "{warning}");
        assert!(fs::read(&aside).unwrap().starts_with(&damaged[..16]), "{aside:?}");
        assert!(screen.present.entries.is_empty());
        let job = screen.submit(home.fox(1));
        screen.until_state(job, &State::Done);
        home.signal("-TERM");
        home.wait_for_the_end();
    }
}

#[test]
fn a_newer_danlus_file_is_left_alone() {
    let home = Home::new();
    drop(home.screen());
    home.kill();
    Connection::open(home.file())
        .unwrap()
        .pragma_update(None, "user_version", 99)
        .unwrap();
    let error = client::connect_or_start(&home.launch(&[])).unwrap_err();
    assert!(error.to_string().contains("has version 99"), "{error}");
    assert!(error.hint().unwrap().contains("newer danlu"), "{error:?}");
    for line in ["queue list", "engine", "queue add -p fox", "queue pause"] {
        let ran = home.shell.run(line);
        assert!(ran.failed(1).0.contains("has version 99"), "{line}: {ran:?}");
    }
    let found: i64 = Connection::open(home.file())
        .unwrap()
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap();
    assert_eq!(found, 99);
}

#[test]
fn a_job_of_another_version_is_shown_and_kept() {
    let home = Home::new();
    let mut screen = home.screen();
    screen.ask(Request::Pause);
    let [strange, state, good] = [1, 2, 3].map(|_| screen.submit(home.fox(1)));
    home.kill();
    let file = Connection::open(home.file()).unwrap();
    let dream = r#"{"dream":{"of":"sheep"}}"#;
    file.execute("UPDATE jobs SET job = ?1 WHERE id = ?2", (dream, strange.0 as i64))
        .unwrap();
    file.execute("UPDATE jobs SET state = 'floating' WHERE id = ?1", [state.0 as i64])
        .unwrap();
    drop(file);
    assert!(home.shell.run("queue list").ok().contains("another version"));

    let mut screen = home.screen();
    screen.ask(Request::Resume);
    screen.until_state(good, &State::Done);
    assert_eq!(screen.entry(strange).job, Job::Unreadable(dream.to_owned()));
    for (job, part) in [(strange, "another version"), (state, "floating")] {
        let State::Failed(failure) = &screen.entry(job).state else {
            panic!("{:?}", screen.entry(job));
        };
        assert!(failure.message.contains(part), "{failure:?}");
    }
    assert!(
        screen
            .refused(Request::Retry { job: strange })
            .contains("another version")
    );
    home.kill();
    let kept: String = Connection::open(home.file())
        .unwrap()
        .query_row("SELECT job FROM jobs WHERE id = ?1", [strange.0 as i64], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(kept, dream);
}

#[test]
fn where_nothing_may_be_written_there_is_one_sentence() {
    let home = Home::new();
    home.shell
        .write(".local/share/danlu", "a file where a folder should be");
    for line in ["engine", "queue add -p fox", "queue pause", "generate -p fox --queue"] {
        let ran = home.shell.run(line);
        let (sentence, hint) = ran.failed(1);
        assert!(
            sentence.contains(".local/share/danlu") && !hint.is_empty(),
            "{line}: {ran:?}"
        );
    }
    let ran = Ran::of(home.shell.command("engine").env("XDG_DATA_HOME", "/proc/1"));
    assert!(ran.failed(1).0.contains("/proc/1/danlu"), "{ran:?}");
    // Drawing here and now needs neither socket nor queue.
    assert_eq!(home.shell.fox("-o fox.png").ok(), "fox.png\n");
}

/// A file system of its own, unmounted at the end; `None` where this user may not mount one.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=256k", "none"])
            .arg(folder.path())
            .status();
        mounted.is_ok_and(|status| status.success()).then(|| Self(folder))
    }

    /// Takes all the room there is, but for so many bytes.
    fn fill(&self, but: usize) -> PathBuf {
        let path = self.0.path().join("filler");
        let mut size = 256 << 10;
        while size > 0 && fs::write(&path, vec![1; size]).is_err() {
            size -= 4096;
        }
        fs::write(&path, vec![1; size.saturating_sub(but)]).unwrap();
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[test]
fn a_full_disk_refuses_jobs_and_stops_nothing() {
    let Some(disk) = SmallDisk::mount() else { return };
    let path = disk.0.path().join("queue.sqlite3");
    let home = Home::new();
    let mut queue = Queue::open(&path).unwrap();
    let (first, _) = queue.submit(job(home.fox(1))).unwrap();
    let filler = disk.fill(0);
    let refused = (0..1000).find_map(|_| queue.submit(job(home.fox(1))).err()).unwrap();
    assert!(refused.message.ends_with("the disk is full"), "{refused:?}");
    assert!(refused.hint.unwrap().starts_with("make room"));

    // What happens to jobs that are there goes on, is said once, and is written when there is room.
    let (id, _, events) = queue.begin_next().unwrap();
    let warned = |events: &[Event]| {
        let warnings = events.iter().filter_map(|event| match event {
            Event::Warning { job: None, message } => Some(message.clone()),
            _ => None,
        });
        warnings.collect::<Vec<_>>()
    };
    assert!(id == first && queue.is_behind());
    assert!(
        matches!(&warned(&events)[..], [said] if said.contains("the disk is full")),
        "{events:?}"
    );
    let events = queue.happened(Event::Finished { job: id });
    assert!(warned(&events).is_empty() && queue.present().entry(id).unwrap().state == State::Done);
    assert_eq!(queue.present().warnings.len(), 1, "a late screen hears of it too");
    fs::remove_file(filler).unwrap();
    let events = queue.settle();
    assert!(
        matches!(&warned(&events)[..], [said] if said.contains("written again")),
        "{events:?}"
    );
    assert!(!queue.is_behind());
    let before = queue.present().entries.clone();
    drop(queue);
    assert_eq!(Queue::open(&path).unwrap().present().entries, before);
}

#[test]
fn a_client_of_an_engine_on_a_full_disk_lives_on() {
    let Some(disk) = SmallDisk::mount() else { return };
    let home = Home::new();
    let launch = home.launch(&[&format!("XDG_DATA_HOME={}", disk.0.path().display())]);
    let mut screen = Screen::new(client::connect_or_start(&launch).unwrap());
    let filler = disk.fill(0);
    let mut ticket = 1000;
    let refused = loop {
        ticket += 1;
        screen.ask(Request::Submit {
            ticket,
            job: job(home.fox(1)),
        });
        let answer = screen.until(|event| matches!(event, Event::Accepted { .. } | Event::Refused { .. }));
        if let Event::Refused { failure, .. } = answer {
            break failure;
        }
    };
    assert!(refused.message.contains("the disk is full"), "{refused:?}");
    // Pictures go elsewhere, and the jobs that were taken are drawn.
    screen.until_present(|present| present.running.is_none() && present.waiting().next().is_none());
    assert!(screen.present.entries.iter().all(|entry| entry.state == State::Done));
    fs::remove_file(filler).unwrap();
    let job = screen.submit(home.fox(1));
    screen.until_state(job, &State::Done);
    screen.ask(Request::Stop);
    while screen.events.next().is_ok() {}
    until(|| Lock::take(&disk.0.path().join("danlu")).ok());

    // Without an engine: the list can still be read, and what needs room says so.
    disk.fill(0);
    let run = |line: &str| Ran::of(home.shell.command(line).env("XDG_DATA_HOME", disk.0.path()));
    let list = run("queue list --json").json();
    assert_eq!(list["jobs"][0]["state"], "done", "{list}");
    for line in ["queue pause", "queue add -p fox", "engine"] {
        let ran = run(line);
        assert!(ran.failed(1).0.contains("the disk is full"), "{line}: {ran:?}");
    }
}

#[test]
fn old_jobs_are_forgotten_and_numbers_never_given_twice() {
    let home = Home::new();
    // Two thousand changes, each flushed to the disk: into memory, where there is such a place.
    let memory = PathBuf::from("/dev/shm");
    let place = if memory.is_dir() { memory } else { std::env::temp_dir() };
    let folder = tempfile::tempdir_in(place).unwrap();
    let path = folder.path().join("queue.sqlite3");
    let mut queue = Queue::open(&path).unwrap();
    let mut last = None;
    for _ in 0..ENDED_KEPT + 5 {
        let (id, _) = queue.submit(job(home.fox(1))).unwrap();
        let events = queue.cancel(id).unwrap();
        assert!(events.iter().any(|event| matches!(event, Event::Cancelled { .. })));
        assert!(last < Some(id));
        last = Some(id);
    }
    assert_eq!(queue.present().entries.len(), ENDED_KEPT);
    assert_eq!(queue.present().entries[0].id, last.unwrap());
    let before = queue.present().clone();
    for entry in &before.entries {
        queue.remove(entry.id).unwrap();
    }
    drop(queue);
    let mut queue = Queue::open(&path).unwrap();
    assert!(queue.present().entries.is_empty());
    assert!(Some(queue.submit(job(home.fox(1))).unwrap().0) > last);
}
