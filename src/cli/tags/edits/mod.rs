//! `danlu tags stats` and the commands that change captions: each is one [`Edit`], planned, shown, and written where that is asked for.
//!
//! [`args`] has the options, [`stats`] counts, [`show`] tells what an edit would do. What is written goes through the journal.

pub(in crate::cli) mod args;
mod show;
mod stats;

use std::io::Write;
use std::path::Path;

use clap::{Args, Subcommand};
use danlu::data::edit::{self, At, By, Choices, Edit, Strike, plan};
use danlu::data::journal::Journal;
use danlu::data::set::{self, Set};
use danlu::data::tags::Index;
use danlu::ui::text::{safe, safe_lines};

use self::args::{Common, Tags};
use super::history::{of_set, travel};
use crate::cli::choice;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::{print, print_json};

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    /// Count tags: how often each stands in captions, and in what share of them
    Stats(stats::Options),
    /// Take tags out
    Remove {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        tags: Tags,
    },
    /// Take all tags out but these
    Keep {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        tags: Tags,
    },
    /// Put tags in; those that a caption has are not put in twice, and pictures without a caption get one
    Add {
        #[command(flatten)]
        common: Common,
        /// A tag, or several with separators between them
        #[arg(long = "tag", value_name = "TAG", required = true, allow_hyphen_values = true)]
        tags: Vec<String>,
        /// Before all others instead of behind them; those that are there move
        #[arg(long)]
        front: bool,
    },
    /// Give a tag another name
    Replace {
        #[command(flatten)]
        common: Common,
        /// The tag
        #[arg(long, value_name = "TAG", allow_hyphen_values = true)]
        from: String,
        /// What it becomes; several tags with separators between them
        #[arg(long, value_name = "TAG", allow_hyphen_values = true)]
        to: String,
    },
    /// Make several tags one, as `1boy` and `facial hair` become `smith`, in captions that have all of them
    Merge {
        #[command(flatten)]
        common: Common,
        /// A tag, or several with separators between them
        #[arg(long, value_name = "TAG", required = true, allow_hyphen_values = true)]
        from: Vec<String>,
        /// What they become, where the first of them stands
        #[arg(long, value_name = "TAG", allow_hyphen_values = true)]
        to: String,
        /// Also in captions that have only some of them
        #[arg(long)]
        any: bool,
    },
    /// Put tags first in the captions that have them, in this order
    First {
        #[command(flatten)]
        common: Common,
        /// A tag, or several with separators between them
        #[arg(long = "tag", value_name = "TAG", required = true, allow_hyphen_values = true)]
        tags: Vec<String>,
    },
    /// Sort the tags of each caption
    Sort {
        #[command(flatten)]
        common: Common,
        /// By what: `count` puts the most frequent of the dataset first, `length` the longest
        #[arg(long, default_value = "name")]
        by: SortBy,
        /// Leave so many tags at the beginning where they are
        #[arg(long, default_value_t = 0, value_name = "N", allow_negative_numbers = true)]
        keep: usize,
    },
    /// Take out tags that a caption has twice
    Dedup {
        #[command(flatten)]
        common: Common,
    },
    /// Replace text in whole captions, tags or not
    Text {
        #[command(flatten)]
        common: Common,
        /// What is looked for
        #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
        find: String,
        /// What stands there instead; with `--regex`, `$1` is the first group
        #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
        with: String,
        /// `--find` is a regular expression
        #[arg(long)]
        regex: bool,
    },
    /// Give captions a whole new text; best with `--where`
    Set {
        #[command(flatten)]
        common: Common,
        /// The text
        #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
        text: String,
    },
    /// Make white space and separators regular: no empty tags, single spaces, spaces for underscores (faces such as `^_^` stay)
    Clean {
        #[command(flatten)]
        common: Common,
        /// Leave underscores as they are
        #[arg(long)]
        keep_underscores: bool,
    },
    /// Put a trigger word in front and strike what it shall take up: what belongs to a subject, or for a style everything
    Trigger(Trigger),
}

/// The trigger word and what flows into it.
#[derive(Debug, Args)]
pub(in crate::cli) struct Trigger {
    #[command(flatten)]
    common: Common,
    /// The trigger word, or several tags with separators between them
    #[arg(long, value_name = "TAG", allow_hyphen_values = true)]
    word: String,
    #[command(flatten)]
    struck: Tags,
    /// Strike everything but the trigger, for a style
    #[arg(long, conflicts_with_all = ["tags", "regex", "category", "at_least", "at_most"])]
    strike_all: bool,
    /// A tag that stays all the same
    #[arg(long, value_name = "TAG", requires = "strike_all", allow_hyphen_values = true)]
    but: Vec<String>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(in crate::cli) enum SortBy {
    Name,
    Count,
    Length,
    Reverse,
}

impl From<edit::Error> for Failure {
    fn from(error: edit::Error) -> Self {
        let hint = error.hint();
        Self::usage(safe(&error.to_string())).maybe_hint(hint)
    }
}

pub(in crate::cli) fn run(context: &Context, command: Command) -> Result<(), Failure> {
    let (common, edit) = match command {
        Command::Stats(options) => return stats::run(context, &options),
        Command::Remove { common, tags } => (common, Edit::Remove { tags: tags.which() }),
        Command::Keep { common, tags } => (common, Edit::Keep { tags: tags.which() }),
        Command::Add { common, tags, front } => {
            let at = if front { At::Front } else { At::End };
            (common, Edit::Add { tags, at })
        }
        Command::Replace { common, from, to } => (common, Edit::Replace { from, to }),
        Command::Merge { common, from, to, any } => (common, Edit::Merge { from, to, any }),
        Command::First { common, tags } => (common, Edit::First { tags }),
        Command::Sort { common, by, keep } => {
            let by = match by {
                SortBy::Name => By::Name,
                SortBy::Count => By::Count,
                SortBy::Length => By::Length,
                SortBy::Reverse => By::Reverse,
            };
            (common, Edit::Sort { by, keep })
        }
        Command::Dedup { common } => (common, Edit::Dedup),
        Command::Text {
            common,
            find,
            with,
            regex,
        } => (common, Edit::ReplaceText { find, regex, with }),
        Command::Set { common, text } => (common, Edit::SetText { text }),
        Command::Clean {
            common,
            keep_underscores,
        } => {
            let underscores = !keep_underscores;
            (common, Edit::Clean { underscores })
        }
        Command::Trigger(Trigger {
            common,
            word,
            struck,
            strike_all,
            but,
        }) => {
            let strike = match struck.which() {
                _ if strike_all => Strike::AllBut(but),
                which if which.is_empty() => Strike::Nothing,
                which => Strike::These(which),
            };
            (common, Edit::Trigger { trigger: word, strike })
        }
    };
    change(context, &common, &edit)
}

/// A set as it was read, and what an edit would do with it.
struct Planned {
    set: Set,
    index: Index,
    pictures: Vec<usize>,
    plan: edit::Plan,
}

fn planned(context: &Context, common: &Common, edit: &Edit) -> Result<Planned, Failure> {
    let set = open(common)?;
    let index = Index::of(&set);
    let pictures = choice::pictures(context, &common.dir, &set, &index, common.query.as_deref())?;
    let choices = Choices {
        force_encoding: common.force_encoding,
    };
    let mut plan = plan(&set, &index, edit, &pictures, &choices)?;
    if let Some(query) = &common.query {
        plan.edit += &format!(" --where {}", edit::quoted(query));
    }
    Ok(Planned {
        set,
        index,
        pictures,
        plan,
    })
}

/// Plans an edit, shows it, and writes it where that is asked for.
fn change(context: &Context, common: &Common, edit: &Edit) -> Result<(), Failure> {
    let turn = Journal::at(&Set::root_of(&common.dir)).turn();
    let mut planned = planned(context, common, edit)?;
    let mut journal = of_set(&planned.set);
    if common.write && !planned.plan.changes.is_empty() {
        journal = journal.hold(&mut |_| Ok(()))?;
        // Whoever wrote while this was planned was first; what is planned now is planned on top of that.
        if journal.turn() != turn {
            planned = self::planned(context, common, edit)?;
        }
    }
    let Planned {
        set,
        index,
        pictures,
        plan,
    } = planned;
    let told = show::Told::new(&set, &index, edit, &plan, pictures.len());
    if !common.write {
        return if common.json {
            print_json(&told.json(None))
        } else {
            print(told.text(common.all))
        };
    }
    let (what, changes) = (plan.edit.clone(), plan.clone().into_changes());
    let done = travel::watched(|watch| journal.commit(&what, changes, watch))?;
    let notes = told.notes();
    if common.json {
        print_json(&told.json(Some(&done)))?;
    } else if !notes.is_empty() {
        print(notes)?;
    }
    travel::report(&set.root, &done, &set.options.separator, common.json)?;
    refused(&plan)
}

/// What could not be edited makes a command that writes fail; all else is done.
fn refused(plan: &edit::Plan) -> Result<(), Failure> {
    match plan.refused.as_slice() {
        [] => Ok(()),
        [(path, why), rest @ ..] => {
            let path = path.to_string_lossy();
            let more = match rest.len() {
                0 => String::new(),
                more => format!(", and {more} more are left alone"),
            };
            let sentence = format!("{} is left alone: {why}{more}", safe(&path));
            let is_encoding = |(_, why): &(_, edit::Refusal)| matches!(why, edit::Refusal::NotUtf8 { .. });
            let is_encoding = plan.refused.iter().any(is_encoding);
            let hint = if is_encoding {
                "all else is done; --force-encoding edits captions that are not UTF-8"
            } else {
                "all else is done"
            };
            Err(Failure::failed(sentence).hint(hint))
        }
    }
}

fn open(common: &Common) -> Result<Set, Failure> {
    let set = open_any(&common.dir, &common.options())?;
    if set.pictures.is_empty() {
        let dir = common.dir.to_string_lossy();
        let hint = set
            .ignored
            .first()
            .map(|(path, why)| format!("{}: {why}", safe(&path.to_string_lossy())));
        return Err(Failure::failed(format!("there are no pictures in {}", safe(&dir))).maybe_hint(hint));
    }
    Ok(set)
}

/// Opens a dataset.
pub(in crate::cli) fn open_any(dir: &Path, options: &set::Options) -> Result<Set, Failure> {
    Set::open(dir, options).map_err(|error| {
        let sentence = error.to_string();
        // What is wrong with a TOML may be several lines.
        let sentence = match error {
            set::Error::Config(_) => safe_lines(&sentence),
            _ => safe(&sentence),
        };
        Failure::failed(sentence).maybe_hint(error.hint())
    })
}

/// Says on standard error that captions lie there which a dataset TOML leaves unread by saying nothing of them.
pub(in crate::cli) fn warn_of_unread(set: &Set, file: &Path) {
    let unread = set.unread(file).len();
    if unread > 0 {
        let have = if unread == 1 { "picture has" } else { "pictures have" };
        // Nobody is left to tell when this fails.
        let _ = writeln!(
            std::io::stderr().lock(),
            "warning: {unread} {have} a .txt file that training would not read, because {} sets no caption_extension; add \
             caption_extension = \".txt\" to its [general]",
            safe(&file.to_string_lossy())
        );
    }
}
