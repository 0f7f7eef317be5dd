//! What views are made of: the catalogue of texts, columns of text, themes, fuzzy filtering, widgets.
//!
//! Nothing here knows an action, a pane or the engine, and nothing but [`theme::Themes`] reads a file. Widgets are pure functions
//! into a buffer; their state is a value of its own, changed by the update that owns it. Read [`lang`] for how text is written,
//! [`theme`] for how it looks and [`widgets`] for how it is laid out.

pub mod document;
pub mod filter;
pub mod lang;
pub mod text;
pub mod theme;
pub mod widgets;
