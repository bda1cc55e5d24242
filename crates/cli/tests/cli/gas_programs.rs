//! The programs whose cost is measured are what their policies compile to.

use portcullis_policy::{Policy, compile};
use std::fs;
use std::path::Path;

#[test]
fn every_program_that_is_measured_is_what_its_policy_compiles_to() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/gas");
    let mut seen = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let policy = Policy::parse(&fs::read_to_string(&path).unwrap(), "policy.toml").unwrap();
        let program = compile(&policy).unwrap().program;
        assert!(program == fs::read(path.with_extension("bin")).unwrap(), "compile {} again", path.display());
        seen += 1;
    }
    assert_eq!(seen, 5);
}
