//! The networks against diffusers and transformers.
//!
//! Fixtures come from `tests/reference/networks.py`: small models of the true architecture, each varying other axes of it, with
//! weights made from the tensors' names by a rule that is the same on both sides. Everything goes through files, in both layouts, so
//! this also proves the names, shapes and configurations that checkpoints are read by. 1e-4 is f32's rounding over some hundred layers
//! of values around 1: torch sums in another order.
#![allow(missing_docs, clippy::unwrap_used)]

mod support;

use burn::tensor::{DType, Device, Tensor};
use danlu::nn::clip::Clip;
use danlu::nn::unet::Unet;
use danlu::nn::vae::{Decoder, Encoder};
use danlu::weights::checkpoint::{Checkpoint, Network};
use danlu::weights::scope::Loader;
use support::{Fixture, Recipe, distance, shipped};

const TOLERANCE: f32 = 1e-4;

fn load<T>(checkpoint: &Checkpoint, network: Network, build: impl Fn(&danlu::weights::Scope<'_>) -> T) -> T {
    let loader = Loader::new(checkpoint, network, &Device::flex(), DType::F32);
    build(&loader.root())
}

/// Opens what the recipe describes in both layouts.
fn both_layouts(recipe: &Recipe<'_>, check: impl Fn(&Checkpoint, &str)) {
    let folder = tempfile::tempdir().unwrap();
    check(
        &Checkpoint::open(&recipe.write_single_file(folder.path())).unwrap(),
        "single file",
    );
    check(
        &Checkpoint::open(&recipe.write_folder(folder.path())).unwrap(),
        "diffusers folder",
    );
}

fn load_unet(checkpoint: &Checkpoint) -> Unet {
    let loader = Loader::new(checkpoint, Network::Unet, &Device::flex(), DType::F32);
    let unet = Unet::load(&loader.root(), &checkpoint.architecture().unet).unwrap();
    loader.finish().unwrap();
    unet
}

fn check_unet(unet: &Unet, fixture: &Fixture, y: Option<Tensor<2>>, what: &str) {
    let (x, context) = (fixture.tensor::<4>("sample"), fixture.tensor::<3>("context"));
    for (i, t) in fixture.values("timesteps").into_iter().enumerate() {
        let expected = fixture.tensor::<5>("output").narrow(0, i, 1).squeeze_dim::<4>(0);
        let found = unet.forward(x.clone(), &vec![t; x.dims()[0]], &context, y.clone());
        let distance = distance(found, expected);
        assert!(distance < TOLERANCE, "{what} at t = {t}: off by {distance}");
    }
}

fn unet_case(name: &str) {
    let (unet, vae, text) = (
        Fixture::open(name),
        Fixture::open("vae_one"),
        Fixture::open("text_clip_l"),
    );
    let recipe = Recipe {
        unet: &unet,
        vae: &vae,
        text: vec![(&text, "ldm")],
    };
    let y = unet
        .json("shapes")
        .contains_key("add_embedding.linear_1.weight")
        .then(|| unet.tensor::<2>("y"));
    both_layouts(&recipe, |checkpoint, layout| {
        check_unet(
            &load_unet(checkpoint),
            &unet,
            y.clone(),
            &format!("{name} from a {layout}"),
        );
    });
}

#[test]
fn unet_of_sd1() {
    unet_case("unet_sd1");
}

#[test]
fn unet_of_sd2() {
    unet_case("unet_sd2");
}

#[test]
fn unet_of_sdxl() {
    unet_case("unet_sdxl");
}

#[test]
fn unet_of_the_sdxl_refiner() {
    unet_case("unet_refiner");
}

#[test]
fn unet_of_inpainting() {
    unet_case("unet_inpaint");
}

/// Latent sides that do not halve evenly go A1111's way, which is not diffusers'.
#[test]
fn unet_at_odd_sizes() {
    unet_case("unet_odd");
}

#[test]
fn vaes() {
    for name in ["vae_sd", "vae_one"] {
        let (unet, vae, text) = (
            Fixture::open("unet_inpaint"),
            Fixture::open(name),
            Fixture::open("text_clip_l"),
        );
        let recipe = Recipe {
            unet: &unet,
            vae: &vae,
            text: vec![(&text, "ldm")],
        };
        both_layouts(&recipe, |checkpoint, layout| {
            check_vae(checkpoint, &vae, &format!("{name} from a {layout}"));
        });
    }
}

fn check_vae(checkpoint: &Checkpoint, fixture: &Fixture, what: &str) {
    let config = &checkpoint.architecture().vae;
    let encoder = load(checkpoint, Network::Vae, |scope| Encoder::load(scope, config).unwrap());
    let decoder = load(checkpoint, Network::Vae, |scope| Decoder::load(scope, config).unwrap());
    let moments = encoder.forward(fixture.tensor("image"));
    let off = [
        distance(moments.mean, fixture.tensor("mean")),
        distance(moments.log_variance, fixture.tensor("logvar")),
        distance(decoder.forward(fixture.tensor("latent")), fixture.tensor("decoded")),
    ];
    assert!(
        off.iter().all(|&d| d < TOLERANCE),
        "{what}: mean, log variance, picture off by {off:?}"
    );
}

#[test]
fn openai_clip() {
    let (unet, vae, text) = (
        Fixture::open("unet_sd1"),
        Fixture::open("vae_one"),
        Fixture::open("text_clip_l"),
    );
    let recipe = Recipe {
        unet: &unet,
        vae: &vae,
        text: vec![(&text, "ldm")],
    };
    both_layouts(&recipe, |checkpoint, layout| {
        let config = &checkpoint.architecture().text[0];
        let clip = load(checkpoint, Network::Text(0), |scope| Clip::load(scope, config).unwrap());
        let off = [
            distance(clip.forward(&text.ids(), 1).states, text.tensor("last_hidden_state")),
            distance(clip.forward(&text.ids(), 2).states, text.tensor("penultimate_normed")),
        ];
        assert!(
            off.iter().all(|&d| d < TOLERANCE),
            "from a {layout}: last and penultimate states off by {off:?}"
        );
    });
}

/// Both encoders of SDXL at once: raw penultimate states, and the second one's pooled projection.
#[test]
fn sdxl_text_encoders() {
    let (unet, vae) = (Fixture::open("unet_sdxl"), Fixture::open("vae_one"));
    let (first, second) = (Fixture::open("text_clip_l"), Fixture::open("text_open_clip"));
    let recipe = Recipe {
        unet: &unet,
        vae: &vae,
        text: vec![(&first, "ldm_sdxl"), (&second, "ldm_sdxl")],
    };
    both_layouts(&recipe, |checkpoint, layout| {
        assert_eq!(checkpoint.architecture().family(), "sdxl");
        let configs = &checkpoint.architecture().text;
        let encode = |i: usize, fixture: &Fixture| {
            load(checkpoint, Network::Text(i), |scope| {
                Clip::load(scope, &configs[i]).unwrap()
            })
            .forward(&fixture.ids(), 1)
        };
        let (one, two) = (encode(0, &first), encode(1, &second));
        let off = [
            distance(one.states, first.tensor("penultimate")),
            distance(two.states, second.tensor("penultimate")),
            distance(two.pooled.unwrap(), second.tensor("text_embeds")),
        ];
        assert!(
            off.iter().all(|&d| d < TOLERANCE),
            "from a {layout}: states, states, pooled off by {off:?}"
        );
    });
}

/// SD 2.x's encoder in the original layout: penultimate states behind the final norm, from `OpenCLIP`'s stacked projections.
#[test]
fn sd2_text_encoder() {
    let (unet, vae, text) = (
        Fixture::open("unet_sd2"),
        Fixture::open("vae_one"),
        Fixture::open("text_open_clip"),
    );
    let recipe = Recipe {
        unet: &unet,
        vae: &vae,
        text: vec![(&text, "ldm")],
    };
    let folder = tempfile::tempdir().unwrap();
    let checkpoint = Checkpoint::open(&recipe.write_single_file(folder.path())).unwrap();
    let config = &checkpoint.architecture().text[0];
    let clip = load(&checkpoint, Network::Text(0), |scope| {
        Clip::load(scope, config).unwrap()
    });
    let off = distance(clip.forward(&text.ids(), 1).states, text.tensor("penultimate_normed"));
    assert!(off < TOLERANCE, "off by {off}");
}

#[test]
fn shipped_checkpoint() {
    let checkpoint = Checkpoint::open(&shipped()).unwrap();
    let fixture = Fixture::open("shipped_text");
    let config = &checkpoint.architecture().text[0];
    let clip = load(&checkpoint, Network::Text(0), |scope| {
        Clip::load(scope, config).unwrap()
    });
    let off = distance(
        clip.forward(&fixture.ids(), 1).states,
        fixture.tensor("last_hidden_state"),
    );
    assert!(off < TOLERANCE, "text states off by {off}");
    check_unet(
        &load_unet(&checkpoint),
        &Fixture::open("shipped_unet"),
        None,
        "the shipped UNet",
    );
    check_vae(&checkpoint, &Fixture::open("shipped_vae"), "the shipped VAE");
}
