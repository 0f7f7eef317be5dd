//! What the text encoder sees of a caption: so many draws of kohya's caption pipeline, with tokens, chunks and what is lost.
//!
//! [`Truth`] draws anew whenever the caption, the options or the form are others; nothing is read from a file. [`form`] is its form,
//! [`view`] how it is drawn.

pub mod form;
mod view;

use crate::data::draws::preview::{self, Course};
use crate::data::draws::seen::{Limit, Seen};
use crate::data::draws::{Moment, Rules, read};
use crate::data::set::Entry;
use crate::prompt::Tokenizer;
use crate::ui::widgets::list::Go;

/// What is set of the draws.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// How many draws.
    pub draws: usize,
    /// What Python's `random` begins with.
    pub seed: i64,
    /// The epoch of the first draw, from 1.
    pub epoch: i64,
    /// How many epochs there will be.
    pub epochs: i64,
    /// How many tokens training takes.
    pub limit: Limit,
    /// Whether brackets weigh: kohya's `weighted_captions`.
    pub weighted: bool,
    /// The caption options, where they are not those of the folder.
    pub rules: Option<Rules>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            draws: 6,
            seed: 0,
            epoch: 1,
            epochs: 10,
            limit: Limit::One,
            weighted: false,
            rules: None,
        }
    }
}

/// Everything that draws depend on.
#[derive(Clone, Debug, PartialEq)]
struct Source {
    /// The caption file's text, a byte order mark included; none where there is no file.
    text: Option<String>,
    /// What a metadata file says instead.
    entry: Option<Entry>,
    class_tokens: Option<String>,
    rules: Rules,
    repeats: u32,
    /// Steps in an epoch.
    steps: u64,
    settings: Settings,
}

/// A caption as it is at one moment of training.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draw {
    /// The moment.
    pub moment: Moment,
    /// The caption.
    pub caption: String,
    /// What of it is seen.
    pub seen: Seen,
    /// The byte at which each token begins.
    pub tokens: Vec<usize>,
}

/// The draws of the picture under the cursor.
#[derive(Debug, Default)]
pub struct Truth {
    settings: Settings,
    source: Option<Source>,
    draws: Vec<Draw>,
    /// The first draw that is seen, and the first of its lines.
    first: (usize, usize),
    /// Whether every token is told from the next.
    pub with_tokens: bool,
}

/// The caption that draws are made of.
#[derive(Clone, Copy, Debug)]
pub struct Matter<'a> {
    /// The file's text, a byte order mark included; none where there is no file.
    pub text: Option<&'a str>,
    /// What a metadata file says instead.
    pub entry: Option<&'a Entry>,
    /// The options of its folder.
    pub folder: &'a super::options::Folder,
    /// Steps in an epoch.
    pub steps: u64,
}

impl Truth {
    /// What is set of the draws.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Sets it.
    pub fn set(&mut self, settings: Settings) {
        self.settings = settings;
        self.first = (0, 0);
    }

    /// Draws with other random numbers.
    pub fn again(&mut self) {
        self.settings.seed = self.settings.seed.wrapping_add(1);
    }

    /// The draws.
    pub fn draws(&self) -> &[Draw] {
        &self.draws
    }

    /// Draws, unless it is all as it was.
    pub fn look(&mut self, matter: Option<Matter<'_>>) {
        let source = matter.map(|matter| Source {
            text: matter.text.map(str::to_owned),
            entry: matter.entry.cloned(),
            class_tokens: matter.folder.class_tokens.clone(),
            rules: self
                .settings
                .rules
                .clone()
                .unwrap_or_else(|| matter.folder.rules.clone()),
            repeats: matter.folder.repeats.max(1),
            steps: matter.steps,
            settings: self.settings.clone(),
        });
        if source == self.source {
            return;
        }
        let same = |a: &Source, b: &Source| a.text == b.text && a.settings.draws == b.settings.draws;
        if !matches!((&source, &self.source), (Some(a), Some(b)) if same(a, b)) {
            self.first = (0, 0);
        }
        self.draws = source.as_ref().map(draws).unwrap_or_default();
        self.source = source;
    }

    /// Whether all draws of the caption are alike, whatever is drawn.
    pub fn is_steady(&self) -> bool {
        self.source.as_ref().is_some_and(|source| !source.rules.vary())
    }

    /// Goes on by lines, in a window of so many columns and rows.
    pub fn go(&mut self, go: Go, columns: usize, height: usize) {
        let page = height.saturating_sub(1).max(1);
        let end = self.end(columns, height);
        let mut first = self.first.min(end);
        let by = match go {
            Go::Up | Go::Down => 1,
            Go::PageUp | Go::PageDown => page,
            Go::Top | Go::Bottom | Go::To(_) => 0,
        };
        for _ in 0..by {
            first = if matches!(go, Go::Up | Go::PageUp) {
                self.before(first, columns)
            } else {
                self.behind(first, columns)
            };
        }
        self.first = match go {
            Go::Top => (0, 0),
            Go::Bottom => end,
            _ => first.min(end),
        };
    }

    /// Where the window begins that shows the last line at its bottom.
    fn end(&self, columns: usize, height: usize) -> (usize, usize) {
        let mut rows = height;
        for (number, draw) in self.draws.iter().enumerate().rev() {
            let lines = view::lines(draw, columns);
            if lines >= rows {
                return (number, lines - rows);
            }
            rows -= lines;
        }
        (0, 0)
    }

    fn before(&self, (draw, line): (usize, usize), columns: usize) -> (usize, usize) {
        match (draw, line) {
            (0, 0) => (0, 0),
            (_, 0) => {
                let lines = self.draws.get(draw - 1).map_or(1, |draw| view::lines(draw, columns));
                (draw - 1, lines.saturating_sub(1))
            }
            _ => (draw, line - 1),
        }
    }

    fn behind(&self, (draw, line): (usize, usize), columns: usize) -> (usize, usize) {
        let lines = self.draws.get(draw).map_or(0, |draw| view::lines(draw, columns));
        if line + 1 < lines {
            (draw, line + 1)
        } else {
            (draw + 1, 0)
        }
    }
}

/// One draw after the other as training makes them of one picture: shown as often as it is repeated in an epoch, with the random
/// numbers going on. The step is the epoch's first.
fn draws(source: &Source) -> Vec<Draw> {
    let Source { rules, settings, .. } = source;
    let caption = match (&source.entry, &source.text) {
        (Some(entry), _) => entry.text(&rules.separator, rules.wildcard),
        (None, Some(text)) => read::caption(text, rules.wildcard),
        (None, None) => source.class_tokens.clone().unwrap_or_default(),
    };
    let steps = i64::try_from(source.steps).unwrap_or(i64::MAX);
    let course = Course {
        seed: settings.seed,
        epoch: settings.epoch,
        steps,
        max_train_steps: settings.epochs.saturating_mul(steps),
        limit: settings.limit,
        weighted: settings.weighted,
    };
    let drawn = preview::draws(rules, &caption, source.repeats, &course, settings.draws);
    let draw = |draw: preview::Draw| Draw {
        tokens: match &draw.weighted {
            Some(weighted) => weighted.places.clone(),
            None => Tokenizer::clip().places(&draw.caption),
        },
        moment: draw.moment,
        caption: draw.caption,
        seen: draw.seen,
    };
    drawn.into_iter().map(draw).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panes::dataset::views::options::Folder;

    fn folder(rules: Rules) -> Folder {
        Folder {
            dataset: 0,
            batch_size: 1,
            repeats: 2,
            class_tokens: Some("fox".to_owned()),
            rules,
        }
    }

    fn drawn(truth: &mut Truth, folder: &Folder, text: Option<&str>) -> Vec<String> {
        truth.look(Some(Matter {
            text,
            entry: None,
            folder,
            steps: 10,
        }));
        truth.draws().iter().map(|draw| draw.caption.clone()).collect()
    }

    #[test]
    fn repeats_fill_an_epoch_and_steps_follow_the_epochs() {
        let mut truth = Truth::default();
        let rules = Rules {
            dropout_every_n_epochs: 2,
            warmup_step: 0.3,
            ..Rules::default()
        };
        let drawn = drawn(&mut truth, &folder(rules), Some("a, b, c, d"));
        // Steps 0, 10 and 20 of 100, of which the first 30 hold tags back; the second epoch has no caption.
        assert_eq!(drawn, ["a", "a", "", "", "a, b, c", "a, b, c"]);
        let moments: Vec<_> = truth
            .draws()
            .iter()
            .map(|draw| (draw.moment.epoch, draw.moment.step))
            .collect();
        assert_eq!(moments, [(1, 0), (1, 0), (2, 10), (2, 10), (3, 20), (3, 20)]);
    }

    #[test]
    fn what_a_metadata_file_says_goes_before_the_text_and_brackets_weigh_where_that_is_set() {
        let mut truth = Truth::default();
        let entry = Entry {
            key: "a.png".into(),
            rank: 0,
            caption: Some("a fox".into()),
            tags: Some("(snow:1.2)".into()),
            size: None,
        };
        let folder = folder(Rules::default());
        let look = |truth: &mut Truth| {
            truth.look(Some(Matter {
                text: Some("as it is shown"),
                entry: Some(&entry),
                folder: &folder,
                steps: 1,
            }));
            let draw = &truth.draws()[0];
            (draw.caption.clone(), draw.seen.tokens, draw.tokens.clone())
        };
        let caption = "a fox,(snow:1.2)".to_owned();
        assert_eq!(look(&mut truth).0, caption);
        truth.set(Settings {
            weighted: true,
            ..Settings::default()
        });
        assert_eq!(look(&mut truth), (caption, 4, vec![0, 2, 5, 7]));
    }

    #[test]
    fn without_a_file_the_folder_s_words_stand_in_and_what_does_not_fit_is_lost() {
        let mut truth = Truth::default();
        assert_eq!(drawn(&mut truth, &folder(Rules::default()), None)[0], "fox");
        assert!(truth.is_steady());
        let long = "fox ".repeat(80);
        drawn(&mut truth, &folder(Rules::default()), Some(&long));
        let seen = &truth.draws()[0].seen;
        assert_eq!((seen.tokens, seen.lost), (80, Some(75 * 4)));
        truth.set(Settings {
            limit: Limit::Two,
            ..Settings::default()
        });
        drawn(&mut truth, &folder(Rules::default()), Some(&long));
        assert_eq!(
            (truth.draws()[0].seen.chunks.len(), truth.draws()[0].seen.lost),
            (2, None)
        );
    }

    #[test]
    fn a_long_draw_is_gone_through_line_by_line_to_its_last() {
        let mut truth = Truth::default();
        let long = (0..160)
            .map(|n| format!("tag number {n}"))
            .collect::<Vec<_>>()
            .join(", ");
        drawn(&mut truth, &folder(Rules::default()), Some(&long));
        let lines: Vec<usize> = truth.draws().iter().map(|draw| view::lines(draw, 40)).collect();
        let all: usize = lines.iter().sum();
        assert!(lines[0] > 40, "{lines:?}");
        let mut steps = 0;
        loop {
            let before = truth.first;
            truth.go(Go::Down, 40, 20);
            if truth.first == before {
                break;
            }
            steps += 1;
        }
        assert_eq!(
            steps,
            all - 20,
            "every line was the first seen, but for those of the last window"
        );
        let end = truth.first;
        truth.go(Go::Up, 40, 20);
        truth.go(Go::PageDown, 40, 20);
        assert_eq!(truth.first, end);
        truth.go(Go::Top, 40, 20);
        truth.go(Go::PageDown, 40, 20);
        assert_eq!(truth.first, (0, 19));
        truth.go(Go::Bottom, 40, 20);
        assert_eq!(truth.first, end);
        // All of them are seen at once.
        truth.go(Go::Down, 40, all);
        assert_eq!(truth.first, (0, 0));
    }
}
