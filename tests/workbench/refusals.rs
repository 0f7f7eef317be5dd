//! What the workbench does not do: replace unasked, follow links, mix families, leave halves behind.

use std::path::Path;

use danlu::workbench::task::{Bake, Combine, Extract, Joining, Method, Resize, Rule, Share, Strength, Target};
use danlu::workbench::{self, Error, Phase, Stop, Task};

use crate::checkpoints::merge;
use crate::support::{Tensors, write_safetensors};
use crate::{convert, entry, run};

fn model(path: &Path) {
    let tensors: Tensors = (0..40)
        .map(|i| entry(&format!("model.diffusion_model.{i}.weight"), &format!("{i}"), &[20, 20]))
        .collect();
    write_safetensors(path, &tensors);
}

/// The names in a folder.
fn listing(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Asserts that a task fails with one sentence that has these parts and a hint, and leaves the folder as it was.
#[track_caller]
fn refuses(task: &Task, folder: &Path, parts: &[&str]) -> Error {
    let before = listing(folder);
    let error = run(task).unwrap_err();
    let text = error.to_string();
    for part in parts {
        assert!(text.contains(part), "no {part:?} in: {text}");
    }
    assert!(!text.contains('\n') && !text.ends_with('.'), "not one sentence: {text}");
    assert!(error.hint().is_some_and(|hint| !hint.is_empty()), "{text}");
    assert_eq!(listing(folder), before);
    error
}

#[test]
fn nothing_is_replaced_unasked() {
    let at = tempfile::tempdir().unwrap();
    let (input, output) = (at.path().join("a.safetensors"), at.path().join("b.safetensors"));
    model(&input);
    std::fs::write(&output, "mine").unwrap();
    refuses(
        &Task::Convert(convert(&input, &output)),
        at.path(),
        &["b.safetensors", "there already"],
    );
    assert_eq!(std::fs::read(&output).unwrap(), b"mine");
    let mut asked = convert(&input, &output);
    asked.output.overwrite = true;
    run(&Task::Convert(asked)).unwrap();
    assert_eq!(std::fs::read(&output).unwrap(), std::fs::read(&input).unwrap());
}

#[test]
fn inputs_links_and_folders_are_never_written_over() {
    let at = tempfile::tempdir().unwrap();
    let input = at.path().join("a.safetensors");
    model(&input);
    let link = at.path().join("link.safetensors");
    std::os::unix::fs::symlink("elsewhere.safetensors", &link).unwrap();
    let same = at.path().join("same.safetensors");
    std::os::unix::fs::symlink(&input, &same).unwrap();
    let folder = at.path().join("folder.safetensors");
    std::fs::create_dir(&folder).unwrap();
    for (output, parts) in [
        (&input, "is one of the inputs"),
        (&same, "is one of the inputs"),
        (&link, "is a link to elsewhere.safetensors"),
        (&folder, "is a folder"),
    ] {
        let mut task = convert(&input, output);
        task.output.overwrite = true;
        refuses(&Task::Convert(task), at.path(), &[parts]);
    }
    let mut task = convert(&input, &at.path().join("no such folder/b.safetensors"));
    refuses(&Task::Convert(task.clone()), at.path(), &["there is no folder"]);
    task.output.path = at.path().join("a folder");
    refuses(
        &Task::Convert(task),
        at.path(),
        &["is not a Stable Diffusion checkpoint"],
    );
}

#[test]
fn a_folder_that_is_no_model_is_not_replaced() {
    let at = tempfile::tempdir().unwrap();
    let input = at.path().join("a.safetensors");
    model(&input);
    let output = at.path().join("holiday pictures");
    std::fs::create_dir(&output).unwrap();
    std::fs::write(output.join("sea.png"), "sea").unwrap();
    let shipped = crate::support::shipped();
    let mut task = convert(&shipped, &output);
    task.output.overwrite = true;
    refuses(
        &Task::Convert(task),
        at.path(),
        &["holiday pictures is a folder that is no diffusers model"],
    );
    assert_eq!(listing(&output), ["sea.png"]);
}

#[test]
fn a_cancelled_task_leaves_nothing_behind() {
    let at = tempfile::tempdir().unwrap();
    model(&at.path().join("a.safetensors"));
    model(&at.path().join("b.safetensors"));
    let before = listing(at.path());
    let (a, b) = (at.path().join("a.safetensors"), at.path().join("b.safetensors"));
    let shipped = crate::support::shipped();
    let mut recorded = merge(&a, &b, &at.path().join("o.safetensors"));
    recorded.record = true;
    for task in [
        Task::Convert(convert(&a, &at.path().join("o.ckpt"))),
        Task::Convert(convert(&a, &at.path().join("o.safetensors"))),
        Task::Convert(convert(&shipped, &at.path().join("folder"))),
        Task::Merge(recorded),
    ] {
        let mut told = Vec::new();
        let error = workbench::run(&task, &mut |progress| {
            told.push(progress.phase);
            // In the midst of writing: the temporary file is there by then.
            if progress.phase == Phase::Writing {
                Err(Stop)
            } else {
                Ok(())
            }
        });
        assert!(matches!(error, Err(Error::Stopped)), "{error:?}");
        assert_eq!(told.last(), Some(&Phase::Writing));
        assert_eq!(listing(at.path()), before, "{task:?}");
    }
}

#[test]
fn progress_goes_up_to_its_end() {
    let at = tempfile::tempdir().unwrap();
    let input = at.path().join("a.safetensors");
    model(&input);
    let mut told = Vec::new();
    let task = Task::Convert(convert(&input, &at.path().join("b.safetensors")));
    workbench::run(&task, &mut |progress| {
        told.push((progress.done, progress.of));
        Ok(())
    })
    .unwrap();
    assert_eq!((told.first(), told.last()), (Some(&(0, 40)), Some(&(40, 40))));
    assert!(told.is_sorted());
}

#[test]
fn families_are_not_mixed() {
    let at = tempfile::tempdir().unwrap();
    let (sd1, xl) = (at.path().join("sd1.safetensors"), at.path().join("xl.safetensors"));
    let name = "model.diffusion_model.middle_block.1.transformer_blocks.0.attn2.to_k.weight";
    write_safetensors(&sd1, &[entry(name, "a", &[8, 768])].into());
    write_safetensors(&xl, &[entry(name, "b", &[8, 2048])].into());
    let output = at.path().join("o.safetensors");
    let parts = [
        "sd1.safetensors and",
        "xl.safetensors do not go together",
        "[8, 768]",
        "[8, 2048]",
    ];
    refuses(&Task::Merge(merge(&sd1, &xl, &output)), at.path(), &parts);
    let mut difference = merge(&sd1, &sd1, &output);
    (difference.method, difference.c) = (Method::AddDifference, Some(xl.clone()));
    difference.b = Some(sd1.clone());
    refuses(
        &Task::Merge(difference),
        at.path(),
        &["do not go together", "attn2.to_k"],
    );
}

fn lora(path: &Path, module: &str, rank: usize, columns: usize) {
    let tensors: Tensors = [
        entry(&format!("{module}.lora_down.weight"), "d", &[rank, columns]),
        entry(&format!("{module}.lora_up.weight"), "u", &[6, rank]),
    ]
    .into();
    write_safetensors(path, &tensors);
}

#[test]
fn loras_that_do_not_go_together_are_refused() {
    let at = tempfile::tempdir().unwrap();
    let [one, wide, other, strange] =
        ["one", "wide", "other", "strange"].map(|n| at.path().join(format!("{n}.safetensors")));
    lora(&one, "lora_unet_down", 2, 8);
    lora(&wide, "lora_unet_down", 3, 8);
    lora(&other, "lora_unet_input", 2, 8);
    write_safetensors(&strange, &[entry("lora_unet_down.hada_w1_a", "x", &[2, 2])].into());
    let output = at.path().join("o.safetensors");
    let combine = |b: &Path, joining| {
        let share = |path: &Path| Share {
            path: path.to_owned(),
            ratio: 1.0,
        };
        Task::Combine(Combine {
            networks: vec![share(&one), share(b)],
            joining,
            output: Target::new(&output),
        })
    };
    refuses(
        &combine(&wide, Joining::Sum),
        at.path(),
        &["rank 2 in one and 3 in the other"],
    );
    refuses(&combine(&other, Joining::Sum), at.path(), &["different families"]);
    refuses(
        &combine(&strange, Joining::Sum),
        at.path(),
        &["no pairs of LoRA factors"],
    );
    let zero = Joining::Svd {
        rank: 0,
        conv_rank: None,
    };
    refuses(&combine(&wide, zero), at.path(), &["rank is 0"]);
    let infinite = at.path().join("infinite.safetensors");
    let mut tensors: Tensors = [entry("lora_unet_down.lora_up.weight", "u", &[6, 2])].into();
    tensors.insert(
        "lora_unet_down.lora_down.weight".to_owned(),
        (vec![2, 8], vec![f32::NAN; 16]),
    );
    write_safetensors(&infinite, &tensors);
    let resize = |input: &Path, rule| {
        Task::Resize(Resize {
            input: input.to_owned(),
            rank: 1,
            conv_rank: None,
            rule,
            output: Target::new(&output),
        })
    };
    refuses(
        &resize(&infinite, Rule::Fixed),
        at.path(),
        &["lora_unet_down", "not finite"],
    );
    refuses(&resize(&one, Rule::SvFro(1.5)), at.path(), &["1.5"]);
    refuses(&resize(&one, Rule::SvRatio(f64::NAN)), at.path(), &["sv_ratio"]);
}

#[test]
fn tasks_that_contradict_themselves_are_refused() {
    let at = tempfile::tempdir().unwrap();
    let a = at.path().join("a.safetensors");
    model(&a);
    let network = at.path().join("l.safetensors");
    lora(&network, "lora_unet_down", 2, 8);
    let output = at.path().join("o.safetensors");
    let base = merge(&a, &a, &output);
    let mut tasks = Vec::new();
    let mut case = |change: &dyn Fn(&mut workbench::task::Merge), part: &'static str| {
        let mut task = base.clone();
        change(&mut task);
        tasks.push((Task::Merge(task), part));
    };
    case(&|t| t.b = None, "no second model");
    case(&|t| t.method = Method::AddDifference, "no third model");
    case(&|t| t.method = Method::Nothing, "one model alone");
    case(&|t| t.multiplier = f64::NAN, "multiplier is NaN");
    case(&|t| t.discard = "(".to_owned(), "no regular expression");
    case(&|t| t.blocks = vec![0.5; 7], "7 block weights");
    case(&|t| t.vae = Some(network.clone()), "is not a VAE");
    case(&|t| t.b = Some(network.clone()), "is no checkpoint");
    for (task, part) in tasks {
        refuses(&task, at.path(), &[part]);
    }
    let bake = Bake {
        model: crate::support::shipped(),
        networks: vec![Strength {
            path: network,
            te: 1.0,
            unet: 1.0,
        }],
        output: Target::new(&output),
    };
    refuses(&Task::Bake(bake), at.path(), &["do not go together", "lora_unet_down"]);
    let extract = Extract {
        original: a.clone(),
        tuned: a.clone(),
        rank: 4,
        conv_rank: None,
        clamp: 2.0,
        least_difference: 0.01,
        output: Target::new(&output),
    };
    refuses(&Task::Extract(extract), at.path(), &["quantile is 2"]);
}
