//! Who is called so by a gateway that hides the number: the chat of an alias (`99887766554433@lid`), under whichever name it goes.

use std::collections::BTreeSet;

use futures_util::{StreamExt, TryStreamExt, stream};

use super::{Admin, AdminError};
use crate::core::chat::{Chat, ChatId, Name};

/// Lines that are asked for one alias.
const MOST_LINES: usize = 200;
/// And so many at the same time.
const AT_ONCE: usize = 32;
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
        let Some(alias) = alias_of(person) else {
            return Ok(Vec::new());
        };
        let lines = self.lines_called(buffer, line).await?;
        let chats = lines.into_iter().map(|(buffer, line)| {
            let alias = &alias;
            async move { self.chat_of_alias(&buffer, line.as_deref(), alias).await }
        });
        let chats: Vec<_> = stream::iter(chats).buffered(AT_ONCE).try_collect().await?;
        Ok(chats.into_iter().flatten().collect())
    }

    /// The chat of an alias on one line of a buffer; none: nobody was heard there by it.
    async fn chat_of_alias(
        &self,
        buffer: &Name,
        line: Option<&str>,
        alias: &str,
    ) -> Result<Option<Chat>, AdminError> {
        let named = |person: &str| {
            let id = line.map_or_else(|| person.to_owned(), |line| format!("{line}:{person}"));
            let id = ChatId::parse(&id).ok()?;
            Some(self.chat(buffer.clone(), id))
        };
        let Some(under_alias) = named(alias) else {
            return Ok(None);
        };
        let store = self.store().chats();
        let number = store.number_behind(&under_alias).await?;
        let chat = number.and_then(|number| named(&number));
        let chat = chat.unwrap_or(under_alias);
        let known = store.look_at(&chat, Vec::new()).await?;
        Ok(known.last_heard.map(|_| chat))
    }

    /// The lines through which anybody was heard; those that are called so, if a name is given.
    async fn lines_called(
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
