//! How far the limits of a program are used, for whoever asks without a request.

use alloc::vec::Vec;

use alloy_primitives::{Address, B256, U256};

use crate::layout::{Missing, State, limit_descriptor, limit_slot};
use crate::limit::{Meter, Unopened};
use crate::program::{Limit, Malformed, Program};

/// What a limit counts apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keyed {
    /// Nothing.
    Account,
    /// Recipients.
    Recipient,
    /// Initiators.
    Initiator,
}

/// A limit of a program, and where its word is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metered {
    limit: Limit,
    account: Address,
}

/// How far a limit is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// What can still be charged, in base units, or in requests.
    pub remaining: U256,
    /// When some of what is used frees up, in seconds; none where nothing is used.
    pub frees_at: Option<u64>,
}

impl Metered {
    /// The id, as the program has it.
    #[must_use]
    pub const fn id(&self) -> B256 {
        self.limit.id
    }

    /// The cap, in base units, or in requests.
    #[must_use]
    pub const fn cap(&self) -> U256 {
        self.limit.cap
    }

    /// What it counts apart.
    #[must_use]
    pub const fn keyed(&self) -> Keyed {
        match self.limit.scope() {
            0 => Keyed::Account,
            1 => Keyed::Recipient,
            _ => Keyed::Initiator,
        }
    }

    /// Where the word is; none for a window that keeps none.
    #[must_use]
    pub fn slot(&self, key: Address) -> Option<U256> {
        let Limit { id, asset, window, lane_seconds, .. } = self.limit;
        let descriptor = limit_descriptor(window, lane_seconds, self.limit.scope(), self.limit.counts());
        (window > 0).then(|| limit_slot(self.account, id, asset, descriptor, key))
    }

    /// How far it is used, for what its scope names (zero for the account), at a time in seconds.
    ///
    /// # Errors
    /// [`Missing`] when its word is not known. A limit that the format forbids is none: nothing is charged to it.
    pub fn usage<S: State>(&self, key: Address, state: &S, now: u64) -> Result<Option<Usage>, Missing> {
        match Meter::open(&self.limit, self.account, key, state, now) {
            Ok(meter) => Ok(Some(Usage { remaining: meter.remaining(), frees_at: meter.frees_at(&self.limit, now) })),
            Err(Unopened::Missing(missing)) => Err(missing),
            Err(Unopened::Malformed | Unopened::Overflow) => Ok(None),
        }
    }
}

/// The limits of a program, in its order; none of a program that does not hold.
#[must_use]
pub fn limits(program: &[u8], account: Address) -> Vec<Metered> {
    let read = || -> Result<Vec<Metered>, Malformed> {
        let program = Program::open(program)?;
        let limit = |index| Ok(Metered { limit: program.limit(index)?.checked()?, account });
        (0..program.limit_count()).map(limit).collect()
    };
    read().unwrap_or_default()
}
