//! Carries out what the app wants done. What takes long is done on a thread of its own and answered through the inbox.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::dataset::{Dataset, Home};
use super::latest::Latest;
use super::link::Link;
use super::models::Models;
use super::screen::Screen;
use super::{Inbox, Options, files, loader};
use crate::app::effect::{Load, Role};
use crate::app::msg::Complaint;
use crate::app::{Effect, Msg, Side};
use crate::engine::{Job, Request};
use crate::library::Places;
use crate::panes::prompt::tokens::Tokens;
use crate::prompt::inversions::Inversions;
use crate::ui::theme::Depth;

/// The most that is put into a clipboard through the terminal; many terminals take no more.
const CLIPBOARD: usize = 74_994;

/// The threads and files that effects need.
pub(super) struct Hands {
    pub(super) options: Arc<Options>,
    pub(super) inbox: Inbox,
    link: Option<Link>,
    loader: Latest<Load, Load>,
    counter: Latest<Side, Count>,
    names: Arc<Mutex<Names>>,
    pub(super) models: Models,
    dataset: Dataset,
    pub(super) theme: String,
    pub(super) depth: Depth,
}

/// The names of the embeddings below some roots, read when tokens are first counted.
enum Names {
    Unread(Vec<PathBuf>),
    Read(Arc<Inversions>),
}

/// The names, read now if need be. The lock is not held meanwhile: only the counting thread reads.
fn inversions(names: &Mutex<Names>) -> Arc<Inversions> {
    let lock = || names.lock().unwrap_or_else(PoisonError::into_inner);
    let roots = match &*lock() {
        Names::Read(known) => return Arc::clone(known),
        Names::Unread(roots) => roots.clone(),
    };
    let read = Arc::new(files::inversions(&roots));
    *lock() = Names::Read(Arc::clone(&read));
    read
}

struct Count {
    side: Side,
    revision: u64,
    text: String,
}

impl Hands {
    pub(super) fn new(options: Options, inbox: Inbox, depth: Depth) -> io::Result<Self> {
        let options = Arc::new(options);
        let tell = inbox.clone();
        let loader = Latest::start("pictures", move |load: Load| {
            let picture = loader::read(&load.path, load.role);
            tell.tell(Msg::Loaded { load, picture });
        })?;
        let tell = inbox.clone();
        let names = Arc::new(Mutex::new(Names::Unread(options.roots.clone())));
        let theirs = Arc::clone(&names);
        let counter = Latest::start("tokens", move |count: Count| {
            let tokens = Tokens::count(&count.text, &inversions(&theirs));
            tell.tell(Msg::Counted {
                side: count.side,
                revision: count.revision,
                tokens,
            });
        })?;
        let theme = options.settings.theme.clone();
        let places = Places::of(&options.environment.paths);
        let home = Home {
            home: options.environment.paths.home.clone(),
            queries: files::config_folder(&options).join("queries.toml"),
            roots: options.roots.clone(),
            data: options.environment.paths.data_dir.clone(),
            cache: options.environment.paths.cache_dir.clone(),
        };
        let dataset = Dataset::start(home, inbox.clone())?;
        let models = Models::start(places, options.roots.clone(), inbox.clone())?;
        Ok(Self {
            options,
            inbox,
            link: None,
            loader,
            counter,
            names,
            models,
            dataset,
            theme,
            depth,
        })
    }

    /// The theme in force, read again.
    pub(super) fn themed(&self, dark: Option<bool>) -> Msg {
        let theme = files::theme(&self.options, &self.theme, dark, self.depth);
        Msg::Theme(theme.map(Box::new).map_err(|error| Complaint {
            message: error.to_string(),
            hint: error.hint(),
        }))
    }

    /// Does what must be done before the end, where nobody listens to complaints any more.
    pub(super) fn finish(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Keep(draft) => _ = files::keep(&self.options, &draft),
                Effect::Dataset(ask) => self.dataset.ask(ask),
                _ => {}
            }
        }
        self.dataset.finish();
    }

    fn connect(&mut self) {
        let options = Arc::clone(&self.options);
        // The first job may want the shipped checkpoint, so it is unpacked before the engine is spoken to.
        let before = move || files::unpack(&options);
        match Link::open(self.options.launch.clone(), before, self.inbox.clone()) {
            Ok(link) => self.link = Some(link),
            Err(error) => self.inbox.tell(Msg::EngineLost {
                message: error.to_string(),
                hint: None,
            }),
        }
    }

    /// Sends a request; a new job learns here where the files are that its prompt may name.
    fn send(&self, mut request: Request) {
        if let Request::Submit {
            job: Job::Generate(work),
            ..
        } = &mut request
        {
            work.roots.clone_from(&self.options.roots);
        }
        if let Some(link) = &self.link {
            link.send(request);
        }
    }

    pub(super) fn find_models(&self) {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        *names = Names::Unread(self.options.roots.clone());
        drop(names);
        self.aside(|options| Msg::Models(files::models(options)));
    }

    /// Does something long on a thread of its own.
    fn aside(&self, work: impl FnOnce(&Options) -> Msg + Send + 'static) {
        let (options, inbox) = (Arc::clone(&self.options), self.inbox.clone());
        let started = thread::Builder::new()
            .name("aside".to_owned())
            .spawn(move || inbox.tell(work(&options)));
        if let Err(error) = started {
            self.inbox.tell(Msg::Complain(Complaint {
                message: error.to_string(),
                hint: None,
            }));
        }
    }

    fn complain(&self, done: Result<(), Complaint>) {
        if let Err(complaint) = done {
            self.inbox.tell(Msg::Complain(complaint));
        }
    }
}

impl Screen {
    /// Carries out one effect.
    pub(super) fn carry_out(&mut self, effect: Effect) {
        let dark = self.dark();
        let hands = &mut self.hands;
        match effect {
            Effect::Send(request) => hands.send(request),
            Effect::Connect => hands.connect(),
            Effect::Load(load) => {
                // Of the big pictures the last one asked for is wanted, and so of the models', and of a dataset's thumbnails the last one of
                // each place; of the history's each.
                let key = match load.role {
                    Role::Big | Role::Card | Role::Sight | Role::Beside | Role::Tile(_) => Load {
                        path: "".into(),
                        role: load.role,
                    },
                    Role::Small => load.clone(),
                };
                hands.loader.order(key, load);
            }
            Effect::Count { side, revision, text } => hands.counter.order(side, Count { side, revision, text }),
            Effect::FindModels => hands.find_models(),
            Effect::Library(ask) => hands.models.ask(ask),
            Effect::Dataset(ask) => hands.dataset.ask(ask),
            Effect::Inspect(path) => hands.aside(move |options| {
                if path == files::shipped(options).path {
                    // A complaint comes from the link's thread, which does the same.
                    let _ = files::unpack(options);
                }
                let native = files::native_size(options, &path);
                Msg::Inspected { path, native }
            }),
            Effect::Copy(text) => self.copy(&text),
            Effect::Keep(draft) => hands.complain(files::keep(&hands.options, &draft).map_err(|error| Complaint {
                message: error.to_string(),
                hint: error.hint(),
            })),
            Effect::Theme { name, keep } => {
                hands.theme.clone_from(&name);
                let msg = hands.themed(dark);
                hands.inbox.tell(msg);
                if keep {
                    self.remember("theme", &name);
                }
            }
            Effect::Set { key, value } => self.remember(key, &value),
            Effect::Reload => self.reload(),
            Effect::Redraw => self.redraw(),
            Effect::Suspend => self.suspend(),
            Effect::Quit => self.leaving = true,
        }
    }

    /// OSC 52: the terminal puts a text into the clipboard of the machine it runs on.
    fn copy(&mut self, text: &str) {
        let encoded = STANDARD.encode(text);
        if encoded.len() > CLIPBOARD {
            let message = format!("{} bytes are more than a terminal takes into its clipboard", text.len());
            self.hands.inbox.tell(Msg::Complain(Complaint { message, hint: None }));
            return;
        }
        self.questions.extend(format!("\x1b]52;c;{encoded}\x07").into_bytes());
    }
}
