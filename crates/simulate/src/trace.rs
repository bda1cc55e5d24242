//! The calls of a transaction, as they were made. Looking changes nothing: every hook only notes.

use alloy_primitives::{Address, Bytes, U256};
use revm::Inspector;
use revm::context::ContextTr;
use revm::context_interface::CreateScheme;
use revm::interpreter::{
    CallInputs, CallOutcome, CallScheme, CreateInputs, CreateOutcome, Gas, InstructionResult, InterpreterResult,
};

/// The most calls that are noted.
const MAX_CALLS: usize = 4_096;
/// The most of one call's data that is noted, each way, in bytes.
const MAX_DATA: usize = 64 << 10;
/// The most of all calls' data together: a contract pays little for handing the same memory on again and again.
const MAX_ALL_DATA: usize = 4 << 20;

/// How a call was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallType {
    /// `CALL`.
    Call,
    /// `STATICCALL`.
    StaticCall,
    /// `DELEGATECALL`.
    DelegateCall,
    /// `CALLCODE`.
    CallCode,
    /// `CREATE`.
    Create,
    /// `CREATE2`.
    Create2,
    /// `SELFDESTRUCT`, which hands over a balance.
    SelfDestruct,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallEnd {
    /// It returned.
    Returned,
    /// It reverted.
    Reverted,
    /// It halted, and used all of its gas: the reason in revm's words.
    Halted(InstructionResult),
}

/// Bytes, of which the first are noted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Noted {
    /// The first of them; all where there are not too many.
    pub head: Bytes,
    /// How many there were.
    pub length: usize,
}

/// A call within a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TracedCall {
    /// The index of the call that made it.
    pub parent: Option<usize>,
    /// How many calls are around it.
    pub depth: usize,
    /// How it was made.
    pub kind: CallType,
    /// Who called.
    pub from: Address,
    /// Whose code ran, or who got the balance; none where nothing was created.
    pub to: Option<Address>,
    /// Native value that moved with it, in wei.
    pub value: U256,
    /// Calldata or init code.
    pub input: Noted,
    /// What it returned or reverted with.
    pub output: Noted,
    /// Gas used, without refunds.
    pub gas_used: u64,
    /// How it ended.
    pub end: CallEnd,
    /// Whether nothing of it remains: it, or a call around it, did not return.
    pub undone: bool,
}

/// A call within a transaction that reverted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reverted {
    /// Who called.
    pub caller: Address,
    /// The contract that was called; of a delegatecall, the one whose storage it had.
    pub target: Address,
    /// What it reverted with, where that is not more than 64 KiB.
    pub output: Bytes,
}

/// Notes calls, and which of them revert.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watch {
    /// In the order in which they began.
    pub(crate) calls: Vec<TracedCall>,
    /// Calls beyond those.
    pub(crate) left_out: u64,
    /// In the order in which they ended.
    pub(crate) reverted: Vec<Reverted>,
    /// The calls under way; none for one that is left out.
    open: Vec<Option<usize>>,
    noted: usize,
}

impl Watch {
    fn note(&mut self, bytes: &[u8]) -> Noted {
        let room = MAX_ALL_DATA.saturating_sub(self.noted).min(MAX_DATA).min(bytes.len());
        self.noted = self.noted.saturating_add(room);
        Noted { head: Bytes::copy_from_slice(bytes.get(..room).unwrap_or_default()), length: bytes.len() }
    }

    fn begin(&mut self, kind: CallType, from: Address, to: Option<Address>, value: U256, input: Noted) {
        if self.calls.len() >= MAX_CALLS {
            self.left_out = self.left_out.saturating_add(1);
            self.open.push(None);
            return;
        }
        let (parent, depth) = (self.open.last().copied().flatten(), self.open.len());
        self.open.push(Some(self.calls.len()));
        let (output, end) = (Noted::default(), CallEnd::Returned);
        self.calls.push(TracedCall {
            parent,
            depth,
            kind,
            from,
            to,
            value,
            input,
            output,
            gas_used: 0,
            end,
            undone: false,
        });
    }

    fn end(&mut self, result: &InterpreterResult) -> Option<&mut TracedCall> {
        let index = self.open.pop().flatten()?;
        let output = self.note(&result.output);
        let call = self.calls.get_mut(index)?;
        call.output = output;
        call.gas_used = used(&result.gas);
        call.end = match result.result {
            returned if returned.is_ok() => CallEnd::Returned,
            reverted if reverted.is_revert() => CallEnd::Reverted,
            halted => CallEnd::Halted(halted),
        };
        Some(call)
    }

    /// Marks what does not remain. Calls stand behind those that made them.
    pub(crate) fn settle(&mut self) {
        for index in 0..self.calls.len() {
            let above = self.calls.get(index).and_then(|call| self.calls.get(call.parent?)).is_some_and(|up| up.undone);
            if let Some(call) = self.calls.get_mut(index) {
                call.undone = above || call.end != CallEnd::Returned;
            }
        }
    }
}

const fn used(gas: &Gas) -> u64 {
    gas.total_gas_spent()
}

impl<C: ContextTr> Inspector<C> for Watch {
    fn call(&mut self, context: &mut C, inputs: &mut CallInputs) -> Option<CallOutcome> {
        let kind = match inputs.scheme {
            CallScheme::Call => CallType::Call,
            CallScheme::StaticCall => CallType::StaticCall,
            CallScheme::DelegateCall => CallType::DelegateCall,
            CallScheme::CallCode => CallType::CallCode,
        };
        // Of a delegatecall the caller is whoever called the contract that makes it.
        let from = if kind == CallType::DelegateCall { inputs.target_address } else { inputs.caller };
        let input = self.note(&inputs.input.as_bytes(context));
        self.begin(kind, from, Some(inputs.bytecode_address), inputs.value.transfer().unwrap_or_default(), input);
        None
    }

    fn call_end(&mut self, _: &mut C, inputs: &CallInputs, outcome: &mut CallOutcome) {
        self.end(&outcome.result);
        if outcome.result.is_revert() {
            let (caller, target) = (inputs.caller, inputs.target_address);
            let output = Some(&outcome.result.output).filter(|output| output.len() <= MAX_DATA);
            self.reverted.push(Reverted { caller, target, output: output.cloned().unwrap_or_default() });
        }
    }

    fn create(&mut self, _: &mut C, inputs: &mut CreateInputs) -> Option<CreateOutcome> {
        let kind = match inputs.scheme() {
            CreateScheme::Create2 { .. } => CallType::Create2,
            CreateScheme::Create | CreateScheme::Custom { .. } => CallType::Create,
        };
        let input = self.note(inputs.init_code());
        self.begin(kind, inputs.caller(), None, inputs.value(), input);
        None
    }

    fn create_end(&mut self, _: &mut C, _: &CreateInputs, outcome: &mut CreateOutcome) {
        let created = outcome.address;
        if let Some(call) = self.end(&outcome.result) {
            call.to = created;
        }
    }

    fn selfdestruct(&mut self, contract: Address, target: Address, value: U256) {
        self.begin(CallType::SelfDestruct, contract, Some(target), value, Noted::default());
        self.open.pop();
    }
}
