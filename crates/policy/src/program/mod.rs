//! From policy to program and back.

mod body;
pub(crate) mod bounds;
pub(crate) mod condition;
mod decompile;
mod emit;
pub(crate) mod expand;
pub(crate) mod facts;
mod index;
mod lists;
pub(crate) mod lower;
mod membership;
mod messages;
mod names;
mod obligations;
mod read;
mod read_body;
mod regroup;
mod resolve;
pub(crate) mod source_map;
mod tables;
mod unlower;
mod written;

pub use decompile::{Malformed, decompile, verify_canonical};

use crate::{Policy, Problem};
pub(crate) use lower::MAX_DECIMALS;
pub(crate) use names::nearest;
pub(crate) use obligations::{INITIATOR_COUNTS, OWNERS_COUNT};
use source_map::SourceMap;

/// The most a program may take, its STOP byte included: an EVM contract's code is at most this long.
pub const MAX_PROGRAM_BYTES: usize = 24_576;

/// A program and what its numbers stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compiled {
    /// The canonical bytes: the whole code of a data contract.
    pub program: Vec<u8>,
    /// What rules, limits and lists of the program are called in the policy.
    pub source_map: SourceMap,
}

/// Why a policy does not compile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// The policy contradicts itself or names what it does not define.
    #[error("{}", list(.0))]
    Invalid(Vec<Problem>),
    /// The program does not fit in a contract.
    #[error("{}; {}", .problem.message, .problem.help)]
    TooLarge {
        /// Bytes the program would take, STOP included.
        size: usize,
        /// What takes most of them, and what to do.
        problem: Box<Problem>,
    },
}

impl CompileError {
    /// What is wrong, each with its place in the policy.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        match self {
            Self::Invalid(problems) => problems,
            Self::TooLarge { problem, .. } => std::slice::from_ref(problem),
        }
    }
}

fn list(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Compiles a policy to its canonical program: the same policy gives the same bytes everywhere.
///
/// # Errors
/// [`CompileError`]: every contradiction found, or the size when the program exceeds [`MAX_PROGRAM_BYTES`].
pub fn compile(policy: &Policy) -> Result<Compiled, CompileError> {
    compile_up_to(policy, MAX_PROGRAM_BYTES)
}

/// The same bytes, also where they are more than a contract holds: such a program is evaluated off chain only.
///
/// # Errors
/// [`CompileError`]: every contradiction found, or the size when the format itself cannot count it.
pub fn compile_off_chain(policy: &Policy) -> Result<Compiled, CompileError> {
    compile_up_to(policy, usize::MAX)
}

fn compile_up_to(policy: &Policy, most: usize) -> Result<Compiled, CompileError> {
    let mut problems = names::check(policy);
    let lowered = lower::lower(policy, &mut problems);
    if !problems.is_empty() {
        return Err(CompileError::Invalid(problems));
    }
    let (program, lists) = emit::emit(&lowered, most)?;
    let source_map = SourceMap::new(policy, &lowered, lists);
    Ok(Compiled { program, source_map })
}

/// What can be said about names alone, for a document whose other values do not all read.
pub(crate) fn check_names(policy: &Policy) -> Vec<Problem> {
    names::check(policy)
}
