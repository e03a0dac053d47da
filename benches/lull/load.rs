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
    /// What is posted.
    pub(crate) post: Post,
}

/// What is posted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Post {
    /// A message that asks for a quiet window of so many seconds.
    Plain(f64),
    /// The same with a message id, as every post of a gateway has one.
    Identified(f64),
    /// What Evolution API posts about a message, to the buffer of this name.
    Evolution(String),
}

impl Load {
    /// How long each request is.
    pub(crate) fn request_bytes(&self) -> usize {
        self.post.request().len()
    }

    /// Posts them.
    pub(crate) async fn run(&self) -> Result<Tally> {
        let request = self.post.request();
        let users = places(&request, &message::user(0));
        let ids = places(&request, &message::id(0));
        let mut clients = Vec::new();
        for _ in 0..self.course.clients {
            clients.push(Poster {
                connection: Connection::open(self.port).await?,
                request: request.clone(),
                users: users.clone(),
                ids: ids.clone(),
                chats: self.chats,
            });
        }
        course::run(self.course, clients).await
    }
}

/// One connection. Its request is made once; from post to post only the ids of chat and message in it change.
struct Poster {
    connection: Connection,
    request: Vec<u8>,
    users: Vec<usize>,
    ids: Vec<usize>,
    chats: u64,
}

impl Client for Poster {
    async fn request(&mut self, number: u64) -> Result<()> {
        write(
            &mut self.request,
            &self.users,
            &message::user(number % self.chats),
        );
        write(&mut self.request, &self.ids, &message::id(number));
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

/// Where a text stands in a request.
fn places(request: &[u8], text: &str) -> Vec<usize> {
    let found = request.windows(text.len()).enumerate();
    found
        .filter(|(_, there)| *there == text.as_bytes())
        .map(|(place, _)| place)
        .collect()
}

/// Writes a text over others of its length.
fn write(request: &mut [u8], places: &[usize], text: &str) {
    for &place in places {
        request[place..place + text.len()].copy_from_slice(text.as_bytes());
    }
}

impl Post {
    fn request(&self) -> Vec<u8> {
        let (path, body) = match self {
            Self::Plain(ttl) => ("/api/message".to_owned(), message::body(0, *ttl)),
            Self::Identified(ttl) => ("/api/message".to_owned(), message::identified(*ttl)),
            Self::Evolution(buffer) => (format!("/api/webhook/{buffer}"), message::evolution()),
        };
        let length = body.len();
        format!(
            "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nuser-agent: bench\r\naccept: */*\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .into_bytes()
    }
}
