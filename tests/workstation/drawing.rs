//! From a prompt to a picture, whoever dies on the way.

use crate::desk::{Desk, ENTER, QUEUE, bar, half_blocks, quit, wait_engine};

/// Long enough to be killed in, short enough to be waited for.
const LONG_JOB: usize = 400;

#[test]
fn a_prompt_becomes_a_picture_on_the_screen_and_in_a_file() {
    let desk = Desk::sized("", 40, [64; 2]);
    let mut tty = desk.open();
    tty.wait_text("Prompt");
    tty.send("a red fox");
    tty.wait_text("a red fox");
    wait_engine(&tty);
    tty.send(ENTER);
    tty.wait_text("it/s");
    tty.wait_text("1/1");
    tty.wait("picture", |screen| half_blocks(screen) > 100);
    tty.wait_text("seed 7");
    quit(&mut tty);
    let picture = desk.picture();
    assert_eq!((picture.width, picture.height), (64, 64));
    let infotext = picture.infotext();
    assert!(infotext.starts_with("a red fox\nSteps: 40, "), "{infotext}");
    assert_eq!(desk.kept(), "a red fox");
}

#[test]
fn a_killed_screen_finds_its_job_again() {
    let desk = Desk::new("fox", LONG_JOB);
    let mut tty = desk.open();
    wait_engine(&tty);
    tty.send(ENTER);
    tty.wait_text("it/s");
    tty.signal("KILL");
    tty.wait_exit();
    let mut tty = desk.open();
    tty.wait_text("it/s");
    tty.wait_text("1/1");
    tty.wait("picture", |screen| half_blocks(screen) > 100);
    quit(&mut tty);
    desk.picture();
}

#[test]
fn a_closed_terminal_ends_the_screen_and_not_the_job() {
    let desk = Desk::new("", LONG_JOB);
    let mut tty = desk.open();
    wait_engine(&tty);
    tty.send("fox");
    tty.send(ENTER);
    tty.wait_text("it/s");
    tty.close();
    tty.wait_exit();
    assert_eq!(desk.kept(), "fox");
    let mut tty = desk.open();
    tty.wait_text("it/s");
    tty.wait_text("1/1");
    quit(&mut tty);
    desk.picture();
}

#[test]
fn a_killed_engine_is_missed_and_started_again_and_its_job_can_be_retried() {
    let desk = Desk::new("fox", LONG_JOB);
    let mut tty = desk.open();
    wait_engine(&tty);
    tty.send(ENTER);
    tty.wait_text("it/s");
    let first = desk.home.pid().unwrap();
    desk.home.kill();
    tty.wait_text("engine gone");
    tty.wait("sentence", |screen| {
        let text = screen.contents();
        text.contains("the engine has ended") || text.contains("the connection to the engine broke off")
    });
    // Drawing again starts another engine, which knows of the first job.
    tty.send(ENTER);
    tty.wait_text("interrupted");
    tty.wait_text("1/1");
    assert_ne!(desk.home.pid().unwrap(), first);
    tty.send(QUEUE);
    tty.send("Gr");
    tty.wait_gone("interrupted");
    tty.wait_text("2/2");
    quit(&mut tty);
    assert_eq!(desk.pictures().len(), 2);
}

#[test]
fn an_engine_that_was_stopped_is_started_by_reloading() {
    let desk = Desk::new("fox", 1);
    let mut tty = desk.open();
    wait_engine(&tty);
    let ran = desk.home.shell.run("engine stop");
    assert!(ran.status.success(), "{ran:?}");
    tty.wait("loss in the bar", |screen| bar(screen).contains("engine gone"));
    tty.wait_text("the engine has ended");
    tty.send(QUEUE);
    tty.send(" wr");
    wait_engine(&tty);
    tty.send("\x1b1");
    tty.send(ENTER);
    tty.wait_text("1/1");
    quit(&mut tty);
}

#[test]
fn two_screens_and_the_shell_share_one_engine() {
    let desk = Desk::new("fox", LONG_JOB);
    let (mut first, mut second) = (desk.open(), desk.open());
    wait_engine(&first);
    wait_engine(&second);
    first.send(ENTER);
    for tty in [&first, &second] {
        tty.wait_text("it/s");
    }
    let ran = desk.home.shell.run("generate --queue -p owl --steps 1 --size 16x16");
    assert!(ran.status.success(), "{ran:?}");
    for tty in [&first, &second] {
        tty.wait_text("owl");
        tty.wait_text("2/2");
        tty.wait_gone("it/s");
    }
    quit(&mut first);
    quit(&mut second);
    assert_eq!(desk.pictures().len(), 2);
}
