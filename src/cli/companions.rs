//! The files that a checkpoint draws with: VAE, refiner, tiny autoencoder; from options first, then from parameters, then by A1111's rules.

use std::path::{Path, PathBuf};

use danlu::diffusion::recipe::Refiner;
use danlu::infotext::Infotext;
use danlu::library::Folder;
use danlu::library::walk::split_title;
use danlu::weights::{self, Checkpoint};

use super::args::Drawing;
use super::context::Context;
use super::failure::Failure;
use super::recipe::{other_hash, wrong};

/// A1111's default of its slider.
const SWITCH_AT: f64 = 0.8;

/// What decides about them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Companions<'a> {
    pub(super) context: &'a Context,
    pub(super) options: &'a Drawing,
    pub(super) params: Option<&'a Infotext>,
    /// The checkpoint.
    pub(super) model: &'a Path,
}

impl Companions<'_> {
    /// The VAE file that takes the place of the checkpoint's, tried on it, and whether the checkpoint's own is wanted. Where it is neither,
    /// the engine looks for one that is named like the checkpoint; A1111 calls the two `None` and `Automatic`.
    ///
    /// One that just the parameters name is done without when it is not here, as A1111 does.
    pub(super) fn vae(
        &self,
        checkpoint: &mut Checkpoint,
        notes: &mut Vec<String>,
    ) -> Result<(Option<PathBuf>, bool), Failure> {
        let find = |name: &str| self.context.find(name, Some(Folder::Vae));
        let said = self
            .options
            .vae
            .as_deref()
            .or_else(|| self.params.and_then(Infotext::vae))
            .unwrap_or_default();
        let found = match said.trim().to_ascii_lowercase().as_str() {
            "none" => return Ok((None, true)),
            "" | "auto" | "automatic" => return Ok((None, false)),
            _ => find(said),
        };
        let path = match found {
            Err(e) if self.options.vae.is_none() => {
                notes.push(format!("the checkpoint's own VAE is used: {e}"));
                return Ok((None, true));
            }
            found => found?,
        };
        if self.options.vae.is_none() {
            let expected = self.params.and_then(Infotext::vae_hash);
            notes.extend(expected.and_then(|expected| other_hash(self.context, &path, expected)));
        }
        checkpoint.replace_vae(&path)?;
        Ok((Some(path), false))
    }

    /// The checkpoint that takes over, and when.
    pub(super) fn refiner(&self, notes: &mut Vec<String>) -> Result<Option<Refiner>, Failure> {
        let find = |name: &str| self.context.find(name, Some(Folder::Checkpoint));
        let model = match &self.options.refiner {
            Some(name) if name.eq_ignore_ascii_case("none") => None,
            Some(name) => Some(find(name)?),
            None => match self
                .params
                .and_then(|params| params.get("Refiner"))
                .map(|title| (title, find(title)))
            {
                Some((title, Ok(path))) => {
                    notes.extend(
                        split_title(title)
                            .1
                            .and_then(|hash| other_hash(self.context, &path, hash)),
                    );
                    Some(path)
                }
                Some((_, Err(e))) => {
                    notes.push(format!("it is drawn without the refiner: {e}"));
                    None
                }
                None => None,
            },
        };
        let Some(model) = model else {
            if self.options.refiner_switch_at.is_some() {
                return Err(Failure::usage("there is no refiner to switch to").hint("name one with --refiner"));
            }
            return Ok(None);
        };
        let params = || self.params.and_then(|params| params.get("Refiner switch at"));
        let switch_at = match self.options.refiner_switch_at.as_deref().or_else(params) {
            Some(text) => text
                .trim()
                .parse()
                .map_err(|_| wrong("refiner-switch-at", text, "a number from 0 to 1"))?,
            None => SWITCH_AT,
        };
        Ok(Some(Refiner { model, switch_at }))
    }

    /// The decoder file of the tiny autoencoder, where it is to decode.
    pub(super) fn taesd(&self, is_xl: bool, notes: &mut Vec<String>) -> Result<Option<PathBuf>, Failure> {
        let option = self.options.vae_decoder.as_deref();
        let said = option
            .or_else(|| self.params.and_then(|params| params.get("VAE Decoder")))
            .unwrap_or("full");
        let is_tiny = match said.trim().to_ascii_lowercase().as_str() {
            "full" => false,
            "taesd" => true,
            _ if option.is_none() => {
                notes.push(format!("the VAE decodes, not {said}, which is not known"));
                false
            }
            _ => return Err(wrong("vae-decoder", said, "full or taesd")),
        };
        if !is_tiny {
            return Ok(None);
        }
        let found = weights::vae::tiny(self.model, is_xl, &self.context.own_roots());
        let name = if is_xl { "taesdxl_decoder" } else { "taesd_decoder" };
        match found {
            None if option.is_some() => Err(Failure::failed(format!("there is no {name}.safetensors or .pth"))
                .hint("put it into a folder vae_approx beside the folder of checkpoints")),
            None => {
                notes.push(format!("the VAE decodes, not TAESD: there is no {name}"));
                Ok(None)
            }
            found => Ok(found),
        }
    }
}
