//! What is the same in every case: the addresses, and the chain with the hook and Safe's batch contracts on it.

use std::{fs, path::PathBuf, sync::OnceLock};

use alloy_primitives::{Address, B256, Bytes, U256, address, hex};
use eyre::{Result, WrapErr, eyre};
use portcullis_bindings::{deployer, safe};
use portcullis_simulate::Embedded;

use crate::answering::Answering;
use crate::hook::HookCode;
use crate::safes::{Release, Verifier};

/// The chain.
pub const CHAIN_ID: u64 = 1;
/// The hook.
pub const HOOK: Address = address!("4001000000000000000000000000000000000001");
/// The account, which has no code here: the harness speaks for it.
pub const ACCOUNT: Address = address!("acc0000000000000000000000000000000000001");
/// The data contract of the active program.
pub const PROGRAM: Address = address!("da7a000000000000000000000000000000000001");
/// The manager of route 3.
pub const MANAGER: Address = address!("3a4a000000000000000000000000000000000001");
/// A copy of MultiSend's code where it is not canonical.
pub const IMPOSTOR: Address = address!("bad0000000000000000000000000000000000001");
/// Permit2, where it is on every chain.
pub const PERMIT2: Address = address!("000000000022D473030F116dDEE9F6B43aC78BA3");
/// MultiSendCallOnly where it is not canonical, which makes no difference.
pub const ELSEWHERE: Address = address!("c0de000000000000000000000000000000000001");

/// So many addresses of a kind.
fn family(tag: u8, n: u8) -> Vec<Address> {
    (0..n).map(|i| Address::right_padding_from(&[tag, i, 0xff, i, tag])).collect()
}

/// Modules.
#[must_use]
pub fn modules() -> Vec<Address> {
    family(0x30, 3)
}

/// Who calls `execTransaction`; two of them can sign.
#[must_use]
pub fn initiators() -> Vec<Address> {
    let signers = signers();
    family(0x10, 1).into_iter().chain(signers.into_iter().take(2)).collect()
}

/// A key whose address is one of [`signers`].
#[must_use]
pub fn keys() -> Vec<B256> {
    (1..=8).map(B256::repeat_byte).collect()
}

/// The addresses of the keys, in their order.
#[must_use]
pub fn signers() -> Vec<Address> {
    static SIGNERS: OnceLock<Vec<Address>> = OnceLock::new();
    SIGNERS.get_or_init(|| keys().iter().filter_map(portcullis_attest::signer).collect()).clone()
}

/// Who receives. Of four one has code, and another is on chain without any.
#[must_use]
pub fn recipients() -> Vec<Address> {
    family(0x20, 40)
}

/// Tokens, of which a program declares some.
#[must_use]
pub fn tokens() -> Vec<Address> {
    family(0x70, 5)
}

/// The code of tokens, which have one holder: told how much that has (one word), it says so to whoever
/// asks for a balance, unless it is all ones.
const TOKEN: Bytes = Bytes::from_static(&hex!(
    "36 6020 14 602c 57 36 6024 14 15 6032 57 5f 35 60e0 1c 63 70a08231 14 15 6032 57"
    "5f 54 80 19 15 6032 57 5f 52 6020 5f f3 5b 5f 35 5f 55 00 5b 5f 5f fd"
));

/// Whether a token is asked for a balance.
#[must_use]
pub fn is_balance(data: &[u8]) -> bool {
    data.len() == 36 && data.starts_with(&hex!("70a08231"))
}

/// Other contracts.
#[must_use]
pub fn targets() -> Vec<Address> {
    family(0xc0, 3)
}

/// Every batch contract: canonical, elsewhere and forged.
#[must_use]
pub fn batchers() -> Vec<Address> {
    vec![
        safe::MULTI_SEND_1_3_0,
        safe::MULTI_SEND_1_3_0_EIP155,
        safe::MULTI_SEND_1_4_1,
        safe::MULTI_SEND_1_5_0,
        safe::MULTI_SEND_CALL_ONLY_1_3_0,
        safe::MULTI_SEND_CALL_ONLY_1_4_1,
        safe::MULTI_SEND_CALL_ONLY_1_5_0,
        ELSEWHERE,
    ]
}

/// A contract of a Safe release as its package ships it.
fn safe_init_code(package: &str, folder: &str, name: &str) -> Result<Bytes> {
    safe_code(package, folder, name, "bytecode")
}

fn safe_code(package: &str, folder: &str, name: &str, field: &str) -> Result<Bytes> {
    let mut path = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    path.extend(["..", "..", "node_modules", package, "build/artifacts/contracts", folder]);
    path.extend([format!("{name}.sol"), format!("{name}.json")]);
    let text = fs::read_to_string(&path).wrap_err_with(|| format!("`{}`: run `npm ci` first", path.display()))?;
    let json: serde_json::Value = serde_json::from_str(&text)?;
    let code = json.get(field).and_then(|code| code.as_str()).ok_or_else(|| eyre!("no {field} in `{name}`"))?;
    Ok(code.parse()?)
}

/// A chain with the real batch contracts, deployed as they are everywhere, and the hook.
///
/// # Errors
/// When the Solidity packages are not installed, or do not deploy to the canonical addresses.
pub fn chain(code: &HookCode) -> Result<Embedded> {
    let mut chain = Embedded::new(CHAIN_ID);
    let sender = Address::repeat_byte(0x5e);
    let (old, new) = (deployer::ARACHNID, deployer::SAFE_SINGLETON_FACTORY);
    let deployments = [
        ("@gnosis.pm/safe-contracts", "MultiSend", old, safe::MULTI_SEND_1_3_0),
        ("@gnosis.pm/safe-contracts", "MultiSend", new, safe::MULTI_SEND_1_3_0_EIP155),
        ("@gnosis.pm/safe-contracts", "MultiSendCallOnly", old, safe::MULTI_SEND_CALL_ONLY_1_3_0),
        ("@safe-global/safe-contracts", "MultiSend", new, safe::MULTI_SEND_1_4_1),
        ("@safe-global/safe-contracts", "MultiSendCallOnly", new, safe::MULTI_SEND_CALL_ONLY_1_4_1),
        ("@safe-global/safe-smart-account", "MultiSend", new, safe::MULTI_SEND_1_5_0),
        ("@safe-global/safe-smart-account", "MultiSendCallOnly", new, safe::MULTI_SEND_CALL_ONLY_1_5_0),
    ];
    for (package, name, proxy, canonical) in deployments {
        let code = safe_init_code(package, "libraries", name)?;
        let at = chain.create2(sender, proxy, B256::ZERO, &code)?;
        eyre::ensure!(at == canonical, "{package} {name} deploys to `{at}` instead of `{canonical}`");
    }
    for release in Release::ALL {
        let (package, name) = release.proxy_artifact();
        chain.set_code(release.proxy(), safe_code(package, "proxies", name, "deployedBytecode")?);
        if let Some((package, name)) = release.artifact() {
            let code = safe_init_code(package, "", name)?;
            let at = chain.create2(sender, new, B256::ZERO, &code)?;
            chain.set_code(release.singleton(), chain.code(at));
        }
    }
    chain.set_code(Release::Stranger.singleton(), Release::STRANGER);
    for verifier in Verifier::ALL {
        chain.set_code(verifier.address(), verifier.code());
    }
    chain.set_code(IMPOSTOR, chain.code(safe::MULTI_SEND_1_4_1));
    chain.set_code(ELSEWHERE, chain.code(safe::MULTI_SEND_CALL_ONLY_1_4_1));
    chain.set_code(HOOK, code.hook.clone());
    for (address, library) in &code.libraries {
        chain.set_code(*address, library.clone());
    }
    for answering in Answering::ALL {
        if let Some(code) = answering.code() {
            chain.set_code(answering.address(), code);
        }
    }
    for token in tokens() {
        chain.set_code(token, TOKEN);
    }
    for (i, recipient) in recipients().into_iter().enumerate() {
        match i % 4 {
            1 => chain.set_code(recipient, Bytes::from_static(&[0])),
            2 => chain.set_balance(recipient, U256::ONE),
            _ => {}
        }
    }
    Ok(chain)
}
