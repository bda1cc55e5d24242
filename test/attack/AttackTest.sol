// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../../contracts/interfaces/IPolicyHook.sol";
import {Reason} from "../../contracts/types/Reason.sol";
import {Action, Verdict} from "../../contracts/types/Types.sol";
import {GUARD_SLOT} from "../base/ISafe.sol";
import {Edition, Safes} from "../base/Safes.sol";
import {TreasuryTest} from "../base/TreasuryTest.sol";
import {VM} from "../base/Vm.sol";

/// @notice Cheatcodes that only attacks use.
interface AttackVm {
    function snapshotState() external returns (uint256 id);
    function revertToState(uint256 id) external returns (bool success);
    function txGasPrice(uint256 gasPrice) external;
}

AttackVm constant ATTACK_VM = AttackVm(address(uint160(uint256(keccak256("hevm cheat code")))));

/// @notice Every attack is carried out twice by the same lines from the same state: without Portcullis (on a bare Safe,
/// or behind a naive guard of `naive/`), where it must work, and with Portcullis, where it must not.
/// @dev A test takes the modifier {attack}, calls {_install} or {_under} once, carries the attack out with {_attempt},
/// and ends with {_observe}. What is observed before and after is a measured value, such as a balance, that only the
/// attack moves. `cargo xtask attacks` reads what was observed out of the logs and judges it again.
abstract contract AttackTest is TreasuryTest {
    /// @dev Forge prints this event as `key: val`.
    event log_named_string(string key, string val);

    uint256 internal constant LOOT = 1e6;

    /// @dev Safes whose modules a guard sees.
    Edition[] public fixtureNewer = [Edition.V150, Edition.V150L2];

    /// @dev False while the attack is carried out without Portcullis.
    bool internal protected;
    string private id;
    string private tries;
    Edition private edition_;
    // Whether a program was found active, how often something was observed, and why the last attempt was denied.
    bool private active;
    uint256 private observations;
    Reason private lastReason;

    /// @param name The attack's stable id.
    /// @param what One line that says what it tries.
    modifier attack(Edition edition, string memory name, string memory what) {
        _deploy(edition);
        (id, tries, edition_) = (name, what, edition);
        uint256 start = ATTACK_VM.snapshotState();
        for (uint256 turn; turn < 2; turn++) {
            if (turn == 1) ATTACK_VM.revertToState(start);
            protected = turn == 1;
            _;
            assertEq(observations, 1, "observed once");
        }
    }

    /// @dev Installs `program_` when it is Portcullis' turn, and a naive guard otherwise.
    function _under(address naive, address program_) internal {
        if (protected) {
            _protect(program_);
        } else {
            Action[] memory guards = _guardCalls(naive);
            _execute(_batch(guards));
            assertEq(VM.load(address(safe), GUARD_SLOT), bytes32(uint256(uint160(naive))), "naive guard");
        }
    }

    /// @dev Installs `program_` when it is Portcullis' turn; otherwise the Safe stays bare.
    function _protect(address program_) internal {
        _protect(program_, CHANGE_DELAY);
    }

    function _protect(address program_, uint32 changeDelay) internal {
        if (!protected) return;
        _install(program_, changeDelay);
        _noteActive();
    }

    /// @dev For tests that install by a way of their own.
    function _noteActive() internal {
        active = hook.accountState(address(safe)).program != address(0);
        assertTrue(active, "a program is active");
    }

    /// @dev Executes as the owners, whether or not it passes. Under Portcullis the execution must do as `check` says.
    function _attempt(Action memory a) internal returns (bool ok) {
        lastReason = Reason.Allowed;
        // Once the hook has been removed, nobody asks it.
        if (hook.accountState(address(safe)).program == address(0)) return _attempt(_calldata(a));
        Verdict memory verdict = _check(a);
        bytes memory returned;
        (ok, returned) = address(safe).call(_calldata(a));
        if (verdict.reason == Reason.Allowed) return ok;
        assertFalse(ok, "executed, though check denies");
        assertEq(returned, _denial(verdict), "denied as check says");
        lastReason = verdict.reason;
    }

    /// @dev Calls the account with calldata of one's own, whether or not it passes.
    function _attempt(bytes memory data) internal returns (bool ok) {
        lastReason = Reason.Allowed;
        bytes memory returned;
        (ok, returned) = address(safe).call(data);
        if (!ok) _noteReason(returned);
    }

    /// @dev Keeps the reason of a {IPolicyHook.Denied}.
    function _noteReason(bytes memory returned) internal {
        if (returned.length < 36 || bytes4(returned) != IPolicyHook.Denied.selector) return;
        uint256 reason;
        assembly ("memory-safe") {
            reason := mload(add(returned, 36))
        }
        lastReason = Reason(reason);
    }

    /// @dev Under Portcullis, the last denial was for this reason.
    function _because(Reason reason) internal view {
        if (protected) assertEq(uint256(lastReason), uint256(reason), "denied for this reason");
    }

    /// @dev What the attack moves, measured before and after it. Ends the test's body.
    function _observe(uint256 before, uint256 afterwards) internal {
        observations++;
        emit log_named_string("attack", _report(before, afterwards));
        assertTrue(active == protected, "Portcullis is active in its turn, and only there");
        if (protected) assertEq(afterwards, before, string.concat(id, ": refused"));
        else assertFalse(afterwards == before, string.concat(id, ": works without Portcullis"));
    }

    function _report(uint256 before, uint256 afterwards) private view returns (string memory) {
        return string.concat(
            '{"id":"',
            id,
            '","tries":"',
            tries,
            '","safe":"',
            _safeName(),
            active ? '","protected":true,"before":"' : '","protected":false,"before":"',
            VM.toString(before),
            '","after":"',
            VM.toString(afterwards),
            '"}'
        );
    }

    function _safeName() private view returns (string memory) {
        string[3] memory releases = ["1.3.0", "1.4.1", "1.5.0"];
        return string.concat(releases[Safes.release(edition_)], Safes.isL2(edition_) ? " L2" : "");
    }

    /// @dev What the account's payment brings `to` at `time` if nobody interferes: measured, and then undone. Against
    /// attacks that keep the account from paying.
    function _control(Action memory payment, address to, uint256 time) internal returns (uint256 balance) {
        uint256 here = ATTACK_VM.snapshotState();
        VM.warp(time);
        uint256 before = usdc.balanceOf(to);
        assertTrue(_attempt(payment), "undisturbed, the payment passes");
        balance = usdc.balanceOf(to);
        assertFalse(balance == before, "undisturbed, the payment arrives");
        ATTACK_VM.revertToState(here);
    }

    /// @dev What left the account in USDC beyond `cap`.
    function _excess(uint256 cap) internal view returns (uint256) {
        uint256 spent = FUNDS - usdc.balanceOf(address(safe));
        return spent > cap ? spent - cap : 0;
    }

    /// @dev The cap, in payments that each are small enough.
    function _threePayments() internal view returns (Action memory) {
        return _threePaymentsTo(alice);
    }

    function _threePaymentsTo(address to) internal view returns (Action memory) {
        return _batch(_list(_pay(to, MOST), _pay(to, MOST), _pay(to, MOST)));
    }
}
