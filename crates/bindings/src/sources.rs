//! What compiles to the committed bytecode. Written by `cargo xtask bindings`: edit that, not this.

use alloy_primitives::{B256, b256};

/// A source as the compiler names it, and its text.
macro_rules! source {
    ($path:literal) => {
        ($path, include_str!(concat!("../../../", $path)))
    };
}

/// The compiler's version.
pub const COMPILER: &str = "0.8.37+commit.f401782d";

/// How it compiles: `settings` of the compiler's Standard JSON, without what to link and what to print.
pub const SETTINGS: &str = r#"{"evmVersion":"cancun","metadata":{"appendCBOR":false,"bytecodeHash":"none"},"optimizer":{"enabled":true,"runs":500},"remappings":["solady/=node_modules/solady/src/"],"viaIR":true}"#;

/// What is deployed, and the source that it is in.
pub const CONTRACTS: [(&str, &str); 15] = [
    ("Consenting", "contracts/libraries/Consenting.sol"),
    ("ControlCalls", "contracts/libraries/ControlCalls.sol"),
    ("Lifecycle", "contracts/libraries/Lifecycle.sol"),
    ("ModuleRequests", "contracts/libraries/ModuleRequests.sol"),
    ("Notices", "contracts/libraries/Notices.sol"),
    ("Obligations", "contracts/libraries/Obligations.sol"),
    ("RareConditions", "contracts/libraries/RareConditions.sol"),
    ("Requests", "contracts/libraries/Requests.sol"),
    ("Services", "contracts/libraries/Services.sol"),
    ("Slots", "contracts/libraries/Slots.sol"),
    ("Tokens", "contracts/libraries/Tokens.sol"),
    ("Watch", "contracts/libraries/Watch.sol"),
    ("PolicyHook", "contracts/PolicyHook.sol"),
    ("Registry", "contracts/Registry.sol"),
    ("SignatureHandler", "contracts/SignatureHandler.sol"),
];

/// Every source of ours that is compiled.
pub const SOURCES: [(&str, &str); 79] = [
    source!("contracts/AccountOnly.sol"),
    source!("contracts/Desk.sol"),
    source!("contracts/Engine.sol"),
    source!("contracts/PolicyHook.sol"),
    source!("contracts/Registry.sol"),
    source!("contracts/Ruling.sol"),
    source!("contracts/SafeCompatibility.sol"),
    source!("contracts/SignatureHandler.sol"),
    source!("contracts/TokenCallbacks.sol"),
    source!("contracts/entries/ModuleGuard.sol"),
    source!("contracts/entries/ProtocolHooks.sol"),
    source!("contracts/entries/TransactionGuard.sol"),
    source!("contracts/interfaces/IERC165.sol"),
    source!("contracts/interfaces/IModuleGuard.sol"),
    source!("contracts/interfaces/IPolicyHook.sol"),
    source!("contracts/interfaces/IRegistry.sol"),
    source!("contracts/interfaces/ISafe.sol"),
    source!("contracts/interfaces/ISafeProtocol.sol"),
    source!("contracts/interfaces/ISignatureHandler.sol"),
    source!("contracts/interfaces/ITransactionGuard.sol"),
    source!("contracts/libraries/Approvals.sol"),
    source!("contracts/libraries/Asking.sol"),
    source!("contracts/libraries/Attestations.sol"),
    source!("contracts/libraries/Balances.sol"),
    source!("contracts/libraries/Bars.sol"),
    source!("contracts/libraries/Buckets.sol"),
    source!("contracts/libraries/Bytes.sol"),
    source!("contracts/libraries/Calldata.sol"),
    source!("contracts/libraries/Cases.sol"),
    source!("contracts/libraries/Charges.sol"),
    source!("contracts/libraries/Conditions.sol"),
    source!("contracts/libraries/Consenting.sol"),
    source!("contracts/libraries/Consents.sol"),
    source!("contracts/libraries/ControlCalls.sol"),
    source!("contracts/libraries/Decoder.sol"),
    source!("contracts/libraries/Envelope.sol"),
    source!("contracts/libraries/ExactCalldata.sol"),
    source!("contracts/libraries/Forward.sol"),
    source!("contracts/libraries/Index.sol"),
    source!("contracts/libraries/Joining.sol"),
    source!("contracts/libraries/Kept.sol"),
    source!("contracts/libraries/Lifecycle.sol"),
    source!("contracts/libraries/Lookup.sol"),
    source!("contracts/libraries/Marker.sol"),
    source!("contracts/libraries/Material.sol"),
    source!("contracts/libraries/MessageRules.sol"),
    source!("contracts/libraries/Messages.sol"),
    source!("contracts/libraries/ModuleRequests.sol"),
    source!("contracts/libraries/MultiSend.sol"),
    source!("contracts/libraries/Notices.sol"),
    source!("contracts/libraries/Obligations.sol"),
    source!("contracts/libraries/Openings.sol"),
    source!("contracts/libraries/OwnerSignatures.sol"),
    source!("contracts/libraries/Posted.sol"),
    source!("contracts/libraries/Program.sol"),
    source!("contracts/libraries/Quorum.sol"),
    source!("contracts/libraries/RareConditions.sol"),
    source!("contracts/libraries/Requests.sol"),
    source!("contracts/libraries/Rules.sol"),
    source!("contracts/libraries/SafeAccount.sol"),
    source!("contracts/libraries/Services.sol"),
    source!("contracts/libraries/SignedMessages.sol"),
    source!("contracts/libraries/Signers.sol"),
    source!("contracts/libraries/Slots.sol"),
    source!("contracts/libraries/SpendLimit.sol"),
    source!("contracts/libraries/State.sol"),
    source!("contracts/libraries/Statements.sol"),
    source!("contracts/libraries/Timelock.sol"),
    source!("contracts/libraries/Tokens.sol"),
    source!("contracts/libraries/Watch.sol"),
    source!("contracts/libraries/Whitelist.sol"),
    source!("contracts/libraries/Window.sol"),
    source!("contracts/types/Data.sol"),
    source!("contracts/types/Evaluation.sol"),
    source!("contracts/types/Image.sol"),
    source!("contracts/types/Obligation.sol"),
    source!("contracts/types/Reason.sol"),
    source!("contracts/types/Types.sol"),
    source!("contracts/types/Words.sol"),
];

/// Every source that packages bring, and the hash of its text.
pub const PACKAGED: [(&str, B256); 1] = [(
    "node_modules/solady/src/utils/DateTimeLib.sol",
    b256!("ebde8d422a9a1bd933911a91b734918c12bd8cadeed2a00eed47e156ac000492"),
)];
