//! What the chain will say once attesters have spoken, as far as that is known before.

use alloc::vec::Vec;

use alloy_primitives::{Address, B256};
use portcullis_attest::{Statement, StatementError, Truth};

use crate::attested::{Question, Source};
use crate::effect::Effect;
use crate::evaluate::{effects, evaluate_with};
use crate::layout::State;
use crate::program::{Malformed, Program};
use crate::request::Request;
use crate::verdict::{Evaluation, Undecided};

/// More completions than this are not followed.
const MAX_EVALUATIONS: u32 = 4_096;

/// What is known of the conditions that an attester set is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// They hold.
    True,
    /// They do not.
    False,
    /// Nobody knows, and where it matters this follows.
    Unknown(OnUnknown),
}

/// What follows where a verdict depends on something unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnUnknown {
    /// It is denied.
    Closed,
    /// People decide.
    Hold,
}

/// What a request is to expect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outlook {
    /// It is allowed, whatever is true of what is unknown.
    Allowed,
    /// It is denied: by every completion, or because what it depends on is unknown and closed.
    Denied,
    /// It depends on what is unknown, and people decide.
    Hold,
    /// It depends on more unknowns than can be followed, so nothing is allowed.
    TooManyUnknowns,
}

/// Something unknown that the evaluation met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Met {
    /// The set's number.
    pub set: u8,
    /// The rule's place among the hybrid rules of the set.
    pub index: u16,
    /// The index of the effect.
    pub at: u32,
    /// What follows.
    pub on_unknown: OnUnknown,
}

/// What the chain is going to say, under everything that is still unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// What to expect.
    pub outlook: Outlook,
    /// The one evaluation where nothing unknown was met. Else that of a completion which denies, if one does; if
    /// none does, with the obligations, notices and charges of all of them, the highest of each, and without writes.
    pub evaluation: Evaluation,
    /// Whether it hangs on what is unknown: some completion allows, and another denies.
    pub hangs: bool,
    /// The unknowns that were met, in the order in which they first were.
    pub unknowns: Vec<Met>,
    /// How many completions were evaluated.
    pub evaluations: u32,
}

/// Evaluates `request` as [`crate::evaluate`] does, where `answer` stands for the attesters: nobody has to sign what
/// only it was asked. Both ways are followed where it does not know, so an allow is an allow under every completion.
///
/// # Errors
/// [`Undecided`] when something of the chain that decides is not known.
pub fn forecast<S: State>(
    program: &[u8],
    chain_id: u64,
    hook: Address,
    state: &S,
    request: &Request,
    now: u64,
    answer: impl Fn(&Question<'_>) -> Answer,
) -> Result<Forecast, Undecided> {
    let mut unknowns: Vec<Met> = Vec::new();
    // What is taken for true or false on the way to the present completion.
    let mut path: Vec<((u8, u16, u32), bool)> = Vec::new();
    let (mut allowed, mut denied): (Option<Evaluation>, Option<Evaluation>) = (None, None);
    let mut evaluations = 0_u32;
    let outlook = loop {
        let mut tell = |question: &Question<'_>| {
            let Question { set, index, at, .. } = *question;
            let on_unknown = match answer(question) {
                Answer::True => return true,
                Answer::False => return false,
                Answer::Unknown(on_unknown) => on_unknown,
            };
            let pair = (set, index, at);
            if unknowns.iter().all(|met| (met.set, met.index, met.at) != pair) {
                unknowns.push(Met { set, index, at, on_unknown });
            }
            if let Some((_, taken)) = path.iter().find(|(known, _)| *known == pair) {
                return *taken;
            }
            path.push((pair, true));
            true
        };
        let evaluation = evaluate_with(program, chain_id, hook, state, request, now, Source::Told(&mut tell))?;
        evaluations = evaluations.saturating_add(1);
        if evaluation.verdict.is_allowed() {
            match &mut allowed {
                Some(all) => join(all, evaluation),
                none => *none = Some(evaluation),
            }
        } else {
            denied.get_or_insert(evaluation);
        }
        let is_closed = unknowns.iter().any(|met| met.on_unknown == OnUnknown::Closed);
        if allowed.is_some() && denied.is_some() && is_closed {
            break Outlook::Denied;
        }
        // The deepest that was taken for true is false next; what was asked behind it is asked anew.
        while path.pop_if(|(_, taken)| !*taken).is_some() {}
        let Some((_, taken)) = path.last_mut() else {
            break match (&allowed, &denied) {
                (Some(_), None) => Outlook::Allowed,
                (Some(_), Some(_)) => Outlook::Hold,
                (None, _) => Outlook::Denied,
            };
        };
        if evaluations >= MAX_EVALUATIONS {
            break Outlook::TooManyUnknowns;
        }
        *taken = false;
    };
    let hangs = allowed.is_some() && denied.is_some();
    // One of them is there, since at least one completion was evaluated.
    let evaluation = denied.or(allowed).ok_or(Undecided::TooManyEffects)?;
    Ok(Forecast { outlook, hangs, evaluation, unknowns, evaluations })
}

/// Adds what another completion asks for and charges.
fn join(all: &mut Evaluation, other: Evaluation) {
    all.writes.clear();
    all.removal |= other.removal;
    for one in other.obligations {
        let same = all.obligations.iter_mut().find_map(|known| known.ask.join(one.ask).then_some(known));
        match same {
            Some(known) if known.need >= one.need => {}
            Some(known) => *known = crate::Obligation { ask: known.ask, ..one },
            None => all.obligations.push(one),
        }
    }
    for one in other.notices {
        if all.notices.iter().all(|known| known.channel != one.channel) {
            all.notices.push(one);
        }
    }
    for one in other.charges {
        let same =
            |known: &&mut crate::Charge| (known.limit, known.key, known.effect) == (one.limit, one.key, one.effect);
        match all.charges.iter_mut().find(same) {
            Some(known) => {
                known.amount = known.amount.max(one.amount);
                known.remaining_before = known.remaining_before.min(one.remaining_before);
            }
            None => all.charges.push(one),
        }
    }
    let delay = |announcement: &Option<crate::Announcement>| announcement.map_or(0, |known| known.delay);
    if delay(&other.announcement) > delay(&all.announcement) {
        all.announcement = other.announcement;
    }
}

/// What attesters can state of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Projection {
    /// The request's effects.
    pub effects: Vec<Effect>,
    /// Their hash, which attestations bind to.
    pub digest: B256,
    /// For each attester set its statement: nothing of what is unknown.
    pub statements: Vec<Statement>,
}

/// Why there is nothing to state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unstatable {
    /// Part of the state is not known.
    #[error(transparent)]
    Undecided(#[from] Undecided),
    /// The request is denied before all of its effects are known.
    #[error("the request is denied before all of its effects are known")]
    NoEffects,
    /// The program does not say who attests.
    #[error("the program is malformed")]
    MalformedProgram,
    /// A statement would be too long.
    #[error(transparent)]
    TooLong(#[from] StatementError),
}

/// The statements that `answer` makes: every true and false that it knows, of every effect and hybrid rule.
///
/// # Errors
/// [`Unstatable`].
pub fn project<S: State>(
    program: &[u8],
    chain_id: u64,
    hook: Address,
    state: &S,
    request: &Request,
    now: u64,
    answer: impl Fn(&Question<'_>) -> Answer,
) -> Result<Projection, Unstatable> {
    let found = effects(program, chain_id, hook, state, request, now)?.ok_or(Unstatable::NoEffects)?;
    let malformed = |Malformed| Unstatable::MalformedProgram;
    let opened = Program::open(program).map_err(malformed)?;
    let mut statements = Vec::new();
    for set in 0..opened.attester_sets() {
        let rules = opened.attesters(set).map_err(malformed)?.hybrid_rules;
        let mut statement = Statement::new(found.len(), usize::from(rules))?;
        for (number, (at, effect)) in (0..).zip(&found).enumerate() {
            for index in 0..rules {
                let truth = match answer(&Question { set, index, at, effect }) {
                    Answer::True => Truth::True,
                    Answer::False => Truth::False,
                    Answer::Unknown(_) => continue,
                };
                statement.set(number, usize::from(index), truth)?;
            }
        }
        statements.push(statement);
    }
    let digest = found.iter().fold(B256::ZERO, |digest, effect| effect.record().fold(digest));
    Ok(Projection { effects: found, digest, statements })
}
