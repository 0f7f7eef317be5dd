//! The forms that act on models: what the user says of one, and the tasks of the workbench.
//!
//! [`open`] makes a form of the models at hand; [`super::tasks`] reads it when it is done.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::class::Class;
use super::entry::Entry;
use crate::library::Details;
use crate::ui::lang::{Lang, Text, browser, workbench as words};
use crate::ui::widgets::form::{Field, Form, Value};
use crate::weights::about::Format;
use crate::workbench::task::{Method, Naming, Precision, Prune};

/// What a form is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// What the user says of a model.
    Card,
    /// [`crate::workbench::Task::Convert`]
    Convert,
    /// [`crate::workbench::Task::Merge`]
    Merge,
    /// [`crate::workbench::Task::Bake`]
    Bake,
    /// [`crate::workbench::Task::Combine`]
    Combine,
    /// [`crate::workbench::Task::Resize`]
    Resize,
    /// [`crate::workbench::Task::Extract`]
    Extract,
    /// [`crate::workbench::Task::Edit`]
    Metadata,
}

/// A form's purpose, and the models that it is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Matter {
    /// What for.
    pub work: Work,
    /// Checkpoints, or the one model.
    pub models: Vec<PathBuf>,
    /// Networks of the LoRA family.
    pub networks: Vec<PathBuf>,
    /// VAEs.
    pub vaes: Vec<PathBuf>,
    /// The values of a metadata form before it was changed.
    pub(super) before: BTreeMap<String, String>,
}

/// The most networks that one form takes.
const MOST: usize = 8;
pub(super) const STRENGTHS: [(&str, Text); MOST] = [
    ("strength1", words::STRENGTH_1),
    ("strength2", words::STRENGTH_2),
    ("strength3", words::STRENGTH_3),
    ("strength4", words::STRENGTH_4),
    ("strength5", words::STRENGTH_5),
    ("strength6", words::STRENGTH_6),
    ("strength7", words::STRENGTH_7),
    ("strength8", words::STRENGTH_8),
];
pub(super) const PRECISIONS: [(&str, Precision); 5] = [
    ("keep", Precision::Keep),
    ("f32", Precision::F32),
    ("f16", Precision::F16),
    ("bf16", Precision::Bf16),
    ("f8", Precision::F8),
];
pub(super) const PRUNES: [(&str, Prune); 3] = [
    ("nothing", Prune::Nothing),
    ("training", Prune::Training),
    ("take-average", Prune::TakeAverage),
];
pub(super) const NAMINGS: [(&str, Naming); 3] = [
    ("usual", Naming::Usual),
    ("original", Naming::Original),
    ("diffusers", Naming::Diffusers),
];
pub(super) const METHODS: [Method; 3] = [Method::WeightedSum, Method::AddDifference, Method::Nothing];
const JOININGS: [&str; 3] = ["sum", "concat", "svd"];
const RULES: [&str; 4] = ["fixed", "sv_ratio", "sv_fro", "sv_cumulative"];
/// Keys of a header that the metadata form has a field for.
pub(super) const KEYS: [(&str, Text, Text); 5] = [
    ("modelspec.title", words::TITLE, words::TITLE_HELP),
    ("modelspec.author", words::AUTHOR, words::AUTHOR_HELP),
    ("modelspec.description", words::DESCRIPTION, words::DESCRIPTION_HELP),
    ("modelspec.trigger_phrase", words::TRIGGER, words::TRIGGER_HELP),
    ("ss_output_name", words::ALIAS, words::ALIAS_HELP),
];

/// A form for the models at hand, with its title. `current` is the checkpoint that is drawn with.
///
/// # Errors
/// The text that says which models have to be marked first.
pub fn open(
    work: Work,
    entries: &[&Entry],
    details: Option<&Details>,
    current: &Path,
    lang: Lang,
) -> Result<(Matter, String, Form), Text> {
    let mut entries: Vec<&Entry> = entries.to_vec();
    entries.sort_by(|a, b| a.key.cmp(&b.key));
    let of = |class: Class| -> Vec<PathBuf> {
        let some = entries.iter().filter(|entry| entry.class == class);
        some.map(|entry| entry.card.path.clone()).collect()
    };
    let mut matter = Matter {
        work,
        models: of(Class::Checkpoint),
        networks: of(Class::Network),
        vaes: of(Class::Vae),
        before: BTreeMap::new(),
    };
    let first = entries.first().ok_or(words::NEEDS_MODEL)?;
    let fields = match work {
        Work::Card => {
            matter.models = vec![first.card.path.clone()];
            card(first, details)
        }
        Work::Convert => {
            matter.models = vec![first.card.path.clone()];
            convert(first.path())
        }
        Work::Merge if (2..=3).contains(&matter.models.len()) => merge(&matter, lang),
        Work::Merge => return Err(words::NEEDS_CHECKPOINTS),
        Work::Bake => {
            if matter.networks.is_empty() || matter.networks.len() > MOST {
                return Err(words::NEEDS_NETWORK);
            }
            if matter.models.is_empty() {
                matter.models.push(current.to_owned());
            }
            bake(&matter)
        }
        Work::Combine if (2..=MOST).contains(&matter.networks.len()) => combine(&matter),
        Work::Combine => return Err(words::NEEDS_NETWORKS),
        Work::Resize => {
            let network = entries.iter().find(|entry| entry.class == Class::Network);
            let network = network.ok_or(words::NEEDS_NETWORK)?;
            matter.networks = vec![network.card.path.clone()];
            resize(network)
        }
        Work::Extract if matter.models.len() == 2 => extract(&matter),
        Work::Extract => return Err(words::NEEDS_TWO),
        Work::Metadata => {
            if first.card.about.format != Some(Format::Safetensors) {
                return Err(words::NEEDS_SAFETENSORS);
            }
            matter.models = vec![first.card.path.clone()];
            matter.before = details.map(|details| details.metadata.clone()).unwrap_or_default();
            metadata(&matter)
        }
    };
    let name = match work {
        Work::Bake => matter.models.first().map(|path| name_of(path)).unwrap_or_default(),
        Work::Resize => matter.networks.first().map(|path| name_of(path)).unwrap_or_default(),
        _ => first.stem().to_owned(),
    };
    let title = match work {
        Work::Card => words::FILE_TITLE,
        Work::Convert => words::CONVERT,
        Work::Merge => words::MERGE,
        Work::Bake => words::BAKE,
        Work::Combine => words::COMBINE,
        Work::Resize => words::RESIZE,
        Work::Extract => words::EXTRACT,
        Work::Metadata => words::METADATA,
    };
    Ok((matter, lang.fill(&title, &[("name", &name)]), Form::new(fields)))
}

fn name_of(path: &Path) -> String {
    path.file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned()
}

fn names(paths: &[PathBuf]) -> Vec<String> {
    paths.iter().map(|path| name_of(path)).collect()
}

fn field(id: &'static str, label: Text, help: Text, value: Value) -> Field {
    Field { id, label, help, value }
}

fn written(id: &'static str, label: Text, help: Text, value: &str) -> Field {
    field(id, label, help, Value::Text(value.to_owned()))
}

fn choice<S: Into<String>>(
    id: &'static str,
    label: Text,
    help: Text,
    options: impl IntoIterator<Item = S>,
    selected: usize,
) -> Field {
    let options = options.into_iter().map(Into::into).collect();
    field(id, label, help, Value::Choice { options, selected })
}

fn number(id: &'static str, label: Text, help: Text, value: f64, [min, max]: [f64; 2], decimals: usize) -> Field {
    let value = Value::Number {
        value,
        min,
        max,
        step: 0.05,
        big_step: 0.25,
        decimals,
    };
    field(id, label, help, value)
}

fn dim(id: &'static str, label: Text, help: Text, value: i64, min: i64) -> Field {
    let value = Value::Integer {
        value,
        min,
        max: 4096,
        step: 4,
        big_step: 32,
    };
    field(id, label, help, value)
}

/// The fields that end every form of the workbench. `beside` is an input, in whose folder the result goes.
fn target(beside: &Path, mark: &str) -> [Field; 3] {
    let folder = beside.parent().unwrap_or(Path::new("/"));
    let stem = beside.file_stem().unwrap_or_default().to_string_lossy();
    let output = folder.join(format!("{stem}{mark}.safetensors"));
    [
        choice(
            "precision",
            words::PRECISION,
            words::PRECISION_HELP,
            PRECISIONS.map(|(name, _)| name),
            0,
        ),
        written("output", words::OUTPUT, words::OUTPUT_HELP, &output.to_string_lossy()),
        field(
            "overwrite",
            words::OVERWRITE,
            words::OVERWRITE_HELP,
            Value::Toggle(false),
        ),
    ]
}

pub(super) fn card(entry: &Entry, details: Option<&Details>) -> Vec<Field> {
    let sidecar = details.map(|details| &details.sidecar);
    let text = |value: Option<&String>| value.cloned().unwrap_or_default();
    let weight = sidecar.and_then(|sidecar| sidecar.preferred_weight).unwrap_or(0.0);
    let mut fields = Vec::new();
    if entry.class == Class::Network {
        let activation = text(sidecar.and_then(|sidecar| sidecar.activation.as_ref()));
        let negative = text(sidecar.and_then(|sidecar| sidecar.negative.as_ref()));
        fields.extend([
            number(
                "weight",
                browser::PREFERRED_WEIGHT,
                browser::WEIGHT_HELP,
                weight,
                [-10.0, 10.0],
                2,
            ),
            written("activation", browser::ACTIVATION, browser::ACTIVATION_HELP, &activation),
            written("negative", browser::NEGATIVE_TEXT, browser::NEGATIVE_HELP, &negative),
        ]);
    }
    let description = text(sidecar.and_then(|sidecar| sidecar.description.as_ref()));
    fields.extend([
        written(
            "description",
            browser::DESCRIPTION,
            browser::DESCRIPTION_HELP,
            &description,
        ),
        written("tags", browser::TAGS, browser::TAGS_HELP, &entry.card.tags.join(", ")),
    ]);
    fields
}

fn convert(input: &Path) -> Vec<Field> {
    let mut fields = vec![
        choice(
            "prune",
            words::PRUNE,
            words::PRUNE_HELP,
            PRUNES.map(|(name, _)| name),
            0,
        ),
        choice(
            "naming",
            words::NAMING,
            words::NAMING_HELP,
            NAMINGS.map(|(name, _)| name),
            0,
        ),
    ];
    fields.extend(target(input, "-converted"));
    fields
}

fn merge(matter: &Matter, lang: Lang) -> Vec<Field> {
    let models = names(&matter.models);
    let none = lang.say(&words::NONE).to_owned();
    let optional: Vec<String> = [none.clone()].into_iter().chain(models.clone()).collect();
    let third = if matter.models.len() > 2 { 3 } else { 0 };
    let vaes = [none].into_iter().chain(names(&matter.vaes));
    let mut fields = vec![
        choice("a", words::A, words::A_HELP, models.clone(), 0),
        choice("b", words::B, words::B_HELP, models, 1),
        choice("c", words::C, words::C_HELP, optional, third),
        choice(
            "method",
            words::METHOD,
            words::METHOD_HELP,
            METHODS.map(Method::label),
            usize::from(third > 0),
        ),
        number(
            "multiplier",
            words::MULTIPLIER,
            words::MULTIPLIER_HELP,
            0.3,
            [-2.0, 2.0],
            3,
        ),
        written("blocks", words::BLOCKS, words::BLOCKS_HELP, ""),
        choice(
            "vae",
            words::VAE,
            words::VAE_HELP,
            vaes,
            usize::from(!matter.vaes.is_empty()),
        ),
        written("discard", words::DISCARD, words::DISCARD_HELP, ""),
        field(
            "copy",
            words::COPY_METADATA,
            words::COPY_METADATA_HELP,
            Value::Toggle(true),
        ),
        field("record", words::RECORD, words::RECORD_HELP, Value::Toggle(true)),
    ];
    fields.extend(target(&matter.models[0], "-merged"));
    fields
}

fn strengths(matter: &Matter) -> Vec<Field> {
    let shown = names(&matter.networks).join(", ");
    let mut fields = vec![field(
        "networks",
        words::NETWORKS,
        words::NETWORKS_HELP,
        Value::Pick { shown },
    )];
    let rows = STRENGTHS.iter().take(matter.networks.len());
    fields.extend(rows.map(|(id, label)| number(id, *label, words::STRENGTH_HELP, 1.0, [-10.0, 10.0], 2)));
    fields
}

fn bake(matter: &Matter) -> Vec<Field> {
    let mut fields = vec![choice(
        "model",
        words::MODEL,
        words::MODEL_HELP,
        names(&matter.models),
        0,
    )];
    fields.extend(strengths(matter));
    fields.extend(target(&matter.models[0], "-baked"));
    fields
}

fn combine(matter: &Matter) -> Vec<Field> {
    let mut fields = vec![
        choice("joining", words::JOINING, words::JOINING_HELP, JOININGS, 2),
        dim("rank", words::RANK, words::RANK_HELP, 32, 1),
        dim("conv", words::CONV_RANK, words::CONV_RANK_HELP, 0, 0),
    ];
    fields.extend(strengths(matter));
    fields.extend(target(&matter.networks[0], "-combined"));
    fields
}

fn resize(entry: &Entry) -> Vec<Field> {
    let now = entry
        .card
        .about
        .network
        .as_ref()
        .and_then(|network| network.dim)
        .unwrap_or(64);
    let half = (now as i64 / 2).max(1);
    let mut fields = vec![
        dim("rank", words::RANK, words::RANK_HELP, half, 1),
        dim("conv", words::CONV_RANK, words::CONV_RANK_HELP, 0, 0),
        choice("rule", words::RULE, words::RULE_HELP, RULES, 0),
        number("value", words::VALUE, words::VALUE_HELP, 0.9, [0.0, 10_000.0], 3),
    ];
    fields.extend(target(entry.path(), &format!("-dim{half}")));
    fields
}

fn extract(matter: &Matter) -> Vec<Field> {
    let models = names(&matter.models);
    let mut fields = vec![
        choice("original", words::ORIGINAL, words::ORIGINAL_HELP, models.clone(), 0),
        choice("tuned", words::TUNED, words::TUNED_HELP, models, 1),
        dim("rank", words::RANK, words::RANK_HELP, 64, 1),
        dim("conv", words::CONV_RANK, words::CONV_RANK_HELP, 0, 0),
    ];
    fields.extend(target(&matter.models[1], "-lora"));
    fields
}

fn metadata(matter: &Matter) -> Vec<Field> {
    let value = |key: &str| matter.before.get(key).cloned().unwrap_or_default();
    let mut fields: Vec<Field> = KEYS
        .iter()
        .map(|(key, label, help)| written(key, *label, *help, &value(key)))
        .collect();
    let output = matter.models[0].to_string_lossy().into_owned();
    fields.extend([
        written("key", words::KEY, words::KEY_HELP, ""),
        written("key-value", words::KEY_VALUE, words::KEY_VALUE_HELP, ""),
        field("rehash", words::REHASH, words::REHASH_HELP, Value::Toggle(false)),
        written("output", words::OUTPUT, words::OUTPUT_HELP, &output),
        field(
            "overwrite",
            words::OVERWRITE,
            words::OVERWRITE_HELP,
            Value::Toggle(true),
        ),
    ]);
    fields
}
