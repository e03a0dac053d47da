//! Where a request comes from.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::{Extensions, HeaderMap};
use ipnet::IpNet;

const FORWARDED_FOR: &str = "x-forwarded-for";

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
}

/// An address as proxies write it: some with a port.
fn address(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let with_port = || hop.parse::<SocketAddr>().ok().map(|it| it.ip());
    let bare = hop.trim_matches(['[', ']']).parse().ok();
    bare.or_else(with_port)
        .map(|address: IpAddr| address.to_canonical())
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

    proptest::proptest! {
        /// Whatever is told: of a peer that is not trusted it is the peer.
        #[test]
        fn no_header_breaks_the_reader_or_moves_a_stranger(
            told in "[0-9a-f.:, \\[\\]]{0,40}|[ -~]{0,40}",
            trusted in proptest::prelude::any::<bool>(),
        ) {
            let proxies = proxies(if trusted { &["203.0.113.0/24"] } else { &[] });
            let mut headers = HeaderMap::new();
            headers.insert(FORWARDED_FOR, told.parse().unwrap());
            let peer = from("203.0.113.5");
            let client = proxies.client(&peer, &headers);
            proptest::prop_assert!(trusted || client == Some("203.0.113.5".parse().unwrap()));
        }
    }
}
