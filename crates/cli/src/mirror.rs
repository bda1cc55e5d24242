//! The same question to both evaluators: the hook on the chain, and the mirror here.

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::SolError;
use eyre::{Result, WrapErr, bail, eyre};
use portcullis_bindings::IPolicyHook;
use portcullis_chain::{Ledger, LedgerState, Receipt, read};
use portcullis_eval::{Action, Evaluation, Reason, Request, Verdict};

/// No rule decided.
const NO_RULE: u16 = 0xffff;

/// What both evaluators say on the same state at the same time.
#[derive(Debug)]
pub(crate) struct Answers {
    /// The hook's `check`.
    pub(crate) chain: Verdict,
    /// The mirror's evaluation.
    pub(crate) rust: Evaluation,
    /// The program that both were asked under; empty for none.
    pub(crate) program: Bytes,
}

impl Answers {
    /// Whether they are the same in every field.
    pub(crate) fn agree(&self) -> bool {
        self.chain == self.rust.verdict
    }

    /// Whether a denial is of what comes after an execution, which neither sees.
    pub(crate) fn undone_by(&self, denial: &Verdict) -> bool {
        let after = [Reason::AccountChanged, Reason::BalanceUnreadable, Reason::BalanceExceeded];
        self.chain.is_allowed() && after.contains(&denial.reason)
    }
}

/// How often both are asked anew because the chain went on between the two questions.
const ATTEMPTS: usize = 3;

/// Asks both about a request on the ledger's present state.
pub(crate) fn ask(ledger: &dyn Ledger, hook: Address, request: &Request) -> Result<Answers> {
    let mut attempts = 0;
    loop {
        let now = ledger.now()?;
        let account = read::account(ledger, hook, request.account)?;
        let program = ledger.code(account.program, None)?;
        let state = LedgerState::new(ledger, hook, None);
        let rust = portcullis_eval::evaluate(&program, ledger.chain_id(), hook, &state, request, now)?;
        let answers = Answers { chain: check(ledger, hook, request)?, rust, program };
        attempts += 1;
        if answers.agree() || attempts == ATTEMPTS || ledger.now()? == now {
            return Ok(answers);
        }
    }
}

fn check(ledger: &dyn Ledger, hook: Address, request: &Request) -> Result<Verdict> {
    let answer = read::view(ledger, hook, "check(address,Request)", question(request))?;
    verdict(answer.reason, answer.effect, answer.rule, answer.detail, answer.have, answer.need)
}

/// The request as the hook's `check` takes it.
pub(crate) fn question(request: &Request) -> IPolicyHook::checkCall {
    let asked = IPolicyHook::Request {
        origin: request.origin.unwrap_or_default(),
        initiator: request.initiator,
        safeTxGas: request.safe_tx_gas,
        baseGas: request.base_gas,
        gasPrice: request.gas_price,
        gasToken: request.gas_token,
        refundReceiver: request.refund_receiver,
        signatures: request.signatures.clone(),
        nonce: request.nonce,
        actions: abi_actions(&request.actions),
    };
    // By position: the hook reads it raw, so there it has no name.
    IPolicyHook::checkCall::from((request.account, asked))
}

/// Actions as the hook takes them.
pub(crate) fn abi_actions(actions: &[Action]) -> Vec<IPolicyHook::Action> {
    actions
        .iter()
        .map(|action| IPolicyHook::Action {
            to: action.to,
            value: action.value,
            data: action.data.clone(),
            operation: action.operation,
        })
        .collect()
}

/// How a real execution ended.
#[derive(Debug)]
pub(crate) enum Executed {
    /// It ran.
    Done,
    /// The hook denied it.
    Denied(Verdict),
    /// It reverted, but not by the hook.
    Failed(Bytes),
}

/// Reads a verdict off an execution.
pub(crate) fn executed(receipt: &Receipt) -> Result<Executed> {
    ended(receipt.success, &receipt.output)
}

/// Reads a verdict off how an execution ended.
pub(crate) fn ended(success: bool, output: &Bytes) -> Result<Executed> {
    if success {
        return Ok(Executed::Done);
    }
    let Ok(denied) = IPolicyHook::Denied::abi_decode_validate(output) else {
        return Ok(Executed::Failed(output.clone()));
    };
    let denial = verdict(denied.reason, denied.effect, denied.rule, denied.detail, denied.have, denied.need)?;
    if denial.reason == Reason::Allowed {
        bail!("the chain denied with the reason `Allowed`");
    }
    Ok(Executed::Denied(denial))
}

fn verdict(reason: u8, effect: u32, rule: u16, detail: u8, have: U256, need: U256) -> Result<Verdict> {
    let reason = Reason::from_number(reason).ok_or_else(|| eyre!("{reason}"));
    let reason = reason.wrap_err("the hook gives a reason that this release does not know")?;
    Ok(Verdict { reason, effect, rule: (rule != NO_RULE).then_some(rule), detail, have, need })
}
