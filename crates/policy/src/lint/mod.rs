//! What is wrong with a policy that compiles, exactly, and each with a request that shows it.
//!
//! Every dimension of a request (origin, initiator, kind, target, selector, asset, recipient, amount, time, words of
//! calldata, what contracts answer, whether limits still fit, what attesters state) is split into the finitely many classes that the policy
//! tells apart. A rule is then a set of classes, kept as a binary decision diagram, and a question about rules is
//! whether a set is empty. What reality imposes (a native transfer has no token, a module is the initiator of its
//! requests, a registry is a function of the address) is a set too, so that what is found is a real request.

mod arguments;
mod asks;
mod bdd;
mod calldata;
mod decide;
mod difference;
mod dimension;
mod exposure;
mod mention;
mod quorum;
mod reach;
mod rules;
mod scope;
mod space;
mod theory;
mod truths;
mod witness;
mod written;

pub use difference::{Change, Difference, Direction, diff};
pub use reach::{Counted, Moves, Reach, most_within, reaches};
pub use witness::{Used, Witness};

use decide::Decided;
use scope::View;
use space::Space;

use crate::{PathSegment, Policy, program::lower::lower};

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth a look; often meant.
    Note,
    /// Probably not what was meant.
    Warning,
    /// Not what anybody means.
    Error,
}

impl Severity {
    /// The severity in a word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// What is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FindingKind {
    /// No request is one that the rule matches.
    NeverMatches,
    /// Whatever the rule matches, others decide.
    Shadowed,
    /// An earlier rule allows, for less, part of what a later one denies or asks more for.
    Inversion,
    /// A rule lets out what a limit counts, without charging it.
    Uncounted,
    /// A rule names a selector that is denied on declared tokens.
    OpaqueDenied,
    /// Nothing is allowed.
    NothingAllowed,
    /// Owners and threshold cannot change.
    NoOwnerManagement,
    /// Decimals or amounts that look wrong.
    Decimals,
    /// Too few of those whom a rule asks can ever count.
    ImpossibleQuorum,
    /// Nobody but the account can freeze.
    NoGuardian,
    /// A rule allows on a value that nobody observed.
    OpenFact,
}

impl FindingKind {
    /// Every kind.
    pub const ALL: [Self; 11] = [
        Self::NeverMatches,
        Self::Shadowed,
        Self::Inversion,
        Self::Uncounted,
        Self::OpaqueDenied,
        Self::NothingAllowed,
        Self::NoOwnerManagement,
        Self::Decimals,
        Self::ImpossibleQuorum,
        Self::NoGuardian,
        Self::OpenFact,
    ];

    /// The name that documents and scripts use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NeverMatches => "never-matches",
            Self::Shadowed => "shadowed",
            Self::Inversion => "inversion",
            Self::Uncounted => "uncounted",
            Self::OpaqueDenied => "opaque-denied",
            Self::NothingAllowed => "nothing-allowed",
            Self::NoOwnerManagement => "no-owner-management",
            Self::Decimals => "decimals",
            Self::ImpossibleQuorum => "impossible-quorum",
            Self::NoGuardian => "no-guardian",
            Self::OpenFact => "open-fact",
        }
    }
}

/// Something wrong with a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is.
    pub kind: FindingKind,
    /// How much it matters.
    pub severity: Severity,
    /// The rules that it is about, by id, the one at fault first.
    pub rules: Vec<String>,
    /// Where it is in the document.
    pub path: Vec<PathSegment>,
    /// What is wrong, in a sentence.
    pub message: String,
    /// What to write instead.
    pub help: String,
    /// A request that shows it; none where there is no such request, or it is not about requests.
    pub witness: Option<Witness>,
}

/// What is wrong with a policy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// What was found, worst first, then by kind.
    pub findings: Vec<Finding>,
    /// What could neither be shown nor excluded, each in a sentence: conditions that depend on each other in ways
    /// that the analysis does not follow.
    pub undetermined: Vec<String>,
}

/// Why a policy is not analysed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LintError {
    /// It does not compile.
    #[error(transparent)]
    Compile(#[from] crate::CompileError),
    /// Its rules interact in more ways than fit in memory.
    #[error("the policy's rules interact in too many ways to analyse")]
    TooComplex,
    /// Two policies declare one token with different standards, so that they read the same calls differently.
    #[error("`{0}` has another standard in the other policy, or Permit2 is declared as a token in one of them only")]
    Standards(alloy_primitives::Address),
    /// Two policies are for different accounts.
    #[error("the policies are for different accounts")]
    Accounts,
}

/// Analyses a policy.
///
/// # Errors
/// [`LintError`] when it does not compile or is too complex.
pub fn lint(policy: &Policy) -> Result<Report, LintError> {
    crate::compile_off_chain(policy)?;
    let lowered = lower(policy, &mut Vec::new());
    let account = policy.account.map(|account| account.address);
    let mut space = Space::new(&[&lowered], account);
    let real = space.real();
    let view = View::new(&lowered, real, &mut space);
    let decided = Decided::new(view, &mut space);
    let mut report = Report::default();
    rules::check(policy, &decided, &mut space, &mut report);
    quorum::check(policy, &decided, &mut space, &mut report);
    exposure::check(policy, &decided, &mut space, &mut report);
    written::check(policy, &mut report);
    // Worst first; the document's order otherwise.
    report.findings.sort_by_key(|finding| (std::cmp::Reverse(finding.severity), finding.kind));
    if space.sets.is_full() { Err(LintError::TooComplex) } else { Ok(report) }
}
