//! Which pages of others may call.

use anyhow::{Context, Result, ensure};

/// Which pages of others may call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Origins {
    /// None.
    #[default]
    None,
    /// These, each as browsers write it: scheme, host and port.
    Only(Vec<String>),
    /// All.
    All,
}

impl Origins {
    /// Reads `ALLOWED_ORIGINS`: a JSON list, or words with commas between.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let list: Vec<String> = if text.trim_start().starts_with('[') {
            serde_json::from_str(text).context("ALLOWED_ORIGINS is not a JSON list of texts")?
        } else {
            text.split(',').map(str::to_owned).collect()
        };
        let words = list.iter().map(|word| word.trim().trim_end_matches('/'));
        let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
        if words.contains(&"*") {
            return Ok(Self::All);
        }
        for word in &words {
            let host = word.split_once("://").map(|(_, host)| host);
            ensure!(
                host.is_some_and(|host| !host.is_empty() && !host.contains('/'))
                    && word.bytes().all(|byte| byte.is_ascii_graphic()),
                "ALLOWED_ORIGINS: {word} must be scheme, host and port, such as https://panel.example, or *"
            );
        }
        if words.is_empty() {
            return Ok(Self::None);
        }
        Ok(Self::Only(
            words.into_iter().map(str::to_lowercase).collect(),
        ))
    }

    /// Whether this one is named.
    pub fn names(&self, origin: &str) -> bool {
        matches!(self, Self::Only(origins) if origins.iter().any(|it| it == origin))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_a_json_list_or_words_with_commas() {
        let both = Origins::Only(vec![
            "https://panel.example".to_owned(),
            "http://localhost:3000".to_owned(),
        ]);

        for text in [
            "https://panel.example, http://localhost:3000/",
            r#"["https://Panel.example", "http://localhost:3000"]"#,
        ] {
            assert_eq!(Origins::parse(text).unwrap(), both, "{text}");
        }
        assert!(both.names("https://panel.example") && !both.names("https://panel"));
        assert_eq!(Origins::parse("*").unwrap(), Origins::All);
        assert_eq!(Origins::parse(r#"["*"]"#).unwrap(), Origins::All);
        assert_eq!(Origins::parse("[]").unwrap(), Origins::None);
        assert!(!Origins::All.names("https://panel.example"));
    }

    #[test]
    fn what_no_browser_writes_is_refused() {
        for text in [
            "panel.example",
            "https://a/b",
            "https://",
            "[1]",
            "[",
            "https://a b",
        ] {
            let error = Origins::parse(text).unwrap_err().to_string();
            assert!(error.contains("ALLOWED_ORIGINS"), "{text}: {error}");
        }
    }
}
