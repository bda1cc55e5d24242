//! Keys are opened where they are, sign what the Safe takes, and show in nothing that is printed.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

use std::path::{Path, PathBuf};

use alloy_primitives::{Address, B256, hex, keccak256};
use portcullis_attest::signer;
use portcullis_operate::signature::OwnerSignature;
use portcullis_operate::signer::{Password, Signers, Sources};

/// Made by `eth-keyfile` of these names' hashes, under "a long night".
fn keystore(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/keys/{name}.json"))
}

fn who(name: &str) -> Address {
    signer(&keccak256(name)).unwrap()
}

fn sources(folder: &Path, names: &[&str]) -> Sources {
    let password = folder.join("password");
    std::fs::write(&password, "a long night\n").unwrap();
    let keystores = names.iter().map(|name| keystore(name)).collect();
    Sources { keystores, password: Some(Password::File(password)), ..Sources::default() }
}

fn refused(sources: &Sources) -> String {
    Signers::open(sources).unwrap_err().to_string()
}

#[test]
fn keystores_open_with_their_password_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mut sources = sources(folder.path(), &["bob", "ann"]);
    let signers = Signers::open(&sources).unwrap();
    assert_eq!(signers.addresses(), [who("bob"), who("ann")]);
    assert_eq!(signers.payer().unwrap(), who("bob"), "the first key pays");
    sources.payer = Some(who("ann"));
    assert_eq!(Signers::open(&sources).unwrap().payer().unwrap(), who("ann"));
    sources.payer = Some(who("cem"));
    assert!(refused(&sources).contains("who is to pay, is not given"));

    std::fs::write(folder.path().join("password"), "another night").unwrap();
    sources.payer = None;
    assert!(refused(&sources).ends_with("the password does not open it, or it is no keystore file"));
    sources.password = None;
    assert!(refused(&sources).contains("--password-env"));
    sources.keystores = vec![keystore("nobody")];
    sources.password = Some(Password::File(folder.path().join("password")));
    assert!(refused(&sources).contains("No such file"));
    sources.keystores.clear();
    sources.variables = vec!["PORTCULLIS_NO_SUCH_KEY".to_owned()];
    assert_eq!(refused(&sources), "the environment variable `PORTCULLIS_NO_SUCH_KEY` is not set");
    assert!(Signers::open(&Sources::default()).unwrap().addresses().is_empty());
}

#[test]
fn as_many_owners_as_needed_sign_in_order_and_strangers_only_pay() {
    let folder = tempfile::tempdir().unwrap();
    let signers = Signers::open(&sources(folder.path(), &["bob", "ann"])).unwrap();
    let (hash, mut owners) = (keccak256("hash"), ["ann", "bob", "cem"].map(who));
    let signatures = signers.sign(hash, &owners, 2).unwrap();
    let (parts, rest) = signatures.as_chunks::<65>();
    let signed: Vec<Address> = parts.iter().map(|part| OwnerSignature::of_key(hash, *part).unwrap().owner).collect();
    owners.sort_unstable();
    let expected: Vec<Address> = owners.into_iter().filter(|owner| *owner != who("cem")).collect();
    assert_eq!((signed, rest), (expected, &[][..]));

    let one = signers.sign(hash, &owners, 1).unwrap();
    assert_eq!(one.len(), 65, "one more than needed would cost gas");
    let few = signers.sign(hash, &owners, 3).unwrap_err().to_string();
    assert!(few.starts_with("the Safe asks for 3 signatures and has 2"), "{few}");
    let stranger = signers.sign(hash, &[who("bob")], 1).unwrap_err().to_string();
    assert!(stranger.starts_with(&format!("`{}` is not an owner of the Safe", who("ann"))), "{stranger}");
    // Bob pays, so he need not own.
    assert_eq!(signers.sign(hash, &[who("ann")], 1).unwrap().len(), 65);
    let none = Signers::default().sign(hash, &owners, 1).unwrap_err().to_string();
    assert!(none.starts_with("no key is given"), "{none}");
}

#[test]
fn no_key_and_no_password_shows() {
    let folder = tempfile::tempdir().unwrap();
    let signers = Signers::open(&sources(folder.path(), &["ann"])).unwrap();
    let shown = format!("{signers:?} {signers:#?}").to_lowercase();
    assert!(shown.contains(&who("ann").to_string().to_lowercase()));
    for secret in [hex::encode(keccak256("ann")), "a long night".to_owned()] {
        assert!(!shown.contains(&secret), "{shown}");
    }
    // Somebody may give the key itself where the name of a variable belongs.
    let key = hex::encode(B256::repeat_byte(7));
    for variable in [key.clone(), format!("0x{key}")] {
        let sources = Sources { variables: vec![variable], ..Sources::default() };
        assert!(!refused(&sources).contains(&key), "{}", refused(&sources));
    }
}
