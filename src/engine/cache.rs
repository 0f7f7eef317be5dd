//! Models kept in memory between jobs, within a bound; the least recently used go first.
//!
//! A model larger than the bound is still kept, alone. What a model is, and what it was loaded from, the [`super::worker`] knows.

/// Models, each with a key and its size.
#[derive(Debug)]
pub struct Cache<K, M> {
    /// The least recently used first.
    kept: Vec<Kept<K, M>>,
}

#[derive(Debug)]
struct Kept<K, M> {
    key: K,
    bytes: u64,
    model: M,
}

impl<K, M> Default for Cache<K, M> {
    fn default() -> Self {
        Self { kept: Vec::new() }
    }
}

impl<K: PartialEq, M> Cache<K, M> {
    /// Makes the model of that key the most recently used one. Whether it is there.
    pub fn touch(&mut self, key: &K) -> bool {
        let Some(at) = self.kept.iter().position(|kept| kept.key == *key) else {
            return false;
        };
        self.kept[at..].rotate_left(1);
        true
    }

    /// Lets models go until `bytes` more fit into `bound`, or none is left.
    pub fn make_room(&mut self, bytes: u64, bound: u64) {
        while self.bytes().saturating_add(bytes) > bound && self.evict() {}
    }

    /// Lets the least recently used model go. Whether there was one.
    pub fn evict(&mut self) -> bool {
        if self.kept.is_empty() {
            return false;
        }
        self.kept.remove(0);
        true
    }

    /// Lets all models go whose key `keep` does not like.
    pub fn retain(&mut self, keep: impl Fn(&K) -> bool) {
        self.kept.retain(|kept| keep(&kept.key));
    }

    /// Keeps a model as the most recently used one.
    pub fn insert(&mut self, key: K, bytes: u64, model: M) {
        self.kept.push(Kept { key, bytes, model });
    }

    /// The model of a key, to be changed.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut M> {
        let kept = self.kept.iter_mut().find(|kept| kept.key == *key);
        kept.map(|kept| &mut kept.model)
    }

    /// The model of that key.
    pub fn get(&self, key: &K) -> Option<&M> {
        self.kept.iter().find(|kept| kept.key == *key).map(|kept| &kept.model)
    }

    /// The most recently used model.
    pub fn newest(&self) -> Option<&M> {
        self.kept.last().map(|kept| &kept.model)
    }

    /// How many models there are.
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// The size of all models.
    pub fn bytes(&self) -> u64 {
        self.kept.iter().map(|kept| kept.bytes).sum()
    }

    /// The size of the most recently used model.
    pub fn newest_bytes(&self) -> u64 {
        self.kept.last().map_or(0, |kept| kept.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(cache: &Cache<u8, u8>) -> Vec<u8> {
        cache.kept.iter().map(|kept| kept.key).collect()
    }

    #[test]
    fn the_least_recently_used_goes_first() {
        let mut cache = Cache::default();
        for key in 1..=3 {
            cache.make_room(4, 12);
            cache.insert(key, 4, key);
        }
        assert!(cache.touch(&1) && !cache.touch(&9));
        assert_eq!((keys(&cache), cache.newest()), (vec![2, 3, 1], Some(&1)));
        cache.make_room(4, 12);
        assert_eq!((keys(&cache), cache.bytes()), (vec![3, 1], 8));
        cache.make_room(1, 0);
        assert!(cache.is_empty() && !cache.evict());
    }

    #[test]
    fn a_model_above_the_bound_is_kept_alone() {
        let mut cache = Cache::default();
        cache.insert(1, 4, 1);
        cache.make_room(20, 12);
        cache.insert(2, 20, 2);
        assert_eq!((keys(&cache), cache.newest_bytes()), (vec![2], 20));
        cache.make_room(4, 12);
        assert_eq!(cache.len(), 0);
    }
}
