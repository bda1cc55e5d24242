//! Values that a document writes as text.

pub(crate) mod account;
pub(crate) mod amount;
pub(crate) mod clock;
pub(crate) mod duration;
pub(crate) mod selector;
pub(crate) mod typed_data;
