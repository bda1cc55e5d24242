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
    assert_eq!(with_example.len(), 7, "{with_example:?}");
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
    assert!(found.iter().any(|one| (one.kind, one.severity) == (FindingKind::Decimals, Severity::Warning)), "{found:#?}");
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
