//! A checkpoint on disk, in either layout, with the architecture it was made for.
//!
//! Owns finding the files of each network and reading the architecture. Loads no tensor: [`super::scope`] does, when a network is
//! built. A single file holds all networks under prefixes (LDM); a diffusers folder has a sub-folder for each.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use super::architecture::TextNaming;
use super::config::{self, diffusers, ldm};
use super::mapped::{MappedFile, View};
use super::{Architecture, Error};

/// A network of a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
    layout: Layout,
    files: Vec<MappedFile>,
    parts: HashMap<Network, Part>,
    architecture: Architecture,
    doubts: Vec<String>,
}

impl Checkpoint {
    /// Opens a `.safetensors` file or a diffusers folder and reads its architecture; the tensors stay on disk.
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

    fn open_file(path: &Path) -> Result<Self, Error> {
        let file = MappedFile::open(path)?;
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
        drop(names);
        let (architecture, doubts) = ldm::architecture(&file)?;
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
            layout: Layout::SingleFile,
            files: vec![file],
            parts,
            architecture,
            doubts,
        })
    }

    fn open_folder(path: &Path) -> Result<Self, Error> {
        let folder = diffusers::Folder::open(path)?;
        let mut files = Vec::new();
        let mut parts = HashMap::new();
        let names = [
            (Network::Unet, "unet"),
            (Network::Vae, "vae"),
            (Network::Text(0), "text_encoder"),
        ]
        .into_iter()
        .chain(
            folder
                .second_text_encoder()
                .then_some((Network::Text(1), "text_encoder_2")),
        );
        for (network, name) in names {
            let mut part = Part {
                files: Vec::new(),
                naming: Layout::Diffusers,
                prefix: String::new(),
            };
            for file in folder.weights(name)? {
                part.files.push(files.len());
                files.push(MappedFile::open(&file)?);
            }
            parts.insert(network, part);
        }
        let architecture = folder.architecture()?;
        Ok(Self {
            path: path.to_owned(),
            layout: Layout::Diffusers,
            files,
            parts,
            architecture,
            doubts: Vec::new(),
        })
    }

    /// Takes the VAE from a file of its own, in either naming, with or without `first_stage_model.`.
    ///
    /// # Errors
    /// Any [`Error`]; [`Error::NotVae`] when the file holds none.
    pub fn replace_vae(&mut self, path: &Path) -> Result<(), Error> {
        let file = MappedFile::open(path)?;
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
            Layout::SingleFile => sources.push(self.path.with_extension("yaml")),
            Layout::Diffusers => sources.extend(diffusers::CONFIGS.iter().map(|config| self.path.join(config))),
        }
        sources
    }

    /// What had to be guessed about the model, a sentence each.
    pub fn doubts(&self) -> &[String] {
        &self.doubts
    }

    /// The header's free-form text; empty for a folder.
    pub fn metadata(&self) -> HashMap<String, String> {
        match self.layout {
            Layout::SingleFile => self.files[0].metadata(),
            Layout::Diffusers => HashMap::new(),
        }
    }

    /// The number type that most of the UNet's tensors have on disk.
    pub fn dtype(&self) -> Option<safetensors::Dtype> {
        let mut sizes: BTreeMap<_, usize> = BTreeMap::new();
        for (name, file) in self.tensor_names(Network::Unet) {
            if let Some(view) = self.files[file].view(&name) {
                *sizes.entry(view.dtype).or_default() += view.bytes.len();
            }
        }
        sizes.into_iter().max_by_key(|&(_, size)| size).map(|(dtype, _)| dtype)
    }

    /// Bytes of a network's tensors on disk.
    pub fn bytes_of(&self, network: Network) -> usize {
        self.tensor_names(network)
            .into_iter()
            .filter_map(|(name, file)| self.files[file].view(&name).map(|v| v.bytes.len()))
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

    /// All names of a network's tensors, in full, with the file each is in.
    pub(super) fn tensor_names(&self, network: Network) -> Vec<(String, usize)> {
        let Some(part) = self.parts.get(&network) else {
            return Vec::new();
        };
        let of_file = |&file: &usize| {
            self.files[file]
                .tensors()
                .into_keys()
                .filter(|n| n.starts_with(&part.prefix))
                .map(move |n| (n, file))
                .collect::<Vec<_>>()
        };
        part.files.iter().flat_map(of_file).collect()
    }

    /// How a text encoder's tensors are named.
    pub(super) fn text_naming(&self, index: usize) -> TextNaming {
        self.architecture.text[index].naming
    }
}
