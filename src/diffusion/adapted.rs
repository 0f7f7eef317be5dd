//! A model under networks of the LoRA family: layers changed, and changed back, without reading the checkpoint again.
//!
//! Owns which layers are changed now and by what. A changed weight is always computed from the checkpoint's own, in f32, network by
//! network in the order of the prompt's calls, and rounded once; so no number of switches moves a model. The checkpoint's tensors are
//! those that the networks hold anyway; memory is needed for the changed ones alone. How a weight changes is
//! [`crate::weights::adapter`]'s.

use std::collections::HashMap;
use std::sync::Arc;

use burn::tensor::{DType, Device, Tensor};

use crate::weights::Architecture;
use crate::weights::adapter::{Adapter, Layer, Names, Target};
use crate::weights::checkpoint::Network;
use crate::weights::scope::{Kept, Source};
use crate::weights::{self, Error};

/// A network in use, with the strengths of its call.
#[derive(Clone, Debug)]
pub struct Use {
    /// The network.
    pub adapter: Arc<Adapter>,
    /// What people call it, for remarks.
    pub name: String,
    /// Strength in the text encoders.
    pub te: f64,
    /// Strength in the UNet.
    pub unet: f64,
    /// So many ranks of a LoRA are used; all of them where it is not given.
    pub dyn_dim: Option<usize>,
}

/// Something that the user should know about a network in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// What the network was called.
    pub name: String,
    /// A sentence.
    pub text: String,
    /// Whether the network changes nothing at all.
    pub left_out: bool,
}

/// One module's change to a layer.
#[derive(Clone, Debug)]
struct Step {
    adapter: Arc<Adapter>,
    module: usize,
    strength: f64,
    dyn_dim: Option<usize>,
}

impl PartialEq for Step {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.adapter, &other.adapter)
            && (self.module, self.dyn_dim) == (other.module, other.dyn_dim)
            && self.strength.to_bits() == other.strength.to_bits()
    }
}

/// A layer under its networks.
#[derive(Clone, Debug)]
struct Changed {
    steps: Vec<Step>,
    weight: Tensor<1>,
    bias: Option<Tensor<1>>,
}

/// By network and layer.
type Layers<T> = HashMap<(Network, String), T>;

/// The checkpoint's tensors of a model, and what networks make of them.
#[derive(Debug)]
pub(super) struct Adapted {
    base: HashMap<Network, Kept>,
    changed: Layers<Changed>,
    device: Device,
    dtype: DType,
}

/// What a set of networks changes in a model.
#[derive(Debug, Default)]
pub struct Plan {
    layers: Layers<(Target, Vec<Step>)>,
    /// What should be said of the networks, in their order.
    pub remarks: Vec<Remark>,
}

impl Plan {
    /// Lays networks upon a model, by names and shapes alone. What is called with a strength of zero changes nothing.
    pub fn of(uses: &[Use], architecture: &Architecture) -> Self {
        if uses.is_empty() {
            return Self::default();
        }
        let names = Names::of(architecture);
        let mut plan = Self::default();
        for network in uses {
            let placed = network.adapter.place_among(&names, architecture);
            let name = &network.name;
            if let Some(why) = placed.refusal {
                plan.remarks.push(Remark {
                    name: name.clone(),
                    text: format!("the network {name:?} is not used: {why}"),
                    left_out: true,
                });
                continue;
            }
            plan.remarks.extend(placed.remarks().into_iter().map(|what| Remark {
                name: name.clone(),
                text: format!("of the network {name:?}, {what}"),
                left_out: false,
            }));
            for (module, target) in placed.places {
                let strength = match target.network {
                    Network::Text(_) => network.te,
                    _ => network.unet,
                };
                if strength == 0.0 {
                    continue;
                }
                let key = (target.network, target.name.clone());
                let (_, steps) = plan.layers.entry(key).or_insert_with(|| (target, Vec::new()));
                steps.push(Step {
                    adapter: Arc::clone(&network.adapter),
                    module,
                    strength,
                    dyn_dim: network.dyn_dim,
                });
            }
        }
        plan
    }

    /// Numbers in the weights that are changed: what has to be kept beside the checkpoint's.
    pub fn elements(&self) -> usize {
        let targets = self.layers.values().map(|(target, _)| target);
        targets.map(|target| target.shape.iter().product::<usize>()).sum()
    }

    /// The names of networks that change nothing.
    pub fn left_out(&self) -> Vec<String> {
        let left_out = self.remarks.iter().filter(|remark| remark.left_out);
        left_out.map(|remark| remark.name.clone()).collect()
    }
}

impl Adapted {
    pub(super) fn new(device: &Device, dtype: DType) -> Self {
        Self {
            base: HashMap::new(),
            changed: HashMap::new(),
            device: device.clone(),
            dtype,
        }
    }

    /// Takes in a loaded network's tensors.
    pub(super) fn keep(&mut self, network: Network, tensors: Kept) {
        self.base.insert(network, tensors);
    }

    /// Computes the planned layers that are not as planned already, and returns the networks that have to be built anew. What is
    /// planned no longer goes back to the checkpoint's.
    ///
    /// # Errors
    /// [`Error::Stopped`] when `stop` says so; everything is as before then.
    pub(super) fn change(&mut self, plan: Plan, stop: &dyn Fn() -> bool) -> Result<Vec<Network>, Error> {
        let mut changed = HashMap::with_capacity(plan.layers.len());
        let mut dirty: Vec<Network> = Vec::new();
        for (key, (target, steps)) in plan.layers {
            if stop() {
                return Err(Error::Stopped);
            }
            let known = self.changed.get(&key).filter(|known| known.steps == steps);
            let layer = if let Some(known) = known {
                known.clone()
            } else {
                dirty.push(key.0);
                self.compute(&target, steps)?
            };
            changed.insert(key, layer);
        }
        let gone = self.changed.keys().filter(|key| !changed.contains_key(*key));
        dirty.extend(gone.map(|(network, _)| *network));
        dirty.sort_unstable();
        dirty.dedup();
        self.changed = changed;
        Ok(dirty)
    }

    /// A layer under its networks, from the checkpoint's tensors.
    fn compute(&self, target: &Target, steps: Vec<Step>) -> Result<Changed, Error> {
        let base = |part: &str| {
            let tensor = self
                .base
                .get(&target.network)?
                .get(&format!("{}.{part}", target.name))?;
            Some(tensor.clone().cast(DType::F32))
        };
        let weight = base("weight").ok_or_else(|| missing(&target.name, &target.shape))?;
        let out = target.shape.first().copied().unwrap_or(1);
        let columns = target.shape.iter().skip(1).product::<usize>();
        let mut layer = Layer {
            weight: weight.reshape([out, columns]),
            shape: target.shape.clone(),
            bias: base("bias"),
        };
        for step in &steps {
            let Some(module) = step.adapter.modules().get(step.module) else {
                continue;
            };
            // What does not fit was left out of the plan.
            if let Ok(next) = module.apply(layer.clone(), step.strength, step.dyn_dim) {
                layer = next;
            }
        }
        Ok(Changed {
            steps,
            weight: layer.weight.reshape([out * columns]).cast(self.dtype),
            bias: layer.bias.map(|bias| bias.cast(self.dtype)),
        })
    }

    /// A network's tensors as they are now.
    pub(super) fn source(&self, network: Network) -> Present<'_> {
        Present { adapted: self, network }
    }

    /// Bytes of the changed tensors.
    pub(super) fn bytes(&self) -> u64 {
        let elements = |changed: &Changed| {
            let bias = changed.bias.as_ref().map_or(0, |bias| bias.dims()[0]);
            changed.weight.dims()[0] + bias
        };
        let elements: usize = self.changed.values().map(elements).sum();
        (elements * self.dtype.size()) as u64
    }
}

/// One network's tensors: the changed ones where they are changed, else the checkpoint's.
pub(super) struct Present<'a> {
    adapted: &'a Adapted,
    network: Network,
}

impl Present<'_> {
    fn changed(&self, name: &str) -> Option<Tensor<1>> {
        let (layer, part) = name.rsplit_once('.')?;
        let changed = self.adapted.changed.get(&(self.network, layer.to_owned()))?;
        match part {
            "weight" => Some(changed.weight.clone()),
            "bias" => changed.bias.clone(),
            _ => None,
        }
    }
}

impl Source for Present<'_> {
    fn tensor(&self, name: &str, shape: &[usize]) -> Result<Tensor<1>, Error> {
        let kept = || self.adapted.base.get(&self.network)?.get(name).cloned();
        self.changed(name).or_else(kept).ok_or_else(|| missing(name, shape))
    }

    fn added(&self, name: &str) -> Option<Tensor<1>> {
        self.changed(name)
    }

    fn device(&self) -> &Device {
        &self.adapted.device
    }
}

fn missing(name: &str, shape: &[usize]) -> weights::Error {
    Error::Missing {
        path: "the loaded model".into(),
        name: name.to_owned(),
        expected: shape.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// A network that adds one to `modules` of 2x2.
    fn network(modules: &[&str]) -> Arc<Adapter> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("net.safetensors");
        let ones: Vec<u8> = [1.0_f32; 4].iter().flat_map(|v| v.to_le_bytes()).collect();
        let view = safetensors::tensor::TensorView::new(safetensors::Dtype::F32, vec![2, 2], &ones).unwrap();
        let tensors = modules.iter().map(|module| (format!("{module}.diff"), view.clone()));
        safetensors::serialize_to_file(tensors, None, &path).unwrap();
        Arc::new(Adapter::open(&path).unwrap())
    }

    fn plan(steps: &[(&str, &Arc<Adapter>, usize, f64)]) -> Plan {
        let mut plan = Plan::default();
        for &(name, adapter, module, strength) in steps {
            let target = Target {
                network: Network::Unet,
                name: name.to_owned(),
                shape: vec![2, 2],
            };
            let key = (Network::Unet, name.to_owned());
            let (_, steps) = plan.layers.entry(key).or_insert_with(|| (target, Vec::new()));
            steps.push(Step {
                adapter: Arc::clone(adapter),
                module,
                strength,
                dyn_dim: None,
            });
        }
        plan
    }

    #[test]
    fn just_what_differs_is_computed() {
        let device = Device::flex();
        let mut adapted = Adapted::new(&device, DType::F32);
        let zeros = |name: &str| (format!("{name}.weight"), Tensor::zeros([4], &device));
        adapted.keep(Network::Unet, [zeros("a"), zeros("b")].into());
        let net = network(&["m0", "m1"]);
        let go = || false;
        let both = || plan(&[("a", &net, 0, 1.0), ("b", &net, 1, 0.5)]);
        assert_eq!(adapted.change(both(), &go).unwrap(), [Network::Unet]);
        assert!(adapted.change(both(), &go).unwrap().is_empty());
        // What is as it was is kept, not computed anew: without the base it could not be.
        adapted.base.get_mut(&Network::Unet).unwrap().remove("b.weight");
        let other = plan(&[("a", &net, 0, 2.0), ("b", &net, 1, 0.5)]);
        assert_eq!(adapted.change(other, &go).unwrap(), [Network::Unet]);
        let source = adapted.source(Network::Unet);
        let values = |name: &str| {
            source
                .tensor(name, &[2, 2])
                .unwrap()
                .to_data()
                .try_to_vec::<f32>()
                .unwrap()
        };
        assert_eq!((values("a.weight"), values("b.weight")), (vec![2.0; 4], vec![0.5; 4]));
        assert!(adapted.change(plan(&[("b", &net, 1, 0.25)]), &go).is_err());
        assert_eq!(adapted.bytes(), 32);
        assert_eq!(adapted.change(Plan::default(), &go).unwrap(), [Network::Unet]);
        assert_eq!(adapted.bytes(), 0);
    }
}
