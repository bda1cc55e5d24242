//! A local anvil for as long as a value lives.

use crate::tools;
use eyre::{Result, WrapErr, bail, eyre};
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

/// A node on a free port, stopped when dropped.
pub(crate) struct Anvil {
    child: Child,
    url: String,
}

impl Anvil {
    /// Starts it and waits until it listens.
    pub(crate) fn start() -> Result<Self> {
        let mut child = tools::foundry("anvil", &["--port", "0"])?
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .wrap_err("anvil does not start")?;
        let stdout = child.stdout.take().ok_or_else(|| eyre!("anvil has no stdout"))?;
        let mut anvil = Self { child, url: String::new() };
        let mut lines = BufReader::new(stdout).lines();
        for line in lines.by_ref().map_while(Result::ok) {
            if let Some(address) = line.strip_prefix("Listening on ") {
                anvil.url = format!("http://{}", address.trim());
                // Keep reading, so that the node never waits for its own output.
                std::thread::spawn(move || lines.for_each(drop));
                return Ok(anvil);
            }
        }
        bail!("anvil ended without listening")
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Anvil {
    fn drop(&mut self) {
        // Nothing to do about a node that has ended already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
