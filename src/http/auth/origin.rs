//! Web pages that bring messages: a page of somebody else must not, unless it has a key or is named.

use std::net::IpAddr;

use axum::http::HeaderMap;
use axum::http::header::{HOST, ORIGIN};
use axum::http::uri::Authority;

use crate::settings::origins::Origins;

/// Whether a browser says that a page sends this which is neither named nor one of our own.
pub(super) fn is_of_a_foreign_page(headers: &HeaderMap, origins: &Origins) -> bool {
    headers.get_all(ORIGIN).iter().any(|origin| {
        let origin = origin.to_str().unwrap_or_default();
        !origins.names(origin) && !is_own(origin, headers)
    })
}

/// Whether an origin is where the request goes, and that is an address. Under a name, a page of somebody else could come
/// from here as well: its owner can make the name lead to this address while it is open.
fn is_own(origin: &str, headers: &HeaderMap) -> bool {
    let Some((_, authority)) = origin.split_once("://") else {
        return false;
    };
    let mut hosts = headers.get_all(HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().unwrap_or_default(),
        _ => return false,
    };
    host.eq_ignore_ascii_case(authority) && is_address(host)
}

fn is_address(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else {
        return false;
    };
    let host = authority.host();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn foreign(pairs: &[(&'static str, &'static str)], origins: &Origins) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        is_of_a_foreign_page(&headers, origins)
    }

    #[test]
    fn a_page_of_our_own_address_and_a_program_are_not_foreign() {
        for pairs in [
            &[("host", "lull.example")][..],
            &[
                ("host", "127.0.0.1:5000"),
                ("origin", "http://127.0.0.1:5000"),
            ],
            &[
                ("host", "localhost:5000"),
                ("origin", "http://LOCALHOST:5000"),
            ],
            &[("host", "[::1]:5000"), ("origin", "http://[::1]:5000")],
            &[("host", "10.0.0.7"), ("origin", "http://10.0.0.7")],
        ] {
            assert!(!foreign(pairs, &Origins::None), "{pairs:?}");
        }
    }

    #[test]
    fn whatever_else_a_browser_says_is_foreign() {
        for pairs in [
            &[
                ("host", "127.0.0.1:5000"),
                ("origin", "https://evil.example"),
            ][..],
            &[
                ("host", "127.0.0.1:5000"),
                ("origin", "http://127.0.0.1:3000"),
            ],
            &[("host", "127.0.0.1:5000"), ("origin", "null")],
            &[("host", "127.0.0.1:5000"), ("origin", "")],
            &[("origin", "http://127.0.0.1:5000")],
            // A name that was made to lead here.
            &[
                ("host", "evil.example:5000"),
                ("origin", "http://evil.example:5000"),
            ],
            &[
                ("host", "127.0.0.1:5000"),
                ("host", "evil.example"),
                ("origin", "http://127.0.0.1:5000"),
            ],
            &[
                ("host", "127.0.0.1:5000"),
                ("origin", "http://127.0.0.1:5000"),
                ("origin", "https://evil.example"),
            ],
        ] {
            assert!(foreign(pairs, &Origins::None), "{pairs:?}");
        }
    }

    #[test]
    fn a_page_that_is_named_is_not_foreign_and_a_star_names_none() {
        let page = [
            ("host", "lull.example"),
            ("origin", "https://panel.example"),
        ];
        let named = Origins::Only(vec!["https://panel.example".to_owned()]);

        assert!(!foreign(&page, &named));
        assert!(foreign(&page, &Origins::All));
    }

    proptest::proptest! {
        #[test]
        fn no_header_breaks_the_reader(host in "[ -~]{0,20}", origin in "[ -~]{0,30}") {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, host.parse().unwrap());
            headers.insert(ORIGIN, origin.parse().unwrap());
            let own = !is_of_a_foreign_page(&headers, &Origins::None);
            proptest::prop_assert!(!own || origin.ends_with(&host));
        }
    }
}
