//! Who is who, and what moves, in words.

use std::collections::BTreeMap;

use alloy_primitives::U256;

use crate::document::{Block, Line, Span, exact, quoted, words};
use crate::units;
use crate::{Allowance, Amount, Asset, Report, Standard, Transfer, Untrusted, Who};

/// What is known of addresses and tokens.
pub(crate) struct Names<'a> {
    parties: BTreeMap<Who, &'a Untrusted>,
    assets: BTreeMap<Who, &'a Asset>,
}

impl<'a> Names<'a> {
    pub(crate) fn new(report: &'a Report) -> Self {
        Self {
            parties: report.parties.iter().map(|party| (party.address, &party.name)).collect(),
            assets: report.assets.iter().map(|asset| (asset.address, asset)).collect(),
        }
    }

    /// The address in full, and its name beside it.
    pub(crate) fn who(&self, who: Who) -> Line {
        let mut line = vec![exact(who)];
        if who.0.is_zero() {
            line.push(words("(nobody)"));
        } else if let Some(name) = self.parties.get(&who) {
            line.push(quoted(&name.aside()));
        }
        line
    }

    pub(crate) fn native(&self, amount: Amount) -> Line {
        self.amount(Who(alloy_primitives::Address::ZERO), amount)
    }

    /// An amount in the units that the policy declares; in base units where only the token says more.
    pub(crate) fn amount(&self, asset: Who, amount: Amount) -> Line {
        let known = self.assets.get(&asset);
        let named = |asset: &&Asset| Some((asset.name.clone()?, asset.decimals?));
        match known.filter(|asset| asset.declared).and_then(named) {
            Some((name, _)) if amount.0 == U256::MAX => vec![words("any amount of"), quoted(&name)],
            Some((name, decimals)) => vec![exact(units::amount(amount.0, decimals)), quoted(&name)],
            None if asset.0.is_zero() => vec![exact(units::amount(amount.0, 18)), words("of native value")],
            None => {
                let mut line = vec![exact(amount), words("base units of"), exact(asset)];
                let told = known.and_then(|asset| asset.name.as_ref().map(|name| (name, asset.decimals)));
                if let Some((name, decimals)) = told {
                    line.extend([words("which calls itself"), quoted(name)]);
                    if let Some(decimals) = decimals {
                        line.extend([words("with"), exact(decimals), words("decimals")]);
                    }
                }
                line
            }
        }
    }

    /// A transfer's amount and what it is of, for a drawing.
    pub(crate) fn who_and_what(&self, one: &Transfer) -> Line {
        match (one.id, self.assets.get(&one.asset)) {
            (None, Some(asset)) if !asset.declared && !one.asset.0.is_zero() => {
                vec![exact(one.amount), words("base units, see below")]
            }
            (None, _) => self.amount(one.asset, one.amount),
            (Some(_), _) if one.standard == Standard::Erc721 => vec![words("one token, see below")],
            (Some(_), _) => vec![exact(one.amount), words("tokens, see below")],
        }
    }

    /// A name that fits below the address; the tool's or the policy's.
    pub(crate) fn short(&self, who: Who) -> Option<String> {
        let name = if who.0.is_zero() { "nobody" } else { self.parties.get(&who)?.as_str() };
        let mut short: String = name.chars().take(40).collect();
        if short.len() < name.len() {
            short.push('…');
        }
        Some(short)
    }

    fn of(&self, standard: Standard, asset: Who, id: Option<Amount>, amount: Amount) -> Line {
        let Some(id) = id else { return self.amount(asset, amount) };
        let token = [words("token"), exact(id), words("of")];
        let count = if standard == Standard::Erc721 { Vec::new() } else { vec![exact(amount), words("of")] };
        count.into_iter().chain(token).chain(self.who(asset)).collect()
    }
}

/// The section on assets.
pub(crate) fn moves<'a>(report: &'a Report, names: &Names<'_>) -> Vec<Block<'a>> {
    let mut blocks = Vec::new();
    if report.transfers.is_empty() {
        blocks.push(Block::List(vec![vec![words("Nothing moves.")]]));
    } else {
        blocks.push(Block::Picture(&report.transfers));
        let rows = report.transfers.iter().map(|one| {
            let what = names.of(one.standard, one.asset, one.id, one.amount);
            vec![names.who(one.from), names.who(one.to), what]
        });
        blocks.push(Block::Table("What moves, as calls and events tell", vec!["From", "To", "What"], rows.collect()));
    }
    if !report.balances.is_empty() {
        let rows = report.balances.iter().map(|one| {
            let sum = |amount: Option<Amount>| match amount {
                Some(amount) => names.of(Standard::Erc1155, one.asset, one.id, amount),
                None => vec![words("the token does not say")],
            };
            let change = change(one.before, one.after);
            vec![names.who(one.who), sum(one.before), sum(one.after), change]
        });
        let head = vec!["Who", "Before", "After", "Change in base units"];
        blocks.push(Block::Table("Balances, as the state tells", head, rows.collect()));
    }
    if !report.allowances.is_empty() {
        let rows =
            report.allowances.iter().map(|one| vec![names.who(one.owner), names.who(one.spender), allowed(one, names)]);
        let head = vec!["Whose", "Who may draw", "How much"];
        blocks.push(Block::Table("Allowances", head, rows.collect()));
    }
    blocks
}

fn change(before: Option<Amount>, after: Option<Amount>) -> Line {
    let (Some(Amount(before)), Some(Amount(after))) = (before, after) else { return Vec::new() };
    let (sign, by) =
        if after >= before { ("+", after.saturating_sub(before)) } else { ("-", before.saturating_sub(after)) };
    vec![exact(format!("{sign}{by}"))]
}

fn allowed(one: &Allowance, names: &Names<'_>) -> Line {
    if one.revoked {
        return [vec![words("nothing any more of")], names.who(one.asset)].concat();
    }
    let mut line = match one.amount {
        Some(amount) => names.of(one.standard, one.asset, one.id, amount),
        None => [vec![words("EVERYTHING of")], names.who(one.asset)].concat(),
    };
    if one.permit2 {
        line.push(Span::Words("through Permit2".to_owned()));
    }
    if let Some(expires) = one.expires {
        line.push(words(format!("until {}", units::time(expires))));
    }
    line
}
