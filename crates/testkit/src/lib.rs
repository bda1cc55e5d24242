//! Fixtures, generators and the parity harness; development only.
//!
//! Parity runs one case through both evaluators: the mirror, and the compiled hook on an in-process chain. They
//! must agree on verdict, reason, effect, rule, values and every word of storage that results.

pub mod assemble;
pub mod case;
pub mod contract;
pub mod coverage;
pub mod dice;
pub mod draft;
pub mod faults;
pub mod generate;
pub mod leaves;
pub mod parity;
pub mod policy_text;
pub mod shrink;
pub mod state;
pub mod world;
