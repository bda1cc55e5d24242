//! Random batches through Safe's real MultiSend contracts, against what the mirror takes them for.
//!
//! A batch that the mirror takes apart must be executed as exactly those calls, or fail as a whole; and every batch
//! in canonical encoding is taken apart.

use alloy_primitives::{Address, Bytes, TxKind, U256, hex};
use eyre::{Result, ensure, eyre};
use portcullis_eval::{Action, MemoryState, leaves};
use portcullis_simulate::Embedded;
use revm::context::{Context, TxEnv};
use revm::database::{CacheDB, EmptyDB};
use revm::interpreter::{CallInputs, CallOutcome, CallScheme};
use revm::state::{AccountInfo, Bytecode};
use revm::{InspectEvm, Inspector, MainBuilder, MainContext};

use crate::dice::Dice;
use crate::safes::DRIVER;
use crate::world::{ACCOUNT, CHAIN_ID, IMPOSTOR, batchers, recipients, targets};

/// Of calldata `target as 20 bytes ‖ data` from [`DRIVER`], the account delegatecalls `data`; all else it takes.
///
/// ```text
/// CALLER PUSH20 driver XOR PUSH1 end JUMPI
/// PUSH1 20 CALLDATASIZE SUB DUP1 PUSH1 20 PUSH0 CALLDATACOPY
/// PUSH0 PUSH0 SWAP2 PUSH0 PUSH0 CALLDATALOAD PUSH1 96 SHR GAS DELEGATECALL PUSH1 end JUMPI
/// PUSH0 PUSH0 REVERT  end: JUMPDEST STOP
/// ```
fn account_code() -> Bytes {
    let parts: [&[u8]; 3] = [
        &hex!("33 73"),
        DRIVER.as_slice(),
        &hex!("18 6034 57 6014 36 03 80 6014 5f 37 5f 5f 91 5f 5f 35 6060 1c 5a f4 6034 57 5f 5f fd 5b 00"),
    ];
    parts.concat().into()
}

/// What came of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Came {
    /// The mirror does not take it apart, so the hook denies it.
    Refused,
    /// Taken apart, and executed as that.
    Executed,
    /// Taken apart, and reverted as a whole.
    Reverted,
}

/// One call that the account made, with those it made within.
#[derive(Clone, Debug)]
struct Made {
    action: Action,
    within: Vec<Made>,
}

/// Notes the calls that the account makes, nested as delegatecalls nest them.
#[derive(Debug, Default)]
struct Watch {
    open: Vec<Option<Made>>,
    made: Vec<Made>,
}

impl<C: revm::context::ContextTr> Inspector<C> for Watch {
    fn call(&mut self, context: &mut C, inputs: &mut CallInputs) -> Option<CallOutcome> {
        let by_account = inputs.caller == ACCOUNT || (inputs.target_address == ACCOUNT && !self.open.is_empty());
        let operation = match inputs.scheme {
            CallScheme::Call => 0,
            CallScheme::DelegateCall => 1,
            CallScheme::CallCode | CallScheme::StaticCall => 2,
        };
        let made = by_account.then(|| Made {
            action: Action {
                to: inputs.bytecode_address,
                value: inputs.transfer_value().unwrap_or_default(),
                data: inputs.input.bytes(context),
                operation,
            },
            within: Vec::new(),
        });
        self.open.push(made);
        None
    }

    fn call_end(&mut self, _: &mut C, _: &CallInputs, _: &mut CallOutcome) {
        let Some(Some(made)) = self.open.pop() else {
            return;
        };
        let outer = self.open.iter_mut().rev().find_map(Option::as_mut);
        outer.map_or(&mut self.made, |outer| &mut outer.within).push(made);
    }
}

/// The real contracts, and an account that delegatecalls them.
#[derive(Clone, Debug)]
pub struct Stage {
    db: CacheDB<EmptyDB>,
    state: MemoryState,
}

impl Stage {
    /// The batch contracts of a chain prepared by [`crate::world::chain`].
    #[must_use]
    pub fn new(chain: &Embedded) -> Self {
        let (mut db, mut state) = (CacheDB::default(), MemoryState::default());
        let known = batchers().into_iter().chain([IMPOSTOR]).map(|at| (at, chain.code(at)));
        for (at, code) in known.chain([(ACCOUNT, account_code())]) {
            let code = Bytecode::new_raw(code);
            let (code_hash, balance) = (code.hash_slow(), if at == ACCOUNT { U256::MAX >> 1 } else { U256::ZERO });
            db.insert_account_info(at, AccountInfo { balance, code_hash, code: Some(code), ..AccountInfo::default() });
            state.code_hashes.insert(at, code_hash);
        }
        Self { db, state }
    }

    /// Whether the mirror and the contract make the same of batch `index` under `seed`.
    ///
    /// # Errors
    /// When they do not, with the batch.
    pub fn compare(&self, seed: u64, index: u64) -> Result<Came> {
        let drawn = Drawn::of(&mut Dice::new(seed, index));
        self.judge(&drawn).map_err(|why| {
            eyre!("batch {index} of seed {seed}, to `{}`, calldata `{}`: {why}", drawn.action.to, drawn.action.data)
        })
    }

    fn judge(&self, drawn: &Drawn) -> Result<Came> {
        let seen = leaves(&self.state, ACCOUNT, std::slice::from_ref(&drawn.action))?;
        if seen == [drawn.action.clone()] {
            ensure!(!drawn.is_canonical, "it is canonical, and not taken apart");
            return Ok(Came::Refused);
        }
        // These the mirror leaves in, and evaluation denies them.
        if seen.iter().any(|leaf| leaf.operation > 1 || (leaf.operation == 1 && !leaf.value.is_zero())) {
            return Ok(Came::Refused);
        }
        let Some(made) = self.execute(&drawn.action)? else {
            return Ok(Came::Reverted);
        };
        let [batch] = made.as_slice() else {
            return Err(eyre!("the account made {} calls of its own", made.len()));
        };
        let rest = follow(batch, &seen).map_err(|made| eyre!("it executes {made:?}, and the mirror says {seen:?}"))?;
        ensure!(rest.is_empty(), "it leaves out {rest:?}");
        Ok(Came::Executed)
    }

    /// The calls that the account makes, or none when the batch reverts.
    fn execute(&self, action: &Action) -> Result<Option<Vec<Made>>> {
        let mut watch = Watch::default();
        let sent = TxEnv::builder()
            .caller(DRIVER)
            .kind(TxKind::Call(ACCOUNT))
            .data([action.to.as_slice(), &action.data].concat().into())
            .chain_id(Some(CHAIN_ID))
            .gas_limit(1 << 24)
            .build()
            .map_err(|error| eyre!("{error:?}"))?;
        let context = Context::mainnet().with_db(self.db.clone()).modify_cfg_chained(|cfg| cfg.chain_id = CHAIN_ID);
        let ran =
            context.build_mainnet_with_inspector(&mut watch).inspect_tx(sent).map_err(|error| eyre!("{error}"))?;
        Ok(ran.result.is_success().then_some(watch.made))
    }
}

/// Goes through what was made beside what the mirror saw, and returns what it saw besides.
fn follow<'a>(made: &Made, seen: &'a [Action]) -> Result<&'a [Action], Action> {
    // A call is longer than any within it, so it cannot be taken for one of them.
    if let Some(rest) = seen.split_first().and_then(|(first, rest)| (*first == made.action).then_some(rest)) {
        return Ok(rest);
    }
    if made.action.operation != 1 || made.within.is_empty() {
        return Err(made.action.clone());
    }
    made.within.iter().try_fold(seen, |seen, inner| follow(inner, seen))
}

/// A batch, and whether it is as the encoder writes it.
struct Drawn {
    action: Action,
    is_canonical: bool,
}

impl Drawn {
    fn of(dice: &mut Dice) -> Self {
        let to = if dice.percent(3) { IMPOSTOR } else { dice.pick(&batchers()) };
        let transactions = packed(dice, 0);
        let mut data = encoded(&transactions);
        let mut is_canonical = to != IMPOSTOR && !transactions.is_empty();
        if dice.percent(50) {
            let before = data.clone();
            for _ in 0..=dice.below(2) {
                damage(dice, &mut data);
            }
            is_canonical &= data == before;
        }
        Self { action: Action { to, value: U256::ZERO, data: data.into(), operation: 1 }, is_canonical }
    }
}

/// Transactions one behind the other, each as its contract reads it.
fn packed(dice: &mut Dice, depth: u8) -> Vec<u8> {
    let mut packed = Vec::new();
    for _ in 0..dice.below(4) {
        let nested = depth < 3 && dice.percent(25);
        let some: Vec<Address> = targets().into_iter().chain(recipients()).collect();
        let (operation, to, data) = if nested {
            (1, dice.pick(&batchers()), encoded(&self::packed(dice, depth.saturating_add(1))))
        } else {
            let to = if dice.percent(10) { Address::ZERO } else { dice.pick(&some) };
            let length = dice.pick(&[0, 1, 4, 31, 32, 33, 68]);
            (dice.pick(&[0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 2]), to, dice.bytes(length).to_vec())
        };
        let value = if operation == 1 {
            U256::ZERO
        } else {
            dice.pick(&[U256::ZERO, U256::ZERO, U256::ZERO, U256::ONE, U256::ONE, U256::ONE, U256::MAX])
        };
        packed.push(operation);
        packed.extend_from_slice(to.as_slice());
        packed.extend_from_slice(&value.to_be_bytes::<32>());
        packed.extend_from_slice(&U256::from(data.len()).to_be_bytes::<32>());
        packed.extend_from_slice(&data);
    }
    packed
}

/// `multiSend(bytes)`, padded to whole words.
fn encoded(transactions: &[u8]) -> Vec<u8> {
    let word = |n: usize| U256::from(n).to_be_bytes::<32>();
    let mut data = hex!("8d80ff0a").to_vec();
    data.extend_from_slice(&word(32));
    data.extend_from_slice(&word(transactions.len()));
    data.extend_from_slice(transactions);
    data.resize(data.len().saturating_add(transactions.len().wrapping_neg() % 32), 0);
    data
}

/// Cuts, lengthens, or changes a byte: of offset and length more often than elsewhere.
fn damage(dice: &mut Dice, data: &mut Vec<u8>) {
    let at = match dice.below(4) {
        0 => dice.pick(&[4, 35, 36, 67]),
        1 => data.len().saturating_sub(dice.index(40)),
        _ => dice.index(data.len()),
    };
    match dice.below(4) {
        0 => data.truncate(at),
        1 => data.extend_from_slice(&dice.bytes(at.min(33))),
        2 => {
            let lengths = [0, 1, 31, 32, 33, 64, 96, 255];
            if let Some(byte) = data.get_mut(at) {
                *byte = dice.pick(&lengths);
            }
        }
        _ => {
            let byte = dice.byte();
            if let Some(old) = data.get_mut(at) {
                *old = byte;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::hook::HookCode;

    fn stage() -> Stage {
        Stage::new(&crate::world::chain(&HookCode::committed()).unwrap())
    }

    #[test]
    fn no_batch_is_taken_for_something_else_than_what_the_real_contract_executes() {
        let stage = stage();
        let mut came = BTreeMap::new();
        for index in 0..2_000 {
            *came.entry(stage.compare(1, index).unwrap()).or_insert(0_u32) += 1;
        }
        for one in [Came::Refused, Came::Executed, Came::Reverted] {
            assert!(came.get(&one) > Some(&100), "{came:?}");
        }
    }

    #[test]
    fn a_mirror_that_sees_another_call_or_one_less_is_caught() {
        let stage = stage();
        let call =
            |byte| Action { to: Address::repeat_byte(byte), value: U256::ZERO, data: Bytes::new(), operation: 0 };
        let one = |byte: u8| {
            let mut packed = vec![0];
            packed.extend_from_slice(Address::repeat_byte(byte).as_slice());
            packed.resize(85, 0);
            packed
        };
        let data = encoded(&[one(1), one(2)].concat()).into();
        let to = portcullis_bindings::safe::MULTI_SEND_1_4_1;
        let made = stage.execute(&Action { to, value: U256::ZERO, data, operation: 1 }).unwrap().unwrap();
        let follow = |seen: &[Action]| follow(&made[0], seen).map(<[Action]>::len);
        assert_eq!(follow(&[call(1), call(2)]), Ok(0));
        assert_eq!(follow(&[call(1), call(2), call(3)]), Ok(1));
        assert_eq!(follow(&[call(1), call(3)]), Err(call(2)));
        assert_eq!(follow(&[call(2), call(1)]), Err(call(1)));
        assert_eq!(follow(&[call(1)]), Err(call(2)));
    }
}
