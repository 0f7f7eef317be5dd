//! Descriptions in HTML as plain text: paragraphs and items on lines of their own, tags left out, entities read.

/// A text without HTML. One that has none stays as it is.
pub(super) fn plain(text: &str) -> String {
    if !text.contains(['<', '&']) {
        return text.to_owned();
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['<', '&']) {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        let (taken, said) = tag(rest)
            .or_else(|| entity(rest))
            .unwrap_or_else(|| (1, rest[..1].to_owned()));
        plain.push_str(&said);
        rest = &rest[taken..];
    }
    plain.push_str(rest);
    lines(&plain)
}

/// A tag at the beginning: its length, and what stands for it.
fn tag(text: &str) -> Option<(usize, String)> {
    let inner = text.strip_prefix('<')?;
    let first = inner.trim_start_matches('/').chars().next()?;
    if !first.is_ascii_alphabetic() && first != '!' {
        return None;
    }
    let end = inner.find('>')?;
    let is_end = inner.starts_with('/');
    let name: String = inner
        .trim_start_matches('/')
        .chars()
        .take_while(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_lowercase();
    let said = match (name.as_str(), is_end) {
        ("br" | "hr" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6", _)
        | ("p" | "div" | "ul" | "ol" | "li" | "tr" | "pre" | "blockquote", true) => "\n",
        ("li", false) => "- ",
        _ => "",
    };
    Some((end + 2, said.to_owned()))
}

/// A character that is written as an entity.
fn entity(text: &str) -> Option<(usize, String)> {
    const NAMES: [(&str, &str); 12] = [
        ("amp", "&"),
        ("lt", "<"),
        ("gt", ">"),
        ("quot", "\""),
        ("apos", "'"),
        ("nbsp", " "),
        ("mdash", "—"),
        ("ndash", "–"),
        ("hellip", "…"),
        ("rsquo", "’"),
        ("ldquo", "“"),
        ("rdquo", "”"),
    ];
    let name = text.strip_prefix('&')?;
    let end = name.bytes().take(12).position(|byte| byte == b';')?;
    let name = &name[..end];
    let numbered = || {
        let digits = name.strip_prefix('#')?;
        let code = match digits.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16),
            None => digits.parse(),
        };
        char::from_u32(code.ok()?).map(String::from)
    };
    let named = NAMES
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, sign)| (*sign).to_owned());
    Some((end + 2, named.or_else(numbered)?))
}

/// Lines without space at their ends, never more than one empty one between others.
fn lines(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut empty = 0;
    for line in text.lines().map(str::trim) {
        if line.is_empty() {
            empty += 1;
            continue;
        }
        if !plain.is_empty() {
            plain.push_str(if empty > 0 { "\n\n" } else { "\n" });
        }
        plain.push_str(line);
        empty = 0;
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn tags_are_left_out_and_entities_read() {
        for (html, text) in [
            ("plain < 1 & more", "plain < 1 & more"),
            ("<p>One</p><p>Two<br/>three</p>", "One\nTwo\nthree"),
            ("<ul><li>a</li><li>b &amp; &#39;c&#x27;</li></ul>", "- a\n- b & 'c'"),
            ("a <3 b <a href=\"x\">link</a>", "a <3 b link"),
            ("&unknown; &狐; &", "&unknown; &狐; &"),
            ("<b", "<b"),
            ("&#4294967296;&#xD800;", "&#4294967296;&#xD800;"),
            ("<h2>狐</h2>\n\n\n\n<p> 狸 </p>", "狐\n\n狸"),
        ] {
            assert_eq!(plain(html), text, "{html}");
        }
    }
}
