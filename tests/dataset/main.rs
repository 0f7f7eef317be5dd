//! Datasets on the disk: found, counted, edited.
//!
//! Pictures are empty files here: nothing in these tests looks into them.
#![cfg(unix)]
#![allow(missing_docs, clippy::unwrap_used)]

#[path = "../weights/allocated.rs"]
mod allocated;
mod commands;
mod edits;
mod hot;
mod journal;
mod proposals;
mod set;
#[path = "../support/shell.rs"]
mod shell;
mod support;
mod tags;
