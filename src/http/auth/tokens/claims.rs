//! What a token says.

use serde::Deserialize;

use crate::core::api_key::Principal;
use crate::core::invisible::has_no_width;
use crate::core::scopes::Scopes;

/// Longest name of a principal, in characters: it stands in the audit.
const LONGEST_NAME: usize = 64;

/// What a token says, beside what makes it valid.
#[derive(Deserialize)]
pub(super) struct Claims {
    sub: Option<String>,
    client_id: Option<String>,
    azp: Option<String>,
    /// As OAuth writes it: words with blanks between (RFC 8693).
    scope: Option<Words>,
    /// As some issuers do.
    scopes: Option<Words>,
    scp: Option<Words>,
}

/// Words with blanks between, or a list of them.
#[derive(Deserialize)]
#[serde(untagged)]
enum Words {
    Text(String),
    List(Vec<String>),
}

impl Words {
    fn each(&self) -> Vec<&str> {
        match self {
            Self::Text(text) => text.split_whitespace().collect(),
            Self::List(list) => list.iter().map(String::as_str).collect(),
        }
    }
}

impl Claims {
    /// Who has the token. Words that are no scopes of ours are for others; `otherwise` is what a token gives that has no
    /// word about scopes at all.
    pub(super) fn principal(self, otherwise: Scopes) -> Principal {
        let said = [&self.scope, &self.scopes, &self.scp];
        let mut said = said.into_iter().flatten().peekable();
        let scopes = if said.peek().is_none() {
            otherwise
        } else {
            said.flat_map(Words::each)
                .fold(Scopes::default(), |scopes, word| {
                    scopes.clone().with(word).unwrap_or(scopes)
                })
        };
        let name = self.sub.or(self.client_id).or(self.azp);
        let visible = |name: String| -> String {
            let seen = name
                .chars()
                .filter(|it| !it.is_control() && !has_no_width(*it));
            seen.take(LONGEST_NAME).collect()
        };
        // No key has a colon in its name, so nobody takes a token for one.
        let name = match name.map(visible).as_deref().map(str::trim) {
            None | Some("") => "a token".to_owned(),
            Some(name) => format!("token:{name}"),
        };
        Principal {
            name: name.into(),
            scopes,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn principal(claims: serde_json::Value) -> Principal {
        let claims: Claims = serde_json::from_value(claims).unwrap();
        claims.principal(Scopes::ingest())
    }

    #[test]
    fn scopes_are_found_in_each_claim_that_issuers_use() {
        for claims in [
            json!({"scope": "openid read email"}),
            json!({"scope": ["read"]}),
            json!({"scopes": ["profile", "read"]}),
            json!({"scp": "read"}),
            json!({"scp": ["read"], "scope": "openid"}),
        ] {
            let scopes = principal(claims.clone()).scopes;
            assert!(
                scopes.reads() && !scopes.changes() && !scopes.brings_to_all(),
                "{claims}"
            );
        }
    }

    #[test]
    fn without_a_word_about_scopes_the_default_counts_and_with_foreign_ones_nothing() {
        assert_eq!(principal(json!({"sub": "x"})).scopes, Scopes::ingest());
        assert_eq!(
            principal(json!({"scope": "openid"})).scopes,
            Scopes::default()
        );
        assert_eq!(principal(json!({"scope": ""})).scopes, Scopes::default());
    }

    #[test]
    fn a_token_is_called_by_its_subject_or_its_client() {
        let name = |claims| principal(claims).name.to_string();

        assert_eq!(name(json!({"sub": "n8n", "azp": "x"})), "token:n8n");
        assert_eq!(name(json!({"client_id": "n8n"})), "token:n8n");
        assert_eq!(name(json!({})), "a token");
        assert_eq!(name(json!({"sub": "x".repeat(100)})).len(), 70);
    }

    #[test]
    fn a_name_has_nothing_that_is_not_seen() {
        let name = |sub: &str| principal(json!({ "sub": sub })).name.to_string();

        assert_eq!(name("ad\nmin\u{1b}[2K"), "token:admin[2K");
        assert_eq!(name("\u{202e}nimda\u{202c}\u{200b}"), "token:nimda");
        assert_eq!(name(" \u{2066}\u{a0}"), "a token");
        assert_eq!(name("José Ação"), "token:José Ação");
    }
}
