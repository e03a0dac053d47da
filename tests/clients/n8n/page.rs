//! What the pages say of n8n, to the letter but for hosts and tokens.

use std::fs;

/// A page.
pub(super) struct Page(String);

/// What an HTTP Request node is to call.
pub(super) struct Call {
    pub(super) method: &'static str,
    pub(super) url: String,
    pub(super) body: Body,
    /// The response format is *File*.
    pub(super) answers_file: bool,
}

pub(super) enum Body {
    None,
    Json(String),
    /// Names and values.
    Form(Vec<(String, String)>),
}

impl Page {
    fn read(path: &str) -> Self {
        let path = format!("{}/docs/{path}", env!("CARGO_MANIFEST_DIR"));
        Self(fs::read_to_string(path).unwrap())
    }

    pub(super) fn of_gateway(gateway: &str) -> Self {
        Self::read(&format!("gateways/{gateway}.md"))
    }

    pub(super) fn of_gateways() -> Self {
        Self::read("gateways/README.md")
    }

    pub(super) fn of_delivery() -> Self {
        Self::read("delivery.md")
    }

    /// The same, where every address of a gateway leads to `base`, and all secrets are told.
    pub(super) fn with_hosts(&self, base: &str) -> Self {
        let mut page = String::new();
        let mut rest = self.0.as_str();
        while let Some((before, from)) = rest.split_once("://") {
            let before = before
                .strip_suffix("https")
                .or_else(|| before.strip_suffix("http"));
            page.push_str(before.unwrap());
            page.push_str(base);
            // A host is a name, or a placeholder, and perhaps a port.
            let end = from.find(['/', '`', '\'', '"', ' ', '\n']).unwrap();
            rest = &from[end..];
        }
        page.push_str(rest);
        for (secret, told) in [("<token>", "T0KEN"), ("<account sid>", "AC1")] {
            page = page.replace(secret, told);
        }
        Self(page)
    }

    /// What stands in code behind these words.
    pub(super) fn text(&self, words: &str) -> &str {
        code_behind(&self.0, words).unwrap_or_else(|| panic!("{words}"))
    }

    /// The inside of an expression behind these words.
    pub(super) fn expression(&self, words: &str) -> &str {
        let text = self.text(words).strip_prefix("{{").unwrap();
        text.strip_suffix("}}").unwrap()
    }

    /// The expression of what was said.
    pub(super) fn said(&self) -> &str {
        self.text("What was said is ")
    }

    /// The bodies with which n8n passes on what it got.
    pub(super) fn wholes(&self) -> Vec<&str> {
        let (_, from) = self.0.split_once("## What n8n passes on").unwrap();
        let (line, _) = from.split_once(" as the body will do").unwrap();
        let (_, line) = line.rsplit_once("So ").unwrap();
        line.split(" or ")
            .map(|code| code.trim_matches('`'))
            .collect()
    }

    fn section(&self, title: &str) -> &str {
        let (_, from) = self.0.split_once(&format!("\n## {title}\n")).unwrap();
        from.split_once("\n## ").unwrap().0
    }

    /// How the answer of the bot is sent.
    pub(super) fn answer(&self) -> Call {
        let section = self.section("Answer from n8n");
        let rows = section.lines().filter_map(|line| {
            let cells: Vec<_> = line
                .split('|')
                .map(|cell| cell.trim().trim_matches('`'))
                .collect();
            let is_row = cells.len() == 4 && cells[2].starts_with("{{");
            is_row.then(|| (cells[1].to_owned(), cells[2].to_owned()))
        });
        let form: Vec<_> = rows.collect();
        assert!(section.contains("`POST`, URL `"), "{section}");
        Call {
            method: "POST",
            url: code_behind(section, "`POST`, URL ").unwrap().to_owned(),
            body: match form.as_slice() {
                [] => Body::Json(block(section, "text").to_owned()),
                _ => Body::Form(form),
            },
            answers_file: false,
        }
    }

    /// The code that makes an item of each medium.
    pub(super) fn media_code(&self) -> &str {
        block(self.section("Load media"), "js")
    }

    /// The calls that load a medium, one behind the other.
    pub(super) fn loads(&self) -> Vec<Call> {
        let (_, nodes) = self.section("Load media").split_once("```js").unwrap();
        let gets = nodes.split("`GET`").skip(1).filter_map(|from| {
            let url = from.strip_prefix(", URL ").unwrap_or(from);
            let url = url.trim_start().strip_prefix('`')?.split_once('`')?.0;
            Some(url.to_owned())
        });
        let gets: Vec<_> = gets.collect();
        if gets.is_empty() {
            return vec![Call {
                method: "POST",
                url: code_behind(nodes, "`POST`, URL ").unwrap().to_owned(),
                body: Body::Json(block(nodes, "text").to_owned()),
                answers_file: false,
            }];
        }
        assert!(nodes.contains("esponse format *File*"), "{nodes}");
        let last = gets.len() - 1;
        let calls = gets.into_iter().enumerate().map(|(number, url)| Call {
            method: "GET",
            url,
            body: Body::None,
            answers_file: number == last,
        });
        calls.collect()
    }
}

fn code_behind<'a>(text: &'a str, words: &str) -> Option<&'a str> {
    let (_, from) = text.split_once(words)?;
    Some(from.strip_prefix('`')?.split_once('`')?.0)
}

/// The first block of this language.
fn block<'a>(text: &'a str, language: &str) -> &'a str {
    let (_, from) = text.split_once(&format!("```{language}\n")).unwrap();
    from.split_once("\n```").unwrap().0
}
