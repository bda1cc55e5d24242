//! What every service that is asked with a secret needs.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Response, Url};

/// How long a service may take for a request.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A client that follows nobody: whoever redirects would get the secret.
pub(crate) fn client() -> reqwest::Result<Client> {
    // Fails only where the process has chosen a provider already, which serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().timeout(TIMEOUT).redirect(Policy::none()).build()
}

/// Whether a secret that is sent there stays unread on its way: by TLS, or because it does not leave this machine.
pub(crate) fn keeps_secrets(url: &Url) -> bool {
    let local = url.host_str().is_some_and(|host| matches!(host, "localhost" | "127.0.0.1" | "[::1]"));
    url.scheme() == "https" || (url.scheme() == "http" && local)
}

/// What a service answers; none where that is more than so many bytes.
pub(crate) async fn read(mut answer: Response, most: usize) -> reqwest::Result<Option<Vec<u8>>> {
    let mut text = Vec::new();
    while let Some(part) = answer.chunk().await? {
        text.extend_from_slice(&part);
        if text.len() > most {
            return Ok(None);
        }
    }
    Ok(Some(text))
}
