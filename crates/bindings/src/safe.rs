//! Safe: the functions used, its storage slots, and its canonical MultiSends.

use alloy_primitives::{Address, B256, U256, address, b256};

pub use abi::{ERC20, Factory, MultiSend, Safe, SafeTx};

#[allow(missing_docs, reason = "Safe's own documentation holds")]
mod abi {
    alloy_sol_types::sol! {
        /// What owners sign, as EIP-712 data, since 1.0.0.
        #[derive(Debug, PartialEq, Eq)]
        struct SafeTx {
            address to;
            uint256 value;
            bytes data;
            uint8 operation;
            uint256 safeTxGas;
            uint256 baseGas;
            uint256 gasPrice;
            address gasToken;
            address refundReceiver;
            uint256 nonce;
        }

        #[sol(all_derives)]
        interface Safe {
            event ExecutionSuccess(bytes32 txHash, uint256 payment);
            event ExecutionFailure(bytes32 txHash, uint256 payment);

            function setup(
                address[] calldata owners,
                uint256 threshold,
                address to,
                bytes calldata data,
                address fallbackHandler,
                address paymentToken,
                uint256 payment,
                address payable paymentReceiver
            ) external;
            function execTransaction(
                address to,
                uint256 value,
                bytes calldata data,
                uint8 operation,
                uint256 safeTxGas,
                uint256 baseGas,
                uint256 gasPrice,
                address gasToken,
                address payable refundReceiver,
                bytes memory signatures
            ) external payable returns (bool success);
            function getTransactionHash(
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
            ) external view returns (bytes32);
            function execTransactionFromModule(address to, uint256 value, bytes memory data, uint8 operation)
                external
                returns (bool success);
            function setGuard(address guard) external;
            function setModuleGuard(address moduleGuard) external;
            function setFallbackHandler(address handler) external;
            function enableModule(address module) external;
            function disableModule(address prevModule, address module) external;
            function getModulesPaginated(address start, uint256 pageSize)
                external
                view
                returns (address[] memory array, address next);
            function getStorageAt(uint256 offset, uint256 length) external view returns (bytes memory);
            function VERSION() external view returns (string memory);
            function nonce() external view returns (uint256);
            function isOwner(address owner) external view returns (bool);
            function approveHash(bytes32 hash) external;
            function approvedHashes(address owner, bytes32 hash) external view returns (uint256);
            function getOwners() external view returns (address[] memory);
            function getThreshold() external view returns (uint256);
            function addOwnerWithThreshold(address owner, uint256 threshold) external;
        }

        #[sol(all_derives)]
        interface Factory {
            function createProxyWithNonce(address singleton, bytes memory initializer, uint256 saltNonce)
                external
                returns (address proxy);
            function proxyCreationCode() external pure returns (bytes memory);
        }

        #[sol(all_derives)]
        interface MultiSend {
            function multiSend(bytes memory transactions) external payable;
        }

        #[sol(all_derives)]
        interface ERC20 {
            event Transfer(address indexed from, address indexed to, uint256 value);

            function transfer(address to, uint256 value) external returns (bool);
            function transferFrom(address from, address to, uint256 value) external returns (bool);
            function approve(address spender, uint256 value) external returns (bool);
            function increaseAllowance(address spender, uint256 addedValue) external returns (bool);
            function balanceOf(address owner) external view returns (uint256);
            function allowance(address owner, address spender) external view returns (uint256);
            function decimals() external view returns (uint8);
            function symbol() external view returns (string memory);
        }
    }
}

/// The slot of the singleton's address in a Safe proxy.
pub const SINGLETON_SLOT: U256 = U256::ZERO;
/// The slot of the threshold.
pub const THRESHOLD_SLOT: U256 = U256::from_limbs([4, 0, 0, 0]);
/// The slot of the nonce.
pub const NONCE_SLOT: U256 = U256::from_limbs([5, 0, 0, 0]);
/// The slot of the mapping that links the modules.
pub const MODULES_SLOT: U256 = U256::from_limbs([1, 0, 0, 0]);
/// The slot of the mapping that links the owners.
pub const OWNERS_SLOT: U256 = U256::from_limbs([2, 0, 0, 0]);
/// The slot of the mapping from owners and hashes to whether they approved.
pub const APPROVED_HASHES_SLOT: U256 = U256::from_limbs([8, 0, 0, 0]);
/// `keccak256("guard_manager.guard.address")`.
pub const GUARD_SLOT: B256 = b256!("4a204f620c8c5ccdca3fd54d003badd85ba500436a431f0cbda4f558c93c34c8");
/// `keccak256("module_manager.module_guard.address")`, since 1.5.0.
pub const MODULE_GUARD_SLOT: B256 = b256!("b104e0b93118902c651344349b610029d694cfdec91c589c91ebafbcd0289947");
/// `keccak256("fallback_manager.handler.address")`.
pub const FALLBACK_HANDLER_SLOT: B256 = b256!("6c9a6c4a39284e37ed1cf53d337577d14212a4870fb976a4366c693b939918d5");

/// The head of Safe's linked lists of owners and modules.
pub const SENTINEL: Address = address!("0000000000000000000000000000000000000001");

/// MultiSend of Safe 1.3.0, through Arachnid's proxy.
pub const MULTI_SEND_1_3_0: Address = address!("A238CBeb142c10Ef7Ad8442C6D1f9E89e07e7761");
/// MultiSend of Safe 1.3.0, through the Safe singleton factory.
pub const MULTI_SEND_1_3_0_EIP155: Address = address!("998739BFdAAdde7C933B942a68053933098f9EDa");
/// MultiSendCallOnly of Safe 1.3.0, through Arachnid's proxy.
pub const MULTI_SEND_CALL_ONLY_1_3_0: Address = address!("40A2aCCbd92BCA938b02010E17A5b8929b49130D");
/// MultiSend of Safe 1.4.1.
pub const MULTI_SEND_1_4_1: Address = address!("38869bf66a61cF6bDB996A6aE40D5853Fd43B526");
/// MultiSendCallOnly of Safe 1.4.1.
pub const MULTI_SEND_CALL_ONLY_1_4_1: Address = address!("9641d764fc13c8B624c04430C7356C1C7C8102e2");
/// MultiSend of Safe 1.5.0.
pub const MULTI_SEND_1_5_0: Address = address!("218543288004CD07832472D464648173c77D7eB7");
/// MultiSendCallOnly of Safe 1.5.0.
pub const MULTI_SEND_CALL_ONLY_1_5_0: Address = address!("A83c336B20401Af773B6219BA5027174338D1836");
