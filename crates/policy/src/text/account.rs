//! Checksummed addresses and ERC-3770 accounts.

use alloy_primitives::Address;

/// A chain of the ERC-3770 short-name table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Chain {
    /// Ethereum.
    #[default]
    Ethereum,
    /// Sepolia.
    Sepolia,
    /// Base.
    Base,
    /// Arbitrum One.
    Arbitrum,
    /// OP Mainnet.
    Optimism,
    /// Polygon.
    Polygon,
    /// Gnosis Chain.
    Gnosis,
    /// BNB Smart Chain.
    Bnb,
    /// Avalanche C-Chain.
    Avalanche,
}

impl Chain {
    /// Every chain that the language knows.
    pub const ALL: [Self; 9] = [
        Self::Ethereum,
        Self::Sepolia,
        Self::Base,
        Self::Arbitrum,
        Self::Optimism,
        Self::Polygon,
        Self::Gnosis,
        Self::Bnb,
        Self::Avalanche,
    ];

    /// The ERC-3770 short name.
    #[must_use]
    pub const fn short_name(self) -> &'static str {
        match self {
            Self::Ethereum => "eth",
            Self::Sepolia => "sep",
            Self::Base => "base",
            Self::Arbitrum => "arb1",
            Self::Optimism => "oeth",
            Self::Polygon => "matic",
            Self::Gnosis => "gno",
            Self::Bnb => "bnb",
            Self::Avalanche => "avax",
        }
    }

    /// The EIP-155 chain id.
    #[must_use]
    pub const fn id(self) -> u64 {
        match self {
            Self::Ethereum => 1,
            Self::Sepolia => 11_155_111,
            Self::Base => 8_453,
            Self::Arbitrum => 42_161,
            Self::Optimism => 10,
            Self::Polygon => 137,
            Self::Gnosis => 100,
            Self::Bnb => 56,
            Self::Avalanche => 43_114,
        }
    }
}

/// An account on a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    /// Its chain.
    pub chain: Chain,
    /// Its address.
    pub address: Address,
}

impl std::fmt::Display for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.chain.short_name(), self.address)
    }
}

impl std::str::FromStr for Account {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        parse_account(text).map_err(|(message, help)| format!("{message}; {help}"))
    }
}

/// A complaint and what to write instead.
pub(crate) type Complaint = (String, String);

/// Reads `short:0x…`.
pub(crate) fn parse_account(text: &str) -> Result<Account, Complaint> {
    let names = Chain::ALL.map(Chain::short_name).join("`, `");
    let Some((short, address)) = text.split_once(':') else {
        return Err((
            format!("`{text}` names no chain"),
            format!("write the account as chain and address, like `eth:{text}`; known chains are `{names}`"),
        ));
    };
    let address = parse_address(address);
    let Some(chain) = Chain::ALL.into_iter().find(|chain| chain.short_name() == short) else {
        return Err((format!("unknown chain `{short}`"), format!("write one of `{names}` before the colon")));
    };
    Ok(Account { chain, address: address? })
}

/// Reads an EIP-55 address. All-lowercase is refused too: it carries no checksum.
pub(crate) fn parse_address(text: &str) -> Result<Address, Complaint> {
    let is_hex =
        text.strip_prefix("0x").is_some_and(|hex| hex.len() == 40 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let address = if is_hex { text.parse::<Address>().ok() } else { None };
    let Some(address) = address else {
        let help = if text.contains(':') {
            "write the address without the chain before it".to_owned()
        } else {
            "an address is `0x` and 40 hexadecimal digits".to_owned()
        };
        return Err((format!("`{text}` is not an address"), help));
    };
    let checksummed = address.to_checksum(None);
    if checksummed == text {
        Ok(address)
    } else if text == text.to_ascii_lowercase() {
        Err((format!("address `{text}` has no checksum"), format!("if the digits are right, write `{checksummed}`")))
    } else {
        Err((
            format!("address `{text}` has a wrong checksum"),
            format!("compare every digit with its source; if they are right, write `{checksummed}`"),
        ))
    }
}
