//! Binary decision diagrams: sets of assignments to variables, each set one number.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

/// A set of assignments. Equal sets are equal numbers.
pub(super) type Set = usize;

/// No assignment.
pub(super) const NONE: Set = 0;
/// Every assignment.
pub(super) const ALL: Set = 1;

/// What a node of a set does with its variable; those of the two constants come last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Branch {
    variable: usize,
    low: Set,
    high: Set,
}

const END: Branch = Branch { variable: usize::MAX, low: NONE, high: NONE };

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Operation {
    And,
    Or,
    Minus,
    Project,
}

/// Multiplies and rotates: keys are a few small numbers.
#[derive(Debug, Default)]
pub(super) struct Mix(u64);

impl Hasher for Mix {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(26) ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(u64::try_from(number).unwrap_or(u64::MAX));
    }

    fn write_isize(&mut self, number: isize) {
        self.write_u64(u64::try_from(number).unwrap_or(u64::MAX));
    }
}

type Table<K, V> = HashMap<K, V, BuildHasherDefault<Mix>>;

/// Every set so far.
#[derive(Debug, Default)]
pub(super) struct Sets {
    branches: Vec<Branch>,
    known: Table<Branch, Set>,
    done: Table<(Operation, Set, Set), Set>,
    /// Whether there were too many; then nothing that was computed counts.
    full: bool,
}

/// About half a gigabyte.
const MOST: usize = 6_000_000;

impl Sets {
    pub(super) fn new() -> Self {
        Self { branches: vec![END, END], ..Self::default() }
    }

    pub(super) const fn is_full(&self) -> bool {
        self.full
    }

    fn branch(&self, set: Set) -> Branch {
        self.branches.get(set).copied().unwrap_or(END)
    }

    /// The assignments of `low` where the variable is false, and of `high` where it is true.
    pub(super) fn split(&mut self, variable: usize, low: Set, high: Set) -> Set {
        if low == high {
            return low;
        }
        let branch = Branch { variable, low, high };
        if let Some(set) = self.known.get(&branch) {
            return *set;
        }
        let set = self.branches.len();
        if set >= MOST {
            self.full = true;
            return NONE;
        }
        self.branches.push(branch);
        self.known.insert(branch, set);
        set
    }

    /// Where the variable is true.
    pub(super) fn variable(&mut self, variable: usize) -> Set {
        self.split(variable, NONE, ALL)
    }

    pub(super) fn and(&mut self, a: Set, b: Set) -> Set {
        self.combine(Operation::And, a.min(b), a.max(b))
    }

    pub(super) fn or(&mut self, a: Set, b: Set) -> Set {
        self.combine(Operation::Or, a.min(b), a.max(b))
    }

    /// What is in `a` and not in `b`.
    pub(super) fn minus(&mut self, a: Set, b: Set) -> Set {
        self.combine(Operation::Minus, a, b)
    }

    pub(super) fn not(&mut self, a: Set) -> Set {
        self.minus(ALL, a)
    }

    pub(super) fn any(&mut self, sets: impl IntoIterator<Item = Set>) -> Set {
        sets.into_iter().fold(NONE, |all, one| self.or(all, one))
    }

    pub(super) fn all(&mut self, sets: impl IntoIterator<Item = Set>) -> Set {
        sets.into_iter().fold(ALL, |all, one| self.and(all, one))
    }

    fn combine(&mut self, operation: Operation, a: Set, b: Set) -> Set {
        let short = match (operation, a, b) {
            (Operation::And, NONE, _) | (Operation::Minus, NONE, _) | (Operation::Minus, _, ALL) => Some(NONE),
            (Operation::And, ALL, other) | (Operation::Or, NONE, other) => Some(other),
            (Operation::Or, ALL, _) => Some(ALL),
            (Operation::Minus, other, NONE) => Some(other),
            (Operation::Minus, _, _) if a == b => Some(NONE),
            _ if a == b => Some(a),
            _ => None,
        };
        if let Some(set) = short {
            return set;
        }
        let key = (operation, a, b);
        if let Some(set) = self.done.get(&key) {
            return *set;
        }
        let (x, y) = (self.branch(a), self.branch(b));
        let variable = x.variable.min(y.variable);
        let (a_low, a_high) = if x.variable == variable { (x.low, x.high) } else { (a, a) };
        let (b_low, b_high) = if y.variable == variable { (y.low, y.high) } else { (b, b) };
        let low = self.combine(operation, a_low, b_low);
        let high = self.combine(operation, a_high, b_high);
        let set = self.split(variable, low, high);
        self.done.insert(key, set);
        set
    }

    /// The assignments that agree with one of the set in every variable outside `from..to`.
    pub(super) fn project(&mut self, set: Set, from: usize, to: usize) -> Set {
        // `to` is enough of a key, together with `from`: both fit in one number.
        let range = from.saturating_mul(1 << 16).saturating_add(to);
        let branch = self.branch(set);
        if set <= ALL || branch.variable >= to {
            return set;
        }
        let key = (Operation::Project, set, range);
        if let Some(set) = self.done.get(&key) {
            return *set;
        }
        let low = self.project(branch.low, from, to);
        let high = self.project(branch.high, from, to);
        let found = if branch.variable >= from { self.or(low, high) } else { self.split(branch.variable, low, high) };
        self.done.insert(key, found);
        found
    }

    /// Whether the set has the assignment, variable by variable.
    pub(super) fn has(&self, set: Set, assignment: &[bool]) -> bool {
        let mut at = set;
        while at > ALL {
            let branch = self.branch(at);
            let value = assignment.get(branch.variable).copied().unwrap_or(false);
            at = if value { branch.high } else { branch.low };
        }
        at == ALL
    }

    /// An assignment of the set: false wherever it may be.
    pub(super) fn one_of(&self, set: Set, variables: usize) -> Option<Vec<bool>> {
        let mut assignment = vec![false; variables];
        let mut at = set;
        while at > ALL {
            let branch = self.branch(at);
            let up = branch.low == NONE;
            if let Some(value) = assignment.get_mut(branch.variable) {
                *value = up;
            }
            at = if up { branch.high } else { branch.low };
        }
        (at == ALL).then_some(assignment)
    }
}
