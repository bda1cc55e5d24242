//! Calls in words: the functions that treasuries call, by name and argument, with the selector beside the name.

use alloy_dyn_abi::{DynSolType, DynSolValue};
use alloy_primitives::{Address, Bytes, U256, hex, keccak256};

/// Functions with the names of their arguments, before those that reports know. Two never share a selector.
const FUNCTIONS: [&str; 40] = [
    "transfer(address to,uint256 value)",
    "transferFrom(address from,address to,uint256 value)",
    "approve(address spender,uint256 value)",
    "increaseAllowance(address spender,uint256 addedValue)",
    "safeTransferFrom(address from,address to,uint256 tokenId)",
    "setApprovalForAll(address operator,bool approved)",
    "addOwnerWithThreshold(address owner,uint256 threshold)",
    "removeOwner(address prevOwner,address owner,uint256 threshold)",
    "swapOwner(address prevOwner,address oldOwner,address newOwner)",
    "changeThreshold(uint256 threshold)",
    "enableModule(address module)",
    "disableModule(address prevModule,address module)",
    "setGuard(address guard)",
    "setModuleGuard(address moduleGuard)",
    "setFallbackHandler(address handler)",
    "approveHash(bytes32 hash)",
    "execTransaction(address to,uint256 value,bytes data,uint8 operation,uint256 safeTxGas,uint256 baseGas,uint256 gasPrice,address gasToken,address refundReceiver,bytes signatures)",
    "multiSend(bytes transactions)",
    "signMessage(bytes data)",
    "install(address program,bytes32 codeHash,uint32 changeDelay,address manager,address[] bypassing)",
    "stage(address program,bytes32 codeHash,uint32 changeDelay)",
    "stageSlots((address,bytes)[] calls)",
    "cancelStaged()",
    "activate(address program)",
    "startUnfreeze()",
    "unfreeze()",
    "freeze(address account)",
    "approve(address account,bytes32 request,bytes32 program,uint64 deadline)",
    "deny(address account,bytes32 request,uint24 list)",
    "open(address account,address module,(address,uint256,bytes,uint8)[] actions)",
    "post(address account,address module,bytes32 content,bytes payload)",
    "announce(address account,address origin,(address,uint256,bytes,uint8)[] actions)",
    "cancel(address account,bytes32 id)",
    "add(address[] members)",
    "remove(address[] members)",
    "deposit()",
    "withdraw(uint256 value)",
    "mint(address to,uint256 value)",
    "burn(uint256 value)",
    "permit(address owner,address spender,uint256 value,uint256 deadline,uint8 v,bytes32 r,bytes32 s)",
];

/// What a call does: its target, its value, its function.
pub(crate) fn words(to: Address, value: U256, data: &Bytes) -> String {
    let wei = if value.is_zero() { String::new() } else { format!(" with {value} wei") };
    if data.is_empty() {
        return if value.is_zero() { format!("nothing but calling {to}") } else { format!("pay {value} wei to {to}") };
    }
    format!("{} on {to}{wei}", function(data).unwrap_or_else(|| unknown(data)))
}

/// The function and its arguments; none where it is not known, or is not encoded exactly.
pub(crate) fn function(data: &[u8]) -> Option<String> {
    let (selector, encoded) = data.split_first_chunk::<4>()?;
    FUNCTIONS.into_iter().chain(portcullis_report::packed("function")).find_map(|text| {
        let (name, kinds, names) = parse(text)?;
        let signature = format!("{name}({})", kinds.iter().map(ToString::to_string).collect::<Vec<_>>().join(","));
        if keccak256(signature).get(..4) != Some(selector.as_slice()) {
            return None;
        }
        let kind = DynSolType::Tuple(kinds);
        let value = kind.abi_decode_params(encoded).ok()?;
        // What decodes loosely may not be what the contract reads.
        if value.abi_encode_params() != encoded {
            return None;
        }
        let values = value.as_tuple()?.iter().zip(names);
        let shown: Vec<String> = values
            .map(|(value, name)| if name.is_empty() { show(value) } else { format!("{name}: {}", show(value)) })
            .collect();
        Some(format!("{name}({}) [{}]", shown.join(", "), hex::encode_prefixed(selector)))
    })
}

fn unknown(data: &[u8]) -> String {
    let shown = hex::encode_prefixed(data.get(..4).unwrap_or(data));
    format!("{} bytes of calldata with selector {shown}", data.len())
}

/// Name, types, and names of the arguments.
fn parse(text: &str) -> Option<(&str, Vec<DynSolType>, Vec<String>)> {
    let (name, rest) = text.split_once('(')?;
    let inside = rest.strip_suffix(')')?;
    let (mut kinds, mut names, mut depth, mut part) = (Vec::new(), Vec::new(), 0_i32, String::new());
    for one in inside.chars().chain([',']) {
        match one {
            '(' => depth = depth.saturating_add(1),
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                if !part.is_empty() {
                    // Not every package names every argument.
                    let (kind, name) = part.rsplit_once(' ').unwrap_or((&part, ""));
                    kinds.push(DynSolType::parse(kind).ok()?);
                    names.push(name.to_owned());
                }
                part.clear();
                continue;
            }
            _ => {}
        }
        part.push(one);
    }
    Some((name, kinds, names))
}

fn show(value: &DynSolValue) -> String {
    let list = |values: &[DynSolValue]| values.iter().map(show).collect::<Vec<_>>().join(", ");
    match value {
        DynSolValue::Bool(one) => one.to_string(),
        DynSolValue::Uint(one, _) => one.to_string(),
        DynSolValue::Int(one, _) => one.to_string(),
        // Anything may be in it; quoted, it cannot be taken for what stands around it.
        DynSolValue::String(text) => format!("{text:?}"),
        DynSolValue::Address(one) => one.to_string(),
        DynSolValue::FixedBytes(word, size) => hex::encode_prefixed(word.get(..*size).unwrap_or(word.as_slice())),
        DynSolValue::Bytes(bytes) => hex::encode_prefixed(bytes),
        DynSolValue::Array(values) | DynSolValue::FixedArray(values) => format!("[{}]", list(values)),
        DynSolValue::Tuple(values) => format!("({})", list(values)),
        other => format!("{other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_sol_types::{SolCall, SolValue};
    use portcullis_bindings::IPolicyHook;
    use portcullis_bindings::safe::{ERC20, Safe};
    use std::collections::BTreeSet;

    #[test]
    fn every_function_reads_and_no_two_share_a_selector() {
        let mut selectors = BTreeSet::new();
        let mut signatures = BTreeSet::new();
        for text in FUNCTIONS.into_iter().chain(portcullis_report::packed("function")) {
            let (name, kinds, names) = parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(kinds.len(), names.len());
            let kinds: Vec<String> = kinds.iter().map(ToString::to_string).collect();
            let signature = format!("{name}({})", kinds.join(","));
            let is_new = selectors.insert(keccak256(&signature)[..4].to_vec());
            assert_eq!(signatures.insert(signature), is_new, "{text}");
        }
    }

    #[test]
    fn calls_show_their_function_only_where_they_are_encoded_exactly() {
        let to = Address::repeat_byte(0x11);
        let call = ERC20::transferCall { to, value: U256::from(5) }.abi_encode();
        assert_eq!(function(&call).unwrap(), format!("transfer(to: {to}, value: 5) [0xa9059cbb]"));
        assert_eq!(function(&[&call[..], &[0]].concat()), None);
        assert_eq!(function(&call[..call.len() - 1]), None);
        assert!(function(&IPolicyHook::startUnfreezeCall {}.abi_encode()).unwrap().starts_with("startUnfreeze("));
        let guard = Safe::setGuardCall { guard: to }.abi_encode();
        assert_eq!(words(to, U256::ZERO, &guard.into()), format!("setGuard(guard: {to}) [0xe19a9dd9] on {to}"));
        let vault =
            [&keccak256("redeem(uint256,address,address)")[..4], &(U256::from(5), to, to).abi_encode()].concat();
        let said = format!("redeem(shares: 5, receiver: {to}, owner: {to}) [0xba087652]");
        assert_eq!(function(&vault).unwrap(), said);
        assert_eq!(words(to, U256::ONE, &Bytes::new()), format!("pay 1 wei to {to}"));
        let odd = Bytes::from_static(&[1, 2, 3, 4, 5]);
        assert_eq!(
            words(to, U256::ONE, &odd),
            format!("5 bytes of calldata with selector 0x01020304 on {to} with 1 wei")
        );
    }
}
