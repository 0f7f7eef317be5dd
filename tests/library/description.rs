//! What a file is, by its content alone.

use danlu::weights::about::{About, Format};
use danlu::weights::kind::Kind;

use super::files::{Home, fixture, lora, safetensors, vae};

fn about(bytes: &[u8]) -> About {
    let folder = tempfile::tempdir().unwrap();
    // A name that says something else.
    let path = folder.path().join("vae-sdxl.ckpt");
    std::fs::write(&path, bytes).unwrap();
    About::of(&path).0
}

#[test]
fn files_that_torch_and_safetensors_wrote() {
    for name in ["lora.safetensors", "lora.pt"] {
        let (about, metadata) = About::of(&fixture(name));
        assert_eq!(
            (about.kind, about.family.as_deref()),
            (Kind::Network, Some("sd1")),
            "{name}"
        );
        assert_eq!((about.dtype.as_deref(), about.tensors), (Some("f16"), 9), "{name}");
        let network = about.network.unwrap();
        assert_eq!(network.types, ["lora"]);
        assert_eq!((network.dim, network.alpha, network.modules), (Some(4), Some(2.0), 3));
        assert!(network.text_encoder && network.unet && network.blocks.is_empty() && !network.dora);
        if name == "lora.safetensors" {
            assert_eq!(about.format, Some(Format::Safetensors));
            assert_eq!(network.alias.as_deref(), Some("fox_style"));
            assert_eq!(network.trained_on.as_deref(), Some("base.safetensors"));
            assert_eq!(metadata["ss_v2"], "False");
        } else {
            assert_eq!(about.format, Some(Format::Ckpt));
        }
    }
    let (about, _) = About::of(&fixture("embedding.pt"));
    assert_eq!((about.kind, about.family.as_deref()), (Kind::Embedding, Some("sd1")));
    let embedding = about.embedding.unwrap();
    assert_eq!((embedding.vectors, embedding.widths.as_slice()), (3, &[768][..]));
    assert_eq!(
        (embedding.name.as_deref(), embedding.step),
        (Some("fox-ti"), Some(1500))
    );
    assert_eq!(embedding.trained_on.as_deref(), Some("base"));

    let (about, _) = About::of(&fixture("embedding-xl.safetensors"));
    assert_eq!((about.kind, about.family.as_deref()), (Kind::Embedding, Some("sdxl")));
    let embedding = about.embedding.unwrap();
    assert_eq!((embedding.vectors, embedding.widths.as_slice()), (2, &[768, 1280][..]));

    let (about, _) = About::of(&fixture("hypernetwork.pt"));
    assert_eq!(about.kind, Kind::Hypernetwork);
    let hypernetwork = about.hypernetwork.unwrap();
    assert_eq!(
        (hypernetwork.widths, hypernetwork.layers),
        (vec![16, 32], vec![1.0, 2.0, 1.0])
    );
    assert_eq!(
        (hypernetwork.name.as_deref(), hypernetwork.step),
        (Some("fox-hyper"), Some(10000))
    );
}

#[test]
fn names_and_folders_decide_nothing_where_the_content_tells() {
    let home = Home::new();
    home.write("models/VAE/fox.safetensors", lora(&[]));
    home.write("models/Lora/vae.safetensors", vae());
    home.write("models/Lora/broken.safetensors", "no header");
    let cards = home.refreshed().models();
    let kinds: Vec<_> = cards
        .iter()
        .map(|card| (card.stem().to_owned(), card.about.kind))
        .collect();
    // A file that tells nothing is what its folder is for.
    let expected = [("broken", Kind::Network), ("fox", Kind::Network), ("vae", Kind::Vae)];
    assert_eq!(kinds, expected.map(|(name, kind)| (name.to_owned(), kind)));
    assert!(
        cards[0]
            .about
            .trouble
            .as_ref()
            .is_some_and(|why| why.contains("broken.safetensors"))
    );
    assert_eq!(cards[1].about.trouble, None);
}

#[test]
fn families_of_networks_are_told_by_the_text_that_they_read() {
    let to_k = "lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k";
    for (width, family) in [(768, "sd1"), (1024, "sd2"), (2048, "sdxl"), (1280, "sdxl-refiner")] {
        let down = format!("{to_k}.lora_down.weight");
        let lora = safetensors(
            &[(&down, &[8, width]), (&format!("{to_k}.lora_up.weight"), &[64, 8])],
            &[],
        );
        assert_eq!(about(&lora).family.as_deref(), Some(family));
        // The widths of a Kronecker product's factors make the layer's together.
        let names = [
            format!("{to_k}.lokr_w1"),
            format!("{to_k}.lokr_w2_a"),
            format!("{to_k}.lokr_w2_b"),
        ];
        let [w1, a, b] = &names;
        let lokr = safetensors(&[(w1, &[8, 8]), (a, &[8, 4]), (b, &[4, width / 8])], &[]);
        let lokr = about(&lokr);
        assert_eq!(lokr.family.as_deref(), Some(family));
        assert_eq!(
            lokr.network.map(|network| (network.types, network.dim)),
            Some((vec!["lokr".to_owned()], Some(4)))
        );
    }
    // Where the shapes say nothing the trainer does.
    let norm = ["lora_unet_x.w_norm", "lora_unet_x.b_norm"];
    for (metadata, family) in [
        (&[("ss_base_model_version", "sdxl_base_v1-0")][..], Some("sdxl")),
        (&[("ss_base_model_version", "sd_v2_v")], Some("sd2-v")),
        (&[("ss_v2", "True")], Some("sd2")),
        (&[("ss_v2", "False")], None),
        (
            &[("modelspec.architecture", "stable-diffusion-xl-v1-base/lora")],
            Some("sdxl"),
        ),
        (&[], None),
    ] {
        let file = safetensors(&[(norm[0], &[320]), (norm[1], &[320])], metadata);
        assert_eq!(about(&file).family.as_deref(), family, "{metadata:?}");
    }
    // Shapes go before what is said.
    assert_eq!(
        about(&lora(&[("ss_base_model_version", "sdxl_base_v1-0")]))
            .family
            .as_deref(),
        Some("sd1")
    );
}

#[test]
fn ranks_that_differ_are_told_block_by_block() {
    let narrow = |place: &str| format!("lora_unet_{place}_attentions_0_proj_in");
    let wide = |place: &str| format!("lora_unet_{place}_resnets_0_conv1");
    let mut tensors: Vec<(String, Vec<usize>)> = Vec::new();
    let mut module = |name: &str, rank: usize, kernel: usize| {
        tensors.push((format!("{name}.lora_down.weight"), vec![rank, 16, kernel, kernel]));
        tensors.push((format!("{name}.lora_up.weight"), vec![16, rank, 1, 1]));
    };
    for place in ["down_blocks_1", "mid_block", "up_blocks_2"] {
        module(&narrow(place), 8, 1);
        module(&wide(place), 4, 3);
    }
    let file = |tensors: &[(String, Vec<usize>)]| {
        let tensors: Vec<(&str, &[usize])> = tensors.iter().map(|(n, s)| (n.as_str(), s.as_slice())).collect();
        about(&safetensors(&tensors, &[])).network.unwrap()
    };
    let even = file(&tensors);
    assert_eq!((even.dim, even.conv_dim, even.blocks.len()), (Some(8), Some(4), 0));
    tensors[0].1[0] = 2;
    tensors[1].1[1] = 2;
    let uneven = file(&tensors);
    let blocks: Vec<_> = uneven
        .blocks
        .iter()
        .map(|block| (block.name.as_str(), block.dims.clone()))
        .collect();
    assert_eq!(
        blocks,
        [("IN04", vec![2, 4]), ("MID", vec![4, 8]), ("OUT06", vec![4, 8])]
    );
    assert_eq!(uneven.dim, Some(8));
}

#[test]
fn what_is_known_and_not_drawn_with_is_named() {
    let flux = about(&safetensors(&[("double_blocks.0.img_attn.proj.weight", &[8, 8])], &[]));
    assert_eq!((flux.kind, flux.family.as_deref()), (Kind::Unknown, Some("flux")));
    let strange = about(&safetensors(&[("fc.weight", &[8, 8])], &[]));
    assert_eq!(
        (strange.kind, strange.family, strange.trouble),
        (Kind::Unknown, None, None)
    );
    let html = about(b"<!DOCTYPE html><html>login</html>");
    assert!(html.trouble.unwrap().contains("web page"));
    let lfs = about(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n");
    assert!(lfs.trouble.unwrap().contains("LFS"));
}

#[test]
fn pictures_are_embeddings_when_they_say_so() {
    let home = Home::new();
    let picture = |text: Option<(&str, &str)>| {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, 2, 2);
        encoder.set_color(png::ColorType::Rgb);
        if let Some((key, value)) = text {
            encoder.add_text_chunk(key.to_owned(), value.to_owned()).unwrap();
        }
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(&[7; 12]).unwrap();
        writer.finish().unwrap();
        bytes
    };
    // An embedding as A1111 writes it is JSON in Base64; this one is broken, and still no preview.
    home.write("embeddings/broken.png", picture(Some(("sd-ti-embedding", "e30="))));
    home.write("embeddings/photo.png", picture(None));
    home.write("embeddings/fox.preview.png", picture(Some(("sd-ti-embedding", "e30="))));
    home.write("embeddings/fox.pt", std::fs::read(fixture("embedding.pt")).unwrap());
    home.write("embeddings/fox.png", picture(None));
    home.write("Lora/fox.png", picture(Some(("sd-ti-embedding", "e30="))));
    let library = home.refreshed();
    let embeddings = library.embeddings();
    assert_eq!(super::files::names(&embeddings), ["broken.png", "fox.pt"]);
    assert!(embeddings[0].about.trouble.is_some());
    assert_eq!(
        library.details(&embeddings[1]).sidecar.preview,
        Some(home.path("embeddings/fox.png"))
    );
}
