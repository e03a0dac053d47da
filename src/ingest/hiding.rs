//! What is hidden of a post before it is listed. Some gateways put the buffer's secret into their posts, and who may read the list
//! may not bring messages by it.

use std::collections::BTreeSet;

use crate::core::json::node::Node;
use crate::gateway::fields_of_secrets;
use crate::spec::masked::MASK;

/// Values within more levels than these are not looked at one by one.
const DEEPEST: usize = 64;

/// The body of a post with a mask in place of each secret: whatever stands in a field that any gateway proves itself by, and the
/// buffer's `own` wherever it stands.
pub(super) fn without_secrets(body: &str, own: Option<&str>) -> String {
    let own = own.filter(|own| !own.is_empty());
    let mut secrets = BTreeSet::new();
    match Node::parse(body.as_bytes()) {
        Ok(node) => look_into(&node, own, DEEPEST, &mut secrets),
        // Nobody knows where in it a secret ends.
        Err(_) if fields_of_secrets().iter().any(|field| body.contains(field)) => {
            return MASK.to_owned();
        }
        Err(_) => {}
    }
    let mut hidden = body.to_owned();
    for secret in secrets {
        hidden = hidden.replace(secret, &format!("\"{MASK}\""));
    }
    match own {
        Some(own) => hidden.replace(own, MASK),
        None => hidden,
    }
}

/// Notes how secrets are spelt in a value.
fn look_into<'a>(
    node: &Node<'a>,
    own: Option<&str>,
    levels: usize,
    secrets: &mut BTreeSet<&'a str>,
) {
    let Some(levels) = levels.checked_sub(1) else {
        return;
    };
    let spelt = node.raw().get();
    if let (Some(own), true) = (own, spelt.starts_with('"'))
        && node.text().is_some_and(|text| text.contains(own))
    {
        secrets.insert(spelt);
    }
    for (name, value) in node.fields() {
        let spelt = value.raw().get();
        if fields_of_secrets().contains(name) && spelt.starts_with('"') && value.is_present() {
            secrets.insert(spelt);
        }
        look_into(value, own, levels, secrets);
    }
    for item in node.items() {
        look_into(item, own, levels, secrets);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_gateway_proves_itself_by_is_hidden_wherever_it_stands() {
        let body = r#"[{"body":{"event":"x","apikey":"K-1","data":{"instanceToken":"T\u002d2"}}}]"#;

        let hidden = without_secrets(body, None);

        let expected = format!(
            r#"[{{"body":{{"event":"x","apikey":"{MASK}","data":{{"instanceToken":"{MASK}"}}}}}}]"#
        );
        assert_eq!(hidden, expected);
    }

    #[test]
    fn the_secret_of_the_buffer_is_hidden_however_it_is_spelt() {
        for body in [
            r#"{"a":"my secret-1"}"#,
            r#"{"a":["secret\u002d1"]}"#,
            "a=secret-1&b=2",
            r#"{"broken": "secret-1"#,
        ] {
            let hidden = without_secrets(body, Some("secret-1"));
            assert!(
                !hidden.contains("secret") && hidden.contains(MASK),
                "{hidden}"
            );
        }
    }

    #[test]
    fn what_is_no_secret_stays_to_the_letter() {
        for body in [
            r#"{"apikey": "", "text": "apikey"}"#,
            "a=1&b=2",
            "{",
            r#"{"apikey":7}"#,
        ] {
            assert_eq!(without_secrets(body, Some("secret-1")), body);
        }
        assert_eq!(without_secrets(r#"{"apikey": "x"#, None), MASK);
    }
}
