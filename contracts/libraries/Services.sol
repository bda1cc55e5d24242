// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../interfaces/IPolicyHook.sol";
import {Consenting} from "./Consenting.sol";
import {Lifecycle} from "./Lifecycle.sol";
import {ModuleRequests} from "./ModuleRequests.sol";
import {Notices} from "./Notices.sol";

/// @notice Where the bodies are of what accounts and people call, and who is authenticated first. A contract of its own,
/// since no execution comes here.
library Services {
    uint256 internal constant LIFECYCLE = 1;
    uint256 internal constant NOTICES = 2;
    uint256 internal constant CONSENTING = 3;
    uint256 internal constant MODULE_REQUESTS = 4;

    /// @dev Who may call: anyone; the account alone; anyone about the account, which is the first argument.
    uint256 internal constant ANYONE = 1;
    uint256 internal constant ACCOUNT = 2;
    uint256 internal constant ABOUT = 3;

    /// @notice The service with a selector of {IPolicyHook}, 0 for none:
    ///
    ///     | selector in the library (32) | zero (208) | library (8) | who may call (8) |
    function find(bytes4 selector) external pure returns (uint256) {
        uint256 service = _control(selector);
        if (service != 0) return service;
        if (selector == IPolicyHook.announce.selector) return _of(NOTICES, Notices.announce.selector, ABOUT);
        if (selector == IPolicyHook.cancel.selector) return _of(NOTICES, Notices.cancel.selector, ABOUT);
        if (selector == IPolicyHook.announcementId.selector) return _of(NOTICES, Notices.idOf.selector, ANYONE);
        if (selector == IPolicyHook.announcedAt.selector) return _of(NOTICES, Notices.madeAt.selector, ANYONE);
        if (selector == IPolicyHook.approve.selector) return _of(CONSENTING, Consenting.approve.selector, ABOUT);
        if (selector == IPolicyHook.deny.selector) return _of(CONSENTING, Consenting.deny.selector, ABOUT);
        if (selector == IPolicyHook.freeze.selector) return _of(CONSENTING, Consenting.freeze.selector, ANYONE);
        if (selector == IPolicyHook.open.selector) return _of(MODULE_REQUESTS, ModuleRequests.open.selector, ABOUT);
        if (selector == IPolicyHook.post.selector) return _of(MODULE_REQUESTS, ModuleRequests.post.selector, ANYONE);
        return 0;
    }

    function _control(bytes4 selector) private pure returns (uint256) {
        if (selector == IPolicyHook.install.selector) return _lifecycle(Lifecycle.install.selector);
        if (selector == IPolicyHook.stage.selector) return _lifecycle(Lifecycle.stage.selector);
        if (selector == IPolicyHook.stageSlots.selector) return _lifecycle(Lifecycle.stageSlots.selector);
        if (selector == IPolicyHook.cancelStaged.selector) return _lifecycle(Lifecycle.cancelStaged.selector);
        if (selector == IPolicyHook.activate.selector) return _lifecycle(Lifecycle.activate.selector);
        if (selector == IPolicyHook.startUnfreeze.selector) return _lifecycle(Lifecycle.startUnfreeze.selector);
        if (selector == IPolicyHook.unfreeze.selector) return _lifecycle(Lifecycle.unfreeze.selector);
        bytes4 read;
        if (selector == IPolicyHook.accountState.selector) read = Lifecycle.accountState.selector;
        if (selector == IPolicyHook.MAX_CHANGE_DELAY.selector) read = Lifecycle.maxChangeDelay.selector;
        if (selector == IPolicyHook.CHANGE_WINDOW.selector) read = Lifecycle.changeWindow.selector;
        return read == 0 ? 0 : _of(LIFECYCLE, read, ANYONE);
    }

    function _lifecycle(bytes4 selector) private pure returns (uint256) {
        return _of(LIFECYCLE, selector, ACCOUNT);
    }

    function _of(uint256 where, bytes4 selector, uint256 caller) private pure returns (uint256) {
        return uint256(bytes32(selector)) | where << 8 | caller;
    }
}
