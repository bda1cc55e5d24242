// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @notice What a handler did last.
enum Kind {
    None,
    // Owners, in ways that the programs allow under conditions.
    Pay,
    Batch,
    Nested,
    PayVendor,
    PayApproved,
    PayAttested,
    PaySigned,
    PayRegistered,
    SendEther,
    Allow,
    // Modules and plugins.
    ModulePay,
    // The other account of the same hook.
    OtherPays,
    // Control.
    Stage,
    StageSlots,
    CancelStaged,
    Activate,
    Remove,
    Install,
    StartUnfreeze,
    Unfreeze,
    // Roles.
    Announce,
    AnnounceSelf,
    Cancel,
    CancelSelf,
    Approve,
    Deny,
    Freeze,
    // What happens without the hook.
    Draw,
    ChangeRegistry,
    PassTime,
    // What must never succeed.
    Failing,
    OwnersTry,
    ModuleTries,
    Replay,
    ReuseMaterial,
    StrangerActs,
    StrangerEnters,
    FallbackSpeaks
}

/// @notice What a word of the hook's storage is, as a bit.
library Class {
    uint256 internal constant CONTROL = 1;
    uint256 internal constant STAGED = 2;
    uint256 internal constant MANAGER = 4;
    uint256 internal constant ACTIVATIONS = 8;
    uint256 internal constant FREEZE = 16;
    uint256 internal constant LIMIT = 32;
    uint256 internal constant ANNOUNCEMENT = 64;
    uint256 internal constant APPROVAL = 128;
    uint256 internal constant DENIAL = 256;
    uint256 internal constant BAR = 512;
    /// @dev Not one that the handler can explain.
    uint256 internal constant UNKNOWN = 1024;

    /// @notice What a step of this kind may change of its own account.
    function touchedBy(Kind kind) internal pure returns (uint256) {
        if (kind >= Kind.Pay && kind <= Kind.OtherPays) return kind == Kind.PayVendor ? LIMIT | ANNOUNCEMENT : LIMIT;
        if (kind >= Kind.Stage && kind <= Kind.CancelStaged) return STAGED;
        if (kind == Kind.Activate) return CONTROL | STAGED | ACTIVATIONS;
        if (kind == Kind.Remove) return CONTROL | STAGED | MANAGER | FREEZE;
        if (kind == Kind.Install) return CONTROL | MANAGER | ACTIVATIONS;
        if (kind == Kind.StartUnfreeze) return FREEZE;
        if (kind == Kind.Unfreeze) return CONTROL | FREEZE | BAR;
        if (kind >= Kind.Announce && kind <= Kind.CancelSelf) return ANNOUNCEMENT;
        if (kind == Kind.Approve) return APPROVAL;
        if (kind == Kind.Deny) return DENIAL;
        if (kind == Kind.Freeze) return CONTROL | FREEZE;
        return 0;
    }
}
