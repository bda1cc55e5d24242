//! An owner whose key is at AWS KMS: a server stands in for it that checks every field of what it is asked, the
//! request's own signature included, and signs with a real key.
//!
//! `cargo test --workspace --features portcullis-cli/aws --test cli aws::` runs it; checks only compile it, since its tree is
//! large.

use crate::support;

use alloy_primitives::{B256, U256, hex};
use base64::{Engine, prelude::BASE64_STANDARD};
use portcullis_chain::Ledger;
use portcullis_chain::safe::Version;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;
use support::keys::{KeyService, assert_low, public, signed};
use support::treasury::{Treasury, ether, key, who};

const KEY_ID: &str = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const ACCESS: &str = "AKIDEXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const REGION: &str = "eu-central-1";

/// AWS KMS with the key of an owner.
fn kms(owner: &'static str) -> KeyService {
    KeyService::start(move |asked| {
        let answer = answer(&asked.first, &asked.headers, &asked.body, owner);
        answer.map_err(|why| (400, json!({ "__type": "ValidationException", "message": why })))
    })
}

fn answer(
    first: &str,
    headers: &BTreeMap<String, String>,
    body: &[u8],
    owner: &str,
) -> Result<(&'static str, Value), String> {
    let header = |name: &str| headers.get(name).map(String::as_str).unwrap_or_default();
    let wrong = |what: &str| Err(format!("wrong {what}"));
    if first != "POST / HTTP/1.1" {
        return wrong("request");
    }
    if header("content-type") != "application/x-amz-json-1.1" {
        return wrong("content type");
    }
    authorised(headers, body)?;
    let asked: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let fields: Vec<&str> = asked.as_object().ok_or("no object")?.keys().map(String::as_str).collect();
    if asked["KeyId"] != KEY_ID {
        return wrong("key");
    }
    match header("x-amz-target") {
        "TrentService.GetPublicKey" if fields == ["KeyId"] => {
            let answer = json!({
                "KeyId": KEY_ID, "PublicKey": BASE64_STANDARD.encode(public(owner)), "KeySpec": "ECC_SECG_P256K1",
                "KeyUsage": "SIGN_VERIFY", "SigningAlgorithms": ["ECDSA_SHA_256"],
            });
            Ok(("GetPublicKey", answer))
        }
        "TrentService.Sign" if fields == ["KeyId", "Message", "MessageType", "SigningAlgorithm"] => {
            if asked["MessageType"] != "DIGEST" || asked["SigningAlgorithm"] != "ECDSA_SHA_256" {
                return wrong("way to sign");
            }
            let message = BASE64_STANDARD.decode(asked["Message"].as_str().unwrap_or_default());
            let digest = message.ok().filter(|digest| digest.len() == 32).ok_or("no digest")?;
            let der = signed(owner, B256::from_slice(&digest));
            let answer = json!({
                "KeyId": KEY_ID, "Signature": BASE64_STANDARD.encode(der), "SigningAlgorithm": "ECDSA_SHA_256",
            });
            Ok(("Sign", answer))
        }
        other => Err(format!("wrong target {other} with {fields:?}")),
    }
}

/// Signature Version 4, as its specification has it.
fn authorised(headers: &BTreeMap<String, String>, body: &[u8]) -> Result<(), String> {
    let header = |name: &str| headers.get(name).map(String::as_str).unwrap_or_default();
    let authorization = header("authorization").strip_prefix("AWS4-HMAC-SHA256 ").ok_or("no authorization")?;
    let part = |name: &str| {
        let found = authorization.split(", ").find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
        found.map(str::to_owned).ok_or(format!("no {name}"))
    };
    let (date, signed) = (header("x-amz-date"), part("SignedHeaders")?);
    for needed in ["host", "x-amz-date", "x-amz-target"] {
        if !signed.split(';').any(|name| name == needed) {
            return Err(format!("{needed} is not signed"));
        }
    }
    let scope = format!("{}/{REGION}/kms/aws4_request", date.get(..8).ok_or("no date")?);
    if part("Credential")? != format!("{ACCESS}/{scope}") {
        return Err("another credential".to_owned());
    }
    let listed: String = signed.split(';').map(|name| format!("{name}:{}\n", header(name))).collect();
    let request = format!("POST\n/\n\n{listed}\n{signed}\n{}", hex::encode(Sha256::digest(body)));
    let to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hex::encode(Sha256::digest(request)));
    let start = format!("AWS4{SECRET}").into_bytes();
    let key = scope.split('/').fold(start, |key, part| hmac(&key, part.as_bytes()));
    if part("Signature")? == hex::encode(hmac(&key, to_sign.as_bytes())) { Ok(()) } else { Err("forged".to_owned()) }
}

/// HMAC-SHA256 (RFC 2104), of keys that fit into a block.
fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut block = [0; 64];
    block[..key.len()].copy_from_slice(key);
    let pad = |byte: u8| block.map(|one| one ^ byte);
    let inner = Sha256::digest([&pad(0x36)[..], message].concat());
    Sha256::digest([&pad(0x5c)[..], &inner].concat()).to_vec()
}

/// Runs with the key of bob in a variable and another at the service.
fn run(treasury: &Treasury, folder: &Path, kms: &str, secret: &str, arguments: &[&str]) -> (i32, Value, String) {
    let mut command = assert_cmd::Command::cargo_bin("portcullis").unwrap();
    command.current_dir(folder).args(arguments).args(["--rpc", &treasury.anvil.url, "--json", "--yes"]);
    command.args(["--safe", &treasury.safe.to_string(), "--signer", &format!("aws:{KEY_ID}"), "--key-env", "BOB"]);
    command.env("BOB", hex::encode(key("bob").to_bytes()));
    command.env("AWS_REGION", REGION).env("AWS_ENDPOINT_URL_KMS", kms).env("AWS_EC2_METADATA_DISABLED", "true");
    command.env("AWS_ACCESS_KEY_ID", ACCESS).env("AWS_SECRET_ACCESS_KEY", secret);
    // No file of whoever runs this.
    command.env("AWS_CONFIG_FILE", folder.join("none")).env("AWS_SHARED_CREDENTIALS_FILE", folder.join("none"));
    let output = command.output().unwrap();
    let shown = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (output.status.code().unwrap(), shown, String::from_utf8(output.stderr).unwrap())
}

#[test]
fn an_owner_whose_key_is_at_aws_signs_and_pays() {
    let treasury = Treasury::new(Version::V1_4_1);
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let service = kms("ann");
    treasury.file(at, "pay.json", &[ether("vendor", 8)]);
    let pay = ["transact", "--tx", "pay.json", "--payer", &who("ann").to_string()];

    let (code, _, talk) = run(&treasury, at, &service.url, "a-wrong-secret", &pay);
    assert_eq!(code, 1);
    let line = talk.lines().find(|line| line.starts_with("error: ")).unwrap();
    assert!(line.contains("forged") && line.contains("check AWS_REGION"), "{talk}");
    assert!(!talk.contains("a-wrong-secret"), "{talk}");
    assert!(service.asked.lock().unwrap().is_empty());

    let (code, shown, talk) = run(&treasury, at, &service.url, SECRET, &pay);
    assert_eq!((code, &shown["ended"]["how"]), (0, &json!("executed")), "{talk}");
    assert_eq!(treasury.node.balance(who("vendor")).unwrap(), U256::from(8));
    assert!(talk.contains(&format!("signed by    {}", who("ann"))), "{talk}");
    assert_low(&treasury.anvil.url, &shown["ended"]["transaction"]);
    // Whose key it is, the Safe transaction, and the Ethereum transaction that carries it.
    assert_eq!(*service.asked.lock().unwrap(), ["GetPublicKey", "Sign", "Sign"]);
    assert!(!talk.contains(SECRET));

    // Nobody's signature is taken for an owner's.
    let strangers = kms("eve");
    let (code, _, talk) = run(&treasury, at, &strangers.url, SECRET, &["transact", "--tx", "pay.json"]);
    assert!(code == 1 && talk.contains("is not an owner of the Safe"), "{talk}");
}
