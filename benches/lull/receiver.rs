//! A webhook that notes which chat's batch arrived when, and accepts everything but what it is told to refuse.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use tokio::net::{TcpListener, TcpStream};

use crate::helper::Server;
use crate::http1::Connection;
use crate::{helper, message};

/// How many calls have arrived since the last [`TAKE`].
const COUNT: &str = "count";
/// All of them, as [`Arrival`]s; from then on it counts anew.
const TAKE: &str = "take";
/// The same of those that were refused.
const REFUSED: &str = "refused";
/// Refuse the chats below this number.
const REFUSE: &str = "refuse ";

/// The number of a chat, and when its batch was there to the last byte, in µs since 1970.
pub(crate) type Arrival = (u64, u64);

static ARRIVALS: Mutex<Vec<Arrival>> = Mutex::new(Vec::new());
static REFUSALS: Mutex<Vec<Arrival>> = Mutex::new(Vec::new());
static REFUSED_BELOW: AtomicU64 = AtomicU64::new(0);

/// Serves until the bench dismisses it.
pub(crate) async fn serve() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    helper::answer(&listener.local_addr()?.port())?;
    let accept = async {
        loop {
            let (stream, _) = listener.accept().await?;
            tokio::spawn(take_calls(stream));
        }
    };
    let questions = helper::answer_questions(|question| {
        if let Some(below) = question.strip_prefix(REFUSE) {
            REFUSED_BELOW.store(below.parse()?, Ordering::Relaxed);
            return Ok(serde_json::Value::Null);
        }
        Ok(match question {
            COUNT => serde_json::to_value(look_at(&ARRIVALS, |all| all.len()))?,
            REFUSED => serde_json::to_value(look_at(&REFUSALS, std::mem::take))?,
            _ => serde_json::to_value(look_at(&ARRIVALS, std::mem::take))?,
        })
    });
    tokio::select! {
        ended = accept => ended,
        dismissed = questions => dismissed,
    }
}

/// Waits until `count` calls have arrived, or patience is over; answers those that have.
pub(crate) async fn wait_for(
    server: &mut Server,
    count: usize,
    patience: Duration,
) -> Result<Vec<Arrival>> {
    let began = Instant::now();
    while server.ask::<usize>(COUNT).await? < count && began.elapsed() < patience {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    server.ask(TAKE).await
}

/// From now on it refuses the chats whose numbers are below this, and no others.
pub(crate) async fn refuse(server: &mut Server, below: u64) -> Result<()> {
    server.ask(&format!("{REFUSE}{below}")).await
}

/// The calls that it has refused since it was last asked this.
pub(crate) async fn refused(server: &mut Server) -> Result<Vec<Arrival>> {
    server.ask(REFUSED).await
}

/// How many different chats there are among arrivals.
pub(crate) fn chats(arrivals: &[Arrival]) -> usize {
    arrivals
        .iter()
        .map(|&(chat, _)| chat)
        .collect::<HashSet<_>>()
        .len()
}

async fn take_calls(stream: TcpStream) -> Result<()> {
    let mut connection = Connection::new(stream)?;
    while let Some(call) = connection.next().await? {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
        let chat = chat_of(call.body).context("a payload without its chat")?;
        let at = u64::try_from(now.as_micros())?;
        if chat < REFUSED_BELOW.load(Ordering::Relaxed) {
            look_at(&REFUSALS, |all| all.push((chat, at)));
            let refusal = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n";
            connection.send(refusal).await?;
            continue;
        }
        look_at(&ARRIVALS, |all| all.push((chat, at)));
        connection.send(b"HTTP/1.1 204 No Content\r\n\r\n").await?;
    }
    Ok(())
}

fn look_at<T>(list: &Mutex<Vec<Arrival>>, look: impl FnOnce(&mut Vec<Arrival>) -> T) -> T {
    look(&mut list.lock().unwrap_or_else(PoisonError::into_inner))
}

fn chat_of(payload: &[u8]) -> Option<u64> {
    const NAME: &[u8] = br#""user":""#;
    let at = payload.windows(NAME.len()).position(|text| text == NAME)? + NAME.len();
    let user = payload.get(at..at + message::USER_BYTES)?;
    message::number(str::from_utf8(user).ok()?)
}
