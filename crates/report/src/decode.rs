//! Calldata, events and reverts, read by known signatures. What does not read exactly stays as it is, and so does what
//! more than one signature fits: a name that may be the wrong one is none.

use std::collections::BTreeMap;

use alloy_dyn_abi::{DynSolValue, EventExt, JsonAbiExt};
use alloy_json_abi::{Event as EventAbi, Function, JsonAbi};
use alloy_primitives::{Address, B256, Log, Selector, hex};
use portcullis_bindings::{IPolicyHook, ISignatureHandler};

use crate::signatures::{EVENTS, FUNCTIONS, packed};
use crate::{Argument, Decoded, Untrusted};

/// The most of a value that is put into words, in bytes; [`Untrusted`] cuts it further.
const MOST: usize = 1_000;

/// The signatures that are known: those of Portcullis, of Safe, of common standards and contracts, and those given.
#[derive(Clone, Debug)]
pub struct Decoder {
    /// Of any contract.
    all: Signatures,
    /// Of one contract, for which they count alone where they have the selector.
    of: BTreeMap<Address, Signatures>,
}

/// By selector. Signatures that differ in names only are one; others beside each other leave a selector without a name.
#[derive(Clone, Debug, Default)]
struct Signatures {
    functions: BTreeMap<Selector, Vec<Function>>,
    errors: BTreeMap<Selector, Vec<Function>>,
    events: BTreeMap<B256, Vec<EventAbi>>,
}

/// Text that is no ABI.
#[derive(Clone, Debug, thiserror::Error)]
#[error("it is no JSON ABI, and no artifact that has one as its `abi`: {0}")]
pub struct NotAbi(String);

impl Default for Decoder {
    fn default() -> Self {
        let mut all = Signatures::default();
        let parse = |signature: &str| Function::parse(signature).ok();
        let own = [IPolicyHook::IPolicyHookCalls::SIGNATURES, ISignatureHandler::ISignatureHandlerCalls::SIGNATURES];
        own.iter().copied().flatten().filter_map(|one| parse(one)).for_each(|one| all.add_function(one));
        let errors = IPolicyHook::IPolicyHookErrors::SIGNATURES;
        errors.iter().filter_map(|one| parse(one)).for_each(|one| all.add_error(one));
        packed("function").filter_map(parse).for_each(|one| all.add_function(one));
        packed("error").filter_map(parse).for_each(|one| all.add_error(one));
        packed("event").filter_map(|one| EventAbi::parse(one).ok()).for_each(|one| all.add_event(one));
        // Later ones bring names: those that fit several standards.
        FUNCTIONS.iter().filter_map(|one| parse(one)).for_each(|one| all.add_function(one));
        EVENTS.iter().filter_map(|one| EventAbi::parse(one).ok()).for_each(|one| all.add_event(one));
        Self { all, of: BTreeMap::new() }
    }
}

impl Signatures {
    fn add_function(&mut self, function: Function) {
        put(&mut self.functions, function.selector(), function, Function::signature);
    }

    fn add_error(&mut self, error: Function) {
        put(&mut self.errors, error.selector(), error, Function::signature);
    }

    fn add_event(&mut self, event: EventAbi) {
        put(&mut self.events, event.selector(), event, |event| {
            (event.signature(), event.inputs.iter().map(|input| input.indexed).collect::<Vec<_>>())
        });
    }

    fn add(&mut self, abi: JsonAbi) {
        abi.functions.into_values().flatten().for_each(|function| self.add_function(function));
        abi.events.into_values().flatten().for_each(|event| self.add_event(event));
        for error in abi.errors.into_values().flatten() {
            // Errors are encoded as calls are.
            let (name, inputs, mutability) = (error.name, error.inputs, alloy_json_abi::StateMutability::NonPayable);
            self.add_error(Function { name, inputs, outputs: Vec::new(), state_mutability: mutability });
        }
    }
}

/// One that differs from a known one in names only takes its place.
fn put<K: Ord, T, S: PartialEq>(known: &mut BTreeMap<K, Vec<T>>, key: K, new: T, signature: impl Fn(&T) -> S) {
    let all = known.entry(key).or_default();
    match all.iter_mut().find(|one| signature(one) == signature(&new)) {
        Some(one) => *one = new,
        None => all.push(new),
    }
}

impl Decoder {
    /// Learns the signatures of an ABI in JSON, or of an artifact that has one: for one contract, or for all.
    ///
    /// # Errors
    /// [`NotAbi`].
    pub fn learn(&mut self, json: &str, of: Option<Address>) -> Result<(), NotAbi> {
        let not = |error: serde_json::Error| NotAbi(error.to_string());
        let mut value: serde_json::Value = serde_json::from_str(json).map_err(not)?;
        if let Some(abi) = value.get_mut("abi") {
            value = abi.take();
        }
        let abi: JsonAbi = serde_json::from_value(value).map_err(not)?;
        let signatures = match of {
            Some(contract) => self.of.entry(contract).or_default(),
            None => &mut self.all,
        };
        signatures.add(abi);
        Ok(())
    }

    /// Reads the calldata of a call to a contract.
    #[must_use]
    pub fn call(&self, to: Option<Address>, data: &[u8]) -> Option<Decoded> {
        let (selector, arguments) = data.split_first_chunk()?;
        exactly(self.only(to, |known| known.functions.get(&Selector::from(*selector)))?, arguments)
    }

    /// Reads an event.
    #[must_use]
    pub fn event(&self, log: &Log) -> Option<Decoded> {
        let (first, rest) = log.topics().split_first()?;
        let indexed = |event: &&EventAbi| event.inputs.iter().filter(|input| input.indexed).count() == rest.len();
        let of = self.of.get(&log.address).and_then(|known| known.events.get(first));
        let mut fitting = of.or_else(|| self.all.events.get(first))?.iter().filter(indexed);
        let (Some(event), None) = (fitting.next(), fitting.next()) else { return None };
        let read = event.decode_log_parts(log.topics().iter().copied(), &log.data.data).ok()?;
        let (mut indexed, mut body) = (read.indexed.into_iter(), read.body.into_iter());
        let arguments = event.inputs.iter().map(|input| {
            let value = if input.indexed { indexed.next() } else { body.next() }?;
            Some(argument(&input.name, &input.ty, &value))
        });
        Some(Decoded { signature: event.signature(), arguments: arguments.collect::<Option<_>>()? })
    }

    /// What a call of a contract reverted with, in words where it is a plain reason or a known error.
    #[must_use]
    pub fn revert(&self, by: Option<Address>, output: &[u8]) -> Untrusted {
        if output.is_empty() {
            return "reverted without a reason".into();
        }
        let known = output.split_first_chunk().and_then(|(selector, rest)| {
            exactly(self.only(by, |known| known.errors.get(&Selector::from(*selector)))?, rest)
        });
        if let Some(Decoded { signature, arguments }) = known {
            let name = signature.split('(').next().unwrap_or_default();
            let values: Vec<_> = arguments.iter().map(|argument| argument.value.as_str()).collect();
            return Untrusted::new(&format!("{name}({})", values.join(", ")));
        }
        let head = output.get(..MOST).unwrap_or(output);
        let words = alloy_sol_types::decode_revert_reason(output);
        Untrusted::new(&words.unwrap_or_else(|| format!("reverted with {}", hex::encode_prefixed(head))))
    }

    /// The one signature that a selector has: the contract's own where some are known, else anybody's.
    fn only<'a>(
        &'a self,
        of: Option<Address>,
        find: impl Fn(&'a Signatures) -> Option<&'a Vec<Function>>,
    ) -> Option<&'a Function> {
        let own = of.and_then(|of| self.of.get(&of)).and_then(&find);
        match &own.or_else(|| find(&self.all))?[..] {
            [only] => Some(only),
            _ => None,
        }
    }
}

/// Arguments that are nothing but the canonical encoding of what they say.
fn exactly(function: &Function, arguments: &[u8]) -> Option<Decoded> {
    let values = function.abi_decode_input(arguments).ok()?;
    let again = function.abi_encode_input_raw(&values).ok()?;
    if again != arguments {
        return None;
    }
    let named = function.inputs.iter().zip(&values);
    let arguments = named.map(|(input, value)| argument(&input.name, &input.ty, value)).collect();
    Some(Decoded { signature: function.signature(), arguments })
}

fn argument(name: &str, kind: &str, value: &DynSolValue) -> Argument {
    let mut text = String::new();
    write(value, &mut text);
    Argument { name: name.to_owned(), kind: kind.to_owned(), value: Untrusted::new(&text) }
}

/// A value in words; no more of it once there is enough.
fn write(value: &DynSolValue, text: &mut String) {
    if text.len() > MOST {
        return;
    }
    match value {
        DynSolValue::Bool(truth) => text.push_str(&truth.to_string()),
        DynSolValue::Int(number, _) => text.push_str(&number.to_string()),
        DynSolValue::Uint(number, _) => text.push_str(&number.to_string()),
        DynSolValue::Address(address) => text.push_str(&address.to_string()),
        DynSolValue::FixedBytes(word, size) => {
            text.push_str(&hex::encode_prefixed(word.get(..*size).unwrap_or_default()));
        }
        DynSolValue::Bytes(bytes) => text.push_str(&hex::encode_prefixed(bytes.get(..MOST).unwrap_or(bytes))),
        DynSolValue::String(string) => {
            text.push('"');
            text.extend(string.chars().take(MOST));
            text.push('"');
        }
        DynSolValue::Array(all) | DynSolValue::FixedArray(all) => list(all, ('[', ']'), text),
        DynSolValue::Tuple(all) | DynSolValue::CustomStruct { tuple: all, .. } => list(all, ('(', ')'), text),
        DynSolValue::Function(function) => text.push_str(&hex::encode_prefixed(function)),
    }
}

fn list(all: &[DynSolValue], (open, close): (char, char), text: &mut String) {
    text.push(open);
    for (index, value) in all.iter().enumerate() {
        if text.len() > MOST {
            break;
        }
        if index > 0 {
            text.push_str(", ");
        }
        write(value, text);
    }
    text.push(close);
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{Address, U256, address};
    use alloy_sol_types::{SolCall, SolError, SolEvent};
    use portcullis_bindings::safe::ERC20;

    const TO: Address = address!("5AEDA56215b167893e80B4fE645BA6d5Bab767DE");

    #[test]
    fn every_signature_parses_and_none_hides_another() {
        let decoder = Decoder::default();
        let mut selectors: Vec<_> = FUNCTIONS.iter().map(|text| Function::parse(text).unwrap().selector()).collect();
        selectors.sort_unstable();
        selectors.dedup();
        assert_eq!(selectors.len(), FUNCTIONS.len());
        let hook = IPolicyHook::IPolicyHookCalls::SIGNATURES;
        assert!(hook.iter().all(|text| decoder.all.functions.contains_key(&Function::parse(text).unwrap().selector())));
        for kind in ["function", "error"] {
            assert!(packed(kind).count() > 20, "{kind}");
            packed(kind).for_each(|text| drop(Function::parse(text).unwrap()));
        }
        packed("event").for_each(|text| drop(EventAbi::parse(text).unwrap()));
        for known in [&decoder.all.functions, &decoder.all.errors] {
            assert!(known.values().all(|all| all.len() == 1), "two signatures share a selector");
        }
    }

    #[test]
    fn calldata_reads_only_where_it_is_exact() {
        let decoder = Decoder::default();
        let mut data = ERC20::transferCall { to: TO, value: U256::from(7) }.abi_encode();
        let read = decoder.call(None, &data).unwrap();
        assert_eq!(read.signature, "transfer(address,uint256)");
        let values: Vec<_> = read.arguments.iter().map(|one| (one.name.as_str(), one.value.as_str())).collect();
        assert_eq!(values, [("to", TO.to_string().as_str()), ("amount", "7")]);
        data.push(0);
        assert_eq!(decoder.call(None, &data), None);
        data.truncate(67);
        assert_eq!(decoder.call(None, &data), None);
        let mut dirty = ERC20::transferCall { to: TO, value: U256::from(7) }.abi_encode();
        dirty[4] = 1;
        assert_eq!(decoder.call(None, &dirty), None);
        assert_eq!(decoder.call(None, &[]), None);
    }

    #[test]
    fn one_event_of_two_standards_is_told_apart_by_its_topics() {
        let decoder = Decoder::default();
        let event = ERC20::Transfer { from: TO, to: Address::ZERO, value: U256::from(9) };
        let mut log = Log { address: TO, data: event.encode_log_data() };
        let names = |log: &Log| decoder.event(log).unwrap().arguments.last().unwrap().name.clone();
        assert_eq!(names(&log), "amount");
        let topics = [log.topics(), &[U256::from(9).into()]].concat();
        log.data = alloy_primitives::LogData::new_unchecked(topics, alloy_primitives::Bytes::new());
        assert_eq!(names(&log), "id");
    }

    #[test]
    fn a_revert_cannot_break_the_terminal() {
        let decoder = Decoder::default();
        let hostile = alloy_sol_types::Revert::from("\u{1b}[31mALLOW\u{7}\n<script>".to_owned()).abi_encode();
        let shown = decoder.revert(None, &hostile);
        assert!(shown.as_str().contains(r"\u{1b}[31mALLOW\u{7}\u{a}<script>"), "{shown}");
        let huge = alloy_sol_types::Revert::from("x".repeat(3_000_000)).abi_encode();
        assert!(decoder.revert(None, &huge).as_str().len() < 300);
        let denied = IPolicyHook::Denied { reason: 3, effect: 0, rule: 7, ..Default::default() };
        assert!(decoder.revert(None, &denied.abi_encode()).as_str().starts_with("Denied(3, 0, 7"));
    }

    #[test]
    fn standards_read_by_their_own_names() {
        let decoder = Decoder::default();
        for (signature, arguments) in [
            ("deposit(uint256,address)", ["assets", "receiver"]),
            ("submit(address)", ["_referral", ""]),
            ("deposit(bytes,bytes,bytes,bytes32)", ["pubkey", "withdrawal_credentials"]),
        ] {
            let [function] = &decoder.all.functions[&Function::parse(signature).unwrap().selector()][..] else {
                panic!("{signature}")
            };
            assert_eq!(function.signature(), signature);
            for (input, name) in function.inputs.iter().zip(arguments) {
                assert_eq!(input.name, name, "{signature}");
            }
        }
    }

    #[test]
    fn a_selector_of_two_functions_has_no_name_but_where_a_contract_has_one_of_its_own() {
        // Both have the selector 0xa9059cbb.
        let abi = r#"{ "abi": [{ "type": "function", "name": "many_msg_babbage", "stateMutability": "nonpayable",
            "inputs": [{ "name": "salt", "type": "bytes1" }], "outputs": [] }] }"#;
        let transfer = ERC20::transferCall { to: TO, value: U256::from(7) }.abi_encode();
        let call = [&transfer[..4], &B256::ZERO[..]].concat();
        let mut decoder = Decoder::default();
        decoder.learn(abi, Some(TO)).unwrap();
        assert_eq!(decoder.call(Some(TO), &call).unwrap().signature, "many_msg_babbage(bytes1)");
        assert_eq!(decoder.call(Some(TO), &transfer), None);
        assert_eq!(decoder.call(Some(Address::ZERO), &transfer).unwrap().signature, "transfer(address,uint256)");
        decoder.learn(abi, None).unwrap();
        assert_eq!(decoder.call(Some(Address::ZERO), &transfer), None);
        assert_eq!(decoder.call(None, &call), None);
        assert!(decoder.learn("[{", None).is_err() && decoder.learn("{}", None).is_err());
    }

    #[test]
    fn a_given_abi_brings_names_of_arguments_and_errors() {
        let abi = r#"[{ "type": "function", "name": "transfer", "stateMutability": "nonpayable", "outputs": [],
            "inputs": [{ "name": "dst", "type": "address" }, { "name": "wad", "type": "uint256" }] },
            { "type": "error", "name": "TooMuch", "inputs": [{ "name": "by", "type": "uint256" }] }]"#;
        let mut decoder = Decoder::default();
        decoder.learn(abi, None).unwrap();
        let transfer = ERC20::transferCall { to: TO, value: U256::from(7) }.abi_encode();
        assert_eq!(decoder.call(None, &transfer).unwrap().arguments[1].name, "wad");
        let error = Function::parse("TooMuch(uint256)").unwrap();
        let data = error.abi_encode_input(&[DynSolValue::Uint(U256::from(3), 256)]).unwrap();
        assert_eq!(decoder.revert(Some(TO), &data).as_str(), "TooMuch(3)");
    }
}
