//! What leads to the servers that the settings name.

use std::time::Duration;

use redis::io::tcp::TcpSettings;
use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo, RedisConnectionInfo, RedisResult};

use crate::settings::redis::{Address, RedisConfig, Server};

/// Without it a host that vanished without a word would be waited for by the kernel's patience, a quarter of an hour.
const TCP_USER_TIMEOUT: Duration = Duration::from_secs(5);

/// To Redis: of a cluster to each node that is named; with Sentinels to any, whose address alone is another.
pub(super) fn of_redis(config: &RedisConfig) -> RedisResult<Vec<ConnectionInfo>> {
    let infos = match &config.address {
        Address::Url(url) => vec![url.as_str().into_connection_info()?],
        Address::Host { host, port, tls } => vec![at(host, *port, *tls).into_connection_info()?],
        Address::Cluster { nodes, tls } => each(nodes, *tls)?,
        Address::Sentinels { tls, .. } => vec![at("", 0, *tls).into_connection_info()?],
    };
    let infos = infos.into_iter().map(|info| {
        // What the URL says for itself wins over the single settings.
        let mut login = named(&info);
        if let (None, Some(username)) = (login.username(), &config.username) {
            login = login.set_username(username);
        }
        if let (None, Some(password)) = (login.password(), &config.password) {
            login = login.set_password(password);
        }
        if let (0, Some(db)) = (login.db(), config.db) {
            login = login.set_db(db);
        }
        with(info, login)
    });
    Ok(infos.collect())
}

/// To the Sentinels, if there are any: with their own login, never with that of Redis.
pub(super) fn of_sentinels(config: &RedisConfig) -> RedisResult<Vec<ConnectionInfo>> {
    let Address::Sentinels { sentinels, tls, .. } = &config.address else {
        return Ok(Vec::new());
    };
    let infos = each(sentinels, *tls)?.into_iter().map(|info| {
        let mut login = named(&info);
        if let Some(username) = &config.sentinel_login.username {
            login = login.set_username(username);
        }
        if let Some(password) = &config.sentinel_login.password {
            login = login.set_password(password);
        }
        with(info, login)
    });
    Ok(infos.collect())
}

fn each(servers: &[Server], tls: bool) -> RedisResult<Vec<ConnectionInfo>> {
    let infos = servers
        .iter()
        .map(|server| at(&server.host, server.port, tls).into_connection_info());
    infos.collect()
}

fn at(host: &str, port: u16, tls: bool) -> ConnectionAddr {
    let host = host.to_owned();
    match tls {
        false => ConnectionAddr::Tcp(host, port),
        true => ConnectionAddr::TcpTls {
            host,
            port,
            insecure: false,
            tls_params: None,
        },
    }
}

fn named(info: &ConnectionInfo) -> RedisConnectionInfo {
    let login = info.redis_settings().clone();
    login.set_lib_name("lull", env!("CARGO_PKG_VERSION"))
}

fn with(info: ConnectionInfo, login: RedisConnectionInfo) -> ConnectionInfo {
    let tcp = TcpSettings::default()
        .set_nodelay(true)
        .set_user_timeout(TCP_USER_TIMEOUT);
    info.set_redis_settings(login).set_tcp_settings(tcp)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::redis::SentinelLogin;
    use crate::settings::secrets::SecretsConfig;

    fn config(address: Address) -> RedisConfig {
        RedisConfig {
            address,
            username: None,
            password: Some("from REDIS_PASSWORD".to_owned()),
            db: Some(3),
            sentinel_login: SentinelLogin::default(),
            wait_replicas: 0,
            secrets: SecretsConfig::default(),
        }
    }

    fn info(address: Address) -> ConnectionInfo {
        of_redis(&config(address)).unwrap().remove(0)
    }

    #[test]
    fn a_host_name_may_hold_underscores() {
        let by_host = info(Address::Host {
            host: "project_lull-redis".to_owned(),
            port: 6379,
            tls: false,
        });
        let by_url = info(Address::Url("redis://project_lull-redis:6379".to_owned()));

        for info in [by_host, by_url] {
            assert_eq!(
                info.addr(),
                &ConnectionAddr::Tcp("project_lull-redis".to_owned(), 6379)
            );
        }
    }

    #[test]
    fn a_url_wins_over_the_single_settings_and_they_fill_its_gaps() {
        let full = info(Address::Url("redis://:secret@h:1/5".to_owned()));
        assert_eq!(
            (full.redis_settings().password(), full.redis_settings().db()),
            (Some("secret"), 5)
        );

        let bare = info(Address::Url("redis://h:1".to_owned()));
        assert_eq!(
            (bare.redis_settings().password(), bare.redis_settings().db()),
            (Some("from REDIS_PASSWORD"), 3)
        );
    }

    #[test]
    fn sentinels_are_told_nothing_of_the_login_of_redis() {
        let config = config(Address::Sentinels {
            sentinels: vec![Server {
                host: "s1".to_owned(),
                port: 1,
            }],
            master: "mymaster".to_owned(),
            tls: false,
        });

        let sentinel = of_sentinels(&config).unwrap().remove(0);
        let login = sentinel.redis_settings();
        assert_eq!((login.password(), login.db()), (None, 0));
        let redis = of_redis(&config).unwrap().remove(0);
        assert_eq!(
            redis.redis_settings().password(),
            Some("from REDIS_PASSWORD")
        );
    }
}
