//! What is said to the socket by those who do not keep to the rules.

use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use danlu::engine::client::{self, ConnectError};
use danlu::engine::wire::{self, EVENT_LIMIT, HELLO_LIMIT, Hello, REQUEST_LIMIT};
use danlu::engine::{Event, JobId, Request, State};
use serde_json::json;

use crate::home::{Home, LONG, Screen, job};

fn raw(socket: &Path) -> UnixStream {
    let stream = UnixStream::connect(socket).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    stream
}

/// A connection that has shaken hands and read nothing of the present state.
fn welcome(socket: &Path) -> UnixStream {
    let mut stream = raw(socket);
    wire::write(&mut stream, &Hello::ours(), HELLO_LIMIT).unwrap();
    let hello: Hello = wire::meaning(&wire::read(&mut stream, HELLO_LIMIT).unwrap().unwrap()).unwrap();
    assert!(hello.speaks_with(&Hello::ours()));
    stream
}

/// Everything that comes until the engine hangs up.
fn rest(mut stream: UnixStream) -> Vec<Event> {
    let mut events = Vec::new();
    while let Ok(Some(body)) = wire::read(&mut stream, EVENT_LIMIT) {
        events.push(wire::meaning(&body).unwrap());
    }
    events
}

/// A small generator of numbers, the same ones every time.
struct Random(u64);

impl Random {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % below
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next(256) as u8).collect()
    }
}

#[test]
fn ten_thousand_senseless_frames_hurt_only_those_who_send_them() {
    let home = Home::new();
    let mut screen = home.screen();
    let mut work = home.fox(1);
    work.recipe.batch_count = 5;
    let running = screen.submit(home.endless());
    let waiting = screen.submit(work.clone());

    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let submit = Request::Submit {
        ticket: 1,
        job: job(work),
    };
    let far = JobId(999_999_999);
    let requests = [submit, Request::Cancel { job: far }, Request::Move { job: far, to: 1 }];
    let requests = requests.map(|request| serde_json::to_vec(&request).unwrap());
    let shapes = [
        "null",
        "[]",
        "{}",
        "17",
        "\"nothing\"",
        r#"{"submit":{"ticket":5}}"#,
        r#"{"cancel":{"job":-1}}"#,
        r#"{"move":[]}"#,
        r#"{"submit":{"ticket":5,"job":{"dream":1}}}"#,
        r#"{"cancel":{"job":18446744073709551616}}"#,
    ];
    let mut stream = welcome(&home.socket());
    for n in 0..10_000 {
        let body = match n % 4 {
            0 => {
                let length = random.next(300);
                random.bytes(length)
            }
            1 | 2 => {
                let mut body = requests[random.next(requests.len())].clone();
                for _ in 0..=random.next(3) {
                    // Never a byte that stays as it was.
                    let at = random.next(body.len());
                    body[at] ^= 1 + random.next(255) as u8;
                }
                body
            }
            _ => shapes[random.next(shapes.len())].as_bytes().to_vec(),
        };
        let mut frame = (body.len() as u32).to_le_bytes().to_vec();
        frame.extend(body);
        if random.next(50) == 0 {
            frame.truncate(random.next(frame.len()));
            let _ = stream.write_all(&frame);
            stream = welcome(&home.socket());
        } else if stream.write_all(&frame).is_err() {
            stream = welcome(&home.socket());
        }
    }
    drop(stream);
    screen.until_step(running, 1);
    assert_eq!(screen.entry(waiting).state, State::Waiting);
    screen.ask(Request::Cancel { job: running });
    screen.until_state(waiting, &State::Done);
    assert_eq!(Screen::at(&home.socket()).pid, screen.pid);
}

#[test]
fn a_request_that_is_none_is_answered_and_nonsense_ends_the_connection() {
    let home = Home::new();
    drop(home.screen());
    let framed = |body: &[u8]| [&(body.len() as u32).to_le_bytes(), body].concat();
    let answers = |bytes: &[u8]| {
        let mut stream = welcome(&home.socket());
        stream.write_all(bytes).unwrap();
        let mut events = rest(stream).into_iter();
        assert!(matches!(events.next(), Some(Event::Present(_))));
        events
            .map(|event| match event {
                Event::Refused { ticket, failure } => (ticket, failure.message),
                event => panic!("{event:?}"),
            })
            .collect::<Vec<_>>()
    };
    // JSON that is no request, then no JSON.
    let strange = framed(
        json!({"submit": {"ticket": 5, "job": {"dream": {}}}})
            .to_string()
            .as_bytes(),
    );
    let told = answers(&[strange, framed(b"[]"), framed(b"{\"pause")].concat());
    let tickets: Vec<_> = told.iter().map(|(ticket, _)| *ticket).collect();
    assert_eq!(tickets, [Some(5), None, None], "{told:?}");
    assert!(told[0].1.contains("dream"), "{told:?}");

    let length = REQUEST_LIMIT as u32 + 1;
    let told = answers(&length.to_le_bytes());
    assert!(told.len() == 1 && told[0].1.contains(&length.to_string()), "{told:?}");
    assert_eq!(answers(&u32::MAX.to_le_bytes()).len(), 1);

    // Half a head, half a body, and silence instead of a hello.
    for half in [&framed(b"\"pause\"")[..2], &framed(b"\"pause\"")[..7]] {
        let mut stream = welcome(&home.socket());
        stream.write_all(half).unwrap();
    }
    let silent = raw(&home.socket());
    let screen = Screen::at(&home.socket());
    assert!(!screen.present.paused);
    drop(silent);
}

#[test]
fn versions_that_differ_are_told_so() {
    let home = Home::new();
    drop(home.screen());
    let hellos = [
        json!({"danlu": "9.9.9", "protocol": 1, "pid": 1}),
        json!({"danlu": env!("CARGO_PKG_VERSION"), "protocol": 99, "pid": 1, "more": true}),
    ];
    for hello in hellos {
        let mut stream = raw(&home.socket());
        wire::write(&mut stream, &hello, HELLO_LIMIT).unwrap();
        let answer: Hello = wire::meaning(&wire::read(&mut stream, HELLO_LIMIT).unwrap().unwrap()).unwrap();
        assert_eq!(
            (answer.pid, &*answer.danlu),
            (home.pid().unwrap(), env!("CARGO_PKG_VERSION"))
        );
        assert_eq!(stream.read(&mut [0; 1]).unwrap(), 0, "it hangs up");
    }
    for nonsense in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0; 4], &[0xff; 64]] {
        let mut stream = raw(&home.socket());
        stream.write_all(nonsense).unwrap();
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut said = Vec::new();
        // Hung up on, with or without what was not read being lost.
        let _ = stream.read_to_end(&mut said);
        assert!(said.is_empty());
    }

    // The other way round: an engine of another version, which every command names.
    home.kill();
    fs::remove_file(home.socket()).unwrap();
    let other = UnixListener::bind(home.socket()).unwrap();
    std::thread::spawn(move || {
        for stream in other.incoming() {
            let mut stream = stream.unwrap();
            let _ = wire::read(&mut stream, HELLO_LIMIT);
            let _ = wire::write(
                &mut stream,
                &json!({"danlu": "9.9.9", "protocol": 7, "pid": 4242}),
                HELLO_LIMIT,
            );
        }
    });
    let error = client::connect(&home.socket()).unwrap_err();
    assert!(
        matches!(&error, ConnectError::OtherVersion { pid: 4242, .. }),
        "{error}"
    );
    let list = home.shell.run("queue list");
    let (sentence, hint) = list.failed(1);
    assert!(
        sentence.contains("danlu 9.9.9") && sentence.contains(env!("CARGO_PKG_VERSION")),
        "{sentence}"
    );
    assert!(hint.contains("danlu engine stop"), "{hint}");
    // It is not pushed aside either.
    let engine = home.shell.run("engine");
    assert!(engine.failed(1).0.contains("already listens"), "{engine:?}");
}

#[test]
fn a_client_that_never_reads_slows_nobody() {
    let home = Home::new();
    let mut screen = home.screen();
    let _deaf: Vec<_> = (0..3).map(|_| welcome(&home.socket())).collect();
    let mut work = home.fox(1);
    work.recipe.batch_count = 200;
    let job = screen.submit(work);
    // Everything that must not be lost arrives, in order, while the deaf ones let it lie.
    let mut saved = Vec::new();
    loop {
        match screen.next() {
            Event::Saved { picture, .. } => saved.push(picture.seed),
            Event::Finished { .. } => break,
            Event::Failed { failure, .. } => panic!("{failure:?}"),
            _ => {}
        }
    }
    assert_eq!(saved, (7..207).collect::<Vec<u64>>());
    assert_eq!(screen.entry(job).made, 200);
    assert!(
        screen.entry(job).pictures.len() < 200,
        "an entry keeps the newest at hand"
    );
}

#[test]
fn nobody_else_gets_in() {
    let home = Home::new();
    drop(home.screen());
    let mode = |path: &Path| fs::symlink_metadata(path).unwrap().mode() & 0o7777;
    let folder = home.paths().runtime_dir;
    assert_eq!((mode(&folder), mode(&home.socket())), (0o700, 0o600));
    home.kill();

    // Left open by somebody: closed again.
    fs::set_permissions(&folder, Permissions::from_mode(0o777)).unwrap();
    drop(home.screen());
    assert_eq!(mode(&folder), 0o700);
    home.kill();

    // Not this user's own place, but a link to one.
    fs::rename(&folder, folder.with_extension("elsewhere")).unwrap();
    symlink(folder.with_extension("elsewhere"), &folder).unwrap();
    let error = client::connect_or_start(&home.launch(&[])).unwrap_err();
    assert!(error.to_string().contains("is not safe to listen in"), "{error}");
    assert!(error.hint().unwrap().contains("XDG_RUNTIME_DIR"), "{error:?}");
    let refused = home.shell.run("queue add -p fox");
    assert!(refused.failed(1).0.contains("is not safe"), "{refused:?}");

    // In XDG_RUNTIME_DIR where there is one, and with a sentence where its path is too long.
    fs::remove_file(&folder).unwrap();
    let run = home.shell.path("run");
    fs::create_dir(&run).unwrap();
    let variable = format!("XDG_RUNTIME_DIR={}", run.display());
    let mut launch = home.launch(&[&variable]);
    launch.socket = run.join("danlu/engine.sock");
    drop(client::connect_or_start(&launch).unwrap());
    assert_eq!(mode(&run.join("danlu")), 0o700);
    client::listener(&launch.socket).unwrap().unwrap();
    let stopped = crate::shell::Ran::of(home.shell.command("engine stop").env("XDG_RUNTIME_DIR", &run));
    assert_eq!(stopped.ok(), "");
    let long = home.shell.path(&"l".repeat(120));
    fs::create_dir(&long).unwrap();
    let refused = crate::shell::Ran::of(home.shell.command("engine").env("XDG_RUNTIME_DIR", &long));
    let (sentence, hint) = refused.failed(1);
    assert!(
        sentence.starts_with("cannot listen at ") && hint.contains("short path"),
        "{refused:?}"
    );
}

/// Run by the next test, as another user: whether the engine talks to it.
#[test]
#[ignore = "is run by another test"]
fn a_stranger() {
    let Some(socket) = std::env::var_os("DANLU_TEST_SOCKET") else {
        return;
    };
    let mut stream = raw(socket.as_ref());
    let _ = wire::write(&mut stream, &Hello::ours(), HELLO_LIMIT);
    let mut said = Vec::new();
    let _ = stream.read_to_end(&mut said);
    assert!(said.is_empty(), "{said:?}");
    assert!(matches!(
        client::connect(socket.as_ref()),
        Err(ConnectError::NotOurs { .. })
    ));
}

#[test]
fn another_user_is_hung_up_on_even_where_the_door_stands_open() {
    // Only root can be two users; and the other one must be able to run this program.
    let place = std::env::temp_dir();
    if !rustix::process::geteuid().is_root() || fs::metadata(&place).unwrap().mode() & 0o1 == 0 {
        return;
    }
    let home = Home::new();
    let folder = tempfile::tempdir_in(place).unwrap();
    let variable = format!("XDG_RUNTIME_DIR={}", folder.path().display());
    let mut launch = home.launch(&[&variable]);
    launch.socket = folder.path().join("danlu/engine.sock");
    let mut screen = Screen::new(client::connect_or_start(&launch).unwrap());
    for path in [folder.path(), launch.socket.parent().unwrap(), &launch.socket] {
        fs::set_permissions(path, Permissions::from_mode(0o777)).unwrap();
    }
    let program = folder.path().join("test");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let stranger = Command::new(&program)
        .args(["--ignored", "--exact", "wire::a_stranger"])
        .env("DANLU_TEST_SOCKET", &launch.socket)
        .current_dir("/")
        .uid(65_534)
        .output()
        .unwrap();
    assert!(stranger.status.success(), "{stranger:?}");
    assert!(
        String::from_utf8_lossy(&stranger.stdout).contains("1 passed"),
        "{stranger:?}"
    );
    screen.ask(Request::Stop);
    while screen.events.next().is_ok() {}
}

#[test]
fn requests_that_can_never_be_done_are_refused() {
    let home = Home::new();
    let mut screen = home.screen();
    let submit = |work| Request::Submit {
        ticket: 9,
        job: job(work),
    };
    let mut steps = home.fox(1);
    steps.recipe.steps = 0;
    assert!(screen.refused(submit(steps)).contains("steps is 0"));
    let mut relative = home.fox(1);
    relative.recipe.model = "model.safetensors".into();
    assert!(screen.refused(submit(relative)).contains("model.safetensors"));
    let mut long = home.fox(1);
    long.recipe.prompt = "狐".repeat(REQUEST_LIMIT / 3 + 1);
    let error = screen.requests.send(&submit(long)).unwrap_err();
    assert!(
        error.to_string().contains(&REQUEST_LIMIT.to_string()) && error.hint().is_some(),
        "{error}"
    );
    let none = JobId(77);
    for request in [
        Request::Cancel { job: none },
        Request::Move { job: none, to: 0 },
        Request::Retry { job: none },
        Request::Remove { job: none },
    ] {
        assert_eq!(screen.refused(request), "there is no job 77 in the queue");
    }
    // The client lives on.
    let job = screen.submit(home.fox(1));
    screen.until(|event| matches!(event, Event::Finished { job: of } if *of == job));
    assert!(screen.events.next_within(Duration::ZERO).unwrap().is_none());
}
