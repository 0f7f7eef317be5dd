//! What is told of a model, as lines: what it is, how it was trained, what lies beside it.
//!
//! [`parts`] says what there is to tell, in order; [`lines`] puts that into columns.

use ratatui::text::{Line, Span};

use super::entry::{Entry, family, short, size};
use crate::library::{Details, Sidecar};
use crate::ui::lang::{Lang, Text, browser};
use crate::ui::text;
use crate::ui::theme::{Lines, Role, Theme};
use crate::ui::widgets::gauge;
use crate::weights::about::{About, Format, Training};

/// Tags that are shown; the metadata has them all.
const TAGS: usize = 40;
/// Columns of a label, at most.
const LABEL: usize = 18;

/// Something told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// What is wrong.
    Trouble(String),
    /// What follows belongs together.
    Heading(Text),
    /// A value with its name.
    Pair(Text, String),
    /// A value whose name is data.
    Named(String, String),
    /// A text of several lines.
    Prose(String),
    /// How often a tag was met, and how often the most frequent one.
    Bar(String, u64, u64),
    /// Something of no weight.
    Dim(String),
}

/// Everything that there is to tell of a model. `hash_key` and `metadata_key` are the keys that do more.
pub fn parts(entry: &Entry, details: Option<&Details>, lang: Lang, hash_key: &str, metadata_key: &str) -> Vec<Part> {
    let mut all = Parts { all: Vec::new(), lang };
    let about = &*entry.card.about;
    if let Some(trouble) = &about.trouble {
        all.add(Part::Trouble(trouble.clone()));
    }
    all.what(entry, about);
    match details {
        Some(details) => {
            all.use_of(entry, details);
            all.sidecar(&details.sidecar, details.note.as_deref());
            all.base(entry, details);
            if let Some(training) = &details.training {
                all.training(training);
            }
        }
        None => all.add(Part::Dim(lang.say(&browser::NOT_HERE_YET).to_owned())),
    }
    all.file(entry, details, hash_key, metadata_key);
    if let Some(training) = details.and_then(|details| details.training.as_ref()) {
        all.tags(training);
    }
    all.all
}

struct Parts {
    all: Vec<Part>,
    lang: Lang,
}

impl Parts {
    fn add(&mut self, part: Part) {
        self.all.push(part);
    }

    fn pair(&mut self, label: Text, value: impl Into<String>) {
        let value = value.into();
        if !value.trim().is_empty() {
            self.all.push(Part::Pair(label, value));
        }
    }

    fn some(&mut self, label: Text, value: Option<impl ToString>) {
        if let Some(value) = value {
            self.pair(label, value.to_string());
        }
    }

    fn what(&mut self, entry: &Entry, about: &About) {
        let kind = self.lang.say(&entry.class.title()).to_owned();
        let known = !matches!(entry.class, super::class::Class::Other);
        self.pair(browser::KIND, if known { kind } else { about.what.clone() });
        self.pair(browser::FAMILY, about.family.as_deref().map_or("", family));
        let format = about.format.map(Format::name);
        let written = [format, about.dtype.as_deref()].into_iter().flatten();
        self.pair(browser::FORMAT, written.collect::<Vec<_>>().join(", "));
        let tensors = match about.tensors {
            0 => String::new(),
            n => format!(
                " · {}",
                self.lang.fill(&browser::TENSORS, &[("n", &text::number(n as u64))])
            ),
        };
        self.pair(browser::SIZE, format!("{}{tensors}", size(about.bytes)));
        self.network(about);
        if let Some(embedding) = &about.embedding {
            self.pair(browser::VECTORS, embedding.vectors.to_string());
            self.pair(browser::WIDTHS, joined(&embedding.widths, " + "));
            self.some(browser::NAME, embedding.name.as_ref());
            self.some(browser::STEPS, embedding.step);
        }
        if let Some(hypernetwork) = &about.hypernetwork {
            let layers: Vec<String> = hypernetwork.layers.iter().map(|layer| short(*layer)).collect();
            self.pair(browser::LAYERS, layers.join(", "));
            self.pair(browser::WIDTHS, joined(&hypernetwork.widths, ", "));
            self.some(browser::STEPS, hypernetwork.step);
        }
    }

    fn network(&mut self, about: &About) {
        let Some(network) = &about.network else { return };
        let mut types = network.types.clone();
        if network.dora {
            types.push("dora".to_owned());
        }
        self.pair(browser::TYPES, types.join(", "));
        self.pair(browser::DIM_ALPHA, rank(network.dim, network.alpha));
        self.pair(browser::CONV_DIM_ALPHA, rank(network.conv_dim, network.conv_alpha));
        let encoder = network.text_encoder.then(|| self.lang.say(&browser::TEXT_ENCODER));
        let unet = network.unet.then(|| self.lang.say(&browser::UNET));
        let both: Vec<_> = [encoder, unet].into_iter().flatten().collect();
        self.pair(browser::CHANGES, both.join(", "));
        self.pair(browser::MODULES, network.modules.to_string());
        self.pair(browser::BUNDLED, network.bundled.join(", "));
        if !network.blocks.is_empty() {
            self.add(Part::Heading(browser::BLOCKS));
            for block in &network.blocks {
                let alphas: Vec<String> = block.alphas.iter().map(|alpha| short(*alpha)).collect();
                let value = format!("{} / {}", joined(&block.dims, ", "), alphas.join(", "));
                self.add(Part::Named(block.name.clone(), value));
            }
        }
    }

    fn use_of(&mut self, entry: &Entry, details: &Details) {
        self.pair(browser::WORDS, details.words.join(", "));
        self.pair(browser::TAGS, entry.card.tags.join(", "));
    }

    fn sidecar(&mut self, sidecar: &Sidecar, note: Option<&str>) {
        self.some(browser::PREFERRED_WEIGHT, sidecar.preferred_weight.map(short));
        self.some(browser::ACTIVATION, sidecar.activation.as_ref());
        self.some(browser::NEGATIVE_TEXT, sidecar.negative.as_ref());
        self.some(browser::TITLE, sidecar.title.as_ref());
        let notes = sidecar.notes.as_deref().or(note);
        for (label, prose) in [
            (browser::NOTES, notes),
            (browser::DESCRIPTION, sidecar.description.as_deref()),
        ] {
            if let Some(prose) = prose.map(str::trim).filter(|prose| !prose.is_empty()) {
                self.add(Part::Heading(label));
                self.add(Part::Prose(prose.to_owned()));
            }
        }
        for trouble in &sidecar.trouble {
            self.add(Part::Trouble(trouble.clone()));
        }
    }

    fn base(&mut self, entry: &Entry, details: &Details) {
        let about = &entry.card.about;
        let told = details.training.as_ref().and_then(|training| training.base.as_ref());
        let named = told
            .and_then(|base| {
                base.name
                    .as_deref()
                    .or(base.sha256.as_deref())
                    .or(base.legacy.as_deref())
            })
            .or_else(|| about.network.as_ref().and_then(|network| network.trained_on.as_deref()))
            .or_else(|| {
                about
                    .embedding
                    .as_ref()
                    .and_then(|embedding| embedding.trained_on.as_deref())
            })
            .or_else(|| {
                about
                    .hypernetwork
                    .as_ref()
                    .and_then(|hypernetwork| hypernetwork.trained_on.as_deref())
            });
        let (sentence, name) = match (&details.base, named) {
            (Some(card), _) if details.base_sure => (browser::BASE_HERE, card.name.as_str()),
            (Some(card), _) => (browser::BASE_NAMED, card.name.as_str()),
            (None, Some(name)) => (browser::BASE_MISSING, name),
            (None, None) => {
                self.some(browser::BASE, details.sidecar.base_model.as_ref());
                return;
            }
        };
        self.pair(browser::BASE, self.lang.fill(&sentence, &[("name", &name)]));
    }

    fn training(&mut self, training: &Training) {
        let begin = self.all.len();
        self.some(browser::TITLE, training.title.as_ref());
        self.some(browser::AUTHOR, training.author.as_ref());
        self.some(browser::LICENSE, training.license.as_ref());
        self.some(browser::TRAINED, training.date.as_ref());
        self.some(browser::PICTURES, training.pictures);
        self.some(
            browser::REGULARISATION,
            training.regularisation.filter(|count| *count > 0),
        );
        let folders: Vec<String> = training
            .folders
            .iter()
            .map(|folder| {
                let values: [(&str, &dyn std::fmt::Display); 3] = [
                    ("repeats", &folder.repeats),
                    ("pictures", &folder.pictures),
                    ("name", &folder.name),
                ];
                self.lang.fill(&browser::FOLDER, &values)
            })
            .collect();
        self.pair(browser::FOLDERS, folders.join("\n"));
        self.some(browser::EPOCHS, training.epochs.map(of));
        self.some(browser::STEPS, training.steps.map(of));
        self.some(browser::BATCH, training.batch);
        self.some(
            browser::RESOLUTION,
            training.resolution.map(|(width, height)| format!("{width}×{height}")),
        );
        let bucket = |bucket: &crate::weights::about::training::Bucket| {
            format!("{}×{} ({})", bucket.width, bucket.height, bucket.pictures)
        };
        self.pair(
            browser::BUCKETS,
            training.buckets.iter().map(bucket).collect::<Vec<_>>().join(", "),
        );
        self.some(
            browser::DURATION,
            training.seconds.map(|seconds| text::duration(self.lang, seconds)),
        );
        let rates: Vec<String> = training
            .rates
            .iter()
            .map(|(what, rate)| format!("{what} {rate}"))
            .collect();
        self.pair(browser::RATES, rates.join(", "));
        self.some(browser::OPTIMIZER, training.optimizer.as_ref());
        self.some(browser::SCHEDULER, training.scheduler.as_ref());
        self.some(browser::CLIP_SKIP, training.clip_skip);
        self.some(browser::SEED, training.seed.as_ref());
        self.some(browser::MODULE, training.module.as_ref());
        let arguments: Vec<String> = training
            .arguments
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        self.pair(browser::ARGUMENTS, arguments.join(" "));
        self.some(browser::COMMENT, training.comment.as_ref());
        self.some(browser::DESCRIPTION, training.description.as_ref());
        if self.all.len() > begin {
            self.all.insert(begin, Part::Heading(browser::TRAINING));
        }
    }

    fn file(&mut self, entry: &Entry, details: Option<&Details>, hash_key: &str, metadata_key: &str) {
        let hashes = &entry.card.hashes;
        self.add(Part::Heading(browser::FILE));
        match &hashes.sha256 {
            Some(hash) => self.pair(browser::SHA256, hash),
            None => self.pair(
                browser::SHA256,
                self.lang.fill(&browser::NO_HASH, &[("key", &hash_key)]),
            ),
        }
        self.some(browser::LEGACY_HASH, hashes.legacy.as_ref());
        self.some(browser::NETWORK_HASH, hashes.network_short());
        self.pair(browser::PATH, entry.path().display().to_string());
        let count = details.map_or(0, |details| details.metadata.len());
        if count > 0 {
            let told: [(&str, &dyn std::fmt::Display); 2] = [("n", &count), ("key", &metadata_key)];
            self.pair(browser::METADATA, self.lang.fill(&browser::ENTRIES, &told));
        }
    }

    fn tags(&mut self, training: &Training) {
        let Some(most) = training.tags.first().map(|(_, count)| *count) else {
            return;
        };
        self.add(Part::Heading(browser::TAG_FREQUENCY));
        for (tag, count) in training.tags.iter().take(TAGS) {
            self.add(Part::Bar(tag.clone(), *count, most));
        }
        let more = training.tags.len().saturating_sub(TAGS);
        if more > 0 {
            let more = text::number(more as u64);
            self.add(Part::Dim(self.lang.fill(&browser::MORE_TAGS, &[("n", &more)])));
        }
    }
}

fn joined(numbers: &[usize], between: &str) -> String {
    numbers
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(between)
}

fn rank(dim: Option<usize>, alpha: Option<f64>) -> String {
    match (dim, alpha) {
        (Some(dim), Some(alpha)) => format!("{dim} / {}", short(alpha)),
        (Some(dim), None) => dim.to_string(),
        (None, _) => String::new(),
    }
}

fn of((done, all): (u64, Option<u64>)) -> String {
    match all {
        Some(all) if all != done => format!("{}/{}", text::number(done), text::number(all)),
        _ => text::number(done),
    }
}

/// The parts in lines of a width.
pub fn lines(parts: &[Part], lang: Lang, theme: &Theme, width: usize) -> Vec<Line<'static>> {
    let labels = parts.iter().filter_map(|part| match part {
        Part::Pair(label, _) => Some(text::width(lang.say(label))),
        _ => None,
    });
    let label = labels.max().unwrap_or(0).min(LABEL).min(width / 2);
    let columns = Columns { label, width, theme };
    let mut all = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        match part {
            Part::Trouble(words) => columns.prose(words, Role::Error, &mut all),
            Part::Heading(title) => {
                if index > 0 {
                    all.push(Line::default());
                }
                all.push(Line::styled(lang.say(title), theme.style(Role::Title)));
            }
            Part::Pair(label, value) => columns.pair(lang.say(label), value, &mut all),
            Part::Named(name, value) => columns.pair(name, value, &mut all),
            Part::Prose(words) => columns.prose(words, Role::Text, &mut all),
            Part::Bar(tag, count, most) => all.push(columns.bar(tag, *count, *most)),
            Part::Dim(words) => columns.prose(words, Role::Dim, &mut all),
        }
    }
    all
}

struct Columns<'a> {
    label: usize,
    width: usize,
    theme: &'a Theme,
}

impl Columns<'_> {
    fn pair(&self, label: &str, value: &str, all: &mut Vec<Line<'static>>) {
        let room = self.width.saturating_sub(self.label + 1).max(1);
        let value = text::safe_lines(value);
        let mut label = text::pad(&text::safe(label), self.label);
        for words in text::wrap(&value, room) {
            let spans = vec![
                Span::styled(std::mem::take(&mut label), self.theme.style(Role::Dim)),
                Span::styled(format!(" {words}"), self.theme.style(Role::Text)),
            ];
            all.push(Line::from(spans));
            label = " ".repeat(self.label);
        }
    }

    fn prose(&self, words: &str, role: Role, all: &mut Vec<Line<'static>>) {
        let words = text::safe_lines(words);
        let style = self.theme.style(role);
        let wrapped = text::wrap(&words, self.width.max(1));
        all.extend(wrapped.into_iter().map(|line| Line::styled(line.to_owned(), style)));
    }

    /// A tag, a bar as long as it is frequent, and how often it was met.
    fn bar(&self, tag: &str, count: u64, most: u64) -> Line<'static> {
        let number = text::number(count);
        let words = (self.width * 2 / 5).max(8).min(self.width);
        let room = self.width.saturating_sub(words + 2 + text::width(&number));
        let part = count as f64 / most.max(1) as f64;
        let filled = ((part * room as f64).round() as usize)
            .clamp(usize::from(room > 0), room.max(1))
            .min(room);
        let block = if self.theme.lines() == Lines::Ascii { "#" } else { "▇" };
        Line::from(vec![
            Span::styled(text::pad(&text::safe(tag), words), self.theme.style(Role::Text)),
            Span::raw(" "),
            Span::styled(block.repeat(filled), gauge::ink(self.theme, Role::ProgressDone)),
            Span::raw(if filled > 0 { " " } else { "" }),
            Span::styled(number, self.theme.style(Role::Dim)),
        ])
    }
}
