//! Safe: its contracts, its transactions, its batches.

mod batch;
mod contracts;
mod tx;

pub use batch::{Transaction, multi_send};
pub use contracts::{Artifacts, Deployment};
pub use portcullis_bindings::safe::SafeTx;
pub use tx::{batch, call, exec, hash, sign};

use std::fmt;
use std::str::FromStr;

use alloy_primitives::{Address, address};
use portcullis_bindings::deployer;
use portcullis_bindings::safe::{MULTI_SEND_CALL_ONLY_1_3_0, MULTI_SEND_CALL_ONLY_1_4_1, MULTI_SEND_CALL_ONLY_1_5_0};
use serde::{Deserialize, Serialize};

/// A supported version of Safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
pub enum Version {
    /// 1.3.0.
    #[serde(rename = "1.3.0")]
    V1_3_0,
    /// 1.4.1.
    #[serde(rename = "1.4.1")]
    V1_4_1,
    /// 1.5.0, the first with a module guard.
    #[serde(rename = "1.5.0")]
    V1_5_0,
}

impl Version {
    /// Every supported version, oldest first.
    pub const ALL: [Self; 3] = [Self::V1_3_0, Self::V1_4_1, Self::V1_5_0];

    /// As its `VERSION()` says.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1_3_0 => "1.3.0",
            Self::V1_4_1 => "1.4.1",
            Self::V1_5_0 => "1.5.0",
        }
    }

    /// Whether modules are guarded: by a guard of their own, which must be set too.
    #[must_use]
    pub fn has_module_guard(self) -> bool {
        self >= Self::V1_5_0
    }

    /// The canonical MultiSendCallOnly.
    #[must_use]
    pub const fn multi_send_call_only(self) -> Address {
        match self {
            Self::V1_3_0 => MULTI_SEND_CALL_ONLY_1_3_0,
            Self::V1_4_1 => MULTI_SEND_CALL_ONLY_1_4_1,
            Self::V1_5_0 => MULTI_SEND_CALL_ONLY_1_5_0,
        }
    }

    /// The CREATE2 proxy that its canonical contracts came through.
    #[must_use]
    pub const fn deployer(self) -> Address {
        match self {
            Self::V1_3_0 => deployer::ARACHNID,
            Self::V1_4_1 | Self::V1_5_0 => deployer::SAFE_SINGLETON_FACTORY,
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Version {
    type Err = ();

    /// Reads what `VERSION()` says, or fails on an unsupported one. The L2 variants say `1.3.0` as well.
    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|version| version.as_str() == text).ok_or(())
    }
}

/// Who asks in a call where it does not matter.
pub(crate) const ANYBODY: Address = address!("00000000000000000000000000000000000000aA");
