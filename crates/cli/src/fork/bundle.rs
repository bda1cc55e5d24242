//! A bundle: one file that replays a simulation without a network.

use super::{Asked, Past, Series, Simulated};
use crate::inputs::Terms;
use crate::tx_file::{self, Written};
use alloy_primitives::{Address, B256, U256, keccak256};
use eyre::{Result, WrapErr, bail};
use portcullis_operate::steps::Goal;
use portcullis_simulate::{Pinned, Record, seal, unseal};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::Read;
use std::path::Path;

const KIND: &str = "bundle";
/// The most of a file that is read, in bytes.
const MOST: u64 = 64 << 20;

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Bundle {
    safe: Address,
    signers: Vec<Address>,
    at: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<Goal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    past: Option<Past>,
    requests: Vec<Recorded>,
    state: Record,
    report: B256,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Recorded {
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<U256>,
    terms: Terms,
    transaction: Written,
}

/// The hash of everything that came out: of the one report, or of the hashes of all.
pub(crate) fn hash(simulated: &[Simulated]) -> Result<B256> {
    let hashes = simulated.iter().map(Simulated::hash).collect::<Result<Vec<_>>>()?;
    Ok(if let [only] = hashes[..] { only } else { keccak256(hashes.concat()) })
}

/// Writes what was asked, everything that was read for it, and the hash of what came out.
pub(crate) fn store(path: &Path, pinned: &Pinned, series: &Series, simulated: &[Simulated]) -> Result<()> {
    let Some(asked) = series.requests.first() else { bail!("there is nothing to write") };
    let recorded =
        |one: &Asked| Recorded { nonce: one.nonce, terms: one.terms.clone(), transaction: one.transaction.written() };
    let bundle = Bundle {
        safe: asked.safe,
        signers: asked.signers.clone(),
        at: asked.at,
        change: series.change.clone(),
        past: series.past,
        requests: series.requests.iter().map(recorded).collect(),
        state: pinned.used(),
        report: hash(simulated)?,
    };
    super::file::whole(path, &seal(KIND, &bundle)?)
}

/// Reads a bundle: what is asked, of which state, and the hash of what came out.
pub(crate) fn load(path: &Path) -> Result<(Series, Pinned, B256)> {
    let shown = path.display();
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MOST.saturating_add(1)).read_to_end(&mut bytes));
    read.wrap_err_with(|| format!("cannot read `{shown}`"))?;
    if bytes.len() as u64 > MOST {
        bail!("`{shown}` is more than the {MOST} bytes that are read");
    }
    let broken = || format!("`{shown}` is not replayed");
    let bundle: Bundle = unseal(KIND, &bytes).wrap_err_with(broken)?;
    bundle.state.check().wrap_err_with(broken)?;
    let (safe, at) = (bundle.safe, bundle.at);
    let asked = |one: Recorded| -> Result<Asked> {
        let transaction = tx_file::understand(one.transaction).wrap_err_with(broken)?;
        Ok(Asked { safe, signers: bundle.signers.clone(), at, nonce: one.nonce, terms: one.terms, transaction })
    };
    let requests = bundle.requests.into_iter().map(asked).collect::<Result<Vec<_>>>()?;
    if requests.is_empty() {
        bail!("`{shown}` asks for nothing");
    }
    let series = Series { change: bundle.change, past: bundle.past, requests };
    Ok((series, Pinned::recorded(bundle.state), bundle.report))
}
