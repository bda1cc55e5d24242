//! Small contracts that answer a static call well, badly or not at all.

use alloy_primitives::{Address, Bytes, U256, hex};

/// How a contract answers. Members count by the number in their second and fourth byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Answering {
    /// Whether the member's number is odd.
    #[default]
    Odd,
    /// Whether the member's number has bit 1, to `isSanctioned(address)` alone.
    Sanctions,
    /// Whether it has exactly the gas that a registry is given.
    Exact,
    /// Reverts with the word 1.
    Reverts,
    /// Has no code.
    NoCode,
    /// Returns nothing.
    Silent,
    /// Returns the word 2.
    Two,
    /// Returns 31 bytes.
    Short,
    /// Returns two words.
    Long,
    /// Uses all its gas.
    Burner,
    /// Returns as much as its gas buys.
    Bomb,
    /// Writes to its storage first, which a static call may not.
    Writer,
    /// Returns its arguments.
    Echo,
    /// Returns the gas that it has left.
    Gas,
    /// Returns its caller.
    Caller,
}

impl Answering {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Odd,
        Self::Sanctions,
        Self::Exact,
        Self::Reverts,
        Self::NoCode,
        Self::Silent,
        Self::Two,
        Self::Short,
        Self::Long,
        Self::Burner,
        Self::Bomb,
        Self::Writer,
        Self::Echo,
        Self::Gas,
        Self::Caller,
    ];
    /// Those that answer for members as a registry must.
    pub const SOUND: [Self; 3] = [Self::Odd, Self::Sanctions, Self::Exact];

    /// Where it stands.
    #[must_use]
    pub fn address(self) -> Address {
        Address::right_padding_from(&[0xa5, self as u8, 0xff, self as u8, 0xa5])
    }

    /// Which of them stands there.
    #[must_use]
    pub fn at(address: Address) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.address() == address)
    }

    /// The selector that a list of members asks with.
    #[must_use]
    pub const fn method(self) -> (&'static str, [u8; 4]) {
        match self {
            Self::Sanctions => ("isSanctioned(address)", hex!("df592f7d")),
            _ => ("contains(address)", hex!("5dbe47e8")),
        }
    }

    /// Its code; none where there is none.
    #[must_use]
    pub fn code(self) -> Option<Bytes> {
        let code: &'static [u8] = match self {
            Self::NoCode => return None,
            // CALLDATALOAD(4) >> 144 & 1
            Self::Odd => &hex!("600435 6090 1c 6001 16 5f52 6020 5f f3"),
            // if CALLDATALOAD(0) >> 224 == isSanctioned then CALLDATALOAD(4) >> 145 & 1 else revert
            Self::Sanctions => {
                &hex!("5f35 60e0 1c 63df592f7d 14 6011 57 5f 5f fd 5b 600435 6091 1c 6001 16 5f52 6020 5f f3")
            }
            // GAS == 100,000 less the 2 that GAS costs
            Self::Exact => &hex!("5a 6201869e 14 5f52 6020 5f f3"),
            Self::Reverts => &hex!("6001 5f52 6020 5f fd"),
            Self::Silent => &hex!("00"),
            Self::Two => &hex!("6002 5f52 6020 5f f3"),
            Self::Short => &hex!("6001 5f52 601f 5f f3"),
            Self::Long => &hex!("6001 5f52 6001 602052 6040 5f f3"),
            // while true
            Self::Burner => &hex!("5b 5f 56"),
            // 190,000 bytes, of which the first word is 1
            Self::Bomb => &hex!("6001 5f52 6202e630 5f f3"),
            Self::Writer => &hex!("6001 5f 55 6001 5f52 6020 5f f3"),
            // CALLDATACOPY(0, 4, CALLDATASIZE - 4)
            Self::Echo => &hex!("6004 36 03 80 6004 5f 37 5f f3"),
            Self::Gas => &hex!("5a 5f52 6020 5f f3"),
            Self::Caller => &hex!("33 5f52 6020 5f f3"),
        };
        Some(Bytes::from_static(code))
    }

    /// Whether the sound ones list the member.
    #[must_use]
    pub fn lists(self, member: Address) -> bool {
        let bit = |n: usize| !((U256::from_be_slice(member.as_slice()) >> n) & U256::ONE).is_zero();
        match self {
            Self::Odd => bit(144),
            Self::Sanctions => bit(145),
            _ => self == Self::Exact,
        }
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::keccak256;

    use super::*;

    #[test]
    fn every_method_is_that_of_its_signature() {
        for answering in Answering::ALL {
            let (signature, selector) = answering.method();
            assert_eq!(keccak256(signature)[..4], selector, "{signature}");
        }
    }
}
