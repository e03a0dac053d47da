//! What is entered at a gateway, field by field as its own screen calls them.

use super::answers::Buffer;
use crate::console::asking::{Asking, with_query};
use crate::console::shell::Shell;
use crate::console::spelling::segment;

/// What is entered there.
#[derive(Clone, Copy)]
enum What {
    /// The address.
    Url,
    /// The address with the secret in it.
    UrlWithSecret,
    /// The secret.
    Secret,
    /// The word that Meta asks for.
    Token,
    /// On or off.
    On,
    Off,
    /// This.
    Text(&'static str),
}

/// A field of a gateway's screen: what it is called there, and what is entered.
type Entry = (&'static str, What);

const EVOLUTION: [Entry; 5] = [
    ("Enabled", What::On),
    ("URL", What::UrlWithSecret),
    ("Webhook by Events", What::Off),
    ("Webhook Base64", What::On),
    (
        "Events",
        What::Text(
            "MESSAGES_UPSERT, MESSAGES_EDITED, MESSAGES_DELETE, MESSAGES_UPDATE, SEND_MESSAGE, PRESENCE_UPDATE",
        ),
    ),
];
const EVOLUTION_GO: [Entry; 2] = [
    ("webhookUrl", What::UrlWithSecret),
    (
        "subscribe",
        What::Text("MESSAGE, SEND_MESSAGE, CHAT_PRESENCE"),
    ),
];
const WAHA: [Entry; 3] = [
    ("Webhooks → URL", What::Url),
    (
        "Events",
        What::Text("message, message.edited, message.revoked, presence.update, poll.vote"),
    ),
    ("HMAC → Key", What::Secret),
];
const ZAPI: [Entry; 3] = [
    ("Ao receber", What::UrlWithSecret),
    ("Presença do chat", What::UrlWithSecret),
    ("Notificar as enviadas por mim também", What::On),
];
const CLOUD: [Entry; 3] = [
    ("Callback URL", What::Url),
    ("Verify token", What::Token),
    ("Webhook fields", What::Text("messages")),
];
const TELEGRAM: [Entry; 3] = [
    ("url", What::Url),
    ("secret_token", What::Secret),
    (
        "allowed_updates",
        What::Text(
            r#"["message","edited_message","callback_query","business_message","edited_business_message","deleted_business_messages"]"#,
        ),
    ),
];
const TWILIO: [Entry; 2] = [
    ("A message comes in", What::Url),
    ("HTTP", What::Text("HTTP POST")),
];
const CHATWOOT: [Entry; 2] = [
    ("Webhook URL", What::Url),
    (
        "Events",
        What::Text(
            "Message created, Message updated, Conversation typing on, Conversation typing off",
        ),
    ),
];
const FIELDS: [Entry; 2] = [
    ("URL (POST, JSON)", What::Url),
    ("X-Webhook-Secret", What::Secret),
];

/// A field of the screen, as the page shows it.
pub(in crate::console::pages) struct Step {
    /// What it is called there.
    pub(in crate::console::pages) at: &'static str,
    pub(in crate::console::pages) value: String,
    /// It is copied, and not clicked.
    pub(in crate::console::pages) is_copied: bool,
    /// Names it on the page.
    pub(in crate::console::pages) id: String,
}

/// What is entered at the gateway of a buffer.
pub(in crate::console::pages) struct Steps {
    pub(in crate::console::pages) steps: Vec<Step>,
    /// Where in the gateway that is, and what to know beside.
    pub(in crate::console::pages) place: Option<String>,
    /// Who makes the secret: the gateway, where it is not somebody here.
    pub(in crate::console::pages) secret_of_gateway: Option<String>,
    /// Nobody but a key proves where posts come from.
    pub(in crate::console::pages) has_no_secret: bool,
    /// The address is one of this machine, which no gateway elsewhere reaches.
    pub(in crate::console::pages) is_local: bool,
}

impl Steps {
    /// Those of a buffer. `secret` is one that was made just now: nobody sees it again.
    pub(in crate::console::pages) fn of(
        ask: &Asking,
        shell: &Shell,
        buffer: &Buffer,
        secret: Option<&str>,
    ) -> Self {
        let origin = ask.origin();
        let url = format!("{origin}/api/webhook/{}", segment(&buffer.name));
        let words = &shell.words.buffer;
        let is_kept = buffer.secret.is_some();
        let shown = secret.map(str::to_owned);
        let shown = shown.or_else(|| is_kept.then(|| words.the_secret.clone()));
        let with_secret = match (&secret, &shown) {
            (Some(secret), _) => with_query(&url, &[("secret", secret)]),
            (None, Some(stands_for)) => format!("{url}?secret={stands_for}"),
            (None, None) => url.clone(),
        };
        let step = |(place, (at, what)): (usize, &Entry)| {
            let value = match what {
                What::Url => url.clone(),
                What::UrlWithSecret => with_secret.clone(),
                What::Secret => shown.clone().unwrap_or_else(|| words.no_secret.clone()),
                What::Token => words.the_token.clone(),
                What::On => words.tick.clone(),
                What::Off => words.untick.clone(),
                What::Text(text) => (*text).to_owned(),
            };
            let is_plain = matches!(what, What::Url | What::Text(_));
            let has_secret = matches!(what, What::UrlWithSecret | What::Secret);
            Step {
                at,
                value,
                is_copied: is_plain || (has_secret && (secret.is_some() || !is_kept)),
                id: format!("step-{place}"),
            }
        };
        let local = ["//localhost", "//127.", "//[::1]"];
        Self {
            steps: entries(&buffer.source)
                .iter()
                .enumerate()
                .map(step)
                .collect(),
            place: words_of(shell, &buffer.source),
            secret_of_gateway: shell
                .words
                .secrets_of
                .get(&buffer.source)
                .map(str::to_owned),
            has_no_secret: !is_kept && secret.is_none(),
            is_local: local.iter().any(|it| origin.contains(it)),
        }
    }
}

fn words_of(shell: &Shell, source: &str) -> Option<String> {
    shell.words.gateways.get(source).map(str::to_owned)
}

fn entries(source: &str) -> &'static [Entry] {
    match source {
        "evolution" => &EVOLUTION,
        "evolution-go" => &EVOLUTION_GO,
        "waha" => &WAHA,
        "zapi" => &ZAPI,
        "cloud" => &CLOUD,
        "telegram" => &TELEGRAM,
        "twilio" => &TWILIO,
        "chatwoot" => &CHATWOOT,
        _ => &FIELDS,
    }
}
