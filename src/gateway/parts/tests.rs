//! The language of typed parts, by presets of a gateway that there is not.

use serde_json::{Value, json};

use super::super::event::Event;
use super::super::party::Groups;
use super::super::preset::Preset;
use crate::core::json::node::Node;

/// A gateway that posts `{"who", "text", …}`, with more in its data file.
fn preset(more: &str) -> Preset {
    let preset = format!(
        r#"
        known_by = "who"
        text = "text"
        id = "id"
        {more}
        [proof]
        secret_is = "a secret"
        [proof.way.secret]
        headers = ["x-secret"]
        [person]
        id = "who"
        "#
    );
    toml::from_str(&preset).unwrap()
}

fn said(more: &str, body: &Value) -> Value {
    let body = body.to_string();
    let node = Node::parse(body.as_bytes()).unwrap();
    let events: Vec<Event> = preset(more).read(&[&node], Groups::Ignore);
    serde_json::to_value(&events[0]).unwrap()["said"].take()
}

/// `rules` has to stand before all tables.
const NO_RULES: &str = "rules = []\n";

#[test]
fn a_message_inside_is_told_by_its_type_and_its_words() {
    let more = format!(
        r#"{NO_RULES}
        [[media]]
        in = "image"
        kind = "image"
        caption = "caption"
        name = "name"
        [[parts]]
        part = "order"
        in = "cart"
        fields = {{ id = "id" }}
        [[parts]]
        part = "quoted"
        in = "[reply!=]"
        fields = {{ id = "reply.id", mark = "mark" }}
        message = "reply"
        "#
    );
    let quoted = |reply: Value| {
        let body = json!({"who": "5", "text": "this", "mark": "a", "reply": reply});
        said(&more, &body)["parts"]["quoted"].take()
    };

    assert_eq!(
        quoted(json!({"id": 4, "text": "a or b?"})),
        json!({"id": 4, "mark": "a", "type": "text", "text": "a or b?"})
    );
    assert_eq!(
        quoted(json!({"id": 4, "image": {"caption": "look", "name": "i.jpg"}})),
        json!({"id": 4, "mark": "a", "type": "image", "text": "look", "file_name": "i.jpg"})
    );
    assert_eq!(
        quoted(json!({"id": 4, "cart": {"id": "C"}})),
        json!({"id": 4, "mark": "a", "type": "order", "order": {"id": "C"}})
    );
    // Of one that nothing is known of, nothing is told; what it quotes itself is not read.
    assert_eq!(quoted(json!({"id": 4})), json!({"id": 4, "mark": "a"}));
    let nested = json!({"id": 4, "text": "b", "reply": {"id": 3, "text": "a"}});
    assert_eq!(quoted(nested)["quoted"], Value::Null);
}

#[test]
fn what_a_button_says_is_found_by_what_it_stands_for() {
    let more = format!(
        r#"{NO_RULES}
        [[parts]]
        part = "choice"
        in = "[tapped!=]"
        fields = {{ id = "tapped" }}
        found.title = {{ in = "keys[][]", by = "data", is = "tapped", tell = "label" }}
        "#
    );
    let keys = json!([[{"data": "a", "label": "A"}], [{"data": "b", "label": "B"}]]);
    let choice = |tapped: &str| {
        let body = json!({"who": "5", "text": tapped, "tapped": tapped, "keys": keys});
        said(&more, &body)["parts"]["choice"].take()
    };

    assert_eq!(choice("b"), json!({"id": "b", "title": "B"}));
    assert_eq!(choice("c"), json!({"id": "c"}));
}

#[test]
fn a_form_is_an_object_of_its_answers_in_whichever_way_it_came() {
    let more = format!(
        r#"{NO_RULES}
        [[parts]]
        part = "form"
        in = "[pairs!=]"
        maps = {{ answers = {{ in = "pairs[]", name = "name", value = "value" }} }}
        [[parts]]
        part = "form"
        in = "[json!=]"
        json = {{ answers = "json" }}
        [[parts]]
        part = "form"
        in = "[mail!=]"
        objects = {{ answers = {{ in = "mail", fields = {{ email = "to" }} }} }}
        "#
    );
    let form = |mut body: Value| {
        body["who"] = json!("5");
        said(&more, &body)["parts"]["form"].take()
    };

    let pairs = json!([{"name": "a", "value": 1}, {"name": "b", "value": "x"}, {"value": 2}]);
    assert_eq!(
        form(json!({"pairs": pairs})),
        json!({"answers": {"a": 1, "b": "x"}})
    );
    assert_eq!(
        form(json!({"json": "{\"a\":1}"})),
        json!({"answers": {"a": 1}})
    );
    assert_eq!(
        form(json!({"mail": {"to": "a@b"}})),
        json!({"answers": {"email": "a@b"}})
    );
    // What is no JSON, and what is deeper than a body may be, stays the text that it is.
    let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
    for text in ["{not json", "plain", &deep] {
        assert_eq!(form(json!({"json": text})), json!({"answers": text}));
    }
}

#[test]
fn a_rule_that_two_must_differ_applies_only_where_both_are_there_and_do() {
    let rules = r#"
        [[rules]]
        when = "work"
        differ = ["from", "who"]
        verdict = "own"
        "#;
    let is_own = |body: Value| said(rules, &body).is_null();

    assert!(is_own(
        json!({"who": "5", "from": "6", "work": 1, "text": "x"})
    ));
    assert!(!is_own(
        json!({"who": "5", "from": 5, "work": 1, "text": "x"})
    ));
    assert!(!is_own(json!({"who": "5", "work": 1, "text": "x"})));
    assert!(!is_own(json!({"who": "5", "from": "6", "text": "x"})));
}

#[test]
fn a_rule_can_say_that_a_person_said_it_and_an_answer_has_an_id_of_its_own() {
    let rules = r#"
        id_with = "answer"
        pass = { thread = "thread" }
        [[rules]]
        when = "answer"
        verdict = "said"
        [[rules]]
        when = "who"
        verdict = { ignore = "edit" }
        "#;
    let answered = |answer: Value| {
        let body = json!({"who": "5", "id": 9, "text": "x", "thread": 7, "answer": answer});
        said(rules, &body)
    };

    let first = answered(json!([{"value": "a"}]));
    assert_eq!(first["pass"], json!({"thread": 7}));
    let id = first["id"].as_str().unwrap();
    assert!(id.starts_with("9-") && id.len() == 18, "{id}");
    assert_eq!(answered(json!([{"value": "a"}]))["id"], id);
    assert_ne!(answered(json!([{"value": "b"}]))["id"], id);
    assert!(said(rules, &json!({"who": "5", "id": 9, "text": "x"})).is_null());
}

#[test]
fn a_list_without_fields_holds_its_elements_as_they_stand_and_options_are_words() {
    let more = format!(
        r#"{NO_RULES}
        [[parts]]
        part = "poll"
        in = "vote"
        lists = {{ options = {{ in = "options[].name" }} }}
        "#
    );
    let options = json!([{"name": "Pix"}, {"name": "Boleto"}, {"other": 1}]);

    let vote = said(&more, &json!({"who": "ana", "vote": {"options": options}}));

    assert_eq!(vote["parts"]["poll"], json!({"options": ["Pix", "Boleto"]}));
    assert_eq!(vote["text"], "Pix, Boleto");
}

#[test]
fn what_stands_around_a_part_makes_none() {
    let more = format!(
        r#"{NO_RULES}
        [[parts]]
        part = "choice"
        in = "tapped"
        is_json = true
        fields = {{ id = "id" }}
        around = {{ title = "text" }}
        "#
    );

    let tapped = said(
        &more,
        &json!({"who": "ana", "text": "Sim", "tapped": r#"{"id":"sim_1"}"#}),
    );
    let other = said(
        &more,
        &json!({"who": "ana", "text": "Sim", "tapped": r#"{"name":"x"}"#}),
    );

    assert_eq!(
        tapped["parts"]["choice"],
        json!({"id": "sim_1", "title": "Sim"})
    );
    assert_eq!(other["parts"], json!(null));
}

#[test]
fn a_file_that_is_neither_posted_nor_reachable_tells_what_loads_it() {
    let more = format!(
        r#"file = {{ base64 = "base64", is_encrypted = true, unloaded = {{ message = "file" }} }}
        {NO_RULES}
        [[media]]
        in = "file"
        kind = "image"
        url = "url"
        "#
    );
    let file = json!({"url": "https://whatsapp.example/1.enc", "key": "k"});

    let posted = said(
        &more,
        &json!({"who": "ana", "file": file, "base64": "T2dn"}),
    );
    let unloaded = said(&more, &json!({"who": "ana", "file": file}));

    assert_eq!(
        posted["media"],
        json!([{"kind": "image", "base64": "T2dn"}])
    );
    assert_eq!(
        unloaded["media"],
        json!([{"kind": "image", "details": {"message": file}}])
    );
}
