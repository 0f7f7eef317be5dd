//! Themes: the built-in ones at every depth, a user's own, and files that are none.
#![allow(missing_docs, clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use danlu::ui::lang::Lang;
use danlu::ui::theme::{BUILTIN, Depth, Lines, Role, Theme, ThemeError, Themes, contrast, docs};
use ratatui::style::{Color, Modifier, Style};

const DEPTHS: [Depth; 4] = [Depth::Mono, Depth::Ansi16, Depth::Ansi256, Depth::True];

/// States that a person must be able to tell apart.
const APART: [(Role, Role); 22] = [
    (Role::Selection, Role::Text),
    (Role::SelectionInactive, Role::Text),
    (Role::Selection, Role::SelectionInactive),
    (Role::TitleFocus, Role::Title),
    (Role::BorderFocus, Role::Border),
    (Role::TabActive, Role::Tab),
    (Role::Error, Role::Ok),
    (Role::Error, Role::Warning),
    (Role::Error, Role::Info),
    (Role::Warning, Role::Ok),
    (Role::WeightUp1, Role::WeightDown1),
    (Role::WeightUp2, Role::WeightDown2),
    (Role::WeightUp3, Role::WeightDown3),
    (Role::WeightUp1, Role::Text),
    (Role::WeightDown1, Role::Text),
    (Role::TokenOver, Role::Token),
    (Role::Network, Role::Text),
    (Role::Match, Role::Text),
    (Role::HintKey, Role::HintText),
    (Role::ProgressDone, Role::ProgressRest),
    (Role::Cursor, Role::Text),
    (Role::InputPlaceholder, Role::Input),
];

fn builtin() -> impl Iterator<Item = Theme> {
    BUILTIN.iter().map(|(name, _)| Themes::builtin().load(name).unwrap())
}

/// What a style comes to over the theme's text and background.
fn seen(theme: &Theme, role: Role) -> Style {
    let below = theme.style(Role::Background).patch(Style {
        add_modifier: Modifier::empty(),
        ..theme.style(Role::Text)
    });
    let style = theme.style(role);
    Style {
        fg: style.fg.or(below.fg).or(Some(Color::Reset)),
        bg: style.bg.or(below.bg).or(Some(Color::Reset)),
        ..style
    }
}

#[test]
fn states_differ_in_every_theme_at_every_depth() {
    for theme in builtin() {
        for depth in DEPTHS {
            let theme = theme.at(depth);
            for (a, b) in APART {
                let what = format!("{} at {depth:?}: {a:?} and {b:?}", theme.name());
                assert_ne!(seen(&theme, a), seen(&theme, b), "{what}");
            }
        }
    }
}

#[test]
fn words_are_readable_in_every_theme() {
    for theme in builtin().filter(|theme| theme.name() != "ansi") {
        for depth in [Depth::Ansi16, Depth::Ansi256, Depth::True] {
            let theme = theme.at(depth);
            // What sixteen colours look like is the terminal's own affair.
            let least = if depth == Depth::Ansi16 { 3.0 } else { 4.5 };
            for role in Role::ALL.iter().filter(|role| role.is_text()) {
                let style = seen(&theme, *role);
                let (fg, bg) = (style.fg.unwrap(), style.bg.unwrap());
                let ratio = contrast(fg, bg, theme.is_dark());
                assert!(ratio >= least, "{} at {depth:?}: {role:?} has {ratio:.2}", theme.name());
            }
        }
    }
}

#[test]
fn no_theme_uses_more_colours_than_there_are() {
    let allowed = |colour: Option<Color>, depth: Depth| match colour {
        None | Some(Color::Reset) => true,
        Some(Color::Rgb(..)) => depth == Depth::True,
        Some(Color::Indexed(_)) => depth >= Depth::Ansi256,
        Some(_) => depth >= Depth::Ansi16,
    };
    for theme in builtin() {
        for depth in DEPTHS {
            for role in Role::ALL {
                let style = theme.at(depth).style(*role);
                let fits = allowed(style.fg, depth) && allowed(style.bg, depth);
                assert!(fits, "{} at {depth:?}: {role:?} is {style:?}", theme.name());
            }
        }
    }
    let ansi = Themes::builtin().load("ansi").unwrap();
    for role in Role::ALL {
        let style = ansi.style(*role);
        assert!(
            allowed(style.fg, Depth::Ansi16) && allowed(style.bg, Depth::Ansi16),
            "{role:?}"
        );
    }
}

#[test]
fn auto_follows_the_terminals_background() {
    let themes = Themes::builtin();
    let name = |dark| themes.choose("auto", dark).unwrap().name().to_owned();
    assert_eq!(name(Some(true)), "danlu-dark");
    assert_eq!(name(Some(false)), "danlu-light");
    assert_eq!(name(None), "danlu-dark");
    assert_eq!(themes.choose("nord", Some(false)).unwrap().name(), "nord");
    assert!(Theme::default().is_transparent() && !themes.load("nord").unwrap().is_transparent());
}

/// What loading `a` says when the user's folder holds these files.
fn loaded(files: &[(&str, &str)]) -> Result<Theme, ThemeError> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(format!("{name}.toml")), text).unwrap();
    }
    Themes::with_folder(folder.path().to_owned()).load("a")
}

#[test]
fn a_users_theme_inherits_and_recolours() {
    let text = "inherits = \"nord\"\nlines = \"ascii\"\n[palette]\naccent = \"#123\"\nmine = 208\n[styles]\nweight = \"mine\"\n\"border.focus\" = { fg = \"mine\", bg = \"accent\", modifiers = [\"bold\", \"reversed\"] }\n";
    let theme = loaded(&[("a", text)]).unwrap();
    assert_eq!(theme.lines(), Lines::Ascii);
    assert_eq!(theme.style(Role::Accent).fg, Some(Color::Rgb(0x11, 0x22, 0x33)));
    let border = theme.style(Role::BorderFocus);
    assert_eq!(
        (border.fg, border.bg),
        (Some(Color::Indexed(208)), Some(Color::Rgb(0x11, 0x22, 0x33)))
    );
    assert_eq!(border.add_modifier, Modifier::BOLD | Modifier::REVERSED);
    let nord = Themes::builtin().load("nord").unwrap();
    assert_eq!(
        theme.style(Role::WeightUp1),
        nord.style(Role::WeightUp1),
        "a parent scope does not undo a child's"
    );
    let theme = loaded(&[("a", "[styles]\nweight = \"red\"\ntext = \"default\"\n")]).unwrap();
    assert_eq!(theme.style(Role::WeightDown3).fg, Some(Color::Red));
    assert_eq!(
        theme.style(Role::Selection).add_modifier,
        Modifier::REVERSED,
        "what is not named is as in mono"
    );
}

#[test]
fn a_users_theme_hides_the_built_in_one_and_may_inherit_it() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("nord.toml"),
        "inherits = \"nord\"\n[palette]\naccent = \"#010203\"\n",
    )
    .unwrap();
    fs::write(folder.path().join("狐.toml"), "").unwrap();
    fs::write(folder.path().join("not a name.toml"), "").unwrap();
    let themes = Themes::with_folder(folder.path().to_owned());
    assert_eq!(
        themes.load("nord").unwrap().style(Role::Accent).fg,
        Some(Color::Rgb(1, 2, 3))
    );
    assert_eq!(themes.names().len(), BUILTIN.len() + 1);
    assert!(themes.load("狐").is_ok());
}

#[test]
fn what_is_wrong_with_a_theme_is_one_sentence() {
    let cases: &[(&[(&str, &str)], &str)] = &[
        (
            &[("a", "[styles]\n\ntext = \"#12345\"")],
            r##"line 3 of F/a.toml colours "text" with "#12345", which is no colour"##,
        ),
        (
            &[("a", "[palette]\nember = \"#f00\"\n[styles]\ntext = \"embr\"")],
            r#"line 4 of F/a.toml colours "text" with "embr", which is no colour; did you mean "ember"?"#,
        ),
        (
            &[("a", "[palette]\nx = \"redd\"")],
            r#"line 2 of F/a.toml colours "x" with "redd", which is no colour; did you mean "red"?"#,
        ),
        (
            &[("a", "[styles]\n\"border.fokus\" = \"red\"")],
            r#"line 2 of F/a.toml sets "border.fokus", which is nothing in [styles]; did you mean "border.focus"?"#,
        ),
        (
            &[("a", "[styles]\nborder.focus = \"red\"")],
            r#"line 2 of F/a.toml sets "focus", which is nothing in a style"#,
        ),
        (
            &[("a", "pallete = 1")],
            r#"line 1 of F/a.toml sets "pallete", which is nothing in a theme; did you mean "palette"?"#,
        ),
        (
            &[("a", "[styles]\ntext = true")],
            r#"line 2 of F/a.toml sets "text" to true, which is not a colour, or a table of fg, bg and modifiers"#,
        ),
        (
            &[("a", "[styles]\ntext = { modifiers = [\"bald\"] }")],
            r#"line 2 of F/a.toml sets "text" to "bald", which is not a list of bold, dim, italic, underlined, reversed, crossed-out"#,
        ),
        (
            &[("a", "lines = 'thick'")],
            r#"line 1 of F/a.toml sets "lines" to 'thick', which is not one of rounded, plain, ascii"#,
        ),
        (
            &[("a", "dark = 1")],
            r#"line 1 of F/a.toml sets "dark" to 1, which is not true or false"#,
        ),
        (
            &[("a", "inherits = \"nrod\"")],
            r#"line 1 of F/a.toml inherits "nrod", which is no theme; did you mean "nord"?"#,
        ),
        (
            &[("a", "inherits = \"../a\"")],
            r#""../a" cannot be a theme's name: it has more than letters, digits, - and _"#,
        ),
        (
            &[
                ("a", "inherits = \"b\""),
                ("b", "inherits = \"c\""),
                ("c", "inherits = \"b\""),
            ],
            "the theme inherits itself: b inherits c inherits b",
        ),
        (&[("a", "inherits = \"a\"")], "the theme inherits itself: a inherits a"),
        (&[("b", "")], r#"there is no theme "a""#),
    ];
    for (files, sentence) in cases {
        let error = loaded(files).unwrap_err();
        let text = error.to_string();
        let told = match text.split_once("of /") {
            Some((line, rest)) => format!("{line}of F/{}", &rest[rest.find("/a.toml").unwrap() + 1..]),
            None => text.clone(),
        };
        assert_eq!(told, *sentence);
        assert!(!text.contains('\n') && (error.hint().is_some() || matches!(error, ThemeError::Value { .. })));
    }
}

#[test]
fn hostile_files_are_refused_and_nothing_waits_for_a_pipe() {
    let folder = tempfile::tempdir().unwrap();
    let themes = Themes::with_folder(folder.path().to_owned());
    let file = folder.path().join("a.toml");
    for bytes in [&b"\xff\xfe"[..], b"a = [[[[", b"\0", &vec![b'#'; 2 << 20]] {
        fs::write(&file, bytes).unwrap();
        let text = themes.load("a").unwrap_err().to_string();
        assert!(text.contains("a.toml") && !text.contains('\n'), "{text}");
    }
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    assert!(matches!(themes.load("a"), Err(ThemeError::Unreadable { .. })));
    for i in 0..40 {
        let text = format!("inherits = \"d{}\"", i + 1);
        fs::write(folder.path().join(format!("d{i}.toml")), text).unwrap();
    }
    assert!(matches!(themes.load("d0"), Err(ThemeError::Deep { .. })));
    for name in ["", "..", "/etc/passwd", "a\0b", "a/b", "\u{1b}[31m"] {
        assert!(themes.load(name).is_err(), "{name:?}");
    }
    assert!(Themes::with_folder("/nowhere".into()).load("nord").is_ok());
    assert_eq!(Themes::with_folder("/nowhere".into()).names().len(), BUILTIN.len());
}

#[test]
fn the_page_about_themes_is_what_the_tables_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/THEMES.md");
    let page = docs::markdown(Lang::En);
    if std::env::var_os("DANLU_BLESS").is_some_and(|value| value == "1") {
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/THEMES.md is not what ui::theme::docs writes; DANLU_BLESS=1 cargo test --release --test themes writes it anew"
    );
    assert!(docs::markdown(Lang::Zh).contains("窗格边框"));
}
