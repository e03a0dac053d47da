//! Dead letters put back on their lanes.

use lull::core::revival::Wanted;
use lull::store::Store;
use lull::store::dead_letters::Letter;
use lull::store::history::Retention;
use lull::store::lanes::{Settled, Verdict};
use lull::store::revivals::Counted;
use redis::AsyncCommands;
use serde_json::json;

use super::{DONE_AND_MORE, batch, buried, bury, lease, letters, settle};
use crate::support::queue::Queue;
use crate::support::{Answer, LONG, RETENTION, TestRedis, eventually, lane, revive_all, texts};

#[tokio::test]
async fn a_revived_batch_comes_first_and_alone_under_its_old_id() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let dead = buried(&store, "ana", "a").await;
    batch(&store, "ana", "b").await;
    let id = letters(&store).await[0].id;

    assert!(store.dead_letters().revive(id).await.unwrap());

    let leased = lease(&store, "ana").await.unwrap();
    assert_eq!(leased.batch, dead.batch);
    assert_eq!(leased.attempt, 1);
    assert!(!store.dead_letters().revive(id).await.unwrap());
}

#[tokio::test]
async fn a_revived_batch_lets_an_attempt_in_hand_finish() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let dead = buried(&store, "ana", "a").await;
    batch(&store, "ana", "b").await;
    let in_hand = lease(&store, "ana").await.unwrap();
    batch(&store, "ana", "c").await;

    revive_all(&store, &Wanted::all()).await;

    assert_eq!(
        settle(&store, &in_hand, &Verdict::Drop).await,
        DONE_AND_MORE
    );
    let second = lease(&store, "ana").await.unwrap();
    assert_eq!(second.batch, dead.batch);
    settle(&store, &second, &Verdict::Drop).await;
    assert_eq!(
        texts(&lease(&store, "ana").await.unwrap().batch.items),
        ["c"]
    );
}

#[tokio::test]
async fn all_dead_letters_of_a_chat_come_back_oldest_first() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    for (id, text) in [("ana", "a"), ("eva", "x"), ("ana", "b"), ("ana", "c")] {
        buried(&store, id, text).await;
    }

    let of_ana = Wanted {
        buffer: Some("default".to_owned()),
        chat: Some("ana".to_owned()),
        ..Wanted::all()
    };
    assert_eq!(revive_all(&store, &of_ana).await, 3);

    let mut said = Vec::new();
    while let Some(leased) = lease(&store, "ana").await {
        said.extend(texts(&leased.batch.items));
        settle(&store, &leased, &Verdict::Drop).await;
    }
    assert_eq!(said, ["a", "b", "c"]);
    assert!(lease(&store, "eva").await.is_none());
    assert_eq!(revive_all(&store, &Wanted::all()).await, 1);
}

#[tokio::test]
async fn an_attempt_that_is_given_back_lets_what_was_revived_go_first() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    for text in ["a", "b"] {
        buried(&store, "ana", text).await;
    }
    batch(&store, "ana", "c").await;
    let in_hand = lease(&store, "ana").await.unwrap();
    revive_all(&store, &Wanted::all()).await;

    settle(&store, &in_hand, &Verdict::Release).await;

    assert_eq!(drained(&store, "ana").await, ["a", "b", "c"]);
}

#[tokio::test]
async fn older_ones_revived_later_still_go_first() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    for text in ["a", "b", "c", "d"] {
        buried(&store, "ana", text).await;
    }
    batch(&store, "ana", "e").await;
    let ids: Vec<_> = letters(&store).await.iter().map(|it| it.id).collect();

    // The newest first: each step finds a younger one at the head.
    for id in ids {
        assert!(store.dead_letters().revive(id).await.unwrap());
    }

    assert_eq!(drained(&store, "ana").await, ["a", "b", "c", "d", "e"]);
}

#[tokio::test]
async fn what_was_revived_is_shown_erased_and_discarded_with_its_lane() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    for id in ["ana", "eva"] {
        for text in ["a", "b", "c"] {
            buried(&store, id, text).await;
        }
        batch(&store, id, "d").await;
    }
    revive_all(&store, &Wanted::all()).await;

    let destination = lane("ana").destination;
    let waiting = store.lanes().waiting_for(&destination).await.unwrap();
    assert_eq!(waiting.batches, 8);
    let chat = lane("ana").chat;
    let mut room = 1_000_000;
    let (shown, _) = store
        .chats()
        .lanes(&chat, [lane("ana").destination], &mut room)
        .await
        .unwrap();
    let shown: Vec<_> = shown[0]
        .batches
        .iter()
        .flat_map(|it| texts(&it.items))
        .collect();
    assert_eq!(shown, ["a", "b", "c", "d"]);
    assert_eq!(store.chats().erase(&chat).await.unwrap().batches, 4);
    let discarded = store
        .lanes()
        .discard_all(&lane("eva").destination, None)
        .await
        .unwrap();
    assert_eq!((discarded.chats, discarded.held), (1, 4));
    assert!(redis.keys("*:revived:*").await.is_empty());
    assert!(redis.keys("*:lane:*").await.is_empty());
}

/// Many dead letters of one ordered buffer, each of another chat.
async fn many(letters: usize) -> Queue {
    let fields = json!({ "order": "buffer" });
    let queue = Queue::with(fields, json!({}), &[], Answer::Status(200)).await;
    for number in 0..letters {
        let user = format!("user {}", number % 7);
        queue.batch(&user, &[&number.to_string()]).await;
        let lease = queue.lease("anybody").await.unwrap();
        let verdict = Verdict::Bury {
            letter: Letter {
                buffer: "queue".to_owned(),
                chat: lease.lane.chat.id.as_str().to_owned(),
                destination: "out".to_owned(),
                reason: "HTTP 410".to_owned(),
                summary: None,
                attempts: 1,
                first_attempt: lease.first_attempt,
            },
        };
        let settled = queue
            .store
            .lanes()
            .settle(&lease, &verdict, None, &KEEPS_ALL)
            .await;
        assert!(matches!(settled.unwrap(), Settled::Done { dropped: 0, .. }));
    }
    queue
}

const KEEPS_ALL: Retention = Retention {
    whole: true,
    ..RETENTION
};

/// What is on the lane of the queue, in the order in which it leaves.
async fn leaving(queue: &Queue) -> Vec<String> {
    let mut said = Vec::new();
    while let Some(lease) = queue.lease("anybody").await {
        said.extend(texts(&lease.batch.items));
        settle(&queue.store, &lease, &Verdict::Drop).await;
    }
    said
}

/// How often Redis did each of these commands, in scripts too.
async fn calls(redis: &TestRedis) -> u64 {
    let info = redis::cmd("INFO").arg("commandstats").to_owned();
    let info: String = info.query_async(&mut redis.raw().await).await.unwrap();
    let calls = info.lines().filter_map(|line| {
        let (name, rest) = line.strip_prefix("cmdstat_")?.split_once(":calls=")?;
        let counts = !["evalsha", "eval", "info", "publish"].contains(&name);
        counts.then(|| rest.split(',').next()?.parse::<u64>().ok())?
    });
    calls.sum()
}

/// What reviving so many costs, in commands, while others wait on the lane.
async fn cost_of(letters: usize) -> u64 {
    let queue = many(letters).await;
    for number in 0..20 {
        queue.batch("new", &[&format!("new {number}")]).await;
    }
    let before = calls(&queue.redis).await;

    assert_eq!(
        revive_all(&queue.store, &Wanted::all()).await,
        u64::try_from(letters).unwrap()
    );

    let cost = calls(&queue.redis).await - before;
    let mut expected: Vec<String> = (0..letters).map(|number| number.to_string()).collect();
    // Batches that wait are joined.
    expected.extend((0..20).map(|number| format!("new {number}")));
    assert_eq!(leaving(&queue).await, expected);
    cost
}

#[tokio::test]
async fn reviving_many_letters_of_an_ordered_buffer_costs_in_proportion() {
    let (few, many) = (cost_of(100).await, cost_of(400).await);

    // All shards are looked at either way, so four times as many cost less than four times as much.
    assert!(many < 4 * few, "{few} commands for 100, {many} for 400");
    assert!(many < 20 * 400, "{many}");
}

#[tokio::test]
async fn a_revival_that_was_broken_off_goes_on_where_it_ended() {
    let queue = many(400).await;
    let store = queue.store.clone();
    store
        .dead_letters()
        .begin_revival(&Wanted::all(), None)
        .await
        .unwrap();
    let carrying_on = tokio::spawn(async move { store.dead_letters().carry_on_revivals().await });
    eventually("it has begun", async || {
        let revivals = queue.store.dead_letters().revivals().await.unwrap();
        revivals.iter().all(|(_, revival)| revival.back > 0)
    })
    .await;
    carrying_on.abort();
    let _ = carrying_on.await;
    // What is given up on meanwhile is not part of it.
    if queue.redis.keys("lull:{config}:revivals").await.len() == 1 {
        queue.redis.long_ago("lull:{config}:reviving", LONG).await;
    }

    queue
        .store
        .dead_letters()
        .carry_on_revivals()
        .await
        .unwrap();

    assert!(
        queue
            .store
            .dead_letters()
            .revivals()
            .await
            .unwrap()
            .is_empty()
    );
    let expected: Vec<String> = (0..400).map(|number| number.to_string()).collect();
    assert_eq!(leaving(&queue).await, expected);
}

#[tokio::test]
async fn what_is_given_up_on_after_a_revival_was_asked_for_is_not_part_of_it() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    buried(&store, "ana", "a").await;
    store
        .dead_letters()
        .begin_revival(&Wanted::all(), None)
        .await
        .unwrap();
    buried(&store, "ana", "b").await;

    assert_eq!(store.dead_letters().carry_on_revivals().await.unwrap(), 1);

    assert_eq!(drained(&store, "ana").await, ["a"]);
    assert_eq!(letters(&store).await.len(), 1);
}

/// What is on the lane of a chat, in the order in which it leaves.
async fn drained(store: &Store, id: &str) -> Vec<String> {
    let mut said = Vec::new();
    while let Some(leased) = lease(store, id).await {
        said.extend(texts(&leased.batch.items));
        settle(store, &leased, &Verdict::Drop).await;
    }
    said
}

/// Those of one chat.
fn of(chat: &str) -> Wanted {
    Wanted {
        buffer: Some("default".to_owned()),
        chat: Some(chat.to_owned()),
        ..Wanted::all()
    }
}

#[tokio::test]
async fn each_letter_is_counted_by_the_first_revival_that_asks_for_it() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    for (id, text) in [("ana", "a"), ("eva", "b"), ("ana", "c"), ("rui", "d")] {
        buried(&store, id, text).await;
    }
    let asked = async |wanted: &Wanted, limit: Option<u64>| {
        let counted = store
            .dead_letters()
            .begin_revival(wanted, limit)
            .await
            .unwrap()
            .unwrap();
        (counted.count, counted.under_way)
    };

    assert_eq!(asked(&of("ana"), None).await, (2, 0));
    assert_eq!(asked(&of("ana"), None).await, (0, 2), "the same again");
    assert_eq!(asked(&Wanted::all(), Some(1)).await, (1, 2), "the next");
    assert_eq!(asked(&Wanted::all(), None).await, (1, 3), "the rest");
    assert_eq!(asked(&of("eva"), None).await, (0, 1), "a part");
    let revivals = store.dead_letters().revivals().await.unwrap();
    let counts: Vec<_> = revivals.iter().map(|(_, it)| it.count).collect();
    assert_eq!(counts, [2, 1, 1]);

    // The newest first, as when the daemons of the others have died: what those were asked for is left to them.
    let later = redis.now().await + 3_600_000;
    for (id, _) in &revivals[..2] {
        let mut raw = redis.raw().await;
        let _: u64 = raw.zadd("lull:{config}:reviving", id, later).await.unwrap();
    }
    assert_eq!(store.dead_letters().carry_on_revivals().await.unwrap(), 1);
    assert_eq!(letters(&store).await.len(), 3);
    redis.long_ago("lull:{config}:reviving", 200 * LONG).await;
    assert_eq!(store.dead_letters().carry_on_revivals().await.unwrap(), 3);
    assert!(letters(&store).await.is_empty());
}

#[tokio::test]
async fn a_letter_without_a_way_back_takes_no_place_of_another() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    batch(&store, "ana", "a").await;
    let leased = lease(&store, "ana").await.unwrap();
    let Verdict::Bury { mut letter } = bury(&leased) else {
        panic!("a dead letter is buried");
    };
    letter.destination = "retired".to_owned();
    settle(&store, &leased, &Verdict::Bury { letter }).await;
    buried(&store, "eva", "b").await;

    let preview = store
        .dead_letters()
        .preview(&Wanted::all(), Some(1))
        .await
        .unwrap();
    let expected = Counted {
        count: 1,
        without_destination: 1,
        ..Counted::default()
    };
    assert_eq!((preview.counted, preview.chats), (expected, 1));
    assert_eq!(revive_all(&store, &Wanted::all()).await, 1);
    assert_eq!(letters(&store).await[0].letter.destination, "retired");
}
