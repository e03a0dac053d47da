//! Texts of a form, made of JSON and back into it.

use super::*;

const INPUTS: [Input; 9] = [
    Input::new("url", Kind::Line),
    Input::new("template", Kind::Text),
    Input::new("timeout", Kind::Number),
    Input::new("retry.waits", Kind::Numbers),
    Input::new("pace.every", Kind::Number),
    Input::new("pace.batch", Kind::Number),
    Input::new("headers", Kind::Pairs),
    Input::new("secrets", Kind::Lines),
    Input::new("split", Kind::Tick),
];

fn filled(texts: &[(&str, &str)]) -> Filled {
    let texts = texts.iter();
    let texts = texts.map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
    Filled(texts.collect())
}

#[test]
fn what_is_left_alone_stays_and_what_no_input_stands_for_too() {
    let there = json!({
        "name": "bot", "url": "http://n8n/x", "timeout": 30.5, "fields": ["user"],
        "retry": { "for": 3600, "waits": [5.0, 30, 0.5] }, "split": true,
        "headers": { "Authorization": "********", "x": "a: b" }, "secrets": ["********"],
    });

    let filled = Filled::of(&INPUTS, &there);

    assert_eq!(filled.get("headers"), "Authorization: ********\nx: a: b");
    assert_eq!(filled.get("retry.waits"), "5, 30, 0.5");
    let mut same = there.clone();
    same["retry"]["waits"] = json!([5, 30, 0.5]);
    assert_eq!(filled.onto(&INPUTS, &there), same);
    let mut none = there;
    none["retry"]["waits"] = json!([]);
    assert_eq!(Filled::of(&INPUTS, &none).onto(&INPUTS, &none), none);
}

#[test]
fn what_is_filled_in_is_written_as_the_api_reads_it() {
    let filled = filled(&[
        ("url", " http://n8n/y "),
        ("template", "{\r\n \"a\": 1\r\n}"),
        ("timeout", "1,5"),
        ("retry.waits", "5; 30 x"),
        ("pace.every", ""),
        ("headers", "X-Key : a:b \r\n\r\nplain"),
    ]);
    let filled = filled.gathered(&INPUTS);
    let there =
        json!({ "pace": { "every": 120, "batch": 2 }, "secrets": ["********"], "split": true });

    assert_eq!(
        filled.onto(&INPUTS, &there),
        json!({
            "url": "http://n8n/y", "template": "{\n \"a\": 1\n}", "timeout": 1.5,
            "retry": { "waits": [5, 30, "x"] },
            "headers": { "X-Key": "a:b", "plain": "" }, "secrets": [], "split": false,
        })
    );
}

#[test]
fn names_that_are_ticked_stay_in_their_order_and_new_ones_come_last() {
    let inputs = [Input::new("destinations", Kind::Names)];
    let ticked = filled(&[
        ("destinations:a", "on"),
        ("destinations:bot", "on"),
        ("destinations:x", "on"),
    ]);
    let there = json!({ "destinations": ["x", "gone", "bot"] });

    let filled = ticked.gathered(&inputs);

    let written = filled.onto(&inputs, &there);
    assert_eq!(written, json!({ "destinations": ["x", "bot", "a"] }));
    let none = Filled::default().gathered(&inputs).onto(&inputs, &there);
    assert_eq!(none, json!({ "destinations": [] }));
}

#[test]
fn a_part_that_is_not_ticked_goes_with_all_that_is_filled_in_for_it() {
    let inputs = [
        Input::new("follow_up", Kind::Part),
        Input::new("follow_up.after", Kind::Number),
        Input::new("secret", Kind::Maybe),
    ];
    let there = json!({ "follow_up": { "after": 5 }, "secret": "********" });

    let mut filled = Filled::of(&inputs, &there);

    assert_eq!(filled.onto(&inputs, &there), there);
    filled.0.remove("follow_up");
    filled.0.insert("secret".to_owned(), String::new());
    assert_eq!(filled.onto(&inputs, &there), json!({}));
}

#[test]
fn what_only_one_kind_has_is_there_with_that_kind_alone() {
    let inputs = [
        Input::new("kind", Kind::ChoiceOrFirst(&["http", "stream"])),
        Input::only("method", Kind::Line, "kind", "http"),
        Input::only("max_len", Kind::Number, "kind", "stream"),
    ];
    let there = json!({ "method": "PUT" });
    let shown = Filled::of(&inputs, &there);
    assert_eq!((shown.get("kind"), shown.get("method")), ("http", "PUT"));

    // Without scripts and styles all of them are sent.
    let sent = |kind| filled(&[("kind", kind), ("method", "POST"), ("max_len", "5")]);
    let written = |kind| sent(kind).onto(&inputs, &there);
    assert_eq!(written("http"), json!({ "kind": "http", "method": "POST" }));
    assert_eq!(written("stream"), json!({ "kind": "stream", "max_len": 5 }));
    assert_eq!(written(""), json!({ "method": "POST" }));
}
