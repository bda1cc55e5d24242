//! The canonical layout of a document: what it says stays, and so does every comment.

mod print;
mod syntax;

use crate::{
    Diagnostics,
    document::{
        tree::{self, Node, Value},
        write::{Out, json},
    },
};

/// Lays a policy document out: one blank line between tables, aligned equals signs, arrays that do not fit in a line
/// one value per line. Order, comments and values stay as they are. JSON when the file's name ends in `.json`, else
/// TOML.
///
/// # Errors
/// [`Diagnostics`] where the text is no TOML or JSON. Whether it is a policy does not matter.
pub fn format(text: &str, file: &str) -> Result<String, Diagnostics> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let is_json = file.to_ascii_lowercase().ends_with(".json");
    let read = |text: &str| if is_json { tree::from_json(text) } else { tree::from_toml(text) };
    let fail = |faults| Diagnostics::new(file, text, faults);
    let before = read(text).map_err(fail)?;
    let laid_out = if is_json { from_tree(&before) } else { syntax::lines(text).map(|lines| print::document(&lines)) };
    // Nothing is written that does not read back as the same.
    let keeps_all = |new: &String| {
        read(new).is_ok_and(|after| same(&before, &after))
            && (is_json || syntax::comments(text) == syntax::comments(new))
    };
    laid_out.filter(keeps_all).ok_or_else(|| {
        let message = "this cannot be laid out without changing what it says".to_owned();
        fail(vec![(0..0, message, "leave the file as it is, and report it".to_owned())])
    })
}

/// Whether two documents say the same, in the same order.
fn same(one: &Node, other: &Node) -> bool {
    match (&one.value, &other.value) {
        (Value::Text(one), Value::Text(other)) | (Value::Date(one), Value::Date(other)) => one == other,
        (Value::Integer(one), Value::Integer(other)) => one == other,
        (Value::Bool(one), Value::Bool(other)) => one == other,
        (Value::Other(one), Value::Other(other)) => one == other,
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Table(one), Value::Table(other)) => {
            let pairs = one.iter().zip(other);
            one.len() == other.len() && pairs.into_iter().all(|(a, b)| a.key == b.key && same(&a.node, &b.node))
        }
        _ => false,
    }
}

/// JSON, as the policy would be written; none where it has what no policy has.
fn from_tree(root: &Node) -> Option<String> {
    fn out(node: &Node) -> Option<Out> {
        Some(match &node.value {
            Value::Text(text) => Out::Text(text.clone()),
            Value::Integer(number) => Out::Integer(*number),
            Value::Bool(is) => Out::Bool(*is),
            Value::Array(items) => Out::Array(items.iter().map(out).collect::<Option<_>>()?),
            Value::Table(fields) => {
                let fields = fields.iter().map(|field| Some((field.key.clone(), out(&field.node)?)));
                Out::Table(fields.collect::<Option<_>>()?)
            }
            Value::Date(_) | Value::Other(_) => return None,
        })
    }
    let mut text = String::new();
    json(&out(root)?, 0, &mut text);
    text.push('\n');
    Some(text)
}
