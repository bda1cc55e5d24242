use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes, Log, U256, keccak256};
use alloy_sol_types::{SolCall, SolError, SolEvent, SolEventInterface};
use portcullis_attest::Binding;
use portcullis_bindings::IPolicyHook::{AnnouncementCancelled, Denied, IPolicyHookEvents as Event};
use portcullis_bindings::safe::Safe;
use portcullis_chain::{Ledger, LedgerState, Receipt};
use portcullis_eval::{
    Action, Evaluation, Missing, Reason, Request, State, account_slot, announcement_id, announcement_slot,
    approval_slot, denial_slot, evaluate,
};

use crate::common::InProcess;

pub(crate) const ANNOUNCEMENT_CANCELLED: B256 = AnnouncementCancelled::SIGNATURE_HASH;
const FROZEN: usize = 232;

/// A transaction as everybody can see it.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) from: Address,
    pub(crate) to: Address,
    pub(crate) data: Bytes,
    pub(crate) receipt: Receipt,
}

/// What is known of one account, put together from what was sent.
pub(crate) struct Index {
    hook: Address,
    account: Address,
    nonce: U256,
    /// What the events named a program's version: by its contract.
    versions: BTreeMap<Address, B256>,
    words: BTreeMap<U256, U256>,
    /// How often each event was read, and each sort of verdict.
    pub(crate) seen: BTreeMap<&'static str, u64>,
}

/// The index's own words, and of the chain nothing of the hook's storage.
struct Known<'a> {
    words: &'a BTreeMap<U256, U256>,
    chain: LedgerState<'a>,
}

impl State for Known<'_> {
    fn word(&self, slot: U256) -> Result<U256, Missing> {
        Ok(self.words.get(&slot).copied().unwrap_or_default())
    }

    fn code_hash(&self, address: Address) -> Result<B256, Missing> {
        self.chain.code_hash(address)
    }

    fn static_call(&self, target: Address, data: &[u8], gas: u32) -> Result<Option<Bytes>, Missing> {
        self.chain.static_call(target, data, gas)
    }
}

impl Index {
    pub(crate) const fn new(hook: Address, account: Address) -> Self {
        Self {
            hook,
            account,
            nonce: U256::ZERO,
            versions: BTreeMap::new(),
            words: BTreeMap::new(),
            seen: BTreeMap::new(),
        }
    }

    /// Every word that is not zero.
    pub(crate) fn words(&self) -> BTreeMap<U256, U256> {
        self.words.iter().filter(|(_, word)| !word.is_zero()).map(|(slot, word)| (*slot, *word)).collect()
    }

    /// Reads one transaction. The mirror must say what became of it.
    pub(crate) fn read(&mut self, ledger: &InProcess, sent: &Sent) {
        if let Some(evaluation) = self.take(ledger, sent) {
            self.compare(sent, &evaluation);
        }
    }

    /// As [`Index::read`], whatever the mirror says.
    pub(crate) fn read_loosely(&mut self, ledger: &InProcess, sent: &Sent) {
        self.take(ledger, sent);
    }

    fn take(&mut self, ledger: &InProcess, sent: &Sent) -> Option<Evaluation> {
        let request = self.request(sent);
        let evaluation = request.and_then(|request| self.evaluate(ledger, &request, &sent.receipt));
        if sent.receipt.success {
            for (slot, word) in evaluation.iter().flat_map(|evaluation| &evaluation.writes) {
                self.words.insert(*slot, *word);
            }
            let hook = self.hook;
            for log in sent.receipt.logs.iter().filter(|log| log.address == hook) {
                self.hear(log, sent.receipt.timestamp);
            }
            if sent.to == self.account {
                self.nonce += U256::ONE;
            }
        }
        evaluation
    }

    /// What the owners asked for, out of the call to the Safe.
    fn request(&self, sent: &Sent) -> Option<Request> {
        let call = (sent.to == self.account).then(|| Safe::execTransactionCall::abi_decode(&sent.data).ok())??;
        Some(Request {
            account: self.account,
            origin: None,
            initiator: sent.from,
            safe_tx_gas: call.safeTxGas,
            gas_price: call.gasPrice,
            base_gas: call.baseGas,
            gas_token: call.gasToken,
            refund_receiver: call.refundReceiver,
            nonce: self.nonce,
            signatures: call.signatures,
            actions: vec![Action { to: call.to, value: call.value, data: call.data, operation: call.operation }],
        })
    }

    fn evaluate(&self, ledger: &InProcess, request: &Request, receipt: &Receipt) -> Option<Evaluation> {
        let program = Address::from_word(self.word(0).into());
        // While nothing is installed, no guard asks.
        if program.is_zero() {
            return None;
        }
        let code = ledger.code(program, None).unwrap();
        let chain = LedgerState::new(ledger, self.hook, Some(receipt.block - 1));
        let state = Known { words: &self.words, chain };
        Some(evaluate(&code, ledger.chain_id(), self.hook, &state, request, receipt.timestamp).unwrap())
    }

    fn compare(&mut self, sent: &Sent, evaluation: &Evaluation) {
        let (receipt, verdict) = (&sent.receipt, evaluation.verdict);
        if receipt.success {
            assert_eq!(verdict.reason, Reason::Allowed, "{receipt:?}");
            self.count("allowed");
            // Every charge is somebody's: of a rule that decided, or of an everywhere limit.
            for charge in &evaluation.charges {
                assert!(charge.amount <= charge.remaining_before);
                assert!(usize::try_from(charge.effect).unwrap() < evaluation.decisions.len());
                self.count("charged");
            }
        } else if let Ok(denied) = Denied::abi_decode_validate(&receipt.output) {
            let chain = (denied.reason, denied.effect, denied.rule, denied.detail, denied.have, denied.need);
            let rule = verdict.rule.unwrap_or(u16::MAX);
            let mirror = (verdict.reason.number(), verdict.effect, rule, verdict.detail, verdict.have, verdict.need);
            assert_eq!(chain, mirror);
            self.count("denied");
        } else {
            assert_eq!(verdict.reason, Reason::Allowed, "{receipt:?}");
            self.count("failed");
        }
    }

    fn hear(&mut self, log: &Log, now: u64) {
        let event = Event::decode_log(log).unwrap().data;
        match event {
            Event::Installed(e) => {
                self.versions.insert(e.program, e.codeHash);
                let epoch = self.word(0) & (U256::from(u32::MAX) << 192);
                self.set(0, control(e.program, e.changeDelay) | epoch | U256::from(e.route) << 224);
                self.set(4, self.word(4) + U256::ONE);
                self.count("Installed");
            }
            Event::Staged(e) => {
                self.versions.insert(e.program, e.codeHash);
                let staged = control(e.program, e.changeDelay) | self.staged_at(e.maturesAt) | U256::ONE << 232;
                self.set(1, staged);
                self.set(2, U256::ZERO);
                self.count("Staged");
            }
            Event::SlotsStaged(e) => {
                self.set(1, self.staged_at(e.maturesAt) | U256::from(2) << 232);
                self.set(2, e.digest.into());
                self.count("SlotsStaged");
            }
            Event::StagedCancelled(_) => {
                self.forget_staged();
                self.count("StagedCancelled");
            }
            Event::Activated(e) => {
                // Epoch, route and freeze stay.
                let kept = self.word(0) >> 192 << 192;
                self.set(0, control(e.program, e.changeDelay) | kept);
                self.set(4, self.word(4) + U256::ONE);
                self.forget_staged();
                self.count("Activated");
            }
            Event::Removed(e) => {
                assert_eq!(self.word(0), U256::from(e.epoch) << 192, "the mirror knew");
                self.count("Removed");
            }
            Event::Frozen(e) => {
                self.set(0, self.word(0) | U256::ONE << FROZEN);
                self.set(5, word(e.guardian));
                self.count("Frozen");
            }
            Event::UnfreezeStarted(e) => {
                self.set(5, word(e.guardian) | e.endsAt << 160);
                self.count("UnfreezeStarted");
            }
            Event::Unfrozen(e) => {
                self.set(0, self.word(0) & !(U256::ONE << FROZEN));
                self.set(5, U256::ZERO);
                let bar = [word(self.account), self.word(4), word(e.guardian), U256::from(3)];
                self.words.insert(keccak256(bar.map(B256::from).concat()).into(), U256::ONE);
                self.count("Unfrozen");
            }
            other => self.hear_consent(other, now),
        }
    }

    fn hear_consent(&mut self, event: Event, now: u64) {
        match event {
            Event::Announced(e) => {
                let actions: Vec<_> = e.actions.into_iter().map(action).collect();
                let origin = (!e.origin.is_zero()).then_some(e.origin);
                assert_eq!(
                    announcement_id(self.account, self.epoch(), origin, &actions),
                    e.id,
                    "the calldata is all there"
                );
                self.words.insert(announcement_slot(e.id), word(self.account) << 96 | U256::from(now));
                self.count("Announced");
            }
            Event::AnnouncementCancelled(e) => {
                self.words.insert(announcement_slot(e.id), U256::ZERO);
                self.count("AnnouncementCancelled");
            }
            Event::Metered(e) => {
                self.words.insert(e.slot, e.word);
                self.count("Metered");
            }
            Event::Approved(e) => {
                let slot = approval_slot(&self.binding(e.request, e.program), e.approver);
                // Taken back, it is 1.
                self.words.insert(slot, U256::from(e.deadline.max(1)));
                self.count("Approved");
            }
            Event::ApprovalDenied(e) => {
                let program = *self.versions.get(&Address::from_word(self.word(0).into())).unwrap();
                self.words.insert(denial_slot(&self.binding(e.request, program), e.list.to()), U256::ONE);
                self.count("ApprovalDenied");
            }
            Event::Notified(_) => self.count("Notified"),
            Event::Attested(_) => self.count("Attested"),
            other => panic!("{other:?} is not heard"),
        }
    }

    fn epoch(&self) -> u32 {
        let epoch: U256 = self.word(0) >> 192;
        (epoch & U256::from(u32::MAX)).to()
    }

    fn binding(&self, request: B256, program: B256) -> Binding {
        let epoch = self.epoch();
        Binding { chain_id: 0, hook: self.hook, account: self.account, request, program, epoch }
    }

    fn staged_at(&self, matures_at: U256) -> U256 {
        (matures_at - (self.word(0) >> 160 & U256::from(u32::MAX))) << 192
    }

    fn forget_staged(&mut self) {
        self.set(1, U256::ZERO);
        self.set(2, U256::ZERO);
    }

    fn word(&self, n: u8) -> U256 {
        self.words.get(&account_slot(self.account, n)).copied().unwrap_or_default()
    }

    fn set(&mut self, n: u8, word: U256) {
        self.words.insert(account_slot(self.account, n), word);
    }

    fn count(&mut self, what: &'static str) {
        *self.seen.entry(what).or_default() += 1;
    }
}

fn action(a: portcullis_bindings::IPolicyHook::Action) -> Action {
    Action { to: a.to, value: a.value, data: a.data, operation: a.operation }
}

fn word(address: Address) -> U256 {
    address.into_word().into()
}

fn control(program: Address, delay: u32) -> U256 {
    word(program) | U256::from(delay) << 160
}
