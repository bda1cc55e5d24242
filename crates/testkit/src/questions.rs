//! Random cases as questions in JSON, each asked as a wallet asks: with nothing known at first, then with what the
//! answer says to read.

use alloy_primitives::Bytes;
use eyre::{Result, ensure, eyre};
use portcullis_eval::State;
use portcullis_wasm::{Answer, Answered, Asked, AskedAction, Known, Question, Unknown};
use serde::Serialize;

use crate::around::Surroundings;
use crate::case::Case;
use crate::generate::generate;
use crate::parity::Evaluators;
use crate::world;

/// Readings after which a question counts as never answered.
const READINGS: usize = 10_000;

/// A question with its answer on this machine.
#[derive(Clone, Debug, Serialize)]
pub struct Asking {
    /// What is asked.
    pub question: Question,
    /// What must be answered everywhere.
    pub answer: Answer,
}

/// Case `index` under `seed`: the last question that lacks something, if one does, and the one that lacks nothing.
///
/// # Errors
/// When the answer is another than the mirror's evaluation of the case.
pub fn ask(evaluators: &Evaluators, seed: u64, index: u64) -> Result<Vec<Asking>> {
    let case = generate(seed, index, evaluators.around()).case;
    let surroundings = Surroundings::new(evaluators.around(), &case);
    let mut question = question(&case);
    let mut asked = Vec::new();
    for _ in 0..READINGS {
        let asking = Asking { answer: question.answer(), question: question.clone() };
        let Answer::Undecided { read: Some(read), .. } = &asking.answer else {
            asked.push(asking);
            check(evaluators, &case, &asked)?;
            return Ok(asked);
        };
        tell(&surroundings, &mut question.state, read)?;
        asked = vec![asking];
    }
    Err(eyre!("case {index} of seed {seed} asks for ever"))
}

fn check(evaluators: &Evaluators, case: &Case, asked: &[Asking]) -> Result<()> {
    let (evaluation, _) = evaluators.mirror(case).map_err(|why| eyre!("{why}"))?;
    let found = asked.last().map(|asking| &asking.answer);
    let Some(Answer::Decided { allowed, number, writes, have, need, .. }) = found else {
        return Err(eyre!("no answer but {found:?}"));
    };
    let verdict = evaluation.verdict;
    ensure!(
        (*allowed, *number, *have, *need)
            == (verdict.is_allowed(), verdict.reason.number(), verdict.have, verdict.need)
            && *writes == evaluation.writes,
        "answered {found:?}, and the mirror says {verdict:?}"
    );
    Ok(())
}

fn question(case: &Case) -> Question {
    let request = case.request();
    let actions = request.actions.into_iter().map(|action| AskedAction {
        to: action.to,
        value: action.value,
        data: action.data,
        operation: action.operation,
    });
    Question {
        program: case.program.clone(),
        chain_id: world::CHAIN_ID,
        hook: world::HOOK,
        now: case.now,
        request: Asked {
            account: request.account,
            origin: request.origin,
            initiator: request.initiator,
            actions: actions.collect(),
            safe_tx_gas: request.safe_tx_gas,
            base_gas: request.base_gas,
            gas_price: request.gas_price,
            gas_token: request.gas_token,
            refund_receiver: request.refund_receiver,
            nonce: request.nonce,
            signatures: request.signatures,
        },
        state: Known::default(),
    }
}

/// Reads one thing, and writes it into what is known.
fn tell(chain: &Surroundings<'_>, known: &mut Known, read: &Unknown) -> Result<()> {
    match read {
        Unknown::Word(slot) => {
            known.words.insert(*slot, chain.word(*slot)?);
        }
        Unknown::CodeHash(address) => {
            known.code_hashes.insert(*address, chain.code_hash(*address)?);
        }
        Unknown::Call { target, data, gas } => {
            let output: Option<Bytes> = chain.static_call(*target, data, *gas)?;
            known.answers.push(Answered { target: *target, data: data.clone(), gas: *gas, output });
        }
        Unknown::Balance(address) => {
            known.balances.insert(*address, chain.balance(*address)?);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hook::HookCode;

    #[test]
    fn nothing_is_allowed_while_something_is_unknown_and_what_is_named_is_enough_to_know() {
        let evaluators = Evaluators::new(&HookCode::committed()).unwrap();
        let (mut allowed, mut undecided) = (0, 0);
        for index in 0..300 {
            let asked = ask(&evaluators, 7, index).unwrap();
            allowed += usize::from(matches!(asked.last().unwrap().answer, Answer::Decided { allowed: true, .. }));
            undecided += usize::from(asked.len() > 1);
        }
        assert!(allowed > 50 && undecided > 100, "{allowed} allowed, {undecided} undecided at first");
    }

    #[test]
    fn what_is_no_question_is_an_error() {
        for text in ["", "{}", "[]", "null", "\"allowed\"", "{\"program\":\"0x\"}"] {
            assert!(portcullis_wasm::answer(text).starts_with("{\"error\":"), "{text}");
        }
    }
}
