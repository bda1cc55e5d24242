//! A key at Google Cloud KMS, through its REST interface: alloy's own signer for it brings gRPC, and a TLS beside ours.
//!
//! `projects.locations.keyRings.cryptoKeys.cryptoKeyVersions` of Cloud KMS v1: `getPublicKey` and `asymmetricSign`.

use std::sync::Arc;

use alloy::consensus::SignableTransaction;
use alloy::network::TxSigner;
use alloy::signers::utils::public_key_to_address;
use alloy::signers::{Error as SignerError, Result as Signed, Signature, Signer};
use alloy_primitives::{Address, B256, ChainId};
use async_trait::async_trait;
use base64::{Engine, prelude::BASE64_STANDARD};
use gcp_auth::TokenProvider;
use k256::ecdsa::{self, VerifyingKey};
use k256::pkcs8::DecodePublicKey;
use reqwest::{Client, RequestBuilder, Url};
use serde_json::{Value, json};
use thiserror::Error;

use crate::http;

const ENDPOINT: &str = "https://cloudkms.googleapis.com/";
/// As for Google's own command line.
const ENDPOINT_VARIABLE: &str = "CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS";
const SCOPE: &str = "https://www.googleapis.com/auth/cloudkms";
/// secp256k1, over what is called a SHA-256 digest and is any 32 bytes.
const ALGORITHM: &str = "EC_SIGN_SECP256K1_SHA256";
/// The most of an answer that is read, in bytes.
const MOST: usize = 1 << 16;

/// Why a key does not answer or sign.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    #[error("{ENDPOINT_VARIABLE} is no URL that a token may be sent to: https, or http to this machine")]
    Endpoint,
    #[error("no token")]
    Token(#[from] gcp_auth::Error),
    #[error("no answer")]
    Http(#[from] reqwest::Error),
    #[error("it answers {0}: {1}")]
    Refused(u16, String),
    #[error("its answer has no `{0}` that could be read")]
    Answer(&'static str),
    #[error("the key is for {0}, not {ALGORITHM}")]
    Algorithm(String),
    #[error("the signature is of another key")]
    Foreign,
}

/// The version of a key that signs for an address.
pub(crate) struct GcpSigner {
    client: Client,
    /// Up to the version's name.
    url: Url,
    tokens: Arc<dyn TokenProvider>,
    address: Address,
    chain_id: Option<ChainId>,
}

impl GcpSigner {
    /// Asks for the public key of a version, with the credentials that Google's libraries find by default.
    pub(crate) async fn open(version: &str) -> Result<Self, Failure> {
        let endpoint = std::env::var(ENDPOINT_VARIABLE).unwrap_or_else(|_| ENDPOINT.to_owned());
        let endpoint = Url::parse(&endpoint).map_err(|_| Failure::Endpoint)?;
        if !http::keeps_secrets(&endpoint) {
            return Err(Failure::Endpoint);
        }
        let url = endpoint.join(&format!("v1/{version}")).map_err(|_| Failure::Endpoint)?;
        let client = http::client()?;
        let tokens = gcp_auth::provider().await?;
        let mut signer = Self { client, url, tokens, address: Address::ZERO, chain_id: None };
        let answer = signer.ask(signer.client.get(signer.named("/publicKey"))).await?;
        let algorithm = field(&answer, "algorithm")?;
        if algorithm != ALGORITHM {
            return Err(Failure::Algorithm(shown(algorithm)));
        }
        let key = VerifyingKey::from_public_key_pem(field(&answer, "pem")?).map_err(|_| Failure::Answer("pem"))?;
        signer.address = public_key_to_address(&key);
        Ok(signer)
    }

    fn named(&self, what: &str) -> Url {
        let mut url = self.url.clone();
        url.set_path(&format!("{}{what}", self.url.path()));
        url
    }

    async fn ask(&self, request: RequestBuilder) -> Result<Value, Failure> {
        let token = self.tokens.token(&[SCOPE]).await?;
        let answer = request.bearer_auth(token.as_str()).send().await?;
        let status = answer.status();
        let text = http::read(answer, MOST).await?.ok_or(Failure::Answer("end"))?;
        let value: Value = serde_json::from_slice(&text).unwrap_or(Value::Null);
        if !status.is_success() {
            let why = value.pointer("/error/message").and_then(Value::as_str).unwrap_or("it gives no reason");
            return Err(Failure::Refused(status.as_u16(), shown(why)));
        }
        Ok(value)
    }

    async fn signed(&self, hash: &B256) -> Result<Signature, Failure> {
        let body = json!({ "digest": { "sha256": BASE64_STANDARD.encode(hash) } });
        let request = self.client.post(self.named(":asymmetricSign")).header("content-type", "application/json");
        let answer = self.ask(request.body(body.to_string())).await?;
        let wrong = || Failure::Answer("signature");
        let der = BASE64_STANDARD.decode(field(&answer, "signature")?).map_err(|_| wrong())?;
        let scalars = ecdsa::Signature::from_der(&der).map_err(|_| wrong())?;
        let scalars = scalars.normalize_s().unwrap_or(scalars);
        let own = [false, true]
            .map(|odd| Signature::from_signature_and_parity(scalars, odd))
            .into_iter()
            .find(|one| one.recover_address_from_prehash(hash).is_ok_and(|signer| signer == self.address));
        own.ok_or(Failure::Foreign)
    }
}

fn field<'a>(answer: &'a Value, name: &'static str) -> Result<&'a str, Failure> {
    answer.get(name).and_then(Value::as_str).ok_or(Failure::Answer(name))
}

/// Without what breaks a terminal.
fn shown(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(300).collect()
}

#[async_trait]
impl Signer for GcpSigner {
    async fn sign_hash(&self, hash: &B256) -> Signed<Signature> {
        self.signed(hash).await.map_err(SignerError::other)
    }

    fn address(&self) -> Address {
        self.address
    }

    fn chain_id(&self) -> Option<ChainId> {
        self.chain_id
    }

    fn set_chain_id(&mut self, chain_id: Option<ChainId>) {
        self.chain_id = chain_id;
    }
}

#[async_trait]
impl TxSigner<Signature> for GcpSigner {
    fn address(&self) -> Address {
        self.address
    }

    async fn sign_transaction(&self, tx: &mut dyn SignableTransaction<Signature>) -> Signed<Signature> {
        if let Some(signer) = self.chain_id
            && !tx.set_chain_id_checked(signer)
        {
            return Err(SignerError::TransactionChainIdMismatch { signer, tx: tx.chain_id().unwrap_or_default() });
        }
        self.sign_hash(&tx.signature_hash()).await
    }
}
