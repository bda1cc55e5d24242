// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../../contracts/interfaces/IPolicyHook.sol";
import {Notices} from "../../contracts/libraries/Notices.sol";
import {Requests} from "../../contracts/libraries/Requests.sol";
import {PolicyHook} from "../../contracts/PolicyHook.sol";
import {Reason} from "../../contracts/types/Reason.sol";
import {Action, Request} from "../../contracts/types/Types.sol";
import {Test} from "../base/Test.sol";
import {VM} from "../base/Vm.sol";

/// @notice A hook whose libraries are not there, as on a chain where they were never deployed.
contract LinkingTest is Test {
    address private constant ACCOUNT = address(0xACC);

    IPolicyHook private hook;

    function setUp() public {
        hook = IPolicyHook(address(new PolicyHook()));
    }

    function test_withoutWhatReadsRequestsNothingIsJudged() public {
        Request memory request;
        request.actions = new Action[](1);
        assertEq(uint256(hook.check(ACCOUNT, request).reason), uint256(Reason.NoProgram), "without a program");
        VM.etch(address(Requests), "");
        VM.expectRevert(abi.encodeWithSelector(IPolicyHook.NotLinked.selector, address(Requests)));
        hook.check(ACCOUNT, request);
    }

    function test_withoutWhatKeepsAnnouncementsNothingIsAnnounced() public {
        VM.etch(address(Notices), "");
        VM.expectRevert(abi.encodeWithSelector(IPolicyHook.NotLinked.selector, address(Notices)));
        hook.announce(ACCOUNT, address(0), new Action[](1));
    }
}
