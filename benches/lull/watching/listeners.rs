//! Those who listen to what happens, and read all that they are told.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::asking;
use crate::beside::Seen;

/// What begins the lines of a stream that tell of a try, and the line that says that it has begun.
const TRY: &str = "event: attempt";
const BEGUN: &str = ": listening";

/// Listeners that read all that they are told.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Listeners {
    /// To which api.
    pub(crate) port: u16,
    /// How many.
    pub(crate) count: usize,
}

impl Listeners {
    /// Connects all, says so, and goes on until the bench dismisses this helper; answers any question with what was heard.
    pub(crate) async fn serve(self) -> Result<()> {
        let mut tries = Vec::new();
        for _ in 0..self.count {
            let heard = Arc::new(AtomicU64::new(0));
            let stream = begin(self.port).await?;
            tries.push((heard.clone(), tokio::spawn(listen(stream, heard))));
        }
        Seen::answer(self.port, tries).await
    }
}

/// A stream of events that has begun.
async fn begin(port: u16) -> Result<BufReader<TcpStream>> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let key = asking::KEY;
    let request =
        format!("GET /api/events HTTP/1.1\r\nhost: 127.0.0.1\r\nx-api-key: {key}\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    while !line.starts_with(BEGUN) {
        line.clear();
        let read = stream.read_line(&mut line).await?;
        ensure!(read > 0, "api has ended a stream of events at once");
    }
    Ok(stream)
}

async fn listen(stream: BufReader<TcpStream>, heard: Arc<AtomicU64>) -> Result<()> {
    let mut lines = stream.lines();
    while let Some(line) = lines.next_line().await? {
        if line.starts_with(TRY) {
            heard.fetch_add(1, Ordering::Relaxed);
        }
    }
    Ok(())
}
