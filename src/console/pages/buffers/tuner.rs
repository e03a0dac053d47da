//! The window tuner: what other waits would have made of what the buffer received lately.

use serde::Deserialize;

use super::answers::Buffer;
use super::api_path;
use crate::console::asking::{Asking, Refused};
use crate::console::shell::Shell;

/// How wide the picture is drawn; a page stretches it.
const WIDTH: f64 = 600.0;
/// How high.
const HEIGHT: f64 = 120.0;

/// As in `GET /api/buffers/{name}/tuner`.
#[derive(Debug, Deserialize)]
struct Answer {
    wait: f64,
    pause: f64,
    messages: u64,
    bare: u64,
    chats: u64,
    from: Option<String>,
    thoughts: u64,
    items: Vec<Tried>,
}

#[derive(Debug, Deserialize)]
struct Tried {
    wait: f64,
    cut: u64,
    share: Option<f64>,
    by_limit: u64,
    calls: u64,
    waited: Option<f64>,
}

/// What the page shows of it.
#[derive(Debug, Default)]
pub(super) struct Tuner {
    /// The wait of the buffer beside a better one, in a sentence.
    pub(super) says: String,
    /// Over which messages.
    pub(super) over: String,
    /// Of how many what was said is not kept.
    pub(super) bare: Option<String>,
    /// What no longer wait mends.
    pub(super) limits: Option<String>,
    /// What the upper edge of the picture stands for.
    pub(super) top: String,
    /// What its right end stands for.
    pub(super) end: String,
    pub(super) line: String,
    pub(super) dots: Vec<Dot>,
    pub(super) rows: Vec<Row>,
}

/// A wait in the picture.
#[derive(Debug)]
pub(super) struct Dot {
    pub(super) path: String,
    /// It is that of the buffer.
    pub(super) is_own: bool,
}

/// A wait in the table.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) wait: String,
    pub(super) cut: String,
    pub(super) calls: u64,
    pub(super) waited: String,
    pub(super) is_own: bool,
}

impl Tuner {
    /// What these waits would have made of it; without any, some.
    pub(super) async fn of(
        ask: &Asking,
        shell: &Shell,
        buffer: &Buffer,
        waits: &str,
    ) -> Result<Self, Refused> {
        let own = buffer.window.as_ref().and_then(|it| it["wait"].as_f64());
        let waits = query_of(waits, own);
        let path = format!("{}/tuner", api_path(&buffer.name));
        let answer: Answer = ask.get(&path, &[("waits", &waits)]).await?;
        Ok(Self::shown(shell, &answer))
    }

    /// Whether there is nothing to replay.
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn shown(shell: &Shell, answer: &Answer) -> Self {
        let (words, clock) = (&shell.words.tuner, &shell.clock);
        if answer.thoughts == 0 {
            return Self::default();
        }
        let percent =
            |it: &Tried| percent(it.share.unwrap_or_default(), &shell.words.clock.decimal);
        let is_own = |it: &Tried| it.wait.to_bits() == answer.wait.to_bits();
        let row = |it: &Tried| Row {
            wait: clock.seconds(it.wait),
            cut: format!("{} ({})", percent(it), it.cut),
            calls: it.calls,
            waited: clock.seconds(it.waited.unwrap_or_default()),
            is_own: is_own(it),
        };
        let own = answer.items.iter().find(|it| is_own(it));
        let sentence = |it: &Tried| {
            let wait = clock.seconds(it.wait);
            words.says.with(&[("wait", &wait), ("share", &percent(it))])
        };
        let mut says = own.map_or_else(String::new, sentence);
        if let Some((own, better)) = own.and_then(|own| Some((own, better(own, &answer.items)?))) {
            let later = better.waited.unwrap_or_default() - own.waited.unwrap_or_default();
            says = words.compares.with(&[
                ("wait", &clock.seconds(own.wait)),
                ("share", &percent(own)),
                ("other", &clock.seconds(better.wait)),
                ("other_share", &percent(better)),
                ("later", &clock.seconds(later)),
            ]);
        }
        let since = answer
            .from
            .as_deref()
            .map_or_else(String::new, |at| clock.ago(at));
        let scale = Scale::of(&answer.items);
        let limited = own.filter(|own| own.by_limit > 0);
        Self {
            says,
            over: words.over.with(&[
                ("thoughts", &answer.thoughts),
                ("messages", &answer.messages),
                ("chats", &answer.chats),
                ("since", &since),
                ("pause", &clock.seconds(answer.pause)),
            ]),
            bare: (answer.bare > 0).then(|| words.bare.of(answer.bare)),
            limits: limited.map(|own| words.limits.of(own.by_limit)),
            top: format!("{} %", scale.top * 100.0),
            end: clock.seconds(scale.end),
            line: scale.line(&answer.items),
            dots: answer
                .items
                .iter()
                .map(|it| Dot {
                    path: format!("M{}h0.01", scale.point(it)),
                    is_own: is_own(it),
                })
                .collect(),
            rows: answer.items.iter().map(row).collect(),
        }
    }
}

/// The waits as the API reads them, with that of the buffer: a blank or a semicolon parts them, too.
fn query_of(waits: &str, own: Option<f64>) -> String {
    let named = waits.split([',', ';', ' ']).map(|it| it.trim());
    let mut named: Vec<String> = named
        .filter(|it| !it.is_empty())
        .map(str::to_owned)
        .collect();
    let own = own.map(|own| own.to_string());
    if let Some(own) = own.filter(|own| !named.is_empty() && !named.contains(own)) {
        named.push(own);
    }
    named.join(",")
}

/// The shortest of the longer waits that cuts half as many, or fewer.
fn better<'a>(own: &Tried, all: &'a [Tried]) -> Option<&'a Tried> {
    let longer = |it: &&Tried| it.wait > own.wait && it.cut * 2 <= own.cut;
    all.iter().find(longer).filter(|_| own.cut > 0)
}

/// `6 %`, and below ten `1,5 %`.
fn percent(share: f64, decimal: &str) -> String {
    let percent = share * 100.0;
    let text = if percent >= 10.0 || percent == 0.0 {
        format!("{percent:.0}")
    } else {
        format!("{percent:.1}").trim_end_matches(".0").to_owned()
    };
    format!("{} %", text.replace('.', decimal))
}

/// Where in the picture something stands.
struct Scale {
    /// The part that its upper edge stands for.
    top: f64,
    /// The seconds that its right end stands for.
    end: f64,
}

impl Scale {
    fn of(items: &[Tried]) -> Self {
        let most = |of: fn(&Tried) -> Option<f64>| items.iter().filter_map(of).fold(0.0, f64::max);
        let share = most(|it| it.share);
        let steps = [0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0];
        let top = steps.into_iter().find(|it| *it >= share);
        Self {
            top: top.unwrap_or(1.0),
            end: most(|it| it.waited).max(0.1),
        }
    }

    fn point(&self, tried: &Tried) -> String {
        let x = WIDTH * tried.waited.unwrap_or_default() / self.end;
        let y = HEIGHT * (1.0 - tried.share.unwrap_or_default() / self.top);
        format!("{x:.1} {y:.1}")
    }

    fn line(&self, items: &[Tried]) -> String {
        let points: Vec<_> = items.iter().map(|it| self.point(it)).collect();
        format!("M{}", points.join("L"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(wait: f64, cut: u64) -> Tried {
        Tried {
            wait,
            cut,
            share: Some(cut as f64 / 100.0),
            by_limit: 0,
            calls: 100 + cut,
            waited: Some(wait),
        }
    }

    #[test]
    fn a_better_wait_cuts_half_as_many_and_is_the_shortest() {
        let all = [
            tried(4.0, 20),
            tried(8.0, 6),
            tried(10.0, 4),
            tried(12.0, 2),
            tried(20.0, 0),
        ];

        assert_eq!(better(&all[1], &all).unwrap().wait, 12.0);
        assert!(better(&all[4], &all).is_none());
        let scale = Scale::of(&all);
        assert_eq!((scale.top, scale.end), (0.2, 20.0));
        assert_eq!(scale.point(&all[0]), "120.0 0.0");
    }

    #[test]
    fn waits_are_asked_for_as_people_write_them_and_beside_that_of_the_buffer() {
        assert_eq!(query_of("4; 12 20", Some(8.0)), "4,12,20,8");
        assert_eq!(query_of("8, 12", Some(8.0)), "8,12");
        assert_eq!(query_of(" ", Some(8.0)), "");
    }

    #[test]
    fn a_part_is_told_as_finely_as_it_matters() {
        for (share, told) in [
            (0.0, "0 %"),
            (0.06, "6 %"),
            (0.015, "1,5 %"),
            (0.256, "26 %"),
        ] {
            assert_eq!(percent(share, ","), told);
        }
    }
}
