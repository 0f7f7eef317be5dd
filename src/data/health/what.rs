//! What can be wrong with a set: its name for scripts, how bad it is, its sentence and what to do about it.
//!
//! The sentences are the shell's; `ui::lang::told` has them in Chinese.

use std::fmt;

use super::{Finding, Level};
use crate::data::buckets::{self, Size};
use crate::data::picture::Fault;
use crate::data::set::Ignored;

/// What is wrong, with its numbers and names. Of how many files it is, [`Finding::files`] say.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// A picture that cannot be used.
    Broken(Fault),
    /// The rest of them, where they are many.
    MoreBroken,
    /// EXIF says that they are turned.
    Exif,
    /// Pixels that shine through, or, where only headers were read, a channel for them.
    Alpha {
        /// Whether it is known that the channel is used.
        used: bool,
    },
    /// Grey with 16 bits.
    Gray16,
    /// Colours of 16 bits.
    Depth16,
    /// The colours of print.
    Cmyk,
    /// More than one frame.
    Animated,
    /// Files of another kind than their name says.
    Format,
    /// The settings of buckets are none.
    Buckets(buckets::Error),
    /// A picture for which there is no bucket.
    Size(buckets::Error),
    /// Pictures that would be enlarged more than so often.
    Small {
        /// So often.
        enlarged: f64,
        /// What is trained at.
        at: Size,
    },
    /// Pictures that would be enlarged a little.
    Enlarged {
        /// What is trained at.
        at: Size,
    },
    /// Pictures of which more than this share would be cut off.
    Cropped {
        /// The share, 0 to 1.
        share: f64,
        /// What is trained at.
        at: Size,
    },
    /// Endings that kohya's scripts do not look for.
    Ending,
    /// Names that some systems take for one.
    Case,
    /// Pictures with one caption.
    Stem,
    /// Captions without a picture.
    Stray,
    /// Places that were left out.
    Ignored(Ignored),
    /// Captions that cannot be read.
    Unreadable,
    /// Pictures without a caption.
    Uncaptioned {
        /// Whether none has one.
        all: bool,
    },
    /// Captions that are not UTF-8.
    Encoding,
    /// Captions with a byte order mark.
    Bom,
    /// Caption files without a byte.
    Void,
    /// Captions with nothing in them.
    Empty,
    /// Pictures with a `.txt` that this configuration does not have read.
    Extension {
        /// Its file's name.
        config: String,
    },
    /// Captions whose ending has capital letters.
    Capitals,
    /// Captions of pictures that have another one.
    Second,
    /// Captions of several lines.
    Lines,
    /// Captions with more than so many tokens.
    Tokens {
        /// So many.
        most: usize,
    },
    /// Keys that a metadata file has more than once.
    MetadataRepeated,
    /// Pictures that a metadata file names and that are not there.
    MetadataMissing,
    /// Pictures whose tags in a metadata file are lost.
    MetadataTags,
    /// Pictures of another size than a metadata file or cached latents say.
    MetadataSize,
    /// No tag that nearly all have.
    NoTrigger {
        /// The most common one.
        tag: String,
        /// How much of the captions has it, 0 to 1.
        share: f64,
    },
    /// A tag that nearly all have, and not in front.
    TriggerPlace {
        /// The tag.
        tag: String,
        /// How much of the captions has it, 0 to 1.
        share: f64,
        /// How much has it in front.
        first: f64,
    },
    /// A tag that all others begin with.
    TriggerMissing {
        /// The tag.
        tag: String,
        /// How many captions lack it.
        without: usize,
    },
    /// No picture at all.
    Nothing,
    /// So few that they are learned by heart.
    Few(usize),
    /// So many in an epoch.
    Many(u64),
    /// Regularization pictures that are not used, since those before are enough.
    RegMany {
        /// All of them.
        reg: usize,
        /// To train on, repeats counted.
        train: u64,
    },
    /// Two folders that are shown more and less often.
    Balance {
        /// Folder, and how often it is shown.
        most: (String, u64),
        /// The same.
        least: (String, u64),
    },
    /// Folders with 0 repeats.
    Repeats,
    /// The same bytes to train on and for regularization.
    RegSame,
    /// The same bytes more than once.
    Identical,
}

impl What {
    /// How bad it is, and its name for scripts.
    pub(super) fn kind(&self) -> (Level, &'static str) {
        use Level::{Error, Note, Warning};
        match self {
            Self::Broken(_) | Self::MoreBroken => (Error, "broken"),
            Self::Exif => (Warning, "exif"),
            Self::Alpha { .. } => (Warning, "alpha"),
            Self::Gray16 => (Warning, "gray16"),
            Self::Depth16 => (Note, "depth16"),
            Self::Cmyk => (Warning, "cmyk"),
            Self::Animated => (Note, "animated"),
            Self::Format => (Note, "format"),
            Self::Buckets(_) => (Error, "buckets"),
            Self::Size(_) => (Error, "size"),
            Self::Small { .. } => (Warning, "small"),
            Self::Enlarged { .. } => (Note, "enlarged"),
            Self::Cropped { .. } => (Warning, "cropped"),
            Self::Ending => (Error, "ending"),
            Self::Case => (Warning, "case"),
            Self::Stem => (Error, "stem"),
            Self::Stray => (Warning, "stray"),
            Self::Ignored(_) => (Warning, "ignored"),
            Self::Unreadable => (Error, "caption-unreadable"),
            Self::Uncaptioned { all: true } => (Note, "uncaptioned"),
            Self::Uncaptioned { all: false } => (Warning, "uncaptioned"),
            Self::Encoding => (Error, "encoding"),
            Self::Bom => (Warning, "bom"),
            Self::Void => (Error, "caption-void"),
            Self::Empty => (Warning, "empty"),
            Self::Extension { .. } => (Warning, "caption-extension"),
            Self::Capitals => (Warning, "caption-case"),
            Self::Second => (Note, "caption-second"),
            Self::Lines => (Warning, "lines"),
            Self::Tokens { .. } => (Warning, "tokens"),
            Self::MetadataRepeated => (Warning, "metadata-repeated"),
            Self::MetadataMissing => (Error, "metadata-missing"),
            Self::MetadataTags => (Warning, "metadata-tags"),
            Self::MetadataSize => (Warning, "metadata-size"),
            Self::NoTrigger { .. } => (Note, "trigger"),
            Self::TriggerPlace { .. } => (Note, "trigger-place"),
            Self::TriggerMissing { .. } => (Note, "trigger-missing"),
            Self::Nothing => (Error, "nothing"),
            Self::Few(_) => (Note, "few"),
            Self::Many(_) => (Note, "many"),
            Self::RegMany { .. } => (Warning, "reg-many"),
            Self::Balance { .. } => (Note, "balance"),
            Self::Repeats => (Warning, "repeats"),
            Self::RegSame => (Warning, "reg-same"),
            Self::Identical => (Warning, "identical"),
        }
    }
}

impl fmt::Display for Finding {
    #[expect(clippy::too_many_lines, reason = "a sentence for each finding")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n = count(self.files.len(), "picture");
        let one = self.files.first().map(String::as_str).unwrap_or_default();
        let sentence = match &self.what {
            What::Broken(fault) => format!("{one} {fault}"),
            What::MoreBroken => format!("{n} more cannot be read"),
            What::Exif => {
                let s = if self.files.len() == 1 { "s" } else { "" };
                format!("{n} lie{s} on a side by EXIF: viewers turn them, trainers do not")
            }
            What::Alpha { used: true } => {
                format!("{n} with transparent parts: trainers drop alpha and show the colours beneath, often black")
            }
            What::Alpha { used: false } => {
                format!("{n} with an alpha channel: trainers drop it and show the colours beneath")
            }
            What::Gray16 => format!(
                "{n} in 16-bit grey: Pillow, which trainers read with, cuts levels off at 255, so they come out nearly white"
            ),
            What::Depth16 => format!("{n} with more than 8 bits a channel: trainers use 8"),
            What::Cmyk => format!(
                "{n} in the colours of print (CMYK): trainers convert them without a profile, so colours are off"
            ),
            What::Animated => format!("{n} with more than one frame: trainers use the first"),
            What::Format => format!("{n} of another kind than the name says; they are read all the same"),
            What::Buckets(error) | What::Size(error) => error.to_string(),
            What::Small { enlarged, at: [w, h] } => {
                format!("{n} would be enlarged more than {enlarged} times to train at {w}x{h}: blur is learned")
            }
            What::Enlarged { at: [w, h] } => format!("{n} would be enlarged a little to train at {w}x{h}"),
            What::Cropped { share, at: [w, h] } => {
                format!("{n} would lose more than {:.0} % to the crop at {w}x{h}", share * 100.0)
            }
            What::Ending => {
                format!("{n} whose ending is neither in small nor in capital letters: kohya's scripts do not find them")
            }
            What::Case => format!("{n} whose names differ in capitals only: one is lost on Windows and macOS"),
            What::Stem => format!("{n} that differ in the ending only: they share one caption, and cached latents"),
            What::Stray => format!("{} without a picture", count(self.files.len(), "caption")),
            What::Ignored(why) => format!("{} left out: {why}", count(self.files.len(), "place")),
            What::Unreadable => format!("{n} whose caption cannot be read"),
            What::Uncaptioned { .. } => {
                format!("{n} without a caption: the folder's class words stand in, or nothing")
            }
            What::Encoding => format!("{n} whose caption is not UTF-8: kohya's scripts stop there"),
            What::Bom => {
                format!("{n} whose caption begins with a byte order mark, which becomes a part of the first tag")
            }
            What::Void => {
                format!("{n} whose caption file is empty, without a byte: kohya's scripts stop there")
            }
            What::Extension { config } => {
                format!("{n} with a .txt file that training would not read, because {config} sets no caption_extension")
            }
            What::Capitals => format!(
                "{} with capital letters in the ending: kohya's scripts do not find them",
                count(self.files.len(), "caption")
            ),
            What::Second => format!(
                "{} not read, because the picture has another one",
                count(self.files.len(), "caption")
            ),
            What::Empty => {
                format!("{n} with an empty caption: nothing stands in for it, not even the class words")
            }
            What::Lines => format!("{n} whose caption has several lines: kohya's scripts read the first only"),
            What::Tokens { most } => {
                format!("{n} whose caption has more than {most} tokens: the rest is not learned")
            }
            What::MetadataRepeated => {
                let keys = self.files.len();
                let are = if keys == 1 { "is" } else { "are" };
                format!(
                    "{} {are} in a metadata file more than once: the last one counts",
                    count(keys, "key")
                )
            }
            What::MetadataMissing => format!(
                "{n} that a metadata file names and that are not there: trainers stop, unless latents are cached"
            ),
            What::MetadataTags => {
                format!("{n} with tags but no caption in a metadata file: with enable_wildcard, tags alone are lost")
            }
            What::MetadataSize => format!(
                "{n} of another size than metadata or cached latents say: buckets go by what is said, and another ratio stretches"
            ),
            What::NoTrigger { tag, share } => format!(
                "no tag is in nine of ten captions; the most common one, {tag:?}, is in {:.0} %",
                share * 100.0
            ),
            What::TriggerPlace { tag, share, first } => format!(
                "{tag:?} is in {:.0} % of captions, but first in {:.0} % only",
                share * 100.0,
                first * 100.0
            ),
            What::TriggerMissing { tag, without } => {
                format!(
                    "{} without {tag:?}, which all others begin with",
                    count(*without, "caption")
                )
            }
            What::Nothing => "there are no pictures to train on".to_owned(),
            What::Few(pictures) => format!(
                "{}: what they have in common is learned by heart, whatever it is",
                count(*pictures, "picture")
            ),
            What::Many(shown) => format!("{shown} pictures are shown in an epoch (repeats counted)"),
            What::RegMany { reg, train } => format!(
                "{n} of {reg} for regularization not used: those before are enough for {train} to train on (repeats counted)"
            ),
            What::Balance { most, least } => format!(
                "{:?} is shown {} times in an epoch, {:?} {} times",
                most.0, most.1, least.0, least.1
            ),
            What::Repeats => format!("{} with 0 repeats: not trained on", count(self.files.len(), "folder")),
            What::RegSame => {
                format!("{n} both among those to train on and among those for regularization, byte for byte")
            }
            What::Identical => {
                format!("{n} there more than once, byte for byte: they are learned so much more")
            }
        };
        f.write_str(&sentence)
    }
}

impl Finding {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match &self.what {
            What::Broken(fault) => return fault.hint(),
            What::Buckets(error) | What::Size(error) => return error.hint(),
            What::Animated | What::Enlarged { .. } | What::Ignored(_) | What::Repeats => return None,
            What::MoreBroken => "take them out of the set, or copy them again",
            What::Exif => "`danlu dataset rotate` turns the pixels",
            What::Alpha { .. } => {
                "`danlu dataset convert --background white` lays them on a colour; or train with alpha_mask"
            }
            What::Gray16 => "`danlu dataset convert` makes them 8 bits",
            What::Depth16 => "`danlu dataset convert` makes them smaller",
            What::Cmyk => "`danlu dataset convert --to png` makes them RGB; look at the result",
            What::Format => "`danlu dataset convert` gives fitting names",
            What::Small { .. } => "take larger ones, upscale them well, or train without enlarging (bucket_no_upscale)",
            What::Cropped { .. } => "see `danlu tags buckets`; crop by hand, or allow longer buckets",
            What::Ending => "`danlu dataset convert --to png`, or rename them",
            What::Case => "`danlu dataset rename` gives them numbers",
            What::Stem => "`danlu dataset dedup` where they are the same picture, else rename one",
            What::Stray => "the picture may have been renamed or removed",
            What::Unreadable => "see the files' permissions",
            What::Uncaptioned { all: true } => {
                "`danlu tags auto` proposes captions; with class words alone that may be what you want"
            }
            What::Uncaptioned { all: false } => "write them, or let `danlu tags auto` propose some",
            What::Encoding => "save them as UTF-8 with an editor",
            What::Bom => "`danlu tags clean`, or save them as UTF-8 without BOM",
            What::Void => "write them, or remove the files: then the class words stand in",
            What::Empty => "write them, or remove the empty files",
            What::Extension { .. } => "add caption_extension = \".txt\" to its [general]",
            What::Capitals => "rename them to small letters",
            What::Second => "remove them, or name the ending that counts with --extension",
            What::Lines => "join the lines, or train with enable_wildcard, which draws one of them",
            What::Tokens { most } if *most < 225 => "shorten them, or train with max_token_length 150 or 225",
            What::Tokens { .. } => "shorten them",
            What::MetadataRepeated => "take the others out",
            What::MetadataMissing => {
                "a key is a path with its extension; kohya's merge scripts write such ones with --full_path only"
            }
            What::MetadataTags => "give them a caption, or train without enable_wildcard",
            What::MetadataSize => "write the true image_size, or leave it out; remove old caches",
            What::NoTrigger { .. } => "for a subject or style, put a word of its own first: `danlu tags add --front`",
            What::TriggerPlace { .. } => {
                "shuffling keeps tags in place at the front only (keep_tokens): `danlu tags first`"
            }
            What::TriggerMissing { .. } => "`danlu tags add --front`",
            What::Nothing => "give the folder with the pictures, or the one above `10_name` folders",
            What::Few(_) => {
                "guides take 15 to 50 of a subject, more of a style, with different grounds, angles and light"
            }
            What::Many(_) => "fewer repeats and more epochs give more chances to stop in time",
            What::RegMany { .. } => "use fewer, or more repeats of the training pictures",
            What::Balance { .. } => {
                "choose repeats so that repeats x pictures come out alike, unless one is meant to weigh more"
            }
            What::RegSame => "regularization should show other ones of the class",
            What::Identical => "`danlu dataset dedup` keeps one of each, and finds copies of other sizes",
        };
        Some(hint.to_owned())
    }
}

/// `1 picture`, `3 pictures`.
fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
