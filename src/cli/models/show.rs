//! `danlu models show`: a model for people, its facts first, then how it was trained and what lies beside it.

use std::sync::atomic::AtomicBool;

use danlu::library::{Card, Details};
use danlu::ui::lang::Lang;
use danlu::ui::text::{duration, number, pad, safe, safe_lines, width};
use danlu::weights::TensorFile;
use danlu::weights::about::{About, Training};

use super::describe::Description;
use super::list::rounded;
use super::{Bar, find, open, refreshed, size};
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::{print, print_json};

/// Tags that are shown with bars.
const TAGS: usize = 20;
/// Columns of the longest bar.
const BAR: usize = 24;
/// The longest value of metadata that is shown whole.
const VALUE: usize = 200;

pub(super) fn run(context: &Context, wanted: &str, json: bool) -> Result<(), Failure> {
    let mut library = open(context)?;
    if !std::path::Path::new(wanted).exists() || library.models().is_empty() {
        library = refreshed(context)?;
    }
    let mut card = find(context, &library, wanted)?;
    if card.about.trouble.is_some() && card.path.is_file() {
        // A file that cannot be read says here what is wrong with it, and what to do.
        TensorFile::open(&card.path)?;
    }
    if card.path.is_file() {
        let bar = Bar::new();
        let hashes = library.hash_watched(&card.path, &mut |progress| bar.show(progress), &AtomicBool::new(false));
        bar.end();
        card.hashes = hashes.map_err(|e| Failure::failed(format!("cannot read {}: {e}", card.path.display())))?;
    }
    let details = library.details(&card);
    if json {
        return print_json(&Description::of(&card).with_metadata(details.metadata));
    }
    print(page(&card, &details))
}

fn page(card: &Card, details: &Details) -> String {
    let parts = [
        facts(card),
        network(&card.about, details),
        details.training.as_ref().map(training).unwrap_or_default(),
        details
            .training
            .as_ref()
            .map(|training| tags(&training.tags))
            .unwrap_or_default(),
        beside(details),
        metadata(details),
    ];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("\n")
}

/// Lines `key: value`, in which a value of several lines stands indented below its key.
struct Facts(String);

impl Facts {
    fn new(title: &str) -> Self {
        Self(if title.is_empty() {
            String::new()
        } else {
            format!("[{title}]\n")
        })
    }

    fn say(&mut self, key: &str, value: impl AsRef<str>) {
        let value = value.as_ref().trim();
        if value.contains('\n') {
            let lines = safe_lines(value);
            self.0 += &format!("{key}:\n");
            for line in lines.lines() {
                self.0 += &format!("  {line}\n");
            }
        } else if !value.is_empty() {
            self.0 += &format!("{key}: {}\n", safe(value));
        }
    }

    fn maybe(&mut self, key: &str, value: Option<impl AsRef<str>>) {
        if let Some(value) = value {
            self.say(key, value);
        }
    }

    /// The lines, or nothing where there is a title only.
    fn done(self) -> String {
        if self.0.lines().count() > usize::from(self.0.starts_with('[')) {
            self.0
        } else {
            String::new()
        }
    }
}

fn facts(card: &Card) -> String {
    let (about, hashes) = (&card.about, &card.hashes);
    let mut facts = Facts::new("");
    facts.say("path", card.path.display().to_string());
    facts.say("kind", format!("{:?}", about.kind).to_lowercase());
    facts.maybe("family", about.family.as_deref());
    facts.maybe("format", about.format.map(danlu::weights::about::Format::name));
    facts.maybe("dtype", about.dtype.as_deref());
    facts.maybe("sha256", hashes.sha256.as_deref());
    facts.maybe("hash", hashes.short());
    facts.maybe("legacy_hash", hashes.legacy.as_deref());
    facts.say("what", &about.what);
    facts.say("size", size(about.bytes));
    facts.say("tensors", number(about.tensors as u64));
    facts.maybe("trouble", about.trouble.as_deref());
    if card.favourite {
        facts.say("favourite", "yes");
    }
    facts.say("tags", card.tags.join(", "));
    facts.done()
}

fn network(about: &About, details: &Details) -> String {
    let mut facts = Facts::new("network");
    if let Some(network) = &about.network {
        let types = network.types.join(", ") + if network.dora { " with DoRA" } else { "" };
        facts.say("types", types);
        facts.maybe("dim", network.dim.map(|dim| dim.to_string()));
        facts.maybe("alpha", network.alpha.map(rounded));
        facts.maybe("conv_dim", network.conv_dim.map(|dim| dim.to_string()));
        facts.maybe("conv_alpha", network.conv_alpha.map(rounded));
        facts.say("modules", network.modules.to_string());
        let parts = [(network.text_encoder, "text encoder"), (network.unet, "unet")];
        let parts: Vec<&str> = parts.iter().filter(|(has, _)| *has).map(|(_, part)| *part).collect();
        facts.say("changes", parts.join(", "));
        facts.say("bundled embeddings", network.bundled.join(", "));
        facts.maybe("alias", network.alias.as_deref());
        let blocks: Vec<String> = network.blocks.iter().map(block).collect();
        facts.say("blocks", blocks.join("\n"));
    }
    if let Some(embedding) = &about.embedding {
        facts.say("vectors", embedding.vectors.to_string());
        let widths: Vec<String> = embedding.widths.iter().map(ToString::to_string).collect();
        facts.say("widths", widths.join(" + "));
        facts.maybe("name", embedding.name.as_deref());
        facts.maybe("steps", embedding.step.map(number));
        facts.maybe("trained on", embedding.trained_on.as_deref());
    }
    if let Some(hypernetwork) = &about.hypernetwork {
        let widths: Vec<String> = hypernetwork.widths.iter().map(ToString::to_string).collect();
        facts.say("widths", widths.join(", "));
        let layers: Vec<String> = hypernetwork.layers.iter().map(|layer| rounded(*layer)).collect();
        facts.say("layers", layers.join(", "));
        facts.maybe("name", hypernetwork.name.as_deref());
        facts.maybe("steps", hypernetwork.step.map(number));
        facts.maybe("trained on", hypernetwork.trained_on.as_deref());
    }
    facts.say("trained words", details.words.join(", "));
    if let Some(base) = details.training.as_ref().and_then(|training| training.base.as_ref()) {
        let said = base
            .name
            .as_deref()
            .or(base.legacy.as_deref())
            .unwrap_or("an unnamed checkpoint");
        facts.say(
            "base model",
            match &details.base {
                Some(card) if details.base_sure => format!("{said}, here: {}", card.path.display()),
                Some(card) => format!("{said}, by its name: {}", card.path.display()),
                None => format!("{said}, which is not here"),
            },
        );
    }
    facts.done()
}

fn block(block: &danlu::weights::about::Block) -> String {
    let dims: Vec<String> = block.dims.iter().map(ToString::to_string).collect();
    let alphas: Vec<String> = block.alphas.iter().map(|alpha| rounded(*alpha)).collect();
    let alphas = if alphas.is_empty() {
        String::new()
    } else {
        format!("  alpha {}", alphas.join(", "))
    };
    format!("{}  dim {}{alphas}", pad(&block.name, 6), dims.join(", "))
}

fn training(training: &Training) -> String {
    let mut facts = Facts::new("training");
    facts.maybe("title", training.title.as_deref());
    facts.maybe("author", training.author.as_deref());
    facts.maybe("license", training.license.as_deref());
    facts.maybe("date", training.date.as_deref());
    facts.maybe("output name", training.output_name.as_deref());
    facts.maybe("pictures", training.pictures.map(number));
    facts.maybe("regularisation pictures", training.regularisation.map(number));
    let folders: Vec<String> = training
        .folders
        .iter()
        .map(|folder| format!("{}: {} x {}", folder.name, folder.pictures, folder.repeats))
        .collect();
    facts.say("folders", folders.join("\n"));
    facts.maybe(
        "resolution",
        training.resolution.map(|(width, height)| format!("{width}x{height}")),
    );
    let buckets: Vec<String> = training
        .buckets
        .iter()
        .take(8)
        .map(|bucket| format!("{}x{} ({})", bucket.width, bucket.height, bucket.pictures))
        .collect();
    facts.say("buckets", buckets.join(", "));
    let done = |(done, planned): (u64, Option<u64>)| match planned {
        Some(planned) if planned != done => format!("{} of {}", number(done), number(planned)),
        _ => number(done),
    };
    facts.maybe("epochs", training.epochs.map(done));
    facts.maybe("steps", training.steps.map(done));
    facts.maybe("batch", training.batch.map(number));
    facts.maybe("took", training.seconds.map(|seconds| duration(Lang::En, seconds)));
    facts.maybe("module", training.module.as_deref());
    let pairs = |pairs: &[(String, String)]| {
        let pairs: Vec<String> = pairs.iter().map(|(key, value)| format!("{key} {value}")).collect();
        pairs.join(", ")
    };
    facts.say("arguments", pairs(&training.arguments));
    facts.maybe("optimizer", training.optimizer.as_deref());
    facts.say("learning rate", pairs(&training.rates));
    facts.maybe("scheduler", training.scheduler.as_deref());
    facts.maybe("clip skip", training.clip_skip.map(|skip| skip.to_string()));
    facts.maybe("seed", training.seed.as_deref());
    facts.maybe("comment", training.comment.as_deref());
    facts.maybe("description", training.description.as_deref());
    facts.done()
}

/// The most frequent tags, each with a bar.
fn tags(tags: &[(String, u64)]) -> String {
    let shown = &tags[..tags.len().min(TAGS)];
    let most = shown.iter().map(|(_, count)| *count).max().unwrap_or_default();
    if most == 0 {
        return String::new();
    }
    let names: Vec<String> = shown.iter().map(|(tag, _)| safe(tag).into_owned()).collect();
    let widest = names.iter().map(|name| width(name)).max().unwrap_or_default().min(40);
    let mut text = format!("[tags, {} in all]\n", number(tags.len() as u64));
    for (name, (_, count)) in names.iter().zip(shown) {
        let columns = (*count as f64 / most as f64 * BAR as f64).ceil() as usize;
        let bar = "█".repeat(columns.clamp(1, BAR));
        text += &format!("{}  {} {}\n", pad(name, widest), pad(&bar, BAR), number(*count));
    }
    text
}

fn beside(details: &Details) -> String {
    let sidecar = &details.sidecar;
    let mut facts = Facts::new("beside the file");
    facts.maybe("title", sidecar.title.as_deref());
    facts.maybe("made for", sidecar.base_model.as_deref());
    facts.maybe("activation text", sidecar.activation.as_deref());
    facts.maybe("preferred weight", sidecar.preferred_weight.map(rounded));
    facts.maybe("negative text", sidecar.negative.as_deref());
    facts.say("trained words", sidecar.words.join(", "));
    facts.maybe(
        "preview",
        sidecar.preview.as_ref().map(|path| path.display().to_string()),
    );
    facts.maybe("notes", details.note.as_deref().or(sidecar.notes.as_deref()));
    facts.maybe("description", sidecar.description.as_deref());
    facts.say("trouble", sidecar.trouble.join("\n"));
    facts.done()
}

/// The header's own text, long values cut; `--json` has them whole.
fn metadata(details: &Details) -> String {
    let mut facts = Facts::new("metadata");
    for (key, value) in &details.metadata {
        let cut = value.char_indices().nth(VALUE).map(|(at, _)| at);
        let value = match cut {
            Some(at) => format!(
                "{}… ({} characters)",
                &value[..at],
                number(value.chars().count() as u64)
            ),
            None => value.clone(),
        };
        facts.say(&safe(key), value);
    }
    facts.done()
}
