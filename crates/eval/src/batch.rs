//! Batches through Safe's MultiSend contracts, `docs/program.md` §3.

use alloc::vec::Vec;

use alloy_primitives::{Address, B256, Bytes, U256, address, b256};

use crate::calldata::words_and_bytes;
use crate::layout::{Missing, State};
use crate::request::Action;

/// A canonical deployment of MultiSend, whose code holds its own address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MultiSend {
    /// Where it is on every chain.
    pub address: Address,
    /// The hash of its code there.
    pub code_hash: B256,
    /// Whether it takes a transaction to zero for one to the account.
    pub zero_is_account: bool,
}

/// The canonical MultiSend deployments: 1.3.0 (both sets), 1.4.1, 1.5.0.
pub const MULTI_SENDS: [MultiSend; 4] = [
    MultiSend {
        address: address!("A238CBeb142c10Ef7Ad8442C6D1f9E89e07e7761"),
        code_hash: b256!("0208282bd262360d0320862c5ac70f375f5ed3b9d89a83a615b4d398415bdc83"),
        zero_is_account: false,
    },
    MultiSend {
        address: address!("998739BFdAAdde7C933B942a68053933098f9EDa"),
        code_hash: b256!("81db0e4afdf5178583537b58c5ad403bd47a4ac7f9bde2442ef3e341d433126a"),
        zero_is_account: false,
    },
    MultiSend {
        address: address!("38869bf66a61cF6bDB996A6aE40D5853Fd43B526"),
        code_hash: b256!("0e4f7fc66550a322d1e7688e181b75e217e662a4f3f4d6a29b22bc61217c4b77"),
        zero_is_account: false,
    },
    MultiSend {
        address: address!("218543288004CD07832472D464648173c77D7eB7"),
        code_hash: b256!("ca1147a12963172a93910c5cb2bfa5ad0e941c7f03fc7eb017dd06a8ea4e5604"),
        zero_is_account: true,
    },
];

/// The code hashes of MultiSendCallOnly, and whether it takes a transaction to zero for one to the account:
/// 1.3.0, 1.4.1, 1.5.0.
pub const CALL_ONLY_HASHES: [(B256, bool); 3] = [
    (b256!("a9865ac2d9c7a1591619b188c4d88167b50df6cc0c5327fcbd1c8c75f7c066ad"), false),
    (b256!("ecd5bd14a08c5d2122379900b2f272bdf107a7e92423c10dd5fe3254386c9939"), false),
    (b256!("cdbdcec38d2f1c7d961b0029ff8416b7e86e9974d6f0e9c9580c7d17fcfb6663"), true),
];

/// The calls that these actions of the account come down to, in order, with the batches that evaluation knows taken
/// apart. Actions that it would deny are left as they are.
///
/// # Errors
/// [`Missing`] when the code hash of an address that is delegatecalled is not known.
pub fn leaves<S: State>(state: &S, account: Address, actions: &[Action]) -> Result<Vec<Action>, Missing> {
    let mut leaves = Vec::new();
    let mut rest: Vec<(Action, u8)> = actions.iter().rev().map(|action| (action.clone(), 0)).collect();
    while let Some((action, depth)) = rest.pop() {
        let batch = if action.operation == 1 && depth < MAX_DEPTH {
            let batcher = batcher(action.to, state.code_hash(action.to)?);
            batcher.and_then(|batcher| transactions(batcher, account, &action.data))
        } else {
            None
        };
        match batch {
            Some(inner) => rest.extend(inner.into_iter().rev().map(|one| (one, depth.saturating_add(1)))),
            None => leaves.push(action),
        }
    }
    Ok(leaves)
}

/// Batches may be nested this deep.
pub(crate) const MAX_DEPTH: u8 = 2;
const MULTI_SEND: [u8; 4] = [0x8d, 0x80, 0xff, 0x0a];
const WORD: usize = 32;

/// How a known batch contract reads its transactions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Batcher {
    pub(crate) call_only: bool,
    pub(crate) zero_is_account: bool,
}

/// The batch contract at the address, if it is a known one.
pub(crate) fn batcher(address: Address, code_hash: B256) -> Option<Batcher> {
    let call_only = CALL_ONLY_HASHES
        .iter()
        .find(|(hash, _)| *hash == code_hash)
        .map(|(_, zero_is_account)| Batcher { call_only: true, zero_is_account: *zero_is_account });
    call_only.or_else(|| {
        MULTI_SENDS
            .iter()
            .find(|known| known.address == address && known.code_hash == code_hash)
            .map(|known| Batcher { call_only: false, zero_is_account: known.zero_is_account })
    })
}

/// The transactions of exact `multiSend(bytes)` calldata; none for anything else.
pub(crate) fn transactions(batcher: Batcher, account: Address, data: &Bytes) -> Option<Vec<Action>> {
    let ([_], mut bytes) = words_and_bytes(data.strip_prefix(MULTI_SEND.as_slice())?)?;
    let mut actions = Vec::new();
    while let Some((operation, rest)) = bytes.split_first() {
        let (to, rest) = rest.split_first_chunk::<20>()?;
        let (value, rest) = rest.split_first_chunk::<WORD>()?;
        let (length, rest) = rest.split_first_chunk::<WORD>()?;
        let (data, rest) = rest.split_at_checked(usize::try_from(U256::from_be_bytes(*length)).ok()?)?;
        let to = Address::from(*to);
        actions.push(Action {
            to: if to.is_zero() && batcher.zero_is_account { account } else { to },
            value: U256::from_be_bytes(*value),
            data: Bytes::copy_from_slice(data),
            operation: *operation,
        });
        bytes = rest;
    }
    (!actions.is_empty()).then_some(actions)
}
