// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {AccountState} from "../../contracts/types/Types.sol";
import {Class, Kind} from "./Kinds.sol";

/// @notice What a handler did last, and what it knew before it did.
struct Step {
    Kind kind;
    // Whose words it may change.
    address account;
    bool ok;
    // It ended as `check` had said.
    bool agreed;
    // By the treasury's rules, retold in plain words, it may succeed.
    bool may;
    bool frozen;
    bool registryFails;
    // What changed of its own account, as bits of {Class}, and how many words of others.
    uint256 classes;
    uint256 strange;
}

/// @notice What was authorised, as the handler counted it and as the hook noted it.
struct Usage {
    // Tokens of the window that ended when something was authorised last, and the cap of then.
    uint256 inWindow;
    uint256 cap;
    // Of the window that ends now.
    uint256 live;
    uint256 noted;
    uint256 etherToday;
    uint256 etherCap;
    uint256 etherNoted;
    // Of the two payees the one who got more, and both in one word.
    uint256 payeeMost;
    uint256 payeeCap;
    uint256 payees;
    uint256 payeesNoted;
    uint256 vendorToday;
    uint256 vendorCap;
    uint256 vendorNoted;
}

/// @notice What is held, and what the handler expects to be.
struct Holdings {
    uint256 usdc;
    uint256 usdcExpected;
    uint256 ether_;
    uint256 etherExpected;
    uint256 allowance;
    uint256 allowanceExpected;
    uint256 other;
    uint256 otherExpected;
    uint256 strangers;
    uint256 blocked;
}

/// @notice What holds the hook in place, and the account together.
struct Frame {
    bool installed;
    bool inPlace;
    bool handlerKept;
    bool ownersKept;
    bool codeKept;
    bool controlPasses;
    bool removalDue;
    bool removalPasses;
}

struct Counts {
    // The most often that one request was executed.
    uint256 executions;
    // The most often that one announcement was used since it was made.
    uint256 uses;
    uint256 wrongAnnouncements;
    uint256 untoldAnnouncements;
    uint256 lostDenials;
}

/// @notice All that the properties look at.
struct Sight {
    Step step;
    Usage usage;
    Holdings holdings;
    Frame frame;
    Counts counts;
    // The hook's words, what they should be, and what the events tell of them.
    AccountState state;
    AccountState expected;
    AccountState told;
}

/// @notice What must hold after every step, `test/INVARIANTS.md`.
library Properties {
    error Broken(string id);

    function check(Sight memory s) internal pure {
        _onlyWhatIsAllowed(s);
        _holdings(s.holdings, s.frame);
        _limits(s.usage);
        _words(s);
        _state(s.state, s.expected);
        _once(s.step, s.counts);
        _wayOut(s.step, s.frame);
        _told(s);
    }

    function _holds(bool holds, string memory id) private pure {
        require(holds, Broken(id));
    }

    function _onlyWhatIsAllowed(Sight memory s) private pure {
        Step memory step = s.step;
        _holds(!step.ok || step.may, "INV-1.1");
        _holds(!step.ok || step.kind < Kind.Failing, "INV-1.2");
        bool request = step.kind >= Kind.Pay && step.kind <= Kind.ModulePay || step.kind == Kind.AnnounceSelf;
        _holds(!(step.ok && step.frozen && request), "INV-1.3");
        _holds(!(step.ok && step.registryFails && step.kind == Kind.PayRegistered), "INV-8.1");
    }

    function _holdings(Holdings memory h, Frame memory f) private pure {
        _holds(h.strangers == 0, "INV-1.4");
        _holds(h.blocked == 0, "INV-1.5");
        _holds(h.usdc == h.usdcExpected, "INV-1.6");
        _holds(h.ether_ == h.etherExpected, "INV-1.7");
        _holds(h.allowance == h.allowanceExpected, "INV-1.8");
        _holds(h.other == h.otherExpected, "INV-1.9");
        _holds(f.inPlace == f.installed, "INV-1.10");
        _holds(f.handlerKept, "INV-1.11");
        _holds(f.ownersKept, "INV-1.12");
        _holds(f.codeKept, "INV-1.13");
    }

    function _limits(Usage memory u) private pure {
        _holds(u.inWindow <= u.cap, "INV-2.1");
        _holds(u.noted >= u.live, "INV-2.2");
        _holds(u.etherToday <= u.etherCap, "INV-2.3");
        _holds(u.etherNoted == u.etherToday, "INV-2.4");
        _holds(u.payeeMost <= u.payeeCap, "INV-2.5");
        _holds(u.payeesNoted == u.payees, "INV-2.6");
        _holds(u.vendorToday <= u.vendorCap, "INV-2.7");
        _holds(u.vendorNoted == u.vendorToday, "INV-2.8");
    }

    function _words(Sight memory s) private pure {
        Step memory step = s.step;
        _holds(step.ok || step.classes == 0, "INV-3.1");
        _holds(step.ok || step.strange == 0, "INV-3.2");
        _holds(step.classes & ~Class.touchedBy(step.kind) == 0, "INV-4.1");
        _holds(step.strange == 0, "INV-4.2");
    }

    function _state(AccountState memory got, AccountState memory wanted) private pure {
        _holds(got.program == wanted.program, "INV-4.3");
        _holds(got.changeDelay == wanted.changeDelay, "INV-4.4");
        _holds(got.epoch == wanted.epoch, "INV-4.5");
        _holds(got.route == wanted.route && got.manager == wanted.manager, "INV-4.6");
        _holds(got.stagedKind == wanted.stagedKind && got.stagedAt == wanted.stagedAt, "INV-4.7");
        bool staged = got.stagedProgram == wanted.stagedProgram && got.stagedChangeDelay == wanted.stagedChangeDelay
            && got.stagedDigest == wanted.stagedDigest;
        _holds(staged, "INV-4.8");
        _holds(got.activations == wanted.activations, "INV-4.9");
        _holds(got.frozen == wanted.frozen && got.guardian == wanted.guardian, "INV-4.10");
        _holds(got.unfreezesAt == wanted.unfreezesAt, "INV-4.11");
    }

    function _once(Step memory step, Counts memory c) private pure {
        _holds(c.wrongAnnouncements == 0, "INV-4.12");
        _holds(c.lostDenials == 0, "INV-4.13");
        _holds(c.uses <= 1, "INV-5.1");
        _holds(c.executions <= 1, "INV-5.2");
        _holds(!(step.ok && step.kind == Kind.PayVendor) || step.classes & Class.ANNOUNCEMENT != 0, "INV-5.3");
    }

    function _wayOut(Step memory step, Frame memory f) private pure {
        _holds(f.controlPasses || !f.installed, "INV-6.1");
        _holds(f.removalPasses || !f.removalDue, "INV-6.2");
        bool control = step.kind >= Kind.Stage && step.kind <= Kind.Unfreeze;
        _holds(!(control && step.may && !step.ok), "INV-6.3");
    }

    function _told(Sight memory s) private pure {
        _holds(s.step.agreed, "INV-7.1");
        (AccountState memory a, AccountState memory b) = (s.state, s.told);
        _holds(a.program == b.program && a.changeDelay == b.changeDelay && a.route == b.route, "INV-7.2");
        _holds(a.epoch == b.epoch && a.activations == b.activations, "INV-7.3");
        bool staged = a.stagedKind == b.stagedKind && a.stagedAt == b.stagedAt && a.stagedDigest == b.stagedDigest
            && a.stagedProgram == b.stagedProgram && a.stagedChangeDelay == b.stagedChangeDelay;
        _holds(staged, "INV-7.4");
        _holds(a.frozen == b.frozen && a.guardian == b.guardian && a.unfreezesAt == b.unfreezesAt, "INV-7.5");
        _holds(s.counts.untoldAnnouncements == 0, "INV-7.6");
    }
}
