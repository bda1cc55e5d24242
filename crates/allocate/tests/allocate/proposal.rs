//! Proposals from documents: the same whatever the order, and refused whatever is changed.

use crate::support;

use portcullis_allocate::documents::{Document, Proposal};
use portcullis_allocate::{propose, verify};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde_json::Value;
use support::documents::{Papers, Read, papers};
use support::{rng, size, tried};

fn proposed(papers: &Papers) -> (Read, Proposal) {
    let read = papers.read();
    let proposal = propose(&read.inputs()).unwrap();
    (read, proposal)
}

fn written(papers: &Papers) -> String {
    serde_json::to_string(&proposed(papers).1).unwrap()
}

/// Into how many orders each portfolio's documents are brought.
const ORDERS: usize = 4;

#[test]
fn every_order_of_every_list_gives_the_same_bytes_on_one_thread_and_on_many() {
    let portfolios = size("PORTCULLIS_ALLOCATE_PERMUTATIONS", 300).div_ceil(ORDERS);
    let mut rng = rng(11);
    let mut moved = 0;
    let numbers: Vec<usize> = (0..portfolios).collect();
    for some in numbers.chunks(16) {
        let sorted: Vec<Papers> = some.iter().map(|at| papers(&mut rng, 3 + at % 20, 1 + *at as i128)).collect();
        let ours: Vec<String> = sorted.iter().map(written).collect();
        for _ in 0..ORDERS {
            let shuffled: Vec<Papers> = sorted.iter().map(|papers| papers.shuffled(&mut rng)).collect();
            let theirs: Vec<String> = std::thread::scope(|scope| {
                let part = |part| scope.spawn(move || <[Papers]>::iter(part).map(written).collect::<Vec<_>>());
                let parts: Vec<_> = shuffled.chunks(4).map(part).collect();
                parts.into_iter().flat_map(|part| part.join().unwrap()).collect()
            });
            assert_eq!(ours, theirs);
        }
        moved += ours.iter().filter(|proposal| !proposal.contains("\"phases\":[]")).count();
    }
    assert!(moved > portfolios / 2, "{moved} of {portfolios}");
    tried(portfolios * ORDERS, "permutations");
}

#[test]
fn the_total_is_exact_at_ten_to_the_thirty() {
    let mut rng = rng(12);
    let count = size("PORTCULLIS_ALLOCATE_TOTALS", 20);
    for _ in 0..count {
        let papers = papers(&mut rng, 30, 10_i128.pow(30) / 7 + 3);
        let (_, proposal) = proposed(&papers);
        let sum: i128 = proposal.subjects.iter().map(|line| line.target.units()).sum();
        assert_eq!(sum, proposal.totals.total.units());
        assert!(sum > 10_i128.pow(30));
        for phase in &proposal.phases {
            let change: i128 = phase
                .moves
                .iter()
                .map(|step| {
                    let sign = i128::from(serde_json::to_value(step.kind).unwrap() == "increase") * 2 - 1;
                    sign * step.amount.units()
                })
                .sum();
            assert_eq!(change, 0);
        }
    }
    tried(count, "totals");
}

/// Changes one field, anywhere.
fn corrupt(value: &mut Value, rng: &mut ChaCha8Rng) {
    match value {
        Value::Object(fields) => {
            let at = rng.random_range(0..fields.len());
            let key = fields.keys().nth(at).unwrap().clone();
            match &fields[&key] {
                Value::Array(list) if list.is_empty() => corrupt(value, rng),
                Value::Object(inner) if inner.is_empty() => corrupt(value, rng),
                _ => corrupt(&mut fields[&key], rng),
            }
        }
        Value::Array(list) => {
            let at = rng.random_range(0..list.len());
            match rng.random_range(0..8) {
                0 => drop(list.remove(at)),
                1 => list.insert(at, list[at].clone()),
                _ => corrupt(&mut list[at], rng),
            }
        }
        Value::String(text) => *text = other_text(text, rng),
        Value::Bool(flag) => *flag = !*flag,
        Value::Number(number) => *value = (number.as_u64().unwrap() + 1).into(),
        Value::Null => *value = Value::Bool(true),
    }
}

fn other_text(text: &str, rng: &mut ChaCha8Rng) -> String {
    if let Ok(number) = text.parse::<i128>() {
        let by = if rng.random_bool(0.5) { 1 } else { 1 + rng.random_range(0..=number.unsigned_abs()) as i128 };
        let sign = if text.starts_with('+') { "+" } else { "" };
        return format!("{sign}{}", if rng.random_bool(0.5) { number + by } else { number - by });
    }
    let mut letters: Vec<char> = text.chars().collect();
    let at = rng.random_range(0..letters.len());
    letters[at] = if letters[at] == '7' { '3' } else { '7' };
    letters.into_iter().collect()
}

/// The top fields that differ.
fn changed<'a>(one: &'a Value, other: &'a Value) -> Vec<(&'a String, &'a Value)> {
    let fields = one.as_object().unwrap().iter();
    fields.filter(|(name, value)| *name != "id" && other.get(name.as_str()) != Some(value)).collect()
}

/// The id that a forger would write.
fn sealed(mut value: Value) -> Value {
    let fields = value.as_object_mut().unwrap();
    fields.remove("id");
    let bytes = serde_json_canonicalizer::to_vec(&fields).unwrap();
    let id = format!("{:?}", alloy_primitives::keccak256(bytes));
    fields.insert("id".to_owned(), id.into());
    value
}

/// Where a value can be changed: the path of each field and list element.
fn places(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(key, inner)| places(inner, &format!("{path}/{}", key.replace('/', "~1")), found));
        }
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(at, inner)| places(inner, &format!("{path}/{at}"), found));
        }
        _ => found.push(path.to_owned()),
    }
}

#[test]
fn every_single_field_counts_even_under_a_fresh_id() {
    let mut rng = rng(15);
    let (read, proposal) = proposed(&papers(&mut rng, 4, 1_000_000_007));
    let sound = serde_json::to_value(&proposal).unwrap();
    let mut found = Vec::new();
    places(&sound, "", &mut found);
    assert!(found.len() > 100 && !proposal.phases.is_empty(), "{} fields", found.len());
    for path in found.iter().filter(|path| *path != "/id" && *path != "/evaluated_at") {
        let mut broken = sound.clone();
        corrupt(broken.pointer_mut(path).unwrap(), &mut rng);
        if let Ok(broken) = Document::<Proposal>::read("proposal", &sealed(broken).to_string()) {
            assert!(verify(&broken.body, &read.snapshot, &read.risk, &read.policies).is_err(), "{path}");
        }
    }
}

#[test]
fn every_corruption_is_refused_even_under_a_fresh_id() {
    let count = size("PORTCULLIS_ALLOCATE_CORRUPTIONS", 600);
    let mut rng = rng(13);
    let (mut read, mut sound) = (None, Value::Null);
    let (mut refused, mut unread) = (0, 0);
    for number in 0..count {
        if number % 100 == 0 {
            let papers = papers(&mut rng, 3 + number / 100 % 6, 1_000_000_007);
            let (documents, proposal) = proposed(&papers);
            sound = serde_json::to_value(&proposal).unwrap();
            // What the corruptions start from is accepted, its own seal included.
            assert_eq!(sealed(sound.clone()), sound);
            read = Some(documents);
        }
        let mut broken = sound.clone();
        corrupt(&mut broken, &mut rng);
        let evaluated = broken["evaluated_at"] != sound["evaluated_at"];
        // Another time is another evaluation, which may be valid; its id tells them apart.
        let broken = if number % 2 == 0 || evaluated { broken } else { sealed(broken) };
        // A changed id is mended by its seal.
        if broken == sound {
            continue;
        }
        let documents = read.as_ref().unwrap();
        match Document::<Proposal>::read("proposal", &broken.to_string()) {
            Err(_) => unread += 1,
            Ok(proposal) => {
                let verdict = verify(&proposal.body, &documents.snapshot, &documents.risk, &documents.policies);
                assert!(verdict.is_err(), "corruption {number} was accepted in {:?}", changed(&broken, &sound));
                refused += 1;
            }
        }
    }
    assert!(refused > count / 2 && refused + unread > count * 9 / 10, "{refused} refused, {unread} unread");
    tried(refused + unread, "corruptions");
}

#[test]
fn a_worse_allocation_is_refused_with_the_reason() {
    let mut rng = rng(14);
    let mut told = std::collections::BTreeSet::new();
    for _ in 0..300 {
        let papers = papers(&mut rng, 8, 1_000);
        let (read, proposal) = proposed(&papers);
        let mut worse = proposal.clone();
        let (from, to) = (rng.random_range(0..8), rng.random_range(0..8));
        let amount = |line: &portcullis_allocate::documents::SubjectLine, by: i128| {
            portcullis_allocate::documents::Amount::new(line.target.units() + by)
        };
        let (Some(less), Some(more)) = (amount(&proposal.subjects[from], -1), amount(&proposal.subjects[to], 1)) else {
            continue;
        };
        if from == to {
            continue;
        }
        (worse.subjects[from].target, worse.subjects[to].target) = (less, more);
        let worse = sealed(serde_json::to_value(&worse).unwrap());
        let worse = Document::<Proposal>::read("worse", &worse.to_string()).unwrap().body;
        let error = verify(&worse, &read.snapshot, &read.risk, &read.policies).unwrap_err().to_string();
        told.insert(error.split(':').next().unwrap().replace(|letter: char| letter.is_ascii_digit(), ""));
    }
    assert!(told.iter().any(|error| error.contains("better allocation")), "{told:?}");
    assert!(told.iter().any(|error| error.contains("may not")), "{told:?}");
    assert!(told.iter().any(|error| error.contains("later id")), "{told:?}");
}
