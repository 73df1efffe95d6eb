//! Callers of the cluster's servers: programs, pages of this machine, and nobody else.
//!
//! A web page anywhere can send requests to 127.0.0.1, and one whose name is made to resolve to 127.0.0.1 even reads the answers.
//! Both are known by the headers that a browser sets and a page cannot: `Host` and `Origin`.

use url::{Host, Url};

/// The sender of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// A program: it names no origin.
    Program,
    /// A page that a server on this machine's loopback address has sent.
    LocalPage,
}

/// A request that is not served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It is addressed to another host.
    Host,
    /// It comes from a page of another host.
    Origin,
}

impl Refused {
    /// The reason, for the caller.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Refused::Host => "the Host is not of this machine; call 127.0.0.1 or localhost\n",
            Refused::Origin => {
                "the Origin is not of this machine; pages from http://localhost:PORT may call\n"
            }
        }
    }
}

/// Classifies the sender of a request by its headers, of which there may be several of one name. Errors: [`Refused`].
pub(crate) fn classify<'a>(
    mut hosts: impl Iterator<Item = &'a [u8]>,
    origins: impl Iterator<Item = &'a [u8]>,
) -> Result<Caller, Refused> {
    let host = hosts.next().ok_or(Refused::Host)?;
    if hosts.next().is_some() || !is_own(host) {
        return Err(Refused::Host);
    }
    let mut caller = Caller::Program;
    for origin in origins {
        if !is_loopback(origin) {
            return Err(Refused::Origin);
        }
        caller = Caller::LocalPage;
    }
    Ok(caller)
}

/// True for this machine's loopback name or address. Its port may be that of something in between, as with `ssh -L`: no page can make
/// these two names lead elsewhere.
fn is_own(host: &[u8]) -> bool {
    let Ok(host) = std::str::from_utf8(host) else { return false };
    let (name, port) = host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port)));
    let is_port = port.is_none_or(|port| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()));
    is_port && (name == "127.0.0.1" || name.eq_ignore_ascii_case("localhost"))
}

/// True for the origin of a page that a server on a loopback address has sent.
fn is_loopback(origin: &[u8]) -> bool {
    let url = std::str::from_utf8(origin).ok().and_then(|origin| Url::parse(origin).ok());
    let Some(url) = url.filter(|url| matches!(url.scheme(), "http" | "https")) else { return false };
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classified(hosts: &[&str], origins: &[&str]) -> Result<Caller, Refused> {
        let bytes = |texts: &[&str]| texts.iter().map(|text| text.as_bytes().to_vec()).collect::<Vec<_>>();
        let (hosts, origins) = (bytes(hosts), bytes(origins));
        classify(hosts.iter().map(Vec::as_slice), origins.iter().map(Vec::as_slice))
    }

    #[test]
    fn programs_and_pages_of_this_machine_may_call() {
        for host in
            ["127.0.0.1:8899", "localhost:8899", "LOCALHOST:8899", "localhost:9000", "127.0.0.1", "localhost"]
        {
            assert_eq!(classified(&[host], &[]), Ok(Caller::Program), "{host}");
            for origin in
                ["http://127.0.0.1:8902", "http://localhost:5173", "https://localhost", "http://[::1]:80"]
            {
                assert_eq!(classified(&[host], &[origin]), Ok(Caller::LocalPage), "{host} {origin}");
            }
        }
    }

    #[test]
    fn another_host_is_refused_whatever_the_origin() {
        let others = [
            "",
            "evil.example",
            "evil.example:8899",
            "localhost.:8899",
            "localhost:",
            "localhost:http",
            "localhost:8899.evil.example",
            "127.0.0.1:8899@evil.example",
            "127.0.0.1.evil.example:8899",
            "0.0.0.0:8899",
        ];
        for host in others {
            assert_eq!(classified(&[host], &[]), Err(Refused::Host), "{host}");
            assert_eq!(classified(&[host], &["http://localhost:8899"]), Err(Refused::Host), "{host}");
        }
        assert_eq!(classified(&[], &[]), Err(Refused::Host));
        assert_eq!(classified(&["localhost:8899", "evil.example:8899"], &[]), Err(Refused::Host));
    }

    #[test]
    fn pages_of_other_hosts_are_refused() {
        let others = [
            "null",
            "",
            "http://evil.example",
            "http://evil.example:8899",
            "http://localhost.evil.example",
            "http://127.0.0.1.evil.example",
            "http://127.0.0.1@evil.example",
            "http://localhost:1@evil.example",
            "chrome-extension://localhost",
            "file://localhost",
            "http://0.0.0.0:8899",
            "http://192.168.1.7:8899",
        ];
        for origin in others {
            assert_eq!(classified(&["localhost:8899"], &[origin]), Err(Refused::Origin), "{origin}");
            let both = ["http://localhost:8899", origin];
            assert_eq!(classified(&["localhost:8899"], &both), Err(Refused::Origin), "{origin}");
        }
        assert_eq!(classified(&["localhost:8899"], &["http://localhost:1", "\u{e4}"]), Err(Refused::Origin));
    }
}
