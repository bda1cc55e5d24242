// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../../contracts/interfaces/IPolicyHook.sol";
import {Action} from "../../contracts/types/Types.sol";
import {Module, NoOpGuard} from "../base/Actors.sol";
import {ISafe} from "../base/ISafe.sol";
import {Draft, ProgramBuilder} from "../base/ProgramBuilder.sol";
import {Edition, Safes} from "../base/Safes.sol";
import {TreasuryTest} from "../base/TreasuryTest.sol";
import {VM} from "../base/Vm.sol";

/// @notice What a transfer costs on a Safe 1.5.0 with two signatures, as a transaction of its own, in steady state:
/// nonce, balances and counters are not zero. The hook is the committed bytecode. `docs/decisions/0001` reads these.
contract LayoutTest is TreasuryTest {
    using ProgramBuilder for Draft;

    uint256 private constant AMOUNT = 10e6;

    /// @dev What the rule under measurement is charged to.
    enum Charge {
        Nothing,
        Day,
        Rolling
    }

    function test_theHookFitsTheCodeSizeLimit() public {
        (address deployed, address[12] memory libraries) = Safes.committedHook();
        VM.snapshotValue("Layout", "bytes of the hook", deployed.code.length);
        assertLe(deployed.code.length, 24_576, "EIP-170");
        for (uint256 i = 0; i < libraries.length; ++i) {
            assertLe(libraries[i].code.length, 24_576, "EIP-170");
        }
    }

    function test_transfer_withoutAGuard() public {
        _bare(address(0));
        _measure("no guard");
    }

    function test_transfer_underAGuardThatDoesNothing() public {
        _bare(address(new NoOpGuard()));
        _measure("no-op guard");
    }

    function test_transfer_whitelist_smallProgram() public {
        _governed(5, 6, Charge.Nothing);
        _measure("whitelist, 5 rules");
    }

    function test_transfer_whitelistAndDailyLimit_smallProgram() public {
        _governed(5, 6, Charge.Day);
        _measure("whitelist and daily limit, 5 rules");
    }

    function test_transfer_whitelistAndRollingLimit_smallProgram() public {
        _governed(5, 6, Charge.Rolling);
        _measure("whitelist and rolling limit, 5 rules");
    }

    function test_transfer_whitelist_largeProgram() public {
        _governed(160, 400, Charge.Nothing);
        _measure("whitelist, 160 rules");
    }

    function test_transfer_whitelistAndDailyLimit_largeProgram() public {
        _governed(160, 400, Charge.Day);
        _measure("whitelist and daily limit, 160 rules");
    }

    function test_transfer_whitelistAndRollingLimit_largeProgram() public {
        _governed(160, 400, Charge.Rolling);
        _measure("whitelist and rolling limit, 160 rules");
    }

    /// @dev One word per rule and one per listed address, the other way to keep a program.
    function test_keepingAProgram_asCodeAndAsWords() public {
        _deploy(Edition.V130); // puts the deployer in place
        module = new Module();
        uint256[2] memory rules = [uint256(5), 160];
        uint256[2] memory addresses = [uint256(6), 400];
        for (uint256 i; i < 2; i++) {
            string memory size = string.concat(VM.toString(rules[i]), " rules");
            bytes memory code = _program(rules[i], addresses[i], Charge.Rolling);
            VM.snapshotValue("Layout", string.concat("bytes of a program, ", size), code.length);
            bytes memory creation = _creationOf(code);
            (bool ok, bytes memory deployed) = Safes.ARACHNID.call(bytes.concat(bytes32(0), creation));
            VM.snapshotGasLastCall("Layout", string.concat("store a program as code, ", size));

            assertTrue(ok, "deployed");
            address program_ = address(bytes20(deployed));

            Words words = new Words();
            words.fill(rules[i] + addresses[i]);
            uint256 asWords = VM.snapshotGasLastCall("Layout", string.concat("store a program as words, ", size));

            uint256 codeReads = words.readCode(program_, code.length > 4096 ? 512 : code.length);
            VM.snapshotValue("Layout", string.concat("open a program as code, ", size), codeReads);
            VM.snapshotValue("Layout", string.concat("open a program as words, ", size), words.readWords());
            assertTrue(asWords > 0 && codeReads > 0, "measured");
        }
    }

    function test_anAccountsWord_inARawSlotAndInAMapping() public {
        Words words = new Words();
        words.fill(1);
        uint256 raw = words.readRaw(alice);
        uint256 mapped = words.readMapped(alice);
        VM.snapshotValue("Layout", "an account's word, raw slot", raw);
        VM.snapshotValue("Layout", "an account's word, mapping", mapped);
        assertLe(raw, mapped, "a raw slot costs no more than a mapping");
    }

    function _bare(address guard) private {
        _deploy(Edition.V150);
        module = new Module();
        _execute(_call(address(safe), abi.encodeCall(ISafe.enableModule, (address(module)))));
        if (guard == address(0)) return;
        Action[] memory guards = _guardCalls(guard);
        _execute(_batch(guards));
    }

    function _governed(uint256 rules, uint256 addresses, Charge charge) private {
        _bare(address(0));
        (address deployed,) = Safes.committedHook();
        hook = IPolicyHook(deployed);
        program = _deployCode(_program(rules, addresses, charge));
        _install(program, CHANGE_DELAY);
        assertEq(_check(_pay(alice, AMOUNT)).rule, rules / 2, "the rule in the middle decides");
    }

    /// @dev Warms counters and balances with one of each, then measures the second.
    function _measure(string memory name) private {
        Action memory one = _pay(alice, AMOUNT);
        Action memory five = _batch(_five());
        bytes memory byModule = abi.encodeCall(usdc.transfer, (alice, AMOUNT));
        for (uint256 i; i < 2; i++) {
            bytes memory data = _calldata(one);
            (bool ok,) = address(safe).call(data);
            VM.snapshotGasLastCall("Layout", string.concat("transfer: ", name));
            assertTrue(ok, "transfer");

            data = _calldata(five);
            (ok,) = address(safe).call(data);
            VM.snapshotGasLastCall("Layout", string.concat("batch of 5 transfers: ", name));
            assertTrue(ok, "batch");

            module.execute(safe, address(usdc), 0, byModule, 0);
            VM.snapshotGasLastCall("Layout", string.concat("transfer by a module: ", name));
        }
        assertEq(usdc.balanceOf(alice), 14 * AMOUNT, "everything was paid");
    }

    function _five() private view returns (Action[] memory five) {
        five = new Action[](5);
        for (uint256 i; i < 5; i++) {
            five[i] = _pay(alice, AMOUNT);
        }
    }

    /// @dev The middle rule and the one after it allow the transfers, for owners and for the module. The rest are
    /// about other tokens, and share the other addresses.
    function _program(uint256 rules, uint256 addresses, Charge charge) private view returns (bytes memory) {
        Draft memory d;
        bytes memory limits;
        if (charge != Charge.Nothing) {
            limits = abi.encodePacked(DAILY);
            bool rolling = charge == Charge.Rolling;
            d.limit(
                "usdc-day",
                address(usdc),
                CAP,
                rolling ? ProgramBuilder.ROLLING : ProgramBuilder.DAY,
                false,
                rolling ? 3 hours : 0
            );
        }
        d.declare(address(usdc));
        uint256 others = addresses - 1;
        for (uint256 i; i < rules; i++) {
            if (i == rules / 2 || i == rules / 2 + 1) {
                bool forModules = i != rules / 2;
                d.rule(ProgramBuilder.ALLOW | (forModules ? ProgramBuilder.FOR_MODULES : 0), 0, limits);
                if (forModules) d.where(ProgramBuilder.ORIGIN, _members(address(module)));
                d.where(ProgramBuilder.RECIPIENT, _members(alice));
                d.atMost(MOST);
                d.matching(ProgramBuilder.TRANSFER | ProgramBuilder.ANY_SELECTOR, address(usdc), 0);
                continue;
            }
            address token = address(uint160(uint256(keccak256(abi.encode("token", i)))));
            uint256 count = others / (rules - i);
            others -= count;
            d.declare(token);
            d.rule(ProgramBuilder.ALLOW, 0, "");
            d.where(ProgramBuilder.RECIPIENT, _some(i, count == 0 ? 1 : count));
            d.atMost(MOST);
            d.matching(ProgramBuilder.TRANSFER | ProgramBuilder.ANY_SELECTOR, token, 0);
        }
        return d.encode();
    }

    function _some(uint256 seed, uint256 count) private pure returns (address[] memory members) {
        members = new address[](count);
        for (uint256 i; i < count; i++) {
            members[i] = address(uint160(uint256(keccak256(abi.encode(seed, i)))));
        }
    }
}

/// @notice Ways to keep words, each telling what reading them cost. No function is `view`: a transaction of its own
/// finds everything cold.
contract Words {
    mapping(uint256 key => uint256 word) private _words;
    mapping(address account => uint256 word) private _accounts;
    uint256 private _last;

    function fill(uint256 count) external {
        for (uint256 i; i < count; i++) {
            _words[i] = type(uint256).max;
        }
        _last = count;
    }

    /// @dev The rule's word and the recipient's.
    function readWords() external returns (uint256 used) {
        uint256 before = gasleft();
        uint256 sum = _words[0] ^ _words[1];
        used = before - gasleft();
        _last = sum;
    }

    function readCode(address program, uint256 length) external returns (uint256 used) {
        uint256 before = gasleft();
        uint256 size = program.code.length;
        assembly ("memory-safe") {
            extcodecopy(program, mload(0x40), 0, length)
        }
        used = before - gasleft();
        _last = size;
    }

    function readRaw(address account) external returns (uint256 used) {
        uint256 before = gasleft();
        uint256 word;
        assembly ("memory-safe") {
            word := sload(shl(96, account))
        }
        used = before - gasleft();
        _last = word;
    }

    function readMapped(address account) external returns (uint256 used) {
        uint256 before = gasleft();
        uint256 word = _accounts[account];
        used = before - gasleft();
        _last = word;
    }
}
