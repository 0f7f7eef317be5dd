//! Models that stay loaded between jobs.

use std::time::Duration;

use danlu::engine::{DeviceChoice, Engine, Event, Job, Setup};

use crate::home::{Home, LONG};
use crate::shell::SHIPPED;

/// Draws with these models one after the other; which of them had to be loaded.
fn loaded(home: &Home, model_cache: Option<u64>, models: &[&str]) -> Vec<bool> {
    let engine = Engine::start_with(Setup {
        device: DeviceChoice::Cpu,
        model_cache,
        bell: None,
    });
    let engine = engine.unwrap();
    let draw = |model: &&str| {
        let mut work = home.fox(1);
        work.recipe.model = home.shell.path(model);
        engine.submit(Job::Generate(Box::new(work)));
        let mut loaded = false;
        loop {
            match engine.next_event(LONG).expect("nothing happens") {
                Event::Loading { .. } => loaded = true,
                Event::Finished { .. } => return loaded,
                Event::Failed { failure, .. } => panic!("{failure:?}"),
                _ => {}
            }
        }
    };
    let done = models.iter().map(draw).collect();
    assert_eq!(engine.next_event(Duration::ZERO), None);
    done
}

#[test]
fn models_stay_within_the_bound_and_the_one_not_used_for_longest_goes() {
    let home = Home::new();
    for name in ["a", "b", "c"] {
        for extension in ["safetensors", "yaml"] {
            let original = std::path::Path::new(SHIPPED).with_extension(extension);
            home.shell.link(&original, &format!("{name}.{extension}"));
        }
    }
    let [a, b, c] = ["a.safetensors", "b.safetensors", "c.safetensors"];
    // In memory the weights are f32, twice what they are on disk.
    let size = 2 * std::path::Path::new(SHIPPED).metadata().unwrap().len();
    assert_eq!(loaded(&home, None, &[a, a, b, a, b]), [true, false, true, false, false]);
    assert_eq!(
        loaded(&home, Some(size * 5 / 2), &[a, b, a, c, a, b]),
        [true, true, false, true, false, true]
    );
    // Smaller than any: one at a time, as good as ever.
    assert_eq!(loaded(&home, Some(1), &[a, a, b, a]), [true, false, true, true]);
}
