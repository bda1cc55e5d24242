//! A service that keeps a key and signs with it, over HTTP.

use super::relay::rpc;
use super::treasury::key;
use alloy_primitives::{B256, Bytes, U256, hex, uint};
use alloy_sol_types::SolCall;
use portcullis_bindings::safe::Safe;
use portcullis_chain::safe;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// The order of secp256k1.
const ORDER: U256 = uint!(0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141_U256);
/// `SubjectPublicKeyInfo` of a secp256k1 key, up to the point's coordinates.
const SPKI: [u8; 24] = hex!("3056301006072a8648ce3d020106052b8104000a03420004");

/// A request: its first line, its headers by lower-case name, and its body.
pub(crate) struct Asked {
    pub(crate) first: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

/// What was done, and the answer; or a status, and the answer.
type Answer = Result<(&'static str, Value), (u16, Value)>;

/// Where it listens, and what it did, in order.
pub(crate) struct KeyService {
    pub(crate) url: String,
    pub(crate) asked: Arc<Mutex<Vec<&'static str>>>,
}

impl KeyService {
    pub(crate) fn start(answer: impl Fn(&Asked) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = asked.clone();
        // Ends with the test's process: nothing waits for it.
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                serve(stream, &answer, &log);
            }
        });
        Self { url, asked }
    }
}

/// Answers one request, or closes on what is none.
fn serve(mut stream: TcpStream, answer: &impl Fn(&Asked) -> Answer, log: &Mutex<Vec<&'static str>>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let first = line.trim().to_owned();
    let mut headers = BTreeMap::new();
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").map_or(Ok(0), |length| length.parse());
    let mut body = vec![0; length.ok()?];
    reader.read_exact(&mut body).ok()?;
    let (status, answer) = match answer(&Asked { first, headers, body }) {
        Ok((done, answer)) => {
            log.lock().unwrap().push(done);
            (200, answer)
        }
        Err(refused) => refused,
    };
    let answer = answer.to_string();
    let head = format!(
        "HTTP/1.1 {status} Answer\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n{answer}",
        answer.len()
    );
    stream.write_all(head.as_bytes()).ok()
}

/// The public key of an owner, as `SubjectPublicKeyInfo` in DER.
pub(crate) fn public(owner: &str) -> Vec<u8> {
    [&SPKI[..], key(owner).public_key().as_slice()].concat()
}

/// The signature of an owner, as `ECDSA-Sig-Value` in DER; as such services give it half the time, with s in the upper
/// half, which chains (EIP-2) and the hook refuse.
pub(crate) fn signed(owner: &str, digest: B256) -> Vec<u8> {
    let signed = safe::sign(digest, &[key(owner)]).unwrap();
    let s = ORDER - U256::from_be_slice(&signed[32..64]);
    let integer = |bytes: &[u8]| {
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        let mut digits = bytes[zeros..].to_vec();
        if digits.first().is_none_or(|first| *first >= 0x80) {
            digits.insert(0, 0);
        }
        [&[0x02, digits.len() as u8][..], &digits].concat()
    };
    let both = [integer(&signed[..32]), integer(&s.to_be_bytes::<32>())].concat();
    [&[0x30, both.len() as u8][..], &both].concat()
}

/// Asserts that no s is in the upper half: neither of the Ethereum transaction, nor of any owner in it.
pub(crate) fn assert_low(node: &str, transaction: &Value) {
    let sent = rpc(node, "eth_getTransactionByHash", json!([transaction]));
    let input: Bytes = sent["input"].as_str().unwrap().parse().unwrap();
    let signatures = Safe::execTransactionCall::abi_decode(&input).unwrap().signatures;
    assert!(!signatures.is_empty() && signatures.len().is_multiple_of(65), "{signatures}");
    let owners = signatures.chunks(65).map(|one| U256::from_be_slice(&one[32..64]));
    let all = owners.chain([sent["s"].as_str().unwrap().parse().unwrap()]);
    assert!(all.into_iter().all(|s| s <= ORDER >> 1), "{sent}");
}
