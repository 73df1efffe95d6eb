//! `[http]`: proxies before the server, and pages of other origins.

use blockable_service::{
    http::{ForwardedHeader, TrustedProxies},
    settings::Reader,
};

/// `[http]`: proxies before the server, and pages of other origins.
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

impl HttpSettings {
    /// Reads the section.
    pub(super) fn read(reader: &mut Reader) -> HttpSettings {
        reader.section("http", |section| {
            let header = section.optional("forwarded_header").unwrap_or(ForwardedHeader::XForwardedFor);
            let proxies: Vec<String> = section
                .optional("trusted_proxies")
                .unwrap_or_else(|| vec!["127.0.0.0/8".to_string(), "::1".to_string()]);
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
                allow_origins: read_origins(section),
            }
        })
    }
}

fn read_origins(section: &mut Reader) -> AllowedOrigins {
    let origins: Vec<String> = section.optional("allow_origins").unwrap_or_default();
    if origins.iter().any(|origin| origin == "*") {
        return AllowedOrigins::Any;
    }
    for (at, origin) in origins.iter().enumerate() {
        if !is_origin(origin) {
            section.mistake(
                &format!("allow_origins[{at}]"),
                "is no origin; write it as a browser does, such as https://app.example or http://localhost:5173, or \"*\"",
            );
        }
    }
    if origins.is_empty() { AllowedOrigins::None } else { AllowedOrigins::Listed(origins) }
}

/// True for a scheme and a host, in lower case, with or without a port.
fn is_origin(text: &str) -> bool {
    let Some((scheme, host)) = text.split_once("://") else { return false };
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-:[]".contains(&byte);
    matches!(scheme, "http" | "https") && !host.is_empty() && host.bytes().all(plain)
}
