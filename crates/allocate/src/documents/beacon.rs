//! Deposits to the beacon chain, and the root that their contract insists on.

use alloy_primitives::{Address, B256, Bytes};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Wei in a gwei.
const GWEI: i128 = 1_000_000_000;

/// One signed deposit, as the deposit tools write it.
///
/// The BLS signature is not checked here; the beacon chain ignores a first deposit whose signature is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deposit {
    /// The validator's key, 48 bytes.
    #[schemars(with = "String")]
    pub pubkey: Bytes,
    /// Where withdrawals go: the account, behind type `0x01` or `0x02`.
    #[schemars(with = "String")]
    pub withdrawal_credentials: B256,
    /// The deposit's BLS signature, 96 bytes.
    #[schemars(with = "String")]
    pub signature: Bytes,
    /// What is deposited, in gwei.
    pub gwei: u64,
    /// The root of all of it.
    #[schemars(with = "String")]
    pub deposit_data_root: B256,
}

impl Deposit {
    /// In wei.
    pub(crate) fn wei(&self) -> i128 {
        i128::from(self.gwei).saturating_mul(GWEI)
    }

    /// What is wrong with it, if anything is: withdrawals have to go to `account`.
    pub(crate) fn fault(&self, account: Address) -> Option<&'static str> {
        let (kind, rest) = self.withdrawal_credentials.split_at(1);
        let (zeros, owner) = rest.split_at(11);
        if !matches!(kind, [1 | 2]) || zeros.iter().any(|byte| *byte != 0) || owner != account.as_slice() {
            return Some("its withdrawals do not go to the account");
        }
        if self.wei() < 1_000_000_000 * GWEI {
            return Some("the deposit contract takes no less than 1 ether");
        }
        match self.root() {
            None => Some("its pubkey has not 48 bytes, or its signature not 96"),
            Some(root) if root != self.deposit_data_root => Some("its deposit_data_root is not the root of the rest"),
            Some(_) => None,
        }
    }

    /// `hash_tree_root` of the consensus layer's `DepositData`, as the deposit contract computes it.
    fn root(&self) -> Option<B256> {
        if self.pubkey.len() != 48 || self.signature.len() != 96 {
            return None;
        }
        let (head, tail) = self.signature.split_at_checked(64)?;
        let pubkey = sha256(&[&self.pubkey, &[0; 16]]);
        let signature = sha256(&[sha256(&[head]).as_slice(), sha256(&[tail, &[0; 32]]).as_slice()]);
        let owner = sha256(&[pubkey.as_slice(), self.withdrawal_credentials.as_slice()]);
        let rest = sha256(&[&self.gwei.to_le_bytes(), &[0; 24], signature.as_slice()]);
        Some(sha256(&[owner.as_slice(), rest.as_slice()]))
    }
}

fn sha256(parts: &[&[u8]]) -> B256 {
    let mut hash = Sha256::new();
    parts.iter().for_each(|part| hash.update(part));
    B256::from_slice(&hash.finalize())
}
