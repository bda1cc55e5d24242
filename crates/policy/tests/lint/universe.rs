//! Every request of a small world, and what the chain may answer about it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, LazyLock},
};

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use portcullis_eval::{Action, Missing, PERMIT2, Request, State, account_slot, limit_descriptor, limit_slot};

use super::{
    badges,
    draft::{ACCOUNT, ALICE, BADGES, BOB, Draft, Extra, MODULE, REGISTRY, TOKEN},
};

pub(crate) const HOOK: Address = Address::repeat_byte(0x40);
/// 5 January 2026, a Monday.
const MONDAY: u64 = 1_767_571_200;

pub(crate) fn address(text: &str) -> Address {
    text.parse().expect("an address")
}

/// Storage, by slot.
type Words = Arc<BTreeMap<U256, U256>>;

/// What the chain says.
#[derive(Debug, Clone, Default)]
pub(crate) struct World {
    /// Shared, since nearly all worlds have the same.
    pub(crate) words: Words,
    pub(crate) listed: BTreeSet<Address>,
    pub(crate) code: BTreeSet<Address>,
    pub(crate) paused: U256,
    /// Answers to other static calls.
    pub(crate) answers: BTreeMap<(Address, Bytes), Bytes>,
}

impl State for World {
    fn word(&self, slot: U256) -> Result<U256, Missing> {
        Ok(self.words.get(&slot).copied().unwrap_or_default())
    }

    fn code_hash(&self, address: Address) -> Result<B256, Missing> {
        Ok(if self.code.contains(&address) { B256::repeat_byte(1) } else { B256::ZERO })
    }

    fn static_call(&self, target: Address, data: &[u8], _: u32) -> Result<Option<Bytes>, Missing> {
        let word = |number: U256| Some(Bytes::from(number.to_be_bytes_vec()));
        if let Some(answer) = self.answers.get(&(target, Bytes::copy_from_slice(data))) {
            return Ok(Some(answer.clone()));
        }
        if target != address(REGISTRY) {
            // The account tells nothing of its owners' signatures unless a case says so. What is noted of it before a
            // delegatecall it tells.
            assert_eq!(target, address(ACCOUNT));
            let told = ["masterCopy()", "getStorageAt(uint256,uint256)", "getOwners()", "getThreshold()", "nonce()"];
            let is_told = told.iter().any(|signature| data.starts_with(&selector(signature)));
            return Ok(is_told.then(|| word(U256::ONE)).flatten());
        }
        Ok(match data.len() {
            4 => word(self.paused),
            36 => word(U256::from(self.listed.contains(&Address::from_slice(&data[16..])))),
            _ => None,
        })
    }
}

/// A request, when, and where.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) request: Request,
    pub(crate) now: u64,
    pub(crate) world: World,
}

/// The state in which the account is under a program.
pub(crate) fn active() -> World {
    static WORDS: LazyLock<Words> = LazyLock::new(|| {
        let control = U256::from(0xda7a) | U256::from(3_600) << 160 | U256::from(2) << 224;
        Arc::new(BTreeMap::from([(account_slot(address(ACCOUNT), 0), control)]))
    });
    World { words: Arc::clone(&WORDS), ..World::default() }
}

pub(crate) fn call(to: Address, selector: [u8; 4], words: &[U256]) -> Action {
    let data = words.iter().fold(selector.to_vec(), |mut data, word| {
        data.extend(word.to_be_bytes::<32>());
        data
    });
    Action { to, data: data.into(), ..Action::default() }
}

pub(crate) fn selector(signature: &str) -> [u8; 4] {
    keccak256(signature)[..4].try_into().expect("four")
}

pub(crate) fn word(address: Address) -> U256 {
    U256::from_be_slice(address.as_slice())
}

fn actions(draft: &Draft) -> Vec<Action> {
    let (account, token) = (address(ACCOUNT), address(TOKEN));
    let other = Address::repeat_byte(0x77);
    let mut people = vec![address(ALICE), address(BOB), other];
    if draft.extras.contains(&Extra::Word) {
        // Words compare with numbers, and recipients are words: 5, 10, and some below 8 and above that are neither.
        people.extend([5, 6, 8, 10].map(Address::with_last_byte));
    }
    let amounts: Vec<U256> =
        if draft.extras.contains(&Extra::Word) { vec![0, 1, 5, 6, 7, 8, 10, 11] } else { vec![0, 1, 5, 6, 10, 11] }
            .into_iter()
            .map(U256::from)
            .collect();
    // What calls may carry as their first three words.
    let product = |firsts: &[U256]| -> Vec<Vec<U256>> {
        let seconds = [0, 5, 8, 10].map(U256::from);
        let pairs = firsts.iter().flat_map(|first| seconds.map(|second| (*first, second)));
        pairs.flat_map(|(first, second)| [0, 1].map(|third| vec![first, second, U256::from(third)])).collect()
    };
    let (alice, bob) = (word(address(ALICE)), word(address(BOB)));
    let (words, beside_value) = if draft.extras.contains(&Extra::Word) {
        // Beside value nothing decodes, so that a first word is in a list or not, whatever it is.
        (product(&[U256::ZERO, alice, bob, U256::MAX]), product(&[U256::ZERO, alice, bob]))
    } else {
        (vec![Vec::new()], vec![Vec::new()])
    };
    let selectors = [[0x11; 4], [0x22; 4]];
    let mut all = Vec::new();
    let known = [
        "enableModule(address)",
        "transfer(address,uint256)",
        "transferFrom(address,address,uint256)",
        "approve(address,uint256)",
    ]
    .map(selector);
    let mut targets = vec![account, token];
    targets.extend(people.iter().take(3));
    for to in &targets {
        all.push(Action { to: *to, ..Action::default() });
        for value in [1, 5, 6, 10, 11].map(U256::from) {
            all.push(Action { to: *to, value, ..Action::default() });
            for selector in selectors.iter().chain(&known) {
                all.extend(beside_value.iter().map(|words| Action { value, ..call(*to, *selector, words) }));
            }
        }
    }
    for to in &targets {
        all.push(Action { to: *to, operation: 1, ..Action::default() });
        for one in selectors.iter().chain(&known) {
            all.extend(words.iter().map(|words| Action { operation: 1, ..call(*to, *one, words) }));
        }
    }
    let transfer_from = selector("transferFrom(address,address,uint256)");
    let transfer = selector("transfer(address,uint256)");
    for to in [account].into_iter().chain(people.iter().copied().take(3)) {
        for one in selectors.into_iter().chain(known) {
            if to != account || one != selector("enableModule(address)") {
                all.extend(words.iter().map(|words| call(to, one, words)));
            }
        }
    }
    for one in selectors.into_iter().chain([selector("enableModule(address)")]) {
        all.extend(words.iter().map(|words| call(token, one, words)));
    }
    // What is somebody else's to send does not decode.
    let (sources, ends) = if draft.extras.contains(&Extra::Word) {
        (vec![other, address(ALICE), address(BOB)], people.clone())
    } else {
        (vec![other], vec![other])
    };
    let numbers: Vec<U256> =
        if draft.extras.contains(&Extra::Word) { vec![0, 1, 5] } else { vec![1] }.into_iter().map(U256::from).collect();
    let others = sources.iter().flat_map(|source| ends.iter().map(|end| [word(*source), word(*end)]));
    let others: Vec<[U256; 3]> =
        others.flat_map(|[source, end]| numbers.iter().map(move |number| [source, end, *number])).collect();
    all.extend(others.iter().map(|words| call(token, transfer_from, words)));
    for to in people.iter().copied() {
        all.push(call(account, selector("enableModule(address)"), &[word(to)]));
        for amount in &amounts {
            all.push(call(token, transfer, &[word(to), *amount]));
            all.push(call(token, transfer_from, &[word(account), word(to), *amount]));
            all.push(call(token, selector("approve(address,uint256)"), &[word(to), *amount]));
            all.push(call(token, selector("increaseAllowance(address,uint256)"), &[word(to), *amount]));
            all.push(call(
                PERMIT2,
                selector("approve(address,address,uint160,uint48)"),
                &[word(token), word(to), *amount, U256::ZERO],
            ));
        }
    }
    let ids = if draft.extras.contains(&Extra::Word) { &amounts } else { &numbers };
    match draft.badges {
        Some("erc721") => all.extend(badges::erc721(&people, ids, &others)),
        Some("erc1155") => {
            all.extend(badges::erc1155(&people, &amounts, ids, &others));
            let unknown = [transfer_from, selector("approve(address,uint256)")];
            all.extend(unknown.iter().flat_map(|one| words.iter().map(|words| call(address(BADGES), *one, words))));
        }
        other => assert_eq!(other, None),
    }
    if draft.badges.is_some() {
        let to = address(BADGES);
        for one in selectors.into_iter().chain([transfer, selector("enableModule(address)")]) {
            all.extend(words.iter().map(|words| call(to, one, words)));
        }
        all.extend([U256::ZERO, U256::ONE].map(|value| Action { to, value, ..Action::default() }));
    }
    all
}

/// Every case.
pub(crate) fn cases(draft: &Draft) -> Vec<Case> {
    let has = |extra| draft.extras.contains(&extra);
    let account = address(ACCOUNT);
    let (alice, module, other) = (address(ALICE), address(MODULE), Address::repeat_byte(0x66));
    let initiators: Vec<Address> =
        if has(Extra::Initiator) || draft.asks { vec![other, alice, address(BOB), module] } else { vec![other] };
    let mut askers: Vec<(Option<Address>, Address)> = initiators.iter().map(|one| (None, *one)).collect();
    if has(Extra::Origin) {
        askers.extend([other, alice, address(BOB), module].map(|one| (Some(one), one)));
    } else {
        askers.push((Some(module), module));
    }
    let times: &[u64] = if has(Extra::Time) { &[0, 32_400, 43_200, 61_200] } else { &[0] };
    let days: &[u64] = if has(Extra::Weekday) { &[0, 1, 5, 6] } else { &[0] };
    let mut all = Vec::new();
    for action in actions(draft) {
        for (origin, initiator) in &askers {
            for (time, day) in times.iter().flat_map(|time| days.iter().map(move |day| (*time, *day))) {
                let now = MONDAY + day * 86_400 + time;
                let actions = vec![action.clone()];
                let request =
                    Request { account, origin: *origin, initiator: *initiator, actions, ..Request::default() };
                all.push(Case { request, now, world: active() });
            }
        }
    }
    let spent = all.iter().map(|case| case.now).collect::<BTreeSet<_>>();
    let spent = spent.into_iter().map(|now| (now, used_up(now))).collect();
    all.into_iter().flat_map(|case| worlds(draft, &spent, case)).collect()
}

/// Everybody whom the request names.
fn involved(draft: &Draft, case: &Case) -> BTreeSet<Address> {
    let action = &case.request.actions[0];
    let mut all = BTreeSet::from([action.to]);
    let (words, _) = action.data.get(4..).unwrap_or_default().as_chunks::<32>();
    for one in words.iter().take(2).filter(|word| word[..12] == [0; 12]) {
        let found = Address::from_slice(&one[12..]);
        let amount = found <= Address::with_last_byte(255) && !found.is_zero() && !draft.extras.contains(&Extra::Word);
        if !amount && found != address(TOKEN) && found != case.request.account {
            all.insert(found);
        }
    }
    all
}

/// The case under everything that the chain may answer.
fn worlds(draft: &Draft, spent: &BTreeMap<u64, Vec<Words>>, case: Case) -> Vec<Case> {
    let mut all = vec![case];
    let mut vary = |extra, change: &dyn Fn(&Case) -> Vec<World>| {
        if draft.extras.contains(&extra) {
            all = all
                .iter()
                .flat_map(|case| change(case).into_iter().map(|world| Case { world, ..case.clone() }))
                .collect();
        }
    };
    let subsets = |case: &Case| {
        involved(draft, case).into_iter().fold(vec![BTreeSet::new()], |sets, one| {
            sets.into_iter()
                .flat_map(|set: BTreeSet<Address>| [set.clone(), set.into_iter().chain([one]).collect()])
                .collect()
        })
    };
    vary(Extra::Registry, &|case| {
        subsets(case).into_iter().map(|listed| World { listed, ..case.world.clone() }).collect()
    });
    vary(Extra::Code, &|case| subsets(case).into_iter().map(|code| World { code, ..case.world.clone() }).collect());
    vary(Extra::StaticCall, &|case| {
        [0, 1, 2].map(|paused| World { paused: U256::from(paused), ..case.world.clone() }).to_vec()
    });
    vary(Extra::Within, &|case| {
        spent[&case.now].iter().map(|words| World { words: Arc::clone(words), ..case.world.clone() }).collect()
    });
    all
}

/// The limits of every draft: id, whether of the token, window (1 day, 2 week, above: rolling seconds), count, cap.
const LIMITS: [(&str, bool, u32, bool, u64); 3] =
    [("day", true, 1, false, 10), ("week", true, 604_800, false, 6), ("count", false, 2, true, 3)];

/// The storage in which each set of limits is used up.
fn used_up(now: u64) -> Vec<Words> {
    let some = |mask: usize| {
        let mut world = active();
        for (_, (id, asset, window, count, cap)) in
            LIMITS.into_iter().enumerate().filter(|(bit, _)| mask >> bit & 1 == 1)
        {
            let asset = if asset { address(TOKEN) } else { Address::ZERO };
            let used = U256::from(cap);
            spend(&mut world, Spent { id, key: Address::ZERO, asset, window, scope: 0, count, used }, now);
        }
        world.words
    };
    (0..1 << LIMITS.len()).map(some).collect()
}

/// What is gone of a limit.
pub(crate) struct Spent<'a> {
    pub(crate) id: &'a str,
    pub(crate) key: Address,
    pub(crate) asset: Address,
    pub(crate) window: u32,
    pub(crate) scope: u8,
    pub(crate) count: bool,
    pub(crate) used: U256,
}

/// Stores it, with units of one.
pub(crate) fn spend(world: &mut World, spent: Spent<'_>, now: u64) {
    let Spent { id, key, asset, window, scope, count, used } = spent;
    let mut name = [0; 32];
    name[..id.len()].copy_from_slice(id.as_bytes());
    let days = now / 86_400;
    let (number, lane, word) = match window {
        1 => (1, 0, U256::from(days) << 192 | used),
        2 => (2, 0, U256::from((days + 3) / 7) << 192 | used),
        3 => {
            let month = month(days);
            (3, 0, U256::from(month) << 192 | used)
        }
        seconds => {
            let lane = seconds.div_ceil(8);
            (4, lane, U256::from(now / u64::from(lane)) << 213 | used)
        }
    };
    let descriptor = limit_descriptor(number, lane, scope, count);
    Arc::make_mut(&mut world.words).insert(limit_slot(address(ACCOUNT), name.into(), asset, descriptor, key), word);
}

fn month(days: u64) -> u64 {
    // January 2026 is all that witnesses know.
    assert!((20_454..20_485).contains(&days), "{days}");
    56 * 12
}
