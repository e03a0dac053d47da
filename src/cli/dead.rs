//! `lull dead`: batches that were given up on.

mod revive;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::Where;
use super::client::Api;
use super::output::{aligned, counted, harmless, line};
use crate::settings::Vars;

/// Look after batches that were given up on
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List them, newest first, with the reason for each
    List(List),
    /// Show one whole, with what was said
    Show(Show),
    /// Try some again: each goes back to the head of its lane, with attempts to spare
    #[command(
        after_help = "Examples:\n  lull dead revive 1763770000123-0-41\n  lull dead revive --user 5511988887777\n  lull dead revive --destination n8n --reason 'HTTP 404' --dry-run\n  lull dead revive --all"
    )]
    Revive(Box<revive::Revive>),
    /// Drop some for good
    Discard(Discard),
}

/// List them, newest first, with the reason for each
#[derive(Debug, Args)]
pub(super) struct List {
    /// Only of this chat
    #[arg(long)]
    user: Option<String>,
    /// Only of this buffer; with --user, the buffer of the chat
    #[arg(long)]
    buffer: Option<String>,
    /// How many, at most 500
    #[arg(long, default_value_t = 50, value_name = "N")]
    limit: u16,
    /// Go on where the list before ended
    #[arg(long)]
    cursor: Option<String>,
    /// Print api's answer as it is
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    at: Where,
}

/// Show one whole, with what was said
#[derive(Debug, Args)]
pub(super) struct Show {
    /// The id, as the list has it
    id: String,
    /// Print api's answer as it is
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    at: Where,
}

/// Drop some for good
#[derive(Debug, Args)]
pub(super) struct Discard {
    /// The ids, as the list has them
    #[arg(required = true)]
    ids: Vec<String>,
    /// Print the count as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    at: Where,
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    items: Vec<Letter<'a>>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Letter<'a> {
    id: String,
    webhook_id: String,
    user: String,
    buffer: String,
    destination: String,
    reason: String,
    attempts: u64,
    opened_at: String,
    closed_at: String,
    first_attempt_at: String,
    buried_at: String,
    #[serde(borrow)]
    messages: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Done {
    count: u64,
}

pub(super) async fn dead(command: Command, vars: &Vars) -> Result<()> {
    match command {
        Command::List(list) => self::list(&list, &list.at.api(vars)?).await,
        Command::Show(show) => self::show(&show, &show.at.api(vars)?).await,
        Command::Revive(revive) => revive::revive(&revive, &revive.at.api(vars)?).await,
        Command::Discard(discard) => self::discard(&discard, &discard.at.api(vars)?).await,
    }
}

async fn list(list: &List, api: &Api) -> Result<()> {
    let limit = list.limit.to_string();
    let mut query = vec![("limit", limit.as_str())];
    for (name, value) in [
        ("user", &list.user),
        ("buffer", &list.buffer),
        ("cursor", &list.cursor),
    ] {
        query.extend(value.as_deref().map(|value| (name, value)));
    }
    let answer = api.get(&["api", "messages", "dead-letter"], &query).await?;
    if list.json {
        return line(&answer.0);
    }
    let page: Page<'_> = answer.read()?;
    if page.items.is_empty() {
        return line("There are no dead letters");
    }
    let heads = [
        "ID",
        "BURIED",
        "BUFFER",
        "DESTINATION",
        "USER",
        "MESSAGES",
        "ATTEMPTS",
        "REASON",
    ];
    let mut rows = vec![heads.map(str::to_owned)];
    rows.extend(page.items.iter().map(Letter::row));
    for row in aligned(&rows) {
        line(&row)?;
    }
    match page.next_cursor {
        Some(cursor) => line(&format!("\nThere are more: --cursor {cursor}")),
        None => Ok(()),
    }
}

impl Letter<'_> {
    fn row(&self) -> [String; 8] {
        [
            self.id.clone(),
            self.buried_at.clone(),
            self.buffer.clone(),
            self.destination.clone(),
            self.user.clone(),
            self.messages.len().to_string(),
            self.attempts.to_string(),
            self.reason.clone(),
        ]
    }

    fn facts(&self) -> [[String; 2]; 10] {
        [
            ["id", &self.id],
            ["webhook-id", &self.webhook_id],
            ["user", &self.user],
            ["buffer", &self.buffer],
            ["destination", &self.destination],
            ["reason", &self.reason],
            ["opened", &self.opened_at],
            ["closed", &self.closed_at],
            ["first attempt", &self.first_attempt_at],
            ["buried", &self.buried_at],
        ]
        .map(|fact| fact.map(str::to_owned))
    }
}

async fn show(show: &Show, api: &Api) -> Result<()> {
    let answer = api.get(&["api", "dead-letter", &show.id], &[]).await?;
    if show.json {
        return line(&answer.0);
    }
    let letter: Letter<'_> = answer.read()?;
    for fact in aligned(&letter.facts()) {
        line(&fact)?;
    }
    let messages = counted(letter.messages.len().try_into()?, "message");
    line(&format!(
        "\n{messages}, {}:",
        counted(letter.attempts, "attempt")
    ))?;
    for message in letter.messages {
        // As JSON: a message may be of any kind, and of several lines.
        line(&format!("  {}", harmless(message.get())))?;
    }
    Ok(())
}

async fn discard(discard: &Discard, api: &Api) -> Result<()> {
    let mut count = 0;
    for id in &discard.ids {
        let answer = api.delete(&["api", "dead-letter", id]).await;
        count += answer.with_context(|| id.clone())?.read::<Done>()?.count;
    }
    done(count, discard.json, "dropped for good")
}

fn done(count: u64, as_json: bool, what: &str) -> Result<()> {
    if as_json {
        return line(&json!({ "count": count }).to_string());
    }
    line(&format!("{}: {what}", counted(count, "dead letter")))
}
