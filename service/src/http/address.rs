//! Addresses of clients, also of those behind a trusted proxy.

use {
    axum::http::HeaderMap,
    ipnet::IpNet,
    std::net::{IpAddr, Ipv6Addr, SocketAddr},
};

/// The clients that count as one: an IPv4 address, or the 64-bit prefix of an IPv6 address, which is what one customer of a
/// network gets at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientNetwork(IpAddr);

impl ClientNetwork {
    /// The network of an address. An IPv4 address inside of an IPv6 one counts as IPv4.
    pub fn new(address: IpAddr) -> ClientNetwork {
        ClientNetwork(match address.to_canonical() {
            IpAddr::V4(address) => IpAddr::V4(address),
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
        })
    }
}

/// The header in which proxies name the client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardedHeader {
    /// `X-Forwarded-For: CLIENT, PROXY`.
    #[default]
    XForwardedFor,
    /// `Forwarded: for=CLIENT, for=PROXY`, by RFC 7239.
    Forwarded,
}

/// The proxies whose word about their clients is taken.
///
/// One header alone is read: a proxy that sets the one passes on the other as the client wrote it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies {
    networks: Vec<IpNet>,
    header: ForwardedHeader,
}

impl TrustedProxies {
    /// Trusts the proxies in these networks.
    pub fn new(networks: Vec<IpNet>, header: ForwardedHeader) -> TrustedProxies {
        TrustedProxies { networks, header }
    }

    /// Reads a network: an address, or a prefix such as `10.0.0.0/8`. `None` where it is neither.
    pub fn parse_network(text: &str) -> Option<IpNet> {
        text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
    }

    /// True where an address is that of a trusted proxy.
    pub fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks.iter().any(|network| network.contains(&address))
    }

    /// The client that a request of a trusted proxy is for: the last address in the header that is not a trusted proxy's.
    /// The part before it was written by the client itself. `None` where no such address is named.
    pub fn client(&self, headers: &HeaderMap) -> Option<IpAddr> {
        let name = match self.header {
            ForwardedHeader::XForwardedFor => "x-forwarded-for",
            ForwardedHeader::Forwarded => "forwarded",
        };
        let values: Vec<&str> =
            headers.get_all(name).iter().map(|value| value.to_str().unwrap_or("?")).collect();
        for element in values.iter().rev().flat_map(|value| value.rsplit(',')) {
            let address = match self.header {
                ForwardedHeader::XForwardedFor => parse_address(element),
                ForwardedHeader::Forwarded => forwarded_for(element).and_then(parse_address),
            }?;
            if !self.trusts(address) {
                return Some(address);
            }
        }
        None
    }
}

/// The value of `for` in an element of `Forwarded`.
fn forwarded_for(element: &str) -> Option<&str> {
    element.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then_some(value)
    })
}

/// Reads an address with or without a port, in brackets and quotes or not.
fn parse_address(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    bare.parse::<IpAddr>().ok().or_else(with_port).map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn client(header: ForwardedHeader, values: &[&str]) -> Option<IpAddr> {
        let trusted = ["10.0.0.0/8", "127.0.0.1", "fd00::/8"];
        let networks = trusted.map(|text| TrustedProxies::parse_network(text).unwrap());
        let name = if header == ForwardedHeader::Forwarded { "forwarded" } else { "x-forwarded-for" };
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name, value.parse().unwrap());
        }
        TrustedProxies::new(networks.to_vec(), header).client(&headers)
    }

    #[test]
    fn one_network_is_an_ipv4_address_or_64_bits_of_an_ipv6_one() {
        let network = |text| ClientNetwork::new(address(text));
        assert_ne!(network("203.0.113.7"), network("203.0.113.8"));
        assert_eq!(network("203.0.113.7"), network("::ffff:203.0.113.7"));
        assert_eq!(network("2001:db8:1:2::7"), network("2001:db8:1:2:ffff::1"));
        assert_ne!(network("2001:db8:1:2::7"), network("2001:db8:1:3::7"));
    }

    #[test]
    fn the_client_is_the_last_address_that_is_no_trusted_proxys() {
        let of = |values: &[&str]| client(ForwardedHeader::XForwardedFor, values);
        assert_eq!(of(&["203.0.113.7"]), Some(address("203.0.113.7")));
        assert_eq!(of(&["1.1.1.1, 203.0.113.7, 10.0.0.9"]), Some(address("203.0.113.7")));
        assert_eq!(of(&["1.1.1.1", "203.0.113.7:4711", "fd00::1"]), Some(address("203.0.113.7")));
        assert_eq!(of(&["[2001:db8::7]:443"]), Some(address("2001:db8::7")));
        assert_eq!(of(&["::ffff:203.0.113.7"]), Some(address("203.0.113.7")));
        for none in [&[][..], &["10.1.2.3"], &["203.0.113.7, unknown"], &["203.0.113.7, "]] {
            assert_eq!(of(none), None, "{none:?}");
        }
    }

    #[test]
    fn forwarded_is_read_by_its_rfc_where_it_is_the_header() {
        let of = |values: &[&str]| client(ForwardedHeader::Forwarded, values);
        let seven = Some(address("203.0.113.7"));
        assert_eq!(of(&["For=203.0.113.7;proto=https, by=x;for=10.0.0.9"]), seven);
        assert_eq!(of(&["for=\"[2001:db8::7]:80\""]), Some(address("2001:db8::7")));
        assert_eq!(of(&["for=203.0.113.7, for=_hidden"]), None);
        let mut both = HeaderMap::new();
        both.insert("forwarded", "for=203.0.113.7".parse().unwrap());
        assert_eq!(TrustedProxies::default().client(&both), None, "the other header is the client's own");
    }
}
