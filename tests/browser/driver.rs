//! `WebDriver`, as far as the suite needs it: what leads a browser, as JSON over HTTP. `thirtyfour` turns on
//! `serde_json/preserve_order` for whatever is built beside it, so that the daemons under test would not be those that are
//! shipped, and `fantoccini` wants code under the MPL; both are far more than these few calls.

use reqwest::{Client, Method};
use serde_json::{Value, json};

/// How an element is named in an answer.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A session of a browser.
pub(crate) struct Driver {
    client: Client,
    session: String,
}

/// An element of the page, as long as the page has it.
pub(crate) struct Element(String);

/// How an element is looked for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum By<'a> {
    /// By a selector of CSS.
    Css(&'a str),
    /// By an expression of `XPath`.
    XPath(&'a str),
}

impl Driver {
    /// Whether a driver at this address takes sessions.
    pub(crate) async fn is_ready(client: &Client, address: &str) -> bool {
        let status = ask(
            client,
            Method::GET,
            &format!("{address}/status"),
            &Value::Null,
        )
        .await;
        status.is_ok_and(|it| it["ready"] == true)
    }

    /// Begins a session; answers what the browser is, too.
    ///
    /// # Errors
    /// What the driver says.
    pub(crate) async fn begin(
        client: Client,
        address: &str,
        wanted: &Value,
    ) -> Result<(Self, Value), String> {
        let body = json!({ "capabilities": { "alwaysMatch": wanted } });
        let begun = ask(&client, Method::POST, &format!("{address}/session"), &body).await?;
        let session = begun["sessionId"].as_str().unwrap_or_default();
        let session = format!("{address}/session/{session}");
        let driver = Self { client, session };
        Ok((driver, begun["capabilities"].clone()))
    }

    /// Asks for a page, and waits until it is loaded.
    pub(crate) async fn go(&self, url: &str) -> Result<(), String> {
        self.post("url", &json!({ "url": url })).await.map(drop)
    }

    /// The address of the page.
    pub(crate) async fn url(&self) -> Result<String, String> {
        let url = self.get("url").await?;
        Ok(url.as_str().unwrap_or_default().to_owned())
    }

    /// Runs a script in the page, which the page's own policy does not hold back. A promise is waited for.
    pub(crate) async fn run(&self, script: &str, arguments: Value) -> Result<Value, String> {
        let body = json!({ "script": script, "args": arguments });
        self.post("execute/sync", &body).await
    }

    /// The first such element.
    pub(crate) async fn find(&self, by: By<'_>) -> Result<Element, String> {
        let (using, value) = match by {
            By::Css(value) => ("css selector", value),
            By::XPath(value) => ("xpath", value),
        };
        let body = json!({ "using": using, "value": value });
        let found = self.post("element", &body).await?;
        let id = found[ELEMENT].as_str().ok_or("no element")?;
        Ok(Element(id.to_owned()))
    }

    /// Clicks it where somebody would, and waits until a page that comes of it is loaded.
    pub(crate) async fn click(&self, element: &Element) -> Result<(), String> {
        // What stands below the bar of a phone is in the window, and still cannot be touched.
        let script = "arguments[0].scrollIntoView({ block: 'center' })";
        self.run(script, json!([{ ELEMENT: element.0 }])).await?;
        let path = format!("element/{}/click", element.0);
        self.post(&path, &json!({})).await.map(drop)
    }

    /// Types into it in place of what stands there.
    pub(crate) async fn fill(&self, element: &Element, text: &str) -> Result<(), String> {
        let path = format!("element/{}", element.0);
        self.post(&format!("{path}/clear"), &json!({})).await?;
        let body = json!({ "text": text });
        self.post(&format!("{path}/value"), &body).await.map(drop)
    }

    /// Presses keys one after another, wherever the page has its attention.
    pub(crate) async fn press(&self, keys: &[&str]) -> Result<(), String> {
        let actions: Vec<_> = keys
            .iter()
            .flat_map(|key| ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key })))
            .collect();
        let body = json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": actions }] });
        self.post("actions", &body).await.map(drop)
    }

    /// Says something in the browser's own language.
    pub(crate) async fn chrome(&self, command: &str, parameters: Value) -> Result<Value, String> {
        let body = json!({ "cmd": command, "params": parameters });
        self.post("goog/cdp/execute", &body).await
    }

    /// What the browser has written on its console since this was asked last.
    pub(crate) async fn console(&self) -> Result<Vec<Value>, String> {
        let lines = self.post("se/log", &json!({ "type": "browser" })).await?;
        Ok(lines.as_array().cloned().unwrap_or_default())
    }

    async fn get(&self, path: &str) -> Result<Value, String> {
        let url = format!("{}/{path}", self.session);
        ask(&self.client, Method::GET, &url, &Value::Null).await
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Value, String> {
        let url = format!("{}/{path}", self.session);
        ask(&self.client, Method::POST, &url, body).await
    }
}

async fn ask(client: &Client, method: Method, url: &str, body: &Value) -> Result<Value, String> {
    let mut request = client.request(method, url);
    if !body.is_null() {
        request = request
            .header("content-type", "application/json")
            .body(body.to_string());
    }
    let answer = request.send().await.map_err(|error| format!("{error:?}"))?;
    let is_success = answer.status().is_success();
    let text = answer.text().await.map_err(|error| error.to_string())?;
    let mut answer: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let value = answer["value"].take();
    if is_success {
        return Ok(value);
    }
    let said = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    Err(format!("{}: {}", said("error"), said("message")))
}
