//! What the terminal says of itself, and how pictures are shown on it for that.

use danlu::store::{Paths, Settings};
use danlu::term::graphics::{self, Picks, Protocol};
use danlu::term::probe::{Caps, Mux, Probe, Surroundings, Window};
use danlu::ui::text::safe;
use danlu::workstation::picks;

use super::super::failure::Failure;
use super::Report;
use super::talk::{self, Ended, Talk};

/// The way of showing pictures that an option, a variable or the file sets.
pub(super) fn forced(settings: &Settings) -> Option<Protocol> {
    Protocol::of_setting(&settings.graphics).unwrap_or_default()
}

/// The terminal's own words for itself, and what it is seen through.
pub(super) fn name(caps: &Caps) -> String {
    let text = safe(caps.outermost_version().trim()).into_owned();
    let text = if text.is_empty() {
        "a terminal that does not say what it is".to_owned()
    } else {
        text
    };
    text + through(caps.mux)
}

fn through(mux: Mux) -> &'static str {
    match mux {
        Mux::None => "",
        Mux::Tmux => " in tmux",
        Mux::Zellij => " in Zellij",
        Mux::Screen => " in GNU screen",
    }
}

/// The report's section. The terminal is asked where somebody sits at it.
pub(super) fn section(report: &mut Report, paths: &Paths, settings: &Settings) -> Result<(), Failure> {
    report.heading("terminal");
    let variable = |name: &str| std::env::var(name).map_or_else(|_| "(unset)".to_owned(), |value| safe(&value).into());
    report.line("TERM", variable("TERM"));
    report.line("COLORTERM", variable("COLORTERM"));
    let picks = match picks::load(paths) {
        Ok(picks) => picks,
        Err(error) => {
            report.trouble(&error, error.hint());
            Picks::default()
        }
    };
    if let Err(stream) = talk::is_possible() {
        if std::env::var_os("TMUX").is_some() {
            report.line("inside", "tmux");
        }
        report.line(stream, "is no terminal, so nothing was asked");
        return Ok(());
    }
    let Window { columns, rows, .. } = Window::ask();
    report.line("size", format!("{columns}x{rows}"));
    match asked(talk::surroundings()) {
        Ok(caps) => answers(report, &caps, settings, &picks),
        Err(Ended::Refused(error)) => report.trouble(format!("the terminal cannot be asked: {error}"), None),
        Err(ended) => return Err(ended.into()),
    }
    Ok(())
}

/// What is known when the terminal was asked; one that would print the questions is not. It is whole again by then.
fn asked(around: Surroundings) -> Result<Caps, Ended> {
    if around.term.is_empty() || around.term == "dumb" {
        return Ok(Probe::new(around).caps().clone());
    }
    Talk::begin()?.ask(around)
}

fn answers(report: &mut Report, caps: &Caps, settings: &Settings, picks: &Picks) {
    let yes = |is: bool| if is { "yes" } else { "no" };
    report.line("make", format!("{:?}{}", caps.outermost(), through(caps.mux)));
    report.line("calls itself", name(caps));
    let cell = |(width, height): (u16, u16)| format!("{width}x{height} pixels");
    report.line("cell", caps.cell.map_or_else(|| "not said".to_owned(), cell));
    report.line("kitty query", if caps.kitty { "answered" } else { "not answered" });
    report.line("sixel", yes(caps.sixel));
    let colours = match (caps.truecolour, caps.palette) {
        (true, _) => "24 bits".to_owned(),
        (false, 0) => "none".to_owned(),
        (false, palette) => palette.to_string(),
    };
    report.line("colours", colours);
    let trip = caps
        .round_trip
        .map(|trip| format!("{:.1} ms", trip.as_secs_f64() * 1000.0));
    report.line("round trip", trip.unwrap_or_else(|| "no answer came".to_owned()));
    let stored = picks.get(caps);
    let picked = stored.map_or_else(
        || "none (danlu doctor --graphics)".to_owned(),
        |picked| picked.to_string(),
    );
    report.line("picked", picked);
    let choice = graphics::choose(caps, forced(settings), stored);
    report.line("pictures", format!("{}: {}", choice.protocol, choice.why));
}
