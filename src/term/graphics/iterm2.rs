//! iTerm2's inline files: <https://iterm2.com/documentation-images.html>.
//!
//! The file is a JPEG, a tenth of a PNG, and the terminal scales it to its cells.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::codecs::jpeg::JpegEncoder;
use ratatui::layout::Size;

use super::super::probe::Mux;
use super::encode::{Body, Made, Source, shrunk};
use super::fit::Fit;
use super::{Order, passthrough};

/// Below the last of these a smaller picture looks better than a worse one.
const QUALITIES: [u8; 4] = [75, 60, 45, 30];
/// A preview is blurred anyway and small either way: blocks of eight pixels would be what one sees of it.
const OF_FEW: u8 = 85;
const FEW: u32 = 160 * 160;

/// A file to show.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct File {
    base64: String,
    bytes: usize,
}

pub(super) fn encode(source: &Source<'_>, fit: &Fit, order: &Order) -> Option<Made> {
    let mut size = source.size_within(fit.extent);
    let room = match order.mux {
        Mux::Tmux => order.budget.min(passthrough::TMUX_MOST),
        _ => order.budget,
    };
    loop {
        let picture = source.scaled(size);
        let first = (size.0 * size.1 <= FEW).then_some(OF_FEW);
        let mut least = usize::MAX;
        for quality in first.into_iter().chain(QUALITIES) {
            let mut jpeg = Vec::new();
            JpegEncoder::new_with_quality(&mut jpeg, quality)
                .encode_image(&picture)
                .ok()?;
            let file = File {
                base64: STANDARD.encode(&jpeg),
                bytes: jpeg.len(),
            };
            let bytes = show(&file, fit.cells.as_size(), order.mux).len();
            if bytes <= room {
                return Some(Made {
                    bytes,
                    body: Body::Iterm2(file),
                });
            }
            least = least.min(bytes);
            // No quality halves a file that is twice too long more than once.
            if bytes / 4 > room {
                break;
            }
        }
        size = shrunk(size, least, room)?;
    }
}

/// The command that shows a file at the cursor. Terminals older than `doNotMoveCursor` move the cursor below the picture.
pub(super) fn show(file: &File, cells: Size, mux: Mux) -> Vec<u8> {
    let (columns, rows) = (cells.width, cells.height);
    let keys = format!(
        "inline=1;size={};width={columns};height={rows};preserveAspectRatio=1",
        file.bytes
    );
    let command = format!("\x1b]1337;File={keys};doNotMoveCursor=1:{}\x07", file.base64);
    passthrough::wrap(mux, command.as_bytes()).into_owned()
}
