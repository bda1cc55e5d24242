//! Linking: a library stands where the deterministic deployer puts it, so the hook's bytes follow from the libraries'.

use eyre::{Result, WrapErr, bail, eyre};
use serde_json::Value;
use sha3::{Digest, Keccak256};
use std::collections::BTreeMap;

/// Arachnid's deployer, which is called with salt 0.
const DEPLOYER: &str = "4e59b44847b379578588920ca78fbf26c0b4956c";

/// What a compiler says about one contract. Code is hex digits; the rest is the compiler's own JSON.
pub(crate) struct Compiled {
    pub(crate) creation: String,
    pub(crate) creation_links: Value,
    pub(crate) deployed: String,
    pub(crate) deployed_links: Value,
    /// Where the constructor writes into the deployed code.
    pub(crate) immutables: Value,
}

/// The libraries so far: where each stands, in hex digits.
#[derive(Default)]
pub(crate) struct Linker {
    addresses: BTreeMap<String, String>,
}

impl Linker {
    /// Creation code and deployed code as they are on a chain. A contract comes after the libraries that it calls.
    pub(crate) fn link(&mut self, name: &str, library: bool, compiled: &Compiled) -> Result<(String, String)> {
        let creation = self.fill(name, &compiled.creation, &compiled.creation_links)?;
        let mut deployed = self.fill(name, &compiled.deployed, &compiled.deployed_links)?;
        if library {
            // A library knows its address, to refuse calls that are not delegatecalls.
            let address = create2(&creation)?;
            for places in compiled.immutables.as_object().into_iter().flat_map(|all| all.values()) {
                write(&mut deployed, places, &format!("{address:0>64}"))?;
            }
            self.addresses.insert(name.to_owned(), address);
        }
        Ok((prefixed(name, &creation)?, prefixed(name, &deployed)?))
    }

    fn fill(&self, name: &str, code: &str, links: &Value) -> Result<String> {
        let mut code = code.trim_start_matches("0x").to_owned();
        for (library, places) in links.as_object().into_iter().flat_map(|files| files.values()).flat_map(named) {
            let address = self.addresses.get(library).ok_or_else(|| eyre!("{name} needs {library} before it"))?;
            write(&mut code, places, address)?;
        }
        Ok(code.to_lowercase())
    }
}

fn named(file: &Value) -> impl Iterator<Item = (&String, &Value)> {
    file.as_object().into_iter().flatten()
}

/// Overwrites the places that a compiler lists, which must be as long as `digits`.
fn write(code: &mut String, places: &Value, digits: &str) -> Result<()> {
    for place in places.as_array().into_iter().flatten() {
        let number = |key: &str| place.get(key).and_then(Value::as_u64).map(usize::try_from);
        let (Some(Ok(start)), Some(Ok(length))) = (number("start"), number("length")) else {
            bail!("a place in the code has no start or length");
        };
        let (from, to) = (2 * start, 2 * (start + length));
        if 2 * length != digits.len() || !code.is_char_boundary(from) || code.len() < to {
            bail!("a place in the code does not fit what is to be written there");
        }
        code.replace_range(from..to, digits);
    }
    Ok(())
}

fn prefixed(name: &str, code: &str) -> Result<String> {
    if code.is_empty() || !code.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        bail!("{name} has no code, or needs linking");
    }
    Ok(format!("0x{code}"))
}

fn create2(init_code: &str) -> Result<String> {
    let digest = keccak(&bytes(&format!("ff{DEPLOYER}{}{}", "00".repeat(32), digits(&keccak(&bytes(init_code)?))))?);
    Ok(digits(&digest).split_off(24))
}

pub(crate) fn keccak(bytes: &[u8]) -> Vec<u8> {
    Keccak256::digest(bytes).to_vec()
}

pub(crate) fn digits(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

pub(crate) fn bytes(digits: &str) -> Result<Vec<u8>> {
    let digits: Vec<char> = digits.trim_start_matches("0x").chars().collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(&pair.iter().collect::<String>(), 16))
        .collect::<Result<_, _>>()
        .wrap_err("bytecode is not hex")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn compiled(creation: &str, links: Value, immutables: Value) -> Compiled {
        Compiled {
            creation: creation.to_owned(),
            creation_links: links,
            deployed: "00".to_owned(),
            deployed_links: json!({}),
            immutables,
        }
    }

    #[test]
    fn nothing_is_linked_with_a_library_that_is_not_known() {
        let links = json!({"a.sol": {"Lib": [{"start": 1, "length": 20}]}});
        let hook = compiled(&format!("73{}", "__".repeat(20)), links, json!({}));
        let refused = Linker::default().link("Hook", false, &hook).unwrap_err();
        assert_eq!(refused.to_string(), "Hook needs Lib before it");
    }

    #[test]
    fn what_is_left_to_link_is_refused() {
        assert!(Linker::default().link("Hook", false, &compiled("73__", json!({}), json!({}))).is_err());
    }

    #[test]
    fn a_place_that_does_not_fit_is_refused() {
        let mut linker = Linker::default();
        linker.link("Lib", true, &compiled("00", json!({}), json!({}))).unwrap();
        for (start, length) in [(1, 19), (2, 20), (usize::MAX / 4, 20)] {
            let links = json!({"a.sol": {"Lib": [{"start": start, "length": length}]}});
            assert!(linker.link("Hook", false, &compiled(&"00".repeat(21), links, json!({}))).is_err(), "{start}");
        }
    }

    #[test]
    fn a_library_is_found_where_the_deployer_puts_it() {
        // EIP-1014's way to count, for one STOP from Arachnid's deployer with salt 0.
        let mut linker = Linker::default();
        linker.link("Lib", true, &compiled("00", json!({}), json!({}))).unwrap();
        let links = json!({"a.sol": {"Lib": [{"start": 1, "length": 20}]}});
        let hook = compiled(&format!("73{}", "__".repeat(20)), links, json!({}));
        let mut expected = "ff".to_owned() + DEPLOYER + &"00".repeat(32);
        expected += "bc36789e7a1e281436464229828f817d6612f7b477d66591ff96a9e064bcc98a";
        let address = digits(&keccak(&bytes(&expected).unwrap())).split_off(24);
        assert_eq!(linker.link("Hook", false, &hook).unwrap().0, format!("0x73{address}"));
    }
}
