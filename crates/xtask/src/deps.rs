//! Dependencies point one way.

use crate::tools;
use eyre::{Result, WrapErr, bail, eyre};
use serde_json::Value;

/// What each crate may depend on, outside tests. A crate that is not here fails the check.
const ALLOWED: [(&str, &[&str]); 11] = [
    ("portcullis-bindings", &[]),
    ("portcullis-policy", &["portcullis-bindings"]),
    ("portcullis-attest", &["portcullis-bindings"]),
    ("portcullis-eval", &["portcullis-attest", "portcullis-bindings"]),
    ("portcullis-replay", &["portcullis-eval", "portcullis-attest", "portcullis-bindings"]),
    ("portcullis-report", &["portcullis-bindings"]),
    ("portcullis-simulate", &["portcullis-policy", "portcullis-eval", "portcullis-attest", "portcullis-bindings"]),
    ("portcullis-chain", &["portcullis-policy", "portcullis-eval", "portcullis-attest", "portcullis-bindings"]),
    (
        "portcullis-cli",
        &[
            "portcullis-replay",
            "portcullis-report",
            "portcullis-simulate",
            "portcullis-chain",
            "portcullis-policy",
            "portcullis-eval",
            "portcullis-attest",
            "portcullis-bindings",
        ],
    ),
    (
        "portcullis-testkit",
        &["portcullis-simulate", "portcullis-policy", "portcullis-eval", "portcullis-attest", "portcullis-bindings"],
    ),
    ("xtask", &[]),
];

/// No I/O, clock, randomness, async or command line: verdicts and programs depend on arguments only.
const PURE: [&str; 5] =
    ["portcullis-policy", "portcullis-eval", "portcullis-attest", "portcullis-replay", "portcullis-report"];
const IMPURE: [&str; 18] = [
    "tokio",
    "async-std",
    "smol",
    "futures",
    "reqwest",
    "hyper",
    "ureq",
    "mio",
    "socket2",
    "revm",
    "alloy",
    "alloy-provider",
    "rand",
    "getrandom",
    "clap",
    "indicatif",
    "chrono",
    "time",
];

/// Fails on an edge that points the wrong way, or on an impure crate below a pure one.
pub(crate) fn run() -> Result<()> {
    let text = tools::capture(tools::cargo(&["metadata", "--format-version", "1", "--no-deps", "--locked"]))?;
    let metadata: Value = serde_json::from_str(&text).wrap_err("cargo metadata printed something else than JSON")?;
    let mut wrong = direction(&metadata)?;
    for package in PURE {
        let args =
            ["tree", "--package", package, "--edges", "normal", "--prefix", "none", "--format", "{p}", "--locked"];
        wrong.extend(impure(package, &tools::capture(tools::cargo(&args))?));
    }
    if !wrong.is_empty() {
        bail!("{}", wrong.join("; "));
    }
    Ok(())
}

fn direction(metadata: &Value) -> Result<Vec<String>> {
    let packages = tools::at(metadata, "packages").as_array().ok_or_else(|| eyre!("cargo metadata has no packages"))?;
    let names: Vec<&str> = packages.iter().filter_map(|package| tools::at(package, "name").as_str()).collect();
    let mut wrong = Vec::new();
    for package in packages {
        let name = tools::at(package, "name").as_str().unwrap_or_default();
        let Some((_, allowed)) = ALLOWED.iter().find(|(known, _)| *known == name) else {
            wrong.push(format!("{name} has no place in the dependency direction"));
            continue;
        };
        for dependency in tools::at(package, "dependencies").as_array().into_iter().flatten() {
            let target = tools::at(dependency, "name").as_str().unwrap_or_default();
            let in_tests = tools::at(dependency, "kind").as_str() == Some("dev");
            if in_tests || !names.contains(&target) {
                continue;
            }
            if !allowed.contains(&target) {
                wrong.push(format!("{name} must not depend on {target}"));
            }
        }
    }
    Ok(wrong)
}

fn impure(package: &str, tree: &str) -> Vec<String> {
    let mut found: Vec<&str> =
        tree.lines().filter_map(|line| line.split_whitespace().next()).filter(|name| IMPURE.contains(name)).collect();
    found.sort_unstable();
    found.dedup();
    found.iter().map(|name| format!("{package} is pure but reaches {name}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn package(name: &str, dependency: &str, kind: Option<&str>) -> Value {
        json!({"packages": [
            {"name": name, "dependencies": [{"name": dependency, "kind": kind}]},
            {"name": dependency, "dependencies": []},
        ]})
    }

    #[test]
    fn eval_may_never_depend_on_policy_but_its_tests_may() {
        let edge = direction(&package("portcullis-eval", "portcullis-policy", None)).unwrap();
        assert_eq!(edge, ["portcullis-eval must not depend on portcullis-policy"]);
        assert!(direction(&package("portcullis-eval", "portcullis-policy", Some("dev"))).unwrap().is_empty());
    }

    #[test]
    fn nothing_depends_on_the_testkit_outside_tests() {
        let edge = direction(&package("portcullis-cli", "portcullis-testkit", None)).unwrap();
        assert_eq!(edge, ["portcullis-cli must not depend on portcullis-testkit"]);
    }

    #[test]
    fn a_crate_without_a_place_is_an_error() {
        let edge = direction(&package("stranger", "portcullis-eval", None)).unwrap();
        assert_eq!(edge, ["stranger has no place in the dependency direction"]);
    }

    #[test]
    fn a_clock_below_a_pure_crate_is_found() {
        let tree = "portcullis-eval v0.1.0\nalloy-primitives v1.7.3\nchrono v0.4.0\nchrono v0.4.0 (*)\n";
        assert_eq!(impure("portcullis-eval", tree), ["portcullis-eval is pure but reaches chrono"]);
    }
}
