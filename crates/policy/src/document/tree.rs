//! One tree for both formats, with the place of every key and value.

use std::ops::Range;

use jsonc_parser::ast;
use toml::de::{DeTable, DeValue};

use crate::PathSegment;

/// A value and where it stands.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) span: Range<usize>,
    pub(crate) value: Value,
}

#[derive(Debug)]
pub(crate) enum Value {
    Text(String),
    Integer(i64),
    Bool(bool),
    Array(Vec<Node>),
    Table(Vec<Field>),
    /// A TOML date or date-time that is not quoted.
    Date(String),
    /// Anything a policy has no use for, and what to call it.
    Other(&'static str),
}

#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) key: String,
    pub(crate) key_span: Range<usize>,
    pub(crate) node: Node,
}

/// A place, what is wrong there and what to write instead.
pub(crate) type Fault = (Range<usize>, String, String);

impl Node {
    pub(crate) fn describe(&self) -> &'static str {
        match &self.value {
            Value::Text(_) => "a string",
            Value::Integer(_) => "an integer",
            Value::Bool(_) => "a boolean",
            Value::Array(_) => "an array",
            Value::Table(_) => "a table",
            Value::Date(_) => "a date",
            Value::Other(word) => word,
        }
    }

    /// The place of what a path leads to, or of the last step that exists.
    pub(crate) fn locate(&self, path: &[PathSegment], on_key: bool) -> Range<usize> {
        let mut node = self;
        let mut key_span = None;
        for segment in path {
            let next = match (&node.value, segment) {
                (Value::Table(fields), PathSegment::Key(key)) => {
                    fields.iter().find(|field| field.key == *key).map(|field| (Some(&field.key_span), &field.node))
                }
                (Value::Array(items), PathSegment::Index(index)) => items.get(*index).map(|item| (None, item)),
                _ => None,
            };
            let Some((key, child)) = next else { break };
            key_span = key;
            node = child;
        }
        // A table's span is its first line or all of its lines; its key is what people look for.
        let is_table = matches!(node.value, Value::Table(_));
        match key_span {
            Some(span) if on_key || is_table => span.clone(),
            _ => node.span.clone(),
        }
    }
}

/// Reads TOML.
pub(crate) fn from_toml(text: &str) -> Result<Node, Vec<Fault>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        let span = 0..0;
        return Ok(Node { span, value: toml_table(table.into_inner()) });
    }
    Err(errors
        .into_iter()
        .map(|error| {
            let help = "correct the TOML here".to_owned();
            (error.span().unwrap_or(0..0), format!("this is not TOML: {}", error.message()), help)
        })
        .collect())
}

fn toml_table(table: DeTable<'_>) -> Value {
    let mut fields: Vec<_> = table
        .into_iter()
        .map(|(key, value)| {
            let key_span = key.span();
            Field { key: key.into_inner().into_owned(), key_span, node: toml_node(value.span(), value.into_inner()) }
        })
        .collect();
    fields.sort_by_key(|field| field.key_span.start);
    Value::Table(fields)
}

fn toml_node(span: Range<usize>, value: DeValue<'_>) -> Node {
    let value = match value {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Value::Integer(number),
            Err(_) => Value::Other("a number beyond 64 bits"),
        },
        DeValue::Float(_) => Value::Other("a float"),
        DeValue::Boolean(value) => Value::Bool(value),
        DeValue::Datetime(date) => Value::Date(date.to_string()),
        DeValue::Array(items) => {
            Value::Array(items.into_iter().map(|item| toml_node(item.span(), item.into_inner())).collect())
        }
        DeValue::Table(table) => toml_table(table),
    };
    Node { span, value }
}

/// Reads strict JSON.
pub(crate) fn from_json(text: &str) -> Result<Node, Vec<Fault>> {
    let strict = jsonc_parser::ParseOptions {
        allow_comments: false,
        allow_loose_object_property_names: false,
        allow_trailing_commas: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    let fault = |span: Range<usize>, what: String| vec![(span, what, "correct the JSON here".to_owned())];
    let parsed =
        jsonc_parser::parse_to_ast(text, &jsonc_parser::CollectOptions::default(), &strict).map_err(|error| {
            let range = error.range();
            fault(range.start..range.end, format!("this is not JSON: {}", error.kind()))
        })?;
    let Some(value) = parsed.value else {
        return Err(fault(0..0, "this is not JSON: the file is empty".to_owned()));
    };
    let mut repeats = Vec::new();
    let node = json_node(value, &mut repeats);
    if repeats.is_empty() { Ok(node) } else { Err(repeats) }
}

fn json_node(value: ast::Value<'_>, repeats: &mut Vec<Fault>) -> Node {
    let (range, value) = match value {
        ast::Value::StringLit(text) => (text.range, Value::Text(text.value.into_owned())),
        ast::Value::NumberLit(number) => (
            number.range,
            match number.value.parse() {
                Ok(integer) => Value::Integer(integer),
                Err(_) if number.value.contains(['.', 'e', 'E']) => Value::Other("a float"),
                Err(_) => Value::Other("a number beyond 64 bits"),
            },
        ),
        ast::Value::BooleanLit(boolean) => (boolean.range, Value::Bool(boolean.value)),
        ast::Value::NullKeyword(null) => (null.range, Value::Other("null")),
        ast::Value::Array(array) => {
            let items = array.elements.into_iter().map(|item| json_node(item, repeats)).collect();
            (array.range, Value::Array(items))
        }
        ast::Value::Object(object) => {
            let mut fields: Vec<Field> = Vec::new();
            for property in object.properties {
                let range = match &property.name {
                    ast::ObjectPropName::String(name) => name.range,
                    ast::ObjectPropName::Word(name) => name.range,
                };
                let key_span = range.start..range.end;
                let key = property.name.into_string();
                if fields.iter().any(|field| field.key == key) {
                    let help = "correct the JSON here".to_owned();
                    repeats.push((key_span.clone(), "this is not JSON: duplicate key".to_owned(), help));
                }
                fields.push(Field { key, key_span, node: json_node(property.value, repeats) });
            }
            (object.range, Value::Table(fields))
        }
    };
    Node { span: range.start..range.end, value }
}
