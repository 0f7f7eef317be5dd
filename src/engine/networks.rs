//! The networks of the LoRA family that a prompt calls: which files they are, and the files in memory.
//!
//! Owns finding and reading them, and saying why one cannot be used. How calls are written is [`crate::prompt::networks`]'s, how a model
//! changes is [`crate::diffusion::adapted`]'s.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use crate::diffusion::adapted::Use;
use crate::library::{Folder, Found, Trees, naming};
use crate::prompt::networks::{Family, NetworkCall};
use crate::weights::TensorFile;
use crate::weights::adapter::{self, Adapter};

/// Networks in memory: those of the job before.
#[derive(Debug, Default)]
pub(super) struct Networks {
    open: Vec<Open>,
    /// Names that trainers gave, of files as they were then.
    aliases: HashMap<PathBuf, (Stamp, Option<String>)>,
}

/// A network file in memory.
#[derive(Clone, Debug)]
struct Open {
    path: PathBuf,
    stamp: Stamp,
    adapter: Arc<Adapter>,
    hash: Hash,
}

/// Length and time of change.
type Stamp = Option<(u64, SystemTime)>;

fn stamp(path: &Path) -> Stamp {
    path.metadata().ok().and_then(|m| Some((m.len(), m.modified().ok()?)))
}

/// A network's hash, computed when it is asked for, once.
#[derive(Clone, Debug, Default)]
pub(super) struct Hash(Arc<OnceLock<Option<String>>>);

/// What a job's calls come to.
#[derive(Debug, Default)]
pub(super) struct Called {
    /// The networks to put the model under, in order.
    pub(super) uses: Vec<Use>,
    /// Of each, its hash and where that comes from.
    pub(super) hashes: Vec<(Hash, Arc<Adapter>)>,
    /// Why others cannot be used, a sentence each.
    pub(super) missing: Vec<String>,
}

impl Networks {
    /// Finds and reads the networks that are called. Those that are not called any more are let go.
    pub(super) fn called(&mut self, calls: &[NetworkCall], trees: &Trees, roots: &[PathBuf]) -> Called {
        let mut called = Called::default();
        let calls = in_order(calls);
        if calls.is_empty() {
            self.open.clear();
            return called;
        }
        let mut open: Vec<Open> = Vec::new();
        for call in &calls {
            let network = self
                .find(trees, &call.name)
                .ok_or_else(|| format!("no network is called {:?} in {}", call.name, list(roots)))
                .and_then(|path| self.read(&path, &open));
            match network {
                Ok(network) => {
                    called.uses.push(Use {
                        adapter: Arc::clone(&network.adapter),
                        name: call.name.clone(),
                        te: call.te,
                        unet: call.unet,
                        dyn_dim: call.dyn_dim,
                    });
                    let hash = (network.hash.clone(), Arc::clone(&network.adapter));
                    called.hashes.push(hash);
                    open.push(network);
                }
                Err(why) => called
                    .missing
                    .push(format!("the network {:?} is not used: {why}", call.name)),
            }
        }
        self.open = open;
        called
    }

    /// The file in memory, from before if it has not changed.
    fn read(&self, path: &Path, open: &[Open]) -> Result<Open, String> {
        let stamp = stamp(path);
        let known = open.iter().chain(&self.open);
        if let Some(known) = known.clone().find(|known| known.path == path && known.stamp == stamp) {
            return Ok(known.clone());
        }
        let adapter = Adapter::open(path).map_err(|error| error.to_string())?;
        Ok(Open {
            path: path.to_owned(),
            stamp,
            adapter: Arc::new(adapter),
            hash: Hash::default(),
        })
    }

    /// The network that a call means, see [`naming::meant`]; those in folders for networks go before others.
    fn find(&mut self, trees: &Trees, name: &str) -> Option<PathBuf> {
        let mut networks: Vec<&Found> = trees.models.iter().filter(|found| may_be_network(found)).collect();
        networks.sort_by_key(|found| found.folder.is_some());
        let alias = |found: &&Found| self.alias(&found.path);
        naming::meant(&networks, name, |found| &found.name, alias).map(|found| found.path.clone())
    }

    /// The name that a file's trainer gave it.
    fn alias(&mut self, path: &Path) -> Option<String> {
        let now = stamp(path);
        match self.aliases.get(path) {
            Some((then, alias)) if *then == now => alias.clone(),
            _ => {
                let file = TensorFile::open(path).ok();
                let alias = file.and_then(|file| file.metadata().get("ss_output_name").cloned());
                self.aliases.insert(path.to_owned(), (now, alias.clone()));
                alias
            }
        }
    }
}

impl Called {
    /// A1111's `Lora hashes`: each network that is used as it was called, with the first twelve digits of its hash. Reads whole files,
    /// of each once.
    pub(super) fn infotext(uses: &[(String, Hash, Arc<Adapter>)]) -> Option<String> {
        let mut hashes: Vec<(String, String)> = Vec::new();
        for (name, hash, adapter) in uses {
            let compute = || adapter::hash(adapter.path(), adapter.metadata()).ok();
            let Some(hash) = hash.0.get_or_init(compute) else {
                continue;
            };
            let name = name.replace([':', ','], "");
            let hash: String = hash.chars().take(12).collect();
            if !name.is_empty() && !hashes.iter().any(|(known, _)| *known == name) {
                hashes.push((name, hash));
            }
        }
        let pairs: Vec<String> = hashes
            .into_iter()
            .map(|(name, hash)| format!("{name}: {hash}"))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join(", "))
    }

    /// What [`infotext`](Self::infotext) needs, of the networks that a model was put under.
    pub(super) fn named(&self, left_out: &[String]) -> Vec<(String, Hash, Arc<Adapter>)> {
        let used = self.uses.iter().zip(&self.hashes);
        used.filter(|(used, _)| !left_out.contains(&used.name))
            .map(|(used, (hash, adapter))| (used.name.clone(), hash.clone(), Arc::clone(adapter)))
            .collect()
    }
}

/// The calls of the LoRA family as A1111 activates them: word by word (`lora`, `lyco`) in the order of the words' first call. A name
/// that is called twice is applied twice, both times with the strengths of its last call.
fn in_order(calls: &[NetworkCall]) -> Vec<NetworkCall> {
    let mut calls: Vec<NetworkCall> = calls
        .iter()
        .filter(|call| call.family() == Family::Lora)
        .cloned()
        .collect();
    let kinds: Vec<String> = calls.iter().map(|call| call.kind.clone()).collect();
    calls.sort_by_key(|call| kinds.iter().position(|kind| *kind == call.kind));
    let last = |name: &str| calls.iter().rfind(|call| call.name == name).cloned();
    let with_last = |call: &NetworkCall| last(&call.name).unwrap_or_else(|| call.clone());
    calls.iter().map(with_last).collect()
}

fn may_be_network(found: &Found) -> bool {
    let fits = found.folder.is_none_or(|folder| folder == Folder::Network);
    fits && !found.diffusers
}

fn list(roots: &[PathBuf]) -> String {
    if roots.is_empty() {
        return "any folder: no model folder is given".to_owned();
    }
    let roots: Vec<String> = roots.iter().map(|root| root.display().to_string()).collect();
    roots.join(", ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn call(kind: &str, name: &str, te: f64) -> NetworkCall {
        NetworkCall {
            kind: kind.to_owned(),
            name: name.to_owned(),
            te,
            unet: te,
            dyn_dim: None,
        }
    }

    #[test]
    fn calls_are_taken_word_by_word_and_a_name_has_its_last_strength() {
        let calls = [
            call("lyco", "b", 1.0),
            call("lora", "a", 0.5),
            call("hypernet", "h", 1.0),
            call("lyco", "c", 1.0),
            call("lora", "a", 0.25),
        ];
        let order: Vec<_> = in_order(&calls).into_iter().map(|c| (c.name, c.te)).collect();
        let expected = [("b", 1.0), ("c", 1.0), ("a", 0.25), ("a", 0.25)];
        assert_eq!(order, expected.map(|(name, te)| (name.to_owned(), te)));
    }

    #[test]
    fn networks_are_found_by_file_name_alias_and_in_other_cases() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("Lora");
        std::fs::create_dir_all(root.join("style")).unwrap();
        let write = |name: &str, metadata: &str| {
            let header = format!("{{\"__metadata__\":{{{metadata}}}}}");
            let bytes = [&(header.len() as u64).to_le_bytes(), header.as_bytes()].concat();
            std::fs::write(root.join(name), bytes).unwrap();
        };
        write("Fox.safetensors", "");
        write("style/ink.v1.safetensors", "\"ss_output_name\":\"水墨\"");
        write("ink.safetensors", "\"ss_output_name\":\"Fox\"");
        let library = Trees::scan(std::slice::from_ref(&root));
        let mut networks = Networks::default();
        let mut find = |name: &str| {
            networks
                .find(&library, name)
                .map(|path| path.strip_prefix(&root).unwrap().to_owned())
        };
        for (name, expected) in [
            ("Fox", Some("Fox.safetensors")),
            ("fox", Some("Fox.safetensors")),
            ("Fox.safetensors", Some("Fox.safetensors")),
            ("水墨", Some("style/ink.v1.safetensors")),
            ("ink.v1", Some("style/ink.v1.safetensors")),
            ("style/ink.v1", Some("style/ink.v1.safetensors")),
            ("INK", Some("ink.safetensors")),
            ("none", None),
        ] {
            assert_eq!(find(name), expected.map(PathBuf::from), "{name}");
        }
    }
}
