//! Who is heard: the numbers that a buffer allows, and those that it blocks.

use serde_json::{Value, json};

use super::evolution;
use crate::support::system::System;

const ANA: &str = "5511988887777";

fn buffer(lists: &Value) -> Value {
    let mut buffer =
        json!({"name": "loja", "source": "evolution", "window": {"wait": 600, "max_wait": 0}});
    for (name, list) in lists.as_object().unwrap() {
        buffer[name] = list.clone();
    }
    buffer
}

/// A text of somebody with this address.
fn from(jid: &str, id: &str) -> Value {
    let mut body = evolution(id, "oi");
    body["data"]["key"]["remoteJid"] = json!(jid);
    body
}

async fn post(system: &System, body: Value) -> Value {
    let (status, answer) = system.api.post("/api/webhook/loja", body).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

#[tokio::test]
async fn only_those_who_are_allowed_are_heard_however_their_number_is_written() {
    let lists = json!({"allow": ["+55 11 98888-7777", "15550001"]});
    let system = System::with(&[buffer(&lists)]).await;

    let own = post(&system, from("551188887777@s.whatsapp.net", "A1")).await;
    let other = post(&system, from("5511977776666@s.whatsapp.net", "A2")).await;
    let hidden = post(&system, from("99887766554433@lid", "A3")).await;

    assert_eq!(own["accepted"], 1, "{own}");
    for ignored in [other, hidden] {
        assert_eq!(ignored["accepted"], 0, "{ignored}");
        assert_eq!(ignored["ignored"], r#"a person who is not in "allow""#);
    }
    assert_eq!(
        system.windows().await,
        [("loja:551188887777".to_owned(), 1)]
    );
}

#[tokio::test]
async fn those_who_are_blocked_are_not_heard_also_under_an_alias_that_was_told_with_the_number() {
    let lists = json!({"block": ["+55 (11) 98888-7777"]});
    let system = System::with(&[buffer(&lists)]).await;
    let mut both = from("99887766554433@lid", "A1");
    both["data"]["key"]["remoteJidAlt"] = json!(format!("{ANA}@s.whatsapp.net"));

    for body in [
        both,
        from("99887766554433@lid", "A2"),
        evolution("A3", "oi"),
    ] {
        let answer = post(&system, body).await;
        assert_eq!(
            answer["ignored"], r#"a person who is in "block""#,
            "{answer}"
        );
    }
    let other = post(&system, from("5511977776666@s.whatsapp.net", "A4")).await;
    assert_eq!(other["accepted"], 1, "{other}");
}

#[tokio::test]
async fn neither_typing_nor_an_answer_of_ours_counts_for_who_is_not_heard() {
    let lists = json!({"block": [ANA], "on_own_message": "pause"});
    let system = System::with(&[buffer(&lists)]).await;
    let jid = format!("{ANA}@s.whatsapp.net");
    let typing = json!({
        "event": "presence.update", "instance": "loja",
        "data": {"id": jid, "presences": {jid.clone(): {"lastKnownPresence": "composing"}}},
    });
    let mut own = evolution("B1", "deixa comigo");
    own["data"]["key"]["fromMe"] = json!(true);
    own["data"]["source"] = json!("ios");

    for body in [typing, own] {
        let answer = post(&system, body).await;
        assert_eq!(
            answer["ignored"], r#"a person who is in "block""#,
            "{answer}"
        );
        assert_eq!(
            (&answer["held"], &answer["paused"]),
            (&Value::Null, &Value::Null)
        );
    }
}

#[tokio::test]
async fn in_a_group_it_counts_who_writes() {
    let lists = json!({"allow": [ANA], "groups": "whole"});
    let system = System::with(&[buffer(&lists)]).await;
    let in_group = |who: &str, id: &str| {
        let mut body = from("120363000000000001@g.us", id);
        body["data"]["key"]["participant"] = json!(format!("{who}@s.whatsapp.net"));
        body
    };

    assert_eq!(post(&system, in_group(ANA, "G1")).await["accepted"], 1);
    assert_eq!(
        post(&system, from("120363000000000001@g.us", "G3")).await["accepted"],
        0
    );
    assert_eq!(
        post(&system, in_group("5511977776666", "G2")).await["accepted"],
        0
    );
}

#[tokio::test]
async fn a_list_can_be_changed_at_any_time_and_says_what_is_wrong_with_it() {
    let system = System::with(&[]).await;
    let put = async |spec: Value| system.put("/api/buffers/loja", spec).await;

    let (status, made) = put(json!({"source": "evolution", "allow": ["+55 11 98888-7777"]})).await;
    assert_eq!(
        (status.as_u16(), &made["allow"]),
        (200, &json!(["+55 11 98888-7777"])),
        "{made}"
    );

    for (field, spec) in [
        (
            "allow[1]",
            json!({"source": "evolution", "allow": ["15550001", "ana"]}),
        ),
        ("block[0]", json!({"source": "evolution", "block": ["123"]})),
        ("allow", json!({"allow": ["15550001"]})),
        ("groups", json!({"groups": "whole"})),
        ("groups", json!({"source": "evolution", "groups": "some"})),
    ] {
        let (status, refusal) = put(spec).await;
        assert_eq!(
            (status.as_u16(), &refusal["field"]),
            (400, &json!(field)),
            "{refusal}"
        );
    }
}

#[tokio::test]
async fn a_trial_says_who_would_not_be_heard() {
    let system = System::with(&[buffer(&json!({"block": [ANA]}))]).await;

    let (_, tried) = system
        .api
        .post("/api/buffers/loja/try", evolution("A1", "oi"))
        .await;

    assert_eq!(
        tried[0],
        json!({"ignored": r#"a person who is in "block""#})
    );
}
