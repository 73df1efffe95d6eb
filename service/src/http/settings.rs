//! Settings of a listener: proxies before the server, and pages of other origins.

use {
    super::{ForwardedHeader, TrustedProxies},
    crate::settings::Reader,
};

/// Networks of this machine.
const HERE: [&str; 2] = ["127.0.0.0/8", "::1"];

/// Proxies before the server, and pages of other origins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpSettings {
    /// Proxies whose word about their clients' addresses is taken.
    pub trusted_proxies: TrustedProxies,
    /// Origins whose pages may call the server from a browser.
    pub allow_origins: AllowedOrigins,
}

/// Origins whose pages may call the server from a browser.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AllowedOrigins {
    /// None: browsers get no answer to the pages of others.
    #[default]
    None,
    /// All.
    Any,
    /// Those listed, such as `https://app.example`.
    Listed(Vec<String>),
}

impl AllowedOrigins {
    /// True where pages of an origin may call the server.
    pub fn allows(&self, origin: &str) -> bool {
        match self {
            AllowedOrigins::None => false,
            AllowedOrigins::Any => true,
            AllowedOrigins::Listed(origins) => origins.iter().any(|allowed| allowed == origin),
        }
    }
}

impl Default for HttpSettings {
    fn default() -> HttpSettings {
        let networks = HERE.into_iter().filter_map(TrustedProxies::parse_network).collect();
        HttpSettings {
            trusted_proxies: TrustedProxies::new(networks, ForwardedHeader::XForwardedFor),
            allow_origins: AllowedOrigins::None,
        }
    }
}

impl HttpSettings {
    /// Reads `trusted_proxies`, `forwarded_header`, and the origins under a key. Without settings, proxies on this machine are
    /// trusted and pages of no other origin are allowed.
    pub fn read(section: &mut Reader, origins: &str) -> HttpSettings {
        let header = section.optional("forwarded_header").unwrap_or(ForwardedHeader::XForwardedFor);
        let proxies: Vec<String> =
            section.optional("trusted_proxies").unwrap_or_else(|| HERE.map(str::to_string).to_vec());
        let mut networks = Vec::new();
        for (at, text) in proxies.iter().enumerate() {
            match TrustedProxies::parse_network(text) {
                Some(network) => networks.push(network),
                None => section.mistake(
                    &format!("trusted_proxies[{at}]"),
                    "is no address and no network; write it as 10.0.0.7 or 10.0.0.0/8",
                ),
            }
        }
        HttpSettings {
            trusted_proxies: TrustedProxies::new(networks, header),
            allow_origins: read_origins(section, origins),
        }
    }
}

fn read_origins(section: &mut Reader, key: &str) -> AllowedOrigins {
    let origins: Vec<String> = section.optional(key).unwrap_or_default();
    if origins.iter().any(|origin| origin == "*") {
        return AllowedOrigins::Any;
    }
    for (at, origin) in origins.iter().enumerate() {
        if !is_origin(origin) {
            section.mistake(
                &format!("{key}[{at}]"),
                "is no origin; write it as a browser does, such as https://app.example or http://localhost:5173, or \"*\"",
            );
        }
    }
    if origins.is_empty() { AllowedOrigins::None } else { AllowedOrigins::Listed(origins) }
}

/// True for a scheme and a host, in lower case, with or without a port.
pub fn is_origin(text: &str) -> bool {
    let Some((scheme, host)) = text.split_once("://") else { return false };
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-:[]".contains(&byte);
    matches!(scheme, "http" | "https") && !host.is_empty() && host.bytes().all(plain)
}
