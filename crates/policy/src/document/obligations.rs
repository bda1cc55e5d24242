//! What a rule asks for, and attester sets.

use super::{
    conditions::{LIST_HELP, addresses},
    reader::{Reader, Table},
    tree::{Field, Node},
};
use crate::{Approvals, AttesterSet, Obligations, Signers};

/// The keys of `then` that ask for something.
pub(super) const ASKING: [&str; 5] = ["approvals", "signatures", "signers", "attestation", "notify"];

pub(crate) const APPROVALS: [&str; 4] = ["group", "at_least", "initiator", "owners"];
pub(crate) const SIGNERS: [&str; 2] = ["list", "at_least"];
pub(crate) const ATTESTERS: [&str; 2] = ["members", "at_least"];

const COUNT_HELP: &str = "write how many are needed, from 1 to 255";

pub(super) fn obligations(reader: &mut Reader, table: Table<'_>) -> Obligations {
    let mut names = |key: &str, help: &str| {
        let node = table.get(key)?;
        reader.each(node, help, |reader, node| reader.text(node, help).map(str::to_owned))
    };
    let attestation = names("attestation", "write names of attester sets").unwrap_or_default();
    let notify = names("notify", "write names of channels, like `treasury`").unwrap_or_default();
    let help = "write a table with `group` and `at_least`, or an array of them";
    let several = table.get("approvals").and_then(|node| reader.each(node, help, approvals));
    let signatures = table.get("signatures").and_then(|node| count(reader, node));
    let help = "write a table with `list` and `at_least`, or an array of them";
    let signers = table.get("signers").and_then(|node| reader.each(node, help, signers));
    Obligations {
        approvals: several.unwrap_or_default(),
        signatures,
        signers: signers.unwrap_or_default(),
        attestation,
        notify,
    }
}

fn approvals(reader: &mut Reader, node: &Node) -> Option<Approvals> {
    let table = reader.table(node, &APPROVALS)?;
    let help = "write the name of the group that approves";
    let group = reader.require(table, "group", help).and_then(|node| reader.text(node, help));
    let at_least = at_least(reader, table);
    let mut flag = |key| table.get(key).and_then(|node| reader.boolean(node)).unwrap_or(false);
    let (initiator, owners) = (flag("initiator"), flag("owners"));
    // Everywhere else the sign tells a name from an address; here only a name may stand.
    let group = group.map(|name| name.strip_prefix('@').unwrap_or(name).to_owned());
    Some(Approvals { group: group?, at_least: at_least?, initiator, owners })
}

pub(super) fn signers(reader: &mut Reader, node: &Node) -> Option<Signers> {
    let table = reader.table(node, &SIGNERS)?;
    let list = reader.require(table, "list", LIST_HELP).and_then(|node| addresses(reader, node, LIST_HELP));
    let at_least = at_least(reader, table);
    Some(Signers { list: list?, at_least: at_least? })
}

/// An attester set. What does not read keeps its name, so that uses of it are not reported as well.
pub(super) fn attesters(reader: &mut Reader, field: &Field) -> AttesterSet {
    let mut set = AttesterSet { members: Vec::new(), at_least: 1 };
    let Some(table) = reader.field(field, &ATTESTERS) else { return set };
    let members = reader.require(table, "members", LIST_HELP).and_then(|node| addresses(reader, node, LIST_HELP));
    set.members = members.unwrap_or_default();
    set.at_least = at_least(reader, table).unwrap_or(1);
    set
}

fn at_least(reader: &mut Reader, table: Table<'_>) -> Option<u8> {
    reader.require(table, "at_least", COUNT_HELP).and_then(|node| count(reader, node))
}

pub(super) fn count(reader: &mut Reader, node: &Node) -> Option<u8> {
    let count = reader.integer(node)?;
    let read = u8::try_from(count).map_err(|_| (format!("{count} cannot be asked for"), COUNT_HELP.to_owned()));
    reader.accept(node, read)
}
