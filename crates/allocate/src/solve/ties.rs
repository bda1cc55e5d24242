//! The last level: of allocations that are equally good, the one that gives most to the smallest ids.
//!
//! All optima obey the same prices, and squares are strictly convex, so that a subject differs by at most one unit
//! among them. Moving a unit costs nothing along edges that are *tight*: the price across is exactly the unit's cost.
//! By id, each subject is raised if a tight path among the later ones gives the unit back.
#![expect(clippy::indexing_slicing, reason = "nodes and edges are numbered by the network itself")]

use super::flow::{Edge, Network};
use alloy_primitives::I256;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Leaves between the same two nodes, by id: those that can give a unit away, and those that can take one.
#[derive(Default)]
struct Cell {
    from: usize,
    to: usize,
    rising: BTreeSet<usize>,
    falling: BTreeSet<usize>,
}

/// One step of a path: an edge, and whether it is used along its direction.
#[derive(Clone, Copy)]
struct Step {
    edge: usize,
    along: bool,
}

/// Changes the flow to the optimum that is greatest by id. The first `leaves` edges are the subjects.
pub(super) fn by_id(network: &mut Network, prices: &[I256], leaves: usize) {
    let mut ties = Ties::of(network, prices, leaves);
    for leaf in 0..leaves {
        let cell = ties.cell_of[leaf];
        if ties.cells[cell].rising.remove(&leaf) {
            let (from, to) = (network.edges[leaf].from, network.edges[leaf].to);
            if let Some(path) = ties.path(network, to, from) {
                network.edges[leaf].flow += 1;
                ties.push(network, prices, &path);
            }
        }
        ties.cells[cell].falling.remove(&leaf);
    }
}

struct Ties {
    leaves: usize,
    cells: Vec<Cell>,
    cell_of: Vec<usize>,
    cells_at: Vec<Vec<usize>>,
    groups_at: Vec<Vec<usize>>,
    /// By group, whether it is tight along its direction and against it.
    tight: Vec<[bool; 2]>,
}

impl Ties {
    fn of(network: &Network, prices: &[I256], leaves: usize) -> Self {
        let mut index = BTreeMap::new();
        let mut ties = Self {
            leaves,
            cells: Vec::new(),
            cell_of: Vec::new(),
            cells_at: vec![Vec::new(); prices.len()],
            groups_at: vec![Vec::new(); prices.len()],
            tight: Vec::new(),
        };
        for (number, edge) in network.edges.iter().enumerate() {
            if number >= leaves {
                ties.groups_at[edge.from].push(number);
                ties.groups_at[edge.to].push(number);
                ties.tight.push([rises(edge, prices), falls(edge, prices)]);
                continue;
            }
            let cell = *index.entry((edge.from, edge.to)).or_insert_with(|| {
                ties.cells.push(Cell { from: edge.from, to: edge.to, ..Cell::default() });
                ties.cells.len() - 1
            });
            ties.cell_of.push(cell);
            if rises(edge, prices) {
                ties.cells[cell].rising.insert(number);
            } else if falls(edge, prices) {
                ties.cells[cell].falling.insert(number);
            }
        }
        // The others stay empty: a leaf can give a unit back only after it took one.
        let in_use = |cell: &Cell| !(cell.rising.is_empty() && cell.falling.is_empty());
        for (number, cell) in ties.cells.iter().enumerate().filter(|(_, cell)| in_use(cell)) {
            ties.cells_at[cell.from].push(number);
            ties.cells_at[cell.to].push(number);
        }
        ties
    }

    /// A path of tight edges, without the leaves that are settled.
    fn path(&self, network: &Network, start: usize, goal: usize) -> Option<Vec<Step>> {
        let mut came: Vec<Option<(usize, Step)>> = vec![None; self.groups_at.len()];
        let mut queue = VecDeque::from([start]);
        while let Some(node) = queue.pop_front() {
            if node == goal {
                let mut path = Vec::new();
                let mut at = goal;
                while let Some((before, step)) = came[at].filter(|_| at != start) {
                    path.push(step);
                    at = before;
                }
                return Some(path);
            }
            let mut reach = |other: usize, step: Step| {
                if other != start && came[other].is_none() {
                    came[other] = Some((node, step));
                    queue.push_back(other);
                }
            };
            for cell in self.cells_at[node].iter().map(|cell| &self.cells[*cell]) {
                if cell.from == node {
                    cell.rising.first().into_iter().for_each(|leaf| reach(cell.to, Step { edge: *leaf, along: true }));
                } else {
                    cell.falling
                        .last()
                        .into_iter()
                        .for_each(|leaf| reach(cell.from, Step { edge: *leaf, along: false }));
                }
            }
            for group in &self.groups_at[node] {
                let (edge, [rises, falls]) = (&network.edges[*group], self.tight[*group - self.leaves]);
                if edge.from == node && rises {
                    reach(edge.to, Step { edge: *group, along: true });
                } else if edge.to == node && falls {
                    reach(edge.from, Step { edge: *group, along: false });
                }
            }
        }
        None
    }

    fn push(&mut self, network: &mut Network, prices: &[I256], path: &[Step]) {
        for step in path {
            let edge = &mut network.edges[step.edge];
            edge.flow += if step.along { 1 } else { -1 };
            if step.edge < self.leaves {
                let cell = &mut self.cells[self.cell_of[step.edge]];
                let (out, into) = if step.along {
                    (&mut cell.rising, &mut cell.falling)
                } else {
                    (&mut cell.falling, &mut cell.rising)
                };
                out.remove(&step.edge);
                into.insert(step.edge);
            } else {
                self.tight[step.edge - self.leaves] = [rises(edge, prices), falls(edge, prices)];
            }
        }
    }
}

/// Whether one unit more costs exactly what the prices pay for it.
fn rises(edge: &Edge, prices: &[I256]) -> bool {
    edge.up() == Some(prices[edge.to] - prices[edge.from])
}

/// Whether one unit less saves exactly what the prices ask for it.
fn falls(edge: &Edge, prices: &[I256]) -> bool {
    edge.down() == Some(prices[edge.to] - prices[edge.from])
}
