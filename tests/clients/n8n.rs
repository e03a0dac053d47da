//! A real n8n that does what the pages say: it reads what was said out of a delivery, answers through the gateway, loads
//! media, and passes on what came to it. What the pages say is taken from them to the letter, but for names of hosts,
//! tokens and keys.

mod page;
mod recipes;

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use lull_kit::process::{Process, free_port};
use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program;
use crate::support::{self, Answer, Daemon, Receiver, TestRedis, eventually};
use page::{Body, Call, Page};
use recipes::{RECIPES, Recipe};

/// It starts slowly where others work too.
const MOST: Duration = Duration::from_secs(240);

/// An n8n that ends with this.
struct N8n {
    port: u16,
    _process: Process,
    folder: TempDir,
}

impl N8n {
    /// One that works with these workflows, each of which has a webhook that is called as it is.
    async fn start(workflows: &[Value]) -> Self {
        let (port, folder) = (free_port().unwrap(), tempfile::tempdir().unwrap());
        let mut n8n = Self::command(&folder, port);
        fs::create_dir(folder.path().join("workflows")).unwrap();
        for workflow in workflows {
            let file = format!("workflows/{}.json", workflow["id"].as_str().unwrap());
            fs::write(folder.path().join(file), workflow.to_string()).unwrap();
        }
        let run = |arguments: &[&str]| {
            let done = Self::command(&folder, port).args(arguments).output();
            let done = done.unwrap();
            let said = String::from_utf8_lossy(&done.stdout);
            assert!(done.status.success(), "{arguments:?}: {said}");
        };
        run(&["import:workflow", "--separate", "--input=workflows"]);
        for workflow in workflows {
            let id = workflow["id"].as_str().unwrap();
            run(&["publish:workflow", &format!("--id={id}")]);
        }
        let log = fs::File::create(folder.path().join("log")).unwrap();
        n8n.arg("start")
            .stdout(Stdio::from(log.try_clone().unwrap()))
            .stderr(Stdio::from(log));
        let process = Process::start(&mut n8n).unwrap();
        let n8n = Self {
            port,
            _process: process,
            folder,
        };
        n8n.until_it_knows(workflows).await;
        n8n
    }

    fn command(folder: &TempDir, port: u16) -> Command {
        let mut n8n = Command::new(program("N8N"));
        n8n.current_dir(folder.path())
            .env("HOME", folder.path())
            .env("N8N_USER_FOLDER", folder.path())
            .env("N8N_LISTEN_ADDRESS", "127.0.0.1")
            .env("N8N_PORT", port.to_string())
            .env("N8N_RUNNERS_BROKER_PORT", free_port().unwrap().to_string())
            // The default wants a newer Node.js than distributions have.
            .env("N8N_EXPRESSION_ENGINE", "legacy")
            .env("N8N_DIAGNOSTICS_ENABLED", "false")
            .env("N8N_VERSION_NOTIFICATIONS_ENABLED", "false")
            .env("N8N_TEMPLATES_ENABLED", "false")
            .env("N8N_SECURE_COOKIE", "false")
            .env("N8N_ENFORCE_SETTINGS_FILE_PERMISSIONS", "false");
        n8n
    }

    /// It is ready when it knows the webhooks of all workflows, not when it says that it is well.
    async fn until_it_knows(&self, workflows: &[Value]) {
        let (began, client) = (Instant::now(), Client::new());
        for workflow in workflows {
            let url = self.webhook(workflow["id"].as_str().unwrap());
            // That asks for nothing to be done: a webhook that it knows is one for POST.
            let is_known = async || {
                let Ok(answer) = client.get(&url).send().await else {
                    return false;
                };
                let told = answer.text().await.unwrap();
                told.contains("not registered for GET requests")
            };
            while !is_known().await {
                assert!(began.elapsed() < MOST, "not known: {url}: {}", self.log());
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }

    fn webhook(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/webhook/{path}", self.port)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }
}

/// A workflow of a webhook and of what follows it; each node behind another.
fn workflow(id: &str, chains: &[Vec<Value>]) -> Value {
    let mut nodes = vec![json!({
        "name": "Webhook", "type": "n8n-nodes-base.webhook", "typeVersion": 2, "webhookId": id,
        "parameters": {"httpMethod": "POST", "path": id, "responseMode": "onReceived"},
    })];
    let mut connections = json!({"Webhook": {"main": [[]]}});
    for chain in chains {
        let mut before = "Webhook".to_owned();
        for node in chain {
            let name = node["name"].as_str().unwrap().to_owned();
            if connections[&before].is_null() {
                connections[&before] = json!({"main": [[]]});
            }
            let behind = connections[&before]["main"][0].as_array_mut().unwrap();
            behind.push(json!({"node": name, "type": "main", "index": 0}));
            nodes.push(node.clone());
            before = name;
        }
    }
    for (number, node) in nodes.iter_mut().enumerate() {
        node["id"] = json!(format!("{id}-{number}"));
        node["position"] = json!([number * 200, 0]);
    }
    json!({
        "id": id, "name": id, "nodes": nodes, "connections": connections, "active": false,
        "settings": {"executionOrder": "v1"},
    })
}

/// The node of what the bot would do: it says what was said.
fn bot(said: &str) -> Value {
    let output =
        json!({"id": "1", "name": "output", "type": "string", "value": format!("={said}")});
    json!({
        "name": "Bot", "type": "n8n-nodes-base.set", "typeVersion": 3.4,
        "parameters": {"assignments": {"assignments": [output]}, "options": {}},
    })
}

fn code(text: &str) -> Value {
    json!({
        "name": "Code", "type": "n8n-nodes-base.code", "typeVersion": 2, "parameters": {"jsCode": text},
    })
}

/// An HTTP Request node, set as a page says.
fn http_request(name: &str, call: &Call) -> Value {
    let mut parameters =
        json!({"method": call.method, "url": format!("={}", call.url), "options": {}});
    match &call.body {
        Body::Json(body) => {
            parameters["sendBody"] = json!(true);
            parameters["specifyBody"] = json!("json");
            parameters["jsonBody"] = json!(format!("={body}"));
        }
        Body::Form(fields) => {
            let fields = fields
                .iter()
                .map(|(name, value)| json!({"name": name, "value": format!("={value}")}));
            parameters["sendBody"] = json!(true);
            parameters["contentType"] = json!("form-urlencoded");
            parameters["bodyParameters"] = json!({"parameters": fields.collect::<Vec<_>>()});
        }
        Body::None => {}
    }
    if call.answers_file {
        parameters["options"] = json!({"response": {"response": {"responseFormat": "file"}}});
    }
    json!({
        "name": name, "type": "n8n-nodes-base.httpRequest", "typeVersion": 4.2, "parameters": parameters,
    })
}

/// The workflow of a gateway's page: it answers, and it loads all media.
fn of_page(recipe: &Recipe, gateway: &str) -> Value {
    let page = Page::of_gateway(recipe.gateway).with_hosts(gateway);
    let answer = http_request("Answer", &page.answer());
    let mut loads = vec![code(page.media_code())];
    for (number, load) in page.loads().iter().enumerate() {
        loads.push(http_request(&format!("Load {number}"), load));
    }
    workflow(recipe.gateway, &[vec![bot(page.said()), answer], loads])
}

#[tokio::test]
async fn n8n_answers_and_loads_media_as_the_pages_say() {
    let redis = TestRedis::start().await;
    // What Telegram and Meta tell of a file.
    let told = r#"{"result": {"file_path": "voice/1.oga"}, "url": "GATEWAY/file"}"#;
    let mut gateway = Receiver::start().await;
    let base = format!("http://{}", gateway.address());
    let told = told.replace("GATEWAY", &base).leak();
    gateway.answer(Answer::Full(
        200,
        "content-type: application/json\r\n",
        told,
    ));
    let api = Daemon::api(&redis).await;

    let mut workflows: Vec<_> = RECIPES
        .iter()
        .map(|recipe| of_page(recipe, &base))
        .collect();
    let page = Page::of_delivery();
    let echoed = json!({
        "name": "Echo", "type": "n8n-nodes-base.httpRequest", "typeVersion": 4.2,
        "parameters": {
            "method": "POST", "url": format!("{base}/echo"), "sendBody": true, "specifyBody": "json",
            "jsonBody": format!("={{{{ {{ \"said\": {}, \"who\": {}, \"seen\": `{}` }} }}}}",
                page.expression("What was said is "), page.expression("who said it is "),
                page.text("`INCR` on ").replace("{{ ", "${").replace(" }}", "}")),
            "options": {},
        },
    });
    workflows.push(workflow("plain", &[vec![echoed]]));
    let pass_on = |whole: &str| {
        json!({
            "name": "Lull", "type": "n8n-nodes-base.httpRequest", "typeVersion": 4.2,
            "parameters": {
                "method": "POST", "url": api.url("/api/webhook/meta"), "sendBody": true,
                "specifyBody": "json", "jsonBody": format!("={whole}"), "options": {},
            },
        })
    };
    let forwarded = Page::of_gateways();
    for (number, whole) in forwarded.wholes().into_iter().enumerate() {
        let id = format!("forward-{number}");
        workflows.push(workflow(&id, &[vec![pass_on(whole)]]));
    }
    let n8n = N8n::start(&workflows).await;
    let _monitor = Daemon::monitor(&redis, &n8n.webhook("plain")).await;

    // What n8n got from Meta comes to Lull as it is.
    let buffer = json!({"name": "meta", "source": "cloud", "window": {"wait": 600}});
    assert_eq!(api.post("/api/buffers", buffer).await.0, 201);
    for number in 0..forwarded.wholes().len() {
        let post = recipes::meta_text(&format!("wamid.F{number}"));
        let passed_on = Client::new()
            .post(n8n.webhook(&format!("forward-{number}")))
            .header("content-type", "application/json")
            .body(post);
        assert_eq!(passed_on.send().await.unwrap().status(), 200);
    }
    let all = json!(forwarded.wholes().len());
    eventually("what n8n passes on is taken", async || {
        let (_, chats) = api.get("/api/chats?buffer=meta").await;
        chats["items"][0]["messages"] == all
    })
    .await;

    for recipe in RECIPES {
        recipe.say(&api, &n8n.webhook(recipe.gateway), &base).await;
    }
    for text in ["oi", "tchau"] {
        api.say("ana", text, 3.0).await;
    }

    let mut wanted: Vec<(String, Value)> =
        RECIPES.iter().flat_map(|recipe| recipe.wanted()).collect();
    wanted.push((
        "POST /echo HTTP/1.1".to_owned(),
        json!({"said": "oi\ntchau", "who": "ana"}),
    ));
    while !wanted.is_empty() {
        let call = gateway.call().await;
        let mut body = body_of(&call);
        // The id of a delivery differs each time.
        if let Some(seen) = body.as_object_mut().and_then(|body| body.remove("seen")) {
            let id = seen.as_str().unwrap().strip_prefix("seen:").unwrap();
            assert!(!["", "undefined"].contains(&id), "{seen}");
        }
        let came = (call.request_line.clone(), body);
        let Some(found) = wanted.iter().position(|wanted| *wanted == came) else {
            panic!("came: {came:#?}\nwanted: {wanted:#?}");
        };
        wanted.remove(found);
    }
}

/// JSON, a form as an object, or nothing.
fn body_of(call: &support::receiver::Call) -> Value {
    let is_form = call
        .headers
        .get("content-type")
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    if is_form {
        let pairs = form_urlencoded::parse(call.body.as_bytes());
        pairs
            .map(|(name, value)| (name.into_owned(), json!(value)))
            .collect::<serde_json::Map<_, _>>()
            .into()
    } else if call.body.is_empty() {
        Value::Null
    } else {
        call.json()
    }
}
