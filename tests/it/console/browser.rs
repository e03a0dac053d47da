//! A browser without scripts: it keeps cookies, follows nothing by itself, and says that its own page asks.

use std::collections::BTreeMap;
use std::sync::Mutex;

use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder, Response};

use crate::support::Daemon;

/// A browser, at one api.
pub(crate) struct Browser<'a> {
    api: &'a Daemon,
    client: Client,
    cookies: Mutex<BTreeMap<String, String>>,
    language: &'static str,
}

/// What a browser got.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: u16,
    /// Where it is sent; empty: nowhere.
    pub(crate) sent_to: String,
    pub(crate) html: String,
    pub(crate) policy: String,
}

impl<'a> Browser<'a> {
    pub(crate) fn at(api: &'a Daemon, language: &'static str) -> Self {
        Self {
            api,
            client: Client::builder().redirect(Policy::none()).build().unwrap(),
            cookies: Mutex::default(),
            language,
        }
    }

    /// A browser that has come in with this key.
    pub(crate) async fn with_key(api: &'a Daemon, key: &str) -> Self {
        let browser = Self::at(api, "en");
        let entered = browser.post("/console/login", &[("key", key)]).await;
        assert_eq!(
            (entered.status, entered.sent_to.as_str()),
            (303, "/console"),
            "{}",
            entered.html
        );
        browser
    }

    /// A browser of somebody who may only look, at an api of the suite's key.
    pub(crate) async fn of_a_reader(api: &'a Daemon) -> Self {
        let body = serde_json::json!({ "name": "leo", "scopes": ["read"] });
        let (status, made) = api.post("/api/keys", body).await;
        assert_eq!(status, 201, "{made}");
        Self::with_key(api, made["key"].as_str().unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Page {
        self.ask(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, form: &[(&str, &str)]) -> Page {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        self.ask(Method::POST, path, Some(body)).await
    }

    /// As the script of a page does, which shows what was so at this moment (ms).
    pub(crate) async fn look_again(&self, path: &str, shown: u64) -> Page {
        let shown = shown.to_string();
        let of_script = [("hx-request", "true"), ("lull-shown", &shown)];
        let request = self.request(Method::GET, path);
        let request = of_script.iter().fold(request, |request, (name, value)| {
            request.header(*name, *value)
        });
        self.page(request).await
    }

    async fn ask(&self, method: Method, path: &str, body: Option<String>) -> Page {
        let mut request = self.request(method, path);
        if let Some(body) = body {
            request = request
                .header("content-type", "application/x-www-form-urlencoded")
                .body(body);
        }
        self.page(request).await
    }

    /// A page that is opened from a bookmark, or by its address.
    pub(crate) async fn get_by_address(&self, path: &str) -> Page {
        self.page(self.request_from("none", Method::GET, path))
            .await
    }

    /// A page that a link of another site leads to.
    pub(crate) async fn get_by_a_link(&self, path: &str) -> Page {
        self.page(self.request_from("cross-site", Method::GET, path))
            .await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.request_from("same-origin", method, path)
    }

    fn request_from(&self, site: &str, method: Method, path: &str) -> RequestBuilder {
        let cookies: Vec<_> = self
            .cookies
            .lock()
            .unwrap()
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        self.client
            .request(method, self.api.url(path))
            .header("accept", "text/html")
            .header("accept-language", self.language)
            .header("sec-fetch-site", site)
            .header(COOKIE, cookies.join("; "))
    }

    async fn page(&self, request: RequestBuilder) -> Page {
        let answer = request.send().await.unwrap();
        self.keep_cookies(&answer);
        let header = |name: &str| {
            answer
                .headers()
                .get(name)
                .map(|it| it.to_str().unwrap().to_owned())
        };
        Page {
            status: answer.status().as_u16(),
            sent_to: header(LOCATION.as_str()).unwrap_or_default(),
            policy: header("content-security-policy").unwrap_or_default(),
            html: answer.text().await.unwrap(),
        }
    }

    fn keep_cookies(&self, answer: &Response) {
        for set in answer.headers().get_all(SET_COOKIE) {
            let set = set.to_str().unwrap();
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            let mut cookies = self.cookies.lock().unwrap();
            if set.contains("Max-Age=0") {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}
