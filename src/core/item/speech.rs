//! The order in which messages were said, which need not be that in which they came: a gateway posts a voice message
//! when it has loaded it, and the text behind it at once.

use super::Item;

/// A time further than this from when its message came is not believed, ms.
const BELIEVED: i64 = 5 * 60 * 1000;

/// The last millisecond of a second.
const SECOND_END: i64 = 999;

/// Sorts messages by when they were said; what tells no believable time goes by when it came. The same messages are
/// always in the same order.
///
/// A gateway whose clock is wrong, or which posts late what it has kept, is wrong by as much for all messages. So where
/// no time is near to when its message came, the times are compared to the least late one.
///
/// Many gateways tell the second alone. Such a message was said within it, and before it came, so that it does not go
/// before one that tells no time and came earlier.
pub(super) fn sort(items: &mut [Item]) {
    if items.iter().all(|item| item.time.is_none()) {
        return;
    }
    let late_by = |item: &Item| {
        let time = i64::try_from(item.time?).ok()?;
        i64::try_from(item.at).ok()?.checked_sub(time)
    };
    let is_near = |late: i64| late.abs() <= BELIEVED;
    let late = || items.iter().filter_map(late_by);
    let usual = if late().any(is_near) {
        0
    } else {
        late().min().unwrap_or_default()
    };
    let mut times = items.iter().filter_map(|item| item.time);
    let within = if times.all(|time| time % 1000 == 0) {
        SECOND_END
    } else {
        0
    };
    items.sort_by_cached_key(|item| {
        let came = i64::try_from(item.at).unwrap_or(i64::MAX);
        let late = late_by(item).and_then(|late| late.checked_sub(usual));
        let late = late.filter(|&late| is_near(late)).unwrap_or_default();
        came - (late - within).clamp(late.min(0), late.max(0))
    });
}

#[cfg(test)]
mod tests {
    use crate::core::item::read_items;

    /// The messages by when they came and when they were said, in the order in which they are read.
    fn order(items: &[(u64, Option<u64>)]) -> Vec<usize> {
        let stored = items.iter().enumerate().map(|(n, (at, time))| {
            let time = time.map_or(String::new(), |time| format!(r#","time":{time}"#));
            format!(r#"{{"at":{at},"message":{n}{time}}}"#)
        });
        let stored: Vec<_> = stored.collect();
        let items = read_items(&stored.join(",")).unwrap();
        let numbers = items.iter().map(|item| item.message.get().parse().unwrap());
        numbers.collect()
    }

    const NOW: u64 = 1_795_765_000_000;

    #[test]
    fn what_was_said_first_comes_first_though_it_came_last() {
        let said = [(NOW, Some(NOW - 500)), (NOW + 300, Some(NOW - 4500))];

        assert_eq!(order(&said), [1, 0]);
    }

    #[test]
    fn what_tells_no_time_goes_by_when_it_came_and_equal_times_stay_as_they_came() {
        let said = [
            (NOW, Some(NOW)),
            (NOW + 10, None),
            (NOW + 20, Some(NOW)),
            (NOW + 30, Some(NOW + 5)),
        ];

        assert_eq!(order(&said), [0, 2, 3, 1]);
        assert_eq!(order(&[(NOW, None), (NOW - 1, None)]), [0, 1]);
    }

    #[test]
    fn a_time_far_from_when_its_message_came_is_not_believed() {
        let hour = 3_600_000;
        let early = [(NOW, Some(NOW)), (NOW + 10, Some(NOW - hour))];
        let late = [(NOW, Some(NOW + hour)), (NOW + 10, Some(NOW + 10))];

        assert_eq!(order(&early), [0, 1]);
        assert_eq!(order(&late), [0, 1]);
        assert_eq!(order(&[(NOW, Some(u64::MAX)), (NOW + 1, Some(0))]), [0, 1]);
    }

    #[test]
    fn a_time_in_seconds_goes_before_nothing_that_came_earlier_and_tells_none() {
        let hour = 3_600_000;
        let said = [
            (NOW + 300, Some(NOW - hour)),
            (NOW + 350, Some(NOW)),
            (NOW + 400, None),
            (NOW + 450, Some(NOW + 1000)),
            (NOW + 5000, Some(NOW - 1000)),
        ];

        assert_eq!(order(&said), [4, 0, 1, 2, 3]);
    }

    #[test]
    fn a_clock_that_is_wrong_by_a_year_still_tells_what_was_said_first() {
        let year = 365 * 86_400_000;
        let said = [
            (NOW, Some(NOW - year + 5000)),
            (NOW + 300, Some(NOW - year + 1000)),
            // Further apart than the clock can be wrong.
            (NOW + 400, Some(NOW - 2 * year)),
        ];

        assert_eq!(order(&said), [1, 0, 2]);
    }
}
