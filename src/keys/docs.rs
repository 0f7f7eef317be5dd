//! docs/KEYS.md, written from the table of actions and the keymap.

use std::fmt::Write;

use super::{ACTIONS, Group, Keymap, Scope};
use crate::ui::lang::{Lang, words};

const HEAD: &str = r"# Keys

Every key below can be changed. `?` (`f1` in an editor) shows those that work where you are, `ctrl+p` finds any action by its name, and
`space` outside editors shows what may follow. In the prompt editors plain characters type, so commands there have ctrl, alt or a
function key: `enter` draws, `alt+enter` or `ctrl+j` begins a new line, `ctrl+z` undoes (outside editors it suspends; `alt+z` suspends
everywhere). Arrows, home, end, backspace and delete, also with ctrl or alt, belong to the text and are not bound: with shift they select,
with ctrl they go by words, `alt+left` and `alt+right` move the item between commas as A1111 does, `ctrl+w`, `ctrl+u` and `ctrl+k` erase a word
and to either end of the line.

`ctrl+enter`, `shift+enter` and ctrl with shift and a letter reach danlu only from terminals with the kitty keyboard protocol. Every action
that they stand for has another key that every terminal sends.
";

const CONFIG: &str = r#"
## Changing keys

`keys.toml` beside `config.toml` is a list of bindings. They come before the defaults.

```toml
[[keys]]
on = "ctrl+t"            # a key; ["g", "p"] or "g p" for one after the other, up to four
run = "choose-theme"     # an action's name, or "none" to unbind
when = "queue"           # a place or a list of places; left out: wherever the key is no text

[[keys]]
on = "X"
run = "none"
```

A key is one character, `f1` to `f24`, or `enter`, `esc`, `tab`, `space`, `backspace`, `delete`, `insert`, `up`, `down`, `left`, `right`,
`home`, `end`, `pageup`, `pagedown`; before it stand `ctrl+`, `alt+`, `shift+`, `super+`. An upper-case letter is shift and the letter. A
binding unbinds what it begins with and what begins with it, in its place. With a mistake in the file, all mistakes are shown, each with
its line, and the keys stay as they were.

The places:

| name | where |
|---|---|
"#;

/// The page.
pub fn markdown(lang: Lang) -> String {
    let mut page = HEAD.to_owned();
    let keymap = Keymap::default();
    for group in Group::ALL {
        let _ = writeln!(page, "\n## {}\n", lang.say(&group.title()));
        let [keys, action, doc] = [words::KEY, words::ACTION, words::WHAT_IT_DOES].map(|text| lang.say(&text));
        let _ = writeln!(page, "| {action} | {keys} | {doc} |\n|---|---|---|");
        for info in ACTIONS.iter().filter(|info| info.group == group) {
            let mut places: Vec<String> = Vec::new();
            for scope in Scope::ALL {
                let keys = keymap.keys_of(info.action, &[scope]);
                if keys.is_empty() {
                    continue;
                }
                let keys: Vec<_> = keys
                    .iter()
                    .map(|keys| format!("`{}`", keys.replace('|', "\\|")))
                    .collect();
                let place = match scope {
                    Scope::Global => String::new(),
                    scope => format!(" ({})", lang.say(&scope.title())),
                };
                places.push(format!("{}{place}", keys.join(", ")));
            }
            let doc = lang.say(&info.doc);
            let _ = writeln!(page, "| `{}` | {} | {doc} |", info.name, places.join("; "));
        }
    }
    page.push_str(CONFIG);
    for scope in Scope::ALL {
        let _ = writeln!(page, "| `{}` | {} |", scope.name(), lang.say(&scope.title()));
    }
    page
}
