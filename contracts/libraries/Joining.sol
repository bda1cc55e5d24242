// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Image} from "../types/Image.sol";
import {Obligation, Op} from "../types/Obligation.sol";
import {integerAt} from "./Bytes.sol";
import {Calldata} from "./Calldata.sol";
import {Program} from "./Program.sol";

/// @notice Puts together what the deciding rules ask for, `docs/program.md` §8. While effects are being decided it is
/// kept as records, `rule:2 ‖ effect:4 ‖ obligation`, end to end, in the order of asking.
library Joining {
    using Program for Image;
    using Calldata for bytes;

    /// @dev Rule and effect of a record.
    uint256 private constant ASKER = 6;
    uint256 private constant MAX_FLAGS = 3;
    /// @dev A record of the attester table.
    uint256 private constant ATTESTERS = 6;

    /// @notice The records with the rule's obligations behind them; empty if one of these is malformed.
    /// @param obligations At least one byte.
    function join(Image memory image, bytes calldata joined, bytes calldata obligations, uint256 rule, uint256 effect)
        internal
        view
        returns (bytes memory longer)
    {
        longer = joined;
        while (obligations.length != 0) {
            uint256 length = _length(obligations.word(0) >> 248);
            if (length == 0 || length > obligations.length) return "";
            if (!_isSound(image, obligations)) return "";
            // Rules have two bytes, and effects are bounded by calldata.
            longer = bytes.concat(longer, bytes6(uint48(rule << 32 | effect)), obligations[:length]);
            obligations = obligations[length:];
        }
    }

    /// @notice What the records ask for together, in the order of first asking.
    function read(bytes calldata joined) internal pure returns (Obligation[] memory obligations) {
        // No record is shorter than 8 bytes.
        obligations = new Obligation[](joined.length / 8);
        uint256 count = 0;
        while (joined.length != 0) {
            Obligation memory next;
            next.rule = joined.word(0) >> 240;
            next.effect = joined.word(2) >> 224;
            bytes calldata obligation = joined[ASKER:];
            _fill(next, obligation);
            joined = obligation[_length(next.op):];

            uint256 i = 0;
            while (i < count && (obligations[i].op != next.op || obligations[i].key != next.key)) ++i;
            if (i == count) {
                obligations[count++] = next;
            } else {
                Obligation memory known = obligations[i];
                next.flags &= known.flags;
                if (next.n > known.n) obligations[i] = next;
                else known.flags = next.flags;
            }
        }
        assembly ("memory-safe") {
            mstore(obligations, count)
        }
    }

    /// @notice The list of an attester set, how many of its members must attest, and how many hybrid rules ask it.
    function attesters(Image memory image, uint256 set)
        internal
        view
        returns (uint256 list, uint256 m, uint256 hybridRules)
    {
        uint256 table = image.attesterTable();
        if (set >= image.attesterSets || table == 0) image.spoil();
        uint256 record = integerAt(image.slice(table + ATTESTERS * set, ATTESTERS), ATTESTERS);
        (list, m, hybridRules) = (record >> 24, (record >> 16) & 0xff, record & 0xffff);
        if (m == 0) image.spoil();
    }

    /// @dev Op and operand; 0 for an op that is none.
    function _length(uint256 op) private pure returns (uint256) {
        if (op == Op.APPROVALS) return 6;
        if (op == Op.SIGNATURES || op == Op.ATTESTATION) return 2;
        if (op == Op.NAMED_SIGNERS) return 5;
        return op == Op.NOTIFY ? 33 : 0;
    }

    function _isSound(Image memory image, bytes calldata obligation) private view returns (bool) {
        Obligation memory o;
        _fill(o, obligation);
        if (o.op == Op.ATTESTATION) attesters(image, o.key);
        else if (o.op != Op.NOTIFY && o.n == 0 || o.flags > MAX_FLAGS) image.spoil();
        return !image.failed();
    }

    function _fill(Obligation memory o, bytes calldata obligation) private pure {
        o.op = obligation.word(0) >> 248;
        uint256 operand = obligation.word(1);
        if (o.op == Op.NOTIFY) {
            o.key = operand;
        } else if (o.op == Op.ATTESTATION) {
            o.key = operand >> 248;
        } else if (o.op == Op.SIGNATURES) {
            o.n = operand >> 248;
        } else {
            o.key = operand >> 232;
            o.n = (operand >> 224) & 0xff;
            if (o.op == Op.APPROVALS) o.flags = (operand >> 216) & 0xff;
        }
    }
}
