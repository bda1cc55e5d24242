//! An owner whose key is at Google Cloud KMS: a server stands in for it that checks every field of what it is asked, the
//! service account's own signature included, and signs with a real key.

use crate::support;

use alloy_primitives::{B256, U256, hex};
use base64::{Engine, prelude::BASE64_STANDARD, prelude::BASE64_URL_SAFE_NO_PAD};
use portcullis_chain::Ledger;
use portcullis_chain::safe::Version;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::Command;
use support::keys::{Asked, KeyService, assert_low, public, signed};
use support::treasury::{Treasury, ether, key, who};

const VERSION: &str = "projects/p/locations/global/keyRings/treasury/cryptoKeys/owner/cryptoKeyVersions/1";
const ACCOUNT: &str = "attester@p.iam.gserviceaccount.com";
const TOKEN: &str = "ya29.a-token";

/// A service account's key: PKCS #8 in PEM, and the public one as PKCS #1 in DER.
struct Account {
    private: String,
    public: Vec<u8>,
}

impl Account {
    fn new() -> Self {
        let script = "const { privateKey, publicKey } = require('crypto').generateKeyPairSync('rsa', { modulusLength: 2048, \
                      privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'pkcs1', format: 'der' } }); \
                      console.log(JSON.stringify({ privateKey, publicKey: publicKey.toString('base64') }))";
        let made = Command::new("node").args(["-e", script]).output().unwrap();
        let made: Value = serde_json::from_slice(&made.stdout).unwrap();
        let public = BASE64_STANDARD.decode(made["publicKey"].as_str().unwrap()).unwrap();
        Self { private: made["privateKey"].as_str().unwrap().to_owned(), public }
    }
}

/// Google's token endpoint and Cloud KMS, with the key of an owner, for who signs with this key.
fn google(owner: &'static str, algorithm: &'static str, account: Vec<u8>) -> KeyService {
    KeyService::start(move |asked| {
        let answer = answer(asked, owner, algorithm, &account);
        answer.map_err(|(status, why)| (status, json!({ "error": { "code": status, "message": why } })))
    })
}

type Refused = (u16, String);

fn answer(asked: &Asked, owner: &str, algorithm: &str, account: &[u8]) -> Result<(&'static str, Value), Refused> {
    let header = |name: &str| asked.headers.get(name).map(String::as_str).unwrap_or_default();
    let wrong = |what: &str| (400, format!("wrong {what}"));
    if asked.first == "POST /token HTTP/1.1" {
        authentic(&asked.body, header("host"), account).map_err(|why| (401, why.to_owned()))?;
        return Ok(("token", json!({ "access_token": TOKEN, "expires_in": 3599, "token_type": "Bearer" })));
    }
    if header("authorization") != format!("Bearer {TOKEN}") {
        return Err((401, "no token".to_owned()));
    }
    if asked.first == format!("GET /v1/{VERSION}/publicKey HTTP/1.1") {
        let text = BASE64_STANDARD.encode(public(owner));
        let (one, two) = text.split_at(64);
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{one}\n{two}\n-----END PUBLIC KEY-----\n");
        return Ok(("getPublicKey", json!({ "name": VERSION, "algorithm": algorithm, "pem": pem })));
    }
    if asked.first != format!("POST /v1/{VERSION}:asymmetricSign HTTP/1.1") {
        return Err(wrong("request"));
    }
    let body: Value = serde_json::from_slice(&asked.body).map_err(|_| wrong("body"))?;
    if header("content-type") != "application/json" || body.as_object().map(serde_json::Map::len) != Some(1) {
        return Err(wrong("body"));
    }
    let digest = BASE64_STANDARD.decode(body["digest"]["sha256"].as_str().unwrap_or_default());
    let digest = digest.ok().filter(|digest| digest.len() == 32).ok_or_else(|| wrong("digest"))?;
    let der = signed(owner, B256::from_slice(&digest));
    Ok(("asymmetricSign", json!({ "name": VERSION, "signature": BASE64_STANDARD.encode(der) })))
}

/// A JSON Web Token of the service account (RFC 7523), signed with RS256.
fn authentic(body: &[u8], host: &str, account: &[u8]) -> Result<(), &'static str> {
    let grant = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";
    let token = std::str::from_utf8(body).ok().and_then(|text| text.strip_prefix(grant)).ok_or("no grant")?;
    let (claimed, signature) = token.rsplit_once('.').ok_or("no signature")?;
    let plain = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text.trim_end_matches("%3D"));
    let signature = plain(signature).map_err(|_| "no signature")?;
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, account);
    key.verify(claimed.replace("%3D", "=").as_bytes(), &signature).map_err(|_| "forged")?;
    let claims = claimed.split('.').nth(1).and_then(|text| plain(text).ok()).ok_or("no claims")?;
    let claims: Value = serde_json::from_slice(&claims).map_err(|_| "no claims")?;
    let expected = [ACCOUNT, "https://www.googleapis.com/auth/cloudkms", &format!("http://{host}/token")];
    let lives = claims["exp"].as_u64() > claims["iat"].as_u64();
    if ["iss", "scope", "aud"].map(|name| claims[name].as_str().unwrap_or_default()) == expected && lives {
        Ok(())
    } else {
        Err("other claims")
    }
}

/// Runs with the key of bob in a variable and another at the service.
fn run(treasury: &Treasury, folder: &Path, google: &str, private: &str, arguments: &[&str]) -> (i32, Value, String) {
    let credentials = json!({
        "type": "service_account", "client_email": ACCOUNT, "private_key": private, "private_key_id": "1",
        "project_id": "p", "token_uri": format!("{google}/token"),
    });
    fs::write(folder.join("credentials.json"), credentials.to_string()).unwrap();
    let mut command = assert_cmd::Command::cargo_bin("portcullis").unwrap();
    command.current_dir(folder).args(arguments).args(["--rpc", &treasury.anvil.url, "--json", "--yes"]);
    command.args(["--safe", &treasury.safe.to_string(), "--signer", &format!("gcp:{VERSION}"), "--key-env", "BOB"]);
    command.env("BOB", hex::encode(key("bob").to_bytes()));
    command.env("CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS", google);
    command.env("GOOGLE_APPLICATION_CREDENTIALS", folder.join("credentials.json"));
    let output = command.output().unwrap();
    let shown = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (output.status.code().unwrap(), shown, String::from_utf8(output.stderr).unwrap())
}

#[test]
fn an_owner_whose_key_is_at_google_signs_and_pays() {
    const ALGORITHM: &str = "EC_SIGN_SECP256K1_SHA256";
    let treasury = Treasury::new(Version::V1_4_1);
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let (account, other) = (Account::new(), Account::new());
    let service = google("ann", ALGORITHM, account.public.clone());
    treasury.file(at, "pay.json", &[ether("vendor", 8)]);
    let pay = ["transact", "--tx", "pay.json", "--payer", &who("ann").to_string()];
    let refused = |service: &KeyService, private: &str, why: &str| {
        let (code, _, talk) = run(&treasury, at, &service.url, private, &pay);
        let line = talk.lines().find(|line| line.starts_with("error: ")).unwrap().to_owned();
        assert!(code == 1 && line.contains(why), "{talk}");
        assert!(!talk.contains(TOKEN) && !talk.contains("PRIVATE KEY"), "{talk}");
    };

    refused(&service, &other.private, "check GOOGLE_APPLICATION_CREDENTIALS");
    assert!(service.asked.lock().unwrap().is_empty());
    let curve = google("ann", "EC_SIGN_P256_SHA256", account.public.clone());
    refused(&curve, &account.private, "the key is for EC_SIGN_P256_SHA256");

    let (code, shown, talk) = run(&treasury, at, &service.url, &account.private, &pay);
    assert_eq!((code, &shown["ended"]["how"]), (0, &json!("executed")), "{talk}");
    assert_eq!(treasury.node.balance(who("vendor")).unwrap(), U256::from(8));
    assert!(talk.contains(&format!("signed by    {}", who("ann"))), "{talk}");
    assert_low(&treasury.anvil.url, &shown["ended"]["transaction"]);
    // Whose key it is, the Safe transaction, and the Ethereum transaction that carries it.
    assert_eq!(*service.asked.lock().unwrap(), ["token", "getPublicKey", "asymmetricSign", "asymmetricSign"]);
    assert!(!talk.contains(TOKEN));

    // Nobody's signature is taken for an owner's.
    let strangers = google("eve", ALGORITHM, account.public.clone());
    let (code, _, talk) = run(&treasury, at, &strangers.url, &account.private, &["transact", "--tx", "pay.json"]);
    assert!(code == 1 && talk.contains("is not an owner of the Safe"), "{talk}");
}

#[test]
fn a_token_goes_nowhere_in_the_open() {
    let treasury = Treasury::new(Version::V1_4_1);
    let folder = tempfile::tempdir().unwrap();
    treasury.file(folder.path(), "pay.json", &[ether("vendor", 8)]);
    let account = Account::new();
    for url in ["http://kms.example.com", "file:///etc", "no url"] {
        let (code, _, talk) = run(&treasury, folder.path(), url, &account.private, &["transact", "--tx", "pay.json"]);
        assert!(code == 1 && talk.contains("is no URL that a token may be sent to"), "{talk}");
    }
}
