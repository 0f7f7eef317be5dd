//! A checkpoint on disk, in either layout, with the architecture it was made for.
//!
//! Owns finding the files of each network and reading the architecture. Loads no tensor: [`super::scope`] does, when a network is
//! built. A single file holds all networks under prefixes (LDM); a diffusers folder has a sub-folder for each.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use super::architecture::TextNaming;
use super::config::{self, diffusers, ldm};
use super::file::{TensorFile, View};
use super::kind::{self, Kind};
use super::{Architecture, Error};

/// A network of a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Network {
    /// The denoiser.
    Unet,
    /// The autoencoder.
    Vae,
    /// A text encoder, by its place in [`Architecture::text`].
    Text(usize),
}

/// How the files of a checkpoint are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// One file with the original names.
    SingleFile,
    /// A folder with one sub-folder a network.
    Diffusers,
}

/// The files that hold one network, how its tensors are named there, and the prefix of those names.
#[derive(Debug)]
struct Part {
    files: Vec<usize>,
    naming: Layout,
    prefix: String,
}

/// An open checkpoint.
#[derive(Debug)]
pub struct Checkpoint {
    path: PathBuf,
    /// What was opened first: where the configurations are.
    described: PathBuf,
    layout: Layout,
    files: Vec<TensorFile>,
    parts: HashMap<Network, Part>,
    architecture: Architecture,
    prediction_is_said: bool,
}

impl Checkpoint {
    /// Opens a single file of any format or a diffusers folder and reads its architecture; the tensors stay on disk.
    ///
    /// # Errors
    /// Any [`Error`]: what is there is no checkpoint, is damaged, or is described by a configuration that cannot be understood.
    pub fn open(path: &Path) -> Result<Self, Error> {
        if path.is_dir() {
            Self::open_folder(path)
        } else {
            Self::open_file(path)
        }
    }

    /// Opens a model as [`open`](Self::open) does; a UNet by itself is completed with text encoders and VAE of the first of `others` that it
    /// fits. Gives that one's path, too.
    ///
    /// # Errors
    /// Any [`Error`]; [`Error::LoneUnet`] when the UNet fits none of them.
    pub fn open_among(path: &Path, others: impl FnOnce() -> Vec<PathBuf>) -> Result<(Self, Option<PathBuf>), Error> {
        let error = match Self::open(path) {
            Ok(checkpoint) => return Ok((checkpoint, None)),
            Err(error) => error,
        };
        if !matches!(error, Error::NotStableDiffusion { .. }) || path.is_dir() {
            return Err(error);
        }
        let what = kind::of(TensorFile::open(path)?.tensors());
        if what.kind != Kind::Unet {
            return Err(error);
        }
        for other in others() {
            if let Ok(mut checkpoint) = Self::open(&other)
                && checkpoint.replace_unet(path)?
            {
                return Ok((checkpoint, Some(other)));
            }
        }
        Err(Error::LoneUnet {
            path: path.to_owned(),
            what: what.what,
        })
    }

    fn open_file(path: &Path) -> Result<Self, Error> {
        let file = TensorFile::open(path)?;
        let names = file.tensors();
        let mut parts = HashMap::from([
            (Network::Unet, ldm::UNET.to_owned()),
            (Network::Vae, ldm::VAE.to_owned()),
        ]);
        for (i, (prefix, _)) in ldm::text_prefixes(|prefix| names.keys().any(|n| n.starts_with(prefix)))
            .into_iter()
            .enumerate()
        {
            parts.insert(Network::Text(i), prefix.to_owned());
        }
        let (architecture, prediction_is_said) = ldm::architecture(&file)?;
        let parts = parts
            .into_iter()
            .map(|(network, prefix)| {
                (
                    network,
                    Part {
                        files: vec![0],
                        naming: Layout::SingleFile,
                        prefix,
                    },
                )
            })
            .collect();
        Ok(Self {
            path: path.to_owned(),
            described: path.to_owned(),
            layout: Layout::SingleFile,
            files: vec![file],
            parts,
            architecture,
            prediction_is_said,
        })
    }

    fn open_folder(path: &Path) -> Result<Self, Error> {
        let folder = diffusers::Folder::open(path)?;
        let mut files = Vec::new();
        let mut parts = HashMap::new();
        let texts = folder.text_encoders().into_iter().enumerate();
        let texts = texts.map(|(i, name)| (Network::Text(i), name));
        let names = [(Network::Unet, "unet"), (Network::Vae, "vae")]
            .into_iter()
            .chain(texts);
        for (network, name) in names {
            let mut part = Part {
                files: Vec::new(),
                naming: Layout::Diffusers,
                prefix: String::new(),
            };
            for file in folder.weights(name)? {
                part.files.push(files.len());
                files.push(TensorFile::open(&file)?);
            }
            parts.insert(network, part);
        }
        let architecture = folder.architecture()?;
        Ok(Self {
            path: path.to_owned(),
            described: path.to_owned(),
            layout: Layout::Diffusers,
            files,
            parts,
            architecture,
            prediction_is_said: true,
        })
    }

    /// Takes the VAE from a file of its own, in either naming, with or without `first_stage_model.`.
    ///
    /// # Errors
    /// Any [`Error`]; [`Error::NotVae`] when the file holds none.
    pub fn replace_vae(&mut self, path: &Path) -> Result<(), Error> {
        let file = TensorFile::open(path)?;
        let (naming, prefix, vae) = config::vae_file(&file, &self.architecture.vae)?;
        let changed = Architecture {
            vae,
            ..self.architecture.clone()
        };
        changed.check().map_err(|(_, why)| Error::NotVae {
            path: path.to_owned(),
            why,
        })?;
        self.architecture = changed;
        self.parts.insert(
            Network::Vae,
            Part {
                files: vec![self.files.len()],
                naming,
                prefix: prefix.to_owned(),
            },
        );
        self.files.push(file);
        Ok(())
    }

    /// Takes the UNet from a file of its own, in either naming, and its name; unless it was made for other texts or latents, which is told.
    fn replace_unet(&mut self, path: &Path) -> Result<bool, Error> {
        let file = TensorFile::open(path)?;
        let old = &self.architecture.unet;
        let Some((naming, prefix, unet)) = config::unet_file(&file, old) else {
            return Ok(false);
        };
        let fits = (unet.context, unet.y) == (old.context, old.y);
        let changed = Architecture {
            unet,
            ..self.architecture.clone()
        };
        if !fits || changed.check().is_err() || changed.check_fit().is_err() {
            return Ok(false);
        }
        self.architecture = changed;
        let part = Part {
            files: vec![self.files.len()],
            naming,
            prefix: prefix.to_owned(),
        };
        self.parts.insert(Network::Unet, part);
        self.files.push(file);
        path.clone_into(&mut self.path);
        Ok(true)
    }

    /// The file or folder that was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The name that infotext and lists use: the file's without its extension, or the folder's.
    pub fn name(&self) -> String {
        config::display_name(&self.path)
    }

    /// How the files are laid out.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// What the networks look like.
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// Every file that the networks depend on: weights and configurations.
    pub fn sources(&self) -> Vec<PathBuf> {
        let mut sources: Vec<_> = self.files.iter().map(|file| file.path().to_owned()).collect();
        match self.layout {
            Layout::SingleFile => sources.push(self.described.with_extension("yaml")),
            Layout::Diffusers => sources.extend(diffusers::CONFIGS.iter().map(|config| self.described.join(config))),
        }
        sources
    }

    /// Whether file, header or yaml say what the UNet predicts. Where they do not, the architecture's is a guess and the UNet is to be
    /// asked (`diffusion::probe`).
    pub fn prediction_is_said(&self) -> bool {
        self.prediction_is_said
    }

    /// The header's free-form text; empty for a folder.
    pub fn metadata(&self) -> BTreeMap<String, String> {
        match self.layout {
            Layout::SingleFile => self.files[0].metadata().clone(),
            Layout::Diffusers => BTreeMap::new(),
        }
    }

    /// The number type that most of the UNet's tensors have on disk.
    pub fn dtype(&self) -> Option<safetensors::Dtype> {
        let mut sizes: BTreeMap<_, usize> = BTreeMap::new();
        for (name, file) in self.tensor_names(Network::Unet) {
            if let Some(info) = self.files[file].tensors().get(&name) {
                *sizes.entry(info.dtype).or_default() += info.bytes();
            }
        }
        sizes.into_iter().max_by_key(|&(_, size)| size).map(|(dtype, _)| dtype)
    }

    /// Bytes of a network's tensors on disk.
    pub fn bytes_of(&self, network: Network) -> usize {
        self.tensor_names(network)
            .into_iter()
            .filter_map(|(name, file)| Some(self.files[file].tensors().get(&name)?.bytes()))
            .sum()
    }

    /// Where a network lies: its file, or the folder when it has several.
    pub(super) fn path_of(&self, network: Network) -> &Path {
        match self.parts.get(&network).map(|part| part.files.as_slice()) {
            Some(&[file]) => self.files[file].path(),
            _ => &self.path,
        }
    }

    /// How a network's tensors are named.
    pub(super) fn naming(&self, network: Network) -> Layout {
        self.parts.get(&network).map_or(self.layout, |part| part.naming)
    }

    /// The prefix of a network's tensors.
    pub(super) fn prefix(&self, network: Network) -> &str {
        self.parts.get(&network).map_or("", |part| &part.prefix)
    }

    /// A tensor of a network by its full name in the file.
    pub(super) fn view(&self, network: Network, name: &str) -> Option<View<'_>> {
        self.parts
            .get(&network)?
            .files
            .iter()
            .find_map(|&file| self.files[file].view(name))
    }

    /// Checks that every weight is a finite number. Reads all files whole: for when a picture came out as none.
    ///
    /// # Errors
    /// [`Error::NotFinite`] with the first tensor, [`Error::Changed`].
    pub fn check_finite(&self) -> Result<(), Error> {
        self.files.iter().try_for_each(TensorFile::check_finite)
    }

    /// Checks that no file of a network was written to since it was opened.
    ///
    /// # Errors
    /// [`Error::Changed`].
    pub(super) fn unchanged(&self, network: Network) -> Result<(), Error> {
        let files = self.parts.get(&network).map_or(&[][..], |part| &part.files);
        files.iter().try_for_each(|&file| self.files[file].unchanged())
    }

    /// All names of a network's tensors, in full, with the file each is in.
    pub(super) fn tensor_names(&self, network: Network) -> Vec<(String, usize)> {
        let Some(part) = self.parts.get(&network) else {
            return Vec::new();
        };
        let of_file = |&file: &usize| {
            self.files[file]
                .tensors()
                .keys()
                .filter(|n| n.starts_with(&part.prefix))
                .map(move |n| (n.clone(), file))
                .collect::<Vec<_>>()
        };
        part.files.iter().flat_map(of_file).collect()
    }

    /// How a text encoder's tensors are named.
    pub(super) fn text_naming(&self, index: usize) -> TextNaming {
        self.architecture.text[index].naming
    }
}
