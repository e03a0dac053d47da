//! Which dead letters are asked to be revived.

use serde::{Deserialize, Serialize};

use super::batch::Millis;

/// Which dead letters are wanted; without any word, all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Wanted {
    /// Those of this buffer.
    pub buffer: Option<String>,
    /// Those of this chat.
    pub chat: Option<String>,
    /// Those that were to go to this destination.
    pub destination: Option<String>,
    /// Those whose reason holds this text, in capitals or not.
    pub reason: Option<String>,
    /// Those that were not given up on before this moment.
    pub from: Option<Millis>,
    /// Those that were not given up on after this moment.
    pub to: Option<Millis>,
    /// Those with one of these ids; empty: whatever their ids.
    pub ids: Vec<String>,
}

/// What a dead letter is asked for by.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Its id.
    pub id: &'a str,
    /// The buffer of its chat.
    pub buffer: &'a str,
    /// Its chat.
    pub chat: &'a str,
    /// Where it was to go.
    pub destination: &'a str,
    /// Why it was given up on.
    pub reason: &'a str,
    /// When it was given up on.
    pub buried: Millis,
}

impl Wanted {
    /// All there are.
    pub fn all() -> Self {
        Self::default()
    }

    /// Whether nothing narrows it.
    pub fn is_all(&self) -> bool {
        *self == Self::default()
    }

    /// Whether this dead letter is wanted.
    pub fn includes(&self, asked: Asked<'_>) -> bool {
        let is = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|it| it == is);
        let reason = self.reason.as_deref().map(str::to_lowercase);
        is(&self.buffer, asked.buffer)
            && is(&self.chat, asked.chat)
            && is(&self.destination, asked.destination)
            && reason.is_none_or(|reason| asked.reason.to_lowercase().contains(&reason))
            && self.from.is_none_or(|from| asked.buried >= from)
            && self.to.is_none_or(|to| asked.buried <= to)
            && (self.ids.is_empty() || self.ids.iter().any(|id| id == asked.id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LETTER: Asked<'_> = Asked {
        id: "7-0-1",
        buffer: "loja",
        chat: "ana",
        destination: "bot",
        reason: "HTTP 410: Bot retired",
        buried: 7,
    };

    #[test]
    fn every_word_narrows() {
        type Set = fn(&mut Wanted, Option<String>);
        let text = |text: &str| Some(text.to_owned());
        let with = |set: Set, value: &str| {
            let mut wanted = Wanted::all();
            set(&mut wanted, text(value));
            wanted.includes(LETTER)
        };
        let words: [(Set, &str); 5] = [
            (|wanted, text| wanted.buffer = text, "loja"),
            (|wanted, text| wanted.chat = text, "ana"),
            (|wanted, text| wanted.destination = text, "bot"),
            (|wanted, text| wanted.reason = text, "bot RETIRED"),
            (|wanted, text| wanted.ids.extend(text), "7-0-1"),
        ];
        for (set, value) in words {
            assert!(with(set, value), "{value}");
            assert!(!with(set, "x"), "{value}");
        }
        assert!(Wanted::all().includes(LETTER));
    }

    #[test]
    fn a_period_includes_both_its_ends() {
        let between = |from, to| {
            let wanted = Wanted {
                from: Some(from),
                to: Some(to),
                ..Wanted::all()
            };
            wanted.includes(LETTER)
        };
        assert!(between(7, 7));
        assert!(!between(8, 9) && !between(5, 6));
    }
}
