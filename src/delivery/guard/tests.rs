//! No URL leads inside, however it is spelled and whatever its name answers.

use std::time::Duration;

use reqwest::Client;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

fn guard(allow_private: bool, hosts: &[&str], networks: &[&str]) -> Guard {
    Guard::new(GuardConfig {
        allow_private,
        hosts: hosts.iter().map(|&host| host.to_owned()).collect(),
        networks: networks.iter().map(|net| net.parse().unwrap()).collect(),
    })
}

fn check(guard: &Guard, url: &str) -> Result<(), Refused> {
    guard.check_url(&url.parse().unwrap())
}

#[test]
fn addresses_inside_are_refused_however_they_are_spelled() {
    for url in [
        "http://127.0.0.1/x",
        "https://127.0.0.1.:8443/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://017700000001/",
        "http://%31%32%37.0.0.1/",
        "http://①②⑦.0.0.1/",
        "http://user:secret@10.0.0.1/",
        "http://example.com@192.168.0.1/",
        "http:\\\\169.254.169.254/latest/meta-data",
        "http://0/",
        "http://[::1]/",
        "http://[::]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[0:0:0:0:0:ffff:a9fe:a9fe]/",
        "http://[64:ff9b::10.0.0.1]/",
        "http://[2002:7f00:1::]/",
        "http://[fd00:ec2::254]/",
        "http://168.63.129.16/machine?comp=goalstate",
        "http://0xa83f8110/",
        "http://[fe80::1]/",
    ] {
        let refused = check(&guard(false, &[], &[]), url);
        assert!(
            matches!(refused, Err(Refused::Inside { .. })),
            "{url}: {refused:?}"
        );
    }
}

#[test]
fn names_and_public_addresses_pass_and_other_schemes_do_not() {
    let guard = guard(false, &[], &[]);
    for url in [
        "http://example.com/",
        "https://8.8.8.8/",
        "https://[2606:4700::1111]/",
    ] {
        assert_eq!(check(&guard, url), Ok(()), "{url}");
    }
    for url in [
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://10.0.0.1/",
        "data:,x",
    ] {
        assert!(
            matches!(check(&guard, url), Err(Refused::Scheme(_))),
            "{url}"
        );
    }
}

#[test]
fn what_is_allowed_passes() {
    let some = guard(false, &["n8n"], &["10.1.0.0/16", "fd00::/8"]);

    for url in [
        "http://10.1.2.3/",
        "http://[::ffff:10.1.2.3]/",
        "http://[fd00::1]/",
    ] {
        assert_eq!(check(&some, url), Ok(()), "{url}");
    }
    assert!(check(&some, "http://10.2.0.1/").is_err());
    assert_eq!(check(&guard(true, &[], &[]), "http://127.0.0.1/"), Ok(()));
}

#[test]
fn of_several_addresses_only_the_public_ones_are_handed_over() {
    let found = |list: &[&str]| -> Vec<SocketAddr> {
        list.iter()
            .map(|&ip| SocketAddr::new(ip.parse().unwrap(), 0))
            .collect()
    };
    let mixed = found(&["10.0.0.1", "8.8.8.8", "::1"]);

    let strict = guard(false, &[], &[]);
    let passed = pass(&strict, "evil.example", mixed.clone().into_iter());
    assert_eq!(passed, Ok(found(&["8.8.8.8"])));

    let by_name = guard(false, &["project_n8n"], &[]);
    let passed = pass(&by_name, "Project_n8n.", mixed.clone().into_iter());
    assert_eq!(passed, Ok(mixed));
}

#[test]
fn a_refusal_says_what_and_why_and_what_would_allow_it() {
    let refused = check(&guard(false, &[], &[]), "http://t0ken@10.0.0.1/secret?k=1");

    assert_eq!(
        refused.unwrap_err().to_string(),
        "10.0.0.1 is not called: its address 10.0.0.1 is private; WEBHOOK_ALLOW=10.0.0.1 or ALLOW_PRIVATE_WEBHOOKS=true would allow it"
    );
}

/// A server on this machine that answers 204 to each connection, and its port.
async fn server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 1024];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await;
        }
    });
    port
}

async fn get(guard: &Guard, url: &str) -> reqwest::Result<u16> {
    let url = url.parse().unwrap();
    let client = super::super::client::builder(&url, Duration::from_secs(5));
    let client: Client = guard.protect(client).build()?;
    Ok(client.get(url).send().await?.status().as_u16())
}

#[tokio::test]
async fn a_name_that_leads_inside_is_refused_when_it_is_connected_to() {
    let url = format!("http://localhost:{}/", server().await);
    let strict = guard(false, &[], &[]);

    let error = get(&strict, &url).await.unwrap_err();

    let refused = Refused::behind(&error);
    assert!(
        matches!(refused, Some(Refused::Inside { host, what: "loopback", .. }) if host == "localhost"),
        "{error:?}"
    );
    assert_eq!(check(&strict, &url), Ok(()), "only the look-up can tell");
}

#[tokio::test]
async fn an_allowed_name_or_network_is_called() {
    let url = format!("http://localhost:{}/", server().await);

    for guard in [
        guard(true, &[], &[]),
        guard(false, &["localhost"], &[]),
        guard(false, &[], &["127.0.0.0/8"]),
    ] {
        assert_eq!(get(&guard, &url).await.unwrap(), 204);
    }
}

#[tokio::test]
async fn a_call_that_failed_otherwise_was_not_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!(
        "http://localhost:{}/",
        listener.local_addr().unwrap().port()
    );
    drop(listener);

    let error = get(&guard(true, &[], &[]), &url).await.unwrap_err();

    assert_eq!(Refused::behind(&error), None);
}
