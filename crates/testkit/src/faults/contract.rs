//! Faults of the contract: constants of the compiled code, replaced.

use alloy_primitives::hex;
use eyre::{Result, eyre};

use crate::hook::HookCode;

/// A fault of the contract: a pushed constant, replaced wherever it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContractFault {
    /// What is wrong.
    pub name: &'static str,
    pub(crate) from: &'static [u8],
    pub(crate) to: &'static [u8],
}

/// Every fault of the contract.
pub const CONTRACT_FAULTS: [ContractFault; 32] = [
    ContractFault { name: "days are a second longer", from: &hex!("62015180"), to: &hex!("62015181") },
    ContractFault { name: "changes expire a second later", from: &hex!("62127500"), to: &hex!("62127501") },
    ContractFault { name: "lanes hold half", from: &hex!("627fffff"), to: &hex!("623fffff") },
    ContractFault { name: "transferFrom is not known", from: &hex!("6323b872dd"), to: &hex!("6323b872de") },
    ContractFault { name: "setModuleGuard is not known", from: &hex!("63e068df37"), to: &hex!("63e068df38") },
    ContractFault { name: "a batch selector is not known", from: &hex!("638d80ff0a"), to: &hex!("638d80ff0b") },
    ContractFault {
        name: "MultiSendCallOnly 1.4.1 is not known",
        from: &hex!("7fecd5bd14a08c5d2122379900b2f272bdf107a7e92423c10dd5fe3254386c9939"),
        to: &hex!("7fecd5bd14a08c5d2122379900b2f272bdf107a7e92423c10dd5fe3254386c9938"),
    },
    ContractFault {
        name: "MultiSend 1.5.0 is not known",
        from: &hex!("7fca1147a12963172a93910c5cb2bfa5ad0e941c7f03fc7eb017dd06a8ea4e5604"),
        to: &hex!("7fca1147a12963172a93910c5cb2bfa5ad0e941c7f03fc7eb017dd06a8ea4e5605"),
    },
    ContractFault { name: "enableModule is not known", from: &hex!("63610b5925"), to: &hex!("63610b5926") },
    ContractFault { name: "enablePlugin is not known", from: &hex!("631ea24616"), to: &hex!("631ea24617") },
    ContractFault { name: "setFunctionHandler is not known", from: &hex!("630d7e358e"), to: &hex!("630d7e358f") },
    ContractFault { name: "Permit2's approve is not known", from: &hex!("6387517c45"), to: &hex!("6387517c46") },
    ContractFault {
        name: "Permit2 stands elsewhere",
        from: &hex!("6e22d473030f116ddee9f6b43ac78ba3"),
        to: &hex!("6e22d473030f116ddee9f6b43ac78ba4"),
    },
    ContractFault { name: "safeTransferFrom is not known", from: &hex!("6342842e0e"), to: &hex!("6342842e0f") },
    ContractFault {
        name: "safeTransferFrom with data is not known",
        from: &hex!("63b88d4fde"),
        to: &hex!("63b88d4fdf"),
    },
    ContractFault { name: "safeTransferFrom of ids is not known", from: &hex!("63f242432a"), to: &hex!("63f242432b") },
    ContractFault { name: "safeBatchTransferFrom is not known", from: &hex!("632eb2c2d6"), to: &hex!("632eb2c2d7") },
    ContractFault { name: "setApprovalForAll is not known", from: &hex!("63a22cb465"), to: &hex!("63a22cb466") },
    ContractFault { name: "registries have more gas", from: &hex!("620186a0"), to: &hex!("620186a1") },
    ContractFault {
        name: "envelopes are not known",
        from: &hex!("7ff6aaed9ba5d4e9596b957650167d2eba5c7921c8543188d9ca2f1f7c628ce344"),
        to: &hex!("7ff6aaed9ba5d4e9596b957650167d2eba5c7921c8543188d9ca2f1f7c628ce345"),
    },
    ContractFault {
        name: "no signature is too high",
        from: &hex!("7f7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0"),
        to: &hex!("7fffffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0"),
    },
    ContractFault {
        name: "transactions are of another type",
        from: &hex!("7fbb8310d486368db6bd6f849402fdd73ad53d316b5a4b2644ad6efe0f941286d8"),
        to: &hex!("7fbb8310d486368db6bd6f849402fdd73ad53d316b5a4b2644ad6efe0f941286d9"),
    },
    ContractFault { name: "owners are asked for nothing", from: &hex!("6320c13b0b"), to: &hex!("6320c13b0c") },
    ContractFault { name: "approve is not known", from: &hex!("63c1e96414"), to: &hex!("63c1e96415") },
    ContractFault { name: "deny is not known", from: &hex!("639d9ea44e"), to: &hex!("639d9ea44f") },
    ContractFault { name: "open is not known", from: &hex!("63bb99d4b1"), to: &hex!("63bb99d4b2") },
    // The compiler keeps half of it, since it is even.
    ContractFault { name: "masterCopy is not known", from: &hex!("63530ca437"), to: &hex!("63530ca438") },
    ContractFault { name: "getOwners is not known", from: &hex!("63a0e67e2b"), to: &hex!("63a0e67e2c") },
    ContractFault { name: "balanceOf is not known", from: &hex!("6370a08231"), to: &hex!("6370a08232") },
    ContractFault { name: "startUnfreeze is not known", from: &hex!("63eac27336"), to: &hex!("63eac27337") },
    ContractFault { name: "unfreeze is not known", from: &hex!("636a28f000"), to: &hex!("636a28f001") },
    ContractFault {
        name: "no code counts as some",
        from: &hex!("7fc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"),
        to: &hex!("7fc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a471"),
    },
];

impl ContractFault {
    /// The code with this fault.
    ///
    /// # Errors
    /// When the code has no such constant, so that the fault could not be planted.
    pub fn plant(&self, code: &HookCode) -> Result<HookCode> {
        let mut faulty = code.clone();
        let libraries = faulty.libraries.iter_mut().map(|(_, code)| code);
        let mut planted = false;
        for code in libraries.chain([&mut faulty.hook]) {
            let mut bytes = code.to_vec();
            planted |= self.patch(&mut bytes);
            *code = bytes.into();
        }
        if planted { Ok(faulty) } else { Err(eyre!("the compiled hook has no constant for `{}`", self.name)) }
    }

    pub(crate) fn patch(&self, code: &mut [u8]) -> bool {
        let mut planted = false;
        let mut at = 0;
        // Instruction by instruction, so that no data of another push is taken for one.
        while let Some(op) = code.get(at).copied() {
            if let Some(found) = code.get_mut(at..at + self.from.len())
                && found == self.from
            {
                found.copy_from_slice(self.to);
                planted = true;
            }
            at += if (0x60..=0x7f).contains(&op) { usize::from(op) - 0x5e } else { 1 };
        }
        planted
    }
}
