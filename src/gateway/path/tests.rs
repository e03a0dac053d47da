//! The path language by example, and its promises on random paths and bodies.

use proptest::prelude::*;
use serde_json::Value;

use super::*;

const BODY: &str = r#"{
    "event": "messages.upsert", "n": 7, "empty": "", "nothing": null, "yes": true, "a.b": {"c d": [10, 20]},
    "data": {"key": {"remoteJid": "5511@s.whatsapp.net", "fromMe": false}},
    "messages": [{"type": "image", "id": 1}, {"type": "text", "id": 2, "text": {"body": "oi"}}, {"id": 3}],
    "presences": {"x@lid": {"state": "composing"}, "y": {"state": "paused"}}
}"#;

/// What the path finds first, as it stands in the body.
fn first(path: &str) -> Option<String> {
    let body = Node::parse(BODY.as_bytes()).unwrap();
    let found = Path::parse(path).unwrap().first(&body).map(Node::raw);
    found.map(|raw| raw.get().to_owned())
}

fn all(path: &str) -> Vec<String> {
    let body = Node::parse(BODY.as_bytes()).unwrap();
    let found = Path::parse(path).unwrap().all(&body);
    found
        .iter()
        .map(|node| node.raw().get().to_owned())
        .collect()
}

fn found(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn dots_indexes_and_quotes_lead_into_the_body() {
    assert_eq!(first("n"), found("7"));
    assert_eq!(first("data.key.fromMe"), found("false"));
    assert_eq!(first(r#""a.b"."c d"[1]"#), found("20"));
    assert_eq!(first("messages[9].id"), None);
    assert_eq!(first("n.x[0]"), None);
}

#[test]
fn each_and_any_spread_out_in_the_order_of_the_body() {
    assert_eq!(all("messages[].id"), ["1", "2", "3"]);
    assert_eq!(all("presences.*.state"), [r#""composing""#, r#""paused""#]);
    assert_eq!(all("data[]"), Vec::<String>::new());
}

#[test]
fn the_first_place_that_holds_something_counts() {
    assert_eq!(first("missing | nothing | empty | n | event"), found("7"));
    assert_eq!(all("empty | messages[].id | n"), ["1", "2", "3"]);
    assert_eq!(first("missing|empty"), None);
}

#[test]
fn a_condition_lets_pass_what_fulfils_it() {
    assert_eq!(first("messages[][type=text].text.body"), found(r#""oi""#));
    assert_eq!(all("messages[][type!=text].id"), ["1", "3"]);
    assert_eq!(
        first("data[key.remoteJid$=@s.whatsapp.net].key.fromMe"),
        found("false")
    );
    assert_eq!(
        first("data[key.remoteJid^=5511].key.fromMe"),
        found("false")
    );
    assert_eq!(first("data[key.remoteJid^=511].key.fromMe"), None);
    assert_eq!(first("data.key[fromMe=true].fromMe"), None);
    assert_eq!(
        first("[n = 7][yes=true].event"),
        found(r#""messages.upsert""#)
    );
    assert_eq!(first(r#"[event="messages.upsert"].n"#), found("7"));
    assert_eq!(first("[messages[].id=3].n"), found("7"));
    assert_eq!(first("[data=x].n"), None);
}

#[test]
fn the_empty_text_stands_for_what_is_not_there() {
    for absent in ["missing", "nothing", "empty", "messages[3]"] {
        assert_eq!(first(&format!("[{absent}=].n")), found("7"), "{absent}");
        assert_eq!(first(&format!("[{absent}!=].n")), None, "{absent}");
    }
    assert_eq!(first("[data!=].n"), found("7"));
    assert_eq!(all(r#"messages[][type=""].id"#), ["3"]);
}

#[test]
fn text_looks_on_past_what_has_none() {
    let body = Node::parse(BODY.as_bytes()).unwrap();
    let text = |path| Path::parse(path).unwrap().text(&body);

    assert_eq!(text("data | yes | empty | n").unwrap(), "7");
    assert_eq!(text("data | messages[]"), None);
}

#[test]
fn an_error_tells_the_character_and_what_is_wrong() {
    let error = |text: &str| Path::parse(text).unwrap_err();

    for (text, at, why) in [
        ("", 1, "name of a field"),
        ("a..b", 3, "name of a field"),
        ("a | ", 5, "name of a field"),
        ("a b", 3, "cannot stand here"),
        ("é]", 2, "cannot stand here"),
        ("a[1", 4, "an index is digits"),
        ("a[1a=x]", 4, "an index is digits"),
        ("a[99999999999999999999999]", 26, "too big"),
        ("a[b", 4, "needs ="),
        ("a[b==c]", 5, "] is missing"),
        ("a[b=c d]", 7, "] is missing"),
        ("a[b[c=d]=e]", 5, "cannot hold another"),
        ("\"a", 3, "closing \""),
        (r#""\n""#, 3, "after \\"),
    ] {
        let error = error(text);
        assert!(
            error.at == at && error.why.contains(why),
            "{text}: {error:?}"
        );
    }
    assert_eq!(
        error("a.").to_string(),
        "the path is wrong at character 3: the name of a field is missing"
    );
}

#[test]
fn a_path_has_bounds() {
    assert!(Path::parse(&"x".repeat(MAX_PATH_BYTES)).is_ok());
    assert!(Path::parse(&"x".repeat(MAX_PATH_BYTES + 1)).is_err());
    assert!(Path::parse(&vec!["x"; MAX_STEPS].join("|")).is_ok());
    assert!(Path::parse(&vec!["x"; MAX_STEPS + 1].join(".")).is_err());
    assert!(Path::parse(&"[x=1]".repeat(MAX_STEPS / 2)).is_ok());
    assert!(Path::parse(&"[x=1]".repeat(MAX_STEPS / 2 + 1)).is_err());
}

#[test]
fn a_path_through_a_mebibyte_of_arrays_ends_soon() {
    let body = format!("{}{}", "[".repeat(1 << 19), "]".repeat(1 << 19));
    let body = Node::parse(body.as_bytes()).unwrap();

    assert_eq!(
        Path::parse(&"[]".repeat(MAX_STEPS))
            .unwrap()
            .all(&body)
            .len(),
        1
    );
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-c.@ ]{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-c*.\" ]{0,2}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Text that is often a path.
fn any_path_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-c]{1,2}",
        Just(".".to_owned()),
        Just("[]".to_owned()),
        Just("*".to_owned()),
        Just(" | ".to_owned()),
        "\\[[0-3]\\]",
        "\\[[a-c]\\^?(=|!=|\\^=|\\$=)[a-c.]{0,2}\\]",
        "\"[a-c.\\[0-9 ]{0,3}\"",
        "\\[\"[0-9]{1,2}\"=\"[ \\]é]\"\\]",
        r#""\\\\|\\"""#,
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn random_text_never_panics_the_parser(text in "\\PC{0,40}") {
        let _ = Path::parse(&text);
    }

    #[test]
    fn what_is_shown_of_a_path_is_that_path(text in any_path_text()) {
        if let Ok(path) = Path::parse(&text) {
            prop_assert_eq!(Path::parse(&path.to_string()), Ok(path));
        }
    }

    #[test]
    fn a_path_never_panics_on_any_body(text in any_path_text(), body in any_json()) {
        let body = body.to_string();
        let node = Node::parse(body.as_bytes()).unwrap();
        if let Ok(path) = Path::parse(&text) {
            let all = path.all(&node);
            prop_assert_eq!(
                path.first(&node).map(|node| node.raw().get()),
                all.first().map(|node| node.raw().get())
            );
            prop_assert!(path.text(&node).is_none_or(|text| !text.is_empty()));
        }
    }

    #[test]
    fn names_and_indexes_agree_with_a_json_pointer(
        body in any_json(),
        steps in prop::collection::vec(prop_oneof!["[a-c*.\" ]{0,2}", "[0-3]"], 1..4),
    ) {
        let pointer: String = steps.iter().map(|step| format!("/{step}")).collect();
        let path: Vec<Step> = steps
            .iter()
            .map(|step| step.parse().map_or_else(|_| Step::Field(step.clone()), Step::Item))
            .collect();
        let path = Path::parse(&Path { places: vec![path] }.to_string()).unwrap();

        let text = body.to_string();
        let node = Node::parse(text.as_bytes()).unwrap();
        let expected = body
            .pointer(&pointer)
            .filter(|value| !value.is_null() && *value != "")
            .map(Value::to_string);
        let found = path.first(&node).map(|node| node.raw().get().to_owned());
        prop_assert_eq!(found, expected);
    }
}
