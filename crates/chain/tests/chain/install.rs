//! The hook on the real Safes of every version, in process and on a node; the mirror agrees each time.

use crate::common;

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolCall, SolError};
use common::{Anvil, InProcess, PAYER, Treasury, pay_only, who};
use portcullis_bindings::IPolicyHook::Denied;
use portcullis_bindings::safe::{SENTINEL, Safe, SafeTx};
use portcullis_chain::install::Installation;
use portcullis_chain::safe::{Transaction, Version, batch, call};
use portcullis_chain::{Error, Ledger, LedgerState, Receipt, deploy, install, read};
use portcullis_eval::{Action, Reason, Request, Verdict, evaluate};

const CHANGE_DELAY: u32 = 3_600;

/// A treasury under a program that lets 255 units at a time go to the payee, and nothing else.
struct Guarded {
    treasury: Treasury,
    hook: Address,
    program: Vec<u8>,
}

impl Guarded {
    fn new(ledger: &mut dyn Ledger, version: Version) -> Self {
        let treasury = Treasury::new(ledger, version, false);
        let program = pay_only(treasury.token, who("payee"));
        let enable = Safe::enableModuleCall { module: who(PAYER) }.abi_encode();
        let tx = call(treasury.safe, U256::ZERO, enable.into(), treasury.nonce(ledger));
        assert!(treasury.execute(ledger, &tx).success);

        let hook = deploy::deploy_hook(ledger, who(PAYER)).unwrap();
        assert_eq!(hook, deploy::hook_at());
        let what = Installation {
            hook,
            program: deploy::deploy_program(ledger, who(PAYER), &program).unwrap(),
            change_delay: CHANGE_DELAY,
            bypassing: if version.has_module_guard() { Vec::new() } else { vec![who(PAYER)] },
            handler: Some(deploy::deploy_handler(ledger, who(PAYER)).unwrap()),
        };
        let safe = read::safe(ledger, treasury.safe).unwrap();
        let tx = install::transaction(&safe, treasury.contracts.multi_send, &what).unwrap();
        let receipt = treasury.execute(ledger, &tx);
        assert!(receipt.success, "{receipt:?}");

        let safe = read::safe(ledger, treasury.safe).unwrap();
        let module_guard = if version.has_module_guard() { hook } else { Address::ZERO };
        assert_eq!((safe.guard, safe.module_guard), (hook, module_guard));
        assert_eq!(safe.handler, deploy::handler_at());
        let account = read::account(ledger, hook, treasury.safe).unwrap();
        assert_eq!((account.program, account.changeDelay), (what.program.address, CHANGE_DELAY));
        Self { treasury, hook, program }
    }

    /// The mirror's verdict at the time of the receipt, on the state before its block.
    fn mirror(&self, ledger: &dyn Ledger, request: &Request, receipt: &Receipt) -> Verdict {
        let state = LedgerState::new(ledger, self.hook, Some(receipt.block - 1));
        evaluate(&self.program, ledger.chain_id(), self.hook, &state, request, receipt.timestamp).unwrap().verdict
    }

    /// Executes for the owners, and compares the chain's verdict with the mirror's.
    fn verdict(&self, ledger: &mut dyn Ledger, tx: &SafeTx) -> Reason {
        let receipt = self.treasury.execute(ledger, tx);
        let request = Request {
            account: self.treasury.safe,
            origin: None,
            initiator: who(PAYER),
            safe_tx_gas: tx.safeTxGas,
            gas_price: tx.gasPrice,
            actions: vec![Action { to: tx.to, value: tx.value, data: tx.data.clone(), operation: tx.operation }],
            ..Request::default()
        };
        let mirror = self.mirror(ledger, &request, &receipt);
        agree(&receipt, &mirror);
        mirror.reason
    }

    fn call(&self, ledger: &dyn Ledger, to: Address, data: Bytes) -> SafeTx {
        call(to, U256::ZERO, data, self.treasury.nonce(ledger))
    }

    fn transfer(&self, ledger: &dyn Ledger, to: &str, amount: u64) -> SafeTx {
        self.call(ledger, self.treasury.token, self.treasury.transfer(who(to), amount))
    }
}

fn agree(receipt: &Receipt, mirror: &Verdict) {
    assert_eq!(receipt.success, mirror.reason == Reason::Allowed, "{receipt:?} {mirror:?}");
    if receipt.success {
        return;
    }
    let denied = Denied::abi_decode_validate(&receipt.output).unwrap_or_else(|_| panic!("{receipt:?} {mirror:?}"));
    let chain = (denied.reason, denied.effect, denied.rule, denied.detail, denied.have, denied.need);
    let rule = mirror.rule.unwrap_or(u16::MAX);
    assert_eq!(chain, (mirror.reason.number(), mirror.effect, rule, mirror.detail, mirror.have, mirror.need));
}

fn the_program_rules(ledger: &mut dyn Ledger, version: Version) {
    let guarded = Guarded::new(ledger, version);
    let treasury = &guarded.treasury;

    let to_stranger = guarded.transfer(ledger, "stranger", 1);
    assert_eq!(guarded.verdict(ledger, &to_stranger), Reason::NoRule);
    let too_much = guarded.transfer(ledger, "payee", 256);
    assert_eq!(guarded.verdict(ledger, &too_much), Reason::NoRule);
    let native = call(who("payee"), U256::from(1), Bytes::new(), treasury.nonce(ledger));
    assert_eq!(guarded.verdict(ledger, &native), Reason::NoRule);
    let refund = SafeTx { safeTxGas: U256::from(1), ..guarded.transfer(ledger, "payee", 1) };
    assert_eq!(guarded.verdict(ledger, &refund), Reason::GasRefund);
    let delegated = SafeTx { operation: 1, ..guarded.transfer(ledger, "payee", 1) };
    assert_eq!(guarded.verdict(ledger, &delegated), Reason::DelegatecallDenied);
    let off = Safe::setGuardCall { guard: Address::ZERO }.abi_encode();
    let off = guarded.call(ledger, treasury.safe, off.into());
    assert_eq!(guarded.verdict(ledger, &off), Reason::SlotsNotStaged);
    assert_eq!(treasury.held(ledger, who("payee")), U256::ZERO);
    assert_eq!(read::safe(ledger, treasury.safe).unwrap().guard, guarded.hook);

    for multi_send in [treasury.contracts.multi_send, treasury.contracts.multi_send_call_only] {
        let leg = |to: &str| Transaction::call(treasury.token, treasury.transfer(who(to), 7));
        let bad = batch(multi_send, &[leg("payee"), leg("stranger")], treasury.nonce(ledger));
        assert_eq!(guarded.verdict(ledger, &bad), Reason::NoRule);
        let good = batch(multi_send, &[leg("payee"), leg("payee")], treasury.nonce(ledger));
        assert_eq!(guarded.verdict(ledger, &good), Reason::Allowed);
    }
    let allowed = guarded.transfer(ledger, "payee", 255);
    assert_eq!(guarded.verdict(ledger, &allowed), Reason::Allowed);
    assert_eq!(treasury.held(ledger, who("payee")), U256::from(255 + 4 * 7));
    assert_eq!(treasury.held(ledger, who("stranger")), U256::ZERO);

    the_module_is_judged_where_it_can_be(ledger, &guarded);
}

fn the_module_is_judged_where_it_can_be(ledger: &mut dyn Ledger, guarded: &Guarded) {
    let treasury = &guarded.treasury;
    let data = treasury.transfer(who("stranger"), 3);
    let ask =
        Safe::execTransactionFromModuleCall { to: treasury.token, value: U256::ZERO, data: data.clone(), operation: 0 };
    let receipt = ledger.send(who(PAYER), treasury.safe, U256::ZERO, ask.abi_encode().into()).unwrap();
    if !treasury.contracts.version.has_module_guard() {
        assert!(receipt.success, "an acknowledged module bypasses the guard of an older Safe");
        return;
    }
    let request = Request {
        account: treasury.safe,
        origin: Some(who(PAYER)),
        initiator: who(PAYER),
        actions: vec![Action { to: treasury.token, value: U256::ZERO, data, operation: 0 }],
        ..Request::default()
    };
    let mirror = guarded.mirror(ledger, &request, &receipt);
    assert_eq!(mirror.reason, Reason::NoRule);
    agree(&receipt, &mirror);
    assert_eq!(treasury.held(ledger, who("stranger")), U256::ZERO);
}

#[test]
fn the_program_rules_a_safe_1_3_0_in_process() {
    the_program_rules(&mut InProcess::new(), Version::V1_3_0);
}

#[test]
fn the_program_rules_a_safe_1_4_1_in_process() {
    the_program_rules(&mut InProcess::new(), Version::V1_4_1);
}

#[test]
fn the_program_rules_a_safe_1_5_0_in_process() {
    the_program_rules(&mut InProcess::new(), Version::V1_5_0);
}

#[test]
fn the_program_rules_safes_of_every_version_on_a_node() {
    let anvil = Anvil::start();
    let mut node = anvil.node();
    for version in Version::ALL {
        the_program_rules(&mut node, version);
    }
}

#[test]
fn installing_over_another_guard_or_past_a_module_is_refused() {
    let ledger = &mut InProcess::new();
    for version in Version::ALL {
        let treasury = Treasury::new(ledger, version, false);
        let program = deploy::program_at(&pay_only(treasury.token, who("payee"))).unwrap();
        let what = Installation {
            hook: deploy::hook_at(),
            program,
            change_delay: CHANGE_DELAY,
            bypassing: Vec::new(),
            handler: None,
        };
        let mut safe = read::safe(ledger, treasury.safe).unwrap();
        assert!(install::calls(&safe, &what).is_ok());

        safe.modules = vec![who("m1"), who("m2")];
        let ignored = install::calls(&safe, &what);
        let partly = Installation { bypassing: vec![who("m1")], ..what.clone() };
        let partly = install::calls(&safe, &partly);
        if version.has_module_guard() {
            assert!(ignored.is_ok(), "modules are guarded there");
        } else {
            assert!(matches!(ignored, Err(Error::ModulesNotAcknowledged { enabled }) if enabled == safe.modules));
        }
        assert!(matches!(partly, Err(Error::ModulesNotAcknowledged { .. })), "{partly:?}");

        safe.guard = SENTINEL;
        assert!(matches!(install::calls(&safe, &what), Err(Error::GuardTaken { guard: SENTINEL, .. })));
    }
}

#[test]
fn what_is_no_program_is_not_deployed() {
    let ledger = &mut InProcess::new();
    for bytes in [vec![], vec![1, 0], vec![0; deploy::MAX_CODE + 1]] {
        let error = deploy::deploy_program(ledger, who(PAYER), &bytes).unwrap_err();
        assert!(matches!(error, Error::BadProgram { size, .. } if size == bytes.len()), "{error}");
    }
}

#[test]
fn a_program_of_the_largest_size_stands_where_it_was_predicted() {
    let ledger = &mut InProcess::new();
    let bytes = vec![0; deploy::MAX_CODE];
    let program = deploy::deploy_program(ledger, who(PAYER), &bytes).unwrap();
    assert_eq!(program, deploy::program_at(&bytes).unwrap());
    assert_eq!(ledger.code(program.address, None).unwrap(), bytes);
    assert_eq!(deploy::deploy_program(ledger, who(PAYER), &bytes).unwrap(), program, "twice is once");
}
