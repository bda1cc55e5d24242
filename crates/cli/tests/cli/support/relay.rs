//! A node in front of a node, which passes on, changes or withholds what it answers; and JSON-RPC by hand.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// What becomes of an answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Fate {
    /// The node's own answer.
    Pass,
    /// Another result.
    Result(Value),
    /// An error in its place.
    Error(&'static str),
    /// No answer among the others.
    Left,
    /// No answer at all, and the connection stays open.
    Hang,
    /// This body for the whole request, with this status.
    Body(u16, &'static str),
}

/// A node that does so with every call.
pub(crate) struct Relay {
    pub(crate) url: String,
    trips: Arc<AtomicU32>,
}

impl Relay {
    pub(crate) fn start(node: &str, fate: impl Fn(&str, &Value) -> Fate + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (node, fate, trips) = (node.to_owned(), Arc::new(fate), Arc::new(AtomicU32::new(0)));
        let counted = trips.clone();
        // Ends with the test's process: nothing waits for it.
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                counted.fetch_add(1, Ordering::SeqCst);
                let (node, fate) = (node.clone(), fate.clone());
                std::thread::spawn(move || serve(stream, &node, &*fate));
            }
        });
        Self { url, trips }
    }

    /// Connections so far: one for each round trip.
    pub(crate) fn trips(&self) -> u32 {
        self.trips.load(Ordering::SeqCst)
    }
}

/// One call, and its result.
pub(crate) fn rpc(url: &str, method: &str, parameters: Value) -> Value {
    let call = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": parameters });
    let answer: Value = serde_json::from_slice(&post(url, call.to_string().as_bytes()).unwrap()).unwrap();
    assert!(answer.get("error").is_none(), "{method}: {answer}");
    answer["result"].clone()
}

fn post(url: &str, body: &[u8]) -> Option<Vec<u8>> {
    let mut stream = TcpStream::connect(url.strip_prefix("http://")?).ok()?;
    let head = format!(
        "POST / HTTP/1.1\r\nhost: node\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(body).ok()?;
    message(&mut BufReader::new(stream))
}

/// The body of a message whose length is in its head.
fn message(stream: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).ok()?;
        if line.trim().is_empty() {
            break;
        }
        if let Some(found) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = found.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some(body)
}

fn serve(mut stream: TcpStream, node: &str, fate: &dyn Fn(&str, &Value) -> Fate) -> Option<()> {
    let body = message(&mut BufReader::new(stream.try_clone().ok()?))?;
    let asked: Value = serde_json::from_slice(&body).ok()?;
    let answered: Value = serde_json::from_slice(&post(node, &body)?).ok()?;
    let calls = asked.as_array().cloned().unwrap_or_else(|| vec![asked.clone()]);
    let answers = answered.as_array().cloned().unwrap_or_else(|| vec![answered.clone()]);
    let mut sent = Vec::new();
    for mut answer in answers {
        let call = calls.iter().find(|call| call["id"] == answer["id"])?;
        match fate(call["method"].as_str()?, &call["params"]) {
            Fate::Pass => {}
            Fate::Result(value) => answer = json!({ "jsonrpc": "2.0", "id": call["id"], "result": value }),
            Fate::Error(why) => {
                answer = json!({ "jsonrpc": "2.0", "id": call["id"], "error": { "code": -32000, "message": why } });
            }
            Fate::Left => continue,
            Fate::Hang => {
                std::thread::sleep(Duration::from_secs(60));
                return None;
            }
            Fate::Body(status, body) => return reply(&mut stream, status, body),
        }
        sent.push(answer);
    }
    let body = match (asked.is_array(), sent.first()) {
        (false, Some(only)) => only.to_string(),
        (false, None) => "{}".to_owned(),
        (true, _) => Value::Array(sent).to_string(),
    };
    reply(&mut stream, 200, &body)
}

fn reply(stream: &mut TcpStream, status: u16, body: &str) -> Option<()> {
    let head = format!("HTTP/1.1 {status} Answer\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
    stream.write_all(head.as_bytes()).ok()
}
