//! EIP-712 types, as contracts hash them.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{B256, keccak256};

use super::{account::Complaint, selector::parse_type};

/// A type with all that it refers to, as its hash wants it written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageType(String);

impl MessageType {
    /// The type's hash.
    #[must_use]
    pub fn hash(&self) -> B256 {
        keccak256(self.0.as_bytes())
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

const HELP: &str = "write it as the contract hashes it, like `Mail(Person from,string text)Person(string name)`: the \
                    type first, then those it refers to by name, with one space in each field and none elsewhere";

/// A struct's name, and the name and type of each field.
type Struct<'a> = (&'a str, Vec<(&'a str, &'a str)>);

/// Reads a type. A misspelled one has a hash that nobody ever signs, and a rule that denies it denies nothing.
pub(crate) fn parse_message_type(text: &str) -> Result<MessageType, Complaint> {
    let complain = |message: String| (message, HELP.to_owned());
    let mut rest = text;
    let mut structs: Vec<Struct<'_>> = Vec::new();
    while !rest.is_empty() {
        let (one, behind) = structure(rest).ok_or_else(|| complain(format!("`{rest}` is not an EIP-712 type")))?;
        structs.push(one);
        rest = behind;
    }
    let Some(((first, _), others)) = structs.split_first() else {
        return Err(complain("the type is empty".to_owned()));
    };
    if !others.is_sorted_by(|a, b| a.0 < b.0) || others.iter().any(|(name, _)| name == first) {
        return Err(complain(format!("the types that `{first}` refers to are not in order of their names, each once")));
    }
    let fields: BTreeMap<_, _> = structs.iter().map(|(name, fields)| (*name, fields)).collect();
    let mut used = BTreeSet::from([*first]);
    for (name, fields_of) in &structs {
        let mut names = BTreeSet::new();
        for (kind, field) in fields_of {
            if !names.insert(field) {
                return Err(complain(format!("`{name}` has two fields `{field}`")));
            }
            let base = kind.split('[').next().unwrap_or_default();
            if fields.contains_key(base) {
                parse_type(&kind.replacen(base, "bool", 1))?;
                used.insert(base);
            } else if base.starts_with(|letter: char| letter.is_ascii_uppercase()) {
                return Err(complain(format!("`{base}` is not written out")));
            } else {
                parse_type(kind)?;
            }
        }
    }
    match structs.iter().find(|(name, _)| !used.contains(name)) {
        Some((name, _)) => Err(complain(format!("nothing refers to `{name}`"))),
        None => Ok(MessageType(text.to_owned())),
    }
}

/// `Name(type field,…)`, and what follows.
fn structure(text: &str) -> Option<(Struct<'_>, &str)> {
    let (name, rest) = text.split_once('(')?;
    let (inside, rest) = rest.split_once(')')?;
    let fields = if inside.is_empty() { Some(Vec::new()) } else { inside.split(',').map(field).collect() };
    is_name(name).then_some(((name, fields?), rest))
}

fn field(text: &str) -> Option<(&str, &str)> {
    text.split_once(' ').filter(|(kind, name)| !kind.is_empty() && is_name(name))
}

fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$');
    text.bytes().all(plain) && text.bytes().next().is_some_and(|first| !first.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::parse_message_type;

    #[test]
    fn what_no_contract_hashes_is_refused() {
        for text in [
            "",
            "Order",
            "Order(",
            "Order()x",
            "Order(uint amount)",
            "Order(uint256  amount)",
            "Order(uint256 amount, address to)",
            "Order(uint256 amount,)",
            "Order(uint256)",
            "Order(uint256 amount,bool amount)",
            "Order(uint256 1amount)",
            "1Order(uint256 amount)",
            "Order(Person to)",
            "Order(Person[x] to)Person(string name)",
            "Order(uint256 amount)Person(string name)",
            "Order(Person to,Asset what)Person(string name)Asset(uint256 id)",
            "Order(Person to)Person(string name)Person(string name)",
            "Order(Order next)Order(Order next)",
            "Order((uint256,bool) pair)",
            "Order(adress to)",
            " Order(address to)",
        ] {
            assert!(parse_message_type(text).is_err(), "{text}");
        }
    }

    #[test]
    fn types_hash_as_contracts_hash_them() {
        // As EIP-2612 and EIP-712 have them.
        let permit = "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)";
        let hash = "0x6e71edae12b1b97f4d1f60370fef10105fa2faae0126114a169c64845d6126c9";
        assert_eq!(parse_message_type(permit).unwrap().hash().to_string(), hash);
        let mail = "Mail(Person from,Person to,string contents)Person(string name,address wallet)";
        let hash = "0xa0cedeb2dc280ba39b857546d74f5549c3a1d7bdc2dd96bf881f76108e23dac2";
        assert_eq!(parse_message_type(mail).unwrap().hash().to_string(), hash);
        for text in ["Ping()", "Tree(Tree[] leaves,bytes32[2][] words)"] {
            assert_eq!(parse_message_type(text).unwrap().as_str(), text);
        }
    }
}
