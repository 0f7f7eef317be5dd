//! Options that the commands which count and change tags share.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use danlu::data::edit::{Threshold, Which};
use danlu::data::set;
use danlu::data::tags::Category;

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(in crate::cli) struct Common {
    /// The dataset: a folder or a dataset TOML
    pub(super) dir: PathBuf,
    /// Only pictures that this query chooses, such as `tag:fox -name:*draft*`
    #[arg(long = "where", value_name = "QUERY", allow_hyphen_values = true)]
    pub(super) query: Option<String>,
    #[command(flatten)]
    pub(super) files: Files,
    /// Also edit captions that are not UTF-8; bytes that are not stay as they are
    #[arg(long)]
    pub(super) force_encoding: bool,
    /// Do it; without this it is only shown
    #[arg(long)]
    pub(super) write: bool,
    /// Show every file
    #[arg(long)]
    pub(super) all: bool,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

/// How captions are found and split.
#[derive(Debug, Args)]
pub(in crate::cli) struct Files {
    /// What captions end in; of several the first that a picture has. Of a dataset TOML that does not say it, `.caption` unless this is set
    #[arg(long, value_name = "EXT", default_value = ".txt,.caption")]
    extension: String,
    /// What stands between tags
    #[arg(long, value_name = "TEXT", default_value = ",", allow_hyphen_values = true, value_parser = separator)]
    separator: String,
}

/// What stands between tags. Without anything there would be one tag a line.
pub(in crate::cli) fn separator(text: &str) -> Result<String, String> {
    if text.is_empty() {
        Err("something must stand between tags, such as a comma".to_owned())
    } else {
        Ok(text.to_owned())
    }
}

impl Files {
    pub(in crate::cli) fn options(&self) -> set::Options {
        set::Options {
            extension: self.extension.clone(),
            separator: self.separator.clone(),
        }
    }
}

impl Common {
    pub(super) fn options(&self) -> set::Options {
        self.files.options()
    }
}

/// A choice of tags: those that are named by a tag, a pattern or a category; of these, or of all, those within the thresholds.
#[derive(Debug, Args)]
pub(in crate::cli) struct Tags {
    /// A tag, or several with separators between them
    #[arg(long = "tag", value_name = "TAG", allow_hyphen_values = true)]
    tags: Vec<String>,
    /// Tags in which this regular expression fits
    #[arg(long, value_name = "REGEX", allow_hyphen_values = true)]
    regex: Option<String>,
    /// Tags about this, as far as their words tell
    #[arg(long, value_name = "NAME", value_parser = categories())]
    category: Vec<Category>,
    /// Only tags that at least so many captions have: `80%`, or a number of captions
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true)]
    at_least: Option<Threshold>,
    /// Only tags that at most so many captions have
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true)]
    at_most: Option<Threshold>,
}

/// The names of categories.
pub(super) fn categories() -> impl TypedValueParser<Value = Category> {
    let names = PossibleValuesParser::new(Category::ALL.map(Category::name));
    names.map(|name| Category::of_name(&name).unwrap_or(Category::Other))
}

impl Tags {
    pub(super) fn which(&self) -> Which {
        Which {
            tags: self.tags.clone(),
            regex: self.regex.clone(),
            categories: self.category.clone(),
            at_least: self.at_least,
            at_most: self.at_most,
        }
    }
}
