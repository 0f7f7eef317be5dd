//! Pictures of a set: what their headers say, how they are read, cropped and compared.
//!
//! [`facts`] tells size, orientation and colour from the header alone, [`open`] decodes within bounds, [`thumbnail`] makes a small copy.
//! Pictures come from anywhere: no header is believed before it is checked, and nothing is allocated that a file merely claims.
//! Nothing here knows captions or changes a file. Read [`facts`] next.

pub mod cut;
pub mod encode;
mod facts;
pub mod focus;
mod header;
mod reading;
pub mod resample;

pub use facts::{Colour, Facts, Format, facts};
pub use reading::{Limits, open, thumbnail, uses_alpha};
pub use trouble::{Damage, Fault, Foreign, Part, Trouble};

mod trouble;
pub mod twins;
pub mod work;
