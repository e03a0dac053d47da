//! Where a page of the list of lanes ends.

use crate::core::chat::Name;
use crate::store::due_list::DueCursor;

/// The place of a lane in the list; without an entry, where a destination begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneCursor {
    pub(super) destination: Name,
    pub(super) entry: Option<DueCursor>,
}

impl LaneCursor {
    /// Reads what a list gave.
    pub fn parse(text: &str) -> Option<Self> {
        let (destination, entry) = text.split_once('/')?;
        let entry = Some(entry).filter(|entry| !entry.is_empty());
        Some(Self {
            destination: Name::from_stored(destination).ok()?,
            entry: match entry {
                Some(entry) => Some(DueCursor::parse(entry)?),
                None => None,
            },
        })
    }

    pub(super) fn text(&self) -> String {
        let entry = self.entry.as_ref().map(DueCursor::text);
        format!("{}/{}", self.destination, entry.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_back() {
        for text in ["n8n/", "n8n/17.3.loja:a/b.c", ".morning/7.0.x:y"] {
            assert_eq!(LaneCursor::parse(text).unwrap().text(), text);
        }
        for bad in ["", "n8n", "N8N/", "n8n/x", "/1.2.a:b", "n8n/1.64.a:b"] {
            assert_eq!(LaneCursor::parse(bad), None, "{bad}");
        }
    }
}
