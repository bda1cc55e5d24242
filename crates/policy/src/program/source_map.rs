//! What the program's numbers are called in the policy.

use alloy_primitives::Address;
use serde::{Deserialize, Serialize};

use super::lower::Lowered;
use crate::Policy;

/// Names for what a program only numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceMap {
    /// The policy's name.
    pub policy: String,
    /// Rules, in the program's order.
    pub rules: Vec<RuleName>,
    /// Limits, in the program's order.
    pub limits: Vec<LimitName>,
    /// Lists, by offset.
    pub lists: Vec<ListName>,
    /// Attester sets, by number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attesters: Vec<String>,
    /// Message rules, by number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<String>,
    /// Declared assets.
    pub assets: Vec<AssetName>,
}

/// A rule's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleName {
    /// Its id.
    pub id: String,
    /// Its title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Who answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// When it last changed, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<String>,
}

/// A limit's name and what its amounts are in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitName {
    /// Its id.
    pub id: String,
    /// The name of its asset; `requests` for a count.
    pub asset: String,
    /// The asset's decimals.
    pub decimals: u8,
}

/// A list's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListName {
    /// Where it stands in the program, in bytes.
    pub offset: u32,
    /// `@name`, or the members where a rule writes them out.
    pub name: String,
}

/// A declared asset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetName {
    /// Its name.
    pub name: String,
    /// The token's address; zero is native.
    pub address: Address,
    /// Its decimals.
    pub decimals: u8,
}

impl SourceMap {
    pub(crate) fn new(policy: &Policy, lowered: &Lowered, lists: Vec<ListName>) -> Self {
        let rules = lowered
            .rules
            .iter()
            .filter_map(|rule| policy.rules.get(rule.position))
            .map(|rule| RuleName {
                id: rule.id.clone(),
                name: rule.name.clone(),
                owner: rule.owner.clone(),
                updated_at: rule.updated_at.clone(),
            })
            .collect();
        let limits = policy
            .limits
            .iter()
            .filter_map(|(id, limit)| {
                Some(match limit.asset() {
                    Some(asset) => {
                        let decimals = policy.assets.get(asset)?.decimals;
                        LimitName { id: id.clone(), asset: asset.clone(), decimals }
                    }
                    None => LimitName { id: id.clone(), asset: "requests".to_owned(), decimals: 0 },
                })
            })
            .collect();
        let assets = policy
            .assets
            .iter()
            .map(|(name, asset)| AssetName {
                name: name.clone(),
                address: asset.standard.token().unwrap_or_default(),
                decimals: asset.decimals,
            })
            .collect();
        let attesters = policy.attesters.keys().cloned().collect();
        let messages = policy.messages.iter().map(|rule| rule.id.clone()).collect();
        Self { policy: policy.name.clone(), rules, limits, lists, attesters, messages, assets }
    }

    /// The rule with this index in the program; none for `0xffff`.
    #[must_use]
    pub fn rule(&self, index: u16) -> Option<&RuleName> {
        self.rules.get(usize::from(index))
    }

    /// The limit with this index in the program.
    #[must_use]
    pub fn limit(&self, index: u8) -> Option<&LimitName> {
        self.limits.get(usize::from(index))
    }

    /// The list at this offset of the program.
    #[must_use]
    pub fn list(&self, offset: u32) -> Option<&ListName> {
        self.lists.iter().find(|list| list.offset == offset)
    }

    /// The attester set with this number.
    #[must_use]
    pub fn attesters(&self, set: u8) -> Option<&str> {
        self.attesters.get(usize::from(set)).map(String::as_str)
    }

    /// The message rule with this number.
    #[must_use]
    pub fn message(&self, index: u16) -> Option<&str> {
        self.messages.get(usize::from(index)).map(String::as_str)
    }

    /// The declared asset at this address; zero is native.
    #[must_use]
    pub fn asset(&self, address: Address) -> Option<&AssetName> {
        self.assets.iter().find(|asset| asset.address == address)
    }
}
