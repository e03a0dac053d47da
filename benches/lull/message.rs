//! What is said in the chats of a bench: the request that a gateway's workflow typically sends.

use anyhow::{Context, Result};
use lull::core::chat::{Chat, ChatId};
use lull::core::incoming::Incoming;
use lull::core::item::stored_item;
use lull::core::json::fields::json_fields;

/// All chats have ids of this length, so that all requests have the same.
pub(crate) const USER_BYTES: usize = 13;

/// The id of a chat by its number.
pub(crate) fn user(number: u64) -> String {
    format!("55119{:08}", number % 100_000_000)
}

/// The inverse of [`user`].
pub(crate) fn number(user: &str) -> Option<u64> {
    user.strip_prefix("55119")?.parse().ok()
}

/// The id of a message by its number; all have the same length.
pub(crate) fn id(number: u64) -> String {
    format!("3EB0{number:016}")
}

/// What Evolution API posts about the first message in the first chat.
pub(crate) fn evolution() -> String {
    let (user, id) = (user(0), id(0));
    format!(
        r#"{{"event":"messages.upsert","instance":"loja-centro","data":{{"key":{{"remoteJid":"{user}@s.whatsapp.net","#
    ) + &format!(
        r#""fromMe":false,"id":"{id}"}},"pushName":"Maria da Silva","status":"DELIVERY_ACK","#
    ) + r#""message":{"conversation":"Oi, tudo bem? Queria saber se o pedido de ontem já saiu para entrega 🙂"},"#
        + r#""messageType":"conversation","messageTimestamp":1763770000,"instanceId":"7f2a","source":"android"},"#
        + r#""destination":"https://lull.example.com/api/webhook/loja","date_time":"2025-11-22T00:06:40.000Z","#
        + r#""sender":"551140001234@s.whatsapp.net","server_url":"https://evolution.example.com","apikey":"B6D7"}"#
}

/// A chat by its number.
pub(crate) fn chat(number: u64) -> Result<Chat> {
    Ok(Chat::of_default(ChatId::parse(&user(number))?))
}

/// The body of a request in that chat.
pub(crate) fn body(number: u64, ttl: f64) -> String {
    let user = user(number);
    format!(
        r#"{{"user":"{user}","message":"Oi, tudo bem? Queria saber se o pedido de ontem já saiu para entrega 🙂","#
    ) + &format!(r#""ttl":{ttl},"phone":"{user}","sender_name":"Maria da Silva","id_agente":"7","#)
        + r#""numero_conectado":"551140001234","instance_id":"loja-centro","provider":"evolution","#
        + r#""server_url":"https://evolution.example.com","token":"B6D711FCDE4D4FD5936544120E713976","#
        + r#""foto":"https://cdn.example.com/v/t61.24694-24/profile.jpg?ccb=11-4","modo":"producao"}"#
}

/// The body of such a request with a message id, the first in the first chat.
pub(crate) fn identified(ttl: f64) -> String {
    body(0, ttl).replacen('{', &format!(r#"{{"message_id":"{}","#, id(0)), 1)
}

/// What of such a request goes into the window; chat and quiet window stand beside it.
pub(crate) fn item() -> Result<String> {
    item_of(&body(0, 15.0))
}

/// What goes into the window of a message whose JSON has `bytes`, with nothing passed through.
pub(crate) fn plain_item(bytes: usize) -> Result<String> {
    let text = "x".repeat(bytes.saturating_sub(r#""""#.len()));
    item_of(&format!(r#"{{"user":"{}","message":"{text}"}}"#, user(0)))
}

fn item_of(body: &str) -> Result<String> {
    let incoming = Incoming::from_fields(json_fields(body.as_bytes())?)?;
    stored_item(&incoming).context("encoding an item")
}
