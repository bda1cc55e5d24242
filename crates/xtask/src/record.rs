//! Long runs, whose results add up in `evidence/` for as long as the source stays the same.

use crate::tools;
use eyre::{Result, WrapErr, eyre};
use serde_json::Value;
use sha3::{Digest, Keccak256};

/// What is on record, if anything is.
pub(crate) fn read(file: &str) -> Option<Value> {
    serde_json::from_str(&std::fs::read_to_string(tools::root().join(file)).ok()?).ok()
}

pub(crate) fn write(file: &str, record: &Value) -> Result<()> {
    let path = tools::root().join(file);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).wrap_err_with(|| format!("cannot create the folder of {file}"))?;
    }
    let text = serde_json::to_string_pretty(record).wrap_err("cannot write JSON")?;
    std::fs::write(path, text + "\n").wrap_err_with(|| format!("cannot write {file}"))
}

/// The hash of all files in these folders, with their names.
pub(crate) fn source(folders: &[&str]) -> Result<String> {
    let mut hash = Keccak256::new();
    let mut files = tools::tracked_files()?;
    files.sort_unstable();
    for path in files.iter().filter(|path| folders.iter().any(|folder| path.starts_with(folder))) {
        let text = std::fs::read(tools::root().join(path)).wrap_err_with(|| format!("cannot read {path}"))?;
        hash.update(path.as_bytes());
        hash.update([0]);
        hash.update(Keccak256::digest(&text));
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A number of an object; 0 where there is none.
pub(crate) fn number(value: &Value, key: &str) -> u64 {
    tools::at(value, key).as_u64().unwrap_or(0)
}

pub(crate) fn set(object: &mut Value, key: &str, value: Value) -> Result<()> {
    let object = object.as_object_mut().ok_or_else(|| eyre!("a record is no JSON object"))?;
    object.insert(key.to_owned(), value);
    Ok(())
}

/// The day, in UTC.
pub(crate) fn today() -> Result<String> {
    Ok(tools::capture(tools::command("date", &["-u", "+%Y-%m-%d"]))?.trim().to_owned())
}
