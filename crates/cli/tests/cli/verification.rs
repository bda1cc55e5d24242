//! What explorers are given compiles to what stands on the chain.

use crate::support;

use alloy_primitives::{Address, B256, Bytes, keccak256};
use portcullis_bindings::deployer;
use portcullis_chain::safe::Version;
use portcullis_chain::{Ledger, deploy};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::process::Command;
use support::operator::Operator;
use support::root;

/// What is compiled here, where minutes count: what links every library, and a library. `cargo xtask check` compiles
/// the same sources, all of them.
const COMPILED: [&str; 2] = ["contracts/PolicyHook.sol:PolicyHook", "contracts/libraries/Slots.sol:Slots"];

/// What the npm compiler makes of an input: creation code by `source:contract`.
fn compile(operator: &Operator, mut input: Value) -> BTreeMap<String, Bytes> {
    // All sources are read; code is made of what is asked for.
    let mut selection = json!({});
    for (path, name) in COMPILED.iter().filter_map(|contract| contract.split_once(':')) {
        selection[path] = json!({ name: ["evm.bytecode.object"] });
    }
    input["settings"]["outputSelection"] = selection;
    fs::write(operator.file("some.json"), input.to_string()).unwrap();
    let stdin = File::open(operator.file("some.json")).unwrap();
    let compiler = root().join("tools/solc");
    let output = Command::new(compiler).arg("--standard-json").stdin(stdin).output().unwrap();
    let output: Value = serde_json::from_slice(&output.stdout).unwrap();
    let errors = output["errors"].as_array().into_iter().flatten();
    let errors: Vec<&Value> = errors.filter(|error| error["severity"] == "error").collect();
    assert!(errors.is_empty(), "{errors:?}");
    let mut codes = BTreeMap::new();
    for (path, contracts) in output["contracts"].as_object().unwrap() {
        for (name, contract) in contracts.as_object().unwrap() {
            let code = contract["evm"]["bytecode"]["object"].as_str().unwrap();
            codes.insert(format!("{path}:{name}"), code.parse().unwrap());
        }
    }
    codes
}

#[test]
fn what_explorers_compile_stands_at_the_addresses_that_deploying_printed() {
    let operator = Operator::bare(Version::V1_4_1);
    let packages = root().join("node_modules");
    let packages = packages.to_str().unwrap();
    let deploying = ["deploy", "--handler", "--rpc", "$NODE", "--key-env", "PAYER", "--yes"];
    let changed = operator.file("changed/solady/src/utils");
    fs::create_dir_all(&changed).unwrap();
    fs::write(changed.join("DateTimeLib.sol"), "library DateTimeLib {}").unwrap();
    for (folder, said) in [("nowhere", "npm ci"), ("changed", "not what was compiled")] {
        let asked = [&deploying[..], &["--verification-input", "input.json", "--artifacts", folder]].concat();
        let (code, _, talk) = operator.run(&asked);
        assert!(code == 1 && talk.contains(said), "{talk}");
        assert!(operator.node.code(deploy::hook_at(), None).unwrap().is_empty(), "nothing is sent");
    }
    let (code, shown, talk) =
        operator.run(&[&deploying[..], &["--verification-input", "input.json", "--artifacts", packages]].concat());
    assert_eq!(code, 0, "{talk}");
    let verification = &shown["verification"];
    let compiler = verification["compiler"].as_str().unwrap();
    let input: Value = serde_json::from_str(&fs::read_to_string(operator.file("input.json")).unwrap()).unwrap();
    let version = Command::new(root().join("tools/solc")).arg("--version").output().unwrap();
    assert!(String::from_utf8(version.stdout).unwrap().contains(compiler), "the committed compiler is {compiler}");

    let codes = compile(&operator, input);
    assert_eq!(codes.len(), COMPILED.len());
    let contracts = verification["contracts"].as_array().unwrap();
    let deployed: Vec<&Value> = shown["contracts"].as_array().unwrap().iter().map(|one| &one["address"]).collect();
    assert_eq!(contracts.iter().map(|one| &one["address"]).collect::<Vec<_>>(), deployed, "each can be verified");
    for contract in contracts {
        let name = contract["name"].as_str().unwrap();
        let address: Address = contract["address"].as_str().unwrap().parse().unwrap();
        let arguments: Bytes = contract["arguments"].as_str().unwrap().parse().unwrap();
        assert!(talk.contains(&format!("{address}  {name}")), "{talk}");
        // The address follows from the creation code, and something stands there.
        if let Some(code) = codes.get(name) {
            let creation = [code.as_ref(), &arguments].concat();
            assert_eq!(deployer::ARACHNID.create2(B256::ZERO, keccak256(creation)), address, "{name}");
        }
        assert!(!operator.node.code(address, None).unwrap().is_empty(), "{name}");
    }
}
