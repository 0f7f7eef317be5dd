//! A home with a workstation in it.

use std::path::PathBuf;

use danlu::app::draft::Draft;
use danlu::diffusion::Recipe;
use serde_json::Value;

use crate::home::Home;
use crate::shell::Png;
use crate::tty::{Kind, Setup, Tty};

/// Large enough for all panes.
pub(crate) const SIZE: [u16; 2] = [100, 32];

pub(crate) const DANLU: &str = env!("CARGO_BIN_EXE_danlu");

/// Keys as a terminal without the keyboard protocol sends them.
pub(crate) const ENTER: &str = "\r";
pub(crate) const QUIT: &str = "\x11";
pub(crate) const QUEUE: &str = "\x1b5";

/// A home where somebody has worked before: the draft is a picture that is quickly drawn.
pub(crate) struct Desk {
    pub(crate) home: Home,
}

impl Desk {
    /// With a draft of 16x16 pixels and so many steps.
    pub(crate) fn new(prompt: &str, steps: usize) -> Self {
        Self::sized(prompt, steps, [16; 2])
    }

    pub(crate) fn sized(prompt: &str, steps: usize, size: [usize; 2]) -> Self {
        let home = Home::new();
        let recipe = Recipe {
            prompt: prompt.to_owned(),
            steps,
            seed: 0,
            ..Recipe::new(home.shell.path(".cache/danlu/models/danlu-emoji.safetensors"), size)
        };
        let draft = Draft {
            recipe: Some(recipe),
            seed: Some(7),
            ..Draft::default()
        };
        home.shell
            .write(".local/share/danlu/draft.json", serde_json::to_vec(&draft).unwrap());
        Self { home }
    }

    /// Opens the workstation.
    pub(crate) fn open(&self) -> Tty {
        self.open_with(&[], &[])
    }

    pub(crate) fn open_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Tty {
        Tty::open(&Setup {
            arguments,
            variables: &[&[("DANLU_ENGINE_IDLE", "10")], variables].concat(),
            ..self.setup()
        })
    }

    pub(crate) fn open_kind(&self, kind: Kind) -> Tty {
        Tty::open(&Setup { kind, ..self.setup() })
    }

    pub(crate) fn setup(&self) -> Setup<'_> {
        Setup {
            size: SIZE,
            variables: &[("DANLU_ENGINE_IDLE", "10")],
            ..Setup::new(DANLU, self.folder())
        }
    }

    pub(crate) fn folder(&self) -> &std::path::Path {
        self.home.shell.folder()
    }

    /// The pictures that were saved.
    pub(crate) fn pictures(&self) -> Vec<PathBuf> {
        let files = self.home.shell.files().into_iter();
        files
            .map(|name| self.home.shell.path(&name))
            .filter(|path| path.extension().is_some_and(|extension| extension == "png"))
            .collect()
    }

    /// The one picture that was saved.
    #[track_caller]
    pub(crate) fn picture(&self) -> Png {
        let pictures = self.pictures();
        assert_eq!(pictures.len(), 1, "{pictures:?}");
        Png::open(&pictures[0])
    }

    /// The prompt that is kept for the next start.
    #[track_caller]
    pub(crate) fn kept(&self) -> String {
        let draft: Value =
            serde_json::from_slice(&std::fs::read(self.home.shell.path(".local/share/danlu/draft.json")).unwrap())
                .unwrap();
        draft["recipe"]["prompt"].as_str().unwrap().to_owned()
    }
}

/// The first row says so once the engine is reached.
#[track_caller]
pub(crate) fn wait_engine(tty: &Tty) {
    tty.wait("engine", |screen| {
        let bar = bar(screen);
        bar.contains("engine ready") || bar.contains("CPU")
    });
}

/// The line at the top.
pub(crate) fn bar(screen: &vt100::Screen) -> String {
    screen.rows(0, SIZE[0]).next().unwrap_or_default()
}

/// Cells that hold the halves of two pixels.
pub(crate) fn half_blocks(screen: &vt100::Screen) -> usize {
    screen
        .contents()
        .chars()
        .filter(|letter| matches!(letter, '▀' | '▄'))
        .count()
}

/// Leaves by the key for it.
#[track_caller]
pub(crate) fn quit(tty: &mut Tty) {
    tty.send(QUIT);
    let status = tty.wait_exit();
    assert_eq!(status.code(), Some(0), "{}", tty.screen());
    tty.wait_closed();
    tty.assert_whole();
}
