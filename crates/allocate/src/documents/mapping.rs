//! The mapping: by which calls of an account a proposal is carried out.

use super::policy::state_at;
use super::policy_rules::check_lifecycle;
use super::{Body, Claim, Deposit, Kind, Stage, State, Unit, lido};
use alloy_json_abi::Function;
use alloy_primitives::Address;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// One revision of a mapping from subjects to calls. Another revision is another document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// `"allocation-mapping"`
    pub kind: Kind,
    /// 1
    pub format: u32,
    /// Its name, the same for every revision.
    pub id: String,
    /// Counts from 1.
    pub revision: u32,
    /// Who wrote it.
    pub author: String,
    /// When.
    #[schemars(with = "String")]
    pub created_at: Timestamp,
    /// What became of it, in order of time.
    pub lifecycle: Vec<Stage>,
    /// What amounts are counted in: as in the snapshot.
    pub unit: Unit,
    /// The chain that the account is on.
    pub chain_id: u64,
    /// The account that makes the calls.
    #[schemars(with = "String")]
    pub account: Address,
    /// Where capital goes, and how it comes back.
    pub routes: Vec<Route>,
}

/// Subjects that are reached in one way: what they receive and give back in a phase becomes one net amount.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// Names the route.
    pub id: String,
    /// The subjects, or what contains them. A route that names a subject itself goes before those that contain it.
    pub subjects: Vec<String>,
    /// How they receive capital; if absent, they cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub increase: Option<Way>,
    /// How they give capital back; if absent, they cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decrease: Option<Way>,
}

/// The calls that move an amount.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum Way {
    /// Approves the vault and deposits: amounts are assets (ERC-4626).
    Erc4626Deposit {
        /// The vault.
        #[schemars(with = "String")]
        vault: Address,
        /// Its asset.
        #[schemars(with = "String")]
        asset: Address,
    },
    /// Withdraws to the account: amounts are assets (ERC-4626).
    Erc4626Withdraw {
        /// The vault.
        #[schemars(with = "String")]
        vault: Address,
    },
    /// Redeems to the account: amounts are shares of the vault (ERC-4626), so the snapshot has to count in shares.
    Erc4626Redeem {
        /// The vault.
        #[schemars(with = "String")]
        vault: Address,
    },
    /// Transfers tokens.
    Erc20Transfer {
        /// The token.
        #[schemars(with = "String")]
        token: Address,
        /// Who receives.
        #[schemars(with = "String")]
        to: Address,
    },
    /// Pays in the chain's own coin.
    NativeTransfer {
        /// Who receives.
        #[schemars(with = "String")]
        to: Address,
    },
    /// Deposits to the beacon chain, with signed deposits in this order: the first ones that add up to the amount.
    BeaconDeposit {
        /// The deposit contract.
        #[schemars(with = "String")]
        contract: Address,
        /// The deposits.
        deposits: Vec<Deposit>,
    },
    /// Stakes at Lido, or what has its `submit(address)`.
    LidoStake {
        /// The staking token.
        #[schemars(with = "String")]
        token: Address,
    },
    /// Approves Lido's queue and requests withdrawals, of at most 1,000 ether each, for the account.
    LidoRequestWithdrawals {
        /// The staking token.
        #[schemars(with = "String")]
        token: Address,
        /// The queue.
        #[schemars(with = "String")]
        queue: Address,
    },
    /// Claims finalized requests from Lido's queue, in this order: the first ones that add up to the amount.
    ///
    /// For subjects that stand for what waits in the queue.
    LidoClaimWithdrawals {
        /// The queue.
        #[schemars(with = "String")]
        queue: Address,
        /// The requests.
        claims: Vec<Claim>,
    },
    /// Any function. `{amount}` and `{account}` stand for what they say, in arguments and in the value.
    Call {
        /// Whom it calls.
        #[schemars(with = "String")]
        to: Address,
        /// Its signature, as `stake(address,uint256)`.
        function: String,
        /// Its arguments, as text.
        #[serde(default)]
        arguments: Vec<String>,
        /// Native base units that it pays; none if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        value: Option<String>,
        /// An allowance of the amount, given before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        approve: Option<Allowance>,
    },
}

/// Who may take which token.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Allowance {
    /// The token.
    #[schemars(with = "String")]
    pub token: Address,
    /// Who may take it.
    #[schemars(with = "String")]
    pub spender: Address,
}

impl Mapping {
    /// What it was at a time.
    pub fn state(&self, at: Timestamp) -> State {
        state_at(&self.lifecycle, at)
    }

    /// `id@revision`.
    pub fn version(&self) -> String {
        format!("{}@{}", self.id, self.revision)
    }
}

impl Way {
    /// Every contract that it calls or trusts, and every receiver.
    fn addresses(&self) -> Vec<Address> {
        match self {
            Self::Erc4626Deposit { vault, asset } => vec![*vault, *asset],
            Self::Erc4626Withdraw { vault } | Self::Erc4626Redeem { vault } => vec![*vault],
            Self::Erc20Transfer { token, to } => vec![*token, *to],
            Self::NativeTransfer { to } => vec![*to],
            Self::BeaconDeposit { contract, .. } => vec![*contract],
            Self::LidoStake { token } => vec![*token],
            Self::LidoRequestWithdrawals { token, queue } => vec![*token, *queue],
            Self::LidoClaimWithdrawals { queue, .. } => vec![*queue],
            Self::Call { to, approve, .. } => {
                let allowance = approve.iter().flat_map(|allowance| [allowance.token, allowance.spender]);
                allowance.chain([*to]).collect()
            }
        }
    }

    /// What is wrong with it, and the remedy.
    fn fault(&self, account: Address) -> Option<(String, &'static str)> {
        let addresses = self.addresses();
        if addresses.contains(&Address::ZERO) || addresses.contains(&account) {
            return Some(("an address is zero or the account itself".to_owned(), "write the contract's own"));
        }
        match self {
            Self::BeaconDeposit { deposits, .. } => {
                let mut keys = BTreeSet::new();
                let twice = deposits.iter().find(|deposit| !keys.insert(&deposit.pubkey));
                if let Some(deposit) = twice {
                    return Some((format!("the deposit of {} is there twice", deposit.pubkey), "give each once"));
                }
                deposits.iter().find_map(|deposit| {
                    let what = deposit.fault(account)?;
                    Some((format!("the deposit of {}: {what}", deposit.pubkey), "make the deposit anew"))
                })
            }
            Self::LidoClaimWithdrawals { claims, .. } => lido::fault(claims),
            Self::Call { function, arguments, .. } => match Function::parse(function) {
                Err(_) => Some((format!("`{function}` is no function"), "write it as `stake(address,uint256)`")),
                Ok(parsed) if parsed.inputs.len() != arguments.len() => {
                    let (given, asked) = (arguments.len(), parsed.inputs.len());
                    Some((format!("{given} arguments for the {asked} of {function}"), "give one for each"))
                }
                Ok(_) => None,
            },
            _ => None,
        }
    }
}

impl Body for Mapping {
    const KIND: &'static str = "allocation-mapping";

    fn head(&self) -> (&str, u32) {
        (&self.kind.0, self.format)
    }

    /// The order of deposits and claims is theirs.
    fn sort(&mut self) {
        self.lifecycle.sort_by_key(|stage| (stage.at, stage.state));
        self.routes.iter_mut().for_each(|route| route.subjects.sort());
        self.routes.sort();
    }

    fn validate(&self) -> Result<(), (String, String, String)> {
        let wrong = |path: String, what: String, remedy: &str| Err((path, what, remedy.to_owned()));
        check_lifecycle(&self.lifecycle)?;
        if self.revision == 0 {
            return wrong("revision".to_owned(), "it is 0".to_owned(), "revisions count from 1");
        }
        if self.account.is_zero() {
            return wrong("account".to_owned(), "it is zero".to_owned(), "write the Safe's address");
        }
        let (mut ids, mut named) = (BTreeSet::new(), BTreeSet::new());
        for route in &self.routes {
            let path = format!("routes[{}]", route.id);
            if !ids.insert(&route.id) {
                return wrong(path, format!("{} is there twice", route.id), "give each route its own id");
            }
            if let Some(subject) = route.subjects.iter().find(|subject| !named.insert(*subject)) {
                return wrong(format!("{path}.subjects"), format!("{subject} is routed twice"), "route it once");
            }
            for (word, way) in [("increase", &route.increase), ("decrease", &route.decrease)] {
                if let Some((what, remedy)) = way.as_ref().and_then(|way| way.fault(self.account)) {
                    return wrong(format!("{path}.{word}"), what, remedy);
                }
            }
        }
        Ok(())
    }
}
