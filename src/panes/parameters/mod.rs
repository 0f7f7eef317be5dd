//! The form of parameters: everything that decides a picture but its prompts.
//!
//! The form's values and the chosen model and VAE are the state; [`State::recipe`] makes a recipe of them, [`State::put`] takes one
//! back. Bounds are those of A1111's sliders or, where typing goes further, of [`Recipe::check`].

pub mod fields;

use std::path::{Path, PathBuf};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use self::fields::NOISE;
use crate::diffusion::Recipe;
use crate::diffusion::noise::NoiseSource;
use crate::diffusion::sampler::{SAMPLERS, SamplerKind};
use crate::diffusion::schedule::{SCHEDULES, Schedule};
use crate::keys::Action;
use crate::ui::lang::Lang;
use crate::ui::theme::Theme;
use crate::ui::widgets::form::{Drawn, Form, Message, Outcome, Value};
use crate::ui::widgets::input::Edit;

/// A model file by the name that people see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// A1111's name of it.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
}

/// The form, and what is chosen in lists.
#[derive(Debug)]
pub struct State {
    form: Form,
    model: Model,
    /// The size that the checkpoint was trained for, once its header was read.
    native: Option<[usize; 2]>,
    vae: Option<Model>,
}

impl State {
    /// A1111's defaults for a checkpoint.
    pub fn new(model: Model) -> Self {
        Self {
            form: Form::new(fields::all(&model.name)),
            model,
            native: None,
            vae: None,
        }
    }

    /// The checkpoint.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The VAE that takes the place of the checkpoint's.
    pub fn vae(&self) -> Option<&Model> {
        self.vae.as_ref()
    }

    /// The sampler.
    pub fn sampler(&self) -> SamplerKind {
        SAMPLERS
            .get(self.choice(fields::SAMPLER))
            .map_or(SamplerKind::default(), |info| info.kind)
    }

    /// The schedule.
    pub fn schedule(&self) -> Schedule {
        SCHEDULES
            .get(self.choice(fields::SCHEDULE))
            .map_or(Schedule::Automatic, |info| info.schedule)
    }

    /// The seed; `None` for a new one every time.
    pub fn seed(&self) -> Option<u64> {
        match self.form.value(fields::SEED) {
            Some(Value::Seed(seed)) => *seed,
            _ => None,
        }
    }

    /// Sets the seed.
    pub fn set_seed(&mut self, seed: Option<u64>) {
        self.form.put(fields::SEED, Value::Seed(seed));
    }

    /// Chooses a checkpoint. Its size is taken over once it is known, if the size is the old checkpoint's.
    pub fn set_model(&mut self, model: Model) {
        self.form.put(
            fields::MODEL,
            Value::Pick {
                shown: model.name.clone(),
            },
        );
        self.model = model;
    }

    /// Chooses a VAE, or the checkpoint's own.
    pub fn set_vae(&mut self, vae: Option<Model>) {
        let shown = vae
            .as_ref()
            .map_or_else(|| fields::OWN_VAE.to_owned(), |vae| vae.name.clone());
        self.form.put(fields::VAE, Value::Pick { shown });
        self.vae = vae;
    }

    /// Chooses a sampler.
    pub fn set_sampler(&mut self, sampler: SamplerKind) {
        self.choose(fields::SAMPLER, SAMPLERS.iter().position(|info| info.kind == sampler));
    }

    /// Chooses a schedule.
    pub fn set_schedule(&mut self, schedule: Schedule) {
        self.choose(
            fields::SCHEDULE,
            SCHEDULES.iter().position(|info| info.schedule == schedule),
        );
    }

    /// The size that a checkpoint was trained for is known. It is set where the user has not set another.
    pub fn know_size(&mut self, model: &Path, native: [usize; 2]) {
        if model != self.model.path {
            return;
        }
        let size = [self.whole(fields::WIDTH), self.whole(fields::HEIGHT)];
        if size == self.native.unwrap_or(fields::FIRST_SIZE) {
            self.set_size(native);
        }
        self.native = Some(native);
    }

    /// Turns the picture on its side.
    pub fn swap_size(&mut self) {
        self.set_size([self.whole(fields::HEIGHT), self.whole(fields::WIDTH)]);
    }

    /// The recipe that form, model and prompts make.
    pub fn recipe(&self, prompt: &str, negative: &str, seed: u64) -> Recipe {
        let size = [self.whole(fields::WIDTH), self.whole(fields::HEIGHT)];
        Recipe {
            prompt: prompt.to_owned(),
            negative_prompt: negative.to_owned(),
            vae: self.vae.as_ref().map(|vae| vae.path.clone()),
            sampler: self.sampler(),
            schedule: self.schedule(),
            steps: self.whole(fields::STEPS),
            cfg_scale: match self.form.value(fields::CFG) {
                Some(Value::Number { value, .. }) => *value,
                _ => 7.0,
            },
            seed,
            batch_size: self.whole(fields::BATCH_SIZE),
            batch_count: self.whole(fields::BATCH_COUNT),
            clip_skip: self.whole(fields::CLIP_SKIP),
            rng: NOISE
                .get(self.choice(fields::RNG))
                .map_or(NoiseSource::Nv, |(source, _)| *source),
            ensd: match self.form.value(fields::ENSD) {
                Some(Value::Integer { value, .. }) => *value,
                _ => 0,
            },
            ..Recipe::new(self.model.path.clone(), size)
        }
    }

    /// Takes a recipe into the form; `name` is what people call its checkpoint.
    pub fn put(&mut self, recipe: &Recipe, seed: Option<u64>, model: Model, vae: Option<Model>) {
        if model.path != self.model.path {
            self.native = None;
        }
        self.set_model(model);
        self.set_vae(vae);
        self.set_sampler(recipe.sampler);
        self.set_schedule(recipe.schedule);
        self.set_size([recipe.width, recipe.height]);
        for (id, number) in [
            (fields::STEPS, recipe.steps as i64),
            (fields::BATCH_SIZE, recipe.batch_size as i64),
            (fields::BATCH_COUNT, recipe.batch_count as i64),
            (fields::CLIP_SKIP, recipe.clip_skip as i64),
            (fields::ENSD, recipe.ensd),
        ] {
            self.set_whole(id, number);
        }
        self.form.change(fields::CFG, |value| {
            if let Value::Number { value, .. } = value {
                *value = recipe.cfg_scale;
            }
        });
        self.choose(fields::RNG, NOISE.iter().position(|(source, _)| *source == recipe.rng));
        self.set_seed(seed);
    }

    /// Sets where noise comes from.
    pub fn set_rng(&mut self, rng: NoiseSource) {
        self.choose(fields::RNG, NOISE.iter().position(|(source, _)| *source == rng));
    }

    /// The next source of noise.
    pub fn next_rng(&mut self) {
        self.choose(fields::RNG, Some((self.choice(fields::RNG) + 1) % NOISE.len()));
    }

    /// Whether a value is being typed.
    pub fn is_typing(&self) -> bool {
        self.form.editing().is_some()
    }

    /// Changes the form.
    ///
    /// # Errors
    /// A sentence that refuses what was typed; the old value stays.
    pub fn update(&mut self, message: Message, lang: Lang) -> Result<Outcome, String> {
        self.form.update(message, lang)
    }

    /// Draws the form.
    pub fn draw(&self, focused: bool, lang: Lang, theme: &Theme, inside: Rect, buffer: &mut Buffer) -> Drawn {
        self.form.draw(focused, lang, theme, inside, buffer)
    }

    /// What an action does in the form; `None` for one of somewhere else.
    pub fn message_of(&self, action: Action) -> Option<Message> {
        Some(match action {
            Action::SelectUp => Message::Up,
            Action::SelectDown => Message::Down,
            Action::Top | Action::PageUp => Message::Top,
            Action::Bottom | Action::PageDown => Message::Bottom,
            Action::Increase => Message::Increase { much: false },
            Action::Decrease => Message::Decrease { much: false },
            Action::IncreaseMuch => Message::Increase { much: true },
            Action::DecreaseMuch => Message::Decrease { much: true },
            Action::EditValue => Message::Edit,
            Action::Accept if self.is_typing() => Message::Accept,
            Action::Dismiss if self.is_typing() => Message::Dismiss,
            Action::Clear if self.is_typing() => Message::Type(Edit::Clear),
            _ => return None,
        })
    }

    fn set_size(&mut self, [width, height]: [usize; 2]) {
        self.set_whole(fields::WIDTH, width as i64);
        self.set_whole(fields::HEIGHT, height as i64);
    }

    fn set_whole(&mut self, id: &str, number: i64) {
        self.form.change(id, |value| {
            if let Value::Integer { value, .. } = value {
                *value = number;
            }
        });
    }

    fn whole(&self, id: &str) -> usize {
        match self.form.value(id) {
            Some(Value::Integer { value, .. }) => usize::try_from(*value).unwrap_or_default(),
            _ => 0,
        }
    }

    fn choice(&self, id: &str) -> usize {
        match self.form.value(id) {
            Some(Value::Choice { selected, .. }) => *selected,
            _ => 0,
        }
    }

    fn choose(&mut self, id: &str, option: Option<usize>) {
        self.form.change(id, |value| {
            if let (Value::Choice { selected, .. }, Some(option)) = (value, option) {
                *selected = option;
            }
        });
    }
}
