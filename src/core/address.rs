//! Which addresses are on the public internet, by the registries of IANA for special purposes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What whoever asks there is told of the machine, often with keys to all that it may do.
const METADATA: &str = "a cloud's metadata";

/// Of several blocks that hold an address, the first counts.
const NOT_PUBLIC_4: [(Ipv4Addr, u32, &str); 19] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8, "unspecified"),
    (Ipv4Addr::new(10, 0, 0, 0), 8, "private"),
    // Alibaba Cloud.
    (Ipv4Addr::new(100, 100, 100, 200), 32, METADATA),
    (
        Ipv4Addr::new(100, 64, 0, 0),
        10,
        "inside a provider's network",
    ),
    (Ipv4Addr::new(127, 0, 0, 0), 8, "loopback"),
    // Azure: an address of the public internet, which each virtual machine there finds at its host.
    (Ipv4Addr::new(168, 63, 129, 16), 32, METADATA),
    // AWS, Azure, Google, Oracle, IBM, DigitalOcean, Hetzner and most others.
    (Ipv4Addr::new(169, 254, 169, 254), 32, METADATA),
    (Ipv4Addr::new(169, 254, 0, 0), 16, "link-local"),
    (Ipv4Addr::new(172, 16, 0, 0), 12, "private"),
    // Oracle Cloud, the classic one.
    (Ipv4Addr::new(192, 0, 0, 192), 32, METADATA),
    (Ipv4Addr::new(192, 0, 0, 0), 24, "reserved"),
    (Ipv4Addr::new(192, 0, 2, 0), 24, "documentation"),
    (Ipv4Addr::new(192, 88, 99, 0), 24, "reserved"),
    (Ipv4Addr::new(192, 168, 0, 0), 16, "private"),
    (Ipv4Addr::new(198, 18, 0, 0), 15, "for benchmarks"),
    (Ipv4Addr::new(198, 51, 100, 0), 24, "documentation"),
    (Ipv4Addr::new(203, 0, 113, 0), 24, "documentation"),
    (Ipv4Addr::new(224, 0, 0, 0), 4, "multicast"),
    (Ipv4Addr::new(240, 0, 0, 0), 4, "reserved"),
];

const NOT_PUBLIC_6: [(Ipv6Addr, u32, &str); 14] = [
    (Ipv6Addr::UNSPECIFIED, 128, "unspecified"),
    (Ipv6Addr::LOCALHOST, 128, "loopback"),
    // AWS.
    (
        Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
        128,
        METADATA,
    ),
    // Google.
    (
        Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
        128,
        METADATA,
    ),
    // Scaleway.
    (
        Ipv6Addr::new(0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42),
        128,
        METADATA,
    ),
    // Akamai (Linode).
    (
        Ipv6Addr::new(0xfd00, 0xa9fe, 0xa9fe, 0, 0, 0, 0, 1),
        128,
        METADATA,
    ),
    (
        Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0),
        7,
        "unique-local",
    ),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10, "link-local"),
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8, "multicast"),
    // Teredo, benchmarks and others that are never the address of a server.
    (
        Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0),
        23,
        "a tunnel or reserved",
    ),
    (
        Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0),
        32,
        "documentation",
    ),
    // It may hold any IPv4 address, and nobody has used it since 2015 (RFC 7526).
    (
        Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0),
        16,
        "a 6to4 tunnel",
    ),
    (
        Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0),
        20,
        "documentation",
    ),
    (
        Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, 0, 0),
        48,
        "a local NAT64",
    ),
];

/// `2000::/3`, all that is given out so far.
const GIVEN_OUT: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
/// The NAT64 by which a network with IPv6 alone reaches IPv4 addresses: they stand in the last 32 bits.
const NAT64: (Ipv6Addr, u32) = (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);

/// What an address is instead of public, or nothing if it is public. An IPv4 address inside an IPv6 one is looked at by
/// itself.
pub fn not_public(address: IpAddr) -> Option<&'static str> {
    match address.to_canonical() {
        IpAddr::V4(address) => not_public_4(address),
        IpAddr::V6(address) => not_public_6(address),
    }
}

fn not_public_4(address: Ipv4Addr) -> Option<&'static str> {
    let mut blocks = NOT_PUBLIC_4.iter();
    let within = |&&(block, length, _): &&(Ipv4Addr, u32, _)| {
        (address.to_bits() ^ block.to_bits()).leading_zeros() >= length
    };
    blocks.find(within).map(|&(_, _, what)| what)
}

fn not_public_6(address: Ipv6Addr) -> Option<&'static str> {
    let within = |(block, length): (Ipv6Addr, u32)| {
        (address.to_bits() ^ block.to_bits()).leading_zeros() >= length
    };
    if within(NAT64) {
        let [.., a, b, c, d] = address.octets();
        return not_public_4(Ipv4Addr::new(a, b, c, d));
    }
    let mut blocks = NOT_PUBLIC_6.iter();
    blocks
        .find(|&&(block, length, _)| within((block, length)))
        .map(|&(_, _, what)| what)
        .or_else(|| (!within(GIVEN_OUT)).then_some("not a public address"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_are_not_public_are_known_in_all_their_forms() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.100.100.200",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::2",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:0:127.0.0.1",
            "64:ff9b::127.0.0.1",
            "64:ff9b::169.254.169.254",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:0:4136::1",
            "2001:2::1",
            "2001:10::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:a00:1::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00::1",
            "fd00:ec2::254",
            "fdff::1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
            "8000::1",
        ] {
            assert!(not_public(address.parse().unwrap()).is_some(), "{address}");
        }
    }

    #[test]
    fn the_neighbours_of_reserved_blocks_are_public() {
        for address in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.0.3.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "203.0.114.0",
            "223.255.255.255",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2001:200::1",
            "2001:4860:4860::8888",
            "2001:db9::1",
            "2003::1",
            "2606:4700::1111",
            "2a00::1",
            "3ffe::1",
        ] {
            assert_eq!(not_public(address.parse().unwrap()), None, "{address}");
        }
    }

    #[test]
    fn what_an_address_is_instead_is_told() {
        for (address, what) in [
            ("127.0.0.1", "loopback"),
            ("::ffff:192.168.1.1", "private"),
            ("169.254.169.254", METADATA),
            ("64:ff9b::10.0.0.1", "private"),
        ] {
            assert_eq!(
                not_public(address.parse().unwrap()),
                Some(what),
                "{address}"
            );
        }
    }

    #[test]
    fn the_metadata_of_a_cloud_is_not_public_even_where_its_address_is() {
        for address in [
            "168.63.129.16",
            "::ffff:168.63.129.16",
            "64:ff9b::168.63.129.16",
            "169.254.169.254",
            "100.100.100.200",
            "192.0.0.192",
            "fd00:ec2::254",
            "fd20:ce::254",
            "fd00:42::42",
            "fd00:a9fe:a9fe::1",
        ] {
            assert_eq!(
                not_public(address.parse().unwrap()),
                Some(METADATA),
                "{address}"
            );
        }
        for neighbour in ["168.63.129.15", "168.63.129.17"] {
            assert_eq!(not_public(neighbour.parse().unwrap()), None, "{neighbour}");
        }
    }
}
