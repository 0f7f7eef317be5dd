//! `danlu models list`: which models, in which order, and the table of them.

use std::collections::HashSet;

use clap::{Args, ValueEnum};
use danlu::library::Card;
use danlu::ui::text::{pad, pad_start, safe, width};
use danlu::weights::kind::Kind;

use super::describe::Description;
use super::{refreshed, size, warn};
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::{print, print_json};

#[derive(Debug, Args)]
pub(in crate::cli) struct List {
    /// Only models of this kind
    #[arg(long)]
    kind: Option<KindName>,
    /// Only models of this family, such as `sd1`, `sdxl` or `flux`
    #[arg(long)]
    family: Option<String>,
    /// Only models with all these words in name, family, kind or tags
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// What they are sorted by; the newest and the largest come first
    #[arg(long, default_value = "name")]
    sort: Sort,
    /// Only favourites
    #[arg(long, visible_alias = "favorites")]
    favourites: bool,
    /// Only models with this tag
    #[arg(long, value_name = "TAG")]
    tag: Option<String>,
    /// Only models that are there more than once, as far as they are hashed
    #[arg(long)]
    duplicates: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum KindName {
    Checkpoint,
    Vae,
    #[value(alias = "lora")]
    Network,
    #[value(alias = "ti")]
    Embedding,
    Hypernetwork,
    Unet,
    Unknown,
}

impl KindName {
    fn kind(self) -> Kind {
        match self {
            Self::Checkpoint => Kind::Checkpoint,
            Self::Vae => Kind::Vae,
            Self::Network => Kind::Network,
            Self::Embedding => Kind::Embedding,
            Self::Hypernetwork => Kind::Hypernetwork,
            Self::Unet => Kind::Unet,
            Self::Unknown => Kind::Unknown,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Sort {
    Name,
    Date,
    Size,
    Family,
}

pub(super) fn run(context: &Context, options: &List) -> Result<(), Failure> {
    let library = refreshed(context)?;
    let mut cards = library.models();
    if options.duplicates {
        let unhashed = library.unhashed().len();
        let unhashed = (unhashed > 0 && !options.json).then(|| {
            format!("{unhashed} models have no hash yet and so are not compared; `danlu models hash --all` hashes them")
        });
        warn(unhashed);
        cards = library.duplicates().into_iter().flatten().collect();
    }
    cards.retain(|card| options.wants(card));
    match options.sort {
        // They come by name, and doubles by their content.
        Sort::Name => {}
        Sort::Date => cards.sort_by_key(|card| std::cmp::Reverse(card.stamp.modified_ns)),
        Sort::Size => cards.sort_by_key(|card| std::cmp::Reverse(card.about.bytes)),
        Sort::Family => cards.sort_by_key(|card| (card.about.family.is_none(), card.about.family.clone())),
    }
    if options.json {
        return print_json(&cards.iter().map(Description::of).collect::<Vec<_>>());
    }
    if cards.is_empty() {
        warn(["no model fits".to_owned()]);
        return crate::cli::print_bytes(b"");
    }
    print(table(&cards))
}

impl List {
    fn wants(&self, card: &Card) -> bool {
        let about = &card.about;
        let of_family = |wanted: &str| {
            let family = about.family.as_deref().unwrap_or("unknown");
            let rest = family.strip_prefix(&*wanted.to_lowercase());
            // SDXL's refiner is another model than SDXL, an inpainting one the same with more channels.
            rest.is_some_and(|rest| matches!(rest, "" | "-inpaint"))
        };
        self.kind.is_none_or(|kind| kind.kind() == about.kind)
            && self.family.as_deref().is_none_or(of_family)
            && self.filter.as_deref().is_none_or(|filter| has_words(card, filter))
            && (!self.favourites || card.favourite)
            && self
                .tag
                .as_ref()
                .is_none_or(|tag| card.tags.iter().any(|known| known.to_lowercase() == tag.to_lowercase()))
    }
}

fn has_words(card: &Card, filter: &str) -> bool {
    let about = &card.about;
    let mut text = format!("{} {} {:?}", card.name, about.what, about.kind);
    for more in about
        .family
        .iter()
        .chain(&card.tags)
        .map(String::as_str)
        .chain(card.alias())
    {
        text.push(' ');
        text.push_str(more);
    }
    let text = text.to_lowercase();
    filter.to_lowercase().split_whitespace().all(|word| text.contains(word))
}

/// Lines with the columns kind, family, size, rank and alpha, name and what belongs to it.
fn table(cards: &[Card]) -> String {
    let rows: Vec<[String; 5]> = cards.iter().map(row).collect();
    let head = ["KIND", "FAMILY", "SIZE", "DIM", "NAME"].map(str::to_owned);
    let widest = |column: usize| {
        rows.iter()
            .chain([&head])
            .map(|row| width(&row[column]))
            .max()
            .unwrap_or_default()
    };
    let widths = [widest(0), widest(1), widest(2), widest(3)];
    let ranked: HashSet<bool> = rows.iter().map(|row| row[3].is_empty()).collect();
    let line = |row: &[String; 5]| {
        let [kind, family, size, rank, name] = row;
        let mut line = format!(
            "{}  {}  {}  ",
            pad(kind, widths[0]),
            pad(family, widths[1]),
            pad_start(size, widths[2])
        );
        if ranked.contains(&false) {
            line += &pad(rank, widths[3]);
            line += "  ";
        }
        line + name
    };
    let lines: Vec<String> = [&head].into_iter().chain(&rows).map(line).collect();
    lines.join("\n")
}

fn row(card: &Card) -> [String; 5] {
    let about = &card.about;
    let mut name = safe(&card.name).into_owned();
    if card.favourite {
        name = format!("★ {name}");
    }
    for tag in &card.tags {
        name += &format!(" #{}", safe(tag));
    }
    if let Some(trouble) = &about.trouble {
        name += &format!("  ! {}", safe(trouble));
    } else if about.kind == Kind::Unknown {
        name += &format!("  ({})", safe(&about.what));
    }
    [
        format!("{:?}", about.kind).to_lowercase(),
        about.family.clone().unwrap_or_else(|| "-".to_owned()),
        size(about.bytes),
        rank(card),
        name,
    ]
}

/// `32/16`, with `+8/1` behind it for convolutions of another rank, `*` where blocks differ; of an embedding its vectors.
fn rank(card: &Card) -> String {
    if let Some(embedding) = &card.about.embedding {
        let plural = if embedding.vectors == 1 { "" } else { "s" };
        return format!("{} vector{plural}", embedding.vectors);
    }
    let Some(network) = &card.about.network else {
        return String::new();
    };
    let of = |dim: Option<usize>, alpha: Option<f64>| {
        let alpha = alpha.map_or_else(String::new, |alpha| format!("/{}", rounded(alpha)));
        dim.map(|dim| format!("{dim}{alpha}"))
    };
    let mut text = of(network.dim, network.alpha).unwrap_or_else(|| network.types.join("+"));
    if let Some(conv) = of(network.conv_dim, network.conv_alpha) {
        text += &format!("+{conv}");
    }
    if !network.blocks.is_empty() {
        text += "*";
    }
    text
}

/// A number with two decimals at most.
pub(super) fn rounded(number: f64) -> String {
    let text = format!("{number:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
