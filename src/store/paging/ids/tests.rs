//! Ids of entries, as they stand in cursors.

use super::*;

#[test]
fn ids_are_read_back() {
    let id = |list| EntryId {
        ms: 1_763_770_000_123,
        seq: 4,
        shard: Shard::from_index(63).unwrap(),
        list,
    };
    assert_eq!(EntryId::parse(&id(0).text()), Some(id(0)));
    assert_eq!(EntryId::parse_of_two(&id(0).text()), Some(id(0)));
    // An entry of a second list is none of the first.
    assert_eq!(EntryId::parse_of_two(&id(1).text()), Some(id(1)));
    assert_eq!(EntryId::parse(&id(1).text()), None);
    assert_eq!(EntryId::parse_of_two("1-2-128"), None);
}

#[test]
fn anything_else_is_no_id() {
    for bad in [
        "",
        "1",
        "1-2",
        "1-2-64",
        "1-2-3-4",
        "x-2-3",
        "1763770000123-0-0 ",
    ] {
        assert_eq!(EntryId::parse(bad), None, "{bad}");
    }
}
