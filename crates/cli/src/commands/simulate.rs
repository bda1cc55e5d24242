//! `simulate`: the verdict of the chain, with the guard switched on, next to the mirror's.

use crate::embedded::Local;
use crate::exit::Exit;
use crate::mirror::{self, Executed};
use crate::output::{Output, paint, paint_verdict, talk};
use crate::policy_file;
use crate::site::Site;
use crate::tx_file::{self, TxFile};
use crate::words;
use alloy_primitives::{Address, U256, address, keccak256};
use alloy_sol_types::SolCall;
use anstyle::AnsiColor;
use clap::Args;
use eyre::{Result, WrapErr, bail, eyre};
use portcullis_bindings::IPolicyHook;
use portcullis_bindings::safe::{self, Safe};
use portcullis_chain::safe::Version;
use portcullis_chain::{Ledger, Node, read};
use portcullis_eval::{Evaluation, Reason, Request, Verdict};
use portcullis_policy::{SourceMap, compile, decompile};
use portcullis_simulate::Embedded;
use serde_json::json;
use std::path::PathBuf;

/// Who executes where nobody is named.
const ANYBODY: Address = address!("00000000000000000000000000000000000000aA");
/// What a simulated Safe owns, in wei: enough for any transaction.
const FUNDS: U256 = U256::from_limbs([0, 0, 1, 0]);

/// Arguments of `simulate`.
#[derive(Debug, Args)]
pub(crate) struct Simulate {
    /// The transaction
    #[arg(long, value_name = "FILE")]
    tx: PathBuf,
    /// The policy: installed on an embedded Safe, or, with --rpc, the names of the one on the chain
    #[arg(long, value_name = "FILE", required_unless_present = "rpc")]
    policy: Option<PathBuf>,
    /// The version of the embedded Safe: 1.3.0, 1.4.1 or 1.5.0
    #[arg(long, value_name = "VERSION", default_value = "1.4.1", conflicts_with = "rpc")]
    safe_version: String,
    /// Where npm put Safe's contracts
    #[arg(long, value_name = "DIR", default_value = "node_modules")]
    artifacts: PathBuf,
    /// Read a Safe on this node instead
    #[arg(long, value_name = "URL", requires = "safe")]
    rpc: Option<String>,
    /// The Safe on the node
    #[arg(long, value_name = "ADDRESS", requires = "rpc")]
    safe: Option<String>,
}

/// What came out.
struct Simulated {
    safe: Address,
    chain: Verdict,
    rust: Evaluation,
    gas: Option<u64>,
    names: SourceMap,
    /// Why the execution failed although the policy allows it.
    failure: Option<String>,
}

impl Simulate {
    pub(crate) fn run(&self, output: &Output) -> Result<Exit> {
        let transaction = tx_file::load(&self.tx)?;
        let simulated = match (&self.rpc, &self.safe) {
            (Some(rpc), Some(safe)) => self.on_node(rpc, safe, &transaction)?,
            _ => self.embedded(&transaction)?,
        };
        report(output, &simulated)
    }

    fn embedded(&self, transaction: &TxFile) -> Result<Simulated> {
        let version: Version = self
            .safe_version
            .parse()
            .map_err(|()| eyre!("`{}` is no supported version of Safe: 1.3.0, 1.4.1 or 1.5.0", self.safe_version))?;
        if !transaction.signatures.is_empty() {
            bail!("signatures count on the Safe that they are for: ask with --rpc, or leave them out");
        }
        let path = self.policy.as_ref().ok_or_else(|| eyre!("--policy is missing"))?;
        let file = policy_file::load(path)?;
        if transaction.origin.is_some() && !version.has_module_guard() {
            bail!("modules bypass the guard of Safe {version}; simulate a module's request with --safe-version 1.5.0");
        }

        let mut chain = Local(Embedded::new(1));
        let mut site = Site::build(&mut chain, &self.artifacts, version, U256::ZERO)?;
        if let Some(account) = &file.policy.account {
            site.move_to(&mut chain, account.address)?;
        }
        chain.fund(site.safe, FUNDS)?;
        if let Some(module) = transaction.origin {
            let enable = Safe::enableModuleCall { module }.abi_encode();
            let call = portcullis_chain::safe::call(site.safe, U256::ZERO, enable.into(), site.nonce(&chain)?);
            site.execute(&mut chain, &call, site.sender)?.expect_success("enabling the module")?;
        }
        site.install(&mut chain, &file.compiled.program, file.policy.control.change_delay.unwrap_or(0))?;

        let action = transaction.top_level(site.contracts.multi_send, site.contracts.multi_send_call_only);
        let initiator = transaction.origin.or(transaction.initiator).unwrap_or(site.sender);
        let request = match transaction.origin {
            None => site.request(&chain, &site.transaction(&action, site.nonce(&chain)?), initiator)?,
            origin => {
                Request { account: site.safe, origin, initiator, actions: vec![action.clone()], ..Request::default() }
            }
        };
        let answers = mirror::ask(&chain, site.hook, &request)?;
        let receipt = match transaction.origin {
            None => {
                let tx = site.transaction(&action, site.nonce(&chain)?);
                site.execute(&mut chain, &tx, initiator)?
            }
            Some(module) => {
                let call = Safe::execTransactionFromModuleCall {
                    to: action.to,
                    value: action.value,
                    data: action.data.clone(),
                    operation: action.operation,
                };
                chain.send(module, site.safe, U256::ZERO, call.abi_encode().into())?
            }
        };
        // What the chain did counts; what `check` said before tells the rest of an allow.
        let (chain_verdict, failure) = match mirror::executed(&receipt)? {
            Executed::Done => {
                if words::verdict(&answers.chain) == "deny" {
                    bail!("the chain executed what the hook's `check` denies");
                }
                (answers.chain, None)
            }
            Executed::Denied(verdict) => (verdict, None),
            Executed::Failed(output) => (answers.chain, Some(revert(&output))),
        };
        Ok(Simulated {
            safe: site.safe,
            chain: chain_verdict,
            rust: answers.rust,
            gas: Some(receipt.gas_used),
            names: file.compiled.source_map,
            failure,
        })
    }

    fn on_node(&self, rpc: &str, safe: &str, transaction: &TxFile) -> Result<Simulated> {
        let safe = tx_file::address(safe).wrap_err("--safe")?;
        let node = Node::connect(rpc, Vec::new())?;
        let info = read::safe(&node, safe)?;
        let hook = info.guard;
        let known = keccak256(&IPolicyHook::DEPLOYED_BYTECODE);
        if hook == Address::ZERO || keccak256(node.code(hook, None)?) != known {
            bail!("Portcullis is not in the guard slot of the Safe `{safe}`, so its policy decides nothing there");
        }
        if info.version.has_module_guard() && info.module_guard != hook {
            bail!("Portcullis is not in the module guard slot of the Safe `{safe}`, so modules bypass its policy");
        }
        if let Some(module) = transaction.origin
            && !info.version.has_module_guard()
        {
            bail!("the module `{module}` bypasses the guard of Safe {}: no policy decides on it", info.version);
        }
        let account = read::account(&node, hook, safe)?;
        let nonce = read::view(&node, safe, "nonce()", Safe::nonceCall {})?;
        let names = self.names(&node, account.program)?;
        let (all, calls) = match info.version {
            Version::V1_3_0 => (safe::MULTI_SEND_1_3_0, safe::MULTI_SEND_CALL_ONLY_1_3_0),
            Version::V1_4_1 => (safe::MULTI_SEND_1_4_1, safe::MULTI_SEND_CALL_ONLY_1_4_1),
            Version::V1_5_0 => (safe::MULTI_SEND_1_5_0, safe::MULTI_SEND_CALL_ONLY_1_5_0),
        };
        let request = Request {
            account: safe,
            origin: transaction.origin,
            initiator: transaction.origin.or(transaction.initiator).unwrap_or(ANYBODY),
            nonce: if transaction.origin.is_none() { nonce } else { U256::ZERO },
            signatures: transaction.signatures.clone(),
            actions: vec![transaction.top_level(all, calls)],
            ..Request::default()
        };
        let answers = mirror::ask(&node, hook, &request)?;
        Ok(Simulated { safe, chain: answers.chain, rust: answers.rust, gas: None, names, failure: None })
    }

    /// The names that the policy gives, or those that the program itself yields.
    fn names(&self, node: &Node, program: Address) -> Result<SourceMap> {
        let active = node.code(program, None)?;
        let Some(path) = &self.policy else {
            let policy = decompile(&active).wrap_err("the program on the chain does not read back as a policy")?;
            return Ok(compile(&policy)?.source_map);
        };
        let compiled = policy_file::load(path)?.compiled;
        if compiled.program != active.as_ref() {
            bail!(
                "`{}` is not the policy on the chain: it compiles to {}, the Safe is under {}",
                path.display(),
                keccak256(&compiled.program),
                keccak256(&active)
            );
        }
        Ok(compiled.source_map)
    }
}

fn report(output: &Output, simulated: &Simulated) -> Result<Exit> {
    let Simulated { chain, rust: evaluation, names, .. } = simulated;
    let rust = &evaluation.verdict;
    let asked = words::asked(evaluation, names);
    let agree = chain == rust;
    output.result(
        || {
            let mut text = format!("Safe   {}\n", simulated.safe);
            for (who, verdict) in [("chain", chain), ("rust ", rust)] {
                let word = paint_verdict(words::verdict(verdict));
                text.push_str(&format!("{who}  {word}: {}\n", words::reason(verdict, names)));
            }
            for one in &asked {
                text.push_str(&format!("asks   for {one}\n"));
            }
            if let Some(opening) = &evaluation.opening {
                text.push_str(&format!("needs  {}\n", words::opening(opening)));
            }
            if let Some(gas) = simulated.gas {
                text.push_str(&format!("gas    {gas}\n"));
            }
            if let Some(failure) = &simulated.failure {
                text.push_str(&format!("but the execution fails: {failure}\n"));
            }
            text
        },
        json!({
            "safe": simulated.safe, "chain": words::verdict(chain), "rust": words::verdict(rust),
            "reason": rust.reason.name(), "rule": words::rule(rust, names), "words": words::reason(rust, names),
            "asked": asked, "opening": evaluation.opening.as_ref().map(words::opening_json),
            "gas": simulated.gas, "failure": simulated.failure, "agree": agree,
        }),
    )?;
    // Gas is told where the transaction ran on an embedded chain.
    if simulated.gas.is_some() && matches!(chain.reason, Reason::RegistryFailed | Reason::StaticCallFailed) {
        talk("registries and other contracts are not on the embedded chain: ask one with --rpc");
    }
    if !agree {
        talk(paint("THE CHAIN AND THE MIRROR DISAGREE: trust neither, and report this transaction", AnsiColor::Red));
        talk(format!("chain: {chain:?}\nrust:  {rust:?}"));
        return Ok(Exit::Disagree);
    }
    Ok(if words::verdict(chain) == "allow" { Exit::Done } else { Exit::Denied })
}

fn revert(output: &[u8]) -> String {
    alloy_sol_types::decode_revert_reason(output)
        .unwrap_or_else(|| format!("reverted with {}", alloy_primitives::hex::encode_prefixed(output)))
}
