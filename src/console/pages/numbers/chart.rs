//! A small picture of what was counted: bars that stand on each other, or lines. It is drawn here, so that it needs no script.

/// How wide a picture is drawn; a page stretches it.
const WIDTH: f64 = 600.0;
/// How high.
const HEIGHT: f64 = 120.0;

/// A picture.
#[derive(Debug, Default)]
pub(super) struct Chart {
    pub(super) bars: Vec<Bar>,
    pub(super) lines: Vec<Line>,
    /// What its upper edge stands for.
    pub(super) top: f64,
}

/// A part of a bar.
#[derive(Debug, PartialEq)]
pub(super) struct Bar {
    pub(super) class: &'static str,
    pub(super) x: String,
    pub(super) y: String,
    pub(super) width: String,
    pub(super) height: String,
}

/// A line, which is broken where there was nothing.
#[derive(Debug, PartialEq)]
pub(super) struct Line {
    pub(super) class: &'static str,
    pub(super) path: String,
}

impl Chart {
    /// Bars: for each step how much there was of each kind, the lowest first. Each kind has its class.
    pub(super) fn bars(classes: &[&'static str], steps: &[Vec<u64>]) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "a picture is no finer")]
        let number = |count: u64| count as f64;
        let most = steps.iter().map(|it| it.iter().sum()).max();
        let top = round_up(number(most.unwrap_or_default()).max(1.0));
        let step = width_of(steps.len());
        let mut bars = Vec::new();
        for (place, counts) in steps.iter().enumerate() {
            let mut below = 0;
            for (class, count) in classes.iter().zip(counts) {
                if *count == 0 {
                    continue;
                }
                below += count;
                bars.push(Bar {
                    class,
                    x: tenths(at(place) * step),
                    y: tenths(HEIGHT * (1.0 - number(below) / top)),
                    width: tenths((step * 0.85).max(0.5)),
                    height: tenths(HEIGHT * number(*count) / top),
                });
            }
        }
        Self {
            bars,
            top,
            ..Self::default()
        }
    }

    /// Lines, each with its class. What is beyond all bounds goes along the upper edge.
    pub(super) fn lines(lines: &[(&'static str, Vec<Option<f64>>)]) -> Self {
        let values = lines.iter().flat_map(|(_, values)| values).flatten();
        let most = values.copied().filter(|it| it.is_finite());
        let top = round_up(most.fold(0.0, f64::max).max(0.001));
        let drawn = lines.iter().map(|(class, values)| Line {
            class,
            path: path(values, top),
        });
        Self {
            lines: drawn.collect(),
            top,
            ..Self::default()
        }
    }
}

fn path(values: &[Option<f64>], top: f64) -> String {
    let step = width_of(values.len());
    let mut path = String::new();
    let mut drawing = false;
    for (place, value) in values.iter().enumerate() {
        let Some(value) = value else {
            drawing = false;
            continue;
        };
        let y = tenths(HEIGHT * (1.0 - (value / top).min(1.0)));
        let (begin, end) = (at(place) * step, (at(place) + 1.0) * step);
        // A step is as wide as the time that it tells of, so that one by itself is seen, too.
        path.push_str(if drawing { "L" } else { "M" });
        path.push_str(&format!("{} {y}H{}", tenths(begin), tenths(end)));
        drawing = true;
    }
    path
}

fn at(place: usize) -> f64 {
    u32::try_from(place).map_or(f64::MAX, f64::from)
}

fn width_of(steps: usize) -> f64 {
    WIDTH / at(steps.max(1))
}

fn tenths(value: f64) -> String {
    format!("{value:.1}")
}

/// The next of 1, 2, 5, 10, 20, 50, …
fn round_up(value: f64) -> f64 {
    let unit = 10_f64.powf(value.log10().floor());
    let steps = [1.0, 2.0, 5.0].map(|it| it * unit);
    // What is computed in binary fractions may come out a hair below.
    let fits = |it: &f64| *it >= value * 0.999_999;
    steps.into_iter().find(fits).unwrap_or(10.0 * unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_stand_on_each_other_below_a_round_number() {
        let chart = Chart::bars(&["a", "b"], &[vec![3, 1], vec![0, 0], vec![0, 5]]);

        assert_eq!(chart.top, 5.0);
        let of = |bar: &Bar| (bar.class, bar.x.clone(), bar.y.clone(), bar.height.clone());
        let told: Vec<_> = chart.bars.iter().map(of).collect();
        let bar = |class, x: &str, y: &str, h: &str| (class, x.into(), y.into(), h.into());
        assert_eq!(
            told,
            [
                bar("a", "0.0", "48.0", "72.0"),
                bar("b", "0.0", "24.0", "24.0"),
                bar("b", "400.0", "0.0", "120.0"),
            ]
        );
    }

    #[test]
    fn a_line_is_broken_where_there_was_nothing_and_ends_at_the_edge() {
        let values = vec![Some(0.5), None, Some(1.0), Some(f64::INFINITY)];

        let chart = Chart::lines(&[("a", values)]);

        assert_eq!(chart.top, 1.0);
        assert_eq!(
            chart.lines[0].path,
            "M0.0 60.0H150.0M300.0 0.0H450.0L450.0 0.0H600.0"
        );
        assert_eq!(Chart::bars(&["a"], &[]).top, 1.0);
        for (value, rounded) in [(0.001, 0.001), (0.25, 0.5), (5.0, 5.0), (5.1, 10.0)] {
            assert!((round_up(value) - rounded).abs() < 1e-9, "{value}");
        }
    }
}
