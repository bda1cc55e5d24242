//! The keys at hand: where they are, and what they sign. A key is never an argument, and never shown.

use std::fmt;
use std::path::{Path, PathBuf};

use alloy::network::EthereumWallet;
use alloy::signers::SignerSync;
use alloy::signers::local::PrivateKeySigner;
use alloy_primitives::{Address, B256, Bytes};

use crate::external::{External, ExternalKey};
use crate::signature::{OwnerSignature, encode};
use crate::{Error, Result};

/// Where keys are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    /// Files in Ethereum's keystore format (Web3 Secret Storage, version 3).
    pub keystores: Vec<PathBuf>,
    /// What opens all of them.
    pub password: Option<Password>,
    /// Names of environment variables that hold a key each, in 64 hex digits.
    pub variables: Vec<String>,
    /// Keys that are somewhere else.
    pub external: Vec<External>,
    /// Who pays; the first key where left out.
    pub payer: Option<Address>,
}

/// Where the password of keystores is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Password {
    /// In this environment variable.
    Variable(String),
    /// On the first line of this file.
    File(PathBuf),
}

/// Keys that were opened.
#[derive(Clone, Default)]
pub struct Signers {
    keys: Vec<Key>,
    payer: Option<Address>,
}

/// A key at hand.
#[derive(Clone)]
enum Key {
    Local(PrivateKeySigner),
    External(ExternalKey),
}

impl Key {
    fn address(&self) -> Address {
        match self {
            Self::Local(key) => key.address(),
            Self::External(key) => key.address(),
        }
    }

    fn wallet(&self) -> EthereumWallet {
        match self {
            Self::Local(key) => EthereumWallet::from(key.clone()),
            Self::External(key) => key.wallet(),
        }
    }

    /// Signs a digest that is no Safe transaction's: nothing but the digest itself.
    fn sign(&self, digest: B256) -> Result<[u8; 65]> {
        match self {
            Self::Local(key) => {
                let signed = key.sign_hash_sync(&digest);
                let failed = |error| Error::Key(format!("cannot sign for `{}`: {error}", key.address()));
                Ok(signed.map_err(failed)?.as_bytes())
            }
            Self::External(key) => key.sign(digest),
        }
    }

    /// Consents to a Safe transaction, in one of the forms that a Safe takes.
    fn consent(&self, hash: B256) -> Result<OwnerSignature> {
        let owner = self.address();
        let signature = match self {
            Self::Local(_) => self.sign(hash)?,
            Self::External(key) => key.sign_owner(hash)?,
        };
        // What is sent is what the Safe will recover.
        OwnerSignature::of_key(hash, signature)
            .filter(|signed| signed.owner == owner)
            .ok_or_else(|| Error::Key(format!("cannot sign for `{owner}`: its signature is another's")))
    }
}

/// Addresses only.
impl fmt::Debug for Signers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signers").field("addresses", &self.addresses()).field("payer", &self.payer).finish()
    }
}

impl Signers {
    /// Opens every key. None at all is no error: what needs one says so.
    ///
    /// # Errors
    /// [`Error::File`] and [`Error::Key`] for what cannot be opened, a key that is given twice, and a payer whose key
    /// is not among them.
    pub fn open(sources: &Sources) -> Result<Self> {
        let mut signers = Self::default();
        if let Some(first) = sources.keystores.first() {
            let source = sources.password.as_ref().ok_or_else(|| {
                file(first, "its password is not given; name a variable that holds it (--password-env), or a file")
            })?;
            let password = password(source)?;
            for path in &sources.keystores {
                signers.add(Key::Local(keystore(path, &password)?), &path.display().to_string())?;
            }
        }
        for name in &sources.variables {
            signers.add(Key::Local(variable(name)?), name)?;
        }
        for source in &sources.external {
            signers.add(Key::External(ExternalKey::open(source)?), &source.to_string())?;
        }
        signers.payer = sources.payer.or_else(|| signers.keys.first().map(Key::address));
        if let Some(payer) = signers.payer
            && !signers.addresses().contains(&payer)
        {
            return Err(Error::Key(format!("the key of `{payer}`, who is to pay, is not given")));
        }
        Ok(signers)
    }

    fn add(&mut self, key: Key, source: &str) -> Result<()> {
        let address = key.address();
        if self.addresses().contains(&address) {
            return Err(Error::Key(format!("`{source}` holds the key of `{address}`, which is given already")));
        }
        self.keys.push(key);
        Ok(())
    }

    /// Whose keys these are, in the order given.
    #[must_use]
    pub fn addresses(&self) -> Vec<Address> {
        self.keys.iter().map(Key::address).collect()
    }

    /// Who pays for what is sent.
    ///
    /// # Errors
    /// [`Error::Key`] when no key is given.
    pub fn payer(&self) -> Result<Address> {
        self.payer.ok_or_else(|| {
            Error::Key("nobody pays: give a key with --keystore FILE, or --key-env NAME for a variable".to_owned())
        })
    }

    /// What signs the payer's Ethereum transactions.
    ///
    /// # Errors
    /// As [`Self::payer`].
    pub fn wallet(&self) -> Result<EthereumWallet> {
        self.key(self.payer()?).map(Key::wallet)
    }

    /// The key of one address.
    fn key(&self, who: Address) -> Result<&Key> {
        let found = self.keys.iter().find(|key| key.address() == who);
        found.ok_or_else(|| Error::Key(format!("the key of `{who}` is not given")))
    }

    /// Signatures of every key that is an owner's, over `hash`. A key that is no owner's may only pay.
    ///
    /// # Errors
    /// [`Error::Key`] for a key that neither owns nor pays, or where no key is an owner's, and when one cannot sign.
    pub fn sign_each(&self, hash: B256, owners: &[Address]) -> Result<Vec<OwnerSignature>> {
        let stranger = |address: &Address| !owners.contains(address) && Some(*address) != self.payer;
        if let Some(stranger) = self.addresses().into_iter().find(|address| stranger(address)) {
            return Err(Error::Key(format!(
                "`{stranger}` is not an owner of the Safe; leave its key out, or say --payer {stranger} if it only pays"
            )));
        }
        let keys: Vec<_> = self.keys.iter().filter(|key| owners.contains(&key.address())).collect();
        if keys.is_empty() {
            return Err(Error::Key(match self.payer {
                Some(payer) => format!("`{payer}` is not an owner of the Safe; give an owner's key"),
                None => {
                    "no key is given; give an owner's with --keystore FILE, --key-env NAME or --signer WHERE".to_owned()
                }
            }));
        }
        keys.into_iter().map(|key| key.consent(hash)).collect()
    }

    /// Signatures of as many owners as the threshold asks for, as `execTransaction` takes them.
    ///
    /// # Errors
    /// As [`Self::sign_each`]; [`Error::TooFew`].
    pub fn sign(&self, hash: B256, owners: &[Address], threshold: usize) -> Result<Bytes> {
        let mut signatures = self.sign_each(hash, owners)?;
        signatures.sort();
        if signatures.len() < threshold {
            return Err(Error::TooFew { have: signatures.len(), need: threshold });
        }
        signatures.truncate(threshold);
        Ok(encode(&signatures))
    }

    /// A signature by one key over a digest that is no Safe transaction's.
    ///
    /// # Errors
    /// [`Error::Key`] when the key is not given or cannot sign.
    pub fn sign_as(&self, who: Address, digest: B256) -> Result<[u8; 65]> {
        self.key(who)?.sign(digest)
    }
}

fn file(path: &Path, why: impl Into<String>) -> Error {
    Error::File { path: path.display().to_string(), why: why.into() }
}

fn held(name: &str) -> Result<String> {
    match std::env::var(name) {
        Ok(value) if !value.is_empty() => Ok(value),
        Ok(_) | Err(std::env::VarError::NotPresent) => {
            Err(Error::Key(format!("the environment variable `{}` is not set", shown(name))))
        }
        Err(std::env::VarError::NotUnicode(_)) => {
            Err(Error::Key(format!("the environment variable `{}` does not hold text", shown(name))))
        }
    }
}

/// The name of a variable; whoever gave the key itself in its place does not read it in an error.
fn shown(name: &str) -> &str {
    let named = !name.is_empty() && name.len() < 64;
    if named { name } else { "(not shown: it may be a key, where the name of a variable belongs)" }
}

fn variable(name: &str) -> Result<PrivateKeySigner> {
    let text = held(name)?;
    let digits = text.trim();
    let digits = digits.strip_prefix("0x").unwrap_or(digits);
    // Without the cause, which may repeat what it could not read.
    let key = digits.parse::<B256>().ok().filter(|_| digits.len() == 64);
    key.and_then(|key| PrivateKeySigner::from_bytes(&key).ok()).ok_or_else(|| {
        Error::Key(format!("the environment variable `{}` holds no private key: 64 hex digits are one", shown(name)))
    })
}

fn password(source: &Password) -> Result<String> {
    match source {
        Password::Variable(name) => held(name),
        Password::File(path) => {
            let text = std::fs::read_to_string(path).map_err(|error| file(path, error.to_string()))?;
            Ok(text.lines().next().unwrap_or_default().to_owned())
        }
    }
}

fn keystore(path: &Path, password: &str) -> Result<PrivateKeySigner> {
    if let Err(error) = std::fs::File::open(path) {
        return Err(file(path, error.to_string()));
    }
    PrivateKeySigner::decrypt_keystore(path, password)
        .map_err(|_| file(path, "the password does not open it, or it is no keystore file"))
}
