//! Forms under every message, with values that nobody should type.
#![allow(clippy::unwrap_used)]

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Field, Form, Message, Outcome, Value};
use crate::ui::lang::{Lang, generate};
use crate::ui::theme::Theme;
use crate::ui::widgets::input::Edit;

fn form() -> Form {
    let field = |id, label, value| Field {
        id,
        label,
        help: label,
        value,
    };
    let integer = |value, min, max, step, big_step| Value::Integer {
        value,
        min,
        max,
        step,
        big_step,
    };
    let cfg = Value::Number {
        value: 7.0,
        min: 1.0,
        max: 30.0,
        step: 0.5,
        big_step: 5.0,
        decimals: 1,
    };
    let samplers = ["Euler a", "Euler", "DPM++ 2M", "UniPC"].map(str::to_owned).to_vec();
    Form::new(vec![
        field("steps", generate::STEPS, integer(20, 1, 150, 1, 10)),
        field("cfg", generate::CFG, cfg),
        field("width", generate::WIDTH, integer(500, 64, 2048, 8, 64)),
        field(
            "sampler",
            generate::SAMPLER,
            Value::Choice {
                options: samplers,
                selected: 2,
            },
        ),
        field("seed", generate::SEED, Value::Seed(None)),
        field("forever", generate::RNG, Value::Toggle(false)),
        field(
            "model",
            generate::MODEL,
            Value::Pick {
                shown: "狐狸".to_owned(),
            },
        ),
        field("name", generate::VAE, Value::Text(String::new())),
    ])
}

/// Selects a field by its id.
fn at(id: &str) -> Form {
    let mut form = form();
    let index = form.fields().iter().position(|field| field.id == id).unwrap();
    form.update(Message::Click(index), Lang::En).unwrap();
    if form.selected().unwrap().id == "steps" {
        form.update(Message::Dismiss, Lang::En).unwrap();
    }
    form
}

/// Types a text into a field and accepts it.
fn typed(id: &str, text: &str, lang: Lang) -> (Form, Result<Outcome, String>) {
    let mut form = at(id);
    form.update(Message::Edit, lang).unwrap();
    form.update(Message::Type(Edit::Clear), lang).unwrap();
    form.update(Message::Paste(text.to_owned()), lang).unwrap();
    let outcome = form.update(Message::Accept, lang);
    (form, outcome)
}

#[test]
fn what_is_out_of_bounds_is_refused_with_them_and_the_old_value_stays() {
    for (id, text, sentence) in [
        (
            "steps",
            "0",
            "Steps goes from 1 to 150: \"0\" is not taken, it stays 20",
        ),
        (
            "steps",
            "9999999999999999999999",
            "Steps goes from 1 to 150: \"9999999999999999999999\" is not taken, it stays 20",
        ),
        (
            "steps",
            "1.5",
            "Steps is a whole number from 1 to 150: \"1.5\" is not taken, it stays 20",
        ),
        (
            "steps",
            "",
            "Steps is a whole number from 1 to 150: \"\" is not taken, it stays 20",
        ),
        (
            "cfg",
            "30.1",
            "CFG scale goes from 1.0 to 30.0: \"30.1\" is not taken, it stays 7.0",
        ),
        (
            "cfg",
            "NaN",
            "CFG scale is a number from 1.0 to 30.0: \"NaN\" is not taken, it stays 7.0",
        ),
        (
            "cfg",
            "1e999",
            "CFG scale is a number from 1.0 to 30.0: \"1e999\" is not taken, it stays 7.0",
        ),
        (
            "cfg",
            "\u{1b}[31m",
            "CFG scale is a number from 1.0 to 30.0: \"␛[31m\" is not taken, it stays 7.0",
        ),
        (
            "seed",
            "-2",
            "Seed is a whole number from 0 to 18446744073709551615, or -1 for a random one: \"-2\" is not taken, it stays random",
        ),
        (
            "seed",
            "18446744073709551616",
            "Seed is a whole number from 0 to 18446744073709551615, or -1 for a random one: \"18446744073709551616\" is not taken, it stays random",
        ),
    ] {
        let (after, outcome) = typed(id, text, Lang::En);
        assert_eq!(outcome.unwrap_err(), sentence);
        assert_eq!(after.value(id), form().value(id));
        assert!(after.editing().is_some(), "the edit goes on");
    }
    let (_, outcome) = typed("steps", "200", Lang::Zh);
    assert_eq!(
        outcome.unwrap_err(),
        "迭代步数须在 1 至 150 之间,不接受 \"200\",仍为 20"
    );
}

#[test]
fn what_fits_is_taken_however_it_is_typed() {
    let take = |id, text| {
        let (form, outcome) = typed(id, text, Lang::En);
        assert!(outcome.is_ok() && form.editing().is_none(), "{id} {text}");
        form
    };
    assert_eq!(take("steps", " 30 ").integer("steps"), Some(30));
    assert_eq!(take("steps", "25").integer("steps"), Some(25));
    assert_eq!(take("cfg", "7.26").number("cfg"), Some(7.3));
    assert_eq!(take("cfg", "7。5").number("cfg"), Some(7.5));
    assert_eq!(take("seed", "18446744073709551615").seed("seed"), Some(Some(u64::MAX)));
    assert_eq!(take("seed", "-1").seed("seed"), Some(None));
    assert_eq!(take("name", "红狐狸\nb").text("name"), Some("红狐狸 b"));
    let (form, outcome) = typed("steps", "20", Lang::En);
    assert_eq!((outcome, form.integer("steps")), (Ok(Outcome::Nothing), Some(20)));
    let mut form = at("cfg");
    form.update(Message::Type(Edit::Insert("9".to_owned())), Lang::En)
        .unwrap();
    assert_eq!(
        form.update(Message::Down, Lang::En),
        Ok(Outcome::Changed("cfg")),
        "leaving takes what was typed"
    );
    assert_eq!(form.number("cfg"), Some(9.0));
}

#[test]
fn dismissing_keeps_the_old_value() {
    let mut form = at("cfg");
    form.update(Message::Edit, Lang::En).unwrap();
    form.update(Message::Type(Edit::Insert("9".to_owned())), Lang::En)
        .unwrap();
    form.update(Message::Dismiss, Lang::En).unwrap();
    assert_eq!((form.number("cfg"), form.editing()), (Some(7.0), None));
}

#[test]
fn steps_go_to_multiples_and_stop_at_the_bounds() {
    let stepped = |id: &str, up: bool, much: bool, times: usize| {
        let mut form = at(id);
        for _ in 0..times {
            let message = if up {
                Message::Increase { much }
            } else {
                Message::Decrease { much }
            };
            form.update(message, Lang::En).unwrap();
        }
        form
    };
    for (id, up, much, times, expected) in [
        ("steps", true, false, 1, 21.0),
        ("steps", true, true, 1, 30.0),
        ("steps", false, true, 9, 1.0),
        ("steps", true, true, 99, 150.0),
        ("cfg", true, false, 1, 7.5),
        ("cfg", false, false, 1, 6.5),
        ("cfg", true, true, 1, 10.0),
        ("cfg", true, false, 99, 30.0),
        ("width", true, false, 1, 504.0),
        ("width", false, false, 1, 496.0),
        ("width", true, true, 1, 512.0),
    ] {
        assert_eq!(
            stepped(id, up, much, times).number(id),
            Some(expected),
            "{id} {up} {much} {times}"
        );
    }
    assert_eq!(stepped("sampler", true, false, 9).text("sampler"), Some("UniPC"));
    assert_eq!(stepped("sampler", false, true, 1).text("sampler"), Some("Euler a"));
    assert_eq!(stepped("forever", true, false, 1).toggle("forever"), Some(true));
    assert_eq!(stepped("seed", true, false, 1).seed("seed"), Some(None));
}

#[test]
fn choices_and_picks_ask_for_a_picker_and_switches_switch() {
    assert_eq!(
        at("sampler").update(Message::Edit, Lang::En),
        Ok(Outcome::Pick("sampler"))
    );
    assert_eq!(at("model").update(Message::Edit, Lang::En), Ok(Outcome::Pick("model")));
    let mut form = at("forever");
    assert_eq!(form.update(Message::Edit, Lang::En), Ok(Outcome::Changed("forever")));
    assert_eq!(form.assign("sampler", "dpm++ 2m", Lang::En), Ok(()));
    let refusal = form.assign("sampler", "DDIM", Lang::En).unwrap_err();
    assert_eq!(refusal, "Sampler does not offer \"DDIM\", it stays DPM++ 2M");
    assert_eq!(form.assign("nonesuch", "x", Lang::En), Ok(()));
}

#[test]
fn no_message_and_no_bounds_make_a_form_panic() {
    let theme = Theme::default();
    let odd = |value, min, max, step| Value::Number {
        value,
        min,
        max,
        step,
        big_step: -1.0,
        decimals: 400,
    };
    let whole = |value, min, max, step| Value::Integer {
        value,
        min,
        max,
        step,
        big_step: i64::MIN,
    };
    let values = [
        odd(f64::NAN, f64::NAN, f64::NAN, f64::NAN),
        odd(1e308, -1e308, 1e308, 1e308),
        odd(0.0, 5.0, 1.0, 0.0),
        whole(i64::MAX, i64::MIN, i64::MAX, i64::MAX),
        whole(i64::MIN, 9, -9, 0),
        Value::Choice {
            options: Vec::new(),
            selected: 7,
        },
        Value::Seed(Some(u64::MAX)),
        Value::Text("\u{1b}\u{202e}狐\n".repeat(50)),
    ];
    let messages = [
        Message::Up,
        Message::Down,
        Message::Top,
        Message::Bottom,
        Message::Increase { much: false },
        Message::Increase { much: true },
        Message::Decrease { much: false },
        Message::Decrease { much: true },
        Message::Edit,
        Message::Type(Edit::Insert("9".to_owned())),
        Message::Type(Edit::Backspace),
        Message::Paste("\u{1b}狐\n-".repeat(2000)),
        Message::Accept,
        Message::Dismiss,
        Message::Click(usize::MAX),
        Message::Click(3),
        Message::Wheel { up: true },
    ];
    let fields = values.map(|value| Field {
        id: "x",
        label: generate::STEPS,
        help: generate::STEPS,
        value,
    });
    let mut forms = [Form::new(fields.to_vec()), Form::default(), form()];
    let mut random = 1_u32;
    for _ in 0..5000 {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let message = &messages[(random >> 16) as usize % messages.len()];
        for form in &mut forms {
            let _ = form.update(message.clone(), Lang::En);
        }
        if random.is_multiple_of(16) {
            let area = Rect::new(0, 0, (random >> 8) as u16 % 90, (random >> 20) as u16 % 12);
            for form in &forms {
                form.draw(true, Lang::Zh, &theme, area, &mut Buffer::empty(area));
            }
        }
    }
}
