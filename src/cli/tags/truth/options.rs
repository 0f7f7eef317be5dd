//! kohya's options for datasets, as the shell takes them; its own long names work too.

use clap::Args;
use danlu::data::buckets::{Settings, Size};
use danlu::data::config::Arguments;
use danlu::data::draws::Rules;

/// What decides where pictures go.
#[derive(Clone, Debug, Args)]
pub(super) struct Buckets {
    /// The resolution that is trained at: `512`, `768x512`
    #[arg(long, value_name = "SIZE", value_parser = size, allow_hyphen_values = true)]
    resolution: Option<Size>,
    /// The shortest side of a bucket
    #[arg(
        long,
        alias = "min-bucket-reso",
        value_name = "PIXELS",
        default_value_t = 256,
        allow_negative_numbers = true
    )]
    min_bucket: u32,
    /// The longest side of a bucket
    #[arg(
        long,
        alias = "max-bucket-reso",
        value_name = "PIXELS",
        default_value_t = 1024,
        allow_negative_numbers = true
    )]
    max_bucket: u32,
    /// What the sides of buckets are multiples of
    #[arg(
        long,
        alias = "bucket-reso-steps",
        value_name = "PIXELS",
        default_value_t = 64,
        allow_negative_numbers = true
    )]
    bucket_step: u32,
    /// Never enlarge a picture; each makes its own bucket
    #[arg(long, alias = "bucket-no-upscale")]
    no_upscale: bool,
    /// Give every picture the resolution's size
    #[arg(long, conflicts_with = "enable_bucket")]
    no_bucket: bool,
    /// Use buckets also where a configuration does not say so
    #[arg(long)]
    enable_bucket: bool,
    /// Pictures in a batch
    #[arg(long, alias = "train-batch-size", value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..), allow_negative_numbers = true)]
    batch_size: u32,
}

/// What happens to captions.
#[derive(Clone, Debug, Args)]
pub(super) struct Captions {
    /// Shuffle the tags
    #[arg(long, visible_alias = "shuffle")]
    shuffle_caption: bool,
    /// How many tags at the front stay in place
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true)]
    keep_tokens: i64,
    /// Marks by itself which tags stay in place, such as `|||`
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    keep_tokens_separator: Option<String>,
    /// What becomes the separator in the end, such as `;;;`
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    secondary_separator: Option<String>,
    /// Draw one of `{a|b}`, and one line of a caption that has several
    #[arg(long, visible_alias = "wildcard")]
    enable_wildcard: bool,
    /// Put before every caption
    #[arg(long, visible_alias = "prefix", value_name = "TEXT", allow_hyphen_values = true)]
    caption_prefix: Option<String>,
    /// Put behind every caption
    #[arg(long, visible_alias = "suffix", value_name = "TEXT", allow_hyphen_values = true)]
    caption_suffix: Option<String>,
    /// How often a caption is left empty, 0 to 1
    #[arg(long, visible_alias = "dropout", value_name = "RATE", default_value_t = 0.0, value_parser = rate, allow_negative_numbers = true)]
    caption_dropout_rate: f64,
    /// Leave captions empty every N epochs
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true)]
    caption_dropout_every_n_epochs: i64,
    /// How often a tag is left out, 0 to 1
    #[arg(long, visible_alias = "tag-dropout", value_name = "RATE", default_value_t = 0.0, value_parser = rate, allow_negative_numbers = true)]
    caption_tag_dropout_rate: f64,
    /// How many tags there are at the first step of the warm-up
    #[arg(long, value_name = "N", default_value_t = 1, allow_negative_numbers = true)]
    token_warmup_min: i64,
    /// The step from which all tags are there; below 1, a share of all steps
    #[arg(long, value_name = "STEP", default_value_t = 0.0, allow_negative_numbers = true)]
    token_warmup_step: f64,
    /// What captions end in; of several the first that is there counts. `.txt,.caption` for folders; a dataset TOML that does not say it
    /// has `.caption`
    #[arg(long, visible_alias = "caption-extension", value_name = "EXTENSION")]
    pub(super) extension: Option<String>,
    /// What stands between tags
    #[arg(
        long,
        visible_alias = "caption-separator",
        value_name = "TEXT",
        default_value = ",",
        allow_hyphen_values = true
    )]
    pub(super) separator: String,
}

impl Buckets {
    /// kohya's command line with these. Without a configuration there are buckets and a resolution of 512 unless something else is said.
    pub(super) fn arguments(&self, has_config: bool) -> Arguments {
        let mut arguments = Arguments {
            has_resolution: self.resolution.is_some() || !has_config,
            ..Arguments::default()
        };
        arguments.dataset.buckets = Settings {
            resolution: self.resolution.unwrap_or(Settings::default().resolution),
            enable: !self.no_bucket && (self.enable_bucket || !has_config),
            min: self.min_bucket,
            max: self.max_bucket,
            step: self.bucket_step,
            no_upscale: self.no_upscale,
        };
        arguments.dataset.batch_size = self.batch_size;
        arguments
    }
}

impl Captions {
    pub(super) fn rules(&self) -> Rules {
        Rules {
            prefix: self.caption_prefix.clone(),
            suffix: self.caption_suffix.clone(),
            separator: self.separator.clone(),
            secondary_separator: self.secondary_separator.clone(),
            keep_tokens: self.keep_tokens,
            keep_tokens_separator: self.keep_tokens_separator.clone(),
            shuffle: self.shuffle_caption,
            wildcard: self.enable_wildcard,
            dropout_rate: self.caption_dropout_rate,
            dropout_every_n_epochs: self.caption_dropout_every_n_epochs,
            tag_dropout_rate: self.caption_tag_dropout_rate,
            warmup_min: self.token_warmup_min,
            warmup_step: self.token_warmup_step,
            replacements: Vec::new(),
        }
    }
}

/// `512`, `768x512` or, as kohya writes it, `768,512`.
fn size(text: &str) -> Result<Size, String> {
    let side = |text: &str| {
        text.trim()
            .parse::<u32>()
            .map_err(|_| "use a size such as 512 or 768x512".to_owned())
    };
    match text.split_once(['x', 'X', ',', '×']) {
        Some((width, height)) => Ok([side(width)?, side(height)?]),
        None => side(text).map(|side| [side, side]),
    }
}

fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse().ok().filter(|rate| (0.0..=1.0).contains(rate));
    rate.ok_or_else(|| "use a number from 0 to 1".to_owned())
}
