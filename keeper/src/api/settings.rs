//! Settings of the API, `[api]`: its address, its token, its bounds, and the sites that browsers reach it by.

use {
    crate::ops::read_listen,
    blockable_service::{
        http::{HttpSettings, is_origin},
        secrets::SecretSource,
        settings::Reader,
    },
    std::{
        net::{IpAddr, Ipv4Addr, SocketAddr},
        path::Path,
        time::Duration,
    },
};

/// The address without a setting.
const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8420);

/// Settings of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiSettings {
    /// The address and port to listen at.
    pub(crate) listen: SocketAddr,
    /// The operator's token; `None` where nobody has the operator's rights.
    pub(crate) token: Option<SecretSource>,
    /// The site that browsers reach it by, such as `https://keeper.example`; `None` where they use the address itself.
    pub(crate) url: Option<String>,
    /// Proxies before it, and other sites whose pages may read it.
    pub(crate) http: HttpSettings,
    /// Most connections at the same time.
    pub(crate) max_connections: usize,
    /// Longest duration of a request.
    pub(crate) deadline: Duration,
    /// Most requests of a client in a minute.
    pub(crate) requests_per_minute: u32,
    /// Most streams at the same time.
    pub(crate) max_streams: usize,
}

impl Default for ApiSettings {
    fn default() -> ApiSettings {
        ApiSettings {
            listen: LISTEN,
            token: None,
            url: None,
            http: HttpSettings::default(),
            max_connections: 128,
            deadline: Duration::from_secs(10),
            requests_per_minute: 600,
            max_streams: 64,
        }
    }
}

impl ApiSettings {
    /// Reads `[api]`; the reader collects mistakes.
    pub(crate) fn read(reader: &mut Reader) -> ApiSettings {
        reader.section("api", |reader| {
            let otherwise = ApiSettings::default();
            ApiSettings {
                listen: read_listen(reader, otherwise.listen),
                token: reader.optional("token"),
                url: read_site(reader),
                http: HttpSettings::read(reader, "origins"),
                max_connections: reader.number("max_connections", otherwise.max_connections, 1..=65_536),
                deadline: reader.seconds("request_seconds", 10, 1..=120),
                requests_per_minute: reader.number(
                    "requests_per_minute",
                    otherwise.requests_per_minute,
                    1..=1_000_000,
                ),
                max_streams: reader.number("max_streams", otherwise.max_streams, 0..=65_536),
            }
        })
    }

    /// Makes a relative path start from `folder`.
    pub(crate) fn resolve(&mut self, folder: &Path) {
        if let Some(token) = &mut self.token {
            token.resolve(folder);
        }
    }
}

fn read_site(reader: &mut Reader) -> Option<String> {
    let text: String = reader.optional("url")?;
    if !is_origin(&text) {
        reader.mistake("url", "is no site; write scheme and host alone, as in https://keeper.example");
        return None;
    }
    Some(text)
}
