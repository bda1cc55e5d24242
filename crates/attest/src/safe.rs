//! The Safe transaction that owners sign.

use alloc::{borrow::ToOwned, vec::Vec};

use alloy_primitives::{Address, B256, Bytes, U256, b256, keccak256};
use alloy_sol_types::SolCall;

use crate::abi::VERSIONCall;

/// `keccak256("EIP712Domain(uint256 chainId,address verifyingContract)")`.
pub const SAFE_DOMAIN_TYPEHASH: B256 = b256!("47e79534a245952e8b16893a336b85a3d9ea9fa8c573f3d803afb92a79469218");

/// `keccak256` of the type of a Safe transaction, `SafeTx(…)`.
pub const SAFE_TX_TYPEHASH: B256 = b256!("bb8310d486368db6bd6f849402fdd73ad53d316b5a4b2644ad6efe0f941286d8");

/// The Safes whose owner signatures can be read. All three hash a transaction in the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SafeVersion {
    /// 1.3.0
    V1_3_0,
    /// 1.4.1
    V1_4_1,
    /// 1.5.0, which asks contracts about the hash instead of the data.
    V1_5_0,
}

/// A Safe transaction.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct SafeTransaction {
    /// Whom it calls.
    pub to: Address,
    /// Wei.
    pub value: U256,
    /// Calldata.
    pub data: Bytes,
    /// 0 call, 1 delegatecall.
    pub operation: u8,
    /// Gas for the call itself.
    pub safe_tx_gas: U256,
    /// Gas that is refunded besides.
    pub base_gas: U256,
    /// The refund's price of gas.
    pub gas_price: U256,
    /// What the refund is paid in; zero for native units.
    pub gas_token: Address,
    /// Who is refunded; zero for the sender.
    pub refund_receiver: Address,
    /// The Safe's nonce, which during execution is already one higher.
    pub nonce: U256,
}

impl SafeVersion {
    /// Every version, oldest first.
    pub const ALL: [Self; 3] = [Self::V1_3_0, Self::V1_4_1, Self::V1_5_0];

    /// As the Safe's `VERSION()` tells.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::V1_3_0 => "1.3.0",
            Self::V1_4_1 => "1.4.1",
            Self::V1_5_0 => "1.5.0",
        }
    }

    /// Out of what `VERSION()` returned, which must be exactly the encoding of a name.
    pub(crate) fn from_answer(answer: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|version| VERSIONCall::abi_encode_returns(&version.name().to_owned()) == answer)
    }
}

impl SafeTransaction {
    /// What the transaction's hash is the hash of: `0x1901 ‖ domain ‖ struct`.
    #[must_use]
    pub fn encode(&self, account: Address, chain_id: u64) -> Vec<u8> {
        [&[0x19, 0x01], domain_separator(account, chain_id).as_slice(), self.struct_hash().as_slice()].concat()
    }

    /// The hash that owners sign and that names the request.
    #[must_use]
    pub fn hash(&self, account: Address, chain_id: u64) -> B256 {
        keccak256(self.encode(account, chain_id))
    }

    fn struct_hash(&self) -> B256 {
        let words = [
            SAFE_TX_TYPEHASH,
            self.to.into_word(),
            self.value.into(),
            keccak256(&self.data),
            U256::from(self.operation).into(),
            self.safe_tx_gas.into(),
            self.base_gas.into(),
            self.gas_price.into(),
            self.gas_token.into_word(),
            self.refund_receiver.into_word(),
            self.nonce.into(),
        ];
        keccak256(words.concat())
    }
}

/// The EIP-712 domain of an account, as its `domainSeparator()` tells.
#[must_use]
pub fn domain_separator(account: Address, chain_id: u64) -> B256 {
    keccak256([SAFE_DOMAIN_TYPEHASH, U256::from(chain_id).into(), account.into_word()].concat())
}
