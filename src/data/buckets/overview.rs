//! What buckets do to a whole set, as a table and a screen show it: who loses most, and how full each bucket is.

use super::{Error, Placement, Size};

/// A picture and where it goes.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The picture's number in its set.
    pub picture: usize,
    /// Where it goes, or why nowhere.
    pub placement: Result<Placement, Error>,
}

/// One bucket of a set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Filling {
    /// Its size.
    pub bucket: Size,
    /// How many pictures go there.
    pub pictures: usize,
    /// How many of them are enlarged.
    pub enlarged: usize,
    /// What is lost of them on average, 0 to 1.
    pub lost: f64,
    /// What is lost of the one that loses most.
    pub most: f64,
}

/// Those that go nowhere first, then by what is lost, most first, and by how much they are enlarged; the set's order otherwise.
pub fn sort_by_loss(rows: &mut [Row]) {
    let weight = |row: &Row| match &row.placement {
        Ok(placement) => (placement.lost(), placement.scale().max(1.0)),
        Err(_) => (f64::INFINITY, f64::INFINITY),
    };
    rows.sort_by(|a, b| {
        let (a, b) = (weight(a), weight(b));
        b.0.total_cmp(&a.0).then(b.1.total_cmp(&a.1))
    });
}

/// The buckets that have pictures, sorted by size.
pub fn fillings(rows: &[Row]) -> Vec<Filling> {
    let mut placed: Vec<&Placement> = rows.iter().filter_map(|row| row.placement.as_ref().ok()).collect();
    placed.sort_by_key(|placement| placement.bucket);
    let buckets = placed.chunk_by(|a, b| a.bucket == b.bucket);
    let filling = |members: &[&Placement]| {
        let lost = || members.iter().map(|placement| placement.lost());
        Filling {
            bucket: members[0].bucket,
            pictures: members.len(),
            enlarged: members.iter().filter(|placement| placement.scale() > 1.0).count(),
            lost: lost().sum::<f64>() / members.len() as f64,
            most: lost().fold(0.0, f64::max),
        }
    };
    buckets.map(filling).collect()
}
