//! What `lull up` says when it is up: where everything is, and the commands to try it with.

use std::path::Path;

use super::admin_key::AdminKey;
use crate::settings::up::UpConfig;

/// The text; `redis`: what keeps the messages; `open`: messages need no key; `console`: the link by which a browser comes in.
pub(super) fn welcome(
    port: u16,
    up: &UpConfig,
    redis: &str,
    open: bool,
    key: Option<&AdminKey>,
    console: Option<&str>,
) -> String {
    let redis = if up.own_redis {
        format!("{redis}, files in {}", up.data.display())
    } else {
        redis.to_owned()
    };
    let webhook = if up.own_receiver {
        "printed below"
    } else {
        "POSTed to WEBHOOK_URL"
    };
    let (with_key, hint) = match key {
        Some(key) => (
            format!("$(cat {})", quoted(&key.file)),
            format!("with the admin key in {}", key.file.display()),
        ),
        None => (
            "$LULL_KEY".to_owned(),
            "with a key for read in LULL_KEY".to_owned(),
        ),
    };
    let header = format!("-H \"Authorization: Bearer {with_key}\"");
    let for_messages = if open {
        String::new()
    } else {
        format!("{header} \\\n    ")
    };
    let console = match console {
        Some(link) => format!(
            "Its console, in a browser (the link is good once, for five minutes; lull console prints another):\n\n  {link}\n\n"
        ),
        None => String::new(),
    };
    let shown = key.and_then(|key| key.new.as_ref());
    let shown = shown.map(|key| format!("Its first admin key, shown this once:\n\n  {key}\n\n"));
    format!(
        "Lull is up, with {redis}; payloads are {webhook}. Ctrl-C stops it. {console}Say something:\n\n  \
         curl http://127.0.0.1:{port}/api/message {for_messages}-H 'Content-Type: application/json' \\\n    \
         -d '{{\"user\": \"5511988887777\", \"message\": \"hi\", \"ttl\": 3}}'\n\n\
         See what became of it, {hint}:\n\n  \
         curl http://127.0.0.1:{port}/api/messages/sent {header}\n\n{}",
        shown.unwrap_or_default()
    )
}

/// A path as a word of a shell.
fn quoted(path: &Path) -> String {
    let path = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    if path.chars().all(plain) {
        return path;
    }
    format!("'{}'", path.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word_of_a_shell() {
        for (path, word) in [
            ("data/admin.key", "data/admin.key"),
            ("/srv/my data/k", "'/srv/my data/k'"),
            ("it's", r"'it'\''s'"),
        ] {
            assert_eq!(quoted(Path::new(path)), word);
        }
    }
}
