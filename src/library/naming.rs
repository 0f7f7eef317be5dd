//! Which network a prompt's call means, by A1111's rule: one place for the engine, which draws with it, and the index, which tells of it.

use super::walk::without_extension;

/// The network that `wanted` means among `networks`, each with A1111's name for it: the path below its folder, with the extension.
///
/// By file name or path, with or without the extension, else by the trainer's name (`alias`), else either in any case. Of several files of one
/// name the last is meant; an alias that several have means none, and `none` is A1111's word for no network. `alias` is asked only when
/// no file is called so.
pub fn meant<'a, T>(
    networks: &'a [T],
    wanted: &str,
    name: impl Fn(&T) -> &str,
    mut alias: impl FnMut(&T) -> Option<String>,
) -> Option<&'a T> {
    let folded = wanted.to_lowercase();
    let in_any_case = |text: &str| text.to_lowercase() == folded;
    let named = |same: &dyn Fn(&str) -> bool| {
        networks.iter().rev().find(|network| {
            let name = name(network);
            let file = name.rsplit('/').next().unwrap_or_default();
            [name, without_extension(name), file, without_extension(file)]
                .into_iter()
                .any(same)
        })
    };
    if let Some(found) = named(&|text| text == wanted) {
        return Some(found);
    }
    let aliases: Vec<_> = if folded == "none" {
        Vec::new()
    } else {
        networks
            .iter()
            .filter_map(|network| Some((network, alias(network)?)))
            .collect()
    };
    let called = |same: &dyn Fn(&str) -> bool| {
        let mut fitting = aliases.iter().filter(|(_, alias)| same(alias));
        let first = fitting.next()?;
        fitting.next().is_none().then_some(first.0)
    };
    called(&|alias| alias == wanted)
        .or_else(|| named(&in_any_case))
        .or_else(|| called(&in_any_case))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_means_one_network_or_none() {
        let networks = [
            ("Fox.safetensors", None),
            ("old/ink.pt", Some("Fox")),
            ("style/ink.v1.safetensors", Some("水墨")),
            ("new/ink.safetensors", Some("same")),
            ("other.safetensors", Some("same")),
            ("last.safetensors", Some("None")),
        ];
        let find = |wanted| {
            let alias = |network: &(&str, Option<&str>)| network.1.map(str::to_owned);
            meant(&networks, wanted, |network| network.0, alias).map(|network| network.0)
        };
        for (wanted, expected) in [
            ("Fox", Some("Fox.safetensors")),
            ("fox.SAFETENSORS", Some("Fox.safetensors")),
            ("ink", Some("new/ink.safetensors")),
            ("old/ink", Some("old/ink.pt")),
            ("ink.pt", Some("old/ink.pt")),
            ("ink.v1", Some("style/ink.v1.safetensors")),
            ("水墨", Some("style/ink.v1.safetensors")),
            ("same", None),
            ("none", None),
            ("", None),
        ] {
            assert_eq!(find(wanted), expected, "{wanted}");
        }
    }
}
