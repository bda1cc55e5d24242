//! The first two levels of the order as linear programs, in units that floats hold: least violation, then least turnover.

use clarabel::algebra::CscMatrix;
use clarabel::solver::{DefaultSettingsBuilder, DefaultSolver, IPSolver, NonnegativeConeT, SolverStatus, ZeroConeT};
use eyre::{Result, bail, eyre};
use portcullis_allocate::solve::{Bound, Problem};

/// Rows of `A x + s = b`, with `s` zero for the first row and not negative for all others.
pub(crate) struct Program {
    pub(crate) cost: Vec<f64>,
    pub(crate) bounds: Vec<f64>,
    /// Row, column and factor.
    pub(crate) places: Vec<(usize, usize, f64)>,
}

impl Program {
    fn row(&mut self, terms: impl IntoIterator<Item = (usize, f64)>, bound: f64) {
        let row = self.bounds.len();
        self.places.extend(terms.into_iter().map(|(column, factor)| (row, column, factor)));
        self.bounds.push(bound);
    }

    /// A variable that is never negative.
    fn variable(&mut self, cost: f64) -> usize {
        let column = self.cost.len();
        self.cost.push(cost);
        self.row([(column, -1.0)], 0.0);
        column
    }

    /// By Clarabel.
    pub(crate) fn clarabel(&self) -> Result<Vec<f64>> {
        let (rows, columns) = (self.bounds.len(), self.cost.len());
        let (mut at, mut to, mut factors) = (Vec::new(), Vec::new(), Vec::new());
        for (row, column, factor) in &self.places {
            at.push(*row);
            to.push(*column);
            factors.push(*factor);
        }
        let matrix = CscMatrix::new_from_triplets(rows, columns, at, to, factors);
        let cones = [ZeroConeT(1), NonnegativeConeT(rows - 1)];
        let settings = DefaultSettingsBuilder::default().verbose(false).build().map_err(|error| eyre!("{error:?}"))?;
        let none = CscMatrix::zeros((columns, columns));
        let solver = DefaultSolver::new(&none, &self.cost, &matrix, &self.bounds, &cones, settings);
        let mut solver = solver.map_err(|error| eyre!("{error:?}"))?;
        solver.solve();
        if !matches!(solver.solution.status, SolverStatus::Solved | SolverStatus::AlmostSolved) {
            bail!("clarabel: {:?}", solver.solution.status);
        }
        Ok(solver.solution.x)
    }
}

/// What a solver found of a portfolio, in the unit that it was given.
pub(crate) struct Found {
    /// What each subject holds.
    pub(crate) amounts: Vec<f64>,
    pub(crate) violation: f64,
    pub(crate) turnover: f64,
}

/// A solver of linear programs.
pub(crate) type Solver<'a> = &'a mut dyn FnMut(&Program) -> Result<Vec<f64>>;

/// Both levels, one after the other.
///
/// `unit` is what floats count in, in base units.
pub(crate) fn solve(problem: &Problem, unit: f64, solver: Solver<'_>) -> Result<Found> {
    let scaled = |amount: i128| amount as f64 / unit;
    let (mut program, excesses) = feasible(problem, &scaled);
    let found = solver(&program)?;
    let least: f64 = excesses.iter().map(|column| found[*column]).sum();
    // No more violation than that, within what the solver calls equal.
    program.row(excesses.iter().map(|column| (*column, 1.0)), least + 1e-8 * least.max(1.0));
    program.cost.iter_mut().for_each(|cost| *cost = 0.0);
    let mut changes = Vec::new();
    for (column, leaf) in problem.leaves.iter().enumerate() {
        let moved = program.variable(1.0);
        changes.push(moved);
        program.row([(column, 1.0), (moved, -1.0)], scaled(leaf.now));
        program.row([(column, -1.0), (moved, -1.0)], -scaled(leaf.now));
    }
    let found = solver(&program)?;
    Ok(Found {
        violation: excesses.iter().map(|column| found[*column]).sum(),
        turnover: changes.iter().map(|column| found[*column]).sum(),
        amounts: found.into_iter().take(problem.leaves.len()).collect(),
    })
}

/// Everything but turnover, and the variables that count what is above caps and below floors.
fn feasible(problem: &Problem, scaled: &dyn Fn(i128) -> f64) -> (Program, Vec<usize>) {
    let leaves = problem.leaves.len();
    let mut program = Program { cost: vec![0.0; leaves], bounds: Vec::new(), places: Vec::new() };
    program.row((0..leaves).map(|column| (column, 1.0)), scaled(problem.total()));
    let mut excesses = Vec::new();
    for (column, leaf) in problem.leaves.iter().enumerate() {
        program.row([(column, -1.0)], -scaled(leaf.least));
        if leaf.most < i128::MAX {
            program.row([(column, 1.0)], scaled(leaf.most));
        }
    }
    let now = problem.now();
    let leaves = problem.leaves.iter().enumerate();
    let bounded = leaves.map(|(column, leaf)| (vec![column], &leaf.cap, &leaf.floor));
    let groups = problem.groups.iter().map(|group| (group.members.clone(), &group.cap, &group.floor));
    for (members, cap, floor) in bounded.chain(groups) {
        let load: i128 = members.iter().map(|member| now[*member]).sum();
        for (bound, sign) in [(cap, 1), (floor, -1)] {
            let Some(Bound { amount, .. }) = bound else { continue };
            let excess = program.variable(1.0);
            excesses.push(excess);
            let factor = f64::from(sign);
            let terms = members.iter().map(|column| (*column, factor)).chain([(excess, -1.0)]);
            program.row(terms, factor * scaled(*amount));
            // No bound may become further violated than it is.
            program.row([(excess, 1.0)], scaled((i128::from(sign) * (load - amount)).max(0)));
        }
    }
    (program, excesses)
}
