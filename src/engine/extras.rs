//! What a prompt calls beside its words: networks, embeddings, hypernetworks, found and read before anything is loaded.
//!
//! Owns what becomes of those that cannot be used: a sentence each, or the end of a strict job. [`super::networks`] and
//! [`super::inversions`] find the files.

use std::sync::Arc;

use super::device::Opened;
use super::error::Error;
use super::inversions::{Inversions, Shelf};
use super::job::Generate;
use super::needed::Needed;
use super::networks::{Hash, Networks};
use crate::diffusion::adapted::Plan;
use crate::library::Trees;
use crate::nn::hypernetwork::Hypernetwork;
use crate::prompt::networks as calls;
use crate::weights::adapter::Adapter;

/// What a job's prompt calls.
pub(super) struct Extras {
    /// How each model that is needed changes, in their order.
    pub(super) plans: Vec<Plan>,
    /// Whether any network is called.
    pub(super) calls_networks: bool,
    /// The networks that infotext names.
    pub(super) named: Vec<(String, Hash, Arc<Adapter>)>,
    /// The hypernetworks, in order.
    pub(super) hypernetworks: Vec<Hypernetwork>,
    /// The embeddings that the texts name, for each model that is needed.
    pub(super) inversions: Vec<Inversions>,
    /// What is not used or only in part, a sentence each.
    pub(super) said: Vec<String>,
}

impl Extras {
    /// Finds and reads them.
    ///
    /// # Errors
    /// [`Error::Strict`] when the job is strict and something that is called cannot be used.
    pub(super) fn of(
        job: &Generate,
        needed: &[Needed],
        trees: &Trees,
        networks: &mut Networks,
        shelf: &mut Shelf,
        device: &Opened,
    ) -> Result<Self, Error> {
        let extracted = calls::extract(&job.recipe.prompt);
        let mut called = networks.called(&extracted.calls, trees, &job.roots);
        let mut hypernetworks = shelf.hypernetworks(&extracted.calls, trees, &device.device);
        let adapters: Vec<_> = called.uses.iter().map(|used| Arc::clone(&used.adapter)).collect();
        let architectures = || needed.iter().map(|one| one.checkpoint.architecture());
        let mut inversions: Vec<Inversions> = architectures()
            .map(|architecture| shelf.named(&job.recipe, architecture, trees, &adapters))
            .collect();
        let plans: Vec<Plan> = architectures()
            .map(|architecture| Plan::of(&called.uses, architecture))
            .collect();

        let mut said = extracted.faults.clone();
        said.append(&mut called.missing);
        said.append(&mut hypernetworks.missing);
        // A refiner is given all of them too, as far as they fit it; what does not is not worth a word.
        said.extend(
            inversions
                .first_mut()
                .map(|first| std::mem::take(&mut first.missing))
                .unwrap_or_default(),
        );
        let remarks = plans.first().map(|plan| plan.remarks.as_slice()).unwrap_or_default();
        let (left_out, remarks): (Vec<_>, _) = remarks.iter().partition(|remark| remark.left_out);
        said.extend(left_out.into_iter().map(|remark| remark.text.clone()));
        if job.strict && !said.is_empty() {
            return Err(Error::Strict(said.join("; ")));
        }
        said.extend(remarks.into_iter().map(|remark| remark.text.clone()));
        let named = plans
            .first()
            .map(|plan| called.named(&plan.left_out()))
            .unwrap_or_default();
        Ok(Self {
            calls_networks: !called.uses.is_empty(),
            named,
            hypernetworks: hypernetworks.networks,
            inversions,
            said,
            plans,
        })
    }

    /// Bytes of the weights that the networks change.
    pub(super) fn changed_bytes(&self, device: &Opened) -> u64 {
        let elements: usize = self.plans.iter().map(Plan::elements).sum();
        (elements * device.dtype.size()) as u64
    }
}
