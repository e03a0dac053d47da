//! Metrics as daemons tell them.

/// The sum of all series of a name that have these labels, such as `lull_attempts_total{outcome="retry"}`; 0 when none
/// shows yet.
pub(crate) fn sum_of(text: &str, asked: &str) -> f64 {
    let (name, labels) = parts(asked);
    let values = text.lines().filter_map(|line| {
        let (series, value) = line.rsplit_once(' ')?;
        let (its_name, its_labels) = parts(series);
        let has_all = labels.iter().all(|label| its_labels.contains(label));
        (its_name == name && has_all).then(|| value.parse::<f64>().unwrap())
    });
    values.fold(0.0, |sum, value| sum + value)
}

/// Whether a metric of this name is told.
pub(crate) fn tells(text: &str, name: &str) -> bool {
    let series = text.lines().filter_map(|line| line.rsplit_once(' '));
    series
        .map(|(series, _)| parts(series).0)
        .any(|it| it == name)
}

/// The name of a series, and its labels, none of whose values has a comma.
pub(crate) fn parts(series: &str) -> (&str, Vec<&str>) {
    let (name, labels) = series.split_once('{').unwrap_or((series, ""));
    let labels = labels.trim_end_matches('}').split(',');
    (name, labels.filter(|label| !label.is_empty()).collect())
}
