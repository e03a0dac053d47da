//! As much of HTTP/1.1 as load and receiver need, and no more, so that they take little of the machine: messages with a
//! Content-Length, one after the other on a connection that stays open.

use anyhow::{Context, Result, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connection, seen from either end.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// How much of the buffer the message read last takes.
    read: usize,
}

/// A message that came in whole.
pub(crate) struct Message<'a> {
    /// First line and headers.
    pub(crate) head: &'a [u8],
    /// What comes after them.
    pub(crate) body: &'a [u8],
}

impl Connection {
    /// A connection on a stream.
    pub(crate) fn new(stream: TcpStream) -> Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: Vec::with_capacity(16 * 1024),
            read: 0,
        })
    }

    /// Connects to a port of this machine.
    pub(crate) async fn open(port: u16) -> Result<Self> {
        Self::new(TcpStream::connect(("127.0.0.1", port)).await?)
    }

    /// Sends bytes that make a whole message.
    pub(crate) async fn send(&mut self, message: &[u8]) -> Result<()> {
        Ok(self.stream.write_all(message).await?)
    }

    /// The next message; `None` when the other end has hung up after the last one.
    pub(crate) async fn next(&mut self) -> Result<Option<Message<'_>>> {
        self.buffer.drain(..self.read);
        self.read = 0;
        let (head, length) = loop {
            if let Some((head, length)) = lengths(&self.buffer)?
                && self.buffer.len() >= length
            {
                break (head, length);
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                ensure!(self.buffer.is_empty(), "the other end hung up half-way");
                return Ok(None);
            }
        };
        self.read = length;
        let (head, body) = self.buffer[..length].split_at(head);
        Ok(Some(Message { head, body }))
    }
}

/// How long head and message are, once the head is there.
fn lengths(bytes: &[u8]) -> Result<Option<(usize, usize)>> {
    const NAME: &[u8] = b"content-length:";
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let length = bytes[..end].split(|&byte| byte == b'\n').find_map(|line| {
        let (name, value) = line.split_at_checked(NAME.len())?;
        let value = name.eq_ignore_ascii_case(NAME).then_some(value)?;
        str::from_utf8(value).ok()?.trim().parse::<usize>().ok()
    });
    let head = end + 4;
    Ok(Some((
        head,
        head + length.context("a message without Content-Length")?,
    )))
}
