//! The progress bar: picture, step, rate, time left. On standard error, and none where that is no terminal.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

/// The bar of one job.
pub(super) struct Progress {
    bar: ProgressBar,
    pictures: usize,
    current: usize,
}

impl Progress {
    pub(super) fn new() -> Self {
        let target = if std::io::stderr().is_terminal() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(None, target).with_style(spinner());
        bar.enable_steady_tick(Duration::from_millis(250));
        Self {
            bar,
            pictures: 1,
            current: usize::MAX,
        }
    }

    pub(super) fn start(&mut self, pictures: usize) {
        self.pictures = pictures;
    }

    pub(super) fn loading(&self, network: &str) {
        self.bar.set_style(spinner());
        self.bar.set_message(format!("loading {network}"));
    }

    /// `picture` counts from 0, `step` from 1.
    pub(super) fn step(&mut self, picture: usize, step: usize, of: usize) {
        if self.current != picture {
            self.current = picture;
            self.bar.set_style(bar());
            self.bar.reset();
            self.bar.set_length(of as u64);
            self.bar.set_message(match self.pictures {
                1 => String::new(),
                n => format!("picture {}/{n} ", picture + 1),
            });
        }
        self.bar.set_position(step as u64);
    }

    /// Tensors of a model file that is being made; `left` in seconds.
    pub(super) fn tensors(&mut self, what: &str, done: usize, of: usize, left: f64) {
        if self.bar.length() != Some(of as u64) || !self.bar.message().starts_with(what) {
            self.bar.set_style(counter());
            self.bar.set_length(of as u64);
        }
        let left = if left >= 1.0 {
            format!(" {left:.0} s left")
        } else {
            String::new()
        };
        self.bar.set_message(format!("{what}{left}"));
        self.bar.set_position(done as u64);
    }

    pub(super) fn decoding(&self) {
        self.bar.set_style(spinner());
        self.bar.set_message("decoding");
    }

    /// Takes the bar away while something is printed.
    pub(super) fn suspend<T>(&self, print: impl FnOnce() -> T) -> T {
        self.bar.suspend(print)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn bar() -> ProgressStyle {
    ProgressStyle::with_template("{msg}step {pos}/{len} {bar:24} {rate} {eta} left").map_or_else(
        |_| ProgressStyle::default_bar(),
        |style| {
            style
                .progress_chars("━╸ ")
                .with_key("rate", |state: &ProgressState, out: &mut dyn std::fmt::Write| {
                    let _ = write!(out, "{:.1} steps/s", state.per_sec());
                })
        },
    )
}

fn counter() -> ProgressStyle {
    ProgressStyle::with_template("{pos}/{len} {bar:24} {per_sec} {msg}")
        .map_or_else(|_| ProgressStyle::default_bar(), |style| style.progress_chars("━╸ "))
}

fn spinner() -> ProgressStyle {
    ProgressStyle::with_template("{spinner} {msg}").unwrap_or_else(|_| ProgressStyle::default_spinner())
}
