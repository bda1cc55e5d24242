//! What a request is called: content, module request id, and the hash of its effects.

use alloc::vec::Vec;

use alloy_primitives::{Address, B256, U256, keccak256};

/// A call as it was asked for, before any batch is unwrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Action<'a> {
    /// Whom it calls.
    pub to: Address,
    /// Wei.
    pub value: U256,
    /// Calldata.
    pub data: &'a [u8],
    /// 0 call, 1 delegatecall.
    pub operation: u8,
}

/// What the hash of a request's effects takes in of one effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct EffectRecord {
    /// The effect's kind; 0 for a control or self-service leaf.
    pub kind: u8,
    /// Whom its action calls.
    pub target: Address,
    /// The first four bytes of its action's calldata; none without calldata.
    pub selector: Option<[u8; 4]>,
    /// The asset; zero where there is none, and for native units.
    pub asset: Address,
    /// Who receives; zero where nobody does.
    pub recipient: Address,
    /// Base units; zero where there is no amount.
    pub amount: U256,
}

/// What the hash of a module request's name ends with, which tells it from that of anything else.
const NAME: u8 = 4;

/// The hash that names a module request's actions.
#[must_use]
pub fn content<'a>(actions: impl IntoIterator<Item = Action<'a>>) -> B256 {
    let hashes: Vec<u8> = actions.into_iter().flat_map(|action| action.hash().0).collect();
    keccak256(hashes)
}

/// The name of an opened module request.
#[must_use]
pub fn module_request(account: Address, epoch: u32, module: Address, content: B256, serial: U256) -> B256 {
    let epoch = number(U256::from(epoch));
    let words = [account.into_word(), epoch, module.into_word(), content, number(serial), number(U256::from(NAME))];
    keccak256(words.concat())
}

/// The hash of every effect of a request, in order; zero without effects.
#[must_use]
pub fn effects<'a>(effects: impl IntoIterator<Item = &'a EffectRecord>) -> B256 {
    effects.into_iter().fold(B256::ZERO, |before, effect| effect.fold(before))
}

impl Action<'_> {
    fn hash(&self) -> B256 {
        let words = [self.to.into_word(), number(self.value), keccak256(self.data), number(U256::from(self.operation))];
        keccak256(words.concat())
    }
}

impl EffectRecord {
    /// The hash of the effects up to this one, from the hash of those `before` it.
    #[must_use]
    pub fn fold(&self, before: B256) -> B256 {
        let words = [
            before,
            number(U256::from(self.kind)),
            self.target.into_word(),
            number(U256::from(u32::from_be_bytes(self.selector.unwrap_or_default()))),
            self.asset.into_word(),
            self.recipient.into_word(),
            number(self.amount),
        ];
        keccak256(words.concat())
    }
}

fn number(number: U256) -> B256 {
    number.into()
}
