//! Every operation of the document, under every method, by everybody: nobody comes in who lacks what the document says,
//! and nobody is kept out who has it.

use std::collections::BTreeSet;

use lull::core::chat::Name;
use lull::core::filter::Filter;
use lull::core::scopes::Scopes;
use lull::store::Look;
use lull::store::Store;
use lull::store::api_keys::Made;
use lull::store::audit::By;
use lull::store::history::posts::{Posted, Results};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::openapi::{METHODS, Operation, operations};
use crate::support::daemon::{NO_KEY, read};
use crate::support::system::System;
use crate::support::{Daemon, eventually};

/// The buffer in the paths of the document, and the only one that is configured.
const BUFFER: &str = "loja";

/// What keys may reach: each scope, several, and each of a buffer, one of them of a buffer that nothing is about.
const SCOPES: [&str; 8] = [
    "admin",
    "read",
    "ingest",
    "ingest@default",
    "ingest@messages",
    "ingest@loja",
    "ingest@other",
    "read+ingest@other",
];

/// Somebody who calls.
#[derive(Debug)]
struct Caller {
    called: String,
    key: Option<String>,
    scopes: BTreeSet<String>,
}

/// What somebody is told who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// They come in, whatever becomes of what they ask.
    In,
    /// 401: who they are is not known.
    Unknown,
    /// 403: their key is good for other things.
    OutOfReach,
    /// 403: a page of another origin.
    Foreign,
}

/// What the document says that an operation needs.
#[derive(Debug)]
struct Need {
    /// Any of these scopes; none: no key at all.
    scopes: BTreeSet<String>,
    /// Whether this api takes it without a key.
    open: bool,
}

impl Need {
    fn of(operation: &Operation) -> Self {
        let said = &operation.said;
        let words = said["description"].as_str().unwrap();
        let words = words.rsplit("\n\n").next().unwrap();
        let ways = said["security"].as_array().unwrap();
        let any = ways.iter().any(|way| way.as_object().unwrap().is_empty());
        let open = words.starts_with("This api takes it without a key");
        if words == "Needs no key." {
            assert!(ways.is_empty(), "{}", operation.path);
            return Self {
                scopes: BTreeSet::new(),
                open: false,
            };
        }
        let (_, needs) = words.split_once("Needs the scope ").unwrap();
        let needs = needs.split(['.', ';']).next().unwrap();
        let scopes = needs.split('`').skip(1).step_by(2);
        // What names its buffer in the query names none here.
        let in_path = operation.path != "/api/current";
        let buffer = if in_path { BUFFER } else { "default" };
        let scopes: BTreeSet<_> = scopes
            .map(|scope| scope.replace("<buffer>", buffer))
            .collect();
        // A post that proves the secret of its buffer needs no key.
        let own_proof = words.contains("where the buffer has a secret");
        assert_eq!(any, open || own_proof, "{}", operation.path);
        let first = &ways[0]["bearer"][0];
        assert!(scopes.contains(first.as_str().unwrap()), "{scopes:?}");
        for status in ["401", "403", "429"] {
            assert!(said["responses"][status].is_object(), "{}", operation.path);
        }
        Self { scopes, open }
    }

    fn verdict(&self, caller: &Caller, foreign: bool) -> Verdict {
        let known = !caller.scopes.is_empty();
        let has = |scope: &String| caller.scopes.contains(scope);
        let reaches = self.scopes.iter().any(has) || has(&"admin".to_owned());
        match () {
            () if self.scopes.is_empty() => Verdict::In,
            () if self.open && foreign && !known => Verdict::Foreign,
            () if self.open || reaches => Verdict::In,
            () if known => Verdict::OutOfReach,
            () => Verdict::Unknown,
        }
    }
}

/// What an answer comes to.
fn verdict(status: StatusCode, answer: &Value) -> Verdict {
    match (status.as_u16(), answer["code"].as_str()) {
        (401, Some("key_missing" | "key_unknown")) => Verdict::Unknown,
        (403, Some("scope_missing")) => Verdict::OutOfReach,
        (403, Some("foreign_origin")) => Verdict::Foreign,
        // That it is refused for what it says shows that who says it was let in.
        _ => Verdict::In,
    }
}

/// Calls with something that changes nothing wherever it comes in: a parameter that nobody reads, and a body that is
/// none.
async fn call(
    api: &Daemon,
    method: &Method,
    path: &str,
    key: Option<&str>,
    origin: Option<&str>,
) -> (StatusCode, Value) {
    let url = api.url(&format!("{path}?nobody_reads_this=1"));
    let mut request = api.client().request(method.clone(), url);
    if let Some(key) = key {
        request = request.header("x-api-key", key);
    }
    if let Some(origin) = origin {
        request = request.header("origin", origin);
    }
    if ![Method::GET, Method::HEAD, Method::DELETE].contains(method) {
        request = request.header("content-type", "application/json").body("{");
    }
    let answer = request.send().await.unwrap();
    assert_eq!(
        answer.headers()["cache-control"],
        "no-store",
        "{method} {path}"
    );
    read(answer).await
}

/// A key in Redis.
async fn made(store: &Store, name: &str, scopes: &str) -> String {
    let name = Name::parse(name).unwrap();
    let scopes = Scopes::of_words(scopes.split('+')).unwrap();
    let made = store.keys().make(&name, &scopes, &By::default()).await;
    match made.unwrap() {
        Made::Key { secret, .. } => secret.text().to_owned(),
        Made::Exists | Made::TooMany => panic!("{name} is there"),
    }
}

/// Everybody there is: with keys in Redis, one of which is revoked by now, with a wrong one, and with none.
async fn callers(system: &System) -> Vec<Caller> {
    let mut all = Vec::new();
    for (number, scopes) in SCOPES.into_iter().enumerate() {
        all.push(Caller {
            called: scopes.to_owned(),
            key: Some(made(&system.store, &format!("walk-{number}"), scopes).await),
            scopes: scopes.split('+').map(str::to_owned).collect(),
        });
    }
    let revoked = made(&system.store, "revoked", "admin").await;
    let is_taken = async |taken: bool| {
        eventually("the key is taken, or not", async || {
            let (status, _) =
                call(&system.api, &Method::GET, "/api/keys", Some(&revoked), None).await;
            (status != 401) == taken
        })
        .await;
    };
    is_taken(true).await;
    let name = Name::parse("revoked").unwrap();
    assert!(
        system
            .store
            .keys()
            .revoke(&name, &By::default())
            .await
            .unwrap()
    );
    is_taken(false).await;
    for (called, key) in [
        ("nobody", None),
        ("a wrong key", Some("lull_0".to_owned())),
        ("a revoked key", Some(revoked)),
    ] {
        all.push(Caller {
            called: called.to_owned(),
            key,
            scopes: BTreeSet::new(),
        });
    }
    all
}

/// Walks an api with these settings; answers how often each verdict was right.
async fn walk(settings: &[(&str, &str)]) -> [usize; 4] {
    let buffer = json!({"name": BUFFER, "window": {"wait": 60}});
    let system = System::with_settings(&[buffer], settings).await;
    let callers = callers(&system).await;
    let before = system.redis.keys("*").await;
    let mut verdicts = [0; 4];
    for operation in operations(&system.api).await {
        let need = Need::of(&operation);
        let (method, path) = (&operation.method, operation.example_path());
        for caller in &callers {
            for origin in [None, Some("https://evil.example")] {
                let key = caller.key.as_deref();
                let (status, answer) = call(&system.api, method, &path, key, origin).await;
                let (is, right) = (
                    verdict(status, &answer),
                    need.verdict(caller, origin.is_some()),
                );
                assert_eq!(
                    is, right,
                    "{method} {path} by {} from {origin:?}: {status} {answer}, {need:?}",
                    caller.called
                );
                verdicts[right as usize] += 1;
                if *method == Method::GET {
                    let (head, _) = call(&system.api, &Method::HEAD, &path, key, origin).await;
                    assert_eq!(head, status, "HEAD {path} by {}", caller.called);
                }
            }
        }
    }
    // Nobody has done anything; that they were refused is listed and counted, without what they sent.
    let all = |keys: Vec<String>| {
        let ends = ["}:posts", "}:lines"];
        let comes =
            |key: &str| ends.iter().any(|it| key.ends_with(it)) || key.contains("}:samples:");
        let keys = keys.into_iter().filter(|key| !comes(key));
        keys.collect::<BTreeSet<_>>()
    };
    assert_eq!(all(system.redis.keys("*").await), all(before));
    let look = Look::first(10_000);
    let listed = system.store.history();
    let listed = listed.posts(&Filter::Everybody, &Results::Any, |_| true, look);
    for Posted { post, .. } in listed.await.unwrap().0 {
        assert_eq!(post.result, "refused", "{post:?}");
        // What is no JSON comes from somebody who may post.
        let may_post = post.code.as_deref() == Some("invalid_json");
        assert!(may_post || post.body.is_none(), "{post:?}");
    }
    verdicts
}

#[tokio::test]
async fn where_all_is_closed_nobody_comes_in_without_what_the_document_says() {
    let [_, unknown, out_of_reach, foreign] = walk(&[("OPEN_INGEST", "false")]).await;

    assert!(
        unknown > 300 && out_of_reach > 600,
        "{unknown} {out_of_reach}"
    );
    assert_eq!(foreign, 0);
}

#[tokio::test]
async fn where_messages_are_open_everybody_brings_them_but_a_foreign_page_and_nothing_else() {
    let [_, unknown, _, foreign] = walk(&[NO_KEY]).await;

    assert!(unknown > 300, "{unknown}");
    // Nobody, a wrong and a revoked key, at each endpoint that takes messages.
    assert_eq!(foreign, 3 * 10);
}

#[tokio::test]
async fn where_buffer_service_is_open_everybody_brings_its_messages_too() {
    let open = [("OPEN_INGEST", "true"), ("OPEN_BUFFER_SERVICE", "true")];
    let [_, unknown, _, foreign] = walk(&open).await;

    assert!(unknown > 300, "{unknown}");
    assert_eq!(foreign, 3 * 12);
}

#[tokio::test]
async fn a_method_that_a_path_does_not_take_lets_nobody_in() {
    let buffer = json!({"name": BUFFER, "window": {"wait": 60}});
    let system = System::with_settings(&[buffer], &[("OPEN_INGEST", "false")]).await;
    let callers = callers(&system).await;
    let operations = operations(&system.api).await;
    let paths: BTreeSet<_> = operations
        .iter()
        .map(|operation| (operation.path.clone(), operation.example_path()))
        .collect();
    let mut walked = 0;
    for (path, real) in paths {
        // What the end of a path is called may also be the name of something: `/api/destinations/test`.
        let (before, _) = path.rsplit_once('/').unwrap();
        let of_name = format!("{before}/{{name}}");
        for method in METHODS {
            let mut taken = operations.iter();
            if taken.any(|it| [&path, &of_name].contains(&&it.path) && it.method == method) {
                continue;
            }
            for caller in &callers {
                let key = caller.key.as_deref();
                let (status, answer) = call(&system.api, &method, &real, key, None).await;
                let place = format!("{method} {real} by {}: {status} {answer}", caller.called);
                match caller.called.as_str() {
                    "admin" => assert_eq!(status, 405, "{place}"),
                    _ => assert!([401, 403, 405].contains(&status.as_u16()), "{place}"),
                }
                walked += 1;
            }
        }
    }
    assert!(walked > 1_000, "{walked}");
}
