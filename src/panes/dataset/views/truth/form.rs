//! The form of the draws: the caption options by their names in kohya's configuration, and what is drawn when.

use super::{Limit, Settings};
use crate::data::draws::Rules;
use crate::ui::lang::{Lang, truth as words};
use crate::ui::widgets::form::{Field, Form, Value};

use super::super::fields::{choice, field, number, picked, toggle, whole, written};

/// What the form comes to.
#[derive(Clone, Debug, PartialEq)]
pub struct Taken {
    /// What is set of the draws.
    pub settings: Settings,
    /// The dataset TOML that was named; empty for none.
    pub file: String,
}

const LIMITS: [Limit; 3] = [Limit::One, Limit::Two, Limit::Three];

/// The fields, filled with what is set now. `folder` is what the picture's folder says, `file` the dataset TOML that is used.
pub fn open(settings: &Settings, folder: &Rules, file: &str) -> Form {
    let rules = settings.rules.as_ref().unwrap_or(folder);
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let limits = LIMITS.map(|limit| limit.tokens().to_string()).to_vec();
    let limit = LIMITS
        .iter()
        .position(|limit| *limit == settings.limit)
        .unwrap_or_default();
    let fields: Vec<Field> = vec![
        whole("draws", words::DRAWS, words::DRAWS_HELP, settings.draws as i64, [1, 50]),
        choice("limit", words::LIMIT, words::LIMIT_HELP, limits, limit),
        toggle("weighted", words::WEIGHTED, words::WEIGHTED_HELP, settings.weighted),
        toggle("shuffle", words::SHUFFLE, words::SHUFFLE_HELP, rules.shuffle),
        whole(
            "keep",
            words::KEEP_TOKENS,
            words::KEEP_TOKENS_HELP,
            rules.keep_tokens,
            [0, 1000],
        ),
        number(
            "dropout",
            words::DROPOUT,
            words::DROPOUT_HELP,
            rules.dropout_rate,
            [0.0, 1.0],
        ),
        number(
            "tag-dropout",
            words::TAG_DROPOUT,
            words::TAG_DROPOUT_HELP,
            rules.tag_dropout_rate,
            [0.0, 1.0],
        ),
        whole(
            "every",
            words::EVERY,
            words::EVERY_HELP,
            rules.dropout_every_n_epochs,
            [0, 1000],
        ),
        toggle("wildcard", words::WILDCARD, words::WILDCARD_HELP, rules.wildcard),
        written("prefix", words::PREFIX, words::PREFIX_HELP, &text(&rules.prefix)),
        written("suffix", words::SUFFIX, words::SUFFIX_HELP, &text(&rules.suffix)),
        written("separator", words::SEPARATOR, words::SEPARATOR_HELP, &rules.separator),
        written(
            "keep-separator",
            words::KEEP_SEPARATOR,
            words::KEEP_SEPARATOR_HELP,
            &text(&rules.keep_tokens_separator),
        ),
        written(
            "secondary",
            words::SECONDARY,
            words::SECONDARY_HELP,
            &text(&rules.secondary_separator),
        ),
        whole(
            "warmup-min",
            words::WARMUP_MIN,
            words::WARMUP_MIN_HELP,
            rules.warmup_min,
            [0, 1000],
        ),
        number(
            "warmup",
            words::WARMUP,
            words::WARMUP_HELP,
            rules.warmup_step,
            [0.0, 1e6],
        ),
        whole("epoch", words::EPOCH, words::EPOCH_HELP, settings.epoch, [1, 100_000]),
        whole(
            "epochs",
            words::EPOCHS,
            words::EPOCHS_HELP,
            settings.epochs,
            [1, 100_000],
        ),
        field("seed", words::SEED, words::SEED_HELP, seed(settings.seed)),
        written("file", words::FILE, words::FILE_HELP, file),
    ];
    Form::new(fields)
}

fn seed(value: i64) -> Value {
    Value::Integer {
        value,
        min: 0,
        max: i64::MAX,
        step: 1,
        big_step: 10,
    }
}

/// What the form comes to. Options that are the folder's stay the folder's.
///
/// # Errors
/// A sentence that says what cannot be.
pub fn take(form: &Form, folder: &Rules, lang: Lang) -> Result<Taken, String> {
    let text = |id| form.text(id).unwrap_or_default().to_owned();
    let given = |id| Some(text(id)).filter(|text| !text.is_empty());
    let number = |id| form.number(id).unwrap_or_default();
    let whole = |id| form.integer(id).unwrap_or_default();
    let switch = |id| form.toggle(id).unwrap_or_default();
    let rules = Rules {
        prefix: given("prefix"),
        suffix: given("suffix"),
        separator: text("separator"),
        secondary_separator: given("secondary"),
        keep_tokens: whole("keep"),
        keep_tokens_separator: given("keep-separator"),
        shuffle: switch("shuffle"),
        wildcard: switch("wildcard"),
        dropout_rate: number("dropout"),
        dropout_every_n_epochs: whole("every"),
        tag_dropout_rate: number("tag-dropout"),
        warmup_min: whole("warmup-min"),
        warmup_step: number("warmup"),
        replacements: folder.replacements.clone(),
    };
    if rules.separator.is_empty() && (rules.shuffle || rules.tag_dropout_rate > 0.0 || rules.warmup_step > 0.0) {
        return Err(lang.say(&words::NEEDS_SEPARATOR).to_owned());
    }
    let settings = Settings {
        draws: usize::try_from(whole("draws")).unwrap_or(1).max(1),
        seed: whole("seed"),
        epoch: whole("epoch"),
        epochs: whole("epochs"),
        limit: LIMITS.get(picked(form, "limit")).copied().unwrap_or_default(),
        weighted: switch("weighted"),
        rules: (rules != *folder).then_some(rules),
    };
    Ok(Taken {
        settings,
        file: text("file").trim().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_that_nothing_was_changed_in_leaves_all_as_it_was() {
        let folder = Rules {
            prefix: Some("a photo of".to_owned()),
            keep_tokens: 2,
            warmup_step: 0.25,
            ..Rules::default()
        };
        for settings in [
            Settings::default(),
            Settings {
                draws: 9,
                limit: Limit::Three,
                weighted: true,
                rules: Some(Rules {
                    shuffle: true,
                    ..folder.clone()
                }),
                ..Settings::default()
            },
        ] {
            let form = open(&settings, &folder, "a.toml");
            let taken = take(&form, &folder, Lang::En);
            let file = "a.toml".to_owned();
            assert_eq!(taken, Ok(Taken { settings, file }));
        }
    }

    #[test]
    fn tags_cannot_be_shuffled_without_a_separator() {
        let mut form = open(&Settings::default(), &Rules::default(), "");
        form.put("separator", Value::Text(String::new()));
        assert!(take(&form, &Rules::default(), Lang::En).is_ok());
        form.put("shuffle", Value::Toggle(true));
        assert!(take(&form, &Rules::default(), Lang::En).is_err());
    }
}
