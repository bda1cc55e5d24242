//! Where Safe, node, policy and keys are: flags over environment variables over `portcullis.toml` beside the policy.

use crate::named::{self, Named};
use crate::policy_file;
use alloy_primitives::Address;
use clap::Args;
use eyre::{Result, WrapErr, bail, eyre};
use portcullis_chain::read::SafeInfo;
use portcullis_chain::{Ledger, Node, read};
use portcullis_operate::external::External;
use portcullis_operate::hash::Account;
use portcullis_operate::send::Patience;
use portcullis_operate::service::Service;
use portcullis_operate::signer::{Password, Signers, Sources};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The file's name.
const NAME: &str = "portcullis.toml";
/// How long a node may take for one request, in seconds.
const TIMEOUT: u64 = 20;
/// How far the newest block's time may be from this machine's, in seconds.
const CLOCK: u64 = 900;
/// Where journals are kept, beside the policy.
const JOURNALS: &str = ".portcullis";

// Which Safe, on which chain, under which policy.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Place {
    /// The node; `$NAME` or `${NAME}` in it stands for an environment variable
    #[arg(long, value_name = "URL", env = "PORTCULLIS_RPC", hide_env_values = true)]
    pub(crate) rpc: Option<String>,
    /// The Safe, as 0x… or eth:0x…; the policy's account where left out
    #[arg(long, value_name = "ADDRESS", env = "PORTCULLIS_SAFE", hide_env_values = true)]
    pub(crate) safe: Option<String>,
    /// The policy file
    #[arg(long, value_name = "FILE", env = "PORTCULLIS_POLICY", hide_env_values = true)]
    pub(crate) policy: Option<PathBuf>,
    /// The chain that the node must be on
    #[arg(long, value_name = "ID", env = "PORTCULLIS_CHAIN_ID", hide_env_values = true)]
    pub(crate) chain_id: Option<u64>,
    /// The configuration; portcullis.toml beside the policy where left out
    #[arg(long, value_name = "FILE", env = "PORTCULLIS_CONFIG", hide_env_values = true)]
    pub(crate) config: Option<PathBuf>,
    /// How long the node may take for one request; 20 where left out
    #[arg(long, value_name = "SECONDS", env = "PORTCULLIS_TIMEOUT", hide_env_values = true)]
    pub(crate) timeout: Option<u64>,
}

// Whose keys sign and pay. A key itself is never an argument.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Keys {
    /// A keystore file of a key that signs; may be given more than once
    #[arg(long, value_name = "FILE", env = "PORTCULLIS_KEYSTORE", hide_env_values = true, value_delimiter = ',')]
    pub(crate) keystore: Vec<PathBuf>,
    /// The environment variable that holds the keystores' password
    #[arg(long, value_name = "NAME", conflicts_with = "password_file")]
    pub(crate) password_env: Option<String>,
    /// The file that holds the keystores' password
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
    /// An environment variable that holds a key; may be given more than once
    #[arg(long, value_name = "NAME")]
    pub(crate) key_env: Vec<String>,
    /// A key on a device or at a service: ledger:PATH, trezor:PATH, aws:KEY or gcp:VERSION; may be given more than once
    #[arg(long, value_name = "WHERE")]
    pub(crate) signer: Vec<External>,
    /// Who pays for what is sent, by a key given here; the first one where left out
    #[arg(long, value_name = "ADDRESS", env = "PORTCULLIS_PAYER", hide_env_values = true)]
    pub(crate) payer: Option<String>,
}

impl Keys {
    /// Whether any key is named.
    pub(crate) const fn are_given(&self) -> bool {
        !self.keystore.is_empty() || !self.key_env.is_empty() || !self.signer.is_empty()
    }
}

// How Ethereum transactions are sent.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Sending {
    /// Send without asking
    #[arg(long)]
    pub(crate) yes: bool,
    /// Where the journal of what is sent is kept; .portcullis beside the policy where left out
    #[arg(long, value_name = "DIR")]
    pub(crate) journal: Option<PathBuf>,
    /// Blocks that a transaction must be deep
    #[arg(long, value_name = "BLOCKS")]
    pub(crate) confirmations: Option<u64>,
    /// How long to wait for a transaction
    #[arg(long, value_name = "SECONDS")]
    pub(crate) patience: Option<u64>,
    /// How far the newest block's time may be from this machine's before nothing is sent; 900 where left out
    #[arg(long, value_name = "SECONDS", env = "PORTCULLIS_CLOCK", hide_env_values = true)]
    pub(crate) clock: Option<u64>,
}

/// What `portcullis.toml` says. Paths are relative to its folder.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    rpc: Option<String>,
    safe: Option<String>,
    policy: Option<PathBuf>,
    chain_id: Option<u64>,
    #[serde(default)]
    keystores: Vec<PathBuf>,
    password_env: Option<String>,
    password_file: Option<PathBuf>,
    #[serde(default)]
    key_env: Vec<String>,
    #[serde(default)]
    signers: Vec<String>,
    payer: Option<String>,
    journal: Option<PathBuf>,
    confirmations: Option<u64>,
    patience: Option<u64>,
    clock: Option<u64>,
    timeout: Option<u64>,
    service: Option<WrittenService>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenService {
    url: String,
    key_env: Option<String>,
}

/// What flags, environment and file come to.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    written: Written,
    folder: PathBuf,
    rpc: Option<String>,
    safe: Option<Named>,
    /// The policy file, where one is named.
    pub(crate) policy: Option<PathBuf>,
    chain_id: Option<u64>,
    /// How long the node may take for one request.
    pub(crate) timeout: Duration,
}

/// A Safe on a node.
#[derive(Debug)]
pub(crate) struct Ground {
    pub(crate) settings: Settings,
    pub(crate) node: Node,
    pub(crate) info: SafeInfo,
}

impl Ground {
    /// What of the Safe goes into its transactions' hashes.
    pub(crate) fn account(&self) -> Account {
        Account { chain_id: self.node.chain_id(), safe: self.info.address, version: self.info.version.into() }
    }

    /// An address as it was written, which must be of this chain.
    pub(crate) fn address(&self, text: &str) -> Result<Address> {
        named::parse(text)?.on(self.node.chain_id())
    }
}

impl Place {
    /// Reads the configuration, and puts the flags over it.
    pub(crate) fn settings(&self) -> Result<Settings> {
        let beside = self.policy.as_deref().and_then(Path::parent).map(Path::to_owned).unwrap_or_default();
        let path = self.config.clone().unwrap_or_else(|| beside.join(NAME));
        let (written, folder) = if self.config.is_some() || path.exists() {
            let text = policy_file::text(&path)?;
            let written: Written = toml::from_str(&text).wrap_err_with(|| path.display().to_string())?;
            (written, path.parent().map(Path::to_owned).unwrap_or_default())
        } else {
            (Written::default(), beside)
        };
        let policy = self.policy.clone().or_else(|| written.policy.as_ref().map(|file| folder.join(file)));
        let safe = self.safe.as_ref().or(written.safe.as_ref());
        let safe = safe.map(|text| named::parse(text).wrap_err("the Safe")).transpose()?;
        let rpc = self.rpc.clone().or_else(|| written.rpc.clone());
        let chain_id = self.chain_id.or(written.chain_id);
        let timeout = Duration::from_secs(self.timeout.or(written.timeout).unwrap_or(TIMEOUT));
        Ok(Settings { written, folder, rpc, safe, policy, chain_id, timeout })
    }

    /// Connects, and reads the Safe.
    pub(crate) fn open(&self) -> Result<Ground> {
        let settings = self.settings()?;
        let node = settings.connect()?;
        let safe = settings.safe(node.chain_id())?;
        let info = read::safe(&node, safe)?;
        Ok(Ground { settings, node, info })
    }
}

impl Settings {
    /// The node's URL, with what the environment holds of it.
    pub(crate) fn rpc(&self) -> Result<String> {
        let written = self
            .rpc
            .as_ref()
            .ok_or_else(|| eyre!("no node is named: give --rpc URL, set PORTCULLIS_RPC, or write `rpc` into {NAME}"))?;
        expand(written, &|name| std::env::var(name).ok()).wrap_err("the node's URL")
    }

    /// The node, which must be on the chain that was named.
    pub(crate) fn connect(&self) -> Result<Node> {
        let node = Node::connect_within(&self.rpc()?, Vec::new(), self.timeout)?;
        let found = node.chain_id();
        if let Some(expected) = self.chain_id.filter(|expected| *expected != found) {
            bail!("the node is on chain {found}, not on chain {expected}: give the node of that chain");
        }
        Ok(node)
    }

    /// Whether a node is named at all.
    pub(crate) const fn names_node(&self) -> bool {
        self.rpc.is_some()
    }

    /// The chain that is named, by itself or by the Safe.
    pub(crate) fn chain(&self) -> Option<u64> {
        self.chain_id.or_else(|| self.safe.and_then(|safe| safe.chain).map(portcullis_policy::Chain::id))
    }

    /// The chain that is named, by itself, by the Safe or by the policy's account.
    pub(crate) fn expected_chain(&self) -> Result<Option<u64>> {
        let policy = || -> Result<Option<u64>> {
            let Some(path) = &self.policy else { return Ok(None) };
            Ok(policy_file::read(path)?.account.map(|account| account.chain.id()))
        };
        self.chain().map_or_else(policy, |chain| Ok(Some(chain)))
    }

    /// Whether a Safe is named at all.
    pub(crate) const fn names_safe(&self) -> bool {
        self.safe.is_some() || self.policy.is_some()
    }

    /// The Safe on this chain: the one named, or the policy's account.
    pub(crate) fn safe(&self, chain_id: u64) -> Result<Address> {
        let account = match &self.policy {
            Some(path) => policy_file::read(path)?.account.map(|account| (path, account)),
            None => None,
        };
        let named = self.safe.map(|safe| safe.on(chain_id)).transpose()?;
        match (named, account) {
            (Some(safe), Some((path, account))) if account.address != safe => {
                bail!("`{}` is the policy of `{account}`, not of `{safe}`", path.display())
            }
            (Some(safe), _) => Ok(safe),
            (None, Some((_, account))) => Named { address: account.address, chain: Some(account.chain) }.on(chain_id),
            (None, None) => {
                bail!("no Safe is named: give --safe ADDRESS, set PORTCULLIS_SAFE, or write `safe` into {NAME}")
            }
        }
    }

    /// Opens the keys: those of the flags, or, without any, those of the file.
    pub(crate) fn signers(&self, keys: &Keys, chain_id: u64) -> Result<Signers> {
        let flags = keys.are_given();
        let in_folder = |path: &PathBuf| self.folder.join(path);
        let (keystores, variables, external) = if flags {
            (keys.keystore.clone(), keys.key_env.clone(), keys.signer.clone())
        } else {
            let Written { keystores, key_env, signers, .. } = &self.written;
            let external = signers.iter().map(|text| text.parse()).collect::<Result<_, portcullis_operate::Error>>();
            (keystores.iter().map(in_folder).collect(), key_env.clone(), external.wrap_err_with(|| NAME.to_owned())?)
        };
        let by_flag = keys.password_env.clone().map(Password::Variable);
        let by_flag = by_flag.or_else(|| keys.password_file.clone().map(Password::File));
        let by_file = || {
            let variable = self.written.password_env.clone().map(Password::Variable);
            variable.or_else(|| self.written.password_file.as_ref().map(in_folder).map(Password::File))
        };
        let payer = keys.payer.as_ref().or(self.written.payer.as_ref().filter(|_| !flags));
        let payer = payer.map(|text| named::parse(text).and_then(|payer| payer.on(chain_id)).wrap_err("the payer"));
        let password = by_flag.or_else(by_file);
        let sources = Sources { keystores, password, variables, external, payer: payer.transpose()? };
        Ok(Signers::open(&sources)?)
    }

    /// Where journals are kept.
    pub(crate) fn journals(&self, sending: &Sending) -> PathBuf {
        let written = self.written.journal.as_ref().map(|path| self.folder.join(path));
        let beside = || {
            let policy = self.policy.as_deref().and_then(Path::parent).map(Path::to_owned);
            policy.unwrap_or_else(|| self.folder.clone()).join(JOURNALS)
        };
        sending.journal.clone().or(written).unwrap_or_else(beside)
    }

    /// How long is waited, and for what.
    pub(crate) fn patience(&self, sending: &Sending) -> Patience {
        let mut patience = Patience::default();
        if let Some(confirmations) = sending.confirmations.or(self.written.confirmations) {
            patience.confirmations = confirmations;
        }
        if let Some(seconds) = sending.patience.or(self.written.patience) {
            patience.limit = Duration::from_secs(seconds);
        }
        patience
    }

    /// How far the newest block's time may be from this machine's.
    pub(crate) fn clock(&self, sending: &Sending) -> Duration {
        Duration::from_secs(sending.clock.or(self.written.clock).unwrap_or(CLOCK))
    }

    /// The Safe Transaction Service.
    pub(crate) fn service(&self) -> Result<Service> {
        let written = self.written.service.as_ref().ok_or_else(|| {
            eyre!("no Safe Transaction Service is configured: write `service = {{ url = …, key_env = … }}` into {NAME}")
        })?;
        let variable = |name: &String| {
            std::env::var(name)
                .map_err(|_| eyre!("the environment variable `{name}`, which holds the service's key, is not set"))
        };
        let key = written.key_env.as_ref().map(variable).transpose()?;
        Ok(Service::new(&written.url, key)?)
    }
}

/// Puts in what `$NAME` and `${NAME}` stand for.
fn expand(text: &str, held: &dyn Fn(&str) -> Option<String>) -> Result<String> {
    let mut parts = text.split('$');
    let mut expanded = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = match part.strip_prefix('{') {
            Some(braced) => braced.split_once('}').ok_or_else(|| eyre!("a `${{` is not closed by a `}}`"))?,
            None => {
                let end = part.find(|one: char| !one.is_ascii_alphanumeric() && one != '_').unwrap_or(part.len());
                part.split_at_checked(end).unwrap_or((part, ""))
            }
        };
        if name.is_empty() {
            bail!("a `$` has to be followed by the name of an environment variable");
        }
        let value = held(name).filter(|value| !value.is_empty());
        expanded.push_str(&value.ok_or_else(|| eyre!("the environment variable `{name}` is not set"))?);
        expanded.push_str(rest);
    }
    Ok(expanded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_take_what_they_name_from_the_environment() {
        let held = |name: &str| (name == "KEY").then(|| "abc".to_owned());
        let expand = |text: &str| expand(text, &held).map_err(|error| error.to_string());
        assert_eq!(expand("https://node/$KEY"), Ok("https://node/abc".to_owned()));
        assert_eq!(expand("${KEY}/v2?$KEY"), Ok("abc/v2?abc".to_owned()));
        assert_eq!(expand("http://node"), Ok("http://node".to_owned()));
        assert_eq!(expand("$OTHER"), Err("the environment variable `OTHER` is not set".to_owned()));
        for wrong in ["$", "http://$/", "${KEY", "${}"] {
            assert!(expand(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn nothing_in_the_file_is_ignored() {
        assert!(toml::from_str::<Written>("private_key = \"0x1\"").is_err());
        assert!(toml::from_str::<Written>("service = { url = \"https://a\", key = \"b\" }").is_err());
        let written: Written = toml::from_str("rpc = \"$RPC\"\nkey_env = [\"ANN\"]").unwrap();
        assert_eq!((written.rpc.as_deref(), written.key_env.len()), (Some("$RPC"), 1));
    }
}
