//! One attempt at a connection, from the name to the first answer.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, ConnectionInfo, ErrorKind, IntoConnectionInfo, RedisError,
    RedisResult,
};
use tokio::time::timeout;

use super::nodes::Tag;
use super::{probe, refusal};

/// For one attempt to connect, from the name to the login.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// For the answer to the first question on a new connection.
const FIRST_ANSWER: Duration = Duration::from_secs(1);

/// A new connection, and why it cannot be worked with, if Redis says so of what goes by `tag`.
pub(super) async fn establish(
    client: &Client,
    tag: Tag,
) -> RedisResult<(MultiplexedConnection, Option<RedisError>)> {
    let config = AsyncConnectionConfig::new()
        // Each call is timed as a whole; a second timer for a part of it would only cost.
        .set_response_timeout(None)
        .set_connection_timeout(Some(CONNECT_TIMEOUT))
        .set_pipeline_buffer_size(1024);
    let connected = client.get_multiplexed_async_connection_with_config(&config);
    let mut connection = match connected.await {
        Ok(connection) => connection,
        Err(error) if error.kind() == ErrorKind::AuthenticationFailed => {
            return Err(is_crowded(client).await.unwrap_or(error));
        }
        Err(error) => return Err(error),
    };
    let refusal = match timeout(FIRST_ANSWER, probe::ask(&mut connection, tag)).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) if error.kind() == ErrorKind::Io || refusal::is_crowd(&error) => {
            return Err(error);
        }
        Ok(Err(error)) => refusal::is_lasting(&error).then_some(error),
        Err(_) => return Err(silent(FIRST_ANSWER)),
    };
    Ok((connection, refusal))
}

/// A Redis that has as many clients as it takes refuses the login, too, which is told as if that were wrong.
async fn is_crowded(client: &Client) -> Option<RedisError> {
    let address = client.get_connection_info().addr().clone();
    let anyone: ConnectionInfo = address.into_connection_info().ok()?;
    let client = Client::open(anyone).ok()?;
    let config = AsyncConnectionConfig::new().set_connection_timeout(Some(CONNECT_TIMEOUT));
    let mut connection = client
        .get_multiplexed_async_connection_with_config(&config)
        .await
        .ok()?;
    let asked = redis::cmd("PING").query_async::<()>(&mut connection).await;
    asked.err().filter(refusal::is_crowd)
}

/// A connection for a question or two, without asking whether it can be worked with.
pub(super) async fn briefly(
    client: &Client,
    within: Duration,
) -> RedisResult<MultiplexedConnection> {
    let config = AsyncConnectionConfig::new()
        .set_response_timeout(Some(within))
        .set_connection_timeout(Some(within));
    client
        .get_multiplexed_async_connection_with_config(&config)
        .await
}

/// Nobody answered in that time.
pub(super) fn silent(after: Duration) -> RedisError {
    let why = format!("no answer within {after:?}");
    std::io::Error::new(std::io::ErrorKind::TimedOut, why).into()
}
