//! From an ordinary leaf to its effects, `docs/program.md` §2.5.

use alloy_primitives::{Address, U256, address};

use crate::calldata::{clean_address, clean_bool, clean_number, words, words_and_arrays, words_and_bytes};
use crate::effect::{Effect, EffectKind};
use crate::layout::Standing;
use crate::program::{Malformed, Program, Standard};
use crate::request::{Action, Request};

/// Where Permit2 is on every chain.
pub const PERMIT2: Address = address!("000000000022D473030F116dDEE9F6B43aC78BA3");

/// Selectors that effects are decoded from, and whose they are.
mod known {
    /// `transfer(address,uint256)`: ERC-20.
    pub(super) const TRANSFER: [u8; 4] = [0xa9, 0x05, 0x9c, 0xbb];
    /// `transferFrom(address,address,uint256)`: ERC-20 and ERC-721.
    pub(super) const TRANSFER_FROM: [u8; 4] = [0x23, 0xb8, 0x72, 0xdd];
    /// `approve(address,uint256)`: ERC-20 and ERC-721.
    pub(super) const APPROVE: [u8; 4] = [0x09, 0x5e, 0xa7, 0xb3];
    /// `increaseAllowance(address,uint256)`: ERC-20.
    pub(super) const INCREASE_ALLOWANCE: [u8; 4] = [0x39, 0x50, 0x93, 0x51];
    /// `safeTransferFrom(address,address,uint256)`: ERC-721.
    pub(super) const SAFE_TRANSFER_FROM: [u8; 4] = [0x42, 0x84, 0x2e, 0x0e];
    /// `safeTransferFrom(address,address,uint256,bytes)`: ERC-721.
    pub(super) const SAFE_TRANSFER_FROM_DATA: [u8; 4] = [0xb8, 0x8d, 0x4f, 0xde];
    /// `safeTransferFrom(address,address,uint256,uint256,bytes)`: ERC-1155.
    pub(super) const SAFE_TRANSFER_FROM_ID: [u8; 4] = [0xf2, 0x42, 0x43, 0x2a];
    /// `safeBatchTransferFrom(address,address,uint256[],uint256[],bytes)`: ERC-1155.
    pub(super) const SAFE_BATCH_TRANSFER_FROM: [u8; 4] = [0x2e, 0xb2, 0xc2, 0xd6];
    /// `setApprovalForAll(address,bool)`: ERC-721 and ERC-1155.
    pub(super) const SET_APPROVAL_FOR_ALL: [u8; 4] = [0xa2, 0x2c, 0xb4, 0x65];
    /// `approve(address,address,uint160,uint48)`: Permit2.
    pub(super) const PERMIT2_APPROVE: [u8; 4] = [0x87, 0x51, 0x7c, 0x45];
    /// `enableModule(address)`: the Safe.
    pub(super) const ENABLE_MODULE: [u8; 4] = [0x61, 0x0b, 0x59, 0x25];
}
use known::{
    APPROVE, ENABLE_MODULE, INCREASE_ALLOWANCE, PERMIT2_APPROVE, SAFE_BATCH_TRANSFER_FROM, SAFE_TRANSFER_FROM,
    SAFE_TRANSFER_FROM_DATA, SAFE_TRANSFER_FROM_ID, SET_APPROVAL_FOR_ALL, TRANSFER, TRANSFER_FROM,
};

/// Calls that change which code a Safe Protocol manager runs for the account: `enablePlugin(address,uint8)`,
/// `disablePlugin(address,address)`, `setFunctionHandler(bytes4,address)`.
pub(crate) const MANAGER_CALLS: [[u8; 4]; 3] =
    [[0x1e, 0xa2, 0x46, 0x16], [0xdf, 0x52, 0x36, 0xe1], [0x0d, 0x7e, 0x35, 0x8e]];

/// Which rules can match an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Those of every class.
    Every,
    /// Those that name subject and selector.
    Named,
    /// Those that name subject and selector, and test the recipient first.
    NamedRecipient,
    /// Those that name the subject, whether or not the selector.
    NamedSubject,
}

/// Why a leaf has no effects.
pub(crate) enum Undecodable {
    Malformed,
    ShortCalldata,
    NonCanonical([u8; 4]),
}

impl From<Malformed> for Undecodable {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

/// What a call does: an effect, and as many more with other amounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Called<'a> {
    pub(crate) effect: Effect,
    pub(crate) more: &'a [[u8; 32]],
    pub(crate) reach: Reach,
}

impl From<Effect> for Called<'_> {
    fn from(effect: Effect) -> Self {
        Self { effect, more: &[], reach: Reach::Every }
    }
}

/// What an ordinary leaf moves and calls, as yet undecoded.
#[derive(Clone, Copy)]
pub(crate) struct Leaf<'a> {
    account: Address,
    bare: Effect,
    value: U256,
    arguments: Option<([u8; 4], &'a [u8])>,
    reach: Reach,
}

impl<'a> Leaf<'a> {
    #[inline]
    pub(crate) fn new(standing: &Standing, request: &Request, leaf: &'a Action) -> Result<Self, Undecodable> {
        let account = request.account;
        let arguments = arguments(&leaf.data)?;
        let managed = standing.managed_by().is_some_and(|manager| leaf.to == manager || leaf.to == account);
        let reach = match arguments {
            Some((ENABLE_MODULE, _)) if leaf.to == account => Reach::NamedRecipient,
            Some((selector, _)) if managed && MANAGER_CALLS.contains(&selector) => Reach::Named,
            _ => Reach::Every,
        };
        let bare = Effect::call(leaf.to, arguments.map(|(selector, _)| selector));
        Ok(Self { account, bare, value: leaf.value, arguments, reach })
    }

    /// The first effect: native value that leaves, if any does.
    pub(crate) fn native(&self) -> Option<Effect> {
        (!self.value.is_zero()).then_some(Effect {
            kind: EffectKind::Native,
            asset: Some(Address::ZERO),
            recipient: Some(self.bare.target),
            amount: Some(self.value),
            ..self.bare
        })
    }

    /// What follows: what the calldata does; a bare call when there is neither calldata nor value.
    #[inline]
    pub(crate) fn called(&self, program: &Program<'_>) -> Result<Option<Called<'a>>, Undecodable> {
        let bare = self.bare;
        let Some((selector, arguments)) = self.arguments else {
            return Ok(self.value.is_zero().then_some(bare.into()));
        };
        let decoded = match self.reach {
            // No call has this reach.
            Reach::NamedSubject => None,
            Reach::Named => Some(Called { reach: Reach::Named, ..bare.into() }),
            Reach::NamedRecipient => words(arguments).and_then(|[module]| {
                let effect = Effect { recipient: Some(clean_address(module)?), ..bare };
                Some(Called { reach: Reach::NamedRecipient, ..effect.into() })
            }),
            Reach::Every => match program.standard(bare.target)? {
                Some(standard) => token(standard, self.account, bare, selector, arguments),
                None => match permitted(program, bare, selector, arguments)? {
                    Some(token) => permit(bare, token, arguments).map(Into::into),
                    None => Some(bare.into()),
                },
            },
        };
        decoded.map(Some).ok_or(Undecodable::NonCanonical(selector))
    }
}

/// The effect of a delegatecall that is no batch.
pub(crate) fn delegatecall(action: &Action) -> Result<Effect, Undecodable> {
    let arguments = arguments(&action.data)?;
    Ok(Effect::delegatecall(action.to, arguments.map(|(selector, _)| selector)))
}

/// A selector and what is behind it.
type Arguments<'a> = ([u8; 4], &'a [u8]);

/// Selector and what follows; none without calldata.
fn arguments(data: &[u8]) -> Result<Option<Arguments<'_>>, Undecodable> {
    let arguments = data.split_first_chunk::<4>().map(|(selector, rest)| (*selector, rest));
    if arguments.is_none() && !data.is_empty() { Err(Undecodable::ShortCalldata) } else { Ok(arguments) }
}

/// The token that a call to Permit2 is about, if it is one and the token is declared as ERC-20.
fn permitted(
    program: &Program<'_>,
    bare: Effect,
    selector: [u8; 4],
    arguments: &[u8],
) -> Result<Option<Address>, Malformed> {
    if bare.target != PERMIT2 || selector != PERMIT2_APPROVE {
        return Ok(None);
    }
    let Some(token) = arguments.first_chunk().and_then(clean_address) else {
        return Ok(None);
    };
    Ok((program.standard(token)? == Some(Standard::Erc20)).then_some(token))
}

/// The allowance that Permit2 records; none for another than the canonical encoding.
fn permit(bare: Effect, token: Address, arguments: &[u8]) -> Option<Effect> {
    let [_, spender, amount, expiration] = words(arguments)?;
    clean_number(expiration, 48)?;
    Some(Effect {
        kind: EffectKind::Approve,
        subject: token,
        asset: Some(token),
        recipient: Some(clean_address(spender)?),
        amount: Some(clean_number(amount, 160)?),
        ..bare
    })
}

/// What a call to a declared token does; none for another than the canonical encoding.
#[inline]
fn token<'a>(
    standard: Standard,
    account: Address,
    bare: Effect,
    selector: [u8; 4],
    arguments: &'a [u8],
) -> Option<Called<'a>> {
    use Standard::{Erc20, Erc721, Erc1155};
    let opaque = Effect { kind: EffectKind::Opaque, asset: Some(bare.target), ..bare };
    let approve = |spender, amount| {
        let effect = Effect {
            kind: EffectKind::Approve,
            recipient: Some(clean_address(spender)?),
            amount: Some(amount),
            ..opaque
        };
        Some(effect.into())
    };
    // What is not the account's leaves by somebody else's allowance, which no rule on transfers is about.
    let transfer = |source, recipient, amount, more| {
        let (source, recipient) = (clean_address(source)?, clean_address(recipient)?);
        if source != account {
            return Some(opaque.into());
        }
        let effect = Effect { kind: EffectKind::Transfer, recipient: Some(recipient), amount: Some(amount), ..opaque };
        Some(Called { effect, more, reach: Reach::Every })
    };
    match (standard, selector) {
        (Erc20, TRANSFER) => {
            let [recipient, amount] = words(arguments)?;
            let source = account.into_word().0;
            transfer(&source, recipient, U256::from_be_bytes(*amount), &[])
        }
        (Erc20, TRANSFER_FROM) => {
            let [source, recipient, amount] = words(arguments)?;
            transfer(source, recipient, U256::from_be_bytes(*amount), &[])
        }
        (Erc20, APPROVE | INCREASE_ALLOWANCE) => {
            let [spender, amount] = words(arguments)?;
            approve(spender, U256::from_be_bytes(*amount))
        }
        (Erc721, TRANSFER_FROM | SAFE_TRANSFER_FROM) => {
            let [source, recipient, _] = words(arguments)?;
            transfer(source, recipient, U256::ONE, &[])
        }
        (Erc721, SAFE_TRANSFER_FROM_DATA) => {
            let ([source, recipient, ..], _) = words_and_bytes::<4>(arguments)?;
            transfer(source, recipient, U256::ONE, &[])
        }
        (Erc721, APPROVE) => {
            let [spender, _] = words(arguments)?;
            // Approving nobody takes the allowance back.
            approve(spender, U256::from(*spender != [0; 32]))
        }
        (Erc1155, SAFE_TRANSFER_FROM_ID) => {
            let ([source, recipient, _, amount, _], _) = words_and_bytes::<5>(arguments)?;
            transfer(source, recipient, U256::from_be_bytes(*amount), &[])
        }
        (Erc1155, SAFE_BATCH_TRANSFER_FROM) => {
            let ([source, recipient], [ids, amounts]) = words_and_arrays(arguments)?;
            let (first, more) = amounts.split_first().filter(|_| ids.len() == amounts.len())?;
            transfer(source, recipient, U256::from_be_bytes(*first), more)
        }
        (Erc721 | Erc1155, SET_APPROVAL_FOR_ALL) => {
            let [operator, approved] = words(arguments)?;
            approve(operator, if clean_bool(approved)? { U256::MAX } else { U256::ZERO })
        }
        _ => Some(opaque.into()),
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::keccak256;

    use super::*;

    #[test]
    fn every_selector_is_that_of_its_signature() {
        let [enable_plugin, disable_plugin, set_function_handler] = MANAGER_CALLS;
        for (signature, selector) in [
            ("transfer(address,uint256)", TRANSFER),
            ("transferFrom(address,address,uint256)", TRANSFER_FROM),
            ("approve(address,uint256)", APPROVE),
            ("increaseAllowance(address,uint256)", INCREASE_ALLOWANCE),
            ("safeTransferFrom(address,address,uint256)", SAFE_TRANSFER_FROM),
            ("safeTransferFrom(address,address,uint256,bytes)", SAFE_TRANSFER_FROM_DATA),
            ("safeTransferFrom(address,address,uint256,uint256,bytes)", SAFE_TRANSFER_FROM_ID),
            ("safeBatchTransferFrom(address,address,uint256[],uint256[],bytes)", SAFE_BATCH_TRANSFER_FROM),
            ("setApprovalForAll(address,bool)", SET_APPROVAL_FOR_ALL),
            ("approve(address,address,uint160,uint48)", PERMIT2_APPROVE),
            ("enableModule(address)", ENABLE_MODULE),
            ("enablePlugin(address,uint8)", enable_plugin),
            ("disablePlugin(address,address)", disable_plugin),
            ("setFunctionHandler(bytes4,address)", set_function_handler),
        ] {
            assert_eq!(keccak256(signature)[..4], selector, "{signature}");
        }
    }
}
