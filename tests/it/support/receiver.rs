//! A webhook that records what it gets and answers by a script, down to resets and silence. It speaks HTTP by hand,
//! because no server crate lets one misbehave.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::DEADLINE;

/// How the receiver answers a call.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// With this status and an empty body.
    Status(u16),
    /// With this status, these header lines and this body.
    Full(u16, &'static str, &'static str),
    /// With this status and the body of the call.
    Echo(u16),
    /// Not at all, while the connection stays.
    Silence,
    /// By closing the connection with a reset.
    Reset,
    /// With 500 where the call holds these words, else with 200.
    RefuseWith(&'static str),
}

/// A call that arrived.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: String,
    pub(crate) at: Instant,
    pub(crate) request_line: String,
}

impl Call {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The texts in `messages`.
    pub(crate) fn messages(&self) -> Vec<String> {
        let list = self.json()["messages"].as_array().unwrap().clone();
        list.iter()
            .map(|text| text.as_str().unwrap().to_owned())
            .collect()
    }

    /// The `user`.
    pub(crate) fn user(&self) -> String {
        self.json()["user"].as_str().unwrap().to_owned()
    }

    /// The `webhook-id`.
    pub(crate) fn id(&self) -> String {
        self.headers["webhook-id"].clone()
    }
}

/// The ids and texts of calls.
type CallsByUser = BTreeMap<String, Vec<(String, Vec<String>)>>;

/// A webhook that ends with the test.
pub(crate) struct Receiver {
    address: SocketAddr,
    calls: mpsc::UnboundedReceiver<Call>,
    script: Arc<Mutex<Script>>,
    serving: JoinHandle<()>,
}

struct Script {
    next: Vec<Answer>,
    then: Answer,
}

impl Receiver {
    /// One that accepts everything.
    pub(crate) async fn start() -> Self {
        Self::answering(&[], Answer::Status(200)).await
    }

    /// One that answers by `script`, one answer a call, and then always with `then`.
    pub(crate) async fn answering(script: &[Answer], then: Answer) -> Self {
        Self::on("127.0.0.1:0".parse().unwrap(), script, then).await
    }

    /// One at a known address.
    pub(crate) async fn on(address: SocketAddr, script: &[Answer], then: Answer) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (record, calls) = mpsc::unbounded_channel();
        let next = script.iter().rev().cloned().collect();
        let script = Arc::new(Mutex::new(Script { next, then }));
        let serving = tokio::spawn(serve(listener, record, script.clone()));
        Self {
            address,
            calls,
            script,
            serving,
        }
    }

    /// What to set as `WEBHOOK_URL`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/webhook", self.address)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on answers with this.
    pub(crate) fn answer(&self, then: Answer) {
        let mut script = self.script.lock().unwrap();
        script.next.clear();
        script.then = then;
    }

    /// Answers so from here on, and then so.
    pub(crate) fn answer_with(&self, next: &[Answer], then: Answer) {
        let mut script = self.script.lock().unwrap();
        script.next = next.to_vec();
        script.then = then;
    }

    /// The next call.
    pub(crate) async fn call(&mut self) -> Call {
        timeout(DEADLINE, self.calls.recv())
            .await
            .expect("no call came")
            .unwrap()
    }

    /// Waits until so many users have been called for, and answers the id and the texts of each call, by user.
    pub(crate) async fn calls_of(&mut self, users: usize) -> CallsByUser {
        let mut calls = CallsByUser::new();
        while calls.len() < users {
            let call = self.call().await;
            let of_user = calls.entry(call.user()).or_default();
            of_user.push((call.id(), call.messages()));
        }
        calls
    }

    /// The calls that have come and were not looked at.
    pub(crate) fn calls_so_far(&mut self) -> Vec<Call> {
        std::iter::from_fn(|| self.calls.try_recv().ok()).collect()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(
    listener: TcpListener,
    record: mpsc::UnboundedSender<Call>,
    script: Arc<Mutex<Script>>,
) {
    // Ends its connections with itself.
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(connection(stream, record.clone(), script.clone()));
    }
}

async fn connection(
    stream: TcpStream,
    record: mpsc::UnboundedSender<Call>,
    script: Arc<Mutex<Script>>,
) {
    let mut stream = BufReader::new(stream);
    while let Some(call) = read(&mut stream).await {
        let answer = {
            let mut script = script.lock().unwrap();
            script.next.pop().unwrap_or_else(|| script.then.clone())
        };
        let echo = call.body.clone();
        let _ = record.send(call);
        let (status, headers, body) = match answer {
            Answer::Status(status) => (status, "", ""),
            Answer::Echo(status) => (status, "", echo.as_str()),
            Answer::RefuseWith(words) if echo.contains(words) => (500, "", ""),
            Answer::RefuseWith(_) => (200, "", ""),
            Answer::Full(status, headers, body) => (status, headers, body),
            Answer::Silence => std::future::pending().await,
            Answer::Reset => {
                stream.get_ref().set_zero_linger().unwrap();
                return;
            }
        };
        let length = body.len();
        let text =
            format!("HTTP/1.1 {status} -\r\n{headers}content-length: {length}\r\n\r\n{body}");
        if stream.write_all(text.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Call> {
    let mut request_line = String::new();
    if stream.read_line(&mut request_line).await.ok()? == 0 {
        return None;
    }
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    // A call without a body, such as a GET, need not say so.
    let length = headers.get("content-length").map_or("0", String::as_str);
    let mut body = vec![0; length.parse().ok()?];
    stream.read_exact(&mut body).await.ok()?;
    let body = String::from_utf8(body).unwrap();
    Some(Call {
        headers,
        body,
        at: Instant::now(),
        request_line: request_line.trim_end().to_owned(),
    })
}
