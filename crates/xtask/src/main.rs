//! Set up, demo, test, check, parity, evidence.

fn main() {}
