//! Moves that wait for one another, such as a renaming of a whole folder.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::Change;

/// Brings moves into an order in which each finds its new name free: `1 -> 2, 2 -> 3` begins with the second, and a circle with a name
/// that nobody has. Where no move waits for a later one, everything stays as it is; else the moves stand together where the first was.
pub(super) fn moves_in_order(changes: Vec<Change>) -> Vec<Change> {
    let moves: Vec<(&Path, &Path)> = changes.iter().filter_map(ends).collect();
    let place: HashMap<&Path, usize> = moves
        .iter()
        .enumerate()
        .map(|(index, (from, _))| (*from, index))
        .collect();
    let waits = moves
        .iter()
        .enumerate()
        .any(|(index, (_, to))| place.get(to).is_some_and(|other| *other > index));
    let targets: HashSet<&Path> = moves.iter().map(|(_, to)| *to).collect();
    // Two files cannot get one name; the journal says so when it comes to the second.
    if !waits || targets.len() < moves.len() || place.len() < moves.len() {
        return changes;
    }
    let mut ordered = Vec::with_capacity(moves.len());
    let mut is_placed = vec![false; moves.len()];
    for first in 0..moves.len() {
        let mut chain = Vec::new();
        let mut next = Some(first);
        while let Some(index) = next.filter(|index| !is_placed[*index]) {
            is_placed[index] = true;
            chain.push(index);
            next = place.get(moves[index].1).copied();
        }
        let is_circle = !chain.is_empty() && next == Some(first);
        let aside = is_circle.then(|| aside(moves[first].0, first));
        ordered.extend(aside.iter().map(|aside| (moves[first].0.to_owned(), aside.clone())));
        for index in chain.into_iter().rev() {
            let (from, to) = moves[index];
            let from = aside.as_ref().filter(|_| index == first).map_or(from, PathBuf::as_path);
            ordered.push((from.to_owned(), to.to_owned()));
        }
    }
    let mut ordered = ordered.into_iter().map(|(from, to)| Change::Move { from, to });
    let mut all = Vec::with_capacity(changes.len() + 1);
    for change in changes {
        match change {
            Change::Move { .. } => all.extend(ordered.by_ref()),
            other => all.push(other),
        }
    }
    all
}

fn ends(change: &Change) -> Option<(&Path, &Path)> {
    match change {
        Change::Move { from, to } => Some((from, to)),
        _ => None,
    }
}

/// A hidden name beside a file. Its number sets it apart from those of other circles.
fn aside(path: &Path, number: usize) -> PathBuf {
    let extension = path
        .extension()
        .map(|extension| [".".as_ref(), extension].into_iter().collect::<OsString>());
    let mut name = OsString::from(format!(".danlu-aside-{number}"));
    name.push(extension.unwrap_or_default());
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moves(pairs: &[(&str, &str)]) -> Vec<Change> {
        let one = |(from, to): &(&str, &str)| Change::Move {
            from: PathBuf::from(from),
            to: PathBuf::from(to),
        };
        pairs.iter().map(one).collect()
    }

    #[test]
    fn moves_wait_for_those_that_make_room() {
        let ordered = moves_in_order(moves(&[("1", "2"), ("2", "3"), ("x", "y"), ("3", "4")]));
        assert_eq!(ordered, moves(&[("3", "4"), ("2", "3"), ("1", "2"), ("x", "y")]));
        let shifted = moves(&[("2", "1"), ("3", "2")]);
        assert_eq!(moves_in_order(shifted.clone()), shifted);
    }

    #[test]
    fn a_circle_goes_by_a_name_of_its_own() {
        let ordered = moves_in_order(moves(&[("d/1.png", "d/2.png"), ("d/2.png", "d/1.png")]));
        let aside = "d/.danlu-aside-0.png";
        let expected = [("d/1.png", aside), ("d/2.png", "d/1.png"), (aside, "d/2.png")];
        assert_eq!(ordered, moves(&expected));
    }

    #[test]
    fn a_long_chain_takes_no_stack() {
        let names: Vec<String> = (0..100_001).map(|n| n.to_string()).collect();
        let pairs: Vec<(&str, &str)> = names
            .windows(2)
            .map(|pair| (pair[0].as_str(), pair[1].as_str()))
            .collect();
        let ordered = moves_in_order(moves(&pairs));
        assert_eq!(
            (ordered.len(), &ordered[..1]),
            (100_000, &moves(&[("99999", "100000")])[..])
        );
    }
}
