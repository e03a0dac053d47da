//! A server that gives the same answer to anything: what the load generator reaches there is all it can.

use anyhow::Result;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::{bare, helper};

/// Serves until the bench dismisses it; each `request_bytes` are taken for a request, unread.
pub(crate) async fn serve(request_bytes: usize) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    helper::answer(&listener.local_addr()?.port())?;
    let body = bare::example_answer()?;
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
    let length = body.len();
    let answer = format!(
        "{head}content-length: {length}\r\ndate: Sat, 22 Nov 2025 00:00:00 GMT\r\n\r\n{body}"
    );
    let answer: &'static [u8] = answer.leak().as_bytes();
    let accept = async {
        loop {
            let (stream, _) = listener.accept().await?;
            tokio::spawn(converse(stream, request_bytes, answer));
        }
    };
    tokio::select! {
        ended = accept => ended,
        dismissed = helper::dismissed() => dismissed,
    }
}

async fn converse(
    mut stream: TcpStream,
    request_bytes: usize,
    answer: &'static [u8],
) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = [0; 16 * 1024];
    let mut unanswered = 0;
    loop {
        match stream.read(&mut buffer).await? {
            0 => return Ok(()),
            read => unanswered += read,
        }
        while unanswered >= request_bytes {
            unanswered -= request_bytes;
            stream.write_all(answer).await?;
        }
    }
}
