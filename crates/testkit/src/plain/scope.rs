//! Which rules are in scope of an effect, and what they come to.

use alloy_primitives::{Address, KECCAK256_EMPTY, U256};

use super::bytes::{address, selector, word};
use super::effects::{Effect, has_selector};
use super::limits;
use super::obligations::Ask;
use super::program::{Body, Comparison, Condition, Key, List, Subject, Who};
use super::reasons::{REGISTRY_FAILED, RULE_DENIES, STATIC_CALL_FAILED};
use super::{Stop, Walk, World};

/// What the rules in scope come to, none of them denying.
#[derive(Clone, Debug)]
pub(super) struct Decision {
    pub(super) rule: u16,
    /// Limits with the rule that lists them first, in the order in which they are checked.
    pub(super) limits: Vec<(u8, u16)>,
    /// The longest, with the rule that asks for it first.
    pub(super) delay: Option<(u64, u16)>,
    /// What else each of the rules asks for.
    pub(super) asks: Vec<(Vec<Ask>, u16)>,
}

impl<W: World> Walk<'_, W> {
    /// None when no rule is in scope.
    pub(super) fn decide(&mut self, effect: &Effect) -> Result<Option<Decision>, Stop> {
        let program = self.program()?.clone();
        let mut in_scope: Vec<(u16, &Body)> = Vec::new();
        for (key, body) in program.keys.iter().zip(&program.bodies) {
            if !self.found(effect, key) || body.for_modules != self.case.origin.is_some() {
                continue;
            }
            let names_recipient = matches!(body.conditions.first(), Some(Condition::Listed(Who::Recipient, _)));
            if effect.recipient_first && !names_recipient || !self.all(effect, key.rule, &body.conditions)? {
                continue;
            }
            in_scope.push((key.rule, body));
            let decided = match program.semantics {
                0 => true,
                1 => !body.allows,
                _ => body.allows,
            };
            if decided {
                break;
            }
        }
        // The last one decided, or all were tested.
        let Some((first, _)) = in_scope.first().copied() else { return Ok(None) };
        let denial = |rule| Err(Stop::by(RULE_DENIES, self.effects, rule).have(U256::from(effect.kind)));
        let deciding = match program.semantics {
            1 => match in_scope.iter().find(|(_, body)| !body.allows) {
                Some((rule, _)) => return denial(*rule),
                None => in_scope,
            },
            _ => match in_scope.iter().find(|(_, body)| body.allows) {
                Some(allowing) => vec![*allowing],
                None => return denial(first),
            },
        };
        let rule = deciding.first().map_or(first, |(rule, _)| *rule);
        let mut decision = Decision { rule, limits: Vec::new(), delay: None, asks: Vec::new() };
        for (rule, body) in deciding {
            decision.limits.extend(body.limits.iter().map(|index| (*index, rule)));
            decision.asks.push((body.asks.clone(), rule));
            if body.delay > decision.delay.map_or(0, |(delay, _)| delay) {
                decision.delay = Some((body.delay, rule));
            }
        }
        Ok(Some(decision))
    }

    fn found(&self, effect: &Effect, key: &Key) -> bool {
        let special = |who: Address| who == self.case.account || who == self.hook;
        let subject = match key.subject {
            Subject::Any => !special(effect.subject) && !special(effect.target),
            Subject::Account => effect.subject == self.case.account,
            Subject::Only(subject) => subject == effect.subject && effect.subject != self.case.account,
        };
        let by_selector = match key.selector {
            None => true,
            Some(wanted) => has_selector(effect) && selector(&effect.data) == Some(wanted),
        };
        let named = key.subject != Subject::Any && key.selector.is_some();
        let reached = (named || !effect.named_only) && (key.subject != Subject::Any || !effect.subject_only);
        key.kind == effect.kind && subject && by_selector && reached
    }

    fn all(&mut self, effect: &Effect, rule: u16, conditions: &[Condition]) -> Result<bool, Stop> {
        for condition in conditions {
            if !self.holds(effect, rule, condition)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn holds(&mut self, effect: &Effect, rule: u16, condition: &Condition) -> Result<bool, Stop> {
        Ok(match condition {
            Condition::Listed(who, list) => {
                let member = match who {
                    Who::Origin => Some(self.case.origin.unwrap_or_default()),
                    Who::Initiator => Some(self.case.initiator),
                    Who::Recipient => effect.recipient,
                    Who::Target => Some(effect.target),
                    Who::Asset => effect.asset,
                };
                match member {
                    None => false,
                    Some(member) => self.listed(rule, list, member)?,
                }
            }
            Condition::AtLeast(value) => effect.amount.is_some_and(|amount| amount >= *value),
            Condition::AtMost(value) => effect.amount.is_some_and(|amount| amount <= *value),
            Condition::RecipientHasCode => effect.recipient.is_some_and(|recipient| {
                let hash = self.world.code_hash(recipient);
                !hash.is_zero() && hash != KECCAK256_EMPTY
            }),
            Condition::Selectors(all) => selector(&effect.data).is_some_and(|one| all.contains(&one)),
            Condition::Kinds(kinds) => kinds >> effect.kind & 1 == 1,
            Condition::Time { from, to } => {
                let time = self.case.now % 86_400;
                if from < to { *from <= time && time < *to } else { time >= *from || time < *to }
            }
            Condition::Days(days) => days >> ((self.case.now / 86_400 + 3) % 7) & 1 == 1,
            Condition::Word { offset, mask, comparison } => compare(calldata_word(effect, *offset) & *mask, comparison),
            Condition::WordListed { offset, list } => match address(calldata_word(effect, *offset)) {
                None => false,
                Some(member) => self.listed(rule, list, member)?,
            },
            Condition::Call { target, gas, words, index, comparison, data } => {
                let answer = self.world.static_call(*target, data, *gas);
                let failed = Stop::by(STATIC_CALL_FAILED, self.effects, rule).have(word(*target));
                let answer = answer.filter(|answer| answer.len() == 32 * words).ok_or(failed)?;
                let word = answer.chunks(32).nth(*index).map(U256::from_be_slice).unwrap_or_default();
                compare(word, comparison)
            }
            Condition::Fits(index) => self.would_fit(effect, *index)?,
            Condition::Stated(ask, index) => self.states(rule, ask, *index)?,
            Condition::Any(inside) => {
                for condition in inside {
                    if self.holds(effect, rule, condition)? {
                        return Ok(true);
                    }
                }
                false
            }
            Condition::All(inside) => self.all(effect, rule, inside)?,
            Condition::NotAll(inside) => !self.all(effect, rule, inside)?,
        })
    }

    pub(super) fn listed(&self, rule: u16, list: &List, member: Address) -> Result<bool, Stop> {
        match list {
            List::Members(members) => Ok(members.contains(&member)),
            List::Registry(registry, selector) => {
                let data = [selector.as_slice(), member.into_word().as_slice()].concat();
                let answer = self.world.static_call(*registry, &data, 100_000);
                let answer = answer.filter(|answer| answer.len() == 32).map(|answer| U256::from_be_slice(&answer));
                match answer {
                    Some(U256::ZERO) => Ok(false),
                    Some(U256::ONE) => Ok(true),
                    _ => Err(Stop::by(REGISTRY_FAILED, self.effects, rule).have(word(*registry))),
                }
            }
        }
    }

    fn would_fit(&mut self, effect: &Effect, index: u8) -> Result<bool, Stop> {
        let limit = self.limit(index)?;
        let Some(key) = limits::key(&limit, effect.recipient, self.case.initiator) else { return Ok(false) };
        let amount = match effect.amount {
            _ if limit.count => U256::ONE,
            Some(amount) if effect.asset == Some(limit.asset) => amount,
            _ => return Ok(false),
        };
        // Nothing would be charged.
        if amount.is_zero() {
            return Ok(true);
        }
        let meter = self.meter(index, &limit, key);
        Ok(meter.fits(meter.adds(amount)).is_ok())
    }
}

fn compare(word: U256, comparison: &Comparison) -> bool {
    let value = comparison.value;
    match comparison.how {
        0 => word == value,
        1 => word != value,
        2 => word < value,
        3 => word <= value,
        4 => word > value,
        _ => word >= value,
    }
}

/// The word at the offset, with zeros behind the end.
fn calldata_word(effect: &Effect, offset: usize) -> U256 {
    let bytes = (offset..offset + 32).map(|at| effect.data.get(at).copied().unwrap_or_default());
    U256::from_be_slice(&bytes.collect::<Vec<_>>())
}
