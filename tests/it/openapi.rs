//! The OpenAPI document says what api does, and nothing else.

mod bounds;

use reqwest::Method;
use serde_json::{Map, Value};

use crate::support::{Daemon, TestRedis};

/// Methods that a path may take.
pub(crate) const METHODS: [Method; 5] = [
    Method::GET,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
];

/// An operation of the document, and what it is called with there.
pub(crate) struct Operation {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) said: Value,
}

impl Operation {
    /// Its path with the examples of its parameters.
    pub(crate) fn example_path(&self) -> String {
        let parameters = self.said["parameters"].as_array().unwrap();
        let in_path = parameters.iter().filter(|it| it["in"] == "path");
        in_path.fold(self.path.clone(), |path, parameter| {
            let place = format!("{{{}}}", parameter["name"].as_str().unwrap());
            path.replace(&place, parameter["example"].as_str().unwrap())
        })
    }

    fn example(&self) -> Option<Value> {
        let body = self.said.get("requestBody")?;
        let example = &body["content"]["application/json"]["example"];
        assert!(!example.is_null(), "{} {}", self.method, self.path);
        Some(example.clone())
    }

    /// Whether it asks for a key, whatever its handler finds out.
    fn asks_for_a_key(&self) -> bool {
        let ways = self.said["security"].as_array().unwrap();
        !ways.is_empty() && ways.iter().all(|way| !way.as_object().unwrap().is_empty())
    }
}

async fn paths(api: &Daemon) -> Map<String, Value> {
    let (status, mut document) = api.get("/api/openapi.json").await;
    assert_eq!(status, 200);
    assert_eq!(document["openapi"], "3.1.0");
    serde_json::from_value(document["paths"].take()).unwrap()
}

pub(crate) async fn operations(api: &Daemon) -> Vec<Operation> {
    let mut all = Vec::new();
    for (path, item) in paths(api).await {
        for method in METHODS {
            let said = &item[method.as_str().to_lowercase()];
            if said.is_object() {
                let (path, said) = (path.clone(), said.clone());
                all.push(Operation { method, path, said });
            }
        }
    }
    assert!(all.len() > 60, "{}", all.len());
    all
}

#[tokio::test]
async fn every_path_of_the_document_takes_the_methods_it_says_and_no_others() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;

    let paths = paths(&api).await;
    for (path, item) in &paths {
        let real = path.replace(['{', '}'], "");
        // What the end of a path is called may also be the name of something: `/api/destinations/test`.
        let (before, _) = path.rsplit_once('/').unwrap();
        let of_name = paths.get(&format!("{before}/{{name}}"));
        for method in METHODS {
            let word = method.as_str().to_lowercase();
            let said = [Some(item), of_name].into_iter().flatten();
            let said = said.map(|item| item[&word].is_object());
            let said = said.reduce(|one, other| one || other).unwrap();
            let (_, answer) = api.request(method.clone(), &real, None).await;
            let not_taken = ["no_such_path", "method_not_allowed"];
            let taken = !not_taken.iter().any(|code| answer["code"] == *code);
            assert_eq!(taken, said, "{method} {path}: {answer}");
        }
    }
}

#[tokio::test]
async fn an_operation_asks_for_a_key_where_the_document_says_so() {
    let redis = TestRedis::start().await;
    let keys = [("API_KEYS", "panel:a-key-of-sixteen-and-more")];
    let api = Daemon::api_with(&redis, &keys).await;

    for operation in operations(&api).await {
        let Operation { method, path, .. } = &operation;
        let real = operation.example_path();
        let (status, answer) = api
            .request(method.clone(), &real, operation.example())
            .await;
        let refused = answer["code"] == "key_missing";
        let asks = operation.asks_for_a_key();
        let own_proof = path.starts_with("/api/webhook") || path == "/api/buffers/{name}/messages";
        assert!(
            refused == asks || own_proof,
            "{method} {path}: {status} {answer}"
        );
    }
}

#[tokio::test]
async fn every_example_of_a_body_works() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;

    run_examples(&api).await;
}

/// Sends the example of every body, each of which must be taken; so what the examples name is there from then on.
async fn run_examples(api: &Daemon) {
    // There is a batch to give up on.
    api.say("5511988887777", "oi", 600.0).await;
    let flush = "/api/chats/5511988887777/flush";
    assert_eq!(api.post(flush, Value::Object(Map::new())).await.0, 200);
    let mut operations = operations(api).await;
    operations.sort_by_key(|operation| match operation.path.as_str() {
        // A buffer names a destination that must be there.
        "/api/destinations" => 0,
        "/api/buffers" => 1,
        // It means the only buffer.
        "/api/webhook" => 2,
        path if path.contains('{') => 4,
        _ => 3,
    });

    for operation in operations {
        let Some(example) = operation.example() else {
            continue;
        };
        // It shows a key, and the one of the example is nobody's.
        if operation.path == "/api/session" {
            continue;
        }
        let (path, method) = (operation.example_path(), operation.method.clone());
        let (status, answer) = api.request(method, &path, Some(example)).await;
        let said = operation.said["responses"].get(status.as_str());
        assert!(status.is_success(), "{path}: {status} {answer}");
        assert!(said.is_some(), "{path} answers {status}, which is not said");
    }
}
