//! The forms of these views: what they begin with, what they come to, and what is done then.

use std::path::PathBuf;
use std::sync::Arc;

use super::talk::Ask;
use super::work::{self, Errand, Kind};
use super::{crops, options, proposals, truth, twins};
use crate::panes::dataset::State;
use crate::panes::dataset::above::{self, Above};
use crate::panes::dataset::forms::Place;
use crate::panes::dataset::talk;
use crate::ui::lang::{Lang, dataset, truth as words, work as done};
use crate::ui::widgets::form::Form;

/// The forms of these views.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// What happens to captions.
    Draws,
    /// The buckets.
    Buckets,
    /// How near is near.
    Twins,
    /// A tagger's job.
    Tagger,
    /// From which confidence on proposals are taken.
    Accept,
    /// Something that is done to pictures.
    Work(Kind),
}

/// What a form comes to.
#[derive(Clone, Debug, PartialEq)]
pub enum Taken {
    /// What happens to captions.
    Draws(Box<truth::form::Taken>),
    /// The buckets; none for those of the file.
    Buckets(Option<crate::data::buckets::Settings>),
    /// A tagger's job for these pictures.
    Tagger(Box<proposals::form::Settings>, Arc<[usize]>),
    /// Proposals are taken so.
    Accept(Box<proposals::form::Settings>),
    /// What to look for among these pictures.
    Twins(twins::form::Settings, Arc<[usize]>),
    /// Something that is done to these pictures, with what it is for the log.
    Work(Errand, Arc<[usize]>, String),
}

impl State {
    /// The places that pictures may be chosen from, the narrowest choice that was made first; none for the one under the cursor.
    fn picture_places(&self) -> Vec<Option<Place>> {
        let marked = (!self.marked().is_empty()).then_some(Some(Place::Marked));
        let shown = self.is_narrowed().then_some(Some(Place::Shown));
        marked
            .into_iter()
            .chain(shown)
            .chain([Some(Place::Whole), None])
            .collect()
    }

    fn which_field(&self, lang: Lang) -> crate::ui::widgets::form::Field {
        let told = |place: &Option<Place>| {
            let (told, n) = match place {
                Some(Place::Whole) => (dataset::WHOLE, self.book().map_or(0, |book| book.len())),
                Some(Place::Shown) => (dataset::SHOWN, self.count()),
                Some(Place::Marked) => (dataset::OF_MARKED, self.marked().len()),
                None => (done::THIS_ONE, 1),
            };
            lang.fill(&told, &[("n", &crate::ui::text::number(n as u64))])
        };
        let options = self.picture_places().iter().map(told).collect();
        super::fields::choice("which", done::WHICH, done::WHICH_HELP, options, 0)
    }

    /// The pictures of a choice.
    fn which(&self, choice: usize) -> Arc<[usize]> {
        match self.picture_places().get(choice).copied().flatten() {
            Some(place) => self.pictures_of(place),
            None => self.picture().into_iter().collect(),
        }
    }

    /// The title and the fields of a form.
    pub fn view_form(&self, deed: Deed, lang: Lang) -> (String, Form) {
        let rules = self.folder().map(|folder| folder.rules.clone()).unwrap_or_default();
        match deed {
            Deed::Draws => {
                let file = self
                    .views
                    .file()
                    .map(|file| file.to_string_lossy().into_owned())
                    .unwrap_or_default();
                let form = truth::form::open(self.views.truth.settings(), &rules, &file);
                (lang.say(&words::FORM).to_owned(), form)
            }
            Deed::Buckets => {
                let dataset = self.folder().map_or(0, |folder| folder.dataset);
                let options = self.views.options.clone().unwrap_or_default();
                let form = crops::form::open(&self.views.crops.settings(&options, dataset));
                (lang.say(&words::BUCKETS_FORM).to_owned(), form)
            }
            Deed::Tagger => {
                let proposals = &self.views.proposals;
                let taggers = proposals.taggers.clone().unwrap_or_default();
                let mut fields = vec![self.which_field(lang)];
                fields.extend(proposals::form::open(&proposals.settings, &taggers, lang));
                (
                    lang.say(&crate::ui::lang::proposals::FORM).to_owned(),
                    Form::new(fields),
                )
            }
            Deed::Accept => {
                let fields = proposals::form::open_accept(&self.views.proposals.settings, lang);
                (
                    lang.say(&crate::ui::lang::proposals::ACCEPT).to_owned(),
                    Form::new(fields),
                )
            }
            Deed::Twins => {
                let mut fields = vec![self.which_field(lang)];
                fields.extend(twins::form::open(&self.views.twins.settings));
                (lang.say(&crate::ui::lang::twins::FORM).to_owned(), Form::new(fields))
            }
            Deed::Work(kind) => {
                let dataset = self.folder().map_or(0, |folder| folder.dataset);
                let options = self.views.options.clone().unwrap_or_default();
                let size = self.views.crops.settings(&options, dataset).resolution;
                let mut fields = vec![self.which_field(lang)];
                fields.extend(work::form::open(kind, size, lang));
                (lang.say(&kind.title()).to_owned(), Form::new(fields))
            }
        }
    }

    /// What a form comes to.
    ///
    /// # Errors
    /// A sentence that says what cannot be.
    pub fn read_view_form(&self, deed: Deed, form: &Form, lang: Lang) -> Result<Taken, String> {
        let rules = self.folder().map(|folder| folder.rules.clone()).unwrap_or_default();
        match deed {
            Deed::Draws => truth::form::take(form, &rules, lang).map(|taken| Taken::Draws(Box::new(taken))),
            Deed::Buckets => crops::form::take(form, lang).map(Taken::Buckets),
            Deed::Tagger => {
                let proposals = &self.views.proposals;
                let taggers = proposals.taggers.clone().unwrap_or_default();
                let settings = proposals::form::take(form, &proposals.settings, &taggers, lang)?;
                let pictures = self.which(super::fields::picked(form, "which"));
                Ok(Taken::Tagger(Box::new(settings), pictures))
            }
            Deed::Accept => {
                let settings = proposals::form::take_accept(form, &self.views.proposals.settings);
                Ok(Taken::Accept(Box::new(settings)))
            }
            Deed::Twins => {
                let pictures = self.which(super::fields::picked(form, "which"));
                Ok(Taken::Twins(twins::form::take(form), pictures))
            }
            Deed::Work(kind) => {
                let Some(book) = self.book() else {
                    return Err(String::new());
                };
                let beside = book.set.root.parent().unwrap_or(&book.set.root);
                let errand = work::form::take(kind, form, beside, lang)?;
                let pictures = self.which(super::fields::picked(form, "which"));
                // The log is read by the shell as well, which speaks English.
                let what = format!("{} ({})", Lang::En.say(&kind.title()).to_lowercase(), pictures.len());
                Ok(Taken::Work(errand, pictures, what))
            }
        }
    }

    /// Takes what was set in a form.
    pub fn take_view_form(&mut self, taken: Taken) {
        match taken {
            Taken::Draws(taken) => {
                let truth::form::Taken { settings, file } = *taken;
                self.views.truth.set(settings);
                let file = (!file.is_empty()).then(|| PathBuf::from(file));
                if file != self.views.file {
                    self.views.file = file;
                    self.views.options = None;
                    self.views.asked.options = false;
                }
            }
            Taken::Tagger(settings, pictures) => self.begin_job(*settings, &pictures),
            Taken::Accept(settings) => {
                self.views.proposals.settings = *settings;
                if let Some(book) = self.book().cloned() {
                    self.write_caption();
                    let what = format!("auto ({})", self.views.proposals.len());
                    let sheet = self.views.proposals.sheet(&book.set, None, what);
                    if !sheet.leaves.is_empty() || !sheet.refused.is_empty() {
                        self.above = Some(Above::Review(above::Review::new(Arc::new(sheet))));
                    }
                }
            }
            Taken::Twins(settings, pictures) => {
                if let Some(book) = self.book().cloned() {
                    self.views.twins.begin(settings);
                    self.ask(talk::Ask::View(Ask::Twins {
                        book,
                        pictures,
                        settings,
                    }));
                }
            }
            Taken::Work(errand, pictures, what) => {
                if let Some(book) = self.book().cloned() {
                    self.write_caption();
                    self.ask(talk::Ask::View(Ask::Plan {
                        book,
                        pictures,
                        errand,
                        what,
                    }));
                }
            }
            Taken::Buckets(settings) => {
                let dataset = self.folder().map_or(0, |folder| folder.dataset);
                let options = self.views.options.clone().unwrap_or_default();
                self.views.crops.choose(&options, dataset, settings);
                let crops = &self.views.crops;
                let of = |folder: &Option<options::Folder>| Some(crops.settings(&options, folder.as_ref()?.dataset));
                let folders = options.folders.iter().map(of).collect();
                self.ask(talk::Ask::Buckets(folders));
            }
        }
    }
}
