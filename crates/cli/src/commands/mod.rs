//! One file per subcommand.

pub(crate) mod allocate;
pub(crate) mod announce;
pub(crate) mod apply;
pub(crate) mod approve;
pub(crate) mod backtest;
pub(crate) mod check;
pub(crate) mod compile;
pub(crate) mod decompile;
pub(crate) mod demo;
pub(crate) mod deploy;
pub(crate) mod diff;
pub(crate) mod explain;
mod explain_message;
pub(crate) mod fmt;
pub(crate) mod freeze;
pub(crate) mod hash;
pub(crate) mod init;
pub(crate) mod lint;
pub(crate) mod pages;
pub(crate) mod plan;
pub(crate) mod registry;
pub(crate) mod replay;
pub(crate) mod schema;
pub(crate) mod sign;
pub(crate) mod simulate;
pub(crate) mod status;
pub(crate) mod transact;
