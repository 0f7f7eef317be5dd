//! Datasets: pictures, their captions, and what training makes of them.
//!
//! Owns the files of a set and every change to them: [`set`] finds and reads them, [`document`] is one caption file to the byte, [`tags`]
//! counts ([`tokens`] CLIP's), [`edit`] plans changes, [`journal`] makes them so that each can be taken back, [`query`] chooses pictures. What training will
//! do is here as well, as the code that training calls: [`config`] (kohya's dataset TOML), [`buckets`], [`draws`] (what of a caption
//! reaches the text encoder), [`batches`]. [`picture`] reads, crops and compares pictures, [`health`] says what is wrong with a set.
//! It never shows anything and knows no tensors. Read [`set`] next.

pub mod batches;
pub mod buckets;
pub mod config;
pub mod document;
pub mod draws;
pub mod edit;
pub mod health;
pub mod journal;
pub mod picture;
pub mod query;
pub mod random;
pub mod set;
pub mod tags;
pub mod tokens;
pub mod unread;
