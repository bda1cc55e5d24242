//! The optimum against every allocation there is.

use crate::support;

use portcullis_allocate::solve::{Families, Optimum, Problem, optimum, phases, shortfall};
use rand::RngExt;
use rand::seq::SliceRandom;
use std::cmp::Reverse;
use support::{bounds_of, load, random, rng, size, tried, violation};

/// How good an allocation is, level by level; the smallest is the best.
fn rank(problem: &Problem, x: &[i128]) -> (i128, i128, i128, i128, Vec<Reverse<i128>>) {
    let pairs = || problem.leaves.iter().zip(x);
    (
        violation(problem, x),
        pairs().map(|(leaf, x)| (x - leaf.now).max(0)).sum(),
        x.iter().map(|x| x * x).sum(),
        pairs().map(|(leaf, x)| leaf.target.map_or(0, |target| (x - target).abs())).sum(),
        x.iter().copied().map(Reverse).collect(),
    )
}

/// Every way to hold the total within the hard bounds.
fn everything(problem: &Problem) -> Vec<Vec<i128>> {
    fn extend(problem: &Problem, x: &mut Vec<i128>, left: i128, found: &mut Vec<Vec<i128>>) {
        let Some(leaf) = problem.leaves.get(x.len()) else {
            if left == 0 && bounds_of(problem).iter().all(|bound| bound.no_worse(&problem.now(), x)) {
                found.push(x.clone());
            }
            return;
        };
        for amount in leaf.least..=leaf.most.min(left) {
            x.push(amount);
            extend(problem, x, left - amount, found);
            x.pop();
        }
    }
    let mut found = Vec::new();
    extend(problem, &mut Vec::new(), problem.total(), &mut found);
    found
}

fn solved(problem: &Problem) -> (Families, Optimum) {
    let families = Families::of(problem).unwrap();
    let best = optimum(problem, &families).unwrap();
    (families, best)
}

#[test]
fn it_is_the_best_of_all_allocations_ties_included() {
    let count = size("PORTCULLIS_ALLOCATE_INSTANCES", 3_000);
    let mut rng = rng(1);
    let (mut tied, mut moved, mut violated) = (0, 0, 0);
    for number in 0..count {
        let problem = random(&mut rng, 5, 9);
        let mut all = everything(&problem);
        all.sort_by_cached_key(|x| rank(&problem, x));
        let (best, ours) = (&all[0], solved(&problem).1.amounts);
        assert_eq!(best, &ours, "instance {number}: {problem:#?}");
        let worth = |x: &[i128]| {
            let (violation, turnover, squares, distance, _) = rank(&problem, x);
            (violation, turnover, squares, distance)
        };
        tied += usize::from(all.get(1).is_some_and(|second| worth(second) == worth(best)));
        moved += usize::from(*best != problem.now());
        violated += usize::from(violation(&problem, best) > 0);
    }
    // The instances ask what they should.
    assert!(tied > count / 50 && moved > count / 2 && violated > count / 20, "{tied} {moved} {violated} of {count}");
    tried(count, "instances");
}

#[test]
fn a_shortfall_is_what_no_allocation_avoids() {
    let mut rng = rng(2);
    let (count, mut short) = (size("PORTCULLIS_ALLOCATE_CUTS", 1_000), 0);
    for number in 0..count {
        let problem = random(&mut rng, 5, 7);
        let families = Families::of(&problem).unwrap();
        let collision = shortfall(&problem, &families).unwrap();
        // Bounds of one subject that exclude each other are no matter of a cut.
        let alone = problem.leaves.iter().any(|l| match (&l.cap, &l.floor) {
            (Some(cap), Some(floor)) => floor.amount > cap.amount,
            _ => false,
        });
        let alone = alone || problem.leaves.iter().any(|l| l.cap.as_ref().is_some_and(|cap| cap.amount < l.least));
        let alone = alone || problem.leaves.iter().any(|l| l.floor.as_ref().is_some_and(|floor| floor.amount > l.most));
        let alone = alone
            || problem.groups.iter().any(|g| match (&g.cap, &g.floor) {
                (Some(cap), Some(floor)) => floor.amount > cap.amount,
                _ => false,
            });
        if alone {
            continue;
        }
        let best = solved(&problem).1.amounts;
        assert_eq!(collision.is_some(), violation(&problem, &best) > 0, "instance {number}: {problem:#?}");
        let Some(collision) = collision else { continue };
        short += 1;
        let (mut caps, mut floors) = (0, 0);
        for side in &collision.sides {
            match side {
                portcullis_allocate::solve::Side::Cap { amount, .. } => caps += amount,
                portcullis_allocate::solve::Side::Floor { amount, .. } => floors += amount,
            }
        }
        assert_eq!(collision.total + floors - caps, collision.by, "instance {number}: {collision:#?} {problem:#?}");
        assert!(collision.by > 0 && collision.by <= violation(&problem, &best));
    }
    assert!(short > count / 10, "{short}");
    tried(short, "cuts");
}

#[test]
fn phases_keep_the_total_the_steps_and_every_bound() {
    let mut rng = rng(3);
    for number in 0..1_000 {
        let mut problem = random(&mut rng, 8, 60);
        for leaf in &mut problem.leaves {
            leaf.step = rng.random_bool(0.7).then(|| rng.random_range(1..9));
        }
        for group in &mut problem.groups {
            group.step = rng.random_bool(0.3).then(|| rng.random_range(1..9));
        }
        let (families, best) = solved(&problem);
        let steps = phases(&problem, &families, &best.amounts, rng.random_range(1..4)).unwrap();
        let mut before = problem.now();
        for after in &steps {
            assert_eq!(after.iter().sum::<i128>(), problem.total());
            for bound in bounds_of(&problem) {
                assert!(bound.no_worse(&before, after), "instance {number}: {bound:?} {before:?} {after:?}");
                let change = (load(&bound.members, after) - load(&bound.members, &before)).abs();
                assert!(bound.step.is_none_or(|step| change <= step), "instance {number}: {bound:?} {change}");
            }
            before.clone_from(after);
        }
        assert_eq!(before, best.amounts, "instance {number}");
    }
}

#[test]
fn amounts_of_ten_to_the_thirty_stay_exact() {
    let mut rng = rng(4);
    for _ in 0..200 {
        let mut problem = random(&mut rng, 8, 60);
        let unit = 10_i128.pow(30) / 60 + 1;
        let grow = |rng: &mut rand_chacha::ChaCha8Rng, amount: i128| {
            if amount == 0 { 0 } else { amount * unit + rng.random_range(-9..9) }
        };
        for leaf in &mut problem.leaves {
            leaf.now = grow(&mut rng, leaf.now);
            leaf.least = if leaf.least > 0 { leaf.now } else { 0 };
            leaf.most = if leaf.held.is_some() { leaf.now } else { i128::MAX };
            leaf.step = Some(unit * 3);
            for bound in [&mut leaf.cap, &mut leaf.floor].into_iter().flatten() {
                bound.amount = grow(&mut rng, bound.amount);
            }
        }
        for bound in problem.groups.iter_mut().flat_map(|group| [&mut group.cap, &mut group.floor]).flatten() {
            bound.amount = grow(&mut rng, bound.amount);
        }
        let (families, best) = solved(&problem);
        assert_eq!(best.amounts.iter().sum::<i128>(), problem.total());
        for after in phases(&problem, &families, &best.amounts, 1).unwrap() {
            assert_eq!(after.iter().sum::<i128>(), problem.total());
        }
    }
}

#[test]
fn a_third_crossing_family_is_refused_by_name() {
    let mut problem = random(&mut rng(5), 8, 9);
    let group = |id: &str, members: &[usize]| portcullis_allocate::solve::Group {
        id: id.to_owned(),
        members: members.to_vec(),
        cap: None,
        floor: None,
        step: None,
    };
    problem.groups = vec![group("client", &[0, 3]), group("network", &[0, 2]), group("provider", &[0, 1])];
    let error = Families::of(&problem).unwrap_err();
    assert_eq!(error.0.len(), 3);
    assert!(error.to_string().contains("client") && error.to_string().contains("provider"), "{error}");
    problem.groups.pop();
    assert!(Families::of(&problem).is_ok());
}

#[test]
fn shuffling_is_the_business_of_documents_but_names_decide_ties() {
    let mut rng = rng(6);
    for _ in 0..300 {
        let problem = random(&mut rng, 6, 9);
        let mut shuffled = problem.clone();
        let mut order: Vec<usize> = (0..problem.groups.len()).collect();
        order.shuffle(&mut rng);
        shuffled.groups = order.iter().map(|at| problem.groups[*at].clone()).collect();
        assert_eq!(solved(&problem).1.amounts, solved(&shuffled).1.amounts);
    }
}
