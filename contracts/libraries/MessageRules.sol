// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Image} from "../types/Image.sol";
import {integerAt} from "./Bytes.sol";
import {Program} from "./Program.sol";

/// @notice A message rule, read.
struct MessageRule {
    uint256 index;
    bool allows;
    // Whether it allows although some limit is everywhere.
    bool trusted;
    // How many owner signatures it asks for, 0 for the account's threshold.
    uint256 signatures;
    // The list of owners of whom `signers` must have signed; 0 for none.
    uint256 list;
    uint256 signers;
}

/// @notice What an account may sign, `docs/program.md` §9: the first rule that fits domain and type decides.
library MessageRules {
    using Program for Image;

    uint256 private constant RECORD = 72;
    uint256 private constant WORD = 32;
    /// @dev What a record holds behind domain and type: outcome, signatures, list, signers, zeros.
    uint256 private constant TERMS = 8;
    uint256 private constant ALLOW = 1;
    uint256 private constant TRUSTED = 2;

    /// @notice The rule that decides. A table that is not well formed leaves a fault; nothing that was read counts then.
    function find(Image memory image, bytes32 domain, bytes32 typeHash)
        internal
        view
        returns (bool found, MessageRule memory rule)
    {
        (uint256 table, uint256 count) = image.messageTable();
        if ((table == 0) != (count == 0)) image.spoil();
        for (uint256 i = 0; i < count && !image.failed(); ++i) {
            uint256 record = image.slice(table + RECORD * i, RECORD);
            bool fits = _fits(record, domain) && _fits(record + WORD, typeHash);
            if (!image.failed() && fits) return (true, _read(image, integerAt(record + 2 * WORD, TERMS), i));
        }
    }

    /// @dev Zero fits anything.
    function _fits(uint256 pointer, bytes32 value) private pure returns (bool) {
        uint256 wanted = integerAt(pointer, WORD);
        return wanted == 0 || bytes32(wanted) == value;
    }

    function _read(Image memory image, uint256 terms, uint256 index) private pure returns (MessageRule memory rule) {
        uint256 outcome = terms >> 56;
        rule.index = index;
        rule.allows = outcome & ALLOW != 0;
        rule.trusted = outcome & TRUSTED != 0;
        rule.signatures = (terms >> 48) & 0xff;
        rule.list = (terms >> 24) & 0xffffff;
        rule.signers = (terms >> 16) & 0xff;
        bool sound = outcome <= (ALLOW | TRUSTED) && terms & 0xffff == 0 && (rule.list == 0) == (rule.signers == 0)
            && (rule.allows || terms == 0);
        if (!sound) image.spoil();
    }
}
