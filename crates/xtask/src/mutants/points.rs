//! Every mutant that there is: places in the syntax tree, and what is written there instead.

use super::source::Sources;
use crate::tools::at;
use serde_json::Value;
use std::collections::BTreeSet;

/// One change of one file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mutant {
    pub(crate) file: String,
    pub(crate) start: usize,
    pub(crate) length: usize,
    pub(crate) replacement: String,
}

impl Mutant {
    /// Names it in the state file.
    pub(crate) fn id(&self) -> String {
        format!("{}:{}:{}:{}", self.file, self.start, self.length, self.replacement)
    }

    /// The file with the change, if the place is in it.
    pub(crate) fn apply(&self, text: &str) -> Option<String> {
        let (before, rest) = text.split_at_checked(self.start)?;
        let (_, after) = rest.split_at_checked(self.length)?;
        Some([before, &self.replacement, after].concat())
    }

    /// The line, as it was and as it is, without what is the same for everybody.
    pub(crate) fn diff(&self, text: &str) -> Option<String> {
        let line = text.get(..self.start)?.matches('\n').count().saturating_add(1);
        let was = text.get(self.start..self.start.checked_add(self.length)?)?;
        let short = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let context = short(text.lines().nth(line.saturating_sub(1))?);
        Some(format!("{}:{line}: `{}` becomes `{}` in `{context}`", self.file, short(was), short(&self.replacement)))
    }
}

/// All mutants of the sources that have one of their own, by place.
pub(crate) fn enumerate(sources: &Sources, trees: &Value) -> BTreeSet<Mutant> {
    let mut found = BTreeSet::new();
    for (file, text) in sources.own() {
        // Interfaces have no code.
        if file.contains("/interfaces/") {
            continue;
        }
        let mut finder = Finder { file, text, found: &mut found };
        finder.walk(at(at(at(trees, "sources"), file), "ast"));
    }
    found
}

struct Finder<'a> {
    file: &'a str,
    text: &'a str,
    found: &'a mut BTreeSet<Mutant>,
}

/// Start and length in bytes.
type Span = (usize, usize);

impl<'a> Finder<'a> {
    fn walk(&mut self, node: &Value) {
        match node {
            Value::Array(nodes) => nodes.iter().for_each(|node| self.walk(node)),
            Value::Object(fields) => {
                self.visit(node);
                // Yul trees stand twice where the compiler also tells their native places.
                fields.iter().filter(|(key, _)| !key.starts_with("native")).for_each(|(_, node)| self.walk(node));
            }
            _ => {}
        }
    }

    fn visit(&mut self, node: &Value) {
        match at(node, "nodeType").as_str().unwrap_or_default() {
            "BinaryOperation" => self.binary(at(node, "leftExpression"), at(node, "rightExpression"), node),
            "Assignment" => self.operator(at(node, "leftHandSide"), at(node, "rightHandSide"), node),
            "UnaryOperation" if at(node, "operator") == "!" => {
                self.replace(span(node), span(at(node, "subExpression")), |inner| inner.to_owned());
            }
            "ExpressionStatement" if at(at(at(node, "expression"), "expression"), "name") == "require" => {
                self.write(span(at(node, "expression")), "0");
            }
            "IfStatement" | "Conditional" => {
                for fixed in ["true", "false"] {
                    self.write(span(at(node, "condition")), fixed);
                }
            }
            "ModifierInvocation" if at(node, "kind") == "modifierInvocation" => self.write(span(node), ""),
            "Literal" => self.literal(node),
            "YulFunctionCall" => self.yul_call(node),
            "YulIf" => {
                for fixed in ["1", "0"] {
                    self.write(span(at(node, "condition")), fixed);
                }
            }
            "YulLiteral" if at(node, "kind") == "number" => {
                self.replace(span(node), span(node), |text| format!("add({text}, 1)"));
            }
            _ => {}
        }
    }

    fn literal(&mut self, node: &Value) {
        match (at(node, "kind").as_str(), at(node, "value").as_str()) {
            (Some("bool"), Some("true")) => self.write(span(node), "false"),
            (Some("bool"), Some("false")) => self.write(span(node), "true"),
            (Some("number"), _) => self.replace(span(node), span(node), |text| format!("({text} + 1)")),
            _ => {}
        }
    }

    fn binary(&mut self, left: &Value, right: &Value, node: &Value) {
        self.operator(left, right, node);
        let swaps = ["-", "/", "%", "<<", ">>", "**", "<", "<=", ">", ">="];
        if at(node, "operator").as_str().is_some_and(|operator| swaps.contains(&operator)) {
            self.swap(left, right);
        }
    }

    /// Writes other operators between the operands.
    fn operator(&mut self, left: &Value, right: &Value, node: &Value) {
        let operator = at(node, "operator").as_str().unwrap_or_default();
        let (Some((start, length)), Some((behind, _))) = (span(left), span(right)) else {
            return;
        };
        let from = start.saturating_add(length);
        // Behind the left operand there may be brackets first.
        let Some(gap) = self.text.get(from..behind).and_then(|gap| gap.find(operator)) else {
            return;
        };
        for other in others(operator) {
            self.write(Some((from.saturating_add(gap), operator.len())), other);
        }
    }

    fn yul_call(&mut self, node: &Value) {
        let name = at(at(node, "functionName"), "name").as_str().unwrap_or_default();
        if let Some(other) = other_instruction(name) {
            self.write(span(at(node, "functionName")), other);
        }
        match at(node, "arguments").as_array().map(Vec::as_slice) {
            Some([only]) if name == "iszero" || name == "not" => {
                self.replace(span(node), span(only), |inner| inner.to_owned());
            }
            Some([a, b]) if ["sub", "div", "mod", "shl", "shr", "lt", "gt", "exp"].contains(&name) => self.swap(a, b),
            _ => {}
        }
    }

    fn swap(&mut self, left: &Value, right: &Value) {
        let (Some(a), Some(b)) = (span(left), span(right)) else {
            return;
        };
        let (Some(first), Some(second)) = (self.piece(a), self.piece(b)) else {
            return;
        };
        let Some(between) = self.text.get(a.0.saturating_add(a.1)..b.0) else {
            return;
        };
        let swapped = [second, between, first].concat();
        self.write(Some((a.0, swapped.len())), &swapped);
    }

    /// Writes what `change` makes of the text at `from` in the place of `span`.
    fn replace(&mut self, span: Option<Span>, from: Option<Span>, change: impl Fn(&str) -> String) {
        if let Some(text) = from.and_then(|from| self.piece(from)) {
            self.write(span, &change(text));
        }
    }

    fn write(&mut self, span: Option<Span>, replacement: &str) {
        let Some(span) = span else {
            return;
        };
        if self.piece(span).is_some_and(|text| text != replacement) {
            let (start, length) = span;
            let (file, replacement) = (self.file.to_owned(), replacement.to_owned());
            self.found.insert(Mutant { file, start, length, replacement });
        }
    }

    fn piece(&self, (start, length): Span) -> Option<&'a str> {
        self.text.get(start..start.checked_add(length)?)
    }
}

/// `start:length:file`
fn span(node: &Value) -> Option<Span> {
    let mut numbers = at(node, "src").as_str()?.split(':').map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(start)), Some(Ok(length))) => Some((start, length)),
        _ => None,
    }
}

fn others(operator: &str) -> &'static [&'static str] {
    match operator {
        "<" => &["<=", ">="],
        "<=" => &["<", ">"],
        ">" => &[">=", "<="],
        ">=" => &[">", "<"],
        "==" => &["!="],
        "!=" => &["=="],
        "&&" => &["||"],
        "||" => &["&&"],
        "+" => &["-"],
        "-" => &["+"],
        "*" => &["/"],
        "/" | "%" | "**" => &["*"],
        "<<" => &[">>"],
        ">>" => &["<<"],
        "&" => &["|"],
        "|" | "^" => &["&"],
        "+=" => &["-="],
        "-=" => &["+="],
        "|=" => &["&="],
        "&=" => &["|="],
        _ => &[],
    }
}

fn other_instruction(name: &str) -> Option<&'static str> {
    Some(match name {
        "lt" => "gt",
        "gt" => "lt",
        "eq" => "xor",
        "xor" | "or" => "and",
        "and" => "or",
        "add" => "sub",
        "sub" => "add",
        "mul" => "div",
        "div" => "mul",
        "shl" => "shr",
        "shr" => "shl",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn mutants(text: &str, node: &Value) -> Vec<String> {
        let mut found = BTreeSet::new();
        Finder { file: "a.sol", text, found: &mut found }.walk(node);
        found.iter().filter_map(|mutant| mutant.apply(text)).collect()
    }

    fn leaf(kind: &str, src: &str) -> Value {
        json!({ "nodeType": kind, "src": src })
    }

    #[test]
    fn a_comparison_moves_its_boundary_turns_round_and_swaps() {
        let node = json!({ "nodeType": "BinaryOperation", "src": "0:7:0", "operator": "<=",
            "leftExpression": leaf("Identifier", "1:1:0"), "rightExpression": leaf("Identifier", "6:1:0") });
        assert_eq!(mutants("(a) <=b", &node), ["(b) <=a", "(a) <b", "(a) >b"]);
    }

    #[test]
    fn a_requirement_is_dropped() {
        let call = json!({ "nodeType": "FunctionCall", "src": "0:10:0", "expression": { "name": "require" } });
        let node = json!({ "nodeType": "ExpressionStatement", "src": "0:10:0", "expression": call });
        assert_eq!(mutants("require(a);", &node), ["0;"]);
    }

    #[test]
    fn a_branch_is_always_and_never_taken() {
        let node = json!({ "nodeType": "IfStatement", "src": "0:13:0", "condition": leaf("Identifier", "4:1:0") });
        assert_eq!(mutants("if (a) return;", &node), ["if (false) return;", "if (true) return;"]);
    }

    #[test]
    fn yul_is_changed_too() {
        let node = json!({ "nodeType": "YulFunctionCall", "src": "0:8:0", "nativeSrc": "0:8:0",
            "functionName": { "nodeType": "YulIdentifier", "name": "lt", "src": "0:2:0" },
            "arguments": [leaf("YulIdentifier", "3:1:0"),
                { "nodeType": "YulLiteral", "kind": "number", "value": "3", "src": "6:1:0" }] });
        assert_eq!(mutants("lt(a, 3)", &node), ["gt(a, 3)", "lt(3, a)", "lt(a, add(3, 1))"]);
    }

    #[test]
    fn what_is_no_place_in_the_text_is_no_mutant() {
        assert!(mutants("a", &json!({ "nodeType": "Literal", "kind": "number", "src": "9:1:0" })).is_empty());
        let beyond = Mutant { file: String::new(), start: 2, length: 1, replacement: String::new() };
        assert_eq!(beyond.apply("a"), None);
    }

    #[test]
    fn a_survivor_is_shown_with_its_line() {
        let mutant = Mutant { file: "a.sol".to_owned(), start: 6, length: 1, replacement: "<=".to_owned() };
        assert_eq!(mutant.diff("\n  a  < b;").unwrap(), "a.sol:2: `<` becomes `<=` in `a < b;`");
    }
}
