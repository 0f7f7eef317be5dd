//! What a hypernetwork holds: for each width of context two stacks of layers, one for keys and one for values.

use std::collections::{BTreeMap, BTreeSet};

use super::network::spoken;
use super::{HypernetworkAbout, Metadata};
use crate::weights::file::Info;

/// The most layers that are told of.
const LAYERS: usize = 64;

/// A hypernetwork, and the family whose text it changes: 768 is SD 1's, 1024 SD 2's, whatever widths lie beside.
pub(super) fn of(tensors: &BTreeMap<String, Info>, metadata: &Metadata) -> (HypernetworkAbout, Option<&'static str>) {
    let mut widths = BTreeSet::new();
    let mut stacks: BTreeMap<(usize, usize), BTreeMap<usize, [usize; 2]>> = BTreeMap::new();
    for (name, info) in tensors {
        let mut parts = name.split('.');
        let Some(width) = parts.next().and_then(|part| part.parse().ok()) else {
            continue;
        };
        let Some(which) = parts.next().and_then(|part| part.parse().ok()) else {
            continue;
        };
        widths.insert(width);
        let layer: Option<usize> = parts.nth(1).and_then(|part| part.parse().ok());
        if let (Some(layer), [out, input]) = (layer, info.shape.as_slice()) {
            stacks.entry((width, which)).or_default().insert(layer, [*out, *input]);
        }
    }
    let about = HypernetworkAbout {
        layers: structure(metadata).or_else(|| multiples(&stacks)).unwrap_or_default(),
        name: spoken(metadata, "name"),
        step: metadata.get("step").and_then(|step| step.trim().parse().ok()),
        trained_on: spoken(metadata, "sd_checkpoint_name"),
        widths: widths.iter().copied().collect(),
    };
    let family = match (widths.contains(&768), widths.contains(&1024)) {
        (true, false) => Some("sd1"),
        (false, true) => Some("sd2"),
        _ => None,
    };
    (about, family)
}

/// `layer_structure` as it was written into the file.
fn structure(metadata: &Metadata) -> Option<Vec<f64>> {
    let layers: Vec<f64> = serde_json::from_str(metadata.get("layer_structure")?).ok()?;
    (2..=LAYERS).contains(&layers.len()).then_some(layers)
}

/// The widths of the layers of the first stack, as multiples of its context's.
fn multiples(stacks: &BTreeMap<(usize, usize), BTreeMap<usize, [usize; 2]>>) -> Option<Vec<f64>> {
    let ((width, _), layers) = stacks.first_key_value()?;
    let [_, first] = layers.first_key_value()?.1;
    let outs = layers.values().take(LAYERS).map(|[out, _]| *out);
    let multiple = |side: usize| side as f64 / (*width).max(1) as f64;
    Some(std::iter::once(*first).chain(outs).map(multiple).collect())
}
