//! The call of a destination as a command, to be sent again by hand.

use super::answers::Request;
use crate::console::spelling::quoted;

/// The methods of HTTP by which destinations are called.
const METHODS: [&str; 5] = ["POST", "PUT", "PATCH", "DELETE", "GET"];

/// The same call for a shell; none: its body was not kept, or it was none of HTTP. What Lull signs and what it adds as headers is not in it.
pub(super) fn curl(request: &Request) -> Option<String> {
    let body = request.body.as_deref()?;
    if !METHODS.contains(&request.method.as_str()) {
        return None;
    }
    let url = quoted(&request.url);
    if request.method == "GET" {
        return Some(match body {
            "" => format!("curl {url}"),
            fields => format!("curl -G {url} -d {}", quoted(fields)),
        });
    }
    let is_json = serde_json::from_str::<serde_json::Value>(body).is_ok();
    let kind = if is_json {
        "application/json"
    } else {
        "application/x-www-form-urlencoded"
    };
    Some(format!(
        "curl -X {} {url} -H 'Content-Type: {kind}' --data-binary {}",
        request.method,
        quoted(body)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_told_by_its_method_and_what_its_body_is() {
        for (method, body, told) in [
            (
                "POST",
                Some(r#"{"text":"d'or"}"#),
                Some(
                    r#"curl -X POST 'http://bot/x' -H 'Content-Type: application/json' --data-binary '{"text":"d'\''or"}'"#,
                ),
            ),
            (
                "PUT",
                Some("a=1"),
                Some(
                    "curl -X PUT 'http://bot/x' -H 'Content-Type: application/x-www-form-urlencoded' --data-binary 'a=1'",
                ),
            ),
            ("GET", Some("a=1"), Some("curl -G 'http://bot/x' -d 'a=1'")),
            ("GET", Some(""), Some("curl 'http://bot/x'")),
            ("POST", None, None),
            ("XADD bots", Some("{}"), None),
        ] {
            let request = Request {
                method: method.to_owned(),
                url: "http://bot/x".to_owned(),
                body: body.map(str::to_owned),
                bytes: 0,
            };
            assert_eq!(curl(&request).as_deref(), told);
        }
    }
}
