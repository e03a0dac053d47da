//! Traces: one leads from the gateway through Lull to the bot.

mod exported;
mod lines;
mod passed_on;

use serde_json::Value;

use crate::support::Daemon;
use crate::support::receiver::Call;

/// A trace, and in it the span of a gateway.
const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// The gateway's span in another trace.
fn parent(number: usize) -> String {
    format!("00-{number:032x}-b7ad6b7169203331-01")
}

/// The header `traceparent` of a call, taken apart.
#[derive(Debug, PartialEq, Eq)]
struct Parent {
    trace: String,
    span: String,
    flags: String,
}

impl Parent {
    fn read(header: &str) -> Self {
        let parts: Vec<_> = header.split('-').collect();
        let [version, trace, span, flags] = parts[..] else {
            panic!("{header}");
        };
        assert_eq!(
            (version, trace.len(), span.len(), flags.len()),
            ("00", 32, 16, 2),
            "{header}"
        );
        Self {
            trace: trace.to_owned(),
            span: span.to_owned(),
            flags: flags.to_owned(),
        }
    }

    fn of(call: &Call) -> Self {
        Self::read(&call.headers["traceparent"])
    }
}

/// Posts JSON with these headers; it must be accepted.
async fn post(api: &Daemon, path: &str, body: Value, headers: &[(&str, &str)]) {
    let mut request = api.client().post(api.url(path));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request
        .header("content-type", "application/json")
        .body(body.to_string());
    let answer = request.send().await.unwrap();
    assert!(answer.status().is_success(), "{path}: {}", answer.status());
}
