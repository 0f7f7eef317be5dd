//! A1111's user metadata written back: keys that are not ours stay, in their order, in A1111's own layout.

use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize as _;
use serde_json::ser::{PrettyFormatter, Serializer};
use serde_json::{Map, Value};

use super::{Edit, filled, html, read, user_file};
use crate::store::atomic;

/// Changes `name.json` beside a model and tells its path. What was written as HTML stays as it was written unless it is changed.
///
/// # Errors
/// The folder cannot be written to, or what lies there is no JSON object and so not ours to replace.
pub(in crate::library) fn write(model: &Path, edit: &Edit) -> io::Result<PathBuf> {
    let path = user_file(model);
    if !model.exists() {
        return Err(io::ErrorKind::NotFound.into());
    }
    let mut said = match read(&path) {
        Ok(bytes) => object(&bytes)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Map::new(),
        Err(error) => return Err(error),
    };
    let before = said.clone();
    let texts = [
        ("description", &edit.description),
        ("sd version", &edit.sd_version),
        ("activation text", &edit.activation),
        ("negative text", &edit.negative),
        ("notes", &edit.notes),
    ];
    for (key, text) in texts {
        if let Some(text) = text {
            let old = said.get(key).and_then(Value::as_str);
            let is_same = old.is_some_and(|old| key == "description" && html::plain(old) == *text);
            if !is_same && (old.is_some() || filled(text.clone()).is_some()) {
                said.insert(key.to_owned(), Value::from(text.as_str()));
            }
        }
    }
    if let Some(weight) = edit.preferred_weight.filter(|weight| weight.is_finite()) {
        said.insert("preferred weight".to_owned(), Value::from(weight));
    }
    if said != before {
        atomic::write_atomic(&path, |file| {
            let mut out = Vec::new();
            said.serialize(&mut Serializer::with_formatter(
                &mut out,
                PrettyFormatter::with_indent(b"    "),
            ))?;
            file.write_all(&out)
        })
        .map_err(io::Error::other)?;
    }
    Ok(path)
}

fn object(bytes: &[u8]) -> io::Result<Map<String, Value>> {
    let text = std::str::from_utf8(bytes).map_err(io::Error::other)?;
    if text.trim().is_empty() {
        return Ok(Map::new());
    }
    serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(io::Error::other)
}
