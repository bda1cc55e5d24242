// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {WorkTest} from "./WorkTest.sol";

/// @notice Each work once, in steady state and prepared beforehand, so that little else is traced.
/// `cargo xtask bench gas --parts` reads what each instruction of the hook cost.
abstract contract PartsTest is WorkTest {
    Work private work;
    bytes private prepared;

    function _ready(string memory policy, Work work_) internal {
        _governed(policy);
        // Once to warm counters and balances.
        _do(work_);
        (work, prepared) = (work_, _prepared(work_));
    }

    function _once() internal {
        _do(work, prepared);
    }
}

contract WhitelistPartsTest is PartsTest {
    function setUp() public {
        _ready("whitelist", Work.Transfer);
    }

    function test_parts_erc20_whitelist() public {
        _once();
    }
}

contract LimitPartsTest is PartsTest {
    function setUp() public {
        _ready("limit", Work.Transfer);
    }

    function test_parts_erc20_limit() public {
        _once();
    }
}

contract ModulePartsTest is PartsTest {
    function setUp() public {
        _ready("module", Work.ByModule);
    }

    function test_parts_module_limit() public {
        _once();
    }
}

contract BatchPartsTest is PartsTest {
    function setUp() public {
        _ready("limit", Work.Batch);
    }

    function test_parts_batch5_limit() public {
        _once();
    }
}

contract LargePartsTest is PartsTest {
    function setUp() public {
        _ready("large", Work.Transfer);
    }

    function test_parts_erc20_large_policy() public {
        _once();
    }
}

contract AttestedPartsTest is PartsTest {
    function setUp() public {
        _ready("attested", Work.Attested);
    }

    function test_parts_erc20_attested() public {
        _once();
    }
}
