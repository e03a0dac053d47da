//! What is to be said about who may come in.

use std::net::{IpAddr, SocketAddr};

use super::finding::Finding;
use crate::settings::api::ApiConfig;

const CHECK: &str = "keys";

/// Who may come in by these settings.
pub(super) fn findings(config: &ApiConfig) -> Vec<Finding> {
    let auth = &config.auth;
    let guessed = auth.keys.iter().filter(|key| key.may_be_guessed());
    let mut findings: Vec<_> = guessed
        .map(|key| {
            let found = format!("the key of {} is short and may be guessed", key.name);
            Finding::warning(CHECK, found, "make one with openssl rand -hex 24")
        })
        .collect();
    if auth.tokens.may_be_guessed() {
        let found = "SECRET_KEY is short: whoever guesses it makes tokens of their own";
        let advice = "make one with openssl rand -hex 32";
        findings.push(Finding::warning(CHECK, found, advice));
    }
    if findings.is_empty() {
        findings.push(in_all(config));
    }
    findings
}

fn in_all(config: &ApiConfig) -> Finding {
    let auth = &config.auth;
    if !auth.keys.is_empty() {
        let names: Vec<_> = auth.keys.iter().map(|key| key.name.as_str()).collect();
        return Finding::ok(CHECK, format!("for {}", names.join(", ")));
    }
    if !auth.tokens.is_empty() {
        return Finding::ok(CHECK, "none, but tokens are asked for");
    }
    if hears_this_machine_only(&config.listen) {
        return Finding::ok(CHECK, "none, and api hears this machine only");
    }
    Finding::warning(
        CHECK,
        "none are set here: without any, whoever reaches api may bring messages",
        "set API_KEYS=<name>:<key> for api; if it has some, let doctor have its settings",
    )
}

fn hears_this_machine_only(listen: &str) -> bool {
    let address = listen.parse().map(|address: SocketAddr| address.ip());
    address.is_ok_and(|ip: IpAddr| ip.is_loopback()) || listen.starts_with("localhost:")
}
