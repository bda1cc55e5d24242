//! JSON-RPC in batches, over HTTP, with bounds on time, size and attempts.

use std::cell::Cell;
use std::error::Error;
use std::fmt;
use std::time::{Duration, Instant};

use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Response, Url};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::Unread;

/// How often a request is made before its failure counts.
const ATTEMPTS: u32 = 3;
/// Before the second attempt; four times as long before the third.
const PAUSE: Duration = Duration::from_millis(100);
/// Calls in one request: nodes refuse more.
const BATCH: usize = 100;
/// The most of an answer that is read, in bytes.
const MAX_ANSWER: usize = 64 << 20;

/// How long a node may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For one request.
    pub request: Duration,
    /// For all requests together.
    pub total: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { request: Duration::from_secs(10), total: Duration::from_secs(120) }
    }
}

/// No node can be at this URL.
#[derive(Clone, Debug, thiserror::Error)]
#[error("`{url}` is no node's URL: {why}; give one such as `http://localhost:8545`")]
pub struct BadUrl {
    url: String,
    why: &'static str,
}

/// A call for a node.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: &'static str,
    pub(crate) parameters: Value,
}

/// What a node says to one call: its result, or its error in its words.
pub(crate) type Answer = Result<Value, String>;

/// A node over HTTP.
pub struct Rpc {
    runtime: Runtime,
    client: Client,
    url: Url,
    limits: Limits,
    started: Instant,
    /// Calls that the node takes at once.
    batch: Cell<usize>,
    trips: Cell<u32>,
}

/// Without the URL's path, which may hold a key.
impl fmt::Debug for Rpc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rpc").field("url", &self.shown()).field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Rpc {
    /// Takes a node's URL. Nothing is asked yet.
    ///
    /// # Errors
    /// [`BadUrl`].
    pub fn new(url: &str, limits: Limits) -> Result<Self, BadUrl> {
        let bad = |why| BadUrl { url: without_secrets(url), why };
        let parsed = Url::parse(url).map_err(|_| bad("it does not parse"))?;
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err(bad("it is neither http nor https"));
        }
        // Fails only where the process has chosen a provider already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut client = Client::builder().timeout(limits.request);
        if parsed.scheme() == "http" {
            // Reading the certificates that a system trusts takes longer than asking a node close by.
            client = client.tls_certs_only([]);
        }
        let client = client.build().map_err(|_| bad("no client can be made for it"))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|_| bad("no thread can wait for it"))?;
        let started = Instant::now();
        Ok(Self { runtime, client, url: parsed, limits, started, batch: Cell::new(BATCH), trips: Cell::new(0) })
    }

    /// How often something was asked and waited for.
    pub(crate) fn trips(&self) -> u32 {
        self.trips.get()
    }

    /// Makes calls in one round trip where the node takes batches; one answer for each, in order.
    ///
    /// # Errors
    /// [`Unread`] when the node does not answer at all, or not as JSON-RPC has it.
    pub(crate) fn batch(&self, calls: &[Call]) -> Result<Vec<Answer>, Unread> {
        if calls.is_empty() {
            return Ok(Vec::new());
        }
        if self.started.elapsed() > self.limits.total {
            return Err(Unread::TooLong { url: self.shown(), seconds: self.limits.total.as_secs() });
        }
        match self.trip(calls)? {
            Some(answers) => Ok(answers),
            None if self.batch.get() == 1 => Err(self.unreachable("it does not speak JSON-RPC")),
            None => {
                self.batch.set(1);
                self.trip(calls)?.ok_or_else(|| self.unreachable("it does not speak JSON-RPC"))
            }
        }
    }

    /// None where the node does not take this many calls at once.
    fn trip(&self, calls: &[Call]) -> Result<Option<Vec<Answer>>, Unread> {
        self.trips.set(self.trips.get().saturating_add(1));
        let sent = self.runtime.block_on(async {
            let parts = calls.chunks(self.batch.get());
            let tasks: Vec<_> =
                parts.map(|part| tokio::spawn(persist(self.client.clone(), self.url.clone(), body(part)))).collect();
            let mut answers = Vec::new();
            for task in tasks {
                answers.push(task.await.map_err(|error| error.to_string())?);
            }
            answers.into_iter().collect::<Result<Vec<_>, String>>()
        });
        let bodies = sent.map_err(|why| self.unreachable(&why))?;
        let mut answers = Vec::new();
        for (part, body) in calls.chunks(self.batch.get()).zip(bodies) {
            match parse(&body, part.len()) {
                Some(some) => answers.extend(some),
                None => return Ok(None),
            }
        }
        Ok(Some(answers))
    }

    fn unreachable(&self, why: &str) -> Unread {
        Unread::Unreachable { url: self.shown(), why: why.to_owned() }
    }

    /// The URL without what may be a secret: user, password, path and query.
    fn shown(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        let port = self.url.port().map(|port| format!(":{port}")).unwrap_or_default();
        format!("{}://{host}{port}", self.url.scheme())
    }
}

/// What can be told of a URL that does not parse.
fn without_secrets(url: &str) -> String {
    url.split(['@', '?']).next_back().unwrap_or_default().chars().take(40).collect()
}

fn body(calls: &[Call]) -> Vec<u8> {
    let calls = calls.iter().enumerate();
    let mut calls: Vec<Value> = calls
        .map(|(id, call)| json!({ "jsonrpc": "2.0", "id": id, "method": call.method, "params": call.parameters }))
        .collect();
    // One alone is no batch, which some nodes refuse.
    let body = if calls.len() == 1 { calls.remove(0) } else { Value::Array(calls) };
    body.to_string().into_bytes()
}

/// The answers by their ids. One that is missing is an error of its own; none at all are none.
fn parse(body: &[u8], count: usize) -> Option<Vec<Answer>> {
    let items = match serde_json::from_slice(body).ok()? {
        Value::Array(items) => items,
        one @ Value::Object(_) if count == 1 => vec![one],
        _ => return None,
    };
    let mut answers: Vec<Answer> = vec![Err("it does not answer".to_owned()); count];
    for item in items {
        let id = item.get("id").and_then(Value::as_u64).and_then(|id| usize::try_from(id).ok());
        let slot = id.and_then(|id| answers.get_mut(id))?;
        *slot = match (item.get("error"), item.get("result")) {
            (None | Some(Value::Null), Some(result)) => Ok(result.clone()),
            (Some(error), _) => Err(words(error)),
            (None, None) => Err("it answers neither a result nor an error".to_owned()),
        };
    }
    Some(answers)
}

/// The node's words, without what breaks a terminal.
fn words(error: &Value) -> String {
    let message = error.get("message").and_then(Value::as_str).unwrap_or("it gives no reason");
    message.chars().filter(|character| !character.is_control()).take(200).collect()
}

/// A request, again where it may help.
async fn persist(client: Client, url: Url, body: Vec<u8>) -> Result<Vec<u8>, String> {
    let mut pause = PAUSE;
    let mut attempt = 1;
    loop {
        match once(&client, &url, body.clone()).await {
            Ok(body) => return Ok(body),
            Err((why, again)) if !again || attempt == ATTEMPTS => return Err(why),
            Err(_) => tokio::time::sleep(pause).await,
        }
        attempt = attempt.saturating_add(1);
        pause = pause.saturating_mul(4);
    }
}

/// One attempt; a failure with whether another may end otherwise.
async fn once(client: &Client, url: &Url, body: Vec<u8>) -> Result<Vec<u8>, (String, bool)> {
    let request = client.post(url.clone()).header(CONTENT_TYPE, "application/json").body(body);
    let answer = request.send().await.map_err(|error| (cause(&error), true))?;
    let status = answer.status();
    if status.is_success() {
        return whole(answer).await;
    }
    Err((format!("it answers {status}"), status.is_server_error() || status.as_u16() == 429))
}

async fn whole(mut answer: Response) -> Result<Vec<u8>, (String, bool)> {
    let mut body = Vec::new();
    while let Some(part) = answer.chunk().await.map_err(|error| (cause(&error), true))? {
        body.extend_from_slice(&part);
        if body.len() > MAX_ANSWER {
            return Err((format!("its answer is more than {MAX_ANSWER} bytes"), false));
        }
    }
    Ok(body)
}

/// The innermost cause, which names no URL: the outer ones repeat it with its secrets.
fn cause(error: &reqwest::Error) -> String {
    let mut innermost: &dyn Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let text = innermost.to_string();
    text.split(" for url (").next().unwrap_or_default().to_owned()
}
