//! What was done, as the page that comes next tells it: once, and only to the browser that did it.
//!
//! The address says it, and a cookie of the answer says the same: without that, an address tells nothing. It is taken back
//! when it was told, so that neither a reload nor a link of somebody else tells it again.

use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use serde::Deserialize;

use crate::console::asking::with_query;
use crate::console::visit::see;

/// The cookie's name.
const NAME: &str = "lull_told";
/// What is not told for so long is not told any more, s.
const FOR: u32 = 60;

/// What was done, as an address says it: the word of an act, and to how many.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(in crate::console) struct Told {
    pub(in crate::console) done: String,
    pub(in crate::console) n: Option<u64>,
}

impl Told {
    /// The same, if this browser has just done it.
    pub(in crate::console) fn by(self, cookie: Option<&str>) -> Option<Self> {
        let is_it = !self.done.is_empty() && cookie == Some(self.value().as_str());
        is_it.then_some(self)
    }

    /// The name of the cookie that says the same.
    pub(in crate::console) const fn name() -> &'static str {
        NAME
    }

    /// Takes the cookie back.
    pub(in crate::console) fn taken_back() -> HeaderValue {
        const HEADER: &str = "lull_told=; Path=/console; Max-Age=0; HttpOnly; SameSite=Strict";
        HeaderValue::from_static(HEADER)
    }

    fn value(&self) -> String {
        format!("{}.{}", self.done, self.n.unwrap_or_default())
    }

    fn write(&self, headers: &mut HeaderMap) {
        let value = self.value();
        let cookie =
            format!("{NAME}={value}; Path=/console; Max-Age={FOR}; HttpOnly; SameSite=Strict");
        if let Ok(cookie) = HeaderValue::try_from(cookie) {
            headers.append(SET_COOKIE, cookie);
        }
    }
}

/// Sends a browser to a page that tells what was done, and to how many.
pub(in crate::console) fn told(path: &str, word: &str, many: u64) -> Response {
    let told = Told {
        done: word.to_owned(),
        n: Some(many),
    };
    let mut answer = see(&after(path, word, &many.to_string()));
    told.write(answer.headers_mut());
    answer
}

/// A path that says what was done, without what an earlier act has said, and without the page that it was on: what narrows
/// it stays.
fn after(back: &str, word: &str, many: &str) -> String {
    without(
        back,
        &["done", "n", "cursor"],
        &[("done", word), ("n", many)],
    )
}

/// A path that tells nothing of what was done.
pub(in crate::console) fn without_told(path: &str) -> String {
    without(path, &["done", "n"], &[])
}

fn without(path: &str, names: &[&str], more: &[(&str, &str)]) -> String {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    let stay = pairs
        .iter()
        .filter(|(name, _)| !names.contains(&name.as_ref()));
    let mut stay: Vec<(&str, &str)> = stay.map(|(name, value)| (&**name, &**value)).collect();
    stay.extend(more);
    with_query(path, &stay)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_comes_back_is_as_narrow_as_before_and_says_what_was_done() {
        let back = "/console/dead?destination=n8n&cursor=7-0-1&done=revive&n=1";
        assert_eq!(
            after(back, "drop", "1"),
            "/console/dead?destination=n8n&done=drop&n=1"
        );
        assert_eq!(after("/console", "stop", "0"), "/console?done=stop&n=0");
        assert_eq!(without_told("/console?done=stop&n=0"), "/console");
    }

    #[test]
    fn only_who_did_it_is_told() {
        let told = || Told {
            done: "drop".to_owned(),
            n: Some(3),
        };
        assert_eq!(told().by(Some("drop.3")), Some(told()));
        assert_eq!(told().by(Some("drop.2")), None);
        assert_eq!(told().by(None), None);
        assert_eq!(Told::default().by(Some(".0")), None);
    }
}
