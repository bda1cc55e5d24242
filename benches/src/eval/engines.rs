//! The engines, behind one interface.

use super::corpus::{Answer, Corpus};
use super::{cedar::Cedar, cel::Cel, ours::Portcullis, rego::Rego};
use eyre::{Result, bail};

/// An engine that has compiled a corpus's policy and holds its requests, ready to be asked.
pub(crate) trait Engine {
    /// As in the results.
    fn name(&self) -> &'static str;

    /// Decides on the request with this index.
    fn decide(&mut self, ask: usize) -> Result<Answer>;

    /// Decides and says in words why, where the engine can.
    fn explain(&mut self, ask: usize) -> Result<Option<(Answer, String)>>;
}

type New = fn(&Corpus) -> Result<Box<dyn Engine>>;

const ENGINES: [(&str, New); 4] = [
    ("portcullis", |corpus| Ok(Box::new(Portcullis::new(corpus)?))),
    ("cedar-policy", |corpus| Ok(Box::new(Cedar::new(corpus)?))),
    ("regorus", |corpus| Ok(Box::new(Rego::new(corpus)?))),
    ("cel", |corpus| Ok(Box::new(Cel::new(corpus)?))),
];

/// Every engine, ours first; or only the one with this name.
pub(crate) fn all(corpus: &Corpus, only: Option<&str>) -> Result<Vec<Box<dyn Engine>>> {
    let chosen = ENGINES.iter().filter(|(name, _)| only.is_none_or(|only| only == *name));
    let engines = chosen.map(|(_, new)| new(corpus)).collect::<Result<Vec<_>>>()?;
    if engines.is_empty() {
        bail!("no engine is named `{}`", only.unwrap_or_default());
    }
    Ok(engines)
}

/// Fails unless every engine gives the right answer to every request, with and without explanation.
pub(crate) fn agree(corpus: &Corpus, engines: &mut [Box<dyn Engine>]) -> Result<usize> {
    let mut compared = 0;
    for (at, (_, ask)) in corpus.asks.iter().enumerate() {
        let expected = corpus.expected(ask);
        for engine in engines.iter_mut() {
            let explained = engine.explain(at)?;
            if let Some((_, words)) = &explained
                && words.is_empty()
            {
                bail!("{} explains request {at} without a word", engine.name());
            }
            let answers = [Some(engine.decide(at)?), explained.map(|(answer, _)| answer)];
            for answer in answers.into_iter().flatten() {
                if answer != expected {
                    let (name, rules) = (engine.name(), corpus.rules.len());
                    bail!("{name} answers {answer:?} to {ask:?} under {rules} rules, where {expected:?} is right");
                }
                compared += 1;
            }
        }
    }
    Ok(compared)
}
