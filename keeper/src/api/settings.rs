//! Settings of the API, `[api]`: its address, its token and its bounds.

use {
    blockable_service::{secrets::SecretSource, settings::Reader},
    std::{
        net::{Ipv4Addr, SocketAddr},
        path::Path,
        time::Duration,
    },
};

/// The address without a setting.
const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8420);

/// Settings of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiSettings {
    /// The address and port to listen at.
    pub(crate) listen: SocketAddr,
    /// The token that readers of `/v1` show; `None` where everybody on this machine may read.
    pub(crate) token: Option<SecretSource>,
    /// Most connections at the same time.
    pub(crate) max_connections: usize,
    /// Longest duration of a request.
    pub(crate) deadline: Duration,
}

impl Default for ApiSettings {
    fn default() -> ApiSettings {
        ApiSettings { listen: LISTEN, token: None, max_connections: 128, deadline: Duration::from_secs(10) }
    }
}

impl ApiSettings {
    /// Reads `[api]`; the reader collects mistakes.
    pub(crate) fn read(reader: &mut Reader) -> ApiSettings {
        reader.section("api", |reader| {
            let otherwise = ApiSettings::default();
            let settings = ApiSettings {
                listen: listen(reader).unwrap_or(otherwise.listen),
                token: reader.optional("token"),
                max_connections: reader.number("max_connections", otherwise.max_connections, 1..=65_536),
                deadline: reader.seconds("request_seconds", 10, 1..=120),
            };
            if !reader.has("token") && !is_loopback(&settings.listen) {
                reader.mistake(
                    "token",
                    format!(
                        "is missing, and {} can be reached from other machines; add token = {{ file = \"PATH\" }}, or \
                         listen at 127.0.0.1",
                        settings.listen
                    ),
                );
            }
            settings
        })
    }

    /// Makes a relative path start from `folder`.
    pub(crate) fn resolve(&mut self, folder: &Path) {
        if let Some(token) = &mut self.token {
            token.resolve(folder);
        }
    }
}

fn listen(reader: &mut Reader) -> Option<SocketAddr> {
    let text: String = reader.optional("listen")?;
    let listen = text.parse().ok();
    if listen.is_none() {
        reader.mistake("listen", "is not an address with a port; write it as 127.0.0.1:8420");
    }
    listen
}

fn is_loopback(listen: &SocketAddr) -> bool {
    listen.ip().to_canonical().is_loopback()
}
