//! Every finding has an example that is found, and the examples of the project are clean.

use portcullis_policy::{Finding, FindingKind, Outcome, Policy, Severity, lint};

const PAGE: &str = include_str!("../../../../docs/lint.md");

fn first() -> &'static str {
    PAGE.split("```toml\n").nth(1).and_then(|part| part.split("```").next()).expect("an example")
}

fn findings(text: &str) -> Vec<Finding> {
    let policy = Policy::parse(text, "example.toml").unwrap_or_else(|error| panic!("{error}\n{text}"));
    let report = lint(&policy).expect("is analysed");
    assert_eq!(report.undetermined, Vec::<String>::new());
    let places = report.locate(text, "example.toml").expect("reads");
    assert_eq!(places.len(), report.findings.len());
    for (finding, place) in report.findings.iter().zip(&places) {
        assert_eq!((&finding.message, &finding.help), (&place.message, &place.help));
        assert!(place.line > 1, "{place}");
    }
    report.findings
}

#[test]
fn nothing_is_found_in_a_sound_policy() {
    assert_eq!(findings(first()), []);
}

#[test]
fn every_example_of_a_finding_is_found_and_nothing_else_of_its_severity() {
    let mut with_example = Vec::new();
    for kind in FindingKind::ALL {
        let heading = format!("\n### `{}`\n", kind.name());
        let section = PAGE.split(&heading).nth(1).unwrap_or_else(|| panic!("{} is not documented", kind.name()));
        let section = section.split("\n### ").next().expect("text").split("\n## ").next().expect("text");
        if let Some(example) = section.split("```toml\n").nth(1).and_then(|part| part.split("```").next()) {
            let found = findings(&format!("{}\n{example}", first()));
            assert!(found.iter().any(|finding| finding.kind == kind), "{kind:?}: {found:#?}");
            with_example.push(kind);
        }
    }
    // What has none is about the policy as a whole, and tried below.
    let without = [FindingKind::NothingAllowed, FindingKind::NoOwnerManagement, FindingKind::NoGuardian];
    assert!(
        FindingKind::ALL.iter().all(|kind| with_example.contains(kind) != without.contains(kind)),
        "{with_example:?}"
    );
}

#[test]
fn an_account_that_could_do_nothing_or_never_change_its_owners_is_an_error_or_a_warning() {
    let policy = Policy::parse(first(), "example.toml").expect("parses");
    let mut without = policy.clone();
    without.rules.pop();
    let kinds = |policy: &Policy| {
        let report = lint(policy).expect("is analysed");
        report.findings.into_iter().map(|finding| (finding.kind, finding.severity)).collect::<Vec<_>>()
    };
    assert_eq!(kinds(&without), [(FindingKind::NoOwnerManagement, Severity::Warning)]);
    without.rules.clear();
    assert_eq!(kinds(&without), [(FindingKind::NothingAllowed, Severity::Error)]);
    let mut denying = policy;
    denying.rules.iter_mut().for_each(|rule| rule.then = Outcome::Deny);
    assert!(kinds(&denying).contains(&(FindingKind::NothingAllowed, Severity::Error)));
}

#[test]
fn the_decimals_of_a_known_token_are_never_taken_for_others() {
    let wrong = first().replace("decimals = 6", "decimals = 18");
    let found = findings(&wrong);
    assert!(found.iter().any(|one| (one.kind, one.severity) == (FindingKind::Decimals, Severity::Error)), "{found:#?}");
    // On another chain another contract is there; the name alone makes it a warning.
    let elsewhere = wrong.replace("eth:0x", "base:0x");
    let found = findings(&elsewhere);
    assert!(
        found.iter().any(|one| (one.kind, one.severity) == (FindingKind::Decimals, Severity::Warning)),
        "{found:#?}"
    );
}

#[test]
fn no_example_of_the_project_has_an_error() {
    for text in [
        include_str!("../../../../examples/minimal/policy.toml"),
        include_str!("../../../../examples/treasury/policy.toml"),
        include_str!("../../../../examples/payroll/policy.toml"),
        include_str!("../../../../examples/market-maker/policy.toml"),
        include_str!("../../../../examples/grants/policy.toml"),
    ] {
        let found = findings(text);
        let errors: Vec<_> = found.iter().filter(|finding| finding.severity == Severity::Error).collect();
        assert!(errors.is_empty(), "{errors:#?}");
        for finding in &found {
            eprintln!("{}: {}", finding.severity.word(), finding.message);
        }
    }
}

#[test]
fn guardians_that_are_nobody_else_are_a_warning() {
    let account = "0xe8E0F9B9AD645f5B37E8596b8B78CFC956397bB8";
    let alone = first().replace("[control]\n", "[control]\nguardians = \"@guards\"\n")
        + &format!("\n[groups]\nguards = [\"{account}\"]\n");
    let found = findings(&alone);
    assert_eq!(
        found.iter().map(|one| (one.kind, one.severity)).collect::<Vec<_>>(),
        [(FindingKind::NoGuardian, Severity::Warning)]
    );
    let two = alone.replace(
        &format!("guards = [\"{account}\""),
        &format!("guards = [\"{account}\", \"0xa49133BA34B50B95E56f0DF0bf2b25e8826A7A5a\""),
    );
    assert_eq!(findings(&two), []);
}

#[test]
fn opaque_calls_that_stay_denied_are_told() {
    let kinds = |rule: &str| {
        let found = findings(&format!("{}\n[[rules]]\nid = \"more\"\n{rule}\n", first()));
        found.into_iter().map(|one| (one.kind, one.severity)).collect::<Vec<_>>()
    };
    let named =
        "when = { target = [\"USDC\", \"@vendors\"], selector = \"mint(address,uint256)\" }\nthen = { allow = true }";
    assert!(kinds(named).contains(&(FindingKind::OpaqueDenied, Severity::Warning)), "{:?}", kinds(named));
    let opaque = "when = { target = [\"USDC\", \"@vendors\"], selector = \"mint(address,uint256)\", opaque = true }\nthen = { allow = true }";
    assert!(!kinds(opaque).iter().any(|(kind, _)| *kind == FindingKind::OpaqueDenied));
    let everywhere = "when = { selector = \"mint(address,uint256)\", opaque = true }\nthen = { allow = true }\n\n[assets.EURC]\nstandard = \"erc20\"\naddress = \"0x15a97b508879afed7eFF8069C8DDE948113E8474\"\ndecimals = 6\n\n[limits.usdc-all]\nasset = \"USDC\"\ncap = \"1_000_000\"\nwindow = { calendar = \"week\" }\neverywhere = true";
    assert!(kinds(everywhere).contains(&(FindingKind::OpaqueDenied, Severity::Note)), "{:?}", kinds(everywhere));
}

#[test]
fn asking_for_more_than_there_are_does_not_parse() {
    let group = "\n[groups]\nguards = [\"0xa49133BA34B50B95E56f0DF0bf2b25e8826A7A5a\"]\n";
    for asked in [
        "approvals = { group = \"guards\", at_least = 2 }",
        "signatures = 2, signers = { list = \"@guards\", at_least = 2 }",
    ] {
        let rule =
            format!("\n[[rules]]\nid = \"more\"\nwhen = {{ asset = \"ETH\" }}\nthen = {{ allow = true, {asked} }}\n");
        let error = Policy::parse(&format!("{}{group}{rule}", first()), "example.toml").expect_err("is refused");
        assert!(error.to_string().contains("are asked for, which has 1"), "{error}");
    }
}
