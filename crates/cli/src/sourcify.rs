//! `--sourcify`: names for the calls and events of contracts whose source is published at Sourcify, or at a server that
//! answers as it does: `GET {url}/v2/contract/{chain id}/{address}?fields=abi`.
//!
//! Names are words for readers and decide nothing, so a server that fails leaves calls unnamed, and is told of.

use crate::output::talk;
use alloy_primitives::Address;
use eyre::{Result, WrapErr, bail};
use portcullis_report::{Decoder, Untrusted};
use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::runtime::Builder;

/// The most contracts that are asked for; the first ones by address.
const MOST_CONTRACTS: usize = 64;
/// The most of an answer that is read, in bytes.
const MOST: usize = 4 << 20;
/// How long the server may take for an answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Adds what the server has of these contracts; in words, what is taken on its word then, if anything.
pub(crate) fn learn(
    decoder: &mut Decoder,
    url: &str,
    chain_id: u64,
    contracts: &BTreeSet<Address>,
) -> Result<Option<String>> {
    let mut base = Url::parse(url).wrap_err("--sourcify: it is no URL")?;
    if !matches!(base.scheme(), "http" | "https") {
        bail!("--sourcify: it is neither http nor https; give a URL such as https://sourcify.dev/server");
    }
    if !base.path().ends_with('/') {
        base.set_path(&format!("{}/", base.path()));
    }
    // Whoever speaks TLS here was chosen with the node's client.
    let client = Client::builder().timeout(TIMEOUT).redirect(Policy::none()).build();
    let client = client.wrap_err("--sourcify: no client can be made")?;
    let runtime = Builder::new_current_thread().enable_all().build().wrap_err("--sourcify: no thread can wait")?;
    let mut named = BTreeSet::new();
    for contract in contracts.iter().take(MOST_CONTRACTS) {
        let place = base.join(&format!("v2/contract/{chain_id}/{contract}?fields=abi")).wrap_err("--sourcify")?;
        let told = runtime.block_on(ask(&client, place));
        let learned = told.and_then(|told| match told {
            Some(abi) => decoder.learn(&abi, Some(*contract)).map(|()| true).map_err(Into::into),
            None => Ok(false),
        });
        match learned {
            Ok(true) => _ = named.insert(contract.to_string()),
            Ok(false) => {}
            Err(why) => talk(format!("--sourcify: no names for `{contract}`: {}", Untrusted::new(&why.to_string()))),
        }
    }
    let left = contracts.len().saturating_sub(MOST_CONTRACTS);
    if left > 0 {
        talk(format!("--sourcify: {left} contracts beyond the first {MOST_CONTRACTS} were not asked for"));
    }
    // Of the URL the host alone: the rest may be somebody's key.
    let host = base.host_str().unwrap_or_default();
    let named: Vec<_> = named.into_iter().collect();
    Ok((!named.is_empty()).then(|| format!("the names that {host} has for {}", named.join(", "))))
}

/// The answer with the ABI; none where the contract's source is not published.
async fn ask(client: &Client, place: Url) -> Result<Option<String>> {
    let mut answer = client.get(place).send().await.wrap_err("the server does not answer")?;
    match answer.status().as_u16() {
        200 => {}
        404 => return Ok(None),
        status => bail!("the server answers {status}"),
    }
    let mut text = Vec::new();
    while let Some(part) = answer.chunk().await.wrap_err("the answer breaks off")? {
        text.extend_from_slice(&part);
        if text.len() > MOST {
            bail!("the answer is more than {MOST} bytes");
        }
    }
    String::from_utf8(text).map(Some).wrap_err("the answer is not text")
}
