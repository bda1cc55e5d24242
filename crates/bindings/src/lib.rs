//! ABI types, committed bytecode and storage layout of the contracts.
