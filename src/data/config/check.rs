//! What is wrong with a file before anything is made of it: kohya's schema.

use super::keys::{self, Level, Takes};
use super::tree::{Node, Table, Value, get};
use super::{Kind, Problem, Wrong};

/// Every key and value of a file that kohya refuses.
pub(super) fn file(file: &Table) -> Vec<Problem> {
    let mut check = Check::default();
    for (key, node) in file {
        match (key.as_str(), &node.value) {
            ("general", Value::Table(table)) => check.table("general", table, Level::General),
            ("datasets", Value::List(datasets)) => check.datasets(datasets),
            ("general", other) => check.say(key, node, Wrong::NoTable(other.found())),
            ("datasets", other) => {
                let wrong = Wrong::NoTables {
                    found: other.found(),
                    written: "[[datasets]]",
                };
                check.say(key, node, wrong);
            }
            _ => check.say(key, node, Wrong::NoPart),
        }
    }
    check.problems
}

/// How a dataset's captions are found, by the keys of its subsets; `None` where they are mixed.
pub(super) fn kind(dataset: &Table) -> Option<Kind> {
    let subsets = match get(dataset, "subsets").map(|node| &node.value) {
        Some(Value::List(subsets)) => subsets.as_slice(),
        _ => &[],
    };
    let with = |key: &str| {
        let has = |node: &&Node| matches!(&node.value, Value::Table(table) if get(table, key).is_some());
        subsets.iter().filter(has).count()
    };
    let all = subsets.len();
    match (with("conditioning_data_dir"), with("metadata_file")) {
        (_, 0) if all == 0 => Some(Kind::DreamBooth),
        (conditioned, _) if conditioned == all => Some(Kind::ControlNet),
        (_, described) if described == all => Some(Kind::FineTuning),
        (_, 0) => Some(Kind::DreamBooth),
        _ => None,
    }
}

#[derive(Default)]
struct Check {
    problems: Vec<Problem>,
}

impl Check {
    fn say(&mut self, at: &str, node: &Node, wrong: Wrong) {
        self.problems.push(Problem {
            at: at.to_owned(),
            line: node.line,
            wrong,
        });
    }

    fn datasets(&mut self, datasets: &[Node]) {
        for (number, node) in datasets.iter().enumerate() {
            let at = format!("datasets[{number}]");
            let Value::Table(table) = &node.value else {
                self.say(&at, node, Wrong::NoTable(node.value.found()));
                continue;
            };
            let Some(kind) = kind(table) else {
                self.say(&at, node, Wrong::Mixed);
                continue;
            };
            self.table(&at, table, Level::Dataset(kind));
            if let Some(node) = get(table, "subsets") {
                self.subsets(&at, node, kind);
            }
        }
    }

    fn subsets(&mut self, dataset: &str, node: &Node, kind: Kind) {
        let Value::List(subsets) = &node.value else {
            let wrong = Wrong::NoTables {
                found: node.value.found(),
                written: "[[datasets.subsets]]",
            };
            self.say(&format!("{dataset}.subsets"), node, wrong);
            return;
        };
        for (number, node) in subsets.iter().enumerate() {
            let at = format!("{dataset}.subsets[{number}]");
            let Value::Table(table) = &node.value else {
                self.say(&at, node, Wrong::NoTable(node.value.found()));
                continue;
            };
            self.table(&at, table, Level::Subset(kind));
            if kind != Kind::FineTuning && get(table, "image_dir").is_none() {
                self.say(&format!("{at}.image_dir"), node, Wrong::NoFolder);
            }
        }
    }

    fn table(&mut self, at: &str, table: &Table, level: Level) {
        for (key, node) in table {
            if key == "subsets" && matches!(level, Level::Dataset(_)) {
                continue;
            }
            let at = format!("{at}.{key}");
            match keys::takes(key, level) {
                None => {
                    let wrong = Wrong::NoKey {
                        table: level.name(),
                        place: keys::place(key, level),
                    };
                    self.say(&at, node, wrong);
                }
                Some(takes) if !fits(&node.value, takes) => {
                    let found = node.value.found();
                    self.say(&at, node, Wrong::NotTaken { found, takes });
                }
                Some(_) => {}
            }
        }
    }
}

/// Whether a key that takes this would take the value.
fn fits(value: &Value, takes: Takes) -> bool {
    let whole = |value: &Value| matches!(value, Value::Int(_) | Value::Bool(_));
    let two = |value: &Value, fits: &dyn Fn(&Value) -> bool| match value {
        Value::List(list) => list.len() == 2 && list.iter().all(|node| fits(&node.value)),
        _ => false,
    };
    match takes {
        Takes::Bool => matches!(value, Value::Bool(_)),
        Takes::Int => whole(value),
        Takes::Float => matches!(value, Value::Float(_)),
        Takes::Number => whole(value) || matches!(value, Value::Float(_)),
        Takes::Text => matches!(value, Value::Text(_)),
        Takes::Floats => two(value, &|value| matches!(value, Value::Float(_))),
        Takes::Size => whole(value) || two(value, &whole),
        Takes::Table => matches!(value, Value::Table(_)),
    }
}
