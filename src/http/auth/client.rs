//! Where a request comes from.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::header::{HOST, ORIGIN};
use axum::http::uri::Authority;
use axum::http::{Extensions, HeaderMap};
use ipnet::IpNet;

use crate::settings::origins::Origins;

const FORWARDED_FOR: &str = "x-forwarded-for";
/// What proxies tell of a client.
const TELLING: [&str; 3] = [FORWARDED_FOR, "forwarded", "x-real-ip"];

/// Who is believed when they say where a request came from.
pub(super) struct Proxies(pub(super) Vec<IpNet>);

impl Proxies {
    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The address a request comes from: the nearest that is not a proxy we trust. None where a trusted proxy tells
    /// something unreadable, or where it is not known who speaks.
    pub(super) fn client(&self, extensions: &Extensions, headers: &HeaderMap) -> Option<IpAddr> {
        let ConnectInfo(peer) = extensions.get::<ConnectInfo<SocketAddr>>()?;
        let peer = peer.ip().to_canonical();
        if !self.trusts(peer) {
            return Some(peer);
        }
        // Each proxy adds whom it heard at the end, so what stands further in front may be anybody's invention.
        let told = headers.get_all(FORWARDED_FOR).iter().rev();
        let mut nearest = peer;
        for value in told {
            for hop in value.to_str().ok()?.rsplit(',') {
                nearest = address(hop)?;
                if !self.trusts(nearest) {
                    return Some(nearest);
                }
            }
        }
        Some(nearest)
    }

    /// Whether a request comes from a program or a person on this machine. A proxy on this machine that nobody trusts
    /// brings everybody's requests; and so does a browser that shows somebody's page, which either calls us by another
    /// name or says of what page it is.
    pub(super) fn at_home(
        &self,
        extensions: &Extensions,
        headers: &HeaderMap,
        origins: &Origins,
    ) -> bool {
        let peer = extensions.get::<ConnectInfo<SocketAddr>>();
        let trusted = peer.is_some_and(|ConnectInfo(peer)| self.trusts(peer.ip().to_canonical()));
        let told = TELLING.iter().any(|name| headers.contains_key(*name));
        let client = self.client(extensions, headers);
        client.is_some_and(|client| client.is_loopback())
            && (!told || (trusted && headers.contains_key(FORWARDED_FOR)))
            && headers.get_all(HOST).iter().all(|host| {
                let host = host.to_str().unwrap_or_default();
                is_home(host)
            })
            && headers.get_all(ORIGIN).iter().all(|origin| {
                let origin = origin.to_str().unwrap_or_default();
                let host = origin.split_once("://").map(|(_, host)| host);
                host.is_some_and(is_home) || origins.names(origin)
            })
    }
}

/// An address as proxies write it: some with a port.
fn address(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let with_port = || hop.parse::<SocketAddr>().ok().map(|it| it.ip());
    let bare = hop.trim_matches(['[', ']']).parse().ok();
    bare.or_else(with_port)
        .map(|address: IpAddr| address.to_canonical())
}

/// Whether a host, with or without a port, is this machine by its own words.
fn is_home(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else {
        return false;
    };
    let host = authority.host();
    host.eq_ignore_ascii_case("localhost")
        || address(host).is_some_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(networks: &[&str]) -> Proxies {
        Proxies(networks.iter().map(|it| it.parse().unwrap()).collect())
    }

    fn from(peer: &str) -> Extensions {
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 40000)));
        extensions
    }

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn only_what_trusted_proxies_tell_counts_and_only_to_the_first_they_do_not_vouch_for() {
        let trusting = proxies(&["10.0.0.0/8", "fd00::/8"]);
        for (peer, told, client) in [
            ("203.0.113.5", &[][..], Some("203.0.113.5")),
            ("203.0.113.5", &["127.0.0.1"], Some("203.0.113.5")),
            ("10.0.0.2", &[], Some("10.0.0.2")),
            ("::ffff:10.0.0.2", &["203.0.113.9"], Some("203.0.113.9")),
            ("10.0.0.2", &["127.0.0.1, 203.0.113.9"], Some("203.0.113.9")),
            (
                "10.0.0.2",
                &["127.0.0.1", "203.0.113.9, 10.0.0.3"],
                Some("203.0.113.9"),
            ),
            ("fd00::2", &["2001:db8::1"], Some("2001:db8::1")),
            ("10.0.0.2", &["[2001:db8::1]:443"], Some("2001:db8::1")),
            ("10.0.0.2", &["203.0.113.9:5123"], Some("203.0.113.9")),
            ("10.0.0.2", &["127.0.0.1, unknown"], None),
            ("10.0.0.2", &[""], None),
        ] {
            let told: Vec<_> = told.iter().map(|it| (FORWARDED_FOR, *it)).collect();
            assert_eq!(
                trusting.client(&from(peer), &headers(&told)),
                client.map(|it| it.parse().unwrap()),
                "{peer} {told:?}"
            );
        }
    }

    #[test]
    fn only_loopback_under_its_own_name_is_at_home() {
        let nobody = proxies(&[]);
        let at_home =
            |peer, pairs: &[_]| nobody.at_home(&from(peer), &headers(pairs), &Origins::None);

        for host in [
            "127.0.0.1:5000",
            "localhost:5000",
            "LOCALHOST",
            "[::1]:5000",
        ] {
            assert!(at_home("127.0.0.1", &[("host", host)]), "{host}");
        }
        assert!(at_home("::1", &[]) && at_home("127.0.0.2", &[]));
        assert!(at_home("127.0.0.1", &[("origin", "http://localhost:3000")]));
        for peer in ["10.0.0.7", "172.17.0.1", "203.0.113.9", "fd00::1"] {
            assert!(!at_home(peer, &[("host", "127.0.0.1:5000")]), "{peer}");
        }
        for (name, value) in [
            ("host", "rebound.example:5000"),
            ("host", "localhost.example"),
            ("host", "a b"),
            ("origin", "https://evil.example"),
            ("origin", "null"),
            ("x-forwarded-for", "127.0.0.1"),
            ("forwarded", "for=127.0.0.1"),
            ("x-real-ip", "127.0.0.1"),
        ] {
            assert!(!at_home("127.0.0.1", &[(name, value)]), "{name}: {value}");
        }
        assert!(!nobody.at_home(&Extensions::new(), &HeaderMap::new(), &Origins::None));
    }

    #[test]
    fn behind_a_trusted_proxy_the_address_that_it_tells_decides() {
        let proxy = proxies(&["127.0.0.1/32"]);
        let at_home = |headers: &_| proxy.at_home(&from("127.0.0.1"), headers, &Origins::None);
        let told = |it| headers(&[(FORWARDED_FOR, it)]);

        assert!(at_home(&headers(&[])));
        assert!(at_home(&told("127.0.0.1")));
        for client in ["203.0.113.9", "127.0.0.1, 203.0.113.9", "unknown", ""] {
            assert!(!at_home(&told(client)), "{client}");
        }
        // What it tells in another way is not read, and is not nothing.
        let other = headers(&[("x-real-ip", "203.0.113.9")]);
        assert!(!at_home(&other));
    }

    proptest::proptest! {
        /// Whatever is told: of a peer that is not trusted it is the peer.
        #[test]
        fn no_header_breaks_the_reader_or_moves_a_stranger(
            told in "[0-9a-f.:, \\[\\]]{0,40}|[ -~]{0,40}",
            host in "[ -~]{0,20}",
            trusted in proptest::prelude::any::<bool>(),
        ) {
            let proxies = proxies(if trusted { &["203.0.113.0/24"] } else { &[] });
            let mut headers = HeaderMap::new();
            headers.insert(FORWARDED_FOR, told.parse().unwrap());
            headers.insert(HOST, host.parse().unwrap());
            headers.insert(ORIGIN, host.parse().unwrap());
            let peer = from("203.0.113.5");
            let client = proxies.client(&peer, &headers);
            proptest::prop_assert!(trusted || client == Some("203.0.113.5".parse().unwrap()));
            let home = proxies.at_home(&peer, &headers, &Origins::default());
            proptest::prop_assert!(!home || trusted);
        }
    }
}
