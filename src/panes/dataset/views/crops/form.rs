//! The form of the buckets, by their names in kohya's configuration.

use super::super::fields::{stepped, toggle};
use crate::data::buckets::{Buckets, Settings};
use crate::ui::lang::told::Trouble;
use crate::ui::lang::{Lang, truth as words};
use crate::ui::widgets::form::Form;

/// The fields, filled with what is set now.
pub fn open(settings: &Settings) -> Form {
    let side = |id, label, help, value: u32, least| stepped(id, label, help, value.into(), [least, 65_536], 64);
    Form::new(vec![
        side("width", words::WIDTH, words::WIDTH_HELP, settings.resolution[0], 1),
        side("height", words::HEIGHT, words::HEIGHT_HELP, settings.resolution[1], 1),
        toggle("enable", words::ENABLE, words::ENABLE_HELP, settings.enable),
        toggle(
            "no-upscale",
            words::NO_UPSCALE,
            words::NO_UPSCALE_HELP,
            settings.no_upscale,
        ),
        side("min", words::MIN, words::MIN_HELP, settings.min, 0),
        side("max", words::MAX, words::MAX_HELP, settings.max, 1),
        stepped(
            "step",
            words::STEP,
            words::STEP_HELP,
            settings.step.into(),
            [1, 65_536],
            32,
        ),
        toggle("reset", words::AS_TOML, words::AS_TOML_HELP, false),
    ])
}

/// What the form comes to; `None` for the settings of the dataset TOML again.
///
/// # Errors
/// What kohya would refuse, in a sentence.
pub fn take(form: &Form, lang: Lang) -> Result<Option<Settings>, String> {
    if form.toggle("reset") == Some(true) {
        return Ok(None);
    }
    let side = |id| {
        form.integer(id)
            .and_then(|side| u32::try_from(side).ok())
            .unwrap_or_default()
    };
    let settings = Settings {
        resolution: [side("width"), side("height")],
        enable: form.toggle("enable").unwrap_or_default(),
        min: side("min"),
        max: side("max"),
        step: side("step"),
        no_upscale: form.toggle("no-upscale").unwrap_or_default(),
    };
    match Buckets::new(&settings) {
        Ok(_) => Ok(Some(settings)),
        Err(error) => Err(Trouble::from(&error).tell(lang)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::widgets::form::Value;

    #[test]
    fn settings_come_back_as_they_were_and_those_that_cannot_be_are_refused() {
        let settings = Settings {
            resolution: [768, 640],
            no_upscale: true,
            ..Settings::default()
        };
        let mut form = open(&settings);
        assert_eq!(take(&form, Lang::En), Ok(Some(settings)));
        form.change("max", |value| {
            if let Value::Integer { value, .. } = value {
                *value = 512;
            }
        });
        assert!(take(&form, Lang::En).is_err_and(|why| why.contains("512")));
        form.put("reset", Value::Toggle(true));
        assert_eq!(take(&form, Lang::En), Ok(None));
    }
}
