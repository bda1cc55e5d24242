//! The first two levels of the order as linear programs, in ether: least violation, then least turnover.

use clarabel::algebra::CscMatrix;
use clarabel::solver::{DefaultSettingsBuilder, DefaultSolver, IPSolver, NonnegativeConeT, SolverStatus, ZeroConeT};
use eyre::{Result, bail, eyre};
use portcullis_allocate::solve::{Bound, Problem};

const ETHER: f64 = 1e18;

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

/// What each subject holds, in wei, by a solver of linear programs.
pub(crate) fn solve(
    problem: &Problem,
    solver: &mut dyn FnMut(&Program) -> Result<Vec<f64>>,
) -> Result<Vec<i128>> {
    let (mut program, excesses) = feasible(problem);
    let found = solver(&program)?;
    let least: f64 = excesses.iter().map(|column| found[*column]).sum();
    // No more violation than that, within what the solver calls equal.
    program.row(excesses.iter().map(|column| (*column, 1.0)), least + 1e-8 * least.max(1.0));
    program.cost.iter_mut().for_each(|cost| *cost = 0.0);
    for (column, leaf) in problem.leaves.iter().enumerate() {
        let moved = program.variable(1.0);
        program.row([(column, 1.0), (moved, -1.0)], ether(leaf.now));
        program.row([(column, -1.0), (moved, -1.0)], -ether(leaf.now));
    }
    let found = solver(&program)?;
    Ok(found.iter().take(problem.leaves.len()).map(|amount| (amount * ETHER).round() as i128).collect())
}

/// Everything but turnover, and the variables that count what is above caps and below floors.
fn feasible(problem: &Problem) -> (Program, Vec<usize>) {
    let leaves = problem.leaves.len();
    let mut program = Program { cost: vec![0.0; leaves], bounds: Vec::new(), places: Vec::new() };
    program.row((0..leaves).map(|column| (column, 1.0)), ether(problem.total()));
    let mut excesses = Vec::new();
    for (column, leaf) in problem.leaves.iter().enumerate() {
        program.row([(column, -1.0)], -ether(leaf.least));
        if leaf.most < i128::MAX {
            program.row([(column, 1.0)], ether(leaf.most));
        }
        let (cap, floor) = (leaf.cap.as_ref(), leaf.floor.as_ref());
        bound(&mut program, &[column], cap, floor, &mut excesses);
    }
    for group in &problem.groups {
        bound(&mut program, &group.members, group.cap.as_ref(), group.floor.as_ref(), &mut excesses);
    }
    (program, excesses)
}

fn bound(
    program: &mut Program,
    members: &[usize],
    cap: Option<&Bound>,
    floor: Option<&Bound>,
    excesses: &mut Vec<usize>,
) {
    for (bound, sign) in [(cap, 1.0), (floor, -1.0)] {
        let Some(bound) = bound else { continue };
        let excess = program.variable(1.0);
        excesses.push(excess);
        let terms = members.iter().map(|column| (*column, sign)).chain([(excess, -1.0)]);
        program.row(terms, sign * ether(bound.amount));
    }
}

fn ether(wei: i128) -> f64 {
    wei as f64 / ETHER
}
