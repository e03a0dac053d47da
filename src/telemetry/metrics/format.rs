//! The two texts that metrics come in, and which one somebody asks for.

/// How metrics are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// OpenMetrics, which Prometheus asks for.
    OpenMetrics,
    /// The older text of Prometheus, which other programs read.
    Plain,
}

impl Format {
    /// What `Accept` asks for, of which there may be several headers; nothing or anything: OpenMetrics.
    pub fn asked<'a>(accept: impl Iterator<Item = &'a str>) -> Self {
        let ranges: Vec<_> = accept
            .flat_map(|it| it.split(','))
            .map(Range::read)
            .collect();
        let of = |kind: &str| {
            let (major, _) = kind.split_once('/').unwrap_or_default();
            let named = |name: String| {
                let same = ranges.iter().filter(|range| range.kind == name);
                same.map(|range| range.weight).reduce(u16::max)
            };
            // What is said of itself goes before what is said of all.
            named(kind.to_owned())
                .or_else(|| named(format!("{major}/*")))
                .or_else(|| named("*/*".to_owned()))
                .unwrap_or_default()
        };
        if of("text/plain") > of("application/openmetrics-text") {
            return Self::Plain;
        }
        Self::OpenMetrics
    }

    /// The content type of the text.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Plain => "text/plain; version=0.0.4; charset=utf-8",
        }
    }
}

/// Something that would be accepted, and how much it is wanted, in thousandths.
struct Range {
    kind: String,
    weight: u16,
}

impl Range {
    fn read(text: &str) -> Self {
        let mut parts = text.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
        let weight = parts.find_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.trim()
                .eq_ignore_ascii_case("q")
                .then_some(value.trim())
        });
        Self {
            kind,
            weight: weight.map_or(1_000, thousandths),
        }
    }
}

/// A weight such as `0.75`; what is none weighs nothing.
fn thousandths(text: &str) -> u16 {
    let weight: f64 = text.parse().unwrap_or_default();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and 1,000, and what is no number becomes 0"
    )]
    let thousandths = (weight.clamp(0.0, 1.0) * 1_000.0).round() as u16;
    thousandths
}

/// The older text for an OpenMetrics text: there a counter's whole name stands above it, and nothing ends the text.
pub(super) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut help = None;
    for line in text.lines() {
        if let Some(told) = line.strip_prefix("# HELP ") {
            help = told.split_once(' ');
        } else if let Some((name, kind)) = type_of(line) {
            let suffix = if kind == "counter" { "_total" } else { "" };
            if let Some((_, help)) = help.take() {
                plain.push_str(&format!("# HELP {name}{suffix} {help}\n"));
            }
            plain.push_str(&format!("# TYPE {name}{suffix} {kind}\n"));
        } else if !line.starts_with('#') {
            plain.push_str(line);
            plain.push('\n');
        }
    }
    plain
}

fn type_of(line: &str) -> Option<(&str, &str)> {
    line.strip_prefix("# TYPE ")?.split_once(' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_for_plain_text_gets_it_and_prometheus_does_not() {
        let prometheus = "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
        for open in [
            &[][..],
            &["*/*"],
            &[prometheus],
            &["application/json"],
            &["text/html, */*;q=0.8"],
            &["text/plain;q=0"],
            &["text/plain;q=0.2", "application/openmetrics-text"],
            &["text/plain; q=none"],
        ] {
            assert_eq!(
                Format::asked(open.iter().copied()),
                Format::OpenMetrics,
                "{open:?}"
            );
        }
        for plain in [
            &["text/plain"][..],
            &["Text/Plain; version=0.0.4"],
            &["text/*;q=0.1"],
            &["text/plain;version=0.0.4;q=0.5,*/*;q=0.1"],
            &["application/openmetrics-text;q=0, */*"],
            &["application/openmetrics-text;q=0.2", "text/plain"],
        ] {
            assert_eq!(
                Format::asked(plain.iter().copied()),
                Format::Plain,
                "{plain:?}"
            );
        }
    }

    #[test]
    fn in_plain_text_counters_have_their_whole_names() {
        let text = "# HELP a_b Some, by c.\n# TYPE a_b counter\na_b_total{c=\"d e\"} 1\n\
            # HELP g How many.\n# TYPE g gauge\n# UNIT g s\ng 2\n# EOF\n";
        assert_eq!(
            plain(text),
            "# HELP a_b_total Some, by c.\n# TYPE a_b_total counter\na_b_total{c=\"d e\"} 1\n\
             # HELP g How many.\n# TYPE g gauge\ng 2\n"
        );
    }
}
