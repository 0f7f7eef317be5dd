//! Models as the library would tell of them, made up.

use std::path::PathBuf;
use std::sync::Arc;

use danlu::app::Msg;
use danlu::app::msg::News;
use danlu::library::{Card, Details, Folder, Hashes, Sidecar, Stamp};
use danlu::panes::browser::entry::Entry;
use danlu::weights::about::training::{Base, Bucket, PictureFolder};
use danlu::weights::about::{
    About, Block, EmbeddingAbout, Format, HypernetworkAbout, Metadata, NetworkAbout, Training,
};
use danlu::weights::kind::Kind;

use super::Desk;

/// Where the made-up trees are.
pub const ROOT: &str = "/data/models";

fn about(kind: Kind, family: Option<&str>, bytes: u64) -> About {
    About {
        kind,
        family: family.map(str::to_owned),
        what: "a model".to_owned(),
        format: Some(Format::Safetensors),
        dtype: Some("f16".to_owned()),
        bytes,
        tensors: 264,
        network: None,
        embedding: None,
        hypernetwork: None,
        trouble: None,
    }
}

/// A card of a file in the folder of its kind; its date is its number.
pub fn card(id: i64, name: &str, about: About) -> Card {
    let (folder, place) = match about.kind {
        Kind::Checkpoint | Kind::Unet => (Some(Folder::Checkpoint), "Stable-diffusion"),
        Kind::Vae => (Some(Folder::Vae), "VAE"),
        Kind::Network => (Some(Folder::Network), "Lora"),
        Kind::Embedding => (Some(Folder::Embedding), "embeddings"),
        Kind::Hypernetwork => (Some(Folder::Hypernetwork), "hypernetworks"),
        Kind::Unknown => (None, "ControlNet"),
    };
    Card {
        id,
        path: PathBuf::from(format!("{ROOT}/{place}/{name}")),
        name: name.to_owned(),
        folder,
        stamp: Stamp {
            length: about.bytes,
            modified_ns: id * 86_400_000_000_000,
            inode: id as u64,
        },
        about: Arc::new(about),
        hashes: Hashes::default(),
        favourite: false,
        tags: Vec::new(),
    }
}

/// A LoRA of kohya's.
pub fn lora(id: i64, name: &str) -> Card {
    let mut about = about(Kind::Network, Some("sd1"), 144_000_000);
    about.network = Some(NetworkAbout {
        types: vec!["lora".to_owned()],
        dim: Some(128),
        alpha: Some(64.0),
        modules: 264,
        text_encoder: true,
        unet: true,
        alias: Some(format!("alias of {id}")),
        ..NetworkAbout::default()
    });
    card(id, name, about)
}

/// One card of each kind, and some that are special.
pub fn some() -> Vec<Card> {
    let mut checkpoint = card(
        1,
        "anime/Anything-V3.0.ckpt",
        about(Kind::Checkpoint, Some("sd1"), 4_265_380_512),
    );
    let sha = "67a115286b56c086b36e323cfef32d7e3afbe20c750c4386a238a11feb6872f7";
    checkpoint.hashes.sha256 = Some(sha.to_owned());
    checkpoint.hashes.legacy = Some("2700c435".to_owned());
    let mut copy = card(
        2,
        "copy of anything.safetensors",
        about(Kind::Checkpoint, Some("sd1"), 4_265_380_512),
    );
    copy.hashes.sha256 = Some(sha.to_owned());
    let xl = card(
        3,
        "sd_xl_base_1.0.safetensors",
        about(Kind::Checkpoint, Some("sdxl"), 6_938_078_334),
    );
    let vae = card(4, "vae-ft-mse-840000.safetensors", about(Kind::Vae, None, 334_641_190));
    let mut embedding = about(Kind::Embedding, Some("sd1"), 25_323);
    embedding.embedding = Some(EmbeddingAbout {
        vectors: 8,
        widths: vec![768],
        name: Some("EasyNegative".to_owned()),
        step: Some(499),
        trained_on: None,
    });
    let mut hypernetwork = about(Kind::Hypernetwork, Some("sd1"), 87_000_000);
    hypernetwork.hypernetwork = Some(HypernetworkAbout {
        widths: vec![320, 640, 768, 1280],
        layers: vec![1.0, 2.0, 1.0],
        ..HypernetworkAbout::default()
    });
    let mut control = about(Kind::Unknown, Some("sd1"), 722_000_000);
    "a ControlNet".clone_into(&mut control.what);
    let mut broken = about(Kind::Unknown, None, 1234);
    broken.trouble = Some("the header claims 999999999 bytes and the file has 1234".to_owned());
    broken.format = None;
    let mut flux = about(Kind::Network, Some("Flux"), 19_000_000);
    flux.trouble = Some("a LoRA for Flux, which is not run here".to_owned());
    let mut fox = lora(5, "动物/水墨狐狸 v2.safetensors");
    fox.favourite = true;
    fox.tags = vec!["ink".to_owned(), "国风".to_owned()];
    vec![
        checkpoint,
        copy,
        xl,
        vae,
        fox,
        lora(6, "cutedog_20230708214731-000009.safetensors"),
        lora(7, "cutedog_20230708214731-000010.safetensors"),
        card(8, "easynegative.safetensors", embedding),
        card(9, "gothic.pt", hypernetwork),
        card(10, "control_v11p_sd15_canny.safetensors", control),
        card(11, "truncated\u{1b}[31m.safetensors", broken),
        card(12, "flux-realism.safetensors", flux),
    ]
}

/// What lies behind the fox's row.
pub fn details() -> Details {
    let tags = [
        ("red fox", 240),
        ("snow", 180),
        ("ink wash painting", 90),
        ("looking up", 12),
        ("tree", 3),
    ];
    let training = Training {
        title: Some("Ink Fox".to_owned()),
        words: vec!["inkfox".to_owned()],
        tags: tags.iter().map(|(tag, count)| ((*tag).to_owned(), *count)).collect(),
        folders: vec![PictureFolder {
            name: "10_fox".to_owned(),
            pictures: 24,
            repeats: 10,
            regularisation: false,
        }],
        pictures: Some(24),
        resolution: Some((512, 768)),
        buckets: vec![Bucket {
            width: 512,
            height: 768,
            pictures: 240,
        }],
        epochs: Some((8, Some(10))),
        steps: Some((1920, None)),
        base: Some(Base {
            name: Some("Anything-V3.0.ckpt".to_owned()),
            ..Base::default()
        }),
        optimizer: Some("AdamW8bit".to_owned()),
        rates: vec![("unet".to_owned(), "1e-4".to_owned())],
        ..Training::default()
    };
    let mut metadata = Metadata::new();
    metadata.insert("ss_network_dim".to_owned(), "128".to_owned());
    metadata.insert(
        "ss_tag_frequency".to_owned(),
        r#"{"10_fox":{"red fox":240}}"#.to_owned(),
    );
    Details {
        metadata,
        training: Some(training),
        sidecar: Sidecar {
            preview: Some(PathBuf::from(format!("{ROOT}/Lora/动物/水墨狐狸 v2.png"))),
            description: Some("A fox in ink.\n水墨风格的狐狸,适合搭配国风模型使用。".to_owned()),
            activation: Some("inkfox, ink wash painting".to_owned()),
            preferred_weight: Some(0.8),
            negative: Some("photo".to_owned()),
            notes: Some("best at 0.7".to_owned()),
            ..Sidecar::default()
        },
        words: vec!["inkfox".to_owned()],
        base: Some(some().remove(0)),
        base_sure: true,
        note: None,
    }
}

/// Blocks of a network that differ.
pub fn with_blocks(mut card: Card) -> Card {
    let mut about = (*card.about).clone();
    if let Some(network) = &mut about.network {
        let block = |name: &str, dim, alpha| Block {
            name: name.to_owned(),
            dims: vec![dim],
            alphas: vec![alpha],
        };
        network.blocks = vec![block("te", 32, 16.0), block("IN04", 8, 4.0), block("MID", 64, 32.0)];
    }
    card.about = Arc::new(about);
    card
}

pub fn changed(cards: Vec<Card>) -> Msg {
    Msg::Library(News::Changed {
        models: cards.into_iter().map(|card| Entry::new(Arc::new(card))).collect(),
        gone: Vec::new(),
    })
}

/// A desk that shows its models.
pub fn browsing(desk: &mut Desk) {
    desk.tell(changed(some()));
    desk.press("f10");
}

/// Ten thousand networks.
pub fn many() -> Vec<Card> {
    let name = |n: usize| format!("anime/styles/style_{n:05}_pruned-fp16_狐狸.safetensors");
    (0..10_000).map(|n| lora(n as i64, &name(n))).collect()
}
