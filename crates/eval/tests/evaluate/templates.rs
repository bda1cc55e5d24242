//! What `portcullis init` writes, as it is written.

use alloy_primitives::{Address, U256, address};
use portcullis_eval::{
    Action, Evaluation, MemoryState, Reason, Request, announcement_id, announcement_slot, consented, evaluate,
};
use portcullis_policy::{Compiled, Outcome, Policy, Standard, compile};

use crate::common::{ACCOUNT, CHAIN, HOOK, NOW, active, call_of, request, word};

const STRANGER: Address = Address::repeat_byte(0x57);
const LIDO: Address = address!("ae7ab96520DE3A18E5e111B5EaAb095312D7fE84");
const QUEUE: Address = address!("889edC2eDab5f40e902b864aD4d7AdE8E412F9B1");
/// `NOW` is a Thursday at midnight.
const NOON: u64 = NOW + 43_200;
const DAY: u64 = 86_400;

struct Template {
    policy: Policy,
    compiled: Compiled,
    state: MemoryState,
    at: u64,
}

impl Template {
    fn new(text: &str) -> Self {
        let policy = Policy::parse(text, "policy.toml").unwrap_or_else(|error| panic!("{error}")).with_account(ACCOUNT);
        let compiled = compile(&policy).unwrap();
        Self { policy, compiled, state: active(), at: NOON }
    }

    /// The member of a group or list at this place.
    fn who(&self, name: &str, at: usize) -> Address {
        self.policy.groups.get(name).unwrap_or_else(|| &self.policy.lists[name]).addresses()[at]
    }

    /// A payment in thousandths of the asset's unit.
    fn pay(&self, asset: &str, to: Address, thousandths: u64) -> Action {
        let asset = self.policy.assets[asset];
        let unit = U256::from(10).pow(U256::from(asset.decimals));
        let amount = unit * U256::from(thousandths) / U256::from(1_000);
        match asset.standard {
            Standard::Native => Action { to, value: amount, ..Action::default() },
            _ => {
                let words = [to.into_word().0, amount.to_be_bytes()];
                call_of(asset.standard.token().unwrap(), [0xa9, 0x05, 0x9c, 0xbb], &words)
            }
        }
    }

    fn allowance(&self, asset: &str, to: Address, amount: u64) -> Action {
        let token = self.policy.assets[asset].standard.token().unwrap();
        call_of(token, [0x09, 0x5e, 0xa7, 0xb3], &[to.into_word().0, word(amount)])
    }

    /// The reason and the rule's id, of everybody's consent; an allowed request is carried out.
    fn ask(&mut self, by: Address, action: Action) -> (Reason, &str) {
        let request = Request { initiator: by, ..request(vec![action]) };
        let program = &self.compiled.program;
        let evaluation = consented(program, CHAIN, HOOK, &self.state, &request, self.at).unwrap();
        self.never_loosened(&request, &evaluation);
        self.state.words.extend(evaluation.writes);
        let rule = evaluation.verdict.rule.and_then(|rule| self.compiled.source_map.rule(rule));
        (evaluation.verdict.reason, rule.map_or("", |rule| rule.id.as_str()))
    }

    /// Consent is all that is taken to be there: without it nothing more passes, and what asks for none is the same.
    fn never_loosened(&self, request: &Request, consented: &Evaluation) {
        // Nobody signed, so what reads owner signatures or approvals finds none.
        let mut state = self.state.clone();
        crate::common::safe_of(&mut state, 1, &[1]);
        let strict = evaluate(&self.compiled.program, CHAIN, HOOK, &state, request, self.at).unwrap();
        assert_eq!(strict.obligations.is_empty(), consented.obligations.is_empty());
        if consented.obligations.is_empty() {
            assert_eq!(strict.verdict, consented.verdict);
        } else {
            assert_ne!(strict.verdict.reason, Reason::Allowed);
        }
    }

    fn announce(&mut self, action: &Action, ago: u64) {
        let id = announcement_id(ACCOUNT, 0, None, std::slice::from_ref(action));
        let word = U256::from_be_slice(ACCOUNT.as_slice()) << 96 | U256::from(self.at - ago);
        self.state.words.insert(announcement_slot(id), word);
    }
}

fn swap_owner() -> Action {
    call_of(ACCOUNT, [0xe3, 0x18, 0xb5, 0x2b], &[word(1), word(2), word(3)])
}

macro_rules! template {
    ($name:literal) => {
        Template::new(include_str!(concat!("../../../../examples/templates/", $name, ".toml")))
    };
}

/// What no template lets through.
fn closed(template: &mut Template) {
    let by = STRANGER;
    let ether = template.pay("ETH", STRANGER, 1);
    assert_ne!(template.ask(by, ether).0, Reason::Allowed);
    let delegate = Action { operation: 1, ..Action { to: STRANGER, ..Action::default() } };
    assert_eq!(template.ask(by, delegate), (Reason::DelegatecallDenied, ""));
    let module = call_of(ACCOUNT, [0x61, 0x0b, 0x59, 0x25], &[STRANGER.into_word().0]);
    assert_eq!(template.ask(by, module), (Reason::NoRule, ""));
    let unknown = call_of(STRANGER, [1, 2, 3, 4], &[word(1)]);
    assert_eq!(template.ask(by, unknown), (Reason::NoRule, ""));
    // Owners change with notice, in every one of them.
    assert_eq!(template.ask(by, swap_owner()), (Reason::NotAnnounced, "owner-management"));
    let owners = template.policy.rules.iter().find(|rule| rule.id == "owner-management").unwrap();
    let Outcome::Allow { delay: Some(delay), .. } = owners.then else { panic!("has a delay") };
    template.announce(&swap_owner(), u64::from(delay) - 1);
    assert_eq!(template.ask(by, swap_owner()), (Reason::NotMatured, "owner-management"));
    template.announce(&swap_owner(), delay.into());
    assert_eq!(template.ask(by, swap_owner()), (Reason::Allowed, "owner-management"));
}

#[test]
fn a_small_company_pays_nobody_twice_and_no_stranger_much() {
    let mut company = template!("small-company");
    closed(&mut company);
    let (ada, host, office) = (company.who("employees", 0), company.who("suppliers", 0), company.who("office", 0));
    let salary = company.pay("USDC", ada, 12_000_000);
    assert_eq!(company.ask(STRANGER, salary.clone()), (Reason::Allowed, "salaries"));
    assert_eq!(company.ask(STRANGER, salary), (Reason::LimitExceeded, "salaries"));
    let bill = company.pay("USDC", host, 10_000_000);
    assert_eq!(company.ask(STRANGER, bill), (Reason::Allowed, "suppliers"));
    let large = company.pay("USDC", host, 10_001_000);
    assert_eq!(company.ask(STRANGER, large.clone()), (Reason::NotAnnounced, "large-bills"));
    company.announce(&large, DAY);
    assert_eq!(company.ask(STRANGER, large), (Reason::Allowed, "large-bills"));
    let lunch = company.pay("USDC", STRANGER, 500_000);
    assert_eq!(company.ask(STRANGER, lunch.clone()), (Reason::NoRule, ""));
    for _ in 0..4 {
        assert_eq!(company.ask(office, lunch.clone()), (Reason::Allowed, "petty-cash"));
    }
    assert_eq!(company.ask(office, lunch), (Reason::NoRule, ""));
    let allowance = company.allowance("USDC", ada, 1);
    assert_eq!(company.ask(STRANGER, allowance), (Reason::RuleDenies, "no-allowances"));
    let huge = company.pay("USDC", host, 100_000_000);
    company.announce(&huge, DAY);
    assert_eq!(company.ask(STRANGER, huge), (Reason::LimitExceeded, "large-bills"));
}

#[test]
fn a_dao_pays_what_was_in_public_and_takes_allowances_back() {
    let mut dao = template!("dao-treasury");
    closed(&mut dao);
    let contributor = dao.who("contributors", 1);
    let month = dao.pay("USDC", contributor, 15_000_000);
    assert_eq!(dao.ask(STRANGER, month.clone()), (Reason::Allowed, "contributors"));
    // A second one in the month is a proposal like any other.
    assert_eq!(dao.ask(STRANGER, month), (Reason::NotAnnounced, "passed-proposals"));
    let grant = dao.pay("USDC", STRANGER, 250_000_000);
    dao.announce(&grant, 2 * DAY);
    assert_eq!(dao.ask(STRANGER, grant.clone()), (Reason::NotMatured, "passed-proposals"));
    dao.announce(&grant, 3 * DAY);
    assert_eq!(dao.ask(STRANGER, grant), (Reason::Allowed, "passed-proposals"));
    let beyond = dao.pay("USDC", STRANGER, 250_001_000);
    assert_eq!(dao.ask(STRANGER, beyond), (Reason::NoRule, ""));
    let ether = dao.pay("ETH", STRANGER, 1_000);
    assert_eq!(dao.ask(STRANGER, ether), (Reason::NotAnnounced, "other-assets"));
    let (revoke, grant) = (dao.allowance("USDC", STRANGER, 0), dao.allowance("USDC", STRANGER, 1));
    assert_eq!(dao.ask(STRANGER, revoke), (Reason::Allowed, "revoke-allowances"));
    assert_eq!(dao.ask(STRANGER, grant), (Reason::RuleDenies, "no-allowances"));
}

#[test]
fn a_market_maker_moves_fast_to_its_own_places_only() {
    let mut maker = template!("market-maker");
    let (trader, exchange) = (maker.who("traders", 0), maker.who("exchanges", 0));
    let million = maker.pay("USDC", exchange, 1_000_000_000);
    assert_eq!(maker.ask(STRANGER, million.clone()), (Reason::NotAnnounced, "withdrawals"));
    for _ in 0..2 {
        assert_eq!(maker.ask(trader, million.clone()), (Reason::Allowed, "to-exchanges"));
    }
    assert_eq!(maker.ask(trader, million.clone()), (Reason::LimitExceeded, "to-exchanges"));
    maker.at += 3_600 + 450;
    assert_eq!(maker.ask(trader, million), (Reason::Allowed, "to-exchanges"));
    let weth = maker.policy.assets["WETH"].standard.token().unwrap();
    let wrap = Action { value: U256::from(1), ..call_of(weth, [0xd0, 0xe3, 0x0d, 0xb0], &[]) };
    let unwrap = call_of(weth, [0x2e, 0x1a, 0x7d, 0x4d], &[word(1)]);
    assert_eq!(maker.ask(trader, wrap), (Reason::Allowed, "wrap-and-unwrap"));
    assert_eq!(maker.ask(trader, unwrap.clone()), (Reason::Allowed, "wrap-and-unwrap"));
    assert_eq!(maker.ask(STRANGER, unwrap), (Reason::NoRule, ""));
    let home = maker.pay("USDC", STRANGER, 1_000);
    maker.announce(&home, DAY / 2);
    assert_eq!(maker.ask(STRANGER, home.clone()), (Reason::Allowed, "withdrawals"));
    maker.at = NOW + DAY;
    assert_eq!(maker.ask(STRANGER, home), (Reason::NoRule, ""), "by night");
    maker.at = NOON;
    closed(&mut maker);
}

#[test]
fn grants_need_an_answer_from_the_sanctions_list() {
    let mut grants = template!("grants");
    let registry = address!("40C57923924B5c5c5455c48D93317139ADDaC8fb");
    let grantee = grants.who("grantees", 0);
    let instalment = grants.pay("USDC", grantee, 25_000_000);
    assert_eq!(grants.ask(STRANGER, instalment.clone()), (Reason::RegistryFailed, "never-to-the-sanctioned"));
    let mut answer = |who: Address, is: u64| {
        let call = [[0xdf, 0x59, 0x2f, 0x7d].as_slice(), who.into_word().as_slice()].concat();
        grants.state.answers.insert((registry, call.into()), word(is).into());
    };
    let bad = Address::repeat_byte(0xbd);
    answer(grantee, 0);
    answer(STRANGER, 0);
    answer(bad, 1);
    let stolen = grants.pay("USDC", bad, 1_000);
    assert_eq!(grants.ask(STRANGER, stolen), (Reason::RuleDenies, "never-to-the-sanctioned"));
    assert_eq!(grants.ask(STRANGER, instalment.clone()), (Reason::Allowed, "instalments"));
    assert_eq!(grants.ask(STRANGER, instalment), (Reason::NotAnnounced, "large-grants"));
    let small = grants.pay("USDC", STRANGER, 5_000_000);
    assert_eq!(grants.ask(STRANGER, small), (Reason::Allowed, "small-grants"));
    let large = grants.pay("USDC", STRANGER, 50_000_000);
    grants.announce(&large, 5 * DAY);
    assert_eq!(grants.ask(STRANGER, large), (Reason::Allowed, "large-grants"));
    let beyond = grants.pay("USDC", STRANGER, 50_001_000);
    assert_eq!(grants.ask(STRANGER, beyond), (Reason::NoRule, ""));
    closed(&mut grants);
}

#[test]
fn staked_ether_goes_to_the_queue_and_back_and_nowhere_else() {
    let mut staking = template!("staking");
    closed(&mut staking);
    let operator = staking.who("operators", 0);
    let submit = |ether: u64| {
        let value = U256::from(ether) * U256::from(10).pow(U256::from(18));
        Action { value, ..call_of(LIDO, [0xa1, 0x90, 0x3e, 0xab], &[word(0)]) }
    };
    assert_eq!(staking.ask(operator, submit(320)), (Reason::Allowed, "stake-call"));
    assert_eq!(staking.ask(operator, submit(1)), (Reason::LimitExceeded, "stake"));
    assert_eq!(staking.ask(STRANGER, submit(1)), (Reason::NoRule, ""));
    // `requestWithdrawals(uint256[],address)` to the account itself, and to somebody else.
    let unstake = |to: Address| call_of(QUEUE, [0xd6, 0x68, 0x10, 0x42], &[word(64), to.into_word().0, word(0)]);
    assert_eq!(staking.ask(operator, unstake(Address::ZERO)), (Reason::Allowed, "unstake"));
    assert_eq!(staking.ask(operator, unstake(STRANGER)), (Reason::NoRule, ""));
    assert_eq!(staking.ask(STRANGER, unstake(Address::ZERO)), (Reason::NoRule, ""));
    let claim = call_of(QUEUE, [0xe3, 0xaf, 0xe0, 0xa3], &[word(64), word(96), word(0), word(0)]);
    assert_eq!(staking.ask(operator, claim), (Reason::Allowed, "claim"));
    let (queue, other) = (staking.allowance("stETH", QUEUE, 5), staking.allowance("stETH", STRANGER, 5));
    assert_eq!(staking.ask(operator, queue), (Reason::Allowed, "let-the-queue-take"));
    assert_eq!(staking.ask(operator, other), (Reason::RuleDenies, "no-other-allowances"));
    let payment = staking.pay("stETH", STRANGER, 1_000);
    assert_eq!(staking.ask(operator, payment.clone()), (Reason::NotAnnounced, "other-payments"));
    staking.announce(&payment, 3 * DAY);
    assert_eq!(staking.ask(operator, payment), (Reason::Allowed, "other-payments"));
}
