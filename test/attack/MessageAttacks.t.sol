// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {SignatureHandler} from "../../contracts/SignatureHandler.sol";
import {IPolicyHook} from "../../contracts/interfaces/IPolicyHook.sol";
import {ISignatureHandler} from "../../contracts/interfaces/ISignatureHandler.sol";
import {Reason} from "../../contracts/types/Reason.sol";
import {HANDLER_SLOT, ISafe} from "../base/ISafe.sol";
import {Message, Signing} from "../base/MessageTest.sol";
import {Draft, ProgramBuilder} from "../base/ProgramBuilder.sol";
import {Edition, Safes} from "../base/Safes.sol";
import {VM} from "../base/Vm.sol";
import {Exchange} from "../tokens/Exchange.sol";
import {AttackTest} from "./AttackTest.sol";

interface IMessageHandler {
    function getMessageHash(bytes calldata message) external view returns (bytes32);
    function simulate(address target, bytes calldata data) external returns (bytes memory);
}

interface IVersions {
    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4);
    function isValidSignature(bytes calldata data, bytes calldata signature) external view returns (bytes4);
}

/// @notice Delegatecalled in a simulation, has the account speak to the hook.
contract Ventriloquist {
    function speak(IPolicyHook hook, address program) external {
        hook.stage(program, program.codehash, 0);
    }
}

/// @notice What owners sign moves funds past every guard, when the handler that answers for the account is Safe's own.
/// @dev Without Portcullis there stands the release's own handler; with it, the signature handler.
contract MessageAttacks is AttackTest {
    using ProgramBuilder for Draft;
    using Signing for Message;

    uint256 private constant PRICE = 1 ether;

    Exchange private exchange;
    address private handler;

    function table_aSignedPermitDrains(Edition edition)
        public
        attack(edition, "signed-permit", "owners sign a permit, which the thief draws")
    {
        _prepare(_nothingSigned());
        uint256 before = usdc.balanceOf(stranger);
        bool drawn = _draw(_permit());
        assertTrue(drawn != protected, "drawn");
        _observe(before, usdc.balanceOf(stranger));
    }

    function table_aPermitIsSignedUnderARuleForOrders(Edition edition)
        public
        attack(edition, "permit-shown-as-an-order", "a permit is shown as an order, which a message rule allows")
    {
        _prepare(_ordersSigned());
        uint256 before = usdc.balanceOf(stranger);
        Message memory permit = _permit();
        Message memory order = _order();
        bytes memory signatures = _signatures(_hash(permit));
        bool drawn = _drawWith(protected ? Signing.show(signatures, order.payload()) : signatures);
        assertTrue(drawn != protected, "drawn");
        _observe(before, usdc.balanceOf(stranger));
    }

    function table_aPermitIsSignedWhileALimitIsEverywhere(Edition edition)
        public
        attack(edition, "permit-past-the-limit", "a permit takes what a limit would not let go")
    {
        _prepare(_limitedEverywhere());
        uint256 before = usdc.balanceOf(stranger);
        bool drawn = _draw(_permit());
        assertTrue(drawn != protected, "drawn");
        _observe(before, usdc.balanceOf(stranger));
    }

    function table_anOrderIsSignedWhileFrozen(Edition edition)
        public
        attack(edition, "order-signed-while-frozen", "an order is filled although a guardian has stopped the account")
    {
        _prepare(_ordersSigned());
        if (protected) {
            VM.prank(canceller);
            hook.freeze(address(safe));
        }
        uint256 before = usdc.balanceOf(stranger);
        VM.deal(stranger, PRICE);
        bytes memory signature = _signature(_order());
        VM.prank(stranger);
        (bool filled,) = address(exchange).call{value: PRICE}(
            abi.encodeCall(Exchange.fill, (address(safe), address(usdc), LOOT, PRICE, 0, signature))
        );
        assertTrue(filled != protected, "filled");
        _observe(before, usdc.balanceOf(stranger));
    }

    /// @dev The hash is on the Safe since before, and needs no signature.
    function table_aMessageSignedOnChainIsShown(Edition edition)
        public
        attack(edition, "message-signed-on-chain", "a permit that the account once signed on chain is drawn")
    {
        Message memory m = _permitOf(new Exchange());
        uint256 release = Safes.release(edition);
        // In 1.3.0 the file is not called as the contract is.
        address library_ = Safes.create(
            release == 0
                ? "node_modules/@gnosis.pm/safe-contracts/build/artifacts/contracts/examples/libraries/SignMessage.sol/SignMessageLib.json"
                : Safes.artifact(release, "libraries/", "SignMessageLib")
        );
        _execute(_delegate(library_, abi.encodeWithSignature("signMessage(bytes)", abi.encode(m.digest()))));
        _prepareWith(exchange, _nothingSigned());
        uint256 before = usdc.balanceOf(stranger);
        bool drawn = _drawWith(protected ? Signing.show("", m.payload()) : bytes(""));
        assertTrue(drawn != protected, "drawn");
        _observe(before, usdc.balanceOf(stranger));
    }

    /// @dev Releases before 1.5.0 and those who still ask them know another form.
    function table_theOlderFormIsAsked(Edition edition)
        public
        attack(edition, "legacy-signature", "the older form of isValidSignature is asked about a permit")
    {
        _prepare(_nothingSigned());
        Message memory m = _permit();
        bytes32 hash = IMessageHandler(address(safe)).getMessageHash(m.data());
        bytes memory signatures = _signatures(hash);
        if (protected) signatures = Signing.show(signatures, m.payload());
        // 1.5.0's own handler has dropped it: there the newer form does what it did.
        bool older = protected || Safes.release(edition) != 2;
        uint256 before = 0;
        uint256 afterwards = older ? _asked(m.data(), signatures) : _askedNow(m);
        if (protected) assertEq(afterwards, 0, "signed");
        _observe(before, afterwards);
    }

    /// @dev A handler is called by the account with whatever a stranger sends. Here it is made to simulate a call of the
    /// account to the hook, or, where the handler is the guard itself, makes it.
    function table_theHandlerSpeaksForTheAccount(Edition edition)
        public
        attack(edition, "speaking-through-the-handler", "a stranger has the account's handler speak for the account")
    {
        Forwarding naive = new Forwarding();
        address loose = _allowingTheStranger();
        _prepare(_treasury());
        if (!protected) VM.store(address(safe), HANDLER_SLOT, bytes32(uint256(uint160(address(naive)))));
        uint256 before = naive.said(address(safe)) + _stagedAt();
        VM.startPrank(stranger);
        (bool spoke,) = address(safe).call(abi.encodeCall(Forwarding.say, ()));
        assertTrue(spoke != protected, "spoke");
        if (protected) {
            (bool staged,) = address(safe).call(abi.encodeCall(IPolicyHook.stage, (loose, loose.codehash, 0)));
            assertFalse(staged, "staged");
            Ventriloquist belly = new Ventriloquist();
            (bool simulated,) = address(safe)
                .call(
                    abi.encodeCall(
                        IMessageHandler.simulate, (address(belly), abi.encodeCall(Ventriloquist.speak, (hook, loose)))
                    )
                );
            assertFalse(simulated, "simulated");
        }
        VM.stopPrank();
        _observe(before, naive.said(address(safe)) + _stagedAt());
    }

    function _stagedAt() private view returns (uint256) {
        return hook.accountState(address(safe)).stagedAt;
    }

    // Before

    function _prepare(address program_) private {
        _prepareWith(new Exchange(), program_);
    }

    /// @dev The account trades on the exchange; the handler is Safe's own, or that of the hook.
    function _prepareWith(Exchange exchange_, address program_) private {
        exchange = exchange_;
        _execute(_call(address(usdc), abi.encodeCall(usdc.approve, (address(exchange), FUNDS))));
        handler = protected ? address(new SignatureHandler(address(hook))) : kit.handler;
        _execute(_call(address(safe), abi.encodeCall(ISafe.setFallbackHandler, (handler))));
        _protect(program_);
    }

    function _nothingSigned() private returns (address) {
        Draft memory d;
        d.declare(address(usdc));
        return _deployCode(d.encode());
    }

    /// @dev The exchange is deployed next.
    function _ordersSigned() private returns (address) {
        Draft memory d;
        d.declare(address(usdc));
        d.guardians = d.list(_members(canceller));
        d.message(
            0,
            keccak256("Order(address seller,address token,uint256 amount,uint256 price,uint256 nonce)"),
            ProgramBuilder.ALLOW
        );
        return _deployCode(d.encode());
    }

    function _limitedEverywhere() private returns (address) {
        Draft memory d;
        d.limit("usdc-day", address(usdc), 1, ProgramBuilder.DAY, true, 0);
        d.declare(address(usdc));
        d.message(0, 0, ProgramBuilder.ALLOW);
        return _deployCode(d.encode());
    }

    // What is signed

    function _permit() private view returns (Message memory) {
        return
            Message(exchange.domainSeparator(), exchange.PERMIT(), abi.encode(safe, stranger, usdc, LOOT, uint256(0)));
    }

    function _permitOf(Exchange exchange_) private returns (Message memory) {
        exchange = exchange_;
        return _permit();
    }

    function _order() private view returns (Message memory) {
        return Message(exchange.domainSeparator(), exchange.ORDER(), abi.encode(safe, usdc, LOOT, PRICE, uint256(0)));
    }

    function _hash(Message memory m) private view returns (bytes32) {
        return IMessageHandler(address(safe)).getMessageHash(abi.encode(m.digest()));
    }

    /// @dev As the handler that answers wants it.
    function _signature(Message memory m) private view returns (bytes memory signatures) {
        signatures = _signatures(_hash(m));
        if (protected) signatures = Signing.show(signatures, m.payload());
    }

    // After

    function _draw(Message memory m) private returns (bool) {
        return _drawWith(_signature(m));
    }

    function _drawWith(bytes memory signature) private returns (bool ok) {
        VM.prank(stranger);
        (ok,) =
            address(exchange).call(abi.encodeCall(Exchange.permit, (address(safe), address(usdc), LOOT, 0, signature)));
    }

    function _asked(bytes memory data, bytes memory signature) private view returns (uint256) {
        try IVersions(address(safe)).isValidSignature(data, signature) returns (bytes4 answer) {
            return answer == 0x20c13b0b ? 1 : 0;
        } catch {
            return 0;
        }
    }

    function _askedNow(Message memory m) private view returns (uint256) {
        try IVersions(address(safe)).isValidSignature(m.digest(), _signature(m)) returns (bytes4 answer) {
            return answer == 0x1626ba7e ? 1 : 0;
        } catch {
            return 0;
        }
    }
}

/// @notice A contract that trusts its caller, as a guard does its account, set as the account's handler.
contract Forwarding {
    mapping(address account => uint256) public said;

    function say() external {
        said[msg.sender] = 1;
    }
}
