//! The lines that gateways post through, and how often something comes: written by each api every few seconds.

use std::time::Duration;

use redis::Value;

use super::handles::Lines;
use super::keys::{LINES, Shard};
use super::scripts;
use super::{Result, reply};
use crate::core::batch::Millis;
use crate::core::chat::ChatId;
use crate::core::moment::millis;

/// Most lines; what comes through others is noted together.
pub const MOST: usize = 1_000;
/// Lines through which nothing came for so long are forgotten.
const KEPT_FOR: Duration = Duration::from_secs(30 * 24 * 3600);
/// A post counts for less the longer ago it was: after so long for 1/e.
const FADES: Duration = Duration::from_secs(24 * 3600);
/// Nobody knows what is usual before a line has been known for so long.
const KNOWN_FOR: Duration = Duration::from_secs(600);
/// Nobody waits any more for a line through which nothing came for so long.
const GIVEN_UP: Duration = Duration::from_secs(7 * 24 * 3600);
/// Lines that are noted in one step.
const AT_A_TIME: usize = 200;

/// What an api saw of a line since it last told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeenLine {
    /// The buffer that was posted for; empty with an empty line: what comes through too many to be told apart.
    pub buffer: String,
    /// The line; empty where the gateway names none.
    pub line: String,
    /// How many posts came.
    pub posts: u64,
    /// How long ago the last one did.
    pub last: Option<Duration>,
    /// How long ago one was last refused, and the code of that.
    pub refused: Option<(Duration, &'static str)>,
}

/// A line, as all have seen it.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The buffer that is posted for; none: what comes through too many to be told apart.
    pub buffer: Option<String>,
    /// The line; none where the gateway names none.
    pub line: Option<String>,
    /// When the first post came.
    pub first: Option<Millis>,
    /// When the last one did.
    pub last: Option<Millis>,
    /// How many came lately, each for less the longer ago it was.
    count: f64,
    /// When one was last refused, and the code of that.
    pub refused: Option<(Millis, String)>,
}

/// How long a line has been silent, against what is usual.
#[derive(Clone, Debug, PartialEq)]
pub struct Silence {
    /// The buffer that is posted for.
    pub buffer: String,
    /// How many posts usually come in such a time.
    pub missed: f64,
    /// How long ago the last one came.
    pub silent: Duration,
}

impl Line {
    /// Whether the name of a chat says that it is heard through this line: it begins with it.
    pub fn is_of(&self, chat: &ChatId) -> bool {
        let name = self.line.as_deref();
        let rest = name.and_then(|name| chat.as_str().strip_prefix(name));
        rest.is_some_and(|rest| rest.starts_with(':'))
    }

    /// How many posts an hour are usual, over the last day or so before the last one; none: it is not known for long
    /// enough.
    pub fn an_hour(&self) -> Option<f64> {
        let known = Duration::from_millis(self.last?.checked_sub(self.first?)?);
        if known < KNOWN_FOR {
            return None;
        }
        // What this would be if one came each hour.
        let hours = FADES.as_secs_f64() / 3600.0;
        let one = hours * (1.0 - (-known.as_secs_f64() / FADES.as_secs_f64()).exp());
        Some(self.count / one)
    }

    /// What it misses at this moment; none: nothing is usual yet, or it is given up on.
    pub fn silence(&self, now: Millis) -> Option<Silence> {
        let silent = Duration::from_millis(now.saturating_sub(self.last?));
        if silent >= GIVEN_UP {
            return None;
        }
        Some(Silence {
            buffer: self.buffer.clone()?,
            missed: self.an_hour()? * silent.as_secs_f64() / 3600.0,
            silent,
        })
    }

    /// How long it usually is between two posts; none: as [`Line::an_hour`].
    pub fn usual_gap(&self) -> Option<Duration> {
        let rate = self.an_hour().filter(|rate| *rate > 0.0)?;
        Duration::try_from_secs_f64(3600.0 / rate).ok()
    }

    fn read(field: &str, text: &str) -> Option<Self> {
        let mut words = text.splitn(5, ' ');
        let first: Millis = words.next()?.parse().ok()?;
        let last: Millis = words.next()?.parse().ok()?;
        let count = words.next()?.parse().ok()?;
        let refused: Millis = words.next()?.parse().ok()?;
        let code = words.next()?.to_owned();
        let (buffer, line) = match field.split_once(' ') {
            Some((buffer, line)) => (Some(buffer.to_owned()), line.to_owned()),
            None => (None, String::new()),
        };
        Some(Self {
            buffer,
            line: Some(line).filter(|line| !line.is_empty()),
            first: (first > 0).then_some(first),
            last: (last > 0).then_some(last),
            count,
            refused: (refused > 0).then_some((refused, code)),
        })
    }
}

impl Lines<'_> {
    /// Notes what an api saw; `trim`: looks for lines that are to be forgotten.
    ///
    /// # Errors
    /// Unavailable or silent: then a part of it may be noted.
    pub async fn note(self, seen: &[SeenLine], trim: bool) -> Result<()> {
        for some in seen.chunks(AT_A_TIME) {
            let mut note = scripts::NOTE_LINES.key(LINES);
            note.arg(MOST)
                .arg(millis(KEPT_FOR))
                .arg(millis(FADES))
                .arg(u8::from(trim));
            for line in some {
                let ago = |since: Duration| millis(since).to_string();
                let refused = line.refused.map(|(since, _)| ago(since));
                note.arg(field(line))
                    .arg(line.posts)
                    .arg(line.last.map(ago).unwrap_or_default())
                    .arg(refused.unwrap_or_default())
                    .arg(line.refused.map_or("", |(_, code)| code));
            }
            let _: Millis = self.store.run(Shard::FIRST, &note).await?;
        }
        Ok(())
    }

    /// All lines, by buffer and name, and Redis's time.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn all(self) -> Result<(Vec<Line>, Millis)> {
        let mut reads = redis::pipe();
        reads.cmd("TIME").hgetall(LINES);
        let mut values = self.store.pipeline::<Vec<Value>>(&reads).await?.into_iter();
        let now = reply::time(values.next())?;
        let all: Vec<(String, String)> = reply::value(values.next())?;
        let all = all
            .iter()
            .filter_map(|(field, text)| Line::read(field, text));
        let mut all: Vec<_> = all.collect();
        all.sort_by(|a, b| (&a.buffer, &a.line).cmp(&(&b.buffer, &b.line)));
        Ok((all, now))
    }
}

fn field(line: &SeenLine) -> String {
    if line.buffer.is_empty() {
        return "other".to_owned();
    }
    format!("{} {}", line.buffer, line.line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(hours: u64, count: f64) -> Line {
        Line {
            count,
            ..Line::read("loja a", &format!("1 {} 0 0 ", 1 + hours * 3_600_000)).unwrap()
        }
    }

    #[test]
    fn what_is_usual_is_known_after_ten_minutes() {
        assert_eq!(line(0, 100.0).an_hour(), None);
        // Within a short time nothing has faded.
        let soon = line(1, 60.0).an_hour().unwrap();
        assert!((60.0..62.0).contains(&soon), "{soon}");
        // One an hour for weeks: e-folds sum up to the 24 hours of a day.
        let long = line(1_000, 24.0).an_hour().unwrap();
        assert!((0.99..1.01).contains(&long), "{long}");
    }

    #[test]
    fn what_a_line_misses_grows_until_nobody_waits_for_it() {
        let line = line(1_000, 24.0);
        let hour = 3_600_000;
        let after = |hours: u64| line.silence(line.last.unwrap() + hours * hour);

        let five = after(5).unwrap();
        assert!((4.9..5.1).contains(&five.missed), "{five:?}");
        assert_eq!(five.silent, Duration::from_secs(5 * 3600));
        assert_eq!(after(0).unwrap().missed, 0.0);
        assert_eq!(after(7 * 24), None);
    }

    #[test]
    fn a_line_is_read_back() {
        let told = Line::read("loja filial 2", "5 9 2.500 7 proof_failed").unwrap();
        assert_eq!(told.buffer.as_deref(), Some("loja"));
        assert_eq!(told.line.as_deref(), Some("filial 2"));
        assert_eq!((told.first, told.last), (Some(5), Some(9)));
        assert_eq!(told.refused, Some((7, "proof_failed".to_owned())));
        let other = Line::read("other", "0 0 0 7 proof_failed").unwrap();
        assert_eq!((other.buffer, other.last), (None, None));
        assert_eq!(Line::read("loja ", "x"), None);
    }
}
