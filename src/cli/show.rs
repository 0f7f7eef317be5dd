//! A picture printed into the terminal, by whatever means viuer finds.

use std::io::IsTerminal;
use std::path::Path;

use super::failure::Failure;

/// Prints the picture at the size of the terminal, at most half a column for a pixel.
pub(super) fn picture(path: &Path) -> Result<(), Failure> {
    let cannot = |e: String| {
        Failure::failed(format!("cannot show {}: {e}", path.display())).hint("the picture itself is on disk")
    };
    let picture = image::open(path).map_err(|e| cannot(e.to_string()))?;
    let (columns, rows) = viuer::terminal_size();
    let room =
        u32::from(columns).min(u32::from(rows.saturating_sub(3)) * 2 * picture.width() / picture.height().max(1));
    let width = room.min(picture.width() / 2).max(8);
    // A pipe cannot be asked for its protocols; it gets half blocks.
    let asked = std::io::stdout().is_terminal();
    let config = viuer::Config {
        absolute_offset: false,
        width: Some(width),
        use_kitty: asked,
        use_iterm: asked,
        ..Default::default()
    };
    viuer::print(&picture, &config).map_err(|e| cannot(e.to_string()))?;
    Ok(())
}
