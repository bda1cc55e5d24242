//! What an account can be, and contracts that sign.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, B256, Bytes, U256, hex, keccak256};
use portcullis_simulate::Embedded;
use serde::{Deserialize, Serialize};

/// Which code an account runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Release {
    /// Safe 1.3.0.
    #[serde(rename = "1.3.0")]
    V130,
    /// Safe 1.4.1.
    #[default]
    #[serde(rename = "1.4.1")]
    V141,
    /// Safe 1.5.0.
    #[serde(rename = "1.5.0")]
    V150,
    /// No Safe: it has a nonce and nothing else.
    #[serde(rename = "stranger")]
    Stranger,
}

impl Release {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::V130, Self::V141, Self::V150, Self::Stranger];

    /// Answers `nonce()` from slot 5 and reverts on all else.
    pub(crate) const STRANGER: Bytes =
        Bytes::from_static(&hex!("5f35 60e0 1c 63affed0e0 14 6011 57 5f 5f fd 5b 6005 54 5f 52 6020 5f f3"));

    /// The package and the contract.
    pub(crate) const fn artifact(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::V130 => Some(("@gnosis.pm/safe-contracts", "GnosisSafe")),
            Self::V141 => Some(("@safe-global/safe-contracts", "Safe")),
            Self::V150 => Some(("@safe-global/safe-smart-account", "Safe")),
            Self::Stranger => None,
        }
    }

    /// The package and the contract of the accounts' own code, which runs the release's.
    pub(crate) const fn proxy_artifact(self) -> (&'static str, &'static str) {
        match self {
            Self::V130 => ("@gnosis.pm/safe-contracts", "GnosisSafeProxy"),
            Self::V141 | Self::Stranger => ("@safe-global/safe-contracts", "SafeProxy"),
            Self::V150 => ("@safe-global/safe-smart-account", "SafeProxy"),
        }
    }

    /// Where the accounts' code stands.
    #[must_use]
    pub fn proxy(self) -> Address {
        Address::right_padding_from(&[0x5b, self as u8, 0xff])
    }

    /// Where the release's code stands.
    #[must_use]
    pub fn singleton(self) -> Address {
        Address::right_padding_from(&[0x5a, self as u8, 0xff])
    }
}

/// Who makes accounts ask twice.
pub const DRIVER: Address = Address::repeat_byte(0xd7);

/// A Safe's own storage, as far as signatures are read against it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Safe {
    /// Its code.
    pub release: Release,
    /// Its owners.
    pub owners: BTreeSet<Address>,
    /// Its threshold.
    pub threshold: u64,
    /// The nonce of its next transaction.
    pub nonce: U256,
    /// Hashes that owners approved on the Safe itself.
    pub approved: BTreeSet<(Address, B256)>,
    /// Hashes of messages that it has signed on chain.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub signed: BTreeSet<B256>,
}

impl Safe {
    /// The account's code: it runs that of a proxy, in its own storage. Unlike the proxy's own it lets the account send
    /// transactions here.
    #[must_use]
    pub fn code(&self) -> Bytes {
        [&hex!("ef0100"), self.release.proxy().as_slice()].concat().into()
    }

    /// Code that passes on what [`DRIVER`] sends to the hook, twice, and answers with what that said the second time;
    /// to everybody else it is the Safe.
    #[must_use]
    pub fn twice(&self) -> Bytes {
        let (hook, proxy) = (crate::world::HOOK, self.release.proxy());
        let parts: [&[u8]; 9] = [
            &hex!("33 73"),
            DRIVER.as_slice(),
            &hex!("14 6048 57 36 5f 5f 37 5f 5f 36 5f 73"),
            proxy.as_slice(),
            &hex!("5a f4 5b 3d 5f 5f 3e 6044 57 3d 5f fd 5b 3d 5f f3 5b 36 5f 5f 37 5f 5f 36 5f 5f 73"),
            hook.as_slice(),
            &hex!("5a f1 15 608c 57 5f 5f 36 5f 5f 73"),
            hook.as_slice(),
            &hex!("5a f1 6039 56 5b fe"),
        ];
        parts.concat().into()
    }

    /// Code that makes these calls, one after the other, for [`DRIVER`]: whom, with how many wei, with what. The first
    /// that fails ends all. To everybody else it is the Safe.
    #[must_use]
    pub fn making(&self, calls: &[(Address, U256, Bytes)]) -> Bytes {
        // One call: CODECOPY(0, offset, length), CALL(gas, to, value, 0, length, 0, 0).
        const CALL: usize = 75;
        let number = |n: usize| u16::try_from(n).unwrap_or(u16::MAX).to_be_bytes();
        let proxy = self.release.proxy();
        let mut code = [
            &hex!("33 73")[..],
            DRIVER.as_slice(),
            &hex!("14 6048 57 36 5f 5f 37 5f 5f 36 5f 73"),
            proxy.as_slice(),
            &hex!("5a f4 5b 3d 5f 5f 3e 6044 57 3d 5f fd 5b 3d 5f f3 5b"),
        ]
        .concat();
        let end = code.len() + calls.len() * CALL;
        // Behind the calls: all is well; or, five bytes on, it is not.
        let mut from = end + 11;
        for (to, value, data) in calls {
            let (length, offset) = (number(data.len()), number(from));
            code.extend([&hex!("61")[..], &length, &hex!("61"), &offset, &hex!("5f 39 5f 5f 61"), &length].concat());
            code.extend([&hex!("5f 7f")[..], &value.to_be_bytes::<32>(), &hex!("73"), to.as_slice()].concat());
            code.extend([&hex!("5a f1 15 61")[..], &number(end + 5), &hex!("57")].concat());
            from += data.len();
        }
        code.extend(hex!("6001 6039 56 5b 5f 6039 56 00"));
        calls.iter().for_each(|(_, _, data)| code.extend(data));
        code.into()
    }

    /// The storage words.
    #[must_use]
    pub fn words(&self) -> BTreeMap<U256, U256> {
        // As the Safe lays it out: singleton in slot 0, owners in slot 2, threshold in 4, nonce in 5, signed messages in 7, approved
        // hashes in 8.
        let entry = |key: B256, slot: B256| keccak256([key, slot].concat());
        let slot = |n: u64| B256::from(U256::from(n));
        let singleton = U256::from_be_slice(self.release.singleton().as_slice());
        let mut words = BTreeMap::from([
            (U256::ZERO, singleton),
            (U256::from(4), U256::from(self.threshold)),
            (U256::from(5), self.nonce),
        ]);
        for owner in &self.owners {
            words.insert(entry(owner.into_word(), slot(2)).into(), U256::ONE);
        }
        for (owner, hash) in &self.approved {
            words.insert(entry(*hash, entry(owner.into_word(), slot(8))).into(), U256::ONE);
        }
        for hash in &self.signed {
            words.insert(entry(*hash, slot(7)).into(), U256::ONE);
        }
        // The list of owners begins at the sentinel, which is why it looks like one.
        words.insert(entry(Address::with_last_byte(1).into_word(), slot(2)).into(), U256::ONE);
        words
    }

    /// Puts it on a chain.
    pub fn stand(&self, chain: &mut Embedded, at: Address) {
        chain.set_code(at, self.code());
        for (slot, word) in self.words() {
            chain.set_storage(at, slot, word);
        }
    }
}

/// Contracts that sign, well or badly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verifier {
    /// Takes a signature for its own whose first word is the digest, or the hash of the data.
    #[default]
    Binds,
    /// Takes any.
    Agrees,
    /// Answers with zero.
    Refuses,
    /// Answers with the magic value and a bit behind it.
    Dirty,
    /// Answers with the magic value in 31 bytes.
    Short,
    /// Answers with the magic value and a word more.
    Long,
    /// Reverts with the magic value.
    Reverts,
    /// Uses all its gas.
    Burns,
    /// Takes any under a hash, and none under data.
    Modern,
}

impl Verifier {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Binds,
        Self::Agrees,
        Self::Refuses,
        Self::Dirty,
        Self::Short,
        Self::Long,
        Self::Reverts,
        Self::Burns,
        Self::Modern,
    ];

    /// Where it stands.
    #[must_use]
    pub fn address(self) -> Address {
        Address::right_padding_from(&[0x51 + 0x20 * (self as u8 % 3), self as u8, 0xff, self as u8, 0x51])
    }

    /// Which of them stands there.
    #[must_use]
    pub fn at(address: Address) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.address() == address)
    }

    /// Its code. All but two begin by making the magic value of the selector.
    #[must_use]
    pub fn code(self) -> Bytes {
        let code: &'static [u8] = match self {
            // legacy: CALLDATACOPY(0, 100, CALLDATALOAD(68)); KECCAK256(0, CALLDATALOAD(68)), else CALLDATALOAD(4);
            // equal to the word behind the length of the second argument, times the selector
            Self::Binds => &hex!(
                "5f35 60e0 1c 80 6320c13b0b 14 6015 57 6004 35 6020 56 5b 6044 35 80 6064 5f 37 5f 20 5b"
                "6024 35 6024 01 35 14 02 60e0 1b 5f52 6020 5f f3"
            ),
            Self::Agrees => &hex!("5f35 60e0 1c 60e0 1b 5f52 6020 5f f3"),
            Self::Refuses => &hex!("6020 5f f3"),
            Self::Dirty => &hex!("5f35 60e0 1c 60e0 1b 6001 17 5f52 6020 5f f3"),
            Self::Short => &hex!("5f35 60e0 1c 60e0 1b 5f52 601f 5f f3"),
            Self::Long => &hex!("5f35 60e0 1c 60e0 1b 5f52 6040 5f f3"),
            Self::Reverts => &hex!("5f35 60e0 1c 60e0 1b 5f52 6020 5f fd"),
            Self::Burns => &hex!("5b 5f 56"),
            Self::Modern => &hex!("5f35 60e0 1c 80 631626ba7e 14 02 60e0 1b 5f52 6020 5f f3"),
        };
        Bytes::from_static(code)
    }
}
