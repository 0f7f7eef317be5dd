//! Reading an architecture: from LDM's yaml and the tensors' shapes ([`ldm`]) or from a diffusers folder's json ([`diffusers`]).
//!
//! Owns every default that these formats leave unsaid. Nothing here loads a tensor.

pub mod diffusers;
pub mod ldm;
mod shapes;
mod stored;

use std::path::Path;

use super::architecture::{Unet, Vae};
use super::file::TensorFile;
use super::{Error, Layout, kind};

/// What a file with a VAE by itself holds: its naming, the prefix of its tensors, and the VAE. What shapes cannot tell is taken from
/// the VAE that it replaces, whose latents it must have been made for.
///
/// # Errors
/// [`Error::NotVae`] when there is none in it.
pub fn vae_file(file: &TensorFile, replaced: &Vae) -> Result<(Layout, &'static str, Vae), Error> {
    let tensors = file.tensors();
    for prefix in [ldm::VAE, ""] {
        for naming in [Layout::SingleFile, Layout::Diffusers] {
            let found =
                shapes::vae(&shapes::Shapes::new(tensors, prefix), naming).filter(|vae| !vae.channels.is_empty());
            if let Some(vae) = found {
                let groups = if vae.channels == replaced.channels {
                    replaced.groups
                } else {
                    vae.groups
                };
                return Ok((
                    naming,
                    prefix,
                    Vae {
                        groups,
                        scale_factor: replaced.scale_factor,
                        ..vae
                    },
                ));
            }
        }
    }
    let why = format!("it looks like {}", kind::of(tensors).what);
    Err(Error::NotVae {
        path: file.path().to_owned(),
        why,
    })
}

/// What a file with a UNet by itself holds: its naming, the prefix of its tensors, and the UNet. What shapes cannot tell is taken from the
/// UNet that it replaces. `None` when it holds none.
pub fn unet_file(file: &TensorFile, replaced: &Unet) -> Option<(Layout, &'static str, Unet)> {
    let tensors = file.tensors();
    for prefix in [ldm::UNET, ""] {
        if let Some(found) = shapes::unet(&shapes::Shapes::new(tensors, prefix)) {
            let unet = if found.channels == replaced.channels {
                Unet {
                    heads: replaced.heads.clone(),
                    groups: replaced.groups,
                    ..found
                }
            } else {
                found
            };
            return Some((Layout::SingleFile, prefix, unet));
        }
    }
    let shapes = shapes::Shapes::new(tensors, "");
    let unet = Unet {
        in_channels: shapes.dim("conv_in.weight", 1)?,
        context: shapes.dim("mid_block.attentions.0.transformer_blocks.0.attn2.to_k.weight", 1)?,
        y: shapes.dim("add_embedding.linear_1.weight", 1),
        ..replaced.clone()
    };
    Some((Layout::Diffusers, "", unet))
}

/// A checkpoint's name in lists and infotext: the file's name without the extension, or the folder's name.
pub fn display_name(path: &Path) -> String {
    let is_file = path.extension().is_some_and(|e| {
        ["safetensors", "ckpt", "pt", "pth", "bin"]
            .iter()
            .any(|known| e.eq_ignore_ascii_case(known))
    });
    let name = if is_file { path.file_stem() } else { path.file_name() };
    name.unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// Reads `128x128` or `512` as width and height.
pub(super) fn parse_resolution(text: &str) -> Option<[usize; 2]> {
    let (width, height) = text.split_once('x').unwrap_or((text, text));
    let size = [width.trim().parse().ok()?, height.trim().parse().ok()?];
    size.iter().all(|n| (8..=1 << 14).contains(n)).then_some(size)
}
