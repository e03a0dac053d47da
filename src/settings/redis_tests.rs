//! What settings of Redis come to.

use super::redis::{Address, RedisConfig, Server};
use super::tests::vars;

#[test]
fn a_host_stands_alone() {
    let config = RedisConfig::from_vars(&vars(&[("REDIS_HOST", "project_lull-redis")])).unwrap();

    let host = "project_lull-redis".to_owned();
    assert_eq!(
        config.address,
        Address::Host {
            host,
            port: 6379,
            tls: false
        }
    );
}

#[test]
fn a_url_wins_over_a_host() {
    let config =
        RedisConfig::from_vars(&vars(&[("REDIS_HOST", "h"), ("REDIS_URL", "redis://u")])).unwrap();

    assert_eq!(config.address, Address::Url("redis://u".to_owned()));
}

#[test]
fn nodes_of_a_cluster_and_sentinels_may_be_named_in_parts() {
    let read = |pairs: &[(&str, &str)]| RedisConfig::from_vars(&vars(pairs));
    let server = |host: &str, port| Server {
        host: host.to_owned(),
        port,
    };

    let cluster = read(&[("REDIS_CLUSTER_NODES", "n1, n2:1"), ("REDIS_HOST", "h")]).unwrap();
    let nodes = vec![server("n1", 6379), server("n2", 1)];
    assert_eq!(cluster.address, Address::Cluster { nodes, tls: false });

    let sentinels = [
        ("REDIS_SENTINELS", "s1,s2"),
        ("REDIS_SENTINEL_MASTER", "m"),
        ("REDIS_PASSWORD", "of Redis"),
        ("REDIS_TLS", "true"),
    ];
    let config = read(&sentinels).unwrap();
    let wanted = Address::Sentinels {
        sentinels: vec![server("s1", 26_379), server("s2", 26_379)],
        master: "m".to_owned(),
        tls: true,
    };
    assert_eq!(config.address, wanted);
    // Sentinels are not told the password of Redis.
    assert_eq!(config.sentinel_login.password, None);
}

#[test]
fn what_a_url_of_servers_leaves_out_the_single_settings_say() {
    let config = RedisConfig::from_vars(&vars(&[
        ("REDIS_URL", "redis+sentinel://:in-url@s1"),
        ("REDIS_SENTINEL_MASTER", "m"),
        ("REDIS_USERNAME", "lull"),
        ("REDIS_PASSWORD", "other"),
        ("REDIS_DB", "2"),
    ]));
    let config = config.unwrap();

    let login = (config.username.as_deref(), config.password.as_deref());
    assert_eq!(login, (Some("lull"), Some("in-url")));
    assert_eq!(config.db, Some(2));
    assert!(
        matches!(&config.address, Address::Sentinels { master, tls: false, .. } if master == "m")
    );
}

#[test]
fn what_contradicts_itself_is_refused_by_name() {
    for (pairs, wanted) in [
        (vec![("REDIS_SENTINELS", "s1")], "set REDIS_SENTINEL_MASTER"),
        (
            vec![("REDIS_URL", "redis+sentinel://s1")],
            "set REDIS_SENTINEL_MASTER",
        ),
        (
            vec![("REDIS_SENTINELS", "s1"), ("REDIS_CLUSTER_NODES", "n1")],
            "both set",
        ),
        (
            vec![("REDIS_CLUSTER_NODES", "n1"), ("REDIS_DB", "3")],
            "only database 0",
        ),
        (
            vec![("REDIS_URL", "redis+cluster://n1/3")],
            "only database 0",
        ),
        (vec![("REDIS_CLUSTER_NODES", "n1:x")], "REDIS_CLUSTER_NODES"),
    ] {
        let error = RedisConfig::from_vars(&vars(&pairs)).err().unwrap();
        assert!(format!("{error:#}").contains(wanted), "{error:#}");
    }
}

#[test]
fn without_either_the_error_names_both() {
    let error = RedisConfig::from_vars(&vars(&[]))
        .err()
        .unwrap()
        .to_string();

    assert!(
        error.contains("REDIS_URL or REDIS_HOST must be set"),
        "{error}"
    );
}

#[test]
fn a_wrong_port_is_named() {
    let error = RedisConfig::from_vars(&vars(&[("REDIS_HOST", "h"), ("REDIS_PORT", "many")]))
        .err()
        .unwrap();

    assert!(format!("{error:#}").contains("REDIS_PORT"), "{error:#}");
}

#[test]
fn replicas_are_waited_for_if_somebody_says_so() {
    let read = |waits: &str| {
        let pairs = [("REDIS_HOST", "h"), ("REDIS_WAIT_REPLICAS", waits)];
        RedisConfig::from_vars(&vars(&pairs)).map(|config| config.wait_replicas)
    };

    assert_eq!([read("").unwrap(), read("2").unwrap()], [0, 2]);
    for wrong in ["-1", "17", "one"] {
        let error = format!("{:#}", read(wrong).unwrap_err());
        assert!(error.contains("REDIS_WAIT_REPLICAS"), "{error}");
    }
}
