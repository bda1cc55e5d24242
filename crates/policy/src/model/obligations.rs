//! What a rule asks for besides conditions, limits and a delay.

use super::AddressRef;

/// A set of attesters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttesterSet {
    /// Who belongs to it: addresses and inline lists, or one registry.
    pub members: Vec<AddressRef>,
    /// How many of them must sign a statement.
    pub at_least: u8,
}

/// What a rule asks for. All of it must be there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Obligations {
    /// Approvals of groups.
    pub approvals: Vec<Approvals>,
    /// How many owners must sign.
    pub signatures: Option<u8>,
    /// Owners who must be among those who sign.
    pub signers: Vec<Signers>,
    /// Attester sets that must attest the request, by name.
    pub attestation: Vec<String>,
    /// Channels that are told of the request by an event, by name.
    pub notify: Vec<String>,
}

/// Approvals of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approvals {
    /// The group's name, without its `@`.
    pub group: String,
    /// How many of its members must approve.
    pub at_least: u8,
    /// Whether the initiator counts.
    pub initiator: bool,
    /// Whether owners who signed count.
    pub owners: bool,
}

/// Owners of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signers {
    /// Who: addresses and inline lists, or one registry.
    pub list: Vec<AddressRef>,
    /// How many of them must sign.
    pub at_least: u8,
}

impl Obligations {
    /// Whether nothing is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
