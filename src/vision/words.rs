//! How a tagger's words are written into captions: underscores, emoticons, brackets, replacement lists.

/// Tags whose underscores are part of a face, as the taggers' own demonstration lists them.
const EMOTICONS: [&str; 19] = [
    "0_0", "(o)_(o)", "+_+", "+_-", "._.", "<o>_<o>", "<|>_<|>", "=_=", ">_<", "3_3", "6_9", ">_o", "@_@", "^_^",
    "o_o", "u_u", "x_x", "|_|", "||_||",
];

/// A board's tag with spaces: emoticons stay, and so does whatever has at most three characters (kohya's rule).
pub fn spaced(tag: &str) -> String {
    if EMOTICONS.contains(&tag) || tag.chars().count() <= 3 {
        tag.to_owned()
    } else {
        tag.replace('_', " ")
    }
}

/// A tag for a prompt: its round brackets and backslashes get a backslash before them.
pub fn escaped(tag: &str) -> String {
    let mut text = String::with_capacity(tag.len() + 4);
    for c in tag.chars() {
        if matches!(c, '(' | ')' | '\\') {
            text.push('\\');
        }
        text.push(c);
    }
    text
}

/// The form in which tags are compared: `long_hair`, ` long hair` and `long hair` are one, and so are `fox (animal)` and
/// `fox \(animal\)`.
pub fn plain(tag: &str) -> String {
    let mut text = String::with_capacity(tag.len());
    let mut escapes = false;
    for c in spaced(tag.trim()).chars() {
        if c == '\\' && !escapes {
            escapes = true;
            continue;
        }
        if escapes && !matches!(c, '(' | ')' | '\\') {
            text.push('\\');
        }
        escapes = false;
        text.push(c);
    }
    if escapes {
        text.push('\\');
    }
    text
}

/// A character's name and the series in the brackets behind it: `saber_(fate)` gives `saber` and `fate`, and of several brackets
/// the
/// last one counts. `None` where there is no such pair.
pub fn expanded(tag: &str) -> Option<(&str, &str)> {
    let (name, series) = tag.strip_suffix(')')?.rsplit_once('(')?;
    let name = name.strip_suffix('_').unwrap_or(name);
    (!name.is_empty() && !series.is_empty()).then_some((name, series))
}

/// Why a replacement list cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no replacement; one is FROM,TO and several are parted by ;")]
pub struct NoReplacement(String);

/// Reads kohya's form of a replacement list: `from,to;from,to`, where `\,` and `\;` are plain signs. An empty `to` leaves the tag
/// out.
///
/// # Errors
/// When a part has not exactly one comma, or nothing before it.
pub fn replacements(text: &str) -> Result<Vec<(String, String)>, NoReplacement> {
    let mut list = vec![vec![String::new()]];
    let mut signs = text.chars().peekable();
    while let Some(c) = signs.next() {
        let parts = list.last_mut();
        let next = signs.peek().copied();
        match (c, next, parts) {
            ('\\', Some(sign @ (',' | ';')), Some(parts)) => {
                signs.next();
                if let Some(last) = parts.last_mut() {
                    last.push(sign);
                }
            }
            (';', _, _) => list.push(vec![String::new()]),
            (',', _, Some(parts)) => parts.push(String::new()),
            (c, _, Some(parts)) => {
                if let Some(last) = parts.last_mut() {
                    last.push(c);
                }
            }
            (_, _, None) => {}
        }
    }
    let wanted = list
        .iter()
        .filter(|parts| parts.iter().any(|part| !part.trim().is_empty()));
    let pair = |parts: &Vec<String>| match parts.as_slice() {
        [from, to] if !from.trim().is_empty() => Ok((from.trim().to_owned(), to.trim().to_owned())),
        _ => Err(NoReplacement(parts.join(","))),
    };
    wanted.map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn underscores_become_spaces_but_in_faces_and_short_tags() {
        assert_eq!(spaced("long_hair"), "long hair");
        for face in ["^_^", "(o)_(o)", "||_||", "<|>_<|>", "+_-"] {
            assert_eq!(spaced(face), face);
        }
        assert_eq!(spaced("a_b"), "a_b");
        assert_eq!(spaced("ab_c"), "ab c");
        assert_eq!(spaced("目_口"), "目_口");
    }

    #[test]
    fn brackets_and_backslashes_are_escaped_and_compare_as_if_they_were_not() {
        assert_eq!(escaped(r"fox_(animal)"), r"fox_\(animal\)");
        assert_eq!(escaped(r"\m/"), r"\\m/");
        for text in ["fox_(animal)", r"fox \(animal\)", " fox (animal) "] {
            assert_eq!(plain(text), "fox (animal)");
        }
        assert_eq!(plain(r"\m/"), r"\m/");
        assert_eq!(plain(r"\\m/"), r"\m/");
        assert_eq!(plain(r"a\"), r"a\");
    }

    #[test]
    fn a_series_is_what_stands_in_the_last_brackets() {
        assert_eq!(expanded("saber_(fate)"), Some(("saber", "fate")));
        assert_eq!(expanded("name_(costume)_(series)"), Some(("name_(costume)", "series")));
        for tag in ["saber", "(fate)", "saber_()", ":)"] {
            assert_eq!(expanded(tag), None, "{tag}");
        }
    }

    #[test]
    fn replacement_lists_are_read_as_kohyas() {
        let pair = |from: &str, to: &str| (from.to_owned(), to.to_owned());
        assert_eq!(replacements("a,b;c_d, e ;"), Ok(vec![pair("a", "b"), pair("c_d", "e")]));
        assert_eq!(replacements(r"a\,a,b\;b"), Ok(vec![pair("a,a", "b;b")]));
        assert_eq!(replacements("a,"), Ok(vec![pair("a", "")]));
        assert_eq!(replacements(""), Ok(Vec::new()));
        for wrong in ["a", "a,b,c", ",b"] {
            assert!(replacements(wrong).is_err(), "{wrong}");
        }
    }
}
