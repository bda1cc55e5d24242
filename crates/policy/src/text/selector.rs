//! Function selectors, as canonical signatures or as four bytes.

use alloy_primitives::{hex, keccak256};

use super::account::Complaint;

/// A function selector, with the text that named it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector {
    text: String,
    bytes: [u8; 4],
}

impl Selector {
    /// The selector of these four bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 4]) -> Self {
        Self { text: hex::encode_prefixed(bytes), bytes }
    }

    /// The four bytes.
    #[must_use]
    pub const fn bytes(&self) -> [u8; 4] {
        self.bytes
    }

    /// `contains(address)`, what registries answer unless the policy says otherwise.
    #[must_use]
    pub fn contains() -> Self {
        Self { text: "contains(address)".to_owned(), bytes: [0x5d, 0xbe, 0x47, 0xe8] }
    }

    /// Whether it is a function of one address, as far as its text tells.
    pub(crate) fn takes_one_address(&self) -> bool {
        self.text.starts_with("0x") || self.text.ends_with("(address)")
    }

    /// Whether it is a function without arguments, as far as its text tells.
    pub(crate) fn takes_nothing(&self) -> bool {
        self.text.starts_with("0x") || self.text.ends_with("()")
    }

    /// The signature or hexadecimal text that named it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// Reads `name(type,…)` or `0x` and 8 lowercase or uppercase digits.
///
/// A misspelled type would give a selector that nothing ever calls, so types are checked.
pub(crate) fn parse_selector(text: &str) -> Result<Selector, Complaint> {
    if let Some(digits) = text.strip_prefix("0x") {
        let mut bytes = [0_u8; 4];
        return match hex::decode_to_slice(digits, &mut bytes) {
            Ok(()) => Ok(Selector { text: text.to_owned(), bytes }),
            Err(_) => Err((
                format!("`{text}` is not a selector"),
                "write `0x` and 8 hexadecimal digits, or a signature like `transfer(address,uint256)`".to_owned(),
            )),
        };
    }
    let signature = || {
        let (name, arguments) = text.split_once('(')?;
        let mut letters = name.chars();
        let first = letters.next()?;
        let starts = first.is_ascii_alphabetic() || matches!(first, '_' | '$');
        let goes_on = letters.all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '$'));
        (starts && goes_on).then_some(arguments)
    };
    let Some(arguments) = signature() else {
        return Err((
            format!("`{text}` is not a function signature"),
            "write a name and its argument types, like `transfer(address,uint256)`, or `0x` and 8 digits".to_owned(),
        ));
    };
    match tuple(arguments) {
        Ok("") => {}
        Ok(rest) => {
            return Err((
                format!("`{rest}` follows the signature"),
                "end the signature at the closing parenthesis, without return types".to_owned(),
            ));
        }
        Err(complaint) => return Err(complaint),
    }
    let hash = keccak256(text.as_bytes());
    let bytes = hash.first_chunk::<4>().copied().unwrap_or_default();
    Ok(Selector { text: text.to_owned(), bytes })
}

/// Reads types up to the closing parenthesis and gives what follows it.
fn tuple(text: &str) -> Result<&str, Complaint> {
    if let Some(rest) = text.strip_prefix(')') {
        return Ok(rest);
    }
    let mut text = text;
    loop {
        let rest = match text.strip_prefix('(') {
            Some(inner) => suffixes(tuple(inner)?)?,
            None => {
                let end = text.find([',', ')', '[']).unwrap_or(text.len());
                let (word, rest) = text.split_at_checked(end).unwrap_or((text, ""));
                elementary(word)?;
                suffixes(rest)?
            }
        };
        if let Some(rest) = rest.strip_prefix(')') {
            return Ok(rest);
        }
        let Some(next) = rest.strip_prefix(',') else {
            return Err((
                "the signature does not end".to_owned(),
                "close every parenthesis and separate types with single commas".to_owned(),
            ));
        };
        text = next;
    }
}

/// Reads one type that is not a tuple.
pub(crate) fn parse_type(text: &str) -> Result<(), Complaint> {
    let end = text.find('[').unwrap_or(text.len());
    let (word, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    elementary(word)?;
    match suffixes(rest)? {
        "" => Ok(()),
        rest => Err((format!("`{rest}` follows the type"), "write `[]`, or a length like `[3]`".to_owned())),
    }
}

/// Skips `[]` and `[n]`.
fn suffixes(text: &str) -> Result<&str, Complaint> {
    let mut text = text;
    while let Some(inner) = text.strip_prefix('[') {
        let Some((size, rest)) = inner.split_once(']') else {
            return Err(("an array type does not end".to_owned(), "write `[]`, or a length like `[3]`".to_owned()));
        };
        if !size.is_empty() && !is_number(size) {
            return Err((format!("`{size}` is not an array length"), "write `[]`, or a length like `[3]`".to_owned()));
        }
        text = rest;
    }
    Ok(text)
}

fn elementary(word: &str) -> Result<(), Complaint> {
    let bits = |prefix: &str| word.strip_prefix(prefix).filter(|size| is_number(size))?.parse::<u16>().ok();
    let is_integer = |prefix| bits(prefix).is_some_and(|size| (8..=256).contains(&size) && size.is_multiple_of(8));
    let is_bytes = bits("bytes").is_some_and(|size| (1..=32).contains(&size));
    let is_plain = matches!(word, "address" | "bool" | "string" | "bytes" | "function");
    if is_plain || is_bytes || is_integer("uint") || is_integer("int") {
        return Ok(());
    }
    let help = match word {
        "uint" | "int" => format!("write `{word}256`: a selector is the hash of the full type name"),
        _ if word.trim() != word || word.contains(' ') => {
            "write types only, without spaces and argument names".to_owned()
        }
        _ => "write ABI types such as `address`, `uint256`, `bytes32`, `bytes` or `(address,uint256)[]`".to_owned(),
    };
    Err((format!("`{word}` is not an ABI type"), help))
}

/// Digits without a leading zero.
fn is_number(text: &str) -> bool {
    !text.starts_with('0') && !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
