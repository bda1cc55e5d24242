//! `--abi`: names for the calls and events of contracts, from files.

use crate::{named, policy_file};
use alloy_primitives::Address;
use eyre::{Result, WrapErr};
use portcullis_report::Decoder;
use std::path::PathBuf;

/// A JSON ABI or an artifact that has one, for one contract or for all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AbiFile {
    of: Option<Address>,
    path: PathBuf,
}

impl std::str::FromStr for AbiFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((address, path)) = text.split_once('=').filter(|(address, _)| address.starts_with("0x")) else {
            return Ok(Self { of: None, path: text.into() });
        };
        let of = named::parse(address).map_err(|report| report.to_string())?.address;
        Ok(Self { of: Some(of), path: path.into() })
    }
}

/// What is known already, and what the files tell.
pub(crate) fn decoder(files: &[AbiFile]) -> Result<Decoder> {
    let mut decoder = Decoder::default();
    for AbiFile { of, path } in files {
        let text = policy_file::text(path)?;
        decoder.learn(&text, *of).wrap_err_with(|| format!("--abi: `{}`", path.display()))?;
    }
    Ok(decoder)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_for_the_address_before_it_or_for_all() {
        let of = Address::repeat_byte(0x11);
        let read = |text: &str| text.parse::<AbiFile>();
        assert_eq!(read(&format!("{of}=a=b.json")).unwrap(), AbiFile { of: Some(of), path: "a=b.json".into() });
        assert_eq!(read("a=b.json").unwrap(), AbiFile { of: None, path: "a=b.json".into() });
        assert!(read("0x11=a.json").is_err());
    }
}
