// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Reason} from "../../contracts/types/Reason.sol";
import {Action, Verdict} from "../../contracts/types/Types.sol";
import {ISafe} from "../base/ISafe.sol";
import {Draft, ProgramBuilder} from "../base/ProgramBuilder.sol";
import {Edition} from "../base/Safes.sol";
import {TreasuryTest} from "../base/TreasuryTest.sol";
import {VM} from "../base/Vm.sol";
import {PausableToken} from "../tokens/PausableToken.sol";

/// @notice Rules that depend on more than who is paid how much: the hour, the words of a call, another contract, what
/// is left of a limit.
contract CircumstancesTest is TreasuryTest {
    using ProgramBuilder for Draft;

    uint24 private constant GAS = 100_000;
    /// @dev CALLER, PUSH0, MSTORE, PUSH1 32, PUSH0, RETURN
    bytes private constant TELLS_ITS_CALLER = hex"335f5260205ff3";

    function table_neverPaysOutOfHours(Edition edition) public on(edition) {
        Draft memory d = _transfers();
        // Monday to Friday, nine to five.
        d.when(hex"0c1f");
        d.when(abi.encodePacked(uint8(0x0b), uint24(9 hours), uint24(17 hours)));
        _use(d);
        // A Friday noon.
        _allowed(_pay(alice, 1));
        VM.warp(START + 5 hours - 1);
        _allowed(_pay(alice, 1));
        VM.warp(START + 5 hours);
        _denied(_pay(alice, 1), Reason.NoRule);
        VM.warp(START + 1 days);
        _denied(_pay(alice, 1), Reason.NoRule);
        VM.warp(START + 3 days - 3 hours - 1);
        _denied(_pay(alice, 1), Reason.NoRule);
        VM.warp(START + 3 days - 3 hours);
        _allowed(_pay(alice, 1));
    }

    function table_neverPaysWhileTheTokenIsPaused(Edition edition) public on(edition) {
        PausableToken token = new PausableToken(address(safe), FUNDS);
        usdc = token;
        Draft memory d = _transfers();
        d.when(_asks(address(token), ProgramBuilder.EQUAL, 0, abi.encodeCall(token.paused, ())));
        _use(d);
        _allowed(_pay(alice, 1));
        token.pause(true);
        _denied(_pay(alice, 1), Reason.NoRule);
        token.pause(false);
        _allowed(_pay(alice, 1));
        // A contract that is gone says nothing, and nothing is no leave.
        VM.etch(address(token), "");
        Verdict memory v = _denied(_pay(alice, 1), Reason.StaticCallFailed);
        assertEq(v.rule, 0, "rule");
        assertEq(v.have, uint256(uint160(address(token))), "target");
    }

    /// @dev Not by the account, nor by the contract that the rare conditions are in.
    function table_theHookItselfAsks(Edition edition) public on(edition) {
        address asked = _deployCode(TELLS_ITS_CALLER);
        Draft memory d = _transfers();
        d.when(_asks(asked, ProgramBuilder.EQUAL, uint256(uint160(address(hook))), hex"12345678"));
        _use(d);
        _allowed(_pay(alice, 1));
    }

    /// @dev The second rule wants a delay for what the first would not fit.
    function table_whatDoesNotFitTheLimitFallsToTheNextRule(Edition edition) public on(edition) {
        Draft memory d;
        d.expiry = EXPIRY;
        d.limit("usdc-day", address(usdc), CAP, ProgramBuilder.DAY, false, 0);
        d.declare(address(usdc));
        d.rule(ProgramBuilder.ALLOW, 0, abi.encodePacked(DAILY));
        d.when(hex"1000");
        _anyTransferOf(d);
        d.rule(ProgramBuilder.ALLOW, DELAY, "");
        _anyTransferOf(d);
        _use(d);

        assertEq(_denied(_pay(alice, CAP + 1), Reason.NotAnnounced).rule, 1, "more than the cap");
        assertEq(_allowed(_pay(alice, CAP - 10)).rule, 0, "what fits");
        assertEq(_denied(_pay(alice, 11), Reason.NotAnnounced).rule, 1, "one too many");
        // In one request the first leg counts for the second.
        assertEq(
            _denied(_batch(_list(_pay(alice, 5), _pay(alice, 6))), Reason.NotAnnounced).effect, 1, "the second leg"
        );
        assertEq(_allowed(_batch(_list(_pay(alice, 5), _pay(alice, 5)))).rule, 0, "to the last unit");
        VM.warp(START + 1 days);
        assertEq(_allowed(_pay(alice, 1)).rule, 0, "another day");
    }

    /// @dev A call to a contract that is no token: its second argument must be alice, and its first at most 5.
    function table_wordsOfACallAreCompared(Edition edition) public on(edition) {
        Draft memory d;
        uint24 list = d.list(_members(alice));
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.whereIn(hex"0e0024", list);
        d.when(hex"0d000403000105");
        d.matching(ProgramBuilder.CALL, stranger, 0x11111111);
        _use(d);
        _allowed(_call(stranger, abi.encodeWithSelector(0x11111111, 5, alice)));
        _denied(_call(stranger, abi.encodeWithSelector(0x11111111, 6, alice)), Reason.NoRule);
        _denied(_call(stranger, abi.encodeWithSelector(0x11111111, 5, bob)), Reason.NoRule);
        _denied(
            _call(stranger, abi.encodeWithSelector(0x11111111, 5, uint256(uint160(alice)) | 1 << 160)), Reason.NoRule
        );
        // Cut short, the word ends in zeros; what lies behind in the Safe's own calldata does not count.
        _denied(_call(stranger, abi.encodePacked(bytes4(0x11111111), uint256(5))), Reason.NoRule);
        _denied(_call(stranger, abi.encodePacked(bytes4(0x11111111), uint256(5), alice)), Reason.NoRule);
    }

    /// @dev Anyone but contracts: alice whatever she has, or anybody who has no code.
    function table_groupsCombine(Edition edition) public on(edition) {
        Draft memory d = _transfers();
        d.begin(ProgramBuilder.ANY);
        d.where(ProgramBuilder.RECIPIENT, _members(alice));
        d.begin(ProgramBuilder.NOT);
        d.when(hex"06");
        d.end();
        d.end();
        _use(d);
        _allowed(_pay(stranger, 1));
        _denied(_pay(address(forwarder), 1), Reason.NoRule);
        VM.etch(alice, address(forwarder).code);
        _allowed(_pay(alice, 1));
    }

    /// @dev An account that is not known to be a contract today can be one tomorrow; what counts is when it is paid.
    function table_aRecipientThatBecomesAContractIsOne(Edition edition) public on(edition) {
        Draft memory d = _transfers();
        d.begin(ProgramBuilder.NOT);
        d.when(hex"06");
        d.end();
        _use(d);
        _allowed(_pay(stranger, 1));
        VM.etch(stranger, hex"00");
        _denied(_pay(stranger, 1), Reason.NoRule);
    }

    function table_aModuleIsEnabledOnlyByName(Edition edition) public on(edition) {
        Draft memory d;
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.where(ProgramBuilder.RECIPIENT, _members(address(forwarder)));
        d.matching(ProgramBuilder.CALL | ProgramBuilder.ACCOUNT, address(0), ISafe.enableModule.selector);
        // Rules that do not name the module, or not first of all, or not the selector.
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.matching(ProgramBuilder.CALL | ProgramBuilder.ACCOUNT, address(0), ISafe.enableModule.selector);
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.begin(ProgramBuilder.ANY);
        d.where(ProgramBuilder.RECIPIENT, _members(stranger));
        d.end();
        d.matching(ProgramBuilder.CALL | ProgramBuilder.ACCOUNT, address(0), ISafe.enableModule.selector);
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.where(ProgramBuilder.RECIPIENT, _members(stranger));
        d.matching(ProgramBuilder.CALL | ProgramBuilder.ACCOUNT | ProgramBuilder.ANY_SELECTOR, address(0), 0);
        _use(d);
        Action memory enable = _call(address(safe), abi.encodeCall(ISafe.enableModule, (stranger)));
        _denied(enable, Reason.NoRule);
        enable.data = bytes.concat(enable.data, hex"00");
        _denied(enable, Reason.NonCanonicalCalldata);
        _allowed(_call(address(safe), abi.encodeCall(ISafe.enableModule, (address(forwarder)))));
    }

    function _transfers() private view returns (Draft memory d) {
        d.declare(address(usdc));
        d.rule(ProgramBuilder.ALLOW, 0, "");
        _anyTransferOf(d);
    }

    function _anyTransferOf(Draft memory d) private view {
        d.matching(ProgramBuilder.TRANSFER | ProgramBuilder.ANY_SELECTOR, address(usdc), 0);
    }

    function _use(Draft memory d) private {
        program = _deployCode(d.encode());
        _install(program, CHANGE_DELAY);
    }

    function _asks(address target, uint8 comparison, uint256 value, bytes memory input)
        private
        pure
        returns (bytes memory)
    {
        bytes memory head = abi.encodePacked(uint8(0x0f), target, GAS, uint8(1), uint8(0), comparison);
        return abi.encodePacked(head, ProgramBuilder.operand(value), uint8(input.length), input);
    }
}
