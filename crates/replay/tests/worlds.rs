//! A world goes on with what it allows, and with nothing else.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

use alloy_primitives::{Address, B256, Bytes, U256, address};
use alloy_sol_types::SolCall;
use portcullis_bindings::{IPolicyHook, safe::MULTI_SEND_CALL_ONLY_1_4_1};
use portcullis_eval::{Action, Reason, Request, announcement_id};
use portcullis_policy::{Policy, compile};
use portcullis_replay::{Facts, Outcome, Setting, World};

const ACCOUNT: Address = address!("e8E0F9B9AD645f5B37E8596b8B78CFC956397bB8");
const HOOK: Address = address!("4001000000000000000000000000000000000001");
const FRIEND: Address = address!("228Cc9cDD34f2f72025c482A374A9fA75b2089d3");
const NOW: u64 = 1_767_225_600;
const DAY: u64 = 86_400;

const POLICY: &str = r#"
version = 1
name = "worlds"
account = "eth:0xe8E0F9B9AD645f5B37E8596b8B78CFC956397bB8"
semantics = "first-match"
control = { change_delay = "48h", announcement_expiry = "7d" }
assets = { ETH = { standard = "native", decimals = 18 } }
[groups]
managers = ["0x3A492A4B22aB8a26f74294c2aC053220c8ce88A3", "0x8D94058064837Cea97Bf0886Ab5CcB619c3AAA63"]
[lists]
checked = { registry = "0x40C57923924B5c5c5455c48D93317139ADDaC8fb" }
[limits.day]
asset = "ETH"
cap = "10"
window = { calendar = "day" }
[[rules]]
id = "friend"
when = { effect = "transfer", asset = "ETH", recipient = "0x228Cc9cDD34f2f72025c482A374A9fA75b2089d3", within = "day" }
then = { allow = true, limits = "day" }
[[rules]]
id = "announced"
when = { effect = "transfer", asset = "ETH", amount = { max = "50" }, recipient = "0x228Cc9cDD34f2f72025c482A374A9fA75b2089d3" }
then = { allow = true, delay = "24h", approvals = { group = "managers", at_least = 2 } }
[[rules]]
id = "checked"
when = { effect = "transfer", asset = "ETH", amount = { max = "50" }, recipient = "@checked" }
then = { allow = true }
"#;

struct Past {
    world: World,
    facts: Facts,
}

impl Past {
    fn new() -> Self {
        let program = compile(&Policy::parse(POLICY, "policy.toml").unwrap()).unwrap().program;
        let setting = Setting {
            program,
            chain_id: 1,
            hook: HOOK,
            account: ACCOUNT,
            change_delay: 172_800,
            announcement_expiry: 604_800,
        };
        Self { world: World::new(setting), facts: Facts::default() }
    }

    fn decide(&self, action: &Action, now: u64) -> Outcome {
        self.world.decide(&self.facts, &request(action), now).outcome
    }

    fn reason(&self, action: &Action, now: u64) -> Reason {
        match self.decide(action, now) {
            Outcome::Allowed(..) => Reason::Allowed,
            Outcome::Denied(verdict) => verdict.reason,
            Outcome::Unknown(undecided) => panic!("{undecided}"),
        }
    }

    /// Decides and carries out.
    fn execute(&mut self, action: &Action, now: u64) -> Reason {
        let reason = self.reason(action, now);
        let decided = self.world.decide(&self.facts, &request(action), now);
        self.world.carry_out(&self.facts, decided, &request(action), now);
        reason
    }
}

fn request(action: &Action) -> Request {
    Request { account: ACCOUNT, actions: vec![action.clone()], ..Request::default() }
}

fn pay(to: Address, ether: u64) -> Action {
    Action { to, value: U256::from(ether) * U256::from(10).pow(U256::from(18)), ..Action::default() }
}

fn call(to: Address, call: impl SolCall) -> Action {
    Action { to, data: call.abi_encode().into(), ..Action::default() }
}

fn announced(action: &Action) -> IPolicyHook::announceCall {
    let action = IPolicyHook::Action {
        to: action.to,
        value: action.value,
        data: action.data.clone(),
        operation: action.operation,
    };
    IPolicyHook::announceCall { account: ACCOUNT, origin: Address::ZERO, actions: vec![action] }
}

#[test]
fn nothing_denied_is_ever_charged() {
    let mut past = Past::new();
    assert_eq!(past.execute(&pay(FRIEND, 60), NOW), Reason::NoRule);
    assert_eq!(past.execute(&pay(FRIEND, 10), NOW), Reason::Allowed);
    assert_eq!(past.execute(&pay(FRIEND, 1), NOW), Reason::NotAnnounced);
    // What was only asked for is not charged either.
    assert_eq!(past.reason(&pay(FRIEND, 10), NOW + DAY), Reason::Allowed);
    assert_eq!(past.execute(&pay(FRIEND, 10), NOW + DAY), Reason::Allowed);
}

#[test]
fn an_announcement_is_used_once_and_never_before_it_matures() {
    let mut past = Past::new();
    let large = pay(FRIEND, 50);
    past.world.announce(None, std::slice::from_ref(&large), NOW);
    // Announcing again changes nothing while it lives.
    past.world.announce(None, std::slice::from_ref(&large), NOW + 100);
    assert_eq!(past.execute(&large, NOW + DAY - 1), Reason::NotMatured);
    let Outcome::Allowed(Some(1), asks) = past.decide(&large, NOW + DAY) else { panic!("is asked for") };
    assert_eq!((asks.len(), asks[0].need), (1, 2));
    assert_eq!(past.execute(&large, NOW + DAY), Reason::Allowed);
    assert_eq!(past.execute(&large, NOW + DAY), Reason::NotAnnounced);
    past.world.announce(None, std::slice::from_ref(&large), NOW);
    assert_eq!(past.reason(&large, NOW + 7 * DAY), Reason::AnnouncementExpired);
    past.world.announce(None, std::slice::from_ref(&large), NOW + 7 * DAY);
    assert_eq!(past.reason(&large, NOW + 8 * DAY), Reason::Allowed);
    past.world.cancel(None, std::slice::from_ref(&large));
    assert_eq!(past.reason(&large, NOW + 8 * DAY), Reason::NotAnnounced);
}

#[test]
fn the_account_announces_and_cancels_by_its_own_requests_in_batches_too() {
    let mut past = Past::new();
    let large = pay(FRIEND, 50);
    let announce = call(HOOK, announced(&large));
    // A batch of the announcement and a payment.
    let mut bytes = Vec::new();
    for action in [&announce, &pay(FRIEND, 1)] {
        bytes.push(0);
        bytes.extend(action.to);
        bytes.extend(action.value.to_be_bytes::<32>());
        bytes.extend(U256::from(action.data.len()).to_be_bytes::<32>());
        bytes.extend(&action.data);
    }
    let mut data = vec![0x8d, 0x80, 0xff, 0x0a];
    data.extend(U256::from(32).to_be_bytes::<32>());
    data.extend(U256::from(bytes.len()).to_be_bytes::<32>());
    bytes.resize(bytes.len().next_multiple_of(32), 0);
    data.extend(bytes);
    let batch = Action { to: MULTI_SEND_CALL_ONLY_1_4_1, data: data.into(), operation: 1, ..Action::default() };
    assert_eq!(past.execute(&batch, NOW), Reason::Allowed);
    assert_eq!(past.reason(&large, NOW + DAY), Reason::Allowed);
    let id = announcement_id(ACCOUNT, 0, None, std::slice::from_ref(&large));
    assert_eq!(past.execute(&call(HOOK, IPolicyHook::cancelCall { account: ACCOUNT, id }), NOW), Reason::Allowed);
    assert_eq!(past.reason(&large, NOW + DAY), Reason::NotAnnounced);
    // Nobody else's announcements are made by naming another account.
    let mut other = announced(&large);
    other.account = FRIEND;
    assert_eq!(past.execute(&call(HOOK, other), NOW), Reason::NoRule);
    assert_eq!(past.reason(&large, NOW + DAY), Reason::NotAnnounced);
}

#[test]
fn staged_changes_mature_and_the_program_under_test_stays() {
    let mut past = Past::new();
    let program = Address::repeat_byte(0xda);
    let stage = call(HOOK, IPolicyHook::stageCall { program, codeHash: B256::ZERO, changeDelay: 3_600 });
    let activate = call(HOOK, IPolicyHook::activateCall { program });
    assert_eq!(past.execute(&stage, NOW), Reason::Allowed);
    assert_eq!(past.execute(&activate, NOW + 3 * DAY), Reason::Allowed);
    assert_eq!(past.execute(&pay(FRIEND, 1), NOW + 3 * DAY), Reason::Allowed);
    // The guard goes only as it was staged, after the new delay; then nothing is left to decide.
    let remove = |selector: [u8; 4]| Action {
        to: ACCOUNT,
        data: [selector.as_slice(), &[0; 32]].concat().into(),
        ..Action::default()
    };
    let (guard, module_guard) = (remove([0xe1, 0x9a, 0x9d, 0xd9]), remove([0xe0, 0x68, 0xdf, 0x37]));
    let at = NOW + 3 * DAY;
    let calls = [&guard, &module_guard].map(|one| IPolicyHook::SlotCall { to: one.to, data: one.data.clone() });
    let slots = call(HOOK, IPolicyHook::stageSlotsCall { calls: calls.to_vec() });
    let both = Request { account: ACCOUNT, actions: vec![guard, module_guard], ..Request::default() };
    let ask = |past: &Past, now| past.world.decide(&past.facts, &both, now);
    let denied = |past: &Past, now| match ask(past, now).outcome {
        Outcome::Denied(verdict) => verdict.reason,
        other => panic!("{other:?}"),
    };
    assert_eq!(denied(&past, at), Reason::SlotsNotStaged);
    assert_eq!(past.execute(&slots, at), Reason::Allowed);
    assert_eq!(denied(&past, at + 3_599), Reason::SlotsNotMatured);
    let decided = ask(&past, at + 3_600);
    past.world.carry_out(&past.facts, decided, &both, at + 3_600);
    assert_eq!(past.reason(&pay(FRIEND, 1), at + 3_600), Reason::NoProgram);
    let install = IPolicyHook::installCall {
        program,
        codeHash: B256::ZERO,
        changeDelay: 3_600,
        manager: Address::ZERO,
        bypassing: Vec::new(),
    };
    assert_eq!(past.execute(&call(HOOK, install), at + 3_600), Reason::Allowed);
    assert_eq!(past.reason(&pay(FRIEND, 1), at + 3_600), Reason::Allowed);
}

#[test]
fn what_the_chain_was_never_told_stays_unknown() {
    let mut past = Past::new();
    let stranger = Address::repeat_byte(0x57);
    let payment = pay(stranger, 1);
    assert!(matches!(past.decide(&payment, NOW), Outcome::Unknown(_)));
    let decided = past.world.decide(&past.facts, &request(&payment), NOW);
    past.world.carry_out(&past.facts, decided, &request(&payment), NOW);
    let registry = address!("40C57923924B5c5c5455c48D93317139ADDaC8fb");
    let asked: Bytes = [[0x5d, 0xbe, 0x47, 0xe8].as_slice(), stranger.into_word().as_slice()].concat().into();
    past.facts.answer(registry, asked.clone(), None);
    assert_eq!(past.reason(&payment, NOW), Reason::RegistryFailed);
    past.facts.answer(registry, asked, Some(B256::with_last_byte(1).0.into()));
    assert_eq!(past.reason(&payment, NOW), Reason::Allowed);
    let unknown = Action { to: stranger, operation: 1, ..Action::default() };
    assert!(matches!(past.decide(&unknown, NOW), Outcome::Unknown(_)));
    past.facts.code(stranger, B256::ZERO);
    assert_eq!(past.reason(&unknown, NOW), Reason::DelegatecallDenied);
}
