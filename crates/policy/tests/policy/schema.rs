//! The published JSON Schema: what reads validates, what is wrong in form does not, and every key is documented.

use std::collections::BTreeSet;

use portcullis_policy::{Policy, schema};
use serde_json::{Value, json};

const REFERENCE: &str = include_str!("../../../../docs/policy-reference.md");
const TREASURY: &str = include_str!("../../../../examples/treasury/policy.toml");
const TOML: [&str; 12] = [
    TREASURY,
    include_str!("../../../../examples/minimal/policy.toml"),
    include_str!("../../../../examples/payroll/policy.toml"),
    include_str!("../../../../examples/two-managers/policy.toml"),
    include_str!("../../../../examples/market-maker/policy.toml"),
    include_str!("../../../../examples/grants/policy.toml"),
    include_str!("../../../../examples/backtest/policy.toml"),
    include_str!("../../../../examples/templates/small-company.toml"),
    include_str!("../../../../examples/templates/dao-treasury.toml"),
    include_str!("../../../../examples/templates/market-maker.toml"),
    include_str!("../../../../examples/templates/grants.toml"),
    include_str!("../../../../examples/templates/staking.toml"),
];

fn published() -> Value {
    serde_json::from_str(&schema()).expect("is JSON")
}

/// A TOML document as an editor hands it to a validator: dates are strings.
fn from_toml(text: &str) -> Value {
    fn value(toml: toml::Value) -> Value {
        match toml {
            toml::Value::String(text) => json!(text),
            toml::Value::Integer(number) => json!(number),
            toml::Value::Float(number) => json!(number),
            toml::Value::Boolean(is) => json!(is),
            toml::Value::Datetime(date) => json!(date.to_string()),
            toml::Value::Array(items) => items.into_iter().map(value).collect(),
            toml::Value::Table(table) => Value::Object(table.into_iter().map(|(key, one)| (key, value(one))).collect()),
        }
    }
    value(toml::Value::Table(toml::from_str(text).unwrap_or_else(|error| panic!("{error}"))))
}

/// The files that the reference shows.
fn load(path: &str) -> Result<Vec<u8>, String> {
    let shown = REFERENCE.split(&format!("`{path}`:\n\n```text\n")).nth(1).and_then(|rest| rest.split("```").next());
    shown.map(|text| text.as_bytes().to_vec()).ok_or_else(|| "the page does not show it".to_owned())
}

/// All examples of the reference, as one document.
fn reference() -> String {
    REFERENCE.split("```toml\n").skip(1).filter_map(|part| part.split("```").next()).collect()
}

#[test]
fn what_is_wrong_in_form_never_validates() {
    let published = published();
    let validator = jsonschema::validator_for(&published).expect("is a JSON Schema");
    for (right, wrong) in [
        // unknown keys
        ("[control]", "colour = \"red\"\n[control]"),
        ("everywhere = true", "everywhere = true\nburst = 2"),
        ("then = { allow = true }", "then = { allow = true, until = \"2027\" }"),
        ("amount = { max =", "amount = { most ="),
        // other types
        ("version   = 1", "version   = \"1\""),
        ("decimals = 6", "decimals = \"6\""),
        ("max = \"50_000\"", "max = 50_000"),
        ("then = { allow = true }", "then = { allow = \"yes\" }"),
        ("change_delay        = \"48h\"", "change_delay        = 48"),
        ("recipient = \"@payroll\"", "recipient = true"),
        // empty lists
        ("recipient = \"@payroll\"", "recipient = []"),
        ("[lists]", "[lists]\nnobody = []"),
        ("effect = \"transfer\"", "effect = []"),
        // what is missing, and what excludes each other
        ("semantics = \"first-match\"\n", ""),
        ("then = { allow = true }", "then = { allow = true, deny = true }"),
        ("then = { allow = true }", "then = {}"),
        ("then = { allow = true }", "then = { allow = false }"),
        ("rolling = \"24h\"", "rolling = \"24h\", calendar = \"day\""),
        // other words and forms
        ("first-match", "last-match"),
        ("effect = \"transfer\"", "effect = \"gift\""),
        ("rolling = \"24h\"", "rolling = \"a day\""),
        ("max = \"50_000\"", "max = \"50k\""),
        ("eth:0x", "0x"),
        ("recipient = \"@payroll\"", "recipient = \"payroll\""),
    ] {
        let document = TREASURY.replacen(right, wrong, 1);
        assert_ne!(document, TREASURY, "{right}");
        assert!(Policy::parse(&document, "policy.toml").is_err(), "{wrong} reads");
        assert!(!validator.is_valid(&from_toml(&document)), "{wrong} validates");
    }
}

#[test]
fn everything_that_reads_validates() {
    let published = published();
    let validator = jsonschema::validator_for(&published).expect("is a JSON Schema");
    let reference = reference();
    for text in TOML.into_iter().chain([reference.as_str()]) {
        let policy = Policy::parse_with(text, "policy.toml", &load).unwrap_or_else(|error| panic!("{error}"));
        let json = serde_json::from_str(&policy.to_json()).expect("is JSON");
        for document in [from_toml(text), json, from_toml(&policy.to_toml())] {
            let errors: Vec<_> =
                validator.iter_errors(&document).map(|one| format!("{one} at {}", one.instance_path())).collect();
            assert!(errors.is_empty(), "{}: {errors:#?}", policy.name);
        }
    }
}

#[test]
fn the_published_file_is_the_schema() {
    let file = include_str!("../../../../docs/policy.schema.json");
    assert!(file == schema(), "docs/policy.schema.json differs: run `cargo xtask docs`");
}

/// Tables of conditions within groups have the keys of rules.
fn table(reference: &str) -> &str {
    match reference.rsplit('/').next().unwrap_or_default() {
        "conditions" => "when",
        name => name,
    }
}

/// Notes every key that the document uses, with its table.
fn used(root: &Value, schema: &Value, name: &str, document: &Value, found: &mut BTreeSet<(String, String)>) {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = root.pointer(reference.trim_start_matches('#')).expect("is defined");
        return used(root, target, table(reference), document, found);
    }
    for branch in schema["anyOf"].as_array().into_iter().flatten() {
        used(root, branch, name, document, found);
    }
    for (key, value) in document.as_object().into_iter().flatten() {
        if let Some(property) = schema["properties"].get(key) {
            found.insert((name.to_owned(), key.clone()));
            used(root, property, name, value, found);
        } else if schema["additionalProperties"].is_object() {
            used(root, &schema["additionalProperties"], name, value, found);
        }
    }
    for item in document.as_array().into_iter().flatten() {
        used(root, &schema["items"], name, item, found);
    }
}

#[test]
fn no_key_goes_without_a_word_and_an_example_in_the_reference() {
    let root = published();
    let mut found = BTreeSet::new();
    used(&root, &root, "policy", &from_toml(&reference()), &mut found);
    let prose: String = REFERENCE.split("```").step_by(2).collect();
    let code = prose.split('`').skip(1).step_by(2);
    let words: BTreeSet<_> = code.flat_map(|code| code.split(|c: char| !c.is_alphanumeric() && c != '_')).collect();
    let definitions = root["$defs"].as_object().expect("has definitions");
    let tables = definitions.iter().map(|(name, shape)| (table(name), shape)).chain([("policy", &root)]);
    let (mut keys, mut missing) = (0, Vec::new());
    for (name, shape) in tables {
        for key in shape["properties"].as_object().expect("is a table").keys() {
            if !found.contains(&(name.to_owned(), key.clone())) || !words.contains(key.as_str()) {
                missing.push(format!("{name}.{key}"));
            }
            keys += 1;
        }
    }
    assert!(missing.is_empty(), "without a word or an example: {missing:?}");
    assert!(keys > 90, "{keys} keys");
}
