//! Is it busier or later than usual? What was counted in an hour, a day and a month: pictures, tables, and all of it as CSV.

mod cards;
mod chart;
mod counted;

use std::fmt::Write;

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chrono::{SecondsFormat, TimeDelta};
use serde::Deserialize;

use super::refused;
use crate::console::Console;
use crate::console::asking::{Asking, Refused};
use crate::console::clock::Clock;
use crate::console::shell::Shell;
use crate::console::visit::{Visit, page};
use cards::{Card, cards};
use counted::{Measured, Samples};

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/console/numbers", get(show))
        .route("/console/numbers.csv", get(csv))
}

/// How much time is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Range {
    Hour,
    Day,
    Month,
}

impl Range {
    const ALL: [Self; 3] = [Self::Hour, Self::Day, Self::Month];

    /// The one of an address; an hour where that names none.
    fn of(word: &str) -> Self {
        let named = Self::ALL.into_iter().find(|it| it.word() == word);
        named.unwrap_or(Self::Hour)
    }

    fn word(self) -> &'static str {
        match self {
            Self::Hour => "1h",
            Self::Day => "24h",
            Self::Month => "30d",
        }
    }

    fn length(self) -> TimeDelta {
        match self {
            Self::Hour => TimeDelta::hours(1),
            Self::Day => TimeDelta::hours(24),
            Self::Month => TimeDelta::days(30),
        }
    }

    /// The steps that are kept for so long, s.
    fn step(self) -> &'static str {
        match self {
            Self::Hour => "10",
            Self::Day => "60",
            Self::Month => "900",
        }
    }

    /// How much time a part of a picture stands for, and a row of a table, s.
    fn steps(self) -> (i64, i64) {
        match self {
            Self::Hour => (60, 300),
            Self::Day => (900, 3600),
            Self::Month => (21_600, 86_400),
        }
    }
}

#[derive(Deserialize)]
struct Which {
    #[serde(default)]
    range: String,
}

#[derive(Template)]
#[template(path = "numbers/page.html")]
struct Page {
    shell: Shell,
    range: Range,
    cards: Result<Vec<Card>, Refused>,
}

impl Page {
    /// Each with what it is called.
    fn ranges(&self) -> [(Range, &str); 3] {
        let words = &self.shell.words.numbers;
        [
            (Range::Hour, &words.hour),
            (Range::Day, &words.day),
            (Range::Month, &words.month),
        ]
    }
}

async fn samples(ask: &Asking, clock: &Clock, range: Range) -> Result<Samples, Refused> {
    let from = (clock.now - range.length()).to_rfc3339_opts(SecondsFormat::Millis, true);
    let query = [("from", from.as_str()), ("step", range.step())];
    ask.get("/api/samples", &query).await
}

async fn show(Query(which): Query<Which>, Visit { ask, shell }: Visit) -> Response {
    let range = Range::of(&which.range);
    let samples = samples(&ask, &shell.clock, range).await;
    let shown = Page {
        cards: samples.map(|samples| cards(&shell, range, &samples)),
        range,
        shell,
    };
    page(&ask, StatusCode::OK, &shown)
}

/// Every step as it is kept: a comma between fields, a point in numbers, and nothing where nobody counted.
async fn csv(Query(which): Query<Which>, visit: Visit) -> Response {
    let range = Range::of(&which.range);
    let samples = match samples(&visit.ask, &visit.shell.clock, range).await {
        Ok(samples) => samples,
        Err(refusal) => return refused(&visit, &refusal, "/console/numbers"),
    };
    let name = format!("attachment; filename=\"lull-{}.csv\"", range.word());
    let kind = "text/csv; charset=utf-8".to_owned();
    let text = as_csv(&samples, &visit.shell.clock);
    let headers = [(CONTENT_TYPE, kind), (CONTENT_DISPOSITION, name)];
    let mut answer = (headers, text).into_response();
    visit.ask.set_cookies(answer.headers_mut());
    answer
}

fn as_csv(samples: &Samples, clock: &Clock) -> String {
    let mut csv = "at,in,taken,refused,calls,delivered,retry,rejected,lateness_p50_s,lateness_p99_s,bot_p50_s,bot_p99_s\r\n".to_owned();
    let number = |it: Option<u64>| it.map(|it| it.to_string()).unwrap_or_default();
    for step in &samples.items {
        let at = step.at.with_timezone(&clock.zone);
        let it = &step.counted;
        let (posted, out) = (it.r#in.as_ref(), it.out.as_ref());
        let mut fields = vec![at.to_rfc3339_opts(SecondsFormat::Secs, true)];
        fields.extend([
            number(posted.map(|it| it.total)),
            number(posted.map(|it| it.taken)),
            number(it.refused()),
            number(out.map(|it| it.total)),
            number(out.map(|it| it.delivered)),
            number(out.map(|it| it.retry)),
            number(out.map(|it| it.rejected)),
        ]);
        fields.extend(shares(it.lateness.as_ref(), &samples.bounds.lateness));
        fields.extend(shares(it.delivery.as_ref(), &samples.bounds.delivery));
        // Writing into a text cannot fail.
        let _ = write!(csv, "{}\r\n", fields.join(","));
    }
    csv
}

/// Half and 99 of 100, s; `inf` beyond all bounds.
fn shares(measured: Option<&Measured>, bounds: &[f64]) -> [String; 2] {
    let share = |share| measured.and_then(|it| it.within(bounds, share));
    [0.5, 0.99].map(|it| share(it).map(|it| it.to_string()).unwrap_or_default())
}
