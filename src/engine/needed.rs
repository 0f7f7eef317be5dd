//! The checkpoints that a recipe needs, and whether they are in memory.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::device::Opened;
use crate::diffusion::Recipe;
use crate::library::{Folder, Trees};
use crate::weights::checkpoint::Network;
use crate::weights::{self, Checkpoint};

/// The files that a model was loaded from, with length and time of change.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Identity(Vec<(PathBuf, Option<(u64, SystemTime)>)>);

impl Identity {
    fn of(checkpoint: &Checkpoint) -> Self {
        let stamp = |path: PathBuf| {
            let stamp = path.metadata().ok().and_then(|m| Some((m.len(), m.modified().ok()?)));
            (path, stamp)
        };
        Self(checkpoint.sources().into_iter().map(stamp).collect())
    }

    /// Whether the other one is of the same files as they were at another time.
    pub(super) fn is_outdated_by(&self, other: &Self) -> bool {
        let paths = |identity: &Self| identity.0.iter().map(|(path, _)| path.clone()).collect::<Vec<_>>();
        self != other && paths(self) == paths(other)
    }
}

/// A checkpoint that a recipe needs.
#[derive(Debug)]
pub(super) struct Needed {
    pub(super) checkpoint: Checkpoint,
    pub(super) identity: Identity,
    /// Bytes of its weights in memory.
    pub(super) bytes: u64,
    pub(super) is_loaded: bool,
    /// The checkpoint that was found to lend a UNet by itself the rest.
    pub(super) lender: Option<PathBuf>,
}

/// Puts the VAE that is named like the checkpoint into a recipe that leaves the choice open, as A1111's "Automatic" does. Says what it did.
pub(super) fn choose_vae(recipe: &mut Recipe, trees: &Trees) -> Option<String> {
    if recipe.vae.is_some() || recipe.own_vae {
        return None;
    }
    let vaes = trees.models.iter().filter(|found| found.folder == Some(Folder::Vae));
    let path = weights::vae::automatic(&recipe.model, vaes.map(|found| found.path.as_path()))?;
    let mut checkpoint = Checkpoint::open(&recipe.model).ok()?;
    match checkpoint.replace_vae(&path) {
        Ok(()) => {
            let said = format!("the VAE is {}, named like the checkpoint", path.display());
            recipe.vae = Some(path);
            Some(said)
        }
        Err(e) => Some(format!("the checkpoint's own VAE is used: {e}")),
    }
}

impl Needed {
    /// Opens the recipe's checkpoint, and behind it the refiner's, where that is another. A chosen VAE takes the place of both their own.
    ///
    /// # Errors
    /// When a file cannot be read or is no checkpoint or VAE.
    pub(super) fn of(recipe: &Recipe, trees: &Trees, device: &Opened) -> Result<Vec<Self>, weights::Error> {
        let refiner = recipe.refiner.as_ref().map(|refiner| &refiner.model);
        let paths = [Some(&recipe.model), refiner.filter(|model| **model != recipe.model)];
        let open = |path: &PathBuf| Self::open(path, recipe, trees, device);
        paths.into_iter().flatten().map(open).collect()
    }

    fn open(path: &Path, recipe: &Recipe, trees: &Trees, device: &Opened) -> Result<Self, weights::Error> {
        let others = || match &recipe.base {
            Some(base) => vec![base.clone()],
            None => trees.checkpoints(),
        };
        let (mut checkpoint, base) = Checkpoint::open_among(path, others)?;
        if let Some(vae) = &recipe.vae {
            checkpoint.replace_vae(vae)?;
        }
        Ok(Self {
            identity: Identity::of(&checkpoint),
            bytes: weight_bytes(&checkpoint, device),
            is_loaded: false,
            lender: base.filter(|_| recipe.base.is_none()),
            checkpoint,
        })
    }
}

/// The weights' size in memory: their bytes on disk, widened to the type that is computed in.
fn weight_bytes(checkpoint: &Checkpoint, device: &Opened) -> u64 {
    let stored = checkpoint.dtype().map_or(32, |t| t.bitsize()) as u64;
    let texts = (0..checkpoint.architecture().text.len()).map(Network::Text);
    let bytes: usize = texts
        .chain([Network::Unet, Network::Vae])
        .map(|n| checkpoint.bytes_of(n))
        .sum();
    bytes as u64 * 8 * device.dtype.size() as u64 / stored.max(1)
}
