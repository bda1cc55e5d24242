//! `simulate`: the verdict of the chain, with the guard switched on, next to the mirror's.

use crate::abi_file::{self, AbiFile};
use crate::embedded::Local;
use crate::exit::Exit;
use crate::facts_file;
use crate::fork::{self, Asked, Past, ReportFile, Series, Simulated as Simulation, Told};
use crate::inputs::{Input, Inputs};
use crate::mirror::{self, Executed};
use crate::moment;
use crate::named::{self, Named};
use crate::outlook::{self, Foreseen};
use crate::output::{Output, paint, paint_verdict, talk};
use crate::policy_file;
use crate::site::Site;
use crate::sourcify;
use crate::words;
use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;
use anstyle::AnsiColor;
use clap::Args;
use eyre::{Result, WrapErr, bail, eyre};
use portcullis_bindings::safe::Safe;
use portcullis_chain::past::Past as Mined;
use portcullis_chain::safe::Version;
use portcullis_chain::{Ledger, LedgerState};
use portcullis_eval::{Evaluation, Reason, Request, Verdict};
use portcullis_operate::steps::Goal;
use portcullis_policy::SourceMap;
use portcullis_report::Untrusted;
use portcullis_simulate::{At, Cache, Embedded, Limits, Pinned, Rpc, Trust, Wanted};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What a simulated Safe owns, in wei: enough for any transaction.
const FUNDS: U256 = U256::from_limbs([0, 0, 1, 0]);

// Arguments of `simulate`.
#[derive(Debug, Args)]
pub(crate) struct Simulate {
    #[command(flatten)]
    inputs: Inputs,
    /// A policy that the Safe is brought under first, by its owners and with all waiting; it names the rules too
    #[arg(long, value_name = "FILE", requires = "rpc", conflicts_with_all = ["policy", "past"])]
    change: Option<PathBuf>,
    #[command(flatten)]
    setting: Setting,
}

// On which Safe something is simulated, and when.
#[derive(Debug, Args)]
pub(crate) struct Setting {
    /// The policy: installed on an embedded Safe, or, with --rpc, the names of the one on the chain
    #[arg(long, value_name = "FILE", required_unless_present = "rpc")]
    policy: Option<PathBuf>,
    /// What is known of the policy's facts, in JSON: tells the verdict once attesters have stated it
    #[arg(long, value_name = "FILE", requires = "policy", conflicts_with = "bundle")]
    facts: Option<PathBuf>,
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
    /// The block on whose state it runs: a number, a hash or `latest`
    #[arg(long, value_name = "BLOCK", default_value = "latest", requires = "rpc")]
    block: String,
    /// When it runs: seconds since 1970, or a time like 2026-01-31T09:00:00Z; one second after the block where left out
    #[arg(long, value_name = "TIME", requires = "rpc", value_parser = moment::moment)]
    at: Option<u64>,
    /// How long after the block it runs, like 24h
    #[arg(long, value_name = "DURATION", requires = "rpc", conflicts_with = "at", value_parser = moment::duration)]
    after: Option<u64>,
    /// The chain that the node must be on
    #[arg(long, value_name = "ID", requires = "rpc")]
    chain_id: Option<u64>,
    /// An owner who is taken to have approved, as often as needed; where nobody is named and the transaction brings no
    /// signatures, as many owners as the Safe asks for
    #[arg(long, value_name = "ADDRESS", requires = "rpc")]
    signer: Vec<String>,
    /// Where to keep what was read of a block
    #[arg(long, value_name = "DIR", requires = "rpc")]
    cache: Option<PathBuf>,
    /// Take nothing from the node that it does not prove against the block's hash
    #[arg(long, requires = "rpc", conflicts_with = "cache")]
    proven: bool,
    /// Read nothing ahead: fewer calls of the node, in many more round trips
    #[arg(long, requires = "rpc")]
    lazy: bool,
    /// How long the node may take for one request
    #[arg(long, value_name = "SECONDS", default_value_t = 10, requires = "rpc")]
    timeout: u64,
    /// Write a file that `replay` simulates again without a network
    #[arg(long, value_name = "FILE", requires = "rpc")]
    bundle: Option<PathBuf>,
    /// Write a report of everything that was found; the name ends with .html, .md, .json or .txt
    #[arg(long, value_name = "FILE", requires = "rpc")]
    report: Option<ReportFile>,
    /// Names for the report: a JSON ABI or an artifact, of one contract (ADDRESS=FILE) or for all
    #[arg(long, value_name = "[ADDRESS=]FILE", requires = "report")]
    abi: Vec<AbiFile>,
    /// More names for the report, from Sourcify or a server that answers as it does
    #[arg(long, value_name = "URL", env = "PORTCULLIS_SOURCIFY", hide_env_values = true)]
    sourcify: Option<String>,
}

/// What came out.
struct Simulated {
    safe: Address,
    chain: Verdict,
    rust: Evaluation,
    gas: u64,
    names: SourceMap,
    /// What is foreseen with what is known of facts, where that was told.
    foreseen: Option<Foreseen>,
    /// Why the execution failed although the policy allows it.
    failure: Option<String>,
}

impl Simulate {
    pub(crate) fn run(&self, output: &Output) -> Result<Exit> {
        let Some((node, safe)) = self.setting.node()? else {
            return self.setting.on_embedded(self.inputs.files()?, output);
        };
        let (inputs, mined) = self.inputs.read(node, safe.address, self.setting.request())?;
        self.setting.on_node(inputs, mined, self.change.as_ref(), output)
    }
}

impl Setting {
    /// Simulates one transaction, with the guard on.
    pub(crate) fn run(&self, input: Input, output: &Output) -> Result<Exit> {
        let inputs = vec![input];
        if self.node()?.is_some() { self.on_node(inputs, None, None, output) } else { self.on_embedded(inputs, output) }
    }

    /// The node's URL and the Safe on it; none for the embedded chain.
    fn node(&self) -> Result<Option<(&str, Named)>> {
        let (Some(rpc), Some(safe)) = (&self.rpc, &self.safe) else { return Ok(None) };
        Ok(Some((rpc, named::parse(safe).wrap_err("--safe")?)))
    }

    /// How long the node may take for one request.
    const fn request(&self) -> Duration {
        Duration::from_secs(self.timeout)
    }

    fn on_embedded(&self, mut inputs: Vec<Input>, output: &Output) -> Result<Exit> {
        let (Some(input), None) = (inputs.pop(), inputs.pop()) else {
            bail!("several transactions run in order on a real Safe only: ask with --rpc and --safe");
        };
        report(output, &self.embedded(input)?)
    }

    fn embedded(&self, input: Input) -> Result<Simulated> {
        let version: Version = self
            .safe_version
            .parse()
            .map_err(|()| eyre!("`{}` is no supported version of Safe: 1.3.0, 1.4.1 or 1.5.0", self.safe_version))?;
        if !input.transaction.signatures.is_empty() {
            bail!("signatures count on the Safe that they are for: ask with --rpc, or leave them out");
        }
        let path = self.policy.as_ref().ok_or_else(|| eyre!("--policy is missing"))?;
        let file = policy_file::load(path)?;
        if let Some(account) = &file.policy.account {
            input.must_be_of(account.address, account.chain.id())?;
        }
        let transaction = input.plain()?;
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
        let foreseen = match &self.facts {
            Some(facts) => {
                let known = facts_file::load(facts, &file.policy)?;
                let (state, on) = (LedgerState::new(&chain, site.hook, None), (chain.chain_id(), site.hook));
                Some(outlook::foresee(&file, on, &state, &request, chain.now()?, &known)?)
            }
            None => None,
        };
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
            Executed::Denied(verdict) if answers.undone_by(&verdict) => {
                (answers.chain, Some(words::reason(&verdict, &file.compiled.source_map)))
            }
            Executed::Denied(verdict) => (verdict, None),
            Executed::Failed(output) => (answers.chain, Some(words::revert(&output))),
        };
        Ok(Simulated {
            safe: site.safe,
            chain: chain_verdict,
            rust: answers.rust,
            gas: receipt.gas_used,
            names: file.compiled.source_map,
            foreseen,
            failure,
        })
    }

    fn on_node(
        &self,
        inputs: Vec<Input>,
        mined: Option<Mined>,
        change: Option<&PathBuf>,
        output: &Output,
    ) -> Result<Exit> {
        let (url, safe) = self.node()?.ok_or_else(|| eyre!("--rpc and --safe are missing"))?;
        let signers = self.signer.iter().map(|signer| named::parse(signer).wrap_err("--signer"));
        let signers = signers.collect::<Result<Vec<_>>>()?;
        let node = Rpc::new(url, Limits { request: self.request(), ..Limits::default() })?;
        let cache = self.cache.as_deref().map(Cache::new);
        let trust = if self.proven { Trust::Proofs } else { Trust::Node(cache.as_ref()) };
        let account = safe.address;
        let (mut wanted, mut hints) = (Wanted::default(), Vec::new());
        for Input { transaction, .. } in inputs.iter().filter(|_| !self.lazy) {
            let more = fork::wanted(account, transaction);
            wanted.accounts.extend(more.accounts);
            wanted.words.extend(more.words);
            hints.extend(fork::hints(account, transaction));
        }
        let block = mined.as_ref().map_or_else(|| block(&self.block), |mined| Ok(At::Hash(mined.parent)))?;
        let pinned = Pinned::open(node, block, self.chain_id, trust, wanted, &hints)?;
        let at = mined.as_ref().map_or_else(|| self.at(&pinned), |mined| Ok(mined.at))?;
        let chain_id = pinned.chain_id();
        let safe = safe.on(chain_id).wrap_err("--safe")?;
        let signers = signers.into_iter().map(|signer| signer.on(chain_id).wrap_err("--signer"));
        let signers: Vec<_> = signers.collect::<Result<_>>()?;
        let asked = |input: Input| -> Result<Asked> {
            input.must_be_of(safe, chain_id)?;
            let Input { transaction, terms, nonce, .. } = input;
            Ok(Asked { safe, signers: signers.clone(), at, nonce, terms, transaction })
        };
        let series = Series {
            change: change.map(|path| goal(path)).transpose()?,
            past: mined.map(|mined| Past { before: mined.before, is_direct: mined.is_direct }),
            requests: inputs.into_iter().map(asked).collect::<Result<_>>()?,
        };
        // A bundle holds what a report needs, so that it can be written later.
        let in_full = self.report.is_some() || self.bundle.is_some();
        let mut decoder = in_full.then(|| abi_file::decoder(&self.abi)).transpose()?;
        if self.facts.is_some() && series.requests.len() > 1 {
            bail!("--facts: what is known is of one transaction: simulate it alone");
        }
        let told = Told::new(self.policy.as_ref().or(change)).with_facts(self.facts.as_ref());
        let mut simulated = fork::simulate_all(&pinned, &series, &told, decoder.as_ref())?;
        if let (Some(url), Some(decoder), true) = (&self.sourcify, &mut decoder, self.report.is_some()) {
            // Who is called is known only now; the same again, with names.
            let called = simulated.iter().flat_map(Simulation::called).collect();
            let trusted = sourcify::learn(decoder, url, chain_id, &called)?;
            simulated = fork::simulate_all(&pinned, &series, &told, Some(decoder))?;
            if let Some(trusted) = trusted {
                simulated.iter_mut().for_each(|one| one.trusts(&trusted));
            }
        }
        if let Some(cache) = &cache {
            cache.store(&pinned.known()).wrap_err("cannot write the cache")?;
        }
        if let Some(bundle) = &self.bundle {
            fork::store(bundle, &pinned, &series, &simulated)?;
        }
        if let Some(report) = &self.report {
            report.store(&simulated)?;
        }
        fork::report(output, &pinned, &simulated)
    }

    /// When it runs: as early as the next block can be, or when the arguments say.
    fn at(&self, pinned: &Pinned) -> Result<u64> {
        let block = pinned.block();
        let after = |by| block.timestamp.checked_add(by).ok_or_else(|| eyre!("--after: it is beyond all time"));
        match self.at.map_or_else(|| self.after.map(after), |at| Some(Ok(at))).transpose()? {
            None => Ok(block.timestamp.saturating_add(1)),
            Some(at) if at > block.timestamp => Ok(at),
            Some(at) => {
                bail!("{at} is not after block {}, which is of {}: choose a later time", block.number, block.timestamp)
            }
        }
    }
}

/// To be under the policy of a file.
fn goal(path: &Path) -> Result<Goal> {
    let file = policy_file::load(path)?;
    let change_delay = file.policy.control.change_delay;
    let change_delay = change_delay.ok_or_else(|| eyre!("--change: the policy has no change delay in [control]"))?;
    let program = file.compiled.program.into();
    Ok(Goal::Enforced { program, change_delay, acknowledged: Vec::new(), handler: None })
}

/// A block's number or hash, or `latest`.
pub(super) fn block(text: &str) -> Result<At> {
    if text == "latest" {
        return Ok(At::Latest);
    }
    let hash = text.strip_prefix("0x").filter(|digits| digits.len() == 64).and_then(|_| text.parse().ok());
    let number = || text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
    hash.map(At::Hash)
        .or_else(|| number().map(At::Number))
        .ok_or_else(|| eyre!("--block: `{text}` is no block: write its number, its hash, or `latest`"))
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
            if let Some(foreseen) = &simulated.foreseen {
                text.push_str(&foreseen.text(names));
            }
            text.push_str(&format!("gas    {}\n", simulated.gas));
            if let Some(failure) = &simulated.failure {
                // A contract's own words, which may hold anything.
                text.push_str(&format!("but the execution fails: {}\n", Untrusted::new(failure)));
            }
            text
        },
        json!({
            "safe": simulated.safe, "chain": words::verdict(chain), "rust": words::verdict(rust),
            "reason": rust.reason.name(), "rule": words::rule(rust, names), "words": words::reason(rust, names),
            "asked": asked, "opening": evaluation.opening.as_ref().map(words::opening_json),
            "foreseen": simulated.foreseen.as_ref().map(|one| one.told(names)),
            "gas": simulated.gas, "failure": simulated.failure, "agree": agree,
        }),
    )?;
    if matches!(chain.reason, Reason::RegistryFailed | Reason::StaticCallFailed) {
        talk("registries and other contracts are not on the embedded chain: ask one with --rpc");
    }
    if !agree {
        talk(paint("THE CHAIN AND THE MIRROR DISAGREE: trust neither, and report this transaction", AnsiColor::Red));
        talk(format!("chain: {chain:?}\nrust:  {rust:?}"));
        return Ok(Exit::Disagree);
    }
    Ok(if words::verdict(chain) == "allow" { Exit::Done } else { Exit::Denied })
}
