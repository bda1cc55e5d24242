//! Calldata, events and reverts, read by known signatures. What does not read exactly stays as it is.

use std::collections::BTreeMap;

use alloy_dyn_abi::{DynSolValue, EventExt, JsonAbiExt};
use alloy_json_abi::{Event as EventAbi, Function};
use alloy_primitives::{B256, Log, hex};
use portcullis_bindings::{IPolicyHook, ISignatureHandler};

use crate::signatures::{EVENTS, FUNCTIONS};
use crate::{Argument, Decoded, Untrusted};

/// The most of a value that is put into words, in bytes; [`Untrusted`] cuts it further.
const MOST: usize = 1_000;

/// The signatures that are known.
#[derive(Clone, Debug)]
pub struct Decoder {
    functions: BTreeMap<[u8; 4], Function>,
    errors: BTreeMap<[u8; 4], Function>,
    events: BTreeMap<B256, Vec<EventAbi>>,
}

impl Default for Decoder {
    fn default() -> Self {
        let by_selector = |signatures: &[&[&str]]| {
            let all = signatures.iter().copied().flatten().filter_map(|signature| Function::parse(signature).ok());
            all.map(|function| (function.selector().0, function)).collect()
        };
        let (hook, handler) = (IPolicyHook::IPolicyHookCalls::SIGNATURES, handler_functions());
        let errors = IPolicyHook::IPolicyHookErrors::SIGNATURES;
        let mut events: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for event in EVENTS.iter().filter_map(|signature| EventAbi::parse(signature).ok()) {
            events.entry(event.selector()).or_default().push(event);
        }
        // Later ones win: those of the standards bring names.
        Self { functions: by_selector(&[hook, handler, &FUNCTIONS]), errors: by_selector(&[errors]), events }
    }
}

const fn handler_functions() -> &'static [&'static str] {
    ISignatureHandler::ISignatureHandlerCalls::SIGNATURES
}

impl Decoder {
    /// Reads calldata.
    #[must_use]
    pub fn call(&self, data: &[u8]) -> Option<Decoded> {
        let (selector, arguments) = data.split_first_chunk()?;
        exactly(self.functions.get(selector)?, arguments)
    }

    /// Reads an event.
    #[must_use]
    pub fn event(&self, log: &Log) -> Option<Decoded> {
        let (first, rest) = log.topics().split_first()?;
        let event = self
            .events
            .get(first)?
            .iter()
            .find(|event| event.inputs.iter().filter(|input| input.indexed).count() == rest.len())?;
        let read = event.decode_log_parts(log.topics().iter().copied(), &log.data.data).ok()?;
        let (mut indexed, mut body) = (read.indexed.into_iter(), read.body.into_iter());
        let arguments = event.inputs.iter().map(|input| {
            let value = if input.indexed { indexed.next() } else { body.next() }?;
            Some(argument(&input.name, &input.ty, &value))
        });
        Some(Decoded { signature: event.signature(), arguments: arguments.collect::<Option<_>>()? })
    }

    /// What a call reverted with, in words where it is a plain reason or an error of the hook.
    #[must_use]
    pub fn revert(&self, output: &[u8]) -> Untrusted {
        if output.is_empty() {
            return "reverted without a reason".into();
        }
        let known = output.split_first_chunk().and_then(|(selector, rest)| exactly(self.errors.get(selector)?, rest));
        if let Some(Decoded { signature, arguments }) = known {
            let name = signature.split('(').next().unwrap_or_default();
            let values: Vec<_> = arguments.iter().map(|argument| argument.value.as_str()).collect();
            return Untrusted::new(&format!("{name}({})", values.join(", ")));
        }
        let head = output.get(..MOST).unwrap_or(output);
        let words = alloy_sol_types::decode_revert_reason(output);
        Untrusted::new(&words.unwrap_or_else(|| format!("reverted with {}", hex::encode_prefixed(head))))
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
        assert!(hook.iter().all(|text| decoder.functions.contains_key(&Function::parse(text).unwrap().selector().0)));
        assert_eq!(decoder.events.values().map(Vec::len).sum::<usize>(), EVENTS.len());
    }

    #[test]
    fn calldata_reads_only_where_it_is_exact() {
        let decoder = Decoder::default();
        let mut data = ERC20::transferCall { to: TO, value: U256::from(7) }.abi_encode();
        let read = decoder.call(&data).unwrap();
        assert_eq!(read.signature, "transfer(address,uint256)");
        let values: Vec<_> = read.arguments.iter().map(|one| (one.name.as_str(), one.value.as_str())).collect();
        assert_eq!(values, [("to", TO.to_string().as_str()), ("amount", "7")]);
        data.push(0);
        assert_eq!(decoder.call(&data), None);
        data.truncate(67);
        assert_eq!(decoder.call(&data), None);
        let mut dirty = ERC20::transferCall { to: TO, value: U256::from(7) }.abi_encode();
        dirty[4] = 1;
        assert_eq!(decoder.call(&dirty), None);
        assert_eq!(decoder.call(&[]), None);
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
        let shown = decoder.revert(&hostile);
        assert!(shown.as_str().contains(r"\u{1b}[31mALLOW\u{7}\u{a}<script>"), "{shown}");
        let huge = alloy_sol_types::Revert::from("x".repeat(3_000_000)).abi_encode();
        assert!(decoder.revert(&huge).as_str().len() < 300);
        let denied = IPolicyHook::Denied { reason: 3, effect: 0, rule: 7, ..Default::default() };
        assert!(decoder.revert(&denied.abi_encode()).as_str().starts_with("Denied(3, 0, 7"));
    }
}
