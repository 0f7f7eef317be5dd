//! A home with an engine in it, and a screen that watches.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use danlu::diffusion::Recipe;
use danlu::engine::client::{self, Connection, Events, Launch, Requests};
use danlu::engine::{Entry, Event, Generate, Job, JobId, Output, Present, Request, State};
use danlu::store::Paths;

use crate::shell::{SHIPPED, Shell};

/// More than anything here takes, on a busy machine too.
pub(crate) const LONG: Duration = Duration::from_mins(1);

/// Its engine, if there is one, is killed when it is dropped.
pub(crate) struct Home {
    pub(crate) shell: Shell,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self { shell: Shell::new() }
    }

    pub(crate) fn paths(&self) -> Paths {
        Paths {
            data_dir: self.shell.path(".local/share/danlu"),
            runtime_dir: self.shell.path(".cache/danlu/run"),
            log_dir: self.shell.path(".local/state/danlu/log"),
            ..Paths::under(&self.shell.path(""))
        }
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.paths().engine_socket()
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.paths().data_dir.join("queue.sqlite3")
    }

    /// How an engine is started here: with no environment but this home and what is given.
    pub(crate) fn launch(&self, variables: &[&str]) -> Launch {
        let mut arguments = vec!["-i".into(), format!("HOME={}", self.shell.text(""))];
        arguments.push(format!("PATH={}", std::env::var("PATH").unwrap()));
        arguments.extend(variables.iter().map(ToString::to_string));
        arguments.extend([env!("CARGO_BIN_EXE_danlu"), "engine", "--detached"].map(str::to_owned));
        Launch {
            socket: self.socket(),
            program: "/usr/bin/env".into(),
            arguments: arguments.into_iter().map(Into::into).collect(),
            log: self.paths().engine_log(),
        }
    }

    /// A screen at this home's engine, which is started where there is none.
    #[track_caller]
    pub(crate) fn screen(&self) -> Screen {
        Screen::new(client::connect_or_start(&self.launch(&[])).unwrap())
    }

    /// The engine's process.
    pub(crate) fn pid(&self) -> Option<u32> {
        client::listener(&self.socket()).unwrap()
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.pid().unwrap().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }

    /// Waits until no engine holds the data folder.
    #[track_caller]
    pub(crate) fn wait_for_the_end(&self) {
        let lock = || danlu::engine::seat::Lock::take(&self.paths().data_dir);
        until(|| lock().ok());
    }

    pub(crate) fn kill(&self) {
        self.signal("-KILL");
        self.wait_for_the_end();
    }

    /// A fox of 16x16 with so many steps, into `out/`.
    pub(crate) fn fox(&self, steps: usize) -> Generate {
        let recipe = Recipe {
            prompt: "fox".to_owned(),
            steps,
            seed: 7,
            ..Recipe::new(SHIPPED.into(), [16; 2])
        };
        Generate {
            recipe,
            output: Output::Numbered {
                folder: self.shell.path("out"),
                directory_pattern: String::new(),
                filename_pattern: "[seed]".to_owned(),
            },
            hash_cache: None,
            preview: true,
            roots: Vec::new(),
            strict: false,
        }
    }

    /// A job that does not end by itself while a test runs.
    pub(crate) fn endless(&self) -> Generate {
        let mut work = self.fox(1000);
        work.recipe.batch_count = 1000;
        work
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if let Ok(Some(pid)) = client::listener(&self.socket())
            && pid != std::process::id()
        {
            let _ = Command::new("kill").args(["-KILL", &pid.to_string()]).status();
            let begun = Instant::now();
            while danlu::engine::seat::Lock::take(&self.paths().data_dir).is_err() && begun.elapsed() < LONG {
                std::thread::sleep(Duration::from_millis(5));
            }
        }
    }
}

/// Asks again and again until there is an answer.
#[track_caller]
pub(crate) fn until<T>(mut ask: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(begun.elapsed() < LONG, "this takes too long");
        std::thread::sleep(Duration::from_millis(2));
    }
}

pub(crate) fn job(work: Generate) -> Job {
    Job::Generate(Box::new(work))
}

/// A client that keeps the present state up to date.
pub(crate) struct Screen {
    pub(crate) requests: Requests,
    pub(crate) events: Events,
    pub(crate) present: Present,
    pub(crate) pid: u32,
    ticket: u64,
}

impl Screen {
    #[track_caller]
    pub(crate) fn new(connection: Connection) -> Self {
        let pid = connection.peer().pid;
        let (requests, mut events) = connection.split().unwrap();
        let first = events.next_within(LONG).unwrap().expect("the engine says nothing");
        let Event::Present(present) = first else {
            panic!("the first event is {first:?}");
        };
        Self {
            requests,
            events,
            present: *present,
            pid,
            ticket: 0,
        }
    }

    #[track_caller]
    pub(crate) fn at(socket: &Path) -> Self {
        Self::new(client::connect(socket).unwrap())
    }

    #[track_caller]
    pub(crate) fn next(&mut self) -> Event {
        let event = self.events.next_within(LONG).unwrap().expect("nothing happens");
        self.present.apply(&event);
        event
    }

    /// Follows events to the first that is liked.
    #[track_caller]
    pub(crate) fn until(&mut self, is_it: impl Fn(&Event) -> bool) -> Event {
        let begun = Instant::now();
        loop {
            let event = self.next();
            if is_it(&event) {
                return event;
            }
            assert!(begun.elapsed() < LONG, "only others come, as {event:?}");
        }
    }

    /// Follows events until the present state is liked.
    #[track_caller]
    pub(crate) fn until_present(&mut self, is_it: impl Fn(&Present) -> bool) {
        while !is_it(&self.present) {
            self.next();
        }
    }

    pub(crate) fn ask(&self, request: Request) {
        self.requests.send(&request).unwrap();
    }

    #[track_caller]
    pub(crate) fn submit(&mut self, work: Generate) -> JobId {
        self.ticket += 1;
        let ticket = self.ticket;
        self.ask(Request::Submit { ticket, job: job(work) });
        let answer = self.until(|event| matches!(event, Event::Accepted { .. } | Event::Refused { .. }));
        let Event::Accepted { ticket: answered, job } = answer else {
            panic!("{answer:?}");
        };
        assert_eq!(answered, ticket);
        job
    }

    /// What is said to a request that is refused.
    #[track_caller]
    pub(crate) fn refused(&mut self, request: Request) -> String {
        let expected = match &request {
            Request::Submit { ticket, .. } => Some(*ticket),
            _ => None,
        };
        self.ask(request);
        let Event::Refused { ticket, failure } = self.until(|event| matches!(event, Event::Refused { .. })) else {
            unreachable!()
        };
        assert_eq!(ticket, expected, "{failure:?}");
        failure.message
    }

    #[track_caller]
    pub(crate) fn entry(&self, job: JobId) -> &Entry {
        self.present.entry(job).unwrap()
    }

    #[track_caller]
    pub(crate) fn until_state(&mut self, job: JobId, state: &State) {
        self.until_present(|present| present.entry(job).is_some_and(|entry| entry.state == *state));
    }

    /// Waits until so many steps of the job are done.
    #[track_caller]
    pub(crate) fn until_step(&mut self, job: JobId, steps: usize) {
        self.until(|event| matches!(event, Event::Step { job: of, step, .. } if *of == job && *step >= steps));
    }

    pub(crate) fn waiting(&self) -> Vec<JobId> {
        self.present.waiting().map(|entry| entry.id).collect()
    }
}
