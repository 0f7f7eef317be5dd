//! docs/THEMES.md, written from the tables of roles and built-in themes.

use std::fmt::Write;

use super::colour::ANSI;
use super::{BUILTIN, Role};
use crate::ui::lang::Lang;

const HEAD: &str = r"# Themes

A theme is a TOML file that says how each kind of thing on the screen looks. `theme` in the settings, `--theme` or `DANLU_THEME` names one;
`auto` takes `danlu-dark` or `danlu-light` by the terminal's background. Your own lie in `themes/` beside `config.toml`, as `NAME.toml`; one
of them hides the built-in theme of its name and may inherit from it. A theme that is wrong is refused in one sentence with its line, and the
old one stays.

## Built in

";

const FILE: &str = r##"
## A theme's file

```toml
inherits = "danlu-dark"      # another theme, your own or built in; what is not said here is as there
dark = true                  # made for a dark background
lines = "rounded"            # borders and gauges: rounded, plain or ascii

[palette]                    # names for colours; also recolours what is inherited
accent = "#ff9e4f"
ember = 208

[styles]
"border.focus" = "accent"    # a colour alone is the text's
selection = { fg = "white", bg = "#5a3a1e", modifiers = ["bold"] }
weight = "ember"             # a name without its last part counts for all below it that have no style of their own
background = { bg = "default" }
```

A colour is `#rrggbb`, `#rgb`, a number up to 255, `default` (the terminal's own), a name of `[palette]`, or one of the sixteen names

"##;

const REST: &str = r"
The modifiers are `bold`, `dim`, `italic`, `underlined`, `reversed` and `crossed-out`.

Where `background` is `default`, the terminal's own background shows through. A theme without `inherits` stands alone: what it does not name
is told without colour, as in `mono`.

## Fewer colours

A theme is written for 24-bit colour and fitted to what the terminal has:

- **256 colours**: each colour becomes the one that looks nearest (CIE L\*a\*b\*) among the cube and the grays; a colourful one stays
  colourful, and text keeps a readable contrast.
- **16 colours**: likewise among the terminal's own, taken to look as in xterm. The `ansi` theme uses nothing else.
- **None** (`NO_COLOR`, or a terminal without): bold, dim, reverse and underline, as in `mono`.

States that must differ (selected or not, focused or not, error or success, attention raised or lowered) always do: where two would look
the same, also in a theme of your own, a modifier is added.

## What has a style

Borders that show the focus, gauges and attention take their part after the dot; `weight.up2` takes `weight.up`'s style, then `weight`'s.

| name | what it is |
|---|---|
";

/// The page.
pub fn markdown(lang: Lang) -> String {
    let mut page = HEAD.to_owned();
    for (name, text) in BUILTIN {
        let about = text.lines().next().unwrap_or_default().trim_start_matches("# ");
        let _ = writeln!(page, "- `{name}`: {about}");
    }
    page.push_str(FILE);
    let names: Vec<_> = ANSI.iter().map(|(name, ..)| format!("`{name}`")).collect();
    for line in names.chunks(8) {
        let end = if line.last() == names.last() { "." } else { "," };
        let _ = writeln!(page, "{}{end}", line.join(", "));
    }
    page.push_str(REST);
    for role in Role::ALL {
        let _ = writeln!(page, "| `{}` | {} |", role.scope(), lang.say(&role.doc()));
    }
    page
}
