//! What terminals really answer, and what is concluded from it.

use std::time::{Duration, Instant};

use danlu::term::input::{Input, Parser};
use danlu::term::probe::{Brand, Caps, Mux, Probe, Surroundings, TmuxFacts, Window};

fn xterm() -> Surroundings {
    Surroundings {
        term: "xterm-256color".to_owned(),
        ..Surroundings::default()
    }
}

/// Answers, each in the same moment, to each round of questions.
fn ask(surroundings: Surroundings, rounds: &[&str]) -> Probe {
    let now = Instant::now();
    let mut probe = Probe::new(surroundings);
    let mut questions = probe.begin(now);
    for (i, round) in rounds.iter().enumerate() {
        assert!(!questions.is_empty(), "nothing is asked in round {i}");
        questions = answer(&mut probe, round, now + Duration::from_millis(20));
    }
    assert!(questions.is_empty(), "nobody answers {}", questions.escape_ascii());
    probe.expire(now + Duration::from_secs(5));
    assert!(probe.is_done());
    probe
}

fn answer(probe: &mut Probe, bytes: &str, now: Instant) -> Vec<u8> {
    let mut questions = Vec::new();
    for input in Parser::default().feed(bytes.as_bytes()) {
        match input {
            Input::Report(report) => questions.extend(probe.report(&report, now)),
            other => panic!("{other:?} in {bytes:?}"),
        }
    }
    questions
}

const KITTY: &str = "\x1bP>|kitty(0.42.1)\x1b\\\x1b_Gi=31;OK\x1b\\\x1b[6;20;10t\x1b[4;800;1000t\
                     \x1b]11;rgb:0000/0000/0000\x1b\\\x1b[?2026;2$y\x1b[?0u\x1b[?997;1n\x1b[?62;52;c";
const GHOSTTY: &str = "\x1bP>|ghostty 1.2.3\x1b\\\x1b_Gi=31;OK\x1b\\\x1b[6;34;16t\x1b[4;1700;2240t\
                       \x1b]11;rgb:2828/2c2c/3434\x1b\\\x1b[?2026;2$y\x1b[?0u\x1b[?997;1n\x1b[?62;22;52c";
const WEZTERM: &str = "\x1bP>|WezTerm 20240203-110809-5046fc22\x1b\\\x1b_Gi=31;OK\x1b\\\x1b[6;22;10t\x1b[4;528;800t\
                       \x1b]11;rgb:0000/0000/0000\x1b\\\x1b[?2026;2$y\x1b[?65;4;6;18;22;52c";
const ITERM2: &str = "\x1bP>|iTerm2 3.6.4\x1b\\\x1b_Gi=31;OK\x1b\\\x1b[6;17;8t\x1b[4;408;640t\
                      \x1b]11;rgb:ffff/ffff/ffff\x07\x1b[?2026;2$y\x1b[?0u\x1b[?64;1;2;4;6;17;18;21;22;52c";
const FOOT: &str = "\x1bP>|foot(1.23.1)\x1b\\\x1b[6;18;9t\x1b[4;900;1080t\x1b]11;rgb:2424/2424/2424\x1b\\\
                    \x1b[?2026;2$y\x1b[?0u\x1b[?997;1n\x1b[?62;4;22;28;29;52c";
const KONSOLE: &str = "\x1bP>|Konsole 24.12.0\x1b\\\x1b_Gi=31;OK\x1b\\\x1b[4;480;800t\
                       \x1b]11;rgb:2323/2626/2727\x1b\\\x1b[?2026;0$y\x1b[?62;1;4c";
const XTERM: &str = "\x1bP>|XTerm(390)\x1b\\\x1b[6;13;6t\x1b[4;316;484t\x1b]11;rgb:ffff/ffff/ffff\x1b\\\
                     \x1b[?2026;0$y\x1b[?64;1;2;6;9;15;16;17;18;21;22;28c";
const XTERM_SIXEL: &str = "\x1bP>|XTerm(390)\x1b\\\x1b[6;13;6t\x1b]11;rgb:0000/0000/0000\x1b\\\
                           \x1b[?63;1;2;3;4;6;8;9;15;16;17;18;21;22;28c";
const VTE: &str = "\x1bP>|VTE(7803)\x1b\\\x1b[6;18;8t\x1b[4;432;640t\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\\
                   \x1b[?2026;2$y\x1b[?61;1;21;22;28c";
const WINDOWS: &str = "\x1b[6;20;10t\x1b[4;480;640t\x1b]11;rgb:0c0c/0c0c/0c0c\x1b\\\x1b[?2026;2$y\
                       \x1b[?61;4;6;7;14;21;22;23;24;28;32;42;52c";
const CODE: &str = "\x1bP>|xterm.js(6.1.0-beta.22)\x1b\\\x1b_Gi=31;OK\x1b\\\x1b[6;18;9t\
                    \x1b]11;rgb:1818/1818/1818\x1b\\\x1b[?2026;2$y\x1b[?62;4;9;22c";
const ALACRITTY: &str = "\x1b[4;480;800t\x1b]11;rgb:1818/1818/1818\x1b\\\x1b[?2026;2$y\x1b[?0u\x1b[?6c";
const TMUX: &str = "\x1bP>|tmux 3.4\x1b\\\x1b]11;rgb:0000/0000/0000\x1b\\\x1b[?1;2c";
const TMUX_SIXEL: &str = "\x1bP>|tmux 3.6\x1b\\\x1b[?1;2;4;52c";
const ZELLIJ: &str = "\x1bP>|Zellij(4301)\x1b\\\x1b_Gi=31;OK\x1b\\\x1b[6;20;10t\x1b]11;rgb:0/0/0\x1b\\\x1b[?62;4c";
const SCREEN: &str = "\x1b[?1;2c";
const MOSH: &str = "\x1b[?62c";

/// Brand, kitty, sixel, cell, dark, synchronised updates, keyboard.
type Row = (Brand, bool, bool, Option<(u16, u16)>, Option<bool>, bool, bool);

fn row(caps: &Caps) -> Row {
    (
        caps.brand,
        caps.kitty,
        caps.sixel,
        caps.cell,
        caps.dark,
        caps.sync,
        caps.keyboard,
    )
}

#[test]
fn terminals_are_known_by_their_answers() {
    let dark = Some(true);
    let rows: [(&str, Row); 14] = [
        (KITTY, (Brand::Kitty, true, false, Some((10, 20)), dark, true, true)),
        (GHOSTTY, (Brand::Ghostty, true, false, Some((16, 34)), dark, true, true)),
        (WEZTERM, (Brand::WezTerm, true, true, Some((10, 22)), dark, true, false)),
        (
            ITERM2,
            (Brand::Iterm2, true, true, Some((8, 17)), Some(false), true, true),
        ),
        (FOOT, (Brand::Foot, false, true, Some((9, 18)), dark, true, true)),
        (
            KONSOLE,
            (Brand::Konsole, true, true, Some((10, 20)), dark, false, false),
        ),
        (
            XTERM,
            (Brand::Xterm, false, false, Some((6, 13)), Some(false), false, false),
        ),
        (
            XTERM_SIXEL,
            (Brand::Xterm, false, true, Some((6, 13)), dark, false, false),
        ),
        (VTE, (Brand::Vte, false, false, Some((8, 18)), dark, true, false)),
        (
            WINDOWS,
            (Brand::WindowsTerminal, false, true, Some((10, 20)), dark, true, false),
        ),
        (CODE, (Brand::XtermJs, true, true, Some((9, 18)), dark, true, false)),
        (
            ALACRITTY,
            (Brand::Unknown, false, false, Some((10, 20)), dark, true, true),
        ),
        (ZELLIJ, (Brand::Zellij, true, true, Some((10, 20)), dark, false, false)),
        (MOSH, (Brand::Unknown, false, false, None, None, false, false)),
    ];
    for (transcript, expected) in rows {
        let surroundings = Surroundings {
            window: Window {
                columns: 80,
                rows: 24,
                width: 0,
                height: 0,
            },
            ..xterm()
        };
        let probe = ask(surroundings, &[transcript]);
        assert_eq!(row(probe.caps()), expected, "{transcript:?}");
        assert_eq!(probe.caps().round_trip, Some(Duration::from_millis(20)));
        assert_eq!(probe.caps().truecolour, expected.0 != Brand::Unknown, "{transcript:?}");
        assert!(!probe.caps().silent);
    }
    let alacritty = Surroundings {
        term: "alacritty".to_owned(),
        ..Surroundings::default()
    };
    let probe = ask(alacritty, &[ALACRITTY]);
    assert_eq!(probe.caps().brand, Brand::Alacritty);
    assert!(probe.caps().truecolour);
}

fn facts(line: &str) -> Surroundings {
    Surroundings {
        in_tmux: true,
        term: "tmux-256color".to_owned(),
        tmux: TmuxFacts::parse(line),
        ..Surroundings::default()
    }
}

const OUTER_KITTY: &str = "\x1bP>|kitty(0.42.1)\x1b\\\x1b_Gi=32;OK\x1b\\\x1b[?62;52;c";
const OUTER_FOOT: &str = "\x1bP>|foot(1.23.1)\x1b\\\x1b[?62;4;22;28;29;52c";

#[test]
fn the_terminal_around_tmux_is_asked_through_it() {
    let probe = ask(
        facts("kitty(0.42.1)|on|0|10x20|256,RGB,title|3.4\n"),
        &[TMUX, OUTER_KITTY],
    );
    let caps = probe.caps();
    let outer = caps.outer.as_ref().unwrap();
    assert_eq!(
        (caps.brand, caps.mux, outer.brand),
        (Brand::Tmux, Mux::Tmux, Brand::Kitty)
    );
    assert!(outer.passthrough && outer.kitty && !outer.sixel && !caps.kitty && !caps.sixel && caps.truecolour);
    assert_eq!((caps.cell, caps.outermost_version()), (Some((10, 20)), "kitty(0.42.1)"));

    let probe = ask(
        facts("foot(1.23.1)|all|1|9x18|256,RGB,sixel|3.6"),
        &[TMUX_SIXEL, OUTER_FOOT],
    );
    assert!(probe.caps().sixel && probe.caps().outer.as_ref().unwrap().passthrough);

    // Without passthrough nothing more is asked, and tmux's word has to do.
    let probe = ask(facts("foot(1.23.1)|off|1|9x18|256,sixel|3.6"), &[TMUX_SIXEL]);
    let caps = probe.caps();
    assert!(caps.sixel && !caps.truecolour && !caps.outer.as_ref().unwrap().passthrough);
    assert_eq!(caps.outermost(), Brand::Foot);
    let probe = ask(facts("kitty(0.42.1)|off|0|10x20|256,RGB|3.3a"), &[TMUX]);
    assert!(!probe.caps().outer.as_ref().unwrap().passthrough && !probe.caps().sixel);

    // tmux draws sixel, the terminal around it does not.
    let probe = ask(facts("kitty(0.42.1)|off|1|10x20|RGB|3.6"), &[TMUX_SIXEL]);
    assert!(!probe.caps().sixel);

    // An old tmux that does not say its name.
    let probe = ask(facts("|1||x||3.1c"), &["\x1b[?1;2c", OUTER_KITTY]);
    let caps = probe.caps();
    assert_eq!((caps.mux, caps.outermost(), caps.cell), (Mux::Tmux, Brand::Kitty, None));
}

#[test]
fn a_tmux_in_a_tmux_is_given_up() {
    let probe = ask(facts("tmux 3.4|on|0|x|256|3.6"), &[TMUX]);
    assert_eq!(probe.caps().outermost(), Brand::Tmux);
    // From afar, one finds out by asking.
    let far = Surroundings { ssh: true, ..xterm() };
    let probe = ask(far, &[TMUX, "\x1bP>|tmux 3.5\x1b\\\x1b[?1;2;4c"]);
    let outer = probe.caps().outer.as_ref().unwrap();
    assert_eq!(outer.brand, Brand::Tmux);
    assert!(!outer.kitty);
}

#[test]
fn a_tmux_at_the_other_end_of_an_ssh_is_tried() {
    let far = || Surroundings {
        ssh: true,
        term: "tmux-256color".to_owned(),
        ..Surroundings::default()
    };
    let probe = ask(far(), &[TMUX, OUTER_KITTY]);
    assert!(probe.caps().outer.as_ref().unwrap().kitty);

    let now = Instant::now();
    let mut probe = Probe::new(far());
    probe.begin(now);
    assert!(!answer(&mut probe, TMUX, now).is_empty());
    assert!(!probe.is_done());
    probe.expire(now + Duration::from_secs(3));
    assert!(probe.is_done());
    assert_eq!((probe.caps().mux, probe.caps().outer.clone()), (Mux::Tmux, None));
    // The answer comes after all.
    assert!(answer(&mut probe, OUTER_KITTY, now + Duration::from_secs(9)).is_empty());
    assert_eq!(probe.caps().outermost(), Brand::Kitty);
    assert_eq!(probe.caps().round_trip, Some(Duration::from_secs(9)));
}

#[test]
fn what_is_asked_in_tmux_is_wrapped_and_what_it_would_misread_is_not_asked() {
    let now = Instant::now();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let mut probe = Probe::new(facts("kitty(0.42.1)|on|0|10x20|RGB|3.4"));
    let first = text(probe.begin(now));
    assert!(!first.contains("\x1b_G") && first.ends_with("\x1b[c"));
    let second = text(answer(&mut probe, TMUX, now));
    assert_eq!(
        second,
        "\x1bPtmux;\x1b\x1b[>q\x1b\x1b_Gi=32,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\x1b\\\x1b\x1b[c\x1b\\"
    );
    let first = text(Probe::new(xterm()).begin(now));
    assert!(first.starts_with("\x1b[>q\x1b_Gi=31,") && first.ends_with("\x1b[c"));
    let linux = Surroundings {
        term: "linux".to_owned(),
        ..Surroundings::default()
    };
    assert_eq!(text(Probe::new(linux).begin(now)), "\x1b[c");
    let mut dumb = Probe::new(Surroundings {
        term: "dumb".to_owned(),
        ..Surroundings::default()
    });
    assert!(dumb.begin(now).is_empty() && dumb.is_done() && dumb.deadline().is_none());
    assert_eq!((dumb.caps().palette, dumb.caps().truecolour), (0, false));
}

#[test]
fn screen_has_no_pictures_and_stale_variables_count_for_nothing() {
    let screen = Surroundings {
        screen: true,
        term: "screen.xterm-256color".to_owned(),
        ..Surroundings::default()
    };
    let probe = ask(screen, &[SCREEN]);
    assert_eq!((probe.caps().mux, probe.caps().brand), (Mux::Screen, Brand::Screen));
    let stale = Surroundings {
        zellij: true,
        in_tmux: true,
        ..xterm()
    };
    let probe = ask(stale, &[&KITTY.replace("\x1b_Gi=31;OK\x1b\\", "")]);
    assert_eq!((probe.caps().mux, probe.caps().brand), (Mux::None, Brand::Kitty));
}

#[test]
fn a_terminal_that_answers_nothing_is_not_waited_for() {
    let now = Instant::now();
    let mut probe = Probe::new(xterm());
    probe.begin(now);
    let deadline = probe.deadline().unwrap();
    assert_eq!(deadline, now + Duration::from_millis(500));
    probe.expire(now + Duration::from_millis(499));
    assert!(!probe.is_done());
    probe.expire(deadline);
    assert!(probe.is_done() && probe.caps().silent);
    assert_eq!(probe.caps().brand, Brand::Unknown);
    // Late, twice, and with nonsense in between.
    let late = now + Duration::from_secs(4);
    assert!(
        answer(
            &mut probe,
            &format!("{FOOT}\x1b[?9;9;9q\x1bP1$r0m\x1b\\\x1b[6;0;0t{FOOT}"),
            late
        )
        .is_empty()
    );
    assert_eq!(probe.caps().brand, Brand::Foot);
    assert!(!probe.caps().silent && probe.caps().sixel && probe.is_done());
    assert_eq!(probe.caps().round_trip, Some(Duration::from_secs(4)));
}

#[test]
fn answers_that_trickle_in_are_waited_for_but_not_for_ever() {
    let now = Instant::now();
    let mut probe = Probe::new(xterm());
    probe.begin(now);
    for tenth in 1..100 {
        let moment = now + Duration::from_millis(100 * tenth);
        answer(&mut probe, "\x1b[6;20;10t", moment);
        let deadline = probe.deadline().unwrap();
        assert!(deadline <= now + Duration::from_millis(2500));
    }
    probe.expire(now + Duration::from_millis(2500));
    assert!(probe.is_done());
    assert_eq!(probe.caps().cell, Some((10, 20)));
}

#[test]
fn a_window_of_640_by_480_pixels_is_made_up() {
    let window = |columns, rows, width, height| Surroundings {
        window: Window {
            columns,
            rows,
            width,
            height,
        },
        ..xterm()
    };
    let cell = |surroundings| Probe::new(surroundings).caps().cell;
    assert_eq!(cell(window(80, 24, 640, 480)), None);
    assert_eq!(cell(window(80, 24, 800, 480)), Some((10, 20)));
    assert_eq!(cell(window(0, 0, 800, 480)), None);
    assert_eq!(cell(window(80, 24, 0, 0)), None);
    assert_eq!(cell(window(80, 24, 8, 4)), None);
    let mut probe = ask(window(80, 24, 640, 480), &["\x1b[4;480;640t\x1b[?6c"]);
    assert_eq!(probe.caps().cell, None);
    answer(&mut probe, "\x1b[6;65535;1t", Instant::now());
    assert_eq!(probe.caps().cell, None);
    probe.resize(Window {
        columns: 100,
        rows: 50,
        width: 1000,
        height: 1000,
    });
    assert_eq!(probe.caps().cell, Some((10, 20)));
}

#[test]
fn colours_are_counted_by_what_is_said_of_them() {
    let of = |term: &str, colorterm: Option<&str>| {
        let surroundings = Surroundings {
            term: term.to_owned(),
            colorterm: colorterm.map(str::to_owned),
            ..Surroundings::default()
        };
        let probe = Probe::new(surroundings);
        (probe.caps().truecolour, probe.caps().palette)
    };
    assert_eq!(of("xterm-256color", Some("truecolor")), (true, 256));
    assert_eq!(of("xterm-256color", Some("yes")), (false, 256));
    assert_eq!(of("xterm-direct", None), (true, 256));
    assert_eq!(of("xterm-kitty", None), (true, 256));
    assert_eq!(of("linux", Some("truecolor")), (false, 16));
    assert_eq!(of("vt220", None), (false, 0));
    assert_eq!(of("", None), (false, 0));
    assert_eq!(of("screen", None), (false, 256));
}

#[test]
fn variables_are_read_and_empty_ones_are_none() {
    let surroundings = Surroundings::of(|name| match name {
        "TERM" => Some("tmux-256color".to_owned()),
        "TMUX" => Some("/tmp/tmux-0/default,1,0".to_owned()),
        "SSH_TTY" => Some("/dev/pts/1".to_owned()),
        "ZELLIJ" => Some("0".to_owned()),
        "NO_COLOR" => Some(String::new()),
        _ => None,
    });
    assert!(surroundings.in_tmux && surroundings.ssh && surroundings.zellij && !surroundings.no_colour);
}

#[test]
fn what_is_no_answer_of_tmux_is_none() {
    assert_eq!(TmuxFacts::parse("no server running on /tmp/tmux-1000/default"), None);
    assert_eq!(TmuxFacts::parse(""), None);
    let facts = TmuxFacts::parse("||||||").or(TmuxFacts::parse("|||||"));
    assert_eq!(facts, Some(TmuxFacts::default()));
    let facts = TmuxFacts::parse("WezTerm 2024|all|1|0x0|RGB,sixel|next-3.7\r\n").unwrap();
    assert!(facts.passthrough && facts.sixel && facts.cell.is_none() && facts.has("rgb"));
    assert_eq!(facts.version, "next-3.7");
}
