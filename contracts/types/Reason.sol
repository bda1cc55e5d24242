// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @notice Why a request is denied. Numbers are append-only: a reason is never renumbered or reused.
/// @dev `docs/reason-codes.md` is generated from this file: each comment is
///      cause | remedy | detail | have | need (the last three name the verdict's values; `-` when unused).
enum Reason {
    /// Every effect is allowed and every obligation is met. | - | - | - | -
    Allowed,
    /// No program is active for the account. | Install Portcullis last in the batch that sets the guards. | - | - | -
    NoProgram,
    /// The active program is not well formed where it was read. | Stage a program compiled by this release. | - | - | -
    MalformedProgram,
    /// The request asks for a gas refund or sets safeTxGas. | Set gasPrice and safeTxGas to zero. | - | safeTxGas | gasPrice
    GasRefund,
    /// The operation is neither call nor delegatecall. | Use operation 0 or 1. | - | operation | -
    BadOperation,
    /// A delegatecall carries value. | Move the value into a call of its own. | - | value | -
    DelegatecallValue,
    /// A delegatecall to anything but a known MultiSend, which no rule names. | Batch through a canonical MultiSend, or name operation and target in a rule. | - | target | -
    DelegatecallDenied,
    /// A batch is empty or not in canonical encoding. | Encode it as multiSend(bytes) with nothing behind it. | - | - | -
    MalformedBatch,
    /// Batches are nested more than two deep. | Flatten the batch. | - | - | -
    BatchTooDeep,
    /// Calldata of one to three bytes. | Send no calldata, or a whole selector. | - | length | -
    ShortCalldata,
    /// A known call is not in exact ABI encoding. | Encode the arguments canonically. | - | selector | -
    NonCanonicalCalldata,
    /// No rule matches the effect. | Add a rule that allows it. | - | kind | -
    NoRule,
    /// The first rule that matches denies. | Change the rule, or what the request asks for. | - | kind | -
    RuleDenies,
    /// A call that does not decode, to an asset under an everywhere limit. | Use a call that decodes. | limit | selector | -
    OpaqueUnderEverywhere,
    /// The charge does not fit the limit. | Wait until usage frees up, or send less. | limit | remaining | amount
    LimitExceeded,
    /// The charges of this request overflow. | Send less. | limit | pending | amount
    AmountOverflow,
    /// The rule asks for a delay and the request was not announced. | Announce it and wait. | - | - | delay
    NotAnnounced,
    /// The announcement has not matured. | Wait until it has. | - | matures at | now
    NotMatured,
    /// The announcement has expired. | Announce the request again. | - | expired at | now
    AnnouncementExpired,
    /// A control action by a module, with value, or of a kind that never passes. | Send it as a plain call from owners. | - | selector | -
    ControlDenied,
    /// The slot changes are not exactly the staged list. | Stage this list, in this order. | - | staged digest | digest
    SlotsNotStaged,
    /// The staged slot changes have not matured. | Wait until they have. | - | matures at | now
    SlotsNotMatured,
    /// The staged slot changes have expired. | Stage them again. | - | expired at | now
    StagedExpired,
    /// The slot changes leave the hook in one guard but not in the other. | Change both guards in one list. | - | - | -
    HalfRoute,
    /// A registry did not answer with one word, yes or no. | Repair the registry, or name another. | - | registry | -
    RegistryFailed,
    /// A static call of a condition failed or returned another number of words. | Repair the contract, or change the rule. | - | target | -
    StaticCallFailed,
    /// A guardian has frozen the account. | Start to unfreeze, or wait until that ends. | - | - | -
    Frozen,
    /// The envelope, its payload or a statement in it is not well formed. | Encode it as the program's page tells. | - | - | -
    MalformedMaterial,
    /// A signature or approval in the material does not count, so none does. | Collect the material anew. | 1 approvals, 2 attestation | entry | 1 expired, 2 no signature, 3 not ascending, 4 not approved on chain, 5 other effects
    BadMaterial,
    /// The rule asks for an attestation and there is none for the request, or none that says anything of the effect. | Have the set attest the request. | set | - | -
    AttestationRequired,
    /// Too few members of the set have attested. | Have more of them sign. | set | attesters | needed
    TooFewAttesters,
    /// An owner signature is not what the Safe would take, or the account does not tell its version or threshold. | Sign anew, strictly ascending by owner. | - | signature, 2^256 - 1 for the account | -
    BadOwnerSignatures,
    /// Fewer owner signatures than are needed. | Have more owners sign. | - | signatures | needed
    TooFewSignatures,
    /// Too few of the owners who signed are on the rule's list. | Have the named owners sign. | - | named signers | needed
    TooFewNamedSigners,
    /// A member of the group has denied the request. | Ask for something else: this request is over. | - | list | -
    ApprovalDenied,
    /// Too few members of the group have approved. | Have more of them approve. | - | approvals | needed
    TooFewApprovals,
    /// A request with this nonce was executed in this transaction already. | Send it in a transaction of its own. | - | nonce | -
    RequestReplayed,
    /// The first message rule that matches denies. | Change the rule, or sign something else. | - | - | -
    MessageDenied,
    /// No message rule matches domain and type. | Add a message rule that allows it. | - | - | -
    NoMessageRule,
    /// A limit is everywhere, and the message rule that allows is not trusted. | Say `trusted = true` if nothing signed under the rule can move the asset. | - | - | -
    MessageUntrusted,
    /// The signature does not show what the digest is the digest of. | Put domain, type and encoded data behind the owner signatures. | - | - | -
    MessageUnknown,
    /// A request of the account is executing, or has been in this transaction, with a delegatecall that a rule allows or under a limit that meters. | Send it in a transaction of its own. | - | - | -
    AccountLocked,
    /// A rule allows the delegatecall, but a manager leaves out the check that comes after it. | Allow it only where guards hold the hook. | - | - | -
    DelegatecallUnwatched,
    /// A delegatecall that a rule allows, and a call to the account itself in the same request. | Make them two requests. | - | - | -
    DelegatecallMixed,
    /// The account does not tell what a delegatecall must leave as it is. | Use a Safe behind its own proxy. | 1 singleton, 2 guard, 3 module guard, 4 fallback handler, 5 owners, 6 threshold, 7 nonce | - | -
    AccountUnreadable,
    /// A delegatecall changed what it must leave as it is. | Do not trust its target. | as of AccountUnreadable | now | before
    AccountChanged,
    /// A limit meters the account's balance, but a manager leaves out the check that comes after. | Meter only where guards hold the hook. | limit | - | -
    BalanceUnwatched,
    /// An asset that a limit meters does not tell the account's balance. | Repair the token, or leave `meter` out of the limit. | limit | asset | -
    BalanceUnreadable,
    /// More left the account than its calldata declared, and that does not fit the limit. | Wait until usage frees up, or let the request move less. | limit | remaining | what left beyond
    BalanceExceeded
}
