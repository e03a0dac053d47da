//! A batch as it lies on a lane: a line about it, then its items.

use super::{Result, StoreError};
use crate::core::batch::{Batch, BatchId, Gathering, Millis};
use crate::core::chat::{Chat, ChatId};
use crate::core::window::{CloseReason, WaitRule};

/// The last word of the line about a batch in an ordered buffer: whose it is, with a space before it. Any other lane
/// tells that by its key.
pub(super) fn whose_word(chat: &Chat) -> String {
    if chat.ordered {
        format!(" {}", hex::encode(chat.id.as_str()))
    } else {
        String::new()
    }
}

fn read_whose(word: &str) -> Option<ChatId> {
    ChatId::parse(&String::from_utf8(hex::decode(word).ok()?).ok()?).ok()
}

/// The batch in what the revive script wrote into its set: behind its number and where it lay among the dead.
pub(super) fn revived_batch(member: &str) -> &str {
    member.splitn(3, ' ').nth(2).unwrap_or_default()
}

/// Whether the line about a batch says that it is one of an ordered buffer; none if it is no such line.
pub(super) fn is_ordered(line: &[u8]) -> Option<bool> {
    match line.split(|&c| c == b' ').count() {
        7 => Some(false),
        8 => Some(true),
        _ => None,
    }
}

/// Reads what the close script wrote; the chat where the line names it.
pub(super) fn read_batch(text: &str) -> Result<(Batch, Option<ChatId>)> {
    let unreadable = || StoreError::Unreadable("a batch on a lane");
    let (line, items) = text.split_once('\n').ok_or_else(unreadable)?;
    let mut words = line.split(' ').skip(1);
    let mut word = || words.next().ok_or_else(unreadable);
    let id = BatchId::from_stored(word()?);
    let mut number = || word()?.parse::<Millis>().map_err(|_| unreadable());
    let (opened, closed, deadline) = (number()?, number()?, number()?);
    let reason = CloseReason::parse(word()?).ok_or_else(unreadable)?;
    let Counted {
        count,
        gathered,
        repeats,
    } = read_count(word()?).ok_or_else(unreadable)?;
    let whose = match words.next() {
        Some(word) => Some(read_whose(word).ok_or_else(unreadable)?),
        None => None,
    };
    let batch = Batch {
        opened,
        closed,
        deadline,
        reason,
        count,
        gathered,
        repeats: repeats.map(|it| repeated(&it, &id)),
        id,
        items: items.to_owned(),
    };
    Ok((batch, whose))
}

/// What stands in the word with the count of messages.
#[derive(Debug, PartialEq)]
struct Counted {
    count: u64,
    gathered: Option<Gathering>,
    repeats: Option<String>,
}

/// How many messages there are, and behind that how they were gathered, and the digits of the batch that is sent again in
/// this one, where there are: `3/8000/0/choice/019a…`.
fn read_count(word: &str) -> Option<Counted> {
    let mut parts = word.split('/');
    let count = parts.next()?.parse().ok()?;
    let (wait, typing) = (parts.next().unwrap_or_default(), parts.next());
    let rule = parts.next().and_then(WaitRule::parse);
    let gathered = if wait.is_empty() {
        None
    } else {
        Some(Gathering {
            wait: wait.parse().ok()?,
            typing: typing?.parse().ok()?,
            rule,
        })
    };
    Some(Counted {
        count,
        gathered,
        repeats: parts.next().map(str::to_owned),
    })
}

/// What stands behind the count, as [`read_count`] reads it.
pub(super) fn how_word(gathered: Option<&Gathering>, repeats: Option<&BatchId>) -> String {
    let mut word = match gathered {
        Some(Gathering { wait, typing, rule }) => {
            let rule = rule.map(WaitRule::as_str).unwrap_or_default();
            format!("/{wait}/{typing}/{rule}")
        }
        None if repeats.is_some() => "///".to_owned(),
        None => String::new(),
    };
    if let Some(repeats) = repeats {
        word.push('/');
        word.push_str(repeats.without_number().digits());
    }
    word
}

/// The id with these digits, and the number of the batch that it is sent again in.
fn repeated(digits: &str, again: &BatchId) -> BatchId {
    let id = BatchId::of_digits(digits);
    match again.number() {
        Some(number) => id.numbered(number),
        None => id,
    }
}

/// Whether a batch on a lane was a dead letter before: the revive script marks it so.
pub(super) fn is_revived(text: &str) -> bool {
    text.starts_with('=')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_read_back_from_its_line_and_items() {
        let (batch, whose) = read_batch("= msg_1 10 30 20 cap 2\n{\"a\":\"\\n\"},{\n}").unwrap();

        assert_eq!(
            batch,
            Batch {
                id: BatchId::from_stored("msg_1"),
                opened: 10,
                closed: 30,
                deadline: 20,
                reason: CloseReason::Cap,
                count: 2,
                gathered: None,
                repeats: None,
                items: "{\"a\":\"\\n\"},{\n}".to_owned(),
            }
        );
        assert_eq!(whose, None);
    }

    #[test]
    fn a_batch_tells_how_it_was_gathered() {
        for (word, gathered) in [
            ("2", None),
            ("2/8000/0/", Some((8000, 0, None))),
            (
                "2/8000/4000/first",
                Some((8000, 4000, Some(WaitRule::First))),
            ),
            ("2/1/0/unheard", Some((1, 0, None))),
        ] {
            let (batch, _) = read_batch(&format!("- msg_1 10 30 20 quiet {word}\n{{}}")).unwrap();
            let told = batch.gathered.map(|it| (it.wait, it.typing, it.rule));
            assert_eq!((batch.count, told), (2, gathered), "{word}");
            let known = word.replace("unheard", "");
            assert_eq!(
                format!("2{}", how_word(batch.gathered.as_ref(), None)),
                known
            );
        }
        assert!(read_batch("- msg_1 10 30 20 quiet 2/x/0/\n{}").is_err());
    }

    #[test]
    fn a_batch_that_is_sent_again_tells_which_it_was() {
        let digits = "019a0130c9b370ed8f37a7d00a3ec3f9";
        for (id, how) in [("msg_1", "/8000/0/choice"), ("msg_1-2", "///")] {
            let line = format!("/ {id} 10 30 20 quiet 1{how}/{digits}\n{{}}");

            let (batch, _) = read_batch(&line).unwrap();

            let repeats = id.replacen('1', digits, 1);
            assert_eq!(batch.repeats, Some(BatchId::from_stored(&repeats)));
            let word = how_word(batch.gathered.as_ref(), batch.repeats.as_ref());
            assert_eq!(word, format!("{how}/{digits}"));
        }
    }

    #[test]
    fn the_chat_of_an_ordered_batch_is_read_back_whatever_its_id() {
        for id in ["5511988887777", "a b\n", "*", "é\u{0}"] {
            let mut chat = Chat::of_default(ChatId::parse(id).unwrap());
            chat.ordered = true;
            let line = format!("- msg_1 10 30 20 cap 2{}\n{{}}", whose_word(&chat));

            let (_, whose) = read_batch(&line).unwrap();

            assert_eq!(whose, Some(chat.id), "{id:?}");
        }
    }

    #[test]
    fn what_lull_did_not_write_is_an_error() {
        for bad in [
            "",
            "\n",
            "- msg_1 10 30 20 cap\n{}",
            "- msg_1 10 x 20 cap 1\n{}",
            "- msg_1 10 30 20 why 1\n{}",
            "- msg_1 10 30 20 cap 1 xy\n{}",
        ] {
            assert!(read_batch(bad).is_err(), "{bad:?}");
        }
    }
}
