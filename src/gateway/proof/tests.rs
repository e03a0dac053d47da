//! Proofs against values that were computed by Python's hmac, or stand in a gateway's documents.

use super::handshake::{HandshakeError, handshake};
use super::*;
use crate::gateway::Gateway;

const NOW: Millis = 1_763_770_000_000;

/// Whether a gateway's post with these headers is believed.
fn check(
    gateway: &str,
    secret: &str,
    headers: &[(&str, &str)],
    url: &str,
    body: &[u8],
) -> Result<(), ProofError> {
    let gateway = Gateway::parse(gateway).unwrap();
    check_by(gateway.proof(), secret, headers, url, body)
}

fn check_by(
    proof: &Proof,
    secret: &str,
    headers: &[(&str, &str)],
    url: &str,
    body: &[u8],
) -> Result<(), ProofError> {
    let header = |name: &str| {
        let found = headers.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| *value)
    };
    let node = Node::parse(body).or_else(|_| Node::parse(b"{}")).unwrap();
    let post = Post {
        header: &header,
        url,
        bytes: body,
        body: &node,
    };
    proof.check(secret, post, NOW)
}

fn is_wrong(result: &Result<(), ProofError>) -> bool {
    matches!(result, Err(ProofError::Wrong { .. }))
}

fn is_missing(result: &Result<(), ProofError>) -> bool {
    matches!(result, Err(ProofError::Missing { .. }))
}

#[test]
fn cloud_signs_the_body_with_the_app_secret() {
    let body = br#"{"object":"whatsapp_business_account"}"#;
    let signature = "sha256=0bf7374433906636bed1653bc7c64affb42fa5da9a39e251ab95c2e3a9c06923";
    let check = |secret, signature: &str, body| {
        check(
            "cloud",
            secret,
            &[("x-hub-signature-256", signature)],
            "",
            body,
        )
    };

    assert_eq!(check("app-secret", signature, body), Ok(()));
    assert!(is_wrong(&check("other", signature, body)));
    assert!(is_wrong(&check("app-secret", signature, b"{}")));
    assert!(is_wrong(&check("app-secret", &signature[7..], body)));
    assert!(is_wrong(&check("app-secret", &signature[..69], body)));
    assert!(is_wrong(&check("app-secret", "sha256=", body)));
    assert!(is_wrong(&check("app-secret", "sha256=no hex", body)));
}

#[test]
fn waha_signs_the_body_as_its_documents_show() {
    let body = br#"{"event":"message","session":"default","engine":"WEBJS"}"#;
    let signature = "208f8a55dde9e05519e898b10b89bf0d0b3b0fdf11fdbf09b6b90476301b98d8097c462b2b17a6ce93b6b47a136cf2e\
                     78a33a63f6752c2c1631777076153fa89";

    let headers = [("x-webhook-hmac", signature)];
    assert_eq!(check("waha", "my-secret-key", &headers, "", body), Ok(()));
    assert!(is_wrong(&check(
        "waha",
        "my-secret-keys",
        &headers,
        "",
        body
    )));
    assert!(is_missing(&check("waha", "my-secret-key", &[], "", body)));
}

#[test]
fn chatwoot_signs_time_and_body_and_the_time_must_be_now() {
    let body = br#"{"event":"message_created"}"#;
    let signature = "sha256=ea5c282aba46a766528674a9c8d1ac6a4bea0252dbbd86c3a14438cc20d7522c";
    let check = |time: &str| {
        let headers = [
            ("x-chatwoot-signature", signature),
            ("x-chatwoot-timestamp", time),
        ];
        check("chatwoot", "cw-secret", &headers, "", body)
    };

    assert_eq!(check("1763770000"), Ok(()));
    assert!(is_wrong(&check("1763770001")));
    assert!(is_wrong(&check("soon")));
    for stale in ["1763769699", "1763770301", "18446744073709551615"] {
        assert!(matches!(check(stale), Err(ProofError::Stale(_))), "{stale}");
    }
}

#[test]
fn twilio_signs_url_and_sorted_form() {
    let signed = |signature: &str, url: &str, form: &str| {
        let headers = [("x-twilio-signature", signature)];
        check("twilio", "12345", &headers, url, form.as_bytes())
    };
    let url = "https://mycompany.com/myapp.php?foo=1&bar=2";
    let form = "To=%2B18005551212&From=%2B14158675309&Digits=1234&CallSid=CA1234567890ABCDE&Caller=%2B14158675309";

    // The example of Twilio's own libraries.
    assert_eq!(signed("RSOYDt4T1cUTdK1PDd93/VVr8B8=", url, form), Ok(()));
    assert!(is_wrong(&signed(
        "RSOYDt4T1cUTdK1PDd93/VVr8B8=",
        url,
        "To=x"
    )));
    assert!(is_wrong(&signed(
        "RSOYDt4T1cUTdK1PDd93/VVr8B8=",
        "https://mycompany.com/",
        form
    )));
    assert!(is_wrong(&signed("no base64", url, form)));
    assert_eq!(
        signed(
            "VBCYyvg6aeRLwektfpl6WnEQ8Kg=",
            "https://lull.example/hook",
            "b=2&a=%C3%A9+x&b=1&b=2"
        ),
        Ok(())
    );
}

#[test]
fn twilio_signs_the_digest_of_a_body_that_is_no_form() {
    let url = "https://mycompany.com/myapp.php?foo=1&bar=2&\
               bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";
    let headers = [("x-twilio-signature", "a9nBmqA0ju/hNViExpshrM61xv4=")];
    let body = br#"{"property": "value", "boolean": true}"#;

    assert_eq!(check("twilio", "12345", &headers, url, body), Ok(()));
    assert!(is_wrong(&check("twilio", "12345", &headers, url, b"{}")));
}

#[test]
fn telegram_sends_its_secret() {
    let check = |given| {
        check(
            "telegram",
            "s3cret",
            &[("x-telegram-bot-api-secret-token", given)],
            "",
            b"{}",
        )
    };

    assert_eq!(check("s3cret"), Ok(()));
    assert!(is_wrong(&check("s3cre")));
    assert!(is_wrong(&check("")));
}

#[test]
fn evolution_sends_its_secret_in_a_header_the_url_or_as_the_apikey_of_the_body() {
    let body = br#"{"event":"messages.upsert","apikey":"s3cret"}"#;

    for headers in [
        [("x-webhook-secret", "s3cret")],
        [("authorization", "Bearer s3cret")],
        [("apikey", "s3cret")],
    ] {
        assert_eq!(check("evolution", "s3cret", &headers, "", b"{}"), Ok(()));
    }
    let url = "https://lull.example/hook?a=1&secret=s3cret";
    assert_eq!(check("evolution", "s3cret", &[], url, b"{}"), Ok(()));
    assert_eq!(check("evolution", "s3cret", &[], "", body), Ok(()));
    assert!(is_wrong(&check("evolution", "other", &[], "", body)));
    assert!(is_missing(&check("evolution", "s3cret", &[], "", b"{}")));
}

#[test]
fn zapi_sends_its_token_or_the_secret_of_the_url() {
    let token = [("z-api-token", "t0ken")];
    assert_eq!(check("zapi", "t0ken", &token, "", b"{}"), Ok(()));
    let url = "https://lull.example/hook?secret=t0%6ben";
    assert_eq!(check("zapi", "t0ken", &[], url, b"{}"), Ok(()));
    assert!(is_missing(&check(
        "zapi",
        "t0ken",
        &[],
        "https://lull.example/hook",
        b"{}"
    )));
}

#[test]
fn where_signing_may_be_impossible_the_url_can_have_the_secret() {
    for gateway in ["evolution", "waha", "zapi", "chatwoot"] {
        let check = |url| check(gateway, "s3cret", &[], url, b"{}");
        assert_eq!(check("https://lull.example/hook?secret=s3cret"), Ok(()));
        assert!(is_missing(&check("https://lull.example/hook?secret=other")));
    }
    let url = "https://lull.example/hook?secret=s3cret";
    assert!(is_missing(&check("cloud", "s3cret", &[], url, b"{}")));
}

#[test]
fn any_program_can_send_the_secret_in_a_header() {
    let proof = Proof::plain();
    let header = |name| [(name, "s3cret")];

    assert_eq!(
        check_by(&proof, "s3cret", &header("x-webhook-secret"), "", b"{}"),
        Ok(())
    );
    assert_eq!(
        check_by(&proof, "s3cret", &header("authorization"), "", b"{}"),
        Ok(())
    );
    assert!(is_missing(&check_by(
        &proof,
        "s3cret",
        &header("apikey"),
        "",
        b"{}"
    )));
}

#[test]
fn an_empty_secret_proves_nothing() {
    for gateway in Gateway::names() {
        let headers = [
            ("x-webhook-secret", ""),
            ("x-telegram-bot-api-secret-token", ""),
        ];
        let result = check(gateway, "", &headers, "https://a.example/?secret=", b"{}");
        assert!(matches!(result, Err(ProofError::NoSecret(_))), "{gateway}");
        // An older Lull took blanks for a secret.
        let blank = check(gateway, " \t", &headers, "https://a.example/", b"{}");
        assert!(matches!(blank, Err(ProofError::NoSecret(_))), "{gateway}");
    }
    assert!(handshake("hub.mode=subscribe&hub.challenge=1&hub.verify_token=+", " ").is_err());
}

#[test]
fn a_refusal_tells_what_to_do_and_not_the_secret() {
    let error = check(
        "cloud",
        "s3cret",
        &[("x-hub-signature-256", "sha256=00")],
        "",
        b"{}",
    );

    assert_eq!(
        error.unwrap_err().to_string(),
        "x-hub-signature-256 does not fit the post: is the secret the app secret, and do proxies leave URL and body \
         alone?"
    );

    // It names the places in which something came.
    let (headers, url) = ([("apikey", "no")], "https://a.example/?secret=no");
    let told = check("evolution", "s3cret", &headers, url, b"{}").unwrap_err();
    let told = told.to_string();
    assert!(told.starts_with("?secret=, apikey does"), "{told}");
}

#[test]
fn the_challenge_is_answered_to_who_knows_the_token() {
    let query = "hub.mode=subscribe&hub.verify_token=t%C3%B6ken&hub.challenge=1158201444";

    assert_eq!(handshake(query, "töken").as_deref(), Ok("1158201444"));
    assert_eq!(handshake(query, "other"), Err(HandshakeError::WrongToken));
    assert_eq!(
        handshake("hub.mode=subscribe&hub.challenge=1", ""),
        Err(HandshakeError::WrongToken)
    );
    assert_eq!(
        handshake("hub.mode=subscribe&hub.verify_token=a", "a"),
        Err(HandshakeError::NotOne)
    );
    assert_eq!(handshake("", "a"), Err(HandshakeError::NotOne));
}

#[test]
fn only_cloud_asks_first() {
    let asking: Vec<_> = Gateway::names()
        .filter(|name| Gateway::parse(name).unwrap().has_handshake())
        .collect();
    assert_eq!(asking, ["cloud"]);
}
