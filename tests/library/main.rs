//! The library: what model files there are and what they are, in folders as people have them, with whatever lies there.
//!
//! Files are made here, few bytes each ([`files`]); those that only torch can write, and the hashes that Python computes, are fixtures of
//! `tests/reference/library.py`.
#![allow(missing_docs, clippy::unwrap_used)]

mod description;
mod files;
mod hashes;
mod index;
mod marks;
mod shell;
#[path = "../support/shell.rs"]
mod shells;
mod sidecars;
mod trainings;
mod trees;
mod watching;
