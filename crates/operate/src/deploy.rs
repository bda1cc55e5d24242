//! What has to stand on a chain before an account can use it: each piece at an address that its code determines.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use portcullis_bindings::{IPolicyHook, ISignatureHandler, deployer, libraries};
use portcullis_chain::{Call, Ledger, deploy, read};

use crate::Result;

/// A contract to deploy through the CREATE2 proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// What it is.
    pub name: String,
    /// Where it stands on every chain.
    pub address: Address,
    /// The hash of its code; none where the code holds what the constructor puts in.
    code_hash: Option<B256>,
    init_code: Bytes,
}

impl Piece {
    fn new(name: impl Into<String>, init_code: Bytes, code_hash: Option<B256>) -> Self {
        let address = deployer::ARACHNID.create2(B256::ZERO, keccak256(&init_code));
        Self { name: name.into(), address, code_hash, init_code }
    }

    /// Its step in a journal.
    #[must_use]
    pub fn step(&self) -> String {
        format!("deploy {} {}", self.name, self.address)
    }

    /// The call that deploys it.
    #[must_use]
    pub fn call(&self) -> Call {
        let data = [B256::ZERO.as_slice(), &self.init_code].concat().into();
        Call { to: deployer::ARACHNID, value: U256::ZERO, data }
    }

    /// Whether it stands there, with the code that was committed.
    ///
    /// # Errors
    /// [`portcullis_chain::Error::NotDeployed`] when something else does, and those of the ledger.
    pub fn stands(&self, ledger: &dyn Ledger) -> Result<bool> {
        let code = ledger.code(self.address, None)?;
        if code.is_empty() {
            return Ok(false);
        }
        let other = |why| portcullis_chain::Error::NotDeployed { address: self.address, why };
        match self.code_hash {
            Some(expected) if keccak256(&code) != expected => {
                Err(other(format!("its code hash is `{}`, not `{expected}`", keccak256(&code))).into())
            }
            Some(_) => Ok(true),
            None => {
                let hook = read::view(ledger, self.address, "HOOK()", ISignatureHandler::HOOKCall {})?;
                if hook == deploy::hook_at() { Ok(true) } else { Err(other(format!("it asks `{hook}`")).into()) }
            }
        }
    }
}

/// The hook after the libraries that it is linked with.
#[must_use]
pub fn hook() -> Vec<Piece> {
    let library = |library: &libraries::Library| {
        let name = format!("library {}", library.name);
        Piece::new(name, library.init_code.clone(), Some(keccak256(library.code)))
    };
    let mut pieces: Vec<Piece> = libraries::ALL.iter().map(library).collect();
    let code_hash = keccak256(&IPolicyHook::DEPLOYED_BYTECODE);
    pieces.push(Piece::new("hook", IPolicyHook::BYTECODE.clone(), Some(code_hash)));
    pieces
}

/// The signature handler, which needs the hook.
#[must_use]
pub fn handler() -> Piece {
    Piece::new("signature handler", deploy::handler_init_code().into(), None)
}

/// A program.
///
/// # Errors
/// [`portcullis_chain::Error::BadProgram`].
pub fn program(bytes: &[u8]) -> Result<Piece> {
    Ok(Piece::new("program", deploy::data_contract(bytes)?, Some(keccak256(bytes))))
}
