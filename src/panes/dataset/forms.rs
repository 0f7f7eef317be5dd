//! The forms for changing many captions at once, and the edits that they mean.

use super::tags::{CATEGORIES, title};
use super::{State, views};
use crate::data::edit::{At, By, Edit, Threshold, Which};
use crate::data::query::saved::{SavedError, is_name};
use crate::keys::Action;
use crate::ui::lang::told::Tell;
use crate::ui::lang::{Lang, Text, actions, dataset as words};
use crate::ui::text;
use crate::ui::widgets::form::{Field, Form, Value};

/// What a form is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Takes tags out.
    Remove,
    /// Takes all other tags out.
    Keep,
    /// Gives a tag another name.
    Rename,
    /// Makes one tag of several.
    Merge,
    /// Puts tags to the front.
    First,
    /// Puts tags in.
    Add,
    /// Replaces text.
    Text,
    /// Sorts the tags of each caption.
    Sort,
    /// Takes repeated tags out.
    Dedup,
    /// Tidies.
    Clean,
    /// Marks tags.
    Mark,
    /// Says how captions are read.
    Options,
    /// Names a snapshot.
    Snapshot,
    /// Names a query.
    Query,
    /// Sets something of a view beside the captions.
    View(views::Deed),
}

/// Which captions are changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// All.
    #[default]
    Whole,
    /// Those of the pictures that are shown.
    Shown,
    /// Those of the marked pictures.
    Marked,
}

/// What a form comes to.
#[derive(Clone, Debug, PartialEq)]
pub enum Taken {
    /// An edit, where, and whether also of captions that are no UTF-8.
    Edit(Edit, Place, bool),
    /// Tags to be marked.
    Mark(Which),
    /// How captions are read.
    Options {
        /// What their files end in.
        extension: String,
        /// What stands between tags.
        separator: String,
    },
    /// The name of a snapshot.
    Snapshot(String),
    /// The name of a query.
    Query(String),
    /// What was set of a view.
    View(views::Taken),
}

/// The form that an action opens.
pub fn deed_of(action: Action) -> Option<Deed> {
    Some(match action {
        Action::RemoveTags => Deed::Remove,
        Action::KeepTags => Deed::Keep,
        Action::RenameTag => Deed::Rename,
        Action::MergeTags => Deed::Merge,
        Action::TagsFirst => Deed::First,
        Action::AddTags => Deed::Add,
        Action::ReplaceText => Deed::Text,
        Action::SortCaptions => Deed::Sort,
        Action::DedupCaptions => Deed::Dedup,
        Action::CleanCaptions => Deed::Clean,
        Action::MarkTags => Deed::Mark,
        Action::DatasetOptions => Deed::Options,
        Action::DrawOptions => Deed::View(views::Deed::Draws),
        action if work_of(action).is_some() => Deed::View(views::Deed::Work(work_of(action)?)),
        Action::AskTagger => Deed::View(views::Deed::Tagger),
        Action::AcceptAll => Deed::View(views::Deed::Accept),
        Action::SearchTwins => Deed::View(views::Deed::Twins),
        Action::BucketSettings => Deed::View(views::Deed::Buckets),
        _ => return None,
    })
}

/// The work on pictures that an action begins.
fn work_of(action: Action) -> Option<views::work::Kind> {
    views::work::Kind::ALL.into_iter().find(|kind| kind.action() == action)
}

const fn heading(deed: Deed) -> Text {
    match deed {
        Deed::Remove => actions::REMOVE_TAGS,
        Deed::Keep => actions::KEEP_TAGS,
        Deed::Rename => actions::RENAME_TAG,
        Deed::Merge => actions::MERGE_TAGS,
        Deed::First => actions::TAGS_FIRST,
        Deed::Add => actions::ADD_TAGS,
        Deed::Text => actions::REPLACE_TEXT,
        Deed::Sort => actions::SORT_CAPTIONS,
        Deed::Dedup => actions::DEDUP_CAPTIONS,
        Deed::Clean => actions::CLEAN_CAPTIONS,
        Deed::Mark => actions::MARK_TAGS,
        Deed::Snapshot => words::NEW_SNAPSHOT,
        Deed::Query => words::SAVE_QUERY,
        // A view has a title of its own.
        Deed::Options | Deed::View(_) => words::OPTIONS,
    }
}

/// The title and the fields of a form. `tags` are those at hand.
pub fn open(deed: Deed, state: &State, tags: &[String], lang: Lang) -> (String, Form) {
    if let Deed::View(deed) = deed {
        return state.view_form(deed, lang);
    }
    let joined = tags.join(&format!("{} ", separator(state)));
    let first = tags.first().map_or("", String::as_str);
    let mut fields = match deed {
        Deed::Remove | Deed::Keep => which(&joined, lang),
        Deed::Rename => vec![
            written("from", words::FROM, words::FROM_HELP, first),
            written("to", words::TO, words::TO_HELP, first),
        ],
        Deed::Merge => vec![
            written("tags", words::MERGE_FROM, words::MERGE_FROM_HELP, &joined),
            written("to", words::MERGE_TO, words::MERGE_TO_HELP, ""),
            toggle("any", words::ANY, words::ANY_HELP, false),
        ],
        Deed::First => vec![written("tags", words::WHICH, words::WHICH_HELP, &joined)],
        Deed::Add => vec![
            written("tags", words::WHICH, words::WHICH_HELP, ""),
            choice("at", words::WHERE, words::WHERE_HELP, &[words::END, words::FRONT], lang),
        ],
        Deed::Text => vec![
            written("find", words::FIND, words::FIND_HELP, ""),
            written("with", words::WITH, words::WITH_HELP, ""),
            toggle("regex", words::IS_REGEX, words::IS_REGEX_HELP, false),
        ],
        Deed::Sort => vec![
            choice("by", words::BY, words::BY_HELP, &BYS.map(|(_, text)| text), lang),
            whole("keep", words::FIXED, words::FIXED_HELP, 0, 1000),
        ],
        Deed::Dedup | Deed::View(_) => Vec::new(),
        Deed::Clean => vec![toggle("underscores", words::UNDERSCORES, words::UNDERSCORES_HELP, true)],
        Deed::Mark => which("", lang),
        Deed::Options => {
            let options = state.kept().options();
            vec![
                written("extension", words::EXTENSION, words::EXTENSION_HELP, &options.extension),
                written("separator", words::SEPARATOR, words::SEPARATOR_HELP, &options.separator),
            ]
        }
        Deed::Snapshot => vec![written("name", words::SNAPSHOT_NAME, words::SNAPSHOT_NAME_HELP, "")],
        Deed::Query => vec![written("name", words::SNAPSHOT_NAME, words::QUERY_NAME_HELP, "")],
    };
    if !matches!(deed, Deed::Mark | Deed::Options | Deed::Snapshot | Deed::Query) {
        fields.push(places(state, lang));
        fields.push(toggle("force", words::FORCE, words::FORCE_HELP, false));
    }
    let title = lang.say(&heading(deed)).trim_end_matches('…').trim_end().to_owned();
    (title, Form::new(fields))
}

const BYS: [(By, Text); 4] = [
    (By::Name, words::BY_NAME),
    (By::Count, words::BY_COUNT),
    (By::Length, words::BY_LENGTH),
    (By::Reverse, words::REVERSED),
];

/// What a form that is done comes to.
///
/// # Errors
/// A sentence that says what is missing.
pub fn take(deed: Deed, form: &Form, state: &State, lang: Lang) -> Result<Taken, String> {
    let text = |id: &str| form.text(id).unwrap_or_default();
    let needs = |missing: &Text| Err(lang.say(missing).to_owned());
    let tags = || split(text("tags"), state);
    let edit = match deed {
        Deed::Remove => Edit::Remove {
            tags: which_of(form, state, lang)?,
        },
        Deed::Keep => Edit::Keep {
            tags: which_of(form, state, lang)?,
        },
        Deed::Mark => return which_of(form, state, lang).map(Taken::Mark),
        Deed::Rename if text("from").trim().is_empty() || text("to").trim().is_empty() => {
            return needs(&words::NEEDS_TAGS);
        }
        Deed::Rename => Edit::Replace {
            from: text("from").trim().to_owned(),
            to: text("to").trim().to_owned(),
        },
        Deed::Merge | Deed::First | Deed::Add if tags().is_empty() => return needs(&words::NEEDS_TAGS),
        Deed::Merge if text("to").trim().is_empty() => return needs(&words::NEEDS_TAGS),
        Deed::Merge => Edit::Merge {
            from: tags(),
            to: text("to").trim().to_owned(),
            any: form.toggle("any").unwrap_or_default(),
        },
        Deed::First => Edit::First { tags: tags() },
        Deed::Add => Edit::Add {
            tags: tags(),
            at: if selected(form, "at") == 1 { At::Front } else { At::End },
        },
        Deed::Text if text("find").is_empty() => return needs(&words::NEEDS_FIND),
        Deed::Text => {
            let regex = form.toggle("regex").unwrap_or_default();
            if let Some(wrong) = wrong_regex(text("find"), lang).filter(|_| regex) {
                return Err(wrong);
            }
            Edit::ReplaceText {
                find: text("find").to_owned(),
                regex,
                with: text("with").to_owned(),
            }
        }
        Deed::Sort => Edit::Sort {
            by: BYS.get(selected(form, "by")).map(|(by, _)| *by).unwrap_or_default(),
            keep: form
                .integer("keep")
                .and_then(|keep| usize::try_from(keep).ok())
                .unwrap_or_default(),
        },
        Deed::Dedup => Edit::Dedup,
        Deed::Clean => Edit::Clean {
            underscores: form.toggle("underscores").unwrap_or(true),
        },
        Deed::Options => {
            return Ok(Taken::Options {
                extension: text("extension").trim().to_owned(),
                separator: text("separator").to_owned(),
            });
        }
        Deed::Snapshot | Deed::Query if text("name").trim().is_empty() => return needs(&words::NEEDS_NAME),
        Deed::Snapshot => return Ok(Taken::Snapshot(text("name").trim().to_owned())),
        Deed::View(deed) => return state.read_view_form(deed, form, lang).map(Taken::View),
        Deed::Query if !is_name(text("name").trim()) => {
            return Err(SavedError::Name(text("name").trim().to_owned()).tell(lang));
        }
        Deed::Query => return Ok(Taken::Query(text("name").trim().to_owned())),
    };
    let place = places_of(state)
        .get(selected(form, "place"))
        .copied()
        .unwrap_or_default();
    Ok(Taken::Edit(edit, place, form.toggle("force").unwrap_or_default()))
}

/// Where an edit may be done: the narrowest choice that was made comes first.
fn places_of(state: &State) -> Vec<Place> {
    let mut places = Vec::new();
    if !state.marked().is_empty() {
        places.push(Place::Marked);
    }
    if state.is_narrowed() {
        places.push(Place::Shown);
    }
    places.push(Place::Whole);
    places
}

fn places(state: &State, lang: Lang) -> Field {
    let all = state.book().map_or(0, |book| book.len());
    let told = |place: Place| {
        let (told, n) = match place {
            Place::Whole => (words::WHOLE, all),
            Place::Shown => (words::SHOWN, state.count()),
            Place::Marked => (words::OF_MARKED, state.marked().len()),
        };
        lang.fill(&told, &[("n", &text::number(n as u64))])
    };
    let options = places_of(state).into_iter().map(told).collect();
    field(
        "place",
        words::PLACE,
        words::PLACE_HELP,
        Value::Choice { options, selected: 0 },
    )
}

/// The fields that choose tags.
fn which(tags: &str, lang: Lang) -> Vec<Field> {
    let mut categories = vec![words::NO_CATEGORY];
    categories.extend(CATEGORIES.map(title));
    vec![
        written("tags", words::WHICH, words::WHICH_HELP, tags),
        written("regex", words::REGEX, words::REGEX_HELP, ""),
        share("least", words::AT_LEAST, words::AT_LEAST_HELP),
        share("most", words::AT_MOST, words::AT_MOST_HELP),
        choice("category", words::CATEGORY, words::CATEGORY_HELP, &categories, lang),
    ]
}

fn which_of(form: &Form, state: &State, lang: Lang) -> Result<Which, String> {
    let regex = form.text("regex").unwrap_or_default().trim();
    if let Some(wrong) = wrong_regex(regex, lang) {
        return Err(wrong);
    }
    let percent = |id: &str| form.number(id).filter(|share| *share > 0.0).map(Threshold::Percent);
    let category = selected(form, "category")
        .checked_sub(1)
        .and_then(|at| CATEGORIES.get(at));
    let which = Which {
        tags: split(form.text("tags").unwrap_or_default(), state),
        regex: (!regex.is_empty()).then(|| regex.to_owned()),
        categories: category.copied().into_iter().collect(),
        at_least: percent("least"),
        at_most: percent("most"),
    };
    if which == Which::default() {
        return Err(lang.say(&words::NEEDS_TAGS).to_owned());
    }
    Ok(which)
}

/// Why a regular expression is none.
fn wrong_regex(regex: &str, lang: Lang) -> Option<String> {
    let error = regex::Regex::new(regex).err()?.to_string();
    let why = error.lines().last().unwrap_or_default().trim_start_matches("error: ");
    Some(lang.fill(&words::BAD_REGEX, &[("value", &regex), ("why", &why)]))
}

/// What stands between the tags of the dataset.
fn separator(state: &State) -> &str {
    state.book().map_or(",", |book| &book.set.options.separator)
}

/// The tags that were typed.
fn split(typed: &str, state: &State) -> Vec<String> {
    let separator = separator(state);
    let parts: Vec<&str> = if separator.is_empty() {
        vec![typed]
    } else {
        typed.split(separator).collect()
    };
    let tags = parts.into_iter().map(str::trim).filter(|tag| !tag.is_empty());
    tags.map(str::to_owned).collect()
}

fn field(id: &'static str, label: Text, help: Text, value: Value) -> Field {
    Field { id, label, help, value }
}

fn written(id: &'static str, label: Text, help: Text, value: &str) -> Field {
    field(id, label, help, Value::Text(value.to_owned()))
}

fn toggle(id: &'static str, label: Text, help: Text, on: bool) -> Field {
    field(id, label, help, Value::Toggle(on))
}

fn choice(id: &'static str, label: Text, help: Text, options: &[Text], lang: Lang) -> Field {
    let options = options.iter().map(|text| lang.say(text).to_owned()).collect();
    field(id, label, help, Value::Choice { options, selected: 0 })
}

fn whole(id: &'static str, label: Text, help: Text, value: i64, max: i64) -> Field {
    let value = Value::Integer {
        value,
        min: 0,
        max,
        step: 1,
        big_step: 5,
    };
    field(id, label, help, value)
}

fn share(id: &'static str, label: Text, help: Text) -> Field {
    let value = Value::Number {
        value: 0.0,
        min: 0.0,
        max: 100.0,
        step: 5.0,
        big_step: 20.0,
        decimals: 1,
    };
    field(id, label, help, value)
}

fn selected(form: &Form, id: &str) -> usize {
    match form.value(id) {
        Some(Value::Choice { selected, .. }) => *selected,
        _ => 0,
    }
}
