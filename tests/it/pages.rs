//! The pages of the API: all that they load is in the program, and a browser may ask no other host for anything.

use reqwest::Response;

use crate::support::{Daemon, TestRedis};

const PAGES: [&str; 3] = ["/docs", "/api/docs", "/redoc"];

async fn get(api: &Daemon, path: &str) -> Response {
    let answer = api.client().get(api.url(path)).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    answer
}

/// What stands in these attributes of a page.
fn attributes<'a>(html: &'a str, names: &[&str]) -> Vec<&'a str> {
    let of = |name: &str| {
        let start = format!(" {name}=\"");
        let values: Vec<_> = html.split(&start).skip(1).collect();
        values
    };
    let all = names.iter().flat_map(|name| of(name));
    all.map(|rest| rest.split('"').next().unwrap()).collect()
}

#[tokio::test]
async fn pages_load_what_this_program_has_and_nothing_else() {
    let redis = TestRedis::start().await;
    let keys = [("API_KEYS", "panel:a-key-of-sixteen-and-more")];
    let api = Daemon::api_with(&redis, &keys).await;

    for page in PAGES {
        let html = get(&api, page).await.text().await.unwrap();
        assert!(!html.contains("//"), "{page} names a host: {html}");
        let mut loaded = attributes(&html, &["src", "href", "data-document"]);
        loaded.retain(|place| !place.starts_with("data:"));
        assert!(loaded.len() >= 4, "{page}: {loaded:?}");
        let beside = page.rsplit_once('/').unwrap().0;
        for place in loaded {
            let file = get(&api, &format!("{beside}/{place}")).await;
            let kind = file.headers()["content-type"].to_str().unwrap().to_owned();
            let wanted = match place.rsplit_once('.').unwrap().1 {
                "js" => "text/javascript",
                "css" => "text/css",
                _ => "application/json",
            };
            assert!(kind.starts_with(wanted), "{place}: {kind}");
            assert!(file.bytes().await.unwrap().len() > 50, "{place}");
        }
    }
}

#[tokio::test]
async fn pages_cannot_be_framed_or_made_to_run_what_is_not_theirs() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;

    for page in PAGES {
        let headers = get(&api, page).await.headers().clone();
        let policy = headers["content-security-policy"].to_str().unwrap();
        for rule in [
            "default-src 'none'",
            "script-src 'self';",
            "connect-src 'self';",
            "img-src 'self' data:;",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        ] {
            assert!(policy.contains(rule), "{page}: {policy}");
        }
        assert!(!policy.contains("http"), "{page}: {policy}");
        assert_eq!(headers["x-frame-options"], "DENY");
        assert_eq!(headers["referrer-policy"], "no-referrer");
    }
    for path in ["/docs", "/api/health", "/nothing", "/redoc/nothing.js"] {
        let answer = api.client().get(api.url(path)).send().await.unwrap();
        let sniffing = answer.headers()["x-content-type-options"].to_str().unwrap();
        assert_eq!(sniffing, "nosniff", "{path}");
        assert_eq!(answer.headers()["cache-control"], "no-store", "{path}");
    }
    let script = api.url("/redoc/redoc.standalone.js");
    let script = api.client().get(script).send().await.unwrap();
    assert_eq!(script.headers()["cache-control"], "max-age=3600");
}
