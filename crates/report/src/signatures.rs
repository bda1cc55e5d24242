//! Functions and events of the standards that a treasury meets, as people write them.
//!
//! `signatures.txt` has them as their packages do (`tools/signatures.mjs`). Here are those with names of our own: where
//! one signature means different things in different standards, and where shorter names read better.
//! Sources: ERC-20, ERC-721, ERC-1155, Permit2's `IAllowanceTransfer`, and the Safe contracts 1.3.0 to 1.5.0.

const PACKED: &str = include_str!("signatures.txt");

/// The packed signatures of a kind: `function`, `event` or `error`. Such as `deposit(uint256 assets,address receiver)`.
pub fn packed(kind: &str) -> impl Iterator<Item = &'static str> {
    let signatures = PACKED.lines().filter_map(move |line| line.strip_prefix(kind)?.strip_prefix(' '));
    signatures.collect::<Vec<_>>().into_iter()
}

/// Functions, with the names that their standards give.
pub(crate) const FUNCTIONS: [&str; 53] = [
    "transfer(address to,uint256 amount)",
    "transferFrom(address from,address to,uint256 amountOrId)",
    "approve(address spender,uint256 amountOrId)",
    "increaseAllowance(address spender,uint256 added)",
    "decreaseAllowance(address spender,uint256 subtracted)",
    "permit(address owner,address spender,uint256 value,uint256 deadline,uint8 v,bytes32 r,bytes32 s)",
    "mint(address to,uint256 amount)",
    "burn(uint256 amount)",
    "deposit()",
    "withdraw(uint256 amount)",
    "balanceOf(address owner)",
    "balanceOf(address owner,uint256 id)",
    "allowance(address owner,address spender)",
    "decimals()",
    "symbol()",
    "name()",
    "totalSupply()",
    "ownerOf(uint256 id)",
    "safeTransferFrom(address from,address to,uint256 id)",
    "safeTransferFrom(address from,address to,uint256 id,bytes data)",
    "safeTransferFrom(address from,address to,uint256 id,uint256 amount,bytes data)",
    "safeBatchTransferFrom(address from,address to,uint256[] ids,uint256[] amounts,bytes data)",
    "setApprovalForAll(address operator,bool approved)",
    "onERC721Received(address operator,address from,uint256 id,bytes data)",
    "onERC1155Received(address operator,address from,uint256 id,uint256 value,bytes data)",
    "onERC1155BatchReceived(address operator,address from,uint256[] ids,uint256[] values,bytes data)",
    "supportsInterface(bytes4 interfaceId)",
    "isValidSignature(bytes32 hash,bytes signature)",
    "isValidSignature(bytes data,bytes signature)",
    "isSanctioned(address who)",
    "approve(address token,address spender,uint160 amount,uint48 expiration)",
    "transferFrom(address from,address to,uint160 amount,address token)",
    "lockdown((address,address)[] approvals)",
    "invalidateNonces(address token,address spender,uint48 newNonce)",
    "execTransaction(address to,uint256 value,bytes data,uint8 operation,uint256 safeTxGas,uint256 baseGas,\
     uint256 gasPrice,address gasToken,address refundReceiver,bytes signatures)",
    "execTransactionFromModule(address to,uint256 value,bytes data,uint8 operation)",
    "execTransactionFromModuleReturnData(address to,uint256 value,bytes data,uint8 operation)",
    "multiSend(bytes transactions)",
    "setGuard(address guard)",
    "setModuleGuard(address moduleGuard)",
    "setFallbackHandler(address handler)",
    "enableModule(address module)",
    "disableModule(address previous,address module)",
    "addOwnerWithThreshold(address owner,uint256 threshold)",
    "removeOwner(address previous,address owner,uint256 threshold)",
    "swapOwner(address previous,address oldOwner,address newOwner)",
    "changeThreshold(uint256 threshold)",
    "approveHash(bytes32 hash)",
    "getThreshold()",
    "isOwner(address owner)",
    "VERSION()",
    "nonce()",
    "checkNSignatures(address executor,bytes32 dataHash,bytes signatures,uint256 required)",
];

/// Events.
pub(crate) const EVENTS: [&str; 25] = [
    "Transfer(address indexed from,address indexed to,uint256 amount)",
    "Transfer(address indexed from,address indexed to,uint256 indexed id)",
    "Approval(address indexed owner,address indexed spender,uint256 amount)",
    "Approval(address indexed owner,address indexed spender,uint256 indexed id)",
    "ApprovalForAll(address indexed owner,address indexed operator,bool approved)",
    "TransferSingle(address indexed operator,address indexed from,address indexed to,uint256 id,uint256 value)",
    "TransferBatch(address indexed operator,address indexed from,address indexed to,uint256[] ids,uint256[] values)",
    "Approval(address indexed owner,address indexed token,address indexed spender,uint160 amount,uint48 expiration)",
    "Permit(address indexed owner,address indexed token,address indexed spender,uint160 amount,uint48 expiration,\
     uint48 nonce)",
    "Lockdown(address indexed owner,address token,address spender)",
    "Deposit(address indexed to,uint256 amount)",
    "Withdrawal(address indexed from,uint256 amount)",
    // Safe 1.3.0 indexes less than later versions.
    "ExecutionSuccess(bytes32 txHash,uint256 payment)",
    "ExecutionSuccess(bytes32 indexed txHash,uint256 payment)",
    "ExecutionFailure(bytes32 txHash,uint256 payment)",
    "ExecutionFailure(bytes32 indexed txHash,uint256 payment)",
    "ExecutionFromModuleSuccess(address indexed module)",
    "ExecutionFromModuleFailure(address indexed module)",
    "SafeReceived(address indexed sender,uint256 value)",
    "AddedOwner(address indexed owner)",
    "RemovedOwner(address indexed owner)",
    "ChangedThreshold(uint256 threshold)",
    "EnabledModule(address indexed module)",
    "DisabledModule(address indexed module)",
    "ApproveHash(bytes32 indexed approvedHash,address indexed owner)",
];
