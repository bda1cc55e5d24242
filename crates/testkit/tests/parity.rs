//! The compiled hook and the mirror agree.

use std::{collections::BTreeMap, fs, path::PathBuf};

use alloy_primitives::keccak256;
use eyre::Result;
use portcullis_bindings::safe;
use portcullis_eval::{CALL_ONLY_HASHES, MULTI_SENDS};
use portcullis_testkit::case::Vector;
use portcullis_testkit::coverage::Coverage;
use portcullis_testkit::faults::{CONTRACT_FAULTS, MirrorFault};
use portcullis_testkit::generate::generate;
use portcullis_testkit::hook::HookCode;
use portcullis_testkit::messages::faults::{HANDLER_FAULTS, MessageFault, plant};
use portcullis_testkit::messages::{self, Signatories, handler_code};
use portcullis_testkit::parity::{Evaluators, catch};
use portcullis_testkit::world;

const SEED: u64 = 2;

fn vectors() -> Result<BTreeMap<String, Vector>> {
    let mut directory = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    directory.extend(["..", "..", "test", "vectors"]);
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let text = fs::read_to_string(&path)?;
            if path.ends_with("coverage.json") {
                all.extend(serde_json::from_str::<BTreeMap<String, Vector>>(&text)?);
            } else {
                all.insert(path.display().to_string(), serde_json::from_str(&text)?);
            }
        }
    }
    Ok(all)
}

#[test]
fn random_cases_never_divide_the_evaluators() {
    let evaluators = Evaluators::new(&HookCode::committed()).unwrap();
    for index in 0..2_000 {
        let case = generate(SEED, index, evaluators.around()).case;
        if let Err(why) = evaluators.compare(&case) {
            panic!("case {index} under seed {SEED}: {why}");
        }
    }
}

#[test]
fn every_vector_comes_to_what_it_says_on_both_sides() {
    let evaluators = Evaluators::new(&HookCode::committed()).unwrap();
    let vectors = vectors().unwrap();
    let mut coverage = Coverage::default();
    for (name, vector) in vectors {
        match evaluators.compare(&vector.case) {
            Ok(agreement) => coverage.note(&vector.case, &agreement),
            Err(why) => panic!("{name}: {why}"),
        }
        assert_eq!(evaluators.vector(&vector.case).unwrap(), vector, "{name}");
    }
    // Together they still reach every point that a run must reach.
    assert_eq!(coverage.uncovered(), [""; 0], "write them again with `parity --vectors`");
}

#[test]
fn no_planted_fault_goes_unnoticed() {
    let healthy = Evaluators::new(&HookCode::committed()).unwrap();
    let mut names = Vec::new();
    let mut faulty = Vec::new();
    for fault in MirrorFault::ALL {
        names.push(format!("{fault:?}"));
        faulty.push(Evaluators::new(&HookCode::committed()).unwrap().with_fault(*fault));
    }
    for fault in CONTRACT_FAULTS {
        names.push(fault.name.to_owned());
        faulty.push(Evaluators::new(&fault.plant(&HookCode::committed()).unwrap()).unwrap());
    }
    // As `cargo xtask evidence` does it: some faults show in one case of ten thousand.
    let caught = catch(&healthy, &faulty, 1, 16_000, || {});
    let missed: Vec<String> =
        names.into_iter().zip(caught).filter(|(_, case)| case.is_none()).map(|(name, _)| name).collect();
    assert!(missed.is_empty(), "{missed:?}");
}

#[test]
fn the_known_batch_contracts_are_those_of_the_packages() {
    // The chain has them deployed from the packages, at their canonical addresses or not at all.
    let chain = world::chain(&HookCode::committed()).unwrap();
    for known in MULTI_SENDS {
        assert_eq!(keccak256(chain.code(known.address)), known.code_hash, "{}", known.address);
    }
    let call_only =
        [safe::MULTI_SEND_CALL_ONLY_1_3_0, safe::MULTI_SEND_CALL_ONLY_1_4_1, safe::MULTI_SEND_CALL_ONLY_1_5_0];
    for (address, (hash, _)) in call_only.into_iter().zip(CALL_ONLY_HASHES) {
        assert_eq!(keccak256(chain.code(address)), hash, "{address}");
    }
    // Only the releases that replace a target of zero hold the code for it: they are the longer ones.
    for known in MULTI_SENDS {
        assert_eq!(chain.code(known.address).len() > 630, known.zero_is_account, "{}", known.address);
    }
}

#[test]
fn random_messages_never_divide_the_evaluators() {
    let evaluators = Signatories::new(handler_code().unwrap()).unwrap();
    for index in 0..2_000 {
        let (case, _) = messages::generate::generate(SEED, index);
        if let Err(why) = evaluators.compare(&case) {
            panic!("message case {index} under seed {SEED}: {why}");
        }
    }
}

#[test]
fn no_fault_planted_in_messages_goes_unnoticed() {
    let code = handler_code().unwrap();
    let mut names = Vec::new();
    let mut faulty = Vec::new();
    for fault in MessageFault::ALL {
        names.push(format!("{fault:?}"));
        faulty.push(Signatories::new(code.clone()).unwrap().with_fault(fault));
    }
    for fault in &HANDLER_FAULTS {
        names.push(fault.name.to_owned());
        faulty.push(Signatories::new(plant(fault, &code).unwrap()).unwrap());
    }
    let caught = messages::catch(&Signatories::new(code).unwrap(), &faulty, SEED, 4_000);
    let missed: Vec<String> =
        names.into_iter().zip(caught).filter(|(_, case)| case.is_none()).map(|(name, _)| name).collect();
    assert!(missed.is_empty(), "{missed:?}");
}
