//! What it means to use a model: the words that go into a prompt, or the place in the form that it takes.
//!
//! As A1111's cards do it: a network is called with its preferred weight or 1, and its activation text follows the call.

use super::class::Class;
use super::entry::{Entry, short};
use crate::library::Details;
use crate::ui::lang::{Text, browser};
use crate::weights::about::Format;

/// What is done with a model that is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Use {
    /// These words go into the prompt.
    Call {
        /// The call, with what follows it.
        words: String,
        /// What goes into the negative prompt.
        negative: Option<String>,
    },
    /// This word goes into the prompt that was written in last, be it the negative one.
    Word(String),
    /// It becomes the checkpoint.
    Checkpoint,
    /// It becomes the VAE.
    Vae,
    /// Nothing, and why not.
    Nothing(Why),
}

/// Why a model cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// A text with the place `{name}`.
    Told(Text),
    /// The library's own sentence.
    Trouble(String),
}

/// Whether using a model needs its details.
pub fn needs_details(entry: &Entry) -> bool {
    entry.class == Class::Network && entry.trouble().is_none()
}

/// What using a model does. `details` are those of a network.
pub fn of(entry: &Entry, details: Option<&Details>) -> Use {
    if let Some(trouble) = entry.trouble() {
        return Use::Nothing(Why::Trouble(trouble.to_owned()));
    }
    let told = |why| Use::Nothing(Why::Told(why));
    match entry.class {
        Class::Checkpoint => Use::Checkpoint,
        Class::Vae => Use::Vae,
        Class::Network => {
            let sidecar = details.map(|details| &details.sidecar);
            let weight = sidecar.and_then(|sidecar| sidecar.preferred_weight).unwrap_or(1.0);
            let text = |text: Option<&String>| {
                let text = text.map(|text| text.trim().to_owned());
                text.filter(|text| !text.is_empty())
            };
            let activation = text(sidecar.and_then(|sidecar| sidecar.activation.as_ref()));
            let negative = text(sidecar.and_then(|sidecar| sidecar.negative.as_ref()));
            let Some(mut words) = call("lora", entry.stem(), weight) else {
                return told(browser::UNCALLABLE);
            };
            if let Some(activation) = activation {
                words.push(' ');
                words.push_str(&activation);
            }
            Use::Call { words, negative }
        }
        Class::Hypernetwork => match call("hypernet", entry.stem(), 1.0) {
            Some(words) => Use::Call { words, negative: None },
            None => told(browser::UNCALLABLE),
        },
        Class::Embedding => Use::Word(embedding(entry)),
        Class::Other => told(browser::NO_USE),
    }
}

/// A call such as `<lora:fox:0.8>`; none for a name that the grammar of calls cannot hold.
fn call(kind: &str, name: &str, weight: f64) -> Option<String> {
    let held = !name.is_empty() && !name.contains([':', '>', '<']) && !name.contains(char::is_control);
    held.then(|| format!("<{kind}:{name}:{}>", short(weight)))
}

/// An embedding's name: its file's, but for one in a picture, which carries its own.
fn embedding(entry: &Entry) -> String {
    let about = &entry.card.about;
    let own = about.embedding.as_ref().and_then(|embedding| embedding.name.clone());
    own.filter(|_| about.format == Some(Format::Picture))
        .unwrap_or_else(|| entry.stem().to_owned())
}

/// A text with a space at either side where it would touch a word.
pub fn spaced(text: &str, cursor: usize, words: &str) -> String {
    let before = text[..cursor].chars().next_back();
    let after = text[cursor..].chars().next();
    let front = if before.is_some_and(|c| !c.is_whitespace()) {
        " "
    } else {
        ""
    };
    let behind = if after.is_some_and(|c| c.is_alphanumeric() || "(<[".contains(c)) {
        " "
    } else {
        ""
    };
    format!("{front}{words}{behind}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_never_touch_their_neighbours() {
        for (text, cursor, expected) in [
            ("", 0, "x"),
            ("fox", 3, " x"),
            ("fox, ", 5, "x"),
            ("fox,", 4, " x"),
            ("fox, snow", 5, "x "),
            ("fox, snow", 3, " x"),
            ("fox(snow)", 3, " x "),
        ] {
            assert_eq!(spaced(text, cursor, "x"), expected, "{text} at {cursor}");
        }
        assert_eq!(call("lora", "a:b", 1.0), None);
        assert_eq!(call("lora", "a b", 0.75).as_deref(), Some("<lora:a b:0.75>"));
    }
}
