//! Addresses as people write them: `0x…`, or with their chain before them, `eth:0x…` (ERC-3770).

use crate::tx_file;
use alloy_primitives::Address;
use eyre::{Result, bail, eyre};
use portcullis_policy::Chain;

/// An address, and the chain that it was written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) address: Address,
    pub(crate) chain: Option<Chain>,
}

impl Named {
    /// The address, on this chain and no other.
    pub(crate) fn on(self, chain_id: u64) -> Result<Address> {
        must_be(self.chain, chain_id)?;
        Ok(self.address)
    }
}

/// Refuses what was written for another chain.
pub(crate) fn must_be(chain: Option<Chain>, chain_id: u64) -> Result<()> {
    if let Some(chain) = chain
        && chain.id() != chain_id
    {
        bail!(
            "`{}:` is chain {}, and this is chain {chain_id}: check the address and the node",
            chain.short_name(),
            chain.id()
        );
    }
    Ok(())
}

/// Takes the chain off, where there is one.
pub(crate) fn split(text: &str) -> Result<(Option<Chain>, &str)> {
    let Some((name, address)) = text.split_once(':') else {
        return Ok((None, text));
    };
    let known = || Chain::ALL.map(Chain::short_name).join("`, `");
    let chain = Chain::ALL.into_iter().find(|chain| chain.short_name() == name);
    let chain = chain.ok_or_else(|| eyre!("`{name}` is no chain that is known by a short name: `{}` are", known()))?;
    Ok((Some(chain), address))
}

/// Reads an address, with or without its chain.
pub(crate) fn parse(text: &str) -> Result<Named> {
    let (chain, address) = split(text)?;
    Ok(Named { address: tx_file::address(address)?, chain })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: &str = "0x5AEDA56215b167893e80B4fE645BA6d5Bab767DE";

    #[test]
    fn an_address_counts_on_its_own_chain_only() {
        assert!(parse(ADDRESS).unwrap().on(31_337).is_ok(), "a plain one counts on every chain");
        let named = parse(&format!("eth:{ADDRESS}")).unwrap();
        assert_eq!(named.on(1).unwrap(), ADDRESS.parse::<Address>().unwrap());
        assert_eq!(
            named.on(10).unwrap_err().to_string(),
            "`eth:` is chain 1, and this is chain 10: check the address and the node"
        );
        for chain in Chain::ALL {
            assert!(parse(&format!("{}:{ADDRESS}", chain.short_name())).unwrap().on(chain.id()).is_ok());
        }
        for wrong in [format!("ETH:{ADDRESS}"), format!(":{ADDRESS}"), format!("eth:eth:{ADDRESS}"), "eth:".to_owned()]
        {
            assert!(parse(&wrong).is_err(), "{wrong}");
        }
        let mistyped = format!("eth:{}", ADDRESS.replace('E', "e"));
        assert!(parse(&mistyped).unwrap_err().to_string().contains("wrong checksum"));
    }
}
