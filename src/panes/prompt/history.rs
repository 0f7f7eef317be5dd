//! Undo and redo: every edit as what it took away and what it put there, so that a long history of a long text stays small.
//!
//! Knows nothing of cursors but to give them back; [`super::buffer`] applies the edits.

/// What an edit did to the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Splice {
    /// The byte where it begins.
    pub at: usize,
    /// What stood there before.
    pub removed: String,
    /// What has stood there since.
    pub inserted: String,
}

impl Splice {
    fn reversed(&self) -> Self {
        Self {
            at: self.at,
            removed: self.inserted.clone(),
            inserted: self.removed.clone(),
        }
    }
}

/// The cursor and the other end of the selection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caret {
    /// Where typing goes.
    pub cursor: usize,
    /// Where the selection began, if there is one.
    pub anchor: Option<usize>,
}

/// Edits of one manner that follow each other are undone together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Characters typed one after another; a word begun after a space is a step of its own.
    Typing,
    /// Characters taken away one after another.
    Erasing,
    /// A step of its own.
    Alone,
}

#[derive(Clone, Debug)]
struct Step {
    splice: Splice,
    manner: Manner,
    before: Caret,
    after: Caret,
}

/// The steps done and undone.
#[derive(Clone, Debug, Default)]
pub struct History {
    done: Vec<Step>,
    undone: Vec<Step>,
    sealed: bool,
}

impl History {
    /// Notes an edit; what was undone cannot be redone any more.
    pub fn record(&mut self, splice: Splice, manner: Manner, before: Caret, after: Caret) {
        self.undone.clear();
        let sealed = std::mem::take(&mut self.sealed);
        if let Some(last) = self.done.last_mut()
            && !sealed
            && last.manner == manner
            && last.after == before
            && join(&mut last.splice, &splice, manner)
        {
            last.after = after;
            return;
        }
        self.done.push(Step {
            splice,
            manner,
            before,
            after,
        });
    }

    /// The next edit begins a step.
    pub fn seal(&mut self) {
        self.sealed = true;
    }

    /// The edit that undoes the last step, and the caret before it.
    pub fn undo(&mut self) -> Option<(Splice, Caret)> {
        self.seal();
        let step = self.done.pop()?;
        let undone = (step.splice.reversed(), step.before);
        self.undone.push(step);
        Some(undone)
    }

    /// The edit that does the last undone step again, and the caret after it.
    pub fn redo(&mut self) -> Option<(Splice, Caret)> {
        self.seal();
        let step = self.undone.pop()?;
        let redone = (step.splice.clone(), step.after);
        self.done.push(step);
        Some(redone)
    }
}

/// Makes one edit of two, if they touch and belong together.
fn join(last: &mut Splice, next: &Splice, manner: Manner) -> bool {
    let space = |text: &str| text.ends_with(char::is_whitespace);
    match manner {
        Manner::Typing => {
            let follows = next.removed.is_empty() && next.at == last.at + last.inserted.len();
            if !follows || (space(&last.inserted) && !space(&next.inserted)) {
                return false;
            }
            last.inserted.push_str(&next.inserted);
        }
        Manner::Erasing if !last.inserted.is_empty() || !next.inserted.is_empty() => return false,
        Manner::Erasing if next.at == last.at => last.removed.push_str(&next.removed),
        Manner::Erasing if next.at + next.removed.len() == last.at => {
            last.removed.insert_str(0, &next.removed);
            last.at = next.at;
        }
        Manner::Erasing | Manner::Alone => return false,
    }
    true
}
