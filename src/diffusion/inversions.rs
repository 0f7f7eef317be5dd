//! The textual inversions that a prompt can name, with their vectors: [`crate::prompt::inversions`] says where they stand, this
//! what is put there.

use std::sync::Arc;

use burn::tensor::{DType, Device, Tensor, TensorData};

use crate::nn::clip::Insert;
use crate::prompt::Tokenizer;
use crate::prompt::chunks::Chunked;
use crate::prompt::inversions::Inversions;
use crate::weights::embedding::Embedding;

/// Names with their embeddings. All of them have to fit the model ([`Embedding::fit`]).
#[derive(Clone, Debug, Default)]
pub struct Embeddings {
    names: Inversions,
    /// By the numbers of `names`.
    vectors: Vec<Arc<Embedding>>,
}

impl Embeddings {
    /// Takes an embedding in under a name and returns its number; `None` where no token stands for the name.
    pub fn add(&mut self, name: &str, embedding: Arc<Embedding>) -> Option<usize> {
        let number = self.names.add(name, embedding.count(), Tokenizer::clip())?;
        self.vectors.push(embedding);
        Some(number)
    }

    /// The names, for cutting a prompt into chunks.
    pub fn names(&self) -> &Inversions {
        &self.names
    }

    /// What goes into an encoder's input, by its place among the model's encoders.
    pub(super) fn inserts(&self, chunked: &Chunked, encoder: usize, device: &Device) -> Vec<Insert> {
        let fixes = chunked.chunks.iter().enumerate();
        let fixes = fixes.flat_map(|(chunk, cut)| cut.fixes.iter().map(move |fix| (chunk, fix)));
        let inserts = fixes.filter_map(|(chunk, fix)| {
            let part = self.vectors.get(fix.inversion)?.part(encoder)?;
            let data = TensorData::new(part.values.clone(), [part.count, part.width]);
            Some(Insert {
                chunk,
                at: fix.at,
                vectors: Tensor::from_data(data, (device, DType::F32)),
            })
        });
        inserts.collect()
    }
}
