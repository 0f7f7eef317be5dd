//! Reading an architecture: from LDM's yaml and the tensors' shapes ([`ldm`]) or from a diffusers folder's json ([`diffusers`]).
//!
//! Owns every default that these formats leave unsaid. Nothing here loads a tensor.

pub mod diffusers;
pub mod ldm;
mod shapes;

use std::path::Path;

/// A checkpoint's name in lists and infotext: the file's name without the extension, or the folder's name.
pub fn display_name(path: &Path) -> String {
    let is_file = path.extension().is_some_and(|e| {
        ["safetensors", "ckpt", "pt", "pth", "bin"]
            .iter()
            .any(|known| e.eq_ignore_ascii_case(known))
    });
    let name = if is_file { path.file_stem() } else { path.file_name() };
    name.unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// Reads `128x128` or `512` as width and height.
pub(super) fn parse_resolution(text: &str) -> Option<[usize; 2]> {
    let (width, height) = text.split_once('x').unwrap_or((text, text));
    let size = [width.trim().parse().ok()?, height.trim().parse().ok()?];
    size.iter().all(|n| (8..=1 << 14).contains(n)).then_some(size)
}
