//! What people send through each gateway, and what must come back to the gateway for it.

use serde_json::{Value, json};

use crate::support::Daemon;

/// A text and a voice message, by the tables of the gateways, and the calls that are made for them.
pub(super) struct Recipe {
    pub(super) gateway: &'static str,
    /// What is another in the voice message, so that it is a message of its own, whose file can be loaded.
    instead: &'static [(&'static str, &'static str)],
    answer: (&'static str, &'static str),
    loads: &'static [(&'static str, &'static str)],
}

/// `HOST` is the gateway; `SAID` what was said.
pub(super) const RECIPES: &[Recipe] = &[
    Recipe {
        gateway: "evolution",
        instead: &[("3EB0AA01", "3EB0AA02")],
        answer: (
            "POST /message/sendText/loja HTTP/1.1",
            r#"{"number": "5511988887777", "text": SAID}"#,
        ),
        loads: &[(
            "POST /chat/getBase64FromMediaMessage/loja HTTP/1.1",
            r#"{"message": {"key": {"id": "3EB0AA02"}}, "convertToMp4": false}"#,
        )],
    },
    Recipe {
        gateway: "evolution-go",
        instead: &[("AC0A03", "AC0A04"), (r#","base64":"T2dnUw==""#, "")],
        answer: (
            "POST /send/text HTTP/1.1",
            r#"{"number": "5511988887777", "text": SAID}"#,
        ),
        loads: &[(
            "POST /message/downloadmedia HTTP/1.1",
            r#"{"message": {"audioMessage": {"URL": "https://mmg.whatsapp.net/a.enc", "mimetype": "audio/ogg; codecs=opus", "fileLength": 900, "seconds": 3, "PTT": true}}}"#,
        )],
    },
    Recipe {
        gateway: "waha",
        instead: &[("AAA1", "AAA2"), ("http://waha:3000", "HOST")],
        answer: (
            "POST /api/sendText HTTP/1.1",
            r#"{"session": "default", "chatId": "5511988887777@c.us", "text": SAID}"#,
        ),
        loads: &[("GET /api/files/x HTTP/1.1", "null")],
    },
    Recipe {
        gateway: "zapi",
        instead: &[(r#""M1""#, r#""M2""#), ("https://z.example", "HOST")],
        answer: (
            "POST /instances/I1/token/T0KEN/send-text HTTP/1.1",
            r#"{"phone": "5511988887777", "message": SAID}"#,
        ),
        loads: &[("GET /a HTTP/1.1", "null")],
    },
    Recipe {
        gateway: "cloud",
        instead: &[("wamid.A1", "wamid.A2")],
        answer: (
            "POST /v23.0/P1/messages HTTP/1.1",
            r#"{"messaging_product": "whatsapp", "to": "5511988887777", "type": "text", "text": {"body": SAID}}"#,
        ),
        loads: &[
            ("GET /v23.0/F2 HTTP/1.1", "null"),
            ("GET /file HTTP/1.1", "null"),
        ],
    },
    Recipe {
        gateway: "telegram",
        instead: &[(r#""message_id":42"#, r#""message_id":43"#)],
        answer: (
            "POST /botT0KEN/sendMessage HTTP/1.1",
            r#"{"chat_id": 123456, "text": SAID}"#,
        ),
        loads: &[
            ("GET /botT0KEN/getFile?file_id=F2 HTTP/1.1", "null"),
            ("GET /file/botT0KEN/voice/1.oga HTTP/1.1", "null"),
        ],
    },
    Recipe {
        gateway: "twilio",
        instead: &[("SM1", "SM2"), ("https%3A%2F%2Fapi.twilio.example", "HOST")],
        answer: (
            "POST /2010-04-01/Accounts/AC1/Messages.json HTTP/1.1",
            r#"{"To": "whatsapp:+5511988887777", "From": "whatsapp:+551140000000", "Body": SAID}"#,
        ),
        loads: &[("GET /ME1 HTTP/1.1", "null")],
    },
    Recipe {
        gateway: "chatwoot",
        instead: &[(r#""id":77"#, r#""id":78"#), ("https://cw.example", "HOST")],
        answer: (
            "POST /api/v1/accounts/1/conversations/567/messages HTTP/1.1",
            r#"{"content": SAID, "message_type": "outgoing"}"#,
        ),
        loads: &[("GET /a.ogg HTTP/1.1", "null")],
    },
];

impl Recipe {
    /// A buffer of the gateway to a workflow takes a text and a voice message.
    pub(super) async fn say(&self, api: &Daemon, workflow: &str, host: &str) {
        let name = self.gateway;
        let destination = json!({"name": name, "url": workflow});
        let (status, told) = api.post("/api/destinations", destination).await;
        assert_eq!(status, 201, "{told}");
        let buffer = json!({
            "name": name, "source": name, "window": {"wait": 3}, "destinations": [name],
        });
        let (status, told) = api.post("/api/buffers", buffer).await;
        assert_eq!(status, 201, "{told}");
        let mut voice = self.body("a voice message");
        for (one, other) in self.instead {
            assert!(voice.contains(one), "{name}: {one} in {voice}");
            voice = voice.replace(one, other).replace("HOST", host);
        }
        for body in [self.body("a text"), voice] {
            let kind = if body.starts_with('{') {
                "application/json"
            } else {
                "application/x-www-form-urlencoded"
            };
            let post = api.client().post(api.url(&format!("/api/webhook/{name}")));
            let answer = post
                .header("content-type", kind)
                .body(body)
                .send()
                .await
                .unwrap();
            assert_eq!(answer.status(), 200, "{name}");
        }
    }

    fn body(&self, case: &str) -> String {
        let table = format!(
            "{}/tests/gateways/{}.json",
            env!("CARGO_MANIFEST_DIR"),
            self.gateway
        );
        let table: Vec<Value> =
            serde_json::from_str(&std::fs::read_to_string(table).unwrap()).unwrap();
        let case = table.iter().find(|known| known["name"] == case).unwrap();
        let form = case["form"].as_str().map(str::to_owned);
        form.unwrap_or_else(|| case["body"].to_string())
    }

    /// The calls that must come, with their bodies.
    pub(super) fn wanted(&self) -> Vec<(String, Value)> {
        let text = self.body("a text");
        let said = if text.contains("oi, tudo bem?") {
            "oi, tudo bem?\n[áudio]"
        } else {
            "oi\n[áudio]"
        };
        let said = json!(said).to_string();
        let calls = [self.answer].into_iter().chain(self.loads.iter().copied());
        let calls = calls.map(|(line, body)| {
            let body = serde_json::from_str(&body.replace("SAID", &said)).unwrap();
            (line.to_owned(), body)
        });
        calls.collect()
    }
}

/// What Meta posts for a text with this id.
pub(super) fn meta_text(id: &str) -> String {
    let message = json!({
        "from": "5511988887777", "id": id, "timestamp": "1763770000", "type": "text", "text": {"body": id},
    });
    let value = json!({
        "messaging_product": "whatsapp", "metadata": {"phone_number_id": "P1"}, "messages": [message],
    });
    json!({
        "object": "whatsapp_business_account",
        "entry": [{"id": "W", "changes": [{"field": "messages", "value": value}]}],
    })
    .to_string()
}
