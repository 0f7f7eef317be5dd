//! What an embedding holds: tokens, widths, and with them its family.

use std::collections::BTreeMap;

use super::network::spoken;
use super::{EmbeddingAbout, Metadata};
use crate::weights::file::Info;

/// An embedding, and the family whose text encoders have vectors of its widths.
pub(super) fn of(tensors: &BTreeMap<String, Info>, metadata: &Metadata) -> (EmbeddingAbout, Option<&'static str>) {
    // SDXL's pair first: CLIP L, then CLIP G, as the encoders stand in the model.
    let mut shapes: Vec<(&str, &[usize])> = tensors
        .iter()
        .filter(|(_, info)| (1..=2).contains(&info.shape.len()))
        .map(|(name, info)| (name.as_str(), info.shape.as_slice()))
        .collect();
    shapes.sort_by_key(|(name, _)| match *name {
        "clip_l" => 0,
        "clip_g" => 1,
        _ => 2,
    });
    if shapes
        .iter()
        .any(|(name, _)| name.starts_with("string_to_param") || *name == "emb_params")
    {
        shapes.retain(|(name, _)| name.starts_with("string_to_param") || *name == "emb_params");
        shapes.truncate(1);
    }
    let widths: Vec<usize> = shapes.iter().filter_map(|(_, shape)| shape.last().copied()).collect();
    let vectors = shapes
        .first()
        .map_or(0, |(_, shape)| if shape.len() == 1 { 1 } else { shape[0] });
    let family = family(&widths);
    let about = EmbeddingAbout {
        vectors,
        widths,
        name: spoken(metadata, "name"),
        step: metadata.get("step").and_then(|step| step.trim().parse().ok()),
        trained_on: spoken(metadata, "sd_checkpoint_name"),
    };
    (about, family)
}

/// The family whose text encoders have vectors of these widths.
pub(super) fn family(widths: &[usize]) -> Option<&'static str> {
    match widths {
        [768] => Some("sd1"),
        [1024] => Some("sd2"),
        // Both at once, or the two laid side by side.
        [768, 1280, ..] | [2048] => Some("sdxl"),
        [1280] => Some("sdxl-refiner"),
        _ => None,
    }
}
