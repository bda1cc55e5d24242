// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IERC165} from "./IERC165.sol";
import {IModuleGuard} from "./IModuleGuard.sol";
import {IPolicyHook} from "./IPolicyHook.sol";
import {ISafeProtocolHooks} from "./ISafeProtocol.sol";
import {ITransactionGuard} from "./ITransactionGuard.sol";

/// @title All that the hook answers
/// @notice What accounts, members and readers call, and the entries for Safes and managers.
interface IPortcullis is IPolicyHook, ITransactionGuard, IModuleGuard, ISafeProtocolHooks, IERC165 {}
