//! What a Safe has executed, out of a node's logs.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use alloy::consensus::Transaction as _;
use alloy::eips::BlockId;
use alloy::network::TransactionResponse;
use alloy::providers::Provider;
use alloy::rpc::types::{Filter, Log};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::{SolCall, SolEvent};
use portcullis_bindings::IPolicyHook;
use portcullis_bindings::safe::Safe;
use portcullis_eval::Action;
use serde_json::{Value, json};

use crate::{Error, Node, Result};

/// Blocks that a node is asked for at once; fewer where it refuses so many.
const BLOCKS: u64 = 10_000;

alloy_sol_types::sol! {
    /// What modules call besides `execTransactionFromModule`.
    #[derive(Debug)]
    function execTransactionFromModuleReturnData(address to, uint256 value, bytes memory data, uint8 operation)
        external
        returns (bool success, bytes memory returnData);
}

/// Something that happened to a Safe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// The time of its block, in seconds.
    pub at: u64,
    /// The transaction.
    pub transaction: B256,
    /// What happened.
    pub event: PastEvent,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PastEvent {
    /// The Safe was asked to execute, and did or failed to.
    Executed {
        /// The module that asked; none for the owners.
        origin: Option<Address>,
        /// Who called the Safe.
        initiator: Address,
        /// The Safe's own action, batches not taken apart.
        action: Action,
        /// As the owners signed it.
        safe_tx_gas: U256,
        /// As the owners signed it.
        gas_price: U256,
        /// Whether the action succeeded.
        success: bool,
    },
    /// Somebody announced these actions of the owners or of a module.
    Announced {
        /// The module; none for the owners.
        origin: Option<Address>,
        /// In order.
        actions: Vec<Action>,
    },
    /// The announcement of these was cancelled.
    Cancelled {
        /// The module; none for the owners.
        origin: Option<Address>,
        /// In order.
        actions: Vec<Action>,
    },
}

/// A call of the Safe that asks it to execute.
struct Asked {
    origin: Option<Address>,
    initiator: Address,
    action: Action,
    safe_tx_gas: U256,
    gas_price: U256,
}

/// What an execution was announced with, by its id.
type Announcements = BTreeMap<B256, (Option<Address>, Vec<Action>)>;

impl Node {
    /// What the Safe executed in these blocks, and what was announced to `hook` for it, in order. Requests that were
    /// denied leave no log, and are not among them. An announcement that was made before `from` is not known when it
    /// is cancelled.
    ///
    /// # Errors
    /// Those of the node; [`Error::Refused`] where it does not trace a transaction that reached the Safe through
    /// another contract, and where logs and calls do not fit together.
    pub fn history(&self, safe: Address, hook: Address, from: u64, to: u64) -> Result<Vec<Past>> {
        let events = [
            // 1.3.0 indexes nothing, later versions the hash: the topic is the same.
            keccak256("ExecutionSuccess(bytes32,uint256)"),
            keccak256("ExecutionFailure(bytes32,uint256)"),
            keccak256("ExecutionFromModuleSuccess(address)"),
            keccak256("ExecutionFromModuleFailure(address)"),
        ];
        let told = [IPolicyHook::Announced::SIGNATURE_HASH, IPolicyHook::AnnouncementCancelled::SIGNATURE_HASH];
        let executed = self.logs(&Filter::new().address(safe).event_signature(events.to_vec()), from, to)?;
        let account = Filter::new().address(hook).event_signature(told.to_vec()).topic1(safe.into_word());
        let announced = self.logs(&account, from, to)?;
        let mut logs: Vec<Log> = executed.into_iter().chain(announced).collect();
        logs.sort_by_key(|log| (log.block_number, log.log_index));
        let mut times: BTreeMap<u64, u64> = BTreeMap::new();
        let mut asked: BTreeMap<B256, std::vec::IntoIter<Asked>> = BTreeMap::new();
        let mut known = Announcements::new();
        let mut history = Vec::new();
        for log in &logs {
            let (Some(block), Some(transaction)) = (log.block_number, log.transaction_hash) else {
                return Err(unlike("eth_getLogs", "a log is in no block"));
            };
            let at = match times.get(&block) {
                Some(at) => *at,
                None => {
                    let at = self.time_of(BlockId::number(block))?;
                    times.insert(block, at);
                    at
                }
            };
            if log.address() == hook {
                if let Some(event) = told_hook(log, &mut known) {
                    history.push(Past { at, transaction, event });
                }
                continue;
            }
            let topic = log.topic0().copied().unwrap_or_default();
            let place = events.iter().position(|event| *event == topic);
            let success = matches!(place, Some(0 | 2));
            let next = match asked.entry(transaction) {
                Entry::Occupied(known) => known.into_mut().next(),
                Entry::Vacant(new) => {
                    let told =
                        logs.iter().filter(|one| one.transaction_hash == Some(transaction) && one.address() == safe);
                    new.insert(self.asked(safe, transaction, told.count())?.into_iter()).next()
                }
            };
            let one = next.ok_or_else(|| unlike("debug_traceTransaction", "it lacks a call that a log tells of"))?;
            if one.origin.is_some() != matches!(place, Some(2 | 3)) {
                return Err(unlike("debug_traceTransaction", "its calls are not those that the logs tell of"));
            }
            let Asked { origin, initiator, action, safe_tx_gas, gas_price } = one;
            let event = PastEvent::Executed { origin, initiator, action, safe_tx_gas, gas_price, success };
            history.push(Past { at, transaction, event });
        }
        Ok(history)
    }

    fn logs(&self, filter: &Filter, from: u64, to: u64) -> Result<Vec<Log>> {
        let (mut logs, mut begin, mut step) = (Vec::new(), from, BLOCKS);
        while begin <= to {
            let end = begin.saturating_add(step.saturating_sub(1)).min(to);
            let part = filter.clone().from_block(begin).to_block(end);
            match self.wait("eth_getLogs", async { self.provider().get_logs(&part).await }) {
                Ok(some) => logs.extend(some),
                Err(Error::Refused { .. }) if step > 1 => {
                    step = step.div_ceil(10);
                    continue;
                }
                Err(error) => return Err(error),
            }
            begin = end.saturating_add(1);
        }
        Ok(logs)
    }

    /// The calls that asked the Safe to execute in this transaction, in the order in which they ended.
    fn asked(&self, safe: Address, transaction: B256, count: usize) -> Result<Vec<Asked>> {
        let sent = self.wait("eth_getTransactionByHash", self.provider().get_transaction_by_hash(transaction))?;
        let sent = sent.ok_or_else(|| unlike("eth_getTransactionByHash", "it has no such transaction"))?;
        if count == 1
            && sent.to() == Some(safe)
            && let Some(one) = understand(sent.from(), sent.input())
        {
            return Ok(vec![one]);
        }
        let options = json!({ "tracer": "callTracer" });
        let call = self.provider().raw_request("debug_traceTransaction".into(), json!([transaction, options]));
        let tree: Value = self.wait("debug_traceTransaction", call)?;
        let mut found = Vec::new();
        calls(&tree, safe, &mut found);
        Ok(found)
    }
}

pub(crate) fn unlike(method: &'static str, why: &str) -> Error {
    Error::Refused { method, why: why.to_owned() }
}

/// Calls of the Safe that were not undone: the Safe tells of one when it ends, so inner ones come first.
fn calls(call: &Value, safe: Address, found: &mut Vec<Asked>) {
    if call.get("error").is_some() {
        return;
    }
    for inner in call.get("calls").and_then(Value::as_array).into_iter().flatten() {
        calls(inner, safe, found);
    }
    let text = |key: &str| call.get(key).and_then(Value::as_str).unwrap_or_default();
    let to: Option<Address> = text("to").parse().ok();
    let (Ok(from), Ok(input)) = (text("from").parse::<Address>(), text("input").parse::<Bytes>()) else { return };
    if text("type") == "CALL" && to == Some(safe) {
        found.extend(understand(from, &input));
    }
}

fn understand(from: Address, input: &[u8]) -> Option<Asked> {
    if let Ok(call) = Safe::execTransactionCall::abi_decode(input) {
        let action = Action { to: call.to, value: call.value, data: call.data, operation: call.operation };
        let (safe_tx_gas, gas_price) = (call.safeTxGas, call.gasPrice);
        return Some(Asked { origin: None, initiator: from, action, safe_tx_gas, gas_price });
    }
    let (to, value, data, operation) = if let Ok(call) = Safe::execTransactionFromModuleCall::abi_decode(input) {
        (call.to, call.value, call.data, call.operation)
    } else {
        let call = execTransactionFromModuleReturnDataCall::abi_decode(input).ok()?;
        (call.to, call.value, call.data, call.operation)
    };
    let action = Action { to, value, data, operation };
    Some(Asked { origin: Some(from), initiator: from, action, safe_tx_gas: U256::ZERO, gas_price: U256::ZERO })
}

/// Whether it is the calldata of a call that asks a Safe to execute.
pub(crate) fn is_asking(input: &[u8]) -> bool {
    understand(Address::ZERO, input).is_some()
}

fn told_hook(log: &Log, known: &mut Announcements) -> Option<PastEvent> {
    if let Ok(event) = IPolicyHook::Announced::decode_log_validate(&log.inner) {
        let origin = Some(event.origin).filter(|origin| !origin.is_zero());
        let actions = event.actions.iter().map(|one| Action {
            to: one.to,
            value: one.value,
            data: one.data.clone(),
            operation: one.operation,
        });
        let actions: Vec<_> = actions.collect();
        known.insert(event.id, (origin, actions.clone()));
        return Some(PastEvent::Announced { origin, actions });
    }
    let event = IPolicyHook::AnnouncementCancelled::decode_log_validate(&log.inner).ok()?;
    let (origin, actions) = known.remove(&event.id)?;
    Some(PastEvent::Cancelled { origin, actions })
}
