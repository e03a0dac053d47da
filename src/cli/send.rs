//! `lull send`: one message, as a gateway or a flow would post it.

use std::io::Read;

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::Where;
use super::output::{counted, harmless, line};
use crate::settings::Vars;

/// Say something in a chat, as a gateway would
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  lull send 5511988887777 'oi, tudo bem?'\n  lull send 5511988887777 hello --ttl 3 --field sender_name=Ana\n  lull send 5511988887777 - < long.txt"
)]
pub(super) struct Arguments {
    /// The chat: a phone number, or whatever names it
    user: String,
    /// What is said; - reads it from stdin
    message: String,
    /// Seconds of quiet that close the window; else `DEFAULT_TTL`
    #[arg(long, value_name = "SECONDS")]
    ttl: Option<f64>,
    /// It leaves by itself, so many seconds from now
    #[arg(long, value_name = "SECONDS", conflicts_with = "ttl")]
    delay: Option<f64>,
    /// An id: the same one again within a day changes nothing
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// A further field, passed through to the webhook; may be given several times
    #[arg(long = "field", value_name = "NAME=VALUE", value_parser = field)]
    fields: Vec<(String, String)>,
    /// A buffer that takes user and message; else default
    #[arg(long, value_name = "NAME")]
    buffer: Option<String>,
    /// Print api's answer as it is
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    at: Where,
}

#[derive(Deserialize)]
struct Accepted {
    #[serde(default)]
    buffered: u64,
    #[serde(default)]
    expires_in: f64,
    send_at: Option<String>,
    #[serde(default)]
    duplicate: bool,
    #[serde(default)]
    repeated: bool,
    #[serde(default)]
    paused: bool,
}

pub(super) async fn send(arguments: Arguments, vars: &Vars) -> Result<()> {
    let api = arguments.at.api(vars)?;
    let path = match &arguments.buffer {
        None => vec!["api", "message"],
        Some(name) => vec!["api", "buffers", name, "messages"],
    };
    let answer = api.post(&path, &body(&arguments)?).await?;
    if arguments.json {
        return line(&answer.0);
    }
    line(&said(&answer.read()?, &arguments.user))
}

fn body(arguments: &Arguments) -> Result<Map<String, Value>> {
    let mut body = Map::new();
    for (name, value) in &arguments.fields {
        body.insert(name.clone(), value.as_str().into());
    }
    body.insert("user".to_owned(), arguments.user.as_str().into());
    body.insert("message".to_owned(), message(&arguments.message)?.into());
    for (name, seconds) in [("ttl", arguments.ttl), ("delay", arguments.delay)] {
        body.extend(seconds.map(|seconds| (name.to_owned(), seconds.into())));
    }
    if let Some(id) = &arguments.id {
        body.insert("message_id".to_owned(), id.as_str().into());
    }
    Ok(body)
}

fn message(given: &str) -> Result<String> {
    if given != "-" {
        return Ok(given.to_owned());
    }
    let mut text = String::new();
    let read = std::io::stdin().read_to_string(&mut text);
    read.context("reading the message from stdin")?;
    let text = text.trim_end_matches(['\r', '\n']);
    ensure!(!text.is_empty(), "stdin holds no message");
    Ok(text.to_owned())
}

fn said(accepted: &Accepted, user: &str) -> String {
    let user = harmless(user);
    if accepted.paused {
        return format!(
            "Dropped: the chat {user} is paused for {:.0} s more",
            accepted.expires_in
        );
    }
    let done = match (accepted.duplicate, accepted.repeated) {
        (true, _) => "Known by its id, nothing changed",
        (_, true) => "Dropped, because it repeats the last",
        _ => "Buffered",
    };
    if let Some(at) = &accepted.send_at {
        return format!("{done}: leaves by itself at {at}");
    }
    if accepted.buffered == 0 {
        return done.to_owned();
    }
    format!(
        "{done}: {} of {user}, to leave in {:.1} s if nothing more is said",
        counted(accepted.buffered, "message"),
        accepted.expires_in
    )
}

fn field(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("must be such as sender_name=Ana".to_owned()),
    }
}
