//! Which layers of a model a network changes, and what of it does not fit.

use super::apply::Misfit;
use super::layers::{Names, Target};
use super::module::{Kind, Module};
use super::{Adapter, change};
use crate::weights::Architecture;

/// How many names a sentence lists.
const NAMED: usize = 3;

/// A network laid upon a model.
#[derive(Clone, Debug, Default)]
pub struct Placed {
    /// The modules that fit, by their index in [`Adapter::modules`], with the layers that they change.
    pub places: Vec<(usize, Target)>,
    /// Modules for which the model has no layer.
    pub homeless: Vec<String>,
    /// Modules whose layer has another shape, or that cannot be computed with, and why.
    pub misfits: Vec<(String, Misfit)>,
    /// Why the network is left out as a whole: it was made for another family of models.
    pub refusal: Option<String>,
}

impl Adapter {
    /// Finds the layer of each module, by names alone and then by shapes. Computes nothing.
    pub fn place(&self, architecture: &Architecture) -> Placed {
        self.place_among(&Names::of(architecture), architecture)
    }

    /// [`place`](Self::place), with the model's names at hand.
    pub fn place_among(&self, names: &Names, architecture: &Architecture) -> Placed {
        let mut placed = Placed::default();
        for (index, module) in self.modules().iter().enumerate() {
            let Some(target) = names.find(module.name()) else {
                placed.homeless.push(module.name().to_owned());
                continue;
            };
            let fits = match module.unusable() {
                Some(part) => Err(Misfit::Unusable(part)),
                None => module.fits(&target.shape),
            };
            match fits {
                Ok(()) => placed.places.push((index, target.clone())),
                Err(misfit) => placed.misfits.push((module.name().to_owned(), misfit)),
            }
        }
        placed.refusal = self.refusal(&placed, architecture);
        placed
    }

    /// The width of the text states that the network's cross attention reads, where it changes that.
    fn context(&self) -> Option<usize> {
        let reads_text = |module: &&Module| {
            let name = module.name().replace('.', "_");
            name.contains("attn2") && (name.ends_with("to_k") || name.ends_with("to_v"))
        };
        let own_shape = |module: &Module| match module.kind() {
            Kind::Lora | Kind::Loha | Kind::Lokr | Kind::Full => change::shape(module, &[]).ok(),
            _ => None,
        };
        self.modules()
            .iter()
            .filter(reads_text)
            .find_map(own_shape)
            .map(|[_, columns]| columns)
    }

    /// What the network was trained on, as far as its tensors tell.
    pub fn family(&self) -> Option<&'static str> {
        let starts = |beginning: &str| self.modules().iter().any(|module| module.name().starts_with(beginning));
        match self.context() {
            Some(768) => Some("SD 1.x"),
            Some(1024) => Some("SD 2.x"),
            Some(2048) => Some("SDXL"),
            Some(1280) => Some("the SDXL refiner"),
            _ if starts("lora_te2_") || starts("text_encoder_2.") => Some("SDXL"),
            _ if starts("transformer.") || starts("lora_transformer_") || starts("lora_unet_double_blocks_") => {
                Some("a transformer model (Flux, SD3 or the like)")
            }
            _ => None,
        }
    }

    fn refusal(&self, placed: &Placed, architecture: &Architecture) -> Option<String> {
        let model = match architecture.family() {
            f if f.starts_with("sd1") => "SD 1.x",
            f if f.starts_with("sd2") => "SD 2.x",
            f if f.starts_with("sdxl-refiner") => "the SDXL refiner",
            _ => "SDXL",
        };
        let other = self.context().is_some_and(|width| width != architecture.unet.context);
        let mismatched = placed.misfits.len() > placed.places.len();
        let nothing = placed.places.is_empty() && !self.modules().is_empty();
        if !(other || mismatched || nothing) {
            return None;
        }
        Some(match (self.family(), placed.misfits.first()) {
            (Some(made_for), _) if made_for != model => format!("it was made for {made_for}, and the model is {model}"),
            (_, Some((name, misfit))) => format!("it does not fit the model: {name}: {misfit}"),
            _ => format!(
                "none of its {} modules has a layer in this model ({})",
                self.modules().len(),
                list(&placed.homeless)
            ),
        })
    }
}

impl Placed {
    /// What should be said of a network that is used: which of its modules change nothing.
    pub fn remarks(&self) -> Vec<String> {
        let all = self.places.len() + self.homeless.len() + self.misfits.len();
        let mut remarks = Vec::new();
        if !self.homeless.is_empty() {
            remarks.push(format!(
                "{} of its {all} modules have no layer in this model ({})",
                self.homeless.len(),
                list(&self.homeless)
            ));
        }
        if let Some((name, misfit)) = self.misfits.first() {
            remarks.push(format!(
                "{} of its {all} modules do not fit ({name}: {misfit})",
                self.misfits.len()
            ));
        }
        remarks
    }
}

/// The first few names, and how many more there are.
fn list(names: &[String]) -> String {
    let shown = names
        .iter()
        .take(NAMED)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
