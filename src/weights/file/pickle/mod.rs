//! `PyTorch`'s pickles, read without running them.
//!
//! A pickle is a program. [`machine`] runs its instructions, but knows just the functions that make tensors, numbers and plain
//! containers ([`globals`]), and even of those makes descriptions only ([`build`]); every other class is named and refused. What
//! comes out is flattened into names ([`flatten`]). [`archive`] and [`legacy`] know where the elements lie. Nothing is reserved that
//! the file does not have. Never looks at what the tensors mean.

mod archive;
mod build;
mod escapes;
mod flatten;
pub(super) mod geometry;
mod globals;
mod legacy;
mod machine;
mod value;

use super::header::Header;

/// Why a pickle is not read.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Refused {
    /// It wants a class or function that is not known.
    Class(String),
    /// It contradicts itself.
    Damaged(String),
    /// It is something else.
    Unsupported(&'static str),
}

impl Refused {
    fn damaged(why: &str) -> Self {
        Self::Damaged(why.to_owned())
    }

    fn unsupported(what: &'static str) -> Self {
        Self::Unsupported(what)
    }
}

/// What a file holds, and the bytes that its pickle had escaped.
pub(super) type Contents = (Header, Vec<u8>);

/// Reads a zip archive of torch's.
///
/// # Errors
/// [`Refused`].
pub(super) fn zipped(file: &[u8]) -> Result<Contents, Refused> {
    let archive = archive::open(file)?;
    let mut heap = value::Heap::new(file);
    let (root, _) = machine::run(&mut heap, archive.pickle.start, archive.pickle.end)?;
    let header = flatten::flatten(&heap, root, &archive.storages, archive.pickle.len())?;
    Ok((header, heap.decoded))
}

/// Reads a pickle that is not in an archive.
///
/// # Errors
/// [`Refused`].
pub(super) fn bare(file: &[u8]) -> Result<Contents, Refused> {
    let mut heap = value::Heap::new(file);
    let (root, storages, length) = legacy::run(&mut heap)?;
    let header = flatten::flatten(&heap, root, &storages, length)?;
    Ok((header, heap.decoded))
}
