//! A job's life, whoever watches it and whatever is killed.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use danlu::engine::client::{self, ConnectError};
use danlu::engine::{Event, Output, Request, Stage, State};

use crate::home::{Home, Screen, until};
use crate::shell::{Png, files};

#[test]
fn a_screen_that_comes_late_gets_the_present_state_first() {
    let home = Home::new();
    let mut first = home.screen();
    assert!(first.present.entries.is_empty() && first.present.running.is_none() && !first.present.paused);
    let job = first.submit(home.endless());
    first.until_step(job, 3);
    first.until(|event| matches!(event, Event::Preview { .. }));

    let mut late = Screen::at(&home.socket());
    assert_eq!((late.pid, late.present.pid), (first.pid, first.pid));
    assert_eq!(late.present.version, env!("CARGO_PKG_VERSION"));
    assert!(late.present.device.as_ref().unwrap().starts_with("CPU"));
    assert_eq!(
        (late.entry(job).state.clone(), late.entry(job).job.title()),
        (State::Running, "fox".into())
    );
    let running = late.present.running.clone().unwrap();
    let Stage::Step {
        step,
        of,
        per_second,
        left,
        ..
    } = running.stage
    else {
        panic!("{running:?}");
    };
    assert!(step >= 3 && of == 1000 && per_second > 0.0, "{running:?}");
    // A thousand batches of a thousand steps at that pace.
    assert!((left * per_second / 1e6 - 1.0).abs() < 0.1, "{running:?}");
    let preview = running.preview.unwrap();
    assert_eq!((preview.width, preview.height, preview.rgb.len()), (2, 2, 12));

    // Both see it go on, and both hear of its end, which one of them asks for.
    late.until_step(job, step + 1);
    let asked = Instant::now();
    late.ask(Request::Cancel { job });
    for screen in [&mut late, &mut first] {
        screen.until(|event| matches!(event, Event::Cancelled { .. }));
        assert_eq!(
            (&screen.entry(job).state, &screen.present.running),
            (&State::Cancelled, &None)
        );
    }
    assert!(asked.elapsed() < Duration::from_secs(5), "that was no step");
}

#[test]
fn what_a_client_hears_leads_to_what_a_late_one_gets() {
    let home = Home::new();
    let mut screen = home.screen();
    let mut bad = home.fox(1);
    bad.output = Output::File("/proc/nowhere/fox.png".into());
    let mut work = home.fox(2);
    work.recipe.batch_count = 3;
    let jobs = [screen.submit(work), screen.submit(bad), screen.submit(home.fox(1))];
    // A job that fails says why and leaves the rest standing.
    screen.until(|event| matches!(event, Event::Finished { job } if *job == jobs[2]));
    assert_eq!(screen.entry(jobs[0]).state, State::Done);
    let State::Failed(failure) = &screen.entry(jobs[1]).state else {
        panic!("{:?}", screen.entry(jobs[1]));
    };
    assert!(
        failure.message.contains("/proc/nowhere") && failure.hint.is_some(),
        "{failure:?}"
    );
    let mut late = Screen::at(&home.socket());
    assert_eq!(late.present, screen.present);
    let entry = late.entry(jobs[0]);
    assert_eq!((entry.made, entry.pictures.len()), (3, 3));
    assert!(entry.added <= entry.started.unwrap() && entry.started <= entry.ended);
    for (picture, seed) in entry.pictures.iter().zip(7..) {
        assert_eq!((picture.seed, Png::open(&picture.path).width), (seed, 16));
    }
    let ids: Vec<_> = late.present.entries.iter().map(|entry| entry.id).collect();
    assert_eq!(ids, [jobs[2], jobs[1], jobs[0]], "the newest that ended come first");

    late.ask(Request::Remove { job: jobs[0] });
    screen.until(|event| matches!(event, Event::Removed { .. }));
    assert!(screen.present.entry(jobs[0]).is_none());
    assert_eq!(files(&home.shell.path("out")).len(), 4, "the pictures stand");
    assert!(late.refused(Request::Retry { job: jobs[2] }).contains("is done"));
    assert!(late.refused(Request::Cancel { job: jobs[1] }).contains("ended already"));
    assert!(late.refused(Request::Remove { job: jobs[0] }).contains("no job 1 "));
}

#[test]
fn waiting_jobs_are_reordered_and_a_pause_survives_the_engine() {
    let home = Home::new();
    let mut screen = home.screen();
    screen.ask(Request::Pause);
    let jobs = [1, 2, 3].map(|_| screen.submit(home.fox(1)));
    assert!(screen.present.paused && screen.present.running.is_none());
    let [a, b, c] = jobs;
    for (job, to, order) in [(c, 0, [c, a, b]), (c, 1, [a, c, b]), (a, 99, [c, b, a])] {
        screen.ask(Request::Move { job, to });
        screen.until(|event| matches!(event, Event::Order { waiting } if *waiting == order));
        assert_eq!(screen.waiting(), order);
    }
    home.kill();

    let mut screen = home.screen();
    assert!(screen.present.paused);
    assert_eq!(screen.waiting(), [c, b, a]);
    screen.ask(Request::Resume);
    let started = [(); 3].map(|()| {
        screen
            .until(|event| matches!(event, Event::Started { .. }))
            .job()
            .unwrap()
    });
    assert_eq!(started, [c, b, a]);
    screen.until_state(a, &State::Done);
    let mut numbers: Vec<_> = files(&home.shell.path("out"));
    numbers.sort();
    assert_eq!(numbers, ["00000-7.png", "00001-7.png", "00002-7.png"]);
}

#[test]
fn a_killed_engine_leaves_its_job_interrupted_and_the_next_one_goes_on_with_the_rest() {
    let home = Home::new();
    let mut screen = home.screen();
    let mut long = home.endless();
    long.recipe.steps = 20;
    let long = screen.submit(long);
    let short = screen.submit(home.fox(1));
    screen.until(|event| matches!(event, Event::Saved { .. }));
    home.kill();
    while screen.events.next().is_ok() {}

    // The shell sees it without an engine, and starts none for that.
    let list = home.shell.run("queue list --json").json();
    let states: Vec<_> = list["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|job| job["state"].clone())
        .collect();
    assert_eq!(
        (states, &list["engine"]),
        (vec!["waiting".into(), "interrupted".into()], &serde_json::Value::Null)
    );
    assert_eq!(home.pid(), None);

    let mut screen = home.screen();
    screen.until_state(short, &State::Done);
    let entry = screen.entry(long).clone();
    assert_eq!(entry.state, State::Interrupted);
    assert!(entry.made >= 1 && entry.pictures.iter().all(|picture| picture.path.is_file()));
    assert!(screen.present.running.is_none(), "it is not run again by itself");
    screen.ask(Request::Retry { job: long });
    screen.until(|event| matches!(event, Event::Saved { job, .. } if *job == long));
    assert!(
        screen.entry(long).made > entry.made,
        "what was made before is still known"
    );
    screen.ask(Request::Cancel { job: long });
    screen.until_state(long, &State::Cancelled);
    let left: Vec<_> = files(&home.shell.path("out"))
        .into_iter()
        .filter(|name| name.contains("tmp"))
        .collect();
    assert!(left.len() <= 1, "{left:?}");
}

/// Run by the next test, as a process of its own.
#[test]
#[ignore = "is run by another test"]
fn a_client_that_is_to_be_killed() {
    let Some(socket) = std::env::var_os("DANLU_TEST_SOCKET") else {
        return;
    };
    let mut screen = Screen::at(socket.as_ref());
    loop {
        screen.next();
    }
}

#[test]
fn a_killed_screen_leaves_the_job_alone() {
    let home = Home::new();
    let mut screen = home.screen();
    let job = screen.submit(home.endless());
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "life::a_client_that_is_to_be_killed"])
        .env("DANLU_TEST_SOCKET", home.socket())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    screen.until_step(job, 10);
    child.kill().unwrap();
    child.wait().unwrap();
    // The last one goes too, by a lost link.
    let before = screen.present.running.clone().unwrap();
    drop(screen);
    let mut screen = Screen::at(&home.socket());
    screen.until_step(job, 20);
    assert_ne!(screen.present.running.clone().unwrap().stage, before.stage);
}

#[test]
fn an_engine_with_nothing_to_do_and_nobody_there_ends() {
    let home = Home::new();
    let connection = client::connect_or_start(&home.launch(&["DANLU_ENGINE_IDLE=1"])).unwrap();
    let mut screen = Screen::new(connection);
    screen.submit(home.fox(1));
    screen.until(|event| matches!(event, Event::Finished { .. }));
    // With a client it stays.
    assert!(
        screen
            .events
            .next_within(Duration::from_millis(1500))
            .unwrap()
            .is_none()
    );
    let waiting = screen.submit(home.fox(300));
    drop(screen);
    let gone = Instant::now();
    home.wait_for_the_end();
    assert!(gone.elapsed() > Duration::from_secs(1), "work keeps it");
    assert!(!home.socket().exists());
    let list = home.shell.run("queue list --json").json();
    let jobs = list["jobs"].as_array().unwrap();
    assert!(
        jobs.iter().all(|job| job["state"] == "done") && jobs[0]["job"] == waiting.0,
        "{list}"
    );
    let log = std::fs::read_to_string(home.paths().engine_log()).unwrap();
    assert!(log.contains("nothing to do and nobody there"), "{log}");
}

#[test]
fn sigterm_and_stop_end_it_cleanly_and_hangup_does_not() {
    let home = Home::new();
    for stop in ["-TERM", "-INT", "stop"] {
        let mut screen = home.screen();
        let job = screen.submit(home.endless());
        let next = screen.submit(home.fox(1));
        screen.until_step(job, 2);
        home.signal("-HUP");
        screen.until_step(job, 5);
        match stop {
            "stop" => screen.ask(Request::Stop),
            signal => home.signal(signal),
        }
        screen.until(|event| matches!(event, Event::Stopping));
        screen.until_state(job, &State::Interrupted);
        home.wait_for_the_end();
        assert!(!home.socket().exists());
        // For the next turn.
        let ran = home.shell.run(&format!("queue cancel {next}"));
        assert_eq!(ran.ok(), "");
    }
}

#[test]
fn eight_screens_that_start_at_once_share_one_engine() {
    let home = Home::new();
    let launch = home.launch(&[]);
    let pids = std::thread::scope(|scope| {
        let start = |_| scope.spawn(|| Screen::new(client::connect_or_start(&launch).unwrap()));
        let screens: Vec<_> = (0..8).map(start).collect();
        let screens: Vec<_> = screens.into_iter().map(|screen| screen.join().unwrap()).collect();
        screens.iter().map(|screen| screen.pid).collect::<Vec<_>>()
    });
    assert!(pids.iter().all(|pid| *pid == pids[0]), "{pids:?}");
    let second = home.shell.run("engine");
    let (sentence, hint) = second.failed(1);
    assert_eq!(sentence, format!("an engine is already running (process {})", pids[0]));
    assert!(hint.contains("danlu engine stop"), "{hint}");
}

#[test]
fn an_engine_is_soon_there() {
    let home = Home::new();
    let launch = home.launch(&[]);
    // The first start of a home makes folders and a file.
    drop(client::connect_or_start(&launch).unwrap());
    let times: Vec<_> = (0..3)
        .map(|_| {
            home.kill();
            assert!(matches!(
                client::connect(&home.socket()),
                Err(ConnectError::NoEngine(_))
            ));
            let begun = Instant::now();
            drop(Screen::new(client::connect_or_start(&launch).unwrap()));
            begun.elapsed()
        })
        .collect();
    assert!(times.iter().min().unwrap() < &Duration::from_secs(1), "{times:?}");
}

#[test]
fn a_stopped_engine_answers_nobody_and_a_killed_one_is_replaced() {
    let home = Home::new();
    drop(home.screen());
    home.signal("-KILL");
    home.wait_for_the_end();
    assert!(home.socket().exists(), "its socket is still lying there");
    assert!(matches!(
        client::connect(&home.socket()),
        Err(ConnectError::NoEngine(_))
    ));
    drop(home.screen());
    assert!(until(|| home.pid()) > 0);
}
