//! Fixtures, generators and the parity harness; development only.
