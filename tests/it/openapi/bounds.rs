//! The bounds that the document names are those that hold: what lies at one is taken, and what lies beyond is refused by
//! the name of its field. Fields of bodies, parameters and headers are found in the document, so none is left out.

use reqwest::{Method, RequestBuilder, Url};
use serde_json::{Map, Value, json};

use super::{Operation, operations, run_examples};
use crate::support::refusal::Refusal;
use crate::support::{Daemon, TestRedis};

/// The longest that any time may be.
const TEN_YEARS: f64 = 315_360_000.0;

/// What has to stand beside a field for its bounds to be reached.
fn beside(field: &str) -> Vec<(&'static [&'static str], Value)> {
    match field {
        "retry.first" => vec![(&["retry", "cap"], json!(TEN_YEARS))],
        "retry.cap" => vec![(&["retry", "first"], json!(0.001))],
        "verify_token" => vec![(&["source"], json!("cloud"))],
        "allow" | "block" => vec![(&["source"], json!("evolution"))],
        "stream" => a_stream().into(),
        "max_len" => [&a_stream()[..], &[(&["stream"], json!("s"))]].concat(),
        "exchange" => an_exchange().into(),
        _ => Vec::new(),
    }
}

fn an_exchange() -> [(&'static [&'static str], Value); 3] {
    let url = json!("amqp://127.0.0.1:9/");
    let key = (&["routing_key"][..], json!("k"));
    [(&["kind"], json!("amqp")), (&["url"], url), key]
}

fn a_stream() -> [(&'static [&'static str], Value); 2] {
    let url = json!("redis://127.0.0.1:9/");
    [(&["kind"], json!("redis-stream")), (&["url"], url)]
}

/// A bound: the last value that it takes, and one that it does not.
struct Bound {
    at: Value,
    beyond: Value,
}

/// The parameters without which a query is none, but for one, each with its example.
fn needed<'a>(parameters: &'a [Value], but: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let needed = parameters.iter();
    let needed = needed.filter(|it| it["in"] == "query" && it["required"] == true);
    let named = needed.filter_map(|it| Some((it["name"].as_str()?, it["example"].as_str()?)));
    named.filter(move |(name, _)| *name != but)
}

/// Something that has bounds.
struct Field {
    /// Where it stands in the body, such as `window.wait`; the name of a parameter.
    path: Vec<String>,
    /// What the document says of it, or of each of its items.
    schema: Value,
    /// The bounds are those of its items.
    of_items: bool,
}

impl Field {
    fn name(&self) -> String {
        self.path.join(".")
    }

    fn bounds(&self) -> Vec<Bound> {
        let mut bounds = bounds_of(&self.schema);
        if self.of_items {
            for Bound { at, beyond } in &mut bounds {
                (*at, *beyond) = (json!([at]), json!([beyond]));
            }
        }
        bounds
    }
}

/// All bounds that a schema names.
fn bounds_of(schema: &Value) -> Vec<Bound> {
    let mut found = Vec::new();
    let mut add = |at: Value, beyond: Value| found.push(Bound { at, beyond });
    let types = schema["type"].to_string();
    let step = if types.contains("integer") {
        1.0
    } else {
        0.0001
    };
    let number = |number: f64| match number.fract() == 0.0 {
        true => json!(format!("{number:.0}").parse::<i64>().unwrap()),
        false => json!(number),
    };
    if let Some(least) = schema["minimum"].as_f64() {
        add(number(least), number(least - step));
    }
    if let Some(most) = schema["maximum"].as_f64() {
        add(number(most), number(most + step));
    }
    if schema["format"] == "int64" && schema["maximum"].is_null() {
        add(json!(i64::MAX), json!(i64::MAX.unsigned_abs() + 1));
    }
    if let Some(least) = schema["minLength"].as_u64() {
        add(json!(text(least)), json!(text(least - 1)));
    }
    if let Some(most) = schema["maxLength"].as_u64() {
        add(json!(text(most)), json!(text(most + 1)));
    }
    if is_name(schema) {
        add(json!(text(1)), json!(text(0)));
        add(json!(text(64)), json!(text(65)));
    }
    if let Some(least) = schema["minItems"].as_u64() {
        add(items(schema, least), items(schema, least - 1));
    }
    if let Some(most) = schema["maxItems"].as_u64() {
        add(items(schema, most), items(schema, most + 1));
    }
    found
}

/// The same whole number as some clients write it: to JSON 10 and 10.0 are one.
fn with_a_point(value: &Value) -> Option<Value> {
    match value {
        Value::Number(number) if !number.is_f64() => {
            let number = number.as_f64().filter(|it| *it < 9e15)?;
            Some(json!(number))
        }
        Value::Array(items) => {
            let items: Option<Vec<_>> = items.iter().map(with_a_point).collect();
            items.filter(|it| !it.is_empty()).map(Value::from)
        }
        _ => None,
    }
}

fn text(length: u64) -> String {
    "x".repeat(length.try_into().unwrap())
}

/// The pattern of a name says how long one may be.
fn is_name(schema: &Value) -> bool {
    let pattern = schema["pattern"].as_str().unwrap_or_default();
    pattern.ends_with("[a-z0-9_-]{1,64}$")
}

/// So many items, which are all different, and of the kind that the document asks for.
fn items(schema: &Value, count: u64) -> Value {
    let kind = &schema["items"];
    let of_scopes = kind["pattern"]
        .as_str()
        .is_some_and(|it| it.contains("ingest@"));
    let of_numbers = kind["pattern"]
        .as_str()
        .is_some_and(|it| it.contains("[0-9]){4,20}"));
    let item = |at| match kind["type"].as_str() {
        Some("number") => json!(at),
        Some("integer") => json!(at + 1),
        _ if of_numbers => json!(format!("+55 11 9{at:08}")),
        _ if of_scopes => json!(format!("ingest@item-{at}")),
        _ => json!(format!("item-{at}")),
    };
    (0..count).map(item).collect()
}

/// The schemas of the document.
struct Schemas(Map<String, Value>);

impl Schemas {
    /// A schema itself, where another points at it; of what may be null, what it is else.
    fn resolved(&self, schema: &Value) -> Value {
        let mut schema = schema.clone();
        if let Some(either) = schema["oneOf"].as_array() {
            schema = either.first().unwrap().clone();
        }
        if let Some(name) = schema["$ref"].as_str() {
            schema = self.0[name.rsplit('/').next().unwrap()].clone();
        }
        if schema["items"].is_object() {
            schema["items"] = self.resolved(&schema["items"]);
        }
        schema
    }

    /// The fields below a schema that have bounds.
    fn fields(&self, schema: &Value, above: &[String]) -> Vec<Field> {
        let schema = self.resolved(schema);
        let mut found = Vec::new();
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let schema = self.resolved(property);
            let path: Vec<_> = above.iter().chain([name]).cloned().collect();
            found.extend(self.fields(&schema, &path));
            for (schema, of_items) in [(schema["items"].clone(), true), (schema, false)] {
                let path = path.clone();
                found.push(Field {
                    path,
                    schema,
                    of_items,
                });
            }
        }
        found.retain(|field| !bounds_of(&field.schema).is_empty());
        found
    }

    /// What has only the fields without which it cannot be.
    fn least(&self, schema: &Value) -> Value {
        let schema = self.resolved(schema);
        let required = schema["required"].as_array().into_iter().flatten();
        let names = required.map(|name| name.as_str().unwrap().to_owned());
        let with_value = names.map(|name| {
            let field = self.resolved(&schema["properties"][&name]);
            let value = match (field["format"].as_str(), field["minItems"].as_u64()) {
                (Some("destination"), _) => json!("default"),
                (_, Some(least)) => items(&field, least),
                _ => field["minimum"].clone(),
            };
            (name, value)
        });
        Value::Object(with_value.collect())
    }

    /// The body with the field set, and what it stands in made where that is not there.
    fn with(&self, body: &mut Value, schema: &Value, path: &[String], value: Value) {
        let [name, rest @ ..] = path else {
            *body = value;
            return;
        };
        let schema = self.resolved(schema);
        let inner = &schema["properties"][name];
        if !rest.is_empty() && !body[name].is_object() {
            body[name] = self.least(inner);
        }
        self.with(&mut body[name], inner, rest, value);
    }
}

/// Requests that have a value at a bound or beyond it.
struct Trial<'a> {
    api: &'a Daemon,
    operation: &'a Operation,
    field: String,
    /// What is at a bound may find nothing, and what can be no name names nothing.
    is_name: bool,
}

impl Trial<'_> {
    /// What is said of a request that is answered as it must not be.
    async fn wrong(&self, request: RequestBuilder, value: &Value, fits: bool) -> Option<String> {
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let Operation { method, path, .. } = self.operation;
        let mut value = value.to_string();
        value.truncate(40);
        let what = format!("{method} {path}: {} = {value}", self.field);
        if fits {
            let taken = status.is_success() || status == 404 || self.is_name && status == 409;
            return match taken {
                true => None,
                false => Some(format!("{what}: {}", answer.text().await.unwrap())),
            };
        }
        if self.is_name && status == 404 {
            return None;
        }
        if status != 400 {
            return Some(format!("{what}: {status}"));
        }
        let refusal = Refusal::of(answer).await;
        let codes = ["invalid_field", "invalid_request"];
        let is_named = refusal.field.as_ref() == Some(&self.field);
        let right = is_named && codes.contains(&&*refusal.code);
        (!right).then(|| format!("{what}: {refusal:?}"))
    }
}

/// A body with a name of its own, where the name is what makes it new.
fn renewed(mut body: Value, operation: &Operation, count: usize) -> Value {
    if operation.method == Method::POST && body["name"].is_string() {
        body["name"] = json!(format!("new-{count}"));
    }
    body
}

async fn schemas(api: &Daemon) -> Schemas {
    let (_, mut document) = api.get("/api/openapi.json").await;
    Schemas(serde_json::from_value(document["components"]["schemas"].take()).unwrap())
}

#[tokio::test]
async fn the_bounds_of_every_field_of_a_body_are_those_that_hold() {
    hold_in_bodies(&[]).await;
}

#[tokio::test]
async fn a_bound_that_a_setting_decides_is_that_of_the_api_that_sends_the_document() {
    hold_in_bodies(&[("MAX_TTL", "600"), ("MESSAGE_MAX_LENGTH", "50")]).await;
}

async fn hold_in_bodies(settings: &[(&str, &str)]) {
    let redis = TestRedis::start().await;
    let api = Daemon::api_with(&redis, settings).await;
    let schemas = schemas(&api).await;
    run_examples(&api).await;
    // A buffer names destinations that are there.
    for at in 0..16 {
        let destination = json!({ "name": format!("item-{at}"), "url": "http://127.0.0.1:9/" });
        assert_eq!(api.post("/api/destinations", destination).await.0, 201);
    }

    let (mut tried, mut wrong) = (0, Vec::new());
    for operation in operations(&api).await {
        let Some(example) = operation.example() else {
            continue;
        };
        // What fits is nobody's key all the same, and an address may try five a minute.
        if operation.path == "/api/session" {
            continue;
        }
        let schema = &operation.said["requestBody"]["content"]["application/json"]["schema"];
        for field in schemas.fields(schema, &[]) {
            let name = field.name();
            // Its example posts what no gateway does; the same fields are tried where a buffer is written.
            let of_gateway = beside(&name).iter().any(|(path, _)| *path == ["source"]);
            if of_gateway && operation.path == "/api/buffers/try" {
                continue;
            }
            let trial = Trial {
                api: &api,
                operation: &operation,
                is_name: is_name(&field.schema),
                field: name.clone(),
            };
            for Bound { at, beyond } in field.bounds() {
                let pointed = with_a_point(&at).map(|value| (value, true));
                let values = [(at, true), (beyond, false)].into_iter().chain(pointed);
                for (value, fits) in values {
                    let mut body = renewed(example.clone(), &operation, tried);
                    schemas.with(&mut body, schema, &field.path, value.clone());
                    for (path, value) in beside(&name) {
                        *path.iter().fold(&mut body, |at, name| &mut at[name]) = value;
                    }
                    let url = trial.api.url(&operation.example_path());
                    let request = api.client().request(operation.method.clone(), url);
                    let request = request.header("content-type", "application/json");
                    let request = request.body(body.to_string());
                    wrong.extend(trial.wrong(request, &value, fits).await);
                    tried += 1;
                }
            }
        }
    }

    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(tried > 350, "{tried}");
}

#[tokio::test]
async fn the_bounds_of_every_parameter_are_those_that_hold() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let schemas = schemas(&api).await;
    run_examples(&api).await;

    let (mut tried, mut wrong) = (0, Vec::new());
    for operation in operations(&api).await {
        let parameters = operation.said["parameters"].as_array().unwrap();
        for parameter in parameters.iter().filter(|it| it["in"] != "path") {
            let name = parameter["name"].as_str().unwrap();
            let schema = schemas.resolved(&parameter["schema"]);
            let trial = Trial {
                api: &api,
                operation: &operation,
                field: name.to_owned(),
                is_name: is_name(&schema),
            };
            for Bound { at, beyond } in bounds_of(&schema) {
                for (value, fits) in [(at, true), (beyond, false)] {
                    let text = value
                        .as_str()
                        .map_or_else(|| value.to_string(), str::to_owned);
                    let stands = parameter["in"].as_str().unwrap();
                    let query = (stands == "query").then_some((name, text.as_str()));
                    let query = query.into_iter().chain(needed(parameters, name));
                    let url = trial.api.url(&operation.example_path());
                    let url = Url::parse_with_params(&url, query).unwrap();
                    let mut request = api.client().request(operation.method.clone(), url);
                    if let Some(example) = operation.example() {
                        request = request.header("content-type", "application/json");
                        request = request.body(example.to_string());
                    }
                    if stands == "header" {
                        request = request.header(name, text);
                    }
                    wrong.extend(trial.wrong(request, &value, fits).await);
                    tried += 1;
                }
            }
        }
    }

    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(tried > 100, "{tried}");
}
