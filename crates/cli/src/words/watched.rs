//! Reasons that come of watching over an account while it executes.

use portcullis_eval::{Reason, Verdict};
use portcullis_policy::SourceMap;

use super::{address, charged, limit, party, rule};

/// As in [`super::reason`].
pub(super) fn sentence(verdict: &Verdict, names: &SourceMap) -> String {
    let Verdict { have, need, .. } = *verdict;
    match verdict.reason {
        Reason::AccountLocked => {
            "a request of the account is executing, or was in this transaction, and is watched to its end".to_owned()
        }
        Reason::DelegatecallUnwatched => {
            format!("rule {} allows the delegatecall, which a manager does not check afterwards", rule(verdict, names))
        }
        Reason::DelegatecallMixed => {
            format!("rule {} allows the delegatecall, but not beside calls to the account", rule(verdict, names))
        }
        Reason::AccountUnreadable => {
            format!("the account does not tell its {}, which a delegatecall must leave", part(verdict.detail))
        }
        Reason::AccountChanged => {
            format!("the delegatecall changed the account's {}, from {need:#x} to {have:#x}", part(verdict.detail))
        }
        Reason::BalanceUnwatched => {
            format!("{} meters the balance, which a manager does not check afterwards", limit(verdict, names))
        }
        Reason::BalanceUnreadable => {
            let token = party(address(have), names);
            format!("{token} does not tell the balance that {} meters", limit(verdict, names))
        }
        Reason::BalanceExceeded => {
            let (excess, left) = (charged(need, verdict, names), charged(have, verdict, names));
            format!("{excess} left the account beyond what was declared, and {} has {left}", limit(verdict, names))
        }
        other => other.name().to_owned(),
    }
}

/// What a delegatecall must leave as it is, by its number.
fn part(number: u8) -> &'static str {
    let all = ["singleton", "guard", "module guard", "fallback handler", "owners", "threshold", "nonce"];
    number.checked_sub(1).and_then(|at| all.get(usize::from(at))).copied().unwrap_or("state")
}
