//! What every command takes that reads a node or sends through one.

use crate::output::{Output, talk};
use crate::tx_file;
use alloy_primitives::{Address, B256};
use clap::Args;
use eyre::{Result, WrapErr, bail, eyre};
use portcullis_chain::{Ledger, Node};
use portcullis_operate::Error;
use portcullis_operate::journal::Journal;
use portcullis_operate::send::{Event, Patience};
use portcullis_operate::signer::{Password, Signers, Sources};
use portcullis_policy::Account;
use std::io::{BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The node.
#[derive(Debug, Args)]
pub(crate) struct At {
    /// The node; `$NAME` takes the URL from an environment variable
    #[arg(long, value_name = "URL")]
    pub(crate) rpc: String,
    /// How long the node may take for one request
    #[arg(long, value_name = "SECONDS", default_value_t = 20)]
    pub(crate) timeout: u64,
}

/// The keys.
#[derive(Debug, Args)]
pub(crate) struct Keys {
    /// A keystore file with an owner's or the payer's key; as often as needed
    #[arg(long, value_name = "FILE")]
    keystore: Vec<PathBuf>,
    /// The environment variable that holds the keystores' password
    #[arg(long, value_name = "NAME", conflicts_with = "password_file")]
    password_env: Option<String>,
    /// The file that holds the keystores' password
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// An environment variable that holds a key; as often as needed
    #[arg(long, value_name = "NAME")]
    key_env: Vec<String>,
    /// Who pays; the first key where left out
    #[arg(long, value_name = "ADDRESS")]
    payer: Option<String>,
}

/// How it is sent.
#[derive(Debug, Args)]
pub(crate) struct Send {
    /// Blocks that a transaction must be deep before it counts
    #[arg(long, value_name = "BLOCKS", default_value_t = 1)]
    confirmations: u64,
    /// How long to wait for each transaction
    #[arg(long, value_name = "SECONDS", default_value_t = 180)]
    patience: u64,
    /// Where to write down what is sent; `.portcullis` beside the input where left out
    #[arg(long, value_name = "DIR")]
    journal: Option<PathBuf>,
    /// Send without asking
    #[arg(long)]
    yes: bool,
}

impl At {
    /// The URL, from the environment where that is named.
    pub(crate) fn url(&self) -> Result<String> {
        let Some(name) = self.rpc.strip_prefix('$') else {
            return Ok(self.rpc.clone());
        };
        let name = name.strip_prefix('{').and_then(|name| name.strip_suffix('}')).unwrap_or(name);
        std::env::var(name).map_err(|_| eyre!("--rpc: the environment variable `{name}` is not set"))
    }

    /// The node, which must be on `expected` where that is known.
    pub(crate) fn connect(&self, expected: Option<u64>) -> Result<Node> {
        let node = Node::connect_within(&self.url()?, Vec::new(), Duration::from_secs(self.timeout))?;
        is_chain(node.chain_id(), expected)?;
        Ok(node)
    }
}

/// Insists on a chain.
pub(crate) fn is_chain(found: u64, expected: Option<u64>) -> Result<()> {
    match expected {
        Some(expected) if expected != found => Err(Error::OtherChain { found, expected }.into()),
        _ => Ok(()),
    }
}

impl Keys {
    pub(crate) fn open(&self) -> Result<Signers> {
        let variable = self.password_env.clone().map(Password::Variable);
        let password = variable.or_else(|| self.password_file.clone().map(Password::File));
        let payer = self.payer.as_deref().map(tx_file::address).transpose().wrap_err("--payer")?;
        let (keystores, variables) = (self.keystore.clone(), self.key_env.clone());
        Ok(Signers::open(&Sources { keystores, password, variables, payer })?)
    }
}

impl Send {
    pub(crate) const fn patience(&self) -> Patience {
        Patience { confirmations: self.confirmations, limit: Duration::from_secs(self.patience) }
    }

    /// The journal of an account, by default beside `input`.
    pub(crate) fn journal(&self, input: Option<&Path>, chain_id: u64, account: Address) -> Result<Journal> {
        let beside = input.and_then(Path::parent).unwrap_or(Path::new("")).join(".portcullis");
        Ok(Journal::open(self.journal.as_deref().unwrap_or(&beside), chain_id, account)?)
    }

    /// Asks whether to go on; where nobody can answer, `--yes` has to be there.
    pub(crate) fn confirm(&self, what: &str) -> Result<()> {
        if self.yes {
            return Ok(());
        }
        let mut stdin = std::io::stdin().lock();
        if !stdin.is_terminal() {
            bail!("{what}: nobody can be asked here, so nothing is sent; say --yes");
        }
        anstream::eprint!("{what}. Send? [y/N] ");
        std::io::stderr().flush().wrap_err("cannot ask")?;
        let mut answer = String::new();
        stdin.read_line(&mut answer).wrap_err("cannot read the answer")?;
        if matches!(answer.trim(), "y" | "Y" | "yes") { Ok(()) } else { bail!("not confirmed, so nothing is sent") }
    }
}

/// Says what happens to a transaction.
pub(crate) fn tell(output: &Output, what: &str, event: Event) {
    if output.json {
        return;
    }
    let hash = |hash: B256| hash.to_string();
    talk(match event {
        Event::Sending(sent) => format!("{what}: sending {}", hash(sent)),
        Event::Resuming(sent) => format!("{what}: was sent before as {}, looking it up", hash(sent)),
        Event::WasDone(sent) => format!("{what}: was done before, in {}", hash(sent)),
        Event::Undone(sent) => format!("{what}: a reorganisation undid {}; the same bytes are sent again", hash(sent)),
        Event::InBlock(sent, block) => format!("{what}: {} is in block {block}, waiting for more", hash(sent)),
    });
}

/// An address, or `chain:address` as ERC-3770 writes it, whose chain must be `chain_id`.
pub(crate) fn account(text: &str, chain_id: Option<u64>) -> Result<Address> {
    if !text.contains(':') {
        return tx_file::address(text);
    }
    let account: Account = text.parse().map_err(|why: String| eyre!(why))?;
    is_chain(chain_id.unwrap_or(account.chain.id()), Some(account.chain.id()))?;
    Ok(account.address)
}
