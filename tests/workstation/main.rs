//! The workstation in a real pseudo terminal, with a real engine process behind it.
//!
//! Each test has a home, and so an engine, of its own. Pictures are tiny; long jobs are made of many steps.
#![cfg(unix)]
#![allow(missing_docs, clippy::unwrap_used)]

#[path = "../graphics/decode.rs"]
#[allow(dead_code)]
mod decode;
#[path = "../engine/home.rs"]
#[allow(dead_code)]
mod home;
#[path = "../support/shell.rs"]
mod shell;
#[path = "../support/tty.rs"]
mod tty;

mod answers;
mod dataset;
mod desk;
mod drawing;
mod leaving;
mod links;
mod pictures;
mod settings;
mod sizes;
