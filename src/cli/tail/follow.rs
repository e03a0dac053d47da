//! Following a list of api's: nothing twice, nothing missed.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::cli::client::Api;

/// How far behind the newest entry a look reaches, beside the time that a look takes: a list over all shards is no
/// single moment of them, so an entry may come up that is a little older than one already seen.
const OVERLAP: Duration = Duration::from_secs(2);

/// Which list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Delivered batches.
    Sent,
    /// Batches given up on.
    Dead,
    /// Batches whose newest attempt failed, and that are tried again.
    Retry,
    /// Posts that were not taken.
    Post,
}

impl Kind {
    pub(super) const ALL: [Self; 4] = [Self::Sent, Self::Dead, Self::Retry, Self::Post];

    fn path(self) -> &'static [&'static str] {
        match self {
            Self::Sent => &["api", "messages", "sent"],
            Self::Dead => &["api", "messages", "dead-letter"],
            Self::Retry => &["api", "history"],
            Self::Post => &["api", "posts"],
        }
    }

    /// What is asked for of the list.
    fn wanted(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Sent | Self::Dead => None,
            Self::Retry => Some(("status", "failed")),
            Self::Post => Some(("result", "not_taken")),
        }
    }
}

/// An entry of a list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    pub(super) at: DateTime<Utc>,
    pub(super) kind: Kind,
    /// The whole of it, as api has it; no two entries are the same.
    pub(super) text: String,
}

/// A list that is followed.
#[derive(Debug)]
pub(super) struct List {
    kind: Kind,
    /// Where a look begins; nowhere while the list is empty.
    from: Option<DateTime<Utc>>,
    /// What a look may come upon again.
    known: BTreeSet<Entry>,
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    items: Vec<&'a RawValue>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Moment {
    #[serde(alias = "sent_at", alias = "buried_at", alias = "settled_at")]
    at: String,
}

impl List {
    /// Begins to follow a list: what stands in it already is known.
    pub(super) async fn begin(kind: Kind, api: &Api) -> Result<Self> {
        let mut list = Self {
            kind,
            from: None,
            known: BTreeSet::new(),
        };
        if let Some(newest) = list.newest(api).await? {
            list.from = Some(newest.at - OVERLAP);
            list.look(api).await?;
        }
        Ok(list)
    }

    /// What has come up since the look before.
    pub(super) async fn look(&mut self, api: &Api) -> Result<Vec<Entry>> {
        let began = Instant::now();
        let mut found = Vec::new();
        let mut cursor = None;
        loop {
            let (entries, next) = self.page(api, "500", cursor.as_deref()).await?;
            found.extend(entries);
            cursor = next;
            if cursor.is_none() {
                break;
            }
        }
        found.retain(|entry| !self.known.contains(entry));
        self.known.extend(found.iter().cloned());
        if let Some(newest) = self.known.last() {
            let from = newest.at - OVERLAP - began.elapsed();
            self.from = Some(from);
            self.known.retain(|entry| entry.at >= from);
        }
        Ok(found)
    }

    async fn newest(&self, api: &Api) -> Result<Option<Entry>> {
        let mut cursor = None;
        loop {
            let (entries, next) = self.page(api, "1", cursor.as_deref()).await?;
            // A page can be empty although there are more: api looks at so many at a time.
            if !entries.is_empty() || next.is_none() {
                return Ok(entries.into_iter().next());
            }
            cursor = next;
        }
    }

    async fn page(
        &self,
        api: &Api,
        limit: &str,
        cursor: Option<&str>,
    ) -> Result<(Vec<Entry>, Option<String>)> {
        let from = self
            .from
            .map(|from| from.to_rfc3339_opts(SecondsFormat::Millis, true));
        let mut query = vec![("limit", limit)];
        query.extend(self.kind.wanted());
        query.extend(from.as_deref().map(|from| ("from", from)));
        query.extend(cursor.map(|cursor| ("cursor", cursor)));
        let answer = api.get(self.kind.path(), &query).await?;
        let page: Page<'_> = answer.read()?;
        let entries = page.items.into_iter().map(|item| self.entry(item.get()));
        Ok((entries.collect::<Result<_>>()?, page.next_cursor))
    }

    fn entry(&self, text: &str) -> Result<Entry> {
        let moment: Moment = serde_json::from_str(text).context("an entry without its moment")?;
        Ok(Entry {
            at: DateTime::parse_from_rfc3339(&moment.at)?.to_utc(),
            kind: self.kind,
            text: text.to_owned(),
        })
    }
}
