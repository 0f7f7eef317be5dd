//! What kohya writes about the pictures: folders and repeats, sizes and buckets, in `ss_dataset_dirs` or, for several sets, `ss_datasets`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::super::Metadata;
use super::{Bucket, PictureFolder, count, lenient};

/// All that is said about the pictures.
#[derive(Default)]
pub(super) struct Pictures {
    pub(super) folders: Vec<PictureFolder>,
    pub(super) count: Option<u64>,
    pub(super) regularisation: Option<u64>,
    pub(super) resolution: Option<(u32, u32)>,
    pub(super) buckets: Vec<Bucket>,
    pub(super) batch: Option<u64>,
}

pub(super) fn of(metadata: &Metadata) -> Pictures {
    let sets: Vec<Map<String, Value>> = match metadata.get("ss_datasets").and_then(|text| lenient::value(text)) {
        Some(Value::Array(sets)) => sets
            .into_iter()
            .filter_map(|set| match set {
                Value::Object(set) => Some(set),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    let mut folders = of_sets(&sets);
    if folders.is_empty() {
        folders = of_dirs(metadata, "ss_dataset_dirs", false);
        folders.extend(of_dirs(metadata, "ss_reg_dataset_dirs", true));
    }
    let sum = |regularisation: bool| {
        let of_kind = folders.iter().filter(|folder| folder.regularisation == regularisation);
        of_kind.map(|folder| folder.pictures).reduce(u64::saturating_add)
    };
    let size = || sets.iter().find_map(|set| pair(set.get("resolution")?));
    Pictures {
        // kohya's own count includes repeats; it is better than nothing.
        count: sum(false).or_else(|| count(metadata, "ss_num_train_images")),
        regularisation: sum(true)
            .or_else(|| count(metadata, "ss_num_reg_images"))
            .filter(|&pictures| pictures > 0),
        resolution: metadata
            .get("ss_resolution")
            .and_then(|text| resolution(text))
            .or_else(size),
        buckets: buckets(metadata, &sets),
        batch: count(metadata, "ss_batch_size_per_device").or_else(|| {
            sets.iter()
                .find_map(|set| lenient::count(set.get("batch_size_per_device")?))
        }),
        folders,
    }
}

/// `(512, 768)`, `512,768`, `512x768`, `512` as width and height.
pub(super) fn resolution(text: &str) -> Option<(u32, u32)> {
    let numbers: Vec<u32> = text
        .split(|sign: char| !sign.is_ascii_digit())
        .filter(|part| !part.is_empty())
        .map_while(|part| part.parse().ok())
        .collect();
    match numbers.as_slice() {
        [side] => Some((*side, *side)),
        [width, height] => Some((*width, *height)),
        _ => None,
    }
    .filter(|&(width, height)| width > 0 && height > 0)
}

fn pair(value: &Value) -> Option<(u32, u32)> {
    let side = |i: usize| u32::try_from(lenient::count(value.get(i)?)?).ok();
    Some((side(0)?, side(1)?))
}

fn of_dirs(metadata: &Metadata, key: &str, regularisation: bool) -> Vec<PictureFolder> {
    let dirs = metadata
        .get(key)
        .and_then(|text| lenient::object(text))
        .unwrap_or_default();
    dirs.into_iter()
        .map(|(name, said)| PictureFolder {
            name,
            pictures: said.get("img_count").and_then(lenient::count).unwrap_or_default(),
            repeats: said.get("n_repeats").and_then(lenient::count).unwrap_or(1),
            regularisation,
        })
        .collect()
}

/// The folders of all sets; sets of several sizes share folders, which are told once.
fn of_sets(sets: &[Map<String, Value>]) -> Vec<PictureFolder> {
    let mut folders: Vec<PictureFolder> = Vec::new();
    let subsets = sets.iter().filter_map(|set| set.get("subsets")?.as_array()).flatten();
    for subset in subsets {
        let text = |key: &str| subset.get(key)?.as_str();
        let number = |key: &str| subset.get(key).and_then(lenient::count);
        let folder = PictureFolder {
            name: text("image_dir")
                .or_else(|| text("metadata_file"))
                .unwrap_or("(unnamed)")
                .to_owned(),
            pictures: number("img_count").unwrap_or_default(),
            repeats: number("num_repeats").unwrap_or(1),
            regularisation: subset.get("is_reg").and_then(Value::as_bool).unwrap_or_default(),
        };
        if !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    folders
}

/// `{"buckets": {"0": {"resolution": [w, h], "count": n}}}` of one set or of all, by size, largest count first.
fn buckets(metadata: &Metadata, sets: &[Map<String, Value>]) -> Vec<Bucket> {
    let own = metadata.get("ss_bucket_info").and_then(|text| lenient::value(text));
    let of_sets = sets.iter().filter_map(|set| set.get("bucket_info").cloned());
    let mut counts: BTreeMap<(u32, u32), u64> = BTreeMap::new();
    for info in own.into_iter().chain(of_sets) {
        let buckets = info.get("buckets").and_then(Value::as_object);
        for bucket in buckets.into_iter().flat_map(Map::values) {
            let Some(size) = bucket.get("resolution").and_then(pair) else {
                continue;
            };
            let pictures = bucket.get("count").and_then(lenient::count).unwrap_or_default();
            let known = counts.entry(size).or_default();
            *known = known.saturating_add(pictures);
        }
    }
    let mut buckets: Vec<_> = counts
        .into_iter()
        .map(|((width, height), pictures)| Bucket {
            width,
            height,
            pictures,
        })
        .collect();
    buckets.sort_by_key(|bucket| std::cmp::Reverse(bucket.pictures));
    buckets
}
