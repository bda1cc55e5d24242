// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../../contracts/interfaces/IPolicyHook.sol";
import {Action, StagedKind} from "../../contracts/types/Types.sol";
import {Misbehaving} from "../base/Misbehaving.sol";
import {VM} from "../base/Vm.sol";
import {Class, Kind} from "./Kinds.sol";
import {OwnerActs} from "./OwnerActs.sol";

/// @notice Announcements, the registry's curator, the spender, and time.
abstract contract NoticeActs is OwnerActs {
    function announce(uint256 seed) external asked(Kind.Announce) {
        Action[] memory actions = _list(_pay(vendor, _vendorAmount(seed >> 8)));
        bytes32 id = _expectNotice(actions);
        bool byOwner = seed % 2 == 0;
        bytes memory data = abi.encodeCall(IPolicyHook.announce, (address(safe), address(0), actions));
        VM.prank(byOwner ? owners[seed % 3] : announcer);
        if (_act(address(hook), data, (byOwner || _allows()) && !_isLive(id))) _made(id);
    }

    function announceSelf(uint256 seed) external asked(Kind.AnnounceSelf) {
        Action[] memory actions = _list(_pay(vendor, _vendorAmount(seed)));
        bytes32 id = _expectNotice(actions);
        bytes memory data = abi.encodeCall(IPolicyHook.announce, (address(safe), address(0), actions));
        if (_ask(_call(address(hook), data), !expected.frozen && !_isLive(id))) _made(id);
    }

    function cancel(uint256 seed) external asked(Kind.Cancel) {
        if (seed % 3 != 0) return;
        bytes32 id = _expectNotice(_list(_pay(vendor, _vendorAmount(seed >> 8))));
        bytes memory data = abi.encodeCall(IPolicyHook.cancel, (address(safe), id));
        VM.prank(canceller);
        if (_act(address(hook), data, _allows() && _madeAt(id) != 0)) notices[noticeOf[id] - 1].made = 0;
    }

    function cancelSelf(uint256 seed) external asked(Kind.CancelSelf) {
        if (seed % 3 != 0) return;
        bytes32 id = _expectNotice(_list(_pay(vendor, _vendorAmount(seed >> 8))));
        bytes memory data = abi.encodeCall(IPolicyHook.cancel, (address(safe), id));
        if (_ask(_call(address(hook), data), _madeAt(id) != 0)) notices[noticeOf[id] - 1].made = 0;
    }

    function draw(uint256 amount) external {
        if (allowed == 0) return;
        _begin(Kind.Draw);
        amount = 1 + amount % allowed;
        bytes memory data = abi.encodeCall(usdc.transferFrom, (address(safe), spender, amount));
        VM.prank(spender);
        if (_act(address(usdc), data, true)) (allowed, usdcHeld) = (allowed - amount, usdcHeld - amount);
        _end();
    }

    /// @dev Who is listed changes, or whether the registry answers at all.
    function changeRegistry(uint256 seed) external step(Kind.ChangeRegistry) {
        (last.may, last.ok) = (true, true);
        VM.etch(address(registry), registryCode);
        if (seed % 4 == 0) {
            registry.remove(_members(frank));
            frankFrom = 0;
        } else if (seed % 4 == 1) {
            bytes memory bad = seed % 8 == 1 ? Misbehaving.reverting(1) : Misbehaving.returning(2, 32);
            VM.etch(address(registry), bad);
        } else if (frankFrom == 0) {
            registry.add(_members(frank));
            frankFrom = clock + COOLDOWN;
        }
    }

    /// @dev A while, or to the very second at which something begins or ends, or to the one before it.
    function passTime(uint256 seed) external step(Kind.PassTime) {
        (last.may, last.ok) = (true, true);
        uint256 pick = seed % 4;
        if (pick == 0) clock += 1 + (seed >> 8) % 3 hours;
        else if (pick == 1) clock += (seed >> 8) % 2 days;
        else if (pick == 2) _moveTo((clock / 1 days + 1) * 1 days, seed >> 8);
        else _moveTo(_nextMoment(), seed >> 8);
        VM.warp(clock);
    }

    function _moveTo(uint256 moment, uint256 seed) private {
        if (seed % 3 == 0) moment--;
        if (moment > clock) clock = moment;
    }

    /// @dev The earliest of what is still to come: a staged change, an announcement, the end of a freeze.
    function _nextMoment() private view returns (uint256 moment) {
        moment = clock + 1 days;
        if (expected.stagedKind != StagedKind.None) {
            moment = _sooner(moment, uint256(expected.stagedAt) + expected.changeDelay);
        }
        moment = _sooner(moment, expected.unfreezesAt);
        for (uint256 i; i < notices.length; i++) {
            if (notices[i].made != 0) moment = _sooner(moment, notices[i].made + DELAY);
        }
    }

    function _sooner(uint256 moment, uint256 candidate) private view returns (uint256) {
        return candidate > clock && candidate < moment ? candidate : moment;
    }

    function _expectNotice(Action[] memory actions) private returns (bytes32 id) {
        id = _idOf(expected.epoch, address(0), actions);
        _know(address(safe), _announcementSlot(id), Class.ANNOUNCEMENT);
    }

    function _madeAt(bytes32 id) private view returns (uint256) {
        return noticeOf[id] == 0 ? 0 : notices[noticeOf[id] - 1].made;
    }

    function _isLive(bytes32 id) private view returns (bool) {
        return _madeAt(id) != 0 && clock < _madeAt(id) + _expiry();
    }

    function _made(bytes32 id) private {
        if (noticeOf[id] == 0) {
            notices.push(Notice(id, 0, 0));
            noticeOf[id] = notices.length;
        }
        notices[noticeOf[id] - 1] = Notice(id, clock, 0);
    }
}
