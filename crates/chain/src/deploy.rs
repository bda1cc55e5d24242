//! Putting programs and the hook on a chain, at addresses known beforehand.

use alloy_primitives::{Address, B256, Bytes, keccak256};
use alloy_sol_types::SolValue;
use portcullis_bindings::{IPolicyHook, ISignatureHandler, deployer, libraries};

use crate::{Error, Ledger, Result, create2};

/// The most code that a contract can have (EIP-170), in bytes.
pub const MAX_CODE: usize = 24_576;

/// A program on a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Program {
    /// Its data contract.
    pub address: Address,
    /// Its EXTCODEHASH, which names the version.
    pub code_hash: B256,
}

/// Init code that returns `program` as the contract's code.
///
/// # Errors
/// [`Error::BadProgram`] when no contract can hold it, or when it does not begin with STOP.
pub fn data_contract(program: &[u8]) -> Result<Bytes> {
    let bad = || Error::BadProgram { size: program.len(), max: MAX_CODE };
    if program.len() > MAX_CODE || program.first() != Some(&0) {
        return Err(bad());
    }
    let [high, low] = u16::try_from(program.len()).map_err(|_| bad())?.to_be_bytes();
    // PUSH2 size, DUP1, PUSH1 10, PUSH0, CODECOPY, PUSH0, RETURN: copies what follows, and returns it.
    let copy = [0x61, high, low, 0x80, 0x60, 0x0a, 0x5f, 0x39, 0x5f, 0xf3];
    Ok([copy.as_slice(), program].concat().into())
}

/// Where [`deploy_program`] puts a program: it follows from the bytes.
///
/// # Errors
/// As [`data_contract`].
pub fn program_at(program: &[u8]) -> Result<Program> {
    let address = deployer::ARACHNID.create2(B256::ZERO, keccak256(data_contract(program)?));
    Ok(Program { address, code_hash: keccak256(program) })
}

/// Puts a program on the chain, if it is not there, and reads it back.
///
/// # Errors
/// As [`data_contract`], [`create2`]; [`Error::NotDeployed`] when other bytes are found there.
pub fn deploy_program(ledger: &mut dyn Ledger, from: Address, program: &[u8]) -> Result<Program> {
    let at = program_at(program)?;
    create2(ledger, from, deployer::ARACHNID, B256::ZERO, &data_contract(program)?)?;
    check_code(ledger, at.address, at.code_hash)?;
    Ok(at)
}

/// Where [`deploy_hook`] puts the hook, on every chain.
#[must_use]
pub fn hook_at() -> Address {
    deployer::ARACHNID.create2(B256::ZERO, keccak256(&IPolicyHook::BYTECODE))
}

/// Puts the hook and the libraries that it is linked with on the chain, as far as they are not there, and checks their
/// code.
///
/// # Errors
/// As [`create2`]; [`Error::NotDeployed`] when other code is found there.
pub fn deploy_hook(ledger: &mut dyn Ledger, from: Address) -> Result<Address> {
    for library in libraries::ALL {
        let at = create2(ledger, from, deployer::ARACHNID, B256::ZERO, library.init_code)?;
        check_code(ledger, at, keccak256(library.code))?;
    }
    let hook = create2(ledger, from, deployer::ARACHNID, B256::ZERO, &IPolicyHook::BYTECODE)?;
    check_code(ledger, hook, keccak256(&IPolicyHook::DEPLOYED_BYTECODE))?;
    Ok(hook)
}

/// What the deployer is given to put the signature handler there.
#[must_use]
pub fn handler_init_code() -> Vec<u8> {
    [ISignatureHandler::BYTECODE.as_ref(), &hook_at().abi_encode()].concat()
}

/// Where [`deploy_handler`] puts the signature handler, on every chain.
#[must_use]
pub fn handler_at() -> Address {
    deployer::ARACHNID.create2(B256::ZERO, keccak256(handler_init_code()))
}

/// Puts the signature handler of the hook, which must be there, on the chain, if it is not there.
///
/// # Errors
/// As [`create2`]; [`Error::NotDeployed`] when it does not name the hook.
pub fn deploy_handler(ledger: &mut dyn Ledger, from: Address) -> Result<Address> {
    let handler = create2(ledger, from, deployer::ARACHNID, B256::ZERO, &handler_init_code())?;
    let hook = crate::read::view(ledger, handler, "HOOK()", ISignatureHandler::HOOKCall {})?;
    if hook == hook_at() {
        return Ok(handler);
    }
    Err(Error::NotDeployed { address: handler, why: format!("it asks the hook at `{hook}`, not at `{}`", hook_at()) })
}

fn check_code(ledger: &dyn Ledger, address: Address, expected: B256) -> Result<()> {
    let found = keccak256(ledger.code(address, None)?);
    if found == expected {
        return Ok(());
    }
    Err(Error::NotDeployed { address, why: format!("its code hash is `{found}`, not `{expected}`") })
}
