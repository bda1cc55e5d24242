//! `init`: a policy to begin with.

use crate::exit::Exit;
use crate::output::{Output, talk};
use clap::{Args, ValueEnum};
use eyre::{Result, WrapErr, bail, eyre};
use portcullis_policy::{Account, Chain, Policy};
use serde_json::json;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;

/// What the templates write where the account's address belongs.
const PLACEHOLDER: &str = "eth:0x1000000000000000000000000000000000000000";

// Arguments of `init`.
#[derive(Debug, Args)]
pub(crate) struct Init {
    /// What kind of treasury it is for
    #[arg(long, value_enum, default_value = "small-company")]
    template: Template,
    /// The account, as chain and address: eth:0x…
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    /// Where to write it; an existing file is never overwritten
    file: PathBuf,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Template {
    /// Salaries, suppliers, petty cash
    SmallCompany,
    /// What was voted on waits in public, what is small goes
    DaoTreasury,
    /// Fast between its own places, closed to all others
    MarketMaker,
    /// Small grants by a committee, large ones in public
    Grants,
    /// Ether staked, unstaked and claimed
    Staking,
}

impl Template {
    const fn text(self) -> &'static str {
        match self {
            Self::SmallCompany => include_str!("../../../../examples/templates/small-company.toml"),
            Self::DaoTreasury => include_str!("../../../../examples/templates/dao-treasury.toml"),
            Self::MarketMaker => include_str!("../../../../examples/templates/market-maker.toml"),
            Self::Grants => include_str!("../../../../examples/templates/grants.toml"),
            Self::Staking => include_str!("../../../../examples/templates/staking.toml"),
        }
    }
}

impl Init {
    pub(crate) fn run(&self, output: &Output) -> Result<Exit> {
        let shown = self.file.display().to_string();
        if shown.to_ascii_lowercase().ends_with(".json") {
            bail!("templates are TOML, for their comments: give `{shown}` a name that ends in .toml");
        }
        let account =
            self.account.as_ref().map(|text| text.parse::<Account>().map_err(|why| eyre!("--account: {why}")));
        let account = account.transpose()?;
        let text = match &account {
            Some(account) => self.template.text().replace(PLACEHOLDER, &account.to_string()),
            None => self.template.text().to_owned(),
        };
        // An account that stands in a list of the template is found here, before anything is written.
        Policy::parse(&text, &shown)?;
        let mut file =
            OpenOptions::new().write(true).create_new(true).open(&self.file).map_err(|why| match why.kind() {
                ErrorKind::AlreadyExists => eyre!("`{shown}` exists, and is left as it is: choose another name"),
                _ => eyre!(why).wrap_err(format!("cannot write `{shown}`")),
            })?;
        file.write_all(text.as_bytes()).wrap_err_with(|| format!("cannot write `{shown}`"))?;
        let is_elsewhere = account.is_some_and(|account| account.chain != Chain::Ethereum);
        if is_elsewhere {
            talk("the template's tokens are those of Ethereum: replace their addresses with those on your chain");
        }
        output.result(
            || {
                let account = if account.is_some() { "" } else { "the account and " };
                format!("{shown}: written\n  replace {account}every address of the form 0x10…0n, then run `portcullis check {shown}`")
            },
            json!({ "file": shown, "account": account.map(|one| one.to_string()), "other_chain": is_elsewhere }),
        )?;
        Ok(Exit::Done)
    }
}
