//! Every operation of the OpenAPI document, as it can be called.

use reqwest::Method;
use serde_json::{Map, Value};

use crate::support::Daemon;

/// An operation.
pub(crate) struct Operation {
    pub(crate) method: Method,
    /// Its path, as the document has it.
    pub(crate) path: String,
    /// That path with examples of all that must be told.
    pub(crate) real: String,
    /// The example of its body.
    pub(crate) body: Option<Value>,
    /// What the document says of its query.
    pub(crate) query: Vec<Value>,
}

/// All there are.
pub(crate) async fn operations(api: &Daemon) -> Vec<Operation> {
    let (_, document) = api.get("/api/openapi.json").await;
    let paths: Map<String, Value> = serde_json::from_value(document["paths"].clone()).unwrap();
    let mut all = Vec::new();
    for (path, item) in paths {
        for (method, said) in item.as_object().unwrap() {
            all.push(operation(&path, method, said));
        }
    }
    assert!(all.len() > 60, "{}", all.len());
    all
}

fn operation(path: &str, method: &str, said: &Value) -> Operation {
    let parameters = said["parameters"].as_array().unwrap();
    let stand_in = |place: &str| {
        let of_place = parameters.iter().filter(|it| it["in"] == place).cloned();
        of_place.collect::<Vec<_>>()
    };
    let real = stand_in("path").iter().fold(path.to_owned(), |path, it| {
        let place = format!("{{{}}}", it["name"].as_str().unwrap());
        path.replace(&place, it["example"].as_str().unwrap())
    });
    let query = stand_in("query");
    let must = query.iter().filter(|it| it["required"] == true).map(|it| {
        let example = it["example"].as_str().unwrap_or("1");
        format!("{}={example}", it["name"].as_str().unwrap())
    });
    let must: Vec<_> = must.collect();
    let body = &said["requestBody"]["content"]["application/json"]["example"];
    Operation {
        method: method.to_uppercase().parse().unwrap(),
        path: path.to_owned(),
        real: match must.as_slice() {
            [] => real,
            must => format!("{real}?{}", must.join("&")),
        },
        body: Some(body.clone()).filter(|body| !body.is_null()),
        query,
    }
}
