//! Moments and lengths of time, as people read them: in their zone and their language, seconds always.

use std::time::SystemTime;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::words::Said;

/// A moment is called by its day, too, when it is not of today.
const TIME: &str = "%H:%M:%S";

/// The zone and the language in which moments are told.
#[derive(Clone)]
pub(super) struct Clock {
    pub(super) zone: Tz,
    pub(super) now: DateTime<Utc>,
    words: Said,
}

/// Now, in ms since 1970.
pub(super) fn now_ms() -> i64 {
    DateTime::<Utc>::from(SystemTime::now()).timestamp_millis()
}

impl Clock {
    pub(super) fn new(zone: Tz, words: Said) -> Self {
        Self {
            zone,
            now: SystemTime::now().into(),
            words,
        }
    }

    /// When the page was made, in ms since 1970: its countdowns go by that.
    pub(super) fn now_ms(&self) -> i64 {
        self.now.timestamp_millis()
    }

    /// `10:00:01`; what cannot be read stays as it is.
    pub(super) fn time(&self, moment: &str) -> String {
        self.told(moment, TIME)
    }

    /// `27/11 10:00:01`, and of today only the time.
    pub(super) fn moment(&self, moment: &str) -> String {
        match self.read(moment) {
            Some(at) if at.date_naive() == self.now.with_timezone(&self.zone).date_naive() => {
                at.format(TIME).to_string()
            }
            Some(at) => at
                .format(&format!("{} {TIME}", self.words.clock.day))
                .to_string(),
            None => moment.to_owned(),
        }
    }

    /// `10:00`, or `27/11 10:00`: where a step of some minutes begins.
    pub(super) fn minute(&self, at: &DateTime<Utc>) -> String {
        let at = at.with_timezone(&self.zone);
        let today = self.now.with_timezone(&self.zone).date_naive();
        let form = if at.date_naive() == today {
            "%H:%M".to_owned()
        } else {
            format!("{} %H:%M", self.words.clock.day)
        };
        at.format(&form).to_string()
    }

    /// `27/11`.
    pub(super) fn date(&self, at: &DateTime<Utc>) -> String {
        let at = at.with_timezone(&self.zone);
        at.format(&self.words.clock.day).to_string()
    }

    /// The day.
    pub(super) fn day(&self, moment: &str) -> String {
        self.told(moment, &self.words.clock.whole_day)
    }

    /// How long ago it was, or how long it is until then: `3 min ago`, `in 3 min`.
    pub(super) fn ago(&self, moment: &str) -> String {
        let Ok(at) = DateTime::parse_from_rfc3339(moment) else {
            return String::new();
        };
        let ms = (self.now - at.with_timezone(&Utc)).num_milliseconds();
        let length = self.roughly(ms.unsigned_abs());
        let words = &self.words.clock;
        if ms >= 0 {
            words.ago.with(&[("length", &length)])
        } else {
            words.ahead.with(&[("length", &length)])
        }
    }

    /// How long it is from one moment to another, ms; none: one of them cannot be read, or they are the other way round.
    pub(super) fn between(&self, from: &str, to: &str) -> Option<u64> {
        let length =
            DateTime::parse_from_rfc3339(to).ok()? - DateTime::parse_from_rfc3339(from).ok()?;
        u64::try_from(length.num_milliseconds()).ok()
    }

    /// A length of time that somebody waits for: `4 ms`, `0.9 s`, `16.1 s`, `3 min 12 s`, `2 h 5 min`, `3 d 4 h`.
    pub(super) fn length(&self, ms: u64) -> String {
        if (1..100).contains(&ms) {
            return format!("{ms} ms");
        }
        if ms < 60_000 {
            let tenths = ms.div_ceil(100);
            let (whole, tenth) = (tenths / 10, tenths % 10);
            return match tenth {
                0 => format!("{whole} s"),
                _ => format!("{whole}{}{tenth} s", self.words.clock.decimal),
            };
        }
        self.roughly(ms)
    }

    /// The same in whole seconds at the least.
    pub(super) fn roughly(&self, ms: u64) -> String {
        let seconds = ms / 1000;
        let day = &self.words.clock.days;
        let of = |big: u64, unit: &str, small: u64, part: &str| match small {
            0 => format!("{big} {unit}"),
            _ => format!("{big} {unit} {small} {part}"),
        };
        match seconds {
            0..60 => format!("{seconds} s"),
            60..3600 => of(seconds / 60, "min", seconds % 60, "s"),
            3600..86_400 => of(seconds / 3600, "h", seconds % 3600 / 60, "min"),
            _ => of(seconds / 86_400, day, seconds % 86_400 / 3600, "h"),
        }
    }

    /// The same of seconds with a fraction.
    pub(super) fn seconds(&self, seconds: f64) -> String {
        self.length(
            std::time::Duration::try_from_secs_f64(seconds)
                .map_or(0, |it| u64::try_from(it.as_millis()).unwrap_or(u64::MAX)),
        )
    }

    fn told(&self, moment: &str, form: &str) -> String {
        let read = self.read(moment);
        read.map_or_else(|| moment.to_owned(), |at| at.format(form).to_string())
    }

    fn read(&self, moment: &str) -> Option<DateTime<Tz>> {
        let at = DateTime::parse_from_rfc3339(moment).ok()?;
        Some(at.with_timezone(&self.zone))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::words::Catalogue;

    fn clock(language: &str) -> Clock {
        let words = Catalogue::read().unwrap().for_reader(Some(language), "");
        let now = DateTime::parse_from_rfc3339("2026-11-27T13:00:00Z").unwrap();
        Clock {
            zone: chrono_tz::America::Sao_Paulo,
            now: now.with_timezone(&Utc),
            words,
        }
    }

    #[test]
    fn a_moment_is_told_in_the_zone_and_by_its_day_where_that_is_another() {
        let clock = clock("pt-BR");

        assert_eq!(clock.time("2026-11-27T12:59:01.5Z"), "09:59:01");
        assert_eq!(clock.moment("2026-11-27T12:59:01.5Z"), "09:59:01");
        assert_eq!(clock.moment("2026-11-27T02:59:01Z"), "26/11 23:59:01");
        assert_eq!(clock.ago("2026-11-27T12:57:00Z"), "há 3 min");
        assert_eq!(clock.ago("2026-11-27T13:00:09Z"), "em 9 s");
        assert_eq!(clock.moment("soon"), "soon");
    }

    #[test]
    fn a_length_is_told_as_fine_as_it_matters() {
        let clock = clock("pt-BR");

        for (ms, told) in [
            (0, "0 s"),
            (1, "1 ms"),
            (99, "99 ms"),
            (900, "0,9 s"),
            (8000, "8 s"),
            (16_100, "16,1 s"),
            (192_000, "3 min 12 s"),
            (7_500_000, "2 h 5 min"),
            (273_600_000, "3 d 4 h"),
        ] {
            assert_eq!(clock.length(ms), told);
        }
        assert_eq!(
            clock.between("2026-11-27T13:00:00Z", "2026-11-27T13:00:02.5Z"),
            Some(2500)
        );
    }
}
