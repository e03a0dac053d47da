//! Redis behind TLS: one whose certificate is not trusted is waited for, like one that is away.

use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use serde_json::json;
use tempfile::TempDir;

use crate::support::daemon::free_port;
use crate::support::daemons::{Daemons, WAITS, cut, tell};
use crate::support::{Daemon, TestRedis};

/// Certificates of servers, and who has signed them.
struct Certificates(TempDir);

impl Certificates {
    fn folder() -> Self {
        Self(
            tempfile::Builder::new()
                .prefix("lull-tls-")
                .tempdir()
                .unwrap(),
        )
    }

    /// An authority, with a certificate for a server called `host`.
    fn sign(&self, authority: &str, host: &str) {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params
            .distinguished_name
            .push(DnType::OrganizationName, authority);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let server = CertificateParams::new([host.to_owned()]).unwrap();
        let server = server.signed_by(&key, &issuer).unwrap();
        for (kind, text) in [
            ("authority", issuer.as_ref().pem()),
            ("server", server.pem()),
            ("key", key.serialize_pem()),
        ] {
            std::fs::write(self.file(authority, kind), text).unwrap();
        }
    }

    fn file(&self, authority: &str, kind: &str) -> PathBuf {
        self.0.path().join(format!("{authority}.{kind}.pem"))
    }

    /// Has Redis show the certificate that this authority has signed, from the next connection on.
    async fn show(&self, connection: &mut MultiplexedConnection, authority: &str) {
        let (server, key) = (self.file(authority, "server"), self.file(authority, "key"));
        let words = [
            "CONFIG",
            "SET",
            "tls-cert-file",
            text(&server),
            "tls-key-file",
            text(&key),
        ];
        tell(connection, &words).await;
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A Redis that speaks TLS on this port, by a certificate of the authority `trusted`.
async fn redis_behind_tls(certificates: &Certificates) -> (TestRedis, String) {
    certificates.sign("trusted", "127.0.0.1");
    let [authority, server, key] =
        ["authority", "server", "key"].map(|kind| certificates.file("trusted", kind));
    let port = free_port().to_string();
    let redis = TestRedis::start_with(&[
        "--tls-port",
        &port,
        "--tls-auth-clients",
        "no",
        "--tls-ca-cert-file",
        text(&authority),
        "--tls-cert-file",
        text(&server),
        "--tls-key-file",
        text(&key),
    ])
    .await;
    (redis, port)
}

/// Daemons and their Redis, which speaks TLS by a certificate of the authority `trusted`.
async fn daemons_behind_tls(certificates: &Certificates) -> (TestRedis, String, Daemons) {
    let (redis, port) = redis_behind_tls(certificates).await;
    let authority = certificates.file("trusted", "authority");
    let url = format!("rediss://127.0.0.1:{port}");
    // As an operator names the authority of his own system.
    let settings = [
        ("REDIS_URL", url.as_str()),
        ("SSL_CERT_FILE", text(&authority)),
    ];
    let mut daemons = Daemons::on(&redis, &settings).await;
    daemons.works("ana").await;
    (redis, port, daemons)
}

#[tokio::test]
async fn a_redis_whose_certificate_is_not_trusted_is_tried_until_it_is() {
    let certificates = Certificates::folder();
    let (redis, _, mut daemons) = daemons_behind_tls(&certificates).await;
    let mut raw = redis.raw().await;

    certificates.sign("unknown", "127.0.0.1");
    certificates.show(&mut raw, "unknown").await;
    cut(&mut raw).await;
    daemons.is_refused().await;
    for daemon in [&daemons.api, &daemons.monitor] {
        daemon.logs(WAITS).await;
    }
    certificates.show(&mut raw, "trusted").await;

    daemons.works("eva").await;
    daemons.said("UnknownIssuer").await;
}

#[tokio::test]
async fn a_redis_that_no_longer_speaks_tls_is_tried_until_it_does_again() {
    let certificates = Certificates::folder();
    let (redis, port, mut daemons) = daemons_behind_tls(&certificates).await;
    let mut raw = redis.raw().await;

    tell(&mut raw, &["CONFIG", "SET", "tls-port", "0", "port", &port]).await;
    cut(&mut raw).await;
    daemons.is_refused().await;
    for daemon in [&daemons.api, &daemons.monitor] {
        daemon.logs(WAITS).await;
    }
    tell(&mut raw, &["CONFIG", "SET", "port", "0", "tls-port", &port]).await;

    daemons.works("eva").await;
}

/// A destination may be a stream there.
#[tokio::test]
async fn a_stream_behind_tls_is_added_to_if_its_certificate_is_trusted() {
    let certificates = Certificates::folder();
    let (redis, port) = redis_behind_tls(&certificates).await;
    let spec = json!({
        "kind": "redis-stream", "url": format!("rediss://127.0.0.1:{port}/1"), "stream": "bots",
    });
    let authority = certificates.file("trusted", "authority");
    let trusting = TestRedis::start().await;
    let trusting = Daemon::api_with(&trusting, &[("SSL_CERT_FILE", text(&authority))]).await;

    let path = "/api/destinations/test";
    let (status, tried) = trusting.post(path, spec.clone()).await;
    assert_eq!(
        (status.as_u16(), &tried["success"]),
        (200, &json!(true)),
        "{tried}"
    );
    let mut raw = redis.raw().await;
    tell(&mut raw, &["SELECT", "1"]).await;
    assert_eq!(raw.xlen::<_, usize>("bots").await.unwrap(), 1);

    certificates.sign("unknown", "127.0.0.1");
    certificates.show(&mut raw, "unknown").await;
    let (_, tried) = trusting.post(path, spec).await;
    let summary = tried["response"]["summary"].as_str().unwrap();
    assert!(summary.starts_with("cannot connect: "), "{tried}");
}
