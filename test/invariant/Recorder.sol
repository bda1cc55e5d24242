// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../../contracts/interfaces/IPolicyHook.sol";
import {AccountState, Action, Route, SlotCall, StagedKind} from "../../contracts/types/Types.sol";
import {ISafe} from "../base/ISafe.sol";
import {Log, VM} from "../base/Vm.sol";
import {Book} from "./Book.sol";
import {Class, Kind} from "./Kinds.sol";
import {Step} from "./Properties.sol";

/// @notice Frames every step: what changed in the hook's storage, and what its events told.
abstract contract Recorder is Book {
    /// @dev The run's own clock, in seconds.
    uint256 internal clock;
    ISafe internal other;
    Step internal last;
    /// @dev How often each kind was tried, and succeeded.
    mapping(Kind kind => uint256) public tried;
    mapping(Kind kind => uint256) public passed;

    /// @dev Every word of the hook that a step was expected to touch: whose it is, what it is, and its last value.
    mapping(bytes32 slot => address) internal slotAccount;
    mapping(bytes32 slot => uint256) internal slotClass;
    mapping(bytes32 slot => bytes32) internal slotValue;

    AccountState internal told;
    /// @dev Announcements whose event carries other calldata than its id names.
    uint256 internal untold;

    modifier step(Kind kind) {
        _begin(kind);
        _;
        _end();
    }

    function _begin(Kind kind) internal {
        VM.warp(clock);
        delete last;
        (last.kind, last.account, last.agreed) = (kind, address(safe), true);
        last.frozen = hook.accountState(address(safe)).frozen;
        last.registryFails = keccak256(address(registry).code) != keccak256(registryCode);
        VM.recordLogs();
        VM.record();
    }

    function _end() internal {
        Step memory s = last;
        (, bytes32[] memory written) = VM.accesses(address(hook));
        for (uint256 i; i < written.length; i++) {
            bytes32 value = VM.load(address(hook), written[i]);
            if (value == slotValue[written[i]]) continue;
            slotValue[written[i]] = value;
            uint256 class = slotClass[written[i]];
            if (slotAccount[written[i]] == s.account && class != 0) s.classes |= class;
            else s.strange++;
        }
        (last.classes, last.strange) = (s.classes, s.strange);
        _listen();
        tried[s.kind]++;
        if (s.ok) passed[s.kind]++;
    }

    // The hook's words, `docs/program.md` §5 to §8

    function _know(address account, uint256 slot, uint256 class) internal {
        slotAccount[bytes32(slot)] = account;
        slotClass[bytes32(slot)] = class;
    }

    function _knowAccount(address account) internal {
        uint256[6] memory classes =
            [Class.CONTROL, Class.STAGED, Class.STAGED, Class.MANAGER, Class.ACTIVATIONS, Class.FREEZE];
        for (uint256 n; n < 6; n++) {
            _know(account, uint256(uint160(account)) << 96 | n, classes[n]);
        }
        _know(account, _etherSlot(account), Class.LIMIT);
        _know(account, _payeeSlot(account, alice), Class.LIMIT);
        _know(account, _payeeSlot(account, bob), Class.LIMIT);
        _know(account, _allSlot(account), Class.LIMIT);
        _know(account, _vendorSlot(account), Class.LIMIT);
    }

    function _etherSlot(address account) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(account, bytes32("ether-day"), address(0), uint256(1), address(0))));
    }

    function _payeeSlot(address account, address payee) internal view returns (uint256) {
        return uint256(keccak256(abi.encode(account, bytes32("payee-week"), usdc, uint256(2 | 1 << 40), payee)));
    }

    function _allSlot(address account) internal view returns (uint256) {
        uint256 descriptor = 4 | uint256(LANE) << 8;
        return uint256(keccak256(abi.encode(account, bytes32("usdc-all"), usdc, descriptor, address(0))));
    }

    function _vendorSlot(address account) internal pure returns (uint256) {
        return
            uint256(keccak256(abi.encode(account, bytes32("vendor-day"), address(0), uint256(1 | 1 << 48), address(0))));
    }

    function _announcementSlot(bytes32 id) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(id, uint256(0))));
    }

    function _word(uint256 slot) internal view returns (uint256) {
        return uint256(VM.load(address(hook), bytes32(slot)));
    }

    // What the events tell

    function _listen() private {
        Log[] memory logs = VM.getRecordedLogs();
        for (uint256 i; i < logs.length; i++) {
            Log memory log = logs[i];
            if (log.emitter != address(hook) || log.topics[1] != bytes32(uint256(uint160(address(safe))))) continue;
            if (!_hearProgram(log.topics, log.data)) _hearFreeze(log.topics, log.data);
        }
    }

    function _hearProgram(bytes32[] memory topics, bytes memory data) private returns (bool) {
        if (topics[0] == IPolicyHook.Installed.selector) {
            (, told.changeDelay, told.route) = abi.decode(data, (bytes32, uint32, Route));
            told.program = address(uint160(uint256(topics[2])));
            told.activations++;
        } else if (topics[0] == IPolicyHook.Staged.selector) {
            _forgetStaged();
            uint256 maturesAt;
            (, told.stagedChangeDelay, maturesAt) = abi.decode(data, (bytes32, uint32, uint256));
            told.stagedProgram = address(uint160(uint256(topics[2])));
            (told.stagedKind, told.stagedAt) = (StagedKind.Program, uint40(maturesAt - told.changeDelay));
        } else if (topics[0] == IPolicyHook.SlotsStaged.selector) {
            _forgetStaged();
            (SlotCall[] memory calls, uint256 maturesAt) = abi.decode(data, (SlotCall[], uint256));
            told.stagedDigest = _digestOf(calls);
            (told.stagedKind, told.stagedAt) = (StagedKind.Slots, uint40(maturesAt - told.changeDelay));
        } else if (topics[0] == IPolicyHook.StagedCancelled.selector) {
            _forgetStaged();
        } else if (topics[0] == IPolicyHook.Activated.selector) {
            _forgetStaged();
            told.program = address(uint160(uint256(topics[2])));
            told.changeDelay = abi.decode(data, (uint32));
            told.activations++;
        } else if (topics[0] == IPolicyHook.Removed.selector) {
            uint64 activations = told.activations;
            delete told;
            (told.epoch, told.activations) = (abi.decode(data, (uint32)), activations);
        } else {
            return false;
        }
        return true;
    }

    function _hearFreeze(bytes32[] memory topics, bytes memory data) private {
        if (topics[0] == IPolicyHook.Frozen.selector) {
            (told.frozen, told.guardian) = (true, address(uint160(uint256(topics[2]))));
        } else if (topics[0] == IPolicyHook.UnfreezeStarted.selector) {
            told.unfreezesAt = uint40(abi.decode(data, (uint256)));
        } else if (topics[0] == IPolicyHook.Unfrozen.selector) {
            (told.frozen, told.guardian, told.unfreezesAt) = (false, address(0), 0);
        } else if (topics[0] == IPolicyHook.Announced.selector) {
            (, Action[] memory actions) = abi.decode(data, (address, Action[]));
            address origin = address(uint160(uint256(topics[3])));
            if (_idOf(told.epoch, origin, actions) != topics[2]) untold++;
        }
    }

    function _forgetStaged() private {
        (told.stagedKind, told.stagedAt, told.stagedProgram) = (StagedKind.None, 0, address(0));
        (told.stagedChangeDelay, told.stagedDigest) = (0, 0);
    }

    function _digestOf(SlotCall[] memory calls) internal pure returns (bytes32 digest) {
        for (uint256 i; i < calls.length; i++) {
            digest = keccak256(abi.encode(digest, calls[i].to, keccak256(calls[i].data)));
        }
    }

    function _idOf(uint32 epoch_, address origin, Action[] memory actions) internal view returns (bytes32) {
        bytes memory hashes;
        for (uint256 i; i < actions.length; i++) {
            Action memory a = actions[i];
            hashes = bytes.concat(hashes, keccak256(abi.encode(a.to, a.value, keccak256(a.data), a.operation)));
        }
        return keccak256(abi.encode(safe, epoch_, origin, keccak256(hashes)));
    }
}
