//! `danlu queue`, `danlu engine` and `danlu generate --queue` from the shell.

use danlu::engine::seat::Lock;
use danlu::engine::{JobId, Request, State};
use serde_json::{Value, json};

use crate::home::Home;
use crate::shell::{Png, files};

fn states(list: &Value) -> Vec<(u64, &str)> {
    let jobs = list["jobs"].as_array().unwrap().iter();
    jobs.map(|job| (job["job"].as_u64().unwrap(), job["state"].as_str().unwrap()))
        .collect()
}

#[test]
fn jobs_are_added_and_drawn_by_an_engine_that_starts_by_itself() {
    let home = Home::new();
    let shell = &home.shell;
    assert_eq!(
        shell.run("engine status").ok(),
        "no engine is running; it is started when it is needed\n"
    );
    assert_eq!(shell.run("engine status --json").json(), json!({"running": false}));
    assert_eq!(shell.run("engine stop").ok(), "no engine is running\n");
    assert!(shell.run("queue list").ok().contains("the queue is empty"));

    // A relative name is the client's, not the engine's.
    assert_eq!(shell.fox("--seed 5 --queue -o fox.png").ok(), "1\n");
    assert_eq!(shell.fox("--seed 6 --queue --json -o many/").json(), json!({"job": 2}));
    let add = "queue add -p 'a (fox:1.2), 雪' --steps 2 --size 16x16 --seed 7 --count 2 -o many/ --json";
    assert_eq!(shell.run(add).json(), json!({"job": 3}));
    let mut screen = home.screen();
    screen.until_state(JobId(3), &State::Done);
    let alone = shell.fox("--seed 5 -o alone.png --json").json();
    assert_eq!(Png::open(&shell.path("fox.png")), Png::open(&shell.path("alone.png")));
    assert_eq!(
        files(&shell.path("many")),
        ["00000-6.png", "00001-7.png", "00002-8.png"]
    );

    let list = shell.run("queue list --json").json();
    assert_eq!(
        list["engine"],
        json!({"version": env!("CARGO_PKG_VERSION"), "pid": screen.pid})
    );
    assert_eq!(states(&list), [(3, "done"), (2, "done"), (1, "done")]);
    let first = &list["jobs"][2];
    let keys: Vec<_> = first.as_object().unwrap().keys().collect();
    let expected = [
        "job", "state", "added", "started", "ended", "progress", "failure", "warnings", "made", "pictures", "asked",
    ];
    assert_eq!(keys, expected);
    let mut picture = first["pictures"][0].clone();
    assert_eq!(picture["path"], shell.text("fox.png"));
    (picture["path"], picture["seconds"]) = (alone["path"].clone(), alone["seconds"].clone());
    assert_eq!(picture, alone, "as `generate --json` prints it");
    assert_eq!(list["jobs"][0]["asked"]["prompt"], "a (fox:1.2), 雪");
    assert_eq!(list["jobs"][0]["asked"]["count"], 2);
    let table = shell.run("queue list");
    assert_eq!(
        table.ok().lines().nth(1).unwrap(),
        "  3  done         2 pictures                a (fox:1.2), 雪"
    );

    let status = shell.run("engine status --json").json();
    assert_eq!(
        (&status["running"], &status["pid"], &status["waiting"]),
        (&json!(true), &json!(screen.pid), &json!(0))
    );
    assert!(
        shell
            .run("engine status")
            .ok()
            .contains(&format!("process {}", screen.pid))
    );
    assert_eq!(shell.run("engine stop").ok(), "");
    assert_eq!(home.pid(), None);
    Lock::take(&home.paths().data_dir).expect("the process is gone");
    assert_eq!(states(&shell.run("queue list --json").json()).len(), 3);
}

#[test]
fn the_queue_is_changed_with_and_without_an_engine() {
    let home = Home::new();
    let shell = &home.shell;
    shell.run("queue pause").ok();
    assert_eq!(home.pid(), None, "nothing but work starts an engine");
    for job in 1..=4 {
        assert_eq!(shell.fox("--queue -o out/").ok(), format!("{job}\n"));
    }
    for with_engine in [true, false] {
        if !with_engine {
            home.kill();
        }
        let list = || shell.run("queue list --json").json();
        let order = || {
            states(&list())
                .into_iter()
                .filter(|job| job.1 == "waiting")
                .map(|job| job.0)
                .collect::<Vec<_>>()
        };
        assert_eq!(list()["paused"], true);
        let before = order();
        let (first, last) = (before[0], before[before.len() - 1]);
        shell.run(&format!("queue move {last} 1")).ok();
        assert_eq!(order()[..2], [last, first]);
        shell.run(&format!("queue cancel {last}")).ok();
        assert_eq!(order()[0], first);
        let again = shell.run(&format!("queue cancel {last}"));
        assert_eq!(
            again.failed(1).0,
            format!("job {last} has ended already: it is cancelled")
        );
        shell.run(&format!("queue remove {last}")).ok();
        assert!(states(&list()).iter().all(|job| job.0 != last));
        for line in ["queue cancel 99", "queue move 99 1", "queue remove 99"] {
            let ran = shell.run(line);
            let (sentence, hint) = ran.failed(1);
            assert_eq!(sentence, "there is no job 99 in the queue");
            assert!(hint.contains("danlu queue list"));
        }
        let waiting = shell.run(&format!("queue remove {first}"));
        assert!(
            waiting.failed(1).1.contains(&format!("danlu queue cancel {first}")),
            "{waiting:?}"
        );
        assert_eq!(home.pid().is_some(), with_engine);
    }
    let text = shell.run("queue list");
    assert!(
        text.ok()
            .ends_with("the queue is paused; `danlu queue resume` lets it go on\n"),
        "{text:?}"
    );
    shell.run("queue resume").ok();
    let mut screen = home.screen();
    screen.until_present(|present| present.entries.iter().all(|entry| entry.state == State::Done));
    assert_eq!(files(&shell.path("out")).len(), 2);

    let job = screen.submit(home.endless());
    screen.until_step(job, 2);
    let running = shell.run("queue list");
    assert!(
        running.ok().contains("running") && running.ok().contains("/s, "),
        "{running:?}"
    );
    shell.run(&format!("queue cancel {job}")).ok();
    screen.until_state(job, &State::Cancelled);
    shell.run(&format!("queue retry {job}")).ok();
    screen.until_step(job, 2);
    screen.ask(Request::Cancel { job });
}

#[test]
fn bad_usage_is_one_sentence() {
    let home = Home::new();
    for line in [
        "queue",
        "queue cancel",
        "queue cancel fox",
        "queue cancel -1",
        "queue move 1",
        "queue move 1 0",
        "queue move 1 -3",
        "queue add",
        "queue add -p fox --show",
        "queue add -p fox --steps 0",
        "generate -p fox --queue --show",
        "engine stop now",
        "engine fly",
    ] {
        let ran = home.shell.run(line);
        let (sentence, hint) = ran.failed(2);
        assert!(
            !sentence.is_empty() && (!hint.is_empty() || line.contains("steps")),
            "{line}: {ran:?}"
        );
    }
    let ran = home.shell.run("queue add -p fox --model nowhere");
    assert!(ran.failed(1).0.contains("nowhere"), "{ran:?}");
    assert_eq!((home.pid(), home.file().exists()), (None, false));
}
