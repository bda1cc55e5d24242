// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Registry} from "../../contracts/Registry.sol";
import {IPolicyHook} from "../../contracts/interfaces/IPolicyHook.sol";
import {Reason} from "../../contracts/types/Reason.sol";
import {Action, Verdict} from "../../contracts/types/Types.sol";
import {ISafe} from "../base/ISafe.sol";
import {Message, MessageTest, Signing} from "../base/MessageTest.sol";
import {ISafeHandler} from "../base/ObligationTest.sol";
import {Draft, ProgramBuilder} from "../base/ProgramBuilder.sol";
import {Edition, Safes} from "../base/Safes.sol";
import {VM} from "../base/Vm.sol";
import {IApproveHash} from "./OwnerSignatures.t.sol";

/// @notice Who must have signed what a message rule allows, on a Safe with a threshold of two.
contract MessageSignaturesTest is MessageTest {
    using ProgramBuilder for Draft;
    using Signing for Message;

    Message private m;
    bytes32 private hash;

    modifier under(Edition edition, function() internal view returns (Draft memory) draft) {
        _prepare(edition);
        _use(draft());
        _;
    }

    function table_neverSignsBelowTheThreshold(Edition edition) public under(edition, _anything) {
        _refusesOwners("", Reason.TooFewSignatures, 0, 2);
        _refusesOwners(_sign(keys[0], hash), Reason.TooFewSignatures, 1, 2);
        _refusesOwners(bytes.concat(_sign(keys[0], hash), new bytes(64)), Reason.TooFewSignatures, 1, 2);
        _accepts(_signatures(hash));
    }

    function table_neverCountsABadSignature(Edition edition) public under(edition, _anything) {
        bytes memory first = _sign(keys[0], hash);
        bytes[8] memory bad = [
            first,
            _twin(first),
            _sign(people[0], hash),
            _sign(keys[1], m.digest()),
            _sign(keys[1], keccak256("another")),
            new bytes(65),
            abi.encodePacked(uint256(uint160(owners[1])), uint256(0), uint8(1)),
            abi.encodePacked(uint256(uint160(owners[1])), uint256(130), uint8(0))
        ];
        for (uint256 i; i < bad.length; i++) {
            _refusesOwners(bytes.concat(first, bad[i]), Reason.BadOwnerSignatures, 1, 0);
        }
        _refusesOwners(bytes.concat(_sign(keys[1], hash), first), Reason.BadOwnerSignatures, 1, 0);
        _accepts(bytes.concat(first, _sign(keys[1], hash)));
    }

    /// @dev A view has no executor: whoever asks counts for nobody.
    function table_whoAsksIsNoSigner(Edition edition) public under(edition, _anything) {
        bytes memory mine = abi.encodePacked(uint256(uint160(owners[1])), uint256(0), uint8(1));
        bytes memory signature = Signing.show(bytes.concat(_sign(keys[0], hash), mine), m.payload());
        VM.prank(owners[1]);
        (bool ok,) =
            address(safe).staticcall(abi.encodeWithSignature("isValidSignature(bytes32,bytes)", m.digest(), signature));
        assertFalse(ok, "the asking owner counted");
        bytes memory nobody = abi.encodePacked(uint256(0), uint256(0), uint8(1));
        _refusesOwners(bytes.concat(nobody, _sign(keys[0], hash)), Reason.BadOwnerSignatures, 0, 0);
        VM.prank(owners[1]);
        IApproveHash(address(safe)).approveHash(hash);
        _accepts(bytes.concat(_sign(keys[0], hash), mine));
    }

    function table_takesEthSignAndTheTwin_asTheSafeDoes(Edition edition) public under(edition, _anything) {
        bytes32 prefixed = keccak256(abi.encodePacked("\x19Ethereum Signed Message:\n32", hash));
        bytes memory second = _sign(keys[1], prefixed);
        _refusesOwners(bytes.concat(_sign(keys[0], hash), second), Reason.BadOwnerSignatures, 1, 0);
        second[64] = bytes1(uint8(second[64]) + 4);
        _accepts(bytes.concat(_twin(_sign(keys[0], hash)), second));
    }

    function table_aRuleMayAskForMoreThanTheThreshold(Edition edition) public {
        _prepare(edition);
        Draft memory d = _noMessages();
        d.message(0, 0, ProgramBuilder.ALLOW, 3, 0, 0);
        _use(d);
        bytes memory third = _sign(keys[2], hash);
        _refusesOwners(_signatures(hash), Reason.TooFewSignatures, 2, 3);
        _refusesOwners(bytes.concat(_signatures(hash), _sign(people[0], hash)), Reason.BadOwnerSignatures, 2, 0);
        _refusesOwners(bytes.concat(_signatures(hash), _sign(keys[1], hash)), Reason.BadOwnerSignatures, 2, 0);
        _accepts(bytes.concat(_signatures(hash), third));
    }

    function table_fewerThanTheThresholdIsTheThreshold(Edition edition) public {
        _prepare(edition);
        Draft memory d = _noMessages();
        d.message(0, 0, ProgramBuilder.ALLOW, 1, 0, 0);
        _use(d);
        _refusesOwners(_sign(keys[0], hash), Reason.TooFewSignatures, 1, 2);
        _accepts(_signatures(hash));
    }

    function table_namedOwnersMustSign(Edition edition) public {
        _prepare(edition);
        Draft memory d = _noMessages();
        d.message(0, 0, ProgramBuilder.ALLOW, 0, d.list(_members(owners[1], owners[2])), 2);
        _use(d);
        _refusesOwners(_signatures(hash), Reason.TooFewNamedSigners, 1, 2);
        _accepts(bytes.concat(_sign(keys[1], hash), _sign(keys[2], hash)));
    }

    function table_namedOwnersMayBeKeptElsewhere(Edition edition) public {
        _prepare(edition);
        Registry registry = new Registry(address(this), 0);
        Draft memory d = _noMessages();
        d.message(0, 0, ProgramBuilder.ALLOW, 0, d.registry(address(registry)), 1);
        _use(d);
        _refusesOwners(_signatures(hash), Reason.TooFewNamedSigners, 0, 1);
        registry.add(_members(owners[0]));
        _accepts(_signatures(hash));
        VM.etch(address(registry), "");
        _refusesOwners(_signatures(hash), Reason.RegistryFailed, uint160(address(registry)), 0);
    }

    /// @dev Contracts are asked about what names the account, in every release.
    function table_takesASafeAsAnOwner(Edition edition) public {
        _prepare(edition);
        uint256 salt = 1;
        address nested = _safeOf(people[0], salt);
        while (nested < owners[0]) nested = _safeOf(people[0], ++salt);
        _execute(_call(address(safe), abi.encodeCall(ISafe.addOwnerWithThreshold, (nested, 2))));
        _use(_anything());
        bytes memory preimage = Signing.preimage(address(safe), abi.encode(m.digest()));
        bytes memory message = guardsModules ? abi.encode(hash) : preimage;
        bytes memory good = _signedFor(nested, people[0], message);
        _refusesOwners(
            _second(nested, 130, good.length, _signedFor(nested, people[1], message)), Reason.BadOwnerSignatures, 1, 0
        );
        // What the contract has signed for itself is no signature for the account.
        bytes memory own = _signedFor(nested, people[0], abi.encode(m.digest()));
        _refusesOwners(_second(nested, 130, own.length, own), Reason.BadOwnerSignatures, 1, 0);
        _refusesOwners(_second(nested, 129, good.length, good), Reason.BadOwnerSignatures, 1, 0);
        _refusesOwners(_second(nested, 65, good.length, good), Reason.BadOwnerSignatures, 1, 0);
        _refusesOwners(_second(nested, 130, good.length + 1, good), Reason.BadOwnerSignatures, 1, 0);
        _refusesOwners(_second(nested, type(uint256).max, 65, good), Reason.BadOwnerSignatures, 1, 0);
        _accepts(_second(nested, 130, good.length, good));
    }

    function table_whatWasSignedOnChainStillNeedsARule(Edition edition) public {
        _prepare(edition);
        m = _order(AMOUNT, 1 ether);
        // Before Portcullis, for no rule allows such a delegatecall.
        _execute(_signing(edition));
        _use(_orders());
        _accepts("");
        Message memory permit = _permit(stranger, FUNDS);
        _refuses(permit, Signing.show("", permit.payload()), Reason.MessageDenied, 0);
        // Nothing shown, nothing signed.
        _refuses(m, "", Reason.MessageUnknown, NONE);
        // Some other message of the same kind was not signed.
        Message memory other = _order(AMOUNT + 1, 1 ether);
        Verdict memory v = _refuses(other, Signing.show("", other.payload()), Reason.TooFewSignatures, 1);
        assertEq(v.need, 2, "need");
    }

    function table_whatWasSignedOnChainMeetsNoMoreThanTheThreshold(Edition edition) public {
        _prepare(edition);
        m = _order(AMOUNT, 1 ether);
        _execute(_signing(edition));
        Draft memory d = _noMessages();
        d.message(0, exchange.ORDER(), ProgramBuilder.ALLOW, 3, 0, 0);
        d.message(0, 0, ProgramBuilder.ALLOW, 0, d.list(owners), 1);
        _use(d);
        _refusesOwners("", Reason.TooFewSignatures, 0, 3);
        bytes32 typeHash = m.typeHash;
        m.typeHash = bytes32(uint256(1));
        Verdict memory v = _refuses(m, Signing.show("", m.payload()), Reason.TooFewSignatures, 1);
        assertEq(v.need, 2, "need");
        m.typeHash = typeHash;
    }

    function table_anAccountThatIsNoKnownSafeSignsNothing(Edition edition) public under(edition, _anything) {
        // The version is code, so other code stands in for another release; what the hook knows stays.
        VM.etch(address(safe), address(kit.multiSend).code);
        Verdict memory v = handler.check(address(safe), m.digest(), Signing.show(_signatures(hash), m.payload()));
        assertEq(uint256(v.reason), uint256(Reason.BadOwnerSignatures), "reason");
        assertEq(v.have, type(uint256).max, "the account");
    }

    function table_anAccountWithoutAThresholdSignsNothing(Edition edition) public under(edition, _anything) {
        VM.store(address(safe), bytes32(uint256(4)), 0);
        _refusesOwners("", Reason.BadOwnerSignatures, type(uint256).max, 0);
        _refusesOwners(_signatures(hash), Reason.BadOwnerSignatures, type(uint256).max, 0);
    }

    function table_withTooLittleGasThereIsNoAnswer(Edition edition) public under(edition, _anything) {
        bytes memory signature = Signing.show(_signatures(hash), m.payload());
        (bool ok, bytes memory answer) = address(handler).staticcall{gas: 100_000}(
            abi.encodeWithSignature("check(address,bytes32,bytes)", safe, m.digest(), signature)
        );
        assertFalse(ok, "answered");
        assertEq(answer, abi.encodeWithSelector(IPolicyHook.NotEnoughGas.selector), "why");
    }

    function _use(Draft memory d) private {
        program = _deployCode(d.encode());
        _install(program, CHANGE_DELAY);
        m = _order(AMOUNT, 1 ether);
        hash = m.hashFor(address(safe));
        assertEq(hash, ISafeHandler(address(safe)).getMessageHash(abi.encode(m.digest())), "what owners sign");
    }

    /// @dev The release's own library marks the message as signed.
    function _signing(Edition edition) private returns (Action memory) {
        uint256 release = Safes.release(edition);
        string memory artifact = release == 0
            ? "node_modules/@gnosis.pm/safe-contracts/build/artifacts/contracts/examples/libraries/SignMessage.sol/SignMessageLib.json"
            : Safes.artifact(release, "libraries/", "SignMessageLib");
        bytes memory raw = abi.encode(m.digest());
        return _delegate(Safes.create(artifact), abi.encodeWithSignature("signMessage(bytes)", raw));
    }

    function _accepts(bytes memory owners_) private view {
        uint16 rule = handler.check(address(safe), m.digest(), Signing.show(owners_, m.payload())).rule;
        _validates(m, Signing.show(owners_, m.payload()), rule);
    }

    function _refusesOwners(bytes memory owners_, Reason reason, uint256 have, uint256 need) private view {
        Verdict memory v = _refuses(m, Signing.show(owners_, m.payload()), reason, 0);
        assertEq(v.have, have, "have");
        assertEq(v.need, need, "need");
    }

    /// @dev The first owner, and then a contract whose signature is at `offset`.
    function _second(address owner, uint256 offset, uint256 length, bytes memory signature)
        private
        view
        returns (bytes memory)
    {
        bytes memory part = abi.encodePacked(uint256(uint160(owner)), offset, uint8(0));
        return abi.encodePacked(_sign(keys[0], hash), part, length, signature);
    }
}
