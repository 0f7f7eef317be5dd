//! `danlu doctor --graphics`: a test card in every way to show pictures, and the user says which of them looks right.

use std::fmt::Write;

use danlu::store::settings::Loaded;
use danlu::store::{Environment, Settings};
use danlu::term::graphics::{self, Choice, Depth, Picks, Protocol, Trial, trials};
use danlu::term::probe::{Caps, Surroundings};
use danlu::workstation::picks;
use ratatui::layout::Size;

use super::super::args::Global;
use super::super::failure::Failure;
use super::super::{context, print};
use super::talk::{self, Ended, Talk};
use super::terminal;

/// The fewest and the most rows of a card. All of them shall be on the screen together where that leaves something to see.
const ROWS: [u16; 2] = [5, 10];

/// What the user said.
enum Verdict {
    Best(Protocol),
    AsItIs,
    Unknown(String),
}

pub(super) fn run(global: Global) -> Result<(), Failure> {
    let environment = Environment::of_process()?;
    let Loaded {
        settings, config_file, ..
    } = Settings::load(&environment, &context::overrides(global))?;
    let instead = format!(
        "set graphics = \"sixel\" or another way in {} instead",
        config_file.display()
    );
    if let Err(stream) = talk::is_possible() {
        let message = format!("the test cards need a terminal, and standard {stream} is none");
        return Err(Failure::failed(message).hint(instead));
    }
    let around = talk::surroundings();
    if around.term.is_empty() || around.term == "dumb" {
        let message = format!("a terminal of type {:?} shows no pictures", around.term);
        return Err(Failure::failed(message).hint("set TERM to what the terminal is, such as xterm-256color"));
    }
    let (mut kept, complaint) = match picks::load(&environment.paths) {
        Ok(kept) => (kept, None),
        Err(error @ picks::Error::Broken { .. }) => (Picks::default(), Some(error.to_string())),
        Err(error) => return Err(error.into()),
    };
    let forced = terminal::forced(&settings);
    let refused = |error: std::io::Error| Failure::from(Ended::from(error));
    let mut talk = Talk::begin().map_err(refused)?;
    talk.heed_signals().map_err(refused)?;
    let caps = talk.ask(around.clone())?;
    let choice = graphics::choose(&caps, forced, kept.get(&caps));
    talk.show(introduction(&caps, &choice, complaint))?;
    let chosen = judge(&mut talk, &caps, &around)?;
    // The cards go, and the terminal is whole, before anything more is said.
    drop(talk);
    let Some(protocol) = chosen else {
        return print("nothing is changed");
    };
    let name = terminal::name(&caps);
    if !kept.set(&caps, protocol) {
        return Err(
            Failure::failed("this terminal does not say what it is, so the choice cannot be kept for it")
                .hint(format!("set graphics = \"{protocol}\" in {}", config_file.display())),
        );
    }
    picks::keep(&environment.paths, &kept)?;
    let mut text = format!("pictures are shown with {protocol} in {name} from now on");
    if let Some(forced) = forced {
        let _ = write!(text, "; but the setting graphics = {forced} goes before that");
    }
    print(text)
}

fn introduction(caps: &Caps, choice: &Choice, complaint: Option<String>) -> String {
    let mut text = format!(
        "This is {}. Without a word from you, danlu shows pictures with {}: {}.\r\n",
        terminal::name(caps),
        choice.protocol,
        choice.why
    );
    if let Some(complaint) = complaint {
        let _ = write!(
            text,
            "The choices of before are lost: {}.\r\n",
            danlu::ui::text::safe(&complaint)
        );
    }
    text + "In a card that is right the circle is round, the frame is whole, and there are no letters.\r\n"
}

/// Draws the cards and asks.
fn judge(talk: &mut Talk, caps: &Caps, around: &Surroundings) -> Result<Option<Protocol>, Ended> {
    let colours = Depth::of(caps, around.no_colour);
    let trials = trials(
        area(around),
        caps.cell.unwrap_or_default(),
        colours,
        std::process::id(),
        caps.mux,
    );
    for (number, trial) in (1..).zip(&trials) {
        talk.on_leaving(&trial.erase);
        let mut bytes = format!("\r\n{number}  {}\r\n", trial.protocol).into_bytes();
        bytes.extend_from_slice(&trial.bytes);
        talk.show(bytes)?;
    }
    let question = format!(
        "\r\nThe number of the best one (1 to {}), 0 for none of them, Enter to leave it as it is: ",
        trials.len()
    );
    loop {
        talk.show(question.as_str())?;
        let Some(line) = talk.line(8)? else {
            talk.show("\r\n")?;
            return Ok(None);
        };
        match verdict(&line, &trials) {
            Verdict::Best(protocol) => return Ok(Some(protocol)),
            Verdict::AsItIs => return Ok(None),
            Verdict::Unknown(word) => talk.show(format!("There is no card {word:?}.\r\n"))?,
        }
    }
}

fn verdict(line: &str, trials: &[Trial]) -> Verdict {
    let word = line.trim();
    match word.parse::<usize>() {
        _ if word.is_empty() => Verdict::AsItIs,
        Ok(0) => Verdict::Best(Protocol::None),
        Ok(number) if number <= trials.len() => Verdict::Best(trials[number - 1].protocol),
        _ => Verdict::Unknown(word.to_owned()),
    }
}

/// The cells of a card, which is four wide and three high.
fn area(around: &Surroundings) -> Size {
    let count = Protocol::all().filter(|protocol| *protocol != Protocol::None).count();
    // Each has a line above it and its name; the question and what comes before need some too.
    let rows = around.window.rows.saturating_sub(5) / (count as u16).max(1);
    let rows = rows.saturating_sub(2).clamp(ROWS[0], ROWS[1]);
    let columns = match around.window.columns {
        0 => u16::MAX,
        columns => columns.saturating_sub(1).max(1),
    };
    Size::new((rows * 8 / 3).min(columns), rows)
}

#[cfg(test)]
mod tests {
    use danlu::term::probe::Mux;

    use super::*;

    #[test]
    fn a_number_is_a_card_and_everything_else_is_none() {
        let cards = trials(Size::new(8, 3), (8, 16), Depth::True, 1, Mux::default());
        let best = |line: &str| match verdict(line, &cards) {
            Verdict::Best(protocol) => Some(protocol),
            _ => None,
        };
        assert_eq!(best("1"), Some(Protocol::Kitty));
        assert_eq!(best("5"), Some(Protocol::HalfBlocks));
        assert_eq!(best("0"), Some(Protocol::None));
        for line in ["6", "-1", "x", "99999999"] {
            assert!(matches!(verdict(line, &cards), Verdict::Unknown(word) if word == line));
        }
        assert!(matches!(verdict(" ", &cards), Verdict::AsItIs));
    }

    #[test]
    fn cards_fit_a_common_window_and_a_small_one() {
        let of = |columns, rows| {
            let mut around = Surroundings::default();
            (around.window.columns, around.window.rows) = (columns, rows);
            area(&around)
        };
        assert_eq!(of(0, 0), Size::new(13, 5));
        assert_eq!(of(10, 24), Size::new(9, 5));
        assert_eq!(of(200, 200), Size::new(26, 10));
    }
}
