//! Fixtures, generators and the parity harness; development only.
//!
//! Parity runs one case through both evaluators: the mirror, and the compiled hook on an in-process chain. They
//! must agree on verdict, reason, effect, rule, values and every word of storage that results.

pub mod answering;
pub mod around;
pub mod assemble;
pub mod case;
pub mod conditions;
pub mod contract;
pub mod control_leaves;
pub mod coverage;
pub mod dice;
pub mod draft;
mod encode;
pub mod faults;
pub mod generate;
mod held;
pub mod hook;
pub mod leaves;
pub mod messages;
pub mod multisend;
pub mod obligations;
pub mod opening;
pub mod parity;
pub mod plain;
pub mod policy_text;
pub mod questions;
pub mod safes;
pub mod scan;
pub mod shrink;
pub mod signing;
pub mod state;
pub mod tame;
pub mod tokens;
pub mod world;
