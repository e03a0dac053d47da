//! A Lull in which something of everything has happened, to people who do not exist, some of whom mean no good.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::daemon::SUITE_KEY;
use crate::support::system::System;
use crate::support::{Answer, Receiver, eventually};

/// The key that sees and changes everything; the client of a scene sends it.
pub(crate) const ADMIN: &str = SUITE_KEY;

/// A number that is found.
pub(crate) const ANA: &str = "5511988887777";

/// What somebody calls themselves, or writes, to do more than be read.
pub(crate) const HOSTILE: &str =
    "<script>document.title='taken'</script>\"'><img src=x onerror=\"document.title='taken'\">";

/// A Lull, and what stands for what is in braces in the paths of its pages.
pub(crate) struct Scene {
    pub(crate) system: System,
    pub(crate) names: BTreeMap<&'static str, String>,
    /// Destinations beside the default one, which fail.
    _receivers: [Receiver; 2],
}

/// A post of Evolution API, as it comes to the buffer `loja`.
pub(crate) fn evolution(number: &str, name: &str, id: &str, text: &str) -> Value {
    posted("messages.upsert", number, name, id, text, false)
}

pub(crate) fn posted(
    event: &str,
    number: &str,
    name: &str,
    id: &str,
    text: &str,
    from_me: bool,
) -> Value {
    let key = json!({"remoteJid": format!("{number}@s.whatsapp.net"), "fromMe": from_me, "id": id});
    json!({"event": event, "instance": "loja", "data": {
        "key": key, "pushName": name, "message": {"conversation": text},
        "messageType": "conversation", "messageTimestamp": 1_763_770_000,
    }})
}

impl Scene {
    /// One in which something of everything has happened.
    pub(crate) async fn full() -> Self {
        let loja = json!({"name": "loja", "source": "evolution", "window": {"wait": 300, "max_wait": 600}, "destinations": ["default"]});
        let system = System::with(&[loja]).await;
        let busy = Receiver::answering(&[], BUSY).await;
        let gone = Receiver::answering(&[], Answer::Full(410, "", HOSTILE)).await;
        for (name, receiver) in [("crm", &busy), ("antigo", &gone)] {
            system.destination(name, &receiver.url()).await;
            system.buffer(name, &[name]).await;
        }
        let mut scene = Self {
            system,
            names: BTreeMap::new(),
            _receivers: [busy, gone],
        };
        scene.was_answered().await;
        scene.waits_and_is_dead().await;
        scene.is_open().await;
        scene.was_changed().await;
        scene.is_counted().await;
        scene
    }

    async fn posts(&self, post: Value) {
        let (status, answer) = self.system.api.post("/api/webhook/loja", post).await;
        assert!(status.is_success(), "{answer}");
    }

    async fn does(&self, method: Method, path: &str, body: Value) -> Value {
        let (status, answer) = self.system.api.request(method, path, Some(body)).await;
        assert!(status.is_success(), "{path}: {answer}");
        answer
    }

    /// What an answer of the api holds by now.
    async fn holds(&self, path: &str, count: usize) -> Vec<Value> {
        let mut items = Vec::new();
        eventually(path, async || {
            let (_, answer) = self.system.api.get(path).await;
            items = answer["items"].as_array().cloned().unwrap_or_default();
            items.len() >= count
        })
        .await;
        items
    }

    /// A customer whose messages were delivered, and who was answered.
    async fn was_answered(&mut self) {
        self.posts(evolution(ANA, "Ana", "A1", "oi")).await;
        self.posts(evolution(ANA, "Ana", "A2", "qual o preço? 🙂"))
            .await;
        let flush = format!("/api/chats/{ANA}/flush?buffer=loja");
        self.does(Method::POST, &flush, json!({})).await;
        let id = self.system.default.call().await.id();
        self.holds("/api/history?status=delivered", 1).await;
        let answer = posted("send.message", ANA, "Ana", "B1", "Custa R$ 49", true);
        self.posts(answer).await;
        let (_, found) = self.system.api.get(&format!("/api/find?q={ANA}")).await;
        let token = found["people"][0]["chats"][0]["token"].as_str();
        self.names.insert("token", token.unwrap().to_owned());
        self.names.insert("webhook_id", id);
    }

    /// Chats whose batches wait for their next try, and some that were given up on.
    async fn waits_and_is_dead(&self) {
        for (buffer, user) in [
            ("crm", "5521977776666"),
            ("crm", HOSTILE),
            ("antigo", "5531966665555"),
            ("antigo", "5541955554444"),
            ("antigo", "5551944443333"),
        ] {
            let path = format!("/api/buffers/{buffer}/messages");
            let message =
                json!({"user": user, "message": HOSTILE, "sender_name": "Bruno", "ttl": 0.1});
            self.does(Method::POST, &path, message).await;
        }
        self.holds("/api/messages/dead-letter", 3).await;
        let waiting = || self.holds("/api/history?destination=crm&status=failed", 2);
        waiting().await;
    }

    /// Open windows, one of a person who means no good, and a chat that is left to a person.
    async fn is_open(&mut self) {
        let long = "é".repeat(64 * 1024);
        for (number, name, text) in [
            ("5561933332222", "Clara", "oi, tudo bem?"),
            ("5571922221111", HOSTILE, HOSTILE),
            ("5581911110000", "a\u{202e}gpj.exe", "\u{202e}\u{2066}abc"),
            (
                "5585900001111",
                "metade \u{fffd}",
                "metade de um rosto \u{fffd}",
            ),
            ("5591988880000", "Longo", long.as_str()),
        ] {
            self.posts(evolution(number, name, number, text)).await;
        }
        self.posts(evolution(
            "5562977770000",
            "Diego",
            "D1",
            "quero falar com alguém",
        ))
        .await;
        let pause = "/api/chats/5562977770000/pause?buffer=loja";
        self.does(Method::POST, pause, json!({"for": 3600})).await;
        self.posts(evolution("5562977770000", "Diego", "D2", "alguém?"))
            .await;
        // A group, and something that no gateway posts.
        let mut group = evolution("120363000000000000", "Ana", "G1", HOSTILE);
        group["data"]["key"]["remoteJid"] = json!("120363000000000000@g.us");
        self.posts(group).await;
        let nothing = json!({"hello": HOSTILE});
        let (status, _) = self.system.api.post("/api/webhook/loja", nothing).await;
        assert!(status.is_client_error(), "{status}");
        let posts = self.holds("/api/posts?result=refused", 1).await;
        let post = posts[0]["id"].as_str().unwrap();
        self.names.insert("post", post.to_owned());
        self.names.insert("buffer", "loja".to_owned());
        self.names.insert("tab", "window".to_owned());
    }

    /// A key, a message for later, a schedule.
    async fn was_changed(&mut self) {
        let key = json!({"name": "n8n", "scopes": ["ingest@loja", "read"]});
        self.does(Method::POST, "/api/keys", key).await;
        let later = json!({"user": ANA, "message": "sua mesa está livre", "delay": 86_400});
        self.does(Method::POST, "/api/message", later).await;
        let url = self.system.default.url();
        let schedule = json!({"name": "bom-dia", "cron": "30 9 * * MON-FRI", "timezone": "America/Sao_Paulo", "url": url});
        self.does(Method::POST, "/api/schedules", schedule).await;
        self.names.insert("schedule", "bom-dia".to_owned());
        self.names.insert("destination", "crm".to_owned());
    }

    /// What was counted is added up when a daemon stops: whoever comes then sees it.
    async fn is_counted(&mut self) {
        let system = &mut self.system;
        assert!(system.monitor.stop().await.success());
        assert!(system.api.stop().await.success());
        let (redis, webhook) = (&system.redis, system.default.url());
        system.api = crate::support::Daemon::api_with(redis, &[]).await;
        system.monitor = crate::support::Daemon::monitor_with(redis, &webhook, &[]).await;
    }
}

/// Not now, but in ten minutes: by chance a retry would come at once.
const BUSY: Answer = Answer::Full(503, "Retry-After: 600\r\n", HOSTILE);
