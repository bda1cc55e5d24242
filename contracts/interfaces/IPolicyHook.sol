// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {AccountState, Action, Request, Route, SlotCall, Verdict} from "../types/Types.sol";
import {Reason} from "../types/Reason.sol";

/// @title Portcullis, treasury policy for Safe accounts
/// @notice One immutable contract for every account: no owner, no proxy, state keyed by account.
/// An account's guards (or its Safe Protocol manager) call the entries, which deny by reverting with {Denied}.
/// @dev Functions marked *account only* trust the account as their caller. They revert with
/// {HandlerIsHook} when the account's fallback handler is this contract, and with {NotRequested} when a
/// program is active and no executing request contained this very call: otherwise anyone could speak for
/// an account whose fallback handler, or whose delegatecalls, forward what strangers send.
interface IPolicyHook {
    /// @notice The one revert of every entry.
    error Denied(Reason reason, uint32 effect, uint16 rule, uint8 detail, uint256 have, uint256 need);
    /// @notice The entry was called with calldata that is not in exact ABI encoding.
    error NonCanonicalEntry();
    /// @notice The execution failed; reverting keeps anything failed from being charged.
    error ExecutionFailed();
    /// @notice Less gas is left than a registry, a static call of a condition or a metered balance is due, so there is no
    /// verdict.
    error NotEnoughGas();
    /// @notice Part of the hook's code, which stands in a contract of its own, is not on this chain.
    error NotLinked(address code);
    /// @notice The caller is not the manager that the account registered.
    error NotManager(address caller);
    /// @notice The account's fallback handler is this contract.
    error HandlerIsHook();
    /// @notice No executing request of the account contained this call.
    error NotRequested();
    /// @notice A program is active already.
    error AlreadyInstalled();
    /// @notice No program is active.
    error NotInstalled();
    /// @notice The hook is not held in every slot that the route needs.
    error RouteIncomplete(address guard, address moduleGuard);
    /// @notice Modules bypass the transaction guard on this Safe and were not acknowledged exactly.
    error ModulesNotAcknowledged(address[] enabled);
    /// @notice The program's code hash differs, its first byte is not STOP, or its header is malformed.
    error UnsoundProgram(address program);
    /// @notice The change delay is above the maximum, in seconds.
    error ChangeDelayTooLong(uint32 changeDelay, uint32 maximum);
    /// @notice What is asked for is not what is staged.
    error NotStaged();
    /// @notice The staged change matures later.
    error NotMatured(uint256 maturesAt);
    /// @notice The staged change has expired.
    error Expired(uint256 expiredAt);
    /// @notice The caller may not announce, or may not cancel, for this account and origin.
    error NotAllowed(address caller);
    /// @notice There is no such announcement.
    error UnknownAnnouncement(bytes32 id);
    /// @notice The same request is announced already and has not expired.
    error AlreadyAnnounced(bytes32 id, uint256 madeAt);

    /// @notice The same module request is open already and has not expired.
    error AlreadyOpened(bytes32 request, uint256 openedAt);
    /// @notice No request of this content by this module is open.
    error NotOpened(address module, bytes32 content);
    /// @notice What was posted is not well formed.
    error MalformedMaterial();
    /// @notice A signature in what was posted does not count, so nothing is kept. Numbers as of the reason of this name.
    error BadMaterial(uint256 kind, uint256 entry, uint256 why);
    /// @notice The active program has no such attester set.
    error UnknownSet(uint8 set);
    /// @notice Too few members of the set have signed.
    error TooFewAttesters(uint8 set, uint256 have, uint256 need);

    /// @notice The deadline has passed already.
    error DeadlinePassed(uint64 deadline);
    /// @notice A guardian has frozen the account already.
    error AlreadyFrozen();
    /// @notice The account is not frozen.
    error NotFrozen();
    /// @notice The account ended a freeze of this guardian since the last activation.
    error Barred(address guardian);
    /// @notice The end of this freeze was started already.
    error AlreadyUnfreezing(uint256 endsAt);
    /// @notice The end of this freeze was not started.
    error UnfreezeNotStarted();

    event Installed(
        address indexed account, address indexed program, bytes32 codeHash, uint32 changeDelay, Route route
    );
    event Staged(
        address indexed account, address indexed program, bytes32 codeHash, uint32 changeDelay, uint256 maturesAt
    );
    event SlotsStaged(address indexed account, bytes32 indexed digest, SlotCall[] calls, uint256 maturesAt);
    event StagedCancelled(address indexed account);
    event Activated(address indexed account, address indexed program, uint32 changeDelay);
    event Removed(address indexed account, uint32 epoch);
    event Announced(
        address indexed account, bytes32 indexed id, address indexed origin, address announcer, Action[] actions
    );
    event AnnouncementCancelled(address indexed account, bytes32 indexed id, address by);

    event Opened(
        address indexed account,
        address indexed module,
        bytes32 indexed request,
        address by,
        uint64 serial,
        Action[] actions
    );
    /// @notice An executing module request used up the approvals and attestations of this name.
    event Consumed(address indexed account, address indexed module, bytes32 indexed request);
    /// @notice A verified attestation of a module request is kept under the active program, in place of an earlier one.
    event AttestationPosted(
        address indexed account,
        bytes32 indexed request,
        uint8 indexed set,
        uint64 deadline,
        bytes32 effects,
        bytes32 proposal,
        bytes statement
    );

    /// @dev A deadline of 0 takes an approval back.
    event Approved(
        address indexed account, bytes32 indexed request, address indexed approver, bytes32 program, uint64 deadline
    );
    event ApprovalDenied(address indexed account, bytes32 indexed request, address indexed by, uint24 list);
    /// @notice An executing request was attested by the set, which names a proposal; zero for none.
    event Attested(address indexed account, bytes32 indexed request, uint8 indexed set, bytes32 proposal);
    /// @notice A rule that decided an executing request wants the channel, an ASCII name, to know.
    event Notified(address indexed account, bytes32 indexed channel, uint16 rule);
    /// @notice More left the account than a request declared: what a limit that meters was charged after the execution,
    /// in base units, and the word that it keeps since, 0 where it keeps none.
    event Metered(address indexed account, bytes32 indexed limit, uint256 amount, uint256 slot, uint256 word);
    event Frozen(address indexed account, address indexed guardian);
    event UnfreezeStarted(address indexed account, address indexed guardian, uint256 endsAt);
    event Unfrozen(address indexed account, address indexed guardian);

    /// @notice The longest change delay, in seconds: 30 days.
    function MAX_CHANGE_DELAY() external view returns (uint32);

    /// @notice How long a matured staged change can be carried out, in seconds: 14 days.
    function CHANGE_WINDOW() external view returns (uint32);

    /// @notice Puts the account under `program`. Account only; last in the batch that sets the guards.
    /// @param program The data contract that holds the program.
    /// @param codeHash Its EXTCODEHASH.
    /// @param changeDelay Seconds before a staged change matures, at most {MAX_CHANGE_DELAY}.
    /// @param manager The Safe Protocol manager for that route, zero for the guard route.
    /// @param bypassing Every enabled module, in the account's own order, where none of them is guarded: on Safes
    /// older than 1.5.0, and under a manager. Empty where a module guard is set.
    /// @dev Reverts with {AlreadyInstalled}, {RouteIncomplete}, {ModulesNotAcknowledged}, {UnsoundProgram},
    /// {ChangeDelayTooLong}, {HandlerIsHook}.
    function install(
        address program,
        bytes32 codeHash,
        uint32 changeDelay,
        address manager,
        address[] calldata bypassing
    ) external;

    /// @notice Stages a new program and change delay, in place of anything staged. Account only.
    /// @dev Reverts with {NotInstalled}, {UnsoundProgram}, {ChangeDelayTooLong}.
    function stage(address program, bytes32 codeHash, uint32 changeDelay) external;

    /// @notice Stages slot changes as an ordered list, in place of anything staged. Account only.
    /// @dev Once matured, one request that makes exactly these calls passes. Reverts with {NotInstalled}.
    function stageSlots(SlotCall[] calldata calls) external;

    /// @notice Drops what is staged. Account only. Reverts with {NotStaged} when nothing is.
    function cancelStaged() external;

    /// @notice Activates the staged program, which must be `program`. Account only.
    /// @dev Reverts with {NotStaged}, {NotMatured}, {Expired}.
    function activate(address program) external;

    /// @notice Starts to end a freeze, which then takes the change delay. Account only; passes under a freeze.
    /// @dev Reverts with {NotFrozen}, and with {AlreadyUnfreezing} the second time in one freeze.
    function startUnfreeze() external;

    /// @notice Ends a freeze, and bars the guardian who made it until the next activation. Account only; passes under a
    /// freeze.
    /// @dev Reverts with {NotFrozen}, {UnfreezeNotStarted}, {NotMatured}.
    function unfreeze() external;

    /// @notice Freezes the account at once: until that ends, only control and {cancel} pass. Callers: the program's
    /// guardians.
    /// @dev Reverts with {NotInstalled}, {NotAllowed}, {AlreadyFrozen}, {Barred}, and with {NonCanonicalEntry} on
    /// anything but exact calldata.
    function freeze(address account) external;

    /// @notice Approves a request, for rules that ask for approvals. Callers: anybody (the account itself: account
    /// only); it counts for members of the group that is asked for. It is bound to the account's present epoch.
    /// @param request The Safe transaction hash, or the name of an opened module request.
    /// @param program The version, that is the code hash, of the program under which it counts.
    /// @param deadline The last second at which it counts; in place of the last one. 0 takes the approval back, so
    /// that only approving on chain brings it again.
    /// @dev Reverts with {DeadlinePassed}, and with {NonCanonicalEntry} on anything but exact calldata.
    function approve(address account, bytes32 request, bytes32 program, uint64 deadline) external;

    /// @notice Denies a request for good, whoever else approves, under the active program in the present epoch.
    /// Callers: members of the list (the account itself: account only).
    /// @param list The group, by the offset of its list in the active program.
    /// @dev Reverts with {NotInstalled}, {NotAllowed}, and with {NonCanonicalEntry} on anything but exact calldata.
    function deny(address account, bytes32 request, uint24 list) external;

    /// @notice Opens a module request, which gives it a name that approvals and attestations bind to. Callers: the account
    /// (account only), its owners, the module itself, and the program's announcers.
    /// @param module Who will make it.
    /// @return request The name, which is new each time.
    /// @dev It is open until it is executed under a rule that asks for approvals or an attestation, or for as long as the
    /// program keeps announcements. Reverts with {NotInstalled}, {NotAllowed}, {AlreadyOpened}, and with
    /// {NonCanonicalEntry} on anything but exact calldata.
    function open(address account, address module, Action[] calldata actions) external returns (bytes32 request);

    /// @notice Keeps approvals and attestations of an opened module request, once they are verified. Callers: anybody.
    /// @param content The hash of the ordered actions, `docs/program.md` §6.
    /// @param payload `docs/program.md` §8.10. Any entry that does not count makes the call revert.
    /// @dev What is kept with a later deadline stays. Reverts with {NotInstalled}, {NotOpened}, {MalformedMaterial},
    /// {BadMaterial}, {UnknownSet}, {TooFewAttesters}.
    function post(address account, address module, bytes32 content, bytes calldata payload) external;

    /// @notice Announces a request, which starts its delay. Callers: the account (account only), its owners,
    /// the origin module itself, and the program's announcers.
    /// @param origin Zero for an owner request, else the module that will make it.
    /// @return id Names account, epoch, origin and actions.
    /// @dev Never changes a live announcement. Reverts with {NotAllowed}, {NotInstalled}, {AlreadyAnnounced}.
    function announce(address account, address origin, Action[] calldata actions) external returns (bytes32 id);

    /// @notice Cancels an announcement. Callers: the account (account only) and the program's cancellers.
    /// @dev Reverts with {NotAllowed}, {UnknownAnnouncement}.
    function cancel(address account, bytes32 id) external;

    /// @notice The verdict on a request now, through the code that enforces it. `docs/program.md` §2.
    function check(address account, Request calldata request) external view returns (Verdict memory);

    /// @notice The account's words.
    function accountState(address account) external view returns (AccountState memory);

    /// @notice When the announcement was made, in seconds; 0 for none.
    function announcedAt(bytes32 id) external view returns (uint256);

    /// @notice The id of an announcement in the account's present epoch.
    function announcementId(address account, address origin, Action[] calldata actions) external view returns (bytes32);
}
