//! One file per subcommand.

pub(crate) mod backtest;
pub(crate) mod check;
pub(crate) mod compile;
pub(crate) mod decompile;
pub(crate) mod demo;
pub(crate) mod diff;
pub(crate) mod explain;
mod explain_message;
pub(crate) mod fmt;
pub(crate) mod history;
pub(crate) mod init;
pub(crate) mod lint;
pub(crate) mod replay;
pub(crate) mod schema;
pub(crate) mod simulate;
