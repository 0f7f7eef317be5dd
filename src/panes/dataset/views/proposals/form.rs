//! The forms that begin a tagger's job and take its proposals by threshold.

use std::path::PathBuf;

use super::super::fields::{choice, number, picked, toggle, whole, written};
use super::Taggers;
use crate::data::edit::propose::Conflict;
use crate::ui::lang::{Lang, Text, proposals as words};
use crate::ui::widgets::form::{Field, Form};
use crate::vision::{Captioning, Tagging, Use};

const CONFLICTS: [(Conflict, Text); 4] = [
    (Conflict::Append, words::APPEND),
    (Conflict::Prepend, words::PREPEND),
    (Conflict::Overwrite, words::OVERWRITE),
    (Conflict::Ignore, words::IGNORE),
];
const USES: [(Use, Text); 3] = [
    (Use::Leave, words::LEAVE),
    (Use::First, words::FIRST_TAG),
    (Use::Last, words::LAST_TAG),
];

/// The most sentences that are followed at once, and the most tokens of one: BLIP has places for 512.
const BEAMS: i64 = 16;
const LONGEST: i64 = 512;

/// What the forms begin with.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The tagger's folder.
    pub model: Option<PathBuf>,
    /// What confidences become.
    pub tagging: Tagging,
    /// How sentences are found.
    pub captioning: Captioning,
    /// What becomes of captions that are there.
    pub job_conflict: Conflict,
    /// The least confidence of what is taken.
    pub accept: f32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            model: None,
            tagging: Tagging::default(),
            captioning: Captioning::default(),
            job_conflict: Conflict::Append,
            accept: 0.0,
        }
    }
}

fn conflict(settings: &Settings, lang: Lang) -> Field {
    let options = CONFLICTS.map(|(_, text)| lang.say(&text).to_owned()).to_vec();
    let at = CONFLICTS
        .iter()
        .position(|(conflict, _)| *conflict == settings.job_conflict);
    choice(
        "conflict",
        words::CONFLICT,
        words::CONFLICT_HELP,
        options,
        at.unwrap_or_default(),
    )
}

/// The fields of a job, behind the one that says which pictures.
pub fn open(settings: &Settings, taggers: &Taggers, lang: Lang) -> Vec<Field> {
    let Tagging {
        threshold,
        character,
        rating,
        ..
    } = settings.tagging;
    let tagging = &settings.tagging;
    let captioning = &settings.captioning;
    let tokens = |id, label, help, value: usize| whole(id, label, help, value as i64, [1, LONGEST]);
    let share = |id, label, help, value: f32| {
        number(
            id,
            label,
            help,
            (f64::from(value) * 1000.0).round() / 1000.0,
            [0.0, 1.0],
        )
    };
    let model = if taggers.found.is_empty() {
        let shown = settings
            .model
            .as_ref()
            .map(|model| model.to_string_lossy().into_owned())
            .unwrap_or_default();
        written("path", words::MODEL, words::PATH_HELP, &shown)
    } else {
        let names = taggers.found.iter().map(|(name, _)| name.clone()).collect();
        let at = taggers
            .found
            .iter()
            .position(|(_, path)| Some(path) == settings.model.as_ref());
        choice("model", words::MODEL, words::MODEL_HELP, names, at.unwrap_or_default())
    };
    let ratings = USES.map(|(_, text)| lang.say(&text).to_owned()).to_vec();
    let at = USES.iter().position(|(how, _)| *how == rating).unwrap_or_default();
    vec![
        model,
        share("threshold", words::THRESHOLD, words::THRESHOLD_HELP, threshold),
        share(
            "character",
            words::CHARACTER,
            words::CHARACTER_HELP,
            character.unwrap_or(threshold),
        ),
        choice("rating", words::RATING, words::RATING_HELP, ratings, at),
        written(
            "exclude",
            words::EXCLUDE,
            words::EXCLUDE_HELP,
            &tagging.exclude.join(", "),
        ),
        written("first", words::FIRST, words::FIRST_HELP, &tagging.first.join(", ")),
        written("add", words::ADD, words::ADD_HELP, &tagging.add.join(", ")),
        toggle(
            "underscores",
            words::UNDERSCORES,
            words::UNDERSCORES_HELP,
            tagging.underscores,
        ),
        toggle("escape", words::ESCAPE, words::ESCAPE_HELP, tagging.escape),
        conflict(settings, lang),
        written("prompt", words::PROMPT, words::PROMPT_HELP, &captioning.prompt),
        whole(
            "beams",
            words::BEAMS,
            words::BEAMS_HELP,
            captioning.beams as i64,
            [1, BEAMS],
        ),
        tokens("shortest", words::SHORTEST, words::SHORTEST_HELP, captioning.shortest),
        tokens("longest", words::LONGEST, words::LONGEST_HELP, captioning.longest),
    ]
}

/// What the form of a job comes to.
///
/// # Errors
/// That there is no tagger, and where to put one.
pub fn take(form: &Form, settings: &Settings, taggers: &Taggers, lang: Lang) -> Result<Settings, String> {
    let model = match form.text("path").map(str::trim) {
        Some("") => return Err(missing(taggers, lang)),
        Some(path) => PathBuf::from(path),
        None => match taggers.found.get(picked(form, "model")) {
            Some((_, path)) => path.clone(),
            None => return Err(missing(taggers, lang)),
        },
    };
    let number = |id| form.number(id).unwrap_or_default() as f32;
    let list = |id| {
        let tags = form.text(id).unwrap_or_default().split([',', '，']).map(str::trim);
        tags.filter(|tag| !tag.is_empty())
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let (threshold, character) = (number("threshold"), number("character"));
    let count = |id| {
        form.integer(id)
            .and_then(|value| usize::try_from(value).ok())
            .unwrap_or(1)
    };
    Ok(Settings {
        model: Some(model),
        tagging: Tagging {
            threshold,
            character: (character.to_bits() != threshold.to_bits()).then_some(character),
            rating: USES.get(picked(form, "rating")).map_or(Use::Leave, |(how, _)| *how),
            exclude: list("exclude"),
            first: list("first"),
            add: list("add"),
            underscores: form.toggle("underscores").unwrap_or_default(),
            escape: form.toggle("escape").unwrap_or_default(),
            ..settings.tagging.clone()
        },
        captioning: Captioning {
            prompt: form.text("prompt").unwrap_or_default().trim().to_owned(),
            beams: count("beams"),
            shortest: count("shortest"),
            longest: count("longest"),
        },
        job_conflict: picked_conflict(form),
        accept: 0.0,
    })
}

fn picked_conflict(form: &Form) -> Conflict {
    CONFLICTS
        .get(picked(form, "conflict"))
        .map_or(Conflict::Append, |(conflict, _)| *conflict)
}

/// That there is no tagger.
pub fn missing(taggers: &Taggers, lang: Lang) -> String {
    lang.fill(&words::NO_TAGGER, &[("path", &taggers.place.display())])
}

/// The fields that take all proposals from a confidence on.
pub fn open_accept(settings: &Settings, lang: Lang) -> Vec<Field> {
    let least = if settings.accept > 0.0 {
        settings.accept
    } else {
        settings.tagging.threshold
    };
    let least = (f64::from(least) * 1000.0).round() / 1000.0;
    vec![
        number("accept", words::LEAST, words::LEAST_HELP, least, [0.0, 1.0]),
        conflict(settings, lang),
    ]
}

/// What that form comes to.
pub fn take_accept(form: &Form, settings: &Settings) -> Settings {
    Settings {
        accept: form.number("accept").unwrap_or_default() as f32,
        job_conflict: picked_conflict(form),
        ..settings.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_needs_a_tagger_and_the_sentence_names_the_place() {
        let settings = Settings::default();
        let none = Taggers {
            place: "/models/taggers/wd".into(),
            ..Taggers::default()
        };
        let form = Form::new(open(&settings, &none, Lang::En));
        assert!(take(&form, &settings, &none, Lang::En).is_err_and(|why| why.contains("/models/taggers/wd")));
        let one = Taggers {
            found: vec![("wd".to_owned(), "/models/taggers/wd".into())],
            ..none
        };
        let form = Form::new(open(&settings, &one, Lang::En));
        let taken = take(&form, &settings, &one, Lang::En);
        let model = Some(PathBuf::from("/models/taggers/wd"));
        assert_eq!(taken, Ok(Settings { model, ..settings }));
    }
}
