//! The preview: the picture that grows, or the finished one that is looked at.
//!
//! It keeps decoded pictures for a while, so that walking back is instant, and knows of each where it is in its life. It reads no file;
//! what it lacks, [`State::missing`] names.

pub mod view;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use image::RgbImage;
use image::imageops::{self, FilterType};

use crate::engine::event::Preview;
use crate::term::graphics::Picture;
use crate::ui::lang::told::Sentence;

/// The shorter side from which on a preview looks smooth.
const SMOOTH: u32 = 64;
/// How many finished pictures stay decoded.
const KEPT: usize = 8;

/// A picture with a number that no other has had, so that the terminal is sent each once.
#[derive(Clone, Debug)]
pub struct Numbered {
    /// The number.
    pub number: u64,
    /// The pixels.
    pub picture: Picture,
}

/// A finished picture as far as it is known.
#[derive(Clone, Debug)]
pub enum Finished {
    /// It is being read.
    Loading,
    /// Its pixels.
    Here(Numbered),
    /// It could not be read, and why.
    Unreadable(Sentence),
}

/// What the preview pane may show.
#[derive(Debug)]
pub struct State {
    /// Whether the growing picture is shown while a job runs.
    pub live: bool,
    growing: Option<Numbered>,
    finished: VecDeque<(PathBuf, Finished)>,
    numbers: u64,
}

impl Default for State {
    fn default() -> Self {
        Self {
            live: true,
            growing: None,
            finished: VecDeque::new(),
            numbers: 0,
        }
    }
}

impl State {
    /// Takes the latest look of the growing picture.
    pub fn grow(&mut self, preview: &Preview) {
        let (width, height) = (preview.width as u32, preview.height as u32);
        if width == 0 || height == 0 || preview.rgb.len() != preview.width * preview.height * 3 {
            return;
        }
        let picture = smooth(width, height, &preview.rgb);
        self.growing = Some(self.number(picture));
    }

    /// The growing picture is done or given up.
    pub fn stop(&mut self) {
        self.growing = None;
    }

    /// The growing picture, where one is to be shown.
    pub fn growing(&self) -> Option<&Numbered> {
        self.growing.as_ref().filter(|_| self.live)
    }

    /// What is known of a finished picture.
    pub fn finished(&self, path: &Path) -> Option<&Finished> {
        self.finished
            .iter()
            .find(|(known, _)| known == path)
            .map(|(_, finished)| finished)
    }

    /// Whether a picture has to be read before it can be shown. Asking makes it count as being read.
    pub fn missing(&mut self, path: &Path) -> bool {
        if self.finished(path).is_some() {
            return false;
        }
        self.keep(path.to_owned(), Finished::Loading);
        true
    }

    /// A picture was read, or could not be.
    pub fn put(&mut self, path: PathBuf, picture: Result<Picture, Sentence>) {
        let finished = match picture {
            Ok(picture) => Finished::Here(self.number(picture)),
            Err(why) => Finished::Unreadable(why),
        };
        self.keep(path, finished);
    }

    /// Forgets what could not be read, so that it is tried again, and what was being read, whose answer may never come.
    pub fn retry(&mut self) {
        self.finished
            .retain(|(_, finished)| matches!(finished, Finished::Here(_)));
    }

    /// Forgets pictures whose files may be others. Numbers go on, so that no other picture gets one that was seen.
    pub fn forget(&mut self, gone: impl Fn(&Path) -> bool) {
        self.finished.retain(|(known, _)| !gone(known));
    }

    fn keep(&mut self, path: PathBuf, finished: Finished) {
        // Of the pictures being read just the last one asked for is sure to come.
        let superseded = |other: &Finished| matches!((other, &finished), (Finished::Loading, Finished::Loading));
        self.finished
            .retain(|(known, other)| *known != path && !superseded(other));
        self.finished.push_back((path, finished));
        if self.finished.len() > KEPT {
            self.finished.pop_front();
        }
    }

    fn number(&mut self, picture: Picture) -> Numbered {
        self.numbers += 1;
        Numbered {
            number: self.numbers,
            picture,
        }
    }
}

/// A latent preview has a pixel for each eight of the picture's. One of a small picture is drawn larger here, so that it does not look
/// like a mosaic in a terminal that scales without smoothing.
fn smooth(width: u32, height: u32, rgb: &[u8]) -> Picture {
    let times = SMOOTH.div_ceil(width.min(height).max(1));
    let whole = |rgb: &[u8]| Picture {
        width,
        height,
        rgb: Arc::from(rgb),
    };
    let Some(small) = RgbImage::from_raw(width, height, rgb.to_vec()) else {
        return whole(rgb);
    };
    if times < 2 || width.max(height) > 4 * SMOOTH {
        return whole(rgb);
    }
    let large = imageops::resize(&small, width * times, height * times, FilterType::CatmullRom);
    Picture {
        width: large.width(),
        height: large.height(),
        rgb: large.into_raw().into(),
    }
}
