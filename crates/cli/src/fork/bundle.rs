//! A bundle: one file that replays a simulation without a network.

use super::{Asked, Simulated};
use crate::tx_file::{self, Written};
use alloy_primitives::{Address, B256};
use eyre::{Result, WrapErr, bail};
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
    transaction: Written,
    state: Record,
    report: B256,
}

/// Writes what was asked, everything that was read for it, and the hash of what came out.
pub(crate) fn store(path: &Path, pinned: &Pinned, asked: &Asked, simulated: &Simulated) -> Result<()> {
    let bundle = Bundle {
        safe: asked.safe,
        signers: asked.signers.clone(),
        at: asked.at,
        transaction: asked.transaction.written(),
        state: pinned.used(),
        report: simulated.hash()?,
    };
    super::file::whole(path, &seal(KIND, &bundle)?)
}

/// Reads a bundle: what is asked, of which state, and the hash of what came out.
pub(crate) fn load(path: &Path) -> Result<(Asked, Pinned, B256)> {
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
    let transaction = tx_file::understand(bundle.transaction).wrap_err_with(broken)?;
    let asked = Asked { safe: bundle.safe, signers: bundle.signers, at: bundle.at, nonce: None, transaction };
    Ok((asked, Pinned::recorded(bundle.state), bundle.report))
}
