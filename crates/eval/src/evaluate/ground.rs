//! What every evaluation begins with.

use alloy_primitives::Address;

use crate::layout::{Missing, Standing, State};
use crate::program::{Malformed, Program};

/// What a request meets: its account as it stands, and the program.
pub(super) struct Ground<'a> {
    pub(super) account: Standing,
    pub(super) program: Result<Program<'a>, Malformed>,
}

impl<'a> Ground<'a> {
    pub(super) fn read<S: State>(program: &'a [u8], account: Address, state: &S) -> Result<Self, Missing> {
        Ok(Self { account: Standing::read(account, state)?, program: Program::open(program) })
    }
}
