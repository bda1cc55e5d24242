//! One file per subcommand.

pub(crate) mod check;
pub(crate) mod compile;
pub(crate) mod decompile;
pub(crate) mod demo;
pub(crate) mod explain;
mod explain_message;
pub(crate) mod simulate;
