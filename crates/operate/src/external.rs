//! Keys that are somewhere else: on a device, or at a key management service. Each kind is compiled in by a feature of
//! its own, none by default.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use alloy::network::{EthereumWallet, TxSigner};
use alloy::signers::{Signature, Signer};
use alloy_primitives::{Address, B256};
use tokio::runtime::Runtime;

use crate::signature::ETH_SIGN;
use crate::{Error, Result};

/// The first account, where a device is named without a path: BIP-44, as Ledger Live and Trezor Suite count.
const FIRST: &str = "m/44'/60'/0'/0/0";
/// Added to an index of a path that is hardened (BIP-32).
const HARDENED: u32 = 1 << 31;

/// Where such a key is, as people write it: `ledger:m/44'/60'/0'/0/0`, `trezor:PATH`, `aws:KEY`, `gcp:VERSION`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum External {
    /// On a Ledger, at this path.
    Ledger(String),
    /// On a Trezor, at this path.
    Trezor(String),
    /// At AWS KMS: a key's id, its ARN, or an alias.
    Aws(String),
    /// At Google Cloud KMS: the version of a key, `projects/P/locations/L/keyRings/R/cryptoKeys/K/cryptoKeyVersions/V`.
    Gcp(String),
}

impl FromStr for External {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
        match kind {
            "ledger" => Ok(Self::Ledger(path(rest)?)),
            "trezor" => Ok(Self::Trezor(path(rest)?)),
            "aws" if rest.is_empty() || rest.contains(char::is_whitespace) => Err(Error::Key(
                "`aws:` has to be followed by a key: its id, its ARN, or `alias/` and its alias".to_owned(),
            )),
            "aws" => Ok(Self::Aws(rest.to_owned())),
            "gcp" if is_version(rest) => Ok(Self::Gcp(rest.to_owned())),
            "gcp" => Err(Error::Key(
                "`gcp:` has to be followed by the version of a key: \
                 projects/P/locations/L/keyRings/R/cryptoKeys/K/cryptoKeyVersions/V"
                    .to_owned(),
            )),
            _ => Err(Error::Key(
                "a signer is `ledger:PATH`, `trezor:PATH`, `aws:KEY` or `gcp:VERSION`; a key itself is never an argument"
                    .to_owned(),
            )),
        }
    }
}

impl fmt::Display for External {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ledger(path) => write!(f, "ledger:{path}"),
            Self::Trezor(path) => write!(f, "trezor:{path}"),
            Self::Aws(key) => write!(f, "aws:{key}"),
            Self::Gcp(version) => write!(f, "gcp:{version}"),
        }
    }
}

/// A derivation path (BIP-32), with `'` where it is hardened; the signers themselves take it unread.
fn path(text: &str) -> Result<String> {
    if text.is_empty() {
        return Ok(FIRST.to_owned());
    }
    let index = |part: &str| {
        let (digits, mark) = part.strip_suffix(['\'', 'h']).map_or((part, ""), |digits| (digits, "'"));
        let plain = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
        let number = digits.parse::<u32>().ok().filter(|number| plain && *number < HARDENED)?;
        Some(format!("/{number}{mark}"))
    };
    let parts: Option<Vec<String>> = text.strip_prefix("m/").and_then(|rest| rest.split('/').map(index).collect());
    match parts {
        // Devices take ten at most.
        Some(parts) if parts.len() <= 10 => Ok(format!("m{}", parts.concat())),
        _ => Err(Error::Key(format!("`{}` is no derivation path: write one such as {FIRST}", text.escape_debug()))),
    }
}

/// Whether it is the name of a key's version at Google Cloud KMS, whose parts go into URLs as they are.
fn is_version(name: &str) -> bool {
    let parts: Vec<&str> = name.split('/').collect();
    let ["projects", project, "locations", location, "keyRings", ring, "cryptoKeys", key, "cryptoKeyVersions", version] =
        parts[..]
    else {
        return false;
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    // A project may be of a domain: `example.com:project`.
    let is_project =
        project.bytes().all(|byte| plain(byte) || b".:".contains(&byte)) && project.contains(char::is_alphanumeric);
    is_project && [location, ring, key, version].iter().all(|part| !part.is_empty() && part.bytes().all(plain))
}

/// What a key signs of a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(dead_code, reason = "which of them there are is for the features to say")]
enum Form {
    /// The hash itself.
    Hash,
    /// Its `eth_sign` message: devices sign no bare hash.
    Message,
}

/// A key that was opened, wherever it is.
#[derive(Clone)]
#[allow(dead_code, reason = "whether there are any is for the features to say")]
pub(crate) struct ExternalKey {
    source: External,
    form: Form,
    signer: Arc<dyn Signer + Send + Sync>,
    payer: Arc<dyn TxSigner<Signature> + Send + Sync>,
    /// Of its own, and never idle: connections are kept from one signature to the next.
    runtime: Arc<Runtime>,
}

impl ExternalKey {
    /// Opens a key, and asks whose it is.
    pub(crate) fn open(source: &External) -> Result<Self> {
        match source {
            #[cfg(feature = "ledger")]
            External::Ledger(path) => kinds::ledger(source, path),
            #[cfg(feature = "trezor")]
            External::Trezor(path) => kinds::trezor(source, path),
            #[cfg(feature = "aws")]
            External::Aws(key) => kinds::aws(source, key),
            #[cfg(feature = "gcp")]
            External::Gcp(version) => kinds::gcp(source, version),
            #[cfg(not(all(feature = "ledger", feature = "trezor", feature = "aws", feature = "gcp")))]
            other => {
                let (text, missing) = (other.to_string(), other.kind());
                Err(Error::Key(format!(
                    "`{text}`: this portcullis is built without it; build one with `--features {missing}`"
                )))
            }
        }
    }

    /// Whose it is.
    pub(crate) fn address(&self) -> Address {
        self.signer.address()
    }

    /// What signs Ethereum transactions.
    pub(crate) fn wallet(&self) -> EthereumWallet {
        EthereumWallet::from(self.payer.clone())
    }

    /// An owner's signature over a hash, in the form that the Safe takes of this key.
    pub(crate) fn sign_owner(&self, hash: B256) -> Result<[u8; 65]> {
        if self.form == Form::Hash {
            return self.sign(hash);
        }
        let signed = self.runtime.block_on(self.signer.sign_message(hash.as_slice()));
        let mut signature = signed.map_err(|error| self.failed(&error))?.as_bytes();
        if let Some(v) = signature.last_mut() {
            *v = v.saturating_add(ETH_SIGN);
        }
        Ok(signature)
    }

    /// A signature over the hash itself.
    pub(crate) fn sign(&self, hash: B256) -> Result<[u8; 65]> {
        if self.form == Form::Message {
            return Err(Error::Key(format!(
                "`{}` signs Safe transactions and messages, no bare digest; do this on chain, or with another key",
                self.source
            )));
        }
        let signed = self.runtime.block_on(self.signer.sign_hash(&hash));
        Ok(signed.map_err(|error| self.failed(&error))?.as_bytes())
    }

    fn failed(&self, error: &alloy::signers::Error) -> Error {
        Error::Key(format!("`{}` does not sign: {}", self.source, causes(error)))
    }
}

impl External {
    /// The name of its kind, which is that of its feature.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Ledger(_) => "ledger",
            Self::Trezor(_) => "trezor",
            Self::Aws(_) => "aws",
            Self::Gcp(_) => "gcp",
        }
    }
}

/// An error with everything that it came from, in one line.
fn causes(error: &dyn std::error::Error) -> String {
    let mut words = vec![error.to_string()];
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        // Wrappers repeat what they wrap.
        if words.last() != Some(&text) {
            words.push(text);
        }
        next = cause.source();
    }
    words.join(": ")
}

/// How each kind is opened.
#[cfg(any(feature = "ledger", feature = "trezor", feature = "aws", feature = "gcp"))]
mod kinds {
    use super::{Arc, Error, External, ExternalKey, Form, Result, Runtime, Signature, Signer, TxSigner, causes};

    fn runtime() -> Result<Arc<Runtime>> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        runtime.map(Arc::new).map_err(|error| Error::Key(format!("cannot start a thread for a signer: {error}")))
    }

    /// Takes what was opened, or says what to do about what was not.
    fn opened<S, E>(
        source: &External,
        form: Form,
        runtime: Arc<Runtime>,
        signer: std::result::Result<S, E>,
        remedy: &str,
    ) -> Result<ExternalKey>
    where
        S: Signer + TxSigner<Signature> + Send + Sync + 'static,
        E: std::error::Error + 'static,
    {
        let signer =
            signer.map_err(|error| Error::Key(format!("`{source}` does not answer: {}; {remedy}", causes(&error))))?;
        let signer = Arc::new(signer);
        Ok(ExternalKey { source: source.clone(), form, signer: signer.clone(), payer: signer, runtime })
    }

    #[cfg(feature = "ledger")]
    pub(super) fn ledger(source: &External, path: &str) -> Result<ExternalKey> {
        use alloy_signer_ledger::{HDPath, LedgerSigner};
        let runtime = runtime()?;
        let signer = runtime.block_on(LedgerSigner::new(HDPath::Other(path.to_owned()), None));
        let remedy = "connect the Ledger, unlock it, and open its Ethereum app";
        opened(source, Form::Message, runtime, signer, remedy)
    }

    #[cfg(feature = "trezor")]
    pub(super) fn trezor(source: &External, path: &str) -> Result<ExternalKey> {
        use alloy_signer_trezor::{HDPath, TrezorSigner};
        let runtime = runtime()?;
        let signer = runtime.block_on(TrezorSigner::new(HDPath::Other(path.to_owned()), None));
        opened(source, Form::Message, runtime, signer, "connect one Trezor, unlock it, and end what else uses it")
    }

    #[cfg(feature = "aws")]
    pub(super) fn aws(source: &External, key: &str) -> Result<ExternalKey> {
        use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
        let runtime = runtime()?;
        let tls = Provider::Rustls(CryptoMode::Ring);
        let http = aws_smithy_http_client::Builder::new().tls_provider(tls).build_https();
        let signer = runtime.block_on(async {
            let config = aws_config::defaults(aws_config::BehaviorVersion::latest()).http_client(http).load().await;
            alloy_signer_aws::AwsSigner::new(aws_sdk_kms::Client::new(&config), key.to_owned(), None).await
        });
        let remedy = "check AWS_REGION and the credentials, and that the key signs with ECC_SECG_P256K1";
        opened(source, Form::Hash, runtime, signer, remedy)
    }

    #[cfg(feature = "gcp")]
    pub(super) fn gcp(source: &External, version: &str) -> Result<ExternalKey> {
        let runtime = runtime()?;
        let signer = runtime.block_on(crate::gcp::GcpSigner::open(version));
        let remedy = "check GOOGLE_APPLICATION_CREDENTIALS, and that the key signs with EC_SIGN_SECP256K1_SHA256";
        opened(source, Form::Hash, runtime, signer, remedy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        text.parse::<External>().map_or_else(|error| error.to_string(), |one| one.to_string())
    }

    #[test]
    fn a_signer_is_a_kind_and_where_its_key_is() {
        assert_eq!(said("ledger"), format!("ledger:{FIRST}"));
        assert_eq!(said("ledger:m/44h/60h/3h/0/0"), "ledger:m/44'/60'/3'/0/0");
        assert_eq!(said("trezor:m/44'/60'/0'/0/2147483647"), "trezor:m/44'/60'/0'/0/2147483647");
        for same in
            ["aws:arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab", "aws:alias/treasury"]
        {
            assert_eq!(said(same), same);
        }
    }

    #[test]
    fn what_a_device_could_misread_is_no_path() {
        for path in ["44'/60'", "m", "m/", "m//0", "m/x", "m/+1", "m/-1", "m/2147483648", "m/0''", "m/0/0\n", "M/0"] {
            assert!(said(&format!("ledger:{path}")).contains("is no derivation path: write one such as"), "{path}");
        }
        assert!(said(&format!("trezor:m{}", "/0".repeat(11))).contains("is no derivation path"));
    }

    #[test]
    fn what_names_no_key_says_what_does_and_a_key_is_not_repeated() {
        for text in ["aws", "aws:", "aws:a b"] {
            assert!(said(text).starts_with("`aws:` has to be followed by a key"), "{text}");
        }
        let key = "11".repeat(32);
        for text in [key.as_str(), "", "yubikey:1", &format!("{key}:")] {
            let line = said(text);
            assert!(line.starts_with("a signer is `ledger:PATH`") && !line.contains(&key), "{line}");
        }
    }

    #[test]
    fn a_name_that_would_lead_a_url_elsewhere_names_no_key() {
        let name = "projects/p/locations/global/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1";
        assert_eq!(said(&format!("gcp:{name}")), format!("gcp:{name}"));
        let domain = name.replace("/p/", "/example.com:p/");
        assert_eq!(said(&format!("gcp:{domain}")), format!("gcp:{domain}"));
        for (from, to) in [
            ("/p/", "/../"),
            ("/p/", "//"),
            ("Versions/1", "Versions/"),
            ("/1", "/1?x"),
            ("/1", "/1/2"),
            ("/k/", "/k#/"),
        ] {
            let other = name.replacen(from, to, 1);
            assert!(said(&format!("gcp:{other}")).starts_with("`gcp:` has to be followed by the version"), "{other}");
        }
    }

    #[cfg(not(any(feature = "ledger", feature = "trezor", feature = "aws", feature = "gcp")))]
    #[test]
    fn what_is_not_built_in_says_how_to_build_it() {
        for (text, feature) in [("ledger", "ledger"), ("trezor", "trezor"), ("aws:1", "aws")] {
            let refused = ExternalKey::open(&text.parse().unwrap()).err().unwrap().to_string();
            assert!(refused.ends_with(&format!("build one with `--features {feature}`")), "{refused}");
        }
    }
}
