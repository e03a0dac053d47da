//! A batch as it lies on a lane: a line about it, then its items.

use super::{Result, StoreError};
use crate::domain::batch::{Batch, BatchId, Millis};
use crate::domain::window::CloseReason;

/// Reads what the close script wrote.
pub(super) fn read_batch(text: &str) -> Result<Batch> {
    let unreadable = || StoreError::Unreadable("a batch on a lane");
    let (line, items) = text.split_once('\n').ok_or_else(unreadable)?;
    let mut words = line.split(' ').skip(1);
    let mut word = || words.next().ok_or_else(unreadable);
    let id = BatchId::from_stored(word()?);
    let mut number = || word()?.parse::<Millis>().map_err(|_| unreadable());
    let (opened, closed, deadline) = (number()?, number()?, number()?);
    let reason = CloseReason::parse(word()?).ok_or_else(unreadable)?;
    let count = word()?.parse().map_err(|_| unreadable())?;
    Ok(Batch {
        id,
        opened,
        closed,
        deadline,
        reason,
        count,
        items: items.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_read_back_from_its_line_and_items() {
        let batch = read_batch("= msg_1 10 30 20 cap 2\n{\"a\":\"\\n\"},{\n}").unwrap();

        assert_eq!(
            batch,
            Batch {
                id: BatchId::from_stored("msg_1"),
                opened: 10,
                closed: 30,
                deadline: 20,
                reason: CloseReason::Cap,
                count: 2,
                items: "{\"a\":\"\\n\"},{\n}".to_owned(),
            }
        );
    }

    #[test]
    fn what_lull_did_not_write_is_an_error() {
        for bad in [
            "",
            "\n",
            "- msg_1 10 30 20 cap\n{}",
            "- msg_1 10 x 20 cap 1\n{}",
            "- msg_1 10 30 20 why 1\n{}",
        ] {
            assert!(read_batch(bad).is_err(), "{bad:?}");
        }
    }
}
