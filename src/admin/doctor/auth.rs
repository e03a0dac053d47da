//! What is to be said about who may come in.

use std::net::{IpAddr, SocketAddr};

use super::finding::Finding;
use crate::settings::api::ApiConfig;
use crate::store::api_keys::AllKeys;

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
    if findings.is_empty() && !auth.names_nobody() {
        findings.push(in_all(config));
    }
    findings.extend(open_ingest(config));
    findings
}

fn in_all(config: &ApiConfig) -> Finding {
    let auth = &config.auth;
    if !auth.keys.is_empty() {
        let names: Vec<_> = auth.keys.iter().map(|key| key.name.as_str()).collect();
        return Finding::ok(CHECK, format!("for {}", names.join(", ")));
    }
    Finding::ok(CHECK, "none, but tokens are asked for")
}

/// Whether messages come in without a key.
fn open_ingest(config: &ApiConfig) -> Option<Finding> {
    if !config.auth.open_ingest {
        return None;
    }
    if hears_this_machine_only(&config.listen) {
        return Some(Finding::ok(
            CHECK,
            "messages need none, and api hears this machine only",
        ));
    }
    let found = "messages need none: whoever reaches api may bring them; everything else needs one";
    let advice = "set OPEN_INGEST=false, or API_KEYS=<name>:<key>, for api; if it has them, let doctor have its settings";
    Some(Finding::warning(CHECK, found, advice))
}

/// The keys that operators made, where the environment names nobody.
pub(super) fn in_redis(keys: &AllKeys) -> Finding {
    let names: Vec<_> = keys.keys.iter().map(|key| key.name.as_str()).collect();
    if names.is_empty() {
        let found = "none yet: the first api to start makes one, and shows it in its log";
        return Finding::ok(CHECK, found);
    }
    Finding::ok(CHECK, format!("in Redis for {}", names.join(", ")))
}

fn hears_this_machine_only(listen: &str) -> bool {
    let address = listen.parse().map(|address: SocketAddr| address.ip());
    address.is_ok_and(|ip: IpAddr| ip.is_loopback()) || listen.starts_with("localhost:")
}
