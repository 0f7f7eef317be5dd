//! The engine process: its queue on disk, its socket, and everything that may go wrong around them, with the real program.
//!
//! Each test has a home, and so an engine, of its own. Jobs are tiny; long ones are made of many steps.
#![cfg(unix)]
#![allow(missing_docs, clippy::unwrap_used)]

#[path = "../support/shell.rs"]
mod shell;

mod commands;
mod disk;
mod home;
mod life;
mod models;
mod wire;
