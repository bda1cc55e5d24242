//! The contracts that the hook is linked with: parts of its own code that it has no room for.
//!
//! They have no owner and no state. Their addresses follow from their code, and stand in the hook's.

use alloy_primitives::{Address, B256, Bytes, keccak256};

use crate::deployer;

/// A library, from its committed artifact.
#[derive(Clone, Copy, Debug)]
pub struct Library {
    /// Its name in the sources.
    pub name: &'static str,
    /// What the deployer is given.
    pub init_code: &'static Bytes,
    /// The code that then stands at [`Library::address`].
    pub code: &'static Bytes,
}

impl Library {
    /// Where it is on every chain: where [`deployer::ARACHNID`] puts it with salt 0.
    #[must_use]
    pub fn address(&self) -> Address {
        deployer::ARACHNID.create2(B256::ZERO, keccak256(self.init_code))
    }
}

/// Everything that the hook is linked with.
pub const ALL: [Library; 12] = [
    Library { name: "Consenting", init_code: &Consenting::BYTECODE, code: &Consenting::DEPLOYED_BYTECODE },
    Library { name: "ControlCalls", init_code: &ControlCalls::BYTECODE, code: &ControlCalls::DEPLOYED_BYTECODE },
    Library { name: "Lifecycle", init_code: &Lifecycle::BYTECODE, code: &Lifecycle::DEPLOYED_BYTECODE },
    Library { name: "ModuleRequests", init_code: &ModuleRequests::BYTECODE, code: &ModuleRequests::DEPLOYED_BYTECODE },
    Library { name: "Notices", init_code: &Notices::BYTECODE, code: &Notices::DEPLOYED_BYTECODE },
    Library { name: "Obligations", init_code: &Obligations::BYTECODE, code: &Obligations::DEPLOYED_BYTECODE },
    Library { name: "RareConditions", init_code: &RareConditions::BYTECODE, code: &RareConditions::DEPLOYED_BYTECODE },
    Library { name: "Requests", init_code: &Requests::BYTECODE, code: &Requests::DEPLOYED_BYTECODE },
    Library { name: "Services", init_code: &Services::BYTECODE, code: &Services::DEPLOYED_BYTECODE },
    Library { name: "Slots", init_code: &Slots::BYTECODE, code: &Slots::DEPLOYED_BYTECODE },
    Library { name: "Tokens", init_code: &Tokens::BYTECODE, code: &Tokens::DEPLOYED_BYTECODE },
    Library { name: "Watch", init_code: &Watch::BYTECODE, code: &Watch::DEPLOYED_BYTECODE },
];

alloy_sol_types::sol!(Consenting, "artifacts/Consenting.json");
alloy_sol_types::sol!(ControlCalls, "artifacts/ControlCalls.json");
alloy_sol_types::sol!(Lifecycle, "artifacts/Lifecycle.json");
alloy_sol_types::sol!(ModuleRequests, "artifacts/ModuleRequests.json");
alloy_sol_types::sol!(Notices, "artifacts/Notices.json");
alloy_sol_types::sol!(Obligations, "artifacts/Obligations.json");
alloy_sol_types::sol!(RareConditions, "artifacts/RareConditions.json");
alloy_sol_types::sol!(Requests, "artifacts/Requests.json");
alloy_sol_types::sol!(Services, "artifacts/Services.json");
alloy_sol_types::sol!(Slots, "artifacts/Slots.json");
alloy_sol_types::sol!(Tokens, "artifacts/Tokens.json");
alloy_sol_types::sol!(Watch, "artifacts/Watch.json");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::IPolicyHook;

    fn contains(code: &[u8], part: &[u8]) -> bool {
        code.windows(part.len()).any(|window| window == part)
    }

    #[test]
    fn the_hook_names_each_library_where_it_will_be() {
        for library in ALL {
            assert!(contains(&IPolicyHook::DEPLOYED_BYTECODE, library.address().as_slice()), "{}", library.name);
        }
    }

    #[test]
    fn a_library_that_writes_knows_its_own_address_so_that_only_delegatecalls_reach_it() {
        for name in ["Consenting", "Lifecycle", "Notices", "Watch"] {
            let library = ALL.iter().find(|library| library.name == name).unwrap();
            assert!(contains(library.code, library.address().as_slice()), "{name}");
        }
    }
}
