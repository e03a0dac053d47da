//! Who wrote in a group is found by their number, whether the group is one chat or is ignored.

use std::time::Duration;

use redis::AsyncCommands;
use serde_json::{Value, json};

use super::evolution;
use crate::support::system::System;

const GROUP: &str = "120363000000000001@g.us";
const ANA: &str = "5511988887777";
const BIA: &str = "5511977776666";
const LID: &str = "99887766554433@lid";

fn buffer(name: &str, groups: &str) -> Value {
    json!({"name": name, "source": "evolution", "groups": groups, "window": {"wait": 600, "max_wait": 0}})
}

/// Posts what Evolution tells of a text in the group; answers what became of it.
async fn say(system: &System, buffer: &str, who: &str, id: &str) -> Value {
    let mut body = evolution(id, id);
    body["data"]["key"] =
        json!({"remoteJid": GROUP, "fromMe": false, "id": id, "participant": who});
    let path = format!("/api/webhook/{buffer}");
    let (status, answer) = system.api.post(&path, body).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

fn jid(number: &str) -> String {
    format!("{number}@s.whatsapp.net")
}

async fn find(system: &System, q: &str) -> Value {
    system.api.get(&format!("/api/find?q={q}")).await.1["people"].take()
}

async fn not_answered(system: &System, chat: &str, buffer: &str) -> Value {
    let path = format!("/api/chats/{chat}/story?buffer={buffer}");
    let (status, mut story) = system.api.get(&path).await;
    assert_eq!(status, 200, "{story}");
    story["verdict"]["not_answered"].take()
}

/// What the index of people holds of groups.
async fn entries(system: &System) -> u64 {
    let mut raw = system.redis.raw().await;
    let mut all = 0;
    for key in system.redis.keys("lull:*:writers").await {
        all += raw.zcard::<_, u64>(key).await.unwrap();
    }
    for key in system.redis.keys("lull:*:people").await {
        let people: Vec<String> = raw.zrange(key, 0, -1).await.unwrap();
        let of_groups = people.iter().filter(|it| it.contains(['@', '~']));
        all += u64::try_from(of_groups.count()).unwrap();
    }
    all
}

#[tokio::test]
async fn who_wrote_in_a_group_that_is_one_chat_is_found_with_it() {
    let mut allowing = buffer("picky", "whole");
    allowing["allow"] = json!([ANA]);
    let system = System::with(&[buffer("whole", "whole"), allowing]).await;
    for (who, id) in [(ANA, "um"), (ANA, "dois"), (BIA, "três")] {
        say(&system, "whole", &jid(who), id).await;
    }
    say(&system, "whole", LID, "quatro").await;
    let again = say(&system, "whole", &jid(ANA), "um").await;
    assert_eq!(again["duplicates"], 1, "{again}");
    let chat = format!("loja:{GROUP}");

    let found = find(&system, "98888-7777").await;
    assert_eq!(found.as_array().unwrap().len(), 1, "{found}");
    assert_eq!(
        (&found[0]["number"], &found[0]["name"]),
        (&json!(ANA), &Value::Null),
        "{found}"
    );
    let hers = &found[0]["chats"];
    assert_eq!(hers.as_array().unwrap().len(), 1, "{found}");
    assert_eq!(
        (&hers[0]["user"], &hers[0]["shared"], &hers[0]["state"]),
        (&json!(chat), &json!(true), &json!("open")),
        "{found}"
    );
    let by_alias = find(&system, LID).await;
    assert_eq!(
        (&by_alias[0]["number"], &by_alias[0]["chats"][0]["user"]),
        (&Value::Null, &json!(chat)),
        "{by_alias}"
    );
    let group = find(&system, "120363000000000001").await;
    assert_eq!(
        (&group[0]["number"], &group[0]["chats"][0]["shared"]),
        (&Value::Null, &Value::Null),
        "{group}"
    );

    // The number means nobody's chat: whoever acts on it does not act on the group.
    let shown = format!("/api/chats/{ANA}");
    assert_eq!(system.api.get(&shown).await.0, 404);
    let said = not_answered(&system, ANA, "whole").await;
    assert_eq!(
        (
            &said["code"],
            &said["facts"]["user"],
            &said["facts"]["buffer"]
        ),
        (&json!("in_group"), &json!(chat), &json!("whole")),
        "{said}"
    );
    say(&system, "picky", &jid(BIA), "cinco").await;
    let unheard = not_answered(&system, BIA, "picky").await;
    assert_eq!(
        (&unheard["code"], &unheard["facts"]["result"]),
        (&json!("dropped"), &json!("not_allowed")),
        "{unheard}"
    );
}

#[tokio::test]
async fn that_somebody_wrote_in_a_group_is_forgotten_and_erased() {
    let system = System::with(&[buffer("whole", "whole"), buffer("other", "whole")]).await;
    for buffer in ["whole", "other"] {
        for who in [ANA, BIA] {
            say(&system, buffer, &jid(who), &format!("id of {who}")).await;
        }
    }
    let chats = system.store.chats();
    assert_eq!(entries(&system).await, 8);
    let erase = async |user: &str| {
        let path = format!("/api/chats/{user}?buffer=whole&everything=true");
        system.delete(&path).await
    };

    // A person, in any writing of the number.
    let (status, erased) = erase("551188887777").await;
    assert_eq!(
        (status.as_u16(), &erased["erased"]["states"]),
        (200, &json!(1)),
        "{erased}"
    );
    let left = find(&system, ANA).await;
    assert_eq!(left[0]["chats"].as_array().unwrap().len(), 1, "{left}");
    assert_eq!(left[0]["chats"][0]["buffer"], "other", "{left}");
    assert_eq!(entries(&system).await, 6);
    assert_eq!(erase(ANA).await.0, 404);

    // The group.
    assert_eq!(erase(&format!("loja:{GROUP}")).await.0, 200);
    assert_eq!(entries(&system).await, 4);
    assert_eq!(find(&system, BIA).await[0]["chats"][0]["buffer"], "other");

    let day = Duration::from_secs(24 * 3600);
    assert_eq!(chats.forget_people(day).await.unwrap(), 0);
    assert_eq!(chats.forget_people(Duration::ZERO).await.unwrap(), 3);
    assert_eq!(entries(&system).await, 0);
    assert_eq!(find(&system, BIA).await, json!([]));
}

#[tokio::test]
async fn of_somebody_who_wrote_in_a_group_that_is_ignored_the_verdict_says_so() {
    let system = System::with(&[buffer("loja", "ignore")]).await;
    say(&system, "loja", &jid(ANA), "um").await;
    let mut own = evolution("A2", "oi");
    own["data"]["key"] =
        json!({"remoteJid": GROUP, "fromMe": true, "id": "A2", "participant": jid(BIA)});
    system.api.post("/api/webhook/loja", own).await;

    for number in [ANA, "551188887777", "loja:5511988887777"] {
        let said = not_answered(&system, number, "loja").await;
        assert_eq!(
            (&said["code"], &said["facts"]["result"]),
            (&json!("dropped"), &json!("group")),
            "{number}: {said}"
        );
    }
    assert_eq!(
        not_answered(&system, BIA, "loja").await["code"],
        "nothing_received"
    );
    let (_, posts) = system.api.get("/api/posts?buffer=loja").await;
    assert_eq!(
        [&posts["items"][0]["writer"], &posts["items"][1]["writer"]],
        [&Value::Null, &json!(ANA)],
        "{posts}"
    );

    let path = format!("/api/chats/{ANA}?buffer=loja&everything=true");
    let (status, erased) = system.delete(&path).await;
    assert_eq!(
        (status.as_u16(), &erased["erased"]["posts"]),
        (200, &json!(1)),
        "{erased}"
    );
    let (_, left) = system.api.get("/api/posts?buffer=loja").await;
    assert_eq!(left["items"].as_array().unwrap().len(), 1, "{left}");
}
