use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use portcullis_chain::{Node, PrivateKeySigner};

/// An anvil on a port of its own, ended with the test.
pub(crate) struct Anvil {
    child: Child,
    pub(crate) url: String,
}

impl Anvil {
    pub(crate) fn start() -> Self {
        let platform = match (std::env::consts::OS, std::env::consts::ARCH) {
            ("macos", "aarch64") => "darwin-arm64",
            ("macos", _) => "darwin-amd64",
            (_, "aarch64") => "linux-arm64",
            _ => "linux-amd64",
        };
        let binary = super::node_modules().join(format!("@foundry-rs/anvil-{platform}/bin/anvil"));
        let mut child = Command::new(&binary)
            .args(["--host", "127.0.0.1", "--port", "0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {} ({error}); run `npm ci` first", binary.display()));
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("Listening on ").map(|at| format!("http://{at}")))
            .expect("anvil says where it listens");
        // Keeps the pipe empty, or anvil would stop at a full one.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, url }
    }

    /// Connected with the payer's key, and with the Safe singleton factory in place.
    pub(crate) fn node(&self) -> Node {
        let mut node = self.bare_node(vec![super::key(super::PAYER)]);
        node.put_singleton_factory().unwrap();
        node
    }

    pub(crate) fn bare_node(&self, keys: Vec<PrivateKeySigner>) -> Node {
        Node::connect(&self.url, keys).unwrap()
    }
}

impl Drop for Anvil {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
