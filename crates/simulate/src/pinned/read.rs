//! Reading from a node in few round trips: one for the block and for what will be needed, one for that. Where the block
//! is named by its hash, both are one: state that is pinned by the hash can be asked for before the block is known.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::collections::btree_map::Entry;

use alloy_primitives::{Address, B256, Bytes, Log};
use serde_json::{Value, json};

use super::cache::Cache;
use super::record::{Account, Record};
use super::rpc::{Answer, Call, Rpc};
use super::{Pinned, Unread, hash_of, parse, prestate, proof};

/// The most words that a node's hints are followed for; the rest is read when it is needed.
const MOST_HINTS: usize = 5_000;
/// Calls for one account: balance, nonce and code.
const OF_ACCOUNT: usize = 3;

/// A block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// The newest.
    Latest,
    /// By its number.
    Number(u64),
    /// By its hash.
    Hash(B256),
}

impl std::fmt::Display for At {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Latest => f.write_str("`latest`"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Hash(hash) => write!(f, "`{hash}`"),
        }
    }
}

/// What of a node's answers counts.
#[derive(Clone, Copy, Debug)]
pub enum Trust<'a> {
    /// Every answer; and those that were kept, where there is a cache.
    Node(Option<&'a Cache>),
    /// Only what is proven against the block's hash.
    Proofs,
}

/// Parts of the state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Accounts: balance, nonce and code.
    pub accounts: BTreeSet<Address>,
    /// Words of storage.
    pub words: BTreeSet<(Address, B256)>,
}

/// Past events of a contract, and the word of its storage that each is about.
#[derive(Clone, Debug)]
pub struct Events {
    /// Who emitted them.
    pub contract: Address,
    /// Their first topics, in order.
    pub topics: Vec<B256>,
    /// The slot.
    pub word: fn(&Log) -> Option<B256>,
}

impl Events {
    fn filter(&self) -> Value {
        json!([{ "address": self.contract, "topics": self.topics, "fromBlock": "0x0", "toBlock": "latest" }])
    }
}

impl Pinned {
    /// The state after a block, and what `wanted` names of it already read, with what the node says that the calls
    /// `(from, to, data)` touch. Those are hints only: whatever a run needs besides is read when it does.
    ///
    /// # Errors
    /// [`Unread`] when the node is on another chain than `expected`, does not have the block, or does not answer.
    pub fn open(
        node: Rpc,
        at: At,
        expected: Option<u64>,
        trust: Trust<'_>,
        wanted: Wanted,
        hints: &[(Address, Address, Bytes)],
    ) -> Result<Self, Unread> {
        Ok(Self::begin(node, at, expected, trust, wanted, hints, None)?.0)
    }

    /// As [`Pinned::open`], with events read in the same round trip as the block, and the words that they name in the
    /// next. The events are none where the node does not give them; those of later blocks may be among them.
    ///
    /// # Errors
    /// As [`Pinned::open`].
    pub fn open_with_events(
        node: Rpc,
        at: At,
        wanted: Wanted,
        hints: &[(Address, Address, Bytes)],
        events: &Events,
    ) -> Result<(Self, Option<Vec<Log>>), Unread> {
        Self::begin(node, at, None, Trust::Node(None), wanted, hints, Some(events))
    }

    /// Reads what is not known yet, in one round trip. What the node does not give is asked for again when it is needed.
    ///
    /// # Errors
    /// When the node does not answer at all.
    pub fn prefetch(&self, wanted: &Wanted) -> Result<(), Unread> {
        self.read_ahead(wanted)
    }

    fn begin(
        node: Rpc,
        at: At,
        expected: Option<u64>,
        trust: Trust<'_>,
        mut wanted: Wanted,
        hints: &[(Address, Address, Bytes)],
        events: Option<&Events>,
    ) -> Result<(Self, Option<Vec<Log>>), Unread> {
        let (by, tag) = match at {
            At::Latest => ("eth_getBlockByNumber", json!("latest")),
            At::Number(number) => ("eth_getBlockByNumber", json!(format!("{number:#x}"))),
            At::Hash(hash) => ("eth_getBlockByHash", json!(hash)),
        };
        let of_state = if let At::Hash(hash) = at { pin(hash) } else { tag.clone() };
        let mut calls = vec![
            Call { method: "eth_chainId", parameters: json!([]) },
            Call { method: by, parameters: json!([tag, false]) },
        ];
        calls.extend(hints.iter().map(|(from, to, data)| Call {
            method: "eth_createAccessList",
            parameters: json!([{ "from": from, "to": to, "data": data }, of_state]),
        }));
        calls.extend(events.map(|events| Call { method: "eth_getLogs", parameters: events.filter() }));
        // Of a block that is named by its hash, everything at once. What a tag names may change between two calls.
        let is_pinned = match (at, trust) {
            (At::Hash(hash), Trust::Node(cache)) => !cache.is_some_and(|cache| cache.has(hash)),
            _ => false,
        };
        let early = if is_pinned { wanted.clone() } else { Wanted::default() };
        if is_pinned {
            calls.extend(state_calls(&early, &of_state));
            calls.extend(hints.iter().map(|hint| prestate::call(hint, &of_state)));
        }
        let mut answers = node.batch(&calls)?.into_iter();
        let no_block = |why: String| Unread::NoBlock { block: at.to_string(), why };
        let chain_id =
            read(answers.next(), parse::small).map_err(|why| no_block(format!("it names no chain: {why}")))?;
        if let Some(expected) = expected.filter(|expected| *expected != chain_id) {
            return Err(Unread::OtherChain { found: chain_id, expected });
        }
        let header = answers.next();
        let block = read(header.clone(), parse::block).map_err(no_block)?;
        let is_other = match at {
            At::Latest => false,
            At::Number(number) => block.number != number,
            At::Hash(hash) => block.hash != hash,
        };
        if is_other {
            return Err(no_block(format!("it answers with block {} of hash `{}`", block.number, block.hash)));
        }
        let (root, cache) = match trust {
            Trust::Node(cache) => (None, cache),
            Trust::Proofs => (Some(read(header, |answer| proof::state_root(answer, &block)).map_err(no_block)?), None),
        };
        let touched: Vec<Answer> = answers.by_ref().take(hints.len()).collect();
        let logs = events.and_then(|_| read(answers.next(), parse::logs).ok());
        let state: Vec<Answer> = answers.by_ref().take(count(&early)).collect();
        let traces: Vec<Answer> = answers.collect();
        if let Some(events) = events {
            wanted.words.extend(logs.iter().flatten().filter_map(|log| Some((events.contract, (events.word)(log)?))));
        }
        for (address, keys) in touched.into_iter().flatten().flat_map(|list| parse::access_list(&list)) {
            wanted.accounts.insert(address);
            let room = MOST_HINTS.saturating_sub(wanted.words.len());
            wanted.words.extend(keys.into_iter().take(room).map(|key| (address, key)));
        }
        wanted.accounts.insert(block.beneficiary);

        let known = cache.and_then(|cache| cache.load(chain_id, &block));
        let from_file = known.as_ref().map_or(0, Record::parts);
        let used = Record::new(chain_id, block.clone());
        let known = RefCell::new(known.unwrap_or_else(|| used.clone()));
        let (used, failure, from_node) = (RefCell::new(used), RefCell::new(None), Cell::new(0));
        let (ready, answered, node) = (RefCell::default(), RefCell::default(), Some(node));
        let pinned = Self { chain_id, block, node, root, known, used, ready, answered, failure, from_node, from_file };
        // Whatever is refused here is asked for again when it is needed, and then it counts.
        let _ = pinned.take(&early, &state);
        pinned.take_traces(hints, &traces);
        pinned.read_ahead(&wanted)?;
        Ok((pinned, logs))
    }

    /// Reads what is not known yet, in one round trip. What the node does not give is not known afterwards either.
    fn read_ahead(&self, wanted: &Wanted) -> Result<(), Unread> {
        let missing = self.missing(wanted);
        self.ask(&missing)?;
        Ok(())
    }

    /// Reads what is not known yet, where there is a node.
    pub(super) fn fetch(&self, wanted: &Wanted) -> Result<(), Unread> {
        match (self.ask(wanted)?, self.root) {
            (None, _) => Ok(()),
            (Some((what, why)), None) => Err(self.refused(what, &why)),
            (Some((what, why)), Some(_)) => Err(Unread::Unproven { what, block: self.block.hash, why }),
        }
    }

    fn missing(&self, wanted: &Wanted) -> Wanted {
        let known = self.known.borrow();
        let accounts = wanted.accounts.iter().filter(|who| !known.accounts.contains_key(*who)).copied().collect();
        let is_known =
            |(who, slot): &(Address, B256)| known.words.get(who).is_some_and(|words| words.contains_key(slot));
        let words = wanted.words.iter().filter(|word| !is_known(word)).copied().collect();
        Wanted { accounts, words }
    }

    /// Asks for everything at once, pinned by the block's hash. Returns what the node did not give, and why.
    fn ask(&self, wanted: &Wanted) -> Result<Option<(String, String)>, Unread> {
        let Some(node) = &self.node else {
            return Ok(None);
        };
        let at = pin(self.block.hash);
        if let Some(root) = self.root {
            return self.ask_for_proofs(node, root, wanted);
        }
        let answers = node.batch(&state_calls(wanted, &at))?;
        Ok(self.take(wanted, &answers))
    }

    /// Notes the answers to [`state_calls`]. Returns what the node did not give, and why.
    fn take(&self, wanted: &Wanted, answers: &[Answer]) -> Option<(String, String)> {
        let (accounts, words) = answers.split_at(answers.len().min(wanted.accounts.len().saturating_mul(OF_ACCOUNT)));
        let mut known = self.known.borrow_mut();
        let mut refusal = None;
        for (who, answers) in wanted.accounts.iter().zip(accounts.chunks(OF_ACCOUNT)) {
            match account(answers) {
                Ok((account, code)) => {
                    known.accounts.insert(*who, account);
                    if !code.is_empty() {
                        known.codes.insert(account.code_hash, code);
                    }
                    self.count();
                }
                Err(why) => refusal = Some((format!("the account `{who}`"), why)),
            }
        }
        for ((who, slot), answer) in wanted.words.iter().zip(words) {
            match read(Some(answer.clone()), parse::word) {
                Ok(word) => {
                    known.words.entry(*who).or_default().insert(*slot, word);
                    self.count();
                }
                Err(why) => refusal = Some((format!("slot `{slot}` of `{who}`"), why)),
            }
        }
        refusal
    }

    /// Notes what traces of these calls tell besides. Of who calls, tracers tell balance and nonce before the call or
    /// in its midst, each as it likes: those are asked for.
    fn take_traces(&self, hints: &[(Address, Address, Bytes)], traces: &[Answer]) {
        let known = &mut *self.known.borrow_mut();
        let answered = hints.iter().zip(traces).filter_map(|(hint, trace)| Some((hint.0, trace.as_ref().ok()?)));
        let all = answered.flat_map(|(from, trace)| prestate::touched(trace).map(move |(who, told)| (from, who, told)));
        for (from, who, touched) in all {
            if who != from
                && let Entry::Vacant(place) = known.accounts.entry(who)
            {
                place.insert(touched.account);
                if !touched.code.is_empty() {
                    known.codes.insert(touched.account.code_hash, touched.code);
                }
                self.count();
            }
            let words = known.words.entry(who).or_default();
            for (slot, word) in touched.words {
                words.entry(slot).or_insert_with(|| {
                    self.count();
                    word
                });
            }
        }
    }

    fn ask_for_proofs(&self, node: &Rpc, root: B256, wanted: &Wanted) -> Result<Option<(String, String)>, Unread> {
        let grouped = proof::by_account(wanted);
        let answers = node.batch(&proof::calls(&grouped, &pin(self.block.hash)))?;
        let mut known = self.known.borrow_mut();
        let mut refusal = None;
        for (who, proven) in proof::answers(root, &grouped, &answers) {
            match proven {
                Ok(proof::Proven { account, code, words }) => {
                    known.accounts.insert(who, account);
                    if !code.is_empty() {
                        known.codes.insert(account.code_hash, code);
                    }
                    self.count();
                    words.iter().for_each(|_| self.count());
                    known.words.entry(who).or_default().extend(words);
                }
                Err(why) => refusal = Some((format!("the account `{who}`"), why)),
            }
        }
        Ok(refusal)
    }

    fn count(&self) {
        self.from_node.set(self.from_node.get().saturating_add(1));
    }
}

/// The calls that read parts of the state.
fn state_calls(wanted: &Wanted, at: &Value) -> Vec<Call> {
    let of_account = |who: &Address| {
        ["eth_getBalance", "eth_getTransactionCount", "eth_getCode"]
            .map(|method| Call { method, parameters: json!([who, at]) })
    };
    let of_word =
        |(who, slot): &(Address, B256)| Call { method: "eth_getStorageAt", parameters: json!([who, slot, at]) };
    wanted.accounts.iter().flat_map(of_account).chain(wanted.words.iter().map(of_word)).collect()
}

/// How many those are.
fn count(wanted: &Wanted) -> usize {
    wanted.accounts.len().saturating_mul(OF_ACCOUNT).saturating_add(wanted.words.len())
}

/// EIP-1898: the state of this block and of no other, as long as it is one of the chain's.
fn pin(hash: B256) -> Value {
    json!({ "blockHash": hash, "requireCanonical": true })
}

fn account(answers: &[Answer]) -> Result<(Account, Bytes), String> {
    let part = |index: usize| answers.get(index).cloned();
    let balance = read(part(0), parse::number)?;
    let nonce = read(part(1), parse::small)?;
    let code = read(part(2), parse::bytes)?;
    Ok((Account { balance, nonce, code_hash: hash_of(&code) }, code))
}

fn read<T>(answer: Option<Answer>, parse: impl FnOnce(&Value) -> Result<T, String>) -> Result<T, String> {
    parse(&answer.unwrap_or_else(|| Err("it does not answer".to_owned()))?)
}
