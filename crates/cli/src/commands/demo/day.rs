//! The day itself. Every step is a real `execTransaction` (or a module's call) on a real Safe.

use super::Step;
use crate::mirror::{self, Answers, Executed};
use crate::site::{self, Site};
use crate::words;
use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::SolCall;
use eyre::{Result, WrapErr, bail, eyre};
use indicatif::ProgressBar;
use portcullis_bindings::IPolicyHook;
use portcullis_bindings::safe::{ERC20, Safe};
use portcullis_chain::safe::{SafeTx, Transaction, Version, multi_send};
use portcullis_chain::{Ledger, Receipt, read};
use portcullis_eval::{Action, Request};
use portcullis_policy::{Policy, SourceMap, compile};
use std::path::Path;

/// The module's key.
pub(super) const MODULE: &str = "module";
/// The token that the policy is about.
const ASSET: &str = "USDC";
/// Wei for whoever pays on a node.
const FUNDS: U256 = U256::from_limbs([0, 1_000, 0, 0]);
const DAY: u64 = 86_400;
const MORNING: u64 = 9 * 3_600;

/// A Safe under the policy, and what happened on it so far.
pub(super) struct Day<'a> {
    ledger: &'a mut dyn Ledger,
    site: Site,
    version: Version,
    policy: Policy,
    names: SourceMap,
    token: Address,
    decimals: u8,
    module: Address,
    bar: &'a ProgressBar,
    pub(super) steps: Vec<Step>,
}

impl<'a> Day<'a> {
    /// Deploys everything, puts the Safe under the policy and waits for the next morning.
    pub(super) fn prepare(
        ledger: &'a mut dyn Ledger,
        policy: &Policy,
        node_modules: &Path,
        version: Version,
        salt: U256,
        bar: &'a ProgressBar,
    ) -> Result<Self> {
        bar.set_message("deploying");
        let module = site::known_key(MODULE)?.address();
        for key in site::owner_keys()? {
            ledger.fund(key.address(), FUNDS)?;
        }
        ledger.fund(module, FUNDS)?;
        let site = Site::build(ledger, node_modules, version, salt)?;
        let decimals = policy.assets.get(ASSET).ok_or_else(|| eyre!("the policy declares no {ASSET}"))?.decimals;
        let supply = U256::from(10).pow(U256::from(decimals)).saturating_mul(U256::from(10_000_000));
        let token = site.token(ledger, ASSET, decimals, supply)?;
        let policy = policy.clone().with_account(site.safe).with_asset_address(ASSET, token)?;
        let compiled = compile(&policy)?;

        let day = Self {
            ledger,
            site,
            version,
            policy,
            names: compiled.source_map,
            token,
            decimals,
            module,
            bar,
            steps: Vec::new(),
        };
        if version.has_module_guard() {
            // Here modules are guarded, so one may be there before the policy is.
            let enable = Safe::enableModuleCall { module }.abi_encode();
            let tx = day.site.transaction(&call(day.site.safe, enable), day.site.nonce(day.ledger)?);
            day.site.execute(day.ledger, &tx, day.site.sender)?.expect_success("enabling the module")?;
        }
        let delay = day.change_delay()?;
        day.site.install(day.ledger, &compiled.program, delay)?;
        let now = day.ledger.now()?;
        day.ledger.advance(DAY - now % DAY + MORNING)?;
        Ok(day)
    }

    /// Plays the day.
    pub(super) fn play(&mut self) -> Result<()> {
        self.payments()?;
        self.large_payment()?;
        self.batch()?;
        self.module()?;
        self.delegatecall()?;
        self.removal()
    }

    fn payments(&mut self) -> Result<()> {
        let payroll = self.member("payroll")?;
        let wages = self.pay(payroll, 20_000)?;
        self.owners("payroll: 20,000 to an employee", &wages)?;
        let stranger = site::known_key("stranger")?.address();
        let theft = self.pay(stranger, 1_000)?;
        self.owners("1,000 to a stranger", &theft)?;

        // Signed together, with one nonce after the other; whichever comes last finds the limit used up.
        let mut nonce = self.site.nonce(self.ledger)?;
        let mut race = Vec::new();
        for employee in self.list("payroll")?.into_iter().cycle().take(4) {
            let salary = self.pay(employee, 48_000)?;
            race.push(self.site.transaction(&salary, nonce));
            nonce = nonce.checked_add(U256::from(1)).ok_or_else(|| eyre!("the nonce overflows"))?;
        }
        for (number, tx) in (1..).zip(&race) {
            self.signed(&format!("race {number} of 4: 48,000 to an employee"), tx)?;
        }
        Ok(())
    }

    fn large_payment(&mut self) -> Result<()> {
        // Nine eighths of the limit's window: the longest that a charge of a rolling limit counts.
        self.ledger.advance(DAY + DAY / 8)?;
        let vendor = self.member("vendors")?;
        let large = self.pay(vendor, 60_000)?;
        self.owners("60,000 to a vendor, unannounced", &large)?;
        let announce = IPolicyHook::announceCall {
            account: self.site.safe,
            origin: Address::ZERO,
            actions: mirror::abi_actions(std::slice::from_ref(&large)),
        };
        let announced = self.ledger.send(self.site.sender, self.site.hook, U256::ZERO, announce.abi_encode().into())?;
        announced.expect_success("the announcement")?;
        self.owners("the same, announced a moment ago", &large)?;
        self.ledger.advance(DAY)?;
        self.owners("the same, a day after announcing", &large)?;
        self.ledger.advance(DAY)?;
        self.owners("the same once more", &large)
    }

    fn batch(&mut self) -> Result<()> {
        let good = self.pay(self.member("payroll")?, 5_000)?;
        let bad = self.pay(site::known_key("stranger")?.address(), 5_000)?;
        let batch = self.batch_of(&[good, bad]);
        self.owners("a batch: payroll and a stranger", &batch)
    }

    fn module(&mut self) -> Result<()> {
        if !self.version.has_module_guard() {
            // No guard of this version sees a module, so the policy has to keep modules out.
            let enable = Safe::enableModuleCall { module: self.module }.abi_encode();
            return self.owners("owners enable a module", &call(self.site.safe, enable));
        }
        let action = self.pay(self.member("payroll")?, 5_000)?;
        let request = Request {
            account: self.site.safe,
            origin: Some(self.module),
            initiator: self.module,
            actions: vec![action.clone()],
            ..Request::default()
        };
        let step = "a module pays 5,000 of payroll";
        let answers = self.ask(step, &request)?;
        let from_module = Safe::execTransactionFromModuleCall {
            to: action.to,
            value: action.value,
            data: action.data,
            operation: action.operation,
        };
        let receipt = self.ledger.send(self.module, self.site.safe, U256::ZERO, from_module.abi_encode().into())?;
        self.note(step, &answers, &receipt)
    }

    fn delegatecall(&mut self) -> Result<()> {
        let action = Action { operation: 1, ..self.pay(self.member("payroll")?, 5_000)? };
        self.owners("a delegatecall to the token", &action)
    }

    fn removal(&mut self) -> Result<()> {
        let safe = self.site.safe;
        let mut changes = vec![call(safe, Safe::setGuardCall { guard: Address::ZERO }.abi_encode())];
        if self.version.has_module_guard() {
            changes.push(call(safe, Safe::setModuleGuardCall { moduleGuard: Address::ZERO }.abi_encode()));
        }
        let removal = if let [only] = changes.as_slice() { only.clone() } else { self.batch_of(&changes) };
        self.owners("an owner removes the guard", &removal)?;
        let calls =
            changes.iter().map(|change| IPolicyHook::SlotCall { to: change.to, data: change.data.clone() }).collect();
        let stage = call(self.site.hook, IPolicyHook::stageSlotsCall { calls }.abi_encode());
        self.owners("the removal is staged", &stage)?;
        self.owners("the guard is removed at once", &removal)?;
        self.ledger.advance(u64::from(self.change_delay()?))?;
        self.owners("the guard is removed after the delay", &removal)?;
        let left = read::account(self.ledger, self.site.hook, safe)?;
        if left.program != Address::ZERO || read::safe(self.ledger, safe)?.guard != Address::ZERO {
            bail!("the removal was executed, but Portcullis is still there");
        }
        Ok(())
    }

    /// Plays a step of the owners, signed with the present nonce.
    fn owners(&mut self, step: &str, action: &Action) -> Result<()> {
        let tx = self.site.transaction(action, self.site.nonce(self.ledger)?);
        self.signed(step, &tx)
    }

    fn signed(&mut self, step: &str, tx: &SafeTx) -> Result<()> {
        let request = self.site.request(self.ledger, tx, self.site.sender)?;
        let answers = self.ask(step, &request)?;
        let receipt = self.site.execute(self.ledger, tx, self.site.sender)?;
        self.note(step, &answers, &receipt)
    }

    /// Both verdicts, on the state immediately before sending.
    fn ask(&self, step: &str, request: &Request) -> Result<Answers> {
        self.bar.set_message(step.to_owned());
        mirror::ask(self.ledger, self.site.hook, request).wrap_err_with(|| step.to_owned())
    }

    /// Sets what the chain really did next to what the mirror said.
    fn note(&mut self, step: &str, answers: &Answers, receipt: &Receipt) -> Result<()> {
        let rust = &answers.rust.verdict;
        let (chain, same) = match mirror::executed(receipt)? {
            Executed::Done => ("allow", true),
            Executed::Denied(denial) => {
                // The values may hold the time, which on a node has gone on since.
                let same = (denial.reason, denial.effect, denial.rule, denial.detail)
                    == (rust.reason, rust.effect, rust.rule, rust.detail);
                ("deny", same)
            }
            Executed::Failed(output) => bail!("{step}: the Safe fails without a verdict: {}", revert(&output)),
        };
        self.steps.push(Step {
            safe: self.version,
            step: step.to_owned(),
            rule: words::rule(rust, &self.names),
            chain,
            rust: words::verdict(rust),
            reason: words::outcome(&answers.rust, &self.names),
            gas: receipt.gas_used,
            agree: same && answers.agree(),
        });
        Ok(())
    }

    fn pay(&self, to: Address, units: u64) -> Result<Action> {
        let value = U256::from(10).pow(U256::from(self.decimals)).checked_mul(U256::from(units));
        let value = value.ok_or_else(|| eyre!("an amount overflows"))?;
        Ok(call(self.token, ERC20::transferCall { to, value }.abi_encode()))
    }

    fn batch_of(&self, actions: &[Action]) -> Action {
        let transactions: Vec<Transaction> =
            actions.iter().map(|action| Transaction::call(action.to, action.data.clone())).collect();
        Action { operation: 1, ..call(self.site.contracts.multi_send_call_only, multi_send(&transactions)) }
    }

    fn change_delay(&self) -> Result<u32> {
        self.policy.control.change_delay.ok_or_else(|| eyre!("the policy has no change_delay"))
    }

    fn list(&self, name: &str) -> Result<Vec<Address>> {
        let members = self.policy.lists.get(name).ok_or_else(|| eyre!("the policy has no list `{name}`"))?;
        Ok(members.addresses().to_vec())
    }

    fn member(&self, list: &str) -> Result<Address> {
        self.list(list)?.first().copied().ok_or_else(|| eyre!("the list `{list}` is empty"))
    }
}

fn call(to: Address, data: impl Into<Bytes>) -> Action {
    Action { to, value: U256::ZERO, data: data.into(), operation: 0 }
}

fn revert(output: &[u8]) -> String {
    alloy_sol_types::decode_revert_reason(output).unwrap_or_else(|| alloy_primitives::hex::encode_prefixed(output))
}
