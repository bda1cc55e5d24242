//! One Safe transaction and the consent to it so far, in a file that goes from owner to owner.
//!
//! JSON, with the hash that everybody signs. Whoever reads a file checks the hash against the transaction, and every
//! key's signature against the hash, so that a file that was edited is refused and not signed.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;

use alloy_primitives::{Address, B256, Bytes, U256};
use portcullis_attest::{ApprovalEntry, Binding, Material, recover, seal};
use portcullis_bindings::safe::SafeTx;
use serde::{Deserialize, Serialize};

use crate::attested::{Attested, WrittenAttestation};
use crate::hash::Account;
use crate::signature::{OwnerSignature, Proof, encode};
use crate::{Error, Result};

/// What the file says that it is.
const KIND: &str = "portcullis signatures 1";
/// The most of a file that is read, in bytes.
const MOST: u64 = 4 << 20;

/// A Safe transaction, and who consents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collected {
    /// Whose transaction it is.
    pub account: Account,
    /// The transaction, with its nonce.
    pub tx: SafeTx,
    signatures: BTreeMap<Address, Proof>,
    approvals: BTreeMap<Address, Approval>,
    attestations: BTreeMap<u8, Attested>,
}

/// A member's consent, for rules that ask for approvals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Approval {
    /// What it is bound to.
    pub binding: Binding,
    /// The last second at which it counts.
    pub deadline: u64,
    /// `r ‖ s ‖ v` over [`Binding::approval_digest`].
    pub signature: [u8; 65],
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Written {
    kind: String,
    chain_id: u64,
    safe: Address,
    safe_version: String,
    transaction: WrittenTx,
    hash: B256,
    signatures: Vec<WrittenSignature>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    approvals: Vec<WrittenApproval>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    attestations: Vec<WrittenAttestation>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct WrittenTx {
    to: Address,
    value: String,
    data: Bytes,
    operation: u8,
    safe_tx_gas: String,
    base_gas: String,
    gas_price: String,
    gas_token: Address,
    refund_receiver: Address,
    nonce: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Key,
    Approved,
    Contract,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct WrittenSignature {
    owner: Address,
    kind: Kind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signature: Option<Bytes>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct WrittenApproval {
    approver: Address,
    hook: Address,
    program: B256,
    epoch: u32,
    deadline: u64,
    signature: Bytes,
}

impl Collected {
    /// Nobody's consent yet.
    #[must_use]
    pub const fn new(account: Account, tx: SafeTx) -> Self {
        let signatures = BTreeMap::new();
        Self { account, tx, signatures, approvals: BTreeMap::new(), attestations: BTreeMap::new() }
    }

    /// What owners sign.
    #[must_use]
    pub fn hash(&self) -> B256 {
        self.account.transaction(&self.tx).hash
    }

    /// Reads a file, and checks everything in it that needs no chain.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn read(path: &Path) -> Result<Self> {
        let fault = |why: String| Error::File { path: path.display().to_string(), why };
        let size = fs::metadata(path).map_err(|error| fault(error.to_string()))?.len();
        if size > MOST {
            return Err(fault(format!("it is more than the {MOST} bytes that are read")));
        }
        let text = fs::read_to_string(path).map_err(|error| fault(error.to_string()))?;
        Self::parse(&text).map_err(fault)
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(text: &str) -> std::result::Result<Self, String> {
        let written: Written = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if written.kind != KIND {
            return Err(format!("it is no file of signatures: its kind is not `{KIND}`"));
        }
        let version = written.safe_version.parse()?;
        let account = Account { chain_id: written.chain_id, safe: written.safe, version };
        let mut collected = Self::new(account, written.transaction.understand()?);
        let hash = collected.hash();
        if hash != written.hash {
            return Err(format!(
                "its transaction hashes to `{hash}`, not to its `{}`; it was changed, so sign nothing of it",
                written.hash
            ));
        }
        for one in written.signatures {
            let owner = one.owner;
            if collected.signatures.insert(owner, one.understand(hash)?).is_some() {
                return Err(format!("`{owner}` has signed twice in it"));
            }
        }
        for one in written.approvals {
            let approver = one.approver;
            if collected.approvals.insert(approver, one.understand(&account, hash)?).is_some() {
                return Err(format!("`{approver}` has approved twice in it"));
            }
        }
        for one in written.attestations {
            let attested = one.understand(&account, hash)?;
            let set = attested.item.set;
            if collected.attestations.insert(set, attested).is_some() {
                return Err(format!("the attester set {set} is there twice in it"));
            }
        }
        Ok(collected)
    }

    /// As the file has it.
    ///
    /// # Errors
    /// [`Error::File`] without a path, if it does not fit in JSON.
    pub fn text(&self) -> Result<String> {
        let written = Written {
            kind: KIND.to_owned(),
            chain_id: self.account.chain_id,
            safe: self.account.safe,
            safe_version: self.account.version.to_string(),
            transaction: WrittenTx::of(&self.tx),
            hash: self.hash(),
            signatures: self.signatures.iter().map(|(owner, proof)| WrittenSignature::of(*owner, proof)).collect(),
            approvals: self
                .approvals
                .iter()
                .map(|(approver, approval)| WrittenApproval::of(*approver, approval))
                .collect(),
            attestations: self.attestations.values().map(WrittenAttestation::of).collect(),
        };
        let text = serde_json::to_string_pretty(&written);
        text.map(|text| text + "\n").map_err(|error| Error::File { path: String::new(), why: error.to_string() })
    }

    /// Writes a file, whole or not at all.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn write(&self, path: &Path) -> Result<()> {
        let fault = |error: std::io::Error| Error::File { path: path.display().to_string(), why: error.to_string() };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(fault)?;
        file.write_all(self.text()?.as_bytes()).and_then(|()| file.as_file().sync_all()).map_err(fault)?;
        file.persist(path).map_err(|error| fault(error.error))?;
        Ok(())
    }

    /// Adds a signature, in place of the same owner's earlier one.
    pub fn add(&mut self, signature: OwnerSignature) {
        self.signatures.insert(signature.owner, signature.proof);
    }

    /// Adds a member's approval, in place of an earlier one.
    pub fn approve(&mut self, approver: Address, approval: Approval) {
        self.approvals.insert(approver, approval);
    }

    /// Puts an attestation in place of another of its set.
    pub fn attest(&mut self, attested: Attested) {
        self.attestations.insert(attested.item.set, attested);
    }

    /// What attester sets state, by set.
    pub fn attestations(&self) -> impl Iterator<Item = &Attested> {
        self.attestations.values()
    }

    /// Takes what another file has collected for the same transaction.
    ///
    /// # Errors
    /// [`Error::Key`] when it is another transaction's, or attesters state something else in it.
    pub fn merge(&mut self, other: Self) -> Result<()> {
        if (other.account, &other.tx) != (self.account, &self.tx) {
            let (hash, expected) = (other.hash(), self.hash());
            return Err(Error::Key(format!(
                "the signatures are for the transaction `{hash}`, not for `{expected}`; use another file"
            )));
        }
        self.signatures.extend(other.signatures);
        self.approvals.extend(other.approvals);
        for (set, attested) in other.attestations {
            match self.attestations.get_mut(&set) {
                Some(known) if known.says_the_same(&attested) => known.join(attested),
                Some(_) => return Err(Error::Key(format!("the files hold two statements of the attester set {set}"))),
                None => self.attest(attested),
            }
        }
        Ok(())
    }

    /// Who consents, and how, ascending by owner.
    pub fn signatures(&self) -> impl Iterator<Item = OwnerSignature> + '_ {
        self.signatures.iter().map(|(owner, proof)| OwnerSignature { owner: *owner, proof: proof.clone() })
    }

    /// Which members approve, ascending.
    pub fn approvals(&self) -> impl Iterator<Item = (Address, &Approval)> {
        self.approvals.iter().map(|(approver, approval)| (*approver, approval))
    }

    /// What `execTransaction` takes: every owner signature, and approvals and attestations behind them.
    ///
    /// # Errors
    /// [`Error::Key`] when there are more of them than fit.
    pub fn encode(&self) -> Result<Bytes> {
        let owners = encode(&self.signatures().collect::<Vec<_>>());
        if self.approvals.is_empty() && self.attestations.is_empty() {
            return Ok(owners);
        }
        let entries = self.approvals.values().map(|approval| {
            let [scalars @ .., v] = &approval.signature;
            let (r, s) = scalars.split_at(32);
            let proof = portcullis_attest::Proof::Ecdsa { r: B256::from_slice(r), s: B256::from_slice(s), v: *v };
            ApprovalEntry::Signed { deadline: approval.deadline, proof }
        });
        let approvals = (!self.approvals.is_empty()).then(|| entries.collect());
        let attestations = self.attestations.values().map(Attested::material).collect();
        let material = Material { approvals, attestations };
        let payload = material.encode().map_err(|error| Error::Key(error.to_string()))?;
        Ok(seal(&owners, &payload).into())
    }
}

impl Approval {
    /// Who approves; none where it is nobody's.
    #[must_use]
    pub fn approver(&self) -> Option<Address> {
        let [scalars @ .., v] = &self.signature;
        let (r, s) = scalars.split_at(32);
        recover(self.binding.approval_digest(self.deadline), *v, B256::from_slice(r), B256::from_slice(s))
    }
}

impl WrittenTx {
    fn of(tx: &SafeTx) -> Self {
        Self {
            to: tx.to,
            value: tx.value.to_string(),
            data: tx.data.clone(),
            operation: tx.operation,
            safe_tx_gas: tx.safeTxGas.to_string(),
            base_gas: tx.baseGas.to_string(),
            gas_price: tx.gasPrice.to_string(),
            gas_token: tx.gasToken,
            refund_receiver: tx.refundReceiver,
            nonce: tx.nonce.to_string(),
        }
    }

    fn understand(self) -> std::result::Result<SafeTx, String> {
        let number = |text: &str| {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            let number = if digits { U256::from_str_radix(text, 10).ok() } else { None };
            number.ok_or_else(|| format!("`{text}` is not a number of 256 bits"))
        };
        if self.operation > 1 {
            return Err(format!("operation {} is neither 0 (call) nor 1 (delegatecall)", self.operation));
        }
        Ok(SafeTx {
            to: self.to,
            value: number(&self.value)?,
            data: self.data,
            operation: self.operation,
            safeTxGas: number(&self.safe_tx_gas)?,
            baseGas: number(&self.base_gas)?,
            gasPrice: number(&self.gas_price)?,
            gasToken: self.gas_token,
            refundReceiver: self.refund_receiver,
            nonce: number(&self.nonce)?,
        })
    }
}

fn fixed(bytes: &Bytes, whose: Address) -> std::result::Result<[u8; 65], String> {
    bytes.as_ref().try_into().map_err(|_| format!("the signature of `{whose}` has {} bytes, not 65", bytes.len()))
}

impl WrittenSignature {
    fn of(owner: Address, proof: &Proof) -> Self {
        let (kind, signature) = match proof {
            Proof::Key(signature) => (Kind::Key, Some(Bytes::copy_from_slice(signature))),
            Proof::Approved => (Kind::Approved, None),
            Proof::Contract(signature) => (Kind::Contract, Some(signature.clone())),
        };
        Self { owner, kind, signature }
    }

    fn understand(self, hash: B256) -> std::result::Result<Proof, String> {
        let owner = self.owner;
        match (self.kind, self.signature) {
            (Kind::Key, Some(signature)) => {
                let signed = OwnerSignature::of_key(hash, fixed(&signature, owner)?);
                let signed = signed.filter(|signed| signed.owner == owner);
                signed.map(|signed| signed.proof).ok_or_else(|| format!("the signature is not that of `{owner}`"))
            }
            (Kind::Approved, None) => Ok(Proof::Approved),
            (Kind::Contract, Some(signature)) => Ok(Proof::Contract(signature)),
            _ => Err(format!("the signature of `{owner}` is not of its kind")),
        }
    }
}

impl WrittenApproval {
    fn of(approver: Address, approval: &Approval) -> Self {
        let Approval { binding, deadline, signature } = approval;
        let Binding { hook, program, epoch, .. } = *binding;
        Self { approver, hook, program, epoch, deadline: *deadline, signature: Bytes::copy_from_slice(signature) }
    }

    fn understand(self, account: &Account, request: B256) -> std::result::Result<Approval, String> {
        let Self { approver, hook, program, epoch, deadline, ref signature } = self;
        let binding = Binding { chain_id: account.chain_id, hook, account: account.safe, request, program, epoch };
        let approval = Approval { binding, deadline, signature: fixed(signature, approver)? };
        let is = approval.approver() == Some(approver);
        if is { Ok(approval) } else { Err(format!("the approval is not that of `{approver}`")) }
    }
}
