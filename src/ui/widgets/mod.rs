//! What panes are drawn with: pure functions into a buffer, each with its state beside it.
//!
//! No widget remembers anything while drawing; what the mouse can hit is returned. Every one draws only inside its area and inside
//! the buffer, however small, and puts every text through [`crate::ui::text::safe`]. Begin with [`line`], which the others draw
//! their text with; [`form`] and [`list`] are the large ones.

pub mod form;
pub mod frame;
pub mod gauge;
pub mod hintbar;
pub mod input;
pub mod line;
pub mod lines;
pub mod list;
pub mod popup;
pub mod scrollbar;
pub mod tabs;
pub mod too_small;
