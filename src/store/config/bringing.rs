//! Buffers and destinations that come with a message: written down when they are new, each in one step, and no more of
//! them than may be, of one caller and of all.

use super::Kind;
use crate::core::chat::Name;
use crate::core::life::Life;
use crate::spec::{BufferSpec, DestinationSpec};
use crate::store::Result;
use crate::store::handles::Config;
use crate::store::keys::{self, Shard};
use crate::store::scripts;
use crate::store::work;

/// Members of the list of what was used that are looked at in one step.
const PAGE: isize = 64;

/// A buffer and its destination that came with a message.
#[derive(Clone, Copy, Debug)]
pub struct Bringing<'a> {
    /// Who brings them, by the name of a key; empty: nobody that is known.
    pub who: &'a str,
    /// How the message is gathered.
    pub buffer: (&'a Name, &'a BufferSpec),
    /// Where it goes.
    pub destination: (&'a Name, &'a DestinationSpec),
}

/// How many buffers there may be that came with messages, and as many destinations.
#[derive(Clone, Copy, Debug)]
pub struct Places {
    /// That one caller has brought.
    pub of_one: u32,
    /// That all have.
    pub of_all: u32,
}

/// Whose places are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The caller's own.
    Own,
    /// Those of all.
    All,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Brought {
    /// Both are there.
    There {
        /// The version of the configuration that has them.
        version: u64,
        /// The life of the destination.
        destination: Life,
        /// That of the buffer.
        buffer: Life,
    },
    /// There is no place for one that is new; nothing changed.
    Full(Kind, Whose),
}

impl Config<'_> {
    /// Writes down a buffer and its destination where they are new, and notes that they are in use.
    ///
    /// # Errors
    /// One cannot be sealed; full, unavailable or silent.
    pub async fn bring(self, bringing: Bringing<'_>, places: Places) -> Result<Brought> {
        let (buffer, buffer_spec) = bringing.buffer;
        let (destination, destination_spec) = bringing.destination;
        let (to, from) = (
            Kind::Destination.field(destination),
            Kind::Buffer.field(buffer),
        );
        let mut bring = scripts::BRING.key(keys::CONFIG);
        bring
            .key(keys::LIVES)
            .key(keys::USED)
            .key(keys::BROUGHT)
            .arg(bringing.who)
            .arg(places.of_one)
            .arg(places.of_all)
            .arg(&to)
            .arg(self.sealed(&to, destination_spec)?)
            .arg(&from)
            .arg(self.sealed(&from, buffer_spec)?);
        let answer: (u64, u64, u64) = self.store.run(Shard::FIRST, &bring).await?;
        Ok(match answer {
            (0, which, whose) => Brought::Full(
                if which == 1 {
                    Kind::Destination
                } else {
                    Kind::Buffer
                },
                if whose == 1 { Whose::Own } else { Whose::All },
            ),
            (version, destination, buffer) => Brought::There {
                version,
                destination: Life::since(destination),
                buffer: Life::since(buffer),
            },
        })
    }

    /// Of those that came with messages up to so many that were not used for longest, and are this caller's where one is
    /// given: the longest unused first.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn longest_unused(
        self,
        kind: Kind,
        who: Option<&str>,
        most: usize,
    ) -> Result<Vec<Name>> {
        let mut names = Vec::new();
        let mut from = 0;
        while names.len() < most {
            let to = from + PAGE - 1;
            let fields: Vec<String> = self
                .store
                .query(&redis::Cmd::zrange(keys::USED, from, to))
                .await?;
            if fields.is_empty() {
                break;
            }
            let owners: Vec<Option<String>> = self
                .store
                .query(&redis::Cmd::hmget(keys::BROUGHT, &fields))
                .await?;
            names.extend(fields.iter().zip(owners).filter_map(|(field, owner)| {
                let (word, name) = field.split_once(':')?;
                let is_wanted =
                    word == kind.as_str() && who.is_none_or(|who| owner.as_deref() == Some(who));
                is_wanted.then(|| Name::parse(name).ok())?
            }));
            from += PAGE;
        }
        names.truncate(most);
        Ok(names)
    }

    /// Whether anything waits in a buffer, in a window, on a lane or for its time.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn holds_anything(self, buffer: &Name) -> Result<bool> {
        for kind in work::Kind::ALL {
            let held = self
                .store
                .held()
                .sum(kind, std::slice::from_ref(buffer))
                .await?;
            if held.of_buffers.iter().any(|&count| count > 0) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
