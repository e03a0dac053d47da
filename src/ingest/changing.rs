//! What a person changed or took back: in the window where it waits, or told of where the buffer wants it.

use super::IngestError;
use super::gathering::{Done, Work};
use super::persons::among_others;
use super::posts::Untaken;
use crate::core::ignored::Ignored;
use crate::core::item::{is_called, may_be_by, words_of};
use crate::core::post::{PostResult, TAKEN_BACK};
use crate::gateway::{Changed, PERHAPS_EDIT, Person};
use crate::spec::buffer::OnEdit;

impl Work<'_> {
    /// What a person changes while it waits is what they said. What has left already is told of where the buffer wants it.
    pub(super) async fn change(
        &self,
        changed: Changed,
        person: &Person,
        done: &mut Done,
    ) -> Result<(), IngestError> {
        let text = changed.text.as_deref();
        // In a group anybody may take back what an admin may, but words are changed by whoever said them.
        let by_anybody = changed.party.group.is_none() || text.is_none();
        let names = [&person.phone, &person.alias, &person.id];
        let [phone, alias, id] = names.map(|name| name.as_deref());
        let is_new = |item: &str| !changed.perhaps || text != words_of(item).as_deref();
        let is_it = |item: &str| {
            is_called(item, &changed.id)
                && (by_anybody || may_be_by(item, phone, alias, id))
                && is_new(item)
        };
        let windows = self.ingest.0.store.windows();
        let applies = self.buffer.on_edit != OnEdit::Ignore;
        let amended = match (applies, changed.anywhere) {
            (false, _) => None,
            (true, false) => {
                let amended = windows.amend(&self.chat, is_it, text).await?;
                amended.then(|| self.chat.id.clone())
            }
            (true, true) => {
                let (buffer, line) = (&self.buffer.name, changed.party.line.as_deref());
                let chat = windows.amend_anywhere(buffer, line, is_it, text).await?;
                chat.map(|chat| chat.id)
            }
        };
        if amended.is_some() {
            done.changed += 1;
            let why = match text {
                Some(_) => PostResult::Changed.text(),
                None => TAKEN_BACK,
            };
            let it = Untaken::event(PostResult::Changed, why, amended);
            done.untaken.push(it.with_id(Some(changed.id)));
            return Ok(());
        }
        // Gateways post in any order: the message may still come.
        if applies && text.is_none() && !changed.anywhere {
            windows.note_taken_back(&self.chat, &changed.id).await?;
        }
        if self.buffer.on_edit != OnEdit::Deliver || changed.anywhere || changed.perhaps {
            let why = changed.ignored();
            let reason = match (applies, why) {
                _ if changed.perhaps => PERHAPS_EDIT,
                (true, Ignored::Deletion) => "a deletion of a message that does not wait",
                (true, _) => "an edit of a message that does not wait",
                (false, _) => why.text(),
            };
            done.ignored.insert(reason);
            // Nobody knows in which chat it was changed.
            let chat = Some(self.chat.id.clone()).filter(|_| !changed.anywhere);
            let it = Untaken::event(PostResult::Ignored(why), reason, chat);
            done.untaken.push(it.with_id(Some(changed.id)));
            return Ok(());
        }
        let chat = self.chat.id.clone();
        let writer = among_others(&changed.party, person);
        let incoming = changed.incoming(chat, person, self.gateway, &self.buffer.name)?;
        self.take_in(incoming, writer, done).await
    }
}
