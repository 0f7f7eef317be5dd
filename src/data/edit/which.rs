//! Which tags an edit is about: named, by a pattern, by what they are about, by how many captions have them.

use std::fmt;
use std::str::FromStr;

use regex::Regex;
use serde::{Deserialize, Serialize};

use super::{Error, Named, apply};
use crate::data::tags::{Category, Index, category};

/// A choice of tags: those that are named, or fit the pattern, or are in one of the categories; of these, or of all where nothing is
/// named, those within the thresholds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Which {
    /// Tags by their text.
    pub tags: Vec<String>,
    /// A regular expression that fits anywhere in a tag.
    pub regex: Option<String>,
    /// What tags are about.
    pub categories: Vec<Category>,
    /// Tags that at least so many captions have.
    pub at_least: Option<Threshold>,
    /// Tags that at most so many captions have.
    pub at_most: Option<Threshold>,
}

/// A number of captions, absolute or as a share of those that there are.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Threshold {
    /// In per cent of the pictures with a caption.
    Percent(f64),
    /// So many captions.
    Captions(u32),
}

impl Threshold {
    /// Whether so many of so many captions reach it.
    pub fn reached(self, captions: u32, of: u32) -> bool {
        self.compare(captions, of).is_ge()
    }

    /// Whether so many of so many captions are not above it.
    pub fn kept(self, captions: u32, of: u32) -> bool {
        self.compare(captions, of).is_le()
    }

    fn compare(self, captions: u32, of: u32) -> std::cmp::Ordering {
        match self {
            Self::Captions(threshold) => captions.cmp(&threshold),
            Self::Percent(percent) => {
                // 70 % of 10 is not quite 7 in binary fractions, and who writes 57.142_857 % means four of seven.
                let difference = f64::from(captions) * 100.0 / f64::from(of.max(1)) - percent;
                if difference.abs() < 1e-6 {
                    std::cmp::Ordering::Equal
                } else {
                    difference.total_cmp(&0.0)
                }
            }
        }
    }
}

impl FromStr for Threshold {
    type Err = Error;

    /// `80%` or `0.8` are shares, `20` is a number of captions.
    fn from_str(text: &str) -> Result<Self, Error> {
        let fault = || Error::Threshold(text.to_owned());
        let word = text.trim();
        let share = |number: &str, full: f64| {
            let number: f64 = number.trim().parse().map_err(|_| fault())?;
            let is_share = (0.0..=full).contains(&number);
            is_share
                .then_some(Self::Percent(number / full * 100.0))
                .ok_or_else(fault)
        };
        if let Some(number) = word.strip_suffix(['%', '％']) {
            return share(number, 100.0);
        }
        word.parse().map(Self::Captions).or_else(|_| share(word, 1.0))
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percent(percent) => write!(f, "{percent}%"),
            Self::Captions(captions) => write!(f, "{captions}"),
        }
    }
}

impl Which {
    /// These tags and no others.
    pub fn named(tags: &[&str]) -> Self {
        Self {
            tags: tags.iter().map(|&tag| tag.to_owned()).collect(),
            ..Self::default()
        }
    }

    /// Whether nothing is chosen by anything.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Of each tag of the index, by its number, whether it is chosen. Thresholds count among `pictures`.
    ///
    /// # Errors
    /// Where nothing is chosen by anything, and [`Error::Regex`].
    pub fn chosen(&self, index: &Index, pictures: &[usize], separator: &str) -> Result<Vec<bool>, Error> {
        if self.is_empty() {
            return Err(Error::NoChoice);
        }
        let is_named = !self.tags.is_empty() || self.regex.is_some() || !self.categories.is_empty();
        let is_bounded = self.at_least.is_some() || self.at_most.is_some();
        let mut chosen = vec![!is_named; index.len()];
        for name in &self.tags {
            for tag in apply::read_tags(name, separator, Named::Choice)? {
                if let Some(id) = index.id(&tag) {
                    chosen[id.0 as usize] = true;
                }
            }
        }
        let pattern = self.regex.as_deref().map(compile).transpose()?;
        if pattern.is_some() || !self.categories.is_empty() {
            for (id, name) in index.iter() {
                let fits = pattern.as_ref().is_some_and(|pattern| pattern.is_match(name))
                    || (!self.categories.is_empty() && self.categories.contains(&category(name)));
                chosen[id.0 as usize] |= fits;
            }
        }
        if is_bounded {
            let counts = index.counts(Some(pictures));
            for (chosen, &captions) in chosen.iter_mut().zip(&counts.captions) {
                *chosen &= captions > 0
                    && self
                        .at_least
                        .is_none_or(|least| least.reached(captions, counts.captioned))
                    && self.at_most.is_none_or(|most| most.kept(captions, counts.captioned));
            }
        }
        Ok(chosen)
    }
}

/// A regular expression, or a sentence of what is wrong with it.
fn compile(pattern: &str) -> Result<Regex, Error> {
    Regex::new(pattern).map_err(|e| Error::Regex {
        pattern: pattern.to_owned(),
        reason: reason(&e),
    })
}

/// What is wrong with a regular expression, in a clause; the crate prints the pattern in several lines.
pub(super) fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().map(str::trim).rfind(|line| !line.is_empty());
    last.unwrap_or_default().trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_shares_or_numbers() {
        let read = |text: &str| text.parse::<Threshold>().ok();
        assert_eq!(read("80%"), Some(Threshold::Percent(80.0)));
        assert_eq!(read(" 12.5 % "), Some(Threshold::Percent(12.5)));
        assert_eq!(read("0.8"), Some(Threshold::Percent(80.0)));
        assert_eq!(read("20"), Some(Threshold::Captions(20)));
        for wrong in ["", "%", "101%", "-1%", "1.5", "x", "NaN%", "inf", "-3"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        let seventy = Threshold::Percent(70.0);
        assert!(seventy.reached(7, 10) && !seventy.reached(6, 10) && seventy.kept(7, 10) && !seventy.kept(8, 10));
        let third = Threshold::Percent(100.0 / 3.0);
        let rounded = [
            Threshold::Percent(57.142_857),
            Threshold::Percent(33.333_333),
            Threshold::Percent(66.666_667),
        ];
        for (threshold, (captions, of)) in rounded.into_iter().zip([(4, 7), (1, 3), (2, 3)]) {
            for times in [1, 10_000] {
                let (captions, of) = (captions * times, of * times);
                assert!(
                    threshold.reached(captions, of) && threshold.kept(captions, of),
                    "{threshold} of {of}"
                );
                assert!(
                    !threshold.reached(captions - 1, of) && !threshold.kept(captions + 1, of),
                    "{threshold} of {of}"
                );
            }
        }
        assert!(third.reached(1, 3) && third.kept(1, 3));
        assert!(Threshold::Captions(3).reached(3, 9) && !Threshold::Captions(3).kept(4, 9));
    }
}
