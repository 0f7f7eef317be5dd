//! Files mapped into memory: the one place where that is done.
//!
//! The pages belong to the page cache, so a checkpoint is never in host memory twice.

use std::fs::File;

use memmap2::Mmap;

/// Maps a file for reading.
///
/// # Errors
/// Whatever the system says.
#[expect(
    unsafe_code,
    reason = "mapping a file is unsafe in every library: another process may cut it short under us"
)]
pub(super) fn map(file: &File) -> std::io::Result<Mmap> {
    // SAFETY: the map is private and read-only. Reading what was cut off the file ends the process with SIGBUS: a `TensorFile` looks
    // at the file's length and time before it gives out a tensor, which leaves the moment between that and its copying. danlu itself
    // replaces files only by renaming, which leaves a mapped one as it was.
    unsafe { Mmap::map(file) }
}
