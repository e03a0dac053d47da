//! A Sentinel where a Redis was to be: it tells which setting leads to its master.

use std::collections::HashMap;
use std::time::Duration;

use redis::{Client, ConnectionAddr, IntoConnectionInfo, RedisResult, Value};

use super::ConnectError;
use crate::store::dialling::briefly;
use crate::store::nodes::Sentinel;

const PATIENCE: Duration = Duration::from_secs(1);

/// Whether one listens there. It may refuse the login that was meant for Redis, so it is asked without.
pub(super) async fn is_at(client: &Client) -> bool {
    let asked = async {
        let mut connection = briefly(&nameless(client)?, PATIENCE).await?;
        let mut info = redis::cmd("INFO");
        info.arg("server")
            .query_async::<String>(&mut connection)
            .await
    };
    let told = asked.await;
    told.is_ok_and(|info| info.contains("redis_mode:sentinel"))
}

/// What whoever gave its address is told.
pub(super) async fn error(client: &Client, place: String) -> ConnectError {
    let mut masters = Vec::new();
    let mut servers = vec![place.clone()];
    if let Ok(client) = nameless(client) {
        let sentinel = Sentinel::at(client);
        masters = sentinel.watched().await.unwrap_or_default();
        if let Some(master) = masters.first() {
            servers.extend(others(&sentinel, master).await);
        }
    }
    let tls = matches!(
        client.get_connection_info().addr(),
        ConnectionAddr::TcpTls { .. }
    );
    let scheme = if tls { "rediss" } else { "redis" };
    let (master, more) = match masters.as_slice() {
        [] => (
            "<master>",
            ", with the name that it has for its master at the end".to_owned(),
        ),
        [master] => (master.as_str(), String::new()),
        [first, others @ ..] => (
            first.as_str(),
            format!(
                ", or with another of its masters at the end: {}",
                others.join(", ")
            ),
        ),
    };
    let servers = servers.join(",");
    ConnectError::Sentinel {
        place,
        url: format!("{scheme}+sentinel://{servers}/{master}"),
        more,
    }
}

/// The other Sentinels that watch a master.
async fn others(sentinel: &Sentinel, master: &str) -> Vec<String> {
    let others: RedisResult<Vec<HashMap<String, Value>>> =
        sentinel.ask(&["SENTINELS", master]).await;
    let text = |facts: &HashMap<String, Value>, name: &str| {
        redis::from_redis_value_ref::<String>(facts.get(name)?).ok()
    };
    let others = others.unwrap_or_default();
    let places = others
        .iter()
        .filter_map(|it| Some(format!("{}:{}", text(it, "ip")?, text(it, "port")?)));
    places.collect()
}

/// The same address without a login and a database.
fn nameless(client: &Client) -> RedisResult<Client> {
    let address = client.get_connection_info().addr().clone();
    Client::open(address.into_connection_info()?)
}
