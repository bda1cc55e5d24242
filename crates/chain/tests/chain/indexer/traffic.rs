use alloy_primitives::aliases::U24;
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolCall;
use portcullis_bindings::IPolicyHook as Hook;
use portcullis_bindings::safe::{Safe, SafeTx};
use portcullis_chain::install::{self, Installation};
use portcullis_chain::safe::{Transaction, Version, batch, call, hash};
use portcullis_chain::{Ledger, deploy, read};
use portcullis_policy::{Policy, compile};
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::index::Sent;
use crate::common::{InProcess, PAYER, Treasury, who};

const WEEK: u64 = 7 * 86_400;
const DESK: [&str; 3] = ["dora", "emil", "fay"];
const CHANGE_DELAY: u32 = 3_600;

/// A treasury, and what everybody does with it.
pub(crate) struct Traffic {
    pub(crate) ledger: InProcess,
    pub(crate) hook: Address,
    treasury: Treasury,
    version: Version,
    programs: [(deploy::Program, Vec<u8>); 2],
    rng: ChaCha8Rng,
    sent: Vec<Sent>,
}

impl Traffic {
    pub(crate) fn new(version: Version, seed: u64) -> Self {
        let mut ledger = InProcess::new();
        let treasury = Treasury::new(&mut ledger, version, false);
        ledger.fund(treasury.safe, U256::from(10).pow(U256::from(20))).unwrap();
        let hook = deploy::deploy_hook(&mut ledger, who(PAYER)).unwrap();
        let programs = ["0.1", "0.05"].map(|cap| {
            let policy = Policy::parse(&policy(&treasury, cap), "policy.toml").unwrap();
            let bytes = compile(&policy).unwrap().program;
            (deploy::deploy_program(&mut ledger, who(PAYER), &bytes).unwrap(), bytes)
        });
        let rng = ChaCha8Rng::seed_from_u64(seed);
        Self { ledger, hook, treasury, version, programs, rng, sent: Vec::new() }
    }

    pub(crate) const fn safe(&self) -> Address {
        self.treasury.safe
    }

    /// Everything that was sent in a week.
    pub(crate) fn week(&mut self) -> Vec<Sent> {
        self.install();
        let end = self.ledger.now().unwrap() + WEEK;
        while self.ledger.now().unwrap() < end {
            let pause = self.rng.random_range(0..1_800);
            self.ledger.advance(pause).unwrap();
            let state = read::account(&self.ledger, self.hook, self.safe()).unwrap();
            if state.program.is_zero() {
                self.install();
            } else {
                match self.rng.random_range(0..10) {
                    0..4 => self.pay(),
                    4..7 => self.consent(),
                    7 | 8 => self.change(&state),
                    _ => self.guard(&state),
                }
            }
        }
        std::mem::take(&mut self.sent)
    }

    fn pay(&mut self) {
        let amount = self.rng.random_range(1..12_000);
        let token = self.treasury.token;
        let pay = |to: &str, amount| Transaction::call(token, self.treasury.transfer(who(to), amount));
        let nonce = self.treasury.nonce(&self.ledger);
        let tx = match self.rng.random_range(0..8) {
            0..3 => call(token, U256::ZERO, pay("payee", amount).data, nonce),
            3 => batch(self.treasury.contracts.multi_send, &[pay("payee", 5), pay("payee", amount)], nonce),
            4 => call(who("payee"), U256::from(amount), Bytes::new(), nonce),
            5 => call(token, U256::ZERO, pay("stranger", 1).data, nonce),
            // Allowed, and then there is nobody who takes it: the token itself has no use for ether.
            6 => call(token, U256::ONE, Bytes::new(), nonce),
            _ => SafeTx { gasPrice: U256::ONE, ..call(token, U256::ZERO, pay("payee", 1).data, nonce) },
        };
        self.execute(&tx);
    }

    fn vendor(&mut self) -> Transaction {
        let amount = 100 * self.rng.random_range(1..3);
        Transaction::call(self.treasury.token, self.treasury.transfer(who("vendor"), amount))
    }

    fn careful(&self) -> SafeTx {
        let data = self.treasury.transfer(who("careful"), 7);
        call(self.treasury.token, U256::ZERO, data, self.treasury.nonce(&self.ledger))
    }

    /// Announcements and approvals, and the payments that need them.
    fn consent(&mut self) {
        let by = who(DESK.choose(&mut self.rng).unwrap());
        let (account, hook) = (self.safe(), self.hook);
        let vendor = self.vendor();
        let actions = vec![Hook::Action { to: vendor.to, value: U256::ZERO, data: vendor.data.clone(), operation: 0 }];
        match self.rng.random_range(0..8) {
            0 | 1 => {
                let announce = Hook::announceCall { account, origin: Address::ZERO, actions };
                self.send(by, hook, announce.abi_encode());
            }
            2 | 3 => {
                let nonce = self.treasury.nonce(&self.ledger);
                self.execute(&call(vendor.to, U256::ZERO, vendor.data, nonce));
            }
            4 => {
                let id = Hook::announcementIdCall { account, origin: Address::ZERO, actions };
                let id: B256 = read::view(&self.ledger, hook, "announcementId", id).unwrap();
                self.send(by, hook, Hook::cancelCall { account, id }.abi_encode());
            }
            5 | 6 => {
                let tx = self.careful();
                for by in DESK.iter().take(self.rng.random_range(1..3)) {
                    let approve = self.approval(&tx);
                    self.send(who(by), hook, approve.abi_encode());
                }
                self.execute(&tx);
            }
            _ => {
                let tx = self.careful();
                let request = hash(&tx, account, self.ledger.chain_id());
                let deny = Hook::denyCall { account, request, list: self.group() };
                self.send(by, hook, deny.abi_encode());
                self.execute(&tx);
            }
        }
    }

    fn approval(&self, tx: &SafeTx) -> Hook::approveCall {
        let deadline = self.ledger.now().unwrap() + 600;
        let request = hash(tx, self.safe(), self.ledger.chain_id());
        Hook::approveCall { account: self.safe(), request, program: self.active().0.code_hash, deadline }
    }

    fn active(&self) -> &(deploy::Program, Vec<u8>) {
        let state = read::account(&self.ledger, self.hook, self.safe()).unwrap();
        self.programs.iter().find(|(program, _)| program.address == state.program).unwrap()
    }

    /// Where the guardians' list is, who are the group that approves.
    fn group(&self) -> U24 {
        U24::try_from_be_slice(self.active().1.get(25..28).unwrap()).unwrap()
    }

    /// Another program, or none.
    fn change(&mut self, state: &read::AccountState) {
        let next = self.programs.choose(&mut self.rng).unwrap().0;
        let calls = match (state.stagedKind, self.rng.random_range(0..6)) {
            (0, 0..3) => {
                let stage =
                    Hook::stageCall { program: next.address, codeHash: next.code_hash, changeDelay: CHANGE_DELAY };
                vec![self.control(stage)]
            }
            (0, _) => {
                let calls = self.off().into_iter().map(|t| Hook::SlotCall { to: t.to, data: t.data }).collect();
                vec![self.control(Hook::stageSlotsCall { calls })]
            }
            (_, 0) => vec![self.control(Hook::cancelStagedCall {})],
            (1, _) => vec![self.control(Hook::activateCall { program: state.stagedProgram })],
            _ => self.off(),
        };
        self.batch(&calls);
    }

    fn guard(&mut self, state: &read::AccountState) {
        if state.frozen {
            let calls = if state.unfreezesAt.is_zero() {
                vec![self.control(Hook::startUnfreezeCall {})]
            } else {
                vec![self.control(Hook::unfreezeCall {})]
            };
            self.batch(&calls);
        } else if self.rng.random_range(0..3) == 0 {
            let by = who(DESK.choose(&mut self.rng).unwrap());
            self.send(by, self.hook, Hook::freezeCall { account: self.safe() }.abi_encode());
        }
    }

    fn control<C: SolCall>(&self, call: C) -> Transaction {
        Transaction::call(self.hook, call.abi_encode())
    }

    /// The calls that take the hook off.
    fn off(&self) -> Vec<Transaction> {
        let mut calls = vec![Transaction::call(self.safe(), Safe::setGuardCall { guard: Address::ZERO }.abi_encode())];
        if self.version.has_module_guard() {
            let data = Safe::setModuleGuardCall { moduleGuard: Address::ZERO }.abi_encode();
            calls.push(Transaction::call(self.safe(), data));
        }
        calls
    }

    fn install(&mut self) {
        let what = Installation {
            hook: self.hook,
            program: self.programs.first().unwrap().0,
            change_delay: CHANGE_DELAY,
            bypassing: Vec::new(),
            handler: None,
        };
        let safe = read::safe(&self.ledger, self.safe()).unwrap();
        let tx = install::transaction(&safe, self.treasury.contracts.multi_send, &what).unwrap();
        self.execute(&tx);
    }

    fn batch(&mut self, calls: &[Transaction]) {
        let nonce = self.treasury.nonce(&self.ledger);
        let tx = match calls {
            [only] => call(only.to, U256::ZERO, only.data.clone(), nonce),
            several => batch(self.treasury.contracts.multi_send, several, nonce),
        };
        self.execute(&tx);
    }

    fn execute(&mut self, tx: &SafeTx) {
        let data = self.treasury.signed(&self.ledger, tx, &["ann", "bob"]);
        self.send(who(PAYER), self.safe(), data);
    }

    fn send(&mut self, from: Address, to: Address, data: impl Into<Bytes>) {
        let data = data.into();
        let receipt = self.ledger.send(from, to, U256::ZERO, data.clone()).unwrap();
        self.sent.push(Sent { from, to, data, receipt });
    }
}

/// A rule of every sort that leaves something behind.
fn policy(treasury: &Treasury, cap: &str) -> String {
    let desk = DESK.map(|name| format!("\"{}\"", who(name))).join(", ");
    let list = |name: &str| format!("[\"{}\"]", who(name));
    format!(
        r#"
version   = 1
name      = "week"
account   = "eth:{safe}"
semantics = "first-match"

[control]
change_delay        = "1h"
announcement_expiry = "1d"
announcers          = "@desk"
cancellers          = "@desk"
guardians           = "@desk"

[assets]
USD = {{ standard = "erc20", address = "{token}", decimals = 6 }}
ETH = {{ standard = "native", decimals = 18 }}

[groups]
desk = [{desk}]

[lists]
payroll = {payee}
vendors = {vendor}
careful = {careful}
ether   = ["{token}", "{payee_address}"]

[limits.usd-day]
asset      = "USD"
cap        = "{cap}"
window     = {{ rolling = "24h" }}
everywhere = true

[limits.eth-day]
asset  = "ETH"
cap    = "0.000_000_000_000_05"
window = {{ calendar = "day" }}

[limits.vendor-week]
count  = 40
window = {{ calendar = "week" }}

[[rules]]
id   = "payroll"
when = {{ effect = "transfer", asset = "USD", recipient = "@payroll", amount = {{ max = "0.01" }} }}
then = {{ allow = true, notify = ["payroll"] }}

[[rules]]
id   = "vendors"
when = {{ effect = "transfer", asset = "USD", recipient = "@vendors" }}
then = {{ allow = true, delay = "2h", limits = ["vendor-week"] }}

[[rules]]
id   = "careful"
when = {{ effect = "transfer", asset = "USD", recipient = "@careful" }}
then = {{ allow = true, approvals = {{ group = "desk", at_least = 2 }} }}

[[rules]]
id   = "ether"
when = {{ effect = "transfer", asset = "ETH", recipient = "@ether" }}
then = {{ allow = true, limits = ["eth-day"] }}
"#,
        safe = treasury.safe,
        token = treasury.token,
        payee = list("payee"),
        payee_address = who("payee"),
        vendor = list("vendor"),
        careful = list("careful"),
    )
}
