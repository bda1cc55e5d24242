//! What the program's numbers are called in the policy.

use alloy_primitives::Address;
use serde::{Deserialize, Serialize};

use super::{condition::Condition, lower::Lowered};
use crate::{Origin, Policy, When};

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
    /// Its conditions by their keys, in the document's order of keys, and who tests each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<ConditionName>,
    /// Where its attested conditions are stated, if it has some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attested: Option<AttestedRule>,
}

/// A condition of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConditionName {
    /// Its key in the document; a fact's is `facts.` and its name.
    pub name: String,
    /// Who tests it.
    pub seen: Seen,
}

/// Who tests a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Seen {
    /// The chain does.
    Chain,
    /// Attesters do, and the chain verifies that they signed.
    Attested,
}

impl Seen {
    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Chain => "chain",
            Self::Attested => "attested",
        }
    }
}

/// Where an attester set states a rule's attested conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttestedRule {
    /// The set's number.
    pub set: u8,
    /// The rule's place among the hybrid rules of the set.
    pub index: u16,
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
            .filter_map(|lowered| Some((lowered, policy.rules.get(lowered.position)?)))
            .map(|(lowered, rule)| RuleName {
                id: rule.id.clone(),
                name: rule.name.clone(),
                owner: rule.owner.clone(),
                updated_at: rule.updated_at.clone(),
                conditions: conditions(&rule.when),
                attested: lowered.conditions.last().and_then(|last| match last {
                    Condition::Attested { set, index } => Some(AttestedRule { set: *set, index: *index }),
                    _ => None,
                }),
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

    /// The rule with this place among the hybrid rules of an attester set.
    #[must_use]
    pub fn hybrid_rule(&self, set: u8, index: u16) -> Option<&RuleName> {
        self.rules.iter().find(|rule| rule.attested == Some(AttestedRule { set, index }))
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

/// The keys that are written, each once.
fn conditions(when: &When) -> Vec<ConditionName> {
    let written = [
        ("origin", when.origin != Origin::Owners),
        ("initiator", when.initiator.is_some()),
        ("target", when.target.is_some()),
        ("selector", when.selector.is_some()),
        ("effect", when.effect.is_some()),
        ("asset", when.asset.is_some()),
        ("recipient", when.recipient.is_some()),
        ("amount", when.amount.is_some()),
        ("opaque", when.opaque),
        ("recipient_is_contract", when.recipient_is_contract.is_some()),
        ("time", when.time.is_some()),
        ("weekday", when.weekday.is_some()),
        ("word", !when.word.is_empty()),
        ("static_call", !when.static_call.is_empty()),
        ("within", when.within.is_some()),
        ("any", when.any.is_some()),
        ("all", when.all.is_some()),
        ("not", when.not.is_some()),
    ];
    let chain = written.into_iter().filter(|(_, is_written)| *is_written);
    let chain = chain.map(|(name, _)| ConditionName { name: name.to_owned(), seen: Seen::Chain });
    let attested = when.facts.keys().map(|name| ConditionName { name: format!("facts.{name}"), seen: Seen::Attested });
    chain.chain(attested).collect()
}
