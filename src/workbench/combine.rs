//! Combine: one LoRA of several, as kohya's `merge_lora.py` (factors added or put side by side) and `svd_merge_lora.py` (products added
//! and factored anew) make it, for SD 1.x, 2.x and XL.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::lora::{self, Lora, Pair};
use super::modelspec::{self, Base};
use super::pace::Watch;
use super::source::Source;
use super::svd::Svd;
use super::task::{Combine, Joining};
use super::tensor::{Map, Tensor};
use super::write::{self, Plan, safetensors::add_hashes};
use super::{Done, Error, python, tensor};

/// The part of the factors' values that kohya's script keeps uncut.
const QUANTILE: f64 = 0.99;

/// Does the task.
pub(super) fn run(task: &Combine, watch: &mut Watch<'_>) -> Result<Done, Error> {
    let wrong = |what: String, hint| Error::Task { what, hint };
    if task.networks.is_empty() {
        return Err(wrong("there is no LoRA to combine".to_owned(), "name two or more"));
    }
    if let Joining::Svd { rank, conv_rank } = task.joining
        && (rank == 0 || conv_rank == Some(0))
    {
        return Err(wrong("the new rank is 0".to_owned(), "give a rank of 1 or more"));
    }
    if let Some(share) = task.networks.iter().find(|share| !share.ratio.is_finite()) {
        return Err(wrong(format!("a ratio is {}", share.ratio), "give a finite number"));
    }
    let inputs: Vec<_> = task.networks.iter().map(|share| share.path.as_path()).collect();
    write::free(&task.output.path, &inputs, task.output.overwrite)?;
    let sources: Vec<_> = inputs.iter().map(|path| Source::open(path)).collect::<Result<_, _>>()?;
    let loras: Vec<_> = sources.iter().map(Lora::of).collect::<Result<_, _>>()?;
    check(&loras)?;
    let modules = modules(&loras, task);
    let (tensors, mut metadata) = match task.joining {
        Joining::Svd { rank, conv_rank } => factored(&modules, rank, conv_rank, &loras, watch)?,
        _ => added(&modules, task.joining == Joining::Concat, &loras)?,
    };
    let base_of = |key: &str| loras.iter().find_map(|lora| lora.metadata.get(key));
    let base = Base {
        v2: base_of("ss_v2").is_some_and(|v2| v2 == "True"),
        v_prediction: base_of("ss_v2").is_some_and(|v2| v2 == "True"),
        xl: base_of("ss_base_model_version").is_some_and(|base| base.to_lowercase().starts_with("sdxl")),
    };
    let titles: Vec<_> = loras
        .iter()
        .map(|lora| modelspec::title(&lora.path, &lora.metadata))
        .collect();
    metadata.extend(modelspec::network(
        metadata["ss_network_dim"].clone(),
        metadata["ss_network_alpha"].clone(),
        match task.joining {
            Joining::Svd { rank, conv_rank } => Some(conv_rank.unwrap_or(rank)),
            _ => None,
        },
        base_of("ss_v2"),
        base_of("ss_base_model_version"),
    ));
    let losses = Arc::default();
    let mut plan = Plan {
        tensors: write::cast(tensors, task.output.precision, &losses),
        metadata,
        is_checkpoint: false,
    };
    add_hashes(&mut plan)?;
    plan.metadata
        .extend(modelspec::lora(base, &task.output.path, Some(titles.join(", "))));
    let mut done = write::file(plan, &task.output, &inputs, watch)?;
    done.notes.extend(losses.notes());
    Ok(done)
}

/// Refuses networks that cannot be of one family, or that are named in different ways.
fn check(loras: &[Lora<'_>]) -> Result<(), Error> {
    for lora in loras {
        lora.only_pairs()?;
    }
    let first = &loras[0];
    let naming = |lora: &Lora<'_>| lora.pairs.values().next().map(Pair::naming);
    let unet = |lora: &Lora<'_>| {
        let names = lora.pairs.keys().filter(|name| name.contains("unet"));
        names.cloned().collect::<std::collections::BTreeSet<_>>()
    };
    for other in &loras[1..] {
        let mismatch = |why: &str| {
            Err(Error::Mismatch {
                a: first.path.clone(),
                b: other.path.clone(),
                why: why.to_owned(),
            })
        };
        if naming(first) != naming(other) {
            return mismatch("their modules are named in different ways");
        }
        let (a, b) = (unet(first), unet(other));
        if !a.is_empty() && !b.is_empty() && a.is_disjoint(&b) {
            return mismatch("they change no layer of the UNet in common, so they are of different families");
        }
        for (module, pair) in &other.pairs {
            let shape = pair.shape();
            match first.pairs.get(module).map(Pair::shape) {
                Some(expected) if expected != shape => {
                    return mismatch(&format!(
                        "{module} changes a weight of {expected:?} in one and {shape:?} in the other"
                    ));
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// One module's pairs with their ratios, in the order of the files.
struct Module<'l, 'a> {
    name: &'l str,
    pairs: Vec<(&'l Pair<'a>, f64, &'l Lora<'a>)>,
}

impl Module<'_, '_> {
    /// The alpha that the result has: the first file's, or its rank where it has none.
    fn alpha(&self) -> f64 {
        alpha_of(self.pairs[0].0)
    }
}

fn alpha_of(pair: &Pair<'_>) -> f64 {
    pair.alpha.map_or(pair.rank() as f64, f64::from)
}

fn modules<'l, 'a>(loras: &'l [Lora<'a>], task: &Combine) -> Vec<Module<'l, 'a>> {
    let mut modules: BTreeMap<&str, Module<'l, 'a>> = BTreeMap::new();
    for (lora, share) in loras.iter().zip(&task.networks) {
        for (name, pair) in &lora.pairs {
            let module = modules.entry(name).or_insert(Module {
                name,
                pairs: Vec::new(),
            });
            module.pairs.push((pair, share.ratio, lora));
        }
    }
    modules.into_values().collect()
}

type Made<'a> = (Map<'a>, BTreeMap<String, String>);

/// Adds the factors up, or puts them side by side. Each is multiplied with the ratio and with the root of what its alpha is to the
/// first one's; a ratio below zero turns the sign of the down factor alone.
fn added<'a>(modules: &[Module<'_, 'a>], concat: bool, loras: &[Lora<'a>]) -> Result<Made<'a>, Error> {
    let mut tensors = Map::new();
    for module in modules {
        let base = module.alpha();
        let (first, ..) = module.pairs[0];
        let mut parts: Vec<(&Pair<'_>, f32)> = Vec::new();
        for (pair, ratio, lora) in &module.pairs {
            if pair.mid.is_some() {
                return Err(Error::Input {
                    path: lora.path.clone(),
                    why: format!("has a module {} in three factors", module.name),
                    hint: "such modules cannot be added up; combine with a new rank instead (--rank)",
                });
            }
            let same = pair.down.shape == first.down.shape && pair.up.shape == first.up.shape;
            if !same && !concat {
                return Err(Error::Mismatch {
                    a: loras[0].path.clone(),
                    b: lora.path.clone(),
                    why: format!(
                        "{} has rank {} in one and {} in the other; put them side by side (--concat) or give a new rank (--rank)",
                        module.name,
                        first.rank(),
                        pair.rank()
                    ),
                });
            }
            parts.push((pair, ((alpha_of(pair) / base).sqrt() * ratio) as f32));
        }
        let dtype = widest(parts.iter().map(|(pair, _)| pair.down.dtype));
        let scaled = |values: Vec<f32>, scale: f32| values.into_iter().map(move |v| v * scale);
        let (mut up, mut down): (Vec<f32>, Vec<f32>) = (Vec::new(), Vec::new());
        let mut rank = first.rank();
        if concat {
            rank = parts.iter().map(|(pair, _)| pair.rank()).sum();
            up = vec![0.0; first.up.shape[0] * rank];
            let mut at = 0;
            for (pair, scale) in &parts {
                down.extend(scaled(pair.down.to_f32()?, *scale));
                let own = pair.rank();
                for (i, value) in scaled(pair.up.to_f32()?, scale.abs()).enumerate() {
                    up[i / own * rank + at + i % own] = value;
                }
                at += own;
            }
        } else {
            let add = |sum: &mut Vec<f32>, values: Vec<f32>, scale: f32| {
                if sum.is_empty() {
                    sum.extend(scaled(values, scale));
                } else {
                    sum.iter_mut().zip(scaled(values, scale)).for_each(|(sum, v)| *sum += v);
                }
            };
            for (pair, scale) in &parts {
                add(&mut down, pair.down.to_f32()?, *scale);
                add(&mut up, pair.up.to_f32()?, scale.abs());
            }
        }
        let (mut down_shape, mut up_shape) = (first.down.shape.clone(), first.up.shape.clone());
        (down_shape[0], up_shape[1]) = (rank, rank);
        let [down_name, up_name] = first.names(module.name);
        tensors.insert(down_name, Tensor::of_values(dtype, down_shape, &down));
        tensors.insert(up_name, Tensor::of_values(dtype, up_shape, &up));
        tensors.insert(format!("{}.alpha", module.name), lora::number(dtype, base));
    }
    let metadata = sizes(
        modelspec::common(modules.iter().map(|module| module.pairs[0].0.rank()), |rank| {
            rank.to_string()
        }),
        modelspec::common(modules.iter().map(Module::alpha), python::float),
    );
    Ok((tensors, metadata))
}

/// Adds the products up and factors the sums.
fn factored<'a>(
    modules: &[Module<'_, 'a>],
    rank: usize,
    conv_rank: Option<usize>,
    loras: &[Lora<'a>],
    watch: &mut Watch<'_>,
) -> Result<Made<'a>, Error> {
    let weight = |module: &Module<'_, '_>| module.pairs[0].0.shape().iter().product::<usize>() as f64;
    let made = lora::each(modules, weight, watch, |module| {
        let shape = module.pairs[0].0.shape();
        let is_large = shape.len() == 4 && shape[2..] != [1, 1];
        let wanted = if is_large { conv_rank.unwrap_or(rank) } else { rank };
        let new = wanted.min(shape[0]).min(shape[1]);
        let svd = svd(module, &shape)?.ok_or_else(|| lora::not_finite(&loras[0].path, module.name))?;
        let dtype = widest(module.pairs.iter().map(|(pair, ..)| pair.down.dtype));
        let factors = svd.clamped_factors(new, QUANTILE);
        let [down, up] = lora::tensors(&factors, &shape, new, dtype);
        let [down_name, up_name] = module.pairs[0].0.names(module.name);
        let alpha = lora::number(dtype, new as f64);
        Ok([
            (down_name, down),
            (up_name, up),
            (format!("{}.alpha", module.name), alpha),
        ])
    })?;
    let metadata = sizes(rank.to_string(), rank.to_string());
    Ok((made.into_iter().flatten().collect(), metadata))
}

/// The singular values of the weighted sum of a module's products: their factors side by side are the factors of the sum.
fn svd(module: &Module<'_, '_>, shape: &[usize]) -> Result<Option<Svd>, Error> {
    let (rows, columns) = (shape[0], shape[1..].iter().product());
    let mut parts = Vec::new();
    for (pair, ratio, _) in &module.pairs {
        let (up, down, rank) = pair.matrices()?;
        parts.push((up, down, rank, *ratio as f32 * pair.scale()));
    }
    let rank = parts.iter().map(|(_, _, rank, _)| rank).sum();
    let (mut all_up, mut all_down) = (vec![0.0; rows * rank], Vec::with_capacity(rank * columns));
    let mut at = 0;
    for (up, down, own, scale) in parts {
        for (i, value) in up.into_iter().enumerate() {
            all_up[i / own * rank + at + i % own] = value * scale;
        }
        all_down.extend(down);
        at += own;
    }
    Ok(Svd::of_product(&all_up, &all_down, rank, rows, columns))
}

fn sizes(dim: String, alpha: String) -> BTreeMap<String, String> {
    [
        ("ss_network_dim".to_owned(), dim),
        ("ss_network_alpha".to_owned(), alpha),
    ]
    .into()
}

fn widest(dtypes: impl Iterator<Item = safetensors::Dtype>) -> safetensors::Dtype {
    dtypes.reduce(tensor::promote).unwrap_or(safetensors::Dtype::F32)
}
