//! How a text is spelt where a program reads it.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What is spelt otherwise in a part of a path: all but what names and ids are made of.
const SPELT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');

/// As one word for the shell.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Whether anything of it is seen: a name may be made of letters of no width.
pub(super) fn is_seen(text: &str) -> bool {
    text.chars().any(|c| {
        let has_no_width = matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}');
        !(c.is_whitespace() || c.is_control() || has_no_width)
    })
}

/// The page that the path of an act belongs to.
pub(super) fn page_of(path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let below = path.strip_prefix("/console/").unwrap_or_default();
    let parts: Vec<&str> = below.split('/').collect();
    match parts.as_slice() {
        [.., "edit" | ".new"] => path.to_owned(),
        [
            place @ ("chats" | "history" | "buffers" | "destinations" | "schedules"),
            name,
            _,
            ..,
        ] => {
            format!("/console/{place}/{name}")
        }
        [place, _, ..] if *place != "chats" => format!("/console/{place}"),
        _ => "/console".to_owned(),
    }
}

/// As a part of a path, whatever somebody wrote for it.
pub(super) fn segment(name: &str) -> String {
    utf8_percent_encode(name, SPELT).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_act_belongs_to_the_page_that_has_its_button() {
        for (act, page) in [
            ("/console/chats/chat_a/pause", "/console/chats/chat_a"),
            (
                "/console/history/msg_a/send-again",
                "/console/history/msg_a",
            ),
            (
                "/console/destinations/bot/test",
                "/console/destinations/bot",
            ),
            (
                "/console/destinations/bot/edit",
                "/console/destinations/bot/edit",
            ),
            (
                "/console/destinations/.preview?x=1",
                "/console/destinations",
            ),
            ("/console/dead/dl_a/drop", "/console/dead"),
            ("/console/dead/revive", "/console/dead"),
            ("/console/later/queue/a/take-back", "/console/later"),
            ("/console/settings/keys/n8n/revoke", "/console/settings"),
            ("/console/control", "/console"),
            ("/console/find", "/console"),
            ("/nix", "/console"),
        ] {
            assert_eq!(page_of(act), page);
        }
    }

    #[test]
    fn letters_of_no_width_are_not_seen() {
        assert!(is_seen("\u{200b}Ana") && is_seen("🙂") && is_seen("أنا"));
        assert!(!is_seen("\u{200b}\u{2060} \u{feff}\u{3164}") && !is_seen(""));
    }
}
