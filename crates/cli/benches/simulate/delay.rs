//! A proxy in front of a node that waits before it passes a request on, and counts requests.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// The most connections at once; one beyond them is closed.
const MOST: usize = 64;
/// The most of a message that is read, in bytes.
const MOST_BYTES: u64 = 64 << 20;

/// Listens until the process ends.
pub(crate) struct Delay {
    pub(crate) url: String,
    pub(crate) rtt: u64,
    requests: Arc<AtomicU32>,
}

impl Delay {
    /// In front of a node, with so many milliseconds.
    pub(crate) fn start(node: &str, rtt: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(AtomicU32::new(0));
        let node = node.strip_prefix("http://").unwrap().to_owned();
        let counted = requests.clone();
        std::thread::spawn(move || {
            let open = Arc::new(());
            for stream in listener.incoming().map_while(Result::ok) {
                if Arc::strong_count(&open) > MOST {
                    continue;
                }
                let (node, counted, open) = (node.clone(), counted.clone(), open.clone());
                std::thread::spawn(move || {
                    let _ = serve(stream, &node, Duration::from_millis(rtt), &counted);
                    drop(open);
                });
            }
        });
        Self { url, rtt, requests }
    }

    /// Requests since this was asked last.
    pub(crate) fn requests(&self) -> u32 {
        self.requests.swap(0, Ordering::SeqCst)
    }
}

/// Both connections stay open for as long as the client's does.
fn serve(stream: TcpStream, node: &str, rtt: Duration, counted: &AtomicU32) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let node = TcpStream::connect(node)?;
    node.set_nodelay(true)?;
    let (mut client, mut answers) = (BufReader::new(stream.try_clone()?), BufReader::new(node.try_clone()?));
    let (mut back, mut forth) = (stream, node);
    while let Some(request) = message(&mut client)? {
        counted.fetch_add(1, Ordering::SeqCst);
        std::thread::sleep(rtt);
        forth.write_all(&request)?;
        let Some(answer) = message(&mut answers)? else { break };
        back.write_all(&answer)?;
    }
    Ok(())
}

/// A whole message, whose length has to be in its head; none at the end of the connection.
fn message(stream: &mut impl BufRead) -> std::io::Result<Option<Vec<u8>>> {
    let (mut whole, mut length) = (Vec::new(), 0_u64);
    loop {
        let begun = whole.len();
        if stream.read_until(b'\n', &mut whole)? == 0 {
            return Ok(None);
        }
        let line = String::from_utf8_lossy(&whole[begun..]).trim().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        assert!(!line.starts_with("transfer-encoding:"), "a message without its length");
        if let Some(found) = line.strip_prefix("content-length:") {
            length = found.trim().parse().unwrap();
        }
    }
    assert!(length <= MOST_BYTES, "a message of {length} bytes");
    let begun = whole.len();
    stream.take(length).read_to_end(&mut whole)?;
    Ok((whole.len() - begun == usize::try_from(length).unwrap()).then_some(whole))
}
