//! Who is called so by a gateway that hides the number: the chat of an alias (`99887766554433@lid`), under whichever name it goes.

use std::collections::BTreeSet;

use super::{Admin, AdminError};
use crate::core::chat::{Chat, ChatId, Name};

/// Lines that are asked for one alias.
const MOST_LINES: usize = 200;
/// How WhatsApp ends an alias.
const ENDS: [&str; 2] = ["@lid", "@hosted.lid"];

impl Admin {
    /// The chats of an alias, written with or without its line, or of the digits of one: under the number that is known for it,
    /// else under the alias itself, where somebody was heard under that. In a buffer, if one is named.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub(super) async fn of_alias(
        &self,
        text: &str,
        buffer: Option<&Name>,
    ) -> Result<Vec<Chat>, AdminError> {
        let (line, person) = match text.rsplit_once(':') {
            Some((line, person)) => (Some(line), person),
            None => (None, text),
        };
        let mut chats = Vec::new();
        let Some(alias) = alias_of(person) else {
            return Ok(chats);
        };
        for (buffer, heard) in self.heard_through(buffer, line).await? {
            let named = |person: &str| {
                let id = match &heard {
                    Some(line) => format!("{line}:{person}"),
                    None => person.to_owned(),
                };
                let id = ChatId::parse(&id).ok()?;
                Some(self.chat(buffer.clone(), id))
            };
            let Some(under_alias) = named(&alias) else {
                continue;
            };
            let store = self.store().chats();
            let number = store.number_behind(&under_alias).await?;
            let chat = number.and_then(|number| named(&number));
            let chat = chat.unwrap_or(under_alias);
            let known = store.look_at(&chat, Vec::new()).await?;
            chats.extend(known.last_heard.map(|_| chat));
        }
        Ok(chats)
    }

    /// The lines of buffers through which anybody was heard; that one, if one is named.
    async fn heard_through(
        &self,
        buffer: Option<&Name>,
        named: Option<&str>,
    ) -> Result<BTreeSet<(Name, Option<String>)>, AdminError> {
        let (lines, _) = self.lines(buffer).await?;
        let lines = lines.into_iter().filter_map(|line| {
            let buffer = Name::parse(line.buffer.as_deref()?).ok()?;
            let is_asked = named.is_none_or(|named| line.line.as_deref() == Some(named));
            is_asked.then_some((buffer, line.line))
        });
        Ok(lines.take(MOST_LINES).collect())
    }
}

/// The alias that is meant: one as it is, or the one with these digits.
fn alias_of(person: &str) -> Option<String> {
    if ENDS.iter().any(|end| person.ends_with(end)) {
        return Some(person.to_owned());
    }
    let is_number = person.len() > 4 && person.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| format!("{person}{}", ENDS[0]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_is_meant_by_itself_and_by_its_digits() {
        let lid = "99887766554433@lid";
        assert_eq!(alias_of(lid).as_deref(), Some(lid));
        assert_eq!(alias_of("99887766554433").as_deref(), Some(lid));
        assert_eq!(alias_of("9@hosted.lid").as_deref(), Some("9@hosted.lid"));
        for other in ["", "ana", "12", "5511988887777@s.whatsapp.net", "1-2@g.us"] {
            assert_eq!(alias_of(other), None, "{other}");
        }
    }
}
