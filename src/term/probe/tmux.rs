//! What tmux knows of itself and of the terminal around it, and the way through it.

use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// tmux is a local program with nothing to compute.
const PATIENCE: Duration = Duration::from_millis(500);
const FORMAT: &str = "#{client_termtype}|#{allow-passthrough}|#{sixel_support}|#{client_cell_width}x#{client_cell_height}|\
                      #{client_termfeatures}|#{version}";

/// tmux's own report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TmuxFacts {
    /// What the terminal around it calls itself; may be empty.
    pub termtype: String,
    /// It hands bytes in its wrapper to the terminal around it.
    pub passthrough: bool,
    /// It is built to draw sixel.
    pub sixel: bool,
    /// A cell of the terminal around it.
    pub cell: Option<(u16, u16)>,
    /// What it takes the terminal around it to know: `RGB`, `sixel`, …
    pub features: Vec<String>,
    /// It hands 24-bit colours on as they are.
    pub truecolour: bool,
    /// `3.4`
    pub version: String,
}

impl TmuxFacts {
    /// Asks the tmux that this program runs in, for at most half a second each of two times. `None` when there is none or it does not
    /// answer.
    pub fn ask() -> Option<Self> {
        let mut facts = Self::parse(&run(&["display", "-p", FORMAT])?)?;
        if !facts.truecolour {
            facts.truecolour = run(&["info"]).is_some_and(|info| hands_on_colours(&info));
        }
        Some(facts)
    }

    /// Reads tmux's answer; `None` when it is none. Older versions leave out what they do not know.
    pub fn parse(answer: &str) -> Option<Self> {
        let parts: Vec<&str> = answer
            .trim_end_matches(['\r', '\n'])
            .split('|')
            .map(str::trim)
            .collect();
        let [termtype, passthrough, sixel, cell, features, version] = parts[..] else {
            return None;
        };
        let side = |text: &str| text.parse().ok().filter(|&side: &u16| side > 0);
        let features: Vec<_> = features.split(',').filter(|feature| !feature.is_empty()).collect();
        Some(Self {
            truecolour: features.contains(&"RGB"),
            termtype: termtype.to_owned(),
            passthrough: matches!(passthrough, "on" | "all" | "1" | "2"),
            sixel: sixel == "1",
            cell: cell
                .split_once('x')
                .and_then(|(width, height)| Some((side(width)?, side(height)?))),
            features: features.into_iter().map(str::to_owned).collect(),
            version: version.to_owned(),
        })
    }

    /// tmux takes the terminal around it to have this feature.
    pub fn has(&self, feature: &str) -> bool {
        self.features.iter().any(|known| known.eq_ignore_ascii_case(feature))
    }
}

/// Whether all terminals that `tmux info` lists have 24-bit colours, by their terminfo entry or by the user's configuration: the list of
/// features leaves that out.
fn hands_on_colours(info: &str) -> bool {
    let terminals = info.split("Terminal ").skip(1);
    let has = |terminal: &str| {
        let mut lines = terminal.lines();
        lines.any(|line| line.ends_with(" Tc: (flag) true") || line.ends_with(" RGB: (flag) true"))
    };
    let mut all = terminals.map(has).peekable();
    all.peek().is_some() && all.all(|has| has)
}

/// Has tmux hand wrapped bytes of this pane to the terminal around it, until the pane is closed; false when it cannot.
///
/// That changes the user's tmux, and with that what every program in the pane can do to the terminal: only for users who have said
/// so in their settings. Nothing here calls it.
pub fn allow_passthrough() -> bool {
    run(&["set", "-p", "allow-passthrough", "on"]).is_some()
}

/// Wraps bytes so that tmux hands them on to the terminal around it.
pub(super) fn through(bytes: &[u8]) -> Vec<u8> {
    let mut wrapped = b"\x1bPtmux;".to_vec();
    for &byte in bytes {
        if byte == 0x1b {
            wrapped.push(byte);
        }
        wrapped.push(byte);
    }
    wrapped.extend_from_slice(b"\x1b\\");
    wrapped
}

/// What tmux prints; `None` when it fails or takes too long.
fn run(arguments: &[&str]) -> Option<String> {
    let mut child = Command::new("tmux")
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut stdout = child.stdout.take()?;
    let (sender, receiver) = mpsc::channel();
    let reads = move || {
        let mut text = String::new();
        let complete = stdout.read_to_string(&mut text).is_ok();
        // Nobody waits any more when this came too late.
        let _ = sender.send(complete.then_some(text));
    };
    let spawned = thread::Builder::new().spawn(reads);
    let text = spawned
        .ok()
        .and_then(|_| receiver.recv_timeout(PATIENCE).ok().flatten());
    if text.is_none() {
        // It has ended by itself if this fails.
        let _ = child.kill();
    }
    let ended = child.wait().is_ok_and(|status| status.success());
    text.filter(|_| ended)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_pass_when_they_pass_to_all_terminals() {
        let kitty =
            "Terminal 0: xterm-kitty for /dev/pts/0, flags=0x30:\n 197: RGB: [missing]\n 223: Tc: (flag) true\n";
        let xterm = "Terminal 1: xterm for /dev/pts/1, flags=0x30:\n 197: RGB: [missing]\n 223: Tc: [missing]\n";
        assert!(hands_on_colours(kitty));
        assert!(!hands_on_colours(xterm));
        assert!(!hands_on_colours(&[kitty, xterm].concat()));
        assert!(!hands_on_colours(""));
    }

    #[test]
    fn wrapped_bytes_have_their_escapes_doubled() {
        assert_eq!(through(b"\x1b[c"), b"\x1bPtmux;\x1b\x1b[c\x1b\\");
    }
}
