//! What people sign, and the bytes in which it is handed over.

use alloy_primitives::{Address, B256, Signature, U256, keccak256};

use super::bytes::{Reader, hash, word};
use crate::case::Case;

/// What a request is bound to.
#[derive(Clone, Debug)]
pub(super) struct Name {
    account: Address,
    chain: U256,
    hook: Address,
    epoch: U256,
    program: U256,
    /// What the Safe hashes for its owners.
    pub(super) preimage: Vec<u8>,
    pub(super) request: U256,
}

fn text(text: &str) -> U256 {
    keccak256(text).into()
}

/// `0x1901`, the domain and the message.
fn typed(domain: U256, message: U256) -> Vec<u8> {
    [&[0x19, 0x01], domain.to_be_bytes::<32>().as_slice(), &message.to_be_bytes::<32>()].concat()
}

impl Name {
    /// Of an owner request with one action; others have none.
    pub(super) fn of(case: &Case, hook: Address, chain: u64, epoch: u32) -> Option<Self> {
        let [action] = case.actions.as_slice() else { return None };
        if case.origin.is_some() {
            return None;
        }
        let chain = U256::from(chain);
        let domain =
            hash(&[text("EIP712Domain(uint256 chainId,address verifyingContract)"), chain, word(case.account)]);
        let signed = &case.signed;
        let message = hash(&[
            text(
                "SafeTx(address to,uint256 value,bytes data,uint8 operation,uint256 safeTxGas,uint256 baseGas,\
                 uint256 gasPrice,address gasToken,address refundReceiver,uint256 nonce)",
            ),
            word(action.to),
            action.value,
            keccak256(&action.data).into(),
            U256::from(action.operation),
            case.safe_tx_gas,
            signed.base_gas,
            case.gas_price,
            word(signed.gas_token),
            word(signed.refund_receiver),
            signed.nonce,
        ]);
        let preimage = typed(domain, message);
        let request = keccak256(&preimage).into();
        let program = keccak256(&case.program).into();
        Some(Self { account: case.account, chain, hook, epoch: U256::from(epoch), program, preimage, request })
    }

    fn digest(&self, message: U256) -> B256 {
        let domain = hash(&[
            text("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
            text("Portcullis"),
            text("1"),
            self.chain,
            word(self.hook),
        ]);
        keccak256(typed(domain, message))
    }

    fn approval(&self, deadline: u64) -> B256 {
        self.digest(hash(&[
            text("Approval(address account,bytes32 request,bytes32 program,uint32 epoch,uint64 deadline)"),
            word(self.account),
            self.request,
            self.program,
            self.epoch,
            U256::from(deadline),
        ]))
    }

    pub(super) fn attestation(&self, effects: U256, item: &Attestation) -> B256 {
        self.digest(hash(&[
            text(
                "Attestation(address account,bytes32 request,bytes32 effects,bytes32 program,uint32 epoch,uint8 set,\
                 bytes statement,bytes32 proposal,uint64 deadline)",
            ),
            word(self.account),
            self.request,
            effects,
            self.program,
            self.epoch,
            U256::from(item.set),
            keccak256(&item.statement).into(),
            item.proposal,
            U256::from(item.deadline),
        ]))
    }

    /// Where somebody's consent on chain is noted: 1 for the deadline of an approver, 2 for the denial of a list.
    pub(super) fn slot(&self, who: U256, what: u8) -> U256 {
        hash(&[word(self.account), self.epoch, self.program, self.request, who, U256::from(what)])
    }
}

/// How an entry says who signed.
#[derive(Clone, Debug)]
pub(super) enum Proof {
    Key { r: U256, s: U256, v: u8 },
    Contract { signer: Address, signature: Vec<u8> },
    OnChain { signer: Address },
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// The last second, and what was signed until then; none for entries of attestations and those on chain.
    pub(super) deadline: Option<u64>,
    pub(super) proof: Proof,
}

impl Entry {
    /// What its signer signed as an approval.
    pub(super) fn approval(&self, name: &Name) -> B256 {
        name.approval(self.deadline.unwrap_or_default())
    }
}

#[derive(Clone, Debug)]
pub(super) struct Attestation {
    pub(super) set: u8,
    pub(super) deadline: u64,
    proposal: U256,
    pub(super) statement: Vec<u8>,
    pub(super) entries: Vec<Entry>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Payload {
    pub(super) approvals: Option<Vec<Entry>>,
    pub(super) attestations: Vec<Attestation>,
}

/// Owner signatures and payload; none when the payload is longer than what there is.
pub(super) fn envelope(signatures: &[u8]) -> Option<(&[u8], Option<&[u8]>)> {
    let (head, kind) = signatures.split_at(signatures.len().saturating_sub(32));
    let marked = U256::from_be_slice(kind) == text("PortcullisMaterial(bytes payload)");
    if signatures.len() < 64 || !marked {
        return Some((signatures, None));
    }
    let (head, length) = head.split_at(head.len() - 32);
    let length = usize::try_from(U256::from_be_slice(length)).ok()?;
    let (owners, payload) = head.split_at_checked(head.len().checked_sub(length)?)?;
    Some((owners, Some(payload)))
}

fn deadline(bytes: &mut Reader<'_>) -> Option<u64> {
    u64::try_from(bytes.value(8)?).ok()
}

fn entry(bytes: &mut Reader<'_>, approval: bool) -> Option<Entry> {
    let tag = bytes.byte()?;
    if tag == 2 && approval {
        return Some(Entry { deadline: None, proof: Proof::OnChain { signer: bytes.address()? } });
    }
    if tag > 1 {
        return None;
    }
    let deadline = if approval { Some(deadline(bytes)?) } else { None };
    let proof = if tag == 0 {
        Proof::Key { r: bytes.value(32)?, s: bytes.value(32)?, v: bytes.byte()? }
    } else {
        let (signer, length) = (bytes.address()?, bytes.number(2)?);
        Proof::Contract { signer, signature: bytes.take(length)?.to_vec() }
    };
    Some(Entry { deadline, proof })
}

fn entries(mut bytes: Reader<'_>, approval: bool) -> Option<Vec<Entry>> {
    let mut all = Vec::new();
    while !bytes.0.is_empty() {
        all.push(entry(&mut bytes, approval)?);
    }
    Some(all)
}

impl Payload {
    /// None when anything of it is out of form.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let mut rest = Reader(bytes);
        let mut payload = Self::default();
        let mut before = None;
        while !rest.0.is_empty() {
            let (kind, length) = (rest.byte()?, rest.number(3)?);
            let mut body = Reader(rest.take(length)?);
            let place = match kind {
                1 => {
                    payload.approvals = Some(entries(body, true)?);
                    (1, 0)
                }
                2 => {
                    let (set, deadline, proposal) = (body.byte()?, deadline(&mut body)?, body.value(32)?);
                    let length = body.number(2)?;
                    let statement = body.take(length)?.to_vec();
                    let entries = entries(body, false)?;
                    payload.attestations.push(Attestation { set, deadline, proposal, statement, entries });
                    (2, set)
                }
                _ => return None,
            };
            if before.is_some_and(|before| before >= place) {
                return None;
            }
            before = Some(place);
        }
        Some(payload)
    }
}

/// Whose key signed, as the chain recovers it: from either of two signatures that are both good.
pub(super) fn recover(digest: B256, r: U256, s: U256, v: u8) -> Option<Address> {
    if v != 27 && v != 28 {
        return None;
    }
    Signature::new(r, s, v == 28).recover_address_from_prehash(&digest).ok().filter(|signer| !signer.is_zero())
}

/// Whether the signature is the lower of two that are both good.
pub(super) fn is_low(s: U256) -> bool {
    s.to_be_bytes::<32>()
        <= [
            0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x5d, 0x57,
            0x6e, 0x73, 0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0,
        ]
}

/// Bytes as an argument: the length, and zeros up to a word.
pub(super) fn tail(bytes: &[u8]) -> Vec<u8> {
    let mut tail = U256::from(bytes.len()).to_be_bytes::<32>().to_vec();
    tail.extend(bytes);
    tail.resize(tail.len().next_multiple_of(32), 0);
    tail
}

/// The calldata that asks a contract for its signature under a digest.
pub(super) fn asking(digest: B256, signature: &[u8]) -> Vec<u8> {
    let selector = keccak256("isValidSignature(bytes32,bytes)");
    let head = [digest.0, U256::from(64).to_be_bytes::<32>()].concat();
    [selector.get(..4).unwrap_or_default(), &head, &tail(signature)].concat()
}

/// The calldata that asks for its signature under data, as Safes did before 1.5.0.
pub(super) fn asking_data(data: &[u8], signature: &[u8]) -> Vec<u8> {
    let selector = keccak256("isValidSignature(bytes,bytes)");
    let first = tail(data);
    let offsets = [U256::from(64), U256::from(64 + first.len())].map(|at| at.to_be_bytes::<32>()).concat();
    [selector.get(..4).unwrap_or_default(), &offsets, &first, &tail(signature)].concat()
}
