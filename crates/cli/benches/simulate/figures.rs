//! The figures that there are targets for.

use super::measure::{Row, median, portcullis};
use super::support::treasury::Treasury;
use serde_json::{Value, json};
use std::fmt;
use std::path::Path;
use std::process::Command;

/// Replays of a bundle.
const REPLAYS: usize = 9;

/// Whether the figure has to be at most or at least its target.
#[derive(Clone, Copy, PartialEq)]
enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

pub(crate) struct Figure {
    name: &'static str,
    unit: &'static str,
    value: f64,
    target: Bound,
}

impl Figure {
    fn is_met(&self) -> bool {
        match self.target {
            Bound::AtMost(target) => self.value <= target,
            Bound::AtLeast(target) => self.value >= target,
        }
    }

    pub(crate) fn json(&self) -> Value {
        let (bound, target) = match self.target {
            Bound::AtMost(target) => ("at_most", target),
            Bound::AtLeast(target) => ("at_least", target),
        };
        json!({ "name": self.name, "unit": self.unit, "value": self.value, bound: target, "met": self.is_met() })
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (bound, target) = match self.target {
            Bound::AtMost(target) => ("at most", target),
            Bound::AtLeast(target) => ("at least", target),
        };
        let met = if self.is_met() { "met" } else { "MISSED" };
        write!(f, "{:<44} {:>10.3} {} ({bound} {target}): {met}", self.name, self.value, self.unit)
    }
}

pub(crate) fn all(treasury: &Treasury, bundle: &Path, rows: &[Row], folder: &Path) -> Vec<Figure> {
    let ms = |path: &str, rtt: u64| rows.iter().find(|row| row.path == path && row.rtt == rtt).unwrap().ms;
    let figure = |name, unit, value, target| Figure { name, unit, value, target };
    let most = |name, value, target| figure(name, "ms", value, Bound::AtMost(target));
    let faster = |name, path| figure(name, "times", ms("anvil-fork", 50) / ms(path, 50), Bound::AtLeast(5.0));
    let [of_ten, of_hundred, of_thousand] = [10, 100, 1_000].map(|count| series(treasury, folder, count));
    vec![
        most("warm", ms("warm", 0), 0.25),
        most("replay of a bundle, with its process", ms("bundle", 0), 5.0),
        figure("a bundle, compressed", "kB", compressed(bundle), Bound::AtMost(100.0)),
        most("one verdict, prefetched, 50 ms", ms("prefetched", 50), 65.0),
        most("one verdict, proven, 50 ms", ms("proven", 50), 170.0),
        faster("faster than a fresh anvil fork, prefetched", "prefetched"),
        faster("faster than a fresh anvil fork, proven", "proven"),
        most("1,000 transactions through revm, from a file", of_thousand, 2_000.0),
        // Each takes as long among a hundred as among ten.
        figure("one of 100 beside one of 10", "times", of_hundred / 10.0 / of_ten, Bound::AtMost(1.25)),
    ]
}

/// In kB, as `gzip -9` makes it.
fn compressed(bundle: &Path) -> f64 {
    let output = Command::new("gzip").arg("-9c").arg(bundle).output().expect("gzip is missing");
    assert!(output.status.success());
    f64::from(u32::try_from(output.stdout.len()).unwrap()) / 1_000.0
}

/// How long a bundle of so many transfers takes to replay, each on the state that the one before left, the file read.
fn series(treasury: &Treasury, folder: &Path, count: usize) -> f64 {
    let bundle = folder.join(format!("{count}.bundle"));
    let (url, safe, bundle) = (&treasury.anvil.url, treasury.safe.to_string(), bundle.to_str().unwrap());
    let file = folder.join("one.json");
    std::fs::write(&file, json!({ "actions": [treasury.tokens("payee", 500_000)] }).to_string()).unwrap();
    let mut arguments = vec!["simulate", "--rpc", url, "--safe", &safe, "--bundle", bundle];
    arguments.extend(["--tx", file.to_str().unwrap()].repeat(count));
    portcullis(&arguments);
    let replay = |_| portcullis(&["replay", bundle, "--times", "1"])["first_us"].as_f64().unwrap() / 1_000.0;
    let ms = median((0..REPLAYS).map(replay).collect());
    eprintln!("a bundle of {count}: {ms:.3} ms");
    ms
}
