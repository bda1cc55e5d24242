//! A third evaluator: slow and plain, written from `docs/program.md` alone.
//!
//! It takes a whole program apart before it decides anything, looks at every key of every rule, counts dates by the
//! month, and encodes calldata anew to see whether it was canonical. It shares no code with the mirror. What is
//! malformed anywhere, read or not, it declines: that is for the other two.

mod bytes;
mod charge;
mod consent;
mod control;
mod delegation;
mod effects;
mod limits;
mod messages;
mod metering;
mod obligations;
mod program;
mod reasons;
mod scope;

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, U256};
use portcullis_bindings::safe;

use crate::case::{Case, CaseAction};
use bytes::{hash, selector_number, word};
use consent::content;
use control::{Account, SlotChange};
use effects::{Effect, NotCanonical, bare, called, native, transactions};
use limits::Meter;
pub use limits::period;
pub use messages::evaluate_message;
pub use metering::executed;
use obligations::{Joined, fold, join};
use program::{Program, parse};
use reasons::{
    ALLOWED, ANNOUNCEMENT_EXPIRED, BAD_OPERATION, BATCH_TOO_DEEP, DELEGATECALL_DENIED, DELEGATECALL_VALUE, FROZEN,
    GAS_REFUND, MALFORMED_BATCH, NO_PROGRAM, NO_RULE, NON_CANONICAL, NOT_ANNOUNCED, NOT_MATURED, SHORT_CALLDATA,
};

/// What the chain around the hook answers.
pub trait World {
    /// EXTCODEHASH.
    fn code_hash(&self, of: Address) -> B256;
    /// What a static call by the hook returns; none if it fails.
    fn static_call(&self, target: Address, data: &[u8], gas: u64) -> Option<Vec<u8>>;
    /// Wei.
    fn balance(&self, of: Address) -> U256;
}

/// A verdict in plain numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlainVerdict {
    /// As `docs/reason-codes.md` numbers them.
    pub reason: u8,
    /// The deciding effect.
    pub effect: u32,
    /// The deciding rule.
    pub rule: Option<u16>,
    /// See the reason.
    pub detail: u8,
    /// See the reason.
    pub have: U256,
    /// See the reason.
    pub need: U256,
}

/// A verdict and the words that the hook then writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The verdict.
    pub verdict: PlainVerdict,
    /// By slot.
    pub writes: BTreeMap<U256, U256>,
}

/// The active program is not sound from end to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Declined;

#[derive(Clone, Copy, Debug)]
enum Stop {
    Denied(PlainVerdict),
    Declined,
}

impl Stop {
    const fn at(reason: u8, effect: u32) -> Self {
        Self::Denied(PlainVerdict { reason, effect, rule: None, detail: 0, have: U256::ZERO, need: U256::ZERO })
    }

    const fn by(reason: u8, effect: u32, rule: u16) -> Self {
        let Self::Denied(verdict) = Self::at(reason, effect) else { return Self::Declined };
        Self::Denied(PlainVerdict { rule: Some(rule), ..verdict })
    }

    fn change(mut self, change: impl FnOnce(&mut PlainVerdict)) -> Self {
        if let Self::Denied(verdict) = &mut self {
            change(verdict);
        }
        self
    }

    fn have(self, have: U256) -> Self {
        self.change(|verdict| verdict.have = have)
    }

    fn need(self, need: U256) -> Self {
        self.change(|verdict| verdict.need = need)
    }

    fn detail(self, detail: u8) -> Self {
        self.change(|verdict| verdict.detail = detail)
    }
}

/// What the hook at `hook` makes of the case.
///
/// # Errors
/// [`Declined`] when the program had to be read and is not sound from end to end.
pub fn evaluate<W: World>(case: &Case, hook: Address, world: &W) -> Result<Answer, Declined> {
    match Walk::new(case, hook, world).run() {
        Ok(answer) => Ok(answer),
        Err(Stop::Denied(verdict)) => Ok(Answer { verdict, writes: BTreeMap::new() }),
        Err(Stop::Declined) => Err(Declined),
    }
}
/// The longest delay asked for so far, and by whom.
#[derive(Clone, Copy, Debug)]
struct Delay {
    seconds: u64,
    rule: u16,
    effect: u32,
}

struct Walk<'a, W> {
    case: &'a Case,
    hook: Address,
    world: &'a W,
    account: Account,
    program: Option<Program>,
    effects: u32,
    last_rule: Option<u16>,
    delay: Option<Delay>,
    meters: Vec<Meter>,
    slot_changes: Vec<SlotChange>,
    asked: Vec<Joined>,
    /// The hash of the effects so far, as attesters see them.
    digest: U256,
    /// The first delegatecall that a rule allows, and the rule.
    trusted: Option<(u32, u16)>,
    /// Whether the account is called.
    calls_itself: bool,
    /// Whether a rule allowed anything.
    ruled: bool,
    /// By limit, what calldata declares to leave.
    declared: BTreeMap<u8, U256>,
}

impl<'a, W: World> Walk<'a, W> {
    fn new(case: &'a Case, hook: Address, world: &'a W) -> Self {
        Self {
            case,
            hook,
            world,
            account: Account::read(case),
            program: None,
            effects: 0,
            last_rule: None,
            delay: None,
            meters: Vec::new(),
            slot_changes: Vec::new(),
            asked: Vec::new(),
            digest: U256::ZERO,
            trusted: None,
            calls_itself: false,
            ruled: false,
            declared: BTreeMap::new(),
        }
    }

    fn deny(&self, reason: u8) -> Stop {
        Stop::at(reason, self.effects)
    }

    fn stored(&self, slot: U256) -> U256 {
        self.case.words.get(&slot).copied().unwrap_or_default()
    }

    /// The active program, taken apart when it is first needed.
    fn program(&mut self) -> Result<&Program, Stop> {
        if self.program.is_none() {
            self.program = parse(&self.case.program);
        }
        self.program.as_ref().ok_or(Stop::Declined)
    }

    fn run(&mut self) -> Result<Answer, Stop> {
        let (safe_tx_gas, gas_price) = (self.case.safe_tx_gas, self.case.gas_price);
        if !safe_tx_gas.is_zero() || !gas_price.is_zero() {
            return Err(self.deny(GAS_REFUND).have(safe_tx_gas).need(gas_price));
        }
        if self.case.actions.is_empty() {
            return Err(self.deny(MALFORMED_BATCH));
        }
        for CaseAction { to, value, data, operation } in &self.case.actions {
            self.action(*operation, *to, *value, data, 0, false)?;
        }
        let mut writes = self.settle()?;
        self.watch()?;
        self.balances()?;
        writes.extend(self.meet()?.map(|used| (used, U256::ZERO)));
        writes.extend(self.announced()?);
        writes.extend(self.meters.iter().filter_map(Meter::write));
        let reason = ALLOWED;
        let Stop::Denied(verdict) = self.deny(reason) else { return Err(Stop::Declined) };
        Ok(Answer { verdict: PlainVerdict { rule: self.last_rule, ..verdict }, writes })
    }

    fn action(
        &mut self,
        operation: u8,
        to: Address,
        value: U256,
        data: &[u8],
        depth: u32,
        call_only: bool,
    ) -> Result<(), Stop> {
        if operation == 0 {
            return self.leaf(to, value, data);
        }
        if operation > 1 || call_only {
            return Err(self.deny(BAD_OPERATION).have(U256::from(operation)));
        }
        if !value.is_zero() {
            return Err(self.deny(DELEGATECALL_VALUE).have(value));
        }
        // The releases stand at their addresses in every world, so their code there is the known code.
        let by_hash = [
            (safe::MULTI_SEND_CALL_ONLY_1_3_0, false),
            (safe::MULTI_SEND_CALL_ONLY_1_4_1, false),
            (safe::MULTI_SEND_CALL_ONLY_1_5_0, true),
        ];
        let by_address = [
            (safe::MULTI_SEND_1_3_0, false),
            (safe::MULTI_SEND_1_3_0_EIP155, false),
            (safe::MULTI_SEND_1_4_1, false),
            (safe::MULTI_SEND_1_5_0, true),
        ];
        let code = self.world.code_hash(to);
        let call_only = by_hash.iter().find(|(one, _)| self.world.code_hash(*one) == code);
        let known = call_only.or_else(|| by_address.iter().find(|(one, _)| *one == to));
        let Some((_, zero_is_account)) = known else {
            return self.delegated(to, data);
        };
        if depth == 2 {
            return Err(self.deny(BATCH_TOO_DEEP));
        }
        for (operation, to, value, data) in transactions(data).ok_or(self.deny(MALFORMED_BATCH))? {
            let to = if to.is_zero() && *zero_is_account { self.case.account } else { to };
            self.action(operation, to, value, &data, depth + 1, call_only.is_some())?;
        }
        Ok(())
    }

    fn leaf(&mut self, to: Address, value: U256, data: &[u8]) -> Result<(), Stop> {
        self.calls_itself |= to == self.case.account;
        if self.control(to, value, data)? {
            self.last_rule = None;
            self.digest = fold(self.digest, 0, &bare(to, data));
            self.effects += 1;
            return Ok(());
        }
        self.is_open(data)?;
        if !value.is_zero() {
            self.effect(&native(to, value, data))?;
        }
        if data.is_empty() {
            return if value.is_zero() { self.effect(&bare(to, data)) } else { Ok(()) };
        }
        let (account, managed) = (self.case.account, self.changes_plugins(to, data));
        let not_canonical = self.deny(NON_CANONICAL).have(selector_number(data));
        let effects = called(self.program()?, account, to, data, managed).map_err(|NotCanonical| not_canonical)?;
        for effect in effects {
            self.effect(&effect)?;
        }
        Ok(())
    }

    /// Rules can be asked about an action with this calldata.
    fn is_open(&mut self, data: &[u8]) -> Result<(), Stop> {
        if !self.account.active {
            return Err(self.deny(NO_PROGRAM));
        }
        if self.account.frozen {
            return Err(self.deny(FROZEN));
        }
        self.program()?;
        if (1..4).contains(&data.len()) {
            return Err(self.deny(SHORT_CALLDATA).have(U256::from(data.len())));
        }
        Ok(())
    }

    fn effect(&mut self, effect: &Effect) -> Result<(), Stop> {
        let no_rule = match effect.kind {
            effects::DELEGATECALL => self.deny(DELEGATECALL_DENIED).have(word(effect.target)),
            kind => self.deny(NO_RULE).have(U256::from(kind)),
        };
        let decision = self.decide(effect)?.ok_or(no_rule)?;
        self.charge(effect, &decision)?;
        self.ruled = true;
        for (asks, rule) in &decision.asks {
            join(&mut self.asked, asks, *rule, self.effects);
        }
        self.digest = fold(self.digest, effect.kind, effect);
        if let Some((seconds, rule)) = decision.delay
            && self.delay.is_none_or(|longest| seconds > longest.seconds)
        {
            self.delay = Some(Delay { seconds, rule, effect: self.effects });
        }
        self.last_rule = Some(decision.rule);
        self.effects += 1;
        Ok(())
    }

    /// The announcement that is used up, if a rule asks for a delay.
    fn announced(&mut self) -> Result<BTreeMap<U256, U256>, Stop> {
        let Some(Delay { seconds, rule, effect }) = self.delay else { return Ok(BTreeMap::new()) };
        let expiry = self.program()?.expiry;
        let content = content(self.case);
        let origin = word(self.case.origin.unwrap_or_default());
        let id = hash(&[word(self.case.account), U256::from(self.account.epoch), origin, content]);
        let slot = hash(&[id, U256::ZERO]);
        let made: U256 = self.stored(slot) & ((U256::ONE << 96) - U256::ONE);
        let now = U256::from(self.case.now);
        let denied = |reason, have: U256, need: U256| Err(Stop::by(reason, effect, rule).have(have).need(need));
        let (expires, matures) = (made + U256::from(expiry), made + U256::from(seconds));
        if made.is_zero() {
            return denied(NOT_ANNOUNCED, U256::ZERO, U256::from(seconds));
        }
        if now >= expires {
            return denied(ANNOUNCEMENT_EXPIRED, expires, now);
        }
        if now < matures {
            return denied(NOT_MATURED, matures, now);
        }
        Ok(BTreeMap::from([(slot, U256::ZERO)]))
    }
}
