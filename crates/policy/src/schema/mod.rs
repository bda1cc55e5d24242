//! The JSON Schema of policies, so that editors complete and check them.
//!
//! The keys are the reader's own lists and the words those of the types, so that what the schema offers is what
//! reads. It is weaker than [`crate::Policy::parse`]: checksums, names and sums it cannot see.

mod conditions;
mod messages;
mod shapes;

use crate::{
    Chain,
    document::write::{Out, json},
};

/// A key of a table: what may stand there, and what it means.
type Described = (Kind, &'static str);

/// A table of known keys.
pub(crate) struct Shape {
    /// What the schema calls it.
    name: &'static str,
    /// The keys, as the reader takes them.
    keys: &'static [&'static str],
    /// Those that must be there.
    required: &'static [&'static str],
    /// Sets of keys of which exactly one is there.
    one_of: &'static [&'static [&'static [&'static str]]],
    /// What stands under a key; none where nobody has said.
    describe: fn(&str) -> Option<Described>,
}

/// What may stand under a key.
pub(crate) enum Kind {
    /// Text of this form.
    Text(&'static str),
    /// A known chain and an address, or what decompiling writes.
    Account,
    /// One of these words.
    Words(Vec<&'static str>),
    /// `true` or `false`.
    Bool,
    /// Only `true`.
    True,
    /// A whole number of this range.
    Integer(i64, i64),
    /// A table.
    Table(&'static Shape),
    /// One of several kinds.
    Either(Vec<Kind>),
    /// At least one, in an array, each of them once.
    Several(Box<Kind>),
    /// One bare, or several in an array.
    Some(Box<Kind>),
    /// A table of names, each with this.
    Names(&'static str, Box<Kind>),
    /// Any number, in an array.
    Array(Box<Kind>),
}

/// The JSON Schema (draft 2020-12) of policy documents, in TOML or JSON.
#[must_use]
pub fn schema() -> String {
    let mut fields = vec![
        field("$schema", word("https://json-schema.org/draft/2020-12/schema")),
        field("title", word("Portcullis policy")),
        field("description", word("Who may take what out of a Safe, and under which conditions.")),
    ];
    fields.extend(object(&shapes::ROOT));
    let definitions = shapes::ALL.iter().map(|shape| field(shape.name, Out::Table(object(shape)))).collect();
    fields.push(field("$defs", Out::Table(definitions)));
    let mut text = String::new();
    json(&Out::Table(fields), 0, &mut text);
    text.push('\n');
    text
}

fn object(shape: &Shape) -> Vec<(String, Out)> {
    let properties = shape.keys.iter().map(|key| {
        let described = (shape.describe)(key).map(|(kind, about)| {
            let mut schema = vec![field("description", word(about))];
            schema.extend(kind.schema());
            schema
        });
        // A test fails on a key that nobody describes; editors still know it.
        field(key, Out::Table(described.unwrap_or_default()))
    });
    let mut fields = vec![
        field("type", word("object")),
        field("properties", Out::Table(properties.collect())),
        field("additionalProperties", Out::Bool(false)),
    ];
    if !shape.required.is_empty() {
        fields.push(field("required", words(shape.required)));
    }
    if !shape.one_of.is_empty() {
        fields.push(field("allOf", Out::Array(shape.one_of.iter().map(|sets| exactly_one(sets)).collect())));
    }
    fields
}

/// Each branch asks for its keys and forbids those of the others.
fn exactly_one(sets: &[&[&str]]) -> Out {
    let branches = sets.iter().map(|set| {
        let others = sets.iter().filter(|other| other != &set).copied().flatten();
        let forbidden = others.map(|key| field(key, Out::Bool(false))).collect();
        Out::Table(vec![field("required", words(set)), field("properties", Out::Table(forbidden))])
    });
    Out::Table(vec![field("oneOf", Out::Array(branches.collect()))])
}

impl Kind {
    fn schema(&self) -> Vec<(String, Out)> {
        let typed = |name: &str| field("type", word(name));
        let array = |kind: &Self, least: i64| {
            let mut fields = vec![typed("array"), field("items", Out::Table(kind.schema()))];
            if least > 0 {
                fields.push(field("minItems", Out::Integer(least)));
                fields.push(field("uniqueItems", Out::Bool(true)));
            }
            fields
        };
        match self {
            Self::Text(pattern) => vec![typed("string"), field("pattern", word(pattern))],
            Self::Account => {
                let chains = Chain::ALL.map(Chain::short_name).join("|");
                vec![typed("string"), field("pattern", word(&format!("^(unknown|({chains}):0x[0-9a-fA-F]{{40}})$")))]
            }
            Self::Words(all) => vec![typed("string"), field("enum", words(all))],
            Self::Bool => vec![typed("boolean")],
            Self::True => vec![field("const", Out::Bool(true))],
            Self::Integer(least, most) => {
                vec![typed("integer"), field("minimum", Out::Integer(*least)), field("maximum", Out::Integer(*most))]
            }
            Self::Table(shape) => vec![field("$ref", word(&format!("#/$defs/{}", shape.name)))],
            Self::Either(kinds) => {
                let kinds = kinds.iter().map(|kind| Out::Table(kind.schema())).collect();
                vec![field("anyOf", Out::Array(kinds))]
            }
            Self::Several(kind) => array(kind, 1),
            Self::Some(kind) => {
                let several = Out::Table(array(kind, 1));
                vec![field("anyOf", Out::Array(vec![Out::Table(kind.schema()), several]))]
            }
            Self::Names(pattern, kind) => vec![
                typed("object"),
                field("propertyNames", Out::Table(vec![field("pattern", word(pattern))])),
                field("additionalProperties", Out::Table(kind.schema())),
            ],
            Self::Array(kind) => array(kind, 0),
        }
    }
}

fn field(key: &str, value: Out) -> (String, Out) {
    (key.to_owned(), value)
}

fn word(text: &str) -> Out {
    Out::Text(text.to_owned())
}

fn words(all: &[&str]) -> Out {
    Out::Array(all.iter().map(|one| word(one)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_that_reads_goes_undescribed_and_none_is_required_that_does_not_read() {
        for shape in shapes::ALL.iter().copied().chain([&shapes::ROOT]) {
            for key in shape.keys {
                assert!((shape.describe)(key).is_some(), "{}.{key}", shape.name);
            }
            for key in shape.required.iter().chain(shape.one_of.iter().copied().flatten().copied().flatten()) {
                assert!(shape.keys.contains(key), "{}.{key}", shape.name);
            }
        }
    }
}
