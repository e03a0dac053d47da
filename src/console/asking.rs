//! The API, asked in this process for a browser: with its cookie, and from its address.

mod refused;

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, FromRequestParts, Request};
use axum::http::header::{ACCEPT, CONTENT_TYPE, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::net::SocketAddr;
use tokio::sync::OnceCell;
use tower::ServiceExt;

use super::Console;
use super::spelling::quoted;
use crate::core::json::halves::without_halves;
use crate::core::page::OfAPage;
pub(super) use refused::Refused;

/// What of a browser's request tells who it is and where it comes from. Its body, and what is said about that, stay here.
const HANDED_ON: [&str; 9] = [
    "cookie",
    "authorization",
    "x-api-key",
    "host",
    "origin",
    "sec-fetch-site",
    "x-forwarded-for",
    "x-forwarded-proto",
    "user-agent",
];

/// The router of the API.
#[derive(Clone)]
pub(super) struct Api(Router);

impl Api {
    pub(super) fn new(router: Router) -> Self {
        Self(router)
    }

    /// Answers a request that is not for a page.
    pub(super) async fn answer(&self, request: Request) -> axum::response::Response {
        let Ok(answer) = self.0.clone().oneshot(request).await;
        answer
    }
}

/// The API, as one browser may ask it.
#[derive(Clone)]
pub(super) struct Asking {
    api: Api,
    headers: HeaderMap,
    from: Option<ConnectInfo<SocketAddr>>,
    /// The cookies that answers set.
    cookies: Arc<Mutex<Vec<HeaderValue>>>,
    /// How all of it goes, once that was asked for.
    overview: Arc<OnceCell<Result<Vec<u8>, Refused>>>,
}

/// Something that is asked of the API, or done with it. A page shows it as a command, too.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) method: Method,
    /// With its query.
    pub(super) path: String,
    pub(super) body: Option<Value>,
}

impl Call {
    fn new(method: Method, path: String, body: Option<Value>) -> Self {
        Self { method, path, body }
    }

    pub(super) fn get(path: &str, query: &[(&str, &str)]) -> Self {
        Self::new(Method::GET, with_query(path, query), None)
    }

    pub(super) fn post(path: impl Into<String>, body: Option<Value>) -> Self {
        Self::new(Method::POST, path.into(), body)
    }

    pub(super) fn put(path: impl Into<String>, body: Value) -> Self {
        Self::new(Method::PUT, path.into(), Some(body))
    }

    pub(super) fn delete(path: impl Into<String>) -> Self {
        Self::new(Method::DELETE, path.into(), None)
    }

    /// The same for a shell. The key is not in it.
    pub(super) fn curl(&self, origin: &str) -> String {
        let mut command = format!(
            "curl -X {} {} -H \"Authorization: Bearer $LULL_KEY\"",
            self.method,
            quoted(&format!("{origin}{}", self.path))
        );
        if let Some(body) = &self.body {
            command.push_str(" -H 'Content-Type: application/json' -d ");
            command.push_str(&quoted(&body.to_string()));
        }
        command
    }
}

/// A path with a query.
pub(super) fn with_query(path: &str, query: &[(&str, &str)]) -> String {
    let mut pairs = form_urlencoded::Serializer::new(String::new());
    pairs.extend_pairs(query.iter().filter(|(_, value)| !value.is_empty()));
    match pairs.finish() {
        empty if empty.is_empty() => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}

/// An answer of the API. People's texts stand in it as they came.
fn parsed<T: DeserializeOwned>(answer: &[u8]) -> Result<T, Refused> {
    let answer = without_halves(answer);
    serde_json::from_slice(&answer).map_err(|error| Refused::within(&error.to_string()))
}

impl Asking {
    /// What the API answers to a look.
    ///
    /// # Errors
    /// Why it did not.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, Refused> {
        self.read(&Call::get(path, query)).await
    }

    /// How all of it goes. Every page tells it, and some tell more of it: it is asked for once.
    ///
    /// # Errors
    /// Why it is not known.
    pub(super) async fn overview<T: DeserializeOwned>(&self) -> Result<T, Refused> {
        let call = Call::get("/api/overview", &[]);
        let answer = self.overview.get_or_init(|| self.call(&call));
        parsed(answer.await.as_ref().map_err(Clone::clone)?)
    }

    /// Does something, and reads the answer.
    ///
    /// # Errors
    /// Why it was not done.
    pub(super) async fn read<T: DeserializeOwned>(&self, call: &Call) -> Result<T, Refused> {
        let answer = self.call(call).await?;
        parsed(&answer)
    }

    /// Does something, and hands on the body of the answer.
    ///
    /// # Errors
    /// Why it was not done.
    pub(super) async fn call(&self, call: &Call) -> Result<Vec<u8>, Refused> {
        let (status, body) = self.send(call).await;
        if status.is_success() {
            return Ok(body);
        }
        Err(Refused::told(status, &body))
    }

    async fn send(&self, call: &Call) -> (StatusCode, Vec<u8>) {
        let mut request = Request::new(match &call.body {
            Some(body) => Body::from(body.to_string()),
            None => Body::empty(),
        });
        *request.method_mut() = call.method.clone();
        let Ok(uri) = call.path.parse() else {
            return (StatusCode::NOT_FOUND, Vec::new());
        };
        *request.uri_mut() = uri;
        *request.headers_mut() = self.headers.clone();
        let json = HeaderValue::from_static("application/json");
        if call.body.is_some() {
            request.headers_mut().insert(CONTENT_TYPE, json.clone());
        }
        request.headers_mut().insert(ACCEPT, json);
        request.extensions_mut().insert(OfAPage);
        if let Some(from) = self.from {
            request.extensions_mut().insert(from);
        }
        let answer = self.api.answer(request).await;
        let (parts, body) = answer.into_parts();
        self.note_cookies(&parts.headers);
        match body.collect().await {
            Ok(body) => (parts.status, body.to_bytes().to_vec()),
            Err(_) => (StatusCode::BAD_GATEWAY, Vec::new()),
        }
    }

    fn note_cookies(&self, headers: &HeaderMap) {
        let set = headers.get_all(SET_COOKIE).iter().cloned();
        let mut cookies = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        cookies.extend(set);
    }

    /// Sets a cookie beside those of the API.
    pub(super) fn sets(&self, cookie: HeaderValue) {
        let mut cookies = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        cookies.push(cookie);
    }

    /// Hands the cookies on that answers have set.
    pub(super) fn set_cookies(&self, headers: &mut HeaderMap) {
        let mut cookies = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        for cookie in cookies.drain(..) {
            headers.append(SET_COOKIE, cookie);
        }
    }

    /// Whether one of our own pages leads here, as far as is told: else the API does nothing for a cookie that may change
    /// something, and counts that as refused.
    pub(super) fn comes_from_our_page(&self) -> bool {
        let has = |name: &str| self.headers.contains_key(name);
        let shows_a_key = has("authorization") || has("x-api-key");
        let site = self.headers.get("sec-fetch-site");
        shows_a_key || site.map_or_else(|| has("origin"), |site| site == "same-origin")
    }

    /// How the browser calls this server: for what is copied to be used elsewhere.
    pub(super) fn origin(&self) -> String {
        let text = |name: &str| self.headers.get(name).and_then(|it| it.to_str().ok());
        let by_https = text("x-forwarded-proto").is_some_and(|it| it.starts_with("https"));
        let scheme = if by_https { "https" } else { "http" };
        format!("{scheme}://{}", text("host").unwrap_or("localhost:5000"))
    }
}

impl FromRequestParts<Console> for Asking {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, console: &Console) -> Result<Self, Infallible> {
        let mut headers = HeaderMap::new();
        for name in HANDED_ON {
            let name = HeaderName::from_static(name);
            for value in parts.headers.get_all(&name) {
                headers.append(name.clone(), value.clone());
            }
        }
        Ok(Self {
            api: console.api.clone(),
            headers,
            from: parts.extensions.get().copied(),
            cookies: Arc::default(),
            overview: Arc::default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_one_word_for_the_shell_wherever_somebody_put_quotes() {
        let body = serde_json::json!({ "name": "d'or; rm -rf /" });
        let call = Call::post(
            with_query("/api/x", &[("q", "a b&c"), ("none", "")]),
            Some(body),
        );

        assert_eq!(
            call.curl("http://lull:5000"),
            "curl -X POST 'http://lull:5000/api/x?q=a+b%26c' -H \"Authorization: Bearer $LULL_KEY\" \
             -H 'Content-Type: application/json' -d '{\"name\":\"d'\\''or; rm -rf /\"}'"
        );
    }
}
