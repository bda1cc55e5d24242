//! Our encodings are those of `ethers-core`, which shares no code with them: what is signed, and what is called.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolCall;
use ethers_core::abi::{ParamType, Token, encode, short_signature};
use ethers_core::types::transaction::eip712::{Eip712, TypedData};
use ethers_core::types::{H160, U256 as EthersU256};
use portcullis_attest::Binding;
use portcullis_bindings::IPolicyHook;
use portcullis_bindings::safe::{Safe, SafeTx};
use portcullis_chain::safe;
use portcullis_operate::hash::{Account, SafeVersion};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha20Rng;
use serde_json::{Value, json};

/// Of each kind.
const CASES: usize = 4_000;

struct Dice(ChaCha20Rng);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(ChaCha20Rng::seed_from_u64(seed))
    }

    fn word(&mut self) -> U256 {
        // Small, huge and in between, so that both ends of every field come up.
        let bits = self.0.random_range(0..=256_usize);
        if bits == 0 { U256::ZERO } else { self.full() >> (256 - bits) }
    }

    fn full(&mut self) -> U256 {
        let mut bytes = [0; 32];
        self.0.fill_bytes(&mut bytes);
        U256::from_be_bytes(bytes)
    }

    fn address(&mut self) -> Address {
        let mut bytes = [0; 20];
        self.0.fill_bytes(&mut bytes);
        if self.0.random_bool(0.1) { Address::ZERO } else { Address::from(bytes) }
    }

    fn bytes(&mut self) -> Bytes {
        let mut bytes = vec![0; self.0.random_range(0..200)];
        self.0.fill_bytes(&mut bytes);
        bytes.into()
    }

    fn tx(&mut self) -> SafeTx {
        SafeTx {
            to: self.address(),
            value: self.word(),
            data: self.bytes(),
            operation: self.0.random_range(0..=1),
            safeTxGas: self.word(),
            baseGas: self.word(),
            gasPrice: self.word(),
            gasToken: self.address(),
            refundReceiver: self.address(),
            nonce: self.word(),
        }
    }
}

fn number(value: U256) -> Token {
    Token::Uint(EthersU256::from_big_endian(&value.to_be_bytes::<32>()))
}

fn address(value: Address) -> Token {
    Token::Address(H160::from_slice(value.as_slice()))
}

fn word(value: B256) -> Token {
    Token::FixedBytes(value.to_vec())
}

fn call(name: &str, kinds: &[ParamType], tokens: &[Token]) -> Vec<u8> {
    [&short_signature(name, kinds)[..], &encode(tokens)].concat()
}

/// What ethers signs for typed data.
fn signed(typed: Value) -> B256 {
    let typed: TypedData = serde_json::from_value(typed).unwrap();
    typed.encode_eip712().unwrap().into()
}

#[test]
fn what_owners_sign_is_what_ethers_signs_in_every_version() {
    let mut dice = Dice::new(0x5afe);
    for case in 0..CASES {
        let version = SafeVersion::ALL[case % SafeVersion::ALL.len()];
        let account = Account { chain_id: dice.0.random_range(1..=u64::from(u32::MAX)), safe: dice.address(), version };
        let tx = dice.tx();
        let hash = account.transaction(&tx).hash;
        assert_eq!(hash, signed(account.typed_data(&tx)), "{account:?} {tx:?}");
        if version.names_chain() {
            assert_eq!(hash, safe::hash(&tx, account.safe, account.chain_id));
        }
        let message = dice.bytes();
        let typed = json!({
            "types": { "EIP712Domain": account.typed_data(&tx)["types"]["EIP712Domain"],
                       "SafeMessage": [{ "name": "message", "type": "bytes" }] },
            "primaryType": "SafeMessage", "domain": account.typed_data(&tx)["domain"], "message": { "message": message },
        });
        assert_eq!(account.message(&message).hash, signed(typed));
    }
}

#[test]
fn what_members_sign_is_what_ethers_signs() {
    let mut dice = Dice::new(0xa119);
    let field = |name: &str, kind: &str| json!({ "name": name, "type": kind });
    for _ in 0..CASES {
        let binding = Binding {
            chain_id: dice.0.random_range(1..=u64::from(u32::MAX)),
            hook: dice.address(),
            account: dice.address(),
            request: dice.full().into(),
            program: dice.full().into(),
            epoch: dice.0.random(),
        };
        let deadline: u64 = dice.0.random();
        let typed = json!({
            "types": {
                "EIP712Domain": [field("name", "string"), field("version", "string"), field("chainId", "uint256"),
                    field("verifyingContract", "address")],
                "Approval": [field("account", "address"), field("request", "bytes32"), field("program", "bytes32"),
                    field("epoch", "uint32"), field("deadline", "uint64")],
            },
            "primaryType": "Approval",
            "domain": { "name": "Portcullis", "version": "1", "chainId": binding.chain_id.to_string(),
                "verifyingContract": binding.hook },
            "message": { "account": binding.account, "request": binding.request, "program": binding.program,
                "epoch": binding.epoch.to_string(), "deadline": deadline.to_string() },
        });
        assert_eq!(binding.approval_digest(deadline), signed(typed));
    }
}

#[test]
fn what_is_called_is_what_ethers_calls() {
    use ParamType::{Address as A, Array, Bytes as B, FixedBytes as F, Tuple, Uint as U};
    let mut dice = Dice::new(0xca11);
    for _ in 0..CASES {
        let (tx, signatures) = (dice.tx(), dice.bytes());
        let kinds = [A, U(256), B, U(8), U(256), U(256), U(256), A, A, B];
        let tokens = [
            address(tx.to),
            number(tx.value),
            Token::Bytes(tx.data.to_vec()),
            number(U256::from(tx.operation)),
            number(tx.safeTxGas),
            number(tx.baseGas),
            number(tx.gasPrice),
            address(tx.gasToken),
            address(tx.refundReceiver),
            Token::Bytes(signatures.to_vec()),
        ];
        assert_eq!(safe::exec(&tx, signatures.clone()), call("execTransaction", &kinds, &tokens));

        let (account, request, program) = (dice.address(), dice.full().into(), dice.full().into());
        let deadline: u64 = dice.0.random();
        let approve = IPolicyHook::approveCall { account, request, program, deadline }.abi_encode();
        let tokens = [address(account), word(request), word(program), number(U256::from(deadline))];
        assert_eq!(approve, call("approve", &[A, F(32), F(32), U(64)], &tokens));

        let count = dice.0.random_range(0..4);
        let actions: Vec<IPolicyHook::Action> = (0..count)
            .map(|_| IPolicyHook::Action {
                to: dice.address(),
                value: dice.word(),
                data: dice.bytes(),
                operation: dice.0.random_range(0..=1),
            })
            .collect();
        let tuples = actions.iter().map(|one| {
            Token::Tuple(vec![
                address(one.to),
                number(one.value),
                Token::Bytes(one.data.to_vec()),
                number(U256::from(one.operation)),
            ])
        });
        let origin = dice.address();
        let tokens = [address(account), address(origin), Token::Array(tuples.collect())];
        let kinds = [A, A, Array(Box::new(Tuple(vec![A, U(256), B, U(8)])))];
        let announce = IPolicyHook::announceCall { account, origin, actions }.abi_encode();
        assert_eq!(announce, call("announce", &kinds, &tokens));

        let hash = dice.full().into();
        assert_eq!(Safe::approveHashCall { hash }.abi_encode(), call("approveHash", &[F(32)], &[word(hash)]));
    }
}
