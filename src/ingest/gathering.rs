//! What was heard through a gateway, into the windows: each chat in order, different chats at the same time.

use futures_util::{StreamExt, TryStreamExt, stream};
use indexmap::{IndexMap, IndexSet};

use super::persons::among_others;
use super::posts::{Untaken, result_of};
use super::{Ingest, IngestError};
use crate::core::chat::{Chat, ChatId};
use crate::core::ignored::{Ignored, OWN_PAUSES};
use crate::core::incoming::Incoming;
use crate::core::post::PostResult;
use crate::core::trace::TraceContext;
use crate::gateway::{Event, Gateway, Person, Said};
use crate::spec::Buffer;
use crate::store::windows::Taken;
use crate::telemetry::log::note_chat;

/// Chats of one post that are worked at together.
const AT_A_TIME: usize = 16;

/// Why what a person said is ignored, if no chat can have the person's name.
pub(super) const UNNAMED: &str = "a person whose name is blank or too long";

/// What came of the post of a gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gathered {
    /// Messages that are in their windows now.
    pub accepted: u64,
    /// Messages that had come before.
    pub duplicates: u64,
    /// Typing signals that held an open window, or let go of it.
    pub held: u64,
    /// Chats that are left alone because one of our own people wrote there.
    pub paused: u64,
    /// Messages that waited in an open window and were changed there or taken back.
    pub changed: u64,
    /// Why the rest was not stored, each reason once.
    pub ignored: Vec<String>,
}

/// What was heard of one chat.
#[derive(Default)]
struct OfChat {
    heard: Vec<(Person, Event)>,
    /// The person's number, where the post tells it of a chat that goes by the alias.
    phone: Option<String>,
}

impl Ingest {
    /// Does what was heard through a gateway; `body` is the post, to be listed with what is not taken. After an error the
    /// gateway posts again, and what is stored already is known by its id.
    ///
    /// # Errors
    /// As [`Ingest::accept`] and [`Ingest::pause`]; what comes before is stored.
    pub async fn gather(
        &self,
        buffer: &Buffer,
        gateway: Gateway,
        heard: Vec<Event>,
        trace: Option<TraceContext>,
        body: &[u8],
    ) -> Result<Gathered, IngestError> {
        self.0.lines.heard(&buffer.name, &heard);
        let mut gathered = Gathered::default();
        let known = self.persons(buffer, &heard).await?;
        let mut untaken = Vec::new();
        let mut chats: IndexMap<ChatId, OfChat> = IndexMap::new();
        let mut reasons = IndexSet::new();
        for heard in heard {
            let found = match (heard.party(), &heard) {
                (Some(party), _) => known.get(party),
                (
                    None,
                    Event::Ignored {
                        why,
                        reason,
                        party,
                        writer,
                    },
                ) => {
                    reasons.insert(reason.clone());
                    let chat = party.as_ref().and_then(|party| party.chat_id().ok());
                    let why = PostResult::Ignored(*why);
                    untaken.push(Untaken::event(why, reason.clone(), chat).by(writer.as_ref()));
                    continue;
                }
                (None, _) => None,
            };
            let Some(known) = found else {
                reasons.insert(UNNAMED.to_owned());
                let why = PostResult::Ignored(Ignored::Unnamed);
                untaken.push(Untaken::event(why, UNNAMED, None));
                continue;
            };
            let is_misnamed = matches!(&heard, Event::Changed(changed) if changed.anywhere);
            let unheard = buffer.people.unheard(&heard, &known.person);
            if let Some(why) = unheard.filter(|_| !is_misnamed) {
                reasons.insert(why.text().to_owned());
                let why = PostResult::Ignored(why);
                let writer = heard
                    .party()
                    .and_then(|party| among_others(party, &known.person));
                untaken.push(Untaken::event(why, why.text(), Some(known.id.clone())).by(writer));
                continue;
            }
            let of_chat = chats.entry(known.id.clone()).or_default();
            if let Some(phone) = heard.party().and_then(|party| known.tells(party)) {
                of_chat.phone = Some(phone.to_owned());
            }
            of_chat.heard.push((known.person.clone(), heard));
        }
        let work = chats.into_iter().map(|(id, of_chat)| {
            let work = Work {
                ingest: self,
                buffer,
                gateway,
                chat: buffer.chat(id),
                trace: trace.as_ref(),
            };
            work.all(of_chat)
        });
        let done: Vec<Done> = stream::iter(work).buffered(AT_A_TIME).try_collect().await?;
        for done in done {
            gathered.accepted += done.accepted;
            gathered.duplicates += done.duplicates;
            gathered.held += done.held;
            gathered.paused += done.paused;
            gathered.changed += done.changed;
            reasons.extend(done.ignored.into_iter().map(str::to_owned));
            untaken.extend(done.untaken);
        }
        gathered.ignored = reasons.into_iter().collect();
        let body = Some(body);
        self.note_untaken(&buffer.name, untaken, body).await;
        Ok(gathered)
    }
}

/// What became of one chat's part of a post.
#[derive(Default)]
pub(super) struct Done {
    accepted: u64,
    duplicates: u64,
    held: u64,
    paused: u64,
    pub(super) changed: u64,
    pub(super) ignored: IndexSet<&'static str>,
    pub(super) untaken: Vec<Untaken>,
}

/// One chat's part of a post.
pub(super) struct Work<'a> {
    pub(super) ingest: &'a Ingest,
    pub(super) buffer: &'a Buffer,
    pub(super) gateway: Gateway,
    pub(super) chat: Chat,
    trace: Option<&'a TraceContext>,
}

impl Work<'_> {
    async fn all(self, mut of_chat: OfChat) -> Result<Done, IngestError> {
        note_chat(&self.chat);
        in_time(&mut of_chat.heard);
        let mut done = Done::default();
        for (person, heard) in of_chat.heard {
            match heard {
                Event::Said(said) => self.say(said, &person, &mut done).await?,
                Event::Own(own) => {
                    self.ingest.note_answer(&self.chat, &own).await;
                    let id = own.id.clone();
                    let why = self
                        .ingest
                        .own(self.buffer, self.gateway, &self.chat, &own)
                        .await?;
                    match why {
                        None => {
                            done.paused += 1;
                            let own =
                                self.untaken(PostResult::Ignored(Ignored::Own), OWN_PAUSES, id);
                            done.untaken.push(own);
                        }
                        Some(reason) => self.pass_over(Ignored::Own, reason, id, &mut done),
                    }
                }
                Event::Typing { typing, .. } => {
                    let name = &self.buffer.name;
                    self.ingest.count_post(Some(name), PostResult::Typing);
                    let held = self.ingest.hold(&self.chat, typing).await?;
                    done.held += u64::from(held.is_some_and(|held| held.heeded));
                }
                Event::Changed(changed) => self.change(changed, &person, &mut done).await?,
                Event::Ignored { .. } => {}
            }
        }
        // A message tells it by itself; what was edited, taken back or ours leaves the open window without it.
        if let (Some(phone), 0) = (of_chat.phone, done.accepted) {
            let windows = self.ingest.0.store.windows();
            windows.tell_phone(&self.chat, &phone).await?;
        }
        Ok(done)
    }

    async fn say(&self, said: Said, person: &Person, done: &mut Done) -> Result<(), IngestError> {
        if said.is_empty() {
            let why = "a message with nothing in it";
            self.pass_over(Ignored::Empty, why, said.id, done);
            return Ok(());
        }
        let writer = among_others(&said.party, person);
        let incoming = said.incoming(
            self.chat.id.clone(),
            person,
            self.gateway,
            &self.buffer.name,
            self.buffer.max_file_bytes,
        )?;
        self.take_in(incoming, writer, done).await
    }

    /// Takes a message in; of a group, with who wrote it.
    pub(super) async fn take_in(
        &self,
        mut incoming: Incoming,
        writer: Option<&Person>,
        done: &mut Done,
    ) -> Result<(), IngestError> {
        incoming.trace = self.trace.cloned();
        let taken = self.ingest.put_in(self.buffer, &incoming).await?.taken;
        if taken != Taken::Appended {
            let untaken = Untaken::message(result_of(taken), &incoming);
            // What came again is there.
            let writer = writer.filter(|_| taken == Taken::Paused);
            done.untaken.push(untaken.by(writer));
        } else if let Some(writer) = writer {
            self.ingest.note_writer(&self.chat, writer).await;
        }
        match taken {
            Taken::Appended => done.accepted += 1,
            Taken::Duplicate => done.duplicates += 1,
            Taken::Repeated => drop(done.ignored.insert("said just before")),
            Taken::Paused => drop(done.ignored.insert("the chat is paused")),
        }
        Ok(())
    }

    /// Answers and lists something of this chat that is nothing for a bot.
    pub(super) fn pass_over(
        &self,
        why: Ignored,
        reason: &'static str,
        id: Option<String>,
        done: &mut Done,
    ) {
        done.ignored.insert(reason);
        let why = PostResult::Ignored(why);
        done.untaken.push(self.untaken(why, reason, id));
    }

    fn untaken(&self, result: PostResult, reason: &'static str, id: Option<String>) -> Untaken {
        Untaken::event(result, reason, Some(self.chat.id.clone())).with_id(id)
    }
}

/// Batches come in any order: where all messages tell their time, it decides.
fn in_time(heard: &mut [(Person, Event)]) {
    let time = |(_, heard): &(Person, Event)| match heard {
        Event::Said(said) => said.at,
        Event::Own(_) | Event::Typing { .. } | Event::Changed(_) | Event::Ignored { .. } => None,
    };
    if heard.iter().all(|heard| time(heard).is_some()) {
        heard.sort_by_key(|heard| time(heard));
    }
}
