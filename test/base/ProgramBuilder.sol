// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @notice A program on its way to bytes, `docs/program.md` §1.
struct Draft {
    uint8 semantics;
    uint32 expiry;
    uint24 announcers;
    uint24 cancellers;
    uint24 guardians;
    // Of each attester set, in order: the list's number, and how many of it must attest.
    uint24[] sets;
    uint8[] quorums;
    // And how many rules ask it what the chain cannot see.
    uint16[] hybrids;
    Signable[] messages;
    bytes[] limits;
    uint256[] entries;
    uint32 classes;
    bytes[] bodies;
    Patch[] patches;
    bytes32[] lists;
    address[][] members;
    // As bytes, instead of members, where the list is a registry.
    bytes[] registries;
    // Where groups that are still open begin, in the last body.
    uint256[] open;
}

/// @notice A message rule: domain, type, outcome and number of signatures as they stand in the program; the list's number.
struct Signable {
    bytes head;
    uint24 list;
    uint8 signers;
}

/// @notice Where a body names a list.
struct Patch {
    uint256 body;
    uint256 position;
    uint256 list;
}

/// @notice Writes canonical programs: what the compiler would write for the same rules in the same order.
/// @dev A rule is opened with {rule}; conditions, {begin}, {end} and {matching} speak of the last one opened.
library ProgramBuilder {
    uint8 internal constant NATIVE = 1;
    uint8 internal constant TRANSFER = 2;
    uint8 internal constant APPROVE = 3;
    uint8 internal constant CALL = 4;
    uint8 internal constant OPAQUE = 5;
    uint8 internal constant DELEGATECALL = 6;
    uint8 internal constant ANY_SUBJECT = 0x80;
    uint8 internal constant ANY_SELECTOR = 0x40;
    uint8 internal constant ACCOUNT = 0x20;

    uint8 internal constant ALLOW = 1;
    uint8 internal constant FOR_MODULES = 2;

    /// @dev The outcome of a message rule that allows although a limit is everywhere.
    uint8 internal constant TRUSTED = 3;

    uint8 internal constant APPROVALS = 0x01;
    uint8 internal constant SIGNATURES = 0x02;
    uint8 internal constant NAMED_SIGNERS = 0x03;
    uint8 internal constant ATTESTATION = 0x04;
    uint8 internal constant NOTIFY = 0x05;

    uint8 internal constant ORIGIN = 0x01;
    uint8 internal constant INITIATOR = 0x02;
    uint8 internal constant RECIPIENT = 0x03;
    uint8 internal constant STATED = 0x11;
    uint8 internal constant TARGET = 0x07;
    uint8 internal constant ASSET = 0x08;
    uint8 internal constant ANY = 0x20;
    uint8 internal constant ALL = 0x21;
    uint8 internal constant NOT = 0x22;

    uint8 internal constant EQUAL = 0;
    uint8 internal constant NOT_EQUAL = 1;
    uint8 internal constant LESS = 2;
    uint8 internal constant AT_MOST = 3;
    uint8 internal constant MORE = 4;
    uint8 internal constant AT_LEAST = 5;

    uint8 internal constant FIRST_MATCH = 0;
    uint8 internal constant ALL_MUST_PASS = 1;
    uint8 internal constant ALLOW_OVERRIDES = 2;

    uint8 internal constant ERC20 = 1;
    uint8 internal constant ERC721 = 2;
    uint8 internal constant ERC1155 = 3;

    uint8 internal constant EVERYWHERE = 1;
    uint8 internal constant COUNT = 2;
    uint8 internal constant PER_RECIPIENT = 1 << 2;
    uint8 internal constant PER_INITIATOR = 2 << 2;
    /// @dev Only with {EVERYWHERE}.
    uint8 internal constant METERS = 1 << 4;

    uint8 internal constant PER_TRANSACTION = 0;
    uint8 internal constant DAY = 1;
    uint8 internal constant WEEK = 2;
    uint8 internal constant MONTH = 3;
    uint8 internal constant ROLLING = 4;

    /// @param laneSeconds An eighth of the window, rounded up; 0 unless rolling.
    function limit(
        Draft memory d,
        bytes32 id,
        address asset,
        uint192 cap,
        uint8 window,
        bool everywhere,
        uint32 laneSeconds
    ) internal pure {
        limit(d, id, asset, cap, window, everywhere ? EVERYWHERE : 0, laneSeconds);
    }

    /// @param flags What the limit counts and for whom, as the layout has them.
    function limit(
        Draft memory d,
        bytes32 id,
        address asset,
        uint192 cap,
        uint8 window,
        uint8 flags,
        uint32 laneSeconds
    ) internal pure {
        uint8 p = 0;
        if (window == ROLLING) {
            while (cap / 10 ** p > 8_000_000) p++;
        }
        d.limits = _push(d.limits, abi.encodePacked(id, cap, window, flags, laneSeconds, p, uint8(0), asset));
    }

    /// @notice Declares an ERC-20.
    function declare(Draft memory d, address token) internal pure {
        declare(d, token, ERC20);
    }

    function declare(Draft memory d, address token, uint8 standard) internal pure {
        d.entries = _push(d.entries, uint256(uint160(token)) << 88 | standard);
    }

    function rule(Draft memory d, uint8 outcome, uint32 delay, bytes memory limitIndices) internal pure {
        d.bodies = _push(d.bodies, abi.encodePacked(outcome, uint8(limitIndices.length), delay, limitIndices));
    }

    /// @notice The last rule asks that what `op` names is one of `members`.
    function where(Draft memory d, uint8 op, address[] memory members) internal pure {
        whereIn(d, abi.encodePacked(op), list(d, members));
    }

    /// @notice The last rule asks for a condition that ends with a list.
    /// @param number The list's number, see {list} and {registry}.
    function whereIn(Draft memory d, bytes memory condition, uint24 number) internal pure {
        uint256 body = d.bodies.length - 1;
        _patch(d, body, d.bodies[body].length + condition.length, number);
        when(d, abi.encodePacked(condition, uint24(0)));
    }

    /// @notice The last rule asks for an obligation. All of these come before its conditions.
    function ask(Draft memory d, bytes memory obligation) internal pure {
        uint256 body = d.bodies.length - 1;
        bytes memory bytes_ = d.bodies[body];
        uint256 from = 6 + uint8(bytes_[1]);
        if (bytes_[0] & 0x04 == 0) {
            bytes_[0] |= 0x04;
            bytes_ = abi.encodePacked(bytes_, uint16(0));
        }
        bytes_ = bytes.concat(bytes_, obligation);
        uint256 size = bytes_.length - from - 2;
        (bytes_[from], bytes_[from + 1]) = (bytes1(uint8(size >> 8)), bytes1(uint8(size)));
        d.bodies[body] = bytes_;
    }

    /// @notice The last rule asks for an obligation that names a list.
    /// @param number The list's number, see {list} and {registry}.
    function askOf(Draft memory d, uint8 op, uint24 number, bytes memory rest) internal pure {
        ask(d, abi.encodePacked(op));
        uint256 body = d.bodies.length - 1;
        _patch(d, body, d.bodies[body].length, number);
        ask(d, abi.encodePacked(uint24(0), rest));
    }

    /// @notice Adds an attester set.
    function attesters(Draft memory d, uint24 number, uint8 quorum) internal pure {
        uint256 n = d.sets.length;
        (uint24[] memory sets, uint8[] memory quorums) = (new uint24[](n + 1), new uint8[](n + 1));
        uint16[] memory hybrids = new uint16[](n + 1);
        for (uint256 i; i < n; i++) {
            (sets[i], quorums[i], hybrids[i]) = (d.sets[i], d.quorums[i], d.hybrids[i]);
        }
        (sets[n], quorums[n]) = (number, quorum);
        (d.sets, d.quorums, d.hybrids) = (sets, quorums, hybrids);
    }

    /// @notice The last rule asks the attester set whether what the chain cannot see holds.
    function stated(Draft memory d, uint8 set) internal pure {
        when(d, abi.encodePacked(STATED, set, d.hybrids[set]++));
    }

    /// @notice Adds a message rule that asks for the threshold's signatures.
    function message(Draft memory d, bytes32 domain, bytes32 typeHash, uint8 outcome) internal pure {
        message(d, domain, typeHash, outcome, 0, 0, 0);
    }

    /// @param number The list of named signers, see {list} and {registry}; 0 for none.
    function message(
        Draft memory d,
        bytes32 domain,
        bytes32 typeHash,
        uint8 outcome,
        uint8 signatures,
        uint24 number,
        uint8 signers
    ) internal pure {
        uint256 n = d.messages.length;
        Signable[] memory longer = new Signable[](n + 1);
        for (uint256 i; i < n; i++) {
            longer[i] = d.messages[i];
        }
        longer[n] = Signable(abi.encodePacked(domain, typeHash, outcome, signatures), number, signers);
        d.messages = longer;
    }

    /// @notice Where a list is in the program that is encoded from this.
    function offsetOf(Draft memory d, uint24 number) internal pure returns (uint24) {
        bytes memory code = encode(d);
        bytes[] memory lists = _lists(d, _word(code, 32), 0);
        uint256 behind = _offset(lists, 0, lists.length) + 6 * d.sets.length + 72 * d.messages.length;
        return uint24(code.length - behind + _offset(lists, 0, number - 1));
    }

    /// @notice The last rule asks for a condition, which is given as it stands in the program.
    function when(Draft memory d, bytes memory condition) internal pure {
        uint256 body = d.bodies.length - 1;
        d.bodies[body] = bytes.concat(d.bodies[body], condition);
    }

    /// @notice Begins a group: what follows belongs to it, up to its {end}.
    function begin(Draft memory d, uint8 op) internal pure {
        d.open = _push(d.open, d.bodies[d.bodies.length - 1].length);
        when(d, abi.encodePacked(op, uint16(0)));
    }

    function end(Draft memory d) internal pure {
        bytes memory body = d.bodies[d.bodies.length - 1];
        uint256[] memory open = d.open;
        uint256 start = open[open.length - 1];
        uint256 length = body.length - start - 3;
        (body[start + 1], body[start + 2]) = (bytes1(uint8(length >> 8)), bytes1(uint8(length)));
        assembly ("memory-safe") {
            mstore(open, sub(mload(open), 1))
        }
    }

    function atLeast(Draft memory d, uint256 amount) internal pure {
        _compare(d, 0x04, amount);
    }

    function atMost(Draft memory d, uint256 amount) internal pure {
        _compare(d, 0x05, amount);
    }

    /// @notice The last rule is found under this key.
    function matching(Draft memory d, uint8 kind, address subject, bytes4 selector) internal pure {
        d.entries = _push(
            d.entries,
            uint256(kind) << 248 | uint256(uint160(subject)) << 88 | uint256(uint32(selector)) << 56
                | (d.bodies.length - 1) << 40
        );
        uint256 class = (kind & ANY_SUBJECT != 0 ? 2 : 0) + (kind & ANY_SELECTOR != 0 ? 1 : 0);
        d.classes |= uint32(1 << (4 * (kind & 0x0f) + class));
    }

    /// @return number One more than the list's index, since zero says none to the header.
    function list(Draft memory d, address[] memory members) internal pure returns (uint24 number) {
        return _list(d, members, "");
    }

    /// @notice A list that is a registry, asked with `contains(address)`.
    function registry(Draft memory d, address where_) internal pure returns (uint24 number) {
        return registry(d, where_, bytes4(keccak256("contains(address)")));
    }

    function registry(Draft memory d, address where_, bytes4 selector) internal pure returns (uint24 number) {
        return _list(d, new address[](0), abi.encodePacked(uint16(0), uint8(255), where_, selector));
    }

    /// @notice A number and its length, as conditions have them.
    function operand(uint256 value) internal pure returns (bytes memory) {
        uint256 length = 1;
        while (length < 32 && value >> (8 * length) != 0) length++;
        bytes memory bytes_ = new bytes(length);
        for (uint256 i; i < length; i++) {
            bytes_[i] = bytes1(uint8(value >> (8 * (length - 1 - i))));
        }
        return abi.encodePacked(uint8(length), bytes_);
    }

    function encode(Draft memory d) internal pure returns (bytes memory) {
        uint256 bits = 0;
        while (d.entries.length > 4 << bits) bits++;
        uint256 multiplier = _multiplier(d.entries, bits);
        _sort(d.entries, multiplier, bits);

        uint256 base = 64 + 84 * d.limits.length;
        uint256 bodiesAt = base + 3 * ((1 << bits) + 1) + 32 * d.entries.length;
        bytes memory directory = _directory(d.entries, base, multiplier, bits);
        bytes memory entries;
        (entries, bodiesAt) = (_entries(d, bodiesAt), bodiesAt + _join(d.bodies).length);
        bytes[] memory lists = _lists(d, multiplier, bodiesAt);
        return bytes.concat(
            _header(d, bits, multiplier, bodiesAt, lists),
            _join(d.limits),
            directory,
            entries,
            _join(d.bodies),
            bytes.concat(_join(lists), _tables(d, lists, bodiesAt))
        );
    }

    function _header(Draft memory d, uint256 bits, uint256 multiplier, uint256 listsAt, bytes[] memory lists)
        private
        pure
        returns (bytes memory)
    {
        bytes memory first =
            abi.encodePacked(uint16(1), d.semantics, uint8(bits), d.classes, uint8(d.limits.length), d.expiry);
        return abi.encodePacked(
            first,
            d.announcers == 0 ? uint24(0) : uint24(_offset(lists, listsAt, d.announcers - 1)),
            d.cancellers == 0 ? uint24(0) : uint24(_offset(lists, listsAt, d.cancellers - 1)),
            uint16(d.bodies.length),
            _roles(d, lists, listsAt),
            multiplier
        );
    }

    /// @dev Attester sets, guardians and message rules, as the header names them.
    function _roles(Draft memory d, bytes[] memory lists, uint256 listsAt) private pure returns (bytes memory) {
        return abi.encodePacked(
            uint8(d.sets.length),
            d.sets.length == 0 ? uint24(0) : uint24(_offset(lists, listsAt, lists.length)),
            d.guardians == 0 ? uint24(0) : uint24(_offset(lists, listsAt, d.guardians - 1)),
            d.messages.length == 0 ? uint24(0) : uint24(_offset(lists, listsAt, lists.length) + 4 * d.sets.length),
            uint8(d.messages.length)
        );
    }

    /// @dev Stand behind the lists: attesters, then messages.
    function _tables(Draft memory d, bytes[] memory lists, uint256 listsAt) private pure returns (bytes memory table) {
        for (uint256 i; i < d.sets.length; i++) {
            table = abi.encodePacked(table, uint24(_offset(lists, listsAt, d.sets[i] - 1)), d.quorums[i], d.hybrids[i]);
        }
        for (uint256 i; i < d.messages.length; i++) {
            Signable memory m = d.messages[i];
            uint24 offset = m.list == 0 ? 0 : uint24(_offset(lists, listsAt, m.list - 1));
            table = abi.encodePacked(table, m.head, offset, m.signers, uint16(0));
        }
    }

    function _directory(uint256[] memory entries, uint256 base, uint256 multiplier, uint256 bits)
        private
        pure
        returns (bytes memory directory)
    {
        uint256 buckets = 1 << bits;
        uint256 start = base + 3 * (buckets + 1);
        uint256 i = 0;
        for (uint256 bucket; bucket < buckets; bucket++) {
            directory = abi.encodePacked(directory, uint24(start + 32 * i));
            while (i < entries.length && _bucket(entries[i] >> 56, multiplier, bits) == bucket) i++;
        }
        directory = abi.encodePacked(directory, uint24(start + 32 * i));
    }

    function _entries(Draft memory d, uint256 bodiesAt) private pure returns (bytes memory) {
        uint256[] memory entries = new uint256[](d.entries.length);
        for (uint256 i; i < entries.length; i++) {
            uint256 entry = d.entries[i];
            if (entry >> 248 != 0) {
                uint256 body = uint16(entry >> 40);
                entry |= _offset(d.bodies, bodiesAt, body) << 16 | d.bodies[body].length;
            }
            entries[i] = entry;
        }
        return abi.encodePacked(entries);
    }

    /// @dev Writes the lists' offsets into the bodies.
    function _lists(Draft memory d, uint256 multiplier, uint256 listsAt) private pure returns (bytes[] memory lists) {
        lists = new bytes[](d.members.length);
        for (uint256 i; i < lists.length; i++) {
            lists[i] = d.registries[i].length != 0 ? d.registries[i] : _bytesOf(d.members[i], multiplier);
        }
        for (uint256 i; i < d.patches.length; i++) {
            Patch memory patch = d.patches[i];
            uint256 offset = _offset(lists, listsAt, patch.list);
            for (uint256 j; j < 3; j++) {
                d.bodies[patch.body][patch.position + j] = bytes1(uint8(offset >> (16 - 8 * j)));
            }
        }
    }

    function _list(Draft memory d, address[] memory members, bytes memory registry_)
        private
        pure
        returns (uint24 number_)
    {
        bytes32 content = keccak256(abi.encodePacked(members, registry_));
        for (uint256 i; i < d.lists.length; i++) {
            if (d.lists[i] == content) return uint24(i + 1);
        }
        bytes32[] memory lists = new bytes32[](d.lists.length + 1);
        address[][] memory all = new address[][](lists.length);
        for (uint256 i; i < d.lists.length; i++) {
            (lists[i], all[i]) = (d.lists[i], d.members[i]);
        }
        (lists[d.lists.length], all[d.lists.length]) = (content, members);
        (d.lists, d.members, d.registries) = (lists, all, _push(d.registries, registry_));
        return uint24(lists.length);
    }

    function _bytesOf(address[] memory members, uint256 multiplier) private pure returns (bytes memory out) {
        uint256 n = members.length;
        uint256 bits = 0;
        if (n > 24) {
            while (n > 8 << bits) bits++;
        }
        uint256[] memory sorted = new uint256[](n);
        for (uint256 i; i < n; i++) {
            sorted[i] = uint256(uint160(members[i])) << 56;
        }
        _sort(sorted, multiplier, bits);
        out = abi.encodePacked(uint16(n), uint8(bits));
        if (bits != 0) {
            uint256 i = 0;
            for (uint256 bucket; bucket < 1 << bits; bucket++) {
                out = abi.encodePacked(out, uint16(i));
                while (i < n && _bucket(sorted[i] >> 56, multiplier, bits) == bucket) i++;
            }
            out = abi.encodePacked(out, uint16(n));
        }
        for (uint256 i; i < n; i++) {
            out = abi.encodePacked(out, address(uint160(sorted[i] >> 56)));
        }
    }

    function _patch(Draft memory d, uint256 body, uint256 position, uint24 number) private pure {
        Patch[] memory patches = new Patch[](d.patches.length + 1);
        for (uint256 i; i < d.patches.length; i++) {
            patches[i] = d.patches[i];
        }
        patches[d.patches.length] = Patch(body, position, number - 1);
        d.patches = patches;
    }

    function _word(bytes memory code, uint256 start) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(code, 32), start))
        }
    }

    function _compare(Draft memory d, uint8 op, uint256 amount) private pure {
        when(d, abi.encodePacked(op, operand(amount)));
    }

    /// @dev The first of 64 candidates whose fullest bucket is least full.
    function _multiplier(uint256[] memory entries, uint256 bits) private pure returns (uint256 best) {
        uint256 least = type(uint256).max;
        for (uint32 n; n < 64; n++) {
            uint256 candidate = uint256(keccak256(abi.encodePacked("portcullis.index", n)));
            uint256[] memory count = new uint256[](1 << bits);
            uint256 most = 0;
            for (uint256 i; i < entries.length; i++) {
                uint256 c = ++count[_bucket(entries[i] >> 56, candidate, bits)];
                if (c > most) most = c;
            }
            if (most < least) (least, best) = (most, candidate);
        }
    }

    function _bucket(uint256 key, uint256 multiplier, uint256 bits) private pure returns (uint256) {
        if (bits == 0) return 0;
        unchecked {
            return (key * multiplier) >> (256 - bits); // modulo 2^256, as the format says
        }
    }

    /// @dev By bucket of what lies above the low 56 bits, then by value.
    function _sort(uint256[] memory words, uint256 multiplier, uint256 bits) private pure {
        for (uint256 i = 1; i < words.length; i++) {
            uint256 word = words[i];
            uint256 bucket = _bucket(word >> 56, multiplier, bits);
            uint256 j = i;
            for (; j > 0; j--) {
                uint256 other = _bucket(words[j - 1] >> 56, multiplier, bits);
                if (other < bucket || (other == bucket && words[j - 1] <= word)) break;
                words[j] = words[j - 1];
            }
            words[j] = word;
        }
    }

    function _offset(bytes[] memory parts, uint256 start, uint256 index) private pure returns (uint256 offset) {
        offset = start;
        for (uint256 i; i < index; i++) {
            offset += parts[i].length;
        }
    }

    function _join(bytes[] memory parts) private pure returns (bytes memory joined) {
        for (uint256 i; i < parts.length; i++) {
            joined = bytes.concat(joined, parts[i]);
        }
    }

    function _push(bytes[] memory parts, bytes memory last) private pure returns (bytes[] memory longer) {
        longer = new bytes[](parts.length + 1);
        for (uint256 i; i < parts.length; i++) {
            longer[i] = parts[i];
        }
        longer[parts.length] = last;
    }

    function _push(uint256[] memory words, uint256 last) private pure returns (uint256[] memory longer) {
        longer = new uint256[](words.length + 1);
        for (uint256 i; i < words.length; i++) {
            longer[i] = words[i];
        }
        longer[words.length] = last;
    }
}
