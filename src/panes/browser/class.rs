//! The kinds of models as people sort them into, fewer than there are kinds of files.

use crate::ui::lang::{Text, browser};
use crate::weights::kind::Kind;

/// A kind of model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// A whole model, or its denoiser.
    Checkpoint,
    /// An autoencoder.
    Vae,
    /// LoRA and its relatives.
    Network,
    /// Textual inversion.
    Embedding,
    /// A hypernetwork.
    Hypernetwork,
    /// Anything else, also what cannot be read.
    Other,
}

impl Class {
    /// What the list can be narrowed to, in the order of its tabs; `None` shows everything.
    pub const TABS: [Option<Self>; 7] = [
        None,
        Some(Self::Checkpoint),
        Some(Self::Vae),
        Some(Self::Network),
        Some(Self::Embedding),
        Some(Self::Hypernetwork),
        Some(Self::Other),
    ];

    /// Where a kind of file belongs.
    pub const fn of(kind: Kind) -> Self {
        match kind {
            Kind::Checkpoint | Kind::Unet => Self::Checkpoint,
            Kind::Vae => Self::Vae,
            Kind::Network => Self::Network,
            Kind::Embedding => Self::Embedding,
            Kind::Hypernetwork => Self::Hypernetwork,
            Kind::Unknown => Self::Other,
        }
    }

    /// What a person calls it.
    pub const fn title(self) -> Text {
        match self {
            Self::Checkpoint => browser::CHECKPOINT,
            Self::Vae => browser::VAE,
            Self::Network => browser::NETWORK,
            Self::Embedding => browser::EMBEDDING,
            Self::Hypernetwork => browser::HYPERNETWORK,
            Self::Other => browser::OTHER,
        }
    }
}
