//! The load generator: posts messages over connections that stay open.

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::course::{self, Client, Course, Tally};
use crate::http1::Connection;
use crate::message;

/// Messages to post.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Load {
    /// To which server.
    pub(crate) port: u16,
    /// How many.
    pub(crate) course: Course,
    /// Among how many chats they are spread.
    pub(crate) chats: u64,
    /// The quiet window they ask for, in seconds.
    pub(crate) ttl: f64,
}

impl Load {
    /// How long each request is.
    pub(crate) fn request_bytes(&self) -> usize {
        request(self.ttl).len()
    }

    /// Posts them.
    pub(crate) async fn run(&self) -> Result<Tally> {
        let request = request(self.ttl);
        let user = message::user(0);
        let places = request
            .windows(user.len())
            .enumerate()
            .filter(|(_, text)| *text == user.as_bytes());
        let places: Vec<usize> = places.map(|(place, _)| place).collect();
        let mut clients = Vec::new();
        for _ in 0..self.course.clients {
            clients.push(Poster {
                connection: Connection::open(self.port).await?,
                request: request.clone(),
                places: places.clone(),
                chats: self.chats,
            });
        }
        course::run(self.course, clients).await
    }
}

/// One connection. Its request is made once; from post to post only the chat's id in it changes.
struct Poster {
    connection: Connection,
    request: Vec<u8>,
    places: Vec<usize>,
    chats: u64,
}

impl Client for Poster {
    async fn request(&mut self, number: u64) -> Result<()> {
        let user = message::user(number % self.chats);
        for &place in &self.places {
            self.request[place..place + user.len()].copy_from_slice(user.as_bytes());
        }
        self.connection.send(&self.request).await?;
        let answer = self
            .connection
            .next()
            .await?
            .context("the server hung up")?;
        ensure!(
            answer.head.starts_with(b"HTTP/1.1 200 "),
            "the server refused: {}",
            String::from_utf8_lossy(answer.body)
        );
        Ok(())
    }
}

fn request(ttl: f64) -> Vec<u8> {
    let body = message::body(0, ttl);
    let length = body.len();
    let head =
        "POST /api/message HTTP/1.1\r\nhost: 127.0.0.1\r\nuser-agent: bench\r\naccept: */*\r\n";
    format!("{head}content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}")
        .into_bytes()
}
