//! Phases become calls: each way makes exactly its own, and what does not fit is refused with a remedy.

use alloy_primitives::{Address, U256, address, hex};
use portcullis_allocate::documents::{Document, Mapping};
use portcullis_allocate::{Call, Inputs, calls, propose};
use serde_json::{Value, json};

const ACCOUNT: Address = address!("0a0660fC6c21b6C8638C56f7A8bbe22dCC900000");
const VAULT: Address = address!("1000000000000000000000000000000000000001");
const TOKEN: Address = address!("2000000000000000000000000000000000000002");
const ETHER: u128 = 1_000_000_000_000_000_000;

fn lifecycle() -> Value {
    json!([
        {"state": "draft", "at": "2026-10-01T00:00:00Z", "by": "ana"},
        {"state": "approved", "at": "2026-10-05T00:00:00Z", "by": "board"},
        {"state": "in-force", "at": "2026-10-08T00:00:00Z", "by": "board"},
    ])
}

/// A mapping for a provider that gives and one that takes.
fn mapping(increase: &Value, decrease: &Value) -> Value {
    json!({
        "kind": "allocation-mapping", "format": 1, "id": "map", "revision": 1, "author": "ana", "chain_id": 1,
        "created_at": "2026-10-01T00:00:00Z", "lifecycle": lifecycle(), "account": ACCOUNT,
        "unit": {"symbol": "ETH", "decimals": 18},
        "routes": [
            {"id": "out", "subjects": ["giver"], "decrease": decrease},
            {"id": "in", "subjects": ["taker"], "increase": increase},
        ],
    })
}

/// The calls that move `amount` from one provider to another, by this mapping.
fn carried_out(amount: u128, mapping: &Value) -> Result<Vec<Call>, String> {
    let snapshot = json!({
        "kind": "allocation-snapshot", "format": 1, "id": "today", "taken_at": "2026-11-20T00:00:00Z",
        "unit": {"symbol": "ETH", "decimals": 18},
        "subjects": [
            {"id": "giver", "kind": "provider"}, {"id": "taker", "kind": "provider"},
            {"id": "giver-1", "kind": "validator", "within": ["giver"]},
            {"id": "taker-1", "kind": "validator", "within": ["taker"]},
        ],
        "portfolios": [{"id": "all", "total": (2 * amount).to_string(), "positions": [
            {"subject": "giver-1", "amount": (2 * amount).to_string()}, {"subject": "taker-1", "amount": "0"},
        ]}],
    });
    let policy = json!({
        "kind": "allocation-policy", "format": 1, "id": "half", "revision": 1, "author": "ana",
        "created_at": "2026-10-01T00:00:00Z", "lifecycle": lifecycle(),
        "limits": [{"id": "half", "of": {"kind": "validator"}, "max_share": "50%"}],
    });
    let risk = json!({
        "kind": "risk-profiles", "format": 1, "id": "none", "model": "none", "profiles": [],
        "computed_at": "2026-11-20T00:00:00Z",
    });
    let snapshot = Document::read("snapshot", &snapshot.to_string()).unwrap();
    let risk = Document::read("risk", &risk.to_string()).unwrap();
    let policies = [Document::read("policy", &policy.to_string()).unwrap()];
    let at = "2026-11-20T12:00:00Z".parse().unwrap();
    let inputs = Inputs { snapshot: &snapshot, risk: &risk, policies: &policies, portfolio: "all", at, trial: false };
    let proposal = propose(&inputs).unwrap();
    let mapping: Document<Mapping> =
        Document::read("mapping", &mapping.to_string()).map_err(|fault| fault.to_string())?;
    calls(&proposal, 1, &snapshot, &mapping).map_err(|fault| fault.to_string())
}

fn give() -> Value {
    json!({"erc4626-withdraw": {"vault": VAULT}})
}

fn word(units: u128) -> String {
    format!("{units:064x}")
}

fn padded(who: Address) -> String {
    hex::encode(who.into_word())
}

/// Whom each call calls, its value, and its data as hex.
fn shown(calls: &[Call]) -> Vec<(Address, U256, String)> {
    calls.iter().map(|call| (call.to, call.value, hex::encode(&call.data))).collect()
}

#[test]
fn a_vault_gives_back_before_another_receives() {
    let deposit = json!({"erc4626-deposit": {"vault": VAULT, "asset": TOKEN}});
    let amount = 7 * ETHER + 1;
    let (me, vault) = (padded(ACCOUNT), padded(VAULT));
    for (way, selector) in [("erc4626-withdraw", "b460af94"), ("erc4626-redeem", "ba087652")] {
        let calls = carried_out(amount, &mapping(&deposit, &json!({way: {"vault": VAULT}}))).unwrap();
        let expected = [
            (VAULT, U256::ZERO, format!("{selector}{}{me}{me}", word(amount))),
            (TOKEN, U256::ZERO, format!("095ea7b3{vault}{}", word(amount))),
            (VAULT, U256::ZERO, format!("6e553f65{}{me}", word(amount))),
        ];
        assert_eq!(shown(&calls), expected);
        assert_eq!(calls.iter().map(|call| call.route.as_str()).collect::<Vec<_>>(), ["out", "in", "in"]);
    }
}

#[test]
fn transfers_lido_and_templates_make_their_calls() {
    let to = VAULT;
    let of = |increase: &Value| shown(&carried_out(ETHER, &mapping(increase, &give())).unwrap()).split_off(1);
    let value = U256::from(ETHER);
    assert_eq!(of(&json!({"native-transfer": {"to": to}})), [(to, value, String::new())]);
    let transfer = format!("a9059cbb{}{}", padded(to), word(ETHER));
    assert_eq!(of(&json!({"erc20-transfer": {"token": TOKEN, "to": to}})), [(TOKEN, U256::ZERO, transfer)]);
    let submit = format!("a1903eab{}", word(0));
    assert_eq!(of(&json!({"lido-stake": {"token": TOKEN}})), [(TOKEN, value, submit)]);
    let template = json!({"call": {
        "to": to, "function": "stake(address,uint256[])", "arguments": ["{account}", "[{amount},1]"],
        "value": "{amount}", "approve": {"token": TOKEN, "spender": to},
    }});
    let stake = format!("{}{}{}{}{}", padded(ACCOUNT), word(64), word(2), word(ETHER), word(1));
    let selector = hex::encode(&alloy_primitives::keccak256("stake(address,uint256[])")[..4]);
    let approve = format!("095ea7b3{}{}", padded(to), word(ETHER));
    assert_eq!(of(&template), [(TOKEN, U256::ZERO, approve), (to, value, format!("{selector}{stake}"))]);
}

#[test]
fn the_queue_is_asked_in_parts_that_it_takes() {
    let way = json!({"lido-request-withdrawals": {"token": TOKEN, "queue": VAULT}});
    let amount = 2_500 * ETHER + 1;
    let calls = carried_out(amount, &mapping(&json!({"native-transfer": {"to": VAULT}}), &way)).unwrap();
    let asked = hex::encode(&calls[1].data);
    let third = amount / 3;
    let parts: Vec<String> = (0..3).map(|at| word(third + u128::from(at < amount % 3))).collect();
    assert_eq!(asked, format!("d6681042{}{}{}{}", word(64), padded(ACCOUNT), word(3), parts.concat()));
    let error = carried_out(99, &mapping(&json!({"native-transfer": {"to": VAULT}}), &way)).unwrap_err();
    assert!(error.contains("no less than 100 wei"), "{error}");
}

#[test]
fn finalized_requests_are_claimed_from_the_queue() {
    let claims = |hints: [Option<u64>; 3]| {
        let pays = [2 * ETHER, ETHER, 5 * ETHER].map(|wei| wei.to_string());
        let all = [70_u64, 7, 8].into_iter().zip(pays).zip(hints);
        let all = all.map(|((request, wei), hint)| match hint {
            Some(hint) => json!({"request": request, "wei": wei, "hint": hint}),
            None => json!({"request": request, "wei": wei}),
        });
        let way = json!({"lido-claim-withdrawals": {"queue": VAULT, "claims": all.collect::<Vec<_>>()}});
        mapping(&json!({"native-transfer": {"to": TOKEN}}), &way)
    };
    // Where the queue looks for checkpoints itself, one after the other; and all at once where they are known.
    let own = shown(&carried_out(3 * ETHER, &claims([None; 3])).unwrap());
    let claim = |request: u128| (VAULT, U256::ZERO, format!("f8444436{}", word(request)));
    assert_eq!(own[..2], [claim(70), claim(7)]);
    assert_eq!((own.len(), own[2].1), (3, U256::from(3 * ETHER)));
    let hinted = shown(&carried_out(3 * ETHER, &claims([Some(4), Some(3), Some(3)])).unwrap());
    let lists = [64, 160, 2, 70, 7, 2, 4, 3].map(word).concat();
    assert_eq!(hinted[0], (VAULT, U256::ZERO, format!("e3afe0a3{lists}")));
    assert_eq!(hinted.len(), 2);
    let refuses = |amount: u128, mapping: &Value, says: &str| {
        let error = carried_out(amount, mapping).unwrap_err();
        assert!(error.contains(says), "wanted {says}, got {error}");
    };
    // Never a part of a request, nor more than is there.
    refuses(3 * ETHER - 1, &claims([None; 3]), "do not pay 2999999999999999999 wei");
    refuses(9 * ETHER, &claims([None; 3]), "do not pay");
    refuses(3 * ETHER, &claims([Some(4), None, None]), "only some of its requests have a hint");
    let mut twice = claims([None; 3]);
    twice["routes"][0]["decrease"]["lido-claim-withdrawals"]["claims"][1]["request"] = json!(70);
    refuses(3 * ETHER, &twice, "request 70 is there twice");
    let mut nothing = claims([None; 3]);
    nothing["routes"][0]["decrease"]["lido-claim-withdrawals"]["claims"][2]["wei"] = json!("0");
    refuses(3 * ETHER, &nothing, "request 8 pays nothing");
}

/// A deposit as the official tool signed it, for the account.
fn deposit() -> Value {
    json!({
        "pubkey": "0x9080aebef302c8f30c90d6b9e6dfe8249179c5f61e7b99df323f535927ef5ee3e83a4fa87bbe87dcf5c77baaac3a23ca",
        "withdrawal_credentials": "0x010000000000000000000000000a0660fc6c21b6c8638c56f7a8bbe22dcc9000",
        "signature": "0xb55ccc58ae59450bee99ba39b43ab820509f30944b91d6fb225eb6329537ad2f39a0b5708e692d13b26270e7980ad7f105de2c7630f757154840423858366cc51c2b5da57e7b6142816deecd2f3e35dcfb50a79c73558294c428af97c0178f90",
        "gwei": 32_000_000_000_u64,
        "deposit_data_root": "0x046d9ad74df0cb689cf830ea6a4350920440a5f113a1c5c18ca3c0e351766a05",
    })
}

#[test]
fn deposits_to_the_beacon_chain_are_those_that_were_signed_for_the_account() {
    let of = |deposits: &[Value], amount: u128| {
        let way = json!({"beacon-deposit": {"contract": VAULT, "deposits": deposits}});
        let mut mapping = mapping(&way, &give());
        mapping["account"] = json!("0x000a0660fc6c21b6c8638c56f7a8bbe22dcc9000");
        carried_out(amount, &mapping)
    };
    let calls = of(&[deposit()], 32 * ETHER).unwrap();
    assert_eq!((calls[1].to, calls[1].value), (VAULT, U256::from(32 * ETHER)));
    assert!(hex::encode(&calls[1].data).starts_with("22895118"));
    for amount in [32 * ETHER - 1, 64 * ETHER] {
        let error = of(&[deposit()], amount).unwrap_err();
        assert!(error.contains("do not add up"), "{error}");
    }
    let mut changed = Vec::new();
    for (field, value) in [
        ("gwei", json!(1_000_000_000)),
        ("deposit_data_root", json!(alloy_primitives::B256::ZERO)),
        ("withdrawal_credentials", json!("0x010000000000000000000000000a0660fc6c21b6c8638c56f7a8bbe22dcc9001")),
        ("withdrawal_credentials", json!("0x000000000000000000000000000a0660fc6c21b6c8638c56f7a8bbe22dcc9000")),
        ("pubkey", json!("0x01")),
        ("gwei", json!(1)),
    ] {
        let mut other = deposit();
        other[field] = value;
        changed.push(of(&[other], 32 * ETHER).unwrap_err());
    }
    assert!(changed[0].contains("not the root") && changed[1].contains("not the root"), "{changed:?}");
    assert!(changed[2].contains("do not go to the account") && changed[3].contains("do not go"), "{changed:?}");
    assert!(changed[4].contains("48 bytes") && changed[5].contains("1 ether"), "{changed:?}");
    let error = of(&[deposit(), deposit()], 64 * ETHER).unwrap_err();
    assert!(error.contains("there twice"), "{error}");
}

#[test]
fn what_does_not_fit_is_refused_with_a_remedy() {
    let sound = mapping(&json!({"native-transfer": {"to": VAULT}}), &give());
    assert!(carried_out(ETHER, &sound).is_ok());
    let refuses = |change: &dyn Fn(&mut Value), says: &str| {
        let mut broken = sound.clone();
        change(&mut broken);
        let error = carried_out(ETHER, &broken).unwrap_err();
        assert!(error.starts_with("mapping: ") && error.contains(says), "wanted {says}, got {error}");
    };
    refuses(&|mapping| drop(mapping["lifecycle"].as_array_mut().unwrap().pop()), "is not in force");
    refuses(&|mapping| mapping["unit"]["decimals"] = json!(6), "of 6 decimals");
    refuses(&|mapping| mapping["routes"][0]["subjects"] = json!(["taker-1"]), "no route leads to giver-1");
    refuses(&|mapping| mapping["routes"][1]["subjects"] = json!(["giver", "taker"]), "giver is routed twice");
    refuses(&|mapping| mapping["routes"][0]["decrease"] = Value::Null, "has no decrease");
    refuses(&|mapping| mapping["routes"][1]["id"] = json!("out"), "out is there twice");
    refuses(&|mapping| mapping["routes"][0]["decrease"] = json!({"erc4626-withdraw": {"vault": ACCOUNT}}), "itself");
    let call =
        |function: &str, arguments: Value| json!({"call": {"to": VAULT, "function": function, "arguments": arguments}});
    let increase = |way: Value| move |mapping: &mut Value| mapping["routes"][1]["increase"] = way.clone();
    refuses(&increase(call("stake", json!([]))), "is no function");
    refuses(&increase(call("stake(uint256)", json!([]))), "0 arguments for the 1");
    refuses(&increase(call("stake(address)", json!(["{amount}"]))), "is no address");
    // A route that names a subject itself goes before the one that contains it.
    let mut own = sound.clone();
    let route = json!({"id": "own", "subjects": ["taker-1"], "increase": {"lido-stake": {"token": TOKEN}}});
    own["routes"].as_array_mut().unwrap().push(route);
    assert_eq!(carried_out(ETHER, &own).unwrap()[1].route, "own");
}
