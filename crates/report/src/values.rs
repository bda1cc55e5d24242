//! Values as reports write them: text that no reader rounds or misreads.

use std::borrow::Cow;
use std::fmt;

use alloy_primitives::{Address, B256, Bytes, U256, hex};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// The most of calldata, of what is returned and of an event's data that is kept, in bytes.
const MOST: usize = 4_096;

macro_rules! written {
    ($(#[$about:meta])* $name:ident($inner:ty), $pattern:literal, $parse:expr) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $inner);

        impl From<$inner> for $name {
            fn from(value: $inner) -> Self {
                Self(value)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                $parse(text.as_str()).map(Self).ok_or_else(|| D::Error::custom(concat!("not as ", $pattern)))
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern })
            }
        }
    };
}

written!(
    /// An address, with its checksum.
    Who(Address), "^0x[0-9a-fA-F]{40}$", |text: &str| text.parse().ok()
);
written!(
    /// A number of up to 256 bits, in decimal.
    Amount(U256), "^[0-9]{1,78}$", |text: &str| U256::from_str_radix(text, 10).ok()
);
written!(
    /// 32 bytes: a hash or a word of storage.
    Hash(B256), "^0x[0-9a-f]{64}$", |text: &str| text.parse().ok()
);

/// Bytes, cut where they are many.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// How many there are.
    pub length: u64,
    /// The first of them, as hex; all where there are not more than 4,096.
    #[schemars(with = "String", regex(pattern = "^0x([0-9a-f]{2})*$"))]
    pub head: Bytes,
}

impl Data {
    /// Keeps the first bytes of those there are; `head` may be cut already.
    #[must_use]
    pub fn new(head: &[u8], length: u64) -> Self {
        Self { length, head: Bytes::copy_from_slice(head.get(..MOST).unwrap_or(head)) }
    }

    /// Whether not all of them are kept.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        u64::try_from(self.head.len()) != Ok(self.length)
    }
}

impl From<&[u8]> for Data {
    fn from(bytes: &[u8]) -> Self {
        Self::new(bytes, u64::try_from(bytes.len()).unwrap_or(u64::MAX))
    }
}

impl fmt::Display for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode_prefixed(&self.head))?;
        if self.is_cut() { write!(f, "… ({} bytes)", self.length) } else { Ok(()) }
    }
}
