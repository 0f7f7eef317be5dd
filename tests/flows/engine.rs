//! Following the engine.

use danlu::app::{Effect, Msg};
use danlu::engine::{Event, Failure, JobId, Present, Request, State};
use danlu::term::graphics::Picture;
use danlu::ui::lang::told::Sentence;

use super::desk::{
    Desk, busy, entry, failure, get_busy, grown, loads, picture, present, queued, recipe, request, saved,
    sends_nothing, step, submitted,
};

/// The pixels of the picture in the preview, and whether it grows.
fn shown(desk: &mut Desk) -> Option<(Picture, bool)> {
    let (_, seen) = desk.draw();
    let big = seen.spots.into_iter().find(|spot| spot.slot == 0)?;
    Some((big.picture, big.growing))
}

fn lost() -> Msg {
    Msg::EngineLost {
        message: "the engine process has ended".to_owned(),
        hint: Some("F5 starts it again".to_owned()),
    }
}

#[test]
fn who_comes_late_sees_the_running_step_the_preview_and_the_history() {
    let mut desk = busy(140, 45);
    desk.says("5/20 · 6.2 it/s · 3 s left");
    desk.says("CPU (16 threads)");
    desk.says("2 jobs waiting");
    assert_eq!(shown(&mut desk), Some((picture(64, 64, 1), true)));
    desk.says("3/3");
    desk.says("1060");
}

#[test]
fn a_job_goes_from_waiting_to_a_picture() {
    let mut desk = Desk::new(140, 45);
    desk.tell(Msg::EngineFound {
        version: "0.1.0".to_owned(),
        pid: 1,
    });
    desk.engine(Event::Present(Box::default()));
    desk.says("engine ready");
    desk.engine(queued(1, State::Waiting, "a fox"));
    desk.says("1 job waiting");
    desk.engine(queued(1, State::Running, "a fox"));
    desk.engine(Event::Started {
        job: JobId(1),
        pictures: 1,
        device: "CPU".to_owned(),
    });
    desk.engine(Event::Loading {
        job: JobId(1),
        network: "U-Net".to_owned(),
    });
    desk.says("loading U-Net");
    desk.engine(step(1, 10));
    desk.says("10/20 · 6.2 it/s");
    desk.engine(grown(1, 3));
    assert_eq!(shown(&mut desk), Some((picture(64, 64, 3), true)));
    desk.engine(Event::Decoding { job: JobId(1) });
    desk.says("decoding");
    let effects = desk.engine(Event::Saved {
        job: JobId(1),
        picture: saved(1),
    });
    assert_eq!(loads(&effects).len(), 2, "the picture and its thumbnail are asked for");
    desk.load(&effects);
    desk.engine(queued(1, State::Done, "a fox"));
    desk.engine(Event::Finished { job: JobId(1) });
    let (made, growing) = shown(&mut desk).unwrap();
    assert!(!growing && (made.width, made.height) == (64, 64));
    desk.says("seed 1001");
    desk.says("512×512");
}

#[test]
fn pictures_are_asked_for_once() {
    let mut desk = busy(140, 45);
    let effects = desk.engine(step(7, 6));
    assert!(loads(&effects).is_empty());
    let effects = desk.press("alt+v");
    assert!(loads(&effects).is_empty());
}

#[test]
fn a_picture_that_cannot_be_read_says_why() {
    let mut desk = Desk::new(140, 45);
    let mut present = present();
    present.running = None;
    let effects = desk.engine(Event::Present(Box::new(present)));
    for load in loads(&effects) {
        let (load, picture) = (load.clone(), Err(Sentence::plain("is no file")));
        desk.tell(Msg::Loaded { load, picture });
    }
    desk.says("is no file");
    assert_eq!(shown(&mut desk), None);
}

#[test]
fn a_failed_job_says_why_and_what_to_do_and_the_queue_goes_on() {
    let mut desk = busy(140, 45);
    desk.engine(queued(7, State::Failed(failure()), "fox"));
    desk.engine(Event::Failed {
        job: JobId(7),
        failure: failure(),
    });
    desk.says("Job 7 failed: the checkpoint");
    desk.says("choose another one with Ctrl+O");
    desk.engine(queued(8, State::Running, "a cat"));
    desk.engine(step(8, 3));
    desk.says("3/20");
    desk.press("f7 down down e");
    desk.says("Why job 7 failed");
    desk.press("esc");
    desk.says_not("Why job");
}

#[test]
fn the_end_of_another_job_leaves_the_growing_picture_alone() {
    let ends: [fn(JobId) -> Event; 2] = [
        |job| Event::Cancelled { job },
        |job| Event::Failed {
            job,
            failure: failure(),
        },
    ];
    for end in ends {
        let mut desk = busy(140, 45);
        desk.engine(queued(8, State::Cancelled, "a cat"));
        desk.engine(end(JobId(8)));
        assert_eq!(shown(&mut desk), Some((picture(64, 64, 1), true)));
    }
}

#[test]
fn a_preview_that_was_overtaken_is_not_shown_for_the_next_job() {
    let mut desk = busy(140, 45);
    desk.engine(queued(7, State::Done, "fox"));
    desk.engine(Event::Finished { job: JobId(7) });
    desk.engine(grown(7, 9));
    desk.engine(queued(8, State::Running, "a cat"));
    desk.engine(step(8, 1));
    assert_ne!(shown(&mut desk).map(|(picture, _)| picture), Some(picture(64, 64, 9)));
}

#[test]
fn what_the_engine_refuses_is_said() {
    let mut desk = busy(140, 45);
    desk.press("alt+g");
    desk.says("forever");
    desk.engine(Event::Refused {
        ticket: Some(1),
        failure: Failure::new("the queue is full: 10000 jobs wait", "remove some"),
    });
    desk.says("the queue is full: 10000 jobs wait");
    desk.says_not("forever");
    desk.engine(Event::Warning {
        job: Some(JobId(7)),
        message: "the prompt has 80 tokens".to_owned(),
    });
    desk.says("the prompt has 80 tokens");
}

#[test]
fn pictures_are_walked_and_their_parameters_put_back() {
    let mut desk = busy(140, 45);
    desk.press("f8");
    desk.says("3/3");
    desk.press("left left left");
    desk.says("1/3");
    desk.press("}");
    desk.says("3/3");
    desk.press("{ enter");
    desk.says("Parameters taken from");
    let recipe = submitted(&desk.press("ctrl+g"));
    assert_eq!((recipe.prompt.as_str(), recipe.seed), ("rocket, openmoji", 1002));
    desk.press("f2 ctrl+z");
    assert_eq!(
        submitted(&desk.press("enter")).prompt,
        "fox, noto, blue background",
        "what was there is one undo away"
    );
}

#[test]
fn walking_to_an_old_picture_shows_it_while_the_next_one_grows() {
    let mut desk = busy(140, 45);
    let effects = desk.press("f8 left");
    desk.load(&effects);
    let (_, growing) = shown(&mut desk).unwrap();
    assert!(!growing);
    desk.engine(grown(7, 5));
    assert!(!shown(&mut desk).unwrap().1, "it is still looked at");
    desk.engine(Event::Saved {
        job: JobId(7),
        picture: saved(7),
    });
    desk.says("2/4");
    desk.press("}");
    desk.engine(grown(7, 6));
    assert!(shown(&mut desk).unwrap().1);
}

#[test]
fn seed_infotext_and_path_of_a_picture_are_taken() {
    let mut desk = busy(140, 45);
    let effects = desk.press("f8 { s y Y");
    assert!(effects.contains(&Effect::Copy(saved(2).infotext)));
    assert!(effects.contains(&Effect::Copy(saved(2).path.display().to_string())));
    assert_eq!(submitted(&desk.press("ctrl+g")).seed, 1002);
    desk.press("alt+e");
    assert_eq!(submitted(&desk.press("ctrl+g")).seed, 1060, "the newest one's");
}

#[test]
fn a_forgotten_job_takes_its_pictures_out_of_the_history() {
    let mut desk = busy(140, 45);
    desk.engine(Event::Removed { job: JobId(6) });
    desk.says("1/1");
    desk.says_not("watercolor");
    desk.engine(Event::Removed { job: JobId(2) });
    desk.engine(Event::Removed { job: JobId(77) });
    desk.says("No pictures yet");
}

#[test]
fn forever_submits_again_after_each_picture_until_something_ends_it() {
    let ends = [
        Event::Cancelled { job: JobId(1) },
        Event::Failed {
            job: JobId(1),
            failure: failure(),
        },
        Event::Stopping,
    ];
    for end in ends {
        let mut desk = Desk::new(140, 45);
        assert_eq!(submitted(&desk.press("alt+g")).prompt, "fox, noto, blue background");
        desk.says("forever");
        for _ in 0..3 {
            desk.engine(queued(1, State::Done, "fox"));
            let effects = desk.engine(Event::Finished { job: JobId(1) });
            assert!(!sends_nothing(&effects));
        }
        desk.engine(queued(2, State::Waiting, "fox"));
        let effects = desk.engine(Event::Finished { job: JobId(1) });
        assert!(sends_nothing(&effects), "another one waits already");
        desk.engine(queued(2, State::Cancelled, "fox"));
        desk.engine(end);
        desk.says_not("forever");
        assert!(sends_nothing(&desk.engine(Event::Finished { job: JobId(1) })));
    }
}

#[test]
fn forever_ends_by_its_key_and_by_cancelling() {
    for key in ["alt+g", "alt+x"] {
        let mut desk = busy(140, 45);
        desk.press("alt+g");
        desk.press(key);
        desk.says_not("forever");
        desk.engine(Event::Present(Box::default()));
        assert!(sends_nothing(&desk.engine(Event::Finished { job: JobId(7) })), "{key}");
    }
}

#[test]
fn forever_does_not_begin_with_what_cannot_be_drawn() {
    let mut desk = Desk::new(140, 45);
    desk.press("f4 down down down down");
    desk.write("0");
    assert!(sends_nothing(&desk.press("alt+g")));
    desk.says_not("forever");
}

#[test]
fn a_lost_engine_is_said_and_the_next_picture_opens_the_line_again() {
    let mut desk = busy(140, 45);
    desk.press("alt+g");
    desk.tell(lost());
    desk.says("engine gone");
    desk.says("the engine process has ended");
    desk.says_not("forever");
    desk.says_not("5/20");
    let effects = desk.press("ctrl+g");
    let connect = effects.iter().position(|effect| *effect == Effect::Connect);
    let send = effects
        .iter()
        .position(|effect| matches!(effect, Effect::Send(Request::Submit { .. })));
    assert!(connect.is_some() && connect < send, "{effects:?}");
    desk.says("starting the engine");
    let effects = desk.press("ctrl+g");
    assert!(!effects.contains(&Effect::Connect), "it is being opened already");
    get_busy(&mut desk);
    desk.says("CPU (16 threads)");
}

#[test]
fn a_second_present_takes_the_place_of_the_first() {
    let mut desk = busy(140, 45);
    let entries = vec![entry(30, State::Waiting, "a new start")];
    desk.engine(Event::Present(Box::new(Present {
        entries,
        ..Present::default()
    })));
    desk.says("a new start");
    desk.says_not("watercolor");
    desk.says("No pictures yet");
    assert_eq!(shown(&mut desk), None);
    assert_eq!(request(&desk.press("f7 x")), Request::Cancel { job: JobId(30) });
}

#[test]
fn the_model_of_a_picture_comes_back_with_its_parameters() {
    let mut desk = Desk::new(140, 45);
    let mut done = entry(1, State::Done, "a fox");
    let danlu::engine::Job::Generate(job) = &mut done.job else {
        panic!()
    };
    job.recipe.model = "/models/other.safetensors".into();
    let expected = danlu::diffusion::Recipe {
        seed: 1001,
        ..job.recipe.clone()
    };
    desk.engine(Event::Queued {
        entry: Box::new(done.clone()),
    });
    desk.engine(Event::Present(Box::new(Present {
        entries: vec![done],
        ..Present::default()
    })));
    desk.press("f8 enter");
    desk.says("other");
    assert_eq!(submitted(&desk.press("ctrl+g")), expected);
    assert_ne!(expected.model, recipe("").model);
}
