//! Which model people mean: by name, by a network's alias, by a hash.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Card, Library};
use crate::library::naming;
use crate::library::walk::{FindError, Folder, Found, Trees, without_extension};
use crate::weights::about::training::Base;
use crate::weights::about::{About, Format};
use crate::weights::kind::Kind;

/// The fewest digits by which a hash is looked for.
const DIGITS: usize = 6;
/// The legacy hash of every file that is shorter than 1 MiB: of nothing.
const OF_NOTHING: &str = "e3b0c442";

impl Library {
    /// The model that a name means, see [`Trees::find`].
    ///
    /// # Errors
    /// No model has the name, or several have it.
    pub fn find(&self, wanted: &str, folder: Option<Folder>) -> Result<Card, FindError> {
        let cards = self.cards();
        let is_wanted = |card: &&Card| card.about.format != Some(Format::Picture) || folder == Some(Folder::Embedding);
        let models = cards.iter().filter(is_wanted).map(found).collect();
        let trees = Trees {
            models,
            ..Trees::default()
        };
        let path = trees.find(wanted, folder).map(|found| found.path.clone());
        match path.map(|path| cards.iter().find(|card| card.path == path).cloned()) {
            Ok(Some(card)) => Ok(card),
            Ok(None) => Err(self.unfound(wanted, Vec::new())),
            Err(FindError::NotFound { near, .. }) => Err(self.unfound(wanted, near)),
            Err(error) => Err(error),
        }
    }

    fn unfound(&self, wanted: &str, near: Vec<String>) -> FindError {
        FindError::NotFound {
            wanted: wanted.to_owned(),
            near,
            searched: self.0.roots.clone(),
        }
    }

    /// The network that a prompt calls: as [`naming::meant`] says; what is a network by its content goes before what only lies among
    /// networks.
    ///
    /// # Errors
    /// No network has the name.
    pub fn find_network(&self, wanted: &str) -> Result<Card, FindError> {
        let cards = self.cards();
        let is_network = |card: &&Card| card.about.kind == Kind::Network || card.folder == Some(Folder::Network);
        let mut networks: Vec<&Card> = cards.iter().filter(is_network).collect();
        // What is a network by its content goes before what only lies among networks.
        networks.sort_by_key(|card| card.about.kind == Kind::Network);
        let alias = |card: &&Card| card.alias().map(str::to_owned);
        naming::meant(&networks, wanted, |card| &card.name, alias)
            .map(|card| (*card).clone())
            .ok_or_else(|| {
                let models = networks.iter().map(|card| found(card)).collect();
                let trees = Trees {
                    models,
                    ..Trees::default()
                };
                match trees.find(wanted, None) {
                    Err(FindError::NotFound { near, .. }) => self.unfound(wanted, near),
                    _ => self.unfound(wanted, Vec::new()),
                }
            })
    }

    /// The models of a hash: SHA-256 or its beginning (six digits at least), the legacy eight digits, or a network's.
    pub fn by_hash(&self, hash: &str) -> Vec<Card> {
        let hash = hash.trim().to_lowercase();
        if hash.len() < DIGITS || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Vec::new();
        }
        let begins = |known: &Option<String>| known.as_ref().is_some_and(|known| known.starts_with(&hash));
        let fits = |card: &&Card| {
            let hashes = &card.hashes;
            let is_legacy = hash != OF_NOTHING && hashes.legacy.as_deref() == Some(&hash);
            begins(&hashes.sha256) || begins(&hashes.network) || is_legacy
        };
        self.cards().iter().filter(fits).cloned().collect()
    }

    /// All embeddings.
    pub fn embeddings(&self) -> Vec<Card> {
        self.of_kind(Kind::Embedding)
    }

    /// All models of a kind.
    pub fn of_kind(&self, kind: Kind) -> Vec<Card> {
        self.cards()
            .iter()
            .filter(|card| card.about.kind == kind)
            .cloned()
            .collect()
    }

    /// Models that have the same bytes, as far as they are hashed; each group has two at least.
    pub fn duplicates(&self) -> Vec<Vec<Card>> {
        let cards = self.cards();
        let mut groups: BTreeMap<&str, Vec<&Card>> = BTreeMap::new();
        for card in cards.iter() {
            if let Some(sha256) = &card.hashes.sha256 {
                groups.entry(sha256).or_default().push(card);
            }
        }
        let several = groups.into_values().filter(|group| group.len() > 1);
        several.map(|group| group.into_iter().cloned().collect()).collect()
    }

    /// The checkpoint that a trainer names, and whether its hash was found, not its name alone. A file of that name that has another
    /// hash is another file.
    pub fn base(&self, base: &Base) -> Option<(Card, bool)> {
        let cards = self.cards();
        let checkpoints = || {
            cards
                .iter()
                .filter(|card| matches!(card.about.kind, Kind::Checkpoint | Kind::Unet))
        };
        let same = |known: &Option<String>, said: &Option<String>| known.is_some() && known == said;
        let by_hash = checkpoints()
            .find(|card| same(&card.hashes.sha256, &base.sha256))
            .or_else(|| {
                let legacy = base.legacy.as_deref().filter(|legacy| *legacy != OF_NOTHING)?;
                let differs = |card: &&Card| {
                    card.hashes
                        .sha256
                        .as_ref()
                        .zip(base.sha256.as_ref())
                        .is_some_and(|(known, said)| known != said)
                };
                checkpoints().find(|card| card.hashes.legacy.as_deref() == Some(legacy) && !differs(card))
            });
        if let Some(card) = by_hash {
            return Some((card.clone(), true));
        }
        let name = base.name.as_deref()?.rsplit(['/', '\\']).next()?;
        let wanted = without_extension(name).to_lowercase();
        let is_other = |card: &Card| {
            let differs = |known: &Option<String>, said: &Option<String>| {
                known
                    .as_ref()
                    .zip(said.as_ref())
                    .is_some_and(|(known, said)| known != said)
            };
            differs(&card.hashes.sha256, &base.sha256) || differs(&card.hashes.legacy, &base.legacy)
        };
        let found = checkpoints().find(|card| card.stem().to_lowercase() == wanted && !is_other(card));
        found.map(|card| (card.clone(), false))
    }
}

fn found(card: &Card) -> Found {
    Found {
        path: card.path.clone(),
        folder: card.folder,
        name: card.name.clone(),
        diffusers: card.about.format == Some(Format::Diffusers),
        root: 0,
    }
}

impl Card {
    /// The other name that a prompt may call a network by: what its trainer called it.
    pub fn alias(&self) -> Option<&str> {
        let about: &Arc<About> = &self.about;
        about.network.as_ref()?.alias.as_deref()
    }
}
