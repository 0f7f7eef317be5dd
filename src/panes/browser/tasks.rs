//! From a form back to what it means: what the user says of a model, or a task of the workbench.
//!
//! Whether a task can be done, the workbench says when its turn comes; here only what cannot be meant is refused.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::entry::Entry;
use super::forms::{KEYS, METHODS, Matter, NAMINGS, PRECISIONS, PRUNES, STRENGTHS, Work, card};
use crate::library::{Details, sidecar};
use crate::ui::lang::{Lang, workbench as words};
use crate::ui::widgets::form::{Form, Value};
use crate::workbench::Task;
use crate::workbench::task::{
    Bake, Combine, ConfigSource, Convert, Edit, Extract, Joining, Merge, Method, Resize, Rule, Share, Strength, Target,
};

impl Matter {
    /// What the user says of a model now, and its tags, as far as they are others than before.
    pub fn edit(&self, form: &Form, entry: &Entry, details: Option<&Details>) -> (sidecar::Edit, Option<Vec<String>>) {
        let before = Form::new(card(entry, details));
        let text = |id: &str| {
            let (now, then) = (form.text(id)?, before.text(id)?);
            (now != then).then(|| now.trim().to_owned())
        };
        let weight = form
            .number("weight")
            .filter(|weight| before.number("weight") != Some(*weight));
        let tags = text("tags").map(|tags| {
            let mut tags: Vec<String> = tags
                .split([',', ',', '、'])
                .map(|tag| tag.trim().to_owned())
                .filter(|tag| !tag.is_empty())
                .collect();
            tags.sort();
            tags.dedup();
            tags
        });
        let edit = sidecar::Edit {
            description: text("description"),
            activation: text("activation"),
            preferred_weight: weight,
            negative: text("negative"),
            ..sidecar::Edit::default()
        };
        (edit, tags)
    }

    /// The task that a form describes.
    ///
    /// # Errors
    /// A sentence that says which value cannot be meant.
    pub fn task(&self, form: &Form, lang: Lang) -> Result<Task, String> {
        let task = match self.work {
            Work::Card | Work::Convert => Task::Convert(Convert {
                input: self.models[0].clone(),
                prune: chosen(form, "prune", &PRUNES),
                naming: chosen(form, "naming", &NAMINGS),
                output: target_of(form),
            }),
            Work::Merge => Task::Merge(self.merge(form, lang)?),
            Work::Bake => Task::Bake(Bake {
                model: self.model(form, "model"),
                networks: self.each(form, |path, strength| Strength {
                    path,
                    te: strength,
                    unet: strength,
                }),
                output: target_of(form),
            }),
            Work::Combine => Task::Combine(Combine {
                networks: self.each(form, |path, ratio| Share { path, ratio }),
                joining: match selected(form, "joining") {
                    0 => Joining::Sum,
                    1 => Joining::Concat,
                    _ => Joining::Svd {
                        rank: whole(form, "rank"),
                        conv_rank: some(form, "conv"),
                    },
                },
                output: target_of(form),
            }),
            Work::Resize => Task::Resize(Resize {
                input: self.networks[0].clone(),
                rank: whole(form, "rank"),
                conv_rank: some(form, "conv"),
                rule: rule(form),
                output: target_of(form),
            }),
            Work::Extract => Task::Extract(Extract {
                original: self.model(form, "original"),
                tuned: self.model(form, "tuned"),
                rank: whole(form, "rank"),
                conv_rank: some(form, "conv"),
                clamp: 0.99,
                least_difference: 0.01,
                output: target_of(form),
            }),
            Work::Metadata => Task::Edit(self.metadata(form)),
        };
        let output = task.output();
        let told = output.display();
        if !output.is_absolute() || output.file_name().is_none() {
            return Err(lang.fill(&words::NEEDS_OUTPUT, &[("value", &told)]));
        }
        if self.work != Work::Metadata && task.inputs().contains(&output) {
            return Err(lang.fill(&words::SAME_AS_INPUT, &[("value", &told)]));
        }
        Ok(task)
    }

    fn model(&self, form: &Form, id: &str) -> PathBuf {
        self.models[selected(form, id).min(self.models.len() - 1)].clone()
    }

    fn each<T>(&self, form: &Form, make: impl Fn(PathBuf, f64) -> T) -> Vec<T> {
        let strengths = STRENGTHS.iter().map(|(id, _)| form.number(id).unwrap_or(1.0));
        let networks = self.networks.iter().cloned().zip(strengths);
        networks.map(|(path, strength)| make(path, strength)).collect()
    }

    fn merge(&self, form: &Form, lang: Lang) -> Result<Merge, String> {
        let method = METHODS[selected(form, "method").min(METHODS.len() - 1)];
        let third = selected(form, "c").checked_sub(1).and_then(|at| self.models.get(at));
        let vae = selected(form, "vae").checked_sub(1).and_then(|at| self.vaes.get(at));
        let typed = form.text("blocks").unwrap_or_default();
        let blocks = typed.split([',', ',']).map(str::trim).filter(|word| !word.is_empty());
        let blocks: Result<Vec<f64>, _> = blocks.map(|word| word.parse::<f64>().map_err(|_| word)).collect();
        let blocks = blocks.map_err(|word| lang.fill(&words::BAD_BLOCKS, &[("value", &word)]))?;
        Ok(Merge {
            a: self.model(form, "a"),
            b: (method != Method::Nothing).then(|| self.model(form, "b")),
            c: third.filter(|_| method == Method::AddDifference).cloned(),
            method,
            multiplier: form.number("multiplier").unwrap_or(0.5),
            blocks,
            vae: vae.cloned(),
            discard: form.text("discard").unwrap_or_default().to_owned(),
            config: ConfigSource::Any,
            copy_metadata: form.toggle("copy").unwrap_or(true),
            record: form.toggle("record").unwrap_or(true),
            metadata: BTreeMap::new(),
            output: target_of(form),
        })
    }

    fn metadata(&self, form: &Form) -> Edit {
        let mut set = BTreeMap::new();
        let mut unset = Vec::new();
        let mut put = |key: &str, value: &str| {
            if self.before.get(key).map_or("", String::as_str) == value {
                return;
            }
            if value.is_empty() {
                unset.push(key.to_owned());
            } else {
                set.insert(key.to_owned(), value.to_owned());
            }
        };
        for (key, ..) in KEYS {
            put(key, form.text(key).unwrap_or_default());
        }
        let other = form.text("key").unwrap_or_default().trim();
        if !other.is_empty() {
            put(other, form.text("key-value").unwrap_or_default());
        }
        Edit {
            input: self.models[0].clone(),
            set,
            unset,
            rehash: form.toggle("rehash").unwrap_or_default(),
            output: PathBuf::from(form.text("output").unwrap_or_default().trim()),
            overwrite: form.toggle("overwrite").unwrap_or_default(),
        }
    }
}

fn target_of(form: &Form) -> Target {
    Target {
        path: PathBuf::from(form.text("output").unwrap_or_default().trim()),
        container: None,
        precision: chosen(form, "precision", &PRECISIONS),
        overwrite: form.toggle("overwrite").unwrap_or_default(),
    }
}

fn selected(form: &Form, id: &str) -> usize {
    match form.value(id) {
        Some(Value::Choice { selected, .. }) => *selected,
        _ => 0,
    }
}

fn chosen<T: Copy + Default>(form: &Form, id: &str, all: &[(&str, T)]) -> T {
    all.get(selected(form, id)).map(|(_, value)| *value).unwrap_or_default()
}

fn whole(form: &Form, id: &str) -> usize {
    form.integer(id)
        .and_then(|value| usize::try_from(value).ok())
        .unwrap_or(1)
}

/// A number that 0 leaves out.
fn some(form: &Form, id: &str) -> Option<usize> {
    let value = form.integer(id).and_then(|value| usize::try_from(value).ok());
    value.filter(|value| *value > 0)
}

fn rule(form: &Form) -> Rule {
    let value = form.number("value").unwrap_or(0.9);
    match selected(form, "rule") {
        1 => Rule::SvRatio(value),
        2 => Rule::SvFro(value),
        3 => Rule::SvCumulative(value),
        _ => Rule::Fixed,
    }
}
