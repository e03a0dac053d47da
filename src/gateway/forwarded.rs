//! What n8n passes on. Its nodes hand on items, `[{"json": {…}}]`, and its Webhook node puts the headers and the query of
//! a post around the body. Meta allows an app one webhook only, so where n8n has it, forwarding is the only way.

use crate::core::json::node::Node;

/// The bodies that a body holds: one of each item of a list, without what n8n has put around it. A body that holds no
/// other is the only one.
pub(super) fn bodies<'n, 'a>(body: &'n Node<'a>) -> Vec<&'n Node<'a>> {
    let items = listed(body).into_iter().map(unwrapped);
    // What came to n8n may itself be a list.
    items.flat_map(listed).map(unwrapped).collect()
}

/// The items of a list; what is none, or has none, is the only one.
fn listed<'n, 'a>(node: &'n Node<'a>) -> Vec<&'n Node<'a>> {
    match node.items() {
        [] => vec![node],
        items => items.iter().collect(),
    }
}

/// The only body that a body holds, if it holds one and is not it.
pub fn only_body<'n, 'a>(body: &'n Node<'a>) -> Option<&'n Node<'a>> {
    match bodies(body).as_slice() {
        [only] if !std::ptr::eq(*only, body) => Some(only),
        _ => None,
    }
}

fn unwrapped<'n, 'a>(item: &'n Node<'a>) -> &'n Node<'a> {
    let body = |node: &'n Node<'a>, name| {
        let field = node.field(name);
        field.filter(|field| field.is_object() || !field.items().is_empty())
    };
    let item = body(item, "json").unwrap_or(item);
    let has_headers = item.field("headers").is_some_and(Node::is_object);
    body(item, "body").filter(|_| has_headers).unwrap_or(item)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(body: &str) -> Vec<String> {
        let node = Node::parse(body.as_bytes()).unwrap();
        let bodies = bodies(&node).into_iter();
        bodies.map(|body| body.raw().get().to_owned()).collect()
    }

    #[test]
    fn a_body_is_found_in_all_that_n8n_puts_around_it() {
        for around in [
            r#"{"a":1}"#,
            r#"[{"a":1}]"#,
            r#"{"json":{"a":1}}"#,
            r#"[{"json":{"a":1},"pairedItem":{"item":0}}]"#,
            r#"{"headers":{},"params":{},"query":{},"body":{"a":1},"webhookUrl":"http://n8n","executionMode":"production"}"#,
            r#"[{"json":{"headers":{"host":"n8n"},"query":{},"body":{"a":1}}}]"#,
        ] {
            assert_eq!(held(around), [r#"{"a":1}"#], "{around}");
        }
        for two in [
            r#"[{"a":1},{"json":{"a":2}}]"#,
            r#"{"headers":{},"body":[{"a":1},{"a":2}]}"#,
            r#"[{"json":{"headers":{},"body":[{"a":1},{"a":2}]}}]"#,
            r#"[{"json":[{"a":1},{"a":2}]}]"#,
            r#"[[{"a":1}],[{"a":2}]]"#,
        ] {
            assert_eq!(held(two).len(), 2, "{two}");
        }
    }

    #[test]
    fn what_only_looks_alike_is_the_body_itself() {
        for body in [
            r#"{"json":"{}"}"#,
            r#"{"body":{"a":1}}"#,
            r#"{"headers":{},"body":"text"}"#,
            "[]",
            "7",
        ] {
            assert_eq!(held(body), [body]);
            let node = Node::parse(body.as_bytes()).unwrap();
            assert!(only_body(&node).is_none(), "{body}");
        }
    }
}
