//! Reading a table key by key: what is missing, of another type or unknown is noted, and reading goes on.

use alloy_primitives::Address;

use super::tree::{Fault, Field, Node, Value};
use crate::{
    program,
    text::account::{Complaint, parse_address},
};

/// Collects faults while a document is read.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    pub(crate) faults: Vec<Fault>,
}

/// A table whose keys are all known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Table<'a> {
    fields: &'a [Field],
    node: &'a Node,
    /// Where to point when a key is missing.
    place: &'a std::ops::Range<usize>,
}

impl<'a> Table<'a> {
    pub(crate) fn get(&self, key: &str) -> Option<&'a Node> {
        self.fields.iter().find(|field| field.key == key).map(|field| &field.node)
    }

    pub(crate) const fn fields(&self) -> &'a [Field] {
        self.fields
    }

    pub(crate) const fn node(&self) -> &'a Node {
        self.node
    }
}

impl Reader {
    pub(crate) fn fault(&mut self, node: &Node, message: impl Into<String>, help: impl Into<String>) {
        self.faults.push((node.span.clone(), message.into(), help.into()));
    }

    fn mismatch(&mut self, node: &Node, what: &str, help: &str) {
        self.fault(node, format!("{what} is expected, this is {}", node.describe()), help);
    }

    /// Notes the complaint, if it is one.
    pub(crate) fn accept<T>(&mut self, node: &Node, read: Result<T, Complaint>) -> Option<T> {
        read.map_err(|(message, help)| self.fault(node, message, help)).ok()
    }

    /// A table with names of the writer's choice.
    pub(crate) fn names<'a>(&mut self, node: &'a Node) -> Option<Table<'a>> {
        self.table_at(node, &node.span, None)
    }

    /// A table with these keys only.
    pub(crate) fn table<'a>(&mut self, node: &'a Node, known: &[&str]) -> Option<Table<'a>> {
        self.table_at(node, &node.span, Some(known))
    }

    /// The table under a key, which is where missing keys are reported.
    pub(crate) fn field<'a>(&mut self, field: &'a Field, known: &[&str]) -> Option<Table<'a>> {
        self.table_at(&field.node, &field.key_span, Some(known))
    }

    fn table_at<'a>(
        &mut self,
        node: &'a Node,
        place: &'a std::ops::Range<usize>,
        known: Option<&[&str]>,
    ) -> Option<Table<'a>> {
        let Value::Table(fields) = &node.value else {
            let help = known.map_or_else(
                || "write a table of names".to_owned(),
                |known| format!("write a table with {}", quote(known)),
            );
            self.mismatch(node, "a table", &help);
            return None;
        };
        for field in known.into_iter().flat_map(|_| fields) {
            let known = known.unwrap_or_default();
            if !known.contains(&field.key.as_str()) {
                let help = match program::nearest(&field.key, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("known keys here: {}", quote(known)),
                };
                self.faults.push((field.key_span.clone(), format!("unknown key `{}`", field.key), help));
            }
        }
        Some(Table { fields, node, place })
    }

    /// The value of a key that must be there.
    pub(crate) fn require<'a>(&mut self, table: Table<'a>, key: &str, help: &str) -> Option<&'a Node> {
        let node = table.get(key);
        if node.is_none() {
            self.faults.push((table.place.clone(), format!("`{key}` is missing"), help.to_owned()));
        }
        node
    }

    pub(crate) fn text<'a>(&mut self, node: &'a Node, help: &str) -> Option<&'a str> {
        if let Value::Text(text) = &node.value {
            return Some(text);
        }
        self.mismatch(node, "a string", help);
        None
    }

    pub(crate) fn boolean(&mut self, node: &Node) -> Option<bool> {
        if let Value::Bool(value) = node.value {
            return Some(value);
        }
        self.mismatch(node, "a boolean", "write `true` or `false` without quotes");
        None
    }

    pub(crate) fn integer(&mut self, node: &Node) -> Option<i64> {
        if let Value::Integer(value) = node.value {
            return Some(value);
        }
        self.mismatch(node, "an integer", "write a whole number without quotes");
        None
    }

    /// One value or an array of them; an array that is empty is a fault.
    pub(crate) fn some<'a>(&mut self, node: &'a Node, help: &str) -> Option<&'a [Node]> {
        match &node.value {
            Value::Array(items) if items.is_empty() => {
                self.fault(node, "the list is empty", help);
                None
            }
            Value::Array(items) => Some(items),
            _ => Some(std::slice::from_ref(node)),
        }
    }

    /// Every value of one or an array, read by `read`; none if any fails, so that nothing is narrowed silently.
    pub(crate) fn each<T>(
        &mut self,
        node: &Node,
        help: &str,
        mut read: impl FnMut(&mut Self, &Node) -> Option<T>,
    ) -> Option<Vec<T>> {
        let items = self.some(node, help)?;
        let values: Vec<_> = items.iter().map(|item| read(self, item)).collect();
        values.into_iter().collect()
    }

    /// One or more of the words, each with what it stands for.
    pub(crate) fn choices<T: Copy>(&mut self, node: &Node, what: &str, words: &[(&str, T)]) -> Option<Vec<T>> {
        let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let help = format!("write one or more of {}", quote(&names));
        self.each(node, &help, |reader, node| {
            let text = reader.text(node, &help)?;
            let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
            if found.is_none() {
                reader.fault(node, format!("unknown {what} `{text}`"), &help);
            }
            found
        })
    }

    /// One of the words.
    pub(crate) fn choice<T: Copy>(&mut self, node: &Node, what: &str, words: &[(&str, T)]) -> Option<T> {
        let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let help = format!("write one of {}", quote(&names));
        let text = self.text(node, &help)?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            self.fault(node, format!("unknown {what} `{text}`"), help);
        }
        found
    }

    pub(crate) fn address(&mut self, node: &Node) -> Option<Address> {
        let text = self.text(node, "write an address as `0x` and 40 hexadecimal digits, in quotes")?;
        self.accept(node, parse_address(text))
    }

    /// A line of free text.
    pub(crate) fn line(&mut self, node: &Node) -> Option<String> {
        let text = self.text(node, "write text in quotes")?;
        if text.is_empty() || text.chars().any(char::is_control) {
            self.fault(node, "one line of text is expected", "write at least one character and no control characters");
            return None;
        }
        Some(text.to_owned())
    }
}

/// The words in backticks, separated by commas.
pub(crate) fn quote(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}
