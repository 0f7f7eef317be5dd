//! What metadata files say in vain, and what they name that is not there. Their sizes are looked at with the pictures.

use super::{Found, What};

pub(super) fn check(found: &mut Found<'_>) {
    let set = found.set;
    let repeated = set.subsets.iter().filter_map(|subset| subset.metadata.as_ref());
    let repeated = repeated.flat_map(|metadata| metadata.repeated.iter().cloned());
    found.add(What::MetadataRepeated, repeated.collect());
    let missing: Vec<usize> = (0..set.pictures.len())
        .filter(|&picture| set.pictures[picture].entry.is_some() && !set.pictures[picture].path.exists())
        .collect();
    found.of_pictures(What::MetadataMissing, &missing);
    let lost: Vec<usize> = (0..set.pictures.len())
        .filter(|&picture| {
            let subset = &set.subsets[set.pictures[picture].subset as usize];
            let wildcard = subset.metadata.as_ref().is_some_and(|metadata| metadata.wildcard);
            let entry = set.pictures[picture].entry.as_ref().filter(|_| wildcard);
            entry.is_some_and(|entry| entry.tags.is_some() && entry.text(",", true).is_empty())
        })
        .collect();
    found.of_pictures(What::MetadataTags, &lost);
}
