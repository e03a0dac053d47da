//! The api daemon, asked over HTTP.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Method, Response, Url};
use serde::Deserialize;

use crate::core::api_key::Secret;
use crate::delivery::{builder, is_here, why_none};
use crate::settings::operator::ADMIN_KEY;

/// api answers within 2 s, except for long lists and removals.
const PATIENCE: Duration = Duration::from_secs(15);

/// An answer without an end is cut after so long, and asked for again.
const ENDLESS: Duration = Duration::from_secs(24 * 3600);

/// An answer that has no end.
pub(super) struct Endless(Response);

impl Endless {
    /// What comes next; none: it was cut off.
    pub(super) async fn chunk(&mut self) -> Option<Vec<u8>> {
        let chunk = self.0.chunk().await.ok()?;
        chunk.map(Vec::from)
    }
}

/// An api daemon.
pub(super) struct Api {
    client: Client,
    base: Url,
    key: Option<String>,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
}

/// The answer to a request that was done.
#[derive(Debug)]
pub(super) struct Answer(pub(super) String);

impl Answer {
    /// What it says.
    pub(super) fn read<'a, T: Deserialize<'a>>(&'a self) -> Result<T> {
        serde_json::from_str(&self.0)
            .context("this is not the answer of Lull's api: does the URL lead to it?")
    }
}

impl Api {
    /// The one at `url`, asked with `key`.
    pub(super) fn at(url: &str, key: Option<String>) -> Result<Self> {
        let base: Url = url.parse().with_context(|| {
            format!("{url:?} is not a URL: it must be such as http://127.0.0.1:5000")
        })?;
        ensure!(
            matches!(base.scheme(), "http" | "https") && base.has_host(),
            "the URL of api must begin with http:// or https:// and name a host"
        );
        let client = builder(&base, PATIENCE).build();
        Ok(Self {
            client: client.context("making the HTTP client")?,
            base,
            key,
        })
    }

    /// The same, asked with another key where it has none and is on this machine: a key of this folder is for nobody else.
    pub(super) fn or_key(mut self, key: Option<String>) -> Self {
        if self.key.is_none() && is_here(&self.base) {
            self.key = key;
        }
        self
    }

    /// The page by which a browser comes in with this link.
    pub(super) fn login_by(&self, link: &Secret) -> Result<String> {
        let page = self.url(&["console", "login"], &[("link", link.text())])?;
        Ok(page.into())
    }

    /// `GET`.
    pub(super) async fn get(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Answer> {
        self.call(Method::GET, path, query, None).await
    }

    /// `POST` with a body of JSON.
    pub(super) async fn post(&self, path: &[&str], body: &impl serde::Serialize) -> Result<Answer> {
        let body = serde_json::to_string(body)?;
        self.call(Method::POST, path, &[], Some(body)).await
    }

    /// `DELETE`.
    pub(super) async fn delete(&self, path: &[&str]) -> Result<Answer> {
        self.call(Method::DELETE, path, &[], None).await
    }

    /// `GET` of an answer that has no end.
    pub(super) async fn stream(&self, path: &[&str]) -> Result<Endless> {
        let mut request = self.client.get(self.url(path, &[])?).timeout(ENDLESS);
        if let Some(key) = &self.key {
            request = request.bearer_auth(key);
        }
        let answer = tokio::time::timeout(PATIENCE, request.send()).await?;
        let answer = answer.map_err(|error| self.unreachable(&error))?;
        Ok(Endless(answer.error_for_status()?))
    }

    async fn call(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<String>,
    ) -> Result<Answer> {
        let mut request = self.client.request(method, self.url(path, query)?);
        if let Some(key) = &self.key {
            request = request.bearer_auth(key);
        }
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, "application/json").body(body);
        }
        let sent = async { read(request.send().await?).await };
        let (status, text) = sent.await.map_err(|error| self.unreachable(&error))?;
        if (200..300).contains(&status) {
            return Ok(Answer(text));
        }
        match serde_json::from_str::<Refusal>(&text) {
            Ok(refusal) if status == 401 => bail!(
                "{}; the key is LULL_KEY, else that of the lull up of this folder ({ADMIN_KEY} in LULL_DATA)",
                refusal.error
            ),
            Ok(refusal) => bail!("{}", refusal.error),
            Err(_) => bail!(
                "{} answers {status}, but not as Lull's api: does --url or LULL_URL lead to it?",
                self.place()
            ),
        }
    }

    fn url(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Url> {
        let mut url = self.base.clone();
        match url.path_segments_mut() {
            Ok(mut segments) => segments.pop_if_empty().extend(path),
            Err(()) => bail!("the URL of api cannot be added to"),
        };
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }

    /// Where it is, without what may be a password.
    fn place(&self) -> String {
        let port = self.base.port().map(|port| format!(":{port}"));
        format!(
            "{}://{}{}",
            self.base.scheme(),
            self.base.host_str().unwrap_or_default(),
            port.unwrap_or_default()
        )
    }

    fn unreachable(&self, error: &reqwest::Error) -> anyhow::Error {
        anyhow::anyhow!(
            "api does not answer at {}: {}; --url or LULL_URL says where it is",
            self.place(),
            why_none(error, PATIENCE)
        )
    }
}

async fn read(answer: Response) -> reqwest::Result<(u16, String)> {
    Ok((answer.status().as_u16(), answer.text().await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_added_to_the_url_and_kept_in_one_piece() {
        let url = |base: &str| {
            let url = Api::at(base, None)
                .unwrap()
                .url(&["api", "a/b"], &[("q", "1&2")]);
            url.unwrap().to_string()
        };

        assert_eq!(url("http://h:5000"), "http://h:5000/api/a%2Fb?q=1%262");
        assert_eq!(url("https://h/lull/"), "https://h/lull/api/a%2Fb?q=1%262");
    }

    #[test]
    fn a_password_in_the_url_is_not_told() {
        assert_eq!(
            Api::at("https://ana:s3cret@h/x", None).unwrap().place(),
            "https://h"
        );
    }

    #[test]
    fn the_key_of_this_folder_is_for_this_machine_alone() {
        let key = |url, own: Option<&str>| {
            let api = Api::at(url, own.map(str::to_owned)).unwrap();
            api.or_key(Some("folder".to_owned())).key
        };

        assert_eq!(
            key("http://127.0.0.1:5000", None).as_deref(),
            Some("folder")
        );
        assert_eq!(key("http://localhost", Some("own")).as_deref(), Some("own"));
        assert_eq!(key("https://lull.example", None), None);
    }

    #[test]
    fn what_is_no_url_is_refused() {
        for bad in ["", "localhost:5000", "ftp://h", "unix:///x"] {
            assert!(Api::at(bad, None).is_err(), "{bad}");
        }
    }
}
