//! How the process ends.

use std::process::ExitCode;

/// What an exit code means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Done,
    /// Something is wrong with the input or the surroundings.
    Error,
    /// Something changes.
    Changed,
    /// The policy denies.
    Denied,
    /// There is no verdict.
    Undecided,
    /// The chain and the mirror differ.
    Disagree,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Error => 1,
            Exit::Changed => 2,
            Exit::Denied => 3,
            Exit::Undecided => 4,
            Exit::Disagree => 5,
        })
    }
}
