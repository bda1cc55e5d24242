//! From a phase of a proposal to the calls that carry it out.

use crate::documents::{Claim, Document, Fault, Mapping, MoveKind, Phase, Proposal, Route, Snapshot, State, Way};
use alloy_dyn_abi::{DynSolType, JsonAbiExt, Specifier};
use alloy_json_abi::Function;
use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::SolCall;
use std::collections::BTreeMap;

mod abi {
    alloy_sol_types::sol! {
        function approve(address spender, uint256 value) external returns (bool);
        function transfer(address to, uint256 value) external returns (bool);
        function deposit(uint256 assets, address receiver) external returns (uint256);
        function withdraw(uint256 assets, address receiver, address owner) external returns (uint256);
        function redeem(uint256 shares, address receiver, address owner) external returns (uint256);
        function submit(address referral) external payable returns (uint256);
        function requestWithdrawals(uint256[] amounts, address owner) external returns (uint256[] requestIds);
        function claimWithdrawal(uint256 requestId) external;
        function claimWithdrawals(uint256[] requestIds, uint256[] hints) external;
    }
}

mod beacon {
    alloy_sol_types::sol! {
        function deposit(bytes pubkey, bytes withdrawalCredentials, bytes signature, bytes32 depositDataRoot) external payable;
    }
}

/// The most that Lido's queue takes in one request, in wei: `MAX_STETH_WITHDRAWAL_AMOUNT`.
const LIDO_MOST: i128 = 1_000_000_000_000_000_000_000;
/// The least: `MIN_STETH_WITHDRAWAL_AMOUNT`.
const LIDO_LEAST: i128 = 100;

/// A call of the account's, and the route that it is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The route in the mapping.
    pub route: String,
    /// Whom it calls.
    pub to: Address,
    /// Native base units.
    pub value: U256,
    /// Calldata.
    pub data: Bytes,
}

/// The calls of one phase, in their order: what frees capital, then what places it.
///
/// Says nothing about the proposal's being valid: [`crate::verify`] does.
///
/// # Errors
///
/// A mapping that is not in force or does not fit, a subject without a way, an amount that a way cannot move.
pub fn calls(
    proposal: &Proposal,
    phase: u32,
    snapshot: &Document<Snapshot>,
    mapping: &Document<Mapping>,
) -> Result<Vec<Call>, Fault> {
    let body = &mapping.body;
    let fault = |path: &str, what: String, remedy: &str| Err(Fault::new(&mapping.name, path, what, remedy));
    if body.state(proposal.evaluated_at) != State::InForce {
        let what = format!("{} is not in force at {}", body.version(), proposal.evaluated_at);
        return fault("lifecycle", what, "give the revision that is");
    }
    if body.unit != proposal.unit {
        let what = format!("it counts in {} of {} decimals", body.unit.symbol, body.unit.decimals);
        return fault("unit", what, "count in the unit of the snapshot");
    }
    if proposal.snapshot.hash != snapshot.hash {
        return fault("snapshot", "the snapshot is not that of the proposal".to_owned(), "give the one it names");
    }
    let Some(steps) = proposal.phases.iter().find(|known| known.number == phase) else {
        let what = format!("there is no phase {phase}; it has {}", proposal.phases.len());
        return Err(Fault::new(proposal.id.to_string(), "phases", what, "name one of them"));
    };
    let mut net: BTreeMap<&str, (&Route, i128)> = BTreeMap::new();
    for (subject, change) in changes(steps) {
        let route = route(&snapshot.body, mapping, subject)?;
        let sum = &mut net.entry(&route.id).or_insert((route, 0)).1;
        *sum = sum.saturating_add(change);
    }
    let mut calls = Vec::new();
    let (freed, placed): (Vec<_>, Vec<_>) =
        net.values().copied().filter(|(_, net)| *net != 0).partition(|(_, net)| *net < 0);
    for (route, net) in freed.into_iter().chain(placed) {
        let (word, way) = if net < 0 { ("decrease", &route.decrease) } else { ("increase", &route.increase) };
        let path = format!("routes[{}].{word}", route.id);
        let wrong = |(what, remedy): (String, &str)| Fault::new(&mapping.name, &path, what, remedy);
        let none = || wrong((format!("the phase moves {net} base units there, and it has no {word}"), "add the way"));
        let made = way.as_ref().ok_or_else(none)?.calls(net.saturating_abs(), body.account).map_err(wrong)?;
        calls.extend(made.into_iter().map(|(to, value, data)| Call {
            route: route.id.clone(),
            to,
            value,
            data: data.into(),
        }));
    }
    Ok(calls)
}

/// What each subject receives, or gives back if below zero.
fn changes(phase: &Phase) -> impl Iterator<Item = (&str, i128)> {
    phase.moves.iter().map(|step| {
        let units = step.amount.units();
        (step.subject.as_str(), if step.kind == MoveKind::Increase { units } else { units.saturating_neg() })
    })
}

/// The route of a subject: the one that names it, or the only one that names what contains it.
fn route<'a>(snapshot: &Snapshot, mapping: &'a Document<Mapping>, id: &str) -> Result<&'a Route, Fault> {
    let fault = |what: String, remedy: &str| Fault::new(&mapping.name, "routes", what, remedy);
    let names = |route: &&Route, id: &str| route.subjects.iter().any(|subject| subject == id);
    let routes = &mapping.body.routes;
    if let Some(own) = routes.iter().find(|route| names(route, id)) {
        return Ok(own);
    }
    let absent = || fault(format!("the snapshot has no subject `{id}`"), "give the snapshot of the proposal");
    let subject = snapshot.subject(id).ok_or_else(absent)?;
    let around = snapshot.around(subject).map_err(|_| absent())?;
    let mut found = routes.iter().filter(|route| around.iter().any(|outer| names(route, &outer.id)));
    match (found.next(), found.next()) {
        (Some(only), None) => Ok(only),
        (Some(one), Some(other)) => {
            Err(fault(format!("{id} is in both {} and {}", one.id, other.id), "name it in one of them"))
        }
        (None, _) => Err(fault(format!("no route leads to {id}"), "add one, or name what contains it")),
    }
}

type Made = (Address, U256, Vec<u8>);

impl Way {
    /// The calls that move `amount`, above zero.
    fn calls(&self, amount: i128, account: Address) -> Result<Vec<Made>, (String, &'static str)> {
        let too_large = || (format!("{amount} is no amount"), "check the proposal");
        let units = U256::try_from(amount).map_err(|_| too_large())?;
        let plain = |to: Address, data: Vec<u8>| (to, U256::ZERO, data);
        let allow =
            |token: Address, spender: Address| plain(token, abi::approveCall { spender, value: units }.abi_encode());
        let (receiver, owner) = (account, account);
        Ok(match self {
            Self::Erc4626Deposit { vault, asset } => {
                let deposit = abi::depositCall { assets: units, receiver };
                vec![allow(*asset, *vault), plain(*vault, deposit.abi_encode())]
            }
            Self::Erc4626Withdraw { vault } => {
                vec![plain(*vault, abi::withdrawCall { assets: units, receiver, owner }.abi_encode())]
            }
            Self::Erc4626Redeem { vault } => {
                vec![plain(*vault, abi::redeemCall { shares: units, receiver, owner }.abi_encode())]
            }
            Self::Erc20Transfer { token, to } => {
                vec![plain(*token, abi::transferCall { to: *to, value: units }.abi_encode())]
            }
            Self::NativeTransfer { to } => vec![(*to, units, Vec::new())],
            Self::BeaconDeposit { contract, deposits } => {
                let (mut left, mut made) = (amount, Vec::new());
                for deposit in deposits.iter().take_while(|deposit| {
                    left = left.saturating_sub(deposit.wei());
                    left >= 0
                }) {
                    let call = beacon::depositCall {
                        pubkey: deposit.pubkey.clone(),
                        withdrawalCredentials: Bytes::copy_from_slice(deposit.withdrawal_credentials.as_slice()),
                        signature: deposit.signature.clone(),
                        depositDataRoot: deposit.deposit_data_root,
                    };
                    let wei = U256::try_from(deposit.wei()).map_err(|_| too_large())?;
                    made.push((*contract, wei, call.abi_encode()));
                }
                let deposited = made.iter().try_fold(U256::ZERO, |sum, (_, wei, _)| sum.checked_add(*wei));
                if deposited != Some(units) {
                    let what = format!("its deposits, in order, do not add up to {amount} wei");
                    return Err((what, "add signed deposits that do, or limit changes to whole deposits"));
                }
                made
            }
            Self::LidoStake { token } => {
                vec![(*token, units, abi::submitCall { referral: Address::ZERO }.abi_encode())]
            }
            Self::LidoRequestWithdrawals { token, queue } => {
                let amounts = parts(amount).ok_or_else(|| {
                    (format!("the queue takes no less than {LIDO_LEAST} wei, and this is {amount}"), "move more")
                })?;
                let call = abi::requestWithdrawalsCall { amounts, owner };
                vec![allow(*token, *queue), plain(*queue, call.abi_encode())]
            }
            Self::LidoClaimWithdrawals { queue, claims } => {
                claimed(claims, amount)?.into_iter().map(|data| plain(*queue, data)).collect()
            }
            Self::Call { to, function, arguments, value, approve } => {
                let mut made: Vec<Made> =
                    approve.iter().map(|allowance| allow(allowance.token, allowance.spender)).collect();
                let filled = |text: &str| {
                    text.replace("{amount}", &amount.to_string()).replace("{account}", &account.to_string())
                };
                let value = match value {
                    None => U256::ZERO,
                    Some(text) => U256::from_str_radix(&filled(text), 10)
                        .map_err(|_| (format!("the value `{text}` is no number"), "write wei, or {amount}"))?,
                };
                made.push((*to, value, encode(function, arguments, &filled)?));
                made
            }
        })
    }
}

/// Requests that the queue takes, as even as they can be, the larger ones first.
fn parts(amount: i128) -> Option<Vec<U256>> {
    let most = LIDO_MOST;
    let count = amount.checked_add(most)?.checked_sub(1)?.checked_div(most)?;
    let (each, rest) = (amount.checked_div(count)?, amount.checked_rem(count)?);
    if each < LIDO_LEAST {
        return None;
    }
    (0..count).map(|at| U256::try_from(each.checked_add(i128::from(at < rest))?).ok()).collect()
}

/// The calls that claim the first requests that pay the amount: one for all where their hints are known.
fn claimed(claims: &[Claim], amount: i128) -> Result<Vec<Vec<u8>>, (String, &'static str)> {
    let (mut paid, mut taken) = (0_i128, Vec::new());
    for claim in claims.iter().take_while(|claim| {
        paid = paid.saturating_add(claim.wei.units());
        paid <= amount
    }) {
        taken.push(claim);
    }
    let sum = taken.iter().fold(0_i128, |sum, claim| sum.saturating_add(claim.wei.units()));
    if sum != amount {
        let what = format!("its requests, in order, do not pay {amount} wei");
        return Err((what, "add finalized requests that do, or limit changes to whole requests"));
    }
    let ids = || taken.iter().map(|claim| U256::from(claim.request));
    let hints: Option<Vec<U256>> = taken.iter().map(|claim| claim.hint.map(U256::from)).collect();
    Ok(match hints {
        Some(hints) => vec![abi::claimWithdrawalsCall { requestIds: ids().collect(), hints }.abi_encode()],
        None => ids().map(|id| abi::claimWithdrawalCall { requestId: id }.abi_encode()).collect(),
    })
}

/// The calldata of a function that is known by its signature.
fn encode(
    function: &str,
    arguments: &[String],
    filled: &impl Fn(&str) -> String,
) -> Result<Vec<u8>, (String, &'static str)> {
    let wrong = |what: String| (what, "write one argument for each type of the function");
    let parsed = Function::parse(function).map_err(|_| wrong(format!("`{function}` is no function")))?;
    let mut values = Vec::new();
    for (input, text) in parsed.inputs.iter().zip(arguments) {
        let kind: DynSolType = input.resolve().map_err(|_| wrong(format!("`{}` is no type", input.ty)))?;
        let value = kind.coerce_str(&filled(text));
        values.push(value.map_err(|_| wrong(format!("`{text}` is no {}", input.ty)))?);
    }
    parsed.abi_encode_input(&values).map_err(|_| wrong(format!("the arguments are not those of {function}")))
}
