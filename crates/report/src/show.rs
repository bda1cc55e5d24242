//! What of a report stands where.

use crate::document::{Block, Document, Line, Section, Span, Tone, exact, quoted, words};
use crate::show_moves::{Names, moves};
use crate::units;
use crate::{Action, Call, CallKind, Conclusion, Configuration, Decoded, Judged, Outcome, Report, Source, Status};

/// The whole report.
pub(crate) fn document(report: &Report) -> Document<'_> {
    let names = Names::new(report);
    let (tone, word, sentence) = conclusion(report.conclusion);
    let mut sections = vec![section("Verdict", vec![verdict(report)])];
    if !report.warnings.is_empty() {
        let lines = report.warnings.iter().map(|warning| vec![quoted(&warning.words)]);
        sections.push(section("Look twice", vec![Block::List(lines.collect())]));
    }
    sections.push(section("Request", request(report, &names)));
    sections.push(section("Rules", rules(report, &names)));
    sections.push(section("Assets", moves(report, &names)));
    sections.push(section("The Safe itself", vec![configuration(report, &names)]));
    if let Some(hashes) = &report.hashes {
        let facts = vec![
            ("Domain hash", vec![exact(hashes.domain)]),
            ("Message hash", vec![exact(hashes.message)]),
            ("Safe transaction hash", vec![exact(hashes.safe_tx)]),
        ];
        let about = vec![words("Compare them with what the wallet shows, on the device that signs.")];
        sections.push(section("Hashes to sign", vec![Block::List(vec![about]), Block::Facts(facts)]));
    }
    sections.push(section("Calls", vec![calls(report, &names)]));
    sections.push(section("Events", vec![events(report, &names)]));
    sections.push(section("Changes of the state", state(report, &names)));
    let overrides = report.overrides.iter().map(|one| vec![words(one)]).collect();
    sections.push(section("Unlike the chain", vec![Block::List(overrides)]));
    sections.push(section("Where this comes from", vec![provenance(report)]));
    Document { tone, word, sentence, sections }
}

fn section<'a>(title: &'static str, blocks: Vec<Block<'a>>) -> Section<'a> {
    Section { title, blocks }
}

const fn conclusion(conclusion: Conclusion) -> (Tone, &'static str, &'static str) {
    match conclusion {
        Conclusion::Allowed => (Tone::Good, "Allowed", "The policy allows it, and the Safe executes it."),
        Conclusion::Denied => (Tone::Bad, "Denied", "The policy denies it, and the Safe does not execute it."),
        Conclusion::Fails => (Tone::Bad, "Fails", "The policy allows it, but the execution fails."),
        Conclusion::Disagreement => (
            Tone::Alarm,
            "DISAGREEMENT",
            "THE CHAIN AND THE MIRROR DISAGREE. Trust neither, sign nothing, and report this transaction.",
        ),
    }
}

fn verdict(report: &Report) -> Block<'_> {
    let judged = |judged: &Judged| {
        let word = if judged.allows { "allow:" } else { "deny:" };
        vec![words(word), quoted(&judged.words), words("reason"), exact(&judged.reason)]
    };
    let outcome = match report.outcome {
        Outcome::Executes => "runs to its end",
        Outcome::Denied => "reverted by the hook",
        Outcome::Fails => "fails",
    };
    let mut facts = vec![
        ("On the chain", judged(&report.chain)),
        ("In the mirror", judged(&report.mirror)),
        ("Execution", vec![words(format!("{outcome}, gas")), exact(report.gas)]),
    ];
    if let Some(from) = report.allowed_from {
        let announced = if from.announced { ", if it is announced at the time of this simulation" } else { "" };
        facts.push((
            "Allowed from",
            vec![words(units::time(from.at)), words(format!("(second {}){announced}", from.at))],
        ));
    }
    if let Some(failure) = &report.failure {
        facts.push(("Why it fails", vec![quoted(failure)]));
    }
    Block::Facts(facts)
}

fn request<'a>(report: &'a Report, names: &Names<'_>) -> Vec<Block<'a>> {
    let (safe, asked) = (&report.safe, &report.request);
    let mut facts = vec![
        ("Safe", names.who(safe.address)),
        (
            "Version",
            vec![
                words(&safe.version),
                words("needs"),
                exact(safe.threshold),
                words("of"),
                exact(safe.owners.len()),
                words("owners"),
            ],
        ),
        ("Policy", vec![quoted(&safe.policy), words("as program"), exact(safe.program)]),
        ("Runs at", vec![words(units::time(report.provenance.time))]),
        ("Called by", names.who(asked.initiator)),
    ];
    if let Some(module) = asked.module {
        facts.push(("Module", names.who(module)));
    }
    if let Some(nonce) = asked.nonce {
        facts.push(("Nonce", vec![exact(nonce)]));
    }
    facts.push(("Executes", [vec![words(operation(asked.operation))], names.who(asked.to)].concat()));
    let rows = report.actions.iter().enumerate().map(|(index, action)| row(index, action, names));
    let head = vec!["Action", "Calls", "With", "Does"];
    vec![Block::Facts(facts), Block::Table("What the Safe is asked to do", head, rows.collect())]
}

const fn operation(operation: u8) -> &'static str {
    if operation == 1 { "DELEGATECALL to" } else { "call to" }
}

fn row(index: usize, action: &Action, names: &Names<'_>) -> Vec<Line> {
    let to = [vec![words(operation(action.operation))], names.who(action.to)].concat();
    let value = if action.value.0.is_zero() { Vec::new() } else { names.native(action.value) };
    vec![vec![exact(index.saturating_add(1))], to, value, calldata(action.call.as_ref(), &action.data)]
}

fn calldata(call: Option<&Decoded>, data: &crate::Data) -> Line {
    match call {
        Some(read) => selector(data).into_iter().chain(decoded(read)).collect(),
        None if data.length == 0 => vec![words("no calldata")],
        None => vec![words("calldata that nothing here reads:"), exact(data)],
    }
}

/// What is called for certain, beside whatever name it has.
fn selector(data: &crate::Data) -> Option<Span> {
    data.head.get(..4).map(|selector| exact(alloy_primitives::hex::encode_prefixed(selector)))
}

fn decoded(read: &Decoded) -> Line {
    let mut line = vec![exact(&read.signature)];
    for argument in &read.arguments {
        if !argument.name.is_empty() {
            line.push(words(argument.name.clone()));
        }
        line.push(quoted(&argument.value));
    }
    line
}

fn rules<'a>(report: &'a Report, names: &Names<'_>) -> Vec<Block<'a>> {
    let mut rows = Vec::new();
    for (index, action) in report.actions.iter().enumerate() {
        for effect in &action.effects {
            let rule = effect.rule.as_ref().map_or_else(|| vec![words("no rule")], |rule| vec![quoted(rule)]);
            let delay = if effect.delay == 0 { String::new() } else { units::duration(effect.delay.into()) };
            let passes = if effect.passes { "passes" } else { "DENIED" };
            let number = vec![exact(index.saturating_add(1))];
            rows.push(vec![number, vec![quoted(&effect.words)], vec![words(passes)], rule, vec![words(delay)]]);
        }
    }
    let mut blocks = vec![Block::Table(
        "What it does, and which rule decides",
        vec!["Action", "Effect", "Verdict", "Rule", "Notice"],
        rows,
    )];
    if !report.obligations.is_empty() {
        let rows = report.obligations.iter().map(|one| {
            let have = one.have.map_or_else(|| "not counted".to_owned(), |have| have.to_string());
            let missing = one.missing.map_or_else(|| "not counted".to_owned(), |missing| missing.to_string());
            let rule = one.rule.as_ref().map(quoted).into_iter().collect();
            vec![vec![quoted(&one.words)], vec![exact(one.need)], vec![exact(have)], vec![exact(missing)], rule]
        });
        let head = vec!["Asked for", "Needed", "There", "Missing", "Rule"];
        blocks.push(Block::Table("What rules ask for", head, rows.collect()));
    }
    if !report.limits.is_empty() {
        let rows = report.limits.iter().map(|one| {
            let sum = |amount: crate::Amount| vec![exact(units::amount(amount.0, one.decimals)), quoted(&one.asset)];
            let whose = one.key.map_or_else(|| vec![words("the Safe")], |key| names.who(key));
            vec![vec![quoted(&one.limit)], whose, sum(one.before), sum(one.charged), sum(one.after)]
        });
        let head = vec!["Limit", "Of", "Left before", "Charged", "Left after"];
        blocks.push(Block::Table("What is left of limits", head, rows.collect()));
    }
    blocks
}

fn configuration<'a>(report: &'a Report, names: &Names<'_>) -> Block<'a> {
    if report.configuration.is_empty() {
        let same = "Owners, threshold, modules, guards, handler and singleton stay as they are.";
        return Block::List(vec![vec![words(same)]]);
    }
    let shown = |value: &Option<String>| match value {
        None => vec![words("none")],
        Some(value) => {
            value.parse().map_or_else(|_| vec![exact(value)], |who: alloy_primitives::Address| names.who(who.into()))
        }
    };
    let rows = report.configuration.iter().map(|one| {
        let what = match one.what {
            Configuration::Owner => "Owner",
            Configuration::Threshold => "Threshold",
            Configuration::Module => "Module",
            Configuration::Guard => "Transaction guard",
            Configuration::ModuleGuard => "Module guard",
            Configuration::FallbackHandler => "Fallback handler",
            Configuration::Singleton => "Singleton",
            Configuration::Unreadable => "Safe",
        };
        vec![vec![words(what)], shown(&one.before), shown(&one.after)]
    });
    Block::Table("CHANGES", vec!["What", "Before", "After"], rows.collect())
}

fn calls<'a>(report: &'a Report, names: &Names<'_>) -> Block<'a> {
    Block::Calls(report.calls.iter().map(|call| (call, head(call, names), below(call))).collect())
}

fn head(call: &Call, names: &Names<'_>) -> Line {
    let kind = match call.kind {
        CallKind::Call => "call",
        CallKind::StaticCall => "staticcall",
        CallKind::DelegateCall => "delegatecall",
        CallKind::CallCode => "callcode",
        CallKind::Create => "create",
        CallKind::Create2 => "create2",
        CallKind::SelfDestruct => "selfdestruct to",
    };
    let mut line = vec![words(kind)];
    line.extend(call.to.map_or_else(|| vec![words("nothing")], |to| names.who(to)));
    if let Some(read) = &call.call {
        line.extend(selector(&call.input));
        line.push(exact(&read.signature));
    }
    match call.status {
        Status::Returned if call.undone => line.push(words("(undone)")),
        Status::Returned => {}
        Status::Reverted => line.push(words("REVERTS")),
        Status::Halted => line.push(words("HALTS")),
    }
    line
}

fn below(call: &Call) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some(error) = &call.error {
        lines.push(vec![words("because"), quoted(error)]);
    }
    if !call.value.0.is_zero() && call.kind != CallKind::DelegateCall {
        lines.push(vec![words("with"), exact(units::amount(call.value.0, 18)), words("of native value")]);
    }
    if let Some(read) = call.call.as_ref().filter(|read| !read.arguments.is_empty()) {
        let arguments = read.arguments.iter().flat_map(|one| [words(one.name.clone()), quoted(&one.value)]);
        lines.push(arguments.filter(|span| !matches!(span, Span::Words(text) if text.is_empty())).collect());
    } else if call.call.is_none() && call.input.length > 0 {
        lines.push(vec![words("input"), exact(&call.input)]);
    }
    if call.output.length > 0 && call.status == Status::Returned {
        lines.push(vec![words("returns"), exact(&call.output)]);
    }
    lines.push(vec![words("gas"), exact(call.gas)]);
    lines
}

fn events<'a>(report: &'a Report, names: &Names<'_>) -> Block<'a> {
    let rows = report.logs.iter().enumerate().map(|(index, one)| {
        let said = one.event.as_ref().map_or_else(
            || {
                let topics = one.topics.iter().map(exact);
                topics.chain((one.data.length > 0).then(|| exact(&one.data))).collect()
            },
            decoded,
        );
        vec![vec![exact(index)], names.who(one.address), said]
    });
    Block::Table("In order", vec!["Event", "By", "Says"], rows.collect())
}

fn state<'a>(report: &'a Report, names: &Names<'_>) -> Vec<Block<'a>> {
    let mut rows = Vec::new();
    for account in &report.state {
        let mut row = |what: Line, before: Span, after: Span| {
            rows.push(vec![names.who(account.address), what, vec![before], vec![after]]);
        };
        if let Some((before, after)) = account.balance {
            row(vec![words("balance in wei")], exact(before), exact(after));
        }
        if let Some((before, after)) = account.nonce {
            row(vec![words("nonce of the account")], exact(before), exact(after));
        }
        if let Some((before, after)) = account.code_hash {
            row(vec![words("code hash")], exact(before), exact(after));
        }
        for word in &account.storage {
            let meaning = word.meaning.iter().map(words);
            row(
                [words("slot"), exact(word.slot)].into_iter().chain(meaning).collect(),
                exact(word.before),
                exact(word.after),
            );
        }
    }
    vec![Block::Table("By account", vec!["Account", "What", "Before", "After"], rows)]
}

fn provenance(report: &Report) -> Block<'_> {
    let from = &report.provenance;
    let state = match from.state {
        Source::Node => "as a node says",
        Source::Proofs => "proven against the block's hash",
        Source::Bundle => "as a bundle says",
    };
    let mut facts = vec![
        ("Tool", vec![words(&from.tool)]),
        ("Chain", vec![exact(from.chain_id)]),
        ("State after block", vec![exact(from.block_number), exact(from.block_hash)]),
        ("State", vec![words(state)]),
    ];
    facts.extend(from.trusted.iter().map(|one| ("Taken on trust", vec![words(one)])));
    facts.push(("Hash of the facts", vec![exact(from.facts)]));
    facts.push(("Format", vec![words("version"), exact(&report.version)]));
    Block::Facts(facts)
}
