//! A Safe Transaction Service: proposes transactions where the owners' wallets show them.
//!
//! `POST {url}/api/v2/safes/{safe}/multisig-transactions/`, with the signatures so far and who sends them.

use std::fmt;

use alloy_primitives::{Address, B256};
use portcullis_bindings::safe::SafeTx;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Client, Url};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::collected::Collected;
use crate::signature::{OwnerSignature, Proof, encode};
use crate::{Error, Result, http};

/// The most of an answer that is read, in bytes.
const MOST: usize = 1 << 20;
/// The most that `origin` may have, in bytes.
const MOST_ORIGIN: usize = 200;

/// A service, and the key that it asks for.
pub struct Service {
    runtime: Runtime,
    client: Client,
    url: Url,
    key: Option<String>,
}

/// Without the key, and without the URL's path, which may hold one.
impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").field("url", &self.shown()).finish_non_exhaustive()
    }
}

impl Service {
    /// Takes the URL of a service, up to what comes before `/api`. Nothing is asked yet.
    ///
    /// # Errors
    /// [`Error::Service`] when it is no URL, or one that would carry the key in the open.
    pub fn new(url: &str, key: Option<String>) -> Result<Self> {
        let bad = |why: &str| Error::Service {
            url: "the service's URL".to_owned(),
            why: format!("{why}; write one such as `https://api.safe.global/tx-service/eth`"),
        };
        let mut parsed = Url::parse(url).map_err(|_| bad("it does not parse"))?;
        match parsed.scheme() {
            "http" | "https" if key.is_none() || http::keeps_secrets(&parsed) => {}
            "http" | "https" => return Err(bad("it would carry the key in the open")),
            _ => return Err(bad("it is neither http nor https")),
        }
        if !parsed.path().ends_with('/') {
            parsed.set_path(&format!("{}/", parsed.path()));
        }
        let client = http::client().map_err(|_| bad("no client can be made for it"))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|_| bad("no thread can wait for it"))?;
        Ok(Self { runtime, client, url: parsed, key })
    }

    /// The URL without what may be a secret: user, password, path and query.
    #[must_use]
    pub fn shown(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        let port = self.url.port().map(|port| format!(":{port}")).unwrap_or_default();
        format!("{}://{host}{port}", self.url.scheme())
    }

    /// Proposes a transaction with the keys' signatures that are there, or adds them to one that is proposed already.
    ///
    /// # Errors
    /// [`Error::Service`] when the service does not take it, in its own words; [`Error::Key`] without a signature.
    pub fn propose(&self, collected: &Collected, origin: &str) -> Result<()> {
        let signatures: Vec<OwnerSignature> =
            collected.signatures().filter(|signature| signature.proof != Proof::Approved).collect();
        let Some(first) = signatures.first() else {
            return Err(Error::Key("nobody has signed; the service takes a transaction from an owner".to_owned()));
        };
        let body = body(&collected.tx, collected.hash(), first.owner, &signatures, origin);
        let path = format!("api/v2/safes/{}/multisig-transactions/", collected.account.safe);
        self.post(&path, &body)
    }

    fn post(&self, path: &str, body: &Value) -> Result<()> {
        let failed = |why: String| Error::Service { url: self.shown(), why };
        let url = self.url.join(path).map_err(|error| failed(error.to_string()))?;
        let mut request =
            self.client.post(url).header(CONTENT_TYPE, "application/json").body(body.to_string().into_bytes());
        if let Some(key) = &self.key {
            request = request.header(AUTHORIZATION, format!("Bearer {key}"));
        }
        let (status, text) = self.runtime.block_on(async {
            let answer = request.send().await.map_err(|error| failed(cause(&error)))?;
            let status = answer.status().as_u16();
            let text = http::read(answer, MOST).await.map_err(|error| failed(cause(&error)))?;
            let text = text.ok_or_else(|| failed(format!("its answer is more than {MOST} bytes")))?;
            Ok::<_, Error>((status, text))
        })?;
        match status {
            200..=299 => Ok(()),
            401 | 403 => Err(failed(format!("it does not take the key ({status}); check the variable that holds it"))),
            429 => Err(failed("it takes no more requests for now (429); try again later".to_owned())),
            _ => Err(failed(format!("it answers {status}: {}", words(&text)))),
        }
    }
}

fn body(tx: &SafeTx, hash: B256, sender: Address, signatures: &[OwnerSignature], origin: &str) -> Value {
    let data = if tx.data.is_empty() { Value::Null } else { json!(tx.data) };
    // Not cut within a character.
    let origin: String =
        origin.char_indices().take_while(|(at, _)| *at < MOST_ORIGIN - 4).map(|(_, one)| one).collect();
    // Addresses with their checksum: the service takes no others.
    json!({
        "to": tx.to.to_string(), "value": tx.value.to_string(), "data": data, "operation": tx.operation,
        "safeTxGas": tx.safeTxGas.to_string(), "baseGas": tx.baseGas.to_string(),
        "gasPrice": tx.gasPrice.to_string(), "gasToken": tx.gasToken.to_string(),
        "refundReceiver": tx.refundReceiver.to_string(),
        "nonce": number(tx.nonce), "contractTransactionHash": hash, "sender": sender.to_string(),
        "signature": encode(signatures), "origin": origin,
    })
}

/// As JSON's number where it is one, else as text, which the service reads too.
fn number(number: alloy_primitives::U256) -> Value {
    u64::try_from(number).map_or_else(|_| json!(number.to_string()), |number| json!(number))
}

/// The service's words, without what breaks a terminal.
fn words(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let words: String = text.chars().filter(|character| !character.is_control()).take(300).collect();
    if words.is_empty() { "it gives no reason".to_owned() } else { words }
}

/// The innermost cause, which names no URL: the outer ones repeat it with its secrets.
fn cause(error: &reqwest::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let text = innermost.to_string();
    text.split(" for url (").next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_never_travels_in_the_open_and_never_shows() {
        let key = || Some("secret-key".to_owned());
        assert!(Service::new("http://api.safe.global/tx-service/eth", key()).is_err());
        assert!(Service::new("ftp://api.safe.global", None).is_err());
        assert!(Service::new("api.safe.global", None).is_err());
        for url in ["https://api.safe.global/tx-service/eth", "http://127.0.0.1:9/", "http://localhost:9"] {
            let service = Service::new(url, key()).unwrap();
            assert!(!format!("{service:?}").contains("secret"), "{service:?}");
        }
        let service = Service::new("https://user:pass@api.safe.global/secret/eth", None).unwrap();
        assert_eq!(service.shown(), "https://api.safe.global");
    }
}
