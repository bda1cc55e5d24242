// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../../contracts/interfaces/IPolicyHook.sol";
import {Reason} from "../../contracts/types/Reason.sol";
import {Action, SlotCall} from "../../contracts/types/Types.sol";
import {Module} from "../base/Actors.sol";
import {ISafe} from "../base/ISafe.sol";
import {ModuleRequestTest} from "../base/ModuleRequestTest.sol";
import {Edition, Safes} from "../base/Safes.sol";
import {VM} from "../base/Vm.sol";
import {ATTACK_VM, AttackTest} from "./AttackTest.sol";
import {NaiveOpenings} from "./naive/NaiveOpenings.sol";

/// @notice Consent to one request of a module that serves another one, or that strangers take away.
contract ModuleAttacks is AttackTest, ModuleRequestTest {
    NaiveOpenings private naive;
    Module private second;
    // Behind the hook, whether an attestation is asked for, and not approvals.
    bool private attested;

    function table_aModulesApprovalsServeTwice(Edition newer)
        public
        attack(newer, "module-approval-used-twice", "approvals of a module's payment, used again once it was made")
    {
        _setUp(false);
        Action memory a = _consented();
        assertTrue(_byModule(module, a), "what was approved passes");
        uint256 before = usdc.balanceOf(alice);
        _byModule(module, a);
        _because(Reason.TooFewApprovals);
        _observe(before, usdc.balanceOf(alice));
    }

    function table_aModulesApprovalsServeWhatIsOpenedAgain(Edition newer)
        public
        attack(
            newer, "module-approval-posted-again", "signed approvals, posted for the next request of the same content"
        )
    {
        _setUp(false);
        Action memory a = _pay(alice, AMOUNT);
        bytes32 request = _opens(module, a);
        _posts(a, request);
        assertTrue(_byModule(module, a), "what was approved passes");
        _opens(module, a);
        uint256 before = usdc.balanceOf(alice);
        _posts(a, request);
        _byModule(module, a);
        _because(Reason.TooFewApprovals);
        _observe(before, usdc.balanceOf(alice));
    }

    function table_anAttestationServesWhatIsOpenedAgain(Edition newer)
        public
        attack(
            newer, "module-attestation-posted-again", "an attestation, posted for the next request of the same content"
        )
    {
        _setUp(true);
        Action memory a = _pay(alice, AMOUNT);
        bytes32 request = _opens(module, a);
        _posts(a, request);
        assertTrue(_byModule(module, a), "what was attested passes");
        _opens(module, a);
        uint256 before = usdc.balanceOf(alice);
        _posts(a, request);
        _byModule(module, a);
        _because(Reason.AttestationRequired);
        _observe(before, usdc.balanceOf(alice));
    }

    function table_anotherModuleUsesTheApprovals(Edition newer)
        public
        attack(newer, "module-approval-by-another-module", "approvals of one module's payment, used by another module")
    {
        _setUp(false);
        Action memory a = _consented();
        uint256 before = usdc.balanceOf(alice);
        _byModule(second, a);
        _because(Reason.TooFewApprovals);
        _observe(before, usdc.balanceOf(alice));
    }

    /// @dev The same owners, the same module, the same rules.
    function table_anotherAccountUsesTheApprovals(Edition newer)
        public
        attack(newer, "module-approval-on-another-account", "approvals for one account, used on another one")
    {
        _setUp(false);
        Action memory a = _consented();
        ISafe first = safe;
        safe = Safes.deploySafe(kit, owners, 2, 7);
        VM.prank(address(first));
        usdc.transfer(address(safe), 10 * AMOUNT);
        _execute(_call(address(safe), abi.encodeCall(ISafe.enableModule, (address(module)))));
        _guarded();
        uint256 before = usdc.balanceOf(alice);
        _byModule(module, a);
        _because(Reason.TooFewApprovals);
        _observe(before, usdc.balanceOf(alice));
    }

    function table_approvalsOutliveARemoval(Edition newer)
        public
        attack(newer, "module-approval-survives-removal", "approvals from before the rules were taken off and put back")
    {
        _setUp(false);
        Action memory a = _consented();
        _takeOff();
        _guarded();
        uint256 before = usdc.balanceOf(alice);
        _byModule(module, a);
        _because(Reason.TooFewApprovals);
        _observe(before, usdc.balanceOf(alice));
    }

    /// @dev What the payment would bring if nobody interfered is measured, and undone.
    function table_aStrangerOpensAgain(Edition newer)
        public
        attack(newer, "module-opening-restarted", "a stranger opens a request again, so that its approvals are gone")
    {
        _setUp(false);
        Action memory a = _consented();
        uint256 here = ATTACK_VM.snapshotState();
        assertTrue(_byModule(module, a), "undisturbed, the payment passes");
        uint256 undisturbed = usdc.balanceOf(alice);
        ATTACK_VM.revertToState(here);
        VM.startPrank(stranger);
        if (protected) {
            try hook.open(address(safe), address(module), _list(a)) {} catch {}
            // What anybody may open is of his own making.
            hook.open(address(safe), stranger, _list(a));
        } else {
            naive.open(a);
        }
        VM.stopPrank();
        _byModule(module, a);
        _observe(undisturbed, usdc.balanceOf(alice));
    }

    function _setUp(bool attested_) private {
        attested = attested_;
        module = _newModule();
        second = _newModule();
        naive = new NaiveOpenings(alice, group);
        address[] memory modules = _members(address(module), address(second));
        if (attested) _attestedModules(modules);
        else _approvedModules(0, modules);
        _guarded();
    }

    function _guarded() private {
        if (protected) _protect(program, 0);
        else _under(address(naive), address(0));
    }

    /// @dev A payment of the module, opened and approved by two.
    function _consented() private returns (Action memory a) {
        a = _pay(alice, AMOUNT);
        bytes32 request = _opens(module, a);
        for (uint256 i; i < 2; i++) {
            VM.prank(group[i]);
            if (protected) hook.approve(address(safe), request, program.codehash, DEADLINE);
            else naive.approve(request);
        }
    }

    function _opens(Module by, Action memory a) private returns (bytes32) {
        if (protected) return by.open(hook, address(safe), _list(a));
        naive.open(a);
        return naive.nameOf(a);
    }

    /// @dev What two of the group signed for the request, whether or not it is taken.
    function _posts(Action memory a, bytes32 request) private {
        if (protected) {
            bytes memory payload =
                attested ? _postedByTwo(request, _effects(alice, AMOUNT), DEADLINE) : _twoApprovals(request);
            try hook.post(address(safe), address(module), _content(_list(a)), payload) {} catch {}
        } else {
            for (uint256 i; i < 2; i++) {
                naive.post(request, _sign(people[i], request));
            }
        }
    }

    function _takeOff() private {
        if (!protected) return _execute(_batch(_guardCalls(address(0))));
        (Action memory removal, SlotCall[] memory staged) = _removal();
        _execute(_call(address(hook), abi.encodeCall(IPolicyHook.stageSlots, (staged))));
        _execute(removal);
        assertEq(hook.accountState(address(safe)).program, address(0), "removed");
    }

    function _byModule(Module by, Action memory a) private returns (bool) {
        Reason reason = protected ? _checkModule(address(by), a).reason : Reason.Allowed;
        try by.execute(safe, a.to, a.value, a.data, a.operation) returns (bool ok) {
            assertEq(uint256(reason), uint256(Reason.Allowed), "executed as check says");
            return ok;
        } catch (bytes memory returned) {
            _noteReason(returned);
            return false;
        }
    }
}
