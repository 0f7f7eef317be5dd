//! Finished proposals, narrowed: what somebody wants of them who sees only now how sure the tagger is.
//!
//! Confidences are all that is left of a model's numbers, so tags can be taken out and put first; none can be found that the job left
//! out. Captioners' sentences have no confidences and stay.

use super::job::Tagging;
use super::words::plain;
use super::{Kind, Label, Proposal};

/// What is to be left of proposals. What says nothing leaves them as they are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Narrowing {
    /// The least confidence of a tag.
    pub threshold: Option<f32>,
    /// That of characters; as `threshold` where nothing is said.
    pub character: Option<f32>,
    /// That of series.
    pub copyright: Option<f32>,
    /// That of artists.
    pub artist: Option<f32>,
    /// That of tags about the file.
    pub meta: Option<f32>,
    /// That of models that draw.
    pub model: Option<f32>,
    /// That of ratings.
    pub rating: Option<f32>,
    /// At most so many tags beside rating and quality, the surest; 0 for any number.
    pub most: usize,
    /// Tags that are left out.
    pub exclude: Vec<String>,
    /// Tags that stand first, in this order, where they were found.
    pub first: Vec<String>,
}

/// A threshold below the job's: what it would let in was never kept.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("the job kept only {what} of at least {kept}, so there are none from {wanted} on to take")]
pub struct TooLow {
    what: &'static str,
    kept: f32,
    wanted: f32,
}

impl Narrowing {
    /// Whether it asks for nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Narrows what a job with these rules has found.
    ///
    /// # Errors
    /// Where a threshold lies below the job's own.
    pub fn narrow(&self, job: &Tagging, proposals: &mut [Proposal]) -> Result<(), TooLow> {
        self.check(job)?;
        let exclude: Vec<_> = self.exclude.iter().map(|tag| plain(tag)).collect();
        let first: Vec<_> = self.first.iter().map(|tag| plain(tag)).collect();
        let is_added = |label: &Label| job.add.iter().any(|tag| tag.trim() == label.text);
        for proposal in proposals {
            let tags = &mut proposal.tags;
            tags.retain(|label| {
                let is_sure = self.least(label.kind).is_none_or(|least| label.confidence >= least);
                (is_sure || is_added(label)) && !exclude.contains(&plain(&label.text))
            });
            self.keep_surest(tags, is_added);
            let place = |label: &Label| {
                let name = plain(&label.text);
                let place = first.iter().position(|first| *first == name);
                // What the job puts before everything stays there.
                (!is_added(label), place.unwrap_or(first.len()))
            };
            if !first.is_empty() {
                tags.sort_by_key(place);
            }
        }
        Ok(())
    }

    fn least(&self, kind: Kind) -> Option<f32> {
        let own = match kind {
            Kind::General => None,
            Kind::Character => self.character,
            Kind::Copyright => self.copyright,
            Kind::Artist => self.artist,
            Kind::Meta => self.meta,
            Kind::Model => self.model,
            Kind::Rating => return self.rating,
            Kind::Quality => return None,
        };
        own.or(self.threshold)
    }

    fn keep_surest(&self, tags: &mut Vec<Label>, is_added: impl Fn(&Label) -> bool) {
        let counts = |label: &Label| !matches!(label.kind, Kind::Rating | Kind::Quality) && !is_added(label);
        let mut sure: Vec<_> = (0..tags.len()).filter(|&i| counts(&tags[i])).collect();
        if self.most == 0 || sure.len() <= self.most {
            return;
        }
        // Stable: of equally sure ones the first stay.
        sure.sort_by(|&a, &b| tags[b].confidence.total_cmp(&tags[a].confidence));
        let goes = &sure[self.most..];
        let mut place = 0..tags.len();
        tags.retain(|_| place.next().is_some_and(|i| !goes.contains(&i)));
    }

    fn check(&self, job: &Tagging) -> Result<(), TooLow> {
        let kept = |own: Option<f32>| own.unwrap_or(job.threshold);
        let pairs = [
            ("tags", self.threshold, job.threshold),
            ("characters", self.character, kept(job.character)),
            ("series", self.copyright, kept(job.copyright)),
            ("artists", self.artist, kept(job.artist)),
            ("tags about the file", self.meta, kept(job.meta)),
            ("models", self.model, kept(job.model)),
            ("ratings", self.rating, job.rating_threshold),
        ];
        for (what, wanted, kept) in pairs {
            if let Some(wanted) = wanted.filter(|wanted| *wanted < kept) {
                return Err(TooLow { what, kept, wanted });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found() -> Vec<Proposal> {
        let label = |(text, confidence, kind): (&str, f32, Kind)| Label {
            text: text.to_owned(),
            confidence,
            kind,
        };
        let tags = [
            ("sks", 1.0, Kind::General),
            ("1girl", 0.9, Kind::General),
            (r"fox \(animal\)", 0.4, Kind::General),
            ("long hair", 0.6, Kind::General),
            ("rin", 0.7, Kind::Character),
            ("general", 0.5, Kind::Rating),
        ];
        vec![Proposal {
            tags: tags.map(label).to_vec(),
            caption: Some("a fox".to_owned()),
            ..Proposal::default()
        }]
    }

    fn left(change: impl FnOnce(&mut Narrowing)) -> Vec<String> {
        let job = Tagging {
            add: vec!["sks".to_owned()],
            character: Some(0.5),
            ..Tagging::default()
        };
        let (mut narrowing, mut proposals) = (Narrowing::default(), found());
        change(&mut narrowing);
        narrowing.narrow(&job, &mut proposals).unwrap();
        assert_eq!(proposals[0].caption.as_deref(), Some("a fox"));
        proposals.remove(0).tags.into_iter().map(|label| label.text).collect()
    }

    #[test]
    fn only_what_was_asked_for_is_taken_out() {
        let fox = r"fox \(animal\)";
        let all = ["sks", "1girl", fox, "long hair", "rin", "general"];
        assert_eq!(left(|_| ()), all);
        assert_eq!(
            left(|n| n.threshold = Some(0.6)),
            ["sks", "1girl", "long hair", "rin", "general"]
        );
        assert_eq!(
            left(|n| (n.threshold, n.character) = (Some(0.65), Some(0.8))),
            ["sks", "1girl", "general"]
        );
        assert_eq!(
            left(|n| n.rating = Some(0.6)),
            ["sks", "1girl", fox, "long hair", "rin"]
        );
        assert_eq!(
            left(|n| n.exclude = vec!["long_hair".to_owned(), "fox_(animal)".to_owned()]),
            ["sks", "1girl", "rin", "general"]
        );
        assert_eq!(left(|n| n.most = 2), ["sks", "1girl", "rin", "general"]);
        assert_eq!(
            left(|n| n.first = vec!["rin".to_owned(), "fox (animal)".to_owned()]),
            ["sks", "rin", fox, "1girl", "long hair", "general"]
        );
    }

    #[test]
    fn a_threshold_below_the_jobs_is_refused() {
        let low = Narrowing {
            threshold: Some(0.1),
            ..Narrowing::default()
        };
        let error = low.narrow(&Tagging::default(), &mut found()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the job kept only tags of at least 0.35, so there are none from 0.1 on to take"
        );
        let own = Narrowing {
            character: Some(0.4),
            ..Narrowing::default()
        };
        let strict = Tagging {
            character: Some(0.85),
            ..Tagging::default()
        };
        assert!(own.narrow(&strict, &mut found()).is_err());
        assert!(own.narrow(&Tagging::default(), &mut found()).is_ok());
    }
}
