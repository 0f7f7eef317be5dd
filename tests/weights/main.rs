//! Files of weights: read as their formats say, or refused by the right kind of error, in one sentence that names the file and what is
//! wrong in it.
//!
//! Most files are made here: a whole checkpoint of few and narrow layers ([`tiny`]), and what is left when it is spoilt in one place.
#![allow(missing_docs, clippy::unwrap_used)]

use std::path::Path;

use burn::tensor::{DType, Device};
use danlu::nn::clip::Clip;
use danlu::nn::unet::Unet;
use danlu::nn::vae::{Decoder, Encoder};
use danlu::weights::Error;
use danlu::weights::checkpoint::{Checkpoint, Network};
use danlu::weights::scope::Loader;

/// Opens a checkpoint and loads all that is in it.
fn load(path: &Path) -> Result<(), Error> {
    let (checkpoint, device) = (Checkpoint::open(path)?, Device::flex());
    let loader = |network| Loader::new(&checkpoint, network, &device, DType::F32);
    let architecture = checkpoint.architecture();
    for (i, text) in architecture.text.iter().enumerate() {
        let loader = loader(Network::Text(i));
        Clip::load(&loader.root(), text)?;
        loader.finish()?;
    }
    let (unet, vae) = (loader(Network::Unet), loader(Network::Vae));
    Unet::load(&unet.root(), &architecture.unet)?;
    unet.finish()?;
    Decoder::load(&vae.root(), &architecture.vae)?;
    Encoder::load(&vae.root(), &architecture.vae)?;
    vae.finish()
}

/// Asserts that an error is one sentence about `file` with all these parts, and knows what to do.
#[track_caller]
fn says(error: &Error, file: &Path, parts: &[&str]) {
    let (text, hint) = (error.to_string(), error.hint().unwrap());
    for part in [&file.display().to_string()]
        .into_iter()
        .map(String::as_str)
        .chain(parts.iter().copied())
    {
        assert!(text.contains(part), "no {part:?} in: {text}");
    }
    assert!(
        !text.contains(char::is_control),
        "signs that move the cursor in: {text:?}"
    );
    assert!(!text.ends_with('.') && text.len() < 700, "not one sentence: {text}");
    assert!(!hint.is_empty() && !hint.contains(char::is_control), "{hint:?}");
}

/// Asserts that a path is refused by an error of this kind that [`says`] these parts about a file, the path itself unless another is
/// given; gives the error.
macro_rules! refused {
    ($path:expr, $kind:pat, $parts:expr) => {
        refused!($path, $kind, $path, $parts)
    };
    ($path:expr, $kind:pat, $file:expr, $parts:expr) => {{
        let error = crate::load($path).expect_err(&$path.display().to_string());
        assert!(matches!(error, $kind), "not {}: {error:?}", stringify!($kind));
        crate::says(&error, $file, $parts);
        error
    }};
}

mod allocated;
mod changing;
mod configurations;
mod files;
mod hostile;
mod mutated;
mod pickled;
mod pickles;
mod spoilt;
mod stored;
#[path = "../support/mod.rs"]
mod support;
mod tensors;
mod tiny;
