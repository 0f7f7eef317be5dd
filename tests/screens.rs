//! What the workstation looks like: the drawn cells as text, in three sizes, beside what was looked at and found good.
//!
//! `cargo test --test screens` compares and leaves a `.snap.new` beside what differs (where `CI` is set, not even that); look at it, then
//! `INSTA_UPDATE=always cargo test --test screens` takes it over.
#![allow(missing_docs, clippy::unwrap_used)]

#[path = "support/app.rs"]
mod desk;

use std::fmt::Write as _;

use danlu::app::Msg;
use danlu::app::msg::{Models, News};
use danlu::engine::{Event, Failure, JobId};
use danlu::library::Progress;
use danlu::ui::lang::Lang;
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Size;
use ratatui::style::Color;

use desk::cards::{browsing, changed, details, lora, many, some, with_blocks};
use desk::{Desk, get_busy, model, start, text, theme};

const SIZES: [Size; 3] = [Size::new(140, 45), Size::new(100, 30), Size::new(60, 20)];

/// The screen in all sizes, after something was done to it.
fn in_all_sizes(then: impl Fn(&mut Desk)) -> String {
    let mut all = String::new();
    for size in SIZES {
        let mut desk = Desk::of(start(size));
        then(&mut desk);
        writeln!(all, "{}x{}\n{}", size.width, size.height, text(&desk.drawn())).unwrap();
    }
    all
}

fn ten_thousand(desk: &mut Desk) {
    let name = |n: usize| format!("anime/styles/model_{n:05}_pruned-fp16_狐狸");
    let mut checkpoints: Vec<_> = (0..10_000).map(|n| model(&name(n))).collect();
    checkpoints.push(model("danlu-emoji"));
    let vaes = Vec::new();
    desk.tell(Msg::Models(Models { checkpoints, vaes }));
}

#[test]
fn at_first_there_is_a_prompt_to_try_and_nothing_else() {
    insta::assert_snapshot!(in_all_sizes(|_| {}));
}

#[test]
fn a_running_job_shows_its_picture_grow() {
    insta::assert_snapshot!(in_all_sizes(get_busy));
}

#[test]
fn the_queue_tells_what_became_of_each_job() {
    insta::assert_snapshot!(in_all_sizes(|desk| {
        get_busy(desk);
        desk.press("f7 down down");
    }));
}

#[test]
fn the_history_is_a_strip_of_pictures() {
    insta::assert_snapshot!(in_all_sizes(|desk| {
        get_busy(desk);
        desk.engine(desk::queued(7, danlu::engine::State::Done, "fox"));
        desk.engine(Event::Finished { job: JobId(7) });
        let effects = desk.press("f8");
        desk.load(&effects);
    }));
}

#[test]
fn a_chinese_prompt_is_wrapped_between_signs() {
    insta::assert_snapshot!(in_all_sizes(|desk| {
        desk.press("ctrl+a");
        desk.paste("杰作,(狐狸:1.2),雪地里的红色狐狸抬头望着月亮,((水彩)),柔和的光线,高细节,[模糊],蓝色背景,1girl, looking at viewer,夜晚的城市街道,霓虹灯");
    }));
}

#[test]
fn the_palette_lists_what_can_be_done_here() {
    insta::assert_snapshot!(in_all_sizes(|desk| {
        get_busy(desk);
        desk.press("f7 ctrl+p");
    }));
}

#[test]
fn the_palette_is_narrowed_by_typing() {
    insta::assert_snapshot!(in_all_sizes(|desk| {
        desk.press("ctrl+p");
        desk.write("pane");
    }));
}

#[test]
fn the_help_lists_all_keys_by_groups() {
    insta::assert_snapshot!(in_all_sizes(|desk| {
        desk.press("f1");
    }));
}

#[test]
fn ten_thousand_models_are_narrowed_to_a_few() {
    insta::assert_snapshot!(in_all_sizes(|desk| {
        ten_thousand(desk);
        desk.press("ctrl+o");
        desk.write("an99fp");
        desk.press("down down");
    }));
}

#[test]
fn a_long_notice_takes_the_rows_it_needs() {
    insta::assert_snapshot!(in_all_sizes(|desk| {
        get_busy(desk);
        let failure = Failure::new(
            "the checkpoint \"/home/somebody/stable-diffusion-webui/models/Stable-diffusion/anime/a-very-long-name-of-a-model.safetensors\" \
             ends in the middle of the tensor model.diffusion_model.output_blocks.11.1.transformer_blocks.0.attn2.to_k.weight",
            "download it again and compare its size with the one that its page names",
        );
        desk.engine(Event::Failed { job: JobId(7), failure });
    }));
}

#[test]
fn keys_that_may_follow_are_listed() {
    insta::assert_snapshot!(in_all_sizes(|desk| {
        get_busy(desk);
        desk.press("f7 space");
    }));
}

#[test]
fn everything_is_chinese_when_it_should_be() {
    let mut all = String::new();
    for size in SIZES {
        let mut desk = Desk::of(danlu::app::Start {
            lang: Lang::Zh,
            ..start(size)
        });
        get_busy(&mut desk);
        desk.press("f4");
        writeln!(all, "{}x{}\n{}", size.width, size.height, text(&desk.drawn())).unwrap();
        desk.press("f1");
        writeln!(all, "{}", text(&desk.drawn())).unwrap();
    }
    insta::assert_snapshot!(all);
}

#[test]
fn a_zoomed_pane_has_the_whole_screen() {
    insta::assert_snapshot!(in_all_sizes(|desk| {
        get_busy(desk);
        desk.press("f4 f9");
    }));
}

#[test]
fn a_question_is_asked_in_the_middle() {
    insta::assert_snapshot!(in_all_sizes(|desk| {
        desk.press("f7 space w x");
    }));
}

#[test]
fn why_a_job_failed_is_read_above_the_rest() {
    insta::assert_snapshot!(in_all_sizes(|desk| {
        get_busy(desk);
        desk.press("f7 down down down down down down e");
    }));
}

#[test]
fn a_screen_that_is_too_small_says_what_it_needs() {
    let mut desk = Desk::new(20, 6);
    insta::assert_snapshot!(desk.screen());
}

#[test]
fn a_small_screen_shows_one_pane() {
    let mut desk = Desk::new(40, 12);
    get_busy(&mut desk);
    let prompt = text(&desk.drawn());
    desk.press("f7");
    let queue = text(&desk.drawn());
    desk.press("f6");
    let preview = text(&desk.drawn());
    insta::assert_snapshot!([prompt, queue, preview].join("\n"));
}

fn described(desk: &mut Desk) {
    browsing(desk);
    desk.press("/");
    desk.write("水墨");
    desk.press("enter");
    desk.wait(500);
    let path = some()[4].path.clone();
    let mut details = details();
    details.words.push("control\u{1b}[31m".to_owned());
    let details = Box::new(details);
    let effects = desk.tell(Msg::Library(News::Described { path, details }));
    desk.load(&effects);
    desk.press("esc");
}

#[test]
fn models_are_listed_beside_what_is_told_of_one() {
    insta::assert_snapshot!(in_all_sizes(described));
}

#[test]
fn the_browser_speaks_chinese() {
    let mut all = String::new();
    for size in SIZES {
        let mut desk = Desk::of(danlu::app::Start {
            lang: Lang::Zh,
            ..start(size)
        });
        described(&mut desk);
        writeln!(all, "{}x{}\n{}", size.width, size.height, text(&desk.drawn())).unwrap();
        desk.press("right pagedown pagedown");
        writeln!(all, "{}", text(&desk.drawn())).unwrap();
        desk.press("e");
        writeln!(all, "{}", text(&desk.drawn())).unwrap();
    }
    insta::assert_snapshot!(all);
}

#[test]
fn what_is_told_of_a_model_is_scrolled() {
    insta::assert_snapshot!(in_all_sizes(|desk| {
        described(desk);
        desk.press("right");
        desk.draw();
        desk.press("G");
    }));
}

#[test]
fn models_stand_in_their_folders() {
    insta::assert_snapshot!(in_all_sizes(|desk| {
        browsing(desk);
        let blocks = with_blocks(lora(50, "blocks/locon.safetensors"));
        desk.tell(changed(vec![blocks]));
        desk.press("t g g j left m G");
    }));
}

#[test]
fn equal_files_and_hashing_are_told() {
    insta::assert_snapshot!(in_all_sizes(|desk| {
        browsing(desk);
        desk.press("d");
        desk.tell(Msg::Library(News::Work(Some(Progress {
            stage: "hashing",
            files: 31,
            of: 412,
            bytes: 31 << 30,
            of_bytes: 300 << 30,
            rate: 1.73e9,
            left: Some(170.0),
            file: None,
        }))));
    }));
}

#[test]
fn ten_thousand_files_are_filtered() {
    insta::assert_snapshot!(in_all_sizes(|desk| {
        desk.tell(changed(many()));
        desk.press("f10 /");
        desk.write("an99fp");
        desk.press("down down");
    }));
}

#[test]
fn notes_and_metadata_are_open_to_read_and_write() {
    insta::assert_snapshot!(in_all_sizes(|desk| {
        described(desk);
        desk.press("n ctrl+end enter");
        desk.write("(not a weight:1.5), 第二行");
    }));
    let mut desk = Desk::new(100, 30);
    described(&mut desk);
    desk.press("r /");
    desk.write("fox");
    insta::assert_snapshot!("metadata", desk.screen());
}

#[test]
fn forms_of_the_workbench_open_above_the_list() {
    insta::assert_snapshot!(in_all_sizes(|desk| {
        browsing(desk);
        desk.press(". g g m m m w m down down down down down");
        desk.write("0.1, x");
        desk.press("ctrl+s");
    }));
}

#[test]
fn a_file_that_cannot_be_used_says_why() {
    insta::assert_snapshot!(in_all_sizes(|desk| {
        browsing(desk);
        desk.press("/");
        desk.write("trunc");
        desk.press("enter right");
        desk.wait(500);
    }));
}

/// Runs of cells that look the same: from which column on, and how.
fn looks(buffer: &Buffer, row: u16) -> String {
    let colour = |colour: Color| match colour {
        Color::Reset => "-".to_owned(),
        other => other.to_string(),
    };
    let look = |cell: &Cell| {
        let modifier = if cell.modifier.is_empty() {
            String::new()
        } else {
            format!(" {:?}", cell.modifier)
        };
        format!("{}/{}{modifier}", colour(cell.fg), colour(cell.bg))
    };
    let mut runs: Vec<String> = Vec::new();
    let mut last = String::new();
    for x in 0..buffer.area.width {
        let now = look(&buffer[(x, row)]);
        if now != last {
            runs.push(format!("{x} {now}"));
            last = now;
        }
    }
    runs.join(", ")
}

/// The looks of the rows in which something is said.
fn looks_of(name: &str, words: &[&str], then: impl Fn(&mut Desk)) -> String {
    let mut desk = Desk::of(danlu::app::Start {
        theme: theme(name),
        ..start(Size::new(100, 30))
    });
    then(&mut desk);
    let (buffer, _) = desk.draw();
    let screen = text(&buffer);
    let mut all = format!("{name}\n");
    for words in words {
        let row = screen
            .lines()
            .position(|line| line.contains(words))
            .unwrap_or_else(|| panic!("{words}\n{screen}"));
        writeln!(all, "{words}: {}", looks(&buffer, row as u16)).unwrap();
    }
    all
}

#[test]
fn colours_tell_focus_state_and_progress() {
    let words = [
        "丹炉", "Queue", "(fox", "Sampler", "5/20", "▸ 7", "· 8", "· 9", "Generate",
    ];
    let looks = ["danlu-dark", "mono"].map(|name| {
        looks_of(name, &words, |desk| {
            desk.press("alt+k");
            desk.write("a (fox:1.3), [snow]");
            get_busy(desk);
            desk.press("f7 down");
        })
    });
    insta::assert_snapshot!(looks.join("\n"));
}

#[test]
fn colours_tell_how_each_job_ended() {
    let words = ["✓ 6", "– 5", "! 4", "✗ 3"];
    let looks = ["danlu-dark", "mono"].map(|name| {
        looks_of(name, &words, |desk| {
            get_busy(desk);
            desk.press("f7 f9");
        })
    });
    insta::assert_snapshot!(looks.join("\n"));
}

#[test]
fn colours_tell_what_can_be_used_and_what_is_liked() {
    let words = ["Hypernetwork", "★", "truncated", "flux", "gothic"];
    let looks = ["danlu-dark", "mono"].map(|name| looks_of(name, &words, browsing));
    insta::assert_snapshot!(looks.join("\n"));
}

#[test]
fn colours_tell_what_matched_in_a_list() {
    let looks = ["danlu-dark", "mono"].map(|name| {
        looks_of(name, &["Model", "an99fp", "model_00099", "model_00199"], |desk| {
            ten_thousand(desk);
            desk.press("f7 ctrl+o");
            desk.write("an99fp");
        })
    });
    insta::assert_snapshot!(looks.join("\n"));
}

/// The dataset's screen in all sizes and both languages, after something was done to it.
fn of_dataset(then: impl Fn(&mut Desk)) -> String {
    let mut all = String::new();
    for lang in [Lang::En, Lang::Zh] {
        for size in SIZES {
            let mut desk = Desk::of(danlu::app::Start { lang, ..start(size) });
            desk.open_shipped();
            then(&mut desk);
            writeln!(all, "{}x{}\n{}", size.width, size.height, text(&desk.drawn())).unwrap();
        }
    }
    all
}

#[test]
fn a_dataset_shows_pictures_a_caption_and_all_tags() {
    insta::assert_snapshot!(of_dataset(|desk| {
        desk.work("j j m m");
        let effects = desk.wait(500);
        desk.keep(effects);
    }));
}

#[test]
fn a_dataset_is_a_grid_of_thumbnails_too() {
    insta::assert_snapshot!(of_dataset(|desk| {
        desk.work("t l l j");
        let effects = desk.wait(500);
        desk.keep(effects);
    }));
}

#[test]
fn a_query_is_completed_and_a_wrong_one_says_why() {
    insta::assert_snapshot!(of_dataset(|desk| {
        desk.work("/");
        desk.type_in("tag:an");
    }));
    insta::assert_snapshot!(
        "a_wrong_query",
        of_dataset(|desk| {
            desk.work("/");
            desk.type_in("tag:animal (w:<x");
            desk.work("enter");
        })
    );
}

#[test]
fn a_tag_is_typed_with_completion_into_a_changed_caption() {
    insta::assert_snapshot!(of_dataset(|desk| {
        desk.work("l x a");
        desk.type_in("bl");
    }));
}

#[test]
fn tags_are_sorted_by_surprise_and_marked() {
    insta::assert_snapshot!(of_dataset(|desk| {
        desk.work("/");
        desk.type_in("tag:animal");
        desk.work("enter l tab s s s m m");
    }));
}

#[test]
fn a_form_edits_many_captions_and_the_diff_comes_first() {
    insta::assert_snapshot!(of_dataset(|desk| {
        desk.work("e n");
        desk.type_in("food");
        desk.work("enter down");
        desk.type_in("meal");
    }));
    insta::assert_snapshot!(
        "the_diff",
        of_dataset(|desk| {
            desk.work("e n");
            desk.type_in("food");
            desk.work("enter down");
            desk.type_in("meal");
            desk.work("ctrl+s j x j");
        })
    );
}

#[test]
fn the_trigger_word_is_guided() {
    insta::assert_snapshot!(of_dataset(|desk| {
        desk.work("e t");
        desk.type_in("fluentzk");
        desk.work("enter right enter down down enter");
    }));
}
