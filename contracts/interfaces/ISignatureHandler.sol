// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Reason} from "../types/Reason.sol";
import {Verdict} from "../types/Types.sol";

/// @title What an account under Portcullis signs, as its fallback handler
/// @notice A message signed by the owners moves funds like a transaction does, past every guard. So the account's
/// fallback handler asks the account's program, whose message rules name domain and type of what may be signed,
/// `docs/program.md` §9.
/// @dev Stateless: everything is read from the hook, the program and the account. The account is the caller, as it is
/// of every fallback handler; whoever calls otherwise is told about itself, and nobody is trusted with anything.
///
/// Assumptions, for safety: the account is one of the Safes whose signatures the hook reads; what the handler forwards
/// for strangers changes nothing anywhere.
interface ISignatureHandler {
    /// @notice The account does not sign the message.
    /// @param rule The message rule that decided, 0xffff for none.
    error MessageDenied(Reason reason, uint16 rule);
    /// @notice A handler without a hook would have no program to ask.
    error NoHook(address hook);
    /// @notice A token was sent to the handler itself, where nobody could ever move it.
    error NotTheHandler(address account);
    /// @notice The operation is neither call nor delegatecall.
    error BadOperation(uint8 operation);
    /// @notice The account did not simulate as a Safe does.
    error NotSimulated();

    /// @notice The hook whose programs are asked.
    function HOOK() external view returns (address);

    /// @notice Whether the account signs the message with this digest (ERC-1271).
    /// @param signature `[owner signatures][payload][uint256 payload length][bytes32 typeHash]`, which shows what the
    /// digest is the digest of; owner signatures are over {getMessageHash} of `abi.encode(digest)`, and none are needed
    /// of a message that was signed on chain.
    /// @return 0x1626ba7e. Reverts with {MessageDenied} if not, and with {IPolicyHook.NotEnoughGas} if less gas is left
    /// than a registry, an owner or the account is due.
    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4);

    /// @notice The older form of the same: the message is `data`, its digest is `keccak256(data)`, and owners sign
    /// {getMessageHash} of `data`.
    /// @return 0x20c13b0b. Reverts as the other form does.
    function isValidSignature(bytes calldata data, bytes calldata signature) external view returns (bytes4);

    /// @notice What {isValidSignature} says on behalf of the account, in full, for wallets and explorers.
    /// @return What decided; `effect` is zero, and `rule` the number of a message rule. Reverts only with
    /// {IPolicyHook.NotEnoughGas}.
    function check(address account, bytes32 digest, bytes calldata signature) external view returns (Verdict memory);

    /// @notice The same of the older form. Reverts only with {IPolicyHook.NotEnoughGas}.
    function check(address account, bytes calldata data, bytes calldata signature)
        external
        view
        returns (Verdict memory);
}

/// @notice What accounts and their tools expect of a Safe's fallback handler besides.
interface ISafeCompatibility {
    /// @notice What the caller's owners sign for the message. Never reverts.
    function getMessageHash(bytes calldata message) external view returns (bytes32);

    /// @notice What the account's owners sign for the message. Never reverts.
    function getMessageHashForSafe(address account, bytes calldata message) external view returns (bytes32);

    /// @notice What {getMessageHashForSafe} is the hash of. Never reverts.
    function encodeMessageDataForSafe(address account, bytes calldata message) external view returns (bytes memory);

    /// @notice What the hash of the caller's Safe transaction is the hash of. Reverts with
    /// {ISignatureHandler.BadOperation}.
    function encodeTransactionData(
        address to,
        uint256 value,
        bytes calldata data,
        uint8 operation,
        uint256 safeTxGas,
        uint256 baseGas,
        uint256 gasPrice,
        address gasToken,
        address refundReceiver,
        uint256 nonce
    ) external view returns (bytes memory);

    /// @notice The caller's first ten modules. Reverts if the caller is no Safe.
    function getModules() external view returns (address[] memory);

    /// @notice What a delegatecall of the caller to `target` would return; the caller reverts all that it does. Reverts
    /// with what the delegatecall reverts with, and with {ISignatureHandler.NotSimulated} if the caller is no Safe.
    function simulate(address target, bytes calldata data) external returns (bytes memory);
}
