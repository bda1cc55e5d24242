//! From a leaf to its effects.

use alloy_primitives::{Address, U256, address};

use super::bytes::{address, calls, selector, word, words};
use super::program::Program;

const PERMIT2: Address = address!("000000000022D473030F116dDEE9F6B43aC78BA3");

/// Kinds, as programs number them.
pub(super) const NATIVE: u8 = 1;
pub(super) const TRANSFER: u8 = 2;
pub(super) const APPROVE: u8 = 3;
pub(super) const CALL: u8 = 4;
pub(super) const OPAQUE: u8 = 5;
pub(super) const DELEGATECALL: u8 = 6;

/// One thing that a leaf does.
#[derive(Clone, Debug)]
pub(super) struct Effect {
    pub(super) kind: u8,
    pub(super) target: Address,
    pub(super) subject: Address,
    pub(super) data: Vec<u8>,
    pub(super) asset: Option<Address>,
    pub(super) recipient: Option<Address>,
    pub(super) amount: Option<U256>,
    /// Matched by keys that name subject and selector alone.
    pub(super) named_only: bool,
    /// Matched by keys that name the subject, whatever they say of the selector.
    pub(super) subject_only: bool,
    /// In scope only of rules whose first condition is on the recipient.
    pub(super) recipient_first: bool,
}

/// The calldata is not in the one encoding that counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct NotCanonical;

/// A call that moves nothing known.
pub(super) fn bare(to: Address, data: &[u8]) -> Effect {
    Effect {
        kind: CALL,
        target: to,
        subject: to,
        data: data.to_vec(),
        asset: None,
        recipient: None,
        amount: None,
        named_only: false,
        subject_only: false,
        recipient_first: false,
    }
}

/// Code of somebody else runs as the account.
pub(super) fn delegatecall(to: Address, data: &[u8]) -> Effect {
    Effect { kind: DELEGATECALL, subject_only: true, ..bare(to, data) }
}

/// Native value that leaves.
pub(super) fn native(to: Address, value: U256, data: &[u8]) -> Effect {
    let asset = Some(Address::ZERO);
    Effect { kind: NATIVE, asset, recipient: Some(to), amount: Some(value), ..bare(to, data) }
}

/// What the calldata, of at least four bytes, does. `managed`: the leaf changes plugins on the manager route.
pub(super) fn called(
    program: &Program,
    account: Address,
    to: Address,
    data: &[u8],
    managed: bool,
) -> Result<Vec<Effect>, NotCanonical> {
    let call = bare(to, data);
    if managed {
        return Ok(vec![Effect { named_only: true, ..call }]);
    }
    if to == account && calls(data, "enableModule(address)") {
        let [module] = words(data).ok_or(NotCanonical)?;
        let recipient = Some(address(module).ok_or(NotCanonical)?);
        return Ok(vec![Effect { recipient, named_only: true, recipient_first: true, ..call }]);
    }
    let standard =
        |token: Address| program.declared.iter().find(|(one, _)| *one == token).map(|(_, standard)| *standard);
    if let Some(standard) = standard(to) {
        let moves = decode(standard, account, data)?;
        let asset = Some(to);
        return Ok(match moves {
            None => vec![Effect { kind: OPAQUE, asset, ..call }],
            Some(moves) => moves
                .into_iter()
                .map(|(kind, recipient, amount)| Effect {
                    kind,
                    asset,
                    recipient: Some(recipient),
                    amount: Some(amount),
                    ..call.clone()
                })
                .collect(),
        });
    }
    if to == PERMIT2
        && calls(data, "approve(address,address,uint160,uint48)")
        && let Some(first) = data.get(4..36)
        && let Some(token) = address(U256::from_be_slice(first))
        && standard(token) == Some(1)
    {
        let [_, spender, amount, expiration] = words(data).ok_or(NotCanonical)?;
        let clean = amount < U256::ONE << 160 && expiration < U256::ONE << 48;
        let recipient = address(spender).filter(|_| clean).ok_or(NotCanonical)?;
        let moved = Effect { asset: Some(token), recipient: Some(recipient), amount: Some(amount), ..call };
        return Ok(vec![Effect { kind: APPROVE, subject: token, ..moved }]);
    }
    Ok(vec![call])
}

type Move = (u8, Address, U256);

/// What a call to a declared token moves; none if that cannot be told.
fn decode(standard: usize, account: Address, data: &[u8]) -> Result<Option<Vec<Move>>, NotCanonical> {
    let is = |wanted: usize, signature: &'static str| standard == wanted && calls(data, signature);
    let clean = |word: U256| address(word).ok_or(NotCanonical);
    let from_account = |source: Address, moves: Vec<Move>| Ok((source == account).then_some(moves));
    if is(1, "transfer(address,uint256)") {
        let [to, amount] = words(data).ok_or(NotCanonical)?;
        return Ok(Some(vec![(TRANSFER, clean(to)?, amount)]));
    }
    if is(1, "transferFrom(address,address,uint256)") {
        let [from, to, amount] = words(data).ok_or(NotCanonical)?;
        return from_account(clean(from)?, vec![(TRANSFER, clean(to)?, amount)]);
    }
    if is(1, "approve(address,uint256)") || is(1, "increaseAllowance(address,uint256)") {
        let [spender, amount] = words(data).ok_or(NotCanonical)?;
        return Ok(Some(vec![(APPROVE, clean(spender)?, amount)]));
    }
    if is(2, "transferFrom(address,address,uint256)") || is(2, "safeTransferFrom(address,address,uint256)") {
        let [from, to, _] = words(data).ok_or(NotCanonical)?;
        return from_account(clean(from)?, vec![(TRANSFER, clean(to)?, U256::ONE)]);
    }
    if is(2, "safeTransferFrom(address,address,uint256,bytes)") {
        let ([from, to, ..], _) = dynamic::<4, 0>(data).ok_or(NotCanonical)?;
        return from_account(clean(from)?, vec![(TRANSFER, clean(to)?, U256::ONE)]);
    }
    if is(2, "approve(address,uint256)") {
        let [spender, _] = words(data).ok_or(NotCanonical)?;
        let spender = clean(spender)?;
        return Ok(Some(vec![(APPROVE, spender, U256::from(!spender.is_zero()))]));
    }
    if is(3, "safeTransferFrom(address,address,uint256,uint256,bytes)") {
        let ([from, to, _, amount, _], _) = dynamic::<5, 0>(data).ok_or(NotCanonical)?;
        return from_account(clean(from)?, vec![(TRANSFER, clean(to)?, amount)]);
    }
    if is(3, "safeBatchTransferFrom(address,address,uint256[],uint256[],bytes)") {
        let ([from, to, ..], [ids, amounts]) = dynamic::<5, 2>(data).ok_or(NotCanonical)?;
        let (from, to) = (clean(from)?, clean(to)?);
        if ids.is_empty() || ids.len() != amounts.len() {
            return Err(NotCanonical);
        }
        return from_account(from, amounts.into_iter().map(|amount| (TRANSFER, to, amount)).collect());
    }
    if standard != 1 && calls(data, "setApprovalForAll(address,bool)") {
        let [operator, approved] = words(data).ok_or(NotCanonical)?;
        let amount = match approved.saturating_to::<u8>() {
            0 => U256::ZERO,
            1 => U256::MAX,
            _ => return Err(NotCanonical),
        };
        return Ok(Some(vec![(APPROVE, clean(operator)?, amount)]));
    }
    Ok(None)
}

/// Arguments of `HEAD` words, of which the last are offsets of `ARRAYS` arrays of words and then of bytes. Read where
/// the offsets point, and encoded anew: the calldata must be just that.
fn dynamic<const HEAD: usize, const ARRAYS: usize>(data: &[u8]) -> Option<([U256; HEAD], [Vec<U256>; ARRAYS])> {
    let arguments = data.get(4..)?;
    let word_at = |at: usize| Some(U256::from_be_slice(arguments.get(at..at.checked_add(32)?)?));
    let number_at = |at: usize| usize::try_from(word_at(at)?).ok().filter(|number| *number <= data.len());
    let mut head = [U256::ZERO; HEAD];
    for (i, word) in head.iter_mut().enumerate() {
        *word = word_at(32 * i)?;
    }
    let mut tails = Vec::new();
    let mut arrays = [const { Vec::new() }; ARRAYS];
    let mut expected = head;
    for (i, array) in arrays.iter_mut().enumerate() {
        let at = HEAD - ARRAYS - 1 + i;
        let offset = number_at(32 * at)?;
        let length = number_at(offset)?;
        *array = (0..length).map(|n| word_at(offset + 32 + 32 * n)).collect::<Option<_>>()?;
        *expected.get_mut(at)? = U256::from(32 * HEAD + tails.len());
        tails.extend(U256::from(length).to_be_bytes::<32>());
        tails.extend(array.iter().flat_map(|word| word.to_be_bytes::<32>()));
    }
    let offset = number_at(32 * (HEAD - 1))?;
    let length = number_at(offset)?;
    let bytes = arguments.get(offset + 32..offset + 32 + length)?;
    *expected.last_mut()? = U256::from(32 * HEAD + tails.len());
    tails.extend(U256::from(length).to_be_bytes::<32>());
    tails.extend(bytes);
    tails.resize(tails.len().next_multiple_of(32), 0);
    let encoded: Vec<u8> = expected.iter().flat_map(|word| word.to_be_bytes::<32>()).chain(tails).collect();
    (encoded == arguments).then_some((head, arrays))
}

/// Operation, target, value, calldata.
type Transaction = (u8, Address, U256, Vec<u8>);

/// The transactions of exact `multiSend(bytes)` calldata.
pub(super) fn transactions(data: &[u8]) -> Option<Vec<Transaction>> {
    let arguments = data.get(4..).filter(|_| calls(data, "multiSend(bytes)"))?;
    let length = usize::try_from(U256::from_be_slice(arguments.get(32..64)?)).ok()?;
    let bytes = arguments.get(64..length.checked_add(64)?)?;
    let mut encoded = U256::from(32).to_be_bytes::<32>().to_vec();
    encoded.extend(U256::from(length).to_be_bytes::<32>());
    encoded.extend(bytes);
    encoded.resize(encoded.len().next_multiple_of(32), 0);
    if encoded != arguments {
        return None;
    }
    let mut rest = super::bytes::Reader(bytes);
    let mut all = Vec::new();
    while !rest.0.is_empty() {
        let (operation, to, value) = (rest.byte()?, rest.address()?, rest.value(32)?);
        let length = usize::try_from(rest.value(32)?).ok()?;
        all.push((operation, to, value, rest.take(length)?.to_vec()));
    }
    (!all.is_empty()).then_some(all)
}

/// Whether the leaf has a selector, which no calldata has not.
pub(super) fn has_selector(effect: &Effect) -> bool {
    selector(&effect.data).is_some()
}

/// The account as calldata names it.
pub(super) fn names(data: &[u8], account: Address) -> bool {
    data.get(4..36).is_some_and(|first| U256::from_be_slice(first) == word(account))
}
