// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../interfaces/IPolicyHook.sol";
import {Image} from "../types/Image.sol";
import {Binding} from "../types/Obligation.sol";
import {ControlWord, freezeWord} from "../types/Words.sol";
import {Bars} from "./Bars.sol";
import {Consents} from "./Consents.sol";
import {ExactCalldata} from "./ExactCalldata.sol";
import {Program} from "./Program.sol";
import {State} from "./State.sol";
import {Whitelist} from "./Whitelist.sol";

/// @notice What approvers and guardians do on chain. A contract of its own, as {Lifecycle}; where the account is the
/// caller, the hook has authenticated it before.
library Consenting {
    using Program for Image;

    /// @notice See {IPolicyHook.approve}.
    function approve(address account, bytes32 request, bytes32 program, uint64 deadline) external {
        _checkLength(4);
        require(deadline == 0 || block.timestamp <= deadline, IPolicyHook.DeadlinePassed(deadline));
        uint256 last = deadline == 0 ? Consents.TAKEN_BACK : deadline;
        State.write(Consents.approvalSlot(_binding(account, request, program), msg.sender), last);
        emit IPolicyHook.Approved(account, request, msg.sender, program, deadline);
    }

    /// @notice See {IPolicyHook.deny}.
    function deny(address account, bytes32 request, uint24 list) external {
        _checkLength(3);
        address program = State.control(account).program();
        require(program != address(0), IPolicyHook.NotInstalled());
        _checkMember(program, list);
        State.write(Consents.denialSlot(_binding(account, request, program.codehash), list), 1);
        emit IPolicyHook.ApprovalDenied(account, request, msg.sender, list);
    }

    /// @notice See {IPolicyHook.freeze}.
    function freeze(address account) external {
        _checkLength(1);
        ControlWord control = State.control(account);
        require(control.program() != address(0), IPolicyHook.NotInstalled());
        Image memory image;
        image.open(control.program());
        _checkMember(control.program(), uint24(image.guardians()));
        require(!control.frozen(), IPolicyHook.AlreadyFrozen());
        require(!Bars.has(account, msg.sender), IPolicyHook.Barred(msg.sender));
        State.setControl(account, control.withFrozen(true));
        State.setFreeze(account, freezeWord(msg.sender, 0));
        emit IPolicyHook.Frozen(account, msg.sender);
    }

    /// @param words How many arguments there are.
    function _checkLength(uint256 words) private pure {
        ExactCalldata.check(msg.data.length == ExactCalldata.headEnd(words));
    }

    function _binding(address account, bytes32 request, bytes32 version) private view returns (Binding memory b) {
        (b.account, b.request, b.version) = (account, request, version);
        b.epoch = State.control(account).epoch();
    }

    /// @dev A list that cannot be read, and a registry that does not answer, have nobody.
    function _checkMember(address program, uint24 list) private view {
        Image memory image;
        image.open(program);
        bool member = !image.failed() && list != 0 && Whitelist.contains(image, list, msg.sender);
        require(member, IPolicyHook.NotAllowed(msg.sender));
    }
}
