//! The made-up messages that a template is tried on when it is saved.

use chrono_tz::Tz;

use super::context::TemplateContext;
use crate::core::batch::Millis;
use crate::core::item::{Item, read_items};
use crate::core::window::CloseReason;

const OPENED: Millis = 1_763_770_000_000;
/// Quotes, a backslash, a line break, an emoji and a tag: what a template must be able to hold.
const ITEMS: &str = concat!(
    r#"{"at":1763770000000,"id":"A1","message":"She said \"hi\" \\ {}\n<b>😀</b> & so on"},"#,
    r#"{"at":1763770002000,"id":"A2","message":{"caption":"my order"},"text":"my order","type":"image","#,
    r#""media":[{"type":"image","url":"https://example.com/a.jpg","mime_type":"image/jpeg"}],"#,
    r#""sender":"5511988887777","time":1763770001000}"#
);

pub(super) fn items() -> Vec<Item> {
    read_items(ITEMS).unwrap_or_default()
}

pub(super) fn context(items: &[Item]) -> TemplateContext<'_> {
    TemplateContext {
        user: "5511988887777",
        buffer: "default",
        opened: OPENED,
        closed: OPENED + 15_000,
        reason: CloseReason::Quiet,
        zone: Tz::UTC,
        language: None,
        items,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_can_be_read() {
        let items = items();

        assert_eq!(items.len(), 2);
        assert_eq!(items[1].media.len(), 1);
    }
}
