//! Selectors of declared tokens and of calls that let something in.

use alloy_primitives::hex;

/// `transfer(address,uint256)`.
pub const TRANSFER: [u8; 4] = hex!("a9059cbb");
/// `transferFrom(address,address,uint256)`.
pub const TRANSFER_FROM: [u8; 4] = hex!("23b872dd");
/// `approve(address,uint256)`.
pub const APPROVE: [u8; 4] = hex!("095ea7b3");
/// `increaseAllowance(address,uint256)`.
pub const INCREASE_ALLOWANCE: [u8; 4] = hex!("39509351");
/// `safeTransferFrom(address,address,uint256)` of ERC-721.
pub const SAFE_721: [u8; 4] = hex!("42842e0e");
/// `safeTransferFrom(address,address,uint256,bytes)` of ERC-721.
pub const SAFE_721_DATA: [u8; 4] = hex!("b88d4fde");
/// `safeTransferFrom(address,address,uint256,uint256,bytes)` of ERC-1155.
pub const SAFE_1155: [u8; 4] = hex!("f242432a");
/// `safeBatchTransferFrom(address,address,uint256[],uint256[],bytes)`.
pub const BATCH_1155: [u8; 4] = hex!("2eb2c2d6");
/// `setApprovalForAll(address,bool)`.
pub const APPROVAL_FOR_ALL: [u8; 4] = hex!("a22cb465");
/// `approve(address,address,uint160,uint48)` of Permit2.
pub const PERMIT2_APPROVE: [u8; 4] = hex!("87517c45");
/// `enableModule(address)`.
pub const ENABLE_MODULE: [u8; 4] = hex!("610b5925");
/// `enablePlugin(address,uint8)`, `disablePlugin(address,address)` and `setFunctionHandler(bytes4,address)`.
pub const PLUGINS: [[u8; 4]; 3] = [hex!("1ea24616"), hex!("df5236e1"), hex!("0d7e358e")];
/// Selectors that mean nothing; one is all zero, which is a call like any other.
pub const OTHERS: [[u8; 4]; 4] = [[0x11; 4], [0x22; 4], [0, 0, 0, 0], [0xff; 4]];
