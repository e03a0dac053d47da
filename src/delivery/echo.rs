//! What a destination says back of what it was sent. Some quote their request whole in an answer, and answers are kept, shown
//! and told in reasons: what is secret in the request is masked before any of that.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;
use reqwest::header::{ACCEPT, CONTENT_TYPE};

use crate::core::destination::Destination;
use crate::spec::masked::MASK;

/// What is shorter stands in many answers by chance.
const SHORTEST: usize = 6;

/// The secrets of a destination, as an answer may hold them.
#[derive(Default)]
pub(super) struct Secrets {
    /// The longest first: one may stand within another.
    all: Vec<String>,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} secrets", self.all.len())
    }
}

impl Secrets {
    /// Those of a destination that is called by `url`: the values of its headers, of its query and of its user info, what
    /// stands behind `#`, and the keys that it signs with.
    pub(super) fn of(destination: &Destination, url: &Url) -> Self {
        let mut secrets = Self::default();
        let is_known = |name: &str| {
            name.eq_ignore_ascii_case(CONTENT_TYPE.as_str())
                || name.eq_ignore_ascii_case(ACCEPT.as_str())
        };
        for (_, value) in destination
            .headers
            .iter()
            .filter(|(name, _)| !is_known(name))
        {
            secrets.add(value);
            // Of `Bearer` and a token, the token.
            secrets.add(value.rsplit(' ').next().unwrap_or_default());
        }
        for (_, value) in url.query_pairs() {
            secrets.add(&value);
        }
        for piece in url.query().unwrap_or_default().split('&') {
            // A name without a value can be a token without a name.
            secrets.add(piece.split_once('=').map_or(piece, |(_, value)| value));
        }
        let (user, password) = (url.username(), url.password().unwrap_or_default());
        let [plain_user, plain_password] = [user, password].map(decoded);
        if !user.is_empty() || !password.is_empty() {
            secrets.add(&STANDARD.encode(format!("{plain_user}:{plain_password}")));
        }
        for text in [user, password, &plain_user, &plain_password] {
            secrets.add(text);
        }
        secrets.add(url.fragment().unwrap_or_default());
        for secret in &destination.secrets {
            secrets.add(secret);
            secrets.add(secret.rsplit('_').next().unwrap_or_default());
        }
        secrets
            .all
            .sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets.all.dedup();
        secrets
    }

    /// Adds one, and how it stands within a text of JSON.
    fn add(&mut self, secret: &str) {
        let quoted = serde_json::Value::from(secret).to_string();
        let in_json = quoted.get(1..quoted.len() - 1).unwrap_or_default();
        for text in [secret, in_json] {
            if text.len() >= SHORTEST && self.all.iter().all(|known| known != text) {
                self.all.push(text.to_owned());
            }
        }
    }

    /// How much longer a text must be read than it is kept, so that none is cut in half.
    pub(super) fn longest(&self) -> usize {
        self.all.first().map_or(0, String::len)
    }

    /// The first so many bytes of a text, with a mask in the place of each secret that begins in them.
    pub(super) fn masked(&self, text: &str, bytes: usize) -> String {
        let mut masked = String::with_capacity(text.len().min(bytes));
        let mut rest = text;
        while let Some(character) = rest.chars().next() {
            if text.len() - rest.len() >= bytes {
                break;
            }
            let secret = self
                .all
                .iter()
                .find_map(|secret| rest.strip_prefix(&**secret));
            match secret {
                Some(behind) => {
                    masked.push_str(MASK);
                    rest = behind;
                }
                None => {
                    masked.push(character);
                    rest = rest.get(character.len_utf8()..).unwrap_or_default();
                }
            }
        }
        masked
    }
}

/// What stands in a URL, without its `%`.
fn decoded(text: &str) -> String {
    // In a query a plus would be a blank.
    let pair = text.replace('+', "%2B");
    let mut pairs = form_urlencoded::parse(pair.as_bytes());
    pairs
        .next()
        .map_or_else(String::new, |(name, _)| name.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::DestinationSpec;

    fn secrets() -> Secrets {
        let url = "https://user%40me:pa%20ss-word@host/path?token=query%2Fvalue&short=abc&lonely-token#fragment";
        let headers = [
            ("authorization", "Bearer bearer-token"),
            ("x-key", "with \"quotes\""),
            ("x-short", "five5"),
            ("content-type", "application/json"),
        ];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let spec = DestinationSpec {
            name: "bot".to_owned(),
            url: url.to_owned(),
            headers: headers.into(),
            ..DestinationSpec::default()
        };
        Secrets::of(&spec.check().unwrap(), &url.parse().unwrap())
    }

    #[test]
    fn each_secret_of_a_request_is_masked_in_each_way_that_it_may_come_back() {
        for (answer, kept) in [
            ("key bearer-token!", "key ********!"),
            ("Bearer bearer-token", "********"),
            (
                r#"{"x-key": "with \"quotes\""}"#,
                r#"{"x-key": "********"}"#,
            ),
            ("with \"quotes\"", "********"),
            ("/path?token=query%2Fvalue", "/path?token=********"),
            ("token: query/value", "token: ********"),
            ("?lonely-token", "?********"),
            (
                "user%40me user@me pa%20ss-word pa ss-word",
                "******** ******** ******** ********",
            ),
            ("Basic dXNlckBtZTpwYSBzcy13b3Jk", "Basic ********"),
            ("fragment", "********"),
            (
                "abc five5 application/json é",
                "abc five5 application/json é",
            ),
        ] {
            assert_eq!(secrets().masked(answer, 1024), kept);
        }
    }

    #[test]
    fn a_secret_that_is_cut_off_is_masked_whole_and_nothing_moves_up_behind_it() {
        let secrets = secrets();
        let answer = format!("{}bearer-token", "x".repeat(10));

        assert_eq!(
            secrets.masked(&answer, 12),
            format!("{}********", "x".repeat(10))
        );
        assert_eq!(secrets.masked("bearer-tokenbearer-tok", 12), "********");
        assert!(secrets.longest() >= "Bearer bearer-token".len());
        assert_eq!(secrets.masked("éé", 1), "é");
    }
}
