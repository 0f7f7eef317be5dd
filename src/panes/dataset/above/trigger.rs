//! The trigger word, guided: the word, what it stands for, and which of the frequent tags belong to it. Each choice is told in what it
//! teaches the model.
//!
//! What is struck from the captions is learned as part of the word; what stays can be asked for, or left out, by a prompt. That is the
//! guides' whole wisdom; the proposals follow it by the categories of tags.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Drawn, Keys, large};
use crate::data::tags::Category;
use crate::keys::Action;
use crate::ui::lang::{Lang, Text, trigger as words};
use crate::ui::text;
use crate::ui::theme::{Lines, Role, Theme};
use crate::ui::widgets::input::{Edit, InputState};
use crate::ui::widgets::list::{Go, List, ListState};
use crate::ui::widgets::{line, popup};

/// What a trigger word stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Subject {
    /// Somebody, drawn or real.
    #[default]
    Person,
    /// A way to draw.
    Style,
    /// A thing, an outfit, a place.
    Thing,
}

impl Subject {
    const ALL: [Self; 3] = [Self::Person, Self::Style, Self::Thing];

    const fn title(self) -> Text {
        match self {
            Self::Person => words::PERSON,
            Self::Style => words::STYLE,
            Self::Thing => words::THING,
        }
    }

    /// Whether a tag that nearly all captions have is part of the subject.
    const fn owns(self, category: Category) -> bool {
        match self {
            Self::Person => matches!(
                category,
                Category::Hair | Category::Eyes | Category::Face | Category::Body
            ),
            Self::Style => matches!(category, Category::Style | Category::Quality | Category::Meta),
            Self::Thing => matches!(category, Category::Other | Category::Clothes),
        }
    }
}

/// A frequent tag.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// It.
    pub tag: String,
    /// How many captions have it.
    pub captions: u32,
    /// What it is about.
    pub category: Category,
    /// Whether it is struck.
    pub struck: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Part {
    #[default]
    Word,
    Subject,
    Tags,
}

/// From this share of the captions on a tag is proposed to be struck.
const SHARE: f64 = 0.5;

/// The choices so far.
#[derive(Debug)]
pub struct Trigger {
    word: InputState,
    subject: Subject,
    rows: Vec<Row>,
    /// How many captions there are.
    of: u32,
    list: ListState,
    part: Part,
    /// What is missing.
    complaint: Option<Text>,
}

impl Trigger {
    /// The tags from the most frequent on, of so many captions.
    pub fn new(rows: Vec<Row>, of: u32) -> Self {
        let mut trigger = Self {
            word: InputState::default(),
            subject: Subject::default(),
            rows,
            of,
            list: ListState::default(),
            part: Part::Word,
            complaint: None,
        };
        trigger.propose();
        trigger
    }

    /// Strikes what belongs to the subject, as far as its category tells.
    fn propose(&mut self) {
        let (subject, of) = (self.subject, f64::from(self.of.max(1)));
        for row in &mut self.rows {
            row.struck = subject.owns(row.category) && f64::from(row.captions) / of >= SHARE;
        }
    }

    /// The word and the tags that it takes the place of; nothing while there is no word.
    pub fn take(&mut self) -> Option<(String, Vec<String>)> {
        let word = self.word.text().trim().to_owned();
        if word.is_empty() {
            self.complaint = Some(words::NEEDS_WORD);
            self.part = Part::Word;
            return None;
        }
        let struck = self.rows.iter().filter(|row| row.struck && row.tag != word);
        let struck = struck.map(|row| row.tag.clone()).collect();
        Some((word, struck))
    }

    /// Does an action; false for one that is none of its own.
    pub fn act(&mut self, action: Action, height: usize) -> bool {
        match action {
            Action::NextPane | Action::PreviousPane => {
                let parts = [Part::Word, Part::Subject, Part::Tags];
                let by = if action == Action::NextPane { 1 } else { 2 };
                let at = parts.iter().position(|part| *part == self.part).unwrap_or_default();
                self.part = parts[(at + by) % parts.len()];
            }
            Action::SelectUp if self.part == Part::Tags && self.list.selected(self.rows.len()) == Some(0) => {
                self.part = Part::Subject;
            }
            Action::SelectUp | Action::SelectDown if self.part == Part::Tags => {
                let go = if action == Action::SelectUp { Go::Up } else { Go::Down };
                self.list.go(go, self.rows.len(), height);
            }
            Action::SelectUp => self.part = Part::Word,
            Action::SelectDown if self.part == Part::Word => self.part = Part::Subject,
            Action::SelectDown => self.part = Part::Tags,
            Action::Accept => match self.part {
                Part::Word => self.part = Part::Subject,
                Part::Subject => self.part = Part::Tags,
                Part::Tags => self.strike(),
            },
            _ => return false,
        }
        true
    }

    /// A key that is no action.
    pub fn key(&mut self, key: &KeyEvent) {
        match (self.part, key.code) {
            (Part::Word, _) => {
                if let Some(edit) = Edit::of(key) {
                    self.word.apply(edit);
                    self.complaint = None;
                }
            }
            (Part::Subject, KeyCode::Left | KeyCode::Char('h')) => self.turn(2),
            (Part::Subject, KeyCode::Right | KeyCode::Char('l' | ' ')) => self.turn(1),
            (Part::Tags, KeyCode::Char(' ' | 'x')) => self.strike(),
            (Part::Tags, KeyCode::Char('j')) => self.list.go(Go::Down, self.rows.len(), 10),
            (Part::Tags, KeyCode::Char('k')) => self.list.go(Go::Up, self.rows.len(), 10),
            _ => {}
        }
    }

    /// A text that was pasted.
    pub fn insert(&mut self, text: &str) {
        self.word.apply(Edit::Insert(text.to_owned()));
        self.part = Part::Word;
    }

    fn turn(&mut self, by: usize) {
        let at = Subject::ALL
            .iter()
            .position(|subject| *subject == self.subject)
            .unwrap_or_default();
        self.subject = Subject::ALL[(at + by) % Subject::ALL.len()];
        self.propose();
    }

    fn strike(&mut self) {
        if let Some(row) = self.list.selected(self.rows.len()).and_then(|at| self.rows.get_mut(at)) {
            row.struck = !row.struck;
        }
    }

    /// What the choice under the cursor teaches the model.
    fn lesson(&self, lang: Lang) -> String {
        let said = |text: &Text| lang.say(text).to_owned();
        match self.part {
            Part::Word => said(&words::WORD_HELP),
            Part::Subject => said(match self.subject {
                Subject::Person => &words::PERSON_HELP,
                Subject::Style => &words::STYLE_HELP,
                Subject::Thing => &words::THING_HELP,
            }),
            Part::Tags => {
                let Some(row) = self.list.selected(self.rows.len()).and_then(|at| self.rows.get(at)) else {
                    return said(&words::NO_TAGS);
                };
                let word = match self.word.text().trim() {
                    "" => lang.say(&words::THE_WORD),
                    word => word,
                };
                let tag = text::safe(&row.tag);
                lang.fill(lesson(self.subject, row), &[("tag", &tag), ("word", &word)])
            }
        }
    }

    pub(super) fn draw(&self, keys: &Keys, theme: &Theme, lang: Lang, within: Rect, buffer: &mut Buffer) -> Drawn {
        let area = large(within);
        let inside = popup::open(lang.say(&words::TITLE), "", theme, area, buffer);
        let mut drawn = Drawn {
            area,
            ..Drawn::default()
        };
        if inside.height < 9 || inside.width < 20 {
            return drawn;
        }
        let below = 5.min(inside.height / 3);
        let row = |at: u16| Rect {
            y: inside.y + at,
            height: 1,
            ..inside
        };
        let label = |part, text: &Text, place: Rect, buffer: &mut Buffer| {
            let role = if self.part == part {
                Role::TitleFocus
            } else {
                Role::Title
            };
            let used = line::put(lang.say(text), theme.style(role), place, buffer) + 1;
            Rect {
                x: place.x + used,
                width: place.width.saturating_sub(used),
                ..place
            }
        };
        let place = label(Part::Word, &words::WORD, row(0), buffer);
        let cursor = self.word.draw(lang.say(&words::WORD_EXAMPLE), theme, place, buffer);
        drawn.cursor = cursor.filter(|_| self.part == Part::Word);
        let mut place = label(Part::Subject, &words::SUBJECT, row(1), buffer);
        for subject in Subject::ALL {
            let role = if subject == self.subject {
                Role::Selection
            } else {
                Role::Dim
            };
            let used = line::put(
                &format!(" {} ", lang.say(&subject.title())),
                theme.style(role),
                place,
                buffer,
            ) + 1;
            place.x += used;
            place.width = place.width.saturating_sub(used);
        }
        label(Part::Tags, &words::TAGS, row(2), buffer);
        let list = Rect {
            y: inside.y + 3,
            height: inside.height - 3 - below - 1,
            ..inside
        };
        let shown = |at: usize| tag_line(&self.rows[at], self.of, theme, lang, usize::from(list.width));
        let shown = List {
            count: self.rows.len(),
            row: &shown,
            focused: self.part == Part::Tags,
        };
        drawn.rows = shown.draw(&self.list, theme, list, buffer);
        let rule = if theme.lines() == Lines::Ascii { "-" } else { "─" };
        let place = row(list.bottom() - inside.y);
        line::put(
            &rule.repeat(usize::from(inside.width)),
            theme.style(Role::PopupBorder),
            place,
            buffer,
        );
        let place = Rect {
            y: place.y + 1,
            height: below,
            ..inside
        };
        let (lesson, role) = match &self.complaint {
            Some(complaint) => (lang.say(complaint).to_owned(), Role::Error),
            None => (self.lesson(lang), Role::Popup),
        };
        let used = line::put_wrapped(&lesson, theme.style(role), place, buffer);
        if used < below {
            let last = Rect {
                y: inside.bottom() - 1,
                height: 1,
                ..inside
            };
            let told = lang.fill(&words::KEYS, &[("write", &keys.write), ("back", &keys.back)]);
            line::put(&told, theme.style(Role::Dim), last, buffer);
        }
        drawn
    }
}

/// What striking or keeping a tag teaches.
fn lesson(subject: Subject, row: &Row) -> &'static Text {
    use Category::{Background, Body, Clothes, Eyes, Face, Hair, Meta, People, Pose, Quality, Style, View};
    match (subject, row.category, row.struck) {
        (_, Quality | Meta, true) => &words::QUALITY_STRUCK,
        (_, Quality | Meta, false) => &words::QUALITY_KEPT,
        (Subject::Person, Hair | Eyes | Face | Body, true) => &words::LOOKS_STRUCK,
        (Subject::Person, Hair | Eyes | Face | Body, false) => &words::LOOKS_KEPT,
        (Subject::Person, Clothes, true) => &words::CLOTHES_STRUCK,
        (Subject::Person, Clothes, false) => &words::CLOTHES_KEPT,
        (_, Pose | View | Background, true) => &words::SCENE_STRUCK,
        (_, Pose | View | Background, false) => &words::SCENE_KEPT,
        (_, People, true) => &words::PEOPLE_STRUCK,
        (_, People, false) => &words::PEOPLE_KEPT,
        (Subject::Style, Style, true) => &words::STYLE_STRUCK,
        (Subject::Style, Style, false) => &words::STYLE_KEPT,
        (Subject::Style, _, true) => &words::CONTENT_STRUCK,
        (Subject::Style, _, false) => &words::CONTENT_KEPT,
        (_, _, true) => &words::STRUCK,
        (_, _, false) => &words::KEPT,
    }
}

fn tag_line(row: &Row, of: u32, theme: &Theme, lang: Lang, columns: usize) -> Line<'static> {
    let share = 100.0 * f64::from(row.captions) / f64::from(of.max(1));
    let (sign, role) = if row.struck {
        ("[x]", Role::Error)
    } else {
        ("[ ]", Role::Popup)
    };
    let tag = text::safe(&row.tag);
    let room = columns.saturating_sub(30).clamp(8, 60);
    Line::from(vec![
        Span::styled(format!("{sign} {}", text::pad(&tag, room)), theme.style(role)),
        Span::styled(
            format!(
                " {} {}",
                text::pad_start(&format!("{share:.0} %"), 6),
                lang.say(&crate::panes::dataset::tags::title(row.category))
            ),
            theme.style(Role::Dim),
        ),
    ])
}
