//! A model as scripts see it; what does not apply is left out.

use std::path::PathBuf;

use danlu::library::Card;
use danlu::weights::about::{Block, EmbeddingAbout, Format, HypernetworkAbout, Metadata};
use danlu::weights::kind::Kind;
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(super) struct Description {
    path: PathBuf,
    kind: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    family: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<Format>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dtype: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    legacy_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    network: Option<Network>,
    #[serde(skip_serializing_if = "Option::is_none")]
    embedding: Option<EmbeddingAbout>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hypernetwork: Option<HypernetworkAbout>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    favourite: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata>,
}

#[derive(Debug, Serialize)]
struct Network {
    types: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dim: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alpha: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    conv_dim: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    conv_alpha: Option<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    blocks: Vec<Block>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    dora: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trained_on: Option<String>,
}

impl Description {
    /// What is known of a model; hashes of the whole file only where they are known.
    pub(super) fn of(card: &Card) -> Self {
        let about = &*card.about;
        let network = about.network.clone().map(|network| Network {
            types: network.types,
            dim: network.dim,
            alpha: network.alpha,
            conv_dim: network.conv_dim,
            conv_alpha: network.conv_alpha,
            blocks: network.blocks,
            dora: network.dora,
            hash: card.hashes.network_short().map(str::to_owned),
            trained_on: network.trained_on,
        });
        // The old hash is that of a small part, which every list reads; it is told with the whole's.
        let whole = card.hashes.sha256.is_some();
        Self {
            path: card.path.clone(),
            kind: about.kind,
            family: about.family.clone(),
            format: about.format,
            dtype: about.dtype.clone(),
            sha256: card.hashes.sha256.clone(),
            hash: card.hashes.short().map(str::to_owned),
            legacy_hash: card.hashes.legacy.clone().filter(|_| whole),
            network,
            embedding: about.embedding.clone(),
            hypernetwork: about.hypernetwork.clone(),
            trouble: about.trouble.clone(),
            favourite: card.favourite,
            tags: card.tags.clone(),
            metadata: None,
        }
    }

    /// With the header's metadata, where the file has a header.
    pub(super) fn with_metadata(self, metadata: Metadata) -> Self {
        let has_header = matches!(self.format, Some(Format::Safetensors | Format::Ckpt));
        Self {
            metadata: has_header.then_some(metadata),
            ..self
        }
    }
}
