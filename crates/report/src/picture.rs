//! Who gives what to whom, as a drawing.

use std::collections::BTreeMap;

use maud::{Markup, html as markup};

use crate::document::plain;
use crate::show_moves::Names;
use crate::{Report, Transfer, Who};

/// More arrows than these are nobody's picture; the table has them all.
const MOST: usize = 40;
/// Measures, in the drawing's own units.
const ROW: usize = 34;
const BOX: usize = 372;
const WIDTH: usize = 1_320;
const TOP: usize = 8;

/// An arrow for each transfer from a box on the left to a box on the right.
pub(crate) fn picture(transfers: &[Transfer], report: &Report) -> Markup {
    let names = Names::new(report);
    let mut shown: Vec<&Transfer> = transfers.iter().take(MOST).collect();
    // By giver, the Safe first, so that each giver's arrows leave one box.
    shown.sort_by_key(|one| (one.from != report.safe.address, one.from));
    let givers = boxes(shown.iter().map(|one| one.from));
    let takers = boxes(shown.iter().map(|one| one.to));
    let height = shown.len().saturating_mul(ROW).saturating_add(2 * TOP);
    let mut used: BTreeMap<Who, usize> = BTreeMap::new();
    let arrows = shown.iter().enumerate().map(|(row, one)| {
        let (first, _) = takers.get(&one.to).copied().unwrap_or_default();
        let nth = used.entry(one.to).or_default();
        let end = middle(first.saturating_add(*nth));
        *nth = nth.saturating_add(1);
        (middle(row), end, plain(&names.who_and_what(one)))
    });
    let arrows: Vec<_> = arrows.collect();
    let right = WIDTH.saturating_sub(BOX);
    let label = format!("{} transfers, listed in the table below", transfers.len());
    markup! {
        div class="wide" tabindex="0" {
            svg viewBox=(format!("0 0 {WIDTH} {height}")) role="img" aria-label=(label) {
                defs {
                    marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto" {
                        path class="tip" d="M0 0 L8 4 L0 8 z" {}
                    }
                }
                @for (from, to, what) in &arrows {
                    path class="arrow" marker-end="url(#tip)" d=(curve(*from, *to, right)) {}
                    text class="sum" x=(BOX + 14) y=(from.saturating_sub(5)) { (what) }
                }
                @for (who, (row, count)) in &givers { (account(*who, 1, *row, *count, report, &names)) }
                @for (who, (row, count)) in &takers { (account(*who, right - 1, *row, *count, report, &names)) }
            }
            @if transfers.len() > MOST { p { "The picture shows " (MOST) " of them." } }
        }
    }
}

/// The first row and the number of rows of each, in the order in which they come.
fn boxes(all: impl Iterator<Item = Who>) -> BTreeMap<Who, (usize, usize)> {
    let mut order: Vec<(Who, usize)> = Vec::new();
    for who in all {
        match order.iter_mut().find(|(known, _)| *known == who) {
            Some((_, count)) => *count = count.saturating_add(1),
            None => order.push((who, 1)),
        }
    }
    let mut row = 0_usize;
    let mut boxes = BTreeMap::new();
    for (who, count) in order {
        boxes.insert(who, (row, count));
        row = row.saturating_add(count);
    }
    boxes
}

fn middle(row: usize) -> usize {
    row.saturating_mul(ROW).saturating_add(TOP + ROW / 2)
}

fn curve(from: usize, to: usize, right: usize) -> String {
    let (leave, arrive) = (right.saturating_sub(130), right.saturating_sub(30));
    format!("M{BOX} {from} H{leave} C{arrive} {from} {leave} {to} {arrive} {to} H{}", right.saturating_sub(3))
}

fn account(who: Who, x: usize, row: usize, count: usize, report: &Report, names: &Names<'_>) -> Markup {
    let (y, height) = (row.saturating_mul(ROW).saturating_add(TOP + 2), count.saturating_mul(ROW).saturating_sub(4));
    let class = if who == report.safe.address { "box safe" } else { "box" };
    let line = y.saturating_add(height / 2);
    let name = names.short(who);
    let up = if name.is_some() { line.saturating_sub(2) } else { line.saturating_add(5) };
    markup! {
        rect class=(class) x=(x) y=(y) width=(BOX) height=(height) rx="4" {}
        text class="who" x=(x + 10) y=(up) { (who) }
        @if let Some(name) = name { text class="name" x=(x + 10) y=(line.saturating_add(12)) { (name) } }
    }
}
